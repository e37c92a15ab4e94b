//! The vendors and calls that vodkit knows, found by the names that people give them.

use vodkit_request::types::{Operation, Param};
use vodkit_request::{baijiayun, mediacloud, polyv, quvideo};

use crate::failure::Failure;
use crate::suggest::did_you_mean;

/// A vendor whose calls can be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Vendor {
    Baijiayun,
    Polyv,
    QuVideo,
    MediaCloud,
}

impl Vendor {
    pub(crate) const ALL: [Self; 4] = [
        Self::Baijiayun,
        Self::Polyv,
        Self::QuVideo,
        Self::MediaCloud,
    ];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Baijiayun => "baijiayun",
            Self::Polyv => "polyv",
            Self::QuVideo => "quvideo",
            Self::MediaCloud => "mediacloud",
        }
    }

    pub(crate) fn operations(self) -> &'static [&'static Operation] {
        match self {
            Self::Baijiayun => baijiayun::operations::ALL,
            Self::Polyv => polyv::operations::ALL,
            Self::QuVideo => quvideo::operations::ALL,
            Self::MediaCloud => mediacloud::operations::ALL,
        }
    }

    /// What this call carries besides its own parameters.
    pub(crate) fn common(self, operation: &Operation) -> &'static [Param] {
        match self {
            _ if !operation.is_signed() => &[],
            Self::Baijiayun => baijiayun::operations::COMMON,
            Self::Polyv if operation.signing == Some("token") => polyv::operations::COMMON_TOKEN,
            Self::Polyv => polyv::operations::COMMON,
            Self::QuVideo | Self::MediaCloud => &[],
        }
    }

    /// The common parameter that says whose call it is.
    pub(crate) const fn names_account(self, param: &str) -> bool {
        match self {
            Self::Baijiayun => matches!(param.as_bytes(), b"partner_id"),
            Self::Polyv => matches!(param.as_bytes(), b"userid" | b"userId"),
            Self::QuVideo | Self::MediaCloud => false,
        }
    }

    /// The variable that holds what a call names by this parameter.
    pub(crate) fn variable(self, param: &str) -> Option<&'static str> {
        Some(match (self, param) {
            (Self::Baijiayun, "partner_id") => "VODKIT_BAIJIAYUN_PARTNER_ID",
            (Self::Baijiayun, "partner_key") => "VODKIT_BAIJIAYUN_PARTNER_KEY",
            (Self::Baijiayun, "secret_key") => "VODKIT_BAIJIAYUN_SECRET_KEY",
            (Self::Polyv, "userid" | "userId") => "VODKIT_POLYV_USER_ID",
            (Self::Polyv, "secretkey" | "secret_key") => "VODKIT_POLYV_SECRET_KEY",
            (Self::QuVideo, "token") => "VODKIT_QUVIDEO_TOKEN",
            (Self::MediaCloud, "username") => "VODKIT_MEDIACLOUD_USERNAME",
            (Self::MediaCloud, "password") => "VODKIT_MEDIACLOUD_PASSWORD",
            _ => return None,
        })
    }

    /// Whether such a parameter is a key or token, which is never typed among the parameters of a call that does not document it.
    pub(crate) fn keeps_back(self, param: &str) -> bool {
        !self.names_account(param) && param != "username" && self.variable(param).is_some()
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
        let bare = |o: &Operation| split_method(o.name).1;
        let mut found: Vec<_> = all()
            .filter(|o| {
                let own = o.path.trim_start_matches('/');
                o.name == given.trim() || bare(o) == path || own == path
            })
            .collect();
        if found.is_empty() {
            found = all()
                .filter(|o| {
                    bare(o)
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
                let names = all().flat_map(|o| [o.name, tail(o.name)]);
                let hint = did_you_mean(path, names).unwrap_or_else(|| {
                    format!("`vodkit endpoints --vendor {}` lists them", self.name())
                });
                Err(Failure::usage(format!("{} has no call `{path}`", self.name())).hint(hint))
            }
            _ => {
                let names: Vec<_> = found
                    .iter()
                    .map(|o| format!("`{} {}`", o.method, split_method(o.name).1))
                    .collect();
                Err(
                    Failure::usage(format!("`{given}` could be {}", names.join(" or ")))
                        .hint("give the whole name"),
                )
            }
        }
    }
}

/// The last part of a name, without a method before it.
fn tail(name: &str) -> &str {
    name.rsplit(['/', ' ']).next().unwrap_or(name)
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
        for vendor in Vendor::ALL {
            let found = |given: &str| vendor.operation(given).map_or("nothing", |o| o.name);
            for operation in vendor.operations() {
                assert_eq!(found(operation.name), operation.name);
                assert_eq!(
                    found(&format!("{} {}", operation.method, operation.path)),
                    operation.name
                );
            }
        }
    }

    #[test]
    fn one_path_with_two_methods_needs_the_method() {
        let found = |given: &str| Vendor::MediaCloud.operation(given).unwrap().name;
        assert_eq!(found("DELETE api/v1/class"), "DELETE api/v1/class");
        assert_eq!(found("POST /api/v1/class"), "POST api/v1/class");
        let line = Vendor::MediaCloud
            .operation("api/v1/class")
            .unwrap_err()
            .line();
        assert!(
            line.contains("`POST api/v1/class` or `DELETE api/v1/class`"),
            "{line}"
        );
    }

    #[test]
    fn what_is_not_found_is_explained() {
        let line = |given: &str| Vendor::Baijiayun.operation(given).unwrap_err().line();
        assert!(line("video/getInof").contains("Did you mean `video/getInfo`?"));
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
                .contains("Did you mean `baijiayun`?")
        );
        // A tail is whole segments, so this is no name of `video/getInfo`.
        assert!(line("Info").contains("has no call"));
    }
}
