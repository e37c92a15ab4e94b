//! Generated tests: what the tables promise of each call, checked against the code and against the sample replies.

use serde_json::Value;

use super::example::{example, json};
use super::request::{output, vendor_types};
use super::text::{Doc, Source, literal, literals, raw_literal};
use crate::names::snake;
use crate::sample;
use crate::spec::{Auth, Operation, Param, Place, Reply, Spec, Type};

/// `video/getInfo` as `video_get_info`; where two calls would have the same, the name of the method.
fn test_name(spec: &Spec, operation: &Operation) -> String {
    let of = |operation: &Operation| {
        let words = operation
            .name
            .split(|c: char| !c.is_ascii_alphanumeric())
            .filter(|word| !word.is_empty());
        words.map(snake).collect::<Vec<_>>().join("_")
    };
    let name = of(operation);
    let twins = spec.operations.iter().filter(|other| of(other) == name);
    if twins.count() > 1 {
        snake(&operation.rust)
    } else {
        name
    }
}

fn start(spec: &Spec, doc: &str, support: &str) -> Source {
    let mut source = Source::default();
    source.file_doc(&Doc::of(doc));
    source.line(
        0,
        format!("#![cfg(feature = {})]", literal(&spec.vendor.vendor)),
    );
    source.blank();
    source.line(0, format!("mod {support};"));
    source.blank();
    source
}

/// Samples decode, lose nothing and survive drifted types.
pub(crate) fn samples(spec: &Spec) -> String {
    let mut body = Source::default();
    for operation in &spec.operations {
        body.blank();
        body.line(1, "#[test]");
        body.line(1, format!("fn {}() {{", test_name(spec, operation)));
        body.line(
            2,
            format!(
                "let sample = Sample::<{}>::of({});",
                output(operation),
                raw_literal(&operation.sample)
            ),
        );
        let required = required_fields(spec, operation);
        if !required.is_empty() {
            body.line(2, format!("sample.requires({});", literals(required)));
        }
        for drifted in &operation.drifted {
            body.line(2, format!("sample.equals({});", raw_literal(drifted)));
        }
        let rewritten = rewritten(spec, operation);
        body.line(
            2,
            match rewritten {
                Some(data) => format!("sample.checked_as({});", raw_literal(&data.to_string())),
                None => "sample.checked();".to_owned(),
            },
        );
        body.line(1, "}");
    }
    let mut source = start(
        spec,
        "The sample replies of the tables decode, lose nothing and survive drifted types.",
        "sample_check",
    );
    source.line(0, "#[rustfmt::skip]");
    source.line(0, "mod samples {");
    source.import_used(1, "std::collections", ["BTreeMap"], &body);
    source.blank();
    let types = format!("vodkit_types::{}", spec.vendor.vendor);
    source.import_used(1, &types, vendor_types(spec), &body);
    source.import_used(1, "vodkit_types", ["NoData", "OneOrMany", "Secret"], &body);
    source.blank();
    source.line(1, "use crate::sample_check::Sample;");
    source.append(&body);
    source.line(0, "}");
    source.into_text()
}

/// The data of a sample as it is written again, where that is something else than was read.
fn rewritten(spec: &Spec, operation: &Operation) -> Option<Value> {
    let Reply::Data(kind) = &operation.result else {
        return None;
    };
    // The checks of the tables have seen to it that the sample is JSON.
    let reply: Value = serde_json::from_str(&operation.sample).unwrap_or_default();
    Some(sample::rewritten(spec, kind, &reply["data"])).filter(|data| *data != reply["data"])
}

/// The required fields of the struct that a call answers with, as far as the sample has them under their first name.
fn required_fields<'s>(spec: &'s Spec, operation: &Operation) -> Vec<&'s str> {
    let Reply::Data(Type::Named(name)) = &operation.result else {
        return Vec::new();
    };
    let fields = spec
        .find_struct(name)
        .into_iter()
        .flat_map(|entry| &entry.fields);
    // A list or map is empty when absent, whatever the table says.
    let reply: Value = serde_json::from_str(&operation.sample).unwrap_or_default();
    fields
        .filter(|field| {
            let may_miss = matches!(
                field.kind,
                Type::List(_) | Type::OneOrMany(_) | Type::Map(_) | Type::Raw
            );
            field.required && !may_miss && !reply["data"][&field.name].is_null()
        })
        .map(|field| field.name.as_str())
        .collect()
}

/// Each required parameter is required, each optional one arrives on the wire.
pub(crate) fn operations(spec: &Spec) -> String {
    let mut body = Source::default();
    for operation in &spec.operations {
        operation_test(spec, operation, &mut body);
    }
    let mut source = start(
        spec,
        "Every call demands its required parameters and sends exactly what it is given.",
        "operation_check",
    );
    source.line(0, "#[rustfmt::skip]");
    source.line(0, "mod operations {");
    source.import_used(
        1,
        &format!("vodkit_types::{}", spec.vendor.vendor),
        vendor_types(spec),
        &body,
    );
    source.import_used(1, "vodkit_types", ["FileInput"], &body);
    source.blank();
    source.line(1, "use crate::operation_check::Check;");
    source.append(&body);
    source.line(0, "}");
    source.into_text()
}

fn operation_test(spec: &Spec, operation: &Operation, body: &mut Source) {
    let required: Vec<_> = operation
        .params
        .iter()
        .filter(|param| param.required)
        .collect();
    let values: Vec<_> = operation
        .params
        .iter()
        .enumerate()
        .map(|(n, param)| example(spec, param, n))
        .collect();
    let of = |param: &Param| {
        operation
            .params
            .iter()
            .zip(&values)
            .find(|(p, _)| p.name == param.name)
            .map(|(_, value)| value)
    };
    let arguments: Vec<_> = required
        .iter()
        .filter_map(|param| of(param))
        .map(|value| value.rust.as_str())
        .collect();
    body.blank();
    body.line(1, "#[test]");
    body.line(1, format!("fn {}() {{", test_name(spec, operation)));
    body.line(
        2,
        format!(
            "let call = {}::new({});",
            operation.rust,
            arguments.join(", ")
        ),
    );
    let constructor = match (operation.auth, &operation.signing) {
        (Auth::Signed, Some(rule)) => format!("signed_by({}, ", literal(rule)),
        (Auth::Signed, None) => "signed(".to_owned(),
        (Auth::Token, _) => "token(".to_owned(),
        (Auth::None, _) => "unsigned(".to_owned(),
    };
    let changed = if operation.params.is_empty() {
        "let"
    } else {
        "let mut"
    };
    body.line(
        2,
        format!(
            "{changed} check = Check::{constructor}{}, {}, call);",
            literal(&operation.name),
            literal(&format!("{} {}", operation.method.as_str(), operation.path)),
        ),
    );
    for (param, value) in operation.params.iter().zip(&values) {
        let name = literal(&param.name);
        let (kind, text) = match param.place {
            _ if param.is_file() => ("_file", literal(&value.text)),
            Place::Form => ("", literal(&value.text)),
            Place::Target => ("_target", literal(&value.text)),
            Place::Path => ("_path", literal(&value.text)),
            Place::Json => ("_json", literal(&json(spec, &param.kind, &value.text))),
        };
        body.line(
            2,
            if param.required {
                format!("check.required{kind}({name}, {text});")
            } else {
                let (setter, rust) = (param.rust(), &value.rust);
                format!("check.optional{kind}({name}, {text}, |call| call.{setter}({rust}));")
            },
        );
    }
    if operation.paging.is_some() {
        paging_test(spec, operation, body);
    }
    body.line(2, "check.finish();");
    body.line(1, "}");
}

/// What a list's sample says of its pages.
fn paging_test(spec: &Spec, operation: &Operation, body: &mut Source) {
    let Some(paging) = &operation.paging else {
        return;
    };
    // The checks of the tables have seen to it that the sample is JSON.
    let reply: Value = serde_json::from_str(&operation.sample).unwrap_or_default();
    let data = &reply["data"];
    let number = |name: &str| {
        let value = &data[name];
        value.as_u64().or_else(|| value.as_str()?.parse().ok())
    };
    let mut params = operation.params.iter().enumerate();
    let asked = match params.find(|(_, param)| param.name == paging.page_size) {
        Some((position, param)) if param.required => example(spec, param, position).text,
        found => found
            .and_then(|(_, param)| param.default.clone())
            .unwrap_or_else(|| "1".to_owned()),
    };
    let (total, size) = (number(&paging.total), number(&paging.page_size));
    let items = data[&paging.items].as_array().map_or(0, Vec::len);
    body.line(2, format!("let data = r#\"{data}\"#;"));
    body.line(
        2,
        format!(
            "check.pages({}, {asked}, data, {total:?}, {size:?}, {items});",
            literal(&paging.page)
        ),
    );
}

/// The facade's methods and the setters on calls do what the request structs do.
pub(crate) fn methods(spec: &Spec) -> String {
    let mut body = Source::default();
    for operation in &spec.operations {
        let value = |(n, param): (usize, &Param)| {
            // Without a transport no file is read: the bytes are given.
            if param.is_file() {
                "FileInput::bytes(\"a.bin\", *b\"1\")".to_owned()
            } else {
                example(spec, param, n).rust
            }
        };
        let params = || operation.params.iter().enumerate();
        let arguments: Vec<_> = params().filter(|(_, p)| p.required).map(value).collect();
        let optional = params().filter(|(_, p)| !p.required);
        let setters: String = optional
            .map(|(n, p)| format!(".{}({})", p.rust(), value((n, p))))
            .collect();
        let (method, arguments) = (snake(&operation.rust), arguments.join(", "));
        body.blank();
        body.line(1, "#[test]");
        body.line(1, format!("fn {method}() {{"));
        body.line(2, "let client = client();");
        body.line(
            2,
            format!("let short = client.{method}({arguments}){setters};"),
        );
        body.line(
            2,
            format!("let long = {}::new({arguments}){setters};", operation.rust),
        );
        body.line(2, "same(&short, &client.call(long));");
        body.line(1, "}");
    }
    let mut source = Source::default();
    source.file_doc(&Doc::of(
        "Every method sends what its request struct sends, with all setters.",
    ));
    source.line(0, "mod method_check;");
    source.blank();
    source.line(0, "#[rustfmt::skip]");
    source.line(0, "mod methods {");
    let types = format!("vodkit_request::types::{}", spec.vendor.vendor);
    source.import_used(1, "vodkit_request::types", ["FileInput"], &body);
    source.import_used(1, &types, vendor_types(spec), &body);
    source.blank();
    source.line(1, "use crate::method_check::{client, same};");
    source.append(&body);
    source.line(0, "}");
    source.into_text()
}

#[cfg(test)]
mod emission {
    use super::*;
    use crate::codegen::testing::contains;
    use crate::spec::fixture::{self, bare, spec};

    #[test]
    fn each_param_is_tested_with_a_value_within_its_limits() {
        let text = operations(&spec());
        contains(
            &text,
            "    fn clip_list() {\n        let call = ListClips::new(ClipType::Short);\n",
        );
        contains(
            &text,
            "let mut check = Check::signed(\"clip/list\", \"POST /openapi/clip/list\", call);",
        );
        contains(&text, "check.required(\"type\", \"1\");");
        contains(
            &text,
            "check.optional(\"page_size\", \"3\", |call| call.page_size(3));",
        );
        contains(
            &text,
            "check.optional(\"since\", \"2024-01-04\", |call| call.since(\"2024-01-04\".parse().unwrap()));",
        );
        contains(&text, "check.required_file(\"clip\", \"Cargo.toml\");");
        contains(&text, "check.required(\"name\", \"c+d%\");");
        contains(
            &text,
            "check.optional(\"types\", \"1,2\", |call| call.types([ClipType::Short, ClipType::Long]));",
        );
        contains(
            &text,
            "check.optional(\"ids\", \"10,11\", |call| call.ids([10, 11]));",
        );
        contains(
            &text,
            "let check = Check::signed(\"clip/clear\", \"GET /openapi/clip/clear\", call);",
        );
        contains(
            &text,
            "Check::unsigned(\"clip/put\", \"POST {upload_url}\", call);",
        );
        assert_eq!(text.matches("check.finish();").count(), 4);
    }

    #[test]
    fn what_shows_whose_call_it_is_and_where_a_param_goes_are_tested() {
        let text = operations(&bare());
        contains(
            &text,
            "let mut check = Check::token(\"clip/get\", \"GET /clips/{clip_id}\", call);",
        );
        contains(
            &text,
            "let mut check = Check::signed_by(\"fixed\", \"clip/count\", \"GET /v2/{userid}/count\", call);",
        );
        contains(&text, "check.required_path(\"clip_id\", \"1\");");
        contains(
            &text,
            "check.required_json(\"tags\", \"[\\\"a\\\",\\\"b\\\"]\");",
        );
        contains(
            &text,
            "check.optional_json(\"ids\", \"[7,8]\", |call| call.ids([7, 8]));",
        );
        contains(
            &text,
            "check.optional_json(\"name\", \"\\\"name课 a&b=c+d%\\\"\", |call| call.name(\"name课 a&b=c+d%\"));",
        );
        contains(
            &text,
            "check.optional_json(\"settings\", \"{\\\"enable\\\":1}\", |call| call.settings([(\"enable\".to_owned(), 1.into())]));",
        );
        contains(
            &text,
            "check.optional(\"all\", \"true\", |call| call.all(true));",
        );
    }

    #[test]
    fn pages_are_tested_with_the_sample() {
        let text = operations(&spec());
        contains(&text, "let data = r#\"{\"list\":[{\"clip_id\":7,");
        contains(&text, "check.pages(\"page\", 20, data, Some(1), None, 1);");
        assert_eq!(text.matches("check.pages").count(), 1);
        // Where the size is required, the call asks for one.
        let required = fixture::replaced(
            "min = 1, max = 50, default = \"20\"",
            "min = 1, max = 50, required = true",
        );
        let text = operations(&required.unwrap());
        contains(&text, "check.pages(\"page\", 3, data, Some(1), None, 1);");
    }

    #[test]
    fn each_method_is_tested_with_all_its_setters() {
        let text = methods(&spec());
        contains(
            &text,
            "let short = client.send_clip(FileInput::bytes(\"a.bin\", *b\"1\"), \"c+d%\")\
             .types([ClipType::Short, ClipType::Long]).ids([10, 11]).token(\"test-key-0123456789\");",
        );
        contains(
            &text,
            "let long = ClearClips::new();\n        same(&short, &client.call(long));",
        );
        assert_eq!(text.matches("same(&short").count(), 4);
    }

    #[test]
    fn a_sample_in_another_form_is_told_how_it_is_written_again() {
        let text = samples(&bare());
        contains(&text, "let sample = Sample::<OneOrMany<Clip>>::of(");
        contains(
            &text,
            "sample.checked_as(r#\"[{\"clip_id\":7,\"open\":true}]\"#);",
        );
        contains(
            &text,
            "    fn put_clips() {\n        let sample = Sample::<String>::of(",
        );
        contains(
            &text,
            "sample.checked_as(r#\"{\"clip_id\":7,\"parts\":[{\"clip_id\":8}]}\"#);",
        );
        assert_eq!(text.matches("sample.checked();").count(), 2);
    }

    #[test]
    fn tests_of_calls_with_like_names_are_told_apart() {
        let text =
            samples(&fixture::replaced("name = \"clip/put\"", "name = \"clip-list\"").unwrap());
        contains(&text, "    fn list_clips() {\n");
        contains(&text, "    fn put_clip() {\n");
        contains(&text, "    fn clip_send() {\n");
    }

    #[test]
    fn each_sample_is_tested_with_its_drift_and_its_required_fields() {
        let text = samples(&spec());
        contains(
            &text,
            "let sample = Sample::<ClipList>::of(r#\"{ \"code\": 0,",
        );
        contains(&text, "sample.equals(r#\"{ \"code\": \"0\",");
        contains(&text, "let sample = Sample::<BTreeMap<String, Clip>>::of(");
        contains(&text, "    fn clip_send() {\n");
        contains(&text, "sample.requires(&[\"clip_id\"]);");
        assert_eq!(text.matches("sample.checked();").count(), 4);
    }
}
