//! Connections that break and stall.

use std::io::Write;
use std::net::TcpStream;
use std::time::{Duration, Instant};

use vodkit_emulator::fault::Fault;
use vodkit_emulator::{Effect, Emulator};

use crate::baijiayun::{content, vendor};
use crate::quvideo::site;
use crate::raw::{ask, ask_signed, exchange, head, read, signed_head};

const PAUSE: Duration = Duration::from_millis(60);

#[test]
fn a_connection_ends_before_anything_is_done() {
    let site = site();
    let upload = site.create(&site.token, "a.mp4");
    let faults = site.emulator.faults();
    faults.plan(Fault::on("PutObject").close());
    faults.plan(Fault::on("PutObject").reset());
    // Only the head is sent: nothing of the body is waited for.
    let head = signed_head(&upload, "PUT", "", &[], 4);
    let seen = exchange(upload.at, head.as_bytes());
    assert!(seen.is_silent_close(), "{seen:?}");
    let seen = exchange(upload.at, head.as_bytes());
    assert!(seen.is_reset() && seen.bytes.is_empty(), "{seen:?}");
    assert!(faults.unfired().is_empty());
    assert!(site.emulator.stored().is_empty());
    let journal = site.emulator.journal();
    let cut: Vec<_> = journal.iter().filter(|r| r.fault.is_some()).collect();
    assert_eq!(cut.len(), 2);
    assert!(cut.iter().all(|record| record.effects.is_empty()));
    // A call without a body too.
    faults.plan(Fault::on("play").close());
    let seen = ask(site.at(), "GET", "/play/x/y/z", &[], b"");
    assert!(seen.is_silent_close(), "{seen:?}");
}

#[test]
fn a_request_is_cut_after_so_many_bytes_and_leaves_nothing() {
    let site = site();
    let upload = site.create(&site.token, "a.mp4");
    let faults = site.emulator.faults();
    let bytes = content(300_000);
    for reset in [false, true] {
        let target = Fault::on("PutObject").vendor("quvideo");
        faults.plan(match reset {
            false => target.cut_request_after(200_000),
            true => target.reset_request_after(200_000),
        });
        let mut stream = TcpStream::connect(upload.at).unwrap();
        let head = signed_head(&upload, "PUT", "", &[], bytes.len());
        stream.write_all(head.as_bytes()).unwrap();
        // One byte less is no reason to cut.
        stream.write_all(&bytes[..199_999]).unwrap();
        std::thread::sleep(PAUSE);
        assert_eq!(faults.unfired().len(), 1);
        stream.write_all(&bytes[199_999..200_000]).unwrap();
        let seen = read(&mut stream);
        match reset {
            false => assert!(seen.is_silent_close(), "{seen:?}"),
            true => assert!(seen.is_reset() && seen.bytes.is_empty(), "{seen:?}"),
        }
        assert!(faults.unfired().is_empty());
        assert!(site.emulator.stored().is_empty());
        let record = site.emulator.journal().pop().unwrap();
        assert_eq!(
            (record.operation, record.effects.len()),
            (Some("PutObject"), 0)
        );
        assert!(record.note.unwrap().contains("200000 bytes"));
    }
    // Of one that is just as long all bytes were read, and it is cut all the same.
    faults.plan(Fault::on("PutObject").cut_request_after(300_000));
    assert!(ask_signed(&upload, "PUT", "", &bytes).is_silent_close());
    assert!(site.emulator.stored().is_empty());
    // A shorter one passes, and the fault waits.
    faults.plan(Fault::on("PutObject").cut_request_after(300_000));
    assert_eq!(
        ask_signed(&upload, "PUT", "", &bytes[..299_999]).status(),
        200
    );
    assert_eq!(faults.unfired().len(), 1);
    assert_eq!(site.emulator.stored()[0].bytes, 299_999);
    assert!(ask_signed(&upload, "PUT", "", &bytes).is_silent_close());
    assert!(faults.unfired().is_empty());
}

#[test]
fn a_body_of_unknown_length_passes_whole_if_it_is_too_short_to_be_cut() {
    let vendor = vendor();
    let (id, target) = vendor.create("a.mp4", &[]);
    vendor
        .emulator
        .faults()
        .plan(Fault::on("upload").cut_request_after(7));
    let request = |body: &str| {
        format!(
            "POST {target} HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Range: bytes 1-6/6\r\n\
             Transfer-Encoding: chunked\r\n\r\n{body}"
        )
    };
    let short = exchange(
        vendor.at(),
        request("3\r\nabc\r\n3\r\ndef\r\n0\r\n\r\n").as_bytes(),
    );
    assert_eq!(short.json()["code"], 1, "{short:?}");
    assert_eq!(vendor.emulator.faults().unfired().len(), 1);
    assert_eq!(vendor.emulator.stored()[0].id, id.to_string());
    let long = exchange(
        vendor.at(),
        request("4\r\nabcd\r\n4\r\nefgh\r\n").as_bytes(),
    );
    assert!(long.bytes.is_empty(), "{long:?}");
    assert!(vendor.emulator.faults().unfired().is_empty());
}

#[test]
fn a_cut_slice_leaves_nothing_unless_it_is_told_to() {
    let vendor = vendor();
    let bytes = content(100_000);
    let (id, target) = vendor.create("a.mp4", &[]);
    let stored = || {
        let params = [("video_id", id.to_string())];
        let params: Vec<(&str, &str)> = params.iter().map(|(n, v)| (*n, v.as_str())).collect();
        vendor.call("video/getResumeUploadUrl", &params)["upload_size"]
            .as_u64()
            .unwrap()
    };
    let slice = |first: usize, last: usize| {
        let range = format!("bytes {first}-{last}/100000");
        let headers = [("Content-Range", range.as_str())];
        ask(
            vendor.at(),
            "POST",
            &target,
            &headers,
            &bytes[first - 1..last],
        )
    };
    let faults = vendor.emulator.faults();
    faults.plan(Fault::on("upload").reset_request_after(30_000));
    assert!(slice(1, 50_000).is_reset());
    assert_eq!(stored(), 0);
    // Nothing of it counts, the announced length neither.
    let headers = [("Content-Range", "bytes 1-5/5000")];
    faults.plan(Fault::on("upload").cut_request_keeping(5));
    ask(vendor.at(), "POST", &target, &headers, b"wrong");
    assert_eq!(stored(), 5);
    vendor.emulator.reset();

    let (id, target) = vendor.create("a.mp4", &[]);
    let id_text = id.to_string();
    let stored = || {
        vendor.call("video/getResumeUploadUrl", &[("video_id", &id_text)])["upload_size"]
            .as_u64()
            .unwrap()
    };
    let slice = |first: usize, last: usize| {
        let range = format!("bytes {first}-{last}/100000");
        let headers = [("Content-Range", range.as_str())];
        ask(
            vendor.at(),
            "POST",
            &target,
            &headers,
            &bytes[first - 1..last],
        )
    };
    let faults = vendor.emulator.faults();
    faults.plan(Fault::on("upload").nth(2).cut_request_keeping(10_000));
    assert_eq!(slice(1, 40_000).json()["code"], 1);
    assert_eq!(slice(40_001, 80_000).bytes, b"");
    assert_eq!(stored(), 50_000);
    let record = vendor.emulator.journal();
    let cut = record.iter().find(|record| record.fault.is_some()).unwrap();
    assert_eq!(
        cut.effects,
        [Effect::BytesStored {
            video_id: id,
            offset: 40_000,
            length: 10_000
        }]
    );
    // Going on inside of the slice.
    assert_eq!(slice(50_001, 100_000).json()["code"], 1);
    assert!(faults.unfired().is_empty());
    let md5 = crate::baijiayun::md5_hex(&bytes);
    assert_eq!(vendor.emulator.stored()[0].md5, md5);
    assert!(vendor.emulator.stored()[0].complete);
}

#[test]
fn a_reply_gets_lost_and_the_effect_stays() {
    for reset in [false, true] {
        let site = site();
        let upload = site.create(&site.token, "a.mp4");
        let target = Fault::on("PutObject");
        site.emulator.faults().plan(match reset {
            false => target.lose_reply(),
            true => target.reset_reply(),
        });
        let seen = ask_signed(&upload, "PUT", "", b"film");
        match reset {
            false => assert!(seen.is_silent_close(), "{seen:?}"),
            true => assert!(seen.is_reset() && seen.bytes.is_empty(), "{seen:?}"),
        }
        assert_eq!(site.emulator.stored()[0].bytes, 4);
        assert!(site.emulator.faults().unfired().is_empty());
        let record = site.emulator.journal().pop().unwrap();
        assert_eq!((record.status, record.fault), (200, Some(1)));
        assert!(!record.effects.is_empty());
    }
}

#[test]
fn a_reply_is_cut_in_its_body_or_in_its_head() {
    let site = site();
    let upload = site.create(&site.token, "a.mp4");
    let bytes = content(400_000);
    assert_eq!(ask_signed(&upload, "PUT", "", &bytes).status(), 200);
    let faults = site.emulator.faults();
    for after in [0, 1, 100_000, 399_999] {
        faults.plan(Fault::on("GetObject").cut_reply_after(after));
        let seen = ask_signed(&upload, "GET", "", b"");
        assert_eq!(seen.error, None);
        assert_eq!(seen.header("content-length").as_deref(), Some("400000"));
        assert_eq!(seen.halves().1, bytes[..after as usize]);
    }
    assert!(faults.unfired().is_empty());
    // A body that is not longer passes, and so does a head without one.
    faults.plan(Fault::on_any().cut_reply_after(400_000));
    assert_eq!(ask_signed(&upload, "GET", "", b"").halves().1, bytes);
    assert_eq!(ask_signed(&upload, "HEAD", "", b"").status(), 200);
    faults.plan(Fault::on("video/getInfo").cut_reply_after(0));
    let head = ask(site.at(), "HEAD", "/openapi/video/getInfo", &[], b"");
    assert!(head.header("content-length").is_some());
    assert_eq!(faults.report().last().map(|report| report.fired), Some(0));
    let call = ask(site.at(), "POST", "/openapi/video/getInfo", &[], b"");
    assert_eq!(call.halves().1, b"");
    assert_eq!(faults.unfired().len(), 1);
    faults.clear();
    faults.plan(Fault::on("GetObject").cut_reply_head_after(20));
    let seen = ask_signed(&upload, "GET", "", b"");
    assert_eq!((seen.bytes.len(), seen.error), (20, None));
    assert!(seen.text().starts_with("HTTP/1.1 200"));
    // A head that is shorter is cut off its body.
    for after in [2_000, 500_000] {
        faults.plan(Fault::on("GetObject").cut_reply_head_after(after));
        let seen = ask_signed(&upload, "GET", "", b"");
        assert_eq!(seen.header("content-length").as_deref(), Some("400000"));
        assert_eq!((seen.halves().1.len(), seen.error), (0, None));
    }
    faults.plan(Fault::on("GetObject").reset_reply_after(200_000));
    let seen = ask_signed(&upload, "GET", "", b"");
    assert!(seen.is_reset(), "{:?}", seen.error);
    assert!(seen.bytes.len() < 201_000, "{}", seen.bytes.len());
    assert!(faults.unfired().is_empty());
    assert_eq!(ask_signed(&upload, "GET", "", b"").halves().1, bytes);
}

/// Whatever is left of a cut does not fall on the next answer: the connection ends with the head, also where no body would follow.
#[test]
fn a_cut_beyond_the_head_ends_the_connection_with_it() {
    let emulator = Emulator::start().unwrap();
    let fault = Fault::on("video/getInfo").cut_reply_head_after(500);
    emulator.faults().plan(fault);
    let request = "HEAD /openapi/video/getInfo HTTP/1.1\r\nHost: a\r\n\r\n";
    let last = request.replace("Host: a", "Host: a\r\nConnection: close");
    let seen = exchange(emulator.address(), format!("{request}{last}").as_bytes());
    assert!(seen.bytes.len() < 500, "{seen:?}");
    assert_eq!(seen.text().matches("HTTP/1.1 ").count(), 1, "{seen:?}");
    assert!(seen.text().ends_with("\r\n\r\n"), "{seen:?}");
    assert!(emulator.faults().unfired().is_empty());
}

#[test]
fn a_reply_comes_byte_by_byte_and_the_next_one_does_not() {
    let emulator = Emulator::start().unwrap();
    emulator
        .faults()
        .plan(Fault::on("video/getInfo").dribble_reply(Duration::ZERO));
    let mut stream = TcpStream::connect(emulator.address()).unwrap();
    let request = "POST /openapi/video/getInfo HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n";
    stream.write_all(request.as_bytes()).unwrap();
    let mut first = Vec::new();
    let mut reads = 0;
    let mut buffer = [0; 4096];
    while !first.ends_with(b"}") {
        let count = std::io::Read::read(&mut stream, &mut buffer).unwrap();
        assert!(count > 0);
        first.extend_from_slice(&buffer[..count]);
        reads += 1;
    }
    assert!(reads > 20, "{reads} reads for {} bytes", first.len());
    // The connection is good for another call, which is as fast as ever.
    let last = request.replace("Host: a", "Host: a\r\nConnection: close");
    stream.write_all(last.as_bytes()).unwrap();
    let second = read(&mut stream);
    assert_eq!(second.status(), 200);
    assert!(second.reads < 5, "{}", second.reads);
    assert!(emulator.faults().unfired().is_empty());
}

#[test]
fn an_answer_comes_late_and_a_request_is_read_late() {
    let site = site();
    let upload = site.create(&site.token, "a.mp4");
    let faults = site.emulator.faults();
    faults.plan(Fault::on("PutObject").stall_reply(PAUSE));
    let begin = Instant::now();
    let head = signed_head(&upload, "PUT", "", &[], 4);
    let mut stream = TcpStream::connect(upload.at).unwrap();
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(b"film").unwrap();
    // It is done, counted and written down before the answer comes.
    while site.emulator.stored().is_empty() || !faults.unfired().is_empty() {
        assert!(begin.elapsed() < Duration::from_secs(10));
        std::thread::yield_now();
    }
    let seen = read(&mut stream);
    assert!(begin.elapsed() >= PAUSE, "{:?}", begin.elapsed());
    assert_eq!(seen.status(), 200);

    let bytes = content(100_000);
    for after in [0, 1, 50_000, 100_000] {
        faults.plan(Fault::on("PutObject").stall_request_after(after, PAUSE));
        let begin = Instant::now();
        let seen = ask_signed(&upload, "PUT", "", &bytes);
        assert!(begin.elapsed() >= PAUSE, "{after}");
        assert_eq!(seen.status(), 200);
        assert!(faults.unfired().is_empty(), "{after}");
        assert_eq!(
            site.emulator.stored()[0].md5.to_uppercase(),
            crate::quvideo::md5_hex(&bytes)
        );
    }
    faults.plan(Fault::on("PutObject").stall_request_after(100_001, PAUSE));
    assert_eq!(ask_signed(&upload, "PUT", "", &bytes).status(), 200);
    assert_eq!(faults.unfired().len(), 1);
}

#[test]
fn a_connection_that_was_used_before_breaks_too() {
    let emulator = Emulator::start().unwrap();
    let fault = Fault::on("video/getInfo").nth(2).close();
    emulator.faults().plan(fault);
    let mut stream = TcpStream::connect(emulator.address()).unwrap();
    let request = "POST /openapi/video/getInfo HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n";
    stream.write_all(request.as_bytes()).unwrap();
    let mut first = [0; 12];
    std::io::Read::read_exact(&mut stream, &mut first).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let seen = read(&mut stream);
    assert_eq!(seen.error, None);
    assert_eq!(
        seen.text().matches("HTTP/1.1").count(),
        0,
        "{}",
        seen.text()
    );
    assert!(emulator.faults().unfired().is_empty());
    // Others are untouched.
    let head = head("POST", "/openapi/video/getInfo", &[], 0);
    assert_eq!(exchange(emulator.address(), head.as_bytes()).status(), 200);
}
