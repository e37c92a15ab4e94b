//! Videos that the vendor fetches from elsewhere.

use serde_json::Value;
use vodkit_emulator::Change;
use vodkit_types::polyv::{PullTaskPage, YesNo};

use crate::client::{TRANSCODE, Vendor, read, slow_vendor, vendor};

const START: &str = "/v2/video/grab/{}/upload/multi";
const LIST: &str = "/v2/video/grab/{}/list";
const DELETE: &str = "/v2/video/grab/{}/delete";

fn start(vendor: &Vendor, urls: &str, titles: &str) -> Value {
    vendor.post(START, &[("fileUrl", urls), ("title", titles)])
}

#[test]
fn a_task_ends_by_the_clock_and_leaves_videos() {
    let vendor = slow_vendor();
    let urls = "https://files.example.test/a.mp4,http://files.example.test/b.mp4,ftp://c";
    assert_eq!(start(&vendor, urls, "甲,乙,丙"), "");
    let running = vendor.get(LIST, &[]);
    assert_eq!(running["contents"][0]["endtime"], "");
    let page: PullTaskPage = read(&running);
    let task = &page.contents[0];
    assert_eq!(task.status, Some(YesNo::No));
    assert_eq!(
        (task.success_count, task.fail_count, task.total_count),
        (Some(0), Some(0), Some(3))
    );
    let count = || vendor.post("/v2/user/{}/main", &[])["videoCount"].clone();
    assert_eq!(count(), 1);
    vendor.advance(TRANSCODE / 2);
    let page: PullTaskPage = read(&vendor.get(LIST, &[]));
    let task = &page.contents[0];
    assert_eq!(task.status, Some(YesNo::Yes));
    assert_eq!((task.success_count, task.fail_count), (Some(2), Some(1)));
    assert_eq!(task.originalname.as_deref(), Some("甲,乙,丙"));
    assert_eq!(task.fileurl.as_deref(), Some(urls));
    assert!(task.end_time > task.create_time);
    assert_eq!(count(), 3);
    let vids = vendor.things("video");
    let (first, second) = (vendor.video(&vids[0].0), vendor.video(&vids[1].0));
    assert_eq!(
        (&first["title"], &second["title"]),
        (&"甲".into(), &"乙".into())
    );
    for video in [&first, &second] {
        let size = video["source_filesize"].as_u64().unwrap();
        assert!((20 << 20..200 << 20).contains(&size), "{size}");
    }
    assert_ne!(first["source_filesize"], second["source_filesize"]);
    // Deleting a task that has ended leaves its videos alone.
    assert_eq!(vendor.post(DELETE, &[("taskId", &task.taskid)]), true);
    assert_eq!(vendor.get(LIST, &[])["totalItems"], 0);
    assert_eq!(count(), 3);
}

#[test]
fn a_task_that_is_deleted_while_it_runs_leaves_nothing() {
    let vendor = slow_vendor();
    start(&vendor, "https://files.example.test/a.mp4", "a");
    start(&vendor, "https://files.example.test/b.mp4", "b");
    let page: PullTaskPage = read(&vendor.get(LIST, &[("pageSize", "1")]));
    assert_eq!((page.total_items, page.contents.len()), (Some(2), 1));
    assert_eq!(
        page.contents[0].originalname.as_deref(),
        Some("b"),
        "the newest first"
    );
    assert_eq!(
        vendor.post(DELETE, &[("taskId", &page.contents[0].taskid)]),
        true
    );
    vendor.advance(TRANSCODE);
    let list = vendor.post("/v2/video/{}/get-new-list", &[]);
    assert_eq!(list["totalItems"], 2);
    assert_eq!(list["contents"][0]["title"], "a");
    let task = (page.contents[0].taskid.clone(), Change::Deleted);
    assert_eq!(vendor.things("pull task").last(), Some(&task));
}

#[test]
fn wrong_tasks_are_refused() {
    let vendor = vendor();
    let refusal = |params: &[(&str, &str)]| vendor.refusal("POST", START, params);
    let url = ("fileUrl", "https://files.example.test/a.mp4");
    assert_eq!(refusal(&[url, ("title", "a,b")]), "illegal title");
    assert_eq!(refusal(&[url]), "title can't be empty");
    assert_eq!(refusal(&[("title", "a")]), "fileUrl can't be empty");
    assert_eq!(
        refusal(&[url, ("title", "a"), ("cataid", "77")]),
        "illegal cataid"
    );
    assert_eq!(vendor.refusal("POST", DELETE, &[]), "TaskId is null!");
    assert_eq!(
        vendor.refusal("POST", DELETE, &[("taskId", "77")]),
        "task not found."
    );
    assert_eq!(vendor.get(LIST, &[])["totalItems"], 0);
}
