//! Faults over the wire, for the emulator in a process of its own: `/_vodkit/faults`.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Request, State as Shares};
use axum::response::Response;
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use super::plan::{Action, Often};
use super::{Answer, Fault, FaultReport};
use crate::connection::End;
use crate::form;
use crate::server::{Outcome, Shared, json_response};

/// A fault as JSON.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Rule {
    on: Option<String>,
    vendor: Option<String>,
    #[serde(default)]
    query: BTreeMap<String, String>,
    nth: Option<u64>,
    times: Option<u64>,
    rate: Option<f64>,
    seed: Option<u64>,
    #[serde(rename = "do")]
    action: Do,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum Do {
    Answer {
        status: u16,
        #[serde(default)]
        headers: BTreeMap<String, String>,
        retry_after: Option<u64>,
        #[serde(default)]
        body: String,
        #[serde(default)]
        at_once: bool,
    },
    Failure {
        code: String,
        #[serde(default)]
        message: String,
    },
    OssError {
        status: u16,
        code: String,
        retry_after: Option<u64>,
    },
    HtmlPage,
    Close,
    Reset,
    CutRequest {
        after: u64,
        #[serde(default)]
        how: How,
        #[serde(default)]
        keep: bool,
    },
    StallRequest {
        after: u64,
        ms: u64,
    },
    StallReply {
        ms: u64,
    },
    LoseReply {
        #[serde(default)]
        how: How,
    },
    CutReply {
        after: u64,
        #[serde(default)]
        how: How,
    },
    CutReplyHead {
        after: u64,
        #[serde(default)]
        how: How,
    },
    DribbleReply {
        #[serde(default)]
        pause_ms: u64,
    },
    FlipBit {
        at: u64,
    },
    ExpireCredentials,
    ForgetUpload,
}

/// How a connection ends.
#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
enum How {
    #[default]
    Close,
    Reset,
}

impl From<How> for End {
    fn from(how: How) -> Self {
        match how {
            How::Close => Self::Close,
            How::Reset => Self::Reset,
        }
    }
}

impl Do {
    fn action(self) -> Action {
        let hinted = |answer: Answer, retry_after: Option<u64>| match retry_after {
            Some(seconds) => answer.retry_after(seconds),
            None => answer,
        };
        match self {
            Self::Answer {
                status,
                headers,
                retry_after,
                body,
                at_once,
            } => {
                let answer = headers.into_iter().fold(
                    Answer::status(status).body(body),
                    |answer, (name, value)| answer.header(name, value),
                );
                let answer = hinted(answer, retry_after);
                Action::Answer(if at_once { answer.at_once() } else { answer })
            }
            Self::Failure { code, message } => Action::Answer(Answer::failure(code, message)),
            Self::OssError {
                status,
                code,
                retry_after,
            } => Action::Answer(hinted(Answer::oss_error(status, code), retry_after)),
            Self::HtmlPage => Action::Answer(Answer::html_page()),
            Self::Close => Action::CutRequest {
                after: 0,
                end: End::Close,
                keep: false,
            },
            Self::Reset => Action::CutRequest {
                after: 0,
                end: End::Reset,
                keep: false,
            },
            Self::CutRequest { after, how, keep } => Action::CutRequest {
                after,
                end: how.into(),
                keep,
            },
            Self::StallRequest { after, ms } => Action::StallRequest {
                after,
                time: Duration::from_millis(ms),
            },
            Self::StallReply { ms } => Action::StallReply(Duration::from_millis(ms)),
            Self::LoseReply { how } => Action::LoseReply(how.into()),
            Self::CutReply { after, how } => Action::CutReply {
                after,
                end: how.into(),
            },
            Self::CutReplyHead { after, how } => Action::CutReplyHead {
                after,
                end: how.into(),
            },
            Self::DribbleReply { pause_ms } => {
                Action::DribbleReply(Duration::from_millis(pause_ms))
            }
            Self::FlipBit { at } => Action::FlipBit(at),
            Self::ExpireCredentials => Action::ExpireCredentials,
            Self::ForgetUpload => Action::ForgetUpload,
        }
    }
}

impl Rule {
    fn fault(self) -> Result<Fault, String> {
        let mut target = match self.on {
            Some(operation) => Fault::on(operation),
            None => Fault::on_any(),
        };
        target.vendor = self.vendor;
        target.query = self.query.into_iter().collect();
        target.nth = self.nth.unwrap_or(1);
        target.often = match (self.times, self.rate, self.seed) {
            (Some(_), Some(_), _) => {
                return Err("times and rate exclude each other".to_owned());
            }
            (_, None, Some(_)) => return Err("seed is of use with rate only".to_owned()),
            (times, None, None) => Often::Times(times.unwrap_or(1)),
            (None, Some(probability), seed) => Often::Rate {
                probability,
                seed: seed.unwrap_or(0),
            },
        };
        let fault = Fault {
            target,
            action: self.action.action(),
        };
        fault.check()?;
        Ok(fault)
    }
}

/// The faults of a body: one, or a list of them. All or none.
fn read(body: &[u8]) -> Result<Vec<Fault>, String> {
    let one = |value: Value| {
        let rule: Rule = serde_json::from_value(value).map_err(|error| error.to_string())?;
        rule.fault()
    };
    match serde_json::from_slice(body).map_err(|error| format!("the body is no JSON: {error}"))? {
        Value::Array(rules) => rules
            .into_iter()
            .enumerate()
            .map(|(at, rule)| one(rule).map_err(|why| format!("fault {}: {why}", at + 1)))
            .collect(),
        rule => one(rule).map(|fault| vec![fault]),
    }
}

fn reply(reports: &[FaultReport], operation: &'static str) -> Response {
    let unfired: Vec<u64> = reports
        .iter()
        .filter(|report| report.is_unfired())
        .map(|report| report.id)
        .collect();
    let body = json!({ "status": "ok", "faults": reports, "unfired": unfired });
    json_response(StatusCode::OK, &body, Outcome::own(operation))
}

/// Answers `POST`: plans faults, and tells what they are called.
pub(crate) async fn plan(Shares(shared): Shares<Arc<Shared>>, request: Request) -> Response {
    let body = form::read(request.into_body()).await;
    let faults = body.map_err(|bad| bad.problem).and_then(|body| read(&body));
    let operation = "plan faults";
    let faults = match faults {
        Ok(faults) => faults,
        Err(why) => {
            let body = json!({ "status": "error", "message": why });
            let outcome = Outcome::own(operation).notes([why]);
            return json_response(StatusCode::BAD_REQUEST, &body, outcome);
        }
    };
    let reports = shared.faults.with(|registry| {
        let ids: Vec<u64> = faults
            .into_iter()
            .map(|fault| registry.plan(fault))
            .collect();
        let mut reports = registry.reports();
        reports.retain(|report| ids.contains(&report.id));
        reports
    });
    reply(&reports, operation)
}

/// Answers `GET`: what became of all of them.
pub(crate) async fn report(Shares(shared): Shares<Arc<Shared>>) -> Response {
    let reports = shared.faults.with(|registry| registry.reports());
    reply(&reports, "report faults")
}

/// Answers `DELETE`: forgets all of them.
pub(crate) async fn forget(Shares(shared): Shares<Arc<Shared>>) -> Response {
    shared.faults.with(|registry| registry.clear());
    reply(&[], "forget faults")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn planned(text: &str) -> Result<Vec<Fault>, String> {
        read(text.as_bytes())
    }

    #[test]
    fn a_rule_says_what_the_methods_say() {
        let ms = Duration::from_millis;
        let any = Fault::on_any;
        let cases = [
            (
                r#"{ "on": "UploadPart", "vendor": "quvideo", "query": { "partNumber": "3" }, "nth": 3, "times": 2,
                     "do": { "cut_request": { "after": 100000 } } }"#,
                Fault::on("UploadPart")
                    .vendor("quvideo")
                    .query("partNumber", "3")
                    .nth(3)
                    .times(2)
                    .cut_request_after(100_000),
            ),
            (
                r#"{ "do": { "cut_request": { "after": 5, "how": "reset" } } }"#,
                any().reset_request_after(5),
            ),
            (
                r#"{ "do": { "cut_request": { "after": 5, "keep": true } } }"#,
                any().cut_request_keeping(5),
            ),
            (
                r#"{ "rate": 0.05, "seed": 7, "do": { "answer": { "status": 503, "retry_after": 2 } } }"#,
                any()
                    .rate(0.05, 7)
                    .answer(Answer::status(503).retry_after(2)),
            ),
            (
                r#"{ "do": { "answer": { "status": 307, "headers": { "Location": "http://a.test/" }, "body": "x", "at_once": true } } }"#,
                any().answer(
                    Answer::status(307)
                        .body("x")
                        .header("Location", "http://a.test/")
                        .at_once(),
                ),
            ),
            (
                r#"{ "do": { "failure": { "code": "1002", "message": "no" } } }"#,
                any().answer(Answer::failure("1002", "no")),
            ),
            (
                r#"{ "do": { "oss_error": { "status": 403, "code": "SecurityTokenExpired" } } }"#,
                any().answer(Answer::oss_error(403, "SecurityTokenExpired")),
            ),
            (
                r#"{ "do": { "oss_error": { "status": 503, "code": "SlowDown", "retry_after": 1 } } }"#,
                any().answer(Answer::oss_error(503, "SlowDown").retry_after(1)),
            ),
            (
                r#"{ "do": "html_page" }"#,
                any().answer(Answer::html_page()),
            ),
            (r#"{ "do": "close" }"#, any().close()),
            (r#"{ "do": "reset" }"#, any().reset()),
            (
                r#"{ "do": { "stall_request": { "after": 1, "ms": 20 } } }"#,
                any().stall_request_after(1, ms(20)),
            ),
            (
                r#"{ "do": { "stall_reply": { "ms": 20 } } }"#,
                any().stall_reply(ms(20)),
            ),
            (r#"{ "do": { "lose_reply": {} } }"#, any().lose_reply()),
            (
                r#"{ "do": { "lose_reply": { "how": "reset" } } }"#,
                any().reset_reply(),
            ),
            (
                r#"{ "do": { "cut_reply": { "after": 9 } } }"#,
                any().cut_reply_after(9),
            ),
            (
                r#"{ "do": { "cut_reply": { "after": 9, "how": "reset" } } }"#,
                any().reset_reply_after(9),
            ),
            (
                r#"{ "do": { "cut_reply_head": { "after": 9 } } }"#,
                any().cut_reply_head_after(9),
            ),
            (
                r#"{ "do": { "dribble_reply": { "pause_ms": 1 } } }"#,
                any().dribble_reply(ms(1)),
            ),
            (
                r#"{ "do": { "flip_bit": { "at": 3 } } }"#,
                any().flip_bit_at(3),
            ),
            (
                r#"{ "do": "expire_credentials" }"#,
                any().expire_credentials(),
            ),
            (r#"{ "do": "forget_upload" }"#, any().forget_upload()),
        ];
        for (text, fault) in cases {
            assert_eq!(planned(text), Ok(vec![fault]), "{text}");
        }
        let two = planned(r#"[{ "do": "close" }, { "do": "reset" }]"#).unwrap();
        assert_eq!(two, [any().close(), any().reset()]);
        assert_eq!(planned("[]"), Ok(Vec::new()));
    }

    #[test]
    fn what_makes_no_sense_is_refused_by_name() {
        for (text, words) in [
            ("", "no JSON"),
            (r#"{ "do": "close", "nht": 2 }"#, "unknown field `nht`"),
            (
                r#"{ "do": { "cut_request": { "afer": 2 } } }"#,
                "unknown field `afer`",
            ),
            (r#"{ "do": "colse" }"#, "unknown variant `colse`"),
            (r#"{ "on": "UploadPart" }"#, "missing field `do`"),
            (r#"{ "do": "close", "nth": 0 }"#, "nth is 0"),
            (r#"{ "do": "close", "times": 0 }"#, "times is 0"),
            (r#"{ "do": "close", "times": -1 }"#, "-1"),
            (r#"{ "do": "close", "rate": 1.5 }"#, "rate 1.5"),
            (r#"{ "do": "close", "rate": 0 }"#, "rate 0"),
            (r#"{ "do": "close", "rate": 0.5, "times": 2 }"#, "exclude"),
            (r#"{ "do": "close", "seed": 2 }"#, "seed"),
            (r#"{ "do": "close", "vendor": "vimeo" }"#, "vimeo"),
            (r#"{ "do": "close", "on": "" }"#, "empty"),
            (r#"{ "do": { "answer": { "status": 99 } } }"#, "status 99"),
            (
                r#"{ "do": { "answer": { "status": 200, "headers": { "a b": "c" } } } }"#,
                "no header",
            ),
            (r#"[{ "do": "close" }, { "do": "colse" }]"#, "fault 2: "),
        ] {
            let why = planned(text).unwrap_err();
            assert!(why.contains(words), "{text}: {why}");
        }
    }
}
