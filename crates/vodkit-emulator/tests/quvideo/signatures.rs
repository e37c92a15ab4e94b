//! The signature of the store, and what is said of a wrong one.

use std::time::Duration;

use crate::client::{Reply, Signed, Site, Upload, encode, hmac_sha1, http_date, now, site};

fn upload(site: &Site) -> Upload {
    site.create(&site.token, "film.mp4")
}

fn with_token(mut signed: Signed, upload: &Upload) -> Signed {
    let token = upload.keys.token.clone();
    signed
        .headers
        .push(("x-oss-security-token".to_owned(), token));
    signed
}

/// Sends a request whose signature covers another text.
fn sent_with(signed: Signed, upload: &Upload, text: &str) -> Reply {
    let signature = hmac_sha1(&upload.keys.secret, text);
    let authorization = format!("OSS {}:{signature}", upload.keys.id);
    signed.send_as(upload.at, &authorization, b"bytes")
}

#[test]
fn a_wrong_signature_is_answered_with_the_text_to_sign() {
    let site = site();
    let upload = upload(&site);
    let headers = [
        ("Content-Type", "video/mp4"),
        ("x-oss-meta-b", "2"),
        ("X-Oss-Meta-A", "1"),
    ];
    let signed = with_token(Signed::new("PUT", &upload.resource(), &headers), &upload);
    let right = signed.text();
    let reply = sent_with(signed, &upload, "something else");
    assert_eq!(reply.status, 403);
    assert_eq!(reply.element("Code"), "SignatureDoesNotMatch");
    assert_eq!(reply.element("StringToSign"), right);
    let bytes: Vec<String> = right.bytes().map(|b| format!("{b:02X}")).collect();
    assert_eq!(reply.element("StringToSignBytes").trim(), bytes.join(" "));
    assert_eq!(reply.element("OSSAccessKeyId"), upload.keys.id);
    assert_eq!(
        reply.element("SignatureProvided"),
        hmac_sha1(&upload.keys.secret, "something else")
    );
    let signed = with_token(Signed::new("PUT", &upload.resource(), &headers), &upload);
    assert_eq!(sent_with(signed, &upload, &right).status, 200);
}

#[test]
fn known_mistakes_are_named_in_the_log() {
    let site = site();
    let upload = upload(&site);
    let said = |signed: Signed, text: &str, word: &str| {
        let reply = sent_with(signed, &upload, text);
        assert_eq!(reply.element("Code"), "SignatureDoesNotMatch", "{word}");
        let record = site.emulator.journal().pop().unwrap();
        assert_eq!(record.code.as_deref(), Some("SignatureDoesNotMatch"));
        let note = record.note.unwrap();
        assert!(note.contains(word), "{note}");
    };
    let signed = || {
        let kind = [("Content-Type", "video/mp4")];
        with_token(Signed::new("PUT", &upload.resource(), &kind), &upload)
    };
    let right = signed().text();
    let token = format!("x-oss-security-token:{}\n", upload.keys.token);
    said(
        signed(),
        &right.replace(&token, ""),
        "security-token is sent but not signed",
    );
    said(
        signed(),
        &right.replace("video/mp4", ""),
        "Content-Type is sent but not signed",
    );
    let bucket = format!("/{}", upload.address.bucket);
    said(signed(), &right.replace(&bucket, ""), "lacks the bucket");
    said(
        signed(),
        &right.replace(&signed().date, ""),
        "date is empty",
    );
    said(signed(), "nonsense", "another secret, or another text");
    let with_query = |query: &str| {
        let mut signed = signed();
        signed.target.push_str(query);
        signed
    };
    said(
        with_query("?x=1"),
        &format!("{right}?x=1"),
        "only sub-resources",
    );
    said(
        with_query("?partNumber=1&uploadId=2"),
        &right,
        "lacks its sub-resources",
    );
    let authorization = format!(
        "OSS {}:{}",
        upload.keys.id, "0123456789abcdef0123456789abcdef01234567"
    );
    let reply = signed().send_as(upload.at, &authorization, b"bytes");
    assert_eq!(reply.element("Code"), "SignatureDoesNotMatch");
}

#[test]
fn keys_that_are_no_ascii_are_signed_as_they_are() {
    let site = site();
    let upload = upload(&site);
    let sts = site.data("GET", "/demo/getSts", &[]);
    let text = |name: &str| sts[name].as_str().unwrap().to_owned();
    let upload = Upload {
        keys: crate::client::Keys {
            id: text("accessKeyId"),
            secret: text("accessKeySecret"),
            token: text("securityToken"),
        },
        ..upload
    };
    let key = "课 件/第+1.mp4";
    let encoded = encode(key).replace("%2F", "/");
    let signed = || {
        let resource = format!("/{}/{key}", upload.address.bucket);
        let mut signed = with_token(Signed::new("PUT", &resource, &[]), &upload);
        signed.target = format!("/{}/{encoded}", upload.address.bucket);
        signed
    };
    let right = signed().text();
    assert_eq!(sent_with(signed(), &upload, &right).status, 200);
    let reply = sent_with(signed(), &upload, &right.replace(key, &encoded));
    assert_eq!(reply.element("Code"), "SignatureDoesNotMatch");
    let note = site.emulator.journal().pop().unwrap().note.unwrap();
    assert!(note.contains("percent-encoded"), "{note}");
}

#[test]
fn the_token_must_be_there_and_belong_to_the_key() {
    let site = site();
    let (one, two) = (upload(&site), upload(&site));
    let signed = Signed::new("PUT", &one.resource(), &[]);
    let right = signed.text();
    let reply = sent_with(signed, &one, &right);
    assert_eq!(
        (reply.status, reply.element("Code").as_str()),
        (403, "InvalidAccessKeyId")
    );
    assert!(
        reply
            .element("Message")
            .contains("without a security token")
    );
    let signed = with_token(Signed::new("PUT", &one.resource(), &[]), &two);
    let right = signed.text();
    let reply = sent_with(signed, &one, &right);
    assert_eq!(
        (reply.status, reply.element("Code").as_str()),
        (403, "InvalidSecurityToken")
    );
}

#[test]
fn the_date_may_differ_by_fifteen_minutes() {
    let site = site();
    let upload = upload(&site);
    let dated = |date: String| {
        let mut signed = Signed::new("PUT", &upload.resource(), &[]);
        signed.date = date;
        signed.send(upload.at, &upload.keys, b"bytes")
    };
    for good in [-890, 0, 890] {
        assert_eq!(dated(http_date(good)).status, 200, "{good}");
    }
    for bad in [-910, 910] {
        let reply = dated(http_date(bad));
        assert_eq!(reply.status, 403, "{bad}");
        assert_eq!(reply.element("Code"), "RequestTimeTooSkewed");
        assert_eq!(reply.element("MaxAllowedSkewMilliseconds"), "900000");
    }
    for senseless in ["", "yesterday"] {
        let reply = dated(senseless.to_owned());
        assert_eq!(
            (reply.status, reply.element("Code").as_str()),
            (403, "AccessDenied")
        );
        assert!(reply.element("Message").contains("x-oss-date or Date"));
    }
    // A caller whose clock did not follow an advance is right, and one whose clock did as well.
    site.emulator.advance(Duration::from_secs(1800));
    for good in [0, 1800] {
        assert_eq!(dated(http_date(good)).status, 200, "{good}");
    }
    assert_eq!(
        dated(http_date(3600)).element("Code"),
        "RequestTimeTooSkewed"
    );
    site.emulator.set_clock_offset(7200);
    assert_eq!(dated(http_date(0)).element("Code"), "SecurityTokenExpired");
}

#[test]
fn an_own_date_header_is_signed_in_three_ways() {
    let site = site();
    let upload = upload(&site);
    let own = http_date(0);
    for line in [own.as_str(), "", "Mon, 01 Jan 2024 00:00:00 GMT"] {
        let mut signed = with_token(
            Signed::new("PUT", &upload.resource(), &[("x-oss-date", &own)]),
            &upload,
        );
        signed.date = line.to_owned();
        let text = signed.text();
        signed.date = "Mon, 01 Jan 2024 00:00:00 GMT".to_owned();
        assert_eq!(sent_with(signed, &upload, &text).status, 200, "{line:?}");
    }
}

#[test]
fn other_kinds_of_authorization_are_refused() {
    let site = site();
    let upload = upload(&site);
    for (authorization, code) in [
        (
            "OSS4-HMAC-SHA256 Credential=a/20240101/cn/oss/aliyun_v4_request,Signature=0",
            "InvalidArgument",
        ),
        ("OSS onlyid", "InvalidArgument"),
        ("Bearer x", "InvalidArgument"),
        ("OSS nobody:AAAA", "InvalidAccessKeyId"),
        ("", "AccessDenied"),
    ] {
        let signed = with_token(Signed::new("PUT", &upload.resource(), &[]), &upload);
        let reply = signed.send_as(upload.at, authorization, b"bytes");
        assert_eq!(reply.element("Code"), code, "{authorization}");
    }
}

#[test]
fn a_signed_address_needs_its_three_parts_and_its_token() {
    let site = site();
    let upload = upload(&site);
    assert_eq!(upload.put(b"bytes").status, 200);
    let expires = (now() + 60).to_string();
    let token = encode(&upload.keys.token);
    let resource = upload.resource();
    let text = format!(
        "GET\n\n\n{expires}\n{resource}?security-token={}",
        upload.keys.token
    );
    let signature = encode(&hmac_sha1(&upload.keys.secret, &text));
    let get = |query: String| site.get(&format!("{resource}?{query}"));
    let id = format!("OSSAccessKeyId={}", upload.keys.id);
    let whole = format!("{id}&Expires={expires}&Signature={signature}&security-token={token}");
    assert_eq!(get(whole.clone()).body, b"bytes");
    let lost = whole.replace(&format!("&security-token={token}"), "");
    assert_eq!(get(lost).element("Code"), "InvalidAccessKeyId");
    let lost = whole.replace(&format!("&Expires={expires}"), "");
    assert_eq!(get(lost).element("Code"), "AccessDenied");
    let bent = whole.replace(
        &format!("Expires={expires}"),
        &format!("Expires={}", now() + 61),
    );
    assert_eq!(get(bent).element("Code"), "SignatureDoesNotMatch");
    site.emulator.advance(Duration::from_secs(62));
    assert_eq!(
        get(whole).element("Message"),
        "the signed address is past its time"
    );
}

#[test]
fn sub_resources_are_signed_in_order_and_other_parameters_not_at_all() {
    let site = site();
    let upload = upload(&site);
    let mut signed = with_token(
        Signed::new(
            "PUT",
            &format!("{}?partNumber=1&uploadId=nothing", upload.resource()),
            &[],
        ),
        &upload,
    );
    let right = signed.text();
    signed.target = format!(
        "{}?uploadId=nothing&encoding-type=url&partNumber=1",
        upload.resource()
    );
    // The signature is right, so the next thing that is wrong is told.
    let reply = sent_with(signed, &upload, &right);
    assert_eq!(
        (reply.status, reply.element("Code").as_str()),
        (404, "NoSuchUpload")
    );
}
