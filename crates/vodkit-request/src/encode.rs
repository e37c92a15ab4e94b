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

/// `%00%01…%FF`: the escape of a byte is three characters of it.
static ESCAPES: &str = {
    const TEXT: [u8; 768] = {
        const HEX: &[u8; 16] = b"0123456789ABCDEF";
        let mut text = [b'%'; 768];
        let mut byte = 0;
        while byte < 256 {
            text[byte * 3 + 1] = HEX[byte >> 4];
            text[byte * 3 + 2] = HEX[byte & 15];
            byte += 1;
        }
        text
    };
    match std::str::from_utf8(&TEXT) {
        Ok(text) => text,
        Err(_) => panic!("ASCII is UTF-8"),
    }
};

/// Appends `text`, percent-encoded by RFC 3986.
pub fn rfc3986(text: &str, out: &mut String) {
    let bytes = text.as_bytes();
    let mut start = 0;
    for (at, &byte) in bytes.iter().enumerate() {
        if !is_unreserved(byte) {
            // Unreserved bytes are ASCII, so a stretch of them begins and ends at a character boundary. Between the bytes of one character
            // there is no such stretch.
            if start < at {
                out.push_str(&text[start..at]);
            }
            let escape = usize::from(byte) * 3;
            out.push_str(&ESCAPES[escape..escape + 3]);
            start = at + 1;
        }
    }
    out.push_str(&text[start..]);
}

/// How many bytes of `text` percent-encoding writes with three characters instead of one.
#[must_use]
pub fn reserved_bytes(text: &str) -> usize {
    text.bytes().filter(|byte| !is_unreserved(*byte)).count()
}
