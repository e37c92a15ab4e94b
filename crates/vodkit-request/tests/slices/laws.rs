//! What holds for any failures and any deaths.

use std::sync::Arc;

use proptest::prelude::*;
use vodkit_request::upload::Transfer;

use crate::world::{End, Fault, Kept, World, md5, run};

fn faults() -> impl Strategy<Value = Vec<Fault>> {
    let fault = prop_oneof![
        6 => Just(Fault::Fine),
        1 => Just(Fault::Connect),
        2 => (0_usize..9).prop_map(Fault::Broken),
        1 => Just(Fault::ReplyLost),
        1 => Just(Fault::Html),
        1 => prop_oneof![Just(Fault::Status(503)), Just(Fault::Status(429)), Just(Fault::Status(403))],
        1 => Just(Fault::Expired),
        1 => (0_usize..9).prop_map(Fault::Forgets),
    ];
    prop::collection::vec(fault, 0..24)
}

/// No process needs more steps than these: each failure costs a pause, a question with its own retries, and what is written down.
fn most_steps(len: usize, slice: usize, faults: usize) -> usize {
    20 + 4 * len.div_ceil(slice) + 12 * faults
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn every_byte_arrives_once_and_in_order(
        len in 1_usize..60,
        slice in 1_usize..9,
        faults in faults(),
        kills in prop::collection::vec((0_usize..60, any::<bool>()), 0..6),
    ) {
        // The server takes no byte twice and no gap: it panics.
        let planned = faults.len();
        let forgotten: usize = faults.iter().map(|fault| match fault {
            Fault::Forgets(bytes) => *bytes,
            _ => 0,
        }).sum();
        let (world, kept) = (World::new(len, faults), Arc::new(Kept::default()));
        let transfer = || Transfer::new().part_size(slice as u64).journal(kept.journal());
        let mut kills = kills.into_iter();
        let mut runs = 0;
        let uploaded = loop {
            runs += 1;
            prop_assert!(runs < 60, "it does not end: {:#?}", world.log());
            let (kill, effect) = kills.next().unwrap_or((usize::MAX, true));
            let (end, steps) = run(&world, transfer(), kill, effect);
            prop_assert!(steps <= most_steps(len, slice, planned), "{steps} steps: {:#?}", world.log());
            prop_assert!(!kept.text().contains("canary") && !kept.text().contains("upload?"));
            match end {
                End::Done(uploaded) => break uploaded,
                End::Failed(error) => {
                    let words = format!("{error} {error:?}");
                    prop_assert!(!words.contains("canary"), "{words}");
                    prop_assert!(world.faults_left() < planned, "without a fault it does not fail: {words}");
                }
                End::Killed => {}
            }
        };
        let file = world.file();
        prop_assert_eq!(uploaded.bytes, len as u64);
        prop_assert_eq!(uploaded.md5, Some(md5(&file)));
        let videos = world.server(|server| server.videos.clone());
        prop_assert_eq!(videos.len(), 1, "one file, one video");
        prop_assert!(videos[&uploaded.video_id].bytes == file);
        // What is sent again is what the server lost, and forms, of which it keeps nothing when they break.
        let most = if len > slice { len + forgotten } else { len * (1 + planned) + forgotten };
        prop_assert!(world.bytes_sent() <= most as u64, "{} > {most}", world.bytes_sent());
        let past = kept.journal().past().clone();
        prop_assert!(past.finished && past.video == Some(uploaded.video_id.to_string()));
        prop_assert!(past.parts.values().all(|part| part.crc64.is_some()));
    }
}

/// What somebody does to the file between two runs.
#[derive(Clone, Copy, Debug)]
enum Save {
    Nothing,
    Touched,
    Changed(usize),
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn a_video_is_never_a_mixture_of_two_versions(
        len in 1_usize..40,
        slice in 1_usize..9,
        kills in prop::collection::vec(
            (
                (0_usize..30, any::<bool>(), prop::option::of(0_usize..9)),
                prop_oneof![Just(Save::Nothing), Just(Save::Touched), (0_usize..40).prop_map(Save::Changed)],
            ),
            0..5,
        ),
    ) {
        let (world, kept) = (World::new(len, []), Arc::new(Kept::default()));
        world.server(|server| server.overlap = true);
        let transfer = || Transfer::new().part_size(slice as u64).journal(kept.journal());
        let (mut touched, mut changed) = (false, false);
        let mut kills = kills.into_iter();
        loop {
            let ((kill, effect, broken), save) =
                kills.next().unwrap_or(((usize::MAX, true, None), Save::Nothing));
            // A process that dies inside a slice leaves the beginning of it.
            let slices = world.slices().len();
            if let Some(bytes) = broken {
                world.break_slice(slices + 1, bytes);
            }
            match run(&world, transfer(), kill, effect).0 {
                End::Done(uploaded) => {
                    let file = world.file();
                    let videos = world.server(|server| server.videos.clone());
                    prop_assert_eq!(videos.len(), 1);
                    prop_assert!(videos[&uploaded.video_id].bytes == file);
                    prop_assert_eq!(uploaded.md5, Some(md5(&file)));
                    break;
                }
                End::Failed(error) => {
                    let words = error.to_string();
                    let same = words.contains("changed since") && !changed;
                    prop_assert!(!same, "only touched: {words}");
                    prop_assert!(touched || changed, "{words}");
                    prop_assert_eq!(error.kind(), vodkit_request::ErrorKind::LocalFile);
                    prop_assert_eq!(world.slices().len(), slices, "it was sent to all the same");
                    break;
                }
                End::Killed => {}
            }
            match save {
                Save::Nothing => {}
                Save::Touched => {
                    touched = true;
                    world.touch(|_| ());
                }
                Save::Changed(at) => {
                    changed = true;
                    world.touch(|file| file[at % len] ^= 0x55);
                }
            }
        }
    }
}
