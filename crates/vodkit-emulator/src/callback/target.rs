//! Where a callback goes, and whether the emulator may send there.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use http::Uri;
use http::uri::{PathAndQuery, Scheme};

/// An address that was read.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Target {
    /// Name or IP address, without brackets.
    pub(crate) host: String,
    pub(crate) port: u16,
    /// For the `Host` header: as it stands in the address.
    pub(crate) authority: String,
    /// Path and query.
    pub(crate) path: PathAndQuery,
}

/// Whom to connect to.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// One of these, tried in order.
    Known(Vec<IpAddr>),
    /// What the name stands for.
    Named,
}

impl Target {
    /// Reads an absolute `http` address. The error is why nothing can be sent there.
    pub(crate) fn read(url: &str) -> Result<Self, String> {
        if !url.is_ascii() {
            return Err("the address is not ASCII: encode it as %XX".to_owned());
        }
        let uri: Uri = url
            .parse()
            .map_err(|_| "the address is not a URL".to_owned())?;
        let scheme = uri.scheme().ok_or("the address has no scheme")?;
        if *scheme == Scheme::HTTPS {
            return Err("the address needs TLS, which the emulator has not: use http".to_owned());
        }
        if *scheme != Scheme::HTTP {
            return Err(format!("the scheme {scheme} is not http"));
        }
        let authority = uri.authority().ok_or("the address has no host")?;
        if authority.as_str().contains('@') {
            return Err("the address has a user name, which the emulator does not send".to_owned());
        }
        let host = authority.host();
        let host = host
            .strip_prefix('[')
            .map_or(host, |rest| rest.strip_suffix(']').unwrap_or(rest));
        if host.is_empty() {
            return Err("the address has no host".to_owned());
        }
        // The parser leaves a port that is none to whoever asks for it.
        let port = authority.as_str()[authority.host().len()..].strip_prefix(':');
        let port = match port {
            None | Some("") => 80,
            Some(text) => match text.parse::<u16>() {
                Ok(port) if port > 0 => port,
                _ => return Err("the address has a port that is none: 1 to 65535".to_owned()),
            },
        };
        Ok(Self {
            host: host.to_owned(),
            port,
            authority: authority.as_str().to_owned(),
            path: uri
                .path_and_query()
                .cloned()
                .unwrap_or(PathAndQuery::from_static("/")),
        })
    }

    /// Scheme, host and path: what may be shown of it.
    pub(crate) fn shown(&self) -> String {
        format!("http://{}{}", self.authority, self.path.path())
    }

    /// Where to connect to. Unless it may go anywhere, no name is looked up, so that nobody outside hears of it.
    pub(crate) fn place(&self, anywhere: bool) -> Result<Place, String> {
        let name = self.host.trim_end_matches('.').to_ascii_lowercase();
        if name == "localhost" || name.ends_with(".localhost") {
            return Ok(Place::Known(vec![
                Ipv4Addr::LOCALHOST.into(),
                Ipv6Addr::LOCALHOST.into(),
            ]));
        }
        let refused = || {
            format!(
                "{} is not this machine: the emulator sends to loopback addresses only, unless it is told otherwise \
                 (callbacks_anywhere)",
                self.host
            )
        };
        match self.host.parse::<IpAddr>() {
            Ok(ip) if anywhere || ip.to_canonical().is_loopback() => Ok(Place::Known(vec![ip])),
            Err(_) if anywhere => Ok(Place::Named),
            _ => Err(refused()),
        }
    }
}

/// What may be shown of an address that is perhaps none.
pub(crate) fn shown(url: &str) -> String {
    match Target::read(url) {
        Ok(target) => target.shown(),
        // Not even its scheme is sure, so what comes before the query and after a user name is all that can be kept.
        Err(_) => {
            let start = url.split(['?', '#']).next().unwrap_or_default();
            match start.split_once("://") {
                Some((scheme, rest)) => {
                    let rest = rest.rsplit_once('@').map_or(rest, |(_, rest)| rest);
                    format!("{scheme}://{rest}")
                }
                None => String::new(),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_taken_apart() {
        let target = Target::read("http://[::1]:81/a/b?c=d#e").unwrap();
        assert_eq!((target.host.as_str(), target.port), ("::1", 81));
        assert_eq!(target.authority, "[::1]:81");
        assert_eq!(target.path.as_str(), "/a/b?c=d");
        assert_eq!(target.shown(), "http://[::1]:81/a/b");
        let target = Target::read("http://Local.Test").unwrap();
        assert_eq!((target.host.as_str(), target.port), ("Local.Test", 80));
        assert_eq!(target.path.as_str(), "/");
        assert_eq!(Target::read("http://localhost:/").unwrap().port, 80);
        assert_eq!(Target::read("http://localhost:65535").unwrap().port, 65_535);
        for bad in [
            "",
            "/a",
            "localhost:80",
            "https://localhost/",
            "ftp://localhost/",
            "http://",
            "http:///a",
            "http://u:p@localhost/",
            "http://lo cal/",
            "http://127.0.0.1:99999/",
            "http://127.0.0.1:0/",
            "http://127.0.0.1:8x/",
            "http://[::1]:70000/",
            "http://localhost/课",
        ] {
            assert!(Target::read(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn only_this_machine_is_reached_unless_told_otherwise() {
        let place = |url: &str, anywhere| Target::read(url).unwrap().place(anywhere);
        for here in [
            "http://127.0.0.1/",
            "http://127.9.8.7:80/",
            "http://[::1]/",
            "http://[::ffff:127.0.0.1]/",
            "http://localhost:9/",
            "http://LOCALHOST./",
            "http://app.localhost/",
        ] {
            assert!(matches!(place(here, false), Ok(Place::Known(_))), "{here}");
        }
        for elsewhere in [
            "http://0.0.0.0/",
            "http://10.0.0.1/",
            "http://[::]/",
            "http://[::ffff:10.0.0.1]/",
            "http://192.0.2.1/",
            "http://example.test/",
            "http://notlocalhost/",
            "http://localhost.example.test/",
            "http://127.0.0.1.example.test/",
            // Systems that read this as an address would come home, but not every system does.
            "http://2130706433/",
        ] {
            assert!(place(elsewhere, false).is_err(), "{elsewhere}");
            assert!(place(elsewhere, true).is_ok(), "{elsewhere}");
        }
        assert_eq!(place("http://example.test/", true), Ok(Place::Named));
    }

    #[test]
    fn what_is_shown_has_no_secret() {
        for (url, text) in [
            ("http://localhost:8/a?key=hush", "http://localhost:8/a"),
            ("https://localhost/a?key=hush#hush", "https://localhost/a"),
            ("http://u:hush@localhost/a?b", "http://localhost/a"),
            ("hush", ""),
        ] {
            assert_eq!(shown(url), text);
        }
    }
}
