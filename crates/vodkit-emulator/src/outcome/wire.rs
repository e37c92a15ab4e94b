//! Outcomes over the wire, for the emulator in a process of its own: `/_vodkit/outcomes`.

use std::sync::Arc;

use axum::extract::{Request, State as Shares};
use axum::response::Response;
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Becomes, Outcome, OutcomeReport, clear, plan_checked, reports};
use crate::form;
use crate::server::{Outcome as Told, Shared, json_response};

/// An outcome as JSON.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Rule {
    vendor: String,
    becomes: Becomes,
    times: Option<u64>,
    video: Option<Id>,
}

/// Ids are texts of some vendors and numbers of others.
#[derive(Deserialize)]
#[serde(untagged)]
enum Id {
    Text(String),
    Number(u64),
}

impl Rule {
    fn outcome(self) -> Result<Outcome, String> {
        let mut outcome = Outcome::of(self.vendor, self.becomes).times(self.times.unwrap_or(1));
        outcome.video = self.video.map(|id| match id {
            Id::Text(text) => text,
            Id::Number(number) => number.to_string(),
        });
        outcome.check()?;
        Ok(outcome)
    }
}

/// The outcomes of a body: one, or a list of them. All or none.
fn read(body: &[u8]) -> Result<Vec<Outcome>, String> {
    let one = |value: Value| {
        let rule: Rule = serde_json::from_value(value).map_err(|error| error.to_string())?;
        rule.outcome()
    };
    match serde_json::from_slice(body).map_err(|error| format!("the body is no JSON: {error}"))? {
        Value::Array(rules) => rules
            .into_iter()
            .enumerate()
            .map(|(at, rule)| one(rule).map_err(|why| format!("outcome {}: {why}", at + 1)))
            .collect(),
        rule => one(rule).map(|outcome| vec![outcome]),
    }
}

fn reply(reports: &[OutcomeReport], operation: &'static str) -> Response {
    let unmet: Vec<u64> = reports
        .iter()
        .filter(|report| report.is_unmet())
        .map(|report| report.id)
        .collect();
    let body = json!({ "status": "ok", "outcomes": reports, "unmet": unmet });
    json_response(StatusCode::OK, &body, Told::own(operation))
}

/// Answers `POST`: plans outcomes, and tells what they are called.
pub(crate) async fn plan(Shares(shared): Shares<Arc<Shared>>, request: Request) -> Response {
    let body = form::read(request.into_body()).await;
    let outcomes = body.map_err(|bad| bad.problem).and_then(|body| read(&body));
    let operation = "plan outcomes";
    let outcomes = match outcomes {
        Ok(outcomes) => outcomes,
        Err(why) => {
            let body = json!({ "status": "error", "message": why });
            let told = Told::own(operation).notes([why]);
            return json_response(StatusCode::BAD_REQUEST, &body, told);
        }
    };
    let ids: Vec<u64> = outcomes
        .into_iter()
        .map(|outcome| plan_checked(&shared, outcome))
        .collect();
    let mut reports = reports(&shared);
    reports.retain(|report| ids.contains(&report.id));
    reply(&reports, operation)
}

/// Answers `GET`: what became of all of them.
pub(crate) async fn report(Shares(shared): Shares<Arc<Shared>>) -> Response {
    reply(&reports(&shared), "report outcomes")
}

/// Answers `DELETE`: forgets all of them.
pub(crate) async fn forget(Shares(shared): Shares<Arc<Shared>>) -> Response {
    clear(&shared);
    reply(&[], "forget outcomes")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_says_what_the_methods_say() {
        let polyv = |becomes| Outcome::of("polyv", becomes);
        for (text, outcome) in [
            (
                r#"{ "vendor": "polyv", "becomes": "invalid_file" }"#,
                polyv(Becomes::InvalidFile),
            ),
            (
                r#"{ "vendor": "polyv", "becomes": "not_synced", "times": 2 }"#,
                polyv(Becomes::NotSynced).times(2),
            ),
            (
                r#"{ "vendor": "quvideo", "becomes": "transcoding_fails", "video": "v1" }"#,
                Outcome::of("quvideo", Becomes::TranscodingFails).video("v1"),
            ),
            (
                r#"{ "vendor": "baijiayun", "becomes": "transcoding_fails", "video": 7 }"#,
                Outcome::of("baijiayun", Becomes::TranscodingFails).video("7"),
            ),
            (
                r#"{ "vendor": "baijiayun", "becomes": { "playback": { "room_id": 7, "session_id": "a" } } }"#,
                Outcome::of(
                    "baijiayun",
                    Becomes::Playback {
                        room_id: 7,
                        session_id: Some("a".to_owned()),
                    },
                ),
            ),
        ] {
            assert_eq!(read(text.as_bytes()), Ok(vec![outcome]), "{text}");
        }
        let words = [
            "rendition_fails",
            "scan_objects",
            "review_rejects",
            "snapshots_fail",
            "courseware_fails",
            "courseware_rejected",
        ];
        let rules: Vec<Value> = words
            .iter()
            .map(|word| json!({ "vendor": "polyv", "becomes": word }))
            .collect();
        let read = read(json!(rules).to_string().as_bytes()).unwrap();
        assert_eq!(read.len(), words.len());
    }

    #[test]
    fn what_makes_no_sense_is_refused_by_name() {
        for (text, words) in [
            ("", "no JSON"),
            (r#"{ "vendor": "polyv" }"#, "missing field `becomes`"),
            (r#"{ "becomes": "invalid_file" }"#, "missing field `vendor`"),
            (
                r#"{ "vendor": "polyv", "becomes": "invalid_fil" }"#,
                "unknown variant `invalid_fil`",
            ),
            (
                r#"{ "vendor": "polyv", "becomes": "invalid_file", "time": 2 }"#,
                "unknown field `time`",
            ),
            (
                r#"{ "vendor": "baijiayun", "becomes": { "playback": { "room": 2 } } }"#,
                "unknown field `room`",
            ),
            (
                r#"{ "vendor": "polyv", "becomes": "invalid_file", "times": 0 }"#,
                "times is 0",
            ),
            (
                r#"{ "vendor": "quvideo", "becomes": "invalid_file" }"#,
                "those of polyv do",
            ),
            (
                r#"{ "vendor": "mediacloud", "becomes": "transcoding_fails" }"#,
                "baijiayun, polyv, quvideo",
            ),
            (
                r#"[{ "vendor": "polyv", "becomes": "invalid_file" }, {}]"#,
                "outcome 2: ",
            ),
        ] {
            let why = read(text.as_bytes()).unwrap_err();
            assert!(why.contains(words), "{text}: {why}");
        }
    }
}
