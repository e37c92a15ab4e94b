//! Connections that can be told to break: closed or reset at a moment, cut inside of an answer, slowed to a byte at a time.
//!
//! What decides is elsewhere; here is the socket that obeys. A request finds the [`Control`] of its connection among its extensions.

use std::future::Future as _;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::Sleep;

/// How a connection ends before its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// In order: the peer reads what was sent and then the end. If it is still sending, its system answers with a reset afterwards.
    Close,
    /// At once (`SO_LINGER` of zero): what was not delivered yet is lost.
    Reset,
}

/// What a connection does with what is written to it.
#[derive(Clone, Copy, Debug)]
enum Mode {
    Open,
    Ended(End),
    /// So many more bytes of the head pass, or all of it, of which so many bytes of its end (an empty line) were seen.
    ShortHead {
        blank: usize,
        left: u64,
        end: End,
    },
    /// The head passes, of which so many bytes of its end (an empty line) were seen, then so many bytes of the body.
    ShortBody {
        blank: usize,
        left: u64,
        end: End,
    },
    /// One byte at a time, with this pause between them.
    Dribble(Duration),
}

const BLANK_LINE: &[u8] = b"\r\n\r\n";

/// The hand on a connection.
#[derive(Clone, Debug)]
pub(crate) struct Control(Arc<Mutex<Mode>>);

impl Control {
    fn new() -> Self {
        Self(Arc::new(Mutex::new(Mode::Open)))
    }

    fn get(&self) -> Mode {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set(&self, mode: Mode) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = mode;
    }

    /// Ends the connection as soon as anything is to be written to it.
    pub(crate) fn end(&self, end: End) {
        self.set(Mode::Ended(end));
    }

    /// Lets so many bytes of the next answer's head pass, or all of it where it is shorter, then ends the connection.
    pub(crate) fn end_in_head(&self, after: u64, end: End) {
        self.set(Mode::ShortHead {
            blank: 0,
            left: after,
            end,
        });
    }

    /// Lets the head of the next answer pass and so many bytes of its body, then ends the connection.
    pub(crate) fn end_in_body(&self, after: u64, end: End) {
        self.set(Mode::ShortBody {
            blank: 0,
            left: after,
            end,
        });
    }

    /// Sends the next answer one byte at a time.
    pub(crate) fn dribble(&self, pause: Duration) {
        self.set(Mode::Dribble(pause));
    }

    /// Another request begins: the answer before it has been delivered, and what was meant for that one alone is over.
    pub(crate) fn begin(&self) {
        match self.get() {
            Mode::Open | Mode::Ended(_) => {}
            Mode::ShortHead { .. } | Mode::ShortBody { .. } | Mode::Dribble(_) => {
                self.set(Mode::Open);
            }
        }
    }
}

/// Who is at the other end, and the hand on the connection.
#[derive(Clone, Debug)]
pub(crate) struct Peer {
    pub(crate) address: SocketAddr,
    pub(crate) control: Control,
}

impl Connected<IncomingStream<'_, Door>> for Peer {
    fn connect_info(stream: IncomingStream<'_, Door>) -> Self {
        Self {
            address: *stream.remote_addr(),
            control: stream.io().control.clone(),
        }
    }
}

/// The listener, whose connections obey.
pub(crate) struct Door(pub(crate) TcpListener);

impl Listener for Door {
    type Io = Line;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Line, SocketAddr) {
        let (stream, address) = Listener::accept(&mut self.0).await;
        // Without this a small answer may wait for the acknowledgement of an earlier one.
        drop(stream.set_nodelay(true));
        let line = Line {
            stream,
            control: Control::new(),
            pause: None,
        };
        (line, address)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }
}

/// One connection.
pub(crate) struct Line {
    stream: TcpStream,
    control: Control,
    /// What a slow answer waits for before its next byte.
    pause: Option<Pin<Box<Sleep>>>,
}

impl Line {
    /// The end; the error makes the server drop the connection.
    fn die<T>(&mut self, end: End, cx: &mut Context<'_>) -> Poll<io::Result<T>> {
        let kind = match end {
            End::Close => {
                // Fails only if the peer is gone, which is as good.
                drop(Pin::new(&mut self.stream).poll_shutdown(cx));
                io::ErrorKind::ConnectionAborted
            }
            End::Reset => {
                drop(self.stream.set_zero_linger());
                io::ErrorKind::ConnectionReset
            }
        };
        Poll::Ready(Err(kind.into()))
    }

    fn write(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    /// Writes up to `left` bytes, or ends the connection when none is left.
    fn write_some(
        &mut self,
        cx: &mut Context<'_>,
        bytes: &[u8],
        left: u64,
        end: End,
    ) -> Poll<io::Result<usize>> {
        if left == 0 {
            self.control.end(end);
            return self.die(end, cx);
        }
        let most = bytes.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        self.write(cx, &bytes[..most])
    }

    fn write_slowly(
        &mut self,
        cx: &mut Context<'_>,
        bytes: &[u8],
        pause: Duration,
    ) -> Poll<io::Result<usize>> {
        if let Some(sleep) = &mut self.pause {
            ready!(sleep.as_mut().poll(cx));
            self.pause = None;
        }
        let written = ready!(self.write(cx, &bytes[..bytes.len().min(1)]))?;
        self.pause = Some(Box::pin(tokio::time::sleep(pause)));
        Poll::Ready(Ok(written))
    }
}

/// How many bytes of `bytes` belong to the head, and how much of the blank line at its end was seen by then.
fn head_in(bytes: &[u8], mut blank: usize) -> (usize, usize) {
    for (at, byte) in bytes.iter().enumerate() {
        if blank == BLANK_LINE.len() {
            return (at, blank);
        }
        blank = match *byte == BLANK_LINE[blank] {
            true => blank + 1,
            false => usize::from(*byte == BLANK_LINE[0]),
        };
    }
    (bytes.len(), blank)
}

impl AsyncRead for Line {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let line = self.get_mut();
        match line.control.get() {
            Mode::Ended(end) => line.die(end, cx),
            _ => Pin::new(&mut line.stream).poll_read(cx, buffer),
        }
    }
}

impl AsyncWrite for Line {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let line = self.get_mut();
        match line.control.get() {
            Mode::Open => line.write(cx, bytes),
            Mode::Ended(end) => line.die(end, cx),
            Mode::ShortHead { blank, left, end } => {
                let (head, _) = head_in(bytes, blank);
                let written = ready!(line.write_some(cx, &bytes[..head], left, end))?;
                let (_, blank) = head_in(&bytes[..written], blank);
                let left = left - written as u64;
                // At once, since nothing more may be written: not every answer has a body.
                line.control
                    .set(match left == 0 || blank == BLANK_LINE.len() {
                        true => Mode::Ended(end),
                        false => Mode::ShortHead { blank, left, end },
                    });
                Poll::Ready(Ok(written))
            }
            Mode::ShortBody { blank, left, end } if blank == BLANK_LINE.len() => {
                let written = ready!(line.write_some(cx, bytes, left, end))?;
                let left = left - written as u64;
                line.control.set(Mode::ShortBody { blank, left, end });
                Poll::Ready(Ok(written))
            }
            Mode::ShortBody { blank, left, end } => {
                let (head, _) = head_in(bytes, blank);
                let written = ready!(line.write(cx, &bytes[..head]))?;
                let (_, blank) = head_in(&bytes[..written], blank);
                line.control.set(Mode::ShortBody { blank, left, end });
                Poll::Ready(Ok(written))
            }
            Mode::Dribble(pause) => line.write_slowly(cx, bytes, pause),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let line = self.get_mut();
        match line.control.get() {
            Mode::Ended(end) => line.die(end, cx),
            _ => Pin::new(&mut line.stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let line = self.get_mut();
        match line.control.get() {
            Mode::Ended(end) => line.die(end, cx),
            _ => Pin::new(&mut line.stream).poll_shutdown(cx),
        }
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffers: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if let Mode::Open = self.control.get() {
            return Pin::new(&mut self.get_mut().stream).poll_write_vectored(cx, buffers);
        }
        let first = buffers.iter().find(|buffer| !buffer.is_empty());
        self.poll_write(cx, first.map_or(&[][..], |buffer| buffer))
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_head_is_found_also_in_pieces() {
        assert_eq!(head_in(b"a: b\r\n\r\nbody", 0), (8, 4));
        assert_eq!(head_in(b"a: b\r\n\r", 0), (7, 3));
        assert_eq!(head_in(b"\nbody", 3), (1, 4));
        assert_eq!(head_in(b"body", 4), (0, 4));
        // A line that begins anew inside of what looked like the end.
        assert_eq!(head_in(b"\r\n\r\r\n\r\nx", 0), (7, 4));
        assert_eq!(head_in(b"\r\nx", 0), (3, 0));
    }

    /// Writes all of it, or gives the error that ends the connection.
    async fn write(line: &mut Line, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            let step = std::future::poll_fn(|cx| Pin::new(&mut *line).poll_write(cx, bytes));
            bytes = &bytes[step.await?..];
        }
        Ok(())
    }

    /// An answer that is shorter than the cut leaves some of it over.
    #[test]
    fn what_a_cut_leaves_over_does_not_fall_on_the_next_answer() {
        const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\n\r\nbody";
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        runtime.unwrap().block_on(async {
            let mut door = Door(TcpListener::bind("127.0.0.1:0").await.unwrap());
            let address = Listener::local_addr(&door).unwrap();
            let peer = std::net::TcpStream::connect(address).unwrap();
            let (mut line, _) = Listener::accept(&mut door).await;
            line.control.end_in_body(10, End::Close);
            write(&mut line, ANSWER).await.unwrap();
            line.control.begin();
            write(&mut line, ANSWER).await.unwrap();
            // One that falls on its own answer does not.
            line.control.end_in_body(3, End::Close);
            assert!(write(&mut line, ANSWER).await.is_err());
            line.control.begin();
            assert!(write(&mut line, ANSWER).await.is_err(), "it is over");
            drop(line);
            let mut seen = Vec::new();
            io::Read::read_to_end(&mut { peer }, &mut seen).unwrap();
            assert_eq!(seen, [ANSWER, ANSWER, &ANSWER[..ANSWER.len() - 1]].concat());
        });
    }
}
