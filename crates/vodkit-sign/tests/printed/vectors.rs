//! Texts and signatures made elsewhere, for instance with accounts whose keys must not be published.
//!
//! `baijiayun.json` is a list of `params`, `partner_key` and `expected`; `polyv.json` one of `algorithm`, `params`, `secret`, `string_to_sign` and `expected`;
//! `aliyun.json`, which may be missing, has `oss_v1.items` with `access_key_secret`, `string_to_sign` and `signature`, and `vod_callback_md5.items` with `callback_url`,
//! `x_vod_timestamp`, `private_key` and `x_vod_signature`.

use std::collections::BTreeSet;

use serde_json::Value;
use vodkit_sign::{baijiayun, oss, polyv, quvideo};

use super::Outside;

/// Makes each signature once more. What came out right; what did not is added to `wrong`.
pub(crate) fn verify(outside: &Outside, wrong: &mut Vec<String>) -> BTreeSet<String> {
    let mut verified = BTreeSet::new();
    let mut check = |place: &str, printed: &Value, outcome: Option<String>| {
        let printed = printed.as_str();
        match (printed, outcome) {
            (Some(printed), Some(signature)) if printed == signature => {
                verified.insert(signature);
            }
            (_, Some(_)) => wrong.push(format!("{place}: another signature comes out")),
            (_, None) => wrong.push(format!("{place}: this vector cannot be read")),
        }
    };
    let list = |name: &str| outside.vectors.get(name).and_then(Value::as_array);
    for (at, vector) in list("baijiayun.json").into_iter().flatten().enumerate() {
        let place = format!("baijiayun.json, number {}", at + 1);
        check(&place, &vector["expected"], of_baijiayun(vector));
    }
    for (at, vector) in list("polyv.json").into_iter().flatten().enumerate() {
        let place = format!("polyv.json, number {}", at + 1);
        check(&place, &vector["expected"], of_polyv(vector));
    }
    let items = |of: &str| {
        let all = outside.vectors.get("aliyun.json");
        all.and_then(|all| all[of]["items"].as_array())
    };
    for (at, vector) in items("oss_v1").into_iter().flatten().enumerate() {
        let place = format!("aliyun.json, storage, number {}", at + 1);
        let signature = of_storage(vector);
        if let (Some(header), Some(signature)) = (vector.get("authorization"), &signature) {
            let id = vector["access_key_id"].as_str().unwrap_or_default();
            let own = format!("OSS {id}:{signature}");
            let same = (*header == own.as_str()).then(|| own.clone());
            check(&place, header, same);
        }
        check(&place, &vector["signature"], signature);
    }
    for (at, vector) in items("vod_callback_md5").into_iter().flatten().enumerate() {
        let place = format!("aliyun.json, callback, number {}", at + 1);
        check(&place, &vector["x_vod_signature"], of_callback(vector));
    }
    verified
}

fn params(vector: &Value) -> Option<Vec<(&str, &str)>> {
    let object = vector["params"].as_object()?;
    object
        .iter()
        .map(|(name, value)| Some((name.as_str(), value.as_str()?)))
        .collect()
}

/// By both signers, which have to agree.
fn of_baijiayun(vector: &Value) -> Option<String> {
    let (params, key) = (params(vector)?, vector["partner_key"].as_str()?);
    let mut signer = baijiayun::Signer::new();
    for (name, value) in baijiayun::signed_pairs(&params) {
        signer.pair(name, value);
    }
    let signature = baijiayun::sign(&params, key).as_str().to_owned();
    (signer.finish(key).as_str() == signature).then_some(signature)
}

fn of_polyv(vector: &Value) -> Option<String> {
    let (params, secret) = (params(vector)?, vector["secret"].as_str()?);
    let mut text = String::new();
    let signature = match vector["algorithm"].as_str()?.split(':').next()? {
        "sha1-upper" => {
            polyv::canonical(&params, secret, &mut text).ok()?;
            polyv::sign(&params, secret).as_str().to_owned()
        }
        "md5-upper" => {
            polyv::token::canonical(&params, secret, &mut text).ok()?;
            polyv::token::sign(&params, secret).as_str().to_owned()
        }
        "callback md5-lower" => {
            let (kind, vid) = (&vector["params"]["type"], &vector["params"]["vid"]);
            let parts = [kind.as_str()?, vid.as_str()?];
            polyv::event::canonical(&parts, secret, &mut text).ok()?;
            polyv::event::sign(&parts, secret).as_str().to_owned()
        }
        _ => return None,
    };
    (vector["string_to_sign"] == text.as_str()).then_some(signature)
}

/// The text is taken apart and has to come together again before it is signed.
fn of_storage(vector: &Value) -> Option<String> {
    let text = vector["string_to_sign"].as_str()?;
    let mut lines = text.lines();
    let mut next = || lines.next();
    let (verb, content_md5, content_type, date) = (next()?, next()?, next()?, next()?);
    let mut headers: Vec<(&str, &str)> = Vec::new();
    let resource = loop {
        let line = next()?;
        match line.strip_prefix("x-oss-") {
            Some(_) => headers.push(line.split_once(':')?),
            None => break line,
        }
    };
    let (path, query) = match resource.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (resource, None),
    };
    let (bucket, key) = path.strip_prefix('/')?.split_once('/')?;
    let subresources: Vec<(&str, Option<&str>)> = query
        .into_iter()
        .flat_map(|query| query.split('&'))
        .map(|pair| match pair.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (pair, None),
        })
        .collect();
    let request = oss::Request {
        verb,
        content_md5,
        content_type,
        date,
        headers: &headers,
        bucket,
        key,
        subresources: &subresources,
    };
    let mut own = String::new();
    oss::canonical(&request, &mut own).ok()?;
    let secret = vector["access_key_secret"].as_str()?;
    (own == text).then(|| oss::sign(&request, secret).as_str().to_owned())
}

fn of_callback(vector: &Value) -> Option<String> {
    let text = |name: &str| vector[name].as_str();
    let (url, time) = (text("callback_url")?, text("x_vod_timestamp")?);
    let signature = quvideo::event::sign(url, time, text("private_key")?);
    Some(signature.as_str().to_owned())
}
