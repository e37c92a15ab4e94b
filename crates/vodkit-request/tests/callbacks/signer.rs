//! The vendors' sides: signers that share no code with the ones under test, and requests as they arrive.

use http::Request;
use md5::{Digest, Md5};

pub(crate) fn md5(text: &str) -> String {
    let digest = Md5::digest(text);
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub(crate) type Pairs = Vec<(String, String)>;

pub(crate) fn pairs<const N: usize>(pairs: [(&str, &str); N]) -> Pairs {
    pairs
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .to_vec()
}

/// Every byte in the way that `ways` says, in turn: as it is where that is possible, or percent-encoded.
pub(crate) fn encode(text: &str, ways: &mut impl Iterator<Item = bool>) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        let plain = byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
        let way = ways.next().unwrap_or_default();
        match byte {
            b' ' if way => out.push('+'),
            byte if plain && !way => out.push(char::from(byte)),
            byte if way => out.push_str(&format!("%{byte:02X}")),
            byte => out.push_str(&format!("%{byte:02x}")),
        }
    }
    out
}

pub(crate) fn form_in(pairs: &Pairs, ways: &mut impl Iterator<Item = bool>) -> String {
    let fields = pairs.iter().map(|(name, value)| {
        let name = encode(name, ways);
        format!("{name}={}", encode(value, ways))
    });
    fields.collect::<Vec<_>>().join("&")
}

pub(crate) fn form(pairs: &Pairs) -> String {
    form_in(pairs, &mut std::iter::repeat(false))
}

/// Baijiayun's rule, written from its page.
pub(crate) fn baijiayun_sign(pairs: &Pairs, key: &str) -> String {
    let mut sorted: Vec<_> = pairs.iter().filter(|(name, _)| name != "sign").collect();
    sorted.sort();
    let mut parts: Vec<_> = sorted
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    parts.push(format!("partner_key={key}"));
    md5(&parts.join("&"))
}

/// The pairs and their signature, at the end.
pub(crate) fn baijiayun_signed(mut pairs: Pairs, key: &str) -> Pairs {
    let sign = baijiayun_sign(&pairs, key);
    pairs.push(("sign".to_owned(), sign));
    pairs
}

pub(crate) fn post(uri: &str, body: impl Into<Vec<u8>>) -> Request<Vec<u8>> {
    Request::post(uri).body(body.into()).unwrap()
}

pub(crate) fn get(uri: &str) -> Request<Vec<u8>> {
    Request::get(uri).body(Vec::new()).unwrap()
}

pub(crate) fn quvideo(url: &str, time: i64, key: &str, body: &str) -> Request<Vec<u8>> {
    Request::post("/vod")
        .header("X-VOD-TIMESTAMP", time)
        .header("X-VOD-SIGNATURE", md5(&format!("{url}|{time}|{key}")))
        .body(body.into())
        .unwrap()
}
