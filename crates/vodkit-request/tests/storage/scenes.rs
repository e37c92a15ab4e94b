//! Uploads in parts, one trouble at a time.

use std::sync::{Arc, Mutex};

use vodkit_request::polyv::Uploaded;
use vodkit_request::upload::{Note, Transfer};
use vodkit_request::{Error, ErrorKind, ProgressSink, RetryPolicy};

use crate::survival::{PART, film, journal, process, session, transfer, upload_of};
use crate::world::{Ended, Fault, World};

/// Three parts, the last of them short.
pub(crate) const LEN: usize = 2 * PART + 5;

/// One lane, so that the order is known: init, open, three parts, complete.
pub(crate) fn one_lane(world: &World) -> Transfer {
    transfer(world).lanes(1)
}

pub(crate) fn done(ended: Ended<Uploaded>) -> Uploaded {
    match ended {
        Ended::Done(uploaded) => uploaded,
        other => panic!("{other:?}"),
    }
}

pub(crate) fn failed(ended: Ended<Uploaded>) -> Error {
    match ended {
        Ended::Failed(error) => error,
        other => panic!("{other:?}"),
    }
}

/// A world in which these things happen, one to each exchange.
pub(crate) fn planned(len: usize, plan: impl IntoIterator<Item = Fault>) -> World {
    let mut world = World::new(film(len), vec![]);
    world.plan = plan.into_iter().collect();
    world
}

/// Nothing bad for so many exchanges.
pub(crate) fn fine(exchanges: usize) -> impl Iterator<Item = Fault> {
    std::iter::repeat_n(Fault::None, exchanges)
}

pub(crate) fn told_of(transfer: Transfer) -> (Transfer, Arc<Mutex<Vec<Note>>>) {
    let notes = Arc::new(Mutex::new(Vec::new()));
    let sink = Arc::clone(&notes);
    let transfer = transfer.notes(move |note| sink.lock().unwrap().push(note));
    (transfer, notes)
}

/// A first process that is stopped when `parts` parts have arrived.
pub(crate) fn stopped_after(len: usize, parts: u32) -> World {
    for step in 1.. {
        let mut world = World::new(film(len), vec![]);
        world.arrives_after_kill = Some(false);
        let transfer = one_lane(&world);
        assert!(matches!(
            process(&mut world, transfer, Some(step)),
            Ended::Killed
        ));
        if journal(&world).past().parts.len() as u32 == parts {
            return world;
        }
    }
    unreachable!()
}

#[test]
fn a_part_that_waits_holds_no_other_up() {
    let mut world = planned(4 * PART, [Fault::None, Fault::None, Fault::Busy]);
    // It waits for 190 ms.
    world.entropy = Some(190);
    let transfer = transfer(&world).lanes(2);
    done(process(&mut world, transfer, None));
    let parts: Vec<&str> = world
        .log
        .iter()
        .filter_map(|line| line.strip_prefix("begin "))
        .collect();
    // The first is refused; the third takes its lane while it waits.
    assert_eq!(&parts[..3], ["part 1", "part 2", "part 3"]);
    assert_eq!(parts.iter().filter(|part| **part == "part 1").count(), 2);
    assert_eq!(parts.len(), 5);
}

#[test]
fn nothing_is_put_together_while_a_part_waits() {
    // Long enough for all others to end before.
    let mut world = planned(LEN, [Fault::None, Fault::None, Fault::Lost]);
    world.entropy = Some(190);
    let transfer = one_lane(&world);
    let uploaded = done(process(&mut world, transfer, None));
    assert_eq!(world.times("wait"), 1);
    assert_eq!(uploaded.bytes, LEN as u64);
    assert!(world.objects["/d/vid1.mp4"].bytes == world.content);
}

#[test]
fn a_part_that_fails_for_good_tells_what_is_kept() {
    let mut world = planned(LEN, fine(3).chain([Fault::Unavailable; 3]));
    let transfer = one_lane(&world);
    let error = failed(process(&mut world, transfer, None));
    assert_eq!(
        (error.kind(), error.attempts(), error.created()),
        (ErrorKind::Unavailable, 3, Some("vid1"))
    );
    let words = error.to_string();
    assert!(
        words.ends_with(
            "102400 of 204805 bytes are stored. Run it again with the same journal, and it goes on from there"
        ),
        "{words}"
    );
    // Without one that is said as well.
    let mut world = planned(LEN, fine(3).chain([Fault::Denied]));
    let transfer = Transfer::new().part_size(PART as u64).lanes(1);
    let error = failed(process(&mut world, transfer, None));
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Credential, 1));
    let words = error.to_string();
    assert!(
        words.contains("without a journal the next upload begins from the start"),
        "{words}"
    );
}

#[test]
fn what_failed_before_the_last_progress_does_not_count() {
    // The first part is lost three times, and each time another one arrives before it is sent again.
    let turn = [Fault::Lost, Fault::None];
    let plan = fine(2).chain(turn).chain(turn).chain(turn);
    let mut world = planned(LEN, plan);
    let transfer = transfer(&world).lanes(2);
    done(process(&mut world, transfer, None));
    assert_eq!(world.times("part 1 Lost"), 3, "{:#?}", world.log);
}

#[test]
fn keys_are_renewed_before_they_end_and_no_part_is_sent_twice_for_that() {
    let mut world = World::new(film(20 * PART), vec![]);
    world.slow = 9_000;
    let transfer = one_lane(&world);
    let (transfer, notes) = told_of(transfer);
    done(process(&mut world, transfer, None));
    // Keys of 100 s are renewed when 50 s are left; each part takes 9 s.
    assert!(world.counts.renewed >= 3, "{}", world.counts.renewed);
    assert_eq!(world.times("part"), 20);
    let renewed = vec![Note::Renewed; world.counts.renewed as usize];
    assert_eq!(*notes.lock().unwrap(), renewed);

    // Keys of two seconds, and ten parts in each.
    let mut world = World::new(film(40 * PART), vec![]);
    (world.slow, world.keys_life) = (100, 2_000);
    let transfer = one_lane(&world);
    done(process(&mut world, transfer, None));
    assert!(world.counts.renewed >= 3, "{}", world.counts.renewed);
    assert_eq!(world.times("part"), 40);
}

/// Each retry that helps gives its price back, so a budget of 35 lasts for more.
#[test]
fn a_part_in_two_may_be_lost() {
    let lost = std::iter::repeat_n([Fault::Lost, Fault::None], 42);
    let mut world = planned(42 * PART, fine(2).chain(lost.flatten()));
    let transfer = one_lane(&world);
    done(process(&mut world, transfer, None));
    assert_eq!(world.times("part"), 84);
}

#[test]
fn refused_keys_are_renewed_once_for_all_lanes() {
    let mut world = planned(6 * PART, fine(3).chain([Fault::KeysGone]));
    let transfer = transfer(&world);
    done(process(&mut world, transfer, None));
    assert_eq!(world.counts.renewed, 1);
    // Again after progress, as often as they end.
    let ends = || [Fault::KeysGone, Fault::None, Fault::None];
    let mut world = planned(LEN, fine(2).chain(ends()).chain(ends()).chain(ends()));
    let transfer = one_lane(&world);
    done(process(&mut world, transfer, None));
    assert_eq!(world.counts.renewed, 3);
    // Whoever wants each request sent once gets no second one.
    let mut world = planned(LEN, fine(2).chain([Fault::KeysGone]));
    let session = session().with_retry(RetryPolicy::NEVER);
    let upload = upload_of(&session, one_lane(&world));
    let Ended::Failed(error) = world.run(upload, None) else {
        panic!()
    };
    assert_eq!(error.kind(), ErrorKind::Credential);
    assert_eq!(world.counts.renewed, 0);
}

#[test]
fn a_forgotten_upload_begins_anew_but_not_for_ever() {
    let mut world = planned(LEN, fine(3).chain([Fault::Forgets]));
    let (transfer, notes) = told_of(one_lane(&world));
    let uploaded = done(process(&mut world, transfer, None));
    assert_eq!(*notes.lock().unwrap(), [Note::StartedOver]);
    assert_eq!((uploaded.vid.as_str(), world.times("open")), ("vid1", 2));
    assert_eq!(world.times("complete"), 1);

    let forgets = || fine(1).chain([Fault::Forgets]);
    let plan = fine(1).chain(forgets()).chain(forgets()).chain(forgets());
    let mut world = planned(LEN, plan);
    let transfer = one_lane(&world);
    let error = failed(process(&mut world, transfer, None));
    assert_eq!(error.code(), Some("NoSuchUpload"));
    assert_eq!(world.times("open"), 3);
}

#[test]
fn the_end_is_looked_up_before_it_is_repeated() {
    // The reply is lost: the upload is unknown, and the object is there.
    let mut world = planned(LEN, fine(5).chain([Fault::ReplyLost]));
    let transfer = one_lane(&world);
    let uploaded = done(process(&mut world, transfer, None));
    assert_eq!(
        &world.log[world.log.len() - 4..],
        ["complete ReplyLost", "sleep", "complete None", "head None"]
    );
    assert!(uploaded.stored.crc64.is_some());

    // Nobody may look: then it is not known, and said so.
    let plan = || fine(5).chain([Fault::ReplyLost, Fault::None, Fault::Denied]);
    let mut world = planned(LEN, plan());
    let transfer = one_lane(&world);
    let error = failed(process(&mut world, transfer, None));
    assert_eq!(error.kind(), ErrorKind::OutcomeUnknown);
    assert!(
        error.to_string().contains("it does not say whether"),
        "{error}"
    );
    assert_eq!(world.times("part"), 3);
    // Who wants it repeated gets that.
    let mut world = planned(LEN, plan());
    let (transfer, notes) = told_of(one_lane(&world).repeat_unknown());
    done(process(&mut world, transfer, None));
    assert_eq!(*notes.lock().unwrap(), [Note::StartedOver]);
    assert_eq!(world.times("part"), 6);

    // The object that is there is another one.
    let plan = fine(5).chain([Fault::ReplyLost, Fault::None, Fault::OtherSum]);
    let mut world = planned(LEN, plan);
    let transfer = one_lane(&world);
    done(process(&mut world, transfer, None));
    assert_eq!(world.times("part"), 6);
}

#[test]
fn an_object_that_nobody_was_told_of_is_sent_again() {
    let mut world = planned(LEN, fine(5).chain([Fault::NotTold]));
    let (transfer, notes) = told_of(one_lane(&world));
    done(process(&mut world, transfer, None));
    assert_eq!(*notes.lock().unwrap(), [Note::StartedOver]);
    assert_eq!((world.times("open"), world.times("head")), (2, 0));
}

#[test]
fn bytes_that_change_on_the_way_are_sent_again_and_then_given_up() {
    let mut world = planned(LEN, fine(3).chain([Fault::Flipped, Fault::Flipped]));
    let transfer = one_lane(&world);
    done(process(&mut world, transfer, None));
    assert_eq!(world.times("part 2"), 3);

    let mut world = planned(LEN, fine(3).chain([Fault::Flipped; 3]));
    let transfer = one_lane(&world);
    let error = failed(process(&mut world, transfer, None));
    assert_eq!(
        (error.kind(), error.attempts()),
        (ErrorKind::DigestMismatch, 3)
    );
    assert!(
        error.to_string().contains("the CRC-64 of part 2 differs"),
        "{error}"
    );

    let mut world = planned(LEN, fine(5).chain([Fault::OtherSum]));
    let transfer = one_lane(&world);
    let error = failed(process(&mut world, transfer, None));
    assert_eq!(error.kind(), ErrorKind::DigestMismatch);
    assert!(
        error
            .to_string()
            .contains("the CRC-64 of all parts together differs")
            && error
                .to_string()
                .contains("Video vid1 exists but may have wrong content"),
        "{error}"
    );
}

#[test]
fn a_file_that_is_written_to_meanwhile_is_not_completed() {
    let mut world = planned(LEN, fine(3).chain([Fault::FileChanges]));
    let transfer = one_lane(&world);
    let error = failed(process(&mut world, transfer, None));
    assert_eq!(error.kind(), ErrorKind::LocalFile);
    assert!(
        error.to_string().contains("a mixture of both versions"),
        "{error}"
    );
    assert_eq!((world.times("part"), world.times("complete")), (3, 0));

    // One that is sent whole is told of afterwards.
    let mut world = planned(7, fine(1).chain([Fault::FileChanges]));
    let transfer = one_lane(&world);
    let error = failed(process(&mut world, transfer, None));
    let words = error.to_string();
    assert!(
        words.contains("It is stored as it was sent")
            && words.ends_with("Video vid1 exists and has the content that was sent"),
        "{words}"
    );
    // The next process does not take what is there for the file.
    world.content = film(8)[1..].to_vec().into();
    let transfer = one_lane(&world);
    done(process(&mut world, transfer, None));
    assert_eq!(world.counts.puts, 2);
    assert_eq!(world.objects["/d/vid1.mp4"].bytes, world.content);
}

#[test]
fn progress_only_grows_and_reaches_the_end() {
    let plan = fine(3).chain([Fault::Lost, Fault::Flipped, Fault::Forgets]);
    let mut world = planned(LEN, plan);
    let told = Arc::new(Mutex::new(Vec::new()));
    let sink = Arc::clone(&told);
    let session = session();
    let upload =
        upload_of(&session, transfer(&world)).progress(ProgressSink::new(move |progress| {
            sink.lock().unwrap().push((progress.sent, progress.total));
        }));
    assert!(matches!(world.run(upload, None), Ended::Done(_)));
    let told = told.lock().unwrap();
    assert!(told.is_sorted(), "{told:?}");
    assert_eq!(told.last(), Some(&(LEN as u64, LEN as u64)));
}
