//! Uploads in parts that nobody completed, as a clean-up finds them.

use crate::client::{Keys, Reply, Signed, Site, Upload, site};

/// The keys of the server itself, which open the whole bucket.
fn server_keys(site: &Site) -> Keys {
    let data = site.data("GET", "/vod/getSts", &[("token", &site.token)]);
    let text = |name: &str| data[name].as_str().unwrap().to_owned();
    Keys {
        id: text("accessKeyId"),
        secret: text("accessKeySecret"),
        token: text("securityToken"),
    }
}

fn begin(upload: &Upload) -> String {
    upload
        .request("POST", "?uploads", &[], b"")
        .element("UploadId")
}

/// The list; what follows `uploads` is not signed.
fn list(upload: &Upload, keys: &Keys, more: &str) -> Reply {
    let resource = format!("/{}/?uploads", upload.address.bucket);
    let mut signed = Signed::new("GET", &resource, &[]);
    signed.target.push_str(more);
    signed.send(upload.at, keys, b"")
}

fn ids(reply: &Reply) -> Vec<String> {
    let text = reply.text();
    let uploads = text.split("<Upload>").skip(1);
    uploads
        .map(|upload| {
            let (_, rest) = upload.split_once("<UploadId>").unwrap();
            rest.split('<').next().unwrap().to_owned()
        })
        .collect()
}

#[test]
fn what_is_neither_complete_nor_aborted_is_listed_by_key() {
    let site = site();
    let uploads: Vec<Upload> = (0..3).map(|_| site.create(&site.token, "a.mp4")).collect();
    let keys = server_keys(&site);
    assert_eq!(ids(&list(&uploads[0], &keys, "")), [""; 0]);
    let mut begun: Vec<(String, String)> = Vec::new();
    for upload in [&uploads[0], &uploads[1], &uploads[1], &uploads[2]] {
        begun.push((upload.address.file_name.clone(), begin(upload)));
    }
    begun.sort();
    let wanted: Vec<String> = begun.iter().map(|(_, id)| id.clone()).collect();
    let all = list(&uploads[0], &keys, "");
    assert_eq!(all.status, 200);
    assert_eq!(ids(&all), wanted);
    assert_eq!(all.element("IsTruncated"), "false");
    assert_eq!(all.element("NextKeyMarker"), "");
    assert_eq!(all.element("MaxUploads"), "1000");
    assert_eq!(all.element("Key"), begun[0].0);
    assert!(all.element("Initiated").ends_with(".000Z"));

    // Page by page, also in the middle of the uploads of one key.
    let mut seen = Vec::new();
    let mut more = String::from("&max-uploads=1");
    loop {
        let page = list(&uploads[0], &keys, &more);
        seen.extend(ids(&page));
        if page.element("IsTruncated") == "false" {
            break;
        }
        assert_eq!(ids(&page).len(), 1);
        more = format!(
            "&max-uploads=1&key-marker={}&upload-id-marker={}",
            page.element("NextKeyMarker"),
            page.element("NextUploadIdMarker")
        );
    }
    assert_eq!(seen, wanted);
    // A marker of a key alone passes over all of its uploads.
    let after = list(&uploads[0], &keys, &format!("&key-marker={}", begun[1].0));
    let rest: Vec<String> = begun
        .iter()
        .filter(|(key, _)| *key > begun[1].0)
        .map(|(_, id)| id.clone())
        .collect();
    assert_eq!(ids(&after), rest);
    let encoded = list(&uploads[0], &keys, "&encoding-type=url");
    assert_eq!(encoded.element("Key"), begun[0].0.replace('/', "%2F"));

    let abort = format!("?uploadId={}", begun[0].1);
    let owner = uploads
        .iter()
        .find(|upload| upload.address.file_name == begun[0].0);
    assert_eq!(
        owner.unwrap().request("DELETE", &abort, &[], b"").status,
        204
    );
    assert_eq!(ids(&list(&uploads[0], &keys, "")), wanted[1..]);
}

#[test]
fn keys_list_what_they_open_and_nothing_else() {
    let site = site();
    let (one, two) = (
        site.create(&site.token, "a.mp4"),
        site.create(&site.token, "b.mp4"),
    );
    let id = begin(&one);
    begin(&two);
    let refused = list(&one, &one.keys, "");
    assert_eq!(
        (refused.status, refused.element("Code").as_str()),
        (403, "AccessDenied")
    );
    let prefix = format!("&prefix={}", one.address.file_name);
    assert_eq!(ids(&list(&one, &one.keys, &prefix)), [id]);
    let other = format!("&prefix={}", two.address.file_name);
    assert_eq!(
        list(&one, &one.keys, &other).element("Code"),
        "AccessDenied"
    );
    // On a host of the bucket's own the path says nothing.
    let mut signed = Signed::new("GET", &format!("/{}/?uploads", one.address.bucket), &[]);
    signed.target = format!("/?uploads{prefix}");
    assert_eq!(ids(&signed.send(one.at, &one.keys, b"")).len(), 1);
    let records = site.emulator.journal();
    assert_eq!(
        records.last().unwrap().operation,
        Some("ListMultipartUploads")
    );
}

#[test]
fn limits_that_make_no_sense_are_refused() {
    let site = site();
    let upload = site.create(&site.token, "a.mp4");
    let keys = server_keys(&site);
    for more in [
        "&max-uploads=0",
        "&max-uploads=1001",
        "&max-uploads=x",
        "&delimiter=/",
    ] {
        let reply = list(&upload, &keys, more);
        assert_eq!(
            (reply.status, reply.element("Code").as_str()),
            (400, "InvalidArgument"),
            "{more}"
        );
    }
}
