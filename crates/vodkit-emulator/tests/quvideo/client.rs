//! A client made by hand from the pages: it shares nothing with vodkit but the emulator's address and the types of replies.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use md5::Md5;
use serde_json::Value;
use sha1::{Digest, Sha1};
use vodkit_emulator::{Builder, Emulator};
use vodkit_types::quvideo::{DecodedUploadAddress, DecodedUploadAuth, Envelope, VideoUploadAuth};

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
        serde_json::from_slice(&self.body).unwrap_or_else(|e| panic!("{e}: {}", self.text()))
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The text of the first element of this name in an XML document.
    pub(crate) fn element(&self, name: &str) -> String {
        let text = self.text();
        let (_, rest) = text
            .split_once(&format!("<{name}>"))
            .unwrap_or_else(|| panic!("no {name} in {text}"));
        let inside = rest.split_once(&format!("</{name}>")).unwrap().0;
        inside
            .replace("&lt;", "<")
            .replace("&gt;", ">")
            .replace("&quot;", "\"")
            .replace("&apos;", "'")
            .replace("&amp;", "&")
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
    let has = |name: &str| {
        headers
            .iter()
            .any(|(have, _)| have.eq_ignore_ascii_case(name))
    };
    if !has("host") {
        head.push_str(&format!("Host: {at}\r\n"));
    }
    let has_length = has("content-length") || has("transfer-encoding");
    let wants_length = !body.is_empty() || matches!(method, "PUT" | "POST");
    if wants_length && !has_length {
        head.push_str(&format!("Content-Length: {}\r\n", body.len()));
    }
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str("\r\n");
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(body).unwrap();
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).unwrap();
    let end = bytes
        .windows(4)
        .position(|four| four == b"\r\n\r\n")
        .expect("a whole head");
    let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
    let mut lines = head.split("\r\n");
    let status = lines.next().unwrap().split(' ').nth(1).unwrap();
    Reply {
        status: status.parse().unwrap(),
        headers: lines
            .map(|line| line.split_once(": ").unwrap())
            .map(|(n, v)| (n.to_owned(), v.to_owned()))
            .collect(),
        body: bytes[end + 4..].to_vec(),
    }
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

pub(crate) fn form(params: &[(&str, &str)]) -> String {
    let pairs: Vec<String> = params
        .iter()
        .map(|(name, value)| format!("{name}={}", encode(value)))
        .collect();
    pairs.join("&")
}

pub(crate) const FORM: (&str, &str) = ("Content-Type", "application/x-www-form-urlencoded");

/// An emulator whose transcoding takes no time, and the token of its user.
pub(crate) struct Site {
    pub(crate) emulator: Emulator,
    pub(crate) token: String,
}

pub(crate) fn site() -> Site {
    site_with(Emulator::builder().transcode_time(Duration::ZERO))
}

pub(crate) fn site_with(builder: Builder) -> Site {
    let emulator = builder.start().unwrap();
    let token = emulator.quvideo().token.clone();
    Site { emulator, token }
}

impl Site {
    pub(crate) fn at(&self) -> SocketAddr {
        self.emulator.address()
    }

    pub(crate) fn get(&self, target: &str) -> Reply {
        send(self.at(), "GET", target, &[], b"")
    }

    /// A call as the page has it: the query of a GET, the form of a POST.
    pub(crate) fn call(&self, method: &str, path: &str, params: &[(&str, &str)]) -> Reply {
        let form = form(params);
        match method {
            "GET" => self.get(&format!("{path}?{form}")),
            _ => send(self.at(), method, path, &[FORM], form.as_bytes()),
        }
    }

    /// The decoded data of a call that succeeds, with the right types of the two members that say so.
    pub(crate) fn ok<T>(&self, method: &str, path: &str, params: &[(&str, &str)]) -> Option<T>
    where
        Envelope<T>: for<'de> serde::Deserialize<'de>,
    {
        let reply = self.call(method, path, params);
        assert_eq!(reply.status, 200, "{path}");
        assert_eq!(reply.json()["result"], "true", "{path}: {}", reply.text());
        let envelope: Envelope<T> = serde_json::from_slice(&reply.body).unwrap();
        assert!(envelope.succeeded(&["200"]), "{path}: {}", reply.text());
        envelope.data
    }

    /// The data of a call that succeeds, as it is on the wire.
    pub(crate) fn data(&self, method: &str, path: &str, params: &[(&str, &str)]) -> Value {
        let mut reply = self.call(method, path, params).json();
        assert_eq!(reply["result"], "true", "{path}: {reply}");
        if path != "/user/randomUser" {
            assert_eq!(reply["code"], "200", "{path}: {reply}");
        }
        reply["data"].take()
    }

    /// Result, code and message of a call that is refused in the usual frame.
    pub(crate) fn refusal(
        &self,
        method: &str,
        path: &str,
        params: &[(&str, &str)],
    ) -> (String, String, String) {
        let reply = self.call(method, path, params);
        assert_eq!(reply.status, 200, "{path}");
        let reply = reply.json();
        let text = |name: &str| reply[name].as_str().unwrap().to_owned();
        assert_eq!(text("requestId").len(), 36, "{path}");
        assert!(reply["data"].is_null(), "{path}: {reply}");
        (text("result"), text("code"), text("message"))
    }

    /// Path and query of an address of this emulator.
    pub(crate) fn target(&self, url: &str) -> String {
        url.strip_prefix(self.emulator.base_url())
            .unwrap_or_else(|| panic!("{url} leaves the emulator"))
            .to_owned()
    }

    /// What an address of this emulator leads to.
    pub(crate) fn open(&self, url: &str) -> Reply {
        self.get(&self.target(url))
    }

    /// A guest: id of the user and token.
    pub(crate) fn guest(&self) -> (String, String) {
        let user = self.data("GET", "/user/randomUser", &[]);
        let text = |name: &str| user[name].as_str().unwrap().to_owned();
        (text("userId"), text("token"))
    }

    /// A new video of a user.
    pub(crate) fn create(&self, token: &str, file_name: &str) -> Upload {
        let params = [("token", token), ("title", "课"), ("fileName", file_name)];
        self.ticket("/vod/getVideoUploadAuth", &params)
    }

    /// A new video, by either of the calls that make one.
    pub(crate) fn ticket(&self, path: &str, params: &[(&str, &str)]) -> Upload {
        let auth: VideoUploadAuth = self.ok("GET", path, params).unwrap();
        Upload {
            at: self.at(),
            video_id: auth.video_id.clone(),
            address: DecodedUploadAddress::of(&auth.upload_address).unwrap(),
            keys: Keys::of(&DecodedUploadAuth::of(&auth.upload_auth).unwrap()),
        }
    }

    /// A video of a user with its file and its row.
    pub(crate) fn publish(&self, token: &str, title: &str, content: &[u8]) -> String {
        let upload = self.create(token, "film.mp4");
        assert_eq!(upload.put(content).status, 200);
        let params = [
            ("token", token),
            ("videoId", upload.video_id.as_str()),
            ("title", title),
            ("coverUrl", "https://img.example.test/cover.jpg"),
        ];
        self.data("POST", "/vod/videoPublish", &params);
        upload.video_id
    }

    /// A page of one of the lists of videos.
    pub(crate) fn list(&self, name: &str, token: &str, page: &str, size: &str) -> Value {
        let params = [("token", token), ("pageIndex", page), ("pageSize", size)];
        self.data("GET", &format!("/vod/{name}"), &params)
    }
}

/// Temporary keys.
#[derive(Clone)]
pub(crate) struct Keys {
    pub(crate) id: String,
    pub(crate) secret: String,
    pub(crate) token: String,
}

impl Keys {
    pub(crate) fn of(auth: &DecodedUploadAuth) -> Self {
        Self {
            id: auth.access_key_id.expose().to_owned(),
            secret: auth.access_key_secret.expose().to_owned(),
            token: auth.security_token.expose().to_owned(),
        }
    }
}

/// Where a file goes, and with which keys.
pub(crate) struct Upload {
    pub(crate) at: SocketAddr,
    pub(crate) video_id: String,
    pub(crate) address: DecodedUploadAddress,
    pub(crate) keys: Keys,
}

impl Upload {
    pub(crate) fn resource(&self) -> String {
        format!("/{}/{}", self.address.bucket, self.address.file_name)
    }

    /// A signed request for the object; `query` with its question mark, all of it signed.
    pub(crate) fn request(
        &self,
        method: &str,
        query: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Reply {
        let signed = Signed::new(method, &format!("{}{query}", self.resource()), headers);
        signed.send(self.at, &self.keys, body)
    }

    pub(crate) fn put(&self, content: &[u8]) -> Reply {
        self.request("PUT", "", &[], content)
    }
}

/// A request for the store, signed or not yet.
pub(crate) struct Signed {
    pub(crate) method: String,
    /// Path and query as they are sent.
    pub(crate) target: String,
    /// What is signed for them.
    pub(crate) resource: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) date: String,
}

impl Signed {
    pub(crate) fn new(method: &str, resource: &str, headers: &[(&str, &str)]) -> Self {
        Self {
            method: method.to_owned(),
            target: resource.to_owned(),
            resource: resource.to_owned(),
            headers: headers
                .iter()
                .map(|(n, v)| ((*n).to_owned(), (*v).to_owned()))
                .collect(),
            date: http_date(0),
        }
    }

    fn header(&self, name: &str) -> &str {
        self.headers
            .iter()
            .find(|(have, _)| have.eq_ignore_ascii_case(name))
            .map_or("", |(_, value)| value.as_str())
    }

    /// The text that OSS's page describes.
    pub(crate) fn text(&self) -> String {
        let mut own: Vec<String> = self
            .headers
            .iter()
            .map(|(name, value)| (name.to_ascii_lowercase(), value))
            .filter(|(name, _)| name.starts_with("x-oss-"))
            .map(|(name, value)| format!("{name}:{value}\n"))
            .collect();
        own.sort();
        format!(
            "{}\n{}\n{}\n{}\n{}{}",
            self.method,
            self.header("content-md5"),
            self.header("content-type"),
            self.date,
            own.concat(),
            self.resource
        )
    }

    pub(crate) fn send(mut self, at: SocketAddr, keys: &Keys, body: &[u8]) -> Reply {
        let token = ("x-oss-security-token".to_owned(), keys.token.clone());
        self.headers.push(token);
        let signature = hmac_sha1(&keys.secret, &self.text());
        self.send_as(at, &format!("OSS {}:{signature}", keys.id), body)
    }

    pub(crate) fn send_as(self, at: SocketAddr, authorization: &str, body: &[u8]) -> Reply {
        let mut headers: Vec<(&str, &str)> = self
            .headers
            .iter()
            .map(|(n, v)| (n.as_str(), v.as_str()))
            .collect();
        headers.push(("Date", &self.date));
        if !authorization.is_empty() {
            headers.push(("Authorization", authorization));
        }
        send(at, &self.method, &self.target, &headers, body)
    }
}

/// HMAC-SHA1 in base64, from its definition.
pub(crate) fn hmac_sha1(secret: &str, text: &str) -> String {
    assert!(secret.len() <= 64, "longer keys would be hashed first");
    let pad = |with: u8| -> Vec<u8> {
        let mut block = secret.as_bytes().to_vec();
        block.resize(64, 0);
        block.iter().map(|byte| byte ^ with).collect()
    };
    let inner = Sha1::digest([pad(0x36), text.as_bytes().to_vec()].concat());
    BASE64.encode(Sha1::digest([pad(0x5c), inner.to_vec()].concat()))
}

pub(crate) fn md5_hex(bytes: &[u8]) -> String {
    Md5::digest(bytes)
        .iter()
        .map(|byte| format!("{byte:02X}"))
        .collect()
}

pub(crate) fn md5_base64(bytes: &[u8]) -> String {
    BASE64.encode(Md5::digest(bytes))
}

/// CRC-64/XZ bit by bit, from its definition.
pub(crate) fn crc64(bytes: &[u8]) -> String {
    let sum = bytes.iter().fold(u64::MAX, |sum, byte| {
        (0..8).fold(sum ^ u64::from(*byte), |sum, _| {
            let shifted = sum >> 1;
            if sum & 1 == 1 {
                shifted ^ 0xC96C_5795_D787_0F42
            } else {
                shifted
            }
        })
    });
    (!sum).to_string()
}

pub(crate) fn now() -> i64 {
    let since = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap();
    since.as_secs() as i64
}

/// The date header of a moment this many seconds from now, by the calendar of days since 1970.
pub(crate) fn http_date(offset: i64) -> String {
    let seconds = now() + offset;
    let (days, rest) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    let weekday = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"][days.rem_euclid(7) as usize];
    let mut year = 1970;
    let mut left = days;
    let leap = |year: i64| year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    while left >= 365 + i64::from(leap(year)) {
        left -= 365 + i64::from(leap(year));
        year += 1;
    }
    let lengths = [
        31,
        28 + i64::from(leap(year)),
        31,
        30,
        31,
        30,
        31,
        31,
        30,
        31,
        30,
        31,
    ];
    let names = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];
    let mut month = 0;
    while left >= lengths[month] {
        left -= lengths[month];
        month += 1;
    }
    format!(
        "{weekday}, {:02} {} {year} {:02}:{:02}:{:02} GMT",
        left + 1,
        names[month],
        rest / 3600,
        rest / 60 % 60,
        rest % 60
    )
}

/// Bytes that differ at every position a test may confuse.
pub(crate) fn content(length: usize) -> Vec<u8> {
    (0..length)
        .map(|at| (at * 31 + at / 251 + at / 65_521) as u8)
        .collect()
}
