//! A sample of each event, with made-up values.

use serde_json::{Map, Value};

use crate::catalogue::Vendor;
use crate::failure::Failure;

/// An event that can be sent.
#[derive(Debug)]
pub(super) struct Event {
    pub(super) vendor: Vendor,
    pub(super) name: &'static str,
    /// Another name: the vendor's number.
    pub(super) alias: Option<&'static str>,
    pub(super) about: &'static str,
    pub(super) rule: Rule,
    /// The fields as a JSON object.
    sample: &'static str,
}

/// How an event is carried and signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rule {
    /// A form, signed over all its fields.
    Form,
    /// A form without a signature.
    Unsigned,
    /// A GET with everything in the query; the parts that are signed.
    Query(&'static [Part]),
    /// A POST of JSON with `sign` in the query; the parts that are signed.
    Body(&'static [Part]),
    /// A POST of JSON, with address and time signed in two headers.
    Headers,
}

/// A part of what is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Word(&'static str),
    Field(&'static str),
}

use Part::{Field, Word};

impl Event {
    pub(super) const fn is_signed(&self) -> bool {
        !matches!(self.rule, Rule::Unsigned)
    }

    /// The fields of the sample with those that were given in their places.
    pub(super) fn fields(&self, given: &[String]) -> Result<Map<String, Value>, Failure> {
        let mut fields: Map<String, Value> =
            serde_json::from_str(self.sample).expect("samples are JSON objects");
        let json = matches!(self.rule, Rule::Body(_) | Rule::Headers);
        for pair in given {
            let Some((name, text)) = pair.split_once('=').filter(|(name, _)| !name.is_empty())
            else {
                return Err(Failure::usage("a field is no NAME=VALUE")
                    .hint("for example vid=u1234567890123456789abcdef012345_u"));
            };
            if name == "sign" {
                return Err(Failure::usage("field `sign`: vodkit computes it")
                    .hint("--tamper sends a wrong one"));
            }
            // A text of the sample stays a text, whatever it looks like.
            let as_text = !json || fields.get(name).is_some_and(Value::is_string);
            let parsed = || serde_json::from_str(text).ok();
            let value = if as_text { None } else { parsed() };
            fields.insert(name.to_owned(), value.unwrap_or_else(|| text.into()));
        }
        Ok(fields)
    }
}

const fn baijiayun(
    name: &'static str,
    alias: Option<&'static str>,
    about: &'static str,
    rule: Rule,
    sample: &'static str,
) -> Event {
    Event {
        vendor: Vendor::Baijiayun,
        name,
        alias,
        about,
        rule,
        sample,
    }
}

const fn polyv(name: &'static str, about: &'static str, rule: Rule, sample: &'static str) -> Event {
    Event {
        vendor: Vendor::Polyv,
        name,
        alias: None,
        about,
        rule,
        sample,
    }
}

const fn quvideo(name: &'static str, about: &'static str, sample: &'static str) -> Event {
    Event {
        vendor: Vendor::QuVideo,
        name,
        alias: None,
        about,
        rule: Rule::Headers,
        sample,
    }
}

const RENDITION: Rule = Rule::Query(&[Field("type"), Field("format"), Field("vid"), Field("df")]);
const TYPE_AND_VIDEO: Rule = Rule::Query(&[Field("type"), Field("vid")]);
const REVIEW: Rule = Rule::Query(&[Word("manage"), Field("type"), Field("vid")]);
const UPLOAD: Rule = Rule::Query(&[Word("upload"), Field("vid")]);
const TYPE_ALONE: Rule = Rule::Body(&[Field("eventType")]);

/// All events. An empty `timestamp` is filled with the time of sending.
#[rustfmt::skip]
pub(super) const EVENTS: &[Event] = &[
    baijiayun("upload-complete", Some("20"), "an upload is complete (status 20, 上传完成)", Rule::Form,
        r#"{"video_id":"240017","status":"20","qid":"201804281444349937441539","timestamp":""}"#),
    baijiayun("transcode-failed", Some("30"), "transcoding failed (status 30, 转码失败)", Rule::Form,
        r#"{"video_id":"240017","status":"30","qid":"201804281444349937441540","timestamp":""}"#),
    baijiayun("transcode-complete", Some("100"), "transcoding is done (status 100, 转码成功)", Rule::Form,
        r#"{"video_id":"240017","status":"100","preface_url":"http://img.example.test/cover_1.jpg?x=1&y=2","total_size":"4185679","total_transcode_size":"7816254","now_definition":"low,std,high","origin_definition":"super","length":"5","file_md5":"0123456789abcdef0123456789abcdef","qid":"201804281444349937441541","timestamp":""}"#),
    baijiayun("playback-upload-complete", None, "the playback of a room is complete (status 20)", Rule::Form,
        r#"{"video_id":"240018","status":"20","room_id":"18042812345678","session_id":"201804280","version":"1","qid":"201804281444349937441543","timestamp":""}"#),
    baijiayun("playback-transcode-failed", None, "transcoding of the playback of a room failed (status 30)", Rule::Form,
        r#"{"video_id":"240018","status":"30","room_id":"18042812345678","session_id":"201804280","version":"1","qid":"201804281444349937441544","timestamp":""}"#),
    baijiayun("playback-transcode-complete", None, "transcoding of the playback of a room is done (status 100)", Rule::Form,
        r#"{"video_id":"240018","status":"100","length":"3600","total_size":"4185679","room_id":"18042812345678","session_id":"201804280","version":"1","qid":"201804281444349937441542","timestamp":""}"#),
    baijiayun("auth", None, "may this viewer play? not signed (第三方鉴权)", Rule::Unsigned,
        r#"{"access_key":"test-access-key-0123456789","video_id":"240017"}"#),

    polyv("upload", "an upload is complete (视频上传完成)", UPLOAD,
        r#"{"type":"upload","vid":"u1234567890123456789abcdef012345_u","state":"lesson 1"}"#),
    polyv("invalidVideo", "an upload is of no use (不合规格视频)", UPLOAD,
        r#"{"type":"invalidVideo","vid":"u1234567890123456789abcdef012345_u"}"#),
    polyv("async_upload", "a video could not be fetched (异步上传处理失败)", Rule::Query(&[Field("type"), Field("fileUrl")]),
        r#"{"type":"async_upload","fileUrl":"http://files.example.test/课 1.mp4?a=1&b=2","title":"第一课"}"#),
    polyv("videoSyncedFail", "an upload could not be taken over (视频同步失败)", TYPE_AND_VIDEO,
        r#"{"type":"videoSyncedFail","vid":"u1234567890123456789abcdef012345_u"}"#),
    polyv("encode", "one file was transcoded (单个清晰度转码完成)", RENDITION,
        r#"{"type":"encode","format":"mp4","vid":"u1234567890123456789abcdef012345_u","df":"1"}"#),
    polyv("encode_failed", "one file could not be transcoded (单个清晰度转码失败)", RENDITION,
        r#"{"type":"encode_failed","format":"m3u8","vid":"u1234567890123456789abcdef012345_u","df":"3"}"#),
    polyv("TranscodeComplete", "all files were transcoded (全部清晰度转码完成)", Rule::Body(&[Field("eventType"), Field("vid")]),
        r#"{"eventType":"TranscodeComplete","status":"success","vid":"u1234567890123456789abcdef012345_u","videoInfos":[{"duration":883,"df":1,"size":15499011,"format":"mp4","bitrate":256,"resolution":"480x360","status":"success"}]}"#),
    polyv("pass", "the review said yes (审核通过)", REVIEW,
        r#"{"type":"pass","vid":"u1234567890123456789abcdef012345_u"}"#),
    polyv("nopass", "the review said no (审核不通过)", REVIEW,
        r#"{"type":"nopass","vid":"u1234567890123456789abcdef012345_u"}"#),
    polyv("DeleteMediaComplete", "videos were deleted (视频删除完成)", TYPE_ALONE,
        r#"{"eventType":"DeleteMediaComplete","operateTime":"2024-01-20 07:49:17","operator":"teacher@example.test","status":"success","deleteType":"MoveToTrash","vids":"u1234567890123456789abcdef012345_u,u1234567890123456789abcdef6789ab_u"}"#),
    polyv("AIContentScanNotPassed", "a scan by machine has objections (视频内容安全审核不通过)", TYPE_ALONE,
        r#"{"eventType":"AIContentScanNotPassed","scanSource":"video","vid":"u1234567890123456789abcdef012345_u","scanResults":[{"imageUrl":"http://img.example.test/0_b.jpg","scene":"terrorism","label":"weapon","suggestion":"review","rate":93.26}]}"#),
    polyv("CoursewareConvertComplete", "courseware was converted (课件转换完成)", TYPE_ALONE,
        r#"{"eventType":"CoursewareConvertComplete","status":"success","vid":"u1234567890123456789abcdef012345_u","convertedImages":[{"pageNo":1,"pageTitle":"第一页","pageImage":"https://doc.example.test/0.jpeg","pageThumbnail":"https://doc.example.test/0_s.jpeg"}]}"#),
    polyv("snapshot", "a snapshot task is done (截图任务完成)", Rule::Body(&[Word("snapshot"), Field("vid")]),
        r#"{"taskId":1146,"vid":"u1234567890123456789abcdef012345_u","status":"success","snapshots":[{"offsetTime":12,"imageUrl":"http://img.example.test/snapshot/12.jpg"}]}"#),

    quvideo("StreamTranscodeComplete", "one definition was transcoded (视频单个清晰度转码完成)",
        r#"{"EventTime":"2024-01-01T01:00:00Z","EventType":"StreamTranscodeComplete","VideoId":"0123456789abcdef0123456789abcdef","Status":"success","Bitrate":"745","Definition":"SD","Duration":15.5,"Encrypt":false,"FileUrl":"http://vod.example.test/1/sd.mp4","Format":"mp4","Fps":"25","Height":360,"Width":640,"Size":1450000,"JobId":"test-job-1"}"#),
    quvideo("TranscodeComplete", "all definitions were transcoded (视频全部清晰度转码完成)",
        r#"{"EventTime":"2024-01-01T01:00:00Z","EventType":"TranscodeComplete","VideoId":"0123456789abcdef0123456789abcdef","Status":"success","StreamInfos":[{"Status":"success","Definition":"SD","Duration":15,"Format":"mp4","FileUrl":"http://vod.example.test/1/sd.mp4","JobId":"test-job-1"}]}"#),
    quvideo("SnapshotComplete", "pictures were taken (视频截图完成)",
        r#"{"EventTime":"2024-01-01T01:00:00Z","EventType":"SnapshotComplete","VideoId":"0123456789abcdef0123456789abcdef","Status":"success","CoverUrl":"http://vod.example.test/1/cover.jpg","SnapshotInfos":[{"Status":"success","SnapshotType":"CoverSnapshot","SnapshotCount":8,"SnapshotFormat":"jpg","SnapshotRegular":"http://vod.example.test/1/{SnapshotCount}.jpg","JobId":"test-job-2"}]}"#),
    quvideo("AIVideoCensorComplete", "the review by machine is done, the old name (智能审核完成)",
        r#"{"EventTime":"2024-01-01T01:00:00Z","EventType":"AIVideoCensorComplete","MediaId":"0123456789abcdef0123456789abcdef","JobId":"test-job-3","Status":"success","Data":{"Suggestion":"pass","Label":"normal","AbnormalModules":""}}"#),
    quvideo("AIMediaAuditComplete", "the review by machine is done (智能审核完成)",
        r#"{"EventTime":"2024-01-01T01:00:00:540Z","EventType":"AIMediaAuditComplete","MediaId":"0123456789abcdef0123456789abcdef","JobId":"test-job-3","Status":"success","Data":{"Suggestion":"review","Label":"porn","AbnormalModules":"video"}}"#),
];

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn samples_have_the_parts_that_are_signed() {
        for event in EVENTS {
            let fields = event.fields(&[]).unwrap();
            if let Rule::Query(parts) | Rule::Body(parts) = event.rule {
                for part in parts {
                    if let Field(name) = part {
                        assert!(fields[*name].is_string(), "{}: {name}", event.name);
                    }
                }
            } else if let Rule::Form | Rule::Unsigned = event.rule {
                assert!(fields.values().all(Value::is_string), "{}", event.name);
            }
        }
    }

    #[test]
    fn given_fields_take_the_place_of_the_samples() {
        let of = |name: &str, given: &[&str]| {
            let event = EVENTS.iter().find(|event| event.name == name).unwrap();
            let given: Vec<_> = given.iter().map(|text| (*text).to_owned()).collect();
            event.fields(&given).map_err(|failure| failure.line())
        };
        let form = of("upload-complete", &["video_id=7", "new=[1]"]).unwrap();
        assert_eq!(
            (&form["video_id"], &form["new"]),
            (&json!("7"), &json!("[1]"))
        );
        let body = of(
            "TranscodeComplete",
            &["vid=7", "videoInfos=[]", "new=[1]", "more=a=b"],
        )
        .unwrap();
        assert_eq!(
            (&body["vid"], &body["videoInfos"]),
            (&json!("7"), &json!([]))
        );
        assert_eq!((&body["new"], &body["more"]), (&json!([1]), &json!("a=b")));
        for bad in ["canary", "=canary", "sign=canary"] {
            let line = of("upload", &[bad]).unwrap_err();
            assert!(!line.contains("canary"), "{line}");
        }
    }
}
