//! Each crate by itself: what a workspace build hides is that one crate's features carry another.

use std::path::Path;
use std::process::Command;

use cargo_metadata::MetadataCommand;

/// Checks each published crate alone, without its development dependencies' features.
pub(crate) fn check(root: &Path) -> Result<String, Vec<String>> {
    let metadata = MetadataCommand::new()
        .current_dir(root)
        .no_deps()
        .exec()
        .map_err(|e| vec![e.to_string()])?;
    let mut runs = 0;
    let mut failed = Vec::new();
    for package in &metadata.packages {
        if package.publish.as_ref().is_some_and(Vec::is_empty) {
            continue;
        }
        let features: Vec<&str> = package.features.keys().map(String::as_str).collect();
        for arguments in sets(&features) {
            runs += 1;
            let passed = Command::new(env!("CARGO"))
                .current_dir(root)
                .args(["check", "--quiet", "--package", package.name.as_str()])
                .args(&arguments)
                .env("RUSTFLAGS", "-D warnings")
                .status()
                .is_ok_and(|status| status.success());
            if !passed {
                failed.push(format!(
                    "cargo check -p {} {}",
                    package.name,
                    arguments.join(" ")
                ));
            }
        }
    }
    if failed.is_empty() {
        Ok(format!("{runs} sets of features compile alone"))
    } else {
        Err(failed)
    }
}

/// No feature, each one, and all; `default` stands for the others it names.
fn sets(features: &[&str]) -> Vec<Vec<String>> {
    let mut sets = vec![vec!["--no-default-features".to_owned()]];
    let own: Vec<&&str> = features.iter().filter(|name| **name != "default").collect();
    for feature in &own {
        sets.push(vec![
            "--no-default-features".to_owned(),
            "--features".to_owned(),
            (***feature).to_owned(),
        ]);
    }
    if own.len() > 1 {
        sets.push(vec!["--all-features".to_owned()]);
    }
    sets
}

#[cfg(test)]
mod tests {
    use super::sets;

    #[test]
    fn every_feature_is_tried_alone_and_all_together() {
        let joined = |features: &[&str]| {
            sets(features)
                .iter()
                .map(|set| set.join(" "))
                .collect::<Vec<_>>()
        };
        assert_eq!(joined(&[]), ["--no-default-features"]);
        assert_eq!(joined(&["default"]), ["--no-default-features"]);
        assert_eq!(
            joined(&["a", "b", "default"]),
            [
                "--no-default-features",
                "--no-default-features --features a",
                "--no-default-features --features b",
                "--all-features"
            ]
        );
    }
}
