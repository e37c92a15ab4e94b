//! A server that answers whatever is asked with the same bytes, and counts.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

pub(crate) struct Server {
    pub(crate) base_url: String,
    asked: Arc<AtomicUsize>,
}

impl Server {
    /// Answers each request with `reply`, then closes the connection. Without a reply it keeps the asker waiting.
    pub(crate) fn start(reply: Option<String>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let base_url = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&asked);
        std::thread::spawn(move || {
            let mut waiting = Vec::new();
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                read_request(&stream);
                counter.fetch_add(1, Ordering::SeqCst);
                match &reply {
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

fn read_request(stream: &TcpStream) {
    let mut reader = BufReader::new(stream);
    let mut length = 0;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).unwrap_or(0) == 0 || line == "\r\n" {
            break;
        }
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
    }
    let _gone = reader.read_exact(&mut vec![0; length]);
}
