//! API 32 to 36.

use serde_json::{Value, json};

use crate::client::{Field, Vendor, multipart, now, send, vendor};

pub(crate) fn post_file(vendor: &Vendor, video: u64, name: &str, file: &str, text: &[u8]) -> Value {
    // The file is not signed, everything else is.
    let signed = vendor.signed(&[("video_id", &video.to_string()), ("name", name)], now());
    let mut fields: Vec<Field<'_>> = signed
        .iter()
        .map(|(name, value)| Field::Text(name, value))
        .collect();
    fields.insert(1, Field::File("subtitle", file, text));
    let (kind, body) = multipart(&fields);
    send(
        vendor.at(),
        "POST",
        "/openapi/video/uploadSubtitle",
        &[("Content-Type", &kind)],
        &body,
    )
    .json()
}

#[test]
fn a_subtitle_is_stored_listed_and_served() {
    let vendor = vendor();
    let video = vendor.film("a.mp4", b"film");
    let text = "WEBVTT\n\n00:00.000 --> 00:01.000\n你好\n";
    let reply = post_file(&vendor, video, "中文 字幕", "a.VTT", text.as_bytes());
    assert_eq!(reply["code"], 0, "{reply}");
    let id = reply["data"]["subtitle_id"]
        .as_str()
        .expect("a text in this call")
        .to_owned();
    let path = vendor.target(reply["data"]["subtitle_path"].as_str().unwrap());
    let served = vendor.get(&path, &[]);
    assert_eq!(
        (served.header("content-type"), served.text()),
        (Some("text/vtt; charset=utf-8"), text.to_owned())
    );

    let list = vendor.call("video/getSubtitleList", &[("video_id", &video.to_string())]);
    let row = &list.as_array().expect("the data is the list")[0];
    assert_eq!(
        row["subtitle_id"],
        json!(id.parse::<u64>().unwrap()),
        "a number in this call"
    );
    assert_eq!(
        (&row["subtitle_name"], &row["is_default"]),
        (&json!("中文 字幕"), &json!(0))
    );
    assert_eq!(row["create_time"], row["update_time"]);
}

#[test]
fn a_subtitle_is_renamed_made_default_and_deleted() {
    let vendor = vendor();
    let video = vendor.film("a.mp4", b"film");
    let add = |name: &str| {
        post_file(&vendor, video, name, "a.srt", b"1")["data"]["subtitle_id"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    let (first, second) = (add("one"), add("two"));
    let video_id = video.to_string();
    let rows = || vendor.query("video/getSubtitleList", &[("video_id", &video_id)]);

    vendor.emulator.advance(std::time::Duration::from_secs(10));
    assert_eq!(
        vendor.call(
            "video/updateSubtitle",
            &[("subtitle_id", &first), ("name", "uno")]
        ),
        Value::Null
    );
    assert_eq!(rows()[0]["subtitle_name"], "uno");
    assert_ne!(rows()[0]["create_time"], rows()[0]["update_time"]);

    let defaults = || -> Vec<u64> {
        rows()
            .as_array()
            .unwrap()
            .iter()
            .map(|row| row["is_default"].as_u64().unwrap())
            .collect()
    };
    for (id, expected) in [(&first, [1, 0]), (&second, [0, 1])] {
        let params = [("video_id", video_id.as_str()), ("subtitle_id", id)];
        assert_eq!(
            vendor.query("video/setDefaultSubtitle", &params),
            Value::Null
        );
        assert_eq!(defaults(), expected);
    }
    let other = vendor.film("b.mp4", b"film").to_string();
    assert_eq!(
        vendor
            .refusal(
                "video/setDefaultSubtitle",
                &[("video_id", &other), ("subtitle_id", &first)]
            )
            .0,
        1001
    );

    assert_eq!(
        vendor.call("video/deleteSubtitle", &[("subtitle_id", &first)]),
        Value::Null
    );
    assert_eq!(
        vendor
            .refusal("video/deleteSubtitle", &[("subtitle_id", &first)])
            .0,
        1001
    );
    assert_eq!(
        vendor.get(&format!("/subtitle/{first}.srt"), &[]).status,
        404
    );
    assert_eq!(rows().as_array().unwrap().len(), 1);
    vendor.call("video/delete", &[("video_id", &video_id)]);
    assert_eq!(
        vendor.get(&format!("/subtitle/{second}.srt"), &[]).status,
        404,
        "it goes with its video"
    );
}

#[test]
fn other_files_are_refused() {
    let vendor = vendor();
    let video = vendor.film("a.mp4", b"film");
    assert_eq!(post_file(&vendor, video, "a", "a.txt", b"1")["code"], 4001);
    assert_eq!(post_file(&vendor, 1, "a", "a.srt", b"1")["code"], 5002);
    assert_eq!(post_file(&vendor, video, "", "a.srt", b"1")["code"], 1001);
    // The form without a file, and a GET, which cannot carry one.
    let params = [("video_id", &*video.to_string()), ("name", "a")];
    let (code, message) = vendor.refusal("video/uploadSubtitle", &params);
    assert!(code == 1001 && message.contains("subtitle"), "{message}");
    let list = vendor.query("video/getSubtitleList", &[("video_id", &video.to_string())]);
    assert_eq!(list, json!([]));
}
