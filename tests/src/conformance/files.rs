//! Bodies that are read from files while they are sent.

use std::io::Write;
use std::sync::{Arc, Mutex, OnceLock};

use tempfile::NamedTempFile;
use vodkit_request::payload::{Payload, Segment};
use vodkit_request::transport::{Outgoing, Progress, ProgressSink, TransportErrorKind};

use super::server::{Server, reply};
use super::{Harness, assert_fails, post};

/// Length of [`pattern`].
pub const PATTERN_LEN: u64 = 3_000_017;

/// Bytes that are equal at no two offsets a mistake would mix up.
pub fn pattern() -> &'static [u8] {
    static PATTERN: OnceLock<Vec<u8>> = OnceLock::new();
    PATTERN.get_or_init(|| {
        let mut state = 1_u32;
        (0..PATTERN_LEN)
            .map(|_| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                (state >> 24) as u8
            })
            .collect()
    })
}

/// A file of [`pattern`].
#[must_use]
pub fn pattern_file() -> NamedTempFile {
    let mut file = NamedTempFile::new().unwrap();
    file.write_all(pattern()).unwrap();
    file
}

fn recorded(mut outgoing: Outgoing) -> (Outgoing, Arc<Mutex<Vec<Progress>>>) {
    let steps = Arc::new(Mutex::new(Vec::new()));
    let ours = steps.clone();
    outgoing.observers.progress = Some(ProgressSink::new(move |step| {
        ours.lock().unwrap().push(step)
    }));
    (outgoing, steps)
}

/// Progress goes up in steps of at most 256 KiB and ends at the total.
pub fn progress_is_told(case: &dyn Harness) {
    let file = pattern_file();
    let server = Server::answering(reply("200 OK", &[], "{}"));
    let payloads = [
        Payload::file(file.path(), 0..PATTERN_LEN),
        Payload::from(b"short".to_vec()),
        Payload::from(pattern().to_vec()),
        Payload::from_segments(vec![
            Segment::Bytes(b"head".to_vec().into()),
            Segment::File {
                path: file.path().into(),
                range: 7..700_000,
            },
            Segment::Bytes(b"tail".to_vec().into()),
        ]),
    ];
    for payload in payloads {
        let total = payload.len();
        let (outgoing, steps) = recorded(post(server.url("/x"), payload));
        case.send(outgoing).unwrap();
        let steps = steps.lock().unwrap();
        assert!(
            steps.iter().all(|step| step.total == total),
            "{}: {steps:?}",
            case.name()
        );
        let mut before = 0;
        for step in steps.iter() {
            assert!(
                step.sent > before && step.sent - before <= 256 * 1024,
                "{}: {steps:?}",
                case.name()
            );
            before = step.sent;
        }
        assert_eq!(before, total, "{}", case.name());
        // Not more often than it takes, either.
        assert!(
            steps.len() as u64 <= total / (256 * 1024) + 4,
            "{}: {} steps",
            case.name(),
            steps.len()
        );
    }
}

/// A file that is not there.
pub fn missing_file_is_local(case: &dyn Harness) {
    let directory = tempfile::tempdir().unwrap();
    let server = Server::answering(reply("200 OK", &[], "{}"));
    let payload = Payload::file(directory.path().join("none.mp4"), 0..100);
    assert_fails(
        case,
        case.send(post(server.url("/x"), payload)),
        TransportErrorKind::LocalFile,
    );
    assert!(
        server.seen().iter().all(|seen| !seen.complete),
        "{}",
        case.name()
    );
}

/// A file that is shorter than its range never makes a complete body.
pub fn short_file_is_local(case: &dyn Harness) {
    let file = pattern_file();
    for range in [
        0..PATTERN_LEN + 1,
        PATTERN_LEN..PATTERN_LEN + 1,
        PATTERN_LEN + 5..PATTERN_LEN + 6,
    ] {
        let server = Server::answering(reply("200 OK", &[], "{}"));
        let outcome = case.send(post(server.url("/x"), Payload::file(file.path(), range)));
        assert_fails(case, outcome, TransportErrorKind::LocalFile);
        assert!(
            server.seen().iter().all(|seen| !seen.complete),
            "{}",
            case.name()
        );
    }
}

/// A file that is cut while it is sent.
pub fn shrinking_file_is_local(case: &dyn Harness) {
    let file = pattern_file();
    let server = Server::answering(reply("200 OK", &[], "{}"));
    let mut outgoing = post(server.url("/x"), Payload::file(file.path(), 0..PATTERN_LEN));
    let handle = file.reopen().unwrap();
    outgoing.observers.progress =
        Some(ProgressSink::new(move |_| handle.set_len(300_000).unwrap()));
    assert_fails(case, case.send(outgoing), TransportErrorKind::LocalFile);
    drop(server);
}

/// A payload that begins where the file of another segment failed is not sent in part: the connection is not used again.
pub fn failed_body_ends_its_connection(case: &dyn Harness) {
    let file = pattern_file();
    let server = Server::answering(reply("200 OK", &[], "{}"));
    let broken = Payload::file(file.path(), 0..PATTERN_LEN + 1);
    assert_fails(
        case,
        case.send(post(server.url("/broken"), broken)),
        TransportErrorKind::LocalFile,
    );
    assert_eq!(
        case.send(post(server.url("/whole"), b"a=1".to_vec()))
            .unwrap()
            .status(),
        200
    );
    let whole: Vec<_> = server
        .seen()
        .into_iter()
        .filter(|seen| seen.complete)
        .collect();
    assert_eq!(whole.len(), 1, "{}", case.name());
    assert_eq!(
        (whole[0].target(), whole[0].body.as_slice()),
        (("POST", "/whole"), b"a=1".as_slice())
    );
}
