//! The documents say what is so: their code is parsed or run, and what they name exists.
//!
//! Rust blocks are doctests (`src/documents.rs`); commands of the binary are run in `crates/vodkit-cli/tests/documents.rs`; the rest is here.

#![allow(
    clippy::unwrap_used,
    reason = "a test fails by panicking, also in its helpers"
)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use toml::Table;
use vodkit_tests::pages::{Block, VENDORS, blocks, documents, read, root, tables_of};

fn all_blocks() -> Vec<Block> {
    documents().iter().flat_map(|name| blocks(name)).collect()
}

fn manifest(path: &Path) -> Table {
    fs::read_to_string(path).unwrap().parse().unwrap()
}

/// Name and manifest of each package of the workspace.
fn packages() -> Vec<(String, PathBuf, Table)> {
    let crates = fs::read_dir(root().join("crates"))
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let folders = crates.chain([root().join("xtask"), root().join("tests")]);
    let packages = folders.map(|folder| {
        let manifest = manifest(&folder.join("Cargo.toml"));
        (
            manifest["package"]["name"].as_str().unwrap().to_owned(),
            folder,
            manifest,
        )
    });
    packages.collect()
}

#[test]
fn every_block_is_of_a_language_that_is_checked() {
    for block in all_blocks() {
        assert!(
            [
                "rust",
                "rust,no_run",
                "sh",
                "console",
                "toml",
                "json",
                "text"
            ]
            .contains(&block.language.as_str()),
            "{}: `{}`",
            block.place,
            block.language
        );
    }
}

/// A document with Rust in it is a doctest, in English.
#[test]
fn every_document_with_rust_is_a_doctest() {
    let included = read("tests/src/documents.rs");
    for name in documents() {
        let has_rust = blocks(&name)
            .iter()
            .any(|block| block.language.starts_with("rust"));
        let is_included = included.contains(&format!("include_str!(\"../../{name}\")"));
        assert!(
            !has_rust || is_included || name.ends_with(".zh-CN.md"),
            "{name} is not in tests/src/documents.rs"
        );
    }
}

/// A page in Chinese has the blocks of the English one, which are compiled and run there.
#[test]
fn both_languages_have_the_same_code() {
    let code = |name: &str| {
        blocks(name)
            .into_iter()
            .map(|block| (block.language, block.text))
            .collect::<Vec<_>>()
    };
    let mut pages = 0;
    for chinese in documents() {
        let Some(name) = chinese.strip_suffix(".zh-CN.md") else {
            continue;
        };
        let (english, chinese) = (code(&format!("{name}.md")), code(&chinese));
        assert!(english.len() >= 5, "{name}");
        for (position, (english, chinese)) in english.iter().zip(&chinese).enumerate() {
            assert_eq!(english, chinese, "{name}, block {}", position + 1);
        }
        assert_eq!(english.len(), chinese.len(), "{name}");
        pages += 1;
    }
    assert!(pages >= 5);
}

/// The two commands that a fresh machine needs, where tools look for them.
#[test]
fn the_readme_begins_with_two_commands() {
    let readme = blocks("README.md");
    let first: Vec<_> = readme
        .iter()
        .take(2)
        .map(|block| (block.language.as_str(), block.text.as_str()))
        .collect();
    assert_eq!(
        first,
        [
            ("sh", "cargo run --release -- demo\n"),
            ("sh", "cargo test --workspace\n")
        ]
    );
    let text = read("README.md");
    let below = |heading: &str| {
        text.split(&format!("## {heading}\n\n"))
            .nth(1)
            .unwrap()
            .lines()
            .next()
            .unwrap()
            .to_owned()
    };
    assert_eq!([below("Try it"), below("Test it")], ["```sh", "```sh"]);
}

#[test]
fn json_blocks_are_json() {
    for block in all_blocks().iter().filter(|block| block.language == "json") {
        serde_json::from_str::<serde_json::Value>(&block.text)
            .unwrap_or_else(|error| panic!("{}: {error}", block.place));
    }
}

/// A dependency that a document names is a crate of this repository, or one that the workspace itself builds with in that version.
fn check_dependency(place: &str, name: &str, dependency: &toml::Value, root: &Table) {
    if let Some((_, _, manifest)) = packages().iter().find(|package| package.0 == name) {
        assert_eq!(
            dependency["git"], root["workspace"]["package"]["repository"],
            "{place}: {name}"
        );
        let features = dependency
            .get("features")
            .and_then(|features| features.as_array())
            .cloned()
            .unwrap_or_default();
        for feature in features {
            assert!(
                manifest["features"]
                    .get(feature.as_str().unwrap())
                    .is_some(),
                "{place}: {name} has no feature {feature}"
            );
        }
        return;
    }
    let version = |value: &toml::Value| {
        let text = value.get("version").unwrap_or(value).as_str().unwrap();
        text.split('.').next().unwrap().to_owned()
    };
    let ours = root["workspace"]["dependencies"]
        .get(name)
        .unwrap_or_else(|| panic!("{place}: nothing here uses {name}"));
    assert_eq!(version(dependency), version(ours), "{place}: {name}");
}

/// TOML is either dependencies, or an entry that stands in a table word by word.
#[test]
fn toml_blocks_are_true() {
    let root_manifest = manifest(&root().join("Cargo.toml"));
    let tables: String = VENDORS.iter().map(|vendor| tables_of(vendor)).collect();
    let mut checked = 0;
    for block in all_blocks().iter().filter(|block| block.language == "toml") {
        let table: Table = block
            .text
            .parse()
            .unwrap_or_else(|error| panic!("{}: {error}", block.place));
        for (key, value) in &table {
            if key != "dependencies" {
                assert!(
                    tables.contains(block.text.trim()),
                    "{}: not as in docs/spec",
                    block.place
                );
                checked += 1;
                continue;
            }
            for (name, dependency) in value.as_table().unwrap() {
                check_dependency(&block.place, name, dependency, &root_manifest);
                checked += 1;
            }
        }
    }
    assert!(checked >= 4);
}

/// Each crate that a program of the readme uses is among the dependencies that the readme lists.
#[test]
fn the_readme_lists_the_crates_of_its_programs() {
    let readme = blocks("README.md");
    let dependencies = readme.iter().find(|block| block.language == "toml");
    let dependencies: Table = dependencies.unwrap().text.parse().unwrap();
    let mut used = BTreeSet::new();
    for block in readme
        .iter()
        .filter(|block| block.language.starts_with("rust"))
    {
        // A path begins with the crate: `vodkit_sign::..`, `http::..`, `#[tokio::..`.
        let names = block
            .text
            .split(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == ':'))
            .filter_map(|path| path.split_once("::"));
        let names = names.map(|(name, _)| name).filter(|name| {
            name.starts_with(|c: char| c.is_ascii_lowercase())
                && !["std", "baijiayun"].contains(name)
        });
        used.extend(names.map(|name| match name {
            name if name.starts_with("vodkit") => name.replace('_', "-"),
            name => name.to_owned(),
        }));
    }
    let listed: BTreeSet<_> = dependencies["dependencies"]
        .as_table()
        .unwrap()
        .keys()
        .cloned()
        .collect();
    assert_eq!(used, listed);
}

/// Commands that take too long to be run here name packages, benches, examples and tasks that exist.
#[test]
fn commands_name_what_exists() {
    let packages = packages();
    let tasks = read("xtask/src/main.rs");
    let mut checked = 0;
    for block in all_blocks().iter().filter(|block| block.language == "sh") {
        for line in block.text.lines() {
            let words: Vec<_> = line.split_whitespace().collect();
            let after = |option: &[&str]| {
                words
                    .windows(2)
                    .find(|pair| option.contains(&pair[0]))
                    .map(|pair| pair[1])
            };
            let place = &block.place;
            match words[..] {
                ["vodkit", ..] => {}
                // Sent as they stand in `emulator_document.rs`.
                ["curl", ..] => {
                    let page = block.place.split(':').next().unwrap_or_default();
                    let sent = [
                        "docs/emulator.md",
                        "docs/callbacks.md",
                        "docs/callbacks.zh-CN.md",
                    ];
                    assert!(sent.contains(&page), "{place}");
                }
                // That somebody reads the variables is checked below.
                ["export", ref assignments @ ..] => assert!(
                    assignments
                        .iter()
                        .all(|word| word.starts_with("VODKIT_") && word.contains('=')),
                    "{place}"
                ),
                ["cargo", "install", "--locked", "--path", folder] => {
                    let folder = root().join(folder);
                    let package = packages.iter().find(|package| package.1 == folder);
                    let (_, _, manifest) = package.unwrap_or_else(|| panic!("{place}: {line}"));
                    assert!(manifest.get("bin").is_some(), "{place}: nothing to install");
                }
                [".ci/run"] => assert!(root().join(".ci/run").is_file(), "{place}"),
                ["cargo", "xtask", task, ..] => {
                    let variant: String = task
                        .split('-')
                        .map(|part| format!("{}{}", part[..1].to_uppercase(), &part[1..]))
                        .collect();
                    let known = [" {", ",", "("]
                        .iter()
                        .any(|end| tasks.contains(&format!("    {variant}{end}")));
                    assert!(known, "{place}: xtask knows no {task}");
                }
                ["cargo", "run" | "test" | "bench" | "clippy" | "build", ..] => {
                    if let Some(name) = after(&["-p", "--package"]) {
                        let (_, folder, manifest) = packages
                            .iter()
                            .find(|package| package.0 == name)
                            .unwrap_or_else(|| panic!("{place}: no package {name}"));
                        for (option, kind) in [("--bench", "benches"), ("--example", "examples")] {
                            if let Some(file) = after(&[option]) {
                                assert!(
                                    folder.join(kind).join(format!("{file}.rs")).is_file(),
                                    "{place}: {file}"
                                );
                            }
                        }
                        for feature in after(&["--features"])
                            .into_iter()
                            .flat_map(|features| features.split(','))
                        {
                            assert!(
                                manifest["features"].get(feature).is_some(),
                                "{place}: {name} has no feature {feature}"
                            );
                        }
                    }
                }
                _ => panic!("{place}: nobody checks `{line}`"),
            }
            checked += 1;
        }
    }
    assert!(checked > 20);
}

/// Back-ticked `path` and `path#test` in tables: the file is there, and the test is in it.
#[test]
fn files_and_tests_that_are_named_exist() {
    let mut checked = 0;
    for name in documents() {
        for row in read(&name).lines().filter(|line| line.starts_with('|')) {
            for code in row.split('`').skip(1).step_by(2) {
                let (path, test) = code
                    .split_once('#')
                    .map_or((code, None), |(path, test)| (path, Some(test)));
                let is_path = ["crates/", "tests/", "xtask/", "docs/"]
                    .iter()
                    .any(|folder| path.starts_with(folder));
                if !is_path || path.contains(['<', '*']) {
                    continue;
                }
                assert!(root().join(path).exists(), "{name}: there is no {path}");
                if let Some(test) = test {
                    assert!(
                        read(path).contains(&format!("fn {test}(")),
                        "{name}: {path} has no {test}"
                    );
                }
                checked += 1;
            }
        }
    }
    assert!(checked > 40);
}

#[test]
fn every_crate_is_in_the_readme() {
    let readme = read("README.md");
    for (name, folder, _) in packages() {
        if folder.parent().unwrap().ends_with("crates") {
            assert!(
                readme.contains(&format!("| [{name}](crates/{name}) |")),
                "{name}"
            );
        }
    }
}

/// Variables that a document names are read by somebody: those for contributors by a test, all others by what people run.
#[test]
fn every_variable_is_read_somewhere() {
    fn sources(folder: &Path, text: &mut String) {
        for path in fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path())
        {
            if path.is_dir() {
                sources(&path, text);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                text.push_str(&fs::read_to_string(&path).unwrap());
            }
        }
    }
    let (mut code, mut tests) = (String::new(), String::new());
    for (_, folder, _) in packages() {
        sources(&folder.join("src"), &mut code);
        if folder.join("tests").is_dir() {
            sources(&folder.join("tests"), &mut tests);
        }
    }
    let mut named = BTreeSet::new();
    for name in documents() {
        let for_contributors = name == "CONTRIBUTING.md";
        let text = read(&name);
        let words = text
            .split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))
            .filter(|word| word.starts_with("VODKIT_"));
        let words = words.filter(|word| !word.ends_with('_'));
        named.extend(words.map(|word| (word.to_owned(), for_contributors)));
    }
    assert!(named.len() >= 6, "{named:?}");
    for (variable, for_contributors) in named {
        let quoted = format!("\"{variable}\"");
        assert!(
            code.contains(&quoted) || (for_contributors && tests.contains(&quoted)),
            "nothing reads {variable}"
        );
    }
}
