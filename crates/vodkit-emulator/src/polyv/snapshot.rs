//! Pictures of chosen moments of a video: a task that ends by the clock, and is told to an address of its own.

use serde_json::{Value, json};

use super::Call;
use super::envelope::Fault;
use super::state::{Status, Tenant};
use crate::journal::Change;
use crate::outcome::Stage;

/// Most pictures of a task.
const MOST: usize = 20;

/// A call that asked for pictures.
#[derive(Debug)]
pub(super) struct SnapshotTask {
    pub(super) number: u64,
    pub(super) vid: String,
    /// Seconds from the beginning of the video.
    pub(super) moments: Vec<u64>,
    callback_url: Option<String>,
    created_ms: i64,
    /// When it is begun. // assumed: snapshots
    begins_ms: i64,
    pub(super) ends_ms: i64,
    fails: bool,
}

impl SnapshotTask {
    fn status(&self, now_ms: i64) -> &'static str {
        match () {
            () if now_ms < self.begins_ms => "waiting",
            () if now_ms < self.ends_ms => "processing",
            () if self.fails => "fail",
            () => "success",
        }
    }

    /// Whether there is the picture of this name: the number of the task, and a second of the video.
    pub(super) fn has_picture(&self, number: u64, second: u64, now_ms: i64) -> bool {
        self.number == number && self.moments.contains(&second) && self.status(now_ms) == "success"
    }

    fn pictures(&self, base: &str, tenant: &Tenant, now_ms: i64) -> Vec<Value> {
        if self.status(now_ms) != "success" {
            return Vec::new();
        }
        let (user, number) = (&tenant.account.user_id, self.number);
        let picture = |second: &u64| {
            json!({
                "offsetTime": second,
                "imageUrl": format!("{base}/uimage/{user}/{number}_{second}.jpg"),
            })
        };
        self.moments.iter().map(picture).collect()
    }

    /// What its address is told: the members of the page's sample.
    pub(super) fn told(&self, base: &str, tenant: &Tenant, now_ms: i64) -> Value {
        json!({
            "taskId": self.number,
            "vid": self.vid,
            "status": self.status(now_ms),
            "snapshots": self.pictures(base, tenant, now_ms),
        })
    }
}

pub(super) fn find(tenant: &Tenant, number: u64) -> Option<&SnapshotTask> {
    tenant
        .snapshot_tasks
        .iter()
        .find(|task| task.number == number)
}

/// Where the end of a task is told, if anywhere.
pub(super) fn callback_url(tenant: &Tenant, number: u64) -> Option<&str> {
    find(tenant, number)?.callback_url.as_deref()
}

/// `snapshot/addTask`: the id of the task. It waits and works as long as a video does of the same time. // assumed: snapshots
pub(super) fn add(call: &mut Call<'_>) -> Result<Value, Fault> {
    let video = call.video("vid")?;
    let vid = video.vid.clone();
    if video.status(call.now_ms) == Status::Forbidden {
        return Err(Fault::new("video is forbidden.")
            .explained("no pictures are taken of a forbidden video")
            .assumed("message-words"));
    }
    let moments = moments(call)?;
    for name in ["width", "height"] {
        // Checked, and then every picture has the emulator's size.
        call.form.number(name)?;
    }
    let number = call.tenant.next_number();
    let id = number.to_string();
    let task = SnapshotTask {
        number,
        moments,
        callback_url: call.form.text("callbackUrl").map(str::to_owned),
        created_ms: call.now_ms,
        begins_ms: call.now_ms.saturating_add(call.transcode_ms / 4),
        ends_ms: call.now_ms.saturating_add(call.transcode_ms / 2),
        fails: call.outcomes.take_as(Stage::Snapshots, &vid, &id).is_some(),
        vid,
    };
    call.tenant.snapshot_tasks.push(task);
    call.did("snapshot task", id, Change::Created);
    Ok(json!(number))
}

fn moments(call: &Call<'_>) -> Result<Vec<u64>, Fault> {
    let items = call.items("offsetTimes");
    if items.is_empty() || items.len() > MOST {
        let problem = format!("{} moments are named, 1 to {MOST} can be", items.len());
        return Err(Fault::illegal("offsetTimes", &problem));
    }
    items
        .iter()
        .map(|item| {
            item.parse()
                .map_err(|_| Fault::illegal("offsetTimes", "a moment is no number of seconds"))
        })
        .collect()
}

/// `snapshot/getTaskStatus`: times in milliseconds, 0 for what has not happened yet.
pub(super) fn status(call: &mut Call<'_>) -> Result<Value, Fault> {
    let number = call.form.required_number("taskId")?;
    let task = find(call.tenant, number).ok_or_else(|| {
        Fault::new("task not found.")
            .explained(format!("the account has no snapshot task {number}"))
            .assumed("message-words")
    })?;
    let since = |at_ms: i64| if at_ms <= call.now_ms { at_ms } else { 0 };
    Ok(json!({
        "taskId": task.number,
        "userId": call.tenant.account.user_id,
        "vid": task.vid,
        "status": task.status(call.now_ms),
        "createTime": task.created_ms,
        "beginProcessTime": since(task.begins_ms),
        "finishProcessTime": since(task.ends_ms),
        "snapshots": task.pictures(call.base, call.tenant, call.now_ms),
    }))
}
