//! Objects that are sent in parts.

use crate::client::{Reply, Site, Upload, content, crc64, md5_hex, site};

const PART: usize = 100 * 1024;

fn upload(site: &Site) -> Upload {
    site.create(&site.token, "film.mp4")
}

fn begin(upload: &Upload) -> String {
    let reply = upload.request("POST", "?uploads", &[("Content-Type", "video/mp4")], b"");
    assert_eq!(reply.status, 200, "{}", reply.text());
    assert_eq!(reply.element("Bucket"), upload.address.bucket);
    assert_eq!(reply.element("Key"), upload.address.file_name);
    reply.element("UploadId")
}

fn part(upload: &Upload, id: &str, number: usize, bytes: &[u8]) -> Reply {
    let query = format!("?partNumber={number}&uploadId={id}");
    upload.request("PUT", &query, &[], bytes)
}

fn list_of(parts: &[(usize, &str)]) -> String {
    let parts: String = parts
        .iter()
        .map(|(number, etag)| {
            format!("<Part><PartNumber>{number}</PartNumber><ETag>{etag}</ETag></Part>")
        })
        .collect();
    format!("<CompleteMultipartUpload>{parts}</CompleteMultipartUpload>")
}

fn complete(upload: &Upload, id: &str, parts: &[(usize, &str)]) -> Reply {
    let query = format!("?uploadId={id}");
    upload.request("POST", &query, &[], list_of(parts).as_bytes())
}

#[test]
fn parts_in_any_order_become_one_object_and_the_video_is_there() {
    let site = site();
    let upload = upload(&site);
    let bytes = content(PART * 2 + 77);
    let id = begin(&upload);
    let mut tags = Vec::new();
    for number in [5, 9, 2] {
        let at = match number {
            2 => 0..PART,
            5 => PART..PART * 2,
            _ => PART * 2..bytes.len(),
        };
        let reply = part(&upload, &id, number, &bytes[at.clone()]);
        assert_eq!(reply.status, 200);
        let etag = reply.header("etag").unwrap().to_owned();
        assert_eq!(etag, format!("\"{}\"", md5_hex(&bytes[at.clone()])));
        assert_eq!(
            reply.header("x-oss-hash-crc64ecma").unwrap(),
            crc64(&bytes[at])
        );
        tags.push((number, etag));
    }
    tags.sort();
    let named: Vec<(usize, &str)> = tags.iter().map(|(n, t)| (*n, t.as_str())).collect();
    let play = || {
        let params = [("videoId", upload.video_id.as_str())];
        site.call("GET", "/demo/getVideoPlayAuth", &params).json()["code"].clone()
    };
    assert_eq!(play(), "500");
    let reply = complete(&upload, &id, &named);
    assert_eq!(reply.status, 200, "{}", reply.text());
    assert_eq!(play(), "200");
    let etag = reply.element("ETag");
    let joined: String = tags.iter().map(|(_, tag)| tag.trim_matches('"')).collect();
    assert_eq!(etag, format!("\"{}-3\"", md5_hex(joined.as_bytes())));
    assert_eq!(reply.header("x-oss-hash-crc64ecma").unwrap(), crc64(&bytes));
    assert_eq!(site.target(&reply.element("Location")), upload.resource());
    let get = upload.request("GET", "", &[], b"");
    assert_eq!(get.body, bytes);
    assert_eq!(get.header("x-oss-object-type"), Some("Multipart"));
    assert_eq!(get.header("content-type"), Some("video/mp4"));
    assert_eq!(get.header("etag"), Some(etag.as_str()));
    // The id is used up.
    assert_eq!(
        complete(&upload, &id, &named).element("Code"),
        "NoSuchUpload"
    );
    assert_eq!(part(&upload, &id, 1, b"x").element("Code"), "NoSuchUpload");
}

#[test]
fn a_list_that_does_not_fit_the_parts_completes_nothing() {
    let site = site();
    let upload = upload(&site);
    let id = begin(&upload);
    let one = part(&upload, &id, 1, &content(PART - 1));
    let two = part(&upload, &id, 2, b"end");
    let (one, two) = (one.header("etag").unwrap(), two.header("etag").unwrap());
    let code = |parts: &[(usize, &str)]| {
        let reply = complete(&upload, &id, parts);
        assert_eq!(reply.status, 400, "{parts:?}");
        reply.element("Code")
    };
    assert_eq!(code(&[(1, two), (2, two)]), "InvalidPart");
    assert_eq!(code(&[(1, one), (3, two)]), "InvalidPart");
    assert_eq!(code(&[(2, two), (1, one)]), "InvalidPartOrder");
    assert_eq!(code(&[(1, one), (1, one)]), "InvalidPartOrder");
    assert_eq!(code(&[(1, one), (2, two)]), "EntityTooSmall");
    assert_eq!(code(&[]), "MalformedXML");
    let query = format!("?uploadId={id}");
    let reply = upload.request("POST", &query, &[], b"<Complete");
    assert_eq!(reply.element("Code"), "MalformedXML");
    assert_eq!(
        upload.request("GET", "", &[], b"").element("Code"),
        "NoSuchKey"
    );
    // The same number again replaces the part, and then it fits; quotes may be left out.
    let again = part(&upload, &id, 1, &content(PART));
    let bare = again.header("etag").unwrap().trim_matches('"');
    assert_eq!(complete(&upload, &id, &[(1, bare), (2, two)]).status, 200);
    let size = upload.request("HEAD", "", &[], b"");
    assert_eq!(
        size.header("content-length").unwrap(),
        (PART + 3).to_string()
    );
}

#[test]
fn part_numbers_are_from_1_to_10000() {
    let site = site();
    let upload = upload(&site);
    let id = begin(&upload);
    for bad in [0, 10_001] {
        let reply = part(&upload, &id, bad, b"x");
        assert_eq!(
            (reply.status, reply.element("Code").as_str()),
            (400, "InvalidArgument")
        );
    }
    assert_eq!(part(&upload, &id, 10_000, b"x").status, 200);
    assert_eq!(part(&upload, "none", 1, b"x").status, 404);
}

#[test]
fn what_came_can_be_listed_page_by_page() {
    let site = site();
    let upload = upload(&site);
    let id = begin(&upload);
    for number in [3, 1, 2] {
        assert_eq!(part(&upload, &id, number, &content(number)).status, 200);
    }
    // The page is not signed, the id is.
    let list = |more: &str| {
        let mut signed =
            crate::client::Signed::new("GET", &format!("{}?uploadId={id}", upload.resource()), &[]);
        signed.target.push_str(more);
        signed.send(upload.at, &upload.keys, b"")
    };
    let all = list("");
    assert_eq!(all.element("IsTruncated"), "false");
    assert_eq!(all.text().matches("<Part>").count(), 3);
    assert_eq!(all.element("ETag"), format!("\"{}\"", md5_hex(&content(1))));
    let page = list("&max-parts=1&part-number-marker=1");
    assert_eq!(page.element("IsTruncated"), "true");
    assert_eq!(page.element("NextPartNumberMarker"), "2");
    assert_eq!(
        (page.element("PartNumber"), page.element("Size")),
        ("2".into(), "2".into())
    );
    assert_eq!(page.text().matches("<Part>").count(), 1);
    for bad in ["x", "0"] {
        let refused = list(&format!("&max-parts={bad}"));
        assert_eq!(refused.element("Code"), "InvalidArgument");
    }
    let encoded = list("&encoding-type=url");
    assert_eq!(
        encoded.element("Key"),
        upload.address.file_name.replace('/', "%2F")
    );
}

#[test]
fn an_aborted_upload_is_gone() {
    let site = site();
    let upload = upload(&site);
    let id = begin(&upload);
    assert_eq!(part(&upload, &id, 1, b"x").status, 200);
    let abort = || upload.request("DELETE", &format!("?uploadId={id}"), &[], b"");
    assert_eq!(abort().status, 204);
    assert_eq!(abort().element("Code"), "NoSuchUpload");
    assert_eq!(
        complete(&upload, &id, &[(1, "x")]).element("Code"),
        "NoSuchUpload"
    );
}

#[test]
fn an_upload_belongs_to_its_object() {
    let site = site();
    let (one, two) = (upload(&site), upload(&site));
    let id = begin(&one);
    assert_eq!(part(&two, &id, 1, b"x").element("Code"), "NoSuchUpload");
    assert_eq!(
        two.request("DELETE", &format!("?uploadId={id}"), &[], b"")
            .status,
        404
    );
    assert_eq!(part(&one, &id, 1, b"x").status, 200);
}

#[test]
fn all_parts_can_be_completed_without_a_list() {
    let site = site();
    let upload = upload(&site);
    let id = begin(&upload);
    assert_eq!(part(&upload, &id, 2, b"end").status, 200);
    assert_eq!(part(&upload, &id, 1, &content(PART)).status, 200);
    let headers = [("x-oss-complete-all", "yes")];
    let reply = upload.request("POST", &format!("?uploadId={id}"), &headers, b"");
    assert_eq!(reply.status, 200);
    let whole = [content(PART), b"end".to_vec()].concat();
    assert_eq!(upload.request("GET", "", &[], b"").body, whole);
}

#[test]
fn what_was_sent_in_parts_has_no_digest_of_the_whole_and_refusals_are_as_short_as_the_stores_own() {
    let site = site();
    let upload = upload(&site);
    let id = begin(&upload);
    let tags = [
        part(&upload, &id, 1, b"small"),
        part(&upload, &id, 2, b"end"),
    ]
    .map(|reply| reply.header("etag").unwrap().to_owned());
    let refused = complete(&upload, &id, &[(1, &tags[0]), (2, &tags[1])]);
    assert_eq!(refused.element("Code"), "EntityTooSmall");
    assert_eq!(refused.element("ProposedSize"), "5");
    assert!(!refused.text().contains("PartNumber"));
    let whole = complete(&upload, &id, &[(2, &tags[1])]);
    assert_eq!(whole.status, 200);
    let headed = upload.request("HEAD", "", &[], b"");
    for reply in [whole, headed] {
        assert_eq!(reply.header("content-md5"), None);
        let crc = crc64(b"end").to_string();
        assert_eq!(reply.header("x-oss-hash-crc64ecma"), Some(crc.as_str()));
    }
    assert_eq!(part(&upload, &id, 1, b"x").element("Code"), "NoSuchUpload");
    let alone = upload.request("PUT", "", &[], b"end");
    assert!(alone.header("content-md5").is_some());
}
