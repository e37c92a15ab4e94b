//! Videos that the vendor fetches from elsewhere. The emulator fetches nothing: a task ends by the clock, and each address turns
//! into a video of a size that depends on it. // assumed: pull

use serde_json::{Value, json};

use super::Call;
use super::envelope::Fault;
use super::list::Page;
use super::state::{Draft, PullTask, ROOT};
use crate::clock;
use crate::digest::md5_hex;
use crate::journal::Change;

const MIB: u64 = 1 << 20;
/// Bytes of a second of video. // assumed: pull
const BYTES_PER_SECOND: u64 = 125_000;

/// `grab/upload/multi`: one task for all addresses.
pub(super) fn start(call: &mut Call<'_>) -> Result<Value, Fault> {
    let urls: Vec<String> = call.text("fileUrl").split(',').map(str::to_owned).collect();
    let titles: Vec<String> = call.text("title").split(',').map(str::to_owned).collect();
    if urls.len() != titles.len() {
        let problem = format!("{} titles for {} addresses", titles.len(), urls.len());
        return Err(Fault::illegal("title", &problem));
    }
    let category = call.category("cataid")?.unwrap_or(ROOT.to_owned());
    let ends_ms = call.now_ms.saturating_add(call.transcode_ms / 2);
    let mut vids = Vec::new();
    let mut failed = Vec::new();
    for (url, title) in urls.iter().zip(&titles) {
        let url = url.trim();
        if !(url.starts_with("http://") || url.starts_with("https://")) {
            failed.push(url.to_owned());
            continue;
        }
        let vid = call.tenant.fresh_vid();
        let size = believable_size(url);
        let draft = Draft {
            title: title.trim().to_owned(),
            description: String::new(),
            tag: String::new(),
            category: category.clone(),
            keep_source: false,
            size,
            seconds: size / BYTES_PER_SECOND,
        };
        let transcode_ms = call.transcode_ms;
        call.tenant
            .add_video(call.outcomes, vid.clone(), draft, ends_ms, transcode_ms);
        call.did("video", vid.as_str(), Change::Created);
        vids.push(vid);
    }
    let id = call.tenant.next_number().to_string();
    let task = PullTask {
        id: id.clone(),
        titles: call.text("title").to_owned(),
        urls: call.text("fileUrl").to_owned(),
        created_ms: call.now_ms,
        ends_ms,
        vids,
        failed,
    };
    call.tenant.tasks.push(task);
    call.did("pull task", id, Change::Created);
    Ok(json!(""))
}

/// 20 to 200 MiB, the same for the same address.
fn believable_size(url: &str) -> u64 {
    let digest = md5_hex(url);
    // Eight hexadecimal digits always fit.
    let number = u64::from_str_radix(&digest[..8], 16).unwrap_or_default();
    20 * MIB + number % (180 * MIB)
}

/// `grab/list`, the newest first.
pub(super) fn list(call: &mut Call<'_>) -> Result<Value, Fault> {
    let tasks: Vec<&PullTask> = call.tenant.tasks.iter().rev().collect();
    Ok(Page::of(call)?.reply(tasks, |task| {
        let done = task.ends_ms <= call.now_ms;
        let if_done = |count| if done { count } else { 0 };
        json!({
            "taskid": task.id,
            "userid": call.tenant.account.user_id,
            "originalname": task.titles,
            "fileurl": task.urls,
            "seccesscount": if_done(task.vids.len()),
            "totalcount": task.vids.len() + task.failed.len(),
            "failcount": if_done(task.failed.len()),
            "status": if done { "Y" } else { "N" },
            "endtime": if done { clock::date_time_text(task.ends_ms) } else { String::new() },
            "createtime": clock::date_time_text(task.created_ms),
        })
    }))
}

/// `grab/delete`. What a running task has not fetched yet never comes. // assumed: pull
pub(super) fn delete(call: &mut Call<'_>) -> Result<Value, Fault> {
    let id = call.text("taskId").to_owned();
    let at = call.tenant.tasks.iter().position(|task| task.id == id);
    let at = at.ok_or_else(|| {
        Fault::new("task not found.")
            .explained(format!("the account has no pull task {id}"))
            .assumed("message-words")
    })?;
    let task = call.tenant.tasks.remove(at);
    if task.ends_ms > call.now_ms {
        for vid in task.vids {
            call.tenant.videos.remove(&vid);
            call.did("video", vid, Change::Deleted);
        }
    }
    call.did("pull task", id, Change::Deleted);
    Ok(json!(true))
}
