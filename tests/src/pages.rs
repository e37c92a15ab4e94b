//! The Markdown pages of the repository and the tables behind them, as tests read them.

#![allow(
    clippy::unwrap_used,
    clippy::missing_panics_doc,
    reason = "only tests read pages, and they fail by panicking"
)]

use std::fs;
use std::path::{Path, PathBuf};

/// The vendors, by the names of their folders.
pub const VENDORS: [&str; 4] = ["baijiayun", "mediacloud", "polyv", "quvideo"];

/// The spec tables of a vendor, one after the other.
pub fn tables_of(vendor: &str) -> String {
    let tables = fs::read_dir(root().join("docs/spec").join(vendor)).unwrap();
    tables
        .map(|entry| fs::read_to_string(entry.unwrap().path()).unwrap())
        .collect()
}

/// The root of the repository.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap()
        .to_owned()
}

/// A file of the repository, by its path from the root.
pub fn read(name: &str) -> String {
    fs::read_to_string(root().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// The documents written by hand, as paths from the root.
pub fn documents() -> Vec<String> {
    let pages = |folder: &str| {
        let entries = fs::read_dir(root().join(folder))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let pages = entries
            .filter(|name| name.ends_with(".md"))
            .map(|name| format!("{folder}{name}"));
        pages.collect::<Vec<_>>()
    };
    let mut all = pages("");
    all.extend(pages("docs/"));
    all.extend(pages("docs/vendors/"));
    all.retain(|name| !read(name).starts_with("<!-- Generated"));
    all.sort();
    assert!(all.len() >= 13, "{all:?}");
    all
}

/// A fenced block: where it starts, its language, its text.
#[derive(Debug)]
pub struct Block {
    /// File and line.
    pub place: String,
    /// What stands behind the fence.
    pub language: String,
    /// The lines, each with its end.
    pub text: String,
}

/// The fenced blocks of a page.
pub fn blocks(name: &str) -> Vec<Block> {
    let text = read(name);
    let mut blocks = Vec::new();
    let mut open: Option<Block> = None;
    for (number, line) in text.lines().enumerate() {
        match (line.strip_prefix("```"), &mut open) {
            (Some(_), Some(_)) => blocks.extend(open.take()),
            (Some(language), None) => {
                open = Some(Block {
                    place: format!("{name}:{}", number + 1),
                    language: language.to_owned(),
                    text: String::new(),
                });
            }
            (None, Some(block)) => {
                block.text.push_str(line);
                block.text.push('\n');
            }
            (None, None) => {}
        }
    }
    assert!(open.is_none(), "{name}: a block is not closed");
    blocks
}
