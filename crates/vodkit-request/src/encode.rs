//! The one encoder of parameters: what both HTTP clients send unchanged and every server reads back.

/// The unreserved characters of RFC 3986. Everything else is encoded: the same text is then valid in a query and in a form body (where
/// `%20` is read like `+`), and URL normalisers leave it alone.
static UNRESERVED: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        let character = byte as u8;
        table[byte] =
            character.is_ascii_alphanumeric() || matches!(character, b'-' | b'.' | b'_' | b'~');
        byte += 1;
    }
    table
};

fn is_unreserved(byte: u8) -> bool {
    UNRESERVED[usize::from(byte)]
}

/// Appends `text`, percent-encoded by RFC 3986.
pub fn rfc3986(text: &str, out: &mut String) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    let mut rest = text;
    // Unreserved bytes are ASCII, so each cut is at a character boundary.
    while let Some(at) = rest.bytes().position(|byte| !is_unreserved(byte)) {
        out.push_str(&rest[..at]);
        let length = rest[at..].chars().next().map_or(1, char::len_utf8);
        for byte in rest[at..at + length].bytes() {
            out.push('%');
            out.push(char::from(HEX[usize::from(byte >> 4)]));
            out.push(char::from(HEX[usize::from(byte & 15)]));
        }
        rest = &rest[at + length..];
    }
    out.push_str(rest);
}

/// How many bytes of `text` percent-encoding writes with three characters instead of one.
#[must_use]
pub fn reserved_bytes(text: &str) -> usize {
    text.bytes().filter(|byte| !is_unreserved(*byte)).count()
}
