//! Every signature that is printed somewhere outside of this repository is made once more: in vectors of other implementations, in the vendors' pages, in
//! notes about them.
//!
//! `VODKIT_EXTERNAL_VECTORS` names a directory of vectors (`baijiayun.json`, `polyv.json`, `aliyun.json`); the texts (`.md`, `.txt`) in the directories beside
//! it are notes, and pages as the vendors published them. They hold keys that must not be published, so nothing of them is in here: what is signed, with which key, and what
//! comes out is read from them. **Whatever in them looks like a digest has to be accounted for**: reproduced, or listed in [`accounts`] with the reason why it
//! cannot be. Without the variable the same is done with a directory of made-up ones, written in here.

#![allow(
    clippy::disallowed_methods,
    reason = "the test reads its cases from files; the crate itself still reads nothing"
)]

mod accounts;
mod made_up;
mod scan;
mod vectors;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use accounts::{ACCOUNTS, Is};

/// What is read: names of files with their texts.
#[derive(Clone, Debug, Default)]
struct Outside {
    /// Notes and pages.
    pages: BTreeMap<String, String>,
    /// Vectors, as JSON.
    vectors: BTreeMap<String, serde_json::Value>,
}

impl Outside {
    fn read(vectors: &Path) -> Self {
        let mut outside = Self::default();
        let beside = fs::read_dir(vectors.join("..")).into_iter().flatten();
        for folder in beside.map(|entry| entry.expect("its entries can be read").path()) {
            let Some(of) = folder.file_name().map(|name| name.to_string_lossy()) else {
                continue;
            };
            for ending in ["md", "txt"] {
                for (name, text) in files(&folder, ending) {
                    outside.pages.insert(format!("{of}/{name}"), text);
                }
            }
        }
        for (name, text) in files(vectors, "json") {
            let value = serde_json::from_str(&text)
                .unwrap_or_else(|error| panic!("{name} is no JSON: {error}"));
            outside.vectors.insert(name, value);
        }
        outside
    }
}

fn files(folder: &Path, ending: &str) -> Vec<(String, String)> {
    let Ok(entries) = fs::read_dir(folder) else {
        return Vec::new();
    };
    entries
        .map(|entry| entry.expect("its entries can be read").path())
        .filter(|path| path.extension().is_some_and(|have| have == ending))
        .map(|path| {
            let name = path.file_name().expect("a file").to_string_lossy();
            let text = fs::read_to_string(&path).expect("text");
            (name.into_owned(), text)
        })
        .collect()
}

/// What became of everything that looks like a digest.
#[derive(Debug, Default, PartialEq, Eq)]
struct Found {
    /// Signatures that were made once more, by the file that prints them.
    reproduced: BTreeMap<String, usize>,
    /// Digests that nobody can make again, by the reason.
    impossible: BTreeMap<&'static str, usize>,
    /// What only looks like a digest.
    no_digest: usize,
}

/// Accounts for every digest; what is wrong, one line for each.
fn account(outside: &Outside) -> Result<Found, Vec<String>> {
    let mut found = Found::default();
    let mut wrong = Vec::new();
    let verified = vectors::verify(outside, &mut wrong);
    let texts = outside
        .pages
        .iter()
        .map(|(name, text)| (name.clone(), text.clone()));
    let vectors = outside
        .vectors
        .iter()
        .map(|(name, value)| (name.clone(), scan::lines_of(value)));
    let mut used = vec![false; ACCOUNTS.len()];
    for (name, text) in texts.chain(vectors) {
        for printed in scan::digests(&text) {
            // No line of a failure quotes what was read: there may be keys in it.
            let place = format!("{name}, behind {:?}", printed.anchor());
            if outside.vectors.contains_key(&name) && verified.contains(&printed.text) {
                *found.reproduced.entry(name.clone()).or_default() += 1;
                continue;
            }
            if printed.in_a_path() {
                found.no_digest += 1;
                continue;
            }
            let fits = ACCOUNTS
                .iter()
                .position(|(before, _)| printed.before.ends_with(before));
            let Some(at) = fits else {
                wrong.push(format!("{place}: nobody accounts for this digest"));
                continue;
            };
            used[at] = true;
            match &ACCOUNTS[at].1 {
                Is::Signed(sign) => match sign(outside, &printed.text) {
                    Ok(signature) if signature == printed.text => {
                        *found.reproduced.entry(name.clone()).or_default() += 1;
                    }
                    Ok(_) => wrong.push(format!("{place}: another signature comes out")),
                    Err(why) => wrong.push(format!("{place}: {why}")),
                },
                Is::Impossible(reason) => *found.impossible.entry(reason).or_default() += 1,
                Is::NoDigest => found.no_digest += 1,
            }
        }
    }
    for ((before, is), used) in ACCOUNTS.iter().zip(used) {
        if !used && matches!(is, Is::Signed(_)) && !outside.pages.is_empty() {
            wrong.push(format!("no digest is printed behind {before:?} any more"));
        }
    }
    match wrong.is_empty() {
        true => Ok(found),
        false => Err(wrong),
    }
}

#[test]
fn every_printed_digest_is_accounted_for() {
    let Some(directory) = std::env::var_os("VODKIT_EXTERNAL_VECTORS") else {
        println!(
            "VODKIT_EXTERNAL_VECTORS is not set: no vector and no page was read, only made-up ones are accounted for"
        );
        made_up::is_accounted_for();
        return;
    };
    let outside = Outside::read(Path::new(&directory));
    let found = account(&outside).unwrap_or_else(|wrong| panic!("{}", wrong.join("\n")));
    for name in ["baijiayun.json", "polyv.json"] {
        assert!(
            found.reproduced.contains_key(name),
            "no signature is in {name}"
        );
    }
    println!("reproduced: {:?}", found.reproduced);
    println!("impossible: {:?}", found.impossible);
    println!("no digests: {}", found.no_digest);
}
