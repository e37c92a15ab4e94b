//! A server on loopback that hides nothing: each connection is handed to a script that reads and writes bytes.

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

/// Nothing in the server waits longer than this.
const BOUND: Duration = Duration::from_secs(15);

/// A request as it was on the wire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Number of the connection, from 0.
    pub connection: usize,
    /// First line of the head.
    pub line: String,
    /// Header names in lower case and values, sorted.
    pub headers: Vec<(String, String)>,
    /// The body as far as it came.
    pub body: Vec<u8>,
    /// Whether the body was as long as `content-length` says.
    pub complete: bool,
}

impl Seen {
    /// Method and target.
    #[must_use]
    pub fn target(&self) -> (&str, &str) {
        let mut parts = self.line.split(' ');
        (parts.next().unwrap(), parts.next().unwrap())
    }

    /// The value of a header.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }
}

#[derive(Debug, Default)]
struct Shared {
    seen: Mutex<Vec<Seen>>,
    changed: Condvar,
    accepted: AtomicUsize,
    /// Connections that the script is through with, and that are closed.
    finished: AtomicUsize,
    stop: AtomicBool,
    /// Every connection, to end those that the transport keeps for later.
    streams: Mutex<Vec<TcpStream>>,
}

/// The server. Dropping it ends its threads.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Starts a server that gives every connection, in a thread of its own, to `script`.
    pub fn start(script: impl Fn(&mut Peer) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared::default());
        let script = Arc::new(script);
        let ours = shared.clone();
        let thread = std::thread::spawn(move || {
            let mut scripts = Vec::new();
            for stream in listener.incoming() {
                if ours.stop.load(Ordering::SeqCst) {
                    break;
                }
                let stream = stream.unwrap();
                stream.set_nodelay(true).unwrap();
                stream.set_read_timeout(Some(BOUND)).unwrap();
                stream.set_write_timeout(Some(BOUND)).unwrap();
                ours.streams
                    .lock()
                    .unwrap()
                    .push(stream.try_clone().unwrap());
                let connection = ours.accepted.fetch_add(1, Ordering::SeqCst);
                let (script, shared) = (script.clone(), ours.clone());
                scripts.push(std::thread::spawn(move || {
                    let mut peer = Peer {
                        stream,
                        unread: Vec::new(),
                        connection,
                        shared,
                    };
                    // Clients speak first. A connection that hyper opened ahead and did not need says nothing.
                    if peer.stream.peek(&mut [0]).is_ok_and(|count| count > 0) {
                        script(&mut peer);
                    }
                    let Peer { stream, shared, .. } = peer;
                    let address = stream.peer_addr().ok();
                    // The clone is dropped as well, so that this closes, with a reset where bytes are unread.
                    shared
                        .streams
                        .lock()
                        .unwrap()
                        .retain(|other| other.peer_addr().ok() != address);
                    drop(stream);
                    let _lock = shared.seen.lock().unwrap();
                    shared.finished.fetch_add(1, Ordering::SeqCst);
                    shared.changed.notify_all();
                }));
            }
            for script in scripts {
                script.join().unwrap();
            }
        });
        Self {
            address,
            shared,
            thread: Some(thread),
        }
    }

    /// A server that answers every request on every connection with these bytes.
    pub fn answering(reply: impl Into<Vec<u8>>) -> Self {
        let reply = reply.into();
        Self::start(move |peer| {
            while peer.read_request().is_some() {
                if peer.write(&reply).is_err() {
                    return;
                }
            }
        })
    }

    /// An URL on this server. `target` begins with a slash.
    #[must_use]
    pub fn url(&self, target: &str) -> String {
        format!("http://{}{target}", self.address)
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Requests seen so far.
    #[must_use]
    pub fn seen(&self) -> Vec<Seen> {
        self.shared.seen.lock().unwrap().clone()
    }

    /// The one request seen so far.
    #[must_use]
    pub fn only(&self) -> Seen {
        let seen = self.seen();
        assert_eq!(seen.len(), 1, "{seen:?}");
        seen.into_iter().next().unwrap()
    }

    /// Connections accepted so far.
    #[must_use]
    pub fn accepted(&self) -> usize {
        self.shared.accepted.load(Ordering::SeqCst)
    }

    /// Waits until this many connections are closed by their script.
    pub fn wait_finished(&self, count: usize) {
        self.wait_for(|_, finished| finished >= count);
    }

    /// Waits until this many requests are recorded.
    pub fn wait_seen(&self, count: usize) {
        self.wait_for(|seen, _| seen >= count);
    }

    fn wait_for(&self, ready: impl Fn(usize, usize) -> bool) {
        let lock = self.shared.seen.lock().unwrap();
        let (_lock, wait) = self
            .shared
            .changed
            .wait_timeout_while(lock, BOUND, |seen| {
                !ready(seen.len(), self.shared.finished.load(Ordering::SeqCst))
            })
            .unwrap();
        assert!(!wait.timed_out(), "the server did not get there");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        {
            let _lock = self.shared.seen.lock().unwrap();
            self.shared.stop.store(true, Ordering::SeqCst);
            self.shared.changed.notify_all();
        }
        for stream in self.shared.streams.lock().unwrap().iter() {
            let _ = stream.shutdown(Shutdown::Both);
        }
        // Wakes the accept loop.
        let _ = TcpStream::connect(self.address);
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
            && !std::thread::panicking()
        {
            panic!("a script of the server failed");
        }
    }
}

/// One connection, in the hands of a script.
#[derive(Debug)]
pub struct Peer {
    stream: TcpStream,
    unread: Vec<u8>,
    /// Number of the connection, from 0.
    pub connection: usize,
    shared: Arc<Shared>,
}

impl Peer {
    /// Reads a request head and leaves its body. `None` at the end of the connection.
    pub fn read_head(&mut self) -> Option<Seen> {
        let end = loop {
            if let Some(end) = self
                .unread
                .windows(4)
                .position(|window| window == b"\r\n\r\n")
            {
                break end;
            }
            if self.fill() == 0 {
                return None;
            }
        };
        let head = String::from_utf8(self.unread.drain(..end + 4).collect()).unwrap();
        let mut lines = head.split("\r\n");
        let line = lines.next().unwrap().to_owned();
        let mut headers: Vec<_> = lines
            .take_while(|line| !line.is_empty())
            .map(|line| line.split_once(':').unwrap())
            .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
            .collect();
        headers.sort();
        Some(Seen {
            connection: self.connection,
            line,
            headers,
            body: Vec::new(),
            complete: false,
        })
    }

    /// Reads a request and records it. `None` at the end of the connection.
    pub fn read_request(&mut self) -> Option<Seen> {
        let mut seen = self.read_head()?;
        let length: usize = seen
            .header("content-length")
            .map_or(0, |length| length.parse().unwrap());
        while self.unread.len() < length && self.fill() > 0 {}
        seen.complete = self.unread.len() >= length;
        seen.body = self.unread.drain(..length.min(self.unread.len())).collect();
        self.shared.seen.lock().unwrap().push(seen.clone());
        self.shared.changed.notify_all();
        Some(seen)
    }

    /// Reads about `count` bytes more and drops them.
    pub fn skip(&mut self, count: usize) {
        let mut left = count.saturating_sub(self.unread.len());
        self.unread.clear();
        let mut buffer = vec![0; 64 * 1024];
        while left > 0 {
            let size = left.min(buffer.len());
            match self.stream.read(&mut buffer[..size]) {
                Ok(0) | Err(_) => return,
                Ok(count) => left -= count,
            }
        }
    }

    /// Reads until the other side closes.
    pub fn drain(&mut self) {
        self.skip(usize::MAX);
    }

    /// Writes bytes.
    ///
    /// # Errors
    /// When the connection is broken.
    pub fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes)
    }

    /// Writes byte by byte with a pause after each. Stops when the connection breaks.
    pub fn drip(&mut self, bytes: &[u8], pause: Duration) {
        for byte in bytes {
            if self.write(&[*byte]).is_err() || self.wait_stop(pause) {
                return;
            }
        }
    }

    /// Says that nothing more will be written.
    pub fn finish_writing(&self) {
        let _ = self.stream.shutdown(Shutdown::Write);
    }

    /// Neither reads nor writes until the server is dropped.
    pub fn hold(&self) {
        self.wait_stop(BOUND);
    }

    /// Waits, but not beyond the life of the server. Returns whether that is over.
    pub fn wait_stop(&self, duration: Duration) -> bool {
        let lock = self.shared.seen.lock().unwrap();
        let stop = || self.shared.stop.load(Ordering::SeqCst);
        let _lock = self
            .shared
            .changed
            .wait_timeout_while(lock, duration, |_| !stop())
            .unwrap();
        stop()
    }

    fn fill(&mut self) -> usize {
        let mut buffer = vec![0; 64 * 1024];
        // A broken connection ends like a closed one: what came is what counts.
        let count = self.stream.read(&mut buffer).unwrap_or(0);
        self.unread.extend_from_slice(&buffer[..count]);
        count
    }
}

/// A complete reply with `content-length`. `headers` are whole lines without their ends.
#[must_use]
pub fn reply(status: &str, headers: &[&str], body: impl AsRef<[u8]>) -> Vec<u8> {
    let body = body.as_ref();
    let mut bytes = format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\n", body.len()).into_bytes();
    for header in headers {
        bytes.extend_from_slice(header.as_bytes());
        bytes.extend_from_slice(b"\r\n");
    }
    bytes.extend_from_slice(b"\r\n");
    bytes.extend_from_slice(body);
    bytes
}

/// A complete reply in chunks of the given pieces.
#[must_use]
pub fn chunked(headers: &[&str], pieces: &[&[u8]]) -> Vec<u8> {
    let mut bytes = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n".to_vec();
    for header in headers {
        bytes.extend_from_slice(header.as_bytes());
        bytes.extend_from_slice(b"\r\n");
    }
    bytes.extend_from_slice(b"\r\n");
    for piece in pieces {
        bytes.extend_from_slice(format!("{:x}\r\n", piece.len()).as_bytes());
        bytes.extend_from_slice(piece);
        bytes.extend_from_slice(b"\r\n");
    }
    bytes.extend_from_slice(b"0\r\n\r\n");
    bytes
}
