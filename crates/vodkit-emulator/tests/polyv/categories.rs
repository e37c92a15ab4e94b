//! The tree of categories.

use serde_json::{Value, json};
use vodkit_types::polyv::{Category, CategoryStats, NewCategory};

use crate::client::{Vendor, read, refused, vendor};

impl Vendor {
    fn add(&self, name: &str, parent: &str) -> String {
        let data = self.post(
            "/v2/video/{}/addCata",
            &[("cataname", name), ("parentid", parent)],
        );
        let new: NewCategory = read(&data);
        let tree = data["catatree"].as_str().unwrap();
        assert!(tree.starts_with("1,") && tree.ends_with(&format!(",{}", new.cataid)));
        new.cataid
    }

    fn tree(&self, params: &[(&str, &str)]) -> Value {
        self.fixed("/v2/video/{}/cataJson", &[], params)
    }

    /// Names of a level, with the number of videos.
    fn level(nodes: &Value) -> Vec<(String, u64)> {
        let nodes = nodes.as_array().map(Vec::as_slice).unwrap_or_default();
        nodes
            .iter()
            .map(|node| {
                assert_eq!(node["text"], node["cataname"]);
                (
                    node["text"].as_str().unwrap().to_owned(),
                    node["videos"].as_u64().unwrap(),
                )
            })
            .collect()
    }
}

#[test]
fn the_tree_grows_and_its_parts_can_be_asked_for() {
    let vendor = vendor();
    let biology = vendor.add("生物", "1");
    let plants = vendor.add("植物", &biology);
    vendor.add("物理", "0");
    let tree = vendor.tree(&[]);
    let names: Vec<(String, u64)> = Vendor::level(&tree);
    let expected = [("默认分类", 1), ("生物", 0), ("物理", 0)];
    assert_eq!(
        names,
        expected.map(|(name, count)| (name.to_owned(), count))
    );
    assert_eq!(tree[0]["cataid"], "1");
    assert_eq!(tree[0]["parentid"], "0");
    assert!(tree[0].get("nodes").is_none() && tree[2].get("nodes").is_none());
    let typed: Vec<Category> = read(&tree);
    assert_eq!(typed[1].children[0].cataid, plants);
    assert_eq!(
        tree[1]["nodes"][0]["catatree"],
        format!("1,{biology},{plants}")
    );
    let part = vendor.tree(&[("cataid", &plants)]);
    assert_eq!(Vendor::level(&part), [("植物".to_owned(), 0)]);
    // GET is allowed as well.
    let got = vendor.envelope("GET", "/v2/video/{}/cataJson", &[]);
    assert_eq!(got["data"], tree);
    let unknown = vendor.fixed_envelope("/v2/video/{}/cataJson", &[], &[("cataid", "77")]);
    assert_eq!(refused(unknown), "illegal cataid");
}

#[test]
fn categories_are_renamed_moved_and_deleted() {
    let vendor = vendor();
    let (a, b) = (vendor.add("a", "1"), vendor.add("b", "1"));
    let below = vendor.add("below", &a);
    let rename = |id: &str, name: &str| {
        let params = [("cataid", id), ("cataname", name)];
        vendor.fixed_envelope("/v2/video/{}/updateCata", &["cataid", "cataname"], &params)
    };
    assert_eq!(rename(&b, "乙")["data"], true);
    assert_eq!(refused(rename("1", "x")), "illegal cataid");
    assert_eq!(refused(rename("9", "x")), "illegal cataid");
    assert_eq!(refused(rename(&a, &"x".repeat(41))), "illegal cataname");

    let relocate = |id: &str, to: &str| {
        vendor.envelope(
            "POST",
            "/v2/cata/{}/change",
            &[("cataid", id), ("destCataid", to)],
        )
    };
    assert_eq!(refused(relocate(&a, &below)), "illegal cataid");
    assert_eq!(refused(relocate(&a, &a)), "illegal cataid");
    assert_eq!(relocate(&below, &b)["data"], true);
    let tree = vendor.tree(&[]);
    assert!(tree[1].get("nodes").is_none());
    assert_eq!(tree[2]["text"], "乙");
    assert_eq!(tree[2]["nodes"][0]["catatree"], format!("1,{b},{below}"));

    // What is below goes along, the videos stay.
    let vid = vendor.builtin();
    let moved = vendor.fixed(
        "/v2/video/{}/changeCata",
        &["cataid", "vids"],
        &[("cataid", &below), ("vids", &vid), ("format", "json")],
    );
    assert_eq!(moved, json!(true));
    assert_eq!(vendor.video(&vid)["cataname"], "below");
    let delete =
        |id: &str| vendor.fixed_envelope("/v2/video/{}/deleteCata", &["cataid"], &[("cataid", id)]);
    assert_eq!(refused(delete("1")), "illegal cataid");
    assert_eq!(delete(&b)["data"], true);
    assert_eq!(refused(delete(&below)), "illegal cataid");
    assert_eq!(vendor.video(&vid)["cataid"], "1");
    assert_eq!(vendor.tree(&[]).as_array().unwrap().len(), 2);
}

#[test]
fn videos_count_where_they_are() {
    let vendor = vendor();
    let a = vendor.add("a", "1");
    let below = vendor.add("below", &a);
    let vid = vendor.film("film");
    let total = |params: &[(&str, &str)]| -> (u64, u64) {
        let stats: CategoryStats = read(&vendor.get("/v2/cata/total-stats", params));
        (stats.video_count.unwrap(), stats.used_space.unwrap())
    };
    let (count, bytes) = total(&[]);
    assert_eq!(count, 2);
    let own = bytes - 11_700_000;
    let moved = vendor.fixed(
        "/v2/video/{}/changeCata",
        &["cataid", "vids"],
        &[("cataid", &below), ("vids", &vid)],
    );
    assert_eq!(moved, json!(true));
    assert_eq!(total(&[("cataid", "1")]), (1, 11_700_000));
    assert_eq!(total(&[("cataid", &a)]), (0, 0));
    assert_eq!(
        total(&[("cataid", &a), ("containSubCata", "true")]),
        (1, own)
    );
    assert_eq!(total(&[("cataid", &below)]), (1, own));
    let size = |id: &str| vendor.envelope("POST", "/v2/cata/size", &[("cataid", id)]);
    assert_eq!(size(&a)["data"], own);
    assert_eq!(
        vendor.get("/v2/cata/size", &[("cataid", "1")]),
        json!(bytes)
    );
    assert_eq!(refused(size("")), "illegal cataid");
    assert_eq!(refused(size("5")), "illegal cataid");
    assert_eq!(vendor.tree(&[("cataid", &a)])[0]["nodes"][0]["videos"], 1);
}

#[test]
fn a_profile_of_the_first_level_holds_for_what_is_below() {
    let vendor = vendor();
    let a = vendor.add("a", "1");
    let below = vendor.add("below", &a);
    let profile = |id: &str, more: &[(&str, &str)]| {
        let mut params = vec![("cataid", id), ("encrypt", "1"), ("hlslevel", "app")];
        params.extend(more);
        vendor.envelope("POST", "/v2/video/{}/updateCataProfile", &params)
    };
    assert_eq!(refused(profile(&below, &[])), "illegal cataid");
    assert_eq!(refused(profile("1", &[])), "illegal cataid");
    assert_eq!(profile(&a, &[("keepSource", "1")])["data"], true);
    let pull = || {
        let params = [
            ("fileUrl", "https://files.example.test/1.mp4"),
            ("title", "x"),
            ("cataid", below.as_str()),
        ];
        vendor.post("/v2/video/grab/{}/upload/multi", &params);
        let made = vendor.things("video").pop().unwrap().0;
        vendor.video(&made)
    };
    let video = pull();
    assert_eq!(video["hlsLevel"], "app");
    assert_eq!(video["cataid"], below);
    // It keeps its source: published with the other number, and one file.
    assert_eq!(
        (&video["status"], &video["keepsource"]),
        (&"60".into(), &"1".into())
    );
    assert_eq!(video["filesize"], json!([video["source_filesize"]]));
    assert_eq!(profile(&a, &[("isSettings", "N")])["data"], true);
    let video = pull();
    assert_eq!(
        (&video["status"], &video["hlsLevel"]),
        (&"61".into(), &"open".into())
    );
}
