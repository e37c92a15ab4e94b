//! What each call must carry, before its handler looks at it: the vendor's operation table.

use vodkit_types::operation::{Operation, Param, ParamKind};
use vodkit_types::polyv::operations::{COMMON, COMMON_TOKEN};

use super::envelope::{EMPTY_FILE, Fault};
use crate::clock;
use crate::form::Form;

/// Refuses a call that lacks a required parameter or carries a malformed one, naming it.
///
/// What stands in the path need not be sent once more. // assumed: userid-optional
pub(super) fn check(operation: &Operation, form: &Form) -> Result<(), Fault> {
    operation.params.iter().try_for_each(|param| {
        let in_path = operation.path.contains(&format!("{{{}}}", param.name));
        if param.kind == ParamKind::File {
            return match form.file(param.name) {
                Some(file) if !file.content.is_empty() => Ok(()),
                _ if !param.required => Ok(()),
                _ => Err(missing(param.name)
                    .explained(format!("the file part {} is missing or empty", param.name))),
            };
        }
        // assumed: empty-is-missing
        match form.text(param.name) {
            None if param.required && !in_path => Err(missing(param.name)),
            None => Ok(()),
            Some(text) => shape(param, text),
        }
    })
}

/// The vendor's words for a missing parameter, as far as it has any.
fn missing(name: &str) -> Fault {
    let words = match name {
        "vid" => "vid is blank",
        "vids" => "vids can't be empty",
        "title" => "title can't be empty",
        "taskId" => "TaskId is null!",
        "hlslevel" => "hlslevel error",
        "cataid" | "parentid" | "destCataid" => "illegal cataid",
        "image" | "courseware" => "file can't be empty",
        other => {
            return Fault::new(format!("{other} can't be empty"))
                .explained(format!("parameter {other} is missing or empty"))
                .assumed("message-words");
        }
    };
    Fault::new(words).explained(format!("parameter {name} is missing or empty"))
}

fn shape(param: &Param, text: &str) -> Result<(), Fault> {
    let name = param.name;
    // A blank title counts as missing.
    if name == "title" && text.trim().is_empty() {
        return Err(missing(name));
    }
    if let Some(most) = param.max_chars {
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        if text.chars().count() > most {
            return Err(Fault::illegal(
                name,
                &format!("has more than {most} characters"),
            ));
        }
    }
    match param.kind {
        ParamKind::Int => integer(param, text),
        ParamKind::Bool if !matches!(text, "true" | "false") => {
            Err(Fault::illegal(name, "is neither true nor false"))
        }
        ParamKind::Date if clock::parse_date(text).is_none() => {
            Err(Fault::illegal(name, "is not a date like 2017-08-01"))
        }
        ParamKind::DateTime if clock::parse_date_time(text).is_none() => Err(Fault::illegal(
            name,
            "is not a time like 2017-09-08 00:30:00",
        )),
        ParamKind::Url if !(text.starts_with("http://") || text.starts_with("https://")) => {
            Err(Fault::illegal(name, "must start with http:// or https://"))
        }
        ParamKind::OneOf(words) if !words.contains(&text) => Err(match name {
            "hlslevel" => Fault::new("hlslevel error")
                .explained("hlslevel is none of open, web, app, wxa_app"),
            _ => Fault::illegal(name, &format!("is none of {}", words.join(", "))),
        }),
        ParamKind::List(_) if text.split(',').all(|item| item.trim().is_empty()) => {
            Err(missing(name))
        }
        _ => Ok(()),
    }
}

fn integer(param: &Param, text: &str) -> Result<(), Fault> {
    let name = param.name;
    let Ok(value) = text.parse::<i64>() else {
        return Err(Fault::illegal(name, "is not a decimal number"));
    };
    if name == "filesize" && value <= 0 {
        return Err(Fault::coded(EMPTY_FILE, "filesize is 0").explained("filesize must be above 0"));
    }
    // assumed: page-size
    if param.min.is_some_and(|min| value < min) || param.max.is_some_and(|max| value > max) {
        let bound = |bound: Option<i64>| bound.map_or_else(String::new, |b| b.to_string());
        let (min, max) = (bound(param.min), bound(param.max));
        return Err(Fault::illegal(name, &format!("is outside of {min}..{max}")));
    }
    Ok(())
}

/// Remarks on parameters that the tables do not have for this call; they are accepted. // assumed: unknown-parameter
pub(super) fn remarks(operation: &Operation, form: &Form) -> Vec<String> {
    let known = |have: &str| {
        // The vendor's Java SDK sends requestId with every call.
        matches!(have, "sign" | "requestId")
            || COMMON.iter().chain(COMMON_TOKEN).any(|p| p.name == have)
            || operation.param(have).is_some()
    };
    let unknown: Vec<&str> = form
        .pairs()
        .map(|(have, _)| have)
        .filter(|have| !known(have))
        .collect();
    let mut remarks = Vec::new();
    if !unknown.is_empty() {
        remarks.push(format!(
            "parameters that the tables do not list: {}",
            unknown.join(", ")
        ));
    }
    if form.text("jsonp").is_some() || form.text("format").is_some_and(|format| format != "json") {
        remarks.push("the emulator answers with plain JSON only".to_owned());
    }
    remarks
}
