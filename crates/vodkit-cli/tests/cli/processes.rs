//! Signals, pipes, ports: the process among others.

#[cfg(unix)]
use std::io::Write;
use std::io::{BufRead, BufReader, Read};
use std::net::TcpListener;
#[cfg(unix)]
use std::os::{fd::OwnedFd, unix::net::UnixStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::server::{Server, reply};
use crate::{Ran, bare, run, vodkit};

#[cfg(unix)]
pub(crate) fn signal(child: &Child, name: &str) {
    let sent = Command::new("kill")
        .args([format!("-{name}"), child.id().to_string()])
        .status()
        .unwrap();
    assert!(sent.success());
}

/// Waits without end for nothing: the test would rather fail.
pub(crate) fn until(mut condition: impl FnMut() -> bool) {
    assert!(comes(&mut condition), "it does not come");
}

fn comes(condition: &mut impl FnMut() -> bool) -> bool {
    let started = Instant::now();
    while !condition() {
        if started.elapsed() > Duration::from_secs(20) {
            return false;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    true
}

/// What a process left behind that is about to end, or is made to.
pub(crate) fn ended(mut child: Child) -> Ran {
    if !comes(&mut || child.try_wait().unwrap().is_some()) {
        child.kill().unwrap();
        panic!("it does not end");
    }
    child.wait_with_output().unwrap().into()
}

/// An emulator process, its base URL and the rest of its standard output.
fn emulator(command: &mut Command) -> (Child, String, BufReader<std::process::ChildStdout>) {
    let mut child = command
        .args(["emulator", "--listen", "127.0.0.1:0"])
        .spawn()
        .unwrap();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    let mut first = String::new();
    stdout.read_line(&mut first).unwrap();
    (child, first.trim_end().to_owned(), stdout)
}

#[cfg(unix)]
#[test]
fn an_emulator_says_where_it_is_and_ends_in_order() {
    for name in ["TERM", "INT"] {
        let (child, base_url, mut stdout) = emulator(&mut bare());
        assert!(base_url.starts_with("http://127.0.0.1:"), "{base_url}");
        let mut with_its_account = bare();
        with_its_account
            .env(
                "VODKIT_BAIJIAYUN_PARTNER_ID",
                vodkit_emulator::baijiayun::DEFAULT_PARTNER_ID.to_string(),
            )
            .env(
                "VODKIT_BAIJIAYUN_PARTNER_KEY",
                vodkit_emulator::baijiayun::DEFAULT_PARTNER_KEY,
            );
        let args = [
            "call",
            "baijiayun",
            "getAccountInfo",
            "--base-url",
            &base_url,
        ];
        assert!(run(&mut with_its_account, &args).data().is_object());
        signal(&child, name);
        let ran = ended(child);
        assert_eq!(ran.code, 0);
        let mut rest = String::new();
        stdout.read_to_string(&mut rest).unwrap();
        assert_eq!(rest, "", "standard output has one line");
        assert!(
            ran.err
                .lines()
                .any(|line| line.contains("/openapi/video_account/getAccountInfo")),
            "{}",
            ran.err
        );
        assert!(
            ran.err
                .contains(&format!("VODKIT_BAIJIAYUN_BASE_URL={base_url}")),
            "{}",
            ran.err
        );
        assert!(
            !ran.err.contains("taken from this environment"),
            "{}",
            ran.err
        );
    }
}

/// What it takes from its environment is not printed, so it says what a second terminal lacks.
#[cfg(unix)]
#[test]
fn an_emulator_names_the_keys_that_it_keeps_to_itself() {
    let mut command = bare();
    command
        .env("VODKIT_BAIJIAYUN_PARTNER_KEY", "hush")
        .env("VODKIT_POLYV_SECRET_KEY", "hush");
    let (child, _, _stdout) = emulator(&mut command);
    signal(&child, "TERM");
    let ran = ended(child);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let line =
        "to be set to the same elsewhere: VODKIT_BAIJIAYUN_PARTNER_KEY, VODKIT_POLYV_SECRET_KEY\n";
    assert!(ran.err.contains(line), "{}", ran.err);
    assert!(!ran.err.contains("hush"), "{}", ran.err);
}

/// Whoever receives QuVideo's callbacks has these variables set, and starts an emulator all the same.
#[cfg(unix)]
#[test]
fn an_emulator_starts_beside_the_variables_of_a_receiver() {
    let url = "VODKIT_QUVIDEO_CALLBACK_URL";
    for (address, is_told) in [("", false), ("https://vod.example.test/hook?t=hush", true)] {
        let mut command = bare();
        command
            .env("VODKIT_QUVIDEO_CALLBACK_KEY", "hush")
            .env(url, address);
        let (child, base_url, _stdout) = emulator(&mut command);
        assert!(base_url.starts_with("http://127.0.0.1:"), "{base_url}");
        signal(&child, "TERM");
        let ran = ended(child);
        assert_eq!(ran.code, 0, "{}", ran.err);
        let line = format!("{url} is an https address");
        assert_eq!(ran.err.contains(&line), is_told, "{}", ran.err);
        assert!(!ran.err.contains("hush"), "{}", ran.err);
    }
}

#[cfg(unix)]
#[test]
fn an_emulator_takes_account_and_speed_from_the_environment() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("a.mp4");
    std::fs::write(&file, b"a").unwrap();
    // At its own pace the transcoding takes 3 seconds.
    let (child, base_url, _stdout) = emulator(vodkit("").env("VODKIT_EMULATOR_TIME_SCALE", "1000"));
    let args = [
        "upload",
        "baijiayun",
        file.to_str().unwrap(),
        "--wait",
        "--deadline",
        "2",
    ];
    assert_eq!(
        run(&mut vodkit(&base_url), &args).data()["transcoded"],
        true
    );
    signal(&child, "TERM");
    assert_eq!(ended(child).code, 0);

    let bad = run(
        bare().env("VODKIT_EMULATOR_TIME_SCALE", "fast"),
        &["emulator", "--listen", "0"],
    )
    .failure(2);
    assert!(
        bad["message"]
            .as_str()
            .unwrap()
            .contains("VODKIT_EMULATOR_TIME_SCALE"),
        "{bad}"
    );
}

#[test]
fn an_address_in_use_is_one_clear_line() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let failure = run(&mut bare(), &["emulator", "--listen", &address]).failure(2);
    assert!(
        failure["message"].as_str().unwrap().contains("in use"),
        "{failure}"
    );
    assert_eq!(
        run(&mut bare(), &["emulator", "--listen", "nowhere"]).failure(2)["kind"],
        "usage"
    );
}

#[cfg(unix)]
#[test]
fn an_interrupted_write_says_that_it_may_have_happened() {
    for (args, maybe_sent) in [
        (
            &["call", "baijiayun", "video/delete", "video_id=1"][..],
            true,
        ),
        (&["call", "baijiayun", "video/getInfo", "video_id=1"], false),
    ] {
        let server = Server::start(None);
        let child = vodkit(&server.base_url).args(args).spawn().unwrap();
        until(|| server.asked() == 1);
        let signalled = Instant::now();
        signal(&child, "INT");
        let ran = ended(child);
        assert!(signalled.elapsed() < Duration::from_secs(1));
        let failure = ran.failure(130);
        assert_eq!(failure["kind"], "interrupted");
        assert_eq!(failure.get("maybe_sent").is_some(), maybe_sent, "{failure}");
    }
}

/// Ctrl-C at each stage of an upload: what exists by then is named, and what is not known is not claimed.
#[cfg(unix)]
#[test]
fn an_interrupted_upload_names_the_video_that_exists() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("a.mp4");
    let sparse = std::fs::File::create(&file).unwrap();
    for (stage, asked, created, maybe_sent, hint) in [
        (
            "getUploadUrl",
            1,
            None,
            true,
            "the next run finds out what came of it",
        ),
        (
            "/send",
            2,
            Some("7007"),
            true,
            "Video 7007 exists but may have no content",
        ),
        (
            "getStatus",
            3,
            Some("7007"),
            false,
            "Video 7007 is uploaded",
        ),
    ] {
        let server = Server::answering(move |line, base_url| {
            let body = if line.contains("getUploadUrl") {
                format!(
                    r#"{{"code":0,"data":{{"video_id":7007,"upload_url":"{base_url}/send?token=canary"}},"msg":""}}"#
                )
            } else {
                r#"{"code":1,"msg":""}"#.to_owned()
            };
            (!line.contains(stage)).then(|| reply("200 OK", "application/json", &body))
        });
        // More than the sockets hold, where the sending of it is what is interrupted.
        let length = if stage == "/send" { 64 << 20 } else { 1 << 20 };
        sparse.set_len(length).unwrap();
        let child = vodkit(&server.base_url)
            .env("VODKIT_STATE_DIR", directory.path().join(asked.to_string()))
            // In one request, so that the third one asks for the status.
            .args([
                "upload",
                "baijiayun",
                file.to_str().unwrap(),
                "--part-size",
                "64M",
                "--wait",
            ])
            .spawn()
            .unwrap();
        until(|| server.asked() == asked);
        let signalled = Instant::now();
        signal(&child, "INT");
        let ran = ended(child);
        assert!(signalled.elapsed() < Duration::from_secs(1), "{stage}");
        let failure = ran.failure(130);
        assert_eq!(failure["kind"], "interrupted", "{stage}");
        let told = failure.get("created").map(|id| id.as_str().unwrap());
        assert_eq!(told, created, "{stage}");
        assert_eq!(failure.get("maybe_sent").is_some(), maybe_sent, "{stage}");
        assert!(
            failure["hint"].as_str().unwrap().contains(hint),
            "{failure}"
        );
        let resume = format!(
            "vodkit upload baijiayun {} --part-size 64M --wait",
            file.display()
        );
        assert_eq!(failure["resume"], resume, "{stage}");
        assert!(!ran.err.contains("canary"), "{}", ran.err);
    }
}

/// The report of the first signal cannot be written, because nobody reads it: the second one ends the process all the same.
#[cfg(unix)]
#[test]
fn a_second_signal_ends_a_process_that_hangs() {
    let server = Server::start(None);
    let (mut reader, mut writer) = UnixStream::pair().unwrap();
    writer.set_nonblocking(true).unwrap();
    while writer.write(b".").is_ok() {}
    writer.set_nonblocking(false).unwrap();
    let mut command = vodkit(&server.base_url);
    command.stderr(OwnedFd::from(writer));
    let mut child = command
        .args(["call", "baijiayun", "video/delete", "video_id=1"])
        .spawn()
        .unwrap();
    drop(command);
    until(|| server.asked() == 1);
    let ends = comes(&mut || {
        signal(&child, "INT");
        child.try_wait().unwrap().is_some()
    });
    child.kill().unwrap();
    assert!(ends);
    assert_eq!(child.wait().unwrap().code(), Some(130));

    let mut told = String::new();
    reader.read_to_string(&mut told).unwrap();
    assert_eq!(told.trim_matches('.'), "", "the first signal was enough");
}

#[cfg(unix)]
#[test]
fn an_interrupted_demo_leaves_no_files_behind() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("a.mp4");
    std::fs::write(&file, vec![0; 1 << 20]).unwrap();
    let scratch = tempfile::tempdir().unwrap();
    let entries = || std::fs::read_dir(scratch.path()).unwrap().count();
    let child = bare()
        .env("TMPDIR", scratch.path())
        .args(["demo", file.to_str().unwrap(), "--output", "table"])
        .spawn()
        .unwrap();
    until(|| entries() > 0);
    signal(&child, "INT");
    ended(child).error(130);
    assert_eq!(entries(), 0);
}

#[test]
fn a_reader_that_has_gone_is_no_failure() {
    for args in [
        &["endpoints"][..],
        &["exit-codes"],
        &["completions", "bash"],
        &["demo", "--output", "table"],
        &["--help"],
    ] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let child = bare()
            .args(args)
            .stdout(Stdio::from(writer))
            .spawn()
            .unwrap();
        let output = child.wait_with_output().unwrap();
        assert_eq!(
            (
                output.status.code(),
                String::from_utf8_lossy(&output.stderr).as_ref()
            ),
            (Some(0), ""),
            "{args:?}"
        );
    }
}

#[test]
fn closed_standard_error_changes_no_exit_code() {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let status = bare()
        .args(["-v", "call", "nobody", "x"])
        .stderr(Stdio::from(writer))
        .status()
        .unwrap();
    assert_eq!(status.code(), Some(2));
}

#[test]
fn the_exit_codes_are_documented() {
    let listed = run(&mut bare(), &["exit-codes"]).data();
    let codes: Vec<_> = listed
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["code"].as_u64().unwrap())
        .collect();
    assert_eq!(codes, [0, 1, 2, 3, 4, 5, 6, 7, 8, 124, 130]);
    let help = run(&mut bare(), &["help", "exit-codes"]);
    assert_eq!(help.code, 0);
    for entry in listed.as_array().unwrap() {
        assert!(
            help.out.contains(
                entry["meaning"]
                    .as_str()
                    .unwrap()
                    .split(',')
                    .next()
                    .unwrap()
            ),
            "{}",
            help.out
        );
    }
}

#[test]
fn completions_exist_for_common_shells() {
    for shell in ["bash", "zsh", "fish", "powershell"] {
        let ran = run(&mut bare(), &["completions", shell]);
        assert!(
            ran.code == 0 && ran.out.contains("vodkit") && ran.out.contains("endpoints"),
            "{shell}"
        );
    }
}

#[test]
fn it_starts_quickly() {
    let started = Instant::now();
    assert_eq!(
        run(&mut bare(), &["--version"]).out,
        concat!("vodkit ", env!("CARGO_PKG_VERSION"), "\n")
    );
    // The aim is 20 ms for a release build on an idle machine; this only notices a disaster.
    assert!(started.elapsed() < Duration::from_secs(2));
}
