//! The vendors and calls that vodkit knows, found by the names that people give them.

use vodkit_request::baijiayun::operations;
use vodkit_request::types::Operation;

use crate::failure::Failure;
use crate::suggest::did_you_mean;

/// A vendor whose calls can be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Vendor {
    Baijiayun,
}

impl Vendor {
    pub(crate) const ALL: [Self; 1] = [Self::Baijiayun];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Baijiayun => "baijiayun",
        }
    }

    pub(crate) fn operations(self) -> &'static [&'static Operation] {
        match self {
            Self::Baijiayun => operations::ALL,
        }
    }

    pub(crate) fn find(name: &str) -> Result<Self, Failure> {
        Self::ALL
            .into_iter()
            .find(|vendor| vendor.name() == name)
            .ok_or_else(|| {
                let names = Self::ALL.map(Self::name);
                let hint = did_you_mean(name, names)
                    .unwrap_or_else(|| format!("vodkit knows: {}", names.join(", ")));
                Failure::usage(format!("there is no vendor `{name}`")).hint(hint)
            })
    }

    /// The call that a person means by `video/getInfo`, `/openapi/video/getInfo`, `getInfo` or `POST video/getInfo`.
    pub(crate) fn operation(self, given: &str) -> Result<&'static Operation, Failure> {
        let (method, path) = split_method(given);
        let path = path.trim_start_matches('/');
        let all = || self.operations().iter().copied();
        let mut found: Vec<_> = all()
            .filter(|o| o.name == path || o.path.trim_start_matches('/') == path)
            .collect();
        if found.is_empty() {
            found = all()
                .filter(|o| {
                    o.name
                        .strip_suffix(path)
                        .is_some_and(|front| front.ends_with('/'))
                })
                .collect();
        }
        if let Some(method) = method
            && !found.is_empty()
        {
            let methods: Vec<_> = found.iter().map(|o| o.method).collect();
            found.retain(|o| o.method == method);
            if found.is_empty() {
                let message = format!(
                    "`{path}` is not sent with {method} but with {}",
                    methods.join(" or ")
                );
                return Err(Failure::usage(message));
            }
        }
        match found[..] {
            [operation] => Ok(operation),
            [] => {
                let hint = did_you_mean(path, all().map(|o| o.name)).unwrap_or_else(|| {
                    format!("`vodkit endpoints --vendor {}` lists them", self.name())
                });
                Err(Failure::usage(format!("{} has no call `{path}`", self.name())).hint(hint))
            }
            _ => {
                let names: Vec<_> = found
                    .iter()
                    .map(|o| format!("`{} {}`", o.method, o.name))
                    .collect();
                Err(
                    Failure::usage(format!("`{given}` could be {}", names.join(" or ")))
                        .hint("give the whole name"),
                )
            }
        }
    }
}

/// `("DELETE", "api/v1/class")` of `DELETE api/v1/class`.
fn split_method(given: &str) -> (Option<&str>, &str) {
    match given.trim().split_once(' ') {
        Some((method, path))
            if !method.is_empty() && method.bytes().all(|byte| byte.is_ascii_uppercase()) =>
        {
            (Some(method), path.trim())
        }
        _ => (None, given.trim()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(given: &str) -> &'static str {
        Vendor::Baijiayun.operation(given).unwrap().name
    }

    #[test]
    fn a_call_has_many_names() {
        for given in [
            "video/getInfo",
            "openapi/video/getInfo",
            "/openapi/video/getInfo",
            "getInfo",
            "POST openapi/video/getInfo",
            "POST getInfo",
        ] {
            assert_eq!(found(given), "video/getInfo", "{given}");
        }
        assert_eq!(found("upload"), "upload");
        assert_eq!(
            found("GET video_account/getStorgeAndFlowInfo"),
            "video_account/getStorgeAndFlowInfo"
        );
    }

    #[test]
    fn every_call_is_found_by_its_name_and_path() {
        for operation in Vendor::Baijiayun.operations() {
            assert_eq!(found(operation.name), operation.name);
            assert_eq!(
                found(&format!("{} {}", operation.method, operation.path)),
                operation.name
            );
        }
    }

    #[test]
    fn what_is_not_found_is_explained() {
        let line = |given: &str| Vendor::Baijiayun.operation(given).unwrap_err().line();
        assert!(line("video/getInof").contains("did you mean `video/getInfo`?"));
        assert!(line("nothing/alike/at/all").contains("vodkit endpoints"));
        assert!(
            line("getUsedFlow")
                .contains("`POST video_data/getUsedFlow` or `POST video_account/getUsedFlow`"),
            "{}",
            line("getUsedFlow")
        );
        assert_eq!(
            line("DELETE video/getInfo"),
            "`video/getInfo` is not sent with DELETE but with POST"
        );
        assert!(
            Vendor::find("baijayun")
                .unwrap_err()
                .line()
                .contains("did you mean `baijiayun`?")
        );
        // A tail is whole segments, so this is no name of `video/getInfo`.
        assert!(line("Info").contains("has no call"));
    }
}
