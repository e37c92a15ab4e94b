//! The layering of the workspace: which crate may name which, and how much each may pull in.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use cargo_metadata::{DependencyKind, MetadataCommand};

/// What is known of one crate of the workspace.
#[derive(Debug, Default)]
pub(crate) struct Crate {
    name: String,
    dependencies: Vec<Dependency>,
    /// Names of its features.
    features: Vec<String>,
    /// Entries of the feature table, such as `serde_json/raw_value`.
    feature_entries: Vec<String>,
}

#[derive(Debug)]
struct Dependency {
    name: String,
    /// A dev-dependency: used by tests, benches and examples only.
    dev: bool,
    features: Vec<String>,
}

const SIGN: &str = "vodkit-sign";
const TYPES: &str = "vodkit-types";
const REQUEST: &str = "vodkit-request";
const BLOCKING: &str = "vodkit-blocking";
const ASYNC: &str = "vodkit-async";
const AXUM: &str = "vodkit-axum";
const JOURNAL: &str = "vodkit-journal";
const EMULATOR: &str = "vodkit-emulator";
const UMBRELLA: &str = "vodkit";
const CLI: &str = "vodkit-cli";
const TESTS: &str = "vodkit-tests";
const XTASK: &str = "xtask";

/// What a crate is, by its name. Vendors' facades are all alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Layer {
    Sign,
    Types,
    Request,
    Blocking,
    Async,
    /// Receivers for a web framework.
    Framework,
    Journal,
    Facade,
    Emulator,
    Umbrella,
    Cli,
    Tests,
    Xtask,
}

fn layer(name: &str) -> Option<Layer> {
    Some(match name {
        SIGN => Layer::Sign,
        TYPES => Layer::Types,
        REQUEST => Layer::Request,
        BLOCKING => Layer::Blocking,
        ASYNC => Layer::Async,
        AXUM => Layer::Framework,
        JOURNAL => Layer::Journal,
        EMULATOR => Layer::Emulator,
        UMBRELLA => Layer::Umbrella,
        CLI => Layer::Cli,
        TESTS => Layer::Tests,
        XTASK => Layer::Xtask,
        "vodkit-baijiayun" | "vodkit-polyv" | "vodkit-quvideo" | "vodkit-mediacloud" => {
            Layer::Facade
        }
        _ => return None,
    })
}

/// Whether code of `from` may name `to`.
fn may_depend(from: Layer, to: Layer) -> bool {
    use Layer::{
        Async, Blocking, Cli, Emulator, Facade, Framework, Journal, Request, Sign, Tests, Types,
        Umbrella, Xtask,
    };
    match from {
        Sign | Types | Xtask => false,
        Request => matches!(to, Sign | Types),
        Blocking | Async | Facade | Framework | Journal => to == Request,
        // Never the request layer: the emulator must not inherit the client's mistakes.
        Emulator => matches!(to, Types | Sign),
        Umbrella => !matches!(to, Umbrella | Cli | Emulator | Tests | Xtask),
        Cli => !matches!(to, Cli | Tests | Xtask),
        Tests => !matches!(to, Tests | Xtask),
    }
}

/// Whether tests, benches and examples of `from` may name `to`.
fn may_dev_depend(from: Layer, to: Layer) -> bool {
    match from {
        Layer::Emulator | Layer::Xtask => may_depend(from, to),
        _ => may_depend(from, to) || matches!(to, Layer::Blocking | Layer::Async | Layer::Emulator),
    }
}

/// Libraries that only these crates may name; tests may name any.
const RESERVED: &[(&str, &[&str])] = &[
    ("ureq", &[BLOCKING]),
    ("reqwest", &[ASYNC]),
    ("tokio", &[ASYNC, AXUM, EMULATOR, CLI, TESTS]),
    ("axum", &[AXUM, EMULATOR]),
    ("clap", &[CLI, XTASK]),
];

/// Features of `serde_json` that would change what every other crate of a program reads and writes.
const SERDE_JSON_BANNED: &[&str] = &[
    "arbitrary_precision",
    "float_roundtrip",
    "preserve_order",
    "raw_value",
    "unbounded_depth",
];

/// Faults of a workspace, as messages.
pub(crate) fn faults(crates: &[Crate]) -> Vec<String> {
    let mut faults = Vec::new();
    let names: BTreeSet<_> = crates.iter().map(|c| c.name.as_str()).collect();
    for krate in crates {
        let Some(from) = layer(&krate.name) else {
            faults.push(format!(
                "{}: is in no layer: draw it in xtask/src/layers.rs",
                krate.name
            ));
            continue;
        };
        for dependency in &krate.dependencies {
            let (name, to) = (&dependency.name, &dependency.name);
            if names.contains(to.as_str()) {
                let Some(to) = layer(to) else { continue };
                let (allowed, kind) = if dependency.dev {
                    (may_dev_depend(from, to), "dev-dependency")
                } else {
                    (may_depend(from, to), "dependency")
                };
                if !allowed {
                    faults.push(format!("{}: the {kind} on {name} is not drawn", krate.name));
                }
                continue;
            }
            let reserved = RESERVED.iter().find(|(library, _)| library == name);
            if let Some((_, users)) = reserved
                .filter(|(_, users)| !dependency.dev && !users.contains(&krate.name.as_str()))
            {
                faults.push(format!(
                    "{}: depends on {name}, which only {} may",
                    krate.name,
                    users.join(", ")
                ));
            }
            if name == "serde_json" {
                faults.extend(banned_features(
                    krate,
                    dependency.features.iter().map(String::as_str),
                ));
            }
        }
        let entries = krate.feature_entries.iter();
        let enabled = entries.filter_map(|entry| {
            entry
                .strip_prefix("serde_json/")
                .or_else(|| entry.strip_prefix("serde_json?/"))
        });
        faults.extend(banned_features(krate, enabled));
    }
    faults
}

fn banned_features<'f>(krate: &Crate, features: impl Iterator<Item = &'f str>) -> Vec<String> {
    features
        .filter(|feature| SERDE_JSON_BANNED.contains(feature))
        .map(|feature| {
            format!(
                "{}: enables serde_json/{feature}, which changes every crate of a program",
                krate.name
            )
        })
        .collect()
}

/// How many crates a user of a layer builds at most, the layer itself among them.
fn budget(layer: Layer) -> Option<usize> {
    match layer {
        Layer::Sign | Layer::Types | Layer::Request | Layer::Facade | Layer::Journal => Some(30),
        Layer::Blocking => Some(55),
        Layer::Async => Some(110),
        Layer::Framework => Some(60),
        _ => None,
    }
}

/// The crates in the output of `cargo tree --prefix none`: name and version, each once.
fn count(tree: &str) -> usize {
    let crates = tree.lines().filter_map(|line| {
        let mut words = line.split_whitespace();
        Some((words.next()?, words.next()?))
    });
    crates.collect::<BTreeSet<_>>().len()
}

fn over_budget(name: &str, found: usize) -> Option<String> {
    let budget = budget(layer(name)?)?;
    (found > budget).then(|| format!("{name}: pulls in {found} crates, {budget} are allowed"))
}

/// Checks the workspace; gives back a line for each measured crate.
pub(crate) fn check(root: &Path) -> Result<Vec<String>, Vec<String>> {
    let crates = read(root).map_err(|e| vec![e])?;
    let mut faults = faults(&crates);
    let mut measured = Vec::new();
    for krate in &crates {
        let Some(budget) = layer(&krate.name).and_then(budget) else {
            continue;
        };
        let found = count(&tree(root, krate).map_err(|e| vec![e])?);
        measured.push(format!("{}: {found} of {budget} crates", krate.name));
        faults.extend(over_budget(&krate.name, found));
    }
    if faults.is_empty() {
        Ok(measured)
    } else {
        Err(faults)
    }
}

fn read(root: &Path) -> Result<Vec<Crate>, String> {
    let metadata = MetadataCommand::new()
        .current_dir(root)
        .no_deps()
        .exec()
        .map_err(|e| e.to_string())?;
    let crates = metadata.packages.iter().map(|package| Crate {
        name: package.name.to_string(),
        dependencies: package
            .dependencies
            .iter()
            .map(|dependency| Dependency {
                name: dependency.name.clone(),
                dev: dependency.kind == DependencyKind::Development,
                features: dependency.features.clone(),
            })
            .collect(),
        features: package.features.keys().cloned().collect(),
        feature_entries: package.features.values().flatten().cloned().collect(),
    });
    Ok(crates.collect())
}

/// The feature of pure crates that brings `.await` and the macro of the trait behind it. Whoever turns it on has an async transport, so
/// what it brings counts there.
const ASYNC_SWITCH: &str = "async";

/// The features that bring a signer for S3 and the thirty crates behind it: whoever turns one on has chosen them. They are counted in
/// docs/performance.md.
const STORAGE_SWITCHES: [&str; 2] = ["mediacloud-storage", "upload"];

/// The features to measure with: pure layers with every vendor, transports as they come.
fn measured_features(krate: &Crate) -> Vec<&str> {
    if matches!(layer(&krate.name), Some(Layer::Blocking | Layer::Async)) {
        return Vec::new();
    }
    let features = krate.features.iter().map(String::as_str);
    features
        .filter(|name| *name != ASYNC_SWITCH && !STORAGE_SWITCHES.contains(name))
        .collect()
}

/// What a user of the crate builds.
fn tree(root: &Path, krate: &Crate) -> Result<String, String> {
    let name = &krate.name;
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root).args([
        "tree", "--quiet", "-e", "no-dev", "--prefix", "none", "-p", name,
    ]);
    let features = measured_features(krate);
    if !features.is_empty() {
        command.args(["--features", &features.join(",")]);
    }
    let output = command.output().map_err(|e| format!("cargo tree: {e}"))?;
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    } else {
        Err(format!(
            "cargo tree -p {name}: {}",
            String::from_utf8_lossy(&output.stderr).trim()
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A crate from its name and `dependency`, `dev:dependency` or `dependency+feature` entries.
    fn krate(name: &str, dependencies: &[&str]) -> Crate {
        let dependencies = dependencies.iter().map(|entry| {
            let (dev, rest) = entry
                .strip_prefix("dev:")
                .map_or((false, *entry), |rest| (true, rest));
            let mut parts = rest.split('+').map(str::to_owned);
            Dependency {
                name: parts.next().unwrap(),
                dev,
                features: parts.collect(),
            }
        });
        Crate {
            name: name.into(),
            dependencies: dependencies.collect(),
            features: Vec::new(),
            feature_entries: Vec::new(),
        }
    }

    fn workspace(changed: Crate) -> Vec<Crate> {
        let mut crates = vec![
            krate(SIGN, &["md-5", "dev:serde_json"]),
            krate(TYPES, &["serde", "serde_json"]),
            krate(REQUEST, &[SIGN, TYPES]),
            krate(BLOCKING, &[REQUEST, "ureq"]),
            krate(ASYNC, &[REQUEST, "reqwest", "tokio"]),
            krate(AXUM, &[REQUEST, "axum", "tokio"]),
            krate(JOURNAL, &[REQUEST, "serde_json"]),
            krate(
                "vodkit-baijiayun",
                &[
                    REQUEST,
                    "dev:vodkit-blocking",
                    "dev:vodkit-emulator",
                    "dev:tokio",
                ],
            ),
            krate(EMULATOR, &[TYPES, SIGN, "axum", "tokio", "dev:ureq"]),
            krate(
                UMBRELLA,
                &[
                    SIGN,
                    TYPES,
                    REQUEST,
                    BLOCKING,
                    ASYNC,
                    AXUM,
                    JOURNAL,
                    "vodkit-baijiayun",
                ],
            ),
            krate(CLI, &[UMBRELLA, EMULATOR, "clap", "tokio"]),
            krate(TESTS, &[UMBRELLA, EMULATOR, REQUEST, "tokio"]),
            krate(XTASK, &["clap"]),
        ];
        crates.retain(|c| c.name != changed.name);
        crates.push(changed);
        crates
    }

    #[track_caller]
    fn refuses(changed: Crate, message: &str) {
        assert_eq!(faults(&workspace(changed)), [message]);
    }

    #[test]
    fn the_drawn_edges_are_allowed() {
        assert_eq!(
            faults(&workspace(krate(XTASK, &["clap"]))),
            Vec::<String>::new()
        );
    }

    #[test]
    fn edges_that_are_not_drawn_are_refused() {
        for (from, to) in [
            (SIGN, TYPES),
            (TYPES, SIGN),
            (REQUEST, BLOCKING),
            (BLOCKING, TYPES),
            (ASYNC, BLOCKING),
            (AXUM, TYPES),
            (AXUM, ASYNC),
            (REQUEST, AXUM),
            ("vodkit-baijiayun", AXUM),
            (EMULATOR, AXUM),
            (JOURNAL, TYPES),
            (JOURNAL, BLOCKING),
            ("vodkit-baijiayun", JOURNAL),
            ("vodkit-baijiayun", TYPES),
            ("vodkit-baijiayun", BLOCKING),
            (EMULATOR, REQUEST),
            (EMULATOR, ASYNC),
            (UMBRELLA, EMULATOR),
            (UMBRELLA, CLI),
            (CLI, TESTS),
            (TESTS, XTASK),
            (XTASK, TYPES),
        ] {
            refuses(
                krate(from, &[to]),
                &format!("{from}: the dependency on {to} is not drawn"),
            );
        }
    }

    #[test]
    fn facades_do_not_name_each_other() {
        let mut crates = workspace(krate("vodkit-polyv", &["vodkit-baijiayun"]));
        assert_eq!(
            faults(&crates),
            ["vodkit-polyv: the dependency on vodkit-baijiayun is not drawn"]
        );
        crates.pop();
        assert_eq!(faults(&crates), Vec::<String>::new());
    }

    #[test]
    fn tests_may_use_transports_and_the_emulator_but_not_from_the_emulator() {
        let tested = krate(
            REQUEST,
            &[SIGN, TYPES, "dev:vodkit-blocking", "dev:vodkit-emulator"],
        );
        assert_eq!(faults(&workspace(tested)), Vec::<String>::new());
        refuses(
            krate(EMULATOR, &["dev:vodkit-request"]),
            "vodkit-emulator: the dev-dependency on vodkit-request is not drawn",
        );
        refuses(
            krate(SIGN, &["dev:vodkit-cli"]),
            "vodkit-sign: the dev-dependency on vodkit-cli is not drawn",
        );
    }

    #[test]
    fn a_crate_without_a_layer_is_refused() {
        refuses(
            krate("vodkit-extra", &[]),
            "vodkit-extra: is in no layer: draw it in xtask/src/layers.rs",
        );
    }

    #[test]
    fn reserved_libraries_stay_where_they_belong() {
        refuses(
            krate(REQUEST, &["ureq"]),
            "vodkit-request: depends on ureq, which only vodkit-blocking may",
        );
        refuses(
            krate(BLOCKING, &["reqwest"]),
            "vodkit-blocking: depends on reqwest, which only vodkit-async may",
        );
        refuses(
            krate("vodkit-baijiayun", &["tokio"]),
            "vodkit-baijiayun: depends on tokio, which only vodkit-async, vodkit-axum, vodkit-emulator, vodkit-cli, vodkit-tests may",
        );
        refuses(
            krate(EMULATOR, &["clap"]),
            "vodkit-emulator: depends on clap, which only vodkit-cli, xtask may",
        );
        assert_eq!(
            faults(&workspace(krate(REQUEST, &["dev:ureq"]))),
            Vec::<String>::new()
        );
    }

    #[test]
    fn serde_json_keeps_its_behaviour() {
        let message =
            "vodkit-types: enables serde_json/raw_value, which changes every crate of a program";
        refuses(krate(TYPES, &["serde_json+raw_value"]), message);
        let mut by_feature = krate(TYPES, &["serde_json"]);
        by_feature
            .feature_entries
            .push("serde_json/raw_value".into());
        refuses(by_feature, message);
        assert_eq!(
            faults(&workspace(krate(TYPES, &["serde_json+std"]))),
            Vec::<String>::new()
        );
    }

    #[test]
    fn crates_are_counted_once() {
        let tree = "vodkit-sign v0.1.0 (here)\nmd-5 v0.11.0\ndigest v0.11.0\n\ndigest v0.11.0 (*)\ndigest v0.10.0\n";
        assert_eq!(count(tree), 4);
    }

    #[test]
    fn pure_layers_are_measured_with_every_vendor_and_without_the_switches() {
        let with_features = |name| Crate {
            features: [
                "async",
                "baijiayun",
                "default",
                "mediacloud-storage",
                "native-tls",
                "upload",
            ]
            .map(str::to_owned)
            .into(),
            ..krate(name, &[])
        };
        for pure in [TYPES, REQUEST, "vodkit-quvideo"] {
            assert_eq!(
                measured_features(&with_features(pure)),
                ["baijiayun", "default", "native-tls"]
            );
        }
        for transport in [BLOCKING, ASYNC] {
            assert!(measured_features(&with_features(transport)).is_empty());
        }
    }

    #[test]
    fn budgets_hold() {
        assert_eq!(over_budget(SIGN, 30), None);
        assert_eq!(
            over_budget(SIGN, 31).unwrap(),
            "vodkit-sign: pulls in 31 crates, 30 are allowed"
        );
        assert_eq!(
            over_budget(BLOCKING, 56).unwrap(),
            "vodkit-blocking: pulls in 56 crates, 55 are allowed"
        );
        assert_eq!(
            over_budget(ASYNC, 111).unwrap(),
            "vodkit-async: pulls in 111 crates, 110 are allowed"
        );
        assert_eq!(over_budget(CLI, 500), None);
    }
}
