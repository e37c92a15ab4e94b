//! The lists of assumptions and the source say the same.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use vodkit_emulator::ASSUMPTIONS;

fn source() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// Ids in comments (`assumed: id`) and refusals (`assumed("id")`) in the files of a folder, but not in the list itself.
fn used(folder: &Path) -> BTreeSet<String> {
    let mut ids = BTreeSet::new();
    for path in fs::read_dir(folder)
        .expect("a folder")
        .map(|entry| entry.expect("an entry").path())
    {
        if path.is_dir() || path.ends_with("assumptions.rs") {
            continue;
        }
        let text = fs::read_to_string(&path).expect("text");
        for mark in ["// assumed: ", "assumed(\""] {
            let id = |rest: &str| {
                rest.chars()
                    .take_while(|c| c.is_ascii_alphanumeric() || *c == '-')
                    .collect()
            };
            ids.extend(text.split(mark).skip(1).map(id));
        }
    }
    ids
}

#[test]
fn every_assumption_is_used_and_every_use_is_listed() {
    let mut shared = used(&source());
    for (vendor, list) in ASSUMPTIONS {
        let listed: BTreeSet<String> = list.iter().map(|a| a.id.to_owned()).collect();
        let used = used(&source().join(vendor));
        let unlisted: Vec<_> = used.difference(&listed).collect();
        assert_eq!(unlisted, [""; 0], "{vendor}: used, not listed");
        let unused = listed.difference(&used).filter(|id| !shared.contains(*id));
        assert_eq!(
            unused.collect::<Vec<_>>(),
            [""; 0],
            "{vendor}: listed, not used"
        );
        shared.retain(|id| !listed.contains(id));
    }
    assert_eq!(shared, BTreeSet::new(), "used by all, listed by none");
}

#[test]
fn the_lists_are_sorted_and_complete_in_words() {
    for (vendor, list) in ASSUMPTIONS {
        assert!(list.is_sorted_by(|a, b| a.id < b.id), "{vendor}");
        for assumption in *list {
            for text in [assumption.what, assumption.why] {
                assert!(
                    text.len() > 20 && text.ends_with('.'),
                    "{vendor} {}: {text}",
                    assumption.id
                );
            }
        }
    }
}
