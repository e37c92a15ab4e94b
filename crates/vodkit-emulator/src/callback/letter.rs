//! A callback as its vendor writes it: what is sent, how often it is tried, and which answer ends it.

use bytes::Bytes;
use http::{HeaderName, Method, StatusCode};
use serde_json::Value;

/// One callback. The vendor has decided what it says; each attempt writes it anew, for the schemes that sign the time.
pub(crate) struct Letter {
    pub(crate) vendor: &'static str,
    /// What happened, in the vendor's word.
    pub(crate) event: String,
    pub(crate) rule: &'static Rule,
    pub(crate) write: Writer,
}

/// Writes the request of an attempt that is made at this moment, in milliseconds since the Unix epoch.
pub(crate) type Writer = Box<dyn Fn(i64) -> Message + Send + Sync>;

/// A request to somebody else's server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Message {
    pub(crate) method: Method,
    /// With its query, which may hold secrets: never shown whole.
    pub(crate) url: String,
    pub(crate) headers: Vec<(HeaderName, String)>,
    pub(crate) body: Bytes,
}

/// What a vendor makes of answers.
#[derive(Debug)]
pub(crate) struct Rule {
    /// Waits before the second and each later attempt, in milliseconds. Each counts from the end of the failed attempt.
    pub(crate) waits_ms: &'static [i64],
    /// Whether the body of the answer matters.
    pub(crate) reads_body: bool,
    pub(crate) judge: fn(&Reply) -> Verdict,
}

impl Rule {
    /// How long to wait after this attempt has failed, the first being 1; `None` when it was the last.
    pub(crate) fn wait_after(&self, attempt: u32) -> Option<i64> {
        let index = usize::try_from(attempt.checked_sub(1)?).ok()?;
        self.waits_ms.get(index).copied()
    }
}

/// What the other server answered.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    /// Empty when the [rule](Rule::reads_body) does not ask for it.
    pub(crate) body: Bytes,
}

/// What an answer means.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Verdict {
    /// The vendor's code in the answer, where it has one.
    pub(crate) code: Option<String>,
    /// Why it is a failure.
    pub(crate) refused: Option<String>,
}

impl Verdict {
    /// HTTP status 200 is a success, everything else none.
    pub(crate) fn by_status(reply: &Reply) -> Self {
        let refused = (reply.status != StatusCode::OK)
            .then(|| format!("answered {}, not 200", reply.status.as_u16()));
        Self {
            code: None,
            refused,
        }
    }

    /// HTTP status 200 and JSON with the code 0, as a number or as text, are a success.
    pub(crate) fn by_code(reply: &Reply) -> Self {
        let code = match serde_json::from_slice::<Value>(&reply.body) {
            Ok(Value::Object(members)) => match members.get("code") {
                Some(Value::Number(number)) => Some(number.to_string()),
                Some(Value::String(text)) => Some(text.chars().take(32).collect()),
                _ => None,
            },
            _ => None,
        };
        let refused = match (Self::by_status(reply).refused, code.as_deref()) {
            (Some(why), _) => Some(why),
            (None, Some("0")) => None,
            (None, Some(code)) => Some(format!("answered code {code}, not 0")),
            (None, None) => Some("answered without a code in JSON".to_owned()),
        };
        Self { code, refused }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn by_code(status: u16, body: &'static str) -> Verdict {
        Verdict::by_code(&Reply {
            status: StatusCode::from_u16(status).unwrap(),
            body: Bytes::from_static(body.as_bytes()),
        })
    }

    #[test]
    fn only_code_0_with_status_200_is_a_success() {
        for body in [r#"{"code":0}"#, r#"{"code":"0","msg":""}"#] {
            assert_eq!(by_code(200, body).refused, None, "{body}");
            assert!(by_code(201, body).refused.is_some(), "{body}");
        }
        for body in [
            "",
            "ok",
            "0",
            "[]",
            "{}",
            r#"{"code":null}"#,
            r#"{"code":1}"#,
            r#"{"code":"00"}"#,
            r#"{"code":0.5}"#,
        ] {
            assert!(by_code(200, body).refused.is_some(), "{body}");
        }
        let verdict = by_code(200, r#"{"code":1,"msg":"secret"}"#);
        assert_eq!(verdict.code.as_deref(), Some("1"));
        assert_eq!(verdict.refused.as_deref(), Some("answered code 1, not 0"));
    }

    #[test]
    fn a_rule_has_one_attempt_more_than_waits() {
        let rule = Rule {
            waits_ms: &[5, 30],
            reads_body: false,
            judge: Verdict::by_status,
        };
        let waits: Vec<_> = (0..5).map(|attempt| rule.wait_after(attempt)).collect();
        assert_eq!(waits, [None, Some(5), Some(30), None, None]);
    }
}
