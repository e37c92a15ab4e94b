//! The rules of signing, and the mistakes that the log names.

use crate::client::{Pairs, Vendor, encode, md5_upper, refused, sha1_upper, vendor};

const SEARCH: &str = "/v2/video/{}/search";

/// Sends the parameters with a signature over another text, in which KEY stands for the key and TIME for the time.
/// Gives what the log says.
fn note(
    vendor: &Vendor,
    params: &[(&str, &str)],
    text: &str,
    digest: fn(&str) -> String,
) -> String {
    let mut pairs = vendor.unsigned(params);
    let sign = digest(&filled(vendor, &pairs, text));
    pairs.push(("sign".to_owned(), sign));
    let envelope = vendor.raw("POST", SEARCH, &pairs).json();
    assert_eq!(refused(envelope), "the sign is not right.", "{text}");
    checked(vendor)
}

fn filled(vendor: &Vendor, pairs: &Pairs, text: &str) -> String {
    let time = &pairs.iter().find(|(name, _)| name == "ptime").unwrap().1;
    text.replace("KEY", &vendor.account.secret_key)
        .replace("SECONDS", &time[..10])
        .replace("TIME", time)
        .replace("USER", vendor.user())
}

/// The log's note, which shows no key.
fn checked(vendor: &Vendor) -> String {
    let note = vendor.note();
    assert!(!note.contains(&vendor.account.secret_key), "{note}");
    note
}

/// Stage, words of the mistake, the text that was signed, and its digest.
type Case = (&'static str, &'static str, String, fn(&str) -> String);

fn sha1_lower(text: &str) -> String {
    sha1_upper(text).to_lowercase()
}

#[test]
fn the_usual_mistakes_are_named() {
    let vendor = vendor();
    // A blank, a plus, a letter beyond ASCII, an empty value, and a capital letter that sorts before the small ones.
    let params = [("keyword", "a+b 课"), ("Zone", "1"), ("tag", "")];
    let keyword = encode("a+b 课");
    let right = "Zone=1&keyword=a+b 课&ptime=TIME&userid=USER";
    let cases: &[Case] = &[
        ("digest", "upper-case", format!("{right}KEY"), sha1_lower),
        ("digest", "MD5 was used", format!("{right}KEY"), md5_upper),
        (
            "digest",
            "rule of the play credential",
            "KEYZone1keyworda+b 课ptimeTIMEuseridUSERKEY".into(),
            md5_upper,
        ),
        (
            "values",
            "percent-encoded",
            format!("Zone=1&keyword={keyword}&ptime=TIME&userid=USERKEY"),
            sha1_upper,
        ),
        (
            "values",
            "form-encoded",
            format!(
                "Zone=1&keyword={}&ptime=TIME&userid=USERKEY",
                keyword.replace("%20", "+")
            ),
            sha1_upper,
        ),
        (
            "values",
            "in seconds",
            "Zone=1&keyword=a+b 课&ptime=SECONDS&userid=USERKEY".into(),
            sha1_upper,
        ),
        (
            "selection",
            "empty values were signed",
            "Zone=1&keyword=a+b 课&ptime=TIME&tag=&userid=USERKEY".into(),
            sha1_upper,
        ),
        (
            "selection",
            "account was sent as a parameter and not signed",
            "Zone=1&keyword=a+b 课&ptime=TIMEKEY".into(),
            sha1_upper,
        ),
        (
            "selection",
            "time of the call was not signed",
            "Zone=1&keyword=a+b 课&userid=USERKEY".into(),
            sha1_upper,
        ),
        (
            "selection",
            "empty sign",
            "Zone=1&keyword=a+b 课&ptime=TIME&sign=&userid=USERKEY".into(),
            sha1_upper,
        ),
        (
            "order",
            "not sorted",
            "keyword=a+b 课&Zone=1&userid=USER&ptime=TIMEKEY".into(),
            sha1_upper,
        ),
        (
            "order",
            "descending",
            "userid=USER&ptime=TIME&keyword=a+b 课&Zone=1KEY".into(),
            sha1_upper,
        ),
        (
            "order",
            "capital letters come first",
            "keyword=a+b 课&ptime=TIME&userid=USER&Zone=1KEY".into(),
            sha1_upper,
        ),
        (
            "order",
            "sorted in among",
            "Zone=1&keyword=a+b 课&ptime=TIME&secretkey=KEY&userid=USER".into(),
            sha1_upper,
        ),
        ("key", "missing", right.into(), sha1_upper),
        ("join", "both ends", format!("KEY{right}KEY"), sha1_upper),
        ("join", "in front", format!("KEY{right}"), sha1_upper),
        ("join", "an & was put", format!("{right}&KEY"), sha1_upper),
        (
            "join",
            "with a name",
            format!("{right}&secretkey=KEY"),
            sha1_upper,
        ),
        (
            "join",
            "without = and &",
            "Zone1keyworda+b 课ptimeTIMEuseridUSERKEY".into(),
            sha1_upper,
        ),
    ];
    for (stage, words, text, digest) in cases {
        let note = note(&vendor, &params, text, *digest);
        assert!(
            note.contains(&format!("at stage {stage}:")) && note.contains(words),
            "{text}: {note}"
        );
        assert!(
            note.contains("expected `Zone=1&keyword=a+b 课&ptime="),
            "{note}"
        );
    }
    let unknown = note(&vendor, &params, "something else", sha1_upper);
    assert!(unknown.contains("no common mistake"), "{unknown}");
    // The right text passes, so that the cases above are not refused for something else.
    assert_eq!(vendor.envelope("POST", SEARCH, &params)["code"], 200);
}

#[test]
fn a_body_that_was_sent_without_encoding_is_recognised() {
    let vendor = vendor();
    let pairs = vendor.unsigned(&[("keyword", "a+b:c")]);
    let text = filled(&vendor, &pairs, "keyword=a+b:c&ptime=TIME&userid=USERKEY");
    let body = format!(
        "keyword=a+b:c&userid={}&ptime={}&sign={}",
        vendor.user(),
        pairs[2].1,
        sha1_upper(&text)
    );
    let reply = crate::client::send(
        vendor.at(),
        "POST",
        &vendor.path(SEARCH),
        &[crate::client::FORM],
        body.as_bytes(),
    );
    assert_eq!(refused(reply.json()), "the sign is not right.");
    assert!(
        checked(&vendor).contains("without encoding"),
        "{}",
        vendor.note()
    );
}

#[test]
fn secrets_among_the_parameters_are_masked() {
    let vendor = vendor();
    let key = vendor.account.secret_key.clone();
    let params = [("password", "hush"), ("anything", key.as_str())];
    let note = note(&vendor, &params, "wrong", sha1_upper);
    assert!(
        !note.contains("hush") && note.contains("password=***"),
        "{note}"
    );
}

#[test]
fn a_fixed_set_is_signed_whatever_else_is_sent() {
    let vendor = vendor();
    let path = "/v2/video/{}/cataJson";
    let params = [("cataid", "1"), ("requestId", "0123")];
    assert_eq!(vendor.fixed_envelope(path, &[], &params)["code"], 200);
    // The account is in the text though it need not be sent.
    let mut pairs = vendor.unsigned(&params);
    pairs.retain(|(name, _)| name != "userid");
    let sign = filled(&vendor, &pairs, "ptime=TIME&userid=USERKEY");
    pairs.push(("sign".to_owned(), sha1_upper(&sign)));
    assert_eq!(vendor.raw("POST", path, &pairs).json()["code"], 200);

    assert_eq!(
        vendor.refusal("POST", path, &params),
        "the sign is not right."
    );
    assert!(
        checked(&vendor).contains("signs a fixed set"),
        "{}",
        vendor.note()
    );
    pairs.pop();
    let sign = filled(&vendor, &pairs, "ptime=TIMEKEY");
    pairs.push(("sign".to_owned(), sha1_upper(&sign)));
    assert_eq!(
        refused(vendor.raw("POST", path, &pairs).json()),
        "the sign is not right."
    );
    assert!(
        checked(&vendor).contains("userid was not signed"),
        "{}",
        vendor.note()
    );
    // What the set holds is signed: another value of it is another text.
    let rename = |fields: &[&str]| {
        let params = [("cataid", "7"), ("cataname", "x")];
        vendor.fixed_envelope("/v2/video/{}/updateCata", fields, &params)["message"].clone()
    };
    assert_eq!(rename(&["cataid", "cataname"]), "illegal cataid");
    assert_eq!(rename(&["cataid"]), "the sign is not right.");
}

#[test]
fn the_account_may_stand_in_the_path_alone_if_it_is_not_signed() {
    let vendor = vendor();
    let path = "/v2/setting/{}/get-playsafe";
    let mut pairs = vendor.unsigned(&[]);
    pairs.retain(|(name, _)| name != "userid");
    let sign = filled(&vendor, &pairs, "ptime=TIME&userid=USERKEY");
    pairs.push(("sign".to_owned(), sha1_upper(&sign)));
    assert_eq!(
        refused(vendor.raw("GET", path, &pairs).json()),
        "the sign is not right."
    );
    assert!(
        checked(&vendor).contains("send what you sign"),
        "{}",
        vendor.note()
    );
}

#[test]
fn the_token_service_has_its_own_rule() {
    let vendor = vendor();
    let vid = vendor.builtin();
    let time = crate::client::now_ms().to_string();
    let user = vendor.user();
    let key = &vendor.account.secret_key;
    let plain = format!("ts{time}userId{user}videoId{vid}viewerId1");
    let joined = format!("ts={time}&userId={user}&videoId={vid}&viewerId=1");
    let ask = |sign: String| {
        let pairs = crate::client::owned(&[
            ("userId", user),
            ("ts", &time),
            ("videoId", &vid),
            ("viewerId", "1"),
            ("viewerName", ""),
            ("sign", &sign),
        ]);
        let envelope = vendor.raw("POST", "/service/v1/token", &pairs).json();
        (envelope["code"].as_u64().unwrap(), checked(&vendor))
    };
    assert_eq!(ask(md5_upper(&format!("{key}{plain}{key}"))).0, 200);
    for (sign, words) in [
        (
            md5_upper(&format!("{key}{plain}{key}")).to_lowercase(),
            "upper-case",
        ),
        (md5_upper(&format!("{plain}{key}")), "both ends"),
        (md5_upper(&format!("{key}{plain}")), "in front only"),
        (
            md5_upper(&format!("{key}{joined}{key}")),
            "nothing stands between",
        ),
        (sha1_upper(&format!("{key}{plain}{key}")), "SHA-1 was used"),
        (sha1_upper(&format!("{joined}{key}")), "calls under /v2/"),
        (
            md5_upper(&format!("{key}{plain}viewerName{key}")),
            "empty values",
        ),
    ] {
        let (code, note) = ask(sign);
        assert_eq!(code, 400);
        assert!(note.contains(words), "{words}: {note}");
    }
}
