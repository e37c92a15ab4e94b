//! The module of operation tables in `vodkit-types`.

use std::collections::BTreeSet;

use super::text::{Doc, Source, escape, literal, literals};
use super::types::{constant, sorted};
use crate::names::snake;
use crate::spec::{Auth, Operation, Param, Place, Spec, Type};

/// The kind of a parameter, as an expression.
fn param_kind(spec: &Spec, param: &Param) -> String {
    let values = |name: &str| {
        let entry = spec.find_enum(name);
        literals(
            entry
                .into_iter()
                .flat_map(|entry| entry.values.iter().map(|value| value.value.to_string())),
        )
    };
    match &param.kind {
        Type::Uint | Type::Int => "ParamKind::Int".into(),
        Type::Secret => "ParamKind::Secret".into(),
        Type::Date => "ParamKind::Date".into(),
        Type::DateTime => "ParamKind::DateTime".into(),
        Type::Url => "ParamKind::Url".into(),
        Type::Bool => "ParamKind::Bool".into(),
        Type::Float => "ParamKind::Float".into(),
        Type::Object => "ParamKind::Object".into(),
        Type::List(inner) if **inner == Type::Uint => "ParamKind::IntList".into(),
        Type::List(_) => "ParamKind::TextList".into(),
        Type::File => "ParamKind::File".into(),
        Type::Named(name) => format!("ParamKind::OneOf({})", values(name)),
        Type::Csv(inner) => format!(
            "ParamKind::List({})",
            inner.named().map_or("&[]".into(), values)
        ),
        _ => "ParamKind::Text".into(),
    }
}

/// Writes `head &[Param { .. }, ..] tail`, folded as rustfmt folds it.
fn param_table(
    spec: &Spec,
    params: &[&Param],
    indent: usize,
    head: &str,
    tail: &str,
    body: &mut Source,
) {
    if params.is_empty() {
        return body.line(indent, format!("{head}&[]{tail}"));
    }
    let single = params.len() == 1;
    let inner = if single { indent } else { indent + 1 };
    if !single {
        body.line(indent, format!("{head}&["));
    }
    for param in params {
        body.line(
            inner,
            if single {
                format!("{head}&[Param {{")
            } else {
                "Param {".into()
            },
        );
        let mut field =
            |name: &str, value: String| body.line(inner + 1, format!("{name}: {value},"));
        field("name", literal(&param.name));
        field("kind", param_kind(spec, param));
        match param.place {
            Place::Form => {}
            Place::Json => field("place", "Place::Json".into()),
            Place::Path => field("place", "Place::Path".into()),
            Place::Target => field("place", "Place::Target".into()),
        }
        if param.is_unsigned() || param.is_file() || param.is_target() {
            field("signed", "false".into());
        }
        if param.required {
            field("required", "true".into());
        }
        if let Some(min) = param.min {
            field("min", format!("Some({min})"));
        }
        if let Some(max) = param.max {
            field("max", format!("Some({max})"));
        }
        if let Some(chars) = param.max_chars {
            field("max_chars", format!("Some({chars})"));
        }
        if let Some(default) = &param.default {
            field("default", format!("Some({})", literal(default)));
        }
        field("doc", literal(&param.doc));
        body.line(inner + 1, "..OPTIONAL");
        body.line(
            inner,
            if single {
                format!("}}]{tail}")
            } else {
                "},".into()
            },
        );
    }
    if !single {
        body.line(indent, format!("]{tail}"));
    }
}

pub(crate) fn operations(spec: &Spec) -> String {
    let mut body = Source::default();
    body.line(
        0,
        "/// What a parameter is unless its entry says otherwise.",
    );
    body.line(0, "const OPTIONAL: Param = Param {");
    for field in [
        "name: \"\"",
        "kind: ParamKind::Text",
        "place: Place::Form",
        "signed: true",
        "required: false",
        "min: None",
        "max: None",
        "max_chars: None",
        "default: None",
        "doc: \"\"",
    ] {
        body.line(1, format!("{field},"));
    }
    body.line(0, "};");
    body.blank();
    body.doc(
        0,
        &Doc::of(
            "Parameters that every signed call carries besides its own, without the signature.",
        ),
    );
    param_table(
        spec,
        &sorted(spec.vendor.common_of(None)),
        0,
        "pub static COMMON: &[Param] = ",
        ";",
        &mut body,
    );
    let common = spec.vendor.common.iter();
    let rules: BTreeSet<_> = common
        .filter_map(|param| param.signing.as_deref())
        .collect();
    for rule in rules {
        body.blank();
        body.doc(
            0,
            &Doc::default().markdown(format!(
                "What calls carry in the place of [`COMMON`] whose `signing` is `{rule}`."
            )),
        );
        param_table(
            spec,
            &sorted(spec.vendor.common_of(Some(rule))),
            0,
            &format!(
                "pub static COMMON_{}: &[Param] = ",
                rule.to_ascii_uppercase()
            ),
            ";",
            &mut body,
        );
    }
    hosts(spec, &mut body);
    body.blank();
    body.doc(
        0,
        &Doc::of("Every documented call, in the order of the tables."),
    );
    body.line(0, "pub static ALL: &[&Operation] = &[");
    for operation in &spec.operations {
        body.line(1, format!("&{},", constant(operation)));
    }
    body.line(0, "];");
    for operation in &spec.operations {
        body.blank();
        operation_static(spec, operation, &mut body);
    }
    let mut source = Source::default();
    let example = spec.operations.first().map(|operation| {
        let module = &spec.vendor.vendor;
        [
            "```".to_owned(),
            format!("use vodkit_types::{module}::operations;"),
            String::new(),
            format!(
                "let operation = operations::ALL.iter().find(|o| o.name == {});",
                literal(&operation.name)
            ),
            format!(
                "assert_eq!(operation.unwrap().path, {});",
                literal(&operation.path)
            ),
            "```".to_owned(),
        ]
    });
    let mut doc = Doc::of("The operation tables: every documented call, as data.");
    if let Some(example) = &example {
        doc = doc.verbatim(&example.each_ref().map(String::as_str));
    }
    source.file_doc(&doc);
    source.import_used(
        0,
        "crate::operation",
        [
            "Auth",
            "Body",
            "Host",
            "Operation",
            "Param",
            "ParamKind",
            "Place",
        ],
        &body,
    );
    source.append(&body);
    source.into_text()
}

fn hosts(spec: &Spec, body: &mut Source) {
    if spec.vendor.host.is_empty() {
        return;
    }
    body.blank();
    body.doc(
        0,
        &Doc::of("The vendor's hosts, by the names that calls use."),
    );
    body.line(0, "pub static HOSTS: &[Host] = &[");
    for host in &spec.vendor.host {
        body.line(1, "Host {");
        for (name, text) in [
            ("name", &host.name),
            ("base_url", &host.url),
            ("doc", &host.doc),
        ] {
            body.line(2, format!("{name}: {},", literal(text)));
        }
        body.line(1, "},");
    }
    body.line(0, "];");
}

/// `Some("text")` or `None`.
fn optional(text: Option<&str>) -> String {
    text.map_or_else(|| "None".into(), |text| format!("Some({})", literal(text)))
}

fn operation_static(spec: &Spec, operation: &Operation, body: &mut Source) {
    let methods = if operation.methods.is_empty() {
        vec![operation.method]
    } else {
        operation.methods.clone()
    };
    body.doc(
        0,
        &Doc::default().markdown(format!("`{}`: {}", operation.name, escape(&operation.doc))),
    );
    body.line(
        0,
        format!(
            "pub static {}: Operation = Operation {{",
            constant(operation)
        ),
    );
    for (name, value) in [
        ("vendor", literal(&spec.vendor.vendor)),
        ("name", literal(&operation.name)),
        ("rust_method", literal(&snake(&operation.rust))),
        ("doc", literal(&operation.doc)),
        ("section", literal(&operation.section)),
        ("group", literal(&operation.group)),
        ("method", literal(operation.method.as_str())),
        (
            "methods",
            literals(methods.iter().map(|method| method.as_str())),
        ),
        ("path", literal(&operation.path)),
        (
            "auth",
            match operation.auth {
                Auth::Signed => "Auth::Signed",
                Auth::Token => "Auth::Token",
                Auth::None => "Auth::None",
            }
            .into(),
        ),
        ("signing", optional(operation.signing.as_deref())),
        ("host", optional(operation.host.as_deref())),
        ("idempotent", operation.idempotent.to_string()),
        ("success", literals(&operation.success)),
        (
            "body",
            if operation.params.iter().any(|p| p.place == Place::Json) {
                "Body::Json"
            } else {
                "Body::Form"
            }
            .into(),
        ),
    ] {
        body.line(1, format!("{name}: {value},"));
    }
    param_table(spec, &sorted(&operation.params), 1, "params: ", ",", body);
    body.line(0, "};");
}

#[cfg(test)]
mod emission {
    use super::*;
    use crate::codegen::testing::contains;
    use crate::spec::fixture::{bare, spec};

    #[test]
    fn rules_hosts_and_places_are_in_the_tables() {
        let text = operations(&bare());
        contains(
            &text,
            "use crate::operation::{Auth, Body, Host, Operation, Param, ParamKind, Place};\n",
        );
        assert_eq!(text.matches("    body: Body::Json,\n").count(), 1);
        assert_eq!(text.matches("    body: Body::Form,\n").count(), 3);
        contains(
            &text,
            "    auth: Auth::Signed,\n    signing: Some(\"fixed\"),\n    host: Some(\"play\"),\n",
        );
        contains(&text, "    auth: Auth::Token,\n");
        contains(
            &text,
            "kind: ParamKind::Int,\n        place: Place::Path,\n",
        );
        contains(
            &text,
            "kind: ParamKind::Object,\n            place: Place::Json,\n",
        );
        contains(&text, "kind: ParamKind::TextList,");
        contains(&text, "kind: ParamKind::IntList,");
        contains(&text, "kind: ParamKind::Bool,");
        contains(
            &text,
            "kind: ParamKind::Text,\n            signed: false,\n",
        );
        contains(
            &text,
            "pub static COMMON_FIXED: &[Param] = &[\n    Param {\n        name: \"ts\",",
        );
        contains(
            &text,
            "pub static HOSTS: &[Host] = &[\n    Host {\n        name: \"play\",\n        base_url: \"https://play.example.test\",",
        );
    }

    #[test]
    fn operations_list_their_params_in_signing_order() {
        let text = operations(&spec());
        let list = text
            .split("pub static LIST_CLIPS")
            .nth(1)
            .unwrap()
            .split("\n};")
            .next()
            .unwrap();
        let names: Vec<_> = list
            .lines()
            .filter(|line| line.starts_with("            name:"))
            .map(str::trim)
            .collect();
        assert_eq!(
            names,
            [
                "name: \"page\",",
                "name: \"page_size\",",
                "name: \"since\",",
                "name: \"type\","
            ]
        );
        contains(
            list,
            "kind: ParamKind::OneOf(&[\"1\", \"2\"]),\n            required: true,\n",
        );
        contains(list, "methods: &[\"GET\", \"POST\"],");
        contains(&text, "kind: ParamKind::List(&[]),");
        contains(&text, "kind: ParamKind::List(&[\"1\", \"2\"]),");
        contains(
            &text,
            "kind: ParamKind::Secret,\n            place: Place::Target,\n            signed: false,\n",
        );
        contains(
            &text,
            "    auth: Auth::Signed,\n    signing: None,\n    host: None,\n",
        );
        contains(&text, "kind: ParamKind::File,");
        contains(&text, "kind: ParamKind::Secret,");
        contains(
            &text,
            "pub static ALL: &[&Operation] = &[\n    &LIST_CLIPS,\n    &SEND_CLIP,\n    &PUT_CLIP,\n    &CLEAR_CLIPS,\n];",
        );
    }
}
