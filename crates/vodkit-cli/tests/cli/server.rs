//! A server that answers whatever is asked with the same bytes, and counts.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

pub(crate) struct Server {
    pub(crate) base_url: String,
    asked: Arc<AtomicUsize>,
}

impl Server {
    /// Answers each request with `reply`, then closes the connection. Without a reply it keeps the asker waiting.
    pub(crate) fn start(reply: Option<String>) -> Self {
        Self::answering(move |_, _| reply.clone())
    }

    /// As [`start`](Self::start), with a reply by the first line of the request and the server's own base URL. Of a request that is kept
    /// waiting the body is not read.
    pub(crate) fn answering(
        answer: impl Fn(&str, &str) -> Option<String> + Send + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let base_url = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::new(AtomicUsize::new(0));
        let (counter, own_url) = (Arc::clone(&asked), base_url.clone());
        std::thread::spawn(move || {
            let mut waiting = Vec::new();
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let mut reader = BufReader::new(&stream);
                let (line, length) = read_head(&mut reader);
                let reply = answer(&line, &own_url);
                if reply.is_some() {
                    let _gone = reader.read_exact(&mut vec![0; length]);
                }
                counter.fetch_add(1, Ordering::SeqCst);
                match reply {
                    // The asker may have gone meanwhile.
                    Some(reply) => drop(stream.write_all(reply.as_bytes())),
                    None => waiting.push(stream),
                }
            }
        });
        Self { base_url, asked }
    }

    /// How many requests have arrived.
    pub(crate) fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

/// A complete HTTP reply of this kind and body.
pub(crate) fn reply(status: &str, kind: &str, body: &str) -> String {
    format!(
        "HTTP/1.1 {status}\r\ncontent-type: {kind}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    )
}

/// The first line of a request and the length of its body.
fn read_head(reader: &mut impl BufRead) -> (String, usize) {
    let (mut first, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).unwrap_or(0) == 0 || line == "\r\n" {
            return (first, length);
        }
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
        if first.is_empty() {
            first = line;
        }
    }
}
