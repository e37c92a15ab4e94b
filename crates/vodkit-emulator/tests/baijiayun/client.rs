//! A client made by hand from the vendor's page: it shares nothing with vodkit but the emulator's address.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use md5::{Digest, Md5};
use serde_json::Value;
use vodkit_emulator::baijiayun::Account;
use vodkit_emulator::{Builder, Emulator};

pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Reply {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(have, _)| have.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|e| panic!("{e}: {:?}", String::from_utf8_lossy(&self.body)))
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.body.clone()).unwrap()
    }
}

/// One request on a connection of its own. A body is sent with its length unless `headers` says otherwise.
pub(crate) fn send(
    at: SocketAddr,
    method: &str,
    target: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> Reply {
    let mut stream = TcpStream::connect(at).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(20)))
        .unwrap();
    let mut head = format!("{method} {target} HTTP/1.1\r\nConnection: close\r\n");
    let mut add = |name: &str, value: &str| head.push_str(&format!("{name}: {value}\r\n"));
    let has = |name: &str| {
        headers
            .iter()
            .any(|(have, _)| have.eq_ignore_ascii_case(name))
    };
    if !has("host") {
        add("Host", &at.to_string());
    }
    if !has("content-length") && !has("transfer-encoding") && !body.is_empty() {
        add("Content-Length", &body.len().to_string());
    }
    headers.iter().for_each(|(name, value)| add(name, value));
    head.push_str("\r\n");
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(body).unwrap();
    read_reply(&mut stream)
}

pub(crate) fn read_reply(stream: &mut TcpStream) -> Reply {
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).unwrap();
    let end = bytes
        .windows(4)
        .position(|four| four == b"\r\n\r\n")
        .expect("a whole head");
    let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
    let mut lines = head.split("\r\n");
    let status = lines
        .next()
        .unwrap()
        .split(' ')
        .nth(1)
        .unwrap()
        .parse()
        .unwrap();
    let headers = lines
        .map(|line| line.split_once(": ").unwrap())
        .map(|(n, v)| (n.to_owned(), v.to_owned()))
        .collect();
    Reply {
        status,
        headers,
        body: bytes[end + 4..].to_vec(),
    }
}

pub(crate) fn md5_hex(bytes: &[u8]) -> String {
    Md5::digest(bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

pub(crate) fn encode(value: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-_.".contains(&b);
    value
        .bytes()
        .map(|b| {
            if plain(b) {
                (b as char).to_string()
            } else {
                format!("%{b:02X}")
            }
        })
        .collect()
}

pub(crate) fn body_of(params: &[(String, String)]) -> String {
    let pairs: Vec<String> = params
        .iter()
        .map(|(name, value)| format!("{name}={}", encode(value)))
        .collect();
    pairs.join("&")
}

pub(crate) fn now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_secs()
}

pub(crate) const FORM: (&str, &str) = ("Content-Type", "application/x-www-form-urlencoded");

/// An emulator whose transcoding takes no time, and an account to call it with.
pub(crate) struct Vendor {
    pub(crate) emulator: Emulator,
    pub(crate) account: Account,
}

pub(crate) fn vendor() -> Vendor {
    vendor_with(Emulator::builder().transcode_time(Duration::ZERO))
}

pub(crate) fn vendor_with(builder: Builder) -> Vendor {
    let emulator = builder.start().unwrap();
    let account = emulator.baijiayun().clone();
    Vendor { emulator, account }
}

impl Vendor {
    pub(crate) fn at(&self) -> SocketAddr {
        self.emulator.address()
    }

    pub(crate) fn get(&self, target: &str, headers: &[(&str, &str)]) -> Reply {
        send(self.at(), "GET", target, headers, b"")
    }

    /// The parameters with account, time and signature, as the page has it.
    pub(crate) fn signed(&self, params: &[(&str, &str)], time: u64) -> Vec<(String, String)> {
        let mut all: Vec<(String, String)> = params
            .iter()
            .map(|(n, v)| ((*n).to_owned(), (*v).to_owned()))
            .collect();
        all.push(("partner_id".to_owned(), self.account.partner_id.to_string()));
        all.push(("timestamp".to_owned(), time.to_string()));
        all.sort();
        let text: String = all
            .iter()
            .map(|(name, value)| format!("{name}={value}&"))
            .collect();
        let sign = md5_hex(format!("{text}partner_key={}", self.account.partner_key).as_bytes());
        all.push(("sign".to_owned(), sign));
        all
    }

    pub(crate) fn post(&self, name: &str, body: &str) -> Reply {
        send(
            self.at(),
            "POST",
            &format!("/openapi/{name}"),
            &[FORM],
            body.as_bytes(),
        )
    }

    /// The whole envelope of a signed POST.
    pub(crate) fn envelope(&self, name: &str, params: &[(&str, &str)]) -> Value {
        let reply = self.post(name, &body_of(&self.signed(params, now())));
        assert_eq!(reply.status, 200, "{name}");
        reply.json()
    }

    /// The data of a signed POST that succeeds.
    pub(crate) fn call(&self, name: &str, params: &[(&str, &str)]) -> Value {
        let mut reply = self.envelope(name, params);
        assert_eq!(reply["code"], 0, "{name}: {reply}");
        assert_eq!(reply["msg"], "", "{name}");
        assert!(
            reply["ts"].as_i64().unwrap().abs_diff(now() as i64) < 200_000_000,
            "{name}"
        );
        reply["data"].take()
    }

    /// The data of a signed GET that succeeds.
    pub(crate) fn query(&self, name: &str, params: &[(&str, &str)]) -> Value {
        let reply = self.get(
            &format!("/openapi/{name}?{}", body_of(&self.signed(params, now()))),
            &[],
        );
        let mut reply = reply.json();
        assert_eq!(reply["code"], 0, "{name}: {reply}");
        reply["data"].take()
    }

    /// Code and message of a signed POST that is refused.
    pub(crate) fn refusal(&self, name: &str, params: &[(&str, &str)]) -> (i64, String) {
        let reply = self.envelope(name, params);
        assert_eq!(reply["data"], Value::Null, "{name}: {reply}");
        assert!(reply["ts"].is_i64(), "{name}");
        (
            reply["code"].as_i64().unwrap(),
            reply["msg"].as_str().unwrap().to_owned(),
        )
    }

    /// A new video: its id and upload address.
    pub(crate) fn create(&self, file_name: &str, more: &[(&str, &str)]) -> (u64, String) {
        let mut params = vec![("file_name", file_name)];
        if !more.iter().any(|(name, _)| *name == "definition") {
            params.push(("definition", "16,2"));
        }
        params.extend(more);
        let data = self.call("video/getUploadUrl", &params);
        (
            data["video_id"].as_u64().unwrap(),
            self.target(data["upload_url"].as_str().unwrap()),
        )
    }

    /// Path and query of a URL of this emulator.
    pub(crate) fn target(&self, url: &str) -> String {
        url.strip_prefix(self.emulator.base_url())
            .unwrap_or_else(|| panic!("{url} leaves the emulator"))
            .to_owned()
    }

    pub(crate) fn upload(&self, target: &str, content: &[u8]) -> Value {
        let (kind, body) = multipart(&[Field::File("data", "a.mp4", content)]);
        send(self.at(), "POST", target, &[("Content-Type", &kind)], &body).json()
    }

    pub(crate) fn slice(&self, target: &str, first: u64, total: u64, content: &[u8]) -> Value {
        let range = format!("bytes {first}-{}/{total}", first + content.len() as u64 - 1);
        self.raw(target, &range, content)
    }

    pub(crate) fn raw(&self, target: &str, range: &str, content: &[u8]) -> Value {
        let headers = [
            ("Content-Type", "application/octet-stream"),
            ("Content-Range", range),
        ];
        send(self.at(), "POST", target, &headers, content).json()
    }

    /// A video that is ready to play.
    pub(crate) fn film(&self, name: &str, content: &[u8]) -> u64 {
        let (id, target) = self.create(name, &[]);
        assert_eq!(self.upload(&target, content)["code"], 1);
        id
    }

    pub(crate) fn status(&self, id: u64) -> u64 {
        self.call("video/getStatus", &[("video_id", &id.to_string())])["status"]
            .as_u64()
            .unwrap()
    }

    /// Path and query of the play URL of one definition.
    pub(crate) fn play_target(&self, id: u64, definition: &str, more: &[(&str, &str)]) -> String {
        let id = id.to_string();
        let mut params = vec![("video_id", id.as_str())];
        params.extend(more);
        let data = self.call("video/getUrl", &params);
        self.target(
            data["play_info"][definition]["url"]
                .as_str()
                .unwrap_or_else(|| panic!("{data}")),
        )
    }
}

pub(crate) enum Field<'a> {
    Text(&'a str, &'a str),
    File(&'a str, &'a str, &'a [u8]),
}

/// Content type and body.
pub(crate) fn multipart(fields: &[Field<'_>]) -> (String, Vec<u8>) {
    let boundary = "----boundary-of-a-test";
    let mut body = Vec::new();
    for field in fields {
        body.extend(format!("--{boundary}\r\nContent-Disposition: form-data; name=").as_bytes());
        match field {
            Field::Text(name, value) => {
                body.extend(format!("\"{name}\"\r\n\r\n{value}").as_bytes())
            }
            Field::File(name, file, content) => {
                let head = format!(
                    "\"{name}\"; filename=\"{file}\"\r\nContent-Type: application/octet-stream\r\n\r\n"
                );
                body.extend(head.as_bytes());
                body.extend(*content);
            }
        }
        body.extend(b"\r\n");
    }
    body.extend(format!("--{boundary}--\r\n").as_bytes());
    (format!("multipart/form-data; boundary={boundary}"), body)
}

/// Bytes that differ at every position a test may confuse.
pub(crate) fn content(length: usize) -> Vec<u8> {
    (0..length)
        .map(|at| (at * 31 + at / 251 + at / 65_521) as u8)
        .collect()
}
