//! Uploads in parts against a simulated storage: whatever is lost, refused, forgotten or killed, the file arrives once and whole.

use proptest::prelude::*;
use vodkit_request::polyv::{Polyv, Upload, Uploaded};
use vodkit_request::types::FileInput;
use vodkit_request::upload::{Journal, Transfer};
use vodkit_request::{RetryPolicy, Session};

use crate::world::{Ended, PATH, World};

/// Bytes of a part: the least that the storage takes.
pub(crate) const PART: usize = 100 << 10;
const LANES: usize = 3;

pub(crate) fn film(len: usize) -> Vec<u8> {
    (0..len as u32)
        .map(|i| (i % 251) as u8 ^ (i / 65_536) as u8)
        .collect()
}

pub(crate) fn session() -> Session<Polyv> {
    let base = "https://api.example.test".parse().unwrap();
    Session::new(Polyv::at("vodkitdemo", "canary-key-0123456789", base).unwrap())
        .with_retry(RetryPolicy::STANDARD)
}

pub(crate) fn journal(world: &World) -> Journal {
    Journal::resume(world.kept.clone(), world.records()).unwrap()
}

pub(crate) fn transfer(world: &World) -> Transfer {
    Transfer::new()
        .part_size(PART as u64)
        .lanes(LANES)
        .journal(journal(world))
}

/// One process.
pub(crate) fn process(
    world: &mut World,
    transfer: Transfer,
    kill_after: Option<u32>,
) -> Ended<Uploaded> {
    let session = session();
    let upload = upload_of(&session, transfer);
    world.run(upload, kill_after)
}

pub(crate) fn upload_of(session: &Session<Polyv>, transfer: Transfer) -> Upload<'_> {
    Upload::new(session, FileInput::path(PATH))
        .title("课")
        .transfer(transfer)
}

fn resume(world: &mut World, kill_after: Option<u32>) -> Ended<Uploaded> {
    let transfer = transfer(world);
    process(world, transfer, kill_after)
}

/// What must hold at the end, whatever happened before.
fn holds(world: &World, uploaded: &Uploaded, interruptions: u32) {
    let content = &world.content;
    assert_eq!(uploaded.bytes, content.len() as u64);
    let with_content: Vec<_> = world.videos.iter().filter(|(_, stored)| **stored).collect();
    assert_eq!(with_content.len(), 1, "one video has the file");
    assert_eq!(with_content[0].0, &uploaded.vid);
    assert_eq!(world.objects.len(), 1);
    let object = &world.objects[&format!("/d/{}.mp4", uploaded.vid)];
    assert!(object.bytes == content, "other bytes are stored");
    assert!(world.counts.most_under_way <= LANES);
    // A part is sent again only for a reason.
    let parts = &world.counts.parts;
    let again: u32 = parts.values().map(|times| times - 1).sum();
    let reasons = world.counts.again + LANES as u32 * interruptions;
    assert!(
        again <= reasons,
        "{again} parts were sent again, {reasons} reasons"
    );
    for record in world.records() {
        let record = String::from_utf8(record).unwrap();
        assert!(!record.contains("canary"), "{record}");
    }
}

fn told(error: &vodkit_request::Error) {
    let shown = format!("{error} {error:?} {:?}", error.body());
    assert!(!shown.contains("canary"), "{shown}");
}

#[test]
fn an_upload_in_parts_without_trouble() {
    let mut world = World::new(film(4 * PART + 5), vec![]);
    let Ended::Done(uploaded) = resume(&mut world, None) else {
        panic!()
    };
    holds(&world, &uploaded, 0);
    assert_eq!(world.counts.parts.len(), 5);
    assert_eq!(world.counts.most_under_way, LANES);
    assert_eq!((world.counts.creates, world.counts.renewed), (1, 0));
    // Run again, it is done.
    let Ended::Done(again) = resume(&mut world, None) else {
        panic!()
    };
    assert_eq!((&again, world.counts.puts), (&uploaded, 0));
    assert_eq!(world.counts.parts.values().sum::<u32>(), 5);
}

/// Killed at each of its steps once: the next process sends what is missing, and no more.
#[test]
fn killed_at_any_step_it_goes_on() {
    for (len, arrives) in [
        (2 * PART + 5, false),
        (2 * PART + 5, true),
        (7, false),
        (7, true),
    ] {
        for step in 1.. {
            let mut world = World::new(film(len), vec![]);
            world.arrives_after_kill = Some(arrives);
            match resume(&mut world, Some(step)) {
                Ended::Done(_) => break,
                Ended::Failed(error) => panic!("{error}"),
                Ended::Killed => {}
            }
            let before: u32 = world.counts.parts.values().sum();
            match resume(&mut world, None) {
                Ended::Done(uploaded) => holds(&world, &uploaded, 1),
                other => panic!("killed at {step}: {other:?}"),
            }
            let after: u32 = world.counts.parts.values().sum();
            let missing = 3_u32.saturating_sub(before) + LANES as u32;
            assert!(
                after - before <= missing,
                "killed at {step}: {before} {after}"
            );
            assert_eq!(world.videos.len(), 1, "killed at {step}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens_the_file_arrives_once(
        len in prop_oneof![Just(7_usize), (PART..5 * PART)],
        chance in prop::collection::vec(any::<u16>(), 0..300),
        kills in prop::collection::vec(1_u32..60, 0..6),
    ) {
        let mut world = World::new(film(len), chance);
        let mut kills = kills.into_iter();
        let mut interruptions = 0;
        let uploaded = loop {
            match resume(&mut world, kills.next()) {
                Ended::Done(uploaded) => break uploaded,
                Ended::Killed => interruptions += 1,
                Ended::Failed(error) => {
                    told(&error);
                    interruptions += 1;
                }
            }
            prop_assert!(interruptions < 200, "it never ends");
        };
        holds(&world, &uploaded, interruptions);
        // Videos without content are found again.
        prop_assert_eq!(world.videos.len(), 1);
    }
}
