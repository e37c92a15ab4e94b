//! A video that was created without anybody learning of it.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use vodkit_request::upload::{Claims, Note, Transfer};
use vodkit_request::{Error, ErrorKind};

use crate::others::Others;
use crate::server::Video;
use crate::world::Fault::{Connect, ReplyLost};
use crate::world::{Fault, Kept, NAME, Told, World, md5, upload};

/// A world in which a first run has lost the reply to its call.
fn after(fault: Fault) -> (World, Arc<Kept>, Error) {
    let (world, kept) = (World::new(10, [fault; 3]), Arc::new(Kept::default()));
    let error = upload(&world, Transfer::new().part_size(4).journal(kept.journal())).unwrap_err();
    world.faults([]);
    (world, kept, error)
}

fn again(
    world: &World,
    kept: &Arc<Kept>,
    told: &Told,
    change: impl FnOnce(Transfer) -> Transfer,
) -> Result<u64, Error> {
    let transfer = Transfer::new()
        .part_size(4)
        .journal(kept.journal())
        .notes(told.sink());
    let uploaded = upload(world, change(transfer))?;
    assert_eq!(uploaded.md5, Some(md5(&world.file())));
    world.server(|server| assert!(server.videos[&uploaded.video_id].complete));
    Ok(uploaded.video_id)
}

fn like_it(world: &World, id: u64, change: impl FnOnce(&mut Video)) {
    world.server(|server| {
        let mut video = server.videos[&77].clone();
        change(&mut video);
        server.videos.insert(id, video);
    });
}

#[test]
fn it_is_found_and_used() {
    let (world, kept, error) = after(ReplyLost);
    assert_eq!(
        (error.kind(), error.created()),
        (ErrorKind::OutcomeUnknown, None)
    );
    assert!(
        error
            .to_string()
            .contains("looks for it before it creates another"),
        "{error}"
    );
    assert!(world.slices().is_empty() && kept.text().contains("creating"));
    // None of these is it.
    like_it(&world, 1, |video| video.name = "other.mp4".into());
    like_it(&world, 2, |video| {
        video.created = "2023-11-14 22:13:20".into()
    });
    like_it(&world, 3, |video| video.status = Some(20));
    like_it(&world, 4, |video| video.bytes = vec![1]);
    like_it(&world, 5, |_| ());
    like_it(&world, 6, |video| {
        (video.status, video.complete) = (Some(10), true)
    });
    world.server(|server| server.refuses_complete = true);
    let told = Told::default();
    let id = again(&world, &kept, &told, |transfer| transfer.except(["5"])).unwrap();
    assert_eq!(id, 77);
    assert_eq!(told.notes(), [Note::Adopted { video: "77".into() }]);
    world.server(|server| assert_eq!(server.videos.len(), 7));
    assert_eq!(world.slices().len(), 3);
}

#[test]
fn the_list_may_leave_out_the_ending_and_the_time() {
    for change in [
        (|video: &mut Video| video.name = NAME.replace(".mp4", "")) as fn(&mut Video),
        |video| video.created = "no time".into(),
        |video| video.created = "2023-11-15 06:03:30".into(),
    ] {
        let (world, kept, _) = after(ReplyLost);
        world.server(|server| change(server.videos.get_mut(&77).unwrap()));
        assert_eq!(
            again(&world, &kept, &Told::default(), |same| same).unwrap(),
            77
        );
    }
}

#[test]
fn none_is_created_anew() {
    let (world, kept, error) = after(Connect);
    assert_eq!(error.kind(), ErrorKind::Connect);
    assert!(!error.to_string().contains("looks for it"), "{error}");
    let told = Told::default();
    assert_eq!(again(&world, &kept, &told, |same| same).unwrap(), 77);
    assert!(told.notes().is_empty());
    let log = world.log();
    assert_eq!(
        log.iter()
            .filter(|line| line.contains("getVideoList"))
            .count(),
        1
    );
    // One that waits no longer is told of.
    let (world, kept, _) = after(ReplyLost);
    world.server(|server| server.videos.get_mut(&77).unwrap().status = Some(32));
    let told = Told::default();
    assert_eq!(again(&world, &kept, &told, |same| same).unwrap(), 78);
    assert!(
        matches!(&told.notes()[..], [Note::MayBeOrphaned { what }] if what.contains("video 77"))
    );
}

#[test]
fn one_that_another_upload_has_is_left_to_it() {
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
        let (world, kept, _) = after(ReplyLost);
        let (told, others) = (Told::default(), Arc::new(others));
        let id = again(&world, &kept, &told, |transfer| transfer.claims(others)).unwrap();
        assert_eq!((id, told.notes()), (78, Vec::new()));
        // It is this upload's now, also for the next run.
        assert!(kept.text().contains("78") && !kept.text().contains("77"));
    }
    // Of two that are like it one is another's.
    let (world, kept, _) = after(ReplyLost);
    like_it(&world, 90, |_| ());
    let claims: Arc<dyn Claims> = Arc::new(Mutex::new(BTreeSet::from(["90".to_owned()])));
    let id = again(&world, &kept, &Told::default(), |transfer| {
        transfer.claims(claims.clone())
    });
    assert_eq!(id.unwrap(), 77);
    assert!(claims.is_anothers("77"));
}

#[test]
fn a_new_one_that_another_upload_has_taken_is_replaced() {
    let others = |created: usize| {
        Arc::new(Others {
            created: created.into(),
            ..Others::default()
        })
    };
    let (world, kept) = (World::new(10, []), Arc::new(Kept::default()));
    let id = again(&world, &kept, &Told::default(), |transfer| {
        transfer.claims(others(2))
    });
    assert_eq!(id.unwrap(), 79);
    assert!(kept.text().contains("79") && !kept.text().contains("77"));
    // Not for ever.
    let (world, kept) = (World::new(10, []), Arc::new(Kept::default()));
    let error = again(&world, &kept, &Told::default(), |transfer| {
        transfer.claims(others(usize::MAX))
    });
    assert_eq!(error.unwrap_err().kind(), ErrorKind::OutcomeUnknown);
    world.server(|server| assert_eq!(server.videos.len(), 16));
}

#[test]
fn several_are_named() {
    let (world, kept, _) = after(ReplyLost);
    like_it(&world, 90, |_| ());
    let told = Told::default();
    let before = kept.records();
    let error = again(&world, &kept, &told, |same| same).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::OutcomeUnknown);
    assert!(
        error.to_string().contains("77, 90") && error.to_string().contains("except"),
        "{error}"
    );
    assert!(world.slices().is_empty() && kept.records() == before);
    // Who does not care gets a new one.
    let id = again(&world, &kept, &told, Transfer::repeat_unknown).unwrap();
    assert_eq!(id, 79);
    assert_eq!(told.notes().len(), 2);
    // Who knows better says so.
    let (world, kept, _) = after(ReplyLost);
    like_it(&world, 90, |_| ());
    let id = again(&world, &kept, &told, |transfer| transfer.except(["90"])).unwrap();
    assert_eq!(id, 77);
}
