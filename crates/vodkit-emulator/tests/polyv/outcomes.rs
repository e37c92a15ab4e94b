//! What becomes of videos by plan: what the calls tell of them afterwards, and how outcomes are counted.

use serde_json::{Value, json};
use vodkit_emulator::Change;
use vodkit_emulator::outcome::{Becomes, Outcome};

use crate::client::{TRANSCODE, Vendor, refused, send, slow_vendor, vendor};
use crate::storage::{Upload, uploaded};

fn plan(vendor: &Vendor, becomes: Becomes) -> u64 {
    vendor
        .emulator
        .outcomes()
        .plan(Outcome::of("polyv", becomes))
}

fn video_is_unknown(vendor: &Vendor, vid: &str) -> bool {
    let reply = vendor.envelope("GET", "/v2/video/{}/get-video-msg", &[("vid", vid)]);
    refused(reply).contains("not found")
}

#[test]
fn a_file_of_which_nothing_can_be_made_is_transcoded_without_end() {
    let vendor = slow_vendor();
    plan(&vendor, Becomes::TranscodingFails);
    let vid = uploaded(&vendor, "broken", &[7; 54]);
    assert_eq!(vendor.status(&vid), "10");
    vendor.advance(TRANSCODE * 10);
    let video = vendor.video(&vid);
    assert_eq!(video["status"], "20");
    assert_eq!(
        (&video["mp4"], &video["hls"], &video["filesize"]),
        (&json!(""), &json!([]), &json!([0, 0]))
    );
    // It takes the space of its source, and cannot be edited.
    let edited = vendor.post(
        "/v2/video/{}/video-info",
        &[("vid", &vid), ("title", "new")],
    );
    assert_eq!(edited[0]["title"], "broken");
    // The next one is as good as ever.
    let next = uploaded(&vendor, "good", &[7; 54]);
    vendor.advance(TRANSCODE);
    assert_eq!(vendor.status(&next), "61");
}

#[test]
fn the_best_definition_can_be_missing() {
    let vendor = vendor();
    plan(&vendor, Becomes::RenditionFails);
    let video = vendor.video(&uploaded(&vendor, "half", &[7; 54]));
    assert_eq!((&video["status"], &video["df"]), (&json!("61"), &json!(1)));
    assert_eq!(video["filesize"], json!([54]));
    assert_eq!(
        (&video["mp4"], &video["mp4_2"]),
        (&video["mp4_1"], &json!(""))
    );
    assert_eq!(video["hls"].as_array().unwrap().len(), 1);
    let missing = video["mp4_1"].as_str().unwrap().replace("_1.", "_2.");
    let get = |url: &str| {
        let target = url.strip_prefix(vendor.emulator.base_url()).unwrap();
        send(vendor.at(), "GET", target, &[], b"").status
    };
    assert_eq!(get(video["mp4_1"].as_str().unwrap()), 200);
    assert_eq!(get(&missing), 404);
}

#[test]
fn an_upload_that_is_of_no_use_can_be_made_again() {
    for (becomes, kind) in [
        (Becomes::InvalidFile, "invalid upload"),
        (Becomes::NotSynced, "unsynced upload"),
    ] {
        let vendor = vendor();
        plan(&vendor, becomes);
        let upload = Upload::begin(&vendor, "again", 54);
        assert_eq!(upload.put(&vendor, &[7; 54]).status, 200);
        assert!(video_is_unknown(&vendor, &upload.vid), "{kind}");
        assert_eq!(vendor.things(kind), [(upload.vid.clone(), Change::Created)]);
        assert_eq!(vendor.things("video"), []);
        assert_eq!(upload.put(&vendor, &[7; 54]).status, 200);
        assert_eq!(vendor.status(&upload.vid), "61");
    }
}

#[test]
fn a_source_that_is_kept_and_what_cannot_be_made_meet_less() {
    let vendor = vendor();
    plan(&vendor, Becomes::TranscodingFails);
    plan(&vendor, Becomes::ReviewRejects);
    plan(&vendor, Becomes::ScanObjects);
    // Nothing is transcoded of this one, so that waits for the next.
    let kept = Upload::begin_with(&vendor, "kept", 54, &[("keepsource", "1")]);
    assert_eq!(kept.put(&vendor, &[7; 54]).status, 200);
    assert_eq!(vendor.status(&kept.vid), "51");
    let rejected = vendor.post("/v2/video/{}/get-illegal-list", &[]);
    assert_eq!(rejected["contents"][0]["vid"], kept.vid.as_str());
    plan(&vendor, Becomes::ReviewRejects);
    let broken = uploaded(&vendor, "broken", &[7; 54]);
    assert_eq!(vendor.status(&broken), "20");
    let met: Vec<Vec<String>> = vendor
        .emulator
        .outcomes()
        .report()
        .into_iter()
        .map(|report| report.met)
        .collect();
    let (kept, broken) = (vec![kept.vid], vec![broken]);
    assert_eq!(met, [broken, kept.clone(), kept, vec![]]);
}

#[test]
fn videos_that_are_fetched_or_cut_meet_them_too() {
    let vendor = vendor();
    let outcomes = vendor.emulator.outcomes();
    outcomes.plan(Outcome::of("polyv", Becomes::ReviewRejects).times(2));
    let films = vendor.films(&["a", "b", "c"]);
    let statuses: Vec<String> = films.iter().map(|vid| vendor.status(vid)).collect();
    assert_eq!(statuses, ["51", "51", "61"]);
    plan(&vendor, Becomes::TranscodingFails);
    let frame = r#"[{"start":0,"end":10}]"#;
    let clip = vendor.post(
        "/v2/video/{}/clip",
        &[("vid", &films[2]), ("title", "cut"), ("timeFrame", frame)],
    );
    assert_eq!(vendor.status(clip.as_str().unwrap()), "20");
    assert_eq!(outcomes.unmet(), []);
}

fn control(vendor: &Vendor, method: &str, body: &str) -> (u16, Value) {
    let target = "/_vodkit/outcomes";
    let reply = send(vendor.at(), method, target, &[], body.as_bytes());
    (reply.status, reply.json())
}

#[test]
fn outcomes_are_planned_reported_and_forgotten_over_the_wire() {
    let vendor = vendor();
    let (status, reply) = control(
        &vendor,
        "POST",
        r#"[{ "vendor": "polyv", "becomes": "review_rejects", "times": 2 },
            { "vendor": "baijiayun", "becomes": { "playback": { "room_id": 7 } } }]"#,
    );
    assert_eq!(status, 200);
    let planned = json!([
        { "id": 1, "vendor": "polyv", "becomes": "review_rejects", "times": 2, "met": [] },
        { "id": 2, "vendor": "baijiayun", "becomes": { "playback": { "room_id": 7, "session_id": null } },
          "times": 1, "met": [] },
    ]);
    assert_eq!(
        reply,
        json!({ "status": "ok", "outcomes": planned, "unmet": [1, 2] })
    );
    let vid = vendor.film("met");
    let (_, report) = control(&vendor, "GET", "");
    assert_eq!(report["outcomes"][0]["met"], json!([vid]));
    assert_eq!(report["unmet"], json!([1, 2]));
    // The same as the library's own.
    let own = json!(vendor.emulator.outcomes().report());
    assert_eq!(report["outcomes"], own);

    // All or none.
    let (status, refused) = control(
        &vendor,
        "POST",
        r#"[{ "vendor": "polyv", "becomes": "review_rejects" }, { "vendor": "polyv", "becomes": "nothing" }]"#,
    );
    assert_eq!(status, 400);
    let why = refused["message"].as_str().unwrap();
    assert!(
        why.starts_with("outcome 2: unknown variant `nothing`"),
        "{why}"
    );
    assert_eq!(vendor.emulator.outcomes().report().len(), 2);

    let (status, empty) = control(&vendor, "DELETE", "");
    assert_eq!((status, &empty["outcomes"]), (200, &json!([])));
    assert_eq!(vendor.status(&vendor.film("free")), "61");
    // A reset begins with the number 1 again.
    plan(&vendor, Becomes::ReviewRejects);
    vendor.emulator.reset();
    assert!(vendor.emulator.outcomes().report().is_empty());
    assert_eq!(plan(&vendor, Becomes::ScanObjects), 1);
}

#[test]
#[should_panic(expected = "videos of quvideo do not meet this, those of polyv do")]
fn what_a_vendor_does_not_know_cannot_be_planned() {
    let vendor = vendor();
    let outcomes = vendor.emulator.outcomes();
    outcomes.plan(Outcome::of("quvideo", Becomes::InvalidFile));
}
