//! `name=value` on the command line, checked against the operation table before anything is sent.

use serde_json::{Map, Value};
use vodkit_request::params::check;
use vodkit_request::types::{Body, Operation, Param, ParamKind};

use crate::catalogue::Vendor;
use crate::endpoints;
use crate::failure::Failure;
use crate::suggest::nearest;

/// Parameters that were read and found good.
#[derive(Debug, Default)]
pub(crate) struct Given {
    /// Under the names of the table.
    pub(crate) documented: Map<String, Value>,
    /// To be sent unchecked.
    pub(crate) undocumented: Vec<(String, Value)>,
    /// The account, when the command line names one.
    pub(crate) account: Option<String>,
}

/// Splits `name=value`; a name may be given once.
pub(crate) fn pairs(given: &[String]) -> Result<Vec<(&str, &str)>, Failure> {
    let mut pairs: Vec<(&str, &str)> = Vec::with_capacity(given.len());
    for argument in given {
        // What is no pair may be a secret that lost its name: it is not repeated.
        let Some((name, value)) = argument.split_once('=') else {
            return Err(Failure::usage(
                "a parameter is written name=value, and one argument has no `=`",
            ));
        };
        if name.is_empty() {
            return Err(Failure::usage(
                "a parameter is written name=value, and one argument has no name",
            ));
        }
        if pairs.iter().any(|(other, _)| *other == name) {
            return Err(Failure::usage(format!("parameter `{name}` is given twice")));
        }
        pairs.push((name, value));
    }
    Ok(pairs)
}

/// Reads the parameters of a call. What is required and not given is asked of `fallback`.
pub(crate) fn read(
    vendor: Vendor,
    operation: &'static Operation,
    given: &[String],
    allow_undocumented: bool,
    fallback: impl Fn(&str) -> Option<String>,
) -> Result<Given, Failure> {
    let pairs = pairs(given)?;
    let common = vendor.common(operation);
    let mut read = Given::default();
    let mut unknown = Vec::new();
    for (name, text) in pairs {
        if let Some(param) = operation.param(name) {
            let value = value(param, text)?;
            // An absent optional text and an empty one are different requests: the second must reach the wire.
            if text.is_empty() && !param.required {
                read.undocumented.push((name.to_owned(), value));
            } else {
                read.documented.insert(name.to_owned(), value);
            }
        } else if name == "sign" {
            return Err(Failure::usage(
                "parameter `sign`: vodkit computes it; leave it out",
            ));
        } else if let Some(variable) = vendor.variable(name).filter(|_| vendor.keeps_back(name)) {
            return Err(Failure::usage(format!(
                "parameter `{name}`: a key or token is no parameter of this call; set {variable}"
            )));
        } else if let Some(param) = common.iter().find(|param| param.name == name) {
            checked(param, text)?;
            if vendor.names_account(name) {
                read.account = Some(text.to_owned());
            } else {
                read.undocumented.push((name.to_owned(), text.into()));
            }
        } else if allow_undocumented {
            read.undocumented.push((name.to_owned(), text.into()));
        } else {
            unknown.push(name);
        }
    }
    if !unknown.is_empty() {
        return Err(unknown_params(operation, common, &unknown));
    }
    let mut missing = Vec::new();
    for param in operation.params.iter().filter(|param| param.required) {
        if read.documented.contains_key(param.name) {
            continue;
        }
        match fallback(param.name) {
            Some(text) => drop(
                read.documented
                    .insert(param.name.to_owned(), value(param, &text)?),
            ),
            None => missing.push(param.name),
        }
    }
    if missing.is_empty() {
        Ok(read)
    } else {
        let noun = if missing.len() == 1 {
            "parameter is"
        } else {
            "parameters are"
        };
        Err(
            Failure::usage(format!("required {noun} missing: {}", missing.join(", ")))
                .operation(operation.name)
                .hint(format!(
                    "`{}` says what it takes",
                    endpoints::describing(operation)
                )),
        )
    }
}

/// Reads the parameters of a call that no table has. In a JSON body, what is JSON and no text stays so.
pub(crate) fn unchecked(operation: &Operation, given: &[String]) -> Result<Given, Failure> {
    let value = |text: &str| match operation.body {
        Body::Json => match serde_json::from_str::<Value>(text) {
            Ok(json) => json,
            Err(_) => text.into(),
        },
        _ => text.into(),
    };
    Ok(Given {
        undocumented: pairs(given)?
            .into_iter()
            .map(|(name, text)| (name.to_owned(), value(text)))
            .collect(),
        ..Given::default()
    })
}

fn unknown_params(operation: &'static Operation, common: &[Param], unknown: &[&str]) -> Failure {
    let known = || {
        operation
            .params
            .iter()
            .chain(common)
            .map(|param| param.name)
    };
    let quoted: Vec<_> = unknown
        .iter()
        .map(|name| match nearest(name, known()) {
            Some(meant) => format!("`{name}` (did you mean `{meant}`?)"),
            None => format!("`{name}`"),
        })
        .collect();
    let noun = if unknown.len() == 1 {
        "parameter"
    } else {
        "parameters"
    };
    let all: Vec<_> = operation.params.iter().map(|param| param.name).collect();
    let takes = if all.is_empty() {
        "no parameters".to_owned()
    } else {
        all.join(", ")
    };
    Failure::usage(format!("unknown {noun} {}", quoted.join(", ")))
        .operation(operation.name)
        .hint(format!(
            "it takes {takes}; --allow-undocumented sends others as they are"
        ))
}

/// The value of one documented parameter.
fn value(param: &Param, text: &str) -> Result<Value, Failure> {
    match param.kind {
        ParamKind::File => match text.strip_prefix('@') {
            Some(path) if !path.is_empty() => {
                readable(std::path::Path::new(path))?;
                Ok(path.into())
            }
            _ => Err(Failure::usage(format!(
                "parameter `{0}` is a file: write {0}=@PATH",
                param.name
            ))),
        },
        ParamKind::Object => match serde_json::from_str(text) {
            Ok(object @ Value::Object(_)) => Ok(object),
            _ => Err(Failure::usage(format!(
                "parameter `{}`: must be a JSON object",
                param.name
            ))),
        },
        ParamKind::TextList | ParamKind::IntList => {
            // Ids that another command has printed as JSON stand in quotes.
            let bare = text.trim();
            let bare = bare.strip_prefix('[').unwrap_or(bare);
            let bare = bare.strip_suffix(']').unwrap_or(bare);
            let items: Vec<Value> = if bare.contains('"') {
                serde_json::from_str(&format!("[{bare}]")).unwrap_or_default()
            } else {
                bare.split(',').map(|item| item.trim().into()).collect()
            };
            let flat = |item: &Value| {
                item.is_number() || item.as_str().is_some_and(|text| !text.is_empty())
            };
            if items.is_empty() || !items.iter().all(flat) {
                return Err(Failure::usage(format!(
                    "parameter `{}`: must be a list, written a,b or as JSON, no element of it empty",
                    param.name
                )));
            }
            Ok(items.into())
        }
        ParamKind::List(_) if text.trim_start().starts_with('[') => {
            let items: Vec<Value> = serde_json::from_str(text).map_err(|error| {
                Failure::usage(format!(
                    "parameter `{}`: not a JSON list: {error}",
                    param.name
                ))
            })?;
            let texts: Option<Vec<String>> = items
                .iter()
                .map(|item| match item {
                    Value::String(text) => Some(text.clone()),
                    Value::Number(number) => Some(number.to_string()),
                    _ => None,
                })
                .collect();
            let Some(texts) = texts else {
                return Err(Failure::usage(format!(
                    "parameter `{}`: a list holds texts and numbers only",
                    param.name
                )));
            };
            checked(param, &texts.join(","))?;
            Ok(items.into())
        }
        // A secret is not compared with anything, since a refusal could quote it.
        ParamKind::Secret => Ok(text.into()),
        _ => {
            checked(param, text)?;
            Ok(text.into())
        }
    }
}

pub(crate) fn checked(param: &Param, text: &str) -> Result<(), Failure> {
    // For optional parameters an empty text is a value of its own, whatever the others must look like.
    if text.is_empty() && !param.required {
        return Ok(());
    }
    check(param, text).map_err(|invalid| {
        let failure = Failure::usage(invalid.to_string());
        if param.name == "timestamp" {
            failure.hint("it has 10 digits: seconds since 1970, not milliseconds")
        } else if matches!(param.name, "ptime" | "ts") {
            failure.hint("it has 13 digits: milliseconds since 1970, not seconds")
        } else {
            failure
        }
    })
}

/// Refuses what cannot be sent as a file, and gives its length.
pub(crate) fn readable(path: &std::path::Path) -> Result<u64, Failure> {
    let shown = path.display();
    let why = |error: std::io::Error| match error.kind() {
        std::io::ErrorKind::NotFound => format!("cannot read `{shown}`: there is no such file"),
        std::io::ErrorKind::PermissionDenied => format!("cannot read `{shown}`: permission denied"),
        _ => format!("cannot read `{shown}`: {error}"),
    };
    let metadata = std::fs::metadata(path).map_err(|error| Failure::local_file(why(error)))?;
    let problem = if metadata.is_dir() {
        "it is a directory"
    } else if !metadata.is_file() {
        "it is not a regular file"
    } else if metadata.len() == 0 {
        "it is empty"
    } else {
        // Opening tells of missing rights before anything is sent.
        std::fs::File::open(path).map_err(|error| Failure::local_file(why(error)))?;
        return Ok(metadata.len());
    };
    Err(Failure::local_file(format!(
        "cannot send `{shown}`: {problem}"
    )))
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use vodkit_request::baijiayun::operations::{
        CREATE_KEY, GET_INFO, GET_PLAYER_TOKEN_BATCH, GET_VIDEO_LIST, SET_VIDEO_CATEGORY,
        UPDATE_VIDEO, UPLOAD_SUBTITLE,
    };

    use super::*;

    fn try_read(operation: &'static Operation, given: &[&str]) -> Result<Given, String> {
        let given: Vec<_> = given.iter().map(|text| (*text).to_owned()).collect();
        read(Vendor::Baijiayun, operation, &given, false, |_| None)
            .map_err(|failure| failure.line())
    }

    #[test]
    fn values_keep_their_text() {
        let given = try_read(&UPDATE_VIDEO, &["video_id=5", "name=a=b [1]"]).unwrap();
        assert_eq!(
            Value::Object(given.documented),
            json!({ "video_id": "5", "name": "a=b [1]" })
        );
    }

    #[test]
    fn lists_are_json_or_commas() {
        for text in ["video_ids=1,2", "video_ids=[1,2]", r#"video_ids=["1", 2]"#] {
            assert!(
                try_read(&GET_PLAYER_TOKEN_BATCH, &[text, "expires_in=5"]).is_ok(),
                "{text}"
            );
        }
        for text in ["video_ids=[1", "video_ids=[[1]]", "video_ids=[null]"] {
            assert!(
                try_read(&GET_PLAYER_TOKEN_BATCH, &[text, "expires_in=5"]).is_err(),
                "{text}"
            );
        }
    }

    #[test]
    fn lists_of_a_json_body_take_what_another_call_has_printed() {
        let operation = Vendor::MediaCloud.operation("DELETE api/v1/class").unwrap();
        let uids = |text: &str| {
            let given = [format!("uids={text}")];
            read(Vendor::MediaCloud, operation, &given, false, |_| None)
                .map(|given| given.documented["uids"].clone())
                .map_err(|failure| failure.line())
        };
        for text in ["a,b", "[a,b]", r#""a","b""#, r#"["a", "b"]"#] {
            assert_eq!(uids(text).unwrap(), json!(["a", "b"]), "{text}");
        }
        assert_eq!(uids("007,1e5").unwrap(), json!(["007", "1e5"]));
        for text in ["", "a,", "a,,b", "[]", r#"["a",[]]"#] {
            assert!(uids(text).is_err(), "{text}");
        }
    }

    #[test]
    fn faults_are_named() {
        let line = |operation, given: &[&str]| try_read(operation, given).unwrap_err();
        assert_eq!(
            line(&GET_INFO, &[]),
            "video/getInfo: required parameter is missing: video_id. `vodkit endpoints baijiayun video/getInfo` says what it takes"
        );
        assert!(line(&SET_VIDEO_CATEGORY, &[]).contains("parameters are missing: "));
        assert!(line(&GET_INFO, &["video_id=-1"]).contains("`video_id`: -1 is below the smallest"));
        assert!(line(&GET_INFO, &["vidoe_id=1"]).contains("`vidoe_id` (did you mean `video_id`?)"));
        assert!(line(&GET_INFO, &["video_id=1", "video_id=2"]).contains("given twice"));
        assert!(line(&GET_INFO, &["video_id=1", "sign=x"]).contains("computes it"));
        assert!(line(&GET_INFO, &["video_id=1", "timestamp=1700000000000"]).contains("10 digits"));
        assert!(
            line(&GET_VIDEO_LIST, &["page_size=1001"])
                .contains("above the largest allowed value 1000")
        );
        assert!(line(&UPLOAD_SUBTITLE, &["video_id=1", "subtitle=a.srt"]).contains("=@PATH"));
        assert!(
            line(
                &UPLOAD_SUBTITLE,
                &["video_id=1", "subtitle=@/nowhere/a.srt"]
            )
            .contains("no such file")
        );
    }

    #[test]
    fn what_may_be_a_secret_is_not_repeated() {
        for given in [
            "CANARY",
            "=CANARY",
            "partner_key=CANARY",
            "secret_key=CANARY",
            "sign=CANARY",
        ] {
            let line = try_read(&GET_INFO, &["video_id=1", given]).unwrap_err();
            assert!(!line.contains("CANARY"), "{line}");
        }
        assert!(try_read(&CREATE_KEY, &["partner_id=1", "secret_key=CANARY"]).is_ok());
    }

    #[test]
    fn the_account_and_the_time_can_be_given() {
        let given = try_read(
            &GET_INFO,
            &["video_id=1", "partner_id=77", "timestamp=1700000000"],
        )
        .unwrap();
        assert_eq!(given.account.as_deref(), Some("77"));
        assert_eq!(
            given.undocumented,
            [("timestamp".to_owned(), json!("1700000000"))]
        );
    }
}
