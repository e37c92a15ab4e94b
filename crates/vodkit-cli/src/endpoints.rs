//! `vodkit endpoints`: every call that vodkit knows, or all that it knows of one.

use serde::Serialize;
use serde_json::Value;
use vodkit_request::types::{Auth, Operation, Param, ParamKind, Place};

use crate::args::{EndpointsArgs, Global};
use crate::catalogue::Vendor;
use crate::failure::Failure;
use crate::output::Output;
use crate::suggest::did_you_mean;

#[derive(Serialize)]
struct Entry {
    vendor: &'static str,
    operation: &'static str,
    method: &'static str,
    methods: &'static [&'static str],
    path: &'static str,
    auth: &'static str,
    section: &'static str,
    group: &'static str,
    summary: &'static str,
    idempotent: bool,
    params: Vec<Parameter>,
    example: String,
}

#[derive(Serialize)]
struct Parameter {
    name: &'static str,
    r#type: &'static str,
    r#in: &'static str,
    required: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    default: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    min: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_chars: Option<u32>,
    /// What a choice is made of, or the elements of a list.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    values: &'static [&'static str],
    doc: &'static str,
}

pub(crate) fn run(args: &EndpointsArgs, global: Global) -> Result<(), Failure> {
    let output = Output::new(global.output);
    let asked = Asked::read(args)?;
    if let Some(name) = asked.operation {
        let operation = one(asked.vendor, name)?;
        if output.is_json() {
            return output.json(&json(operation));
        }
        return show(operation, output);
    }
    let operations = Vendor::ALL
        .into_iter()
        .filter(|vendor| asked.vendor.is_none_or(|only| only == *vendor))
        .flat_map(Vendor::operations)
        .copied();
    if output.is_json() {
        return output.json(&Value::Array(operations.map(json).collect()));
    }
    let rows: Vec<Vec<String>> = operations
        .map(|o| {
            [o.vendor, o.name, o.method, o.doc]
                .map(str::to_owned)
                .to_vec()
        })
        .collect();
    output.rows(&["vendor", "operation", "method", "what it does"], &rows)?;
    output.text("`vodkit endpoints OPERATION` shows one call with its parameters")
}

/// What the command line asks for.
struct Asked<'a> {
    vendor: Option<Vendor>,
    operation: Option<&'a str>,
}

impl<'a> Asked<'a> {
    /// A single name is a vendor's if there is such a vendor, and else a call's.
    fn read(args: &'a EndpointsArgs) -> Result<Self, Failure> {
        let names: Vec<&str> = args.names.iter().map(String::as_str).collect();
        let is_vendor = |name: &str| Vendor::ALL.iter().any(|vendor| vendor.name() == name);
        let (vendor, operation) = match names[..] {
            [] => (None, None),
            [name] if is_vendor(name) => (Some(name), None),
            [name] => (None, Some(name)),
            [vendor, operation, ..] => (Some(vendor), Some(operation)),
        };
        let vendor = once("vendor", vendor, args.vendor.as_deref())?;
        let operation = once("call", operation, args.operation.as_deref())?;
        Ok(Self {
            vendor: vendor.map(Vendor::find).transpose()?,
            operation,
        })
    }
}

/// What may be said by place or by name, but not twice.
fn once<'a>(
    what: &str,
    by_place: Option<&'a str>,
    by_name: Option<&'a str>,
) -> Result<Option<&'a str>, Failure> {
    match (by_place, by_name) {
        (Some(_), Some(_)) => Err(Failure::usage(format!("the {what} is given twice"))),
        (place, name) => Ok(place.or(name)),
    }
}

/// The one call of that name among the vendors.
fn one(vendor: Option<Vendor>, name: &str) -> Result<&'static Operation, Failure> {
    if let Some(vendor) = vendor {
        return vendor.operation(name);
    }
    let mut found = Vec::new();
    for vendor in Vendor::ALL {
        match vendor.operation(name) {
            Ok(operation) => found.push(operation),
            // It has the call, but the name is not enough or the method is another: it knows best what to say.
            Err(failure) if has_tail(vendor, name) => return Err(failure),
            Err(_) => {}
        }
    }
    match found[..] {
        [operation] => Ok(operation),
        [] => {
            let calls = Vendor::ALL.into_iter().flat_map(Vendor::operations);
            let names = calls
                .map(|operation| operation.name)
                .chain(Vendor::ALL.map(Vendor::name));
            let hint = did_you_mean(name, names)
                .unwrap_or_else(|| "`vodkit endpoints` lists them".to_owned());
            Err(Failure::usage(format!("there is no call `{name}`")).hint(hint))
        }
        _ => {
            let names: Vec<_> = found
                .iter()
                .map(|operation| format!("`{} {}`", operation.vendor, operation.name))
                .collect();
            Err(
                Failure::usage(format!("`{name}` could be {}", names.join(" or ")))
                    .hint("give the vendor before it"),
            )
        }
    }
}

fn has_tail(vendor: Vendor, name: &str) -> bool {
    let path = name.rsplit(' ').next().unwrap_or_default();
    let tail = format!("/{}", path.trim_start_matches('/'));
    let bare = |operation: &Operation| operation.name.rsplit(' ').next().unwrap_or_default();
    vendor
        .operations()
        .iter()
        .any(|operation| format!("/{}", bare(operation)).ends_with(&tail))
}

fn json(operation: &'static Operation) -> Value {
    serde_json::to_value(entry(operation)).expect("texts are always JSON")
}

fn entry(operation: &'static Operation) -> Entry {
    let params = operation.params.iter();
    Entry {
        vendor: operation.vendor,
        operation: operation.name,
        method: operation.method,
        methods: operation.methods,
        path: operation.path,
        auth: match operation.auth {
            Auth::Signed => "signed",
            Auth::Token => "token",
            _ => "none",
        },
        section: operation.section,
        group: operation.group,
        summary: operation.doc,
        idempotent: operation.idempotent,
        params: params.map(|param| parameter(operation, param)).collect(),
        example: example(operation),
    }
}

fn parameter(operation: &Operation, param: &'static Param) -> Parameter {
    let (r#type, values): (_, &[_]) = match param.kind {
        _ if param.place == Place::Target => ("address", &[]),
        ParamKind::Secret => ("secret", &[]),
        ParamKind::Int => ("integer", &[]),
        ParamKind::Float => ("number", &[]),
        ParamKind::Bool => ("boolean", &[]),
        ParamKind::Date => ("date", &[]),
        ParamKind::DateTime => ("datetime", &[]),
        ParamKind::Url => ("url", &[]),
        ParamKind::OneOf(values) => ("choice", values),
        ParamKind::List(values) => ("list", values),
        ParamKind::TextList => ("text_list", &[]),
        ParamKind::IntList => ("integer_list", &[]),
        ParamKind::Object => ("object", &[]),
        ParamKind::File => ("file", &[]),
        _ => ("text", &[]),
    };
    Parameter {
        name: param.name,
        r#type,
        r#in: match param.place {
            Place::Target => "target",
            Place::Path => "path",
            Place::Json => "json",
            _ if operation.method == "GET" => "query",
            _ => "form",
        },
        required: param.required,
        default: param.default,
        min: param.min,
        max: param.max,
        max_chars: param.max_chars,
        values,
        doc: param.doc,
    }
}

/// One call for people.
fn show(operation: &'static Operation, output: Output) -> Result<(), Failure> {
    let entry = entry(operation);
    let methods = entry.methods.join(" or ");
    let adds = match operation.auth {
        Auth::Signed => "vodkit adds account, time and signature",
        Auth::Token => "vodkit adds the account's token",
        _ => "neither signed nor with a token",
    };
    let repeats = if entry.idempotent {
        "repeated when its reply is lost"
    } else {
        "never repeated when its reply is lost"
    };
    output.text(&format!(
        "{} {}: {}\n{methods} {} · {} · {adds} · {repeats}",
        entry.vendor, entry.operation, entry.summary, entry.path, entry.section
    ))?;
    if !entry.params.is_empty() {
        // What must be given comes first.
        let (required, optional): (Vec<_>, Vec<_>) =
            entry.params.iter().partition(|param| param.required);
        let rows: Vec<Vec<String>> = required
            .into_iter()
            .chain(optional)
            .map(|param| row(operation, param))
            .collect();
        let header = [
            "parameter",
            "type",
            "required",
            "default",
            "limits",
            "meaning",
        ];
        output.rows(&header, &rows)?;
    }
    output.text(&entry.example)
}

fn row(operation: &Operation, param: &Parameter) -> Vec<String> {
    let required = match (param.required, variable(operation, param.name)) {
        (true, Some(_)) => "from the account",
        (true, None) => "yes",
        (false, _) => "",
    };
    vec![
        param.name.to_owned(),
        param.r#type.to_owned(),
        required.to_owned(),
        param.default.unwrap_or_default().to_owned(),
        limits(param),
        param.doc.to_owned(),
    ]
}

fn limits(param: &Parameter) -> String {
    let mut limits = Vec::new();
    match (param.min, param.max) {
        (Some(min), Some(max)) => limits.push(format!("{min} to {max}")),
        (Some(min), None) => limits.push(format!("from {min}")),
        (None, Some(max)) => limits.push(format!("to {max}")),
        (None, None) => {}
    }
    if let Some(chars) = param.max_chars {
        limits.push(format!("{chars} characters"));
    }
    if !param.values.is_empty() {
        limits.push(param.values.join(", "));
    }
    limits.join("; ")
}

/// The variable that stands for a parameter of the call, so that it need not be on the command line.
fn variable(operation: &Operation, param: &str) -> Option<&'static str> {
    let vendor = Vendor::ALL
        .into_iter()
        .find(|vendor| vendor.name() == operation.vendor)?;
    vendor.variable(param)
}

/// A command that makes the call, with what is required and the account has not.
pub(crate) fn example(operation: &Operation) -> String {
    let mut words = vec!["vodkit call".to_owned(), operation.vendor.to_owned()];
    words.push(quoted(operation.name));
    let params = operation
        .params
        .iter()
        .filter(|param| param.required && variable(operation, param.name).is_none());
    words.extend(params.map(|param| quoted(&format!("{}={}", param.name, sample(param)))));
    words.join(" ")
}

/// The command that describes the call.
pub(crate) fn describing(operation: &Operation) -> String {
    format!(
        "vodkit endpoints {} {}",
        operation.vendor,
        quoted(operation.name)
    )
}

/// The example of a call that only reads and has one parameter of an obvious kind, to begin with.
pub(crate) fn first_example(vendor: Vendor) -> Option<String> {
    let reads = || vendor.operations().iter().filter(|o| o.idempotent);
    let simple = |operation: &&&Operation| {
        let mut required = operation.params.iter().filter(|param| param.required);
        let only = required.next().filter(|_| required.next().is_none());
        only.is_some_and(|param| {
            matches!(param.kind, ParamKind::Int | ParamKind::Text)
                && matches!(param.place, Place::Form | Place::Path)
        })
    };
    reads()
        .filter(simple)
        .min_by_key(|operation| operation.name.len())
        .or_else(|| reads().next())
        .map(|operation| example(operation))
}

/// A value that the parameter may have.
fn sample(param: &Param) -> String {
    match param.kind {
        _ if param.place == Place::Target => "URL".to_owned(),
        ParamKind::Secret => "SECRET".to_owned(),
        ParamKind::Int => param.min.unwrap_or(1).max(1).to_string(),
        ParamKind::Float => "1.5".to_owned(),
        ParamKind::Bool => "true".to_owned(),
        ParamKind::Date => "2026-01-31".to_owned(),
        ParamKind::DateTime => "2026-01-31 00:00:00".to_owned(),
        ParamKind::Url => "https://example.com/".to_owned(),
        ParamKind::OneOf(values) | ParamKind::List(values) => {
            values.first().copied().unwrap_or("1").to_owned()
        }
        ParamKind::TextList => "A,B".to_owned(),
        ParamKind::IntList => "1,2".to_owned(),
        ParamKind::Object => "{}".to_owned(),
        ParamKind::File => "@FILE".to_owned(),
        _ => "TEXT".to_owned(),
    }
}

/// The word as a shell takes it for one.
fn quoted(word: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.,:/=@".contains(&byte);
    if word.bytes().all(plain) {
        word.to_owned()
    } else {
        format!("'{word}'")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::params;

    fn asked(
        names: &[&str],
        vendor: Option<&str>,
        operation: Option<&str>,
    ) -> Result<Vec<&'static str>, String> {
        let args = EndpointsArgs {
            names: names.iter().map(|name| (*name).to_owned()).collect(),
            vendor: vendor.map(str::to_owned),
            operation: operation.map(str::to_owned),
        };
        let asked = Asked::read(&args).map_err(|failure| failure.line())?;
        match asked.operation {
            Some(name) => one(asked.vendor, name)
                .map(|operation| vec![operation.vendor, operation.name])
                .map_err(|failure| failure.line()),
            None => Ok(asked.vendor.iter().map(|vendor| vendor.name()).collect()),
        }
    }

    #[test]
    fn a_call_is_found_however_it_is_asked_for() {
        let info = Ok(vec!["baijiayun", "video/getInfo"]);
        for (names, vendor, operation) in [
            (&["video/getInfo"][..], None, None),
            (&["getInfo"], Some("baijiayun"), None),
            (&["baijiayun", "getInfo"], None, None),
            (&["baijiayun"], None, Some("/openapi/video/getInfo")),
            (&[], None, Some("POST getInfo")),
            (&[], Some("baijiayun"), Some("getInfo")),
        ] {
            assert_eq!(asked(names, vendor, operation), info, "{names:?}");
        }
        assert_eq!(
            asked(&["mediacloud", "login"], None, None),
            Ok(vec!["mediacloud", "api/v1/login"])
        );
        assert_eq!(asked(&[], None, None), Ok(vec![]));
        assert_eq!(asked(&["baijiayun"], None, None), Ok(vec!["baijiayun"]));
    }

    #[test]
    fn what_is_not_understood_is_said() {
        let line = |names: &[&str], vendor, operation| asked(names, vendor, operation).unwrap_err();
        assert!(line(&["getInof"], None, None).contains("Did you mean `video/getInfo`?"));
        assert!(line(&["baijiyun"], None, None).contains("Did you mean `baijiayun`?"));
        assert!(line(&["nothing/like/it"], None, None).contains("`vodkit endpoints"));
        assert!(line(&["getUsedFlow"], None, None).contains("` or `POST video_account/"));
        assert!(line(&["DELETE getInfo"], None, None).contains("not sent with DELETE"));
        assert!(line(&["api/v1/class"], None, None).contains("or `DELETE api/v1/class`"));
        assert!(line(&["login"], None, None).contains("or `mediacloud api/v1/login`"));
        assert!(line(&["nobody", "getInfo"], None, None).contains("no vendor `nobody`"));
        assert!(line(&["getInfo"], None, Some("getInfo")).contains("the call is given twice"));
        assert!(
            line(&["baijiayun"], Some("baijiayun"), None).contains("the vendor is given twice")
        );
    }

    #[test]
    fn everything_the_table_has_is_told() {
        let param = |operation: &str, name: &str| {
            let operation = Vendor::Baijiayun.operation(operation).unwrap();
            let param = operation.param(name).unwrap();
            parameter(operation, param)
        };
        let size = param("getVideoList", "page_size");
        assert_eq!((size.r#type, size.r#in), ("integer", "form"));
        assert_eq!(size.max, Some(1000));
        let shown = limits(&size);
        assert!(shown.contains("to 1000"), "{shown}");
        let definition = param("getUploadUrl", "definition");
        assert_eq!(definition.r#type, "list");
        assert!(definition.values.contains(&"16"));
        assert_eq!(limits(&definition), definition.values.join(", "));
        assert_eq!(param("video_data/getUsedFlowDetail", "date").r#in, "query");
        assert_eq!(param("upload", "upload_url").r#in, "target");
        let name = param("video/update", "name");
        assert_eq!(
            limits(&name),
            name.max_chars
                .map_or(String::new(), |n| format!("{n} characters"))
        );
    }

    #[test]
    fn every_example_is_a_call_that_is_accepted() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        std::fs::write(&file, "x").unwrap();
        for vendor in Vendor::ALL {
            for operation in vendor.operations() {
                let text = example(operation);
                let front = format!("vodkit call {} {}", vendor.name(), quoted(operation.name));
                let given = text.strip_prefix(&front).unwrap();
                let given: Vec<String> = operation
                    .params
                    .iter()
                    .map(|param| format!("{}={}", param.name, sample(param)))
                    .filter(|pair| given.contains(&quoted(pair)))
                    .map(|pair| pair.replace("@FILE", &format!("@{}", file.display())))
                    .collect();
                let read = params::read(vendor, operation, &given, false, |name| {
                    vendor.variable(name).map(|_| "1".to_owned())
                });
                assert!(read.is_ok(), "{text}: {}", read.unwrap_err().line());
            }
            let first = first_example(vendor).unwrap();
            assert!(
                first.starts_with(&format!("vodkit call {} ", vendor.name())),
                "{first}"
            );
        }
    }

    #[test]
    fn words_with_blanks_are_quoted() {
        assert_eq!(quoted("video/getInfo"), "video/getInfo");
        assert_eq!(quoted("DELETE api/v1/class"), "'DELETE api/v1/class'");
        assert_eq!(quoted("a={}"), "'a={}'");
    }
}
