//! Who accounts for what looks like a digest, by the text that stands before it.

use vodkit_sign::baijiayun;

use super::Outside;

/// What it is.
pub(crate) enum Is {
    /// A signature, which this makes once more from what is read. The digest is given to find its inputs by, where a page does not print them.
    Signed(fn(&Outside, &str) -> Result<String, String>),
    /// A digest, and why nobody can make it.
    Impossible(&'static str),
    /// An id, a key, a name.
    NoDigest,
}

use Is::{Impossible, NoDigest, Signed};

const UNPUBLISHED: &str = "the key of the sample is not published";
const OF_THE_SERVICE: &str = "signed by the video service with a key that it does not give away";
const OF_A_FILE: &str = "the MD5 of a file that is not there";

/// What stands before it, at its end; the first that fits counts.
pub(crate) const ACCOUNTS: &[(&str, Is)] = &[
    // Notes on Baijiayun.
    (
        "literal vector reproduces [run]: ",
        Signed(published_vector),
    ),
    (
        "Without: ",
        Signed(|outside, _| worked_example(outside, Time::Absent)),
    ),
    (
        "with key timestamp: ",
        Signed(|outside, _| worked_example(outside, Time::Mended)),
    ),
    (
        "literally with the blank: ",
        Signed(|outside, _| worked_example(outside, Time::AsPrinted)),
    ),
    // Pages.
    ("/get-playsafe?sign=", Impossible(UNPUBLISHED)),
    ("&Signature=", Impossible(OF_THE_SERVICE)),
    ("\"Signature\": \"", Impossible(OF_THE_SERVICE)),
    ("\"file_md5\": \"", Impossible(OF_A_FILE)),
    ("secret_key=", NoDigest),
    ("\"partner_key\": \"", NoDigest),
    ("\"guid\": \"", NoDigest),
    ("\"videoId\": \"", NoDigest),
    ("\"imageId\": \"", NoDigest),
    ("\"VideoId\": \"", NoDigest),
    ("\"MediaId\": \"", NoDigest),
    ("\"Caller\": \"", NoDigest),
    ("\"Bucket\": \"outin-", NoDigest),
    ("\"FileName\": \"image/cover/", NoDigest),
    // Vectors: inputs of the signatures, which are compared before anything is looked up here.
    ("\"vid\": \"", NoDigest),
    ("PUT\n", NoDigest),
    ("shows Content-MD5 ", NoDigest),
];

/// The one vector of another source whose result this is, with the key that the vendor's page has too.
fn published_vector(outside: &Outside, digest: &str) -> Result<String, String> {
    let vectors = outside.vectors.get("baijiayun.json");
    let vectors = vectors
        .and_then(|all| all.as_array())
        .ok_or("there are no vectors")?;
    let mut of_this = vectors.iter().filter(|vector| vector["expected"] == digest);
    let (Some(vector), None) = (of_this.next(), of_this.next()) else {
        return Err("not one vector has this result".to_owned());
    };
    let key = vector["partner_key"].as_str().ok_or("it has no key")?;
    let printed = outside.pages.values().any(|page| page.contains(key));
    if !printed {
        return Err("no page prints its key".to_owned());
    }
    let params = vector["params"].as_object().ok_or("it has no parameters")?;
    let pairs: Vec<(&str, &str)> = params
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str().unwrap_or_default()))
        .collect();
    Ok(baijiayun::sign(&pairs, key).as_str().to_owned())
}

/// The parameter that the page's worked example has in its joined text only, and misspelt.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Time {
    Absent,
    AsPrinted,
    Mended,
}

/// The example beneath the rule of signing: its parameters, its key, and the text that is signed.
fn worked_example(outside: &Outside, time: Time) -> Result<String, String> {
    let between = |text: &str, start: &str, end: &str| -> Option<String> {
        let (_, rest) = text.split_once(start)?;
        Some(rest.split_once(end)?.0.to_owned())
    };
    let of_page = |page: &String| {
        let params = between(page, "假设请求参数:", "partner_key")?;
        let key = between(page, "\n为: ", "\n")?;
        let signed = between(page, "origin_str = \"", "&partner_key=")?;
        Some((params, key, signed))
    };
    let example = outside.pages.values().find_map(of_page);
    let (params, key, signed) = example.ok_or("no page has the worked example")?;
    let listed: Vec<(&str, &str)> = params
        .lines()
        .filter_map(|line| line.split_once(": "))
        .collect();
    let joined: Vec<(&str, &str)> = signed
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .collect();
    let mut more = joined.clone();
    more.retain(|pair| !listed.contains(pair));
    let [(name, value)] = more[..] else {
        return Err("the example has changed".to_owned());
    };
    let pairs = match time {
        Time::Absent => listed,
        Time::AsPrinted => joined,
        Time::Mended => {
            let mended = name.replace(' ', "");
            let mut pairs = listed;
            pairs.push((mended.as_str(), value));
            return Ok(baijiayun::sign(&pairs, key.trim()).as_str().to_owned());
        }
    };
    Ok(baijiayun::sign(&pairs, key.trim()).as_str().to_owned())
}
