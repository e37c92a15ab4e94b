//! Bits that flip on the way, keys that expire early, uploads that are forgotten.

use std::io::Write;
use std::net::{Shutdown, TcpStream};
use std::time::{Duration, Instant};

use serde_json::json;
use vodkit_emulator::Emulator;
use vodkit_emulator::fault::Fault;
use vodkit_types::quvideo::DecodedUploadAuth;

use crate::baijiayun::{content, vendor};
use crate::quvideo::{Keys, Upload, md5_base64, md5_hex, site};
use crate::raw::{ask, ask_signed, exchange, read, signed_head};

/// The id of a new upload in parts.
fn begin(upload: &Upload) -> String {
    let seen = ask_signed(upload, "POST", "?uploads", b"");
    let text = seen.text();
    let rest = text.split("<UploadId>").nth(1).unwrap();
    rest.split('<').next().unwrap().to_owned()
}

#[test]
fn one_bit_of_one_byte_is_another() {
    let site = site();
    let upload = site.create(&site.token, "a.mp4");
    let bytes = content(200_000);
    for at in [0, 1, 99_999, 199_999] {
        let fault = Fault::on("PutObject").flip_bit_at(at as u64);
        site.emulator.faults().plan(fault);
        let seen = ask_signed(&upload, "PUT", "", &bytes);
        assert_eq!(seen.status(), 200);
        let mut other = bytes.clone();
        other[at] ^= 1;
        assert_eq!(
            seen.header("etag").unwrap(),
            format!("\"{}\"", md5_hex(&other))
        );
        assert_eq!(ask_signed(&upload, "GET", "", b"").halves().1, other);
        assert!(site.emulator.faults().unfired().is_empty());
    }
    // The sender who says what it sends is told.
    site.emulator
        .faults()
        .plan(Fault::on("PutObject").flip_bit_at(7));
    let digest = md5_base64(&bytes);
    let headers = [("Content-MD5", digest.as_str())];
    let head = signed_head(&upload, "PUT", "", &headers, bytes.len());
    let seen = exchange(upload.at, &[head.as_bytes(), &bytes].concat());
    assert!(seen.text().contains("<Code>BadDigest</Code>"));
    // A body that is too short has no such byte.
    site.emulator
        .faults()
        .plan(Fault::on("PutObject").flip_bit_at(4));
    ask_signed(&upload, "PUT", "", b"film");
    assert_eq!(site.emulator.faults().unfired().len(), 1);
    assert_eq!(ask_signed(&upload, "GET", "", b"").halves().1, b"film");
}

#[test]
fn keys_of_the_storage_expire_and_a_refresh_gives_others() {
    let site = site();
    let mut upload = site.create(&site.token, "a.mp4");
    let id = begin(&upload);
    let part = |upload: &Upload| {
        let query = format!("?partNumber=1&uploadId={id}");
        ask_signed(upload, "PUT", &query, b"film")
    };
    let fault = Fault::on("UploadPart").nth(2).expire_credentials();
    site.emulator.faults().plan(fault);
    assert_eq!(part(&upload).status(), 200);
    for _ in 0..2 {
        let seen = part(&upload);
        assert_eq!(seen.status(), 403);
        assert!(seen.text().contains("<Code>SecurityTokenExpired</Code>"));
    }
    let params = [
        ("token", site.token.as_str()),
        ("videoId", &upload.video_id),
    ];
    let data = site.data("GET", "/vod/refreshVideoUploadAuth", &params);
    let auth = data["uploadAuth"].as_str().unwrap().to_owned().into();
    let old = upload.keys.id.clone();
    upload.keys = Keys::of(&DecodedUploadAuth::of(&auth).unwrap());
    assert_ne!(upload.keys.id, old);
    // With the same upload and what it had.
    assert_eq!(part(&upload).status(), 200);
    assert!(site.emulator.faults().unfired().is_empty());
    // Keys that are old anyway are nobody's doing.
    site.emulator.advance(Duration::from_secs(2 * 3600));
    site.emulator
        .faults()
        .plan(Fault::on("UploadPart").expire_credentials());
    assert!(part(&upload).text().contains("SecurityTokenExpired"));
    assert_eq!(site.emulator.faults().unfired().len(), 1);
    let refused = site.emulator.journal();
    let refused: Vec<_> = refused.iter().filter(|r| r.status == 403).collect();
    assert_eq!((refused[0].fault, refused[1].fault), (Some(1), None));
    assert!(
        refused
            .iter()
            .all(|record| record.vendor == Some("quvideo"))
    );
}

#[test]
fn an_upload_address_expires_and_a_fresh_one_is_good() {
    let vendor = vendor();
    let (id, target) = vendor.create("a.mp4", &[]);
    let fault = Fault::on("upload").expire_credentials();
    vendor.emulator.faults().plan(fault);
    for _ in 0..2 {
        let refused = vendor.slice(&target, 1, 4, b"film");
        assert_eq!(refused["code"], 4001);
        assert!(refused["msg"].as_str().unwrap().contains("expired"));
    }
    assert!(vendor.emulator.faults().unfired().is_empty());
    let id = id.to_string();
    let data = vendor.call("video/getResumeUploadUrl", &[("video_id", &id)]);
    let fresh = vendor.target(data["upload_url"].as_str().unwrap());
    assert_eq!(vendor.slice(&fresh, 1, 4, b"film")["code"], 1);
}

#[test]
fn tokens_expire() {
    let site = site();
    let (_, token) = site.guest();
    let fault = Fault::on("vod/getPersonalVideoList").expire_credentials();
    site.emulator.faults().plan(fault);
    let path = format!("/vod/getPersonalVideoList?token={token}&pageIndex=1&pageSize=5");
    for _ in 0..2 {
        assert_eq!(site.get(&path).json()["code"], "403");
    }
    assert!(site.emulator.faults().unfired().is_empty());
    let (_, token) = site.guest();
    let path = format!("/vod/getPersonalVideoList?token={token}&pageIndex=1&pageSize=5");
    assert_eq!(site.get(&path).json()["result"], "true");

    let emulator = Emulator::start().unwrap();
    let account = emulator.mediacloud();
    let login = json!({ "username": account.username, "password": account.password }).to_string();
    let kind = ("Content-Type", "application/json");
    let access = || {
        let seen = ask(
            emulator.address(),
            "POST",
            "/api/v1/login",
            &[kind],
            login.as_bytes(),
        );
        let token = seen.json()["data"]["jwt"]["access_token"].clone();
        format!("Bearer {}", token.as_str().unwrap())
    };
    let get = |access: &str| {
        let headers = [("Authorization", access)];
        let seen = ask(emulator.address(), "GET", "/api/v1/medias/x", &headers, b"");
        seen.json()["code"].as_u64().unwrap()
    };
    // A login proves itself with nothing that could expire.
    emulator
        .faults()
        .plan(Fault::on_any().vendor("mediacloud").expire_credentials());
    let token = access();
    assert_eq!(emulator.faults().unfired().len(), 1);
    // Nor does a token that was never good, and it takes nobody else's away.
    assert_eq!(get("Bearer a.b.c"), 401);
    assert_eq!(emulator.faults().unfired().len(), 1);
    assert_eq!(get(&token), 401);
    assert!(emulator.faults().unfired().is_empty());
    assert_eq!(get(&access()), 404);
}

#[test]
fn an_upload_in_parts_is_forgotten() {
    let site = site();
    let upload = site.create(&site.token, "a.mp4");
    let id = begin(&upload);
    let fault = Fault::on_any().forget_upload();
    site.emulator.faults().plan(fault);
    // It names no upload.
    assert_eq!(ask_signed(&upload, "PUT", "", b"film").status(), 200);
    assert_eq!(site.emulator.faults().unfired().len(), 1);
    for _ in 0..2 {
        let seen = ask_signed(&upload, "GET", &format!("?uploadId={id}"), b"");
        assert_eq!(seen.status(), 404);
        assert!(seen.text().contains("<Code>NoSuchUpload</Code>"));
    }
    assert!(site.emulator.faults().unfired().is_empty());
}

#[test]
fn one_request_carries_five_gigabytes_at_most() {
    let site = site();
    let upload = site.create(&site.token, "a.mp4");
    let limit = 5 * 1024 * 1024 * 1024_usize;
    // The sender goes away before its body, so nothing has to be sent.
    for (nth, length, code) in [
        (0, limit, "IncompleteBody"),
        (1, limit + 1, "EntityTooLarge"),
    ] {
        let head = signed_head(&upload, "PUT", "", &[], length);
        let mut stream = TcpStream::connect(upload.at).unwrap();
        stream.write_all(head.as_bytes()).unwrap();
        stream.shutdown(Shutdown::Write).unwrap();
        read(&mut stream);
        let begin = Instant::now();
        let record = loop {
            let journal = site.emulator.journal().into_iter();
            let mut puts = journal.filter(|record| record.operation == Some("PutObject"));
            match puts.nth(nth) {
                Some(record) => break record,
                None => assert!(begin.elapsed() < Duration::from_secs(10)),
            }
        };
        assert_eq!(record.code.as_deref(), Some(code), "{length}");
    }
}
