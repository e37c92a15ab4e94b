//! QuVideo's own part of going on: the cover, a video that may be orphaned, publishing.

use std::sync::{Arc, Mutex};

use serde_json::json;
use vodkit_request::quvideo::{Abandon, QuVideo, Upload, Uploaded};
use vodkit_request::testing::{Reply, ScriptedTransport};
use vodkit_request::transport::FileFacts;
use vodkit_request::transport::TransportErrorKind::Interrupted;
use vodkit_request::types::FileInput;
use vodkit_request::upload::{Begun, Journal, Mark, Note, Opened, Transfer};
use vodkit_request::{Error, ErrorKind, Run, Session, Timestamp};

use crate::script::{CONTENT, CRC64, MD5, VIDEO, Vendor, film, granted, packed, refused, stored};
use crate::world::Kept;

const BASE: &str = "http://app.example.test:8080";
const PUBLISHED: &str =
    r#"{"result":"true","requestId":"r-2","message":"","code":"200","data":{"id":1,"title":"t"}}"#;
const COVER_URL: &str = "https://img.example.test/c.jpg?Signature=canary";

fn begun() -> Mark {
    Mark::Begun(Begun {
        vendor: "quvideo".to_owned(),
        account: BASE.to_owned(),
        file_name: "第一课 1.MP4".to_owned(),
        facts: FileFacts::of_len(CONTENT.len() as u64),
    })
}

fn creating() -> Mark {
    Mark::Creating {
        at: Timestamp(1_700_000_000_000),
    }
}

fn created() -> Mark {
    Mark::Created {
        video: VIDEO.to_owned(),
    }
}

fn completed() -> Mark {
    Mark::Completed {
        etag: Some(MD5.to_owned()),
        crc64: CRC64.parse().ok(),
    }
}

/// Keys for a picture.
fn picture() -> Reply {
    let mut reply = granted(
        "https://oss.example.test",
        "test-bucket",
        "image/cover/c.jpg",
    );
    let data = reply["data"].as_object_mut().unwrap();
    data.remove("videoId");
    data.insert("imageId".to_owned(), json!("i-1"));
    data.insert("imageURL".to_owned(), json!(COVER_URL));
    Reply::json(reply.to_string())
}

fn picture_is_stored() -> Reply {
    Reply::status(200, "").header("etag", "\"x\"")
}

fn listed(video: &str) -> Reply {
    Reply::json(format!(
        r#"{{"result":"true","requestId":"r-3","message":"","code":"200","data":{{"total":1,"videoList":[{{"id":"1","videoId":"{video}"}}]}}}}"#
    ))
}

/// What came of a process: its result, the last parts of the paths it asked for, and its notes.
struct Told {
    result: Result<Uploaded, Error>,
    asked: Vec<String>,
    log: Vec<String>,
    notes: Vec<Note>,
}

fn told(past: &[Mark], replies: &[Reply], set: impl Fn(Upload<'_>) -> Upload<'_>) -> Told {
    let session =
        Session::new(QuVideo::new(BASE.parse().unwrap()).with_token("test-token-0123456789"));
    let transport = ScriptedTransport::new(replies.iter().cloned());
    let notes = Arc::new(Mutex::new(Vec::new()));
    let sink = Arc::clone(&notes);
    let records: Vec<Vec<u8>> = past.iter().map(Mark::to_record).collect();
    let journal = Journal::resume(Arc::new(Kept::default()), records).unwrap();
    let transfer = Transfer::new()
        .journal(journal)
        .notes(move |note| sink.lock().unwrap().push(note));
    let upload = set(Upload::new(&session, film()).transfer(transfer));
    let result = Run::new(&transport, upload).send();
    assert_eq!(transport.unused(), 0, "{:#?}", transport.log());
    let asked = transport
        .sent()
        .iter()
        .map(|sent| {
            let path = sent.request.uri().path();
            let last = path.rsplit('/').next().unwrap_or_default();
            format!("{} {last}", sent.request.method())
        })
        .collect();
    let log = transport.log();
    let notes = notes.lock().unwrap().clone();
    Told {
        result,
        asked,
        log,
        notes,
    }
}

fn with_cover(upload: Upload<'_>) -> Upload<'_> {
    upload.cover(FileInput::bytes("Cover.JPG", *b"a picture"))
}

#[test]
fn the_cover_is_sent_first_and_its_address_is_that_of_the_video() {
    let video = Vendor::QuVideo.grant();
    let replies = [
        picture(),
        picture_is_stored(),
        video,
        stored(),
        Reply::json(PUBLISHED),
    ];
    let told = told(&[], &replies, with_cover);
    assert!(told.result.is_ok(), "{:?}", told.result);
    assert_eq!(
        told.asked,
        [
            "GET getImageUploadAuth",
            "PUT c.jpg",
            "GET getVideoUploadAuth",
            "PUT %E8%AF%BE%201.mp4",
            "POST videoPublish"
        ]
    );
    let asks: Vec<&String> = told
        .log
        .iter()
        .filter(|line| line.contains("/vod/"))
        .collect();
    assert!(
        asks[0].contains("imageExt=jpg&imageType=cover"),
        "{}",
        asks[0]
    );
    let encoded = "https%3A%2F%2Fimg.example.test%2Fc.jpg%3FSignature%3Dcanary";
    assert!(
        asks[1].contains(&format!("coverURL={encoded}")),
        "{}",
        asks[1]
    );
    assert!(
        asks[2].contains(&format!("coverUrl={encoded}")),
        "{}",
        asks[2]
    );
    // The address is signed, so no record has it.
    assert!(
        told.log
            .iter()
            .all(|line| !(line.starts_with("keep") && line.contains("canary")))
    );
}

#[test]
fn a_cover_that_cannot_be_sent_creates_no_video() {
    for file in [
        FileInput::bytes("c.jpg", *b""),
        FileInput::path("/tmp/none.jpg"),
    ] {
        let told = told(&[], &[], |upload| upload.cover(file.clone()));
        let error = told.result.unwrap_err();
        assert_eq!(
            (error.kind(), error.created()),
            (ErrorKind::LocalFile, None)
        );
    }
    let refusal = refused(403, "AccessDenied");
    let told = told(&[], &[picture(), refusal], with_cover);
    let error = told.result.unwrap_err();
    assert_eq!(
        (error.kind(), error.created()),
        (ErrorKind::Credential, None)
    );
}

/// Other keys are keys for another picture.
#[test]
fn a_cover_whose_keys_have_ended_is_sent_as_another_picture() {
    let ended = || refused(403, "SecurityTokenExpired");
    let replies = [
        picture(),
        ended(),
        picture(),
        picture_is_stored(),
        Vendor::QuVideo.grant(),
        stored(),
        Reply::json(PUBLISHED),
    ];
    let told = told(&[], &replies, with_cover);
    assert!(told.result.is_ok(), "{:?}", told.result);
    let once = ["GET getImageUploadAuth", "PUT c.jpg"];
    assert_eq!(told.asked[..4], [once, once].concat());

    // Not for ever.
    let told = self::told(&[], &[picture(), ended(), picture(), ended()], with_cover);
    let error = told.result.unwrap_err();
    assert_eq!(error.code(), Some("SecurityTokenExpired"));
}

#[test]
fn a_video_that_may_be_orphaned_is_told_of() {
    let replies = [Vendor::QuVideo.grant(), stored()];
    let told = told(&[begun(), creating()], &replies, |upload| {
        upload.title("课").unpublished()
    });
    assert!(told.result.is_ok(), "{:?}", told.result);
    let what = "a video without content, titled `课`".to_owned();
    assert_eq!(told.notes, [Note::MayBeOrphaned { what }]);
}

#[test]
fn it_goes_on_with_the_same_video_and_a_fresh_cover() {
    let past = [begun(), creating(), created()];
    let replies = [
        picture(),
        picture_is_stored(),
        Vendor::QuVideo.renewal(),
        stored(),
        Reply::json(PUBLISHED),
    ];
    let told = told(&past, &replies, with_cover);
    assert_eq!(told.result.unwrap().video_id, VIDEO);
    assert_eq!(told.asked[2], "GET refreshVideoUploadAuth");
    // Who publishes it later has the cover already, or none.
    let replies = [Vendor::QuVideo.renewal(), stored()];
    let told = self::told(&past, &replies, |upload| with_cover(upload).unpublished());
    assert!(told.result.is_ok(), "{:?}", told.result);
}

#[test]
fn what_is_stored_is_published_only() {
    let past = [
        begun(),
        creating(),
        created(),
        Mark::Completing,
        completed(),
    ];
    let replies = [picture(), picture_is_stored(), Reply::json(PUBLISHED)];
    let published = told(&past, &replies, with_cover);
    let uploaded = published.result.unwrap();
    assert_eq!(uploaded.stored.etag.as_deref(), Some(MD5));
    assert_eq!(published.asked[2], "POST videoPublish");
    assert!(
        published
            .log
            .iter()
            .any(|line| line.contains("\"finishing\""))
    );

    let told = told(&past, &[], |upload| upload.unpublished());
    assert!(told.result.is_ok(), "{:?}", told.result);
    assert_eq!(told.log, ["keep {\"mark\":\"finished\"}"]);
}

#[test]
fn what_may_be_published_is_looked_up_first() {
    let past = [
        begun(),
        creating(),
        created(),
        Mark::Completing,
        completed(),
        Mark::Finishing,
    ];
    let there = told(&past, &[listed(VIDEO)], with_cover);
    assert!(there.result.is_ok(), "{:?}", there.result);
    assert_eq!(there.asked, ["GET getPersonalVideoList"]);
    let replies = [
        listed("other"),
        picture(),
        picture_is_stored(),
        Reply::json(PUBLISHED),
    ];
    let not_there = told(&past, &replies, with_cover);
    assert!(not_there.result.is_ok(), "{:?}", not_there.result);
    let without = told(
        &past,
        &[listed("other"), Reply::json(PUBLISHED)],
        |upload| upload.cover_url("https://img.example.test/1.jpg"),
    );
    assert!(without.result.is_ok(), "{:?}", without.result);
    // Whoever cannot look does not publish either.
    let lost = [Interrupted; 3].map(Reply::fails);
    let error = told(&past, &lost, with_cover).result.unwrap_err();
    assert_eq!(
        (error.kind(), error.created()),
        (ErrorKind::Interrupted, Some(VIDEO))
    );
    assert!(
        error.to_string().contains("may not be published"),
        "{error}"
    );
}

#[test]
fn what_is_finished_is_not_asked_about() {
    let past = [
        begun(),
        created(),
        completed(),
        Mark::Finishing,
        Mark::Finished,
    ];
    let told = told(&past, &[], with_cover);
    assert_eq!(told.result.unwrap().video_id, VIDEO);
    assert!(told.log.is_empty(), "{:?}", told.log);
}

#[test]
fn an_upload_is_given_up_with_keys_of_its_video() {
    let opened = Mark::Opened(Opened {
        upload_id: "U1".to_owned(),
        place: "test-bucket/sv/a/课 1.mp4".to_owned(),
        part_size: 1 << 20,
    });
    let records = [begun(), created(), opened].map(|mark| mark.to_record());
    let kept = Arc::new(Kept::default());
    let session =
        Session::new(QuVideo::new(BASE.parse().unwrap()).with_token("test-token-0123456789"));
    let transport = ScriptedTransport::new([Vendor::QuVideo.renewal(), Reply::status(204, "")]);
    let journal = Journal::resume(kept.clone(), records).unwrap();
    let abandoned = Run::new(&transport, Abandon::new(&session, journal))
        .send()
        .unwrap();
    assert!(abandoned.aborted);
    assert_eq!(abandoned.video.as_deref(), Some(VIDEO));
    let last = transport.sent().pop().unwrap();
    assert_eq!(last.request.method(), "DELETE");
    assert_eq!(last.request.uri().query(), Some("uploadId=U1"));
    assert_eq!(
        kept.0.lock().unwrap().last().unwrap(),
        &Mark::Forgotten.to_record()
    );
    // Another server's journal gives nothing up here.
    let other = Mark::Begun(Begun {
        vendor: "quvideo".to_owned(),
        account: "http://elsewhere.example.test".to_owned(),
        file_name: packed(&json!(1)),
        facts: FileFacts::of_len(1),
    });
    let journal = Journal::resume(kept, [other.to_record()]).unwrap();
    let error = Run::new(&transport, Abandon::new(&session, journal))
        .send()
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
}

#[test]
fn a_video_is_written_down_before_its_address_is_read() {
    let mut reply = granted("https://oss.example.test", "b", "k");
    reply["data"]["uploadAddress"] = "%%%".into();
    let replies = [Reply::json(reply.to_string())];
    let told = told(&[], &replies, |upload| upload.unpublished());
    let error = told.result.unwrap_err();
    assert_eq!(
        (error.kind(), error.created()),
        (ErrorKind::Decode, Some(VIDEO))
    );
    let created = String::from_utf8(created().to_record()).unwrap();
    assert_eq!(told.log.last(), Some(&format!("keep {created}")));
}

/// A transport of somebody's own reads no files.
#[test]
fn what_cannot_be_read_is_not_taken_for_the_file() {
    let path = "/tmp/第一课 1.MP4";
    let run = |past: &[Mark], replies: &[Reply]| {
        let base = BASE.parse().unwrap();
        let session = Session::new(QuVideo::new(base).with_token("test-token-0123456789"));
        let len = CONTENT.len() as u64;
        let transport = ScriptedTransport::new(replies.iter().cloned()).file(path, len);
        let records: Vec<Vec<u8>> = past.iter().map(Mark::to_record).collect();
        let journal = Journal::resume(Arc::new(Kept::default()), records).unwrap();
        let upload = Upload::new(&session, FileInput::path(path))
            .unpublished()
            .transfer(Transfer::new().journal(journal));
        let result = Run::new(&transport, upload).send();
        assert_eq!(transport.unused(), 0, "{:#?}", transport.log());
        result
    };
    // It is sent again.
    let there = stored().header("content-length", &CONTENT.len().to_string());
    let past = [begun(), created(), Mark::Completing];
    let mut renewed = granted("https://oss.example.test", "b", "k");
    renewed["data"]["videoId"] = VIDEO.into();
    let replies = [Reply::json(renewed.to_string()), there, stored()];
    assert!(run(&past, &replies).is_ok());
    // As it was, it is done; touched since, nobody knows.
    let past = |modified: Option<i64>| {
        let mut begun = begun();
        if let Mark::Begun(begun) = &mut begun {
            begun.facts.modified = modified.map(Timestamp);
        }
        [begun, created(), completed()]
    };
    assert!(run(&past(None), &[]).is_ok());
    let error = run(&past(Some(1)), &[]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::LocalFile);
    assert!(
        error.to_string().contains("nothing tells whether"),
        "{error}"
    );
}
