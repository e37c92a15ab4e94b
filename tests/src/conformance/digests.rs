//! Files that are watched while they are sent, held back to a rate, or read for their digests alone.

use std::io;

use md5::{Digest as _, Md5};
use vodkit_request::digest::{DigestTap, Digester, Digests, Wanted};
use vodkit_request::flow::Stretch;
use vodkit_request::payload::{Payload, Segment};
use vodkit_request::transport::Pace;

use super::files::{PATTERN_LEN, pattern, pattern_file};
use super::server::{Server, reply};
use super::{Harness, ms, post, timed};

const BOTH: Wanted = Wanted {
    md5: true,
    crc64: true,
};

fn expected(bytes: &[u8]) -> Digests {
    let crc = crc::Crc::<u64>::new(&crc::CRC_64_XZ);
    Digests {
        bytes: bytes.len() as u64,
        md5: Some(Md5::digest(bytes).into()),
        crc64: Some(crc.checksum(bytes)),
    }
}

/// The tap sees what comes from files, once, also when the body is sent a second time.
pub fn file_bytes_pass_the_tap(case: &dyn Harness) {
    let file = pattern_file();
    let server = Server::answering(reply("200 OK", &[], "{}"));
    let payload = Payload::from_segments(vec![
        Segment::Bytes(b"head".to_vec().into()),
        Segment::File {
            path: file.path().into(),
            range: 7..1_700_000,
        },
        Segment::Bytes(b"tail".to_vec().into()),
    ]);
    let tap = DigestTap::new(BOTH);
    let mut outgoing = post(server.url("/x"), payload);
    outgoing.observers.digest = Some(tap.clone());
    for _ in 0..2 {
        case.send(outgoing.clone()).unwrap();
        assert_eq!(
            tap.seen().digests(),
            expected(&pattern()[7..1_700_000]),
            "{}",
            case.name()
        );
    }
    // What follows is added to what was before.
    let tap = DigestTap::after(tap.seen());
    let mut outgoing = post(
        server.url("/y"),
        Payload::file(file.path(), 1_700_000..PATTERN_LEN),
    );
    outgoing.observers.digest = Some(tap.clone());
    case.send(outgoing).unwrap();
    assert_eq!(
        tap.seen().digests(),
        expected(&pattern()[7..]),
        "{}",
        case.name()
    );
}

/// What was read for a sending that broke off is not mixed into the digests of the next.
pub fn a_broken_sending_leaves_no_trace_in_the_tap(case: &dyn Harness) {
    let file = pattern_file();
    let server = Server::start(|peer| {
        while let Some(head) = peer.read_head() {
            if head.target().1 == "/broken" {
                // Most of the file is still to come when the connection is reset.
                peer.skip(300_000);
                return;
            }
            peer.skip(PATTERN_LEN as usize);
            if peer.write(&reply("200 OK", &[], "{}")).is_err() {
                return;
            }
        }
    });
    let tap = DigestTap::new(BOTH);
    for _ in 0..10 {
        let mut outgoing = post(
            server.url("/broken"),
            Payload::file(file.path(), 0..PATTERN_LEN),
        );
        outgoing.observers.digest = Some(tap.clone());
        assert!(case.send(outgoing.clone()).is_err(), "{}", case.name());
        let body = outgoing.request.into_body();
        let mut whole = post(server.url("/whole"), body);
        whole.observers.digest = Some(tap.clone());
        case.send(whole).unwrap();
        assert_eq!(
            tap.seen().digests(),
            expected(&pattern()[..PATTERN_LEN as usize]),
            "{}",
            case.name()
        );
    }
}

/// A stretch is read as it is, and one that is not there is an error.
pub fn stretches_are_digested(case: &dyn Harness) {
    let file = pattern_file();
    let stretch = |range| Stretch {
        path: file.path().into(),
        range,
        wanted: BOTH,
    };
    assert_eq!(
        case.digest(&stretch(5..2_000_005)).unwrap(),
        expected(&pattern()[5..2_000_005])
    );
    assert_eq!(
        case.digest(&stretch(9..9)).unwrap(),
        Digester::new(BOTH).digests()
    );
    let beyond = case.digest(&stretch(5..PATTERN_LEN + 1)).unwrap_err();
    assert_eq!(
        beyond.kind(),
        io::ErrorKind::UnexpectedEof,
        "{}",
        case.name()
    );
    let nowhere = Stretch {
        path: file.path().with_extension("missing").into(),
        ..stretch(0..1)
    };
    let missing = case.digest(&nowhere).unwrap_err();
    assert_eq!(missing.kind(), io::ErrorKind::NotFound, "{}", case.name());
}

/// A rate is kept by all that share it, and changes no byte.
pub fn a_pace_holds_bodies_back(case: &dyn Harness) {
    let file = pattern_file();
    let server = Server::answering(reply("200 OK", &[], "{}"));
    // Steps of 256 KiB, of which the first leaves at once.
    let pace = Pace::bytes_per_second(1 << 20);
    let send = |target: &str, range| {
        let mut outgoing = post(server.url(target), Payload::file(file.path(), range));
        outgoing.observers.pace = Some(pace.clone());
        case.send(outgoing).unwrap();
    };
    timed(case, ms(750), ms(800), || {
        send("/a", 0..512 * 1024);
        send("/b", 512 * 1024..1024 * 1024);
    });
    let bodies: Vec<u8> = server
        .seen()
        .into_iter()
        .flat_map(|seen| seen.body)
        .collect();
    assert!(bodies == pattern()[..1 << 20], "{}", case.name());
}
