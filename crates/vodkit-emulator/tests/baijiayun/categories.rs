//! API 12 to 17: the tree, five levels deep.

use serde_json::{Value, json};

use crate::client::{Vendor, vendor};

fn add(vendor: &Vendor, name: &str, parent: u64) -> u64 {
    let data = vendor.call(
        "video/addCategory",
        &[("name", name), ("parent_id", &parent.to_string())],
    );
    data["id"].as_u64().unwrap()
}

/// One category below the other.
fn chain(vendor: &Vendor) -> Vec<u64> {
    let mut ids = Vec::new();
    for level in 1..=5 {
        let parent = ids.last().copied().unwrap_or(0);
        let data = vendor.call(
            "video/addCategory",
            &[
                ("name", &format!("L{level}")),
                ("parent_id", &parent.to_string()),
            ],
        );
        let id = data["id"].as_u64().unwrap();
        assert_eq!(
            data,
            json!({ "id": id, "name": format!("L{level}"), "parent_id": parent, "level": level })
        );
        ids.push(id);
    }
    ids
}

fn put(vendor: &Vendor, video: u64, category: u64) -> Value {
    vendor.call(
        "video/setVideoCategory",
        &[
            ("video_id", &video.to_string()),
            ("category_id", &category.to_string()),
        ],
    )
}

fn videos_in(vendor: &Vendor, category: u64) -> Vec<u64> {
    let data = vendor.call(
        "video/getCategoryVideo",
        &[("category_id", &category.to_string())],
    );
    data["list"]
        .as_array()
        .unwrap()
        .iter()
        .map(|video| video["video_id"].as_u64().unwrap())
        .collect()
}

#[test]
fn there_are_five_levels_and_no_sixth() {
    let vendor = vendor();
    let ids = chain(&vendor);
    let (code, message) = vendor.refusal(
        "video/addCategory",
        &[("name", "L6"), ("parent_id", &ids[4].to_string())],
    );
    assert_eq!(code, 1001);
    assert!(message.contains("five"), "{message}");
    assert_eq!(
        vendor
            .refusal("video/addCategory", &[("name", "x"), ("parent_id", "1")])
            .0,
        1001
    );
    assert_eq!(
        vendor.refusal("video/addCategory", &[("parent_id", "0")]).0,
        1001
    );
}

#[test]
fn the_tree_has_numbers_above_and_texts_below() {
    let vendor = vendor();
    let ids = chain(&vendor);
    let lone = add(&vendor, "lone", 0);
    let text = |level: usize| ids[level - 1].to_string();
    let node = |level: usize| json!({ "id": text(level), "name": format!("L{level}"), "level": level.to_string(), "parent_id": text(level - 1) });
    let mut expected = node(5);
    for level in (2..5).rev() {
        let mut parent = node(level);
        parent["children"] = json!([expected]);
        expected = parent;
    }
    assert_eq!(
        vendor.call("video/getCategoryList", &[]),
        json!({ "list": [
            { "id": ids[0], "name": "L1", "parent_id": 0, "level": 1, "children": [expected] },
            { "id": lone, "name": "lone", "parent_id": 0, "level": 1 },
        ] })
    );
}

#[test]
fn one_category_shows_its_children() {
    let vendor = vendor();
    let ids = chain(&vendor);
    let info = |id: u64| vendor.call("video/getCategoryInfo", &[("category_id", &id.to_string())]);
    assert_eq!(
        info(ids[0]),
        json!({
            "id": ids[0], "name": "L1", "parent_id": 0, "level": 1,
            "children": [{ "id": ids[1], "name": "L2", "parent_id": ids[0], "level": "2" }],
        })
    );
    assert!(
        info(ids[4]).get("children").is_none(),
        "level five has no such key"
    );
    let other = add(&vendor, "other", 0);
    assert_eq!(info(other)["children"], json!([]));
    let root = vendor.call("video/getCategoryInfo", &[]);
    assert_eq!(
        (&root["id"], root["children"].as_array().unwrap().len()),
        (&json!(0), 2)
    );
    assert_eq!(
        vendor
            .refusal("video/getCategoryInfo", &[("category_id", "1")])
            .0,
        1001
    );
}

#[test]
fn a_category_with_content_stays() {
    let vendor = vendor();
    let parent = add(&vendor, "parent", 0);
    let child = add(&vendor, "child", parent);
    let video = vendor.film("a.mp4", b"film");
    put(&vendor, video, child);
    let delete =
        |id: u64| vendor.envelope("video/deleteCategory", &[("category_id", &id.to_string())]);
    assert_eq!(delete(child)["code"], 1, "it has a video");
    assert_eq!(delete(parent)["code"], 1, "it has a child");
    vendor.call("video/delete", &[("video_id", &video.to_string())]);
    assert_eq!(delete(child)["data"], json!({ "category_id": child }));
    assert_eq!(delete(parent)["data"], json!({ "category_id": parent }));
    assert_eq!(delete(parent)["code"], 1001);
    assert_eq!(
        vendor.call("video/getCategoryList", &[]),
        json!({ "list": [] })
    );
}

#[test]
fn a_video_knows_all_its_levels() {
    let vendor = vendor();
    let ids = chain(&vendor);
    let video = vendor.film("a.mp4", b"film");
    assert_eq!(
        put(&vendor, video, ids[2]),
        json!({
            "video_id": video,
            "category_level1_id": ids[0],
            "category_level2_id": ids[1],
            "category_level3_id": ids[2],
            "category_level4_id": 0,
            "category_level5_id": 0,
        })
    );
    assert_eq!(
        put(&vendor, video, ids[0])["category_level2_id"],
        0,
        "it moved up"
    );
    let wrong = [("video_id", &*video.to_string()), ("category_id", "1")];
    assert_eq!(vendor.refusal("video/setVideoCategory", &wrong).0, 1001);
    let wrong = [("video_id", "1"), ("category_id", &*ids[0].to_string())];
    assert_eq!(vendor.refusal("video/setVideoCategory", &wrong).0, 5002);
}

#[test]
fn the_first_level_lists_what_is_below() {
    let vendor = vendor();
    let ids = chain(&vendor);
    let other = add(&vendor, "other", 0);
    let films: Vec<u64> = (0..3)
        .map(|n| vendor.film(&format!("{n}.mp4"), b"film"))
        .collect();
    put(&vendor, films[0], ids[0]);
    put(&vendor, films[1], ids[4]);
    put(&vendor, films[2], ids[1]);
    assert_eq!(videos_in(&vendor, ids[0]), [films[2], films[1], films[0]]);
    assert_eq!(videos_in(&vendor, ids[1]), [films[2]]);
    assert_eq!(videos_in(&vendor, ids[4]), [films[1]]);
    assert_eq!(videos_in(&vendor, other), [0; 0]);

    let params = [
        ("category_id", &*ids[0].to_string()),
        ("page", "2"),
        ("page_size", "1"),
    ];
    let mut data = vendor.call("video/getCategoryVideo", &params);
    assert!(data["list"][0]["create_time"].take().is_u64());
    assert_eq!(
        data,
        json!({
            "total": "3", "page": "2", "page_size": "1",
            "list": [{
                "video_id": films[1],
                "name": "1",
                "status": 100,
                "total_size": 4,
                "create_time": null,
                "preface_url": format!("{}/image/{}/0.jpg", vendor.emulator.base_url(), films[1]),
                "length": 1,
                "publish_status": 1,
                "category_level1_id": ids[0],
                "category_level2_id": ids[1],
                "category_level3_id": ids[2],
                "category_level4_id": ids[3],
                "category_level5_id": ids[4],
            }],
        }),
        "counters are texts here, as in the sample"
    );
    let too_many = [("category_id", &*ids[0].to_string()), ("page_size", "101")];
    assert_eq!(vendor.refusal("video/getCategoryVideo", &too_many).0, 1001);
}
