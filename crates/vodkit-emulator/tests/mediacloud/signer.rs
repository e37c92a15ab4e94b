//! A client of the storage made by hand: it signs with version 4, in headers and in addresses.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use hmac::{Hmac, KeyInit as _, Mac as _};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use vodkit_emulator::mediacloud::DEFAULT_BUCKET;

use crate::client::Vendor;

pub(crate) const UNSIGNED: &str = "UNSIGNED-PAYLOAD";
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~');

pub(crate) fn encoded(text: &str) -> String {
    utf8_percent_encode(text, PLAIN).to_string()
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub(crate) fn sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

fn hmac(key: &[u8], text: &str) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

/// A moment, some seconds from now, as signatures have it.
pub(crate) fn moment(seconds: i64) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let now = i64::try_from(now.as_secs()).unwrap() + seconds;
    let stamp = jiff::Timestamp::from_second(now).unwrap();
    stamp.strftime("%Y%m%dT%H%M%SZ").to_string()
}

#[derive(Clone)]
pub(crate) struct Keys {
    pub(crate) id: String,
    pub(crate) secret: String,
    pub(crate) token: String,
}

impl Keys {
    pub(crate) fn of(vendor: &Vendor) -> Self {
        let reply = vendor.login_as(&vendor.account.username, &vendor.account.password);
        let text = |name: &str| {
            let value: &Value = &reply["data"]["stsToken"][name];
            value.as_str().unwrap().to_owned()
        };
        Self {
            id: text("STSAccessKeyID"),
            secret: text("STSSecretAccessKey"),
            token: text("STSSessionToken"),
        }
    }
}

pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Reply {
    /// The text of the first element of this name.
    pub(crate) fn element(&self, name: &str) -> String {
        let text = String::from_utf8_lossy(&self.body);
        let inside = text
            .split_once(&format!("<{name}>"))
            .and_then(|(_, rest)| rest.split_once(&format!("</{name}>")));
        inside.map(|(text, _)| text.to_owned()).unwrap_or_default()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (have, value) = line.split_once(": ")?;
            have.eq_ignore_ascii_case(name).then_some(value)
        })
    }

    /// Status and code of a refusal.
    pub(crate) fn refusal(&self) -> (u16, String) {
        (self.status, self.element("Code"))
    }
}

/// A request that can be changed before and after it is signed.
#[derive(Clone)]
pub(crate) struct Ask {
    pub(crate) method: &'static str,
    pub(crate) key: String,
    pub(crate) bucket_in_host: bool,
    pub(crate) query: Vec<(String, String)>,
    /// Beside those of the signature.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    pub(crate) moment: String,
    pub(crate) payload: String,
}

pub(crate) fn ask(method: &'static str, key: &str, query: &[(&str, &str)], body: &[u8]) -> Ask {
    Ask {
        method,
        key: key.to_owned(),
        bucket_in_host: false,
        query: query
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect(),
        headers: Vec::new(),
        body: body.to_vec(),
        moment: moment(0),
        payload: sha256(body),
    }
}

impl Ask {
    pub(crate) fn path(&self) -> String {
        let parts = self.key.split('/').map(encoded).collect::<Vec<_>>();
        match self.bucket_in_host {
            true => format!("/{}", parts.join("/")),
            false => format!("/{DEFAULT_BUCKET}/{}", parts.join("/")),
        }
    }

    fn host(&self, vendor: &Vendor) -> String {
        let address = vendor.emulator.address();
        match self.bucket_in_host {
            true => format!("{DEFAULT_BUCKET}.localhost:{}", address.port()),
            false => address.to_string(),
        }
    }

    pub(crate) fn query_text(&self) -> String {
        let mut pairs: Vec<String> = self
            .query
            .iter()
            .map(|(name, value)| format!("{}={}", encoded(name), encoded(value)))
            .collect();
        pairs.sort();
        pairs.join("&")
    }

    pub(crate) fn canonical(&self, headers: &[(String, String)]) -> String {
        let lines: String = headers
            .iter()
            .map(|(name, value)| format!("{name}:{value}\n"))
            .collect();
        let names: Vec<&str> = headers.iter().map(|(name, _)| name.as_str()).collect();
        format!(
            "{}\n{}\n{}\n{lines}\n{}\n{}",
            self.method,
            self.path(),
            self.query_text(),
            names.join(";"),
            self.payload
        )
    }

    fn scope(&self) -> String {
        format!("{}/cn-test-1/s3/aws4_request", &self.moment[..8])
    }

    pub(crate) fn signature(&self, keys: &Keys, canonical: &str) -> String {
        let text = format!(
            "AWS4-HMAC-SHA256\n{}\n{}\n{}",
            self.moment,
            self.scope(),
            sha256(canonical.as_bytes())
        );
        let mut key = format!("AWS4{}", keys.secret).into_bytes();
        for part in self.scope().split('/') {
            key = hmac(&key, part);
        }
        hex(&hmac(&key, &text))
    }

    /// The headers that are signed, in order.
    pub(crate) fn signed_headers(&self, vendor: &Vendor, keys: &Keys) -> Vec<(String, String)> {
        let mut headers = self.headers.clone();
        for (name, value) in [
            ("host", self.host(vendor)),
            ("x-amz-content-sha256", self.payload.clone()),
            ("x-amz-date", self.moment.clone()),
            ("x-amz-security-token", keys.token.clone()),
        ] {
            headers.push((name.to_owned(), value));
        }
        headers.sort();
        headers
    }

    /// Signs in the header and sends.
    pub(crate) fn send(&self, vendor: &Vendor, keys: &Keys) -> Reply {
        let headers = self.signed_headers(vendor, keys);
        let signature = self.signature(keys, &self.canonical(&headers));
        self.send_with(vendor, keys, &headers, &signature)
    }

    pub(crate) fn send_with(
        &self,
        vendor: &Vendor,
        keys: &Keys,
        headers: &[(String, String)],
        signature: &str,
    ) -> Reply {
        let names: Vec<&str> = headers.iter().map(|(name, _)| name.as_str()).collect();
        let authorization = format!(
            "AWS4-HMAC-SHA256 Credential={}/{}, SignedHeaders={}, Signature={signature}",
            keys.id,
            self.scope(),
            names.join(";")
        );
        let mut headers = headers.to_vec();
        headers.push(("Authorization".to_owned(), authorization));
        self.raw(vendor, &self.query_text(), &headers)
    }

    /// The same request with its signature in the address.
    pub(crate) fn presigned(&self, vendor: &Vendor, keys: &Keys, life: &str) -> Self {
        let mut presigned = self.clone();
        presigned.payload = UNSIGNED.to_owned();
        let credential = format!("{}/{}", keys.id, self.scope());
        for (name, value) in [
            ("X-Amz-Algorithm", "AWS4-HMAC-SHA256"),
            ("X-Amz-Credential", credential.as_str()),
            ("X-Amz-Date", &self.moment),
            ("X-Amz-Expires", life),
            ("X-Amz-Security-Token", &keys.token),
            ("X-Amz-SignedHeaders", "host"),
        ] {
            presigned.query.push((name.to_owned(), value.to_owned()));
        }
        let host = ("host".to_owned(), self.host(vendor));
        let canonical = presigned.canonical(&[host]);
        let signature = presigned.signature(keys, &canonical);
        presigned
            .query
            .push(("X-Amz-Signature".to_owned(), signature));
        presigned
    }

    /// Sends it as it is, without a signature of ours.
    pub(crate) fn send_unsigned(&self, vendor: &Vendor) -> Reply {
        let host = ("host".to_owned(), self.host(vendor));
        let mut headers = self.headers.clone();
        headers.push(host);
        self.raw(vendor, &self.query_text(), &headers)
    }

    fn raw(&self, vendor: &Vendor, query: &str, headers: &[(String, String)]) -> Reply {
        let mut stream = TcpStream::connect(vendor.emulator.address()).unwrap();
        let limit = Some(Duration::from_secs(20));
        stream.set_read_timeout(limit).unwrap();
        let mut text = format!("{} {}", self.method, self.path());
        if !query.is_empty() {
            text.push_str(&format!("?{query}"));
        }
        text.push_str(&format!(
            " HTTP/1.1\r\nConnection: close\r\nContent-Length: {}\r\n",
            self.body.len()
        ));
        for (name, value) in headers {
            text.push_str(&format!("{name}: {value}\r\n"));
        }
        text.push_str("\r\n");
        stream.write_all(text.as_bytes()).unwrap();
        stream.write_all(&self.body).unwrap();
        let mut reply = Vec::new();
        stream.read_to_end(&mut reply).unwrap();
        let end = reply
            .windows(4)
            .position(|four| four == b"\r\n\r\n")
            .unwrap();
        let head = String::from_utf8(reply[..end].to_vec()).unwrap();
        Reply {
            status: head.split(' ').nth(1).unwrap().parse().unwrap(),
            head,
            body: reply[end + 4..].to_vec(),
        }
    }
}
