//! A client made by hand from the vendor's pages: it shares nothing with vodkit but the emulator's address, and decodes with the
//! types that vodkit's users have.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use md5::{Digest, Md5};
use serde_json::Value;
use sha1::Sha1;
use vodkit_emulator::polyv::Account;
use vodkit_emulator::{Builder, Emulator};
use vodkit_types::polyv::Envelope;
use vodkit_types::{Lenient, Wire};

/// The seconds that a transcoding takes where a test looks at it.
pub(crate) const TRANSCODE: u64 = 400;

pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Reply {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|e| panic!("{e}: {:?}", String::from_utf8_lossy(&self.body)))
    }
}

/// One request on a connection of its own.
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
    if !headers.iter().any(|(have, _)| *have == "Host") {
        add("Host", &at.to_string());
    }
    if !body.is_empty() {
        add("Content-Length", &body.len().to_string());
    }
    headers.iter().for_each(|(name, value)| add(name, value));
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
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    Reply {
        status,
        head,
        body: bytes[end + 4..].to_vec(),
    }
}

pub(crate) fn sha1_upper(text: &str) -> String {
    hex_upper(&Sha1::digest(text.as_bytes()))
}

pub(crate) fn md5_upper(text: &str) -> String {
    hex_upper(&Md5::digest(text.as_bytes()))
}

fn hex_upper(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02X}")).collect()
}

pub(crate) fn encode(value: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-_.".contains(&b);
    let one = |b: u8| match plain(b) {
        true => (b as char).to_string(),
        false => format!("%{b:02X}"),
    };
    value.bytes().map(one).collect()
}

pub(crate) type Pairs = Vec<(String, String)>;

pub(crate) fn owned(pairs: &[(&str, &str)]) -> Pairs {
    pairs
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

pub(crate) fn body_of(pairs: &Pairs) -> String {
    let pairs: Vec<String> = pairs
        .iter()
        .map(|(name, value)| format!("{name}={}", encode(value)))
        .collect();
    pairs.join("&")
}

pub(crate) fn now_ms() -> u128 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_millis()
}

/// The text that the calls under `/v2/` sign, without the key.
pub(crate) fn v2_text(pairs: &Pairs) -> String {
    let mut sorted: Vec<String> = pairs
        .iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    // No name here is the beginning of another, so this is the order of the names.
    sorted.sort();
    sorted.join("&")
}

/// The text that the token service signs, without the keys.
pub(crate) fn token_text(pairs: &Pairs) -> String {
    let mut sorted = pairs.clone();
    sorted.retain(|(_, value)| !value.is_empty());
    sorted.sort();
    sorted
        .iter()
        .map(|(name, value)| format!("{name}{value}"))
        .collect()
}

pub(crate) const FORM: (&str, &str) = ("Content-Type", "application/x-www-form-urlencoded");

/// An emulator and an account to call it with.
pub(crate) struct Vendor {
    pub(crate) emulator: Emulator,
    pub(crate) account: Account,
}

/// Its transcoding takes no time.
pub(crate) fn vendor() -> Vendor {
    vendor_with(Emulator::builder().transcode_time(Duration::ZERO))
}

/// Its transcoding takes [`TRANSCODE`] seconds.
pub(crate) fn slow_vendor() -> Vendor {
    vendor_with(Emulator::builder().transcode_time(Duration::from_secs(TRANSCODE)))
}

pub(crate) fn vendor_with(builder: Builder) -> Vendor {
    let emulator = builder.start().unwrap();
    let account = emulator.polyv().clone();
    Vendor { emulator, account }
}

impl Vendor {
    pub(crate) fn at(&self) -> SocketAddr {
        self.emulator.address()
    }

    pub(crate) fn user(&self) -> &str {
        &self.account.user_id
    }

    /// The path with the account in the place of `{}`.
    pub(crate) fn path(&self, path: &str) -> String {
        path.replace("{}", self.user())
    }

    /// Account, time and the parameters, without a signature.
    pub(crate) fn unsigned(&self, params: &[(&str, &str)]) -> Pairs {
        let mut pairs = owned(params);
        pairs.push(("userid".to_owned(), self.user().to_owned()));
        pairs.push(("ptime".to_owned(), now_ms().to_string()));
        pairs
    }

    pub(crate) fn signed(&self, mut pairs: Pairs) -> Pairs {
        let text = format!("{}{}", v2_text(&pairs), self.account.secret_key);
        pairs.push(("sign".to_owned(), sha1_upper(&text)));
        pairs
    }

    pub(crate) fn raw(&self, method: &str, path: &str, pairs: &Pairs) -> Reply {
        let path = self.path(path);
        match method {
            "GET" => send(
                self.at(),
                "GET",
                &format!("{path}?{}", body_of(pairs)),
                &[],
                b"",
            ),
            _ => send(self.at(), method, &path, &[FORM], body_of(pairs).as_bytes()),
        }
    }

    /// The whole envelope of a call that signs everything.
    pub(crate) fn envelope(&self, method: &str, path: &str, params: &[(&str, &str)]) -> Value {
        let reply = self.raw(method, path, &self.signed(self.unsigned(params)));
        assert_eq!(reply.status, 200, "{path}");
        reply.json()
    }

    pub(crate) fn get(&self, path: &str, params: &[(&str, &str)]) -> Value {
        success(path, self.envelope("GET", path, params))
    }

    pub(crate) fn post(&self, path: &str, params: &[(&str, &str)]) -> Value {
        success(path, self.envelope("POST", path, params))
    }

    /// The envelope of a call that signs the fields of this set, the account and the time.
    pub(crate) fn fixed_envelope(
        &self,
        path: &str,
        fields: &[&str],
        params: &[(&str, &str)],
    ) -> Value {
        let mut pairs = self.unsigned(params);
        let covered: Pairs = pairs
            .iter()
            .filter(|(name, _)| {
                name == "userid" || name == "ptime" || fields.contains(&name.as_str())
            })
            .cloned()
            .collect();
        let text = format!("{}{}", v2_text(&covered), self.account.secret_key);
        pairs.push(("sign".to_owned(), sha1_upper(&text)));
        self.raw("POST", path, &pairs).json()
    }

    pub(crate) fn fixed(&self, path: &str, fields: &[&str], params: &[(&str, &str)]) -> Value {
        success(path, self.fixed_envelope(path, fields, params))
    }

    /// Message of a signed call that is refused with the code 400 and an empty text for data.
    pub(crate) fn refusal(&self, method: &str, path: &str, params: &[(&str, &str)]) -> String {
        refused(self.envelope(method, path, params))
    }

    /// The envelope of the token service.
    pub(crate) fn token_envelope(&self, params: &[(&str, &str)]) -> Value {
        let mut pairs = owned(params);
        pairs.push(("userId".to_owned(), self.user().to_owned()));
        pairs.push(("ts".to_owned(), now_ms().to_string()));
        let key = &self.account.secret_key;
        let sign = md5_upper(&format!("{key}{}{key}", token_text(&pairs)));
        pairs.push(("sign".to_owned(), sign));
        self.raw("POST", "/service/v1/token", &pairs).json()
    }

    pub(crate) fn multipart(
        &self,
        path: &str,
        params: &[(&str, &str)],
        file: (&str, &str, &[u8]),
    ) -> Value {
        let boundary = "----boundary-of-a-test";
        let mut body = Vec::new();
        for (name, value) in self.signed(self.unsigned(params)) {
            let part = format!(
                "--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"
            );
            body.extend(part.as_bytes());
        }
        let (name, file_name, content) = file;
        let head = format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"; filename=\"{file_name}\"\r\n\r\n"
        );
        body.extend(head.as_bytes());
        body.extend(content);
        body.extend(format!("\r\n--{boundary}--\r\n").as_bytes());
        let kind = format!("multipart/form-data; boundary={boundary}");
        let headers = [("Content-Type", kind.as_str())];
        send(self.at(), "POST", &self.path(path), &headers, &body).json()
    }

    /// The id of the built-in video.
    pub(crate) fn builtin(&self) -> String {
        let data = self.post("/v2/video/{}/get-new-list", &[]);
        let last = data["contents"].as_array().unwrap().last().unwrap();
        last["vid"].as_str().unwrap().to_owned()
    }

    /// Ids of new videos, pulled from as many addresses, in the order of the titles.
    pub(crate) fn films(&self, titles: &[&str]) -> Vec<String> {
        let urls: Vec<String> = (0..titles.len())
            .map(|nth| format!("https://files.example.test/{nth}.mp4"))
            .collect();
        self.post(
            "/v2/video/grab/{}/upload/multi",
            &[("fileUrl", &urls.join(",")), ("title", &titles.join(","))],
        );
        let vids: Vec<String> = self.things("video").into_iter().map(|(id, _)| id).collect();
        vids[vids.len() - titles.len()..].to_vec()
    }

    pub(crate) fn film(&self, title: &str) -> String {
        self.films(&[title]).remove(0)
    }

    /// The only video that get-video-msg tells of.
    pub(crate) fn video(&self, vid: &str) -> Value {
        let list = self.get("/v2/video/{}/get-video-msg", &[("vid", vid)]);
        assert_eq!(list.as_array().unwrap().len(), 1);
        list[0].clone()
    }

    pub(crate) fn status(&self, vid: &str) -> String {
        self.video(vid)["status"].as_str().unwrap().to_owned()
    }

    /// Ids and changes of the journal's effects on things of a kind, in order.
    pub(crate) fn things(&self, wanted: &str) -> Vec<(String, vodkit_emulator::Change)> {
        let journal = self.emulator.journal();
        let effects = journal.iter().flat_map(|record| &record.effects);
        effects
            .filter_map(|effect| match effect {
                vodkit_emulator::Effect::Thing {
                    vendor: "polyv",
                    kind,
                    id,
                    change,
                } if *kind == wanted => Some((id.clone(), *change)),
                _ => None,
            })
            .collect()
    }

    pub(crate) fn note(&self) -> String {
        self.emulator
            .journal()
            .last()
            .and_then(|record| record.note.clone())
            .unwrap_or_default()
    }

    pub(crate) fn advance(&self, seconds: u64) {
        self.emulator.advance(Duration::from_secs(seconds));
    }
}

/// Data of an envelope that succeeded.
pub(crate) fn success(what: &str, mut envelope: Value) -> Value {
    assert_eq!(envelope["code"], 200, "{what}: {envelope}");
    assert_eq!(envelope["status"], "success", "{what}");
    assert_eq!(envelope["message"], "success", "{what}");
    envelope["data"].take()
}

pub(crate) fn refused(envelope: Value) -> String {
    assert_eq!(envelope["code"], 400, "{envelope}");
    assert_eq!(envelope["status"], "error", "{envelope}");
    assert_eq!(envelope["data"], "", "{envelope}");
    assert_eq!(envelope.as_object().unwrap().len(), 4, "{envelope}");
    envelope["message"].as_str().unwrap().to_owned()
}

/// What a client of vodkit's makes of this data.
pub(crate) fn read<T: Wire>(data: &Value) -> T {
    let text = data.to_string();
    serde_json::from_str::<Lenient<T>>(&text)
        .unwrap_or_else(|e| panic!("{e}: {text}"))
        .0
}

/// What a client of vodkit's makes of this envelope.
pub(crate) fn read_envelope<T: Wire>(envelope: &Value) -> Envelope<T> {
    let text = envelope.to_string();
    serde_json::from_str(&text).unwrap_or_else(|e| panic!("{e}: {text}"))
}
