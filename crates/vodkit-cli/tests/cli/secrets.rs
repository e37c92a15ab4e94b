//! No key, signature or token reaches standard output or standard error.

use std::process::Command;

use crate::server::{Server, reply};
use crate::{PARTNER_KEY, Ran, SECRET_KEY, bare, emulator, run, vodkit};

#[track_caller]
fn is_clean(ran: &Ran) {
    let text = format!("{}{}", ran.out, ran.err).to_lowercase();
    assert!(!text.contains("canary"), "{text}");
    // A signature is 32 hexadecimal digits; here nothing else is.
    let digits = text
        .split(|c: char| !c.is_ascii_hexdigit())
        .find(|run| run.len() == 32);
    assert_eq!(digits, None, "{text}");
}

fn both_keys(base_url: &str) -> Command {
    let mut command = vodkit(base_url);
    command.env("VODKIT_BAIJIAYUN_SECRET_KEY", SECRET_KEY);
    command
}

#[test]
fn verbose_runs_and_their_failures_are_clean() {
    let emulator = emulator();
    let closed = "http://127.0.0.1:1";
    let html = Server::start(Some(reply("200 OK", "text/html", "<html>canary</html>")));
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("a.mp4");
    std::fs::write(&file, vec![1; 100]).unwrap();
    let file = file.to_str().unwrap();
    let data = format!("data=@{file}");
    let address = format!(
        "upload_url={}/upload?fid=1&ts=1&token=canary-token",
        emulator.base_url()
    );

    for base_url in [emulator.base_url(), closed, &html.base_url] {
        for args in [
            &["-v", "call", "baijiayun", "getAccountInfo"][..],
            &["-v", "call", "baijiayun", "video/getInfo", "video_id=404"],
            &["-v", "call", "baijiayun", "getUsedFlowDetail"],
            &[
                "-v",
                "call",
                "baijiayun",
                "video/getInfo",
                "video_id=1",
                "timestamp=1000000001",
            ],
            &["-v", "upload", "baijiayun", file, "--wait"],
            &["-v", "call", "baijiayun", "upload", &address, &data],
        ] {
            is_clean(&run(&mut both_keys(base_url), args));
        }
        let mut wrong = both_keys(base_url);
        wrong.env("VODKIT_BAIJIAYUN_PARTNER_KEY", "canary-but-not-the-key");
        is_clean(&run(
            &mut wrong,
            &["-v", "call", "baijiayun", "getAccountInfo"],
        ));
        let mut fetched = both_keys(base_url);
        fetched.env_remove("VODKIT_BAIJIAYUN_PARTNER_KEY");
        is_clean(&run(
            &mut fetched,
            &["-v", "call", "baijiayun", "getAccountInfo"],
        ));
    }
    is_clean(
        &run(
            &mut bare(),
            &[
                "-v",
                "demo",
                file,
                "--output",
                "table",
                "canary-extra-argument-is-usage",
            ],
        )
        .without_argument(),
    );
}

impl Ran {
    /// clap quotes the argument that it does not expect; that is the caller's own.
    fn without_argument(mut self) -> Self {
        self.err = self.err.replace("canary-extra-argument-is-usage", "");
        self
    }
}

#[test]
fn a_vendor_that_repeats_the_key_is_not_quoted() {
    let body = format!(r#"{{"code":1002,"data":[],"msg":"wrong key {PARTNER_KEY}"}}"#);
    let server = Server::start(Some(reply("200 OK", "application/json", &body)));
    let ran = run(
        &mut both_keys(&server.base_url),
        &["call", "baijiayun", "getAccountInfo"],
    );
    assert_eq!(ran.code, 4);
    is_clean(&ran);
}

#[test]
fn a_vendor_that_repeats_a_secret_parameter_is_not_quoted() {
    let body = r#"{"code":1001,"data":[],"msg":"bad secret canary-given and canary-given"}"#;
    let server = Server::start(Some(reply("200 OK", "application/json", body)));
    let args = [
        "call",
        "baijiayun",
        "partner/createkey",
        "partner_id=1",
        "secret_key=canary-given",
    ];
    let ran = run(&mut both_keys(&server.base_url), &args);
    assert_eq!(ran.failure(1)["message"], "bad secret *** and ***");
    is_clean(&ran);
}

#[test]
fn help_shows_no_value_of_the_environment() {
    for args in [
        &["--help"][..],
        &["help", "call"],
        &["help", "upload"],
        &["help", "sign"],
        &["help", "emulator"],
    ] {
        let ran = run(&mut both_keys("http://canary.example.test"), args);
        assert_eq!(ran.code, 0);
        is_clean(&ran);
    }
}

#[test]
fn the_emulator_says_no_key_that_somebody_has_set() {
    // The address cannot be listened on, so it ends at once.
    let ran = run(
        &mut both_keys("http://127.0.0.1:1"),
        &["emulator", "--listen", "192.0.2.1:1"],
    );
    ran.failure(2);
    is_clean(&ran);
}
