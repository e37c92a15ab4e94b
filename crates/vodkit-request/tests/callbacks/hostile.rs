//! Requests that anybody can send: each is refused, in bounded memory and time, and none makes a receiver panic.

use std::time::{Duration, Instant};

use allocation_counter::measure;
use http::{HeaderMap, Request};
use vodkit_request::callback::{Incoming, Limits, Receiver, Refusal, RefusalKind};
use vodkit_request::{baijiayun, polyv, quvideo};

use crate::signer::{get, md5, post, quvideo as signed_quvideo};
use crate::{KEY, NOW, at};

const URL: &str = "https://www.example.com/vod";

fn to_baijiayun(body: impl Into<Vec<u8>>) -> Result<(), Refusal> {
    let receiver = baijiayun::callback::Callbacks::new([KEY]).unwrap();
    let request = post("/cb", body);
    receiver
        .verify_and_parse(&Incoming::of(&request), at(NOW))
        .map(drop)
}

fn to_polyv(request: &Request<Vec<u8>>) -> Result<(), Refusal> {
    let receiver = polyv::callback::Callbacks::new([KEY]).unwrap();
    receiver
        .verify_and_parse(&Incoming::of(request), at(NOW))
        .map(drop)
}

/// JSON with a right signature, so that nothing but its form can be wrong.
fn to_quvideo(body: impl Into<Vec<u8>>) -> Result<(), Refusal> {
    let receiver = quvideo::callback::Callbacks::new(URL, [KEY]).unwrap();
    let mut request = signed_quvideo(URL, NOW, KEY, "");
    *request.body_mut() = body.into();
    receiver
        .verify_and_parse(&Incoming::of(&request), at(NOW))
        .map(drop)
}

/// The request is refused so, within a second, and within a few times the memory of its own size.
#[track_caller]
#[expect(
    clippy::disallowed_methods,
    reason = "the test measures; the crate itself still reads no clock"
)]
fn refused(kind: RefusalKind, size: usize, receive: impl Fn() -> Result<(), Refusal>) {
    let started = Instant::now();
    let mut refusal = None;
    let used = measure(|| refusal = receive().err());
    let refusal = refusal.expect("it is refused");
    assert_eq!(refusal.kind(), kind, "{refusal}");
    assert!(refusal.to_string().len() < 300 && !refusal.to_string().contains('\n'));
    assert!(
        started.elapsed() < Duration::from_secs(5),
        "{:?}",
        started.elapsed()
    );
    // The request of the test itself is among what is counted.
    let most = 4 * size as u64 + (4 << 20);
    assert!(used.bytes_max < most, "{} bytes for {size}", used.bytes_max);
}

#[test]
fn a_body_that_is_too_large_is_not_looked_at() {
    let limit = Limits::default().body_bytes as usize;
    let body = vec![b'a'; limit + 1];
    refused(RefusalKind::TooLarge, limit, || to_baijiayun(body.clone()));
    refused(RefusalKind::TooLarge, limit, || to_quvideo(body.clone()));
    refused(RefusalKind::TooLarge, limit, || {
        to_polyv(&post("/cb?sign=0", body.clone()))
    });
    // Exactly the limit is read, and refused for what it is.
    refused(RefusalKind::SignatureMissing, limit, || {
        to_baijiayun(vec![b'a'; limit])
    });
    let small = Limits::default().with_body_bytes(10);
    let receiver = baijiayun::callback::Callbacks::new([KEY])
        .unwrap()
        .with_limits(small);
    let request = post("/cb", "a=1234567890");
    let refusal = receiver
        .verify_and_parse(&Incoming::of(&request), at(NOW))
        .unwrap_err();
    assert_eq!(refusal.kind(), RefusalKind::TooLarge);
}

/// A gigabyte is refused by its announcement: no byte of it is read.
#[test]
fn a_length_that_is_announced_is_refused_beforehand() {
    let check = |length: &str| {
        let mut headers = HeaderMap::new();
        headers.insert("content-length", length.parse().unwrap());
        Limits::default()
            .check_announced(&headers)
            .map_err(|refusal| refusal.kind())
    };
    for length in ["1073741824", "1048577", "99999999999999999999999"] {
        assert_eq!(check(length), Err(RefusalKind::TooLarge), "{length}");
    }
    // What is no length is left to the counting.
    for length in ["0", "1048576", "", "x"] {
        assert_eq!(check(length), Ok(()), "{length}");
    }
    assert!(Limits::default().check_announced(&HeaderMap::new()).is_ok());
}

#[test]
fn a_hundred_thousand_fields_are_refused() {
    let form: String = (0..100_000).map(|number| format!("f{number}=1&")).collect();
    refused(RefusalKind::TooComplex, form.len(), || {
        to_baijiayun(form.clone())
    });
    let most: String = (0..256).map(|number| format!("f{number}=1&")).collect();
    assert_eq!(
        to_baijiayun(most.clone()).unwrap_err().kind(),
        RefusalKind::SignatureMissing
    );
    assert_eq!(
        to_baijiayun(most + "one=more").unwrap_err().kind(),
        RefusalKind::TooComplex
    );
    // A target holds 64 KiB at most, and that is more than 256 fields.
    let query: String = (0..8_000).map(|number| format!("f{number}=1&")).collect();
    refused(RefusalKind::TooComplex, query.len(), || {
        to_polyv(&get(&format!("/cb?{query}")))
    });

    // 100 000 members of one byte each do not fit a mebibyte; this is as many as do.
    let members: Vec<_> = (0..90_000)
        .map(|number| format!(r#""{number}":1"#))
        .collect();
    let json = format!("{{{}}}", members.join(","));
    refused(RefusalKind::TooComplex, json.len(), || {
        to_quvideo(json.clone())
    });
    let list = format!(r#"{{"a":[{}1]}}"#, "1,".repeat(100_000));
    refused(RefusalKind::TooComplex, list.len(), || {
        to_quvideo(list.clone())
    });
    refused(RefusalKind::TooComplex, list.len(), || {
        to_polyv(&post("/cb?sign=0", list.clone()))
    });
}

#[test]
fn deep_json_is_refused() {
    for depth in [32, 33, 127, 128, 129, 1_000, 500_000] {
        let json = format!(r#"{{"a":{}{}}}"#, "[".repeat(depth), "]".repeat(depth));
        refused(RefusalKind::TooComplex, json.len(), || {
            to_quvideo(json.clone())
        });
        let open = r#"{"a":"#.repeat(depth);
        if open.len() < 1 << 20 && depth > 32 {
            refused(RefusalKind::TooComplex, open.len(), || {
                to_quvideo(open.clone())
            });
        }
    }
    let most = format!(r#"{{"a":{}{}}}"#, "[".repeat(31), "]".repeat(31));
    assert!(to_quvideo(most).is_ok());
}

#[test]
fn what_is_not_utf8_is_refused() {
    for form in [
        &b"a=%ff&sign=0"[..],
        b"a=\xff&sign=0",
        b"%c3%28=1&sign=0",
        b"a=%ed%a0%80&sign=0",
    ] {
        assert_eq!(
            to_baijiayun(form).unwrap_err().kind(),
            RefusalKind::Malformed
        );
    }
    assert_eq!(
        to_polyv(&get("/cb?type=%ff&sign=0")).unwrap_err().kind(),
        RefusalKind::Malformed
    );
    for json in [
        &b"{\"a\":\"\xff\"}"[..],
        b"{\"\xc3\x28\":1}",
        b"\xef\xbb\xbf{}",
        b"{\"a\":\"\\ud800\"}",
    ] {
        assert_eq!(
            to_quvideo(json).unwrap_err().kind(),
            RefusalKind::Malformed,
            "{json:?}"
        );
    }
}

#[test]
fn what_comes_twice_is_refused() {
    for form in [
        "a=1&a=1&sign=0",
        "a=1&%61=2&sign=0",
        "sign=0&sign=0",
        "a&a=&sign=0",
    ] {
        assert_eq!(
            to_baijiayun(form).unwrap_err().kind(),
            RefusalKind::Ambiguous,
            "{form}"
        );
    }
    assert_eq!(
        to_polyv(&get("/cb?sign=0&type=upload&type=pass"))
            .unwrap_err()
            .kind(),
        RefusalKind::Ambiguous
    );
    for json in [
        r#"{"EventType":"x","EventType":"y"}"#,
        r#"{"a":1,"\u0061":1}"#,
        r#"{"a":{"b":1,"b":2}}"#,
        r#"{"a":[[{"b":1,"b":1}]]}"#,
    ] {
        assert_eq!(
            to_quvideo(json).unwrap_err().kind(),
            RefusalKind::Ambiguous,
            "{json}"
        );
        assert_eq!(
            to_polyv(&post("/cb?sign=0", json)).unwrap_err().kind(),
            RefusalKind::Ambiguous
        );
    }
    // A stranger's name in a message is short and cannot steer a terminal.
    let name = format!("{}%1b[31m", "n".repeat(100));
    let line = to_baijiayun(format!("{name}=1&{name}=1"))
        .unwrap_err()
        .to_string();
    assert!(
        line.chars().count() < 80 && !line.contains('\u{1b}'),
        "{line}"
    );
    let line = to_baijiayun("a%1b%0a=1&a%1b%0a=1").unwrap_err().to_string();
    assert!(!line.contains(char::is_control), "{line:?}");
}

#[test]
fn what_is_no_json_object_is_refused() {
    for json in [
        "",
        "null",
        "[]",
        "1",
        "\"a\"",
        "{",
        "{}x",
        "{\"a\":}",
        "{\"a\":1e999}",
        "EventType=x",
    ] {
        assert_eq!(
            to_quvideo(json).unwrap_err().kind(),
            RefusalKind::Malformed,
            "{json}"
        );
    }
}

#[test]
fn other_methods_and_bodies_are_refused() {
    let kind = |receiver: &baijiayun::callback::Callbacks, request: Request<Vec<u8>>| {
        receiver
            .verify_and_parse(&Incoming::of(&request), at(NOW))
            .unwrap_err()
    };
    let receiver = baijiayun::callback::Callbacks::new([KEY]).unwrap();
    let refusal = kind(&receiver, get("/cb?sign=0"));
    assert_eq!(
        (refusal.kind(), refusal.status().as_u16()),
        (RefusalKind::Method, 405)
    );
    assert_eq!(refusal.to_string(), "the vendor sends POST");
    for (name, value) in [
        ("content-encoding", "gzip"),
        ("content-type", "application/json"),
        ("content-type", "multipart/form-data; boundary=x"),
    ] {
        let request = Request::post("/cb")
            .header(name, value)
            .body(Vec::new())
            .unwrap();
        let refusal = kind(&receiver, request);
        assert_eq!(
            (refusal.kind(), refusal.status().as_u16()),
            (RefusalKind::MediaType, 415)
        );
    }
    let put = Request::put("/cb?sign=0").body(Vec::new()).unwrap();
    assert_eq!(
        to_polyv(&put).unwrap_err().to_string(),
        "the vendor sends GET or POST"
    );
}

#[test]
fn a_missing_signature_is_refused() {
    for refusal in [
        to_baijiayun("video_id=1&status=20&timestamp=1700000000").unwrap_err(),
        to_baijiayun("").unwrap_err(),
        to_baijiayun("video_id=1&sign=").unwrap_err(),
        to_polyv(&get("/cb")).unwrap_err(),
        to_polyv(&post("/cb", "{}")).unwrap_err(),
    ] {
        assert_eq!(
            (refusal.kind(), refusal.status().as_u16()),
            (RefusalKind::SignatureMissing, 403)
        );
    }
}

/// What is refused never repeats keys, signatures or values.
#[test]
fn nothing_secret_is_told() {
    let sign = md5("canary");
    let receiver = polyv::callback::Callbacks::new(["canary-key-0123456789"]).unwrap();
    let request = get(&format!(
        "/canary-path?type=upload&vid=canary-vid&sign={sign}"
    ));
    let incoming = Incoming::of(&request);
    let refusal = receiver.verify_and_parse(&incoming, at(NOW)).unwrap_err();
    let shown = format!(
        "{refusal} {refusal:?} {receiver:?} {:?}",
        receiver.refused(&refusal)
    );
    assert!(
        !shown.contains("canary") && !shown.contains(&sign),
        "{shown}"
    );
    assert!(!format!("{incoming:?}").contains(&sign));
}
