//! `vodkit listen --forward`: what arrives at the service is what the vendor sent, and the service's word counts.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::sync::mpsc::{Receiver, channel};

use serde_json::json;

use crate::callbacks::{Listener, trigger, with_keys};
use crate::server::reply;

/// A request as it arrived: its first line, its headers in lower case, its body.
struct Arrived {
    line: String,
    headers: Vec<(String, String)>,
    body: String,
}

impl Arrived {
    fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }
}

/// A service that answers everything so, and hands over what arrived.
fn service(answer: String) -> (String, Receiver<Arrived>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let base_url = format!("http://{}", listener.local_addr().unwrap());
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut reader = BufReader::new(&stream);
            let mut lines = Vec::new();
            loop {
                let mut line = String::new();
                if reader.read_line(&mut line).unwrap() == 0 || line == "\r\n" {
                    break;
                }
                lines.push(line.trim_end().to_owned());
            }
            let headers: Vec<_> = lines[1..]
                .iter()
                .filter_map(|line| line.split_once(": "))
                .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
                .collect();
            let length = headers.iter().find(|(name, _)| name == "content-length");
            let length = length.map_or(0, |(_, value)| value.parse().unwrap());
            let mut body = vec![0; length];
            reader.read_exact(&mut body).unwrap();
            let arrived = Arrived {
                line: lines[0].clone(),
                headers,
                body: String::from_utf8(body).unwrap(),
            };
            // The test may have ended.
            let _gone = sender.send(arrived);
            stream.write_all(answer.as_bytes()).unwrap();
        }
    });
    (base_url, receiver)
}

#[test]
fn the_raw_request_arrives() {
    let (to, arrived) = service(reply(
        "200 OK",
        "application/json",
        r#"{"code":0,"by":"service"}"#,
    ));
    let mut listener = Listener::start(&mut with_keys(), &["--forward", &to]);
    let base_url = listener.base_url.clone();

    // Without a path of its own the service gets the path it came on. The body is not encoded anew.
    let sent = trigger(
        &mut with_keys(),
        &["baijiayun", "100", "added=课 1+1"],
        &format!("{base_url}/baijiayun?tenant=7&x=%2b"),
    );
    assert_eq!(sent.data()["body"], r#"{"code":0,"by":"service"}"#);
    let request = arrived.recv().unwrap();
    assert_eq!(request.line, "POST /baijiayun?tenant=7&x=%2b HTTP/1.1");
    assert_eq!(
        request.header("content-type"),
        Some("application/x-www-form-urlencoded")
    );
    assert!(
        request.body.contains("added=%E8%AF%BE%201%2B1&"),
        "{}",
        request.body
    );
    assert!(request.body.contains("&sign="), "{}", request.body);
    let host = to.strip_prefix("http://").unwrap();
    assert_eq!(request.header("host"), Some(host));
    let line = listener.line();
    assert_eq!(
        (&line["forwarded"], &line["answered"]),
        (&json!(true), &json!(200))
    );

    trigger(
        &mut with_keys(),
        &["polyv", "encode"],
        &format!("{base_url}/polyv"),
    )
    .data();
    let request = arrived.recv().unwrap();
    assert!(request.line.starts_with("GET /polyv?"), "{}", request.line);
    for part in ["type=encode", "format=mp4", "df=1", "sign="] {
        assert!(request.line.contains(part), "{}", request.line);
    }
    assert_eq!(request.body, "");
    listener.line();

    trigger(
        &mut with_keys(),
        &["quvideo", "SnapshotComplete"],
        &format!("{base_url}/quvideo"),
    )
    .data();
    let request = arrived.recv().unwrap();
    assert_eq!(request.line, "POST /quvideo HTTP/1.1");
    assert_eq!(request.header("content-type"), Some("application/json"));
    assert_eq!(request.header("x-vod-signature").map(str::len), Some(32));
    assert_eq!(request.header("x-vod-timestamp").map(str::len), Some(10));
    assert!(request.body.contains(r#""EventType":"SnapshotComplete""#));
    listener.line();

    // What was refused is not sent on.
    trigger(
        &mut with_keys(),
        &["polyv", "encode", "--tamper"],
        &format!("{base_url}/polyv"),
    )
    .data();
    // It came as it is, then changed.
    assert!(arrived.recv().unwrap().line.starts_with("GET /polyv?"));
    assert!(listener.line()["refused"].is_null());
    assert!(listener.line()["refused"].is_string());
    assert!(arrived.try_recv().is_err());
}

#[test]
fn path_and_query_of_the_service_are_respected() {
    let (to, arrived) = service(reply("200 OK", "text/plain", ""));
    let target = format!("{to}/hooks/vod?token=1");
    let listener = Listener::start(&mut with_keys(), &["--forward", &target]);
    let to = format!("{}/polyv", listener.base_url);
    trigger(&mut with_keys(), &["polyv", "TranscodeComplete"], &to).data();
    let request = arrived.recv().unwrap();
    assert!(
        request.line.starts_with("POST /hooks/vod?token=1&sign="),
        "{}",
        request.line
    );
}

#[test]
fn the_services_status_is_passed_on() {
    let (to, _arrived) = service(reply("503 Service Unavailable", "text/plain", "later"));
    let mut listener = Listener::start(&mut with_keys(), &["--forward", &to]);
    let to = format!("{}/quvideo", listener.base_url);
    let sent = trigger(&mut with_keys(), &["quvideo", "SnapshotComplete"], &to);
    sent.error_after_output(1);
    assert!(
        sent.out.contains("503") && sent.out.contains("later"),
        "{}",
        sent.out
    );
    let line = listener.line();
    assert_eq!(
        (&line["forwarded"], &line["answered"]),
        (&json!(true), &json!(503))
    );
}

/// Where no service answers, the vendor is told of a failure in its own words, so that it sends the message again.
#[test]
fn without_the_service_the_vendor_is_to_come_again() {
    let closed = TcpListener::bind("127.0.0.1:0").unwrap();
    let to = format!("http://{}", closed.local_addr().unwrap());
    drop(closed);
    let mut listener = Listener::start(&mut with_keys(), &["--forward", &to]);
    for (vendor, event, status) in [
        ("baijiayun", "20", 200),
        ("polyv", "pass", 500),
        ("quvideo", "SnapshotComplete", 500),
    ] {
        let to = format!("{}/{vendor}", listener.base_url);
        let sent = trigger(&mut with_keys(), &[vendor, event], &to);
        sent.error_after_output(1);
        assert!(sent.out.contains("could not be reached"), "{}", sent.out);
        let line = listener.line();
        assert_eq!(
            (&line["forwarded"], &line["answered"]),
            (&json!(false), &json!(status)),
            "{line}"
        );
        assert!(
            line["problem"]
                .as_str()
                .is_some_and(|problem| !problem.is_empty()),
            "{line}"
        );
    }
}
