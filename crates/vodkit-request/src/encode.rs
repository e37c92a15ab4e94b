//! The one encoder of parameters: what both HTTP clients send unchanged and every server reads back.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// Everything but the unreserved characters of RFC 3986.
///
/// The same text is valid in a query and in a form body (where `%20` is read like `+`), and URL normalisers leave it alone.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Appends `text`, percent-encoded by RFC 3986.
pub fn rfc3986(text: &str, out: &mut String) {
    if text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')) {
        out.push_str(text);
    } else {
        out.extend(utf8_percent_encode(text, RESERVED));
    }
}

/// Appends `name=value` pairs joined with `&`, percent-encoded by RFC 3986.
pub fn pairs<'a>(pairs: impl Iterator<Item = (&'a str, &'a str)>, out: &mut String) {
    for (name, value) in pairs {
        if !out.is_empty() && !out.ends_with('?') {
            out.push('&');
        }
        rfc3986(name, out);
        out.push('=');
        rfc3986(value, out);
    }
}
