//! Who asks, and whether they may: form, key, token, time, signature, in this order.

use http::header;
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use super::not_played;
use super::signature::{ALGORITHM, Scope, Signed, UNSIGNED_PAYLOAD};
use crate::clock;
use crate::mediacloud::StorageKey;
use crate::storage::{Asked, Moment, Refusal};

/// Longest life of a signed address, in seconds.
const LONGEST: i64 = 7 * 24 * 3600;

/// What stands for the body of a request that may be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Payload {
    /// Its SHA-256, in small hexadecimal digits.
    Sha256(String),
    Unsigned,
}

impl Payload {
    /// What the signature has in its place.
    fn signed(&self) -> &str {
        match self {
            Self::Sha256(digest) => digest,
            Self::Unsigned => UNSIGNED_PAYLOAD,
        }
    }
}

/// What a signature says about itself.
struct Claimed {
    id: String,
    scope: Scope,
    names: Vec<String>,
    signature: String,
}

/// Whether the caller may do this, and what the body must be.
pub(super) fn check(
    asked: &Asked,
    at: Moment,
    known: impl Fn(&str) -> Option<StorageKey>,
) -> Result<Payload, Refusal> {
    let authorization = asked.header("authorization");
    let has_query = asked.parameter("X-Amz-Algorithm").is_some()
        || asked.parameter("X-Amz-Signature").is_some();
    match (authorization.is_empty(), has_query) {
        (false, true) => Err(Refusal::bad_request(
            "InvalidArgument",
            "the request is signed in more than one place: sign it in the Authorization header or in the query, not in both",
        )),
        (false, false) => by_header(asked, &authorization, at, known),
        (true, true) => by_address(asked, at, known),
        (true, false) => Err(
            Refusal::forbidden("AccessDenied", "this is not open to everybody")
                .explained("the request is not signed: no Authorization, no X-Amz-Signature"),
        ),
    }
}

fn by_header(
    asked: &Asked,
    authorization: &str,
    at: Moment,
    known: impl Fn(&str) -> Option<StorageKey>,
) -> Result<Payload, Refusal> {
    let malformed = |problem: &str| {
        let message = "the Authorization header cannot be read";
        Refusal::bad_request("AuthorizationHeaderMalformed", message).explained(problem)
    };
    let Some(fields) = authorization.strip_prefix(ALGORITHM) else {
        let message = "signatures of this kind are not taken: sign with AWS4-HMAC-SHA256";
        return Err(Refusal::bad_request("InvalidRequest", message)
            .explained("the emulator knows version 4 of the signature with HMAC-SHA256 only")
            .assumed("other-signatures"));
    };
    let field = |name: &str| {
        let mut fields = fields.split(',').map(str::trim);
        fields
            .find_map(|field| field.strip_prefix(name)?.strip_prefix('='))
            .filter(|value| !value.is_empty())
            .ok_or_else(|| malformed(&format!("Authorization has no {name}")))
    };
    let claimed = claimed(
        field("Credential")?,
        field("SignedHeaders")?,
        field("Signature")?,
        malformed,
    )?;
    let given = asked.header("x-amz-date");
    let given = match given.is_empty() {
        true => asked.header("date"),
        false => given,
    };
    let Some(stamp) = moment_of(&given) else {
        let message = "a signed request needs its time, in x-amz-date or Date";
        return Err(Refusal::forbidden("AccessDenied", message)
            .explained("x-amz-date is missing or not of the form 20130524T000000Z"));
    };
    if !given.starts_with(&claimed.scope.day) {
        return Err(malformed(
            "the day of the credential is not that of x-amz-date",
        ));
    }
    let payload = payload_of_header(asked)?;
    check_names(asked, &claimed.names)?;
    let key = key(
        &claimed.id,
        &asked.header("x-amz-security-token"),
        at,
        known,
    )?;
    let ahead = at.ahead(stamp);
    if ahead.abs() > Moment::TOLERANCE {
        let message = "the time of the request is too far from the time here";
        return Err(Refusal::forbidden("RequestTimeTooSkewed", message)
            .detail("RequestTime", given)
            .detail("ServerTime", clock::utc_text(at.now_ms))
            .detail(
                "MaxAllowedSkewMilliseconds",
                (Moment::TOLERANCE * 1000).to_string(),
            )
            .explained(format!(
                "x-amz-date differs from the emulator's clock by {} s",
                clock::seconds_text(ahead)
            )));
    }
    compare(
        asked,
        &asked.query,
        &claimed,
        payload.signed(),
        &given,
        &key,
    )?;
    Ok(payload)
}

fn by_address(
    asked: &Asked,
    at: Moment,
    known: impl Fn(&str) -> Option<StorageKey>,
) -> Result<Payload, Refusal> {
    let malformed = |problem: &str| {
        let message =
            "a signature in the query needs all six of its X-Amz- parameters, each in its form";
        Refusal::bad_request("AuthorizationQueryParametersError", message).explained(problem)
    };
    let parameter = |name: &str| {
        asked
            .parameter(name)
            .filter(|value| !value.is_empty())
            .ok_or_else(|| malformed(&format!("{name} is missing")))
    };
    if parameter("X-Amz-Algorithm")? != ALGORITHM {
        return Err(malformed("X-Amz-Algorithm is not AWS4-HMAC-SHA256"));
    }
    let given = parameter("X-Amz-Date")?;
    let Some(stamp) = moment_of(given) else {
        return Err(malformed("X-Amz-Date is not of the form 20130524T000000Z"));
    };
    let life = parameter("X-Amz-Expires")?
        .parse()
        .ok()
        .filter(|life| (0..=LONGEST).contains(life))
        .ok_or_else(|| malformed("X-Amz-Expires is not a number of seconds up to a week"))?;
    let claimed = claimed(
        parameter("X-Amz-Credential")?,
        parameter("X-Amz-SignedHeaders")?,
        parameter("X-Amz-Signature")?,
        malformed,
    )?;
    if !given.starts_with(&claimed.scope.day) {
        return Err(malformed(
            "the day of X-Amz-Credential is not that of X-Amz-Date",
        ));
    }
    check_names(asked, &claimed.names)?;
    let token = asked.parameter("X-Amz-Security-Token").unwrap_or_default();
    let key = key(&claimed.id, token, at, known)?;
    let ahead = at.ahead(stamp);
    if ahead > Moment::TOLERANCE {
        return Err(
            Refusal::forbidden("AccessDenied", "the signed address is not good yet").explained(
                format!("X-Amz-Date is {ahead} s ahead of the emulator's clock"),
            ),
        );
    }
    if -ahead > life {
        let end = (stamp.as_second() + life).saturating_mul(1000);
        return Err(
            Refusal::forbidden("AccessDenied", "the signed address is past its time")
                .detail("X-Amz-Expires", life.to_string())
                .detail("Expires", clock::utc_text(end))
                .detail("ServerTime", clock::utc_text(at.now_ms)),
        );
    }
    let query: Vec<(String, String)> = asked
        .query
        .iter()
        .filter(|(name, _)| name != "X-Amz-Signature")
        .cloned()
        .collect();
    let payload = match asked.parameter("X-Amz-Content-Sha256") {
        None => Payload::Unsigned,
        Some(text) => payload_of(text)?,
    };
    compare(asked, &query, &claimed, payload.signed(), given, &key)?;
    Ok(payload)
}

fn claimed(
    credential: &str,
    names: &str,
    signature: &str,
    malformed: impl Fn(&str) -> Refusal,
) -> Result<Claimed, Refusal> {
    let parts: Vec<&str> = credential.split('/').collect();
    let &[id, day, region, service, "aws4_request"] = parts.as_slice() else {
        return Err(malformed(
            "the credential is not ID/DAY/REGION/s3/aws4_request",
        ));
    };
    // assumed: region
    if service != "s3" || region.is_empty() {
        return Err(malformed(
            "the credential names no region, or another service than s3",
        ));
    }
    Ok(Claimed {
        id: id.to_owned(),
        scope: Scope {
            day: day.to_owned(),
            region: region.to_owned(),
            service: service.to_owned(),
        },
        names: names.split(';').map(str::to_owned).collect(),
        signature: signature.to_owned(),
    })
}

/// Reads `yyyymmddThhmmssZ`, and nothing else.
fn moment_of(text: &str) -> Option<Timestamp> {
    let shaped = text.len() == 16
        && text.bytes().enumerate().all(|(index, byte)| match index {
            8 => byte == b'T',
            15 => byte == b'Z',
            _ => byte.is_ascii_digit(),
        });
    if !shaped {
        return None;
    }
    let civil = DateTime::strptime("%Y%m%dT%H%M%SZ", text).ok()?;
    let zoned = civil.to_zoned(TimeZone::UTC).ok()?;
    Some(zoned.timestamp())
}

fn payload_of_header(asked: &Asked) -> Result<Payload, Refusal> {
    let text = asked.header("x-amz-content-sha256");
    if text.is_empty() {
        let message = "the header x-amz-content-sha256 is missing";
        return Err(Refusal::bad_request("InvalidRequest", message));
    }
    payload_of(&text)
}

fn payload_of(text: &str) -> Result<Payload, Refusal> {
    if text == UNSIGNED_PAYLOAD {
        return Ok(Payload::Unsigned);
    }
    if text.starts_with("STREAMING-") {
        let message = "a header asks for something that is not played here";
        return Err(not_played(message)
            .explained("the emulator takes no body in signed chunks or with trailers")
            .assumed("chunks"));
    }
    let is_digest = text.len() == 64
        && text
            .bytes()
            .all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
    match is_digest {
        true => Ok(Payload::Sha256(text.to_owned())),
        false => Err(Refusal::argument(
            "x-amz-content-sha256",
            text,
            "x-amz-content-sha256 is neither UNSIGNED-PAYLOAD nor 64 small hexadecimal digits",
        )),
    }
}

/// The host and every header of S3's own must be signed, in order, and what is signed must be there.
fn check_names(asked: &Asked, names: &[String]) -> Result<(), Refusal> {
    let own = asked
        .headers
        .keys()
        .map(header::HeaderName::as_str)
        .filter(|name| name.starts_with("x-amz-"));
    let unsigned: Vec<&str> = ["host"]
        .into_iter()
        .chain(own)
        .filter(|name| !names.iter().any(|have| have == name))
        .collect();
    if !unsigned.is_empty() {
        let message = "some headers have to be signed and are not";
        return Err(Refusal::forbidden("AccessDenied", message)
            .detail("HeadersNotSigned", unsigned.join(", ")));
    }
    let plain = |name: &String| {
        !name.is_empty()
            && !name.bytes().any(|b| b.is_ascii_uppercase())
            && asked.headers.contains_key(name.as_str())
    };
    if !names.iter().all(plain) || !names.is_sorted_by(|a, b| a < b) {
        let message = "the list of signed headers cannot be used";
        return Err(Refusal::bad_request("AuthorizationHeaderMalformed", message).explained(
            "SignedHeaders are not sorted, not in small letters, or name a header that is not there",
        ));
    }
    Ok(())
}

fn key(
    id: &str,
    token: &str,
    at: Moment,
    known: impl Fn(&str) -> Option<StorageKey>,
) -> Result<StorageKey, Refusal> {
    let unknown = |why: &str| {
        let message = "nobody has this access key";
        Refusal::forbidden("InvalidAccessKeyId", message)
            .detail("AWSAccessKeyId", id)
            .explained(why)
    };
    let key = known(id).ok_or_else(|| {
        unknown("the access key id is none that a login of this emulator gave out, or was revoked")
    })?;
    if token.is_empty() {
        return Err(unknown(
            "temporary keys without the session token that belongs to them",
        ));
    }
    if token != key.token {
        let message = "the session token does not belong to the access key";
        return Err(Refusal::bad_request("InvalidToken", message)
            .explained("the session token does not belong to this access key id"));
    }
    if at.now_ms >= key.expires_ms {
        let message = "the session token is past its time";
        // assumed: expired
        return Err(Refusal::bad_request("ExpiredToken", message));
    }
    Ok(key)
}

fn compare(
    asked: &Asked,
    query: &[(String, String)],
    claimed: &Claimed,
    payload: &str,
    moment: &str,
    key: &StorageKey,
) -> Result<(), Refusal> {
    let signed = Signed {
        method: &asked.method,
        path: &asked.path,
        query,
        headers: &asked.headers,
        names: &claimed.names,
        payload,
        moment,
        scope: &claimed.scope,
    };
    let received = claimed.signature.as_str();
    if signed.sign(&key.secret) == received {
        return Ok(());
    }
    let bytes = |text: &str| -> String { text.bytes().map(|b| format!("{b:02x} ")).collect() };
    let (text, canonical) = (signed.text(), signed.canonical());
    let message = "the signature is not the one of this request and key";
    Err(Refusal::forbidden("SignatureDoesNotMatch", message)
        .detail("AWSAccessKeyId", claimed.id.as_str())
        .detail("SignatureProvided", received)
        .detail("StringToSignBytes", bytes(&text))
        .detail("StringToSign", text)
        .detail("CanonicalRequestBytes", bytes(&canonical))
        .detail("CanonicalRequest", canonical)
        .explained(signed.diagnose(&key.secret, received)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_basic_form_is_a_moment() {
        let moment = moment_of("20130524T000000Z").unwrap();
        assert_eq!(moment.as_second(), 1_369_353_600);
        for bad in [
            "",
            "20130524T000000",
            "20131324T000000Z",
            "2013-05-24T00:00Z",
            "20130524 000000Z",
            "Fri, 24 May 2013",
        ] {
            assert_eq!(moment_of(bad), None, "{bad}");
        }
    }
}
