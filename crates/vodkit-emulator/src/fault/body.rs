//! The body of a request that something happens to on its way.

use std::collections::VecDeque;
use std::future::Future as _;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::Body;
use bytes::{Bytes, BytesMut};
use http_body::{Frame, SizeHint};
use tokio::time::Sleep;

use super::strike::Hit;

/// What happens to the bytes.
pub(super) enum Change {
    /// After so many bytes nothing more comes but an error.
    Cut { after: u64, kept: Kept },
    /// After so many bytes nothing comes for a time.
    Stall { after: u64, time: Duration },
    /// The lowest bit of the byte at this position is another.
    Flip { at: u64 },
}

/// What becomes of the bytes before a cut.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kept {
    /// The reader gets them.
    Passed,
    /// The reader gets them if the body ends before the cut. Only for a body whose length is not known: they are in memory meanwhile.
    Held,
    /// Nobody gets them: the body is known to be long enough.
    Dropped,
}

/// A body with a change in it.
pub(super) struct Changed {
    inner: Body,
    change: Change,
    hit: Arc<Hit>,
    /// Bytes that came.
    came: u64,
    /// Bytes for the reader, in order.
    ready: VecDeque<Bytes>,
    held: VecDeque<Bytes>,
    sleep: Option<Pin<Box<Sleep>>>,
    ended: bool,
}

impl Changed {
    pub(super) fn new(inner: Body, change: Change, hit: Arc<Hit>) -> Self {
        Self {
            inner,
            change,
            hit,
            came: 0,
            ready: VecDeque::new(),
            held: VecDeque::new(),
            sleep: None,
            ended: false,
        }
    }

    /// Takes a piece in.
    fn take(&mut self, mut data: Bytes) {
        let first = self.came;
        match self.change {
            Change::Cut { after, kept } => {
                let room = usize::try_from(after - first).unwrap_or(usize::MAX);
                data.truncate(room);
                self.came += data.len() as u64;
                match kept {
                    Kept::Passed => self.ready.push_back(data),
                    Kept::Held => self.held.push_back(data),
                    Kept::Dropped => {}
                }
            }
            Change::Stall { after, .. } => {
                self.came += data.len() as u64;
                // What lies behind the stall waits for its end.
                if first < after && after < self.came {
                    let before =
                        data.split_to(usize::try_from(after - first).unwrap_or(data.len()));
                    self.ready.push_back(before);
                }
                match self.came <= after || self.hit.has_fired() {
                    true => self.ready.push_back(data),
                    false => self.held.push_back(data),
                }
            }
            Change::Flip { at } => {
                self.came += data.len() as u64;
                if first <= at && at < self.came {
                    let mut bytes = BytesMut::from(data);
                    if let Some(byte) = bytes.get_mut(usize::try_from(at - first).unwrap_or(0)) {
                        *byte ^= 1;
                    }
                    self.hit.fire();
                    data = bytes.freeze();
                }
                self.ready.push_back(data);
            }
        }
    }

    /// What is due now that the reader has all before it.
    fn strike(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), axum::Error>> {
        match self.change {
            Change::Cut { after, .. } if self.came >= after => {
                self.hit.fire();
                let error =
                    io::Error::new(io::ErrorKind::ConnectionReset, "cut by a planned fault");
                Poll::Ready(Err(axum::Error::new(error)))
            }
            Change::Stall { after, time } if self.came >= after && !self.is_over() => {
                let sleep = self.sleep.get_or_insert_with(|| {
                    self.hit.fire();
                    Box::pin(tokio::time::sleep(time))
                });
                ready!(sleep.as_mut().poll(cx));
                self.sleep = None;
                self.change = Change::Stall {
                    after: u64::MAX,
                    time,
                };
                self.ready.append(&mut self.held);
                Poll::Ready(Ok(()))
            }
            _ => Poll::Ready(Ok(())),
        }
    }

    /// Whether a stall has passed.
    fn is_over(&self) -> bool {
        self.hit.has_fired() && self.sleep.is_none()
    }
}

impl http_body::Body for Changed {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let body = self.get_mut();
        loop {
            if let Some(data) = body.ready.pop_front() {
                if data.is_empty() {
                    continue;
                }
                return Poll::Ready(Some(Ok(Frame::data(data))));
            }
            if let Err(error) = ready!(body.strike(cx)) {
                return Poll::Ready(Some(Err(error)));
            }
            if !body.ready.is_empty() {
                continue;
            }
            if body.ended {
                return Poll::Ready(None);
            }
            match ready!(Pin::new(&mut body.inner).poll_frame(cx)) {
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) => body.take(data),
                    Err(trailers) => return Poll::Ready(Some(Ok(trailers))),
                },
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => {
                    body.ended = true;
                    // Too short to be cut: the reader gets it whole.
                    body.ready.append(&mut body.held);
                }
            }
        }
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::default()
    }
}
