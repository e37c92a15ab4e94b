//! A customer's server, by hand: it writes down what it is sent, and answers as a test wants it to.

#![allow(dead_code, reason = "each vendor's suite needs a part of it")]

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use md5::{Digest, Md5};
use serde_json::Value;
use vodkit_emulator::{CallbackOutcome, Effect, Emulator, Record};

/// Enough for anything that happens at once; a test that waits so long has failed.
pub(crate) const SOON: Duration = Duration::from_secs(20);

/// What a request is answered with.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Answer {
    Reply(u16, &'static str),
    /// A body without length that goes on until the reader has had enough.
    Endless,
    /// Half of an answer, then the end of the connection.
    Half,
    /// The end of the connection.
    Close,
    /// Nothing, with the connection kept open.
    Silence,
}

/// A request as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Received {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: Option<String>,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Received {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut of_name = self
            .headers
            .iter()
            .filter(|(have, _)| have.eq_ignore_ascii_case(name));
        let found = of_name.next().map(|(_, value)| value.as_str());
        assert!(of_name.next().is_none(), "{name} twice");
        found
    }

    /// The fields of a form in the body, in order.
    pub(crate) fn form(&self) -> Vec<(String, String)> {
        assert_eq!(
            self.header("content-type"),
            Some("application/x-www-form-urlencoded")
        );
        pairs(&self.body)
    }

    pub(crate) fn json(&self) -> Value {
        assert_eq!(self.header("content-type"), Some("application/json"));
        serde_json::from_str(&self.body).unwrap()
    }

    pub(crate) fn query(&self) -> Vec<(String, String)> {
        pairs(self.query.as_deref().unwrap_or_default())
    }
}

/// The fields of a form.
pub(crate) fn pairs(text: &str) -> Vec<(String, String)> {
    form_urlencoded::parse(text.as_bytes())
        .into_owned()
        .collect()
}

pub(crate) fn field<'p>(pairs: &'p [(String, String)], name: &str) -> &'p str {
    pairs
        .iter()
        .find(|(have, _)| have == name)
        .map(|(_, value)| value.as_str())
        .unwrap_or_else(|| panic!("no {name} in {pairs:?}"))
}

pub(crate) fn names(pairs: &[(String, String)]) -> Vec<&str> {
    pairs.iter().map(|(name, _)| name.as_str()).collect()
}

/// 32 digits in small letters.
pub(crate) fn md5_lower(text: &str) -> String {
    let digest = Md5::digest(text.as_bytes());
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[derive(Default)]
struct Book {
    received: Vec<Received>,
    /// The next answers; the last one stays.
    answers: Vec<Answer>,
    silent: Vec<TcpStream>,
    end: bool,
}

/// It listens on a port of its own until it is dropped.
pub(crate) struct Receiver {
    at: SocketAddr,
    book: Arc<Mutex<Book>>,
    thread: Option<JoinHandle<()>>,
}

impl Receiver {
    pub(crate) fn start(answers: &[Answer]) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let at = listener.local_addr().unwrap();
        let book = Arc::new(Mutex::new(Book {
            answers: answers.to_vec(),
            ..Book::default()
        }));
        let shared = Arc::clone(&book);
        let thread = std::thread::spawn(move || {
            for stream in listener.incoming() {
                if shared.lock().unwrap().end {
                    break;
                }
                serve(stream.unwrap(), &shared);
            }
        });
        Self {
            at,
            book,
            thread: Some(thread),
        }
    }

    /// One that answers 200 with this body.
    pub(crate) fn agreeing(body: &'static str) -> Self {
        Self::start(&[Answer::Reply(200, body)])
    }

    pub(crate) fn url(&self, target: &str) -> String {
        format!("http://{}{target}", self.at)
    }

    /// All that came so far.
    pub(crate) fn received(&self) -> Vec<Received> {
        self.book.lock().unwrap().received.clone()
    }

    /// What came since this was last asked, once the emulator has nothing to do any more.
    pub(crate) fn taken(&self, emulator: &Emulator) -> Vec<Received> {
        assert!(emulator.wait_for_callbacks(SOON), "still busy");
        std::mem::take(&mut self.book.lock().unwrap().received)
    }

    /// The next answers; the last one stays.
    pub(crate) fn answer(&self, answers: &[Answer]) {
        self.book.lock().unwrap().answers = answers.to_vec();
    }

    /// Waits until the emulator has hung up on all that were answered with silence, at most this long. Says whether it has.
    pub(crate) fn is_left_alone(&self, at_most: Duration) -> bool {
        let silent = std::mem::take(&mut self.book.lock().unwrap().silent);
        silent.into_iter().all(|mut stream| {
            stream.set_read_timeout(Some(at_most)).unwrap();
            matches!(stream.read(&mut [0]), Ok(0))
        })
    }

    /// Waits for so many requests in all, without asking the emulator.
    pub(crate) fn await_received(&self, count: usize) {
        for _ in 0..2000 {
            if self.received().len() >= count {
                return;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        panic!("{} of {count} requests came", self.received().len());
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        if let Ok(mut book) = self.book.lock() {
            book.end = true;
            book.silent.clear();
        }
        let _waken = TcpStream::connect(self.at);
        if let Some(thread) = self.thread.take() {
            let _ended = thread.join();
        }
    }
}

fn serve(mut stream: TcpStream, book: &Mutex<Book>) {
    stream.set_read_timeout(Some(SOON)).unwrap();
    let Some(received) = read(&mut stream) else {
        return;
    };
    let answer = {
        let mut book = book.lock().unwrap();
        book.received.push(received);
        match book.answers.len() {
            1 => book.answers[0],
            _ => book.answers.remove(0),
        }
    };
    let head = |status: u16| format!("HTTP/1.1 {status} Whatever\r\nConnection: close\r\n");
    let written = match answer {
        Answer::Reply(status, body) => {
            let (head, length) = (head(status), body.len());
            let location = if status / 100 == 3 {
                "Location: /elsewhere\r\n"
            } else {
                ""
            };
            write!(
                stream,
                "{head}{location}Content-Length: {length}\r\n\r\n{body}"
            )
        }
        Answer::Endless => endless(&mut stream, &head(200)),
        Answer::Half => write!(stream, "{}Content-Length: 10\r\n\r\n{{\"co", head(200)),
        Answer::Close => Ok(()),
        Answer::Silence => {
            book.lock().unwrap().silent.push(stream);
            Ok(())
        }
    };
    // The emulator may have hung up.
    drop(written);
}

fn endless(stream: &mut TcpStream, head: &str) -> std::io::Result<()> {
    write!(stream, "{head}\r\n")?;
    loop {
        stream.write_all(&[b' '; 4096])?;
    }
}

fn read(stream: &mut TcpStream) -> Option<Received> {
    let mut bytes = Vec::new();
    let head_end = loop {
        if let Some(at) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break at;
        }
        let mut some = [0; 4096];
        let count = stream.read(&mut some).ok().filter(|count| *count > 0)?;
        bytes.extend_from_slice(&some[..count]);
    };
    let head = String::from_utf8(bytes[..head_end].to_vec()).unwrap();
    let mut lines = head.split("\r\n");
    let mut first = lines.next()?.split(' ');
    let (method, target) = (first.next()?.to_owned(), first.next()?.to_owned());
    assert_eq!(first.next(), Some("HTTP/1.1"));
    let headers: Vec<(String, String)> = lines
        .map(|line| line.split_once(": ").unwrap())
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    let length = headers
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .map_or(0, |(_, value)| value.parse().unwrap());
    let mut body = bytes[head_end + 4..].to_vec();
    let have = body.len();
    body.resize(length, 0);
    stream.read_exact(&mut body[have..]).ok()?;
    let (path, query) = match target.split_once('?') {
        Some((path, query)) => (path.to_owned(), Some(query.to_owned())),
        None => (target, None),
    };
    Some(Received {
        method,
        path,
        query,
        headers,
        body: String::from_utf8(body).unwrap(),
    })
}

/// The attempts in the journal: event, number and outcome, with the records that tell of them.
pub(crate) fn attempts(emulator: &Emulator) -> Vec<(String, u32, CallbackOutcome, Record)> {
    let journal = emulator.journal();
    let of_record = |record: Record| match record.effects.as_slice() {
        [
            Effect::CallbackAttempted {
                event,
                attempt,
                outcome,
                ..
            },
        ] => Some((event.clone(), *attempt, *outcome, record)),
        _ => None,
    };
    journal.into_iter().filter_map(of_record).collect()
}

/// Lets emulated time pass in small steps, until so much of it has. What is due is tried at each step.
pub(crate) fn pass(emulator: &Emulator, time: Duration) {
    const STEP: Duration = Duration::from_millis(250);
    let mut passed = Duration::ZERO;
    while passed < time {
        emulator.advance(STEP);
        passed += STEP;
        assert!(emulator.wait_for_callbacks(SOON), "still busy");
    }
}
