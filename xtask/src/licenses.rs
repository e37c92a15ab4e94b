//! Which licences the dependencies may have: those that a closed program may link.

use std::path::Path;

use cargo_metadata::{CargoOpt, MetadataCommand};

const ALLOWED: &[&str] = &[
    "0BSD",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    // The Mozilla root certificates.
    "CDLA-Permissive-2.0",
    "CC0-1.0",
    "ISC",
    "MIT",
    "MIT-0",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
];

/// Checks every package of the lock file.
pub(crate) fn check(root: &Path) -> Result<String, Vec<String>> {
    let metadata = MetadataCommand::new()
        .current_dir(root)
        .features(CargoOpt::AllFeatures)
        .exec()
        .map_err(|e| vec![e.to_string()])?;
    let refused: Vec<String> = metadata
        .packages
        .iter()
        .filter_map(|package| match package.license.as_deref() {
            Some(license) if allowed(license) => None,
            Some(license) => Some(format!(
                "{} {}: `{license}` is not on the list",
                package.name, package.version
            )),
            None => Some(format!(
                "{} {}: states no licence",
                package.name, package.version
            )),
        })
        .collect();
    if refused.is_empty() {
        Ok(format!(
            "{} packages have a licence on the list",
            metadata.packages.len()
        ))
    } else {
        Err(refused)
    }
}

/// Whether one may choose a way through an SPDX expression that names only licences on the list.
fn allowed(expression: &str) -> bool {
    let expression = expression.replace('/', " OR ");
    // AND binds stronger than OR; a group in brackets is judged by itself first.
    if let Some(open) = expression.rfind('(') {
        let Some(length) = expression[open..].find(')') else {
            return false;
        };
        let group = &expression[open + 1..open + length];
        let verdict = if allowed(group) { "MIT" } else { "REFUSED" };
        return allowed(&format!(
            "{}{verdict}{}",
            &expression[..open],
            &expression[open + length + 1..]
        ));
    }
    expression.split(" OR ").any(|choice| {
        choice
            .split(" AND ")
            .all(|license| ALLOWED.contains(&license.trim()))
    })
}

#[cfg(test)]
mod tests {
    use super::allowed;

    #[test]
    fn expressions_are_read_as_choices() {
        for good in [
            "MIT",
            "MIT OR GPL-3.0",
            "MIT/Apache-2.0",
            "(MIT OR Apache-2.0) AND Unicode-3.0",
            "((MIT OR GPL-3.0) AND ISC)",
            "Apache-2.0 WITH LLVM-exception OR MIT",
        ] {
            assert!(allowed(good), "{good}");
        }
        for bad in [
            "GPL-3.0",
            "MIT AND GPL-3.0",
            "(MIT OR Apache-2.0) AND GPL-3.0",
            "",
            "(MIT",
        ] {
            assert!(!allowed(bad), "{bad}");
        }
    }
}
