//! Requests that fail while one process uploads.

use std::sync::Arc;

use vodkit_request::baijiayun::Upload;
use vodkit_request::upload::{Note, Transfer};
use vodkit_request::{ErrorKind, RetryPolicy, Run};

use crate::world::Fault::{Broken, Connect, Expired, Fine, Forgets, Html, ReplyLost, Status};
use crate::world::{End, Fault, Kept, Told, World, both, file, md5, run, session, upload};

/// What comes of an upload of 10 bytes in slices of 4, or of one form of 4 bytes.
fn after<const N: usize>(
    len: usize,
    faults: [Fault; N],
) -> (Result<String, String>, World, Vec<Note>) {
    let told = Told::default();
    let (result, world) = both(
        || World::new(len, faults),
        || Transfer::new().part_size(4).notes(told.sink()),
    );
    let result = result
        .map(|uploaded| uploaded.md5.unwrap())
        .map_err(|error| error.to_string());
    let mut notes = told.notes();
    // Both drivers have told the same.
    let half = notes.split_off(notes.len() / 2);
    assert_eq!(notes, half);
    (result, world, notes)
}

fn arrives<const N: usize>(
    len: usize,
    faults: [Fault; N],
) -> (Vec<String>, Vec<Note>, Vec<String>) {
    let (result, world, notes) = after(len, faults);
    assert_eq!(result.unwrap(), md5(&world.file()));
    world.server(|server| {
        assert_eq!(server.videos.len(), 1);
        assert!(server.videos[&77].complete);
    });
    assert!(world.server(|server| server.videos[&77].bytes.clone()) == world.file());
    (world.slices(), notes, world.log())
}

#[test]
fn it_goes_on_exactly_where_the_server_stopped() {
    for (fault, slices) in [
        (Broken(0), vec!["1-4/10", "5-8/10", "5-8/10", "9-10/10"]),
        (Broken(1), vec!["1-4/10", "5-8/10", "6-9/10", "10-10/10"]),
        (Broken(3), vec!["1-4/10", "5-8/10", "8-10/10"]),
        (ReplyLost, vec!["1-4/10", "5-8/10", "9-10/10"]),
        (Html, vec!["1-4/10", "5-8/10", "9-10/10"]),
        (Status(500), vec!["1-4/10", "5-8/10", "5-8/10", "9-10/10"]),
    ] {
        let (sent, notes, log) = arrives(10, [Fine, Fine, fault]);
        assert_eq!(sent, slices, "{fault:?}");
        assert!(notes.is_empty(), "{notes:?}");
        let asked = log
            .iter()
            .filter(|line| line.contains("getResumeUploadUrl"))
            .count();
        assert_eq!(asked, 1, "{fault:?}");
        // Read once more only where the server had a part of a slice.
        let read = log.iter().any(|line| line == "digest 0..10");
        assert_eq!(
            read,
            matches!(fault, Broken(1..) | ReplyLost | Html),
            "{fault:?}"
        );
    }
}

#[test]
fn what_never_left_and_what_was_throttled_goes_to_the_same_address() {
    for fault in [Connect, Status(429)] {
        let (sent, _, log) = arrives(10, [Fine, Fine, fault]);
        assert_eq!(sent, ["1-4/10", "5-8/10", "5-8/10", "9-10/10"]);
        assert!(
            !log.iter().any(|line| line.contains("getResumeUploadUrl")),
            "{log:#?}"
        );
        assert!(log.iter().any(|line| line.starts_with("sleep")));
    }
}

#[test]
fn a_refused_address_is_renewed_once() {
    let (sent, notes, _) = arrives(10, [Fine, Fine, Expired]);
    assert_eq!(sent, ["1-4/10", "5-8/10", "5-8/10", "9-10/10"]);
    assert_eq!(notes, [Note::Renewed]);
    // A renewed address lets the upload go on, so it may be refused again later.
    let (sent, notes, _) = arrives(10, [Fine, Fine, Expired, Fine, Fine, Expired]);
    assert_eq!(sent.len(), 5);
    assert_eq!(notes, [Note::Renewed, Note::Renewed]);
    // What fails after that is no renewal.
    let (_, notes, _) = arrives(10, [Fine, Fine, Expired, Fine, Broken(0)]);
    assert_eq!(notes, [Note::Renewed]);
    // What is refused with a new address as well is refused for another reason.
    let (result, world, notes) = after(10, [Fine, Fine, Expired, Fine, Expired]);
    let error = result.unwrap_err();
    assert!(
        error.contains("code 1003") && error.contains("(after 2 attempts)"),
        "{error}"
    );
    assert!(
        error.contains("Video 77 exists with 4 of 10 bytes"),
        "{error}"
    );
    assert_eq!((world.slices().len(), notes), (3, vec![Note::Renewed]));
}

#[test]
fn a_form_is_asked_for_instead_of_given_up() {
    for (fault, sent) in [
        (ReplyLost, vec!["form"]),
        (Html, vec!["form"]),
        (Broken(2), vec!["form", "form"]),
        (Status(502), vec!["form", "form"]),
        (Connect, vec!["form", "form"]),
        (Expired, vec!["form", "form"]),
    ] {
        let (forms, ..) = arrives(4, [Fine, fault]);
        assert_eq!(forms, sent, "{fault:?}");
    }
}

#[test]
fn lost_bytes_are_sent_again_and_it_is_said() {
    let (sent, notes, _) = arrives(20, [Fine, Fine, Fine, Forgets(3)]);
    assert_eq!(
        sent[2..],
        ["9-12/20", "6-9/20", "10-13/20", "14-17/20", "18-20/20"]
    );
    assert_eq!(notes, [Note::SentAgain { bytes: 3 }]);
    let (sent, notes, log) = arrives(10, [Fine, Fine, Fine, Forgets(8)]);
    assert_eq!(sent[2..], ["9-10/10", "1-4/10", "5-8/10", "9-10/10"]);
    assert_eq!(notes, [Note::StartedOver]);
    assert!(
        !log.iter().any(|line| line.starts_with("digest")),
        "it was seen whole"
    );
}

#[test]
fn failures_without_progress_end_it() {
    let (result, world, _) = after(
        10,
        [Fine, Fine, Broken(0), Fine, Broken(0), Fine, Broken(0)],
    );
    let error = result.unwrap_err();
    assert!(
        error.contains("(after 3 attempts)") && error.starts_with("upload: "),
        "{error}"
    );
    assert!(error.contains("only an upload with a journal"), "{error}");
    assert_eq!(world.slices().len(), 4);
    // With a byte each time it goes on.
    let faults = [
        Fine,
        Fine,
        Broken(1),
        Fine,
        Broken(1),
        Fine,
        Broken(1),
        Fine,
        Broken(1),
    ];
    let (sent, ..) = arrives(10, faults);
    assert_eq!(sent.len(), 6);
    // A server that loses what it confirms is not sent the file for ever.
    let lost = [Forgets(4), Fine, Fine].repeat(9);
    let (result, world) = both(
        || World::new(10, [&[Fine, Fine], &lost[..7]].concat()),
        || Transfer::new().part_size(4),
    );
    assert!(result.is_err());
    assert_eq!(world.slices().len(), 6);
}

#[test]
fn a_refused_question_is_put_in_another_way() {
    for len in [10, 4] {
        let lost = if len == 10 { 3 } else { 1 };
        let faults = [vec![Fine; lost], vec![ReplyLost]].concat();
        let world = || {
            let world = World::new(len, faults.clone());
            world.server(|server| server.refuses_complete = true);
            world
        };
        let (result, world) = both(world, || Transfer::new().part_size(4));
        assert_eq!(result.unwrap().md5, Some(md5(&world.file())));
        let log = world.log();
        assert!(log.iter().any(|line| line.contains("getStatus")));
    }
}

#[test]
fn the_budget_of_the_session_bounds_it_and_progress_refills_it() {
    let patient = |world: &World| {
        let session = session().with_retry(RetryPolicy::attempts(1000));
        let upload = Upload::new(&session, file()).transfer(Transfer::new().part_size(4));
        Run::new(world, upload).send()
    };
    // Nothing ever arrives.
    let faults = [Broken(0), Fine].repeat(500);
    let world = World::new(8, [vec![Fine], faults].concat());
    patient(&world).unwrap_err();
    let sent = world.slices().len();
    assert!((30..50).contains(&sent), "{sent}");
    // Each slice needs two attempts, and there are many.
    let faults = [Broken(0), Fine, Fine].repeat(200);
    let world = World::new(800, [vec![Fine], faults].concat());
    patient(&world).unwrap();
    assert_eq!(world.slices().len(), 400);
}

#[test]
fn without_an_answer_the_first_failure_is_told() {
    let down = [Connect; 3];
    let (result, world) = both(
        || World::new(4, [&[Fine, ReplyLost], &down[..]].concat()),
        || Transfer::new().part_size(4),
    );
    let error = result.unwrap_err();
    assert_eq!(
        (error.kind(), error.created()),
        (ErrorKind::OutcomeUnknown, Some("77"))
    );
    assert!(
        error.maybe_sent() && error.to_string().contains("may have no content"),
        "{error}"
    );
    assert_eq!(world.slices().len(), 1);
}

#[test]
fn more_than_the_file_is_an_error() {
    let world = World::new(10, [Fine, Fine, Broken(1)]);
    let kept = Arc::new(Kept::default());
    let transfer = || Transfer::new().part_size(4).journal(kept.journal());
    // Killed when the slice has broken off.
    let (end, _) = run(&world, transfer(), 9, true);
    assert!(matches!(end, End::Killed));
    assert_eq!(world.slices().len(), 2);
    // Somebody else sends to the same video meanwhile.
    world.server(|server| server.videos.get_mut(&77).unwrap().bytes.resize(11, 0));
    let error = upload(&world, transfer()).unwrap_err();
    assert_eq!(
        (error.kind(), error.created()),
        (ErrorKind::DigestMismatch, Some("77"))
    );
    let words = error.to_string();
    assert!(
        words.contains("has 11 bytes of video 77") && words.contains("has 10"),
        "{error}"
    );
    assert_eq!(world.slices().len(), 2);
}
