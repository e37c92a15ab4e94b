//! A directory that nobody has: the same layout as the real ones, with made-up keys. The digests were computed with Python's hashlib and hmac.

use std::collections::BTreeMap;

use serde_json::json;

use super::{Found, Outside, account};

const KEY: &str = "test-key-0123456789";

/// A page as Baijiayun's, with its slip in the worked example.
const PAGE: &str = "\
sign的生成规则如下:
假设请求参数:
partner_id: 12345
video_id: 456
partner_key
为: test-key-0123456789
再拼接partner_key
后为:
origin_str = \"partner_id=12345&time stamp=1700000000&video_id=456&partner_key=test-key-0123456789\"
curl -d \"partner_id=1&secret_key=00112233445566778899aabbccddeeff\"
\"file_md5\": \"0123456789abcdef0123456789abcdef\",
\"preface_url\": \"http://img.example.test/0123456789abcdef0123456789abcdef.jpg\"
";

const NOTES: &str = "\
Vendor's literal vector reproduces [run]: c1eae97e74a7d5e4c3ee2a163e5b9c1a.
* Without: aa57005ebbfe324f27783e50db529db1; with key timestamp: 81d94cad5f056650b7e735e04968e7bc;
  literally with the blank: a6b988a06be562344528c5b5e01e2b37 [run].
";

fn outside() -> Outside {
    let baijiayun = json!([
        { "params": { "partner_id": "1", "title": "课" }, "partner_key": KEY, "expected": "c1eae97e74a7d5e4c3ee2a163e5b9c1a" },
    ]);
    let polyv = json!([
        { "algorithm": "sha1-upper: sorted", "params": { "ptime": "1", "vid": "课" }, "secret": KEY,
          "string_to_sign": format!("ptime=1&vid=课{KEY}"), "expected": "SHA1" },
        { "algorithm": "md5-upper: sandwich", "params": { "ts": "1", "userId": "u" }, "secret": KEY,
          "string_to_sign": format!("{KEY}ts1userIdu{KEY}"), "expected": "TOKEN" },
        { "algorithm": "callback md5-lower: parts", "params": { "type": "upload", "vid": "u1" }, "secret": KEY,
          "string_to_sign": format!("uploadu1{KEY}"), "expected": "EVENT" },
    ]);
    let text = "PUT\n\nvideo/mp4\nTue, 14 Nov 2023 22:13:20 GMT\nx-oss-security-token:test\n/bucket/sv/课 1.mp4?partNumber=1&uploadId=a";
    let aliyun = json!({
        "oss_v1": { "items": [
            { "access_key_secret": KEY, "string_to_sign": text, "signature": "OSS", "access_key_id": "id", "authorization": "OSS id:OSS" },
        ] },
        "vod_callback_md5": { "items": [
            { "callback_url": "https://www.example.com/cb", "x_vod_timestamp": "1700000000", "private_key": KEY, "x_vod_signature": "VOD" },
        ] },
    });
    let text = |value: &serde_json::Value| {
        let text = value.to_string();
        let text = DIGESTS.iter().fold(text, |text, (name, digest)| {
            text.replace(&format!("\"{name}\""), &format!("\"{digest}\""))
        });
        text.replace("OSS id:OSS", &format!("OSS id:{}", DIGESTS[3].1))
    };
    let vectors = [
        ("baijiayun.json", &baijiayun),
        ("polyv.json", &polyv),
        ("aliyun.json", &aliyun),
    ];
    Outside {
        pages: BTreeMap::from([
            ("pages/page.txt".to_owned(), PAGE.to_owned()),
            ("notes/notes.md".to_owned(), NOTES.to_owned()),
        ]),
        vectors: vectors
            .map(|(name, value)| {
                (
                    name.to_owned(),
                    serde_json::from_str(&text(value)).expect("what was JSON is JSON"),
                )
            })
            .into(),
    }
}

/// Where the vectors above have these names.
const DIGESTS: [(&str, &str); 5] = [
    ("SHA1", "B1D9502C4B0C2AA590D6B940CB9337540731D643"),
    ("TOKEN", "475202059892DBC85855BB4F1987F928"),
    ("EVENT", "11f89800029cb872745a9d69f9af5018"),
    ("OSS", "nh68wU6YKkFJ/V5+svgT9G3P22o="),
    ("VOD", "62dd2bb3ee15120e3920120fc3833685"),
];

pub(crate) fn is_accounted_for() {
    let found = account(&outside()).expect("all of it is accounted for");
    let reproduced = [
        ("aliyun.json", 3),
        ("baijiayun.json", 1),
        ("polyv.json", 3),
        ("notes/notes.md", 4),
    ];
    let expected = Found {
        reproduced: reproduced
            .map(|(name, count)| (name.to_owned(), count))
            .into(),
        impossible: [("the MD5 of a file that is not there", 1)].into(),
        no_digest: 2,
    };
    assert_eq!(found, expected);
}

/// What is wrong once something was changed.
fn wrong(change: impl FnOnce(&mut Outside)) -> Vec<String> {
    let mut outside = outside();
    change(&mut outside);
    account(&outside).expect_err("the change goes unnoticed")
}

#[test]
fn what_is_made_up_is_accounted_for() {
    is_accounted_for();
}

#[test]
fn a_digest_that_nobody_accounts_for_is_told_without_what_is_around_it() {
    for digest in [
        "0".repeat(32),
        "A".repeat(40),
        format!("{}=", "a".repeat(27)),
    ] {
        let wrong = wrong(|outside| {
            let page = outside.pages.get_mut("pages/page.txt").unwrap();
            *page += &format!("canary-canary-canary-canary-canary signed {digest}");
        });
        assert_eq!(
            wrong,
            ["pages/page.txt, behind \"… signed\": nobody accounts for this digest"]
        );
    }
    // Also within a vector.
    let wrong = wrong(|outside| {
        let vectors = outside.vectors.get_mut("polyv.json").unwrap();
        vectors[0]["other"] = "0".repeat(40).into();
    });
    assert_eq!(wrong.len(), 1);
}

#[test]
fn another_digest_another_key_and_another_example_are_noticed() {
    let notes = |from: &'static str, to: &'static str| {
        move |outside: &mut Outside| {
            let notes = outside.pages.get_mut("notes/notes.md").unwrap();
            assert!(notes.contains(from));
            *notes = notes.replace(from, to);
        }
    };
    let page = |from: &'static str, to: &'static str| {
        move |outside: &mut Outside| {
            let page = outside.pages.get_mut("pages/page.txt").unwrap();
            assert!(page.contains(from));
            *page = page.replace(from, to);
        }
    };
    for from in ["aa57005e", "81d94cad", "a6b988a0"] {
        let wrong = wrong(notes(from, "00000000"));
        assert!(
            wrong[0].ends_with("another signature comes out"),
            "{wrong:?}"
        );
    }
    let of_vector = wrong(notes("c1eae97e", "00000000"));
    assert!(
        of_vector[0].ends_with("not one vector has this result"),
        "{of_vector:?}"
    );
    // An anchor that is gone: the digest is there, and nobody knows it any more.
    let gone = wrong(notes("Without: ", "So: "));
    assert_eq!(gone.len(), 2);
    assert!(
        gone[1].starts_with("no digest is printed behind"),
        "{gone:?}"
    );
    // All three digests of the example, and the vector's key.
    let key = wrong(page("为: test-key", "为: best-key"));
    assert_eq!(key.len(), 3, "{key:?}");
    let example = wrong(page("time stamp=1700000000&", ""));
    assert_eq!(example.len(), 3, "{example:?}");
    let nowhere = wrong(page("test-key", "best-key"));
    assert!(
        nowhere
            .iter()
            .any(|line| line.ends_with("no page prints its key"))
    );
}

#[test]
fn a_changed_vector_is_noticed() {
    for (file, pointer) in [
        ("baijiayun.json", "/0/params/title"),
        ("baijiayun.json", "/0/partner_key"),
        ("polyv.json", "/0/secret"),
        ("polyv.json", "/1/params/ts"),
        ("polyv.json", "/1/algorithm"),
        ("polyv.json", "/2/string_to_sign"),
        ("polyv.json", "/2/params/vid"),
        ("aliyun.json", "/oss_v1/items/0/string_to_sign"),
        ("aliyun.json", "/oss_v1/items/0/access_key_secret"),
        ("aliyun.json", "/oss_v1/items/0/access_key_id"),
        ("aliyun.json", "/vod_callback_md5/items/0/callback_url"),
        ("aliyun.json", "/vod_callback_md5/items/0/private_key"),
    ] {
        let wrong = wrong(|outside| {
            let vectors = outside.vectors.get_mut(file).unwrap();
            let value = vectors.pointer_mut(pointer).unwrap();
            *value = format!("x{}", value.as_str().unwrap()).into();
        });
        assert!(
            wrong.iter().any(|line| line.starts_with(file)),
            "{file}{pointer}: {wrong:?}"
        );
    }
}
