//! The storage that the keys of a login open: objects, parts, signatures, and what it refuses.

use std::time::Duration;

use md5::{Digest as _, Md5};
use serde_json::json;
use vodkit_emulator::fault::{Answer, Fault};
use vodkit_emulator::mediacloud::DEFAULT_BUCKET;
use vodkit_emulator::{Change, Effect, Emulator, Stored};

use crate::client::{Vendor, vendor, vendor_with};
use crate::signer::{Ask, Keys, UNSIGNED, ask, hex, moment, sha256};

const LEAST: usize = 5 << 20;
const KEY: &str = "2026/第一课 a+b=c&d'(1)*~!;:@$,.mp4";

/// What the storage has, which is one object at most.
fn only_object(vendor: &Vendor) -> Option<Stored> {
    let mut stored = vendor.emulator.stored();
    assert!(stored.len() <= 1, "{stored:?}");
    stored.pop()
}

#[test]
fn an_object_goes_in_and_comes_out_whole_and_in_part() {
    let vendor = vendor();
    let keys = Keys::of(&vendor);
    let film: Vec<u8> = (0..100_000_u32).map(|n| (n % 251) as u8).collect();
    let tag = format!("\"{}\"", hex(&Md5::digest(&film)));
    let mut put = ask("PUT", KEY, &[], &film);
    put.headers
        .push(("content-type".to_owned(), "video/mp4".to_owned()));
    let reply = put.send(&vendor, &keys);
    assert_eq!(
        (reply.status, reply.header("etag")),
        (200, Some(tag.as_str()))
    );
    let record = vendor.emulator.journal().pop().unwrap();
    let created = |change| Effect::Thing {
        vendor: "mediacloud",
        kind: "object",
        id: format!("{DEFAULT_BUCKET}/{KEY}"),
        change,
    };
    let put = |bytes: &[u8]| Effect::ObjectStored {
        object: format!("{DEFAULT_BUCKET}/{KEY}"),
        bytes: bytes.len() as u64,
        md5: hex(&Md5::digest(bytes)),
        parts: None,
    };
    assert_eq!(record.effects, [put(&film), created(Change::Created)]);
    assert_eq!(
        (record.vendor, record.operation),
        (Some("mediacloud"), Some("PutObject"))
    );
    let stored = only_object(&vendor).unwrap();
    assert_eq!((stored.vendor, stored.bytes), ("mediacloud", 100_000));
    assert_eq!(stored.id, format!("{DEFAULT_BUCKET}/{KEY}"));
    assert_eq!(stored.md5, hex(&Md5::digest(&film)));

    let get = ask("GET", KEY, &[], b"").send(&vendor, &keys);
    assert_eq!((get.status, &get.body), (200, &film));
    assert_eq!(get.header("content-type"), Some("video/mp4"));
    let mut part = ask("GET", KEY, &[], b"");
    part.headers
        .push(("range".to_owned(), "bytes=10-19".to_owned()));
    let part = part.send(&vendor, &keys);
    assert_eq!((part.status, &part.body[..]), (206, &film[10..20]));
    let mut far = ask("GET", KEY, &[], b"");
    far.headers
        .push(("range".to_owned(), "bytes=100000-".to_owned()));
    assert_eq!(
        far.send(&vendor, &keys).refusal(),
        (416, "InvalidRange".to_owned())
    );
    let head = ask("HEAD", KEY, &[], b"").send(&vendor, &keys);
    assert_eq!(
        (head.status, head.header("content-length")),
        (200, Some("100000"))
    );
    assert!(head.body.is_empty());

    // Signed in the address, and the second one replaces the first.
    let reply = ask("PUT", KEY, &[], b"other")
        .presigned(&vendor, &keys, "60")
        .send_unsigned(&vendor);
    assert_eq!(reply.status, 200);
    assert_eq!(
        vendor.emulator.journal().pop().unwrap().effects,
        [put(b"other"), created(Change::Changed)]
    );
    let get = ask("GET", KEY, &[], b"").presigned(&vendor, &keys, "604800");
    assert_eq!(get.send_unsigned(&vendor).body, b"other");
    vendor.emulator.reset();
    assert_eq!(only_object(&vendor), None);
    let missing = ask("HEAD", KEY, &[], b"").send(&vendor, &Keys::of(&vendor));
    assert_eq!((missing.status, missing.body.len()), (404, 0));
}

#[test]
fn parts_become_an_object_whose_tag_tells_of_them() {
    let vendor = vendor();
    let keys = Keys::of(&vendor);
    let send = |ask: Ask| ask.send(&vendor, &keys);
    let begun = send(ask("POST", KEY, &[("uploads", "")], b""));
    assert_eq!(
        begun.element("Key"),
        KEY.replace('&', "&amp;").replace('\'', "&apos;")
    );
    let id = begun.element("UploadId");
    let part = |number: &str, body: &[u8]| {
        let reply = send(ask(
            "PUT",
            KEY,
            &[("partNumber", number), ("uploadId", &id)],
            body,
        ));
        reply.header("etag").unwrap_or_default().to_owned()
    };
    let (first, last) = (vec![7_u8; LEAST], b"the end");
    part("2", b"replaced");
    let tags = [part("1", &first), part("2", last)];
    assert_eq!(tags[1], format!("\"{}\"", hex(&Md5::digest(last))));
    assert_eq!(part("0", b"x") + &part("10001", b"x"), "");

    let list = |after: &str| {
        send(ask(
            "GET",
            KEY,
            &[
                ("uploadId", &id),
                ("max-parts", "1"),
                ("part-number-marker", after),
            ],
            b"",
        ))
    };
    let page = list("0");
    assert_eq!(
        page.element("PartNumber") + &page.element("IsTruncated"),
        "1true"
    );
    assert_eq!(page.element("Size"), LEAST.to_string());
    let page = list(&page.element("NextPartNumberMarker"));
    assert_eq!(
        page.element("PartNumber") + &page.element("IsTruncated"),
        "2false"
    );
    assert_eq!(page.element("ETag"), tags[1].replace('"', "&quot;"));
    let open = ask("GET", "", &[("uploads", ""), ("prefix", "2026/")], b"");
    assert_eq!(send(open.clone()).element("UploadId"), id);

    let complete = |parts: &[(u32, &str)]| {
        let entry = |(number, tag): &(u32, &str)| {
            format!("<Part><PartNumber>{number}</PartNumber><ETag>{tag}</ETag></Part>")
        };
        let entries: String = parts.iter().map(entry).collect();
        let body = format!("<CompleteMultipartUpload>{entries}</CompleteMultipartUpload>");
        send(ask("POST", KEY, &[("uploadId", &id)], body.as_bytes()))
    };
    for (parts, code) in [
        (
            &[(2, tags[1].as_str()), (1, tags[0].as_str())][..],
            "InvalidPartOrder",
        ),
        (&[(1, tags[1].as_str())], "InvalidPart"),
        (&[(3, tags[1].as_str())], "InvalidPart"),
        (&[], "MalformedXML"),
    ] {
        assert_eq!(
            complete(parts).refusal(),
            (400, code.to_owned()),
            "{parts:?}"
        );
    }
    let done = complete(&[(1, tags[0].trim_matches('"')), (2, &tags[1])]);
    let mut both = Md5::new();
    both.update(Md5::digest(&first));
    both.update(Md5::digest(last));
    assert_eq!(done.status, 200);
    assert_eq!(
        done.element("ETag"),
        format!("&quot;{}-2&quot;", hex(&both.finalize()))
    );
    let stored = only_object(&vendor).unwrap();
    let whole = [&first[..], last].concat();
    assert_eq!(stored.md5, hex(&Md5::digest(&whole)));
    // The journal tells of the beginning, each part, also the one that was replaced, and the whole.
    let object = format!("{DEFAULT_BUCKET}/{KEY}");
    let sent = |number, bytes: &[u8]| Effect::PartStored {
        upload_id: id.clone(),
        number,
        bytes: bytes.len() as u64,
        md5: hex(&Md5::digest(bytes)),
    };
    let records = vendor.emulator.journal();
    let effects: Vec<_> = records
        .into_iter()
        .flat_map(|record| record.effects)
        .filter(|effect| !matches!(effect, Effect::Thing { .. }))
        .collect();
    let wanted = [
        Effect::UploadBegun {
            object: object.clone(),
            upload_id: id.clone(),
        },
        sent(2, b"replaced"),
        sent(1, &first),
        sent(2, last),
        Effect::ObjectStored {
            object,
            bytes: whole.len() as u64,
            md5: hex(&Md5::digest(&whole)),
            parts: Some(2),
        },
    ];
    assert_eq!(effects, wanted);
    assert_eq!(
        complete(&[(1, &tags[0])]).refusal(),
        (404, "NoSuchUpload".to_owned())
    );
    assert_eq!(send(open).element("UploadId"), "");
}

#[test]
fn a_file_is_registered_when_the_storage_has_it() {
    let vendor = vendor_with(
        Emulator::builder()
            .mediacloud_bucket("lessons")
            .mediacloud_bucket(DEFAULT_BUCKET),
    );
    let token = vendor.token();
    let file = |bucket: &str, key: &str| json!({ "type": 1, "cloudProviderType": 1, "bucket": bucket, "fileUri": format!("{bucket}/{key}") });
    let body = file(DEFAULT_BUCKET, KEY);
    let register = |body| vendor.ask(&token, "POST", "/api/v1/medias", body);
    assert_eq!(register(&body)["code"], 404);
    assert!(vendor.last_note().contains("(assumed: object-exists)"));
    assert_eq!(
        ask("PUT", KEY, &[], b"film")
            .send(&vendor, &Keys::of(&vendor))
            .status,
        200
    );
    assert_eq!(register(&body)["code"], 200);
    assert_eq!(register(&file("lessons", KEY))["code"], 404);
}

#[test]
fn the_bucket_may_stand_in_the_host() {
    let vendor = vendor();
    let keys = Keys::of(&vendor);
    assert_eq!(
        ask("PUT", KEY, &[], b"film").send(&vendor, &keys).status,
        200
    );
    let mut get = ask("GET", KEY, &[], b"");
    get.bucket_in_host = true;
    assert_eq!(get.send(&vendor, &keys).body, b"film");
}

#[test]
fn every_flaw_of_a_signed_header_has_its_code() {
    let vendor = vendor();
    let keys = Keys::of(&vendor);
    let put = || ask("PUT", "x", &[], b"body");
    let changed = |change: &dyn Fn(&mut Ask)| {
        let mut ask = put();
        change(&mut ask);
        ask.send(&vendor, &keys).refusal()
    };
    let is = |status, code: &str| (status, code.to_owned());
    assert_eq!(changed(&|ask| ask.payload = UNSIGNED.to_owned()).0, 200);
    assert_eq!(
        changed(&|ask| ask.payload = sha256(b"bodz")),
        is(400, "XAmzContentSHA256Mismatch")
    );
    assert_eq!(
        changed(&|ask| ask.payload = "none".to_owned()),
        is(400, "InvalidArgument")
    );
    let chunks = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD";
    assert_eq!(
        changed(&|ask| ask.payload = chunks.to_owned()),
        is(501, "NotImplemented")
    );
    assert_eq!(changed(&|ask| ask.moment = moment(-890)).0, 200);
    assert_eq!(
        changed(&|ask| ask.moment = moment(-910)),
        is(403, "RequestTimeTooSkewed")
    );
    assert_eq!(
        changed(&|ask| ask.moment = moment(910)),
        is(403, "RequestTimeTooSkewed")
    );
    let condition = ("if-none-match".to_owned(), "*".to_owned());
    assert_eq!(
        changed(&|ask| ask.headers.push(condition.clone())),
        is(501, "NotImplemented")
    );
    let md5 = (
        "content-md5".to_owned(),
        "AAAAAAAAAAAAAAAAAAAAAA==".to_owned(),
    );
    assert_eq!(
        changed(&|ask| ask.headers.push(md5.clone())),
        is(400, "BadDigest")
    );
    let crc = ("x-amz-checksum-crc32".to_owned(), "AAAAAA==".to_owned());
    assert_eq!(
        changed(&|ask| ask.headers.push(crc.clone())),
        is(400, "BadDigest")
    );

    // What is sent and not signed.
    let headers = put().signed_headers(&vendor, &keys);
    for name in [
        "host",
        "x-amz-date",
        "x-amz-content-sha256",
        "x-amz-security-token",
    ] {
        let mut fewer = headers.clone();
        fewer.retain(|(have, _)| have != name);
        let signature = put().signature(&keys, &put().canonical(&fewer));
        let mut ask = put();
        ask.headers.clear();
        let reply = ask.send_with(&vendor, &keys, &fewer, &signature);
        assert!(matches!(reply.status, 400 | 403), "{name}");
        let code = reply.element("Code");
        let wanted = match name {
            "host" => "AccessDenied",
            "x-amz-date" => "AccessDenied",
            "x-amz-content-sha256" => "InvalidRequest",
            _ => "InvalidAccessKeyId",
        };
        assert_eq!(code, wanted, "{name}");
    }
    let with = |id: &str, secret: &str, token: &str| {
        let keys = Keys {
            id: id.to_owned(),
            secret: secret.to_owned(),
            token: token.to_owned(),
        };
        put().send(&vendor, &keys).refusal()
    };
    let other = Keys::of(&vendor);
    assert_eq!(
        with(&keys.id, "another-test-secret", &keys.token),
        is(403, "SignatureDoesNotMatch")
    );
    assert_eq!(
        with("NOBODY", &keys.secret, &keys.token),
        is(403, "InvalidAccessKeyId")
    );
    assert_eq!(
        with(&keys.id, &keys.secret, &other.token),
        is(400, "InvalidToken")
    );
    assert_eq!(
        put().send_unsigned(&vendor).refusal(),
        is(403, "AccessDenied")
    );
    vendor.emulator.revoke_mediacloud_tokens();
    assert_eq!(
        put().send(&vendor, &keys).refusal(),
        is(403, "InvalidAccessKeyId")
    );
}

#[test]
fn every_flaw_of_a_signed_address_has_its_code() {
    let vendor = vendor();
    let keys = Keys::of(&vendor);
    let put = |seconds| {
        let mut put = ask("PUT", "x", &[], b"body");
        put.moment = moment(seconds);
        put
    };
    let sent = |ask: Ask, life: &str| {
        let reply = ask.presigned(&vendor, &keys, life).send_unsigned(&vendor);
        (
            reply.status,
            reply.element("Code"),
            reply.element("Message"),
        )
    };
    let is = |status, code: &str, message: &str| (status, code.to_owned(), message.to_owned());
    assert_eq!(sent(put(-50), "60").0, 200);
    assert_eq!(
        sent(put(-62), "60"),
        is(403, "AccessDenied", "the signed address is past its time")
    );
    assert_eq!(sent(put(890), "60").0, 200);
    assert_eq!(
        sent(put(910), "60"),
        is(403, "AccessDenied", "the signed address is not good yet")
    );
    for life in ["604801", "-1", "soon"] {
        assert_eq!(
            sent(put(0), life).1,
            "AuthorizationQueryParametersError",
            "{life}"
        );
    }
    let presigned = put(0).presigned(&vendor, &keys, "60");
    for name in [
        "X-Amz-Algorithm",
        "X-Amz-Credential",
        "X-Amz-Date",
        "X-Amz-Expires",
        "X-Amz-SignedHeaders",
        "X-Amz-Signature",
    ] {
        let mut without = presigned.clone();
        without.query.retain(|(have, _)| have != name);
        let reply = without.send_unsigned(&vendor);
        assert_eq!(
            reply.refusal(),
            (400, "AuthorizationQueryParametersError".to_owned()),
            "{name}"
        );
    }
    let mut tokenless = presigned.clone();
    tokenless
        .query
        .retain(|(name, _)| name != "X-Amz-Security-Token");
    assert_eq!(
        tokenless.send_unsigned(&vendor).element("Code"),
        "InvalidAccessKeyId"
    );
    let mut longer = presigned.clone();
    longer
        .query
        .iter_mut()
        .filter(|(name, _)| name == "X-Amz-Expires")
        .for_each(|(_, life)| *life = "61".to_owned());
    assert_eq!(
        longer.send_unsigned(&vendor).element("Code"),
        "SignatureDoesNotMatch"
    );
    let mut extended = presigned.clone();
    extended
        .headers
        .push(("x-amz-acl".to_owned(), "public-read".to_owned()));
    assert_eq!(
        extended.send_unsigned(&vendor).element("HeadersNotSigned"),
        "x-amz-acl"
    );
    let both = presigned.send(&vendor, &keys);
    assert_eq!(both.refusal(), (400, "InvalidArgument".to_owned()));
}

#[test]
fn keys_live_as_long_as_their_token_says() {
    let vendor =
        vendor_with(Emulator::builder().mediacloud_token_lifetime(Duration::from_secs(100)));
    let keys = Keys::of(&vendor);
    let put = || ask("PUT", "x", &[], b"body");
    vendor.emulator.advance(Duration::from_secs(99));
    assert_eq!(put().send(&vendor, &keys).status, 200);
    vendor.emulator.advance(Duration::from_secs(1));
    let expired = (400, "ExpiredToken".to_owned());
    assert_eq!(put().send(&vendor, &keys).refusal(), expired);
    let presigned = put().presigned(&vendor, &keys, "60");
    assert_eq!(presigned.send_unsigned(&vendor).refusal(), expired);
    assert_eq!(put().send(&vendor, &Keys::of(&vendor)).status, 200);
}

#[test]
fn known_mistakes_are_named_in_the_log_and_no_secret_is() {
    let vendor = vendor();
    let keys = Keys::of(&vendor);
    let mut put = ask(
        "PUT",
        "a b/c",
        &[("partNumber", "1"), ("uploadId", "2")],
        b"body",
    );
    put.headers
        .push(("x-amz-meta-a".to_owned(), "1".to_owned()));
    let headers = put.signed_headers(&vendor, &keys);
    let right = put.canonical(&headers);
    let path = put.path();
    for (text, word) in [
        (
            right.replace(&path, &path.replace("%20", " ")),
            "not percent-encoded",
        ),
        (
            right.replace(&path, &path.replace("%20", "%2520")),
            "percent-encoded twice",
        ),
        (right.replace(&put.query_text(), ""), "query is not in"),
        (
            format!("{}{UNSIGNED}", right.strip_suffix(&put.payload).unwrap()),
            "another digest of the body",
        ),
        ("nonsense".to_owned(), "another secret, or another request"),
    ] {
        let signature = put.signature(&keys, &text);
        let reply = put.send_with(&vendor, &keys, &headers, &signature);
        assert_eq!(
            reply.refusal(),
            (403, "SignatureDoesNotMatch".to_owned()),
            "{word}"
        );
        let canonical = reply.element("CanonicalRequest");
        assert_eq!(canonical, right.replace('&', "&amp;"), "{word}");
        let note = vendor.last_note();
        assert!(note.contains(word), "{note}");
    }
    let presigned = ask("PUT", "x", &[("a", "1")], b"body").presigned(&vendor, &keys, "60");
    presigned.send_unsigned(&vendor);
    for record in vendor.emulator.journal() {
        let text = format!("{record} {record:?}");
        for secret in [&keys.secret, &keys.token, &put.signature(&keys, &right)] {
            assert!(!text.contains(secret.as_str()), "{text}");
        }
        assert!(!text.contains("X-Amz-Signature="), "{text}");
    }
}

#[test]
fn what_the_store_does_not_do_is_said() {
    let vendor = vendor();
    let keys = Keys::of(&vendor);
    for ask in [
        ask("DELETE", "x", &[], b""),
        ask("PUT", "x", &[("tagging", "")], b"<Tagging/>"),
        ask("GET", "", &[("list-type", "2")], b""),
        ask("GET", "", &[("uploads", ""), ("delimiter", "/")], b""),
    ] {
        let reply = ask.send(&vendor, &keys);
        assert_eq!(
            reply.refusal(),
            (501, "NotImplemented".to_owned()),
            "{}",
            ask.method
        );
        assert!(vendor.last_note().contains("(assumed: operations)"));
    }
    assert_eq!(only_object(&vendor), None);
}

#[test]
fn planned_faults_strike_this_store_too() {
    let vendor = vendor();
    let plan = |fault| vendor.emulator.faults().plan(fault);
    let put = || ask("PUT", "x", &[], b"body");
    let expired = (400, "ExpiredToken".to_owned());
    // The keys end, whether they sign in the header or in the address.
    for presigned in [false, true] {
        let keys = Keys::of(&vendor);
        plan(Fault::on("PutObject").expire_credentials());
        let refused = match presigned {
            false => put().send(&vendor, &keys),
            true => put().presigned(&vendor, &keys, "60").send_unsigned(&vendor),
        };
        assert_eq!(refused.refusal(), expired);
        assert_eq!(put().send(&vendor, &keys).refusal(), expired);
    }
    let keys = Keys::of(&vendor);
    plan(Fault::on("PutObject").answer(Answer::failure("SlowDown", "later")));
    assert_eq!(put().send(&vendor, &keys).element("Code"), "SlowDown");
    let id = ask("POST", "x", &[("uploads", "")], b"").send(&vendor, &keys);
    let id = id.element("UploadId");
    plan(Fault::on("UploadPart").forget_upload());
    let part = ask("PUT", "x", &[("partNumber", "1"), ("uploadId", &id)], b"p");
    let forgotten = part.send(&vendor, &keys).refusal();
    assert_eq!(forgotten, (404, "NoSuchUpload".to_owned()));
    assert_eq!(vendor.emulator.faults().unfired(), []);
    let journal = vendor.emulator.journal();
    assert!(
        journal
            .iter()
            .all(|record| record.vendor == Some("mediacloud"))
    );
}
