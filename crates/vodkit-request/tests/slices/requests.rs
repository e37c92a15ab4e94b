//! What goes over the wire when nothing goes wrong.

use std::sync::{Arc, Mutex};

use vodkit_request::baijiayun::YesNo;
use vodkit_request::baijiayun::{Comparison, Upload, VerifyUpload};
use vodkit_request::testing::{Reply, ScriptedTransport};
use vodkit_request::transport::Pace;
use vodkit_request::types::FileInput;
use vodkit_request::upload::Transfer;
use vodkit_request::{BlockingTransport, ErrorKind, ProgressSink, Run};

use crate::drivers::block_on;
use crate::server::TOKEN;
use crate::world::{Fault, KEY, Kept, World, both, file, md5, session};

fn shown(log: &[String]) -> String {
    let sign = log.join("\n");
    let mut text = String::new();
    for line in sign.lines() {
        match line.split_once("sign=") {
            Some((before, rest)) => text.push_str(&format!("{before}sign=SIGN{}\n", &rest[32..])),
            None => text.push_str(&format!("{line}\n")),
        }
    }
    text.replace('\r', "")
}

#[test]
fn slices_go_in_order_and_everything_is_written_down() {
    let journal = || {
        Transfer::new()
            .part_size(4)
            .journal(Arc::new(Kept::default()).journal())
    };
    let (result, world) = both(|| World::new(10, []), journal);
    let uploaded = result.unwrap();
    assert_eq!((uploaded.video_id, uploaded.bytes), (77, 10));
    assert_eq!(uploaded.md5, Some(md5(&world.file())));
    world.server(|server| {
        assert!(server.videos[&77].complete && server.videos[&77].bytes == world_file())
    });
    insta::assert_snapshot!(shown(&world.log()));
}

fn world_file() -> Vec<u8> {
    World::new(10, []).file()
}

#[test]
fn a_file_of_one_slice_goes_as_a_form() {
    let (result, world) = both(|| World::new(4, []), || Transfer::new().part_size(4));
    assert_eq!(result.unwrap().md5, Some(md5(&world.file())));
    assert_eq!(world.slices(), ["form"]);
    insta::assert_snapshot!(shown(&world.log()));
    // One byte more, and it does not.
    let (result, world) = both(|| World::new(5, []), || Transfer::new().part_size(4));
    result.unwrap();
    assert_eq!(world.slices(), ["1-4/5", "5-5/5"]);
    // The vendor's usual slice.
    let (_, world) = both(|| World::new(5 << 20, []), Transfer::new);
    assert_eq!(world.slices(), ["form"]);
    let (_, world) = both(|| World::new((5 << 20) + 1, []), Transfer::new);
    assert_eq!(
        world.slices(),
        ["1-5242880/5242881", "5242881-5242881/5242881"]
    );
}

#[test]
fn bytes_in_memory_go_the_same_way() {
    let world = World::new(10, [Fault::Fine, Fault::Fine, Fault::Broken(2)]);
    let session = session();
    let kept = Arc::new(Kept::default());
    let input = FileInput::bytes("课 1.mp4", world.file());
    let transfer = Transfer::new().part_size(4).journal(kept.journal());
    let upload = Upload::new(&session, input).transfer(transfer);
    let uploaded = Run::new(&world, upload).send().unwrap();
    assert_eq!(uploaded.md5, Some(md5(&world.file())));
    assert_eq!(world.slices(), ["1-4/10", "5-8/10", "7-10/10"]);
    let log = world.log();
    assert!(
        !log.iter()
            .any(|line| line.starts_with("digest") || line == "inspect")
    );
    // What arrived of the broken slice has its mark, with a digest.
    assert!(
        kept.text()
            .contains(r#""mark":"part","md5":null,"number":2,"offset":4"#),
        "{}",
        kept.text()
    );
    assert!(
        !kept
            .text()
            .contains(r#""crc64":null,"etag":null,"mark":"part""#)
    );
}

#[test]
fn progress_counts_the_file_and_never_goes_back() {
    let world = World::new(
        10,
        [Fault::Fine, Fault::Fine, Fault::Broken(3), Fault::Fine],
    );
    let seen = Arc::new(Mutex::new(Vec::new()));
    let sink = {
        let seen = Arc::clone(&seen);
        ProgressSink::new(move |step| seen.lock().unwrap().push((step.sent, step.total)))
    };
    let session = session();
    let transfer = Transfer::new().part_size(4);
    let upload = Upload::new(&session, file())
        .transfer(transfer)
        .progress(sink);
    Run::new(&world, upload).send().unwrap();
    let seen = seen.lock().unwrap();
    assert_eq!(*seen, [(4, 10), (7, 10), (10, 10)]);
}

#[test]
fn progress_waits_for_bytes_that_were_lost() {
    // The fourth slice is the last that arrives; then three are lost, one is sent again, and the network is gone.
    let fine = vec![Fault::Fine; 5];
    let then = vec![Fault::Forgets(12), Fault::Fine, Fault::Fine];
    let faults = [fine, then, vec![Fault::Connect; 2]].concat();
    let world = World::new(20, faults);
    let seen = Arc::new(Mutex::new(Vec::new()));
    let sink = {
        let seen = Arc::clone(&seen);
        ProgressSink::new(move |step| seen.lock().unwrap().push(step.sent))
    };
    let session = session();
    let upload = Upload::new(&session, file())
        .transfer(Transfer::new().part_size(4))
        .progress(sink);
    Run::new(&world, upload).send().unwrap_err();
    assert_eq!(*seen.lock().unwrap(), [4, 8, 12, 16]);
    assert_eq!(world.slices().len(), 8);
}

#[test]
fn rate_limits_and_the_wish_for_https_are_passed_on() {
    let ticket = format!(
        r#"{{"code":0,"data":{{"video_id":77,"upload_url":"http://up.example.test/upload?fid=77&ts=1&token={TOKEN}"}},"msg":""}}"#
    );
    let resume = ticket.replace("\"video_id\":77", "\"video_id\":77,\"upload_size\":4");
    let network = ScriptedTransport::new([
        Reply::json(ticket.clone()),
        Reply::fails(vodkit_request::transport::TransportErrorKind::Timeout),
        Reply::json(resume),
        Reply::json(r#"{"code":1}"#),
    ]);
    let session = session();
    let limits = vodkit_request::Limits {
        total: Some(std::time::Duration::from_secs(9)),
        ..vodkit_request::Limits::transfer()
    };
    let upload = Upload::new(&session, FileInput::bytes("a.mp4", *b"0123456"))
        .transfer(Transfer::new().part_size(4).pace(Pace::bytes_per_second(9)))
        .order(|order| order.use_https(YesNo::Yes))
        .limits(limits);
    Run::new(&network, upload).send().unwrap();
    let sent = network.sent();
    let slices: Vec<_> = sent
        .iter()
        .filter(|sent| sent.observers.pace.is_some())
        .collect();
    assert_eq!(slices.len(), 2);
    assert!(slices.iter().all(|slice| slice.limits == limits));
    let asked = network.log();
    let asked: Vec<_> = asked
        .iter()
        .filter(|line| line.contains("/openapi/"))
        .collect();
    assert!(
        asked.len() == 2 && asked.iter().all(|line| line.contains("use_https=1")),
        "{asked:?}"
    );
}

#[test]
fn wrong_input_is_told_before_anything_is_written_down() {
    for (transfer, name) in [
        (Transfer::new().part_size(0), "a.mp4".to_owned()),
        (Transfer::new(), "长".repeat(256)),
    ] {
        let kept = Arc::new(Kept::default());
        let world = World::new(10, []);
        let session = session();
        let upload = Upload::new(&session, file())
            .named(name)
            .transfer(transfer.journal(kept.journal()));
        let error = Run::new(&world, upload).send().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error}");
        assert!(kept.records().is_empty() && world.slices().is_empty());
    }
}

#[test]
fn without_md5_only_what_a_journal_needs_is_computed() {
    let ticket = format!(
        r#"{{"code":0,"data":{{"video_id":77,"upload_url":"http://up.example.test/upload?fid=77&ts=1&token={TOKEN}"}},"msg":""}}"#
    );
    let upload = |transfer: Transfer| {
        let arrived = || Reply::json(r#"{"code":1}"#);
        let replies = [Reply::json(ticket.clone()), arrived(), arrived()];
        let network = ScriptedTransport::new(replies).file_of("/a.mp4", b"0123456".as_slice());
        let session = session();
        let upload = Upload::new(&session, FileInput::path("/a.mp4"))
            .transfer(transfer.part_size(4).without_md5());
        assert_eq!(Run::new(&network, upload).send().unwrap().md5, None);
        let sent = network.sent();
        let taps = sent[1..].iter().map(|sent| sent.observers.digest.clone());
        taps.map(|tap| tap.map(|tap| tap.seen().digests()))
            .collect::<Vec<_>>()
    };
    assert_eq!(upload(Transfer::new()), [None, None]);
    let kept = Arc::new(Kept::default());
    let seen = upload(Transfer::new().journal(kept.journal()));
    let past = kept.journal().past().clone();
    assert_eq!((seen.len(), past.parts.len()), (2, 2));
    for (seen, part) in seen.iter().zip(past.parts.values()) {
        let seen = seen.unwrap();
        assert!(seen.md5.is_none() && part.crc64.is_some() && seen.crc64 == part.crc64);
    }
}

#[test]
fn a_transport_that_shows_nothing_uploads_all_the_same() {
    /// Sends, and does no more.
    struct Bare(World);
    impl BlockingTransport for Bare {
        fn tick(&self) -> vodkit_request::Tick {
            BlockingTransport::tick(&self.0)
        }
        fn send(
            &self,
            mut outgoing: vodkit_request::transport::Outgoing,
        ) -> Result<http::Response<bytes::Bytes>, vodkit_request::transport::TransportError>
        {
            outgoing.observers.digest = None;
            BlockingTransport::send(&self.0, outgoing)
        }
        fn sleep(&self, duration: std::time::Duration) {
            BlockingTransport::sleep(&self.0, duration);
        }
        fn inspect(
            &self,
            path: &std::path::Path,
        ) -> std::io::Result<vodkit_request::transport::FileFacts> {
            BlockingTransport::inspect(&self.0, path)
        }
    }
    let bare = Bare(World::new(10, []));
    let session = session();
    let transfer = Transfer::new().part_size(4);
    let uploaded = Run::new(&bare, Upload::new(&session, file()).transfer(transfer))
        .send()
        .unwrap();
    assert_eq!((uploaded.bytes, uploaded.md5), (10, None));
    // Nor does its journal say what it did not see.
    let (bare, kept) = (Bare(World::new(10, [])), Arc::new(Kept::default()));
    let transfer = Transfer::new().part_size(4).journal(kept.journal());
    let upload = Upload::new(&session, file()).transfer(transfer);
    Run::new(&bare, upload).send().unwrap();
    let past = kept.journal().past().clone();
    assert!(past.bytes() == 10 && past.parts.values().all(|part| part.crc64.is_none()));
}

fn info(more: &str) -> Reply {
    Reply::json(format!(
        r#"{{"code":0,"data":{{"video_id":77,"status":100{more}}},"msg":""}}"#
    ))
}

#[test]
fn what_the_vendor_has_is_compared_with_what_was_sent() {
    let (result, _) = both(|| World::new(10, []), || Transfer::new().part_size(4));
    let uploaded = result.unwrap();
    let ours = uploaded.md5.clone().unwrap();
    let ask = |more: String| {
        let (blocking, asynchronous) = (
            ScriptedTransport::new([info(&more)]),
            ScriptedTransport::new([info(&more)]),
        );
        let session = session();
        let result = Run::new(&blocking, VerifyUpload::new(&session, &uploaded)).send();
        let other = block_on(Run::new(
            &asynchronous,
            VerifyUpload::new(&session, &uploaded),
        ));
        assert_eq!(
            result.as_ref().map_err(ToString::to_string),
            other.as_ref().map_err(ToString::to_string)
        );
        result
    };
    let same = ask(format!(
        r#","total_size":10,"file_md5":"{}""#,
        ours.to_uppercase()
    ));
    assert_eq!(same.unwrap(), Comparison::Same);
    for unknown in [
        "",
        r#","total_size":0,"file_md5":"""#,
        r#","total_size":"10""#,
    ] {
        assert_eq!(ask(unknown.to_owned()).unwrap(), Comparison::NotReported);
    }
    for (other, words) in [
        (
            r#","file_md5":"00112233445566778899aabbccddeeff""#.to_owned(),
            "its MD5 is 0011",
        ),
        (
            format!(r#","total_size":11,"file_md5":"{ours}""#),
            "11 bytes, not 10",
        ),
    ] {
        let error = ask(other).unwrap_err();
        assert_eq!(
            (error.kind(), error.created()),
            (ErrorKind::Interrupted, Some("77"))
        );
        assert!(
            error.to_string().contains(words)
                && error.to_string().contains("upload the file again"),
            "{error}"
        );
    }
}

#[test]
fn nothing_that_is_kept_or_told_holds_a_secret() {
    let kept = Arc::new(Kept::default());
    let world = World::new(
        10,
        [
            Fault::Fine,
            Fault::Expired,
            Fault::Fine,
            Fault::Status(503),
            Fault::Status(503),
        ],
    );
    let transfer = Transfer::new().part_size(4).journal(kept.journal());
    let (end, _) = crate::world::run(&world, transfer, usize::MAX, true);
    let told = format!("{end:?} {}", kept.text());
    for secret in [TOKEN, KEY, "upload?fid", "http://", "sign="] {
        assert!(!told.contains(secret), "{secret} in {told}");
    }
    // The wire does hold them, so the search is one.
    assert!(world.log().iter().any(|line| line.contains(TOKEN)));
}
