//! A client made by hand: it shares nothing with vodkit but the emulator's address and the types that decode replies.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::{Value, json};
use vodkit_emulator::mediacloud::Account;
use vodkit_emulator::{Builder, Emulator};

pub(crate) const JSON: (&str, &str) = ("Content-Type", "application/json");

pub(crate) struct Vendor {
    pub(crate) emulator: Emulator,
    pub(crate) account: Account,
}

/// A vendor whose media are processed at once.
pub(crate) fn vendor() -> Vendor {
    vendor_with(Emulator::builder().transcode_time(Duration::ZERO))
}

pub(crate) fn vendor_with(builder: Builder) -> Vendor {
    let emulator = builder.start().unwrap();
    let account = emulator.mediacloud().clone();
    Vendor { emulator, account }
}

impl Vendor {
    /// One request on a connection of its own: HTTP status and the body as text.
    pub(crate) fn send(
        &self,
        method: &str,
        target: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> (u16, String) {
        let mut stream = TcpStream::connect(self.emulator.address()).unwrap();
        stream
            .set_read_timeout(Some(Duration::from_secs(20)))
            .unwrap();
        let mut text = format!(
            "{method} {target} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nContent-Length: {}\r\n",
            self.emulator.address(),
            body.len()
        );
        for (name, value) in headers {
            text.push_str(&format!("{name}: {value}\r\n"));
        }
        text.push_str("\r\n");
        text.push_str(body);
        stream.write_all(text.as_bytes()).unwrap();
        let mut reply = String::new();
        stream.read_to_string(&mut reply).unwrap();
        let (head, body) = reply.split_once("\r\n\r\n").expect("a whole head");
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        (status, body.to_owned())
    }

    /// The envelope of a reply, which is on HTTP status 200 always.
    pub(crate) fn envelope(
        &self,
        method: &str,
        target: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Value {
        let (status, text) = self.send(method, target, headers, body);
        assert_eq!(status, 200, "{method} {target}: {text}");
        let reply: Value = serde_json::from_str(&text).unwrap();
        let id = reply["requestId"].as_str().unwrap();
        assert!(is_uuid(id), "{id}");
        assert!(!text.contains("http"), "no address leads anywhere: {text}");
        reply
    }

    /// The envelope of a call with a token.
    pub(crate) fn ask(&self, token: &str, method: &str, target: &str, body: &Value) -> Value {
        let bearer = format!("Bearer {token}");
        let headers = [JSON, ("Authorization", bearer.as_str())];
        let body = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        self.envelope(method, target, &headers, &body)
    }

    /// The data of a call with a token that succeeds.
    pub(crate) fn call(&self, token: &str, method: &str, target: &str, body: &Value) -> Value {
        let mut reply = self.ask(token, method, target, body);
        assert_eq!(reply["code"], 200, "{method} {target}: {reply}");
        assert_eq!(reply["msg"], "成功", "{method} {target}");
        let members: Vec<&String> = reply.as_object().unwrap().keys().collect();
        assert_eq!(members.len(), 4, "no status on success: {members:?}");
        reply["data"].take()
    }

    /// Code and message of a call with a token that is refused.
    pub(crate) fn refusal(
        &self,
        token: &str,
        method: &str,
        target: &str,
        body: &Value,
    ) -> (i64, String) {
        refused(&self.ask(token, method, target, body))
    }

    pub(crate) fn login_as(&self, username: &str, password: &str) -> Value {
        let body = json!({ "username": username, "password": password }).to_string();
        self.envelope("POST", "/api/v1/login", &[JSON], &body)
    }

    /// The access token of a new session of the first account.
    pub(crate) fn token(&self) -> String {
        self.token_of(&self.account)
    }

    pub(crate) fn token_of(&self, account: &Account) -> String {
        let reply = self.login_as(&account.username, &account.password);
        assert_eq!(reply["code"], 200, "{reply}");
        let token = &reply["data"]["jwt"]["access_token"];
        token.as_str().unwrap().to_owned()
    }

    pub(crate) fn new_category(&self, token: &str, name: &str) -> String {
        let body = json!({ "className": name });
        let id = self.call(token, "POST", "/api/v1/class", &body);
        id.as_str().unwrap().to_owned()
    }

    pub(crate) fn medium(&self, token: &str, id: &str) -> Value {
        self.call(token, "GET", &format!("/api/v1/medias/{id}"), &Value::Null)
    }

    /// The journal's remark on the last request.
    pub(crate) fn last_note(&self) -> String {
        let last = self.emulator.journal().pop().unwrap();
        last.note.unwrap_or_default()
    }
}

/// Code and message of a failure, in the form of the page's sample.
pub(crate) fn refused(reply: &Value) -> (i64, String) {
    assert_eq!(reply["status"], "error", "{reply}");
    assert_eq!(reply.get("data"), Some(&Value::Null), "{reply}");
    (
        reply["code"].as_i64().unwrap(),
        reply["msg"].as_str().unwrap().to_owned(),
    )
}

/// The least that a registration carries, of a file in a storage that the emulator does not play.
pub(crate) fn lesson() -> Value {
    json!({ "type": 1, "cloudProviderType": 2, "bucket": "lessons", "fileUri": "lessons/2026/one.mp4" })
}

pub(crate) fn is_uuid(text: &str) -> bool {
    let parts: Vec<usize> = text.split('-').map(str::len).collect();
    parts == [8, 4, 4, 4, 12]
        && text
            .bytes()
            .all(|b| matches!(b, b'-' | b'0'..=b'9' | b'a'..=b'f'))
        && text.as_bytes()[14] == b'4'
}
