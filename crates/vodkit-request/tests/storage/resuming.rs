//! Uploads that go on in another process, and files that changed meanwhile.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use vodkit_request::polyv::Abandon;
use vodkit_request::upload::{Abandoned, Claims, Journal, Mark, Note, Transfer};
use vodkit_request::{ErrorKind, RetryPolicy};

use crate::others::Others;
use crate::scenes::{LEN, done, failed, one_lane, planned, stopped_after, told_of};
use crate::survival::{PART, film, journal, process, session, upload_of};
use crate::world::{Ended, Fault, World};

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
    // The video of another account is nothing that this upload leaves behind.
    assert_eq!(error.created(), None, "{error}");
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
    // Who does not care gets a new one, and is told of them.
    let (transfer, notes) = told_of(one_lane(&world).repeat_unknown());
    assert_eq!(done(process(&mut world, transfer, None)).vid, "vid2");
    let notes = notes.lock().unwrap();
    let of = |vid: &str| {
        let is_it =
            |note: &&Note| matches!(note, Note::MayBeOrphaned { what } if what.contains(vid));
        notes.iter().filter(is_it).count()
    };
    assert_eq!((notes.len(), of("video vid1"), of("video vid9")), (2, 1, 1));
}

#[test]
fn a_video_that_another_upload_has_is_left_to_it() {
    for others in [
        Others {
            looked: true,
            ..Others::default()
        },
        Others {
            adopted: true,
            ..Others::default()
        },
    ] {
        let mut world = planned(LEN, [Fault::ReplyLost]);
        let transfer = one_lane(&world);
        let _lost = failed(process(&mut world, transfer, None));
        let (transfer, notes) = told_of(one_lane(&world).claims(Arc::new(others)));
        let uploaded = done(process(&mut world, transfer, None));
        assert_eq!((uploaded.vid.as_str(), world.videos.len()), ("vid2", 2));
        assert_eq!(*notes.lock().unwrap(), []);
    }
    // Of two that are like it one is another's.
    let mut world = planned(LEN, [Fault::ReplyLost]);
    let transfer = one_lane(&world);
    let _lost = failed(process(&mut world, transfer, None));
    world.videos.insert("vid9".to_owned(), false);
    let claims: Arc<dyn Claims> = Arc::new(Mutex::new(BTreeSet::from(["vid9".to_owned()])));
    let transfer = one_lane(&world).claims(claims.clone());
    assert_eq!(done(process(&mut world, transfer, None)).vid, "vid1");
    assert!(claims.is_anothers("vid1") && !claims.own("vid1") && !claims.adopt("vid1"));
}

#[test]
fn a_new_video_that_another_upload_has_taken_is_replaced() {
    let others = |created: usize| {
        Arc::new(Others {
            created: created.into(),
            ..Others::default()
        })
    };
    let mut world = planned(LEN, []);
    let transfer = one_lane(&world).claims(others(2));
    let uploaded = done(process(&mut world, transfer, None));
    assert_eq!((uploaded.vid.as_str(), world.videos.len()), ("vid3", 3));
    // Not for ever.
    let mut world = planned(LEN, []);
    let transfer = one_lane(&world).claims(others(usize::MAX));
    let error = failed(process(&mut world, transfer, None));
    assert_eq!(error.kind(), ErrorKind::OutcomeUnknown);
    assert_eq!(world.videos.len(), 16);
}

#[test]
fn a_video_that_may_have_been_created_is_looked_for_on_every_page() {
    let lost = |others: usize| {
        let mut world = planned(LEN, [Fault::ReplyLost]);
        let transfer = one_lane(&world);
        let _lost = failed(process(&mut world, transfer, None));
        for other in 0..others {
            world.videos.insert(format!("a{other:03}"), false);
        }
        world.most_listed = 2;
        world
    };
    let mut world = lost(6);
    let transfer = one_lane(&world);
    assert_eq!(done(process(&mut world, transfer, None)).vid, "vid1");
    assert_eq!(world.times("get-new-list"), 4);
    // Two of them, on two pages.
    let mut world = lost(3);
    world.videos.insert("vid9".to_owned(), false);
    let transfer = one_lane(&world);
    let error = failed(process(&mut world, transfer, None));
    assert!(error.to_string().contains("vid1, vid9"), "{error}");
    // It ends all the same.
    let mut world = lost(60);
    let (transfer, notes) = told_of(one_lane(&world));
    assert_eq!(done(process(&mut world, transfer, None)).vid, "vid2");
    assert_eq!(
        (world.times("get-new-list"), notes.lock().unwrap().len()),
        (20, 1)
    );
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

/// What is stored has the length of the file and other bytes.
#[test]
fn an_object_of_the_same_length_is_not_taken_for_the_file() {
    // A bit has changed on the way, each time it was sent.
    let mut world = planned(7, [Fault::None, Fault::Flipped]);
    let session = session().with_retry(RetryPolicy::NEVER);
    let upload = upload_of(&session, one_lane(&world));
    let Ended::Failed(error) = world.run(upload, None) else {
        panic!()
    };
    assert_eq!(error.kind(), ErrorKind::DigestMismatch);
    assert!(journal(&world).past().completing);
    world.log.clear();
    let transfer = one_lane(&world);
    done(process(&mut world, transfer, None));
    assert_eq!(world.log, ["token None", "head None", "put None"]);
    assert_eq!(world.objects["/d/vid1.mp4"].bytes, world.content);

    // The same of bytes in memory.
    let upload = |world: &World| {
        let file = vodkit_request::types::FileInput::bytes("课 1.mp4", film(7));
        vodkit_request::polyv::Upload::new(&session, file)
            .title("课")
            .transfer(one_lane(world))
    };
    for flipped in [true, false] {
        let bad = if flipped {
            Fault::Flipped
        } else {
            Fault::ReplyLost
        };
        let mut world = planned(7, [Fault::None, bad]);
        let first = upload(&world);
        assert!(matches!(world.run(first, None), Ended::Failed(_)));
        let second = upload(&world);
        assert!(matches!(world.run(second, None), Ended::Done(_)));
        assert_eq!(world.objects["/d/vid1.mp4"].bytes, world.content);
        assert_eq!(world.counts.puts, 1 + u32::from(flipped));
    }
}

/// A whole file has no parts to compare: what was stored of it tells.
#[test]
fn a_whole_file_that_was_edited_is_noticed() {
    let stored = || {
        let mut world = planned(7, []);
        let transfer = one_lane(&world);
        done(process(&mut world, transfer, None));
        world.log.clear();
        world
    };
    // It was touched only.
    let mut world = stored();
    world.version += 1;
    let transfer = one_lane(&world);
    done(process(&mut world, transfer, None));
    assert!(world.log.is_empty(), "{:#?}", world.log);
    // What is written down then is what is compared with from now on.
    assert_eq!(
        journal(&world).past().begun.as_ref().unwrap().facts,
        world.facts()
    );

    // It was edited, also where the file system does not tell.
    for touched in [true, false] {
        let mut world = stored();
        world.version += i64::from(touched);
        edit(&mut world, 3);
        let transfer = match touched {
            true => one_lane(&world),
            false => one_lane(&world).verify(),
        };
        let before = world.records();
        let error = failed(process(&mut world, transfer, None));
        assert_eq!(error.kind(), ErrorKind::LocalFile);
        assert!(
            error
                .to_string()
                .contains("has changed since its upload began: its bytes are not"),
            "{error}"
        );
        assert!(world.log.is_empty() && world.records() == before);
    }

    // The storage has told nothing that could be compared.
    let silent = |touched: bool| {
        let mut world = stored();
        let records: Vec<Vec<u8>> = world
            .records()
            .iter()
            .filter(|record| !String::from_utf8_lossy(record).contains("\"completed\""))
            .cloned()
            .chain([Mark::Completed {
                etag: Some("T1".to_owned()),
                crc64: None,
            }
            .to_record()])
            .collect();
        *world.kept.0.lock().unwrap() = records;
        world.version += i64::from(touched);
        let transfer = one_lane(&world).verify();
        process(&mut world, transfer, None)
    };
    let error = failed(silent(true));
    assert!(
        error.to_string().contains("nothing tells whether"),
        "{error}"
    );
    done(silent(false));

    // Edited, and then nothing arrives: the third process does not take the first one's bytes for the file.
    let mut world = planned(7, [Fault::None, Fault::ReplyLost]);
    let never = session().with_retry(RetryPolicy::NEVER);
    let upload = upload_of(&never, one_lane(&world));
    assert!(matches!(world.run(upload, None), Ended::Failed(_)));
    world.version += 1;
    edit(&mut world, 3);
    world.plan = [Fault::None, Fault::Lost].into();
    let upload = upload_of(&never, one_lane(&world));
    assert!(matches!(world.run(upload, None), Ended::Failed(_)));
    let transfer = one_lane(&world);
    done(process(&mut world, transfer, None));
    assert_eq!(world.objects["/d/vid1.mp4"].bytes, world.content);
}

#[test]
fn other_bytes_in_memory_are_not_taken_for_those_that_are_stored() {
    let session = session();
    let mut world = planned(7, []);
    for (content, fails) in [
        (film(7), false),
        (film(7), false),
        (film(8)[1..].to_vec(), true),
    ] {
        let file = vodkit_request::types::FileInput::bytes("课 1.mp4", content);
        let upload = vodkit_request::polyv::Upload::new(&session, file)
            .title("课")
            .transfer(one_lane(&world));
        match world.run(upload, None) {
            Ended::Done(_) => assert!(!fails),
            Ended::Failed(error) => {
                assert!(
                    fails && error.to_string().contains("has changed"),
                    "{error}"
                );
            }
            Ended::Killed => unreachable!(),
        }
    }
    assert_eq!(world.counts.puts, 1);
}
