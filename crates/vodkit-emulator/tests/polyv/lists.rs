//! Lists, page by page, and the search.

use serde_json::Value;
use vodkit_types::polyv::{PermissionPage, UploaderPage, VideoPage, VideoStatus};

use crate::client::{TRANSCODE, Vendor, read, slow_vendor, vendor};

const SEARCH: &str = "/v2/video/{}/search";
const NEW: &str = "/v2/video/{}/get-new-list";

fn titles(page: &Value) -> Vec<&str> {
    let contents = page["contents"].as_array().unwrap();
    contents
        .iter()
        .map(|video| video["title"].as_str().unwrap())
        .collect()
}

/// The built-in video and three more, `a`, `b` and `c`, made in this order.
fn four() -> (Vendor, Vec<String>) {
    let vendor = vendor();
    let vids = vendor.films(&["a", "b", "c"]);
    (vendor, vids)
}

#[test]
fn pages_cut_the_list_and_count_it() {
    let (vendor, _) = four();
    let page = |number: &str| vendor.post(NEW, &[("page", number), ("pageSize", "3")]);
    let first = page("1");
    assert_eq!(titles(&first), ["c", "b", "a"]);
    assert_eq!(first["contents"][0]["hlsLevel"], "open");
    assert!(first["contents"][0].get("filesize").is_none());
    assert!(first["contents"][0]["source_filesize"].is_string());
    assert!(first["contents"][0]["status"].is_i64());
    // The page size is missing, what no table has is there.
    assert!(first.get("pageSize").is_none());
    for (name, value) in [("limit", 3), ("offset", 0), ("startRow", 1), ("endRow", 3)] {
        assert_eq!(first[name], value, "{name}");
    }
    assert_eq!(
        (&first["firstPage"], &first["lastPage"]),
        (&true.into(), &false.into())
    );
    assert_eq!(
        (&first["nextPageNumber"], &first["prePageNumber"]),
        (&2.into(), &1.into())
    );
    let second = page("2");
    let typed: VideoPage = read(&second);
    assert_eq!(
        (typed.page_number, typed.total_items, typed.total_pages),
        (Some(2), Some(4), Some(2))
    );
    assert_eq!(typed.contents.len(), 1);
    assert_eq!(
        (&second["startRow"], &second["lastPage"]),
        (&4.into(), &true.into())
    );
    assert_eq!(titles(&page("3")), [""; 0]);
    for (name, value) in [
        ("page", "0"),
        ("pageSize", "0"),
        ("pageSize", "1001"),
        ("page", "x"),
    ] {
        assert_eq!(
            vendor.refusal("POST", NEW, &[(name, value)]),
            format!("illegal {name}")
        );
    }
    assert_eq!(vendor.post(NEW, &[("pageSize", "1000")])["totalItems"], 4);
}

#[test]
fn the_search_filters_and_sorts() {
    let (vendor, vids) = four();
    let found = |params: &[(&str, &str)]| vendor.post(SEARCH, params);
    let page = found(&[("sort", "creationTimeAsc")]);
    assert_eq!(titles(&page), ["示例视频 光合作用", "a", "b", "c"]);
    assert!(page["contents"][0].get("hlsLevel").is_none());
    assert_eq!(page["contents"][0]["filesize"][0], 2_100_000);
    let typed: VideoPage = read(&page);
    assert_eq!(typed.contents[0].status, VideoStatus::Published61);
    assert_eq!(
        titles(&found(&[("sort", "playTimesDesc")]))[0],
        "示例视频 光合作用"
    );
    assert_eq!(
        titles(&found(&[("sort", "playTimesAsc")]))[3],
        "示例视频 光合作用"
    );
    assert_eq!(
        titles(&found(&[("keyword", "光合")])),
        ["示例视频 光合作用"]
    );
    assert_eq!(titles(&found(&[("keyword", "B")])), ["b"]);
    assert_eq!(titles(&found(&[("tag", "植物")])), ["示例视频 光合作用"]);
    assert_eq!(titles(&found(&[("tag", "植")])), [""; 0]);
    assert_eq!(
        titles(&found(&[("vids", &vids[..2].join(","))])),
        ["b", "a"]
    );
    assert_eq!(titles(&found(&[("encrypt", "1")])), [""; 0]);
    assert_eq!(titles(&found(&[("encrypt", "0")])).len(), 4);
    assert_eq!(titles(&found(&[("cataid", "1"), ("keyword", "a")])), ["a"]);
    let refusal = |params: &[(&str, &str)]| vendor.refusal("POST", SEARCH, params);
    assert_eq!(refusal(&[("cataid", "77")]), "illegal cataid");
    assert_eq!(refusal(&[("sort", "best")]), "illegal sort");
}

#[test]
fn the_list_by_permission_speaks_in_words() {
    let (vendor, vids) = four();
    let path = "/v2/video/{}/authplay-status";
    assert_eq!(vendor.get(path, &[("vid", &vids[0])]), 0);
    assert_eq!(vendor.post(path, &[("vids", &vids[..2].join(","))]), 2);
    assert_eq!(vendor.get(path, &[("vid", &vids[0])]), 1);
    let off = vendor.post(path, &[("vids", &vids[1]), ("playauth", "0")]);
    assert_eq!(off, 1);
    let list = |on: &str| vendor.get("/v2/video/{}/list", &[("playauth", on)]);
    assert_eq!(titles(&list("1")), ["a"]);
    let without = list("0");
    assert_eq!(titles(&without), ["c", "b", "示例视频 光合作用"]);
    let builtin = &without["contents"][2];
    assert_eq!(builtin["sourceFileSize"], "5.72MB");
    assert_eq!(builtin["status"], "已发布");
    assert_eq!(builtin["date"], "2024-03-01 10:00");
    assert_eq!(builtin["cataname"], "默认分类");
    let typed: PermissionPage = read(&without);
    assert_eq!(typed.total_items, Some(3));
    assert_eq!(
        vendor.refusal("GET", "/v2/video/{}/list", &[]),
        "playauth can't be empty"
    );
}

#[test]
fn the_list_by_uploader_filters_and_sorts() {
    let (vendor, vids) = four();
    let path = "/v2/video/{}/get-by-uploader";
    let list = |params: &[(&str, &str)]| vendor.get(path, params);
    let own = format!("{}@example.test", vendor.user());
    let all = list(&[("email", &own)]);
    assert_eq!(titles(&all), ["c", "b", "a", "示例视频 光合作用"]);
    assert_eq!(all["contents"][3]["ptime"], "2024-03-01 10:00");
    let typed: UploaderPage = read(&all);
    assert_eq!(typed.contents[3].times, Some(12));
    assert_eq!(typed.contents[3].uploader_email.as_ref(), Some(&own));
    assert_eq!(
        titles(&list(&[("email", "somebody@example.test")])),
        [""; 0]
    );
    assert_eq!(titles(&list(&[("orderType", "2")]))[0], "示例视频 光合作用");
    assert_eq!(titles(&list(&[("orderType", "3")]))[0], "示例视频 光合作用");
    assert_eq!(titles(&list(&[("orderType", "4")]))[3], "示例视频 光合作用");
    assert_eq!(
        vendor.refusal("GET", path, &[("orderType", "5")]),
        "illegal orderType"
    );
    let new = vendor.post(
        "/v2/video/{}/addCata",
        &[("cataname", "x"), ("parentid", "1")],
    );
    let id = new["cataid"].as_str().unwrap();
    let fields = ["cataid", "vids"];
    vendor.fixed(
        "/v2/video/{}/changeCata",
        &fields,
        &[("cataid", id), ("vids", &vids[0])],
    );
    assert_eq!(titles(&list(&[("cataid", id)])), ["a"]);
    assert_eq!(titles(&list(&[("cataid", "1")])).len(), 3);
    assert_eq!(
        titles(&list(&[("cataid", "1"), ("containSubCata", "1")])).len(),
        4
    );
    let tree = format!("1,{id}");
    let cut = vendor.post(NEW, &[("catatree", &tree[..tree.len() - 1])]);
    assert_eq!(titles(&cut), [""; 0], "a part of an id is no category");
    assert_eq!(titles(&vendor.post(NEW, &[("catatree", &tree)])), ["a"]);
    assert_eq!(titles(&vendor.post(NEW, &[("catatree", "1")])).len(), 4);
    vendor.post(
        "/v2/video/{}/forbidden",
        &[("vids", &vids[0]), ("forbidden", "1")],
    );
    assert_eq!(titles(&list(&[("published", "0")])), ["a"]);
    assert_eq!(titles(&vendor.post(NEW, &[("published", "1")])).len(), 3);
}

#[test]
fn days_and_moments_bound_the_new_list() {
    let (vendor, _) = four();
    let list = |params: &[(&str, &str)]| vendor.post(NEW, params)["totalItems"].as_u64().unwrap();
    let day = |end: &str| list(&[("startDate", "2024-03-01"), ("endDate", end)]);
    assert_eq!((day("2024-03-01"), day("2024-02-29")), (1, 0));
    assert_eq!(list(&[("startDate", "2024-03-02")]), 3);
    let until = |end: &str| list(&[("endTime", end)]);
    assert_eq!(until("2024-03-01 10:00:00"), 1);
    assert_eq!(until("2024-03-01 09:59:59"), 0);
    // The moments win over the days.
    assert_eq!(
        list(&[
            ("startTime", "2024-03-01 10:00:00"),
            ("startDate", "2030-01-01")
        ]),
        4
    );
    assert_eq!(list(&[("startTime", "2024-03-01 10:00:01")]), 3);
    assert_eq!(
        vendor.refusal("POST", NEW, &[("startTime", "2024-03-01")]),
        "illegal startTime"
    );
}

#[test]
fn hot_deleted_and_rejected_videos_have_lists_of_their_own() {
    let vendor = slow_vendor();
    let vids = vendor.films(&["good", "bad 审核不通过"]);
    vendor.advance(TRANSCODE);
    assert_eq!(vendor.status(&vids[1]), "20", "not reviewed yet");
    let illegal = || vendor.post("/v2/video/{}/get-illegal-list", &[]);
    assert_eq!(titles(&illegal()), [""; 0]);
    vendor.advance(TRANSCODE);
    assert_eq!(vendor.status(&vids[0]), "61");
    assert_eq!(titles(&illegal()), ["bad 审核不通过"]);
    let page: VideoPage = read(&illegal());
    assert_eq!(page.contents[0].status, VideoStatus::Rejected);
    let hot = vendor.post("/v2/video/{}/get-host-list", &[]);
    assert_eq!(titles(&hot)[0], "示例视频 光合作用");
    assert_eq!(titles(&hot).len(), 3);
    vendor.post("/v2/video/{}/del-video", &[("vid", &vids[0])]);
    let page: VideoPage = read(&vendor.post("/v2/video/{}/get-del-list", &[]));
    assert_eq!(page.contents[0].vid, vids[0]);
    assert_eq!(page.contents[0].status, VideoStatus::Deleted);
    assert_eq!(
        titles(&vendor.post("/v2/video/{}/get-host-list", &[])).len(),
        2
    );
}
