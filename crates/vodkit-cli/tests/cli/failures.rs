//! What goes wrong: one line, the right code, and nothing sent where the fault was visible before.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use serde_json::Value;

use crate::server::{Server, reply};
use crate::{arrived, bare, emulator, run, vodkit};

#[track_caller]
fn says(failure: &Value, words: &str) {
    let text = format!("{} {}", failure["message"], failure["hint"]);
    assert!(text.contains(words), "{words} is not in {failure}");
}

#[test]
fn faults_of_the_caller_are_seen_before_anything_is_sent() {
    let emulator = emulator();
    let call = |rest: &[&str]| -> Value {
        let mut args = vec!["call", "baijiayun"];
        args.extend(rest);
        run(&mut vodkit(emulator.base_url()), &args).failure(2)
    };
    says(&call(&["video/getInfo", "video_id=-1"]), "-1 is below");
    says(&call(&["video/getInfo", "video_id=abc"]), "not an integer");
    says(&call(&["video/getInfo"]), "video_id");
    says(
        &call(&["getVideoList", "page_size=1001"]),
        "largest allowed value 1000",
    );
    says(
        &call(&["getVideoList", "create_time=2018-13-01 00:00:00"]),
        "create_time",
    );
    says(
        &call(&["video/getInfo", "video_id=1", "timestamp=1700000000000"]),
        "10 digits",
    );
    says(
        &call(&["video/getInfo", "video_id=1", "sign=00"]),
        "leave it out",
    );
    says(
        &call(&["video/getInfo", "video_id=1", "video_id=2"]),
        "twice",
    );
    says(&call(&["video/getInfo", "5"]), "name=value");
    says(
        &call(&["video/getInfo", "vidoe_id=1"]),
        "did you mean `video_id`?",
    );
    says(
        &call(&["video/getInof", "video_id=1"]),
        "did you mean `video/getInfo`?",
    );
    says(&call(&["getUsedFlow"]), "video_data/getUsedFlow");
    says(
        &call(&["video/uploadSubtitle", "video_id=1", "subtitle=a.srt"]),
        "@PATH",
    );
    let name = format!("name={}", "n".repeat(256));
    says(
        &call(&["video/update", "video_id=1", &name]),
        "256 characters",
    );
    // All that is missing is named at once.
    let missing = call(&["video/getUploadUrl"]);
    says(&missing, "definition");
    says(&missing, "file_name");
    assert_eq!(missing["operation"], "video/getUploadUrl");
    assert_eq!(arrived(&emulator), 0);
}

#[test]
fn unknown_vendors_and_options_are_usage() {
    let failure = run(&mut bare(), &["call", "baijayun", "video/getInfo"]).failure(2);
    says(&failure, "did you mean `baijiayun`?");
    for args in [
        &["cal"][..],
        &[],
        &["call"],
        &["call", "baijiayun", "video/getInfo", "--outptu", "json"],
        &["endpoints", "--output", "xml"],
        &["endpoints", "--vendor", "nobody"],
        &["sign", "md5"],
        &["upload", "baijiayun", "a.mp4", "--deadline", "5"],
    ] {
        assert_eq!(
            run(&mut bare(), args).failure(2)["kind"],
            "usage",
            "{args:?}"
        );
    }
    says(
        &run(&mut bare(), &["cal"]).failure(2),
        "did you mean `call`?",
    );
}

#[test]
fn who_leaves_out_the_call_gets_an_example() {
    let hint = |args: &[&str]| {
        let failure = run(&mut bare(), args).failure(2);
        failure["hint"].as_str().unwrap().to_owned()
    };
    assert!(hint(&["call"]).contains("vodkit call baijiayun "));
    assert!(hint(&["call", "baijiayun"]).contains("`vodkit endpoints baijiayun` lists the calls"));
    assert_eq!(hint(&["emuload"]), "did you mean `upload`?");
    // Without parameters the call says where they are described.
    let failure = run(
        &mut vodkit("http://127.0.0.1:9"),
        &["call", "baijiayun", "getInfo"],
    )
    .failure(2);
    says(&failure, "`vodkit endpoints baijiayun video/getInfo`");
}

#[test]
fn an_address_with_the_path_of_the_calls_is_refused() {
    let emulator = emulator();
    let doubled = format!("{}/openapi/", emulator.base_url());
    let call = ["call", "baijiayun", "getAccountInfo"];
    let by_option = run(
        vodkit("http://127.0.0.1:9").args(call),
        &["--base-url", &doubled],
    );
    let upload = run(&mut vodkit(&doubled), &["upload", "baijiayun", "a.mp4"]);
    for (ran, source) in [
        (by_option, "--base-url"),
        (
            run(&mut vodkit(&doubled), &call),
            "VODKIT_BAIJIAYUN_BASE_URL",
        ),
        (upload, "VODKIT_BAIJIAYUN_BASE_URL"),
    ] {
        let failure = ran.failure(2);
        assert_eq!(failure["kind"], "usage");
        says(
            &failure,
            &format!("{source}: leave out /openapi at the end"),
        );
    }
    assert_eq!(arrived(&emulator), 0);
    // An upload address is used as it is.
    let target = format!("upload_url={doubled}");
    let args = ["call", "baijiayun", "upload", &target, "data=@/nowhere"];
    assert_eq!(
        run(&mut vodkit(&doubled), &args).failure(6)["kind"],
        "local_file"
    );
}

#[test]
fn of_two_addresses_the_one_that_counts_is_named_to_who_asks() {
    let emulator = emulator();
    let with_domain = || {
        let mut command = vodkit(emulator.base_url());
        command.env("VODKIT_BAIJIAYUN_DOMAIN", "b1");
        command
    };
    let call = ["call", "baijiayun", "getAccountInfo"];
    // A program that reads standard error finds failures there and nothing else.
    run(&mut with_domain(), &call).data();
    let told = |mut command: std::process::Command, more: &[&str]| {
        let ran = run(command.args(call).arg("-v"), more);
        assert_eq!(ran.code, 0, "{}", ran.err);
        ran.err
            .lines()
            .filter(|line| line.starts_with("note: "))
            .count()
    };
    assert_eq!(told(with_domain(), &[]), 1);
    assert_eq!(told(with_domain(), &["--base-url", emulator.base_url()]), 0);
    assert_eq!(told(vodkit(emulator.base_url()), &[]), 0);
    assert_eq!(arrived(&emulator), 4);
}

#[test]
fn https_to_a_server_without_it_says_so() {
    let emulator = emulator();
    let base_url = emulator.base_url().replace("http:", "https:");
    let args = ["call", "baijiayun", "getAccountInfo"];
    let failure = run(&mut vodkit(&base_url), &args).failure(5);
    assert_eq!(failure["kind"], "connect");
    says(&failure, "does not speak TLS");
    says(&failure, "write http:// instead of https://");
}

#[test]
fn missing_credentials_are_all_named() {
    let failure = run(
        &mut bare(),
        &["call", "baijiayun", "video/getInfo", "video_id=1"],
    )
    .failure(4);
    assert_eq!(failure["kind"], "credential");
    for name in [
        "VODKIT_BAIJIAYUN_PARTNER_ID",
        "VODKIT_BAIJIAYUN_PARTNER_KEY",
        "VODKIT_BAIJIAYUN_DOMAIN",
    ] {
        says(&failure, name);
    }
    // Empty counts as not set, and what the command is asked comes first.
    let mut empty = vodkit("http://127.0.0.1:9");
    empty.env("VODKIT_BAIJIAYUN_PARTNER_KEY", "");
    says(
        &run(
            &mut empty,
            &["call", "baijiayun", "video/getInfo", "video_id=1"],
        )
        .failure(4),
        "PARTNER_KEY",
    );
    run(&mut bare(), &["call", "baijiayun", "video/getInfo"]).failure(2);
    run(&mut bare(), &["sign", "baijiayun", "a=1"]).failure(4);
}

#[test]
fn a_wrong_key_is_rejected() {
    let emulator = emulator();
    let mut command = vodkit(emulator.base_url());
    command.env("VODKIT_BAIJIAYUN_PARTNER_KEY", "not-the-key");
    let failure = run(&mut command, &["call", "baijiayun", "getAccountInfo"]).failure(4);
    assert_eq!(
        (&failure["kind"], &failure["code"]),
        (&"credential".into(), &"1002".into())
    );
    assert_eq!(failure["operation"], "video_account/getAccountInfo");
    assert_eq!(
        arrived(&emulator),
        1,
        "a wrong key does not become right by asking again"
    );
}

#[test]
fn an_unknown_video_is_refused_with_the_vendors_code() {
    let emulator = emulator();
    let failure = run(
        &mut vodkit(emulator.base_url()),
        &["call", "baijiayun", "video/getInfo", "video_id=404"],
    )
    .failure(1);
    assert_eq!(
        (&failure["kind"], &failure["code"]),
        (&"refused".into(), &"5002".into())
    );
    assert_eq!(failure["operation"], "video/getInfo");
    assert!(failure.get("maybe_sent").is_none(), "{failure}");
}

#[test]
fn a_closed_port_is_told_quickly() {
    let started = Instant::now();
    // Not a port that was free a moment ago: another test may listen there by now.
    let failure = run(
        &mut vodkit("http://127.0.0.1:1"),
        &["call", "baijiayun", "getAccountInfo"],
    )
    .failure(5);
    assert_eq!(
        (&failure["kind"], &failure["attempts"]),
        (&"connect".into(), &3.into())
    );
    assert!(started.elapsed().as_secs() < 5);
}

#[test]
fn an_address_that_is_none_is_usage() {
    for url in ["not an address", "ftp://127.0.0.1", "127.0.0.1:8600/x?y"] {
        let failure = run(&mut vodkit(url), &["call", "baijiayun", "getAccountInfo"]).failure(2);
        says(&failure, "base URL");
    }
}

#[test]
fn html_is_not_a_reply_of_the_api() {
    let server = Server::start(Some(reply(
        "200 OK",
        "text/html",
        "<html><body>Welcome to the hotel</body></html>",
    )));
    let failure = run(
        &mut vodkit(&server.base_url),
        &["call", "baijiayun", "getAccountInfo"],
    )
    .failure(5);
    assert_eq!(failure["kind"], "decode");
    assert!(
        failure.get("status").is_none(),
        "200 is no part of what went wrong"
    );
    says(&failure, "HTML");
    // A call that changes something may have reached the vendor before that.
    let failure = run(
        &mut vodkit(&server.base_url),
        &["call", "baijiayun", "video/delete", "video_id=1"],
    )
    .failure(5);
    assert_eq!(failure["maybe_sent"], true);
}

#[test]
fn a_read_with_half_a_reply_is_repeated_and_a_write_is_not() {
    let half = reply(
        "200 OK",
        "application/json",
        r#"{"code":0,"data":{"video_id":1},"msg":""}"#,
    );
    let half = half[..half.len() - 12].to_owned();

    let server = Server::start(Some(half.clone()));
    let failure = run(
        &mut vodkit(&server.base_url),
        &["call", "baijiayun", "video/getInfo", "video_id=1"],
    )
    .failure(5);
    assert_eq!(
        (&failure["kind"], server.asked()),
        (&"interrupted".into(), 3)
    );

    let server = Server::start(Some(half));
    let failure = run(
        &mut vodkit(&server.base_url),
        &["call", "baijiayun", "video/delete", "video_id=1"],
    )
    .failure(5);
    assert_eq!(
        (&failure["kind"], server.asked()),
        (&"outcome_unknown".into(), 1)
    );
    assert_eq!(failure["maybe_sent"], true);
    says(&failure, "unknown");
}

#[test]
fn json_cut_short_inside_a_complete_reply_is_told() {
    let server = Server::start(Some(reply(
        "200 OK",
        "application/json",
        r#"{"code":0,"data":{"#,
    )));
    let failure = run(
        &mut vodkit(&server.base_url),
        &["call", "baijiayun", "video/getInfo", "video_id=1"],
    )
    .failure(5);
    assert_eq!(failure["kind"], "decode");
}

#[test]
fn a_value_of_another_kind_is_told_with_its_place() {
    let body = r#"{"code":0,"data":{"video_id":["x"]},"msg":""}"#;
    let server = Server::start(Some(reply("200 OK", "application/json", body)));
    let failure = run(
        &mut vodkit(&server.base_url),
        &["call", "baijiayun", "video/getInfo", "video_id=1"],
    )
    .failure(5);
    assert_eq!(
        (&failure["kind"], &failure["field"]),
        (&"decode".into(), &"data.video_id".into())
    );
}

#[test]
fn a_refused_file_leaves_a_video_whose_id_is_told() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("a.mp4");
    std::fs::write(&file, b"a").unwrap();
    let created = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&created);
    let server = Server::answering(move |line, base_url| {
        let body = if line.contains("getUploadUrl") {
            counter.fetch_add(1, Ordering::SeqCst);
            format!(
                r#"{{"code":0,"data":{{"video_id":7007,"upload_url":"{base_url}/send"}},"msg":""}}"#
            )
        } else {
            r#"{"code":5002,"msg":"not this one"}"#.to_owned()
        };
        Some(reply("200 OK", "application/json", &body))
    });
    let args = ["upload", "baijiayun", file.to_str().unwrap()];
    let failure = run(&mut vodkit(&server.base_url), &args).failure(1);
    assert_eq!(
        (&failure["code"], &failure["created"]),
        (&"5002".into(), &"7007".into())
    );
    says(&failure, "Video 7007 does not exist any more");
    // Refused once, it would be refused again: nobody is told to repeat it. Who does so goes on with this video, and makes no second one.
    assert_eq!(failure["resume"], Value::Null);
    says(&failure, "--restart");
    run(&mut vodkit(&server.base_url), &args).failure(1);
    assert_eq!(created.load(Ordering::SeqCst), 1);
}

#[test]
fn a_failing_service_is_unavailable_after_retries() {
    let server = Server::start(Some(reply("503 Service Unavailable", "text/plain", "busy")));
    let failure = run(
        &mut vodkit(&server.base_url),
        &["call", "baijiayun", "getAccountInfo"],
    )
    .failure(5);
    assert_eq!(
        (&failure["kind"], &failure["status"]),
        (&"unavailable".into(), &503.into())
    );
    assert_eq!(server.asked(), 3);
}

#[test]
fn silence_ends_with_the_timeout() {
    let server = Server::start(None);
    let args = [
        "call",
        "baijiayun",
        "video/delete",
        "video_id=1",
        "--timeout",
        "0.2",
    ];
    let failure = run(&mut vodkit(&server.base_url), &args).failure(5);
    assert_eq!(
        (&failure["kind"], &failure["maybe_sent"]),
        (&"outcome_unknown".into(), &true.into())
    );
    assert_eq!(server.asked(), 1);
}

#[test]
fn the_vendors_words_are_one_line() {
    let body = r#"{"code":5002,"data":[],"msg":"no\nsuch\u001b[31m video"}"#;
    let server = Server::start(Some(reply("200 OK", "application/json", body)));
    let ran = run(
        &mut vodkit(&server.base_url),
        &["call", "baijiayun", "video/getInfo", "video_id=1"],
    );
    ran.failure(1);
    assert!(!ran.err.contains('\u{1b}'), "{:?}", ran.err);
}
