//! Uploads in parts, one trouble at a time.

use std::sync::{Arc, Mutex};

use vodkit_request::polyv::{Abandon, Uploaded};
use vodkit_request::upload::{Abandoned, Journal, Note, Transfer};
use vodkit_request::{Error, ErrorKind, ProgressSink, RetryPolicy};

use crate::survival::{PART, film, journal, process, session, transfer, upload_of};
use crate::world::{Ended, Fault, World};

/// Three parts, the last of them short.
const LEN: usize = 2 * PART + 5;

/// One lane, so that the order is known: init, open, three parts, complete.
fn one_lane(world: &World) -> Transfer {
    transfer(world).lanes(1)
}

fn done(ended: Ended<Uploaded>) -> Uploaded {
    match ended {
        Ended::Done(uploaded) => uploaded,
        other => panic!("{other:?}"),
    }
}

fn failed(ended: Ended<Uploaded>) -> Error {
    match ended {
        Ended::Failed(error) => error,
        other => panic!("{other:?}"),
    }
}

/// A world in which these things happen, one to each exchange.
fn planned(len: usize, plan: impl IntoIterator<Item = Fault>) -> World {
    let mut world = World::new(film(len), vec![]);
    world.plan = plan.into_iter().collect();
    world
}

/// Nothing bad for so many exchanges.
fn fine(exchanges: usize) -> impl Iterator<Item = Fault> {
    std::iter::repeat_n(Fault::None, exchanges)
}

fn told_of(transfer: Transfer) -> (Transfer, Arc<Mutex<Vec<Note>>>) {
    let notes = Arc::new(Mutex::new(Vec::new()));
    let sink = Arc::clone(&notes);
    let transfer = transfer.notes(move |note| sink.lock().unwrap().push(note));
    (transfer, notes)
}

/// A first process that is stopped when `parts` parts have arrived.
fn stopped_after(len: usize, parts: u32) -> World {
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
        words.contains(
            "102400 of 204805 bytes are stored; with the same journal the upload goes on from there"
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
    assert!(
        error.to_string().contains("It is stored as it was sent"),
        "{error}"
    );
    // The next process does not take what is there for the file.
    world.content = film(8)[1..].to_vec().into();
    let transfer = one_lane(&world);
    done(process(&mut world, transfer, None));
    assert_eq!(world.counts.puts, 2);
    assert_eq!(world.objects["/d/vid1.mp4"].bytes, world.content);
}

/// Changes a byte of the file.
fn edit(world: &mut World, at: usize) {
    let mut content = world.content.to_vec();
    content[at] ^= 1;
    world.content = content.into();
}

#[test]
fn a_file_that_was_changed_between_is_noticed_before_anything_is_sent() {
    let refused = |change: fn(&mut World), verify: bool| {
        let mut world = stopped_after(LEN, 1);
        change(&mut world);
        let before = world.log.len();
        let transfer = match verify {
            true => one_lane(&world).verify(),
            false => one_lane(&world),
        };
        match process(&mut world, transfer, None) {
            Ended::Failed(error) => {
                assert_eq!(error.kind(), ErrorKind::LocalFile);
                assert!(error.to_string().contains("nothing was sent"), "{error}");
                assert_eq!(world.log.len(), before);
                true
            }
            Ended::Done(_) => false,
            Ended::Killed => unreachable!(),
        }
    };
    let touched = |world: &mut World| world.version += 1;
    assert!(!refused(touched, false));
    assert!(refused(
        |world| {
            world.version += 1;
            edit(world, 7);
        },
        false
    ));
    // In what was not sent yet it does no harm: the whole is the new version.
    assert!(!refused(
        |world| {
            world.version += 1;
            edit(world, PART + 7);
        },
        false
    ));
    assert!(refused(
        |world| {
            world.version += 1;
            world.content = film(LEN + 1).into();
        },
        false
    ));
    assert!(refused(|world| world.content = film(LEN - 1).into(), false));
    // Who hides a change from the file system hides it from all but this.
    assert!(refused(|world| edit(world, 7), true));
    assert!(!refused(|_| {}, true));
}

#[test]
fn the_storages_word_counts_more_than_the_journals() {
    let resumed = |change: fn(&mut World)| {
        let mut world = stopped_after(4 * PART, 3);
        world.log.clear();
        change(&mut world);
        let (transfer, notes) = told_of(one_lane(&world));
        done(process(&mut world, transfer, None));
        let notes = notes.lock().unwrap().clone();
        (world.times("list"), world.times("begin part"), notes)
    };
    let resumed_with = |parts: u64| {
        vec![Note::Resumed {
            bytes: parts * PART as u64,
        }]
    };
    // Two on a page.
    assert_eq!(resumed(|_| {}), (2, 1, resumed_with(3)));
    let lost = |world: &mut World| drop(world.parts().remove(&2));
    assert_eq!(resumed(lost), (1, 2, resumed_with(2)));
    let other = |world: &mut World| {
        let first = world.parts()[&1].clone();
        world.parts().insert(3, first);
    };
    assert_eq!(resumed(other), (2, 2, resumed_with(2)));
    // One more than the journal knows of is sent again: nobody has compared it.
    let more = |world: &mut World| {
        let first = world.parts()[&1].clone();
        world.parts().insert(4, first);
    };
    assert_eq!(resumed(more), (2, 1, resumed_with(3)));
    let all = |world: &mut World| world.parts().clear();
    assert_eq!(resumed(all), (1, 4, resumed_with(0)));
}

#[test]
fn an_unknown_upload_begins_anew_after_a_restart() {
    let mut world = stopped_after(LEN, 2);
    world.plan = [Fault::None, Fault::Forgets].into();
    world.log.clear();
    let (transfer, notes) = told_of(one_lane(&world));
    let uploaded = done(process(&mut world, transfer, None));
    assert_eq!(*notes.lock().unwrap(), [Note::StartedOver]);
    assert_eq!(
        (uploaded.vid.as_str(), world.times("begin part")),
        ("vid1", 3)
    );
}

#[test]
fn a_part_that_is_not_where_the_journal_says_is_sent_again() {
    let mut world = stopped_after(LEN, 2);
    let moved: Vec<Vec<u8>> = world
        .records()
        .iter()
        .map(|record| {
            let text = String::from_utf8(record.clone()).unwrap();
            let (here, there) = ("\"offset\":102400", "\"offset\":102401");
            text.replace(here, there).into_bytes()
        })
        .collect();
    assert_ne!(moved, world.records());
    *world.kept.0.lock().unwrap() = moved;
    world.log.clear();
    // The file is as it was, so that its bytes are not compared with those of the records.
    let transfer = one_lane(&world);
    done(process(&mut world, transfer, None));
    assert_eq!(
        (world.times("begin part 1"), world.times("begin part 2")),
        (0, 1)
    );
}

#[test]
fn an_upload_goes_on_at_the_same_place_only() {
    let mut world = stopped_after(LEN, 2);
    world.dir = "elsewhere/";
    world.log.clear();
    let transfer = one_lane(&world);
    done(process(&mut world, transfer, None));
    assert_eq!(
        (
            world.times("list"),
            world.times("open"),
            world.times("begin part")
        ),
        (0, 1, 3)
    );
    assert!(world.objects.contains_key("/elsewhere/vid1.mp4"));
}

#[test]
fn a_journal_of_another_account_is_refused() {
    let mut world = stopped_after(LEN, 1);
    let records: Vec<Vec<u8>> = world
        .records()
        .iter()
        .map(|record| {
            let text = String::from_utf8(record.clone()).unwrap();
            text.replace("vodkitdemo", "another").into_bytes()
        })
        .collect();
    let before = world.log.len();
    let journal = Journal::resume(world.kept.clone(), records).unwrap();
    let error = failed(process(&mut world, Transfer::new().journal(journal), None));
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert!(error.to_string().contains("account another"), "{error}");
    assert_eq!(world.log.len(), before);
}

#[test]
fn a_part_size_that_the_storage_does_not_take_is_refused_before_anything_is_sent() {
    let mut world = World::new(film(LEN), vec![]);
    let transfer = one_lane(&world).part_size(PART as u64 - 1);
    let error = failed(process(&mut world, transfer, None));
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert!(world.log.is_empty());
}

#[test]
fn a_video_that_may_have_been_created_is_looked_for() {
    // The reply to the creation is lost.
    let lost = || planned(LEN, [Fault::ReplyLost]);
    let first = |world: &mut World| {
        let transfer = one_lane(world);
        let error = failed(process(world, transfer, None));
        assert_eq!(error.kind(), ErrorKind::OutcomeUnknown);
    };
    let mut world = lost();
    first(&mut world);
    let (transfer, notes) = told_of(one_lane(&world));
    let uploaded = done(process(&mut world, transfer, None));
    let adopted = Note::Adopted {
        video: "vid1".to_owned(),
    };
    assert_eq!(*notes.lock().unwrap(), [adopted]);
    assert_eq!((uploaded.vid.as_str(), world.videos.len()), ("vid1", 1));

    // It belongs to another upload; or it is not listed.
    for listed in [true, false] {
        let mut world = lost();
        first(&mut world);
        world.lists_empty = listed;
        let except = if listed { vec!["vid1"] } else { vec![] };
        let (transfer, notes) = told_of(one_lane(&world).except(except));
        let uploaded = done(process(&mut world, transfer, None));
        let what = "a video without content, titled `课`".to_owned();
        assert_eq!(*notes.lock().unwrap(), [Note::MayBeOrphaned { what }]);
        assert_eq!(uploaded.vid, "vid2");
    }

    // There are two of them.
    let mut world = lost();
    first(&mut world);
    world.videos.insert("vid9".to_owned(), false);
    let transfer = one_lane(&world);
    let error = failed(process(&mut world, transfer, None));
    assert_eq!(error.kind(), ErrorKind::OutcomeUnknown);
    assert!(error.to_string().contains("vid1, vid9"), "{error}");
    assert_eq!(world.times("init"), 1);
}

fn abandon(world: &mut World) -> Abandoned {
    let session = session();
    let journal = journal(world);
    match world.run(Abandon::new(&session, journal), None) {
        Ended::Done(abandoned) => abandoned,
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_upload_is_given_up() {
    let mut world = stopped_after(LEN, 1);
    world.log.clear();
    let abandoned = abandon(&mut world);
    assert_eq!(
        (abandoned.aborted, abandoned.video.as_deref()),
        (true, Some("vid1"))
    );
    assert_eq!(world.log, ["token None", "abort None"]);
    assert_eq!(world.counts.aborted, 1);
    let again = abandon(&mut world);
    assert!(!again.aborted && world.log.len() == 2);
    // It can be begun again, with the same video.
    let transfer = one_lane(&world);
    assert_eq!(done(process(&mut world, transfer, None)).vid, "vid1");

    // The storage has forgotten it, and the keys have ended: it is given up all the same.
    let mut world = stopped_after(LEN, 1);
    world.plan = [Fault::None, Fault::KeysGone, Fault::None, Fault::Forgets].into();
    assert!(abandon(&mut world).aborted);
    // Nothing was begun.
    let mut world = World::new(film(LEN), vec![]);
    let nothing = abandon(&mut world);
    assert_eq!((nothing.aborted, nothing.video), (false, None));
    assert!(world.log.is_empty());
}

#[test]
fn a_file_that_was_put_whole_is_not_put_again() {
    let mut world = planned(7, [Fault::None, Fault::ReplyLost]);
    let session = session().with_retry(RetryPolicy::NEVER);
    let upload = upload_of(&session, one_lane(&world));
    assert!(matches!(world.run(upload, None), Ended::Failed(_)));
    world.log.clear();
    let transfer = one_lane(&world);
    done(process(&mut world, transfer, None));
    assert_eq!(world.log, ["token None", "head None"]);
    assert_eq!(world.counts.puts, 1);

    // Unless what is there is something else.
    let mut world = planned(7, [Fault::None, Fault::ReplyLost]);
    let upload = upload_of(&session, one_lane(&world));
    assert!(matches!(world.run(upload, None), Ended::Failed(_)));
    world.objects.get_mut("/d/vid1.mp4").unwrap().bytes = film(6).into();
    let transfer = one_lane(&world);
    done(process(&mut world, transfer, None));
    assert_eq!(world.counts.puts, 2);
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
