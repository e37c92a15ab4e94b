//! Questions that a video asks its viewers. No call of the tables makes any: they are built in.

use serde_json::{Value, json};

use super::envelope::Fault;
use super::list::{Page, minute_text};
use super::state::{ExamAnswer, clock_face};
use super::{Call, living};
use crate::clock;
use crate::journal::Change;

/// `get-video-exam`.
pub(super) fn list(call: &mut Call<'_>) -> Result<Value, Fault> {
    let video = call.video("vid")?;
    let exams = video.exams.iter().map(|exam| {
        json!({
            "examId": exam.id,
            "userid": call.tenant.account.user_id,
            "videoPoolId": video.vid,
            "showTime": clock_face(exam.second),
            "hours": exam.second / 3600,
            "minute": exam.second / 60 % 60,
            "seconds": exam.second % 60,
            "question": exam.question,
            "choices": exam.choices,
            "answer": exam.right,
            "wrongAnswer": exam.wrong,
            "skip": false,
            "wrongTime": -1,
            "wrongShow": 1,
            "createdTime": minute_text(exam.made_ms),
            "groupId": exam.group,
            "status": 1,
            "type": 0,
            "mp3url": "",
        })
    });
    Ok(exams.collect())
}

/// `video-exam-log`: a bare list, though it comes in pages; the newest answer first.
pub(super) fn answers(call: &mut Call<'_>) -> Result<Value, Fault> {
    let vids = call.vids("vids", living)?;
    let day = |name| call.form.text(name).and_then(clock::parse_date);
    let (first, last) = (day("start"), day("end"));
    let mut found: Vec<&ExamAnswer> = call
        .tenant
        .answers
        .iter()
        .filter(|answer| {
            let on = clock::day_of(answer.at_ms);
            vids.contains(&answer.vid)
                && first.is_none_or(|first| on >= first)
                && last.is_none_or(|last| on <= last)
        })
        .collect();
    found.sort_by_key(|answer| std::cmp::Reverse(answer.at_ms));
    let shown = Page::of(call)?.cut(found).map(|answer| {
        json!({
            "logid": answer.number,
            "examId": answer.exam,
            "userId": call.tenant.account.user_id,
            "videoPoolId": answer.vid,
            "question": answer.question,
            "answer": answer.answer,
            "isCorrect": u8::from(answer.is_correct),
            "playerId": call.tenant.players[0].id,
            "ipAddress": "192.0.2.10",
            "province": "广东",
            "isp": "测试网络",
            "operatingSystem": "Windows",
            "browser": "Chrome",
            "dateAdded": clock::date_time_text(answer.at_ms),
            "viewerid": answer.viewer,
        })
    });
    Ok(shown.collect())
}

/// `deleteExam`. What was answered stays in the log. // assumed: exam-log
pub(super) fn delete(call: &mut Call<'_>) -> Result<Value, Fault> {
    let video = call.video_mut("vid")?;
    video.exams.clear();
    let vid = video.vid.clone();
    call.did("video", vid, Change::Changed);
    Ok(json!(""))
}
