//! QuVideo's own part: the cover, and publishing.

use std::sync::{Arc, Mutex};

use serde_json::json;
use vodkit_request::quvideo::{PublishVideo, QuVideo, Upload};
use vodkit_request::testing::{Reply, ScriptedTransport};
use vodkit_request::upload::Transfer;
use vodkit_request::{ErrorKind, Limits, Progress, ProgressSink, RetryPolicy, Run, Session};

use crate::script::{
    CONTENT, ID, SECRET, TOKEN, Told, VIDEO, Vendor, film, granted, of_quvideo, packed, stored,
};

const PUBLISHED: &str =
    r#"{"result":"true","requestId":"r-2","message":"","code":"200","data":{"id":1,"title":"t"}}"#;

const COVER: &str = "https://img.example.test/1.jpg";

type Set<'a> = &'a dyn for<'s> Fn(Upload<'s>) -> Upload<'s>;

fn upload(replies: &[Reply], set: Set<'_>) -> Told {
    let script = || ScriptedTransport::new(replies.iter().cloned());
    of_quvideo(&script, RetryPolicy::STANDARD, set, film())
}

#[test]
fn a_cover_is_needed_before_anything_is_sent() {
    let told = upload(&[], &|upload| upload);
    let error = told.error();
    assert_eq!(
        (error.kind(), error.created()),
        (ErrorKind::InvalidInput, None)
    );
    assert!(
        error
            .to_string()
            .contains("give cover or cover_url, or leave publishing out"),
        "{error}"
    );
    assert!(told.sent.is_empty());

    let replies = [Vendor::QuVideo.grant(), stored(), Reply::json(PUBLISHED)];
    let cover = "https://img.example.test/1.jpg";
    let publish = || PublishVideo::new().cover_url(cover);
    let sets: [Set<'_>; 3] = [
        &|upload| upload.cover_url(cover),
        &|upload| upload.publish(publish()),
        &|upload| upload.order(|order| order.cover_url(cover)),
    ];
    for set in sets {
        let told = upload(&replies, set);
        assert!(told.result.is_ok(), "{:?}", told.result);
        let last = told.log.last().unwrap();
        for pair in [
            format!("videoId={VIDEO}"),
            "title=%E7%AC%AC%E4%B8%80%E8%AF%BE%201.MP4".to_owned(),
            "size=17".to_owned(),
            "coverUrl=https%3A%2F%2Fimg.example.test%2F1.jpg".to_owned(),
        ] {
            assert!(last.contains(&pair), "{pair}: {last}");
        }
    }
}

#[test]
fn what_is_set_for_publishing_wins() {
    let replies = [Vendor::QuVideo.grant(), stored(), Reply::json(PUBLISHED)];
    let told = upload(&replies, &|upload| {
        upload
            .title("one")
            .cover_url("https://img.example.test/1.jpg")
            .publish(PublishVideo::new().title("two").size(7u64))
    });
    let (first, last) = (&told.log[0], told.log.last().unwrap());
    assert!(
        first.contains("title=one") && first.contains("fileSize=17"),
        "{first}"
    );
    assert!(
        last.contains("title=two") && last.contains("size=7"),
        "{last}"
    );
}

#[test]
fn a_failure_to_publish_keeps_the_video() {
    let refused = r#"{"result":"false","requestId":"r-2","message":"no","code":"406","data":null}"#;
    let told = upload(
        &[Vendor::QuVideo.grant(), stored(), Reply::json(refused)],
        &|upload| upload.cover_url(COVER),
    );
    let error = told.error();
    assert_eq!(
        (error.kind(), error.created()),
        (ErrorKind::Refused, Some(VIDEO))
    );
    assert_eq!(told.sent.len(), 3);
    let wanted = format!("Video {VIDEO} has its content, but may not be published");
    assert!(error.to_string().ends_with(&wanted), "{error}");
}

fn listed(video: &str, total: u64) -> Reply {
    Reply::json(format!(
        r#"{{"result":"true","requestId":"r-3","message":"","code":"200","data":{{"total":{total},"videoList":[{{"id":"1","videoId":"{video}"}}]}}}}"#
    ))
}

#[test]
fn after_a_lost_reply_it_is_looked_up_whether_the_video_is_published() {
    let lost = || Reply::fails(vodkit_request::transport::TransportErrorKind::Interrupted);
    let paths = |told: &Told| -> Vec<String> {
        let after = told.sent[3..].iter();
        after
            .map(|request| request.uri().path().to_owned())
            .collect()
    };
    let (publish, list) = ("/vod/videoPublish", "/vod/getPersonalVideoList");
    let begin = [Vendor::QuVideo.grant(), stored(), lost()];
    let with = |more: &[Reply]| {
        let replies: Vec<Reply> = begin.iter().chain(more).cloned().collect();
        upload(&replies, &|upload| upload.cover_url(COVER))
    };
    // It is.
    let told = with(&[listed(VIDEO, 1)]);
    assert!(told.result.is_ok(), "{:?}", told.result);
    assert_eq!(paths(&told), [list]);
    // It is on the second page.
    let told = with(&[listed("other", 51), listed(VIDEO, 51)]);
    assert!(told.result.is_ok(), "{:?}", told.result);
    assert_eq!(paths(&told), [list, list]);
    assert!(
        told.log.last().unwrap().contains("pageIndex=2"),
        "{:?}",
        told.log.last()
    );
    // It is not.
    let told = with(&[listed("other", 50), Reply::json(PUBLISHED)]);
    assert!(told.result.is_ok(), "{:?}", told.result);
    assert_eq!(paths(&told), [list, publish]);
    // Not for ever.
    let told = with(&[listed("other", 1), lost()]);
    assert_eq!(
        (told.error().kind(), told.error().created()),
        (ErrorKind::OutcomeUnknown, Some(VIDEO))
    );
}

#[test]
fn a_size_that_the_server_has_no_room_for_is_left_out() {
    for (bytes, told_of) in [((1u64 << 31) - 1, true), (1 << 31, false)] {
        let replies = [Vendor::QuVideo.grant(), stored(), Reply::json(PUBLISHED)];
        let script = || ScriptedTransport::new(replies.iter().cloned()).file("/tmp/a.mp4", bytes);
        let told = of_quvideo(
            &script,
            RetryPolicy::STANDARD,
            &|upload| {
                // Whole, as far as the storage takes it.
                let transfer = Transfer::new().part_size(5 << 30);
                upload.cover_url(COVER).transfer(transfer)
            },
            vodkit_request::types::FileInput::path("/tmp/a.mp4"),
        );
        assert_eq!(told.result.as_ref().unwrap().1, bytes);
        let last = told.log.last().unwrap();
        assert_eq!(last.contains("size="), told_of, "{last}");
        assert!(
            told.log[1].contains(&format!("fileSize={bytes}")),
            "{}",
            told.log[1]
        );
    }
}

#[test]
fn a_grant_that_cannot_be_read_names_the_video() {
    let broken = |member: &str, value: &str| {
        let mut reply = granted("https://oss.example.test", "b", "k");
        reply["data"][member] = value.into();
        Reply::json(reply.to_string())
    };
    for (reply, words) in [
        (
            broken("uploadAddress", "%%%"),
            "uploadAddress of the reply: the credential is not base64",
        ),
        (
            broken("uploadAuth", "e30="),
            "uploadAuth of the reply: the credential does not hold",
        ),
        (
            broken(
                "uploadAddress",
                &packed(&json!({ "Endpoint": "ftp://x", "Bucket": "b", "FileName": "k" })),
            ),
            "base URL",
        ),
        (
            broken(
                "uploadAuth",
                &packed(
                    &json!({ "AccessKeyId": "a\nb", "AccessKeySecret": SECRET, "SecurityToken": TOKEN }),
                ),
            ),
            "no header can carry",
        ),
    ] {
        let told = upload(&[reply], &|upload| upload.unpublished());
        assert_eq!(told.error().created(), Some(VIDEO), "{words}");
        assert!(told.error().to_string().contains(words), "{}", told.error());
        assert_eq!(told.sent.len(), 1);
    }
}

#[test]
fn progress_limits_and_the_id_are_told() {
    let base = "http://app.example.test:8080".parse().unwrap();
    let session = Session::new(QuVideo::new(base).with_token("test-token-0123456789"));
    let (told, created) = (
        Arc::new(Mutex::new(Vec::new())),
        Arc::new(Mutex::new(Vec::new())),
    );
    let (sink, videos) = (told.clone(), created.clone());
    let transport = ScriptedTransport::new([Vendor::QuVideo.grant(), Reply::status(404, "")]);
    let own = Limits {
        response_bytes: 7000,
        ..Limits::transfer()
    };
    let run = Run::new(&transport, Upload::new(&session, film()))
        .unpublished()
        .limits(own)
        .created(move |id| videos.lock().unwrap().push(id.to_owned()))
        .progress(ProgressSink::new(move |progress| {
            sink.lock().unwrap().push(progress)
        }));
    assert!(!format!("{run:?}").contains(ID));
    run.send().unwrap_err();
    let total = CONTENT.len() as u64;
    assert_eq!(*told.lock().unwrap(), [Progress { sent: total, total }]);
    assert_eq!(*created.lock().unwrap(), [VIDEO]);
    let sent = transport.sent();
    assert_eq!((sent[0].limits, sent[1].limits), (Limits::call(), own));
}
