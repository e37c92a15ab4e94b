//! Whole objects in the store.

use crate::client::{Signed, content, crc64, md5_base64, md5_hex, send, site};

#[test]
fn an_object_is_put_and_read_whole_and_in_part() {
    let site = site();
    let upload = site.create(&site.token, "film.mp4");
    let bytes = content(1_000_000);
    let md5 = md5_base64(&bytes);
    let headers = [("Content-Type", "video/mp4"), ("Content-MD5", md5.as_str())];
    let put = upload.request("PUT", "", &headers, &bytes);
    assert_eq!((put.status, put.body.len()), (200, 0));
    let etag = format!("\"{}\"", md5_hex(&bytes));
    let check = |reply: &crate::client::Reply| {
        assert_eq!(reply.header("etag"), Some(etag.as_str()));
        assert_eq!(
            reply.header("x-oss-hash-crc64ecma"),
            Some(crc64(&bytes).as_str())
        );
        assert_eq!(reply.header("content-md5"), Some(md5.as_str()));
        assert_eq!(reply.header("server"), Some("AliyunOSS"));
        let exposed = reply.header("access-control-expose-headers").unwrap();
        assert!(exposed.starts_with("ETag, "), "{exposed}");
        assert_eq!(reply.header("x-oss-request-id").unwrap().len(), 24);
    };
    check(&put);
    let get = upload.request("GET", "", &[], b"");
    check(&get);
    assert_eq!((get.status, &get.body), (200, &bytes));
    assert_eq!(get.header("content-type"), Some("video/mp4"));
    assert_eq!(get.header("x-oss-object-type"), Some("Normal"));
    assert!(get.header("last-modified").unwrap().ends_with(" GMT"));
    let head = upload.request("HEAD", "", &[], b"");
    check(&head);
    assert_eq!((head.status, head.body.len()), (200, 0));
    assert_eq!(head.header("content-length"), Some("1000000"));
    let range = |range: &str| upload.request("GET", "", &[("Range", range)], b"");
    let part = range("bytes=999990-");
    assert_eq!(
        (part.status, part.body.as_slice()),
        (206, &bytes[999_990..])
    );
    assert_eq!(
        part.header("content-range"),
        Some("bytes 999990-999999/1000000")
    );
    let far = range("bytes=1000000-");
    assert_eq!((far.status, far.body.len()), (200, 1_000_000));
    let standard = [
        ("Range", "bytes=1000000-"),
        ("x-oss-range-behavior", "standard"),
    ];
    let far = upload.request("GET", "", &standard, b"");
    assert_eq!(
        (far.status, far.element("Code").as_str()),
        (416, "InvalidRange")
    );
    let known = upload.request("GET", "", &[("If-None-Match", &etag)], b"");
    assert_eq!((known.status, known.body.len()), (304, 0));
}

#[test]
fn a_body_may_come_in_chunks() {
    let site = site();
    let upload = site.create(&site.token, "film.mp4");
    let chunked = b"5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n";
    let headers = [("Transfer-Encoding", "chunked")];
    assert_eq!(upload.request("PUT", "", &headers, chunked).status, 200);
    assert_eq!(upload.request("GET", "", &[], b"").body, b"hello world");
}

#[test]
fn a_digest_that_does_not_fit_stores_nothing() {
    let site = site();
    let upload = site.create(&site.token, "film.mp4");
    let put = |md5: &str| upload.request("PUT", "", &[("Content-MD5", md5)], b"bytes");
    let bad = put(&md5_base64(b"other bytes"));
    assert_eq!(
        (bad.status, bad.element("Code").as_str()),
        (400, "BadDigest")
    );
    for senseless in ["not base64!", "AAAA"] {
        let bad = put(senseless);
        assert_eq!(
            (bad.status, bad.element("Code").as_str()),
            (400, "InvalidDigest")
        );
    }
    assert_eq!(
        upload.request("GET", "", &[], b"").element("Code"),
        "NoSuchKey"
    );
    assert_eq!(upload.request("HEAD", "", &[], b"").status, 404);
}

#[test]
fn keys_open_nothing_but_their_object() {
    let site = site();
    let one = site.create(&site.token, "film.mp4");
    let two = site.create(&site.token, "film.mp4");
    let bucket = one.address.bucket.clone();
    let ask = |method: &str, resource: &str| {
        Signed::new(method, resource, &[]).send(site.at(), &one.keys, b"")
    };
    assert_eq!(two.put(b"of two").status, 200);
    for (method, resource) in [
        ("PUT", two.resource()),
        ("GET", two.resource()),
        ("PUT", format!("{}/more", one.resource())),
        ("GET", format!("/{bucket}/")),
    ] {
        let reply = ask(method, &resource);
        assert_eq!(reply.status, 403, "{method} {resource}");
        assert_eq!(reply.element("Code"), "AccessDenied");
    }
    assert_eq!(ask("HEAD", &two.resource()).status, 403);
    assert_eq!(two.request("GET", "", &[], b"").body, b"of two");
    let elsewhere = ask("PUT", "/outin-nowhere/a");
    assert_eq!(elsewhere.status, 404);
    assert_eq!(elsewhere.element("Code"), "NoSuchBucket");
    let nobody = send(site.at(), "GET", &two.resource(), &[], b"");
    assert_eq!(
        (nobody.status, nobody.element("Code").as_str()),
        (403, "AccessDenied")
    );
    let other = ask("DELETE", &one.resource());
    assert_eq!(
        (other.status, other.element("Code").as_str()),
        (405, "MethodNotAllowed")
    );
}

#[test]
fn the_bucket_may_stand_in_the_host() {
    let site = site();
    let upload = site.create(&site.token, "film.mp4");
    let host = format!("{}.localhost:{}", upload.address.bucket, site.at().port());
    let mut signed = Signed::new("PUT", &upload.resource(), &[("Host", &host)]);
    signed.target = format!("/{}", upload.address.file_name);
    assert_eq!(signed.send(site.at(), &upload.keys, b"by host").status, 200);
    assert_eq!(upload.request("GET", "", &[], b"").body, b"by host");
}

#[test]
fn a_refusal_waits_for_the_body_and_names_the_host() {
    let site = site();
    let upload = site.create(&site.token, "film.mp4");
    let mut keys = upload.keys.clone();
    keys.id.push('x');
    let signed = Signed::new("PUT", &upload.resource(), &[]);
    let reply = signed.send(site.at(), &keys, &vec![7; 32 << 20]);
    assert_eq!(reply.status, 403);
    assert_eq!(reply.header("content-type"), Some("application/xml"));
    assert_eq!(reply.element("Code"), "InvalidAccessKeyId");
    assert_eq!(reply.element("HostId"), site.at().to_string());
    assert_eq!(
        reply.element("RequestId"),
        reply.header("x-oss-request-id").unwrap()
    );
}

#[test]
fn a_body_without_a_length_is_refused() {
    let site = site();
    let upload = site.create(&site.token, "film.mp4");
    // An unknown transfer coding would be needed to leave both out, so this is a request without a body at all.
    let mut signed = Signed::new("PUT", &upload.resource(), &[]);
    signed
        .headers
        .push(("x-oss-security-token".to_owned(), upload.keys.token.clone()));
    let signature = crate::client::hmac_sha1(&upload.keys.secret, &signed.text());
    let authorization = format!("OSS {}:{signature}", upload.keys.id);
    let reply = bare(site.at(), &signed, &authorization);
    assert!(reply.starts_with("HTTP/1.1 411 "), "{reply}");
    assert!(reply.contains("<Code>MissingContentLength</Code>"));
}

/// Sends a head and no body, without a word about its length.
fn bare(at: std::net::SocketAddr, signed: &Signed, authorization: &str) -> String {
    use std::io::{Read as _, Write as _};
    let mut head = format!(
        "PUT {} HTTP/1.1\r\nHost: {at}\r\nConnection: close\r\nDate: {}\r\nAuthorization: {authorization}\r\n",
        signed.target, signed.date
    );
    for (name, value) in &signed.headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    let mut stream = std::net::TcpStream::connect(at).unwrap();
    stream.write_all(format!("{head}\r\n").as_bytes()).unwrap();
    let mut reply = String::new();
    stream.read_to_string(&mut reply).unwrap();
    reply
}
