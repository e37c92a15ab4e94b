//! What holds for every input, and a slow reference implementation to compare with.

use std::collections::BTreeMap;

use md5::{Digest, Md5};
use proptest::{collection::vec, prelude::*, sample::Index};
use sha1::Sha1;
use vodkit_sign::{Signature, SignatureMismatch, baijiayun, polyv};

type Pairs = Vec<(String, String)>;

fn hex(digest: &[u8]) -> String {
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The reference: a map sorts the keys, `format!` builds the text. Values of one key keep their order.
fn sorted(params: &Pairs, keeps_empty: bool) -> Pairs {
    let mut map: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (key, value) in params {
        if key != "sign" && (keeps_empty || !value.is_empty()) {
            map.entry(key).or_default().push(value);
        }
    }
    map.into_iter()
        .flat_map(|(key, values)| {
            values
                .into_iter()
                .map(move |value| (key.to_owned(), value.to_owned()))
        })
        .collect()
}

struct Reference {
    text: String,
    signature: String,
}

fn reference_baijiayun(params: &Pairs, secret: &str) -> Reference {
    let mut text: String = sorted(params, true)
        .iter()
        .map(|(key, value)| format!("{key}={value}&"))
        .collect();
    text += &format!("partner_key={secret}");
    let signature = hex(&Md5::digest(&text));
    Reference { text, signature }
}

fn reference_polyv(params: &Pairs, secret: &str) -> Reference {
    let joined: Vec<_> = sorted(params, false)
        .iter()
        .map(|(key, value)| format!("{key}={value}"))
        .collect();
    let text = joined.join("&") + secret;
    let signature = hex(&Sha1::digest(&text)).to_uppercase();
    Reference { text, signature }
}

fn reference_token(params: &Pairs, secret: &str) -> Reference {
    let joined: String = sorted(params, false)
        .iter()
        .map(|(key, value)| format!("{key}{value}"))
        .collect();
    let text = format!("{secret}{joined}{secret}");
    let signature = hex(&Md5::digest(&text)).to_uppercase();
    Reference { text, signature }
}

/// One rule as a test sees it: everything as text.
struct Rule {
    name: &'static str,
    digits: usize,
    alphabet: &'static str,
    keeps_empty: bool,
    sign: fn(&Pairs, &str) -> String,
    stream: fn(&Pairs, &str) -> String,
    canonical: fn(&Pairs, &str) -> String,
    verify: fn(&Pairs, &str, &str) -> Result<(), SignatureMismatch>,
    reference: fn(&Pairs, &str) -> Reference,
}

fn text<const N: usize>(signature: Signature<N>) -> String {
    signature.as_str().to_owned()
}

const RULES: [Rule; 3] = [
    Rule {
        name: "baijiayun",
        digits: 32,
        alphabet: "0123456789abcdef",
        keeps_empty: true,
        sign: |params, secret| text(baijiayun::sign(params, secret)),
        stream: |params, secret| {
            let mut signer = baijiayun::Signer::new();
            for (key, value) in params {
                signer.pair(key, value);
            }
            let signature = text(signer.finish(secret));
            assert_eq!(
                signer.finish(secret),
                baijiayun::sign::<&str, &str>(&[], secret),
                "finish starts over"
            );
            signature
        },
        canonical: |params, secret| {
            let mut out = String::new();
            baijiayun::canonical(params, secret, &mut out).expect("a String takes every text");
            out
        },
        verify: |params, secret, received| baijiayun::verify(params, secret, received),
        reference: reference_baijiayun,
    },
    Rule {
        name: "polyv",
        digits: 40,
        alphabet: "0123456789ABCDEF",
        keeps_empty: false,
        sign: |params, secret| text(polyv::sign(params, secret)),
        stream: |params, secret| {
            let mut signer = polyv::Signer::new();
            for (key, value) in params {
                signer.pair(key, value);
            }
            let signature = text(signer.finish(secret));
            assert_eq!(
                signer.finish(secret),
                polyv::sign::<&str, &str>(&[], secret),
                "finish starts over"
            );
            signature
        },
        canonical: |params, secret| {
            let mut out = String::new();
            polyv::canonical(params, secret, &mut out).expect("a String takes every text");
            out
        },
        verify: |params, secret, received| polyv::verify(params, secret, received),
        reference: reference_polyv,
    },
    Rule {
        name: "polyv-token",
        digits: 32,
        alphabet: "0123456789ABCDEF",
        keeps_empty: false,
        sign: |params, secret| text(polyv::token::sign(params, secret)),
        stream: |params, secret| {
            let mut signer = polyv::token::Signer::new(secret);
            for (key, value) in params {
                signer.pair(key, value);
            }
            let signature = text(signer.finish());
            assert_eq!(
                signer.finish(),
                polyv::token::sign::<&str, &str>(&[], secret),
                "finish starts over"
            );
            signature
        },
        canonical: |params, secret| {
            let mut out = String::new();
            polyv::token::canonical(params, secret, &mut out).expect("a String takes every text");
            out
        },
        verify: |params, secret, received| polyv::token::verify(params, secret, received),
        reference: reference_token,
    },
];

/// Keys that are apt to be ordered wrongly: short alphabets, shared beginnings around every width the sort looks at, NUL bytes.
fn key() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "[abAB_0]{0,3}",
        2 => "category_level_[abAB_0]{0,3}",
        2 => "[ab]{6,18}",
        1 => "a\u{0}{0,17}",
        1 => "\\PC{0,6}",
        1 => Just("sign".to_owned()),
    ]
}

fn params(count: impl Into<proptest::collection::SizeRange>) -> impl Strategy<Value = Pairs> {
    let value = prop_oneof![1 => Just(String::new()), 4 => "[a-z&=+%]{1,12}", 2 => "\\PC{0,80}"];
    vec((key(), value), count)
}

/// From no parameter to several batches of the sort.
fn any_params() -> impl Strategy<Value = Pairs> {
    prop_oneof![6 => params(0..=16), 3 => params(15..=66), 1 => params(127..=200)]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn equals_the_reference(params in any_params(), secret in "\\PC{0,90}") {
        for rule in &RULES {
            let reference = (rule.reference)(&params, &secret);
            prop_assert_eq!(&(rule.canonical)(&params, &secret), &reference.text, "{}", rule.name);
            prop_assert_eq!(&(rule.sign)(&params, &secret), &reference.signature, "{}", rule.name);
            let in_order = sorted(&params, true);
            prop_assert_eq!((rule.stream)(&in_order, &secret), reference.signature, "{}", rule.name);
        }
    }

    #[test]
    fn signed_pairs_are_sorted_and_complete(params in any_params()) {
        let owned = |(key, value): (&str, &str)| (key.to_owned(), value.to_owned());
        prop_assert_eq!(baijiayun::signed_pairs(&params).map(owned).collect::<Pairs>(), sorted(&params, true));
        prop_assert_eq!(polyv::signed_pairs(&params).map(owned).collect::<Pairs>(), sorted(&params, false));
        prop_assert_eq!(polyv::token::signed_pairs(&params).map(owned).collect::<Pairs>(), sorted(&params, false));
    }

    #[test]
    fn order_is_irrelevant_between_different_keys(
        params in any_params().prop_map(|params| {
            params.into_iter().collect::<BTreeMap<_, _>>().into_iter().collect::<Pairs>()
        }),
        places in vec(any::<Index>(), 200),
    ) {
        let mut shuffled = params.clone();
        for (at, place) in (0..params.len()).zip(&places) {
            shuffled.swap(at, place.index(params.len()));
        }
        for rule in &RULES {
            prop_assert_eq!((rule.sign)(&params, "s"), (rule.sign)(&shuffled, "s"), "{}", rule.name);
        }
    }

    #[test]
    fn sign_is_never_an_input(params in any_params(), value in "\\PC{0,40}", place: Index) {
        let mut with = params.clone();
        with.insert(place.index(params.len() + 1), ("sign".to_owned(), value));
        for rule in &RULES {
            prop_assert_eq!((rule.sign)(&params, "s"), (rule.sign)(&with, "s"), "{}", rule.name);
        }
    }

    #[test]
    fn empty_values_are_kept_or_dropped(params in any_params(), key in "[a-z]{1,9}", place: Index) {
        prop_assume!(key != "sign");
        let mut with = params.clone();
        with.insert(place.index(params.len() + 1), (key, String::new()));
        for rule in &RULES {
            let same = (rule.canonical)(&params, "s") == (rule.canonical)(&with, "s");
            prop_assert_eq!(same, !rule.keeps_empty, "{}", rule.name);
            prop_assert_eq!((rule.sign)(&params, "s") == (rule.sign)(&with, "s"), same, "{}", rule.name);
        }
    }

    /// One character of one signed value, or of the secret.
    #[test]
    fn every_signed_character_counts(params in any_params(), secret in "[a-z]{1,40}", which: Index, at: Index) {
        for rule in &RULES {
            let signed: Vec<_> = (0..params.len())
                .filter(|position| params[*position].0 != "sign" && !params[*position].1.is_empty())
                .collect();
            let (mut other, mut other_secret) = (params.clone(), secret.clone());
            let target = match which.index(signed.len() + 1) {
                0 => &mut other_secret,
                number => &mut other[signed[number - 1]].1,
            };
            let (start, old) = target.char_indices().nth(at.index(target.chars().count())).unwrap();
            let new = if old == 'x' { "y" } else { "x" };
            target.replace_range(start..start + old.len_utf8(), new);
            prop_assert_ne!((rule.canonical)(&params, &secret), (rule.canonical)(&other, &other_secret), "{}", rule.name);
            prop_assert_ne!((rule.sign)(&params, &secret), (rule.sign)(&other, &other_secret), "{}", rule.name);
        }
    }

    #[test]
    fn digits_and_length(params in params(0..=5), secret in "\\PC{0,20}") {
        for rule in &RULES {
            let signature = (rule.sign)(&params, &secret);
            prop_assert_eq!(signature.len(), rule.digits, "{}", rule.name);
            prop_assert!(signature.chars().all(|digit| rule.alphabet.contains(digit)), "{}", rule.name);
        }
    }

    #[test]
    fn only_the_right_signature_is_accepted(params in params(0..=5), at: Index, wrong in "[0-9a-fA-F]{0,41}") {
        for rule in &RULES {
            let right = (rule.sign)(&params, "s");
            prop_assert_eq!((rule.verify)(&params, "s", &right), Ok(()), "{}", rule.name);
            let mut changed = right.clone().into_bytes();
            let digit = &mut changed[at.index(right.len())];
            *digit = if *digit == b'0' { b'1' } else { b'0' };
            let changed = String::from_utf8(changed).unwrap();
            for received in [changed.as_str(), &right[..at.index(right.len())], &wrong] {
                let expected = if received == right { Ok(()) } else { Err(SignatureMismatch) };
                prop_assert_eq!((rule.verify)(&params, "s", received), expected, "{}", rule.name);
            }
        }
    }

    #[test]
    fn event_signs_its_parts_and_the_secret(parts in vec("[a-z]{0,9}", 0..4), secret in "[a-z]{1,9}") {
        let parts: Vec<_> = parts.iter().map(String::as_str).collect();
        let expected = hex(&Md5::digest(parts.concat() + &secret));
        let signature = polyv::event::sign(&parts, &secret);
        prop_assert_eq!(signature.as_str(), &expected);
        prop_assert!(polyv::event::verify(&parts, &secret, &expected).is_ok());
        prop_assert!(polyv::event::verify(&parts, &secret, &expected.to_uppercase()).is_err() || expected == expected.to_uppercase());
        prop_assert!(polyv::event::verify(&parts, "another", &expected).is_err() || secret == "another");
    }
}

#[test]
#[cfg(debug_assertions)]
#[should_panic(expected = "ascending order")]
fn a_wrong_order_is_found_in_debug_builds() {
    baijiayun::Signer::new().pair("b", "1").pair("a", "2");
}

#[test]
fn nothing_secret_is_shown() {
    let signature = baijiayun::sign(&[("a", "visible")], "hidden");
    let mut signer = polyv::token::Signer::new("hidden");
    signer.pair("a", "visible");
    let pairs = [("a", "visible")];
    let shown = format!(
        "{signature:?} {signer:?} {:?} {:?}",
        baijiayun::signed_pairs(&pairs),
        polyv::Signer::new()
    );
    for secret in [
        signature.as_str(),
        &signature.as_str()[..4],
        "hidden",
        "visible",
    ] {
        assert!(!shown.contains(secret), "{shown}");
    }
    assert_eq!(format!("{signature:?}"), "Signature(..)");
    assert_eq!(
        SignatureMismatch.to_string(),
        "the signature does not match the parameters"
    );
}

#[test]
fn the_writer_s_error_is_reported() {
    struct Full(usize);
    impl std::fmt::Write for Full {
        fn write_str(&mut self, piece: &str) -> std::fmt::Result {
            self.0 = self.0.checked_sub(piece.len()).ok_or(std::fmt::Error)?;
            Ok(())
        }
    }
    // a=1&partner_key=s
    for room in 0..17 {
        assert!(
            baijiayun::canonical(&[("a", "1")], "s", &mut Full(room)).is_err(),
            "{room}"
        );
    }
    assert!(baijiayun::canonical(&[("a", "1")], "s", &mut Full(17)).is_ok());
}

#[test]
fn pairs_of_mixed_text_types() {
    let owned = vec![("a", String::from("1")), ("b", String::from("2"))];
    assert_eq!(
        baijiayun::sign(&owned, "s"),
        baijiayun::sign(&[("b", "2"), ("a", "1")], "s")
    );
    assert_ne!(
        baijiayun::sign(&owned, "s"),
        baijiayun::sign(&[("b", "2")], "s")
    );
}
