//! A journal file, written and read as programs do.

#![allow(
    clippy::unwrap_used,
    reason = "a test fails by panicking, also in its helpers"
)]

use std::fs;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use proptest::prelude::*;
use tempfile::TempDir;
use vodkit_journal::{JournalFile, OpenError, Place, list, look};
use vodkit_request::flow::Keeper;
use vodkit_request::transport::Timestamp;
use vodkit_request::upload::{Journal, Mark, Opened, PartMark, Past};

fn place() -> (TempDir, Place) {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("lesson.mp4");
    fs::write(&file, "content").unwrap();
    let place = Place::of(dir.path().join("state/uploads"), "polyv", "user-1", file).unwrap();
    (dir, place)
}

fn part(number: u32) -> Mark {
    Mark::Part(PartMark {
        number,
        offset: u64::from(number - 1) * 100,
        bytes: 100,
        etag: Some("\"0\"".to_owned()),
        ..PartMark::default()
    })
}

/// A keeper that hands its records on, for journals opened with [`JournalFile::journal_through`].
fn keeper_of(file: &JournalFile) -> Arc<dyn Keeper> {
    let mut taken = None;
    file.journal_through(|keeper| {
        taken = Some(Arc::clone(&keeper));
        keeper
    })
    .unwrap();
    taken.unwrap()
}

fn write(place: &Place, marks: &[Mark]) {
    let file = JournalFile::open(place).unwrap();
    let keeper = keeper_of(&file);
    for mark in marks {
        keeper.keep(&mark.to_record()).unwrap();
    }
}

fn past(marks: &[Mark]) -> Past {
    #[derive(Debug)]
    struct Nowhere;
    impl Keeper for Nowhere {
        fn keep(&self, _: &[u8]) -> io::Result<()> {
            Ok(())
        }
    }
    let records = marks.iter().map(Mark::to_record);
    Journal::resume(Arc::new(Nowhere), records)
        .unwrap()
        .past()
        .clone()
}

fn story() -> Vec<Mark> {
    vec![
        Mark::Creating {
            at: Timestamp(1_700_000_000_000),
        },
        Mark::Created {
            video: "v1".to_owned(),
        },
        Mark::Opened(Opened {
            upload_id: "u1".to_owned(),
            place: "bucket/key".to_owned(),
            part_size: 100,
        }),
        part(1),
        part(2),
    ]
}

#[test]
fn what_was_kept_is_there_again() {
    let (_dir, place) = place();
    let file = JournalFile::open(&place).unwrap();
    assert!(file.journal().unwrap().past().is_empty());
    let keeper = keeper_of(&file);
    for mark in story() {
        keeper.keep(&mark.to_record()).unwrap();
    }
    // What was written meanwhile is known without opening it anew.
    assert_eq!(*file.journal().unwrap().past(), past(&story()));
    drop(file);
    drop(keeper);
    let file = JournalFile::open(&place).unwrap();
    assert_eq!(*file.journal().unwrap().past(), past(&story()));
    assert_eq!(file.about(), place.about());
    keeper_of(&file).keep(&part(3).to_record()).unwrap();
    drop(file);
    let looked = look(place.path()).unwrap();
    assert_eq!(looked.past.bytes(), 300);
    assert_eq!(looked.about.as_ref(), Some(place.about()));
    assert!(!looked.held);
    assert_eq!(looked.pid, Some(std::process::id()));
}

#[test]
fn one_process_works_and_the_others_are_told_who() {
    let (_dir, place) = place();
    let file = JournalFile::open(&place).unwrap();
    let me = std::process::id();
    for refused in [
        JournalFile::open(&place),
        JournalFile::open_existing(place.path()),
    ] {
        let error = refused.unwrap_err();
        assert!(
            error
                .to_string()
                .ends_with(&format!("lesson.mp4` is being uploaded by process {me}")),
            "{error}"
        );
        assert!(matches!(error, OpenError::Held { pid: Some(pid), .. } if pid == me));
    }
    let looked = look(place.path()).unwrap();
    assert!(looked.held && looked.pid == Some(me));
    drop(file);
    // Who only looks holds nobody up.
    look(place.path()).unwrap();
    JournalFile::open(&place).unwrap();
}

/// In a container the first process is number 1 each time: a journal that names it is not held for that.
#[test]
fn our_own_number_in_a_journal_is_no_holder() {
    let (_dir, place) = place();
    drop(JournalFile::open(&place).unwrap());
    let looking = fs::File::open(place.path()).unwrap();
    looking.lock_shared().unwrap();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            std::thread::sleep(std::time::Duration::from_millis(40));
            looking.unlock().unwrap();
        });
        JournalFile::open(&place).unwrap();
    });
}

/// Whoever made the file has died before a byte of it was written, and somebody has opened it since.
#[test]
fn an_empty_journal_is_told_what_it_is_of() {
    let (_dir, place) = place();
    fs::create_dir_all(place.path().parent().unwrap()).unwrap();
    fs::write(place.path(), "").unwrap();
    drop(JournalFile::open_existing(place.path()).unwrap());
    assert_eq!(look(place.path()).unwrap().about, None);
    for _ in 0..2 {
        drop(JournalFile::open(&place).unwrap());
        let looked = look(place.path()).unwrap();
        assert_eq!(looked.about.as_ref(), Some(place.about()));
    }
    let file = JournalFile::open_existing(place.path()).unwrap();
    assert_eq!(file.about(), place.about());
}

#[test]
fn a_removed_journal_is_gone_and_takes_no_more() {
    let (_dir, place) = place();
    let file = JournalFile::open(&place).unwrap();
    let keeper = keeper_of(&file);
    assert_eq!(
        list(place.path().parent().unwrap()).unwrap(),
        [place.path()]
    );
    file.remove().unwrap();
    assert!(list(place.path().parent().unwrap()).unwrap().is_empty());
    assert!(keeper.keep(&part(1).to_record()).is_err());
    assert!(
        JournalFile::open(&place)
            .unwrap()
            .journal()
            .unwrap()
            .past()
            .is_empty()
    );
    // The one that is gone is still held by `keeper`, which harms nobody.
    drop(keeper);
    assert!(list("/no/such/directory").unwrap().is_empty());
    assert!(matches!(
        JournalFile::open_existing("/no/such/directory/a.journal"),
        Err(OpenError::Io { .. })
    ));
}

/// Who waits for a journal that its holder removes must not end up with one that nobody else can find.
#[test]
fn nobody_works_with_a_journal_that_is_gone() {
    let (_dir, place) = place();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..30 {
                    match JournalFile::open(&place) {
                        Ok(file) => {
                            let looked = look(place.path()).unwrap();
                            assert!(looked.held, "it is another one");
                            file.remove().unwrap();
                        }
                        Err(OpenError::Held { .. }) => std::thread::yield_now(),
                        Err(error) => panic!("{error}"),
                    }
                }
            });
        }
    });
}

#[cfg(unix)]
#[test]
fn it_is_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt as _;

    let (_dir, place) = place();
    JournalFile::open(&place).unwrap();
    let mode = |path: &std::path::Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(place.path()), 0o600);
    for dir in place.path().ancestors().skip(1).take(2) {
        assert_eq!(mode(dir), 0o700);
    }
}

#[test]
fn what_is_no_journal_of_this_upload_is_refused_in_one_line() {
    let (dir, place) = place();
    let refused = |bytes: &[u8]| {
        fs::create_dir_all(place.path().parent().unwrap()).unwrap();
        fs::write(place.path(), bytes).unwrap();
        let error = JournalFile::open(&place).unwrap_err();
        // It stays as it is, for whoever can read it.
        assert_eq!(fs::read(place.path()).unwrap(), bytes);
        assert!(!error.to_string().contains('\n'));
        error
    };
    assert!(matches!(
        refused(b"a letter to my aunt"),
        OpenError::Damaged { at: 0, .. }
    ));
    assert!(matches!(refused(b"VODKITJ\x02"), OpenError::Newer { .. }));
    fs::remove_file(place.path()).unwrap();

    write(&place, &story());
    let mut bytes = fs::read(place.path()).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    assert!(matches!(refused(&bytes), OpenError::Damaged { .. }));
    assert!(matches!(look(place.path()), Err(OpenError::Damaged { .. })));
    fs::remove_file(place.path()).unwrap();

    // A mark that this version does not know.
    let file = JournalFile::open(&place).unwrap();
    keeper_of(&file).keep(br#"{"mark":"compressed"}"#).unwrap();
    assert!(matches!(file.journal(), Err(OpenError::Newer { .. })));
    file.remove().unwrap();

    let other = dir.path().join("other.mp4");
    fs::write(&other, "x").unwrap();
    let other = Place::of(place.path().parent().unwrap(), "polyv", "user-1", other).unwrap();
    write(&other, &story());
    fs::rename(other.path(), place.path()).unwrap();
    let error = JournalFile::open(&place).unwrap_err();
    assert!(matches!(&error, OpenError::Foreign { other, .. } if other.ends_with("other.mp4")));
}

#[test]
fn a_record_has_a_greatest_length() {
    let (_dir, place) = place();
    let file = JournalFile::open(&place).unwrap();
    let keeper = keeper_of(&file);
    assert!(keeper.keep(&vec![b' '; (1 << 20) + 1]).is_err());
    // That was refused before anything was written, so it goes on.
    let mut longest = part(1).to_record();
    longest.resize(1 << 20, b' ');
    keeper.keep(&longest).unwrap();
    assert_eq!(file.journal().unwrap().past().bytes(), 100);
}

#[cfg(target_os = "linux")]
#[test]
fn a_device_is_no_journal() {
    let (_dir, place) = place();
    fs::create_dir_all(place.path().parent().unwrap()).unwrap();
    std::os::unix::fs::symlink("/dev/zero", place.path()).unwrap();
    let error = JournalFile::open(&place).unwrap_err();
    assert!(error.to_string().contains("not a regular file"), "{error}");
}

/// The states that the story went through, the first being none.
fn states() -> Vec<Past> {
    let story = story();
    (0..=story.len())
        .map(|count| past(&story[..count]))
        .collect()
}

fn written() -> (TempDir, Place, Vec<u8>, PathBuf) {
    let (dir, place) = place();
    write(&place, &story());
    let bytes = fs::read(place.path()).unwrap();
    let path = place.path().to_owned();
    (dir, place, bytes, path)
}

#[test]
fn cut_at_every_byte_it_is_a_state_that_was_written_and_goes_on() {
    let (_dir, place, bytes, path) = written();
    let states = states();
    let mut reached = 0;
    for length in 0..bytes.len() {
        fs::write(&path, &bytes[..length]).unwrap();
        let file = JournalFile::open(&place).unwrap();
        let past = file.journal().unwrap().past().clone();
        let at = states.iter().position(|state| *state == past).unwrap();
        assert!(at >= reached, "a longer beginning says more");
        reached = at;
        keeper_of(&file).keep(&part(9).to_record()).unwrap();
        drop(file);
        assert!(look(&path).unwrap().past.parts.contains_key(&9));
    }
    assert_eq!(reached, states.len() - 2);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn damage_is_an_error_or_a_state_that_was_written(
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
        length in any::<prop::sample::Index>(),
        zeros in 0..40_usize,
    ) {
        let (_dir, place, bytes, path) = written();
        let mut damaged = bytes.clone();
        for (at, byte) in edits {
            damaged[at.index(bytes.len())] = byte;
        }
        damaged.truncate(length.index(bytes.len() + 1));
        damaged.resize(damaged.len() + zeros, 0);
        fs::write(&path, damaged).unwrap();
        if let Ok(file) = JournalFile::open(&place) {
            prop_assert!(states().contains(file.journal().unwrap().past()));
        }
    }
}
