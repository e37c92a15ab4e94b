//! The beginning of an upload, and the files that calls carry themselves.

use serde_json::Value;
use vodkit_emulator::Change;
use vodkit_types::polyv::UploadTicket;

use crate::client::{read, read_envelope, refused, send, vendor};

const INIT: &str = "/v2/uploadvideo/{}/init";
const TOKEN: &str = "/v2/uploadvideo/{}/token";
const UPLOAD: [(&str, &str); 4] = [
    ("title", "第一课"),
    ("filesize", "5242880"),
    ("autoid", "1"),
    ("uploadType", "java_sdk_chunk_v1"),
];
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n and the rest";

#[test]
fn an_upload_gets_a_credential_and_can_be_gone_on_with() {
    let vendor = vendor();
    let data = vendor.post(INIT, &UPLOAD);
    let ticket: UploadTicket = read(&data);
    let vid = ticket.vid.unwrap();
    assert_eq!(vid.len(), 34);
    assert!(
        ticket
            .dir
            .unwrap()
            .starts_with(&format!("{}/", vendor.user()))
    );
    // Everything leads to the emulator.
    let authority = vendor.at().to_string();
    assert_eq!(ticket.domain.as_ref(), Some(&authority));
    assert_eq!(ticket.endpoint.as_ref(), Some(&authority));
    assert_eq!(ticket.host.as_deref(), Some(vendor.emulator.base_url()));
    let callback: Value = serde_json::from_str(ticket.callback.as_ref().unwrap()).unwrap();
    assert_eq!(callback["callbackHost"], authority.as_str());
    assert_eq!(ticket.validity_time, Some(3600));
    assert!(ticket.expiration.unwrap().ends_with('Z'));
    assert_eq!(ticket.remain_space, Some((1 << 40) - 11_700_000));
    assert_eq!(
        base64_decoded(ticket.encoded_callback.as_ref().unwrap()),
        ticket.callback.unwrap()
    );
    // The file has not arrived, so there is no video.
    assert_eq!(
        vendor.refusal("GET", "/v2/video/{}/get-video-msg", &[("vid", &vid)]),
        "video not found."
    );

    let go_on = |vid: &str, size: &str| {
        let params = [
            ("title", "any"),
            ("filesize", size),
            ("autoid", "0"),
            ("vid", vid),
            ("uploadType", "java_sdk_chunk_v1"),
        ];
        vendor.envelope("POST", INIT, &params)
    };
    let again = go_on(&vid, "5242880");
    assert_eq!(again["data"]["vid"], vid.as_str());
    assert_ne!(again["data"]["accessKey"], data["accessKey"]);
    for (vid, size) in [("nobody", "5242880"), (&vid, "5242881"), ("", "5242880")] {
        let refused = go_on(vid, size);
        assert_eq!(
            (&refused["code"], &refused["data"]),
            (&405.into(), &"".into())
        );
    }
    assert_eq!(vendor.things("upload"), [(vid, Change::Created)]);
}

/// The letters of base64 turned back, one by one.
fn base64_decoded(text: &str) -> String {
    const LETTERS: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut bits = 0u32;
    let mut held = 0;
    let mut bytes = Vec::new();
    for letter in text.chars().filter(|letter| *letter != '=') {
        bits = bits << 6 | u32::try_from(LETTERS.find(letter).unwrap()).unwrap();
        held += 6;
        if held >= 8 {
            held -= 8;
            bytes.push((bits >> held & 0xff) as u8);
        }
    }
    String::from_utf8(bytes).unwrap()
}

#[test]
fn a_credential_is_renewed_without_a_video() {
    let vendor = vendor();
    let envelope = vendor.envelope("GET", TOKEN, &[]);
    assert!(envelope["data"].get("vid").is_none());
    let first = read_envelope::<UploadTicket>(&envelope).data.unwrap();
    let second: UploadTicket = read(&vendor.get(TOKEN, &[]));
    assert_ne!(first.access_id.expose(), second.access_id.expose());
    assert_ne!(first.token.expose(), second.token.expose());
    vendor.advance(7200);
    let later: UploadTicket = read(&vendor.get(TOKEN, &[]));
    assert!(later.expiration > first.expiration);
    assert!(!format!("{:?}", vendor.emulator.journal()).contains(first.access_key.expose()));
}

#[test]
fn what_cannot_be_uploaded_has_codes_of_its_own() {
    let vendor = vendor();
    let with = |name: &'static str, value: &'static str| {
        let mut params: Vec<(&str, &str)> = UPLOAD
            .into_iter()
            .filter(|(have, _)| *have != name)
            .collect();
        params.push((name, value));
        let envelope = vendor.envelope("POST", INIT, &params);
        assert_eq!(envelope["data"], "");
        (
            envelope["code"].as_u64().unwrap(),
            envelope["message"].as_str().unwrap().to_owned(),
        )
    };
    assert_eq!(with("filesize", "0").0, 406);
    assert_eq!(with("cataid", "77").0, 3001);
    assert_eq!(with("title", ""), (400, "title can't be empty".to_owned()));
    assert_eq!(
        with("title", "  "),
        (400, "title can't be empty".to_owned())
    );
    assert_eq!(with("filesize", "many").0, 400);
    let ticket = vendor.post(INIT, &[&UPLOAD[..], &[("cataid", "0")]].concat());
    assert!(ticket["vid"].is_string());
}

#[test]
fn a_cover_is_served_as_it_came() {
    let vendor = vendor();
    let vids = vendor.films(&["a", "b"]);
    let path = "/v2/video/{}/uploadCoverImage";
    let cover = |vid: &str| {
        let url = vendor.get("/v2/video/{}/get-image", &[("vid", vid)]);
        let target = url
            .as_str()
            .unwrap()
            .strip_prefix(vendor.emulator.base_url())
            .unwrap()
            .to_owned();
        send(vendor.at(), "GET", &target, &[], b"")
    };
    let file = ("image", "cover.png", PNG);
    let set = vendor.multipart(path, &[("vids", &vids[0]), ("cataids", "77")], file);
    assert_eq!(set["data"], "", "vids wins");
    let reply = cover(&vids[0]);
    assert_eq!(reply.body, PNG);
    assert!(reply.head.contains("image/png"));
    assert_ne!(cover(&vids[1]).body, PNG);
    // The other pictures are taken from the video.
    let video = vendor.video(&vids[0]);
    let picture = |nth: usize| {
        let path = video["images_b"][nth].as_str().unwrap();
        send(vendor.at(), "GET", path, &[], b"").body
    };
    assert_eq!(picture(0), PNG);
    assert!(picture(1).starts_with(&[0xff, 0xd8]));
    assert_ne!(picture(1), picture(2));
    let set = vendor.multipart(path, &[("cataids", "1")], file);
    assert_eq!(set["code"], 200);
    assert_eq!(cover(&vids[1]).body, PNG);

    let by_url = |params: &[(&str, &str)]| {
        vendor.envelope("POST", "/v2/video/{}/uploadCoverImageUrl", params)
    };
    let http = ("fileUrl", "http://img.example.test/a.jpg");
    assert_eq!(by_url(&[("vids", &vids[1]), http])["data"], "success");
    assert_ne!(cover(&vids[1]).body, PNG);
    assert_eq!(cover(&vids[0]).body, PNG);
    let https = ("fileUrl", "https://img.example.test/a.jpg");
    assert_eq!(
        refused(by_url(&[("vids", &vids[1]), https])),
        "illegal fileUrl"
    );
    assert_eq!(refused(by_url(&[http])), "vids can't be empty");

    let without = vendor.multipart(path, &[("vids", &vids[0])], ("other", "a", PNG));
    assert_eq!(refused(without), "file can't be empty");
    let empty = vendor.multipart(path, &[("vids", &vids[0])], ("image", "a", b""));
    assert_eq!(refused(empty), "file can't be empty");
    assert_eq!(
        refused(vendor.multipart(path, &[], file)),
        "vids can't be empty"
    );
    assert_eq!(
        refused(vendor.multipart(path, &[("cataids", "77")], file)),
        "illegal cataid"
    );
}

#[test]
fn watermarks_and_courseware_are_looked_at() {
    let vendor = vendor();
    let vid = vendor.builtin();
    let watermark = |params: &[(&str, &str)], content: &[u8]| {
        vendor.multipart(
            "/v2/video/{}/watermarkSetting",
            params,
            ("image", "a.png", content),
        )
    };
    assert_eq!(watermark(&[("watermarkLocation", "4")], PNG)["data"], "");
    assert_eq!(watermark(&[("cataid", "0")], PNG)["data"], "");
    assert_eq!(
        refused(watermark(&[("watermarkLocation", "5")], PNG)),
        "illegal watermarkLocation"
    );
    assert_eq!(refused(watermark(&[], b"no picture")), "illegal image");
    assert_eq!(
        refused(watermark(&[("cataid", "77")], PNG)),
        "illegal cataid"
    );
    let add = |parent: &str| {
        let data = vendor.post(
            "/v2/video/{}/addCata",
            &[("cataname", "x"), ("parentid", parent)],
        );
        data["cataid"].as_str().unwrap().to_owned()
    };
    let first = add("1");
    let second = add(&first);
    assert_eq!(watermark(&[("cataid", &first)], PNG)["code"], 200);
    assert_eq!(
        refused(watermark(&[("cataid", &second)], PNG)),
        "illegal cataid"
    );
    let marked: Vec<String> = vendor
        .things("watermark")
        .into_iter()
        .map(|(id, _)| id)
        .collect();
    assert_eq!(marked, [vendor.user(), "1", &first]);

    let slides = |vid: &str, name: &str, content: &[u8]| {
        vendor.multipart(
            "/v2/video/{}/uploadPPT/asyn",
            &[("vid", vid)],
            ("courseware", name, content),
        )
    };
    assert_eq!(slides(&vid, "a.PPTX", b"slides")["data"], "");
    assert_eq!(
        refused(slides(&vid, "a.doc", b"slides")),
        "illegal courseware"
    );
    assert_eq!(refused(slides(&vid, "a.pdf", b"")), "file can't be empty");
    assert_eq!(
        refused(slides("nobody", "a.pdf", b"slides")),
        "video not found."
    );
    assert_eq!(vendor.things("courseware"), [(vid, Change::Created)]);
}
