//! The list of assumptions and the source say the same.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use vodkit_emulator::ASSUMPTIONS;

/// Ids in comments (`assumed: id`) and refusals (`assumed("id")`), in every source file but the list itself.
fn used(folder: &Path, ids: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let path = entry.path();
        if path.is_dir() {
            used(&path, ids);
        } else if path.file_name().unwrap() != "assumptions.rs" {
            let text = fs::read_to_string(&path).unwrap();
            for mark in ["// assumed: ", "assumed(\""] {
                let id = |rest: &str| {
                    rest.chars()
                        .take_while(|c| c.is_ascii_alphanumeric() || *c == '-')
                        .collect()
                };
                ids.extend(text.split(mark).skip(1).map(id));
            }
        }
    }
}

#[test]
fn every_assumption_is_used_and_every_use_is_listed() {
    let mut ids = BTreeSet::new();
    used(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut ids);
    let listed: BTreeSet<String> = ASSUMPTIONS
        .iter()
        .map(|assumption| assumption.id.to_owned())
        .collect();
    assert_eq!(
        ids.difference(&listed).collect::<Vec<_>>(),
        [""; 0],
        "used, not listed"
    );
    assert_eq!(
        listed.difference(&ids).collect::<Vec<_>>(),
        [""; 0],
        "listed, not used"
    );
}

#[test]
fn the_list_is_sorted_and_complete_in_words() {
    assert!(ASSUMPTIONS.is_sorted_by(|a, b| a.id < b.id));
    for assumption in ASSUMPTIONS {
        for text in [assumption.what, assumption.why] {
            assert!(
                text.len() > 20 && text.ends_with('.'),
                "{}: {text}",
                assumption.id
            );
        }
    }
}

/// The list as the docs show it.
fn table() -> String {
    let row =
        |a: &vodkit_emulator::Assumption| format!("| `{}` | {} | {} |\n", a.id, a.what, a.why);
    let rows: String = ASSUMPTIONS.iter().map(row).collect();
    format!("| id | what the emulator does | why |\n|---|---|---|\n{rows}")
}

#[test]
fn the_docs_show_the_list() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("ASSUMPTIONS.md");
    if std::env::var_os("VODKIT_BLESS").is_some() {
        fs::write(&path, table()).unwrap();
    }
    let shown = fs::read_to_string(&path).unwrap();
    assert_eq!(
        shown,
        table(),
        "run this test with VODKIT_BLESS=1 to write ASSUMPTIONS.md anew"
    );
}
