//! A client that shows what really came, and how the connection ended.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use crate::quvideo::{Signed, Upload, hmac_sha1};

/// What a client saw on its connection.
#[derive(Debug)]
pub(crate) struct Seen {
    pub(crate) bytes: Vec<u8>,
    /// `None` for an end in order.
    pub(crate) error: Option<ErrorKind>,
    /// From the last byte sent to the end.
    pub(crate) took: Duration,
    /// How many reads gave bytes.
    pub(crate) reads: usize,
}

impl Seen {
    pub(crate) fn is_silent_close(&self) -> bool {
        self.bytes.is_empty() && self.error.is_none()
    }

    pub(crate) fn is_reset(&self) -> bool {
        self.error == Some(ErrorKind::ConnectionReset)
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }

    pub(crate) fn status(&self) -> u16 {
        let text = self.text();
        let status = text.split(' ').nth(1).unwrap_or_else(|| panic!("{self:?}"));
        status.parse().unwrap()
    }

    /// Head and body.
    pub(crate) fn halves(&self) -> (String, Vec<u8>) {
        let end = self.bytes.windows(4).position(|four| four == b"\r\n\r\n");
        let end = end.unwrap_or_else(|| panic!("{self:?}")) + 4;
        let head = String::from_utf8(self.bytes[..end].to_vec()).unwrap();
        (head, self.bytes[end..].to_vec())
    }

    pub(crate) fn header(&self, name: &str) -> Option<String> {
        let (head, _) = self.halves();
        let lines = head.split("\r\n").filter_map(|line| line.split_once(": "));
        let mut found = lines.filter(|(have, _)| have.eq_ignore_ascii_case(name));
        found.next().map(|(_, value)| value.to_owned())
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.halves().1).unwrap_or_else(|e| panic!("{e}: {self:?}"))
    }
}

/// Head of a request with a body of this length.
pub(crate) fn head(method: &str, target: &str, headers: &[(&str, &str)], length: usize) -> String {
    let mut head = format!("{method} {target} HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n");
    if length > 0 || method != "GET" {
        head.push_str(&format!("Content-Length: {length}\r\n"));
    }
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head + "\r\n"
}

/// Sends bytes and reads to the end, whatever that is.
pub(crate) fn exchange(at: SocketAddr, bytes: &[u8]) -> Seen {
    let mut stream = TcpStream::connect(at).unwrap();
    // A connection that ends early may end while it is still written to.
    let _ = stream.write_all(bytes);
    read(&mut stream)
}

pub(crate) fn read(stream: &mut TcpStream) -> Seen {
    let limit = Some(Duration::from_secs(20));
    stream.set_read_timeout(limit).unwrap();
    let begin = Instant::now();
    let mut seen = Seen {
        bytes: Vec::new(),
        error: None,
        took: Duration::ZERO,
        reads: 0,
    };
    let mut buffer = [0; 65_536];
    loop {
        match stream.read(&mut buffer) {
            Ok(0) => break,
            Ok(count) => {
                seen.bytes.extend_from_slice(&buffer[..count]);
                seen.reads += 1;
            }
            Err(error) => {
                seen.error = Some(error.kind());
                break;
            }
        }
    }
    seen.took = begin.elapsed();
    seen
}

/// A whole request.
pub(crate) fn ask(
    at: SocketAddr,
    method: &str,
    target: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> Seen {
    let head = head(method, target, headers, body.len());
    exchange(at, &[head.as_bytes(), body].concat())
}

/// Head of a signed request for an object, with a body of this length; `query` with its question mark, all of it signed.
pub(crate) fn signed_head(
    upload: &Upload,
    method: &str,
    query: &str,
    headers: &[(&str, &str)],
    length: usize,
) -> String {
    let resource = format!("{}{query}", upload.resource());
    let mut signed = Signed::new(method, &resource, headers);
    let token = ("x-oss-security-token".to_owned(), upload.keys.token.clone());
    signed.headers.push(token);
    let signature = hmac_sha1(&upload.keys.secret, &signed.text());
    let authorization = format!("OSS {}:{signature}", upload.keys.id);
    let mut all: Vec<(&str, &str)> = vec![
        ("Date", &signed.date),
        ("Authorization", authorization.as_str()),
    ];
    all.extend(signed.headers.iter().map(|(n, v)| (n.as_str(), v.as_str())));
    head(method, &resource, &all, length)
}

/// A whole signed request for an object.
pub(crate) fn ask_signed(upload: &Upload, method: &str, query: &str, body: &[u8]) -> Seen {
    let head = signed_head(upload, method, query, &[], body.len());
    exchange(upload.at, &[head.as_bytes(), body].concat())
}
