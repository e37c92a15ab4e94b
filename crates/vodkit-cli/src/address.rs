//! Where calls go, looked at before anything is sent.

use std::env;
use std::io::{self, IsTerminal, Write};

use http::Uri;

use crate::args::{Global, TargetArgs};
use crate::catalogue::Vendor;
use crate::failure::Failure;

/// Refuses an address that has a part of the calls' paths already, and says which of two settings counts.
pub(crate) fn check(vendor: Vendor, target: &TargetArgs, global: Global) -> Result<(), Failure> {
    let [base_url, domain] = ["BASE_URL", "DOMAIN"]
        .map(|setting| format!("VODKIT_{}_{setting}", vendor.name().to_uppercase()));
    let set = |name: &str| env::var(name).ok().filter(|value| !value.trim().is_empty());
    let (source, text) = match (&target.base_url, set(&base_url)) {
        (Some(text), _) => ("--base-url", text.clone()),
        (None, Some(text)) => {
            // Where a program reads standard error, it holds nothing but the failure.
            if set(&domain).is_some() && (global.verbose || io::stderr().is_terminal()) {
                let _closed = writeln!(
                    io::stderr().lock(),
                    "note: {base_url} and {domain} are both set: {base_url} counts"
                );
            }
            (base_url.as_str(), text)
        }
        (None, None) => return Ok(()),
    };
    let root = root(vendor.operations().iter().map(|operation| operation.path));
    match doubled(text.trim(), &root) {
        Some(doubled) => Err(Failure::usage(format!(
            "{source}: leave out {doubled} at the end, vodkit adds it to the address"
        ))),
        None => Ok(()),
    }
}

/// The segments that all paths below the base URL begin with.
fn root<'a>(paths: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let folders = paths.filter_map(|path| path.strip_prefix('/')).map(|path| {
        let mut segments: Vec<&str> = path.split('/').collect();
        segments.pop();
        segments
    });
    folders
        .reduce(|common, next| {
            let same = common.iter().zip(&next).take_while(|(a, b)| a == b).count();
            common[..same].to_vec()
        })
        .unwrap_or_default()
}

/// The end of the address that is a beginning of the root, such as `/openapi`.
fn doubled(address: &str, root: &[&str]) -> Option<String> {
    let address: Uri = address.parse().ok()?;
    let segments: Vec<&str> = address
        .path()
        .split('/')
        .filter(|segment| !segment.is_empty())
        .collect();
    (1..=root.len())
        .rev()
        .map(|count| &root[..count])
        .find(|beginning| segments.ends_with(beginning))
        .map(|beginning| format!("/{}", beginning.join("/")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_all_paths_begin_with_is_found() {
        let openapi = root(Vendor::Baijiayun.operations().iter().map(|o| o.path));
        assert_eq!(openapi, ["openapi"]);
        let two = ["/api/v1/class", "/api/v1/medias/{id}", "{upload_url}"];
        assert_eq!(root(two.into_iter()), ["api", "v1"]);
        assert_eq!(root(["/user/login", "/service/token"].into_iter()), [""; 0]);
        assert_eq!(root([].into_iter()), [""; 0]);
    }

    #[test]
    fn only_an_end_that_would_come_twice_is_refused() {
        let root = ["api", "v1"];
        for (address, expected) in [
            ("http://h/api/v1", Some("/api/v1")),
            ("http://h/api/v1/", Some("/api/v1")),
            ("https://h:8/prefix/api", Some("/api")),
            ("http://h/v1", None),
            ("http://h/api/v2", None),
            ("http://h/myapi", None),
            ("http://h", None),
            ("no address at all", None),
        ] {
            assert_eq!(doubled(address, &root).as_deref(), expected, "{address}");
        }
        assert_eq!(doubled("http://h/openapi", &[]), None);
    }
}
