//! Who asks, and whether they may: key, token, time, signature, scope, in this order.

use jiff::fmt::rfc2822::DateTimeParser;

use super::signature::{self, Signed};
use super::store::{Key, Owner, Store};
use crate::clock;
use crate::storage::{Asked, Moment, Refusal};

/// What a request signs, with what stands in the line for the time.
fn signed<'a>(asked: &'a Asked, date: &'a str) -> Signed<'a> {
    Signed {
        method: &asked.method,
        headers: &asked.headers,
        bucket: &asked.bucket,
        key: &asked.key,
        query: &asked.query,
        date,
    }
}

/// The key that a request is about: for the list of uploads, what all keys in it begin with. // assumed: list-uploads
pub(super) fn wanted(key: &str, query: &[(String, String)]) -> String {
    let parameter = |name| query.iter().find(|(have, _)| have == name);
    match (key, parameter("uploads"), parameter("prefix")) {
        ("", Some(_), Some((_, prefix))) => prefix.clone(),
        _ => key.to_owned(),
    }
}

/// Whose bucket it is, if the caller may do this.
pub(super) fn check(store: &Store, asked: &Asked, at: Moment) -> Result<Owner, Refusal> {
    let authorization = asked.header("authorization");
    let key = if !authorization.is_empty() {
        by_header(store, asked, &authorization, at)?
    } else if asked.parameter("OSSAccessKeyId").is_some() {
        by_address(store, asked, at)?
    } else {
        let problem = "this is not open to everybody";
        return Err(Refusal::forbidden("AccessDenied", problem)
            .explained("the request is not signed: no Authorization, no OSSAccessKeyId"));
    };
    let Some(owner) = store.owner(&asked.bucket) else {
        return Err(Refusal::no_bucket(&asked.bucket));
    };
    if !key.opens(&asked.bucket, &wanted(&asked.key, &asked.query)) {
        let problem = "these keys do not open this";
        return Err(
            Refusal::forbidden("AccessDenied", problem).explained(format!(
                "the keys were issued for something else than {}/{}",
                asked.bucket, asked.key
            )),
        );
    }
    Ok(owner)
}

fn by_header<'a>(
    store: &'a Store,
    asked: &Asked,
    authorization: &str,
    at: Moment,
) -> Result<&'a Key, Refusal> {
    let malformed = |problem: &str| {
        Refusal::argument(
            "Authorization",
            "",
            "the Authorization header cannot be read",
        )
        .explained(problem.to_owned())
    };
    if authorization.starts_with("OSS4-") {
        return Err(malformed("the emulator knows version 1 of the signature only").assumed("v4"));
    }
    let Some((id, received)) = authorization
        .strip_prefix("OSS ")
        .and_then(|rest| rest.trim().split_once(':'))
    else {
        return Err(malformed("Authorization is not \"OSS <id>:<signature>\""));
    };
    let key = known(store, id)?;
    let token = asked.header("x-oss-security-token");
    check_token(key, id, &token, at)?;
    let own_date = asked.header("x-oss-date");
    let date = asked.header("date");
    let named = if own_date.is_empty() {
        &date
    } else {
        &own_date
    };
    check_date(named, at)?;
    // Public signers put x-oss-date or nothing where the date belongs. // assumed: x-oss-date
    let accepted = match own_date.is_empty() {
        true => vec![date.as_str()],
        false => vec![own_date.as_str(), "", date.as_str()],
    };
    let right = accepted
        .iter()
        .any(|date| signature::sign(&key.secret, &signed(asked, date).text()) == received);
    match right {
        true => Ok(key),
        false => Err(mismatch(asked, key, id, received, accepted[0])),
    }
}

fn by_address<'a>(store: &'a Store, asked: &Asked, at: Moment) -> Result<&'a Key, Refusal> {
    let part = |name: &'static str| {
        asked
            .parameter(name)
            .filter(|value| !value.is_empty())
            .ok_or_else(|| {
                let problem =
                    "a signature in the query needs OSSAccessKeyId, Expires and Signature";
                Refusal::forbidden("AccessDenied", problem).explained(format!("{name} is missing"))
            })
    };
    let (id, expires, received) = (
        part("OSSAccessKeyId")?,
        part("Expires")?,
        part("Signature")?,
    );
    let key = known(store, id)?;
    check_token(
        key,
        id,
        asked.parameter("security-token").unwrap_or_default(),
        at,
    )?;
    let end: i64 = expires.parse().map_err(|_| {
        Refusal::forbidden(
            "AccessDenied",
            "Expires has to be a number of seconds since 1970",
        )
        .explained("Expires is not a number of seconds")
    })?;
    if at.now_ms.div_euclid(1000) > end {
        return Err(
            Refusal::forbidden("AccessDenied", "the signed address is past its time")
                .detail("Expires", iso(end.saturating_mul(1000)))
                .detail("ServerTime", iso(at.now_ms)),
        );
    }
    match signature::sign(&key.secret, &signed(asked, expires).text()) == received {
        true => Ok(key),
        false => Err(mismatch(asked, key, id, received, expires)),
    }
}

fn known<'a>(store: &'a Store, id: &str) -> Result<&'a Key, Refusal> {
    store.keys.get(id).ok_or_else(|| {
        let problem = "nobody has this access key";
        Refusal::forbidden("InvalidAccessKeyId", problem)
            .detail("OSSAccessKeyId", id)
            .explained("the access key id was not issued by this emulator")
    })
}

fn check_token(key: &Key, id: &str, token: &str, at: Moment) -> Result<(), Refusal> {
    let Some(right) = &key.token else {
        return Ok(());
    };
    if token.is_empty() {
        let problem = "nobody has this access key without a security token: send the token too";
        return Err(Refusal::forbidden("InvalidAccessKeyId", problem)
            .detail("OSSAccessKeyId", id)
            .explained("temporary keys without the security token that belongs to them"));
    }
    if token != right {
        let problem = "the security token does not belong to the access key";
        return Err(Refusal::forbidden("InvalidSecurityToken", problem)
            .explained("the security token does not belong to this access key id"));
    }
    if key
        .expires_ms
        .is_some_and(|expires_ms| at.now_ms >= expires_ms)
    {
        let problem = "the security token is past its time";
        return Err(Refusal::forbidden("SecurityTokenExpired", problem));
    }
    Ok(())
}

fn check_date(date: &str, at: Moment) -> Result<(), Refusal> {
    let Ok(stamp) = DateTimeParser::new().parse_timestamp(date) else {
        let problem = "a signed request needs its time, in x-oss-date or Date";
        return Err(Refusal::forbidden("AccessDenied", problem)
            .explained("Date is missing or not of the form Tue, 23 May 2023 15:24:55 GMT"));
    };
    let skew = at.ahead(stamp);
    if skew.abs() <= Moment::TOLERANCE {
        return Ok(());
    }
    let problem = "the time of the request is too far from the time here";
    Err(Refusal::forbidden("RequestTimeTooSkewed", problem)
        .detail(
            "MaxAllowedSkewMilliseconds",
            (Moment::TOLERANCE * 1000).to_string(),
        )
        .detail("RequestTime", iso(stamp.as_millisecond()))
        .detail("ServerTime", iso(at.now_ms))
        .explained(format!(
            "Date differs from the emulator's clock by {} s",
            clock::seconds_text(skew)
        )))
}

fn mismatch(asked: &Asked, key: &Key, id: &str, received: &str, date: &str) -> Refusal {
    let signed = signed(asked, date);
    let text = signed.text();
    let bytes: String = text.bytes().map(|b| format!("{b:02X} ")).collect();
    let problem = "the signature is not the one of this request and key";
    Refusal::forbidden("SignatureDoesNotMatch", problem)
        .detail("OSSAccessKeyId", id)
        .detail("SignatureProvided", received)
        .detail("StringToSign", text)
        .detail("StringToSignBytes", bytes)
        .explained(signed.diagnose(&key.secret, received))
}

/// A moment as OSS writes it in documents.
pub(super) fn iso(ms: i64) -> String {
    let stamp = jiff::Timestamp::from_millisecond(ms).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    stamp.strftime("%Y-%m-%dT%H:%M:%S.000Z").to_string()
}
