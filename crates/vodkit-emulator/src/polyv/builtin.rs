//! What an account has before anything was done in it, so that a newcomer sees something. // assumed: builtin
//!
//! Titles, marks and answers are made up; no person, place or key in here exists.

use super::Account;
use super::state::{Category, Draft, Exam, ExamAnswer, Player, ROOT, Tenant};
use crate::digest::md5_hex;
use crate::outcome;

/// 2024-03-01 10:00:00 in the platform's zone.
const LONG_AGO_MS: i64 = 1_709_258_400_000;
const MINUTE_MS: i64 = 60_000;

pub(super) fn tenant(account: Account, index: u64, nonce: u64) -> Tenant {
    let mut tenant = Tenant::new(account, index, nonce);
    tenant.categories.insert(
        ROOT.to_owned(),
        Category {
            id: ROOT.to_owned(),
            name: "默认分类".to_owned(),
            parent: "0".to_owned(),
            profile: None,
        },
    );
    for (name, is_default) in [("默认播放器", true), ("课程播放器", false)] {
        let digest = md5_hex(&format!("{}|{name}", tenant.account.user_id));
        tenant.players.push(Player {
            id: digest[..20].to_owned(),
            name,
            made_ms: LONG_AGO_MS,
            is_default,
        });
    }
    add_video(&mut tenant);
    tenant
}

/// One published video. Its id depends on the account alone, so that it can be written down.
fn add_video(tenant: &mut Tenant) {
    let digest = md5_hex(&format!("{}|builtin", tenant.account.user_id));
    let vid = tenant.vid_of(&digest);
    let draft = Draft {
        title: "示例视频 光合作用".to_owned(),
        description: "植物如何生长".to_owned(),
        tag: "生物,植物".to_owned(),
        category: ROOT.to_owned(),
        keep_source: false,
        size: 6_000_000,
        seconds: 48,
    };
    // Nothing can have been planned for it.
    let mut outcomes = outcome::Registry::default();
    tenant.add_video(&mut outcomes, vid.clone(), draft, LONG_AGO_MS, 0);
    let exam = Exam {
        id: md5_hex(&format!("{vid}|exam"))[..20].to_owned(),
        group: md5_hex(&format!("{vid}|group"))[..20].to_owned(),
        second: 20,
        question: "植物生长需要什么?",
        choices: r#"[{"answer":"阳光","right_answer":1},{"answer":"月光","right_answer":0}]"#,
        right: "回答正确",
        wrong: "请再看一遍",
        made_ms: LONG_AGO_MS + 10 * MINUTE_MS,
    };
    for (answer, is_correct, viewer, minutes) in [
        ("月光", false, "viewer-0001", 60),
        ("阳光", true, "viewer-0001", 61),
        ("阳光", true, "viewer-0002", 2 * 24 * 60),
    ] {
        let number = tenant.next_number();
        tenant.answers.push(ExamAnswer {
            number,
            exam: exam.id.clone(),
            vid: vid.clone(),
            question: exam.question,
            answer,
            is_correct,
            viewer,
            at_ms: LONG_AGO_MS + minutes * MINUTE_MS,
        });
    }
    if let Some(video) = tenant.videos.get_mut(&vid) {
        video.times = 12;
        video.likes = 3;
        video.marks = [(5, "叶子".to_owned()), (20, "阳光".to_owned())].into();
        video.exams.push(exam);
    }
}
