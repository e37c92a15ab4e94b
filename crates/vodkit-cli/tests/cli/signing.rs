//! `vodkit sign`. The expected signatures are computed with Python's hashlib.

use std::io::Write;
use std::process::{Command, Stdio};

use crate::{Ran, bare, run};

const SECRET: &str = "test-key-0123456789";

fn signing() -> Command {
    let mut command = bare();
    command.env("VODKIT_SECRET", SECRET);
    command
}

#[test]
fn signatures_are_those_of_another_implementation() {
    for (args, wanted) in [
        (
            &[
                "baijiayun",
                "video_id=240017",
                "partner_id=12345678",
                "timestamp=1700000000",
            ][..],
            "bfddd2e7da3b31029e1275db50fe6ec5",
        ),
        (
            &[
                "baijiayun",
                "name=第一课 a&b=c",
                "partner_id=12345678",
                "timestamp=1700000000",
                "sign=x",
                "empty=",
            ],
            "3fc56e291c228762d16be5d62f30af08",
        ),
        (&["baijiayun"], "d8fd6f635f9d4734e59466c122ee6942"),
        (
            &["polyv", "vid=v1", "ptime=1700000000000", "tag="],
            "209FBE9A9EBA57C68056FC3EDA5A2AD0E6682DD8",
        ),
        (
            &["polyv", "Z=1", "a=2", "_=3", "sign=x"],
            "0AE03A3E8CCFFE58965F2AF7533E8706F0429652",
        ),
        (
            &[
                "polyv-token",
                "userId=u1",
                "ts=1700000000000",
                "videoId=v1",
                "viewerName=",
            ],
            "0CDCC22F0A28D7A8F78ABE81C0E36D7E",
        ),
    ] {
        let ran = run(signing().arg("sign"), args);
        assert_eq!(
            (ran.code, ran.out.as_str(), ran.err.as_str()),
            (0, format!("{wanted}\n").as_str(), ""),
            "{args:?}"
        );
    }
}

#[test]
fn json_comes_only_when_asked_for() {
    let data = run(
        &mut signing(),
        &[
            "sign",
            "polyv",
            "vid=v1",
            "ptime=1700000000000",
            "--output",
            "json",
        ],
    )
    .data();
    assert_eq!(data["rule"], "polyv");
    assert_eq!(
        data["signature"],
        "209FBE9A9EBA57C68056FC3EDA5A2AD0E6682DD8"
    );
}

#[test]
fn the_secret_has_four_sources() {
    let wanted = "bfddd2e7da3b31029e1275db50fe6ec5\n";
    let params = [
        "sign",
        "baijiayun",
        "video_id=240017",
        "partner_id=12345678",
        "timestamp=1700000000",
    ];
    let with = |command: &mut Command, more: &[&str]| run(command.args(params), more).out;

    assert_eq!(with(&mut bare(), &["--secret", SECRET]), wanted);
    assert_eq!(
        with(bare().env("VODKIT_BAIJIAYUN_PARTNER_KEY", SECRET), &[]),
        wanted
    );
    // The command line goes before VODKIT_SECRET, and that before the vendor's variable.
    assert_eq!(
        with(
            bare()
                .env("VODKIT_SECRET", SECRET)
                .env("VODKIT_BAIJIAYUN_PARTNER_KEY", "other"),
            &[]
        ),
        wanted
    );
    assert_eq!(
        with(bare().env("VODKIT_SECRET", "other"), &["--secret", SECRET]),
        wanted
    );
    for more in [&["--secret-stdin"][..], &["--secret", "-"]] {
        let mut child = bare()
            .args(params)
            .args(more)
            .stdin(Stdio::piped())
            .spawn()
            .unwrap();
        child
            .stdin
            .take()
            .unwrap()
            .write_all(format!("{SECRET}\r\n").as_bytes())
            .unwrap();
        assert_eq!(Ran::from(child.wait_with_output().unwrap()).out, wanted);
    }
    // An empty standard input is no secret, and asks nobody.
    assert_eq!(
        run(bare().args(params), &["--secret-stdin"]).failure(4)["kind"],
        "credential"
    );
}

#[test]
fn each_step_is_explained_and_the_secret_is_not() {
    let args = [
        "sign",
        "polyv",
        "vid=v1",
        "ptime=2",
        "tag=",
        "sign=x",
        "--explain",
    ];
    let ran = run(&mut signing(), &args);
    assert_eq!(ran.code, 0);
    for wanted in [
        "ptime=2&vid=v1***",
        "tag (empty)",
        "sign (carries the signature)",
        "SHA-1",
    ] {
        assert!(ran.out.contains(wanted), "{wanted} is not in\n{}", ran.out);
    }
    assert!(
        ran.out.find("ptime = 2").unwrap() < ran.out.find("vid   = v1").unwrap(),
        "{}",
        ran.out
    );
    assert!(!ran.out.contains(SECRET));
    let alone = run(&mut signing(), &args[..args.len() - 1]).out;
    assert!(
        ran.out.ends_with(&alone),
        "the explanation ends with the signature"
    );

    let data = run(
        &mut signing(),
        &[
            "sign",
            "polyv-token",
            "b=2",
            "a=1",
            "--explain",
            "--output",
            "json",
        ],
    )
    .data();
    assert_eq!(data["canonical"], "***a1b2***");
    assert_eq!(data["sorted"][0]["name"], "a");
}

#[test]
fn what_the_vendor_would_refuse_is_refused() {
    for (args, words) in [
        (&["baijiayun", "timestamp=1700000000000"][..], "10 digits"),
        (&["baijiayun", "partner_key=canary"], "is the secret"),
        (&["baijiayun", "a=1", "a=2"], "twice"),
        (&["polyv", "novalue"], "name=value"),
        (&["polyv-tokn"], "did you mean `polyv-token`?"),
        (&["sha256"], "the rules are"),
    ] {
        let ran = run(signing().arg("sign"), args);
        ran.failure(2);
        assert!(
            ran.err.contains(words) && !ran.err.contains("canary"),
            "{}",
            ran.err
        );
    }
    // Polyv counts in milliseconds.
    assert_eq!(
        run(
            &mut signing(),
            &["sign", "polyv", "timestamp=1700000000000"]
        )
        .code,
        0
    );
}
