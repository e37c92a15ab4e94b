//! `vodkit call` and `vodkit endpoints` where all goes well.

use serde_json::{Value, json};

use crate::{PARTNER_ID, PARTNER_KEY, SECRET_KEY, arrived, bare, emulator, run, vodkit};

#[test]
fn all_42_calls_are_listed() {
    let listed = run(
        &mut bare(),
        &["endpoints", "--vendor", "baijiayun", "--output", "json"],
    )
    .data();
    let listed = listed.as_array().unwrap();
    assert_eq!(listed.len(), 42);
    for entry in listed {
        assert_eq!(entry["vendor"], "baijiayun");
        for field in ["operation", "method", "path", "section"] {
            assert!(
                entry[field].as_str().is_some_and(|text| !text.is_empty()),
                "{entry}"
            );
        }
    }
    let info = listed
        .iter()
        .find(|entry| entry["operation"] == "video/getInfo")
        .unwrap();
    assert_eq!(
        (&info["method"], &info["path"], &info["section"]),
        (
            &json!("POST"),
            &json!("/openapi/video/getInfo"),
            &json!("API-6")
        )
    );
    assert_eq!(info["params"][0]["name"], "video_id");
    assert_eq!(
        run(&mut bare(), &["endpoints"])
            .data()
            .as_array()
            .unwrap()
            .len(),
        42 + 59 + 26 + 5
    );
}

#[test]
fn a_method_and_a_path_need_no_quotes() {
    let run_with = |words: &[&str]| {
        let mut command = bare();
        command
            .env("VODKIT_MEDIACLOUD_USERNAME", "u")
            .env("VODKIT_MEDIACLOUD_PASSWORD", "test-password-0123456789");
        let mut all = vec!["call", "mediacloud"];
        all.extend(words);
        all.extend(["uids=a,b", "--base-url", "http://127.0.0.1:9", "--dry-run"]);
        run(&mut command, &all).data()
    };
    let apart = run_with(&["DELETE", "api/v1/class"]);
    assert_eq!(apart, run_with(&["DELETE api/v1/class"]));
    assert_eq!(apart["body"], r#"{"uids":["a","b"]}"#);
}

#[test]
fn the_table_of_calls_has_a_row_each_and_no_colours() {
    let ran = run(&mut bare(), &["endpoints", "--output", "table"]);
    assert_eq!(ran.code, 0);
    assert_eq!(
        ran.out
            .lines()
            .filter(|line| line.contains("baijiayun"))
            .count(),
        42
    );
    assert!(!ran.out.contains('\u{1b}'), "{:?}", ran.out);
}

#[test]
fn every_name_of_a_call_reaches_it() {
    let emulator = emulator();
    for name in [
        "video_account/getAccountInfo",
        "/openapi/video_account/getAccountInfo",
        "getAccountInfo",
    ] {
        let data = run(
            &mut vodkit(emulator.base_url()),
            &["call", "baijiayun", name],
        )
        .data();
        assert!(data.is_object(), "{data}");
    }
    let calls: Vec<_> = emulator
        .journal()
        .into_iter()
        .map(|record| record.path)
        .collect();
    assert_eq!(calls, ["/openapi/video_account/getAccountInfo"; 3]);
}

#[test]
fn a_video_is_seen_under_the_vendors_names() {
    let emulator = emulator();
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("lesson.mp4");
    std::fs::write(&file, vec![7; 5000]).unwrap();
    let base = emulator.base_url();
    let uploaded = run(
        &mut vodkit(base),
        &["upload", "baijiayun", file.to_str().unwrap(), "--wait"],
    )
    .data();
    let video_id = uploaded["video_id"].as_u64().unwrap();

    let info = run(
        &mut vodkit(base),
        &[
            "call",
            "baijiayun",
            "video/getInfo",
            &format!("video_id={video_id}"),
        ],
    )
    .data();
    assert_eq!(info["video_id"], video_id);
    assert_eq!(
        (&info["status"], &info["total_size"]),
        (&json!(100), &json!(5000))
    );

    let page = run(
        &mut vodkit(base),
        &[
            "call",
            "baijiayun",
            "getVideoList",
            "page_size=1000",
            "page=1",
        ],
    )
    .data();
    assert_eq!(page["total"], 1);
    assert_eq!(page["list"][0]["video_id"], video_id);

    // A list, once with commas and once as JSON.
    for list in [
        format!("video_ids={video_id},{video_id}"),
        format!("video_ids=[{video_id}]"),
    ] {
        let tokens = run(
            &mut vodkit(base),
            &[
                "call",
                "baijiayun",
                "getPlayerTokenBatch",
                &list,
                "expires_in=60",
            ],
        )
        .data();
        assert!(tokens[video_id.to_string()].is_string(), "{tokens}");
    }

    // A file as a parameter.
    let subtitle = directory.path().join("lesson.srt");
    std::fs::write(&subtitle, "1\n00:00:00,000 --> 00:00:01,000\nhello\n").unwrap();
    let operation = run(&mut bare(), &["endpoints"]).data();
    let operation = operation
        .as_array()
        .unwrap()
        .iter()
        .find(|o| o["operation"] == "video/uploadSubtitle")
        .unwrap()
        .clone();
    let mut args = vec![
        "call".to_owned(),
        "baijiayun".into(),
        "video/uploadSubtitle".into(),
    ];
    for param in operation["params"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|param| param["required"] == true)
    {
        let value = match (
            param["type"].as_str().unwrap(),
            param["name"].as_str().unwrap(),
        ) {
            ("file", _) => format!("@{}", subtitle.display()),
            (_, "video_id") => video_id.to_string(),
            (_, "name") => "lesson".to_owned(),
            (_, other) => panic!("no value for {other}"),
        };
        args.push(format!("{}={value}", param["name"].as_str().unwrap()));
    }
    let args: Vec<_> = args.iter().map(String::as_str).collect();
    run(&mut vodkit(base), &args).data();
    let list = run(
        &mut vodkit(base),
        &[
            "call",
            "baijiayun",
            "getSubtitleList",
            &format!("video_id={video_id}"),
        ],
    )
    .data();
    assert!(list.to_string().contains("lesson"), "{list}");
}

#[test]
fn an_empty_text_is_sent_and_signed() {
    let emulator = emulator();
    let created = run(
        &mut vodkit(emulator.base_url()),
        &["call", "baijiayun", "video/addCategory", "name=a"],
    );
    assert_eq!(created.code, 0, "{}", created.err);
    let dry = run(
        &mut vodkit(emulator.base_url()),
        &[
            "call",
            "baijiayun",
            "getVideoList",
            "create_time=",
            "--dry-run",
        ],
    )
    .data();
    assert!(
        dry["body"]
            .as_str()
            .unwrap()
            .starts_with("create_time=&partner_id="),
        "{dry}"
    );
}

#[test]
fn the_secret_key_alone_is_enough() {
    let emulator = emulator();
    let mut command = vodkit(emulator.base_url());
    command
        .env_remove("VODKIT_BAIJIAYUN_PARTNER_KEY")
        .env("VODKIT_BAIJIAYUN_SECRET_KEY", SECRET_KEY);
    assert!(
        run(&mut command, &["call", "baijiayun", "getAccountInfo"])
            .data()
            .is_object()
    );
    let calls: Vec<_> = emulator
        .journal()
        .into_iter()
        .map(|record| record.path)
        .collect();
    assert_eq!(
        calls,
        [
            "/openapi/partner/createkey",
            "/openapi/video_account/getAccountInfo"
        ]
    );
}

#[test]
fn createkey_takes_the_account_from_the_environment() {
    let emulator = emulator();
    let mut command = bare();
    command
        .env("VODKIT_BAIJIAYUN_PARTNER_ID", PARTNER_ID.to_string())
        .env("VODKIT_BAIJIAYUN_SECRET_KEY", SECRET_KEY);
    let data = run(
        &mut command,
        &[
            "call",
            "baijiayun",
            "partner/createkey",
            "--base-url",
            emulator.base_url(),
        ],
    )
    .data();
    assert_eq!(data["partner_key"], PARTNER_KEY);
}

#[test]
fn the_account_can_be_named_on_the_command_line() {
    let emulator = emulator();
    let mut command = vodkit(emulator.base_url());
    command.env_remove("VODKIT_BAIJIAYUN_PARTNER_ID");
    let named = format!("partner_id={PARTNER_ID}");
    assert!(
        run(
            &mut command,
            &["call", "baijiayun", "getAccountInfo", &named]
        )
        .data()
        .is_object()
    );
}

#[test]
fn undocumented_parameters_need_a_word() {
    let emulator = emulator();
    let args = ["call", "baijiayun", "getAccountInfo", "product_type=7"];
    let refused = run(&mut vodkit(emulator.base_url()), &args).failure(2);
    assert!(
        refused["message"]
            .as_str()
            .unwrap()
            .contains("`product_type`"),
        "{refused}"
    );
    assert_eq!(arrived(&emulator), 0);
    let mut allowed = args.to_vec();
    allowed.push("--allow-undocumented");
    assert!(
        run(&mut vodkit(emulator.base_url()), &allowed)
            .data()
            .is_object()
    );
}

#[test]
fn a_table_is_readable_off_a_terminal_too() {
    let emulator = emulator();
    let ran = run(
        &mut vodkit(emulator.base_url()),
        &["call", "baijiayun", "getVideoList", "--output", "table"],
    );
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    assert!(
        ran.out.starts_with('┌') && !ran.out.contains('\u{1b}'),
        "{}",
        ran.out
    );
}

#[test]
fn verbose_names_method_address_status_code_and_time() {
    let emulator = emulator();
    let line = |args: &[&str]| {
        let ran = run(
            vodkit(emulator.base_url()).args(["-v", "call", "baijiayun"]),
            args,
        );
        ran.err.lines().next().unwrap().to_owned()
    };
    for (args, path, code) in [
        (&["getAccountInfo"][..], "video_account/getAccountInfo", "0"),
        (&["getInfo", "video_id=404"], "video/getInfo", "5002"),
    ] {
        let line = line(args);
        let words: Vec<_> = line.split(' ').collect();
        let address = format!("{}/openapi/{path}", emulator.base_url());
        assert_eq!(
            words[..5],
            ["POST", &address, "200", "code", code],
            "{line}"
        );
        assert!(
            words[5].parse::<u32>().is_ok() && words[6..] == ["ms"],
            "{line}"
        );
    }
}

#[test]
fn one_call_is_described_with_its_parameters() {
    let described = |args: &[&str]| run(bare().arg("endpoints"), args).data();
    let list = described(&["getVideoList"]);
    for (field, wanted) in [
        ("vendor", json!("baijiayun")),
        ("operation", json!("video/getVideoList")),
        ("methods", json!(["POST"])),
        ("path", json!("/openapi/video/getVideoList")),
        ("auth", json!("signed")),
        ("idempotent", json!(true)),
        ("example", json!("vodkit call baijiayun video/getVideoList")),
    ] {
        assert_eq!(list[field], wanted, "{field}");
    }
    let size = &list["params"][2];
    assert_eq!(size["name"], "page_size");
    assert_eq!(
        (
            &size["type"],
            &size["in"],
            &size["required"],
            &size["default"]
        ),
        (
            &json!("integer"),
            &json!("form"),
            &json!(false),
            &json!("20")
        )
    );
    assert_eq!((&size["min"], &size["max"]), (&json!(1), &json!(1000)));
    assert!(size.get("values").is_none() && size.get("max_chars").is_none());
    // Of a list, the same object.
    let all = described(&["--vendor", "baijiayun"]);
    assert!(all.as_array().unwrap().contains(&list));
    assert_eq!(described(&["--operation", "POST getVideoList"]), list);

    let ran = run(
        bare().arg("endpoints"),
        &["baijiayun", "getUploadUrl", "--output", "table"],
    );
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    for wanted in ["API-2", "file_name", "255 characters", "16, 1, 2, 4, 8"] {
        assert!(ran.out.contains(wanted), "{wanted} is not in\n{}", ran.out);
    }
    let last = ran.out.lines().last().unwrap();
    assert_eq!(
        last,
        "vodkit call baijiayun video/getUploadUrl definition=16 file_name=TEXT"
    );
}

#[test]
fn tables_say_what_a_status_means_and_json_does_not() {
    let emulator = emulator();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.mp4");
    std::fs::write(&file, "any bytes").unwrap();
    let args = ["upload", "baijiayun", file.to_str().unwrap(), "--wait"];
    let uploaded = run(&mut vodkit(emulator.base_url()), &args).data();
    let given = format!("video_id={}", uploaded["video_id"]);
    let args = ["call", "baijiayun", "getInfo", given.as_str()];
    let info = run(&mut vodkit(emulator.base_url()), &args).data();
    assert_eq!(
        (&info["status"], &info["publish_status"]),
        (&json!(100), &json!(1))
    );
    let table = run(
        vodkit(emulator.base_url()).args(args),
        &["--output", "table"],
    )
    .out;
    assert!(
        table.contains("100 (transcoded)") && table.contains("1 (published)"),
        "{table}"
    );
}

#[test]
fn the_demo_really_does_it() {
    let data = run(&mut bare(), &["demo", "--output", "json"]).data();
    for step in ["uploaded", "transcoded", "listed", "played", "bytes_equal"] {
        assert_eq!(data[step], true, "{data}");
    }
    assert_eq!(data["info"]["status"], 100);
    assert_eq!(data["info"]["file_md5"], data["md5"]);
    assert_eq!(data["bytes"], include_bytes!("../../assets/clip.mp4").len());
    assert!(data["seconds"].as_f64().unwrap() < 10.0);
    let steps: Vec<&Value> = data["steps"]
        .as_array()
        .unwrap()
        .iter()
        .map(|step| &step["step"])
        .collect();
    assert_eq!(
        steps,
        [
            "emulator",
            "upload",
            "transcode",
            "info",
            "list",
            "seek",
            "play",
            "polyv",
            "quvideo",
            "mediacloud"
        ]
    );
    let rows: Vec<_> = data["vendors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| {
            assert_eq!(row["processed"], true, "{row}");
            assert!(!row["made"].as_str().unwrap().is_empty());
            (
                row["vendor"].as_str().unwrap(),
                row["listed"].as_bool(),
                row["bytes_equal"].as_bool(),
            )
        })
        .collect();
    assert_eq!(
        rows,
        [
            ("baijiayun", Some(true), Some(true)),
            ("polyv", Some(true), Some(true)),
            ("quvideo", Some(true), Some(true)),
            ("mediacloud", None, Some(true)),
        ]
    );
}

#[test]
fn the_demo_takes_a_file_and_tells_it_in_lines() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("one.mp4");
    std::fs::write(&file, b"x").unwrap();
    let ran = run(
        &mut bare(),
        &["demo", file.to_str().unwrap(), "--output", "table"],
    );
    assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{}", ran.out);
    for wanted in [
        "one.mp4 (1 bytes)",
        "file_md5",
        "all equal",
        "bytes equal",
        "vodkit upload baijiayun",
    ] {
        assert!(ran.out.contains(wanted), "{wanted} is not in\n{}", ran.out);
    }
    assert!(!ran.out.contains('\u{1b}'));
}

#[test]
fn the_demo_refuses_a_file_that_is_no_video() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("notes.txt");
    std::fs::write(&file, b"not a video").unwrap();
    let failure = run(&mut bare(), &["demo", file.to_str().unwrap()]).failure(1);
    assert!(
        matches!(failure["kind"].as_str(), Some("processing" | "refused")),
        "{failure}"
    );
}
