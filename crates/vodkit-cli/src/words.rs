//! What the vendors' numbers mean, for people: tables have it beside the number, JSON never.

use serde_json::Value;
use vodkit_request::types::Operation;
use vodkit_request::types::baijiayun::{PublishStatus, VideoStatus};
use vodkit_request::types::polyv;

/// The reply of a call with a word beside each number that has one.
pub(crate) fn worded(operation: &Operation, value: &Value) -> Value {
    match value {
        Value::Object(fields) => fields
            .iter()
            .map(|(name, value)| {
                let worded = match word(operation, name, value) {
                    Some(word) => Value::String(format!("{value} ({word})")),
                    None => worded(operation, value),
                };
                (name.clone(), worded)
            })
            .collect(),
        Value::Array(items) => items.iter().map(|item| worded(operation, item)).collect(),
        scalar => scalar.clone(),
    }
}

/// The word for the number in a field, where this call has numbers with a meaning there.
fn word(operation: &Operation, field: &str, value: &Value) -> Option<&'static str> {
    let number = value.as_i64()?.to_string();
    match (operation.vendor, operation.name, field) {
        (
            "baijiayun",
            "video/getStatus" | "video/getInfo" | "video/getVideoList" | "video/getCategoryVideo",
            "status",
        ) => video_status(&number),
        ("baijiayun", _, "publish_status") | ("baijiayun", "video/setPublishStatus", "status") => {
            publish_status(&number)
        }
        // Questions have a status too, with numbers that nobody explains.
        ("polyv", name, "status") if name != "get-video-exam" => polyv_status(&number),
        _ => None,
    }
}

fn video_status(number: &str) -> Option<&'static str> {
    Some(match VideoStatus::from(number) {
        VideoStatus::Uploading => "uploading",
        VideoStatus::Transcoding => "transcoding",
        VideoStatus::TranscodeFailed => "transcoding failed",
        VideoStatus::TranscodeTimedOut => "transcoding timed out",
        VideoStatus::UploadTimedOut => "upload timed out",
        VideoStatus::Transcoded => "transcoded",
        _ => return None,
    })
}

fn publish_status(number: &str) -> Option<&'static str> {
    Some(match PublishStatus::from(number) {
        PublishStatus::Unpublished => "unpublished",
        PublishStatus::Published => "published",
        PublishStatus::Blocked => "blocked",
        _ => return None,
    })
}

fn polyv_status(number: &str) -> Option<&'static str> {
    use polyv::VideoStatus;
    Some(match VideoStatus::from(number) {
        VideoStatus::Published | VideoStatus::Published61 => "published",
        VideoStatus::Waiting => "waiting for transcoding",
        VideoStatus::Transcoding => "transcoding",
        VideoStatus::AwaitingReview => "waiting for review",
        VideoStatus::Rejected => "rejected",
        VideoStatus::Forbidden => "forbidden",
        VideoStatus::Deleted => "deleted",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use vodkit_request::baijiayun::operations::{
        GET_ACCOUNT_INFO, GET_VIDEO_LIST, SET_PUBLISH_STATUS,
    };
    use vodkit_request::polyv::operations::{GET_VIDEO, LIST_EXAMS};

    use super::*;

    #[test]
    fn numbers_get_their_words_where_they_have_one() {
        let page =
            json!({ "total": 1, "list": [{ "status": 31, "publish_status": 2, "length": 100 }] });
        assert_eq!(
            worded(&GET_VIDEO_LIST, &page),
            json!({ "total": 1, "list": [
                { "status": "31 (transcoding timed out)", "publish_status": "2 (blocked)", "length": 100 },
            ] })
        );
        assert_eq!(
            worded(&GET_VIDEO, &json!([{ "status": 61 }])),
            json!([{ "status": "61 (published)" }])
        );
        assert_eq!(
            worded(&SET_PUBLISH_STATUS, &json!({ "status": 1 })),
            json!({ "status": "1 (published)" })
        );
    }

    #[test]
    fn what_has_no_word_stays_as_it_is() {
        // Here the same field is the status of the account.
        let account = json!({ "status": 1, "x": null });
        assert_eq!(worded(&GET_ACCOUNT_INFO, &account), account);
        let exams = json!([{ "status": 60 }]);
        assert_eq!(worded(&LIST_EXAMS, &exams), exams);
        let unknown = json!([{ "status": 77 }, { "status": "done" }, { "status": {} }]);
        assert_eq!(worded(&GET_VIDEO_LIST, &unknown), unknown);
    }

    #[test]
    fn every_documented_status_has_a_word() {
        for number in ["10", "20", "30", "31", "32", "100"] {
            assert!(VideoStatus::from(number).is_known());
            assert!(video_status(number).is_some(), "{number}");
        }
        for number in ["0", "1", "2"] {
            assert!(publish_status(number).is_some(), "{number}");
        }
        for number in ["60", "61", "10", "20", "50", "51", "53", "-1"] {
            assert!(polyv_status(number).is_some(), "{number}");
        }
        assert_eq!((video_status("99"), publish_status("99")), (None, None));
        assert_eq!(polyv_status("99"), None);
    }
}
