//! Marks in the time line, and questions.

use serde_json::{Value, json};
use vodkit_types::polyv::{Exam, ExamAnswer, KeyFrames, Switch};

use crate::client::{Vendor, body_of, read, refused, send, vendor};

fn save(vendor: &Vendor, vid: &str, desc: &str, seconds: &str) -> Value {
    let params = [
        ("vid", vid),
        ("desc", desc),
        ("seconds", seconds),
        ("btndesc", "more"),
        ("btnhref", "https://www.example.test/a b"),
    ];
    vendor.fixed_envelope("/v2/video/{}/saveKeyFrame", &["vid"], &params)
}

fn marks(vendor: &Vendor, vid: &str) -> Vec<(u64, String)> {
    let path = format!("/v2/video/{{}}/keyframe/{vid}");
    let frames: KeyFrames = read(&vendor.get(&path, &[("vid", vid)]));
    assert_eq!(frames.duration.as_deref(), Some("00:00:48"));
    frames
        .marks
        .into_iter()
        .map(|mark| (mark.seconds.unwrap(), mark.text.unwrap()))
        .collect()
}

fn named(marks: &[(u64, &str)]) -> Vec<(u64, String)> {
    marks
        .iter()
        .map(|(at, text)| (*at, (*text).to_owned()))
        .collect()
}

#[test]
fn marks_are_set_replaced_and_deleted() {
    let vendor = vendor();
    let vid = vendor.builtin();
    assert_eq!(marks(&vendor, &vid), named(&[(5, "叶子"), (20, "阳光")]));
    assert_eq!(save(&vendor, &vid, "根,茎", "1,20")["data"], "");
    assert_eq!(
        marks(&vendor, &vid),
        named(&[(1, "根"), (5, "叶子"), (20, "茎")])
    );
    assert_eq!(
        refused(save(&vendor, &vid, "根,茎", "1")),
        "illegal seconds"
    );
    assert_eq!(refused(save(&vendor, &vid, "根", "49")), "illegal seconds");
    assert_eq!(refused(save(&vendor, &vid, "根", "x")), "illegal seconds");
    assert_eq!(
        refused(save(&vendor, "nobody", "根", "1")),
        "video not found."
    );
    let by_time = "/v2/video/{}/deleteKeyFrameByTime";
    assert_eq!(
        vendor.post(by_time, &[("vid", &vid), ("times", "1,7,20")]),
        ""
    );
    assert_eq!(marks(&vendor, &vid), named(&[(5, "叶子")]));
    let all = "/v2/video/{}/deleteKeyFrame";
    assert_eq!(vendor.get(all, &[("vid", &vid)]), "success");
    assert_eq!(marks(&vendor, &vid), []);
    assert_eq!(
        vendor.refusal("POST", all, &[("vid", "nobody")]),
        "video not found."
    );
}

#[test]
fn the_video_of_the_path_is_enough_and_must_be_the_one_of_the_parameter() {
    let vendor = vendor();
    let vid = vendor.builtin();
    let path = format!("/v2/video/{}/keyframe/{vid}", vendor.user());
    let ask = |params: &[(&str, &str)]| {
        let target = format!(
            "{path}?{}",
            body_of(&vendor.signed(vendor.unsigned(params)))
        );
        send(vendor.at(), "GET", &target, &[], b"").json()
    };
    assert_eq!(ask(&[])["code"], 200);
    assert_eq!(refused(ask(&[("vid", "nobody")])), "illegal vid");
}

#[test]
fn questions_are_shown_answered_and_deleted() {
    let vendor = vendor();
    let vid = vendor.builtin();
    let path = "/v2/video/{}/get-video-exam";
    let shown = vendor.get(path, &[("vid", &vid)]);
    let exams: Vec<Exam> = read(&shown);
    assert_eq!(exams.len(), 1);
    assert_eq!(exams[0].vid.as_ref(), Some(&vid));
    assert_eq!(exams[0].show_time.as_deref(), Some("00:00:20"));
    let choices: Value = serde_json::from_str(exams[0].choices.as_ref().unwrap()).unwrap();
    assert_eq!(choices.as_array().unwrap().len(), 2);

    let log = "/v2/video/{}/video-exam-log";
    let answers = |more: &[(&str, &str)]| -> Vec<ExamAnswer> {
        let mut params = vec![("vids", vid.as_str())];
        params.extend(more);
        read(&vendor.get(log, &params))
    };
    let all = answers(&[]);
    assert_eq!(all.len(), 3);
    assert_eq!(all[2].is_correct, Some(Switch::Off));
    assert_eq!(all[0].exam_id.as_ref(), Some(&exams[0].exam_id));
    assert_eq!(all[0].date_added.as_deref(), Some("2024-03-03 10:00:00"));
    let days = |first, last| answers(&[("start", first), ("end", last)]).len();
    assert_eq!(days("2024-03-01", "2024-03-01"), 2);
    assert_eq!(days("2024-03-02", "2024-03-03"), 1);
    assert_eq!(answers(&[("page", "2"), ("pageSize", "2")]).len(), 1);
    assert_eq!(vendor.refusal("GET", log, &[]), "vids can't be empty");

    assert_eq!(vendor.post("/v2/video/{}/deleteExam", &[("vid", &vid)]), "");
    assert_eq!(vendor.get(path, &[("vid", &vid)]), json!([]));
    let page = vendor.get("/v2/video/{}/video-setting-page", &[("vids", &vid)]);
    assert_eq!(page["qid"], "");
    assert_eq!(answers(&[]).len(), 3, "the log stays");
}
