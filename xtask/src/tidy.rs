//! Checks of the tree as a person reads it: links, pages in two languages, paths of somebody's machine, long files.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use crate::campaign::figures;
use crate::codegen::{self, MARK};

/// Longest hand-written Rust file, in lines.
const LONGEST: usize = 600;

/// Beginnings of paths that exist on one machine only. In pieces, so that this file passes its own check.
const MACHINE_PATHS: &[&str] = &[
    concat!("/ho", "me/"),
    concat!("/ro", "ot/"),
    concat!("/Us", "ers/"),
    concat!("/wo", "rk/"),
    concat!("C:\\", "Users\\"),
];

/// How the name of a page in Chinese ends; without it, it is the page in English.
const CHINESE: &str = ".zh-CN.md";

/// Text files of the tree: path from the root with forward slashes, and content.
type Tree = BTreeMap<String, String>;

/// Checks the working tree; gives back how many files were read.
pub(crate) fn check(root: &Path) -> Result<usize, Vec<String>> {
    let (tree, names) = read(root).map_err(|e| vec![e])?;
    let faults = faults(&tree, &names);
    if faults.is_empty() {
        Ok(tree.len())
    } else {
        Err(faults)
    }
}

/// The files that git knows or would add. Files that are no text are listed without content.
fn read(root: &Path) -> Result<(Tree, BTreeSet<String>), String> {
    let output = Command::new("git")
        .current_dir(root)
        .args([
            "ls-files",
            "-z",
            "--cached",
            "--others",
            "--exclude-standard",
        ])
        .output()
        .map_err(|e| format!("git ls-files: {e}"))?;
    if !output.status.success() {
        return Err(format!(
            "git ls-files: {}",
            String::from_utf8_lossy(&output.stderr).trim()
        ));
    }
    let mut tree = Tree::new();
    let mut names = BTreeSet::new();
    for name in String::from_utf8_lossy(&output.stdout)
        .split('\0')
        .filter(|name| !name.is_empty())
    {
        // Listed and absent: deleted, but not yet for git.
        let Ok(content) = std::fs::read(root.join(name)) else {
            continue;
        };
        names.insert(name.to_owned());
        if let Ok(text) = String::from_utf8(content) {
            tree.insert(name.to_owned(), text);
        }
    }
    Ok((tree, names))
}

fn faults(tree: &Tree, names: &BTreeSet<String>) -> Vec<String> {
    let mut faults = Vec::new();
    for (name, text) in tree {
        machine_paths(name, text, &mut faults);
        if name.ends_with(".rs") {
            rust_file(name, text, &mut faults);
            vendor_names(name, text, tree, &mut faults);
        }
        if name.ends_with(".md") {
            links(name, text, tree, names, &mut faults);
        }
    }
    if let Some(lines) = tree.get(figures::RESULTS) {
        let page = tree.get(figures::PAGE).map_or("", String::as_str);
        faults.extend(figures::fault(page, lines));
    }
    for (twin, twin_text) in tree.iter().filter(|(name, _)| name.ends_with(CHINESE)) {
        let name = twin.replace(CHINESE, ".md");
        match tree.get(&name) {
            Some(text) => twins((&name, text), (twin, twin_text), &mut faults),
            None => faults.push(format!("{twin}: there is no {name} that it translates")),
        }
    }
    faults
}

fn machine_paths(name: &str, text: &str, faults: &mut Vec<String>) {
    for (number, line) in text.lines().enumerate() {
        for path in MACHINE_PATHS {
            let starts = line.match_indices(path).any(|(at, _)| {
                // `/openapi/home/` is a route, not a path of a machine.
                !line[..at].ends_with(|c: char| c.is_alphanumeric() || "_-.}".contains(c))
            });
            if starts {
                faults.push(format!(
                    "{name}:{}: has a path of one machine ({path})",
                    number + 1
                ));
            }
        }
    }
}

fn rust_file(name: &str, text: &str, faults: &mut Vec<String>) {
    let marked = text
        .lines()
        .next()
        .is_some_and(|line| line.starts_with("// ") && line.contains(MARK));
    if name.split('/').any(|part| part == "generated") && !marked {
        faults.push(format!("{name}: is in generated/ and was not generated"));
    }
    let lines = text.lines().count();
    if !marked && lines > LONGEST {
        faults.push(format!(
            "{name}: has {lines} lines, {LONGEST} are allowed: it is two files"
        ));
    }
}

/// Whether a file serves all vendors alike: the core of the request layer and the transports. The crate's root declares their modules.
fn serves_all(name: &str) -> bool {
    let core = name
        .strip_prefix("crates/vodkit-request/src/")
        .is_some_and(|rest| {
            rest != "lib.rs" && (!rest.contains('/') || rest.starts_with("callback/"))
        });
    core || name.starts_with("crates/vodkit-blocking/src/")
        || name.starts_with("crates/vodkit-async/src/")
}

/// A special case for one vendor begins with its name.
fn vendor_names(name: &str, text: &str, tree: &Tree, faults: &mut Vec<String>) {
    if !serves_all(name) {
        return;
    }
    let vendors: BTreeSet<_> = tree
        .keys()
        .filter_map(|path| {
            path.strip_prefix("docs/spec/")?
                .strip_suffix("/vendor.toml")
        })
        .collect();
    for (number, line) in text.lines().enumerate() {
        let line = line.to_lowercase();
        for vendor in vendors.iter().filter(|vendor| line.contains(**vendor)) {
            faults.push(format!(
                "{name}:{}: names the vendor {vendor}, and serves all",
                number + 1
            ));
        }
    }
}

/// A Markdown file without what is in code blocks, and the code blocks.
struct Markdown<'t> {
    prose: Vec<&'t str>,
    code: Vec<String>,
}

fn markdown(text: &str) -> Markdown<'_> {
    let mut prose = Vec::new();
    let mut code = Vec::new();
    let mut block: Option<(&str, String)> = None;
    for line in text.lines() {
        let bare = line.trim_start();
        match &mut block {
            Some((fence, content)) if bare.starts_with(*fence) => {
                code.push(std::mem::take(content));
                block = None;
            }
            Some((_, content)) => {
                content.push_str(line);
                content.push('\n');
            }
            None => match ["```", "~~~"]
                .into_iter()
                .find(|fence| bare.starts_with(fence))
            {
                // The info string is part of the block: a language must not differ between twins.
                Some(fence) => block = Some((fence, format!("{bare}\n"))),
                None => prose.push(line),
            },
        }
    }
    Markdown { prose, code }
}

impl Markdown<'_> {
    fn headings(&self) -> Vec<(usize, &str)> {
        let headings = self.prose.iter().filter_map(|line| {
            let level = line.bytes().take_while(|b| *b == b'#').count();
            let title = line[level..].strip_prefix(' ')?;
            (1..=6).contains(&level).then(|| (level, title.trim()))
        });
        headings.collect()
    }

    /// The targets of links and pictures, in order.
    fn links(&self) -> Vec<&str> {
        let mut links = Vec::new();
        for line in &self.prose {
            // What stands in back-ticks is shown, not linked.
            for (position, part) in line.split('`').enumerate() {
                let starts = part.match_indices("](").filter(|_| position % 2 == 0);
                links.extend(starts.filter_map(|(at, _)| part[at + 2..].split([')', ' ']).next()));
            }
        }
        links
    }

    fn anchors(&self) -> BTreeSet<String> {
        let mut anchors = BTreeSet::new();
        for (_, title) in self.headings() {
            let anchor = codegen::anchor(title);
            let mut name = anchor.clone();
            let mut number = 0;
            while !anchors.insert(name) {
                number += 1;
                name = format!("{anchor}-{number}");
            }
        }
        anchors
    }
}

fn links(name: &str, text: &str, tree: &Tree, names: &BTreeSet<String>, faults: &mut Vec<String>) {
    for link in markdown(text).links() {
        if link.contains("://") || link.starts_with("mailto:") {
            continue;
        }
        let (path, anchor) = link.split_once('#').unwrap_or((link, ""));
        let target = if path.is_empty() {
            Some(name.to_owned())
        } else {
            resolve(name, path)
        };
        let folder = |target: &str| {
            names
                .iter()
                .any(|known| known.starts_with(&format!("{target}/")))
        };
        match target {
            Some(target) if names.contains(&target) => {
                let known = tree
                    .get(&target)
                    .is_some_and(|text| markdown(text).anchors().contains(anchor));
                if !anchor.is_empty() && target.ends_with(".md") && !known {
                    faults.push(format!(
                        "{name}: the link {link} leads to no heading of {target}"
                    ));
                }
            }
            Some(target) if folder(&target) => {}
            _ => faults.push(format!("{name}: the link {link} leads nowhere")),
        }
    }
}

/// The path that a link in `from` leads to; `None` outside the tree.
fn resolve(from: &str, link: &str) -> Option<String> {
    let mut parts: Vec<&str> = if link.starts_with('/') {
        Vec::new()
    } else {
        from.split('/').collect()
    };
    parts.pop();
    for part in link.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

/// Two pages in two languages say the same: equal outlines, links and code.
fn twins(one: (&str, &str), other: (&str, &str), faults: &mut Vec<String>) {
    let (first, second) = (markdown(one.1), markdown(other.1));
    let levels = |page: &Markdown<'_>| {
        page.headings()
            .iter()
            .map(|(level, _)| *level)
            .collect::<Vec<_>>()
    };
    // Each links to the other, and to documents of its own language.
    let links = |page: &Markdown<'_>| {
        let targets = page
            .links()
            .into_iter()
            .filter(|link| !link.starts_with('#'));
        targets
            .map(|link| {
                link.split('#')
                    .next()
                    .unwrap_or_default()
                    .replace(CHINESE, ".md")
            })
            .collect::<BTreeSet<_>>()
    };
    let differ = format!("{} and {} differ in their", one.0, other.0);
    if levels(&first) != levels(&second) {
        faults.push(format!(
            "{differ} headings: levels {:?} and {:?}",
            levels(&first),
            levels(&second)
        ));
    }
    let (links, other_links) = (links(&first), links(&second));
    let only: Vec<_> = links.symmetric_difference(&other_links).cloned().collect();
    if !only.is_empty() {
        faults.push(format!("{differ} links: {}", only.join(", ")));
    }
    if first.code != second.code {
        let pairs = first.code.iter().zip(&second.code);
        let at = pairs.take_while(|(a, b)| a == b).count() + 1;
        faults.push(format!("{differ} code blocks, from number {at} on"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(files: &[(&str, &str)]) -> Vec<String> {
        let tree: Tree = files
            .iter()
            .map(|(name, text)| ((*name).to_owned(), (*text).to_owned()))
            .collect();
        let names = tree.keys().cloned().collect();
        faults(&tree, &names)
    }

    #[test]
    fn the_core_names_no_vendor() {
        let table = ("docs/spec/acme/vendor.toml", "");
        let names = |name| found(&[table, (name, "//! x\n// As Acme has it.\n")]);
        assert_eq!(
            names("crates/vodkit-request/src/exec.rs"),
            ["crates/vodkit-request/src/exec.rs:2: names the vendor acme, and serves all"]
        );
        assert_eq!(names("crates/vodkit-async/src/a/b.rs").len(), 1);
        assert_eq!(names("crates/vodkit-request/src/callback/a.rs").len(), 1);
        for free in [
            "crates/vodkit-request/src/lib.rs",
            "crates/vodkit-request/src/acme/vendor.rs",
            "crates/vodkit-request/tests/flow.rs",
        ] {
            assert_eq!(names(free), Vec::<String>::new(), "{free}");
        }
    }

    #[test]
    fn figures_of_campaigns_do_not_drift() {
        let faults = found(&[(figures::RESULTS, ""), (figures::PAGE, "# By hand\n")]);
        assert_eq!(faults.len(), 1);
        assert!(
            faults[0].contains("has no place for the figures"),
            "{faults:?}"
        );
    }

    #[test]
    fn links_must_lead_somewhere() {
        let target = ("docs/a.md", "# A b\n\n## A b\n");
        assert_eq!(
            found(&[
                (
                    "README.md",
                    "[x](docs/a.md) [y](docs/a.md#a-b-1) [z](https://x.test/) [d](docs)"
                ),
                target
            ]),
            Vec::<String>::new()
        );
        assert_eq!(
            found(&[("README.md", "[x](docs/b.md)"), target]),
            ["README.md: the link docs/b.md leads nowhere"]
        );
        assert_eq!(
            found(&[("docs/c.md", "[x](../docs/a.md#c)"), target]),
            ["docs/c.md: the link ../docs/a.md#c leads to no heading of docs/a.md"]
        );
        assert_eq!(
            found(&[("a.md", "[x](../../b.md)")]),
            ["a.md: the link ../../b.md leads nowhere"]
        );
    }

    #[test]
    fn code_has_no_links() {
        assert_eq!(
            found(&[(
                "a.md",
                "`[x](b.md)`\n\n```text\n[x](b.md)\n# no heading\n```\n"
            )]),
            Vec::<String>::new()
        );
    }

    #[test]
    fn twins_say_the_same() {
        let one = (
            "README.md",
            "# A\n\n[zh](README.zh-CN.md) [l](a.md)\n\n```sh\nrun\n```\n\n## B\n",
        );
        let file = ("a.md", "");
        let other = "# 甲\n\n[en](README.md) [l](a.md)\n\n```sh\nrun\n```\n\n## 乙\n";
        let differ = "README.md and README.zh-CN.md differ in their";
        let with = |other: &str| found(&[one, ("README.zh-CN.md", other), file]);
        assert_eq!(
            with(&other.replace("[en](README.md)", "[en](README.md) [zh](README.zh-CN.md)")),
            Vec::<String>::new()
        );
        assert_eq!(with(other), Vec::<String>::new());
        assert_eq!(
            with(&other.replace("## 乙", "### 乙")),
            [format!("{differ} headings: levels [1, 2] and [1, 3]")]
        );
        assert_eq!(
            with(&other.replace("[l](a.md)", "")),
            [format!("{differ} links: a.md")]
        );
        assert_eq!(
            with(&other.replace("run", "walk")),
            [format!("{differ} code blocks, from number 1 on")]
        );
        assert_eq!(
            with(&other.replace("```sh", "```bash")),
            [format!("{differ} code blocks, from number 1 on")]
        );
        assert_eq!(
            found(&[
                ("docs/a.md", "# A\n"),
                ("docs/a.zh-CN.md", "# 甲\n\n## 乙\n")
            ]),
            ["docs/a.md and docs/a.zh-CN.md differ in their headings: levels [1] and [1, 2]"]
        );
        assert_eq!(
            found(&[("docs/b.zh-CN.md", "")]),
            ["docs/b.zh-CN.md: there is no docs/b.md that it translates"]
        );
    }

    #[test]
    fn paths_of_one_machine_are_found() {
        let machine = concat!("x\np = \"/ho", "me/me/x\"");
        let faults = found(&[("a.toml", machine)]);
        assert_eq!(faults.len(), 1);
        assert!(
            faults[0].starts_with("a.toml:2: has a path of one machine"),
            "{faults:?}"
        );
    }

    #[test]
    fn routes_are_no_paths_of_a_machine() {
        assert_eq!(
            found(&[("a.toml", concat!("p = \"/openapi/wo", "rk/list\""))]),
            Vec::<String>::new()
        );
    }

    #[test]
    fn generated_folders_hold_generated_files_only() {
        let marked = format!("// {MARK} from docs/spec/acme. Do not edit.\n");
        assert_eq!(
            found(&[("c/generated/a.rs", &marked)]),
            Vec::<String>::new()
        );
        assert_eq!(
            found(&[("c/generated/a.rs", "// by hand")]),
            ["c/generated/a.rs: is in generated/ and was not generated"]
        );
    }

    #[test]
    fn long_files_are_refused_unless_generated() {
        let long = "\n".repeat(LONGEST + 1);
        assert_eq!(
            found(&[("a.rs", &long)]),
            ["a.rs: has 601 lines, 600 are allowed: it is two files"]
        );
        assert_eq!(
            found(&[("a.rs", &"\n".repeat(LONGEST))]),
            Vec::<String>::new()
        );
        assert_eq!(
            found(&[("a.rs", &format!("// {MARK}\n{long}"))]),
            Vec::<String>::new()
        );
    }
}
