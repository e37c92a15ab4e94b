//! Keys for uploads: what they hold, how long they live, what a refresh gives.

use std::time::Duration;

use serde_json::Value;
use vodkit_types::quvideo::{
    DecodedUploadAddress, DecodedUploadAuth, ImageUploadAuth, StsCredentials, UploadAuth,
    VideoUploadAuth,
};

use crate::client::{Keys, Signed, Upload, now, site};

#[test]
fn an_upload_address_and_its_keys_unpack_as_the_samples_do() {
    let site = site();
    let token = site.token.clone();
    let params = [
        ("token", token.as_str()),
        ("title", "第一课"),
        ("fileName", "Lesson 1.MP4"),
        ("fileSize", "5"),
    ];
    let demo = &params[1..];
    for (path, params) in [
        ("/vod/getVideoUploadAuth", &params[..]),
        ("/demo/getVideoUploadAuth", demo),
    ] {
        let reply: VideoUploadAuth = site.ok("GET", path, params).unwrap();
        assert_eq!(reply.video_id.len(), 32);
        let address = DecodedUploadAddress::of(&reply.upload_address).unwrap();
        assert_eq!(address.endpoint, site.emulator.base_url());
        assert!(address.bucket.starts_with("outin-") && address.bucket.len() == 38);
        let parts: Vec<&str> = address.file_name.split(['/', '.']).collect();
        assert_eq!((parts[0], parts[3]), ("sv", "mp4"), "{}", address.file_name);
        assert!(parts[1] == parts[2] && parts[1].len() == 20);
        let auth = DecodedUploadAuth::of(&reply.upload_auth).unwrap();
        assert!(auth.access_key_id.expose().starts_with("STS."));
        assert!(auth.security_token.expose().starts_with("CAIS"));
        assert_eq!(auth.expiration, Some(3600));
        assert_eq!(auth.region.as_deref(), Some("cn-shanghai"));
        let expires = auth.expires_at(0).unwrap();
        assert!((now() + 3590..=now() + 3600).contains(&expires));
        assert!(address.extra.is_empty() && auth.extra.is_empty());
    }
}

#[test]
fn expiration_is_seconds_in_a_text() {
    use base64::Engine as _;
    let site = site();
    let params = [("title", "a"), ("fileName", "a.mp4")];
    let data = site.data("GET", "/demo/getVideoUploadAuth", &params);
    let text = data["uploadAuth"].as_str().unwrap();
    let bytes = base64::engine::general_purpose::STANDARD
        .decode(text)
        .unwrap();
    let auth: Value = serde_json::from_slice(&bytes).unwrap();
    assert_eq!(auth["Expiration"], "3600");
    assert_eq!(auth.as_object().unwrap().len(), 6);
}

/// What a refresh gives for a video.
fn refresh(site: &crate::client::Site, id: &str) -> (DecodedUploadAddress, DecodedUploadAuth) {
    let token = site.token.clone();
    let params = [("token", token.as_str()), ("videoId", id)];
    let reply: UploadAuth = site
        .ok("GET", "/vod/refreshVideoUploadAuth", &params)
        .unwrap();
    let demo: UploadAuth = site
        .ok("GET", "/demo/refreshVideoUploadAuth", &params[1..])
        .unwrap();
    assert_eq!(reply.upload_address, demo.upload_address);
    (
        DecodedUploadAddress::of(&reply.upload_address).unwrap(),
        DecodedUploadAuth::of(&reply.upload_auth).unwrap(),
    )
}

#[test]
fn an_early_refresh_gives_the_same_keys_and_a_late_one_new_ones() {
    let site = site();
    let upload = site.create(&site.token, "a.mp4");
    site.emulator.advance(Duration::from_secs(60));
    let (address, early) = refresh(&site, &upload.video_id);
    assert_eq!(address, upload.address);
    assert_eq!(early.access_key_id.expose(), upload.keys.id);
    assert!((3535..=3540).contains(&early.expiration.unwrap()));
    // The keys work, and 55 minutes later they are about to expire.
    assert_eq!(upload.put(b"first").status, 200);
    site.emulator.advance(Duration::from_secs(3000));
    let (address, late) = refresh(&site, &upload.video_id);
    assert_eq!(address, upload.address);
    assert_ne!(late.access_key_id.expose(), upload.keys.id);
    assert_eq!(late.expiration, Some(3600));
    site.emulator.advance(Duration::from_secs(600));
    let reply = upload.put(b"second");
    assert_eq!(reply.status, 403);
    assert_eq!(reply.element("Code"), "SecurityTokenExpired");
    let fresh = Upload {
        keys: Keys::of(&late),
        ..upload
    };
    assert_eq!(fresh.put(b"second").status, 200);
}

#[test]
fn pictures_have_a_signed_address_that_shows_them_until_it_expires() {
    let site = site();
    let token = site.token.clone();
    let all = [
        ("token", token.as_str()),
        ("imageType", "cover"),
        ("imageExt", "jpg"),
    ];
    for (path, params, start, end) in [
        ("/vod/getImageUploadAuth", &all[..], "image/cover/", ".jpg"),
        (
            "/demo/getImageUploadAuth",
            &all[1..],
            "image/cover/",
            ".jpg",
        ),
        (
            "/demo/getImageUploadAuth",
            &[("imageType", "default")],
            "image/default/",
            ".png",
        ),
    ] {
        let reply: ImageUploadAuth = site.ok("GET", path, params).unwrap();
        assert_eq!(reply.image_id.len(), 32);
        let address = DecodedUploadAddress::of(&reply.upload_address).unwrap();
        let key = &address.file_name;
        assert!(key.starts_with(start) && key.ends_with(end), "{key}");
        let upload = Upload {
            at: site.at(),
            video_id: String::new(),
            address,
            keys: Keys::of(&DecodedUploadAuth::of(&reply.upload_auth).unwrap()),
        };
        let url = reply.image_url.unwrap();
        assert_eq!(site.open(url.expose()).element("Code"), "NoSuchKey");
        let kind = [("Content-Type", "image/jpeg")];
        assert_eq!(upload.request("PUT", "", &kind, b"picture").status, 200);
        let shown = site.open(url.expose());
        assert_eq!(
            (shown.status, shown.body.as_slice()),
            (200, &b"picture"[..])
        );
        assert_eq!(shown.header("content-type"), Some("image/jpeg"));
        // Any other address of the same signature is refused.
        let bent = url.expose().replace("Expires=1", "Expires=2");
        assert_eq!(site.open(&bent).element("Code"), "SignatureDoesNotMatch");
        let id = reply.image_id.clone();
        let journal = site.emulator.journal();
        let noticed = journal
            .iter()
            .filter(|record| record.operation == Some("PutObject"))
            .any(|record| format!("{:?}", record.effects).contains(&id));
        assert!(noticed, "the server learns of the picture");
        site.emulator.advance(Duration::from_secs(3602));
        let late = site.open(url.expose());
        assert_eq!(
            late.element("Message"),
            "the signed address is past its time"
        );
    }
}

#[test]
fn the_servers_own_keys_open_its_whole_bucket_for_six_hours() {
    let site = site();
    let upload = site.create(&site.token, "a.mp4");
    let token = site.token.clone();
    for (path, params) in [
        ("/vod/getSts", &[("token", token.as_str())][..]),
        ("/demo/getSts", &[]),
    ] {
        let reply: StsCredentials = site.ok("GET", path, params).unwrap();
        let raw = site.data("GET", path, params);
        assert!(raw["expiration"].as_str().unwrap().ends_with('Z'));
        let keys = Keys {
            id: reply.access_key_id.expose().to_owned(),
            secret: reply.access_key_secret.expose().to_owned(),
            token: reply.security_token.expose().to_owned(),
        };
        let resource = format!("/{}/notes/one.txt", upload.address.bucket);
        let put = || Signed::new("PUT", &resource, &[]).send(site.at(), &keys, b"text");
        assert_eq!(put().status, 200);
        site.emulator.advance(Duration::from_secs(6 * 3600 - 60));
        assert_eq!(put().status, 200);
        site.emulator.advance(Duration::from_secs(61));
        assert_eq!(put().element("Code"), "SecurityTokenExpired");
    }
}

#[test]
fn what_the_service_would_not_take_is_refused() {
    let site = site();
    let refused = |path: &str, params: &[(&str, &str)], word: &str| {
        let (result, code, message) = site.refusal("GET", path, params);
        assert_eq!((result.as_str(), code.as_str()), ("false", "500"), "{path}");
        assert!(message.contains(word), "{message}");
    };
    let video = "/demo/getVideoUploadAuth";
    refused(video, &[("fileName", "a.mp4")], "title");
    refused(video, &[("title", "a")], "fileName");
    refused(
        video,
        &[("title", "a"), ("fileName", "notes.txt")],
        "fileName",
    );
    refused(video, &[("title", "a"), ("fileName", "film")], "fileName");
    let long = "字".repeat(129);
    refused(video, &[("title", &long), ("fileName", "a.mp4")], "title");
    let most = "字".repeat(128);
    site.data("GET", video, &[("title", &most), ("fileName", "a.mp4")]);
    let image = "/demo/getImageUploadAuth";
    refused(image, &[], "imageType");
    refused(image, &[("imageType", "avatar")], "imageType");
    refused(
        image,
        &[("imageType", "cover"), ("imageExt", "exe")],
        "imageExt",
    );
    let refresh = "/demo/refreshVideoUploadAuth";
    refused(refresh, &[("videoId", "nothing")], "nothing");
    let bad = site.call(
        "GET",
        video,
        &[("title", "a"), ("fileName", "a.mp4"), ("fileSize", "big")],
    );
    assert_eq!((bad.status, &bad.json()["status"]), (400, &400.into()));
}

#[test]
fn another_users_video_is_not_refreshed() {
    let site = site();
    let upload = site.create(&site.token, "a.mp4");
    let (_, token) = site.guest();
    let params = [("token", token.as_str()), ("videoId", &upload.video_id)];
    let (result, code, _) = site.refusal("GET", "/vod/refreshVideoUploadAuth", &params);
    assert_eq!((result.as_str(), code.as_str()), ("true", "403"));
}
