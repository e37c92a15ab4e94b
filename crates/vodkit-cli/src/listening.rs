//! Addresses to listen on, as people write them.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, ToSocketAddrs};

use crate::failure::Failure;

/// Reads `127.0.0.1:8600`, `localhost:8600`, `:8600` or `8600`.
pub(crate) fn address(text: &str) -> Result<SocketAddr, Failure> {
    if let Ok(port) = text.strip_prefix(':').unwrap_or(text).parse::<u16>() {
        return Ok((Ipv4Addr::LOCALHOST, port).into());
    }
    text.to_socket_addrs()
        .ok()
        .and_then(|mut found| found.next())
        .ok_or_else(|| {
            Failure::usage(format!("cannot listen on `{text}`"))
                .hint("give address and port, such as 127.0.0.1:8600")
        })
}

/// Why an address cannot be listened on.
pub(crate) fn busy(address: SocketAddr, error: &io::Error) -> Failure {
    if error.kind() == io::ErrorKind::AddrInUse {
        Failure::usage(format!("cannot listen on {address}: the address is in use"))
            .hint("choose another one with --listen, or a free port with --listen 0")
    } else {
        Failure::usage(format!("cannot listen on {address}: {error}"))
            .hint("choose another one with --listen")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_have_short_forms() {
        for text in ["8600", ":8600", "127.0.0.1:8600"] {
            assert_eq!(
                address(text).unwrap().to_string(),
                "127.0.0.1:8600",
                "{text}"
            );
        }
        assert_eq!(address("[::1]:0").unwrap().to_string(), "[::1]:0");
        for text in ["", "nowhere", "127.0.0.1:99999"] {
            assert!(address(text).is_err(), "{text}");
        }
    }
}
