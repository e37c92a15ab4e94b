//! Walks the case directories: every stage of every signature, and `verify` on the last one.
#![allow(
    clippy::disallowed_methods,
    reason = "the test reads its cases from files; the crate itself still reads nothing"
)]

use std::{
    fs,
    path::{Path, PathBuf},
};

use vodkit_sign::{MASK, baijiayun, polyv, quvideo};

type Pairs = Vec<(String, String)>;

fn directories(of: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(of).expect("the case directory can be read");
    let entries = entries.map(|entry| entry.expect("its entries can be read").path());
    let mut found: Vec<_> = entries.filter(|path| path.is_dir()).collect();
    found.sort();
    found
}

fn pairs(text: &str) -> Pairs {
    let split = |line: &str| {
        let (key, value) = line.split_once('=').expect("a line is key=value");
        (key.to_owned(), value.to_owned())
    };
    text.lines().map(split).collect()
}

/// What a rule makes of some parameters: sorted, canonical, masked, signature from both signers, verdict on a received one.
struct Stages {
    sorted: Pairs,
    canonical: String,
    masked: String,
    signature: String,
    streamed: String,
}

/// The modules have the same functions but are not one trait, so the calls are written out by a macro.
macro_rules! stages {
    ($rule:path, $params:expr, $secret:expr, $signer:expr, $finish:expr) => {{
        use $rule as rule;
        let (params, secret): (&Pairs, &str) = ($params, $secret);
        let sorted: Pairs = rule::signed_pairs(params)
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
            .collect();
        let (mut canonical, mut masked) = (String::new(), String::new());
        rule::canonical(params, secret, &mut canonical).unwrap();
        rule::canonical(params, MASK, &mut masked).unwrap();
        let signature = rule::sign(params, secret).as_str().to_owned();
        assert!(rule::verify(params, secret, &signature).is_ok());
        let other_case = if signature.chars().any(char::is_lowercase) {
            signature.to_uppercase()
        } else {
            signature.to_lowercase()
        };
        for wrong in [
            other_case.as_str(),
            "",
            &signature[1..],
            &format!("{signature} "),
        ] {
            assert!(
                rule::verify(params, secret, wrong).is_err(),
                "accepted {wrong:?}"
            );
        }
        assert!(rule::verify(params, "another secret", &signature).is_err());
        let mut signer = $signer;
        for (key, value) in &sorted {
            signer.pair(key, value);
        }
        let streamed = $finish(&mut signer).as_str().to_owned();
        Stages {
            sorted,
            canonical,
            masked,
            signature,
            streamed,
        }
    }};
}

fn run(rule: &str, params: &Pairs, secret: &str) -> Stages {
    match rule {
        "baijiayun" => stages!(
            baijiayun,
            params,
            secret,
            baijiayun::Signer::new(),
            |signer: &mut baijiayun::Signer| signer.finish(secret)
        ),
        "polyv" => stages!(
            polyv,
            params,
            secret,
            polyv::Signer::new(),
            |signer: &mut polyv::Signer| signer.finish(secret)
        ),
        "polyv-token" => stages!(
            polyv::token,
            params,
            secret,
            polyv::token::Signer::new(secret),
            |signer: &mut polyv::token::Signer<'_>| signer.finish()
        ),
        other => panic!("no rule named {other}"),
    }
}

/// Text and signature of an event callback, and the verdict on a received one.
fn check_event(rule: &str, case: &Path) {
    let read = |file: &str| fs::read_to_string(case.join(file)).expect("the case is complete");
    let (parts, secret, signature) = (read("parts.txt"), read("secret.txt"), read("signature.txt"));
    let (parts, secret) = (parts.lines().collect::<Vec<_>>(), secret.trim_end());
    let write = |secret: &str| {
        let mut text = String::new();
        match (rule, &parts[..]) {
            ("polyv-event", parts) => polyv::event::canonical(parts, secret, &mut text),
            ("quvideo-event", [url, time]) => {
                quvideo::event::canonical(url, time, secret, &mut text)
            }
            _ => panic!("no rule named {rule} for {} parts", parts.len()),
        }
        .expect("writing into a String does not fail");
        text
    };
    let at = case.display();
    assert_eq!(write(secret), read("canonical.txt"), "{at}: canonical");
    assert_eq!(
        write(MASK),
        read("canonical.txt").replace(secret, MASK),
        "{at}: masked"
    );
    let signed = match &parts[..] {
        [url, time] if rule == "quvideo-event" => quvideo::event::sign(url, time, secret),
        parts => polyv::event::sign(parts, secret),
    };
    assert_eq!(signed.as_str(), signature.trim_end(), "{at}: signature");
    let verify = |secret: &str, received: &str| match &parts[..] {
        [url, time] if rule == "quvideo-event" => {
            quvideo::event::verify(url, time, secret, received)
        }
        parts => polyv::event::verify(parts, secret, received),
    };
    assert!(verify(secret, signed.as_str()).is_ok(), "{at}");
    assert!(verify("another secret", signed.as_str()).is_err(), "{at}");
    assert!(
        verify(secret, &signed.as_str().to_uppercase()).is_err(),
        "{at}"
    );
}

#[test]
fn every_stage_of_every_case() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let mut walked = Vec::new();
    for rule in directories(&root) {
        let name = rule.file_name().unwrap().to_str().unwrap().to_owned();
        let cases = directories(&rule);
        for case in &cases {
            if name.ends_with("-event") {
                check_event(&name, case);
                continue;
            }
            let read = |file: &str| fs::read_to_string(case.join(file)).unwrap();
            let (params, secret) = (pairs(&read("params.txt")), read("secret.txt"));
            let secret = secret.trim_end();
            let stages = run(&name, &params, secret);
            let at = case.display();
            assert_eq!(stages.sorted, pairs(&read("sorted.txt")), "{at}: sorted");
            assert_eq!(stages.canonical, read("canonical.txt"), "{at}: canonical");
            assert_eq!(
                stages.masked,
                read("canonical.txt").replace(secret, MASK),
                "{at}: masked"
            );
            assert_eq!(
                stages.signature,
                read("signature.txt").trim_end(),
                "{at}: signature"
            );
            assert_eq!(stages.streamed, stages.signature, "{at}: streaming signer");
        }
        walked.push((name, cases.len()));
    }
    let expected = [
        ("baijiayun", 18),
        ("polyv", 10),
        ("polyv-event", 13),
        ("polyv-token", 7),
        ("quvideo-event", 4),
    ];
    assert_eq!(
        walked,
        expected.map(|(name, count)| (name.to_owned(), count)),
        "cases were lost, or a new one is to be counted"
    );
}
