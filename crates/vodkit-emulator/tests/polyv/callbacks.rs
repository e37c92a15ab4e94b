//! What the callback address is told, received by a server made by hand, with each signature made once more.

use std::time::Duration;

use serde_json::{Value, json};
use vodkit_emulator::outcome::{Becomes, Outcome};
use vodkit_emulator::polyv::Account;
use vodkit_emulator::{CallbackOutcome, Emulator};

use crate::client::{Vendor, vendor_with};
use crate::receiver::{Answer, Received, Receiver, attempts, field, md5_lower, names};
use crate::storage::Upload;

/// Divisible by four, since a video goes through quarters of it.
const TRANSCODE: u64 = 40;
const KEY: &str = "key-of-shop000001";

fn vendor(receiver: &Receiver) -> Vendor {
    let account =
        Account::new("shop000001", KEY).with_callback_url(receiver.url("/hooks/polyv?shop=7"));
    vendor_with(
        Emulator::builder()
            .transcode_time(Duration::from_secs(TRANSCODE))
            .polyv(account),
    )
}

/// The parameters of a GET event behind those of the address, signed with this text and the key.
fn of_get(received: &Received, text: &str) -> Vec<(String, String)> {
    assert_eq!(
        (received.method.as_str(), received.path.as_str()),
        ("GET", "/hooks/polyv")
    );
    assert_eq!(received.body, "");
    assert_eq!(received.header("content-type"), None);
    let mut query = received.query();
    assert_eq!(query.remove(0), ("shop".to_owned(), "7".to_owned()));
    assert_eq!(
        field(&query, "sign"),
        md5_lower(&format!("{text}{KEY}")),
        "{text}"
    );
    query
}

/// The JSON of a POST event, whose signature is in the address.
fn of_post(received: &Received, text: &str) -> Value {
    assert_eq!(
        (received.method.as_str(), received.path.as_str()),
        ("POST", "/hooks/polyv")
    );
    let query = received.query();
    assert_eq!(names(&query), ["shop", "sign"]);
    assert_eq!(
        field(&query, "sign"),
        md5_lower(&format!("{text}{KEY}")),
        "{text}"
    );
    let body = received.json();
    assert!(body.get("sign").is_none());
    body
}

fn upload(vendor: &Vendor, title: &str, more: &[(&str, &str)]) -> String {
    let upload = Upload::begin_with(vendor, title, 54, more);
    assert_eq!(upload.put(vendor, &[7; 54]).status, 200);
    upload.vid
}

#[test]
fn an_upload_is_told_from_its_arrival_to_its_review() {
    let receiver = Receiver::agreeing("");
    let vendor = vendor(&receiver);
    let vid = upload(&vendor, "课", &[("state", "order 1&课")]);

    let told = receiver.taken(&vendor.emulator);
    assert_eq!(told.len(), 1);
    let query = of_get(&told[0], &format!("upload{vid}"));
    assert_eq!(names(&query), ["sign", "type", "vid", "state"]);
    assert_eq!(field(&query, "type"), "upload");
    assert_eq!(field(&query, "vid"), vid);
    assert_eq!(field(&query, "state"), "order 1&课");

    // Nothing before three quarters of the time, all of the transcoding then.
    vendor.advance(TRANSCODE / 4 * 3 - 5);
    assert_eq!(receiver.taken(&vendor.emulator), []);
    vendor.advance(5);
    let told = receiver.taken(&vendor.emulator);
    assert_eq!(told.len(), 5);
    let files = [("flv", "1"), ("mp4", "1"), ("flv", "2"), ("mp4", "2")];
    for (received, (format, df)) in told.iter().zip(files) {
        let query = of_get(received, &format!("encode{format}{vid}{df}"));
        assert_eq!(names(&query), ["sign", "type", "format", "vid", "df"]);
        assert_eq!(field(&query, "type"), "encode");
        assert_eq!((field(&query, "format"), field(&query, "df")), (format, df));
        assert_eq!(field(&query, "vid"), vid);
    }
    let body = of_post(&told[4], &format!("TranscodeComplete{vid}"));
    assert_eq!(body["eventType"], "TranscodeComplete");
    assert_eq!(
        (&body["status"], &body["vid"]),
        (&json!("success"), &json!(vid))
    );
    assert_eq!(body.as_object().unwrap().len(), 4);
    let infos = body["videoInfos"].as_array().unwrap();
    assert_eq!(infos.len(), 4);
    for (info, (format, df)) in infos.iter().zip(files) {
        assert_eq!(info["status"], "success");
        assert_eq!(
            (&info["format"], info["df"].to_string().as_str()),
            (&json!(format), df)
        );
        assert_eq!(
            (&info["size"], &info["resolution"]),
            (&json!(54), &json!("1280x720"))
        );
        assert!(info["bitrate"].is_u64() && info["duration"].is_u64());
        assert_eq!(info.as_object().unwrap().len(), 7);
    }

    vendor.advance(TRANSCODE / 4);
    let told = receiver.taken(&vendor.emulator);
    assert_eq!(told.len(), 1);
    let query = of_get(&told[0], &format!("managepass{vid}"));
    assert_eq!(names(&query), ["sign", "type", "vid"]);
    assert_eq!(
        (field(&query, "type"), field(&query, "vid")),
        ("pass", vid.as_str())
    );

    vendor.advance(86_400);
    assert_eq!(receiver.taken(&vendor.emulator), []);
    let events: Vec<String> = attempts(&vendor.emulator)
        .into_iter()
        .map(|(event, number, outcome, record)| {
            assert_eq!((number, outcome), (1, CallbackOutcome::Accepted));
            assert_eq!(record.vendor, Some("polyv"));
            event
        })
        .collect();
    let expected = [
        "upload",
        "encode",
        "encode",
        "encode",
        "encode",
        "TranscodeComplete",
        "pass",
    ];
    assert_eq!(events, expected);
}

#[test]
fn a_rejected_video_is_told_so_and_a_state_only_if_there_is_one() {
    let receiver = Receiver::agreeing("");
    let vendor = vendor(&receiver);
    let vid = upload(&vendor, "审核不通过", &[]);
    vendor.advance(TRANSCODE);
    let told = receiver.taken(&vendor.emulator);
    assert_eq!(told.len(), 7);
    assert_eq!(
        names(&of_get(&told[0], &format!("upload{vid}"))),
        ["sign", "type", "vid"]
    );
    let query = of_get(&told[6], &format!("managenopass{vid}"));
    assert_eq!(field(&query, "type"), "nopass");
}

#[test]
fn an_encrypted_video_has_its_own_formats_and_a_kept_source_none() {
    let receiver = Receiver::agreeing("");
    let vendor = vendor(&receiver);
    let set = [("encrypt", "1"), ("hlslevel", "web")];
    vendor.post("/v2/setting/{}/set-playsafe", &set);
    let vid = upload(&vendor, "locked", &[]);
    vendor.advance(TRANSCODE);
    let told = receiver.taken(&vendor.emulator);
    for (received, (format, df)) in
        told[1..5]
            .iter()
            .zip([("pdx", 1), ("m3u8", 1), ("pdx", 2), ("m3u8", 2)])
    {
        of_get(received, &format!("encode{format}{vid}{df}"));
    }

    let vid = upload(&vendor, "kept", &[("keepsource", "1")]);
    vendor.advance(TRANSCODE);
    let told = receiver.taken(&vendor.emulator);
    assert_eq!(told.len(), 2);
    of_get(&told[0], &format!("upload{vid}"));
    of_get(&told[1], &format!("managepass{vid}"));
}

#[test]
fn pulled_files_are_told_when_they_arrive_or_fail() {
    let receiver = Receiver::agreeing("");
    let vendor = vendor(&receiver);
    let urls = "https://files.example.test/1.mp4,ftp://files.example.test/课 2.mp4?a=1&b=2";
    let params = [("fileUrl", urls), ("title", "good,no good & 课")];
    vendor.post("/v2/video/grab/{}/upload/multi", &params);
    let vid = vendor.things("video").remove(0).0;
    assert_eq!(receiver.taken(&vendor.emulator), []);
    vendor.advance(TRANSCODE / 2);
    let told = receiver.taken(&vendor.emulator);
    assert_eq!(told.len(), 2);
    of_get(&told[0], &format!("upload{vid}"));
    // Signed as it was sent to the vendor, not as it stands in the query.
    let failed = "ftp://files.example.test/课 2.mp4?a=1&b=2";
    let query = of_get(&told[1], &format!("async_upload{failed}"));
    assert_eq!(names(&query), ["sign", "fileUrl", "type", "title"]);
    assert_eq!(field(&query, "fileUrl"), failed);
    assert_eq!(field(&query, "type"), "async_upload");
    assert_eq!(field(&query, "title"), "no good & 课");
    vendor.advance(TRANSCODE);
    assert_eq!(receiver.taken(&vendor.emulator).len(), 6);
}

#[test]
fn a_pull_that_is_called_off_tells_nothing_of_its_videos() {
    let receiver = Receiver::agreeing("");
    let vendor = vendor(&receiver);
    vendor.film("never");
    let task = vendor.things("pull task").remove(0).0;
    vendor.post("/v2/video/grab/{}/delete", &[("taskId", &task)]);
    vendor.advance(2 * TRANSCODE);
    assert_eq!(receiver.taken(&vendor.emulator), []);
}

#[test]
fn what_is_made_of_other_videos_does_not_arrive() {
    let receiver = Receiver::agreeing("");
    let vendor = vendor(&receiver);
    let vid = vendor.builtin();
    let params = [
        ("vids", format!("{vid},{vid}")),
        ("title", "two".to_owned()),
    ];
    let params: Vec<(&str, &str)> = params
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    let joined = vendor.post("/v2/video/{}/concat", &params)["concatVid"].clone();
    let joined = joined.as_str().unwrap();
    vendor.advance(TRANSCODE);
    let told = receiver.taken(&vendor.emulator);
    assert_eq!(told.len(), 6);
    of_get(&told[0], &format!("encodeflv{joined}1"));
    let body = of_post(&told[4], &format!("TranscodeComplete{joined}"));
    // Nobody has its file: 35 and 60 hundredths of twelve million bytes, in 96 seconds.
    let info = &body["videoInfos"][0];
    assert_eq!(
        (&info["size"], &info["duration"]),
        (&json!(4_200_000), &json!(96))
    );
    assert_eq!(info["bitrate"], json!(4_200_000 * 8 / 1000 / 96));
}

#[test]
fn deletions_are_told_once_for_all_videos_of_a_call() {
    let receiver = Receiver::agreeing("");
    let vendor = vendor(&receiver);
    let vids = vendor.films(&["one", "two"]);
    vendor.advance(2 * TRANSCODE);
    assert_eq!(receiver.taken(&vendor.emulator).len(), 14);

    let both = vids.join(",");
    let deleted = |path: &str, name: &str, vids: &str, kind: &str| {
        let user = vendor.user();
        let params = [("userId", user), (name, vids), ("deleteType", kind)];
        vendor.post(
            path,
            if name == "vids" {
                &params
            } else {
                &params[1..]
            },
        );
        let told = receiver.taken(&vendor.emulator);
        assert_eq!(told.len(), 1);
        let body = of_post(&told[0], "DeleteMediaComplete");
        assert_eq!(body["eventType"], "DeleteMediaComplete");
        assert_eq!(
            (&body["status"], &body["vids"]),
            (&json!("success"), &json!(vids))
        );
        assert_eq!(body["operator"], "shop000001@example.test");
        let time = body["operateTime"].as_str().unwrap();
        let shape = |c: char| if c.is_ascii_digit() { 'd' } else { c };
        assert_eq!(
            time.chars().map(shape).collect::<String>(),
            "dddd-dd-dd dd:dd:dd"
        );
        assert_eq!(body.as_object().unwrap().len(), 6);
        body["deleteType"].as_str().unwrap().to_owned()
    };
    assert_eq!(
        deleted("/v2/video/del-videos", "vids", &both, "1"),
        "MoveToTrash"
    );
    assert_eq!(
        deleted("/v2/video/del-videos", "vids", &both, "2"),
        "DeletePermanently"
    );
    let vid = vendor.builtin();
    assert_eq!(
        deleted("/v2/video/{}/del-video", "vid", &vid, "1"),
        "MoveToTrash"
    );
}

#[test]
fn uploads_of_no_use_are_told_in_place_of_good_ones() {
    let receiver = Receiver::agreeing("");
    let vendor = vendor(&receiver);
    let outcomes = vendor.emulator.outcomes();
    outcomes.plan(Outcome::of("polyv", Becomes::InvalidFile));
    outcomes.plan(Outcome::of("polyv", Becomes::NotSynced));
    let invalid = upload(&vendor, "a", &[("state", "order 1")]);
    let unsynced = upload(&vendor, "b", &[("state", "order 2")]);
    let told = receiver.taken(&vendor.emulator);
    assert_eq!(told.len(), 2);
    // The page signs this type with the word of the other.
    let query = of_get(&told[0], &format!("upload{invalid}"));
    assert_eq!(names(&query), ["sign", "type", "vid", "state"]);
    assert_eq!(field(&query, "type"), "invalidVideo");
    assert_eq!(
        (field(&query, "vid"), field(&query, "state")),
        (invalid.as_str(), "order 1")
    );
    let query = of_get(&told[1], &format!("videoSyncedFail{unsynced}"));
    assert_eq!(names(&query), ["sign", "type", "vid"]);
    assert_eq!(field(&query, "type"), "videoSyncedFail");
    assert_eq!(field(&query, "vid"), unsynced);
    vendor.advance(TRANSCODE * 2);
    assert_eq!(receiver.taken(&vendor.emulator), []);
}

#[test]
fn failed_transcodings_and_objections_are_told() {
    let receiver = Receiver::agreeing("");
    let vendor = vendor(&receiver);
    let outcomes = vendor.emulator.outcomes();
    for becomes in [
        Becomes::TranscodingFails,
        Becomes::RenditionFails,
        Becomes::ScanObjects,
    ] {
        outcomes.plan(Outcome::of("polyv", becomes));
    }
    let broken = upload(&vendor, "broken", &[]);
    let half = upload(&vendor, "half", &[]);
    vendor.advance(TRANSCODE);
    let told = receiver.taken(&vendor.emulator);
    let of = |vid: &str| -> Vec<&Received> {
        let is_of = |received: &&Received| {
            let query = received.query();
            let of_query = query
                .iter()
                .any(|(name, value)| name == "vid" && value == vid);
            of_query || received.body.contains(vid)
        };
        told.iter().filter(is_of).collect()
    };
    let files = [("flv", "1"), ("mp4", "1"), ("flv", "2"), ("mp4", "2")];
    let check = |told: &[&Received], vid: &str, words: [&str; 4]| {
        for ((received, (format, df)), word) in told.iter().zip(files).zip(words) {
            let query = of_get(received, &format!("{word}{format}{vid}{df}"));
            assert_eq!(
                (field(&query, "type"), field(&query, "format")),
                (word, format)
            );
        }
        of_post(told[4], &format!("TranscodeComplete{vid}"))
    };
    // Nothing of the first after its transcoding: neither scan nor review.
    let first = of(&broken);
    assert_eq!(first.len(), 6);
    let body = check(&first[1..], &broken, ["encode_failed"; 4]);
    assert_eq!(body["status"], "fail");
    let failed = json!({ "status": "fail", "format": "flv", "df": 1 });
    assert_eq!(body["videoInfos"][0], failed);
    let second = of(&half);
    assert_eq!(second.len(), 8);
    let body = check(
        &second[1..],
        &half,
        ["encode", "encode", "encode_failed", "encode_failed"],
    );
    assert_eq!(body["status"], "success");
    let statuses: Vec<&Value> = (0..4).map(|at| &body["videoInfos"][at]["status"]).collect();
    assert_eq!(statuses, ["success", "success", "fail", "fail"]);
    assert_eq!(body["videoInfos"][1]["size"], 54);
    let body = of_post(second[6], "AIContentScanNotPassed");
    assert_eq!(
        (&body["vid"], &body["scanSource"]),
        (&json!(half), &json!("video"))
    );
    let picture = body["scanResults"][0]["imageUrl"].as_str().unwrap();
    let target = picture.strip_prefix(vendor.emulator.base_url()).unwrap();
    let shown = crate::client::send(vendor.at(), "GET", target, &[], b"");
    assert_eq!(shown.status, 200, "{picture}");
    assert_eq!(body["scanResults"][0].as_object().unwrap().len(), 5);
    of_get(second[7], &format!("managepass{half}"));
}

#[test]
fn a_video_that_was_deleted_meanwhile_is_not_told_of() {
    let receiver = Receiver::agreeing("");
    let vendor = vendor(&receiver);
    let vid = upload(&vendor, "gone", &[]);
    vendor.post("/v2/video/{}/del-video", &[("vid", &vid)]);
    vendor.advance(TRANSCODE);
    let told = receiver.taken(&vendor.emulator);
    assert_eq!(told.len(), 2);
    of_get(&told[0], &format!("upload{vid}"));
    of_post(&told[1], "DeleteMediaComplete");
}

#[test]
fn courseware_is_told_with_pictures_that_are_there() {
    let receiver = Receiver::agreeing("");
    let vendor = vendor(&receiver);
    let vid = vendor.builtin();
    let file = ("courseware", "lesson.pdf", b"%PDF-".as_slice());
    let reply = vendor.multipart("/v2/video/{}/uploadPPT/asyn", &[("vid", &vid)], file);
    assert_eq!(reply["code"], 200, "{reply}");
    assert_eq!(receiver.taken(&vendor.emulator), []);
    vendor.advance(TRANSCODE);
    let told = receiver.taken(&vendor.emulator);
    assert_eq!(told.len(), 1);
    let body = of_post(&told[0], "CoursewareConvertComplete");
    assert_eq!(body["eventType"], "CoursewareConvertComplete");
    assert_eq!(
        (&body["status"], &body["vid"]),
        (&json!("success"), &json!(vid))
    );
    let page = &body["convertedImages"][0];
    assert_eq!(
        (&page["pageNo"], &page["pageTitle"]),
        (&json!(1), &json!(""))
    );
    for name in ["pageImage", "pageThumbnail"] {
        let url = page[name].as_str().unwrap();
        let target = url.strip_prefix(vendor.emulator.base_url()).unwrap();
        let picture = crate::client::send(vendor.at(), "GET", target, &[], b"");
        assert_eq!(picture.status, 200, "{url}");
    }
}

#[test]
fn nothing_is_sent_twice() {
    for answer in [
        Answer::Reply(500, ""),
        Answer::Reply(204, ""),
        Answer::Close,
    ] {
        let receiver = Receiver::start(&[answer]);
        let vendor = vendor(&receiver);
        let vid = upload(&vendor, "once", &[]);
        vendor.advance(TRANSCODE);
        vendor.advance(86_400);
        let told = receiver.taken(&vendor.emulator);
        assert_eq!(told.len(), 7, "{answer:?}");
        of_get(&told[6], &format!("managepass{vid}"));
        let outcomes = attempts(&vendor.emulator);
        let failed = |outcome: &CallbackOutcome| *outcome != CallbackOutcome::Accepted;
        assert!(
            outcomes
                .iter()
                .all(|(_, number, outcome, _)| *number == 1 && failed(outcome))
        );
    }
}

#[test]
fn accounts_are_told_of_their_own_videos_with_their_own_keys() {
    let receivers = [Receiver::agreeing(""), Receiver::agreeing("")];
    let accounts = ["shop000001", "shop000002"]
        .into_iter()
        .zip(&receivers)
        .map(|(user, receiver)| {
            Account::new(user, format!("key-of-{user}"))
                .with_callback_url(receiver.url("/hooks/polyv"))
        });
    let accounts: Vec<Account> = accounts.collect();
    let builder = Emulator::builder().transcode_time(Duration::from_secs(TRANSCODE));
    let builder = accounts
        .iter()
        .cloned()
        .fold(builder, |builder, account| builder.polyv(account));
    let mut vendor = vendor_with(builder);
    vendor.account = accounts[1].clone();
    let vid = upload(&vendor, "second", &[]);
    assert_eq!(receivers[0].taken(&vendor.emulator), []);
    let told = receivers[1].taken(&vendor.emulator);
    assert_eq!(told.len(), 1);
    let sign = md5_lower(&format!("upload{vid}key-of-shop000002"));
    assert_eq!(field(&told[0].query(), "sign"), sign);
}
