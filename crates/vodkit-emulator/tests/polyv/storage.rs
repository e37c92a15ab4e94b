//! The file of an upload: to the object storage, with the callback that makes the video.

use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use md5::{Digest as _, Md5};
use serde_json::{Value, json};
use sha1::Sha1;
use vodkit_emulator::Change;
use vodkit_types::polyv::{UploadTicket, Video, VideoStatus};

use crate::client::{FORM, Reply, TRANSCODE, Vendor, encode, read, send, slow_vendor, vendor};

const INIT: &str = "/v2/uploadvideo/{}/init";
const FILM: &[u8] = b"not really a film, but long enough to be read in parts";

/// HMAC-SHA1 as its standard writes it down, in base64.
fn sign(secret: &str, text: &str) -> String {
    let mut block = [0; 64];
    block[..secret.len()].copy_from_slice(secret.as_bytes());
    let inner = [&block.map(|b| b ^ 0x36), text.as_bytes()].concat();
    let outer = [&block.map(|b| b ^ 0x5c)[..], &Sha1::digest(inner)].concat();
    STANDARD.encode(Sha1::digest(outer))
}

fn md5_hex(bytes: &[u8]) -> String {
    let digest = Md5::digest(bytes);
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// `Tue, 14 Nov 2023 22:13:20 GMT`, so many seconds from now. The days are counted by hand.
fn http_date(ahead: u64) -> String {
    let now = SystemTime::UNIX_EPOCH.elapsed().unwrap() + Duration::from_secs(ahead);
    let (days, second) = (now.as_secs() / 86_400, now.as_secs() % 86_400);
    let (mut year, mut left) = (1970, days);
    let leap = |year: u64| {
        year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
    };
    while left >= 365 + u64::from(leap(year)) {
        left -= 365 + u64::from(leap(year));
        year += 1;
    }
    let months = [
        31,
        28 + u64::from(leap(year)),
        31,
        30,
        31,
        30,
        31,
        31,
        30,
        31,
        30,
        31,
    ];
    let mut month = 0;
    while left >= months[month] {
        left -= months[month];
        month += 1;
    }
    let name = &"JanFebMarAprMayJunJulAugSepOctNovDec"[month * 3..][..3];
    let weekday = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"][(days % 7) as usize];
    format!(
        "{weekday}, {:02} {name} {year} {:02}:{:02}:{:02} GMT",
        left + 1,
        second / 3600,
        second / 60 % 60,
        second % 60
    )
}

/// An upload that has begun.
pub(crate) struct Upload {
    pub(crate) vid: String,
    key: String,
    ticket: UploadTicket,
}

impl Upload {
    pub(crate) fn begin(vendor: &Vendor, title: &str, size: usize) -> Self {
        Self::begin_with(vendor, title, size, &[])
    }

    pub(crate) fn begin_with(
        vendor: &Vendor,
        title: &str,
        size: usize,
        more: &[(&str, &str)],
    ) -> Self {
        let size = size.to_string();
        let mut params = vec![
            ("title", title),
            ("filesize", &size),
            ("autoid", "1"),
            ("uploadType", "java_sdk_chunk_v1"),
        ];
        params.extend(more);
        let ticket: UploadTicket = read(&vendor.post(INIT, &params));
        let vid = ticket.vid.clone().unwrap();
        Self {
            key: format!("{}{vid}.mp4", ticket.dir.as_ref().unwrap()),
            vid,
            ticket,
        }
    }

    fn callback(&self) -> String {
        STANDARD.encode(self.ticket.callback.as_ref().unwrap())
    }

    /// A request for the object, signed with the keys of the ticket. `query` is a sub-resource.
    fn request(
        &self,
        vendor: &Vendor,
        (method, query): (&str, &str),
        callback: Option<&str>,
        body: &[u8],
    ) -> Reply {
        let bucket = self.ticket.bucket_name.as_ref().unwrap();
        let target = format!("/{bucket}/{}", encode(&self.key).replace("%2F", "/"));
        self.send(
            vendor,
            (method, query),
            &target,
            callback,
            &http_date(0),
            body,
        )
    }

    fn send(
        &self,
        vendor: &Vendor,
        (method, query): (&str, &str),
        target: &str,
        callback: Option<&str>,
        date: &str,
        body: &[u8],
    ) -> Reply {
        let bucket = self.ticket.bucket_name.as_ref().unwrap();
        let token = self.ticket.token.expose();
        let own = match callback {
            Some(callback) => format!("x-oss-callback:{callback}\n"),
            None => String::new(),
        };
        let key = &self.key;
        let text = format!(
            "{method}\n\n\n{date}\n{own}x-oss-security-token:{token}\n/{bucket}/{key}{query}"
        );
        let authorization = format!(
            "OSS {}:{}",
            self.ticket.access_id.expose(),
            sign(self.ticket.access_key.expose(), &text)
        );
        let mut headers = vec![
            ("Authorization", authorization.as_str()),
            ("Date", date),
            ("x-oss-security-token", token),
        ];
        headers.extend(callback.map(|callback| ("x-oss-callback", callback)));
        send(
            vendor.at(),
            method,
            &format!("{target}{query}"),
            &headers,
            body,
        )
    }

    pub(crate) fn put(&self, vendor: &Vendor, body: &[u8]) -> Reply {
        self.request(vendor, ("PUT", ""), Some(&self.callback()), body)
    }
}

/// A video of these bytes.
pub(crate) fn uploaded(vendor: &Vendor, title: &str, content: &[u8]) -> String {
    let upload = Upload::begin(vendor, title, content.len());
    assert_eq!(upload.put(vendor, content).status, 200);
    upload.vid
}

fn code(reply: &Reply) -> String {
    let text = String::from_utf8_lossy(&reply.body).into_owned();
    let (_, rest) = text
        .split_once("<Code>")
        .unwrap_or_else(|| panic!("{text}"));
    rest.split_once("</Code>").unwrap().0.to_owned()
}

fn is_unknown(vendor: &Vendor, vid: &str) {
    let words = vendor.refusal("GET", "/v2/video/{}/get-video-msg", &[("vid", vid)]);
    assert_eq!(words, "video not found.");
}

#[test]
fn a_file_becomes_a_video() {
    let vendor = slow_vendor();
    let upload = Upload::begin(&vendor, "第一课", FILM.len());
    is_unknown(&vendor, &upload.vid);
    let before: Value = vendor.post("/v2/user/{}/main", &[]);
    let reply = upload.put(&vendor, FILM);
    assert_eq!(reply.status, 200);
    assert_eq!(reply.json(), json!({ "Status": "OK" }));
    let tag = format!("etag: \"{}\"", md5_hex(FILM).to_uppercase());
    assert!(
        reply.head.to_lowercase().contains(&tag.to_lowercase()),
        "{}",
        reply.head
    );

    let video: Video = read(&vendor.video(&upload.vid));
    assert_eq!(video.title.as_deref(), Some("第一课"));
    assert_eq!(video.source_filesize, Some(FILM.len() as u64));
    assert_eq!(video.md5checksum.as_deref(), Some(md5_hex(FILM).as_str()));
    assert_eq!(video.status, VideoStatus::Waiting);
    vendor.advance(TRANSCODE);
    let video: Video = read(&vendor.video(&upload.vid));
    assert_eq!(video.status, VideoStatus::Published61);
    assert_eq!(video.duration.as_deref(), Some("00:00:01"));
    assert_eq!(video.filesize, [FILM.len() as u64; 2]);
    let after: Value = vendor.post("/v2/user/{}/main", &[]);
    let used = |usage: &Value| usage["usedSpace"].as_u64().unwrap();
    assert_eq!(used(&after) - used(&before), 3 * FILM.len() as u64);

    assert_eq!(
        vendor.things("upload"),
        [(upload.vid.clone(), Change::Created)]
    );
    assert_eq!(
        vendor.things("video"),
        [(upload.vid.clone(), Change::Created)]
    );
    let object = format!("vodkit-polyv/{}", upload.key);
    assert_eq!(vendor.things("object"), [(object, Change::Created)]);
    let journal = format!("{:?}", vendor.emulator.journal());
    for secret in [&upload.ticket.access_key, &upload.ticket.token] {
        assert!(!journal.contains(secret.expose()));
    }
    // What has arrived cannot be gone on with, only be replaced.
    let go_on = [
        ("title", "any"),
        ("filesize", "54"),
        ("autoid", "0"),
        ("vid", upload.vid.as_str()),
        ("uploadType", "java_sdk_chunk_v1"),
    ];
    assert_eq!(vendor.envelope("POST", INIT, &go_on)["code"], 405);
    let other = [FILM, FILM].concat();
    assert_eq!(upload.put(&vendor, &other).status, 200);
    let video: Video = read(&vendor.video(&upload.vid));
    assert_eq!(video.source_filesize, Some(other.len() as u64));
    assert_eq!(video.md5checksum.as_deref(), Some(md5_hex(&other).as_str()));
}

#[test]
fn nobody_is_told_without_the_callback() {
    let vendor = vendor();
    let upload = Upload::begin(&vendor, "a", FILM.len());
    let silent = upload.request(&vendor, ("PUT", ""), None, FILM);
    assert_eq!((silent.status, silent.body.as_slice()), (200, &b""[..]));
    is_unknown(&vendor, &upload.vid);
    // The address of the ticket leads somewhere: it can be called as the storage calls it.
    let callback: Value = serde_json::from_str(upload.ticket.callback.as_ref().unwrap()).unwrap();
    let target = callback["callbackUrl"].as_str().unwrap();
    let target = target.strip_prefix(vendor.emulator.base_url()).unwrap();
    let call = |object: &str| {
        let body = format!("bucket=vodkit-polyv&object={}&size=54", encode(object));
        send(vendor.at(), "POST", target, &[FORM], body.as_bytes())
    };
    assert_eq!(call("nothing").status, 400);
    assert!(
        vendor.note().contains("no object vodkit-polyv/nothing"),
        "{}",
        vendor.note()
    );
    is_unknown(&vendor, &upload.vid);
    let reply = call(&upload.key);
    assert_eq!(
        (reply.status, reply.json()),
        (200, json!({ "Status": "OK" }))
    );
    assert_eq!(vendor.status(&upload.vid), "61");
    let nobody = target.replace(vendor.user(), "nobody0001");
    let body = format!("bucket=vodkit-polyv&object={}", encode(&upload.key));
    assert_eq!(
        send(vendor.at(), "POST", &nobody, &[FORM], body.as_bytes()).status,
        400
    );
}

#[test]
fn a_callback_may_fail_and_the_object_stays() {
    let vendor = vendor();
    let upload = Upload::begin(&vendor, "a", FILM.len());
    let refused = |callback: &str| {
        let reply = upload.request(&vendor, ("PUT", ""), Some(callback), FILM);
        (reply.status, code(&reply))
    };
    let to = |url: &str, body: &str| {
        STANDARD.encode(json!({ "callbackUrl": url, "callbackBody": body }).to_string())
    };
    // Before anything is stored.
    for wrong in [
        "%%%",
        "bm8ganNvbg==",
        "e30=",
        &to("", "b"),
        &to("http://a", ""),
    ] {
        assert_eq!(
            refused(wrong),
            (400, "InvalidArgument".to_owned()),
            "{wrong}"
        );
    }
    assert_eq!(vendor.things("object"), []);
    // After it.
    let user = vendor.user();
    for elsewhere in [
        "https://callback.example.test/u".to_owned(),
        format!("{}/v2/uploadvideo/{user}/other", vendor.emulator.base_url()),
        format!(
            "{}/v2/uploadvideo/nobody0001/callback",
            vendor.emulator.base_url()
        ),
    ] {
        assert_eq!(
            refused(&to(&elsewhere, "b")),
            (203, "CallbackFailed".to_owned()),
            "{elsewhere}"
        );
        is_unknown(&vendor, &upload.vid);
    }
    assert_eq!(vendor.things("object").len(), 3);
    let short = upload.put(&vendor, &FILM[1..]);
    assert_eq!(
        (short.status, code(&short).as_str()),
        (203, "CallbackFailed")
    );
    assert!(
        vendor
            .note()
            .contains("began with 54 bytes, and 53 arrived (assumed: callback)"),
        "{}",
        vendor.note()
    );
    let elsewhere = Upload {
        key: format!("{}other.mp4", upload.ticket.dir.as_ref().unwrap()),
        vid: String::new(),
        ticket: upload.ticket.clone(),
    };
    assert_eq!(elsewhere.put(&vendor, FILM).status, 203);
    assert!(
        vendor.note().contains("no upload goes to the key"),
        "{}",
        vendor.note()
    );
    // The upload is still open.
    assert_eq!(upload.put(&vendor, FILM).status, 200);
    assert_eq!(vendor.status(&upload.vid), "61");
}

#[test]
fn keys_open_the_folder_of_the_account_and_end() {
    let vendor = vendor();
    let upload = Upload::begin(&vendor, "a", FILM.len());
    let dir = upload.ticket.dir.clone().unwrap();
    for key in [
        "other/2/a.mp4",
        "a.mp4",
        &dir.replacen(vendor.user(), "nobody0001", 1),
    ] {
        let other = Upload {
            key: key.to_owned(),
            vid: String::new(),
            ticket: upload.ticket.clone(),
        };
        let reply = other.put(&vendor, FILM);
        assert_eq!(
            (reply.status, code(&reply).as_str()),
            (403, "AccessDenied"),
            "{key}"
        );
    }
    vendor.advance(3601);
    let late = upload.put(&vendor, FILM);
    assert_eq!(
        (late.status, code(&late).as_str()),
        (403, "SecurityTokenExpired")
    );
    let fresh: UploadTicket = read(&vendor.get("/v2/uploadvideo/{}/token", &[]));
    let mut renewed = upload;
    renewed.ticket.access_id = fresh.access_id;
    renewed.ticket.access_key = fresh.access_key;
    renewed.ticket.token = fresh.token;
    assert_eq!(renewed.put(&vendor, FILM).status, 200);
    assert_eq!(vendor.status(&renewed.vid), "61");
}

/// On a host name of its own the path has no bucket; the signature has it all the same.
#[test]
fn the_bucket_may_be_the_hosts() {
    let vendor = vendor();
    let upload = Upload::begin(&vendor, "a", FILM.len());
    let target = format!("/{}", upload.key);
    let callback = upload.callback();
    let reply = upload.send(
        &vendor,
        ("PUT", ""),
        &target,
        Some(&callback),
        &http_date(0),
        FILM,
    );
    assert_eq!(reply.status, 200, "{}", vendor.note());
    assert_eq!(vendor.status(&upload.vid), "61");
    // A path that the keys do not open is bucket and key, which this signature was not made for.
    let reply = upload.send(
        &vendor,
        ("PUT", ""),
        "/nowhere/a.mp4",
        None,
        &http_date(0),
        FILM,
    );
    assert_eq!(
        (reply.status, code(&reply).as_str()),
        (403, "SignatureDoesNotMatch")
    );
}

#[test]
fn the_parts_of_a_file_become_a_video_too() {
    let vendor = vendor();
    let upload = Upload::begin(&vendor, "a", FILM.len());
    let begun = upload.request(&vendor, ("POST", "?uploads"), None, b"");
    let text = String::from_utf8(begun.body).unwrap();
    let id = text
        .split("<UploadId>")
        .nth(1)
        .unwrap()
        .split('<')
        .next()
        .unwrap();
    let part = format!("?partNumber=1&uploadId={id}");
    assert_eq!(
        upload.request(&vendor, ("PUT", &part), None, FILM).status,
        200
    );
    let list = format!(
        "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>{}</ETag></Part></CompleteMultipartUpload>",
        md5_hex(FILM)
    );
    let end = format!("?uploadId={id}");
    let callback = upload.callback();
    let done = upload.request(&vendor, ("POST", &end), Some(&callback), list.as_bytes());
    assert_eq!((done.status, done.json()), (200, json!({ "Status": "OK" })));
    let video: Video = read(&vendor.video(&upload.vid));
    assert_eq!(video.md5checksum.as_deref(), Some(md5_hex(FILM).as_str()));
}
