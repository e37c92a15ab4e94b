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
use vodkit_emulator::{ASSUMPTIONS, Assumption, Emulator, baijiayun, mediacloud, polyv, quvideo};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap()
        .to_owned()
}

fn read(name: &str) -> String {
    fs::read_to_string(root().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// The documents written by hand, as paths from the root.
fn documents() -> Vec<String> {
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
struct Block {
    place: String,
    language: String,
    text: String,
}

fn blocks(name: &str) -> Vec<Block> {
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

fn all_blocks() -> Vec<Block> {
    documents().iter().flat_map(|name| blocks(name)).collect()
}

/// The vendors, by the names of their folders.
const VENDORS: [&str; 4] = ["baijiayun", "mediacloud", "polyv", "quvideo"];

/// The spec tables of a vendor, one after the other.
fn tables_of(vendor: &str) -> String {
    let tables = fs::read_dir(root().join("docs/spec").join(vendor)).unwrap();
    tables
        .map(|entry| fs::read_to_string(entry.unwrap().path()).unwrap())
        .collect()
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

/// A document with Rust in it is a doctest. The Chinese readme has the blocks of the English one.
#[test]
fn every_document_with_rust_is_a_doctest() {
    let included = read("tests/src/documents.rs");
    for name in documents() {
        let has_rust = blocks(&name)
            .iter()
            .any(|block| block.language.starts_with("rust"));
        let is_included = included.contains(&format!("include_str!(\"../../{name}\")"));
        assert!(
            !has_rust || is_included || name == "README.zh-CN.md",
            "{name} is not in tests/src/documents.rs"
        );
    }
}

#[test]
fn both_readmes_have_the_same_code() {
    let code = |name| {
        blocks(name)
            .into_iter()
            .map(|block| (block.language, block.text))
            .collect::<Vec<_>>()
    };
    let (english, chinese) = (code("README.md"), code("README.zh-CN.md"));
    assert!(english.len() > 8);
    for (position, (english, chinese)) in english.iter().zip(&chinese).enumerate() {
        assert_eq!(english, chinese, "block {}", position + 1);
    }
    assert_eq!(english.len(), chinese.len());
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
                // That somebody reads the variables is checked below.
                ["export", ref assignments @ ..] => assert!(
                    assignments
                        .iter()
                        .all(|word| word.starts_with("VODKIT_") && word.contains('=')),
                    "{place}"
                ),
                ["cargo", "install", "--path", folder] => {
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

/// Variables that a document names are read by somebody.
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
    let mut code = String::new();
    for (_, folder, _) in packages() {
        sources(&folder.join("src"), &mut code);
    }
    let mut named = BTreeSet::new();
    for name in documents() {
        let text = read(&name);
        let words = text
            .split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))
            .filter(|word| word.starts_with("VODKIT_"));
        named.extend(words.filter(|word| !word.ends_with('_')).map(str::to_owned));
    }
    assert!(named.len() >= 6, "{named:?}");
    for variable in named {
        assert!(
            code.contains(&format!("\"{variable}\"")),
            "nothing reads {variable}"
        );
    }
}

/// The accounts that its document gives to the emulator are those that it has.
#[test]
fn the_accounts_of_the_emulator_are_documented() {
    let page = read("docs/emulator.md");
    let partner_id = baijiayun::DEFAULT_PARTNER_ID.to_string();
    for (vendor, accounts) in [
        (
            "BAIJIAYUN",
            &[
                (
                    "PARTNER_ID",
                    partner_id.as_str(),
                    "baijiayun::DEFAULT_PARTNER_ID",
                ),
                (
                    "PARTNER_KEY",
                    baijiayun::DEFAULT_PARTNER_KEY,
                    "baijiayun::DEFAULT_PARTNER_KEY",
                ),
                (
                    "SECRET_KEY",
                    baijiayun::DEFAULT_SECRET_KEY,
                    "baijiayun::DEFAULT_SECRET_KEY",
                ),
            ][..],
        ),
        (
            "POLYV",
            &[
                ("USER_ID", polyv::DEFAULT_USER_ID, "polyv::DEFAULT_USER_ID"),
                (
                    "SECRET_KEY",
                    polyv::DEFAULT_SECRET_KEY,
                    "polyv::DEFAULT_SECRET_KEY",
                ),
            ],
        ),
        (
            "QUVIDEO",
            &[("TOKEN", quvideo::DEFAULT_TOKEN, "quvideo::DEFAULT_TOKEN")],
        ),
        (
            "MEDIACLOUD",
            &[
                (
                    "USERNAME",
                    mediacloud::DEFAULT_USERNAME,
                    "mediacloud::DEFAULT_USERNAME",
                ),
                (
                    "PASSWORD",
                    mediacloud::DEFAULT_PASSWORD,
                    "mediacloud::DEFAULT_PASSWORD",
                ),
            ],
        ),
    ] {
        let mut exports = format!("export VODKIT_{vendor}_BASE_URL=http://127.0.0.1:8600");
        for (name, value, constant) in accounts {
            let row = format!("| `VODKIT_{vendor}_{name}` | `{value}` | `{constant}` |\n");
            assert!(page.contains(&row), "{row}");
            if *name != "SECRET_KEY" || vendor == "POLYV" {
                exports.push_str(&format!(" VODKIT_{vendor}_{name}={value}"));
            }
        }
        assert!(page.contains(&format!("{exports}\n")), "{exports}");
    }
}

/// The coverage page says of the emulator and of the stories what is so.
#[test]
fn what_the_coverage_claims_is_there() {
    for vendor in VENDORS {
        let tables = tables_of(vendor);
        let claims = |key: &str| tables.contains(&format!("\n{key} = true\n"));
        let story = fs::read_to_string(root().join(format!("tests/tests/{vendor}.rs")));
        let is_told = story.is_ok_and(|text| text.contains("is not in the story"));
        assert_eq!(
            claims("story"),
            is_told,
            "docs/spec/{vendor}/vendor.toml: story"
        );
        assert_eq!(
            claims("emulated"),
            emulator_lacks(vendor).is_empty(),
            "docs/spec/{vendor}/vendor.toml: emulated; it lacks {:?}",
            emulator_lacks(vendor)
        );
    }
}

/// The calls of a vendor's table that the emulator does not know.
fn emulator_lacks(vendor: &str) -> Vec<&'static str> {
    let emulator = Emulator::start().unwrap();
    let operations = match vendor {
        "baijiayun" => vodkit_types::baijiayun::operations::ALL,
        "mediacloud" => vodkit_types::mediacloud::operations::ALL,
        "polyv" => vodkit_types::polyv::operations::ALL,
        _ => vodkit_types::quvideo::operations::ALL,
    };
    let unknown = operations.iter().filter(|operation| {
        // Nobody is let in and nothing is found, but what is known is called by its name in the journal.
        let path = match operation.path.starts_with('/') {
            true => operation.path.replace(['{', '}'], ""),
            false => "/upload".to_owned(),
        };
        let request = ureq::http::Request::builder()
            .method(operation.method)
            .uri(format!("{}{path}", emulator.base_url()))
            .body(())
            .unwrap();
        let agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .allow_non_standard_methods(true)
            .build()
            .new_agent();
        let sent = agent.run(request).map(|reply| reply.status().as_u16());
        let journal = emulator.journal();
        let record = journal.last();
        let named = record.is_some_and(|record| {
            record.vendor == Some(vendor) && record.operation == Some(operation.name)
        });
        sent.is_err() || !named
    });
    unknown.map(|operation| operation.name).collect()
}

/// What the emulator assumes is in its document, row by row.
#[test]
fn every_assumption_of_the_emulator_is_documented() {
    let table = |(vendor, list): &(&str, &[Assumption])| {
        let row = |a: &Assumption| format!("| `{}` | {} | {} |\n", a.id, a.what, a.why);
        let rows: String = list.iter().map(row).collect();
        format!("### {vendor}\n\n| id | what it does | why |\n|---|---|---|\n{rows}")
    };
    let expected = ASSUMPTIONS.iter().map(table).collect::<Vec<_>>().join("\n");
    let page = read("docs/emulator.md");
    let heading = page
        .find("## Assumed behaviour")
        .expect("the heading is there");
    let start = heading
        + page[heading..]
            .find("### ")
            .expect("a table for each vendor");
    if std::env::var_os("VODKIT_BLESS").is_some() {
        fs::write(
            root().join("docs/emulator.md"),
            format!("{}{expected}", &page[..start]),
        )
        .unwrap();
        return;
    }
    assert!(
        page[start..] == expected,
        "run this test with VODKIT_BLESS=1 to write the tables in docs/emulator.md anew"
    );
}
