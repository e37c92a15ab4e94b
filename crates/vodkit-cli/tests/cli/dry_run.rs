//! `--dry-run`: the whole request, nothing sent, nothing secret.

use crate::{PARTNER_ID, PARTNER_KEY, SECRET_KEY, arrived, emulator, run, vodkit};

#[test]
fn a_form_is_shown_with_its_signature_masked() {
    let emulator = emulator();
    let args = [
        "call",
        "baijiayun",
        "video/getInfo",
        "video_id=5",
        "timestamp=1700000000",
        "--dry-run",
    ];
    let dry = run(&mut vodkit(emulator.base_url()), &args).data();
    assert_eq!(dry["dry_run"], true);
    assert_eq!(dry["method"], "POST");
    assert_eq!(
        dry["url"],
        format!("{}/openapi/video/getInfo", emulator.base_url())
    );
    assert_eq!(
        dry["body"],
        format!("partner_id={PARTNER_ID}&timestamp=1700000000&video_id=5&sign=***").as_str()
    );
    assert_eq!(
        dry["headers"]["content-type"],
        "application/x-www-form-urlencoded"
    );
    assert_eq!(arrived(&emulator), 0);
}

#[test]
fn a_query_is_masked_too() {
    let emulator = emulator();
    let args = [
        "call",
        "baijiayun",
        "getStorgeAndFlowInfo",
        "--dry-run",
        "--output",
        "table",
    ];
    let ran = run(&mut vodkit(emulator.base_url()), &args);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(
        ran.out.starts_with("GET http://") && ran.out.contains("sign=***"),
        "{}",
        ran.out
    );
    assert!(ran.out.contains("dry run: nothing was sent"));
    assert_eq!(arrived(&emulator), 0);
}

#[test]
fn a_file_is_shown_by_its_length() {
    let emulator = emulator();
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("a.srt");
    std::fs::write(&file, "1234567").unwrap();
    let given = format!("subtitle=@{}", file.display());
    let args = [
        "call",
        "baijiayun",
        "video/uploadSubtitle",
        "video_id=5",
        "name=en",
        &given,
        "--dry-run",
    ];
    let dry = run(&mut vodkit(emulator.base_url()), &args).data();
    let parts = dry["parts"].as_array().unwrap();
    let part = |name: &str| parts.iter().find(|part| part["name"] == name).unwrap();
    assert_eq!(part("sign")["value"], "***");
    assert_eq!(part("video_id")["value"], "5");
    assert_eq!(part("subtitle")["bytes"], 7);
    assert_eq!(arrived(&emulator), 0);
}

#[test]
fn an_upload_shows_its_first_request() {
    let emulator = emulator();
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("a.mp4");
    std::fs::write(&file, "1234567").unwrap();
    let args = [
        "upload",
        "baijiayun",
        file.to_str().unwrap(),
        "--title",
        "One",
        "--definition",
        "high,720p",
        "--dry-run",
    ];
    let dry = run(&mut vodkit(emulator.base_url()), &args).data();
    let body = dry["body"].as_str().unwrap();
    assert!(
        body.contains("definition=1%2C4&file_name=One.mp4&") && body.contains("sign=***"),
        "{body}"
    );
    assert_eq!(arrived(&emulator), 0);
}

#[test]
fn keys_are_nowhere_in_it() {
    let emulator = emulator();
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("a.mp4");
    std::fs::write(&file, "1").unwrap();
    let data = format!("data=@{}", file.display());
    let address = "upload_url=http://127.0.0.1:1/canary-path?token=canary-token";
    let with = |key: Option<&str>| {
        let mut command = vodkit(emulator.base_url());
        command
            .env_remove("VODKIT_BAIJIAYUN_PARTNER_KEY")
            .env("VODKIT_BAIJIAYUN_SECRET_KEY", SECRET_KEY);
        command.envs(key.map(|key| ("VODKIT_BAIJIAYUN_PARTNER_KEY", key)));
        command
    };
    for (key, shown, args) in [
        (
            Some(PARTNER_KEY),
            "getAccountInfo",
            &["call", "baijiayun", "getAccountInfo"][..],
        ),
        // Without a partner key a dry run must not fetch one.
        (
            None,
            "getAccountInfo",
            &["call", "baijiayun", "getAccountInfo"],
        ),
        (
            None,
            "createkey",
            &["call", "baijiayun", "partner/createkey"],
        ),
        (
            Some(PARTNER_KEY),
            "a.mp4",
            &["call", "baijiayun", "upload", address, &data],
        ),
    ] {
        for format in ["json", "table"] {
            let ran = run(with(key).args(args), &["--dry-run", "--output", format]);
            assert_eq!(ran.code, 0, "{}", ran.err);
            assert!(ran.out.contains("***"), "{}", ran.out);
            assert!(ran.out.contains(shown), "{shown} is not in {}", ran.out);
            for secret in [PARTNER_KEY, SECRET_KEY, "canary-path", "canary-token"] {
                assert!(
                    !ran.out.contains(secret) && !ran.err.contains(secret),
                    "{}{}",
                    ran.out,
                    ran.err
                );
            }
        }
    }
    assert_eq!(arrived(&emulator), 0);
}
