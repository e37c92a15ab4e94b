//! The account: usage, encryption, players.

use vodkit_types::polyv::{AccountUsage, EncryptionLevel, Player, Playsafe, Switch};

use crate::client::{read, read_envelope, refused, vendor};

const GET: &str = "/v2/setting/{}/get-playsafe";
const SET: &str = "/v2/setting/{}/set-playsafe";

#[test]
fn settings_are_remembered_with_the_types_of_the_pages() {
    let vendor = vendor();
    let envelope = vendor.envelope("GET", GET, &[]);
    assert_eq!(envelope["data"]["encrypt"], "0");
    let playsafe = read_envelope::<Playsafe>(&envelope).data.unwrap();
    assert_eq!(playsafe.hlslevel, EncryptionLevel::Open);

    let set = vendor.post(SET, &[("encrypt", "1"), ("hlslevel", "wxa_app")]);
    assert_eq!(set["encrypt"], 1);
    let playsafe: Playsafe = read(&vendor.get(GET, &[]));
    assert_eq!(playsafe.encrypt, Switch::On);
    assert_eq!(playsafe.hlslevel, EncryptionLevel::MiniProgram);
}

#[test]
fn only_later_videos_are_encrypted() {
    let vendor = vendor();
    let before = vendor.film("before");
    vendor.post(SET, &[("encrypt", "1"), ("hlslevel", "web")]);
    let after = vendor.film("after");
    let (old, new) = (vendor.video(&before), vendor.video(&after));
    assert_eq!(
        (&old["seed"], &old["hlsLevel"]),
        (&0.into(), &"open".into())
    );
    assert_eq!((&new["seed"], &new["hlsLevel"]), (&1.into(), &"web".into()));
    // An encrypted video has no file that plays by itself.
    assert_ne!(old["mp4"], "");
    assert_eq!((&new["mp4"], &new["flv1"]), (&"".into(), &"".into()));
    assert!(new["hls_1"].as_str().unwrap().ends_with(".m3u8"));
    // The level is that of encrypted videos alone.
    vendor.post(SET, &[("encrypt", "0"), ("hlslevel", "web")]);
    let plain = vendor.film("plain");
    assert_eq!(vendor.video(&plain)["hlsLevel"], "open");
}

#[test]
fn wrong_settings_are_refused() {
    let vendor = vendor();
    let set = |params: &[(&str, &str)]| vendor.refusal("POST", SET, params);
    assert_eq!(
        set(&[("encrypt", "1"), ("hlslevel", "none")]),
        "hlslevel error"
    );
    assert_eq!(set(&[("encrypt", "1")]), "hlslevel error");
    assert_eq!(
        set(&[("encrypt", "2"), ("hlslevel", "web")]),
        "illegal encrypt"
    );
    assert_eq!(set(&[("hlslevel", "web")]), "encrypt can't be empty");
    assert_eq!(vendor.get(GET, &[])["hlslevel"], "open");
}

#[test]
fn usage_grows_with_the_videos() {
    let vendor = vendor();
    let usage = || -> AccountUsage { read(&vendor.post("/v2/user/{}/main", &[])) };
    let before = usage();
    assert_eq!(before.user_id.as_deref(), Some(vendor.user()));
    assert_eq!(before.video_count, Some(1));
    // The source of 6 000 000 bytes and two files of 35 and 60 hundredths.
    assert_eq!(before.used_space, Some(11_700_000));
    let vid = vendor.film("more");
    let size = vendor.video(&vid)["source_filesize"].as_u64().unwrap();
    let after = usage();
    assert_eq!(after.video_count, Some(2));
    assert_eq!(
        after.used_space,
        Some(11_700_000 + size + size * 35 / 100 + size * 60 / 100)
    );
    assert!(after.total_space.unwrap() > after.used_space.unwrap());
    let bad = vendor.envelope("POST", "/v2/user/{}/main", &[("date", "2021/04/06")]);
    assert_eq!(refused(bad), "illegal date");
}

#[test]
fn one_of_the_players_is_the_default() {
    let vendor = vendor();
    let players: Vec<Player> = read(&vendor.get("/v2/play/{}/player-list", &[]));
    let defaults: Vec<bool> = players
        .iter()
        .map(|player| player.is_default == Some(Switch::On))
        .collect();
    assert_eq!(defaults, [true, false]);
    assert_ne!(players[0].player_id, players[1].player_id);
}
