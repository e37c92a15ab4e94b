//! The operation reference of a vendor.

use std::collections::BTreeSet;

use super::docs::{errata_heading, link};
use super::example::example;
use super::page::{Page, anchor};
use super::request::output;
use super::text::escape;
use super::types::argument;
use crate::names::snake;
use crate::spec::{Auth, Class, Layer, Operation, Param, Place, Reply, Spec, Struct, Type};

pub(crate) fn reference(spec: &Spec) -> String {
    let vendor = &spec.vendor;
    let mut page = Page::default();
    page.heading(1, &format!("{}: operation reference", vendor.title));
    let calls = match vendor.left_out {
        Some(_) => "The calls of the page",
        None => "Every call of the page",
    };
    let beside = match vendor.left_out {
        Some(_) => {
            " and of pages beside it, without what the [coverage](../coverage.md) names as left out"
        }
        None => "",
    };
    page.paragraph(format!(
        "{calls} \"{}\"{beside}, under the vendor's own names. What the page says wrongly is in the [errata](../errata.md).",
        escape(&vendor.page)
    ));
    if !vendor.has(Layer::Request) {
        page.paragraph(TYPES_ONLY);
    }
    contents(spec, &mut page);
    common(spec, &mut page);
    hosts(spec, &mut page);
    for group in groups(spec) {
        // Not the bare group: a call may have the same name, and its links must lead to it.
        page.heading(2, &format!("{group}: calls"));
        for operation in spec
            .operations
            .iter()
            .filter(|operation| operation.group == group)
        {
            operation_section(spec, operation, &mut page);
        }
    }
    let payloads: Vec<_> = spec.structs.iter().filter(|entry| entry.payload).collect();
    if !payloads.is_empty() {
        page.heading(2, "What the vendor sends to its customer");
        for entry in payloads {
            page.heading(3, &entry.name);
            page.paragraph(escape(&entry.doc));
            if let Some(source) = &entry.source {
                page.paragraph(format!("Section {}.", escape(source)));
            }
            fields_table(spec, entry, &mut page);
        }
    }
    page.heading(2, "Values");
    page.paragraph("Values that are not listed here are kept and handed on.");
    for entry in &spec.enums {
        page.heading(3, &entry.name);
        page.paragraph(escape(&entry.doc));
        let rows: Vec<_> = entry
            .values
            .iter()
            .map(|value| {
                vec![
                    format!("`{}`", value.value),
                    format!("`{}`", value.rust),
                    escape(&value.doc),
                ]
            })
            .collect();
        page.table(&["value", "Rust", "meaning"], &rows);
    }
    error_codes(spec, &mut page);
    page.finish()
}

/// What is said of a vendor whose wire types alone are there.
pub(crate) const TYPES_ONLY: &str = "Wire types only: the request and reply structs, the tables and the frame of the replies are in `vodkit-types`. Nothing in vodkit sends these calls yet: there is no client, no command and no emulator for them.";

fn common(spec: &Spec, page: &mut Page) {
    let vendor = &spec.vendor;
    let signed = |o: &&Operation| o.auth == Auth::Signed;
    if !spec.operations.iter().any(|o| signed(&o)) {
        return;
    }
    page.heading(2, "Parameters of every signed call");
    page.paragraph(if vendor.has(Layer::Request) {
        "vodkit adds these and the signature by itself."
    } else {
        "They come on top of those of the call, with the signature."
    });
    params_table(vendor.common_of(None), page);
    let rules = spec.operations.iter().filter_map(|o| o.signing.as_deref());
    let rules: BTreeSet<_> = rules.collect();
    for rule in rules {
        let own = vendor.common_of(Some(rule));
        if own.iter().all(|param| param.signing.is_some()) {
            page.paragraph(format!("In their place with the rule `{rule}`:"));
            params_table(own, page);
        }
    }
}

fn hosts(spec: &Spec, page: &mut Page) {
    if spec.vendor.host.is_empty() {
        return;
    }
    page.heading(2, "Hosts");
    let rows: Vec<_> = spec
        .vendor
        .host
        .iter()
        .map(|host| {
            vec![
                format!("`{}`", host.name),
                format!("`{}`", host.url),
                escape(&host.doc),
            ]
        })
        .collect();
    page.table(&["host", "address", "what it serves"], &rows);
}

fn groups(spec: &Spec) -> Vec<&str> {
    let mut seen = BTreeSet::new();
    spec.operations
        .iter()
        .map(|operation| operation.group.as_str())
        .filter(|group| seen.insert(*group))
        .collect()
}

fn contents(spec: &Spec, page: &mut Page) {
    let rows: Vec<_> = groups(spec)
        .into_iter()
        .flat_map(|group| {
            spec.operations
                .iter()
                .filter(move |operation| operation.group == group)
        })
        .map(|operation| {
            vec![
                link("", operation),
                handle(spec, operation),
                escape(&operation.section),
                escape(&operation.doc),
            ]
        })
        .collect();
    page.table(
        &["call", handle_title(spec), "section", "what it does"],
        &rows,
    );
}

/// What a program calls it by: the method, or where there is none the request struct.
pub(crate) fn handle(spec: &Spec, operation: &Operation) -> String {
    if spec.vendor.has(Layer::Facade) {
        format!("`{}`", snake(&operation.rust))
    } else {
        format!("`{}`", operation.rust)
    }
}

pub(crate) fn handle_title(spec: &Spec) -> &'static str {
    if spec.vendor.has(Layer::Facade) {
        "method"
    } else {
        "struct"
    }
}

fn operation_section(spec: &Spec, operation: &Operation, page: &mut Page) {
    page.heading(3, &operation.name);
    page.paragraph(escape(&operation.doc));
    if let Some(details) = &operation.details {
        page.paragraph(escape(details.trim()));
    }
    let required: Vec<_> = operation
        .params
        .iter()
        .enumerate()
        .filter(|(_, param)| param.required)
        .collect();
    let arguments: Vec<_> = required
        .iter()
        .map(|(_, param)| argument(param).0)
        .collect();
    let words = required.iter().map(|(n, param)| {
        let text = example(spec, param, *n).text;
        let text = if param.is_file() {
            format!("@{text}")
        } else {
            text
        };
        format!(" {}={}", param.name, shell_word(&text))
    });
    let allowed: Vec<_> = operation
        .methods
        .iter()
        .map(|method| method.as_str())
        .collect();
    let mut rows = vec![
        vec![
            "route".into(),
            format!("`{} {}`", operation.method.as_str(), operation.path),
        ],
        vec![
            "methods on the page".into(),
            if allowed.is_empty() {
                operation.method.as_str().into()
            } else {
                allowed.join(", ")
            },
        ],
        vec!["section".into(), escape(&operation.section)],
        vec![
            "signed".into(),
            match operation.auth {
                Auth::Signed => "yes",
                Auth::Token => "no, the token goes with it",
                Auth::None => "no",
            }
            .into(),
        ],
        vec![
            "repeated when the reply is lost".into(),
            if operation.idempotent {
                "yes"
            } else {
                "no: the vendor may have acted"
            }
            .into(),
        ],
        vec![
            "success".into(),
            format!("code `{}`", operation.success.join("`, `")),
        ],
    ];
    if let Some(rule) = &operation.signing {
        rows.push(vec!["rule of signing".into(), format!("`{rule}`")]);
    }
    if let Some(host) = &operation.host {
        rows.push(vec!["host".into(), format!("`{host}`")]);
    }
    let (arguments, name) = (arguments.join(", "), &operation.rust);
    if spec.vendor.has(Layer::Facade) {
        rows.push(vec![
            "Rust".into(),
            format!("`client.{}({arguments})`", snake(name)),
        ]);
        rows.push(vec![
            "command line".into(),
            format!(
                "`vodkit call {} {}{}`",
                spec.vendor.vendor,
                shell_word(&operation.name),
                words.collect::<String>()
            ),
        ]);
    } else {
        rows.push(vec!["Rust".into(), format!("`{name}::new({arguments})`")]);
    }
    page.table(&["", ""], &rows);
    if operation.params.is_empty() {
        page.paragraph("No parameters of its own.");
    } else {
        params_table(&operation.params, page);
    }
    match &operation.result {
        Reply::None => page.paragraph("Answers with nothing."),
        Reply::Data(kind) => {
            page.paragraph(format!(
                "Answers with `{}`{}",
                output(operation),
                if named_struct(spec, kind).is_some() {
                    ":"
                } else {
                    "."
                }
            ));
            if let Some(entry) = named_struct(spec, kind) {
                fields_table(spec, entry, page);
            }
        }
    }
    if let Some(paging) = &operation.paging {
        page.paragraph(format!(
            "Comes in pages: `{}`, `{}` elements each; `.pages()` asks for all of them.",
            paging.page, paging.page_size
        ));
    }
    if !operation.errors.is_empty() {
        page.paragraph(format!(
            "Known to fail with: `{}`.",
            operation.errors.join("`, `")
        ));
    }
    if !operation.errata.is_empty() {
        let ids: Vec<_> = operation
            .errata
            .iter()
            .map(|erratum| escape(&erratum.id))
            .collect();
        page.paragraph(format!(
            "Errata: [{}](../errata.md#{}).",
            ids.join(", "),
            anchor(&errata_heading(spec, operation))
        ));
    }
}

fn shell_word(text: &str) -> String {
    if text
        .chars()
        .all(|c| c.is_alphanumeric() || "_-.,:/".contains(c))
    {
        text.to_owned()
    } else {
        format!("'{text}'")
    }
}

/// The struct inside a type, where there is one.
fn named_struct<'s>(spec: &'s Spec, kind: &Type) -> Option<&'s Struct> {
    spec.find_struct(kind.named()?)
}

fn type_text(kind: &Type) -> String {
    format!("`{kind}`")
}

fn params_table<'p>(params: impl IntoIterator<Item = &'p Param>, page: &mut Page) {
    let rows: Vec<_> = params
        .into_iter()
        .map(|param| {
            let mut limits = Vec::new();
            if let Some(min) = param.min {
                limits.push(format!("≥ {min}"));
            }
            if let Some(max) = param.max {
                limits.push(format!("≤ {max}"));
            }
            if let Some(chars) = param.max_chars {
                limits.push(format!("≤ {chars} characters"));
            }
            if param.is_unsigned() && param.is_text() {
                limits.push("not signed".to_owned());
            }
            let place = match param.place {
                Place::Form | Place::Target => "",
                Place::Json => ", JSON",
                Place::Path => ", path",
            };
            vec![
                format!("`{}`", param.name),
                type_text(&param.kind) + place,
                if param.required { "yes" } else { "" }.into(),
                param
                    .default
                    .as_ref()
                    .map(|default| format!("`{default}`"))
                    .unwrap_or_default(),
                limits.join(", "),
                escape(&param.doc),
            ]
        })
        .collect();
    page.table(
        &[
            "parameter",
            "type",
            "required",
            "default",
            "limits",
            "meaning",
        ],
        &rows,
    );
}

fn fields_table(spec: &Spec, entry: &Struct, page: &mut Page) {
    let mut rows = Vec::new();
    field_rows(spec, entry, "", &mut vec![&entry.name], &mut rows);
    page.table(&["field", "type", "always there", "meaning"], &rows);
}

/// The fields of a struct and of the structs in it, each under its path.
fn field_rows<'s>(
    spec: &'s Spec,
    entry: &'s Struct,
    prefix: &str,
    above: &mut Vec<&'s str>,
    rows: &mut Vec<Vec<String>>,
) {
    for field in &entry.fields {
        let path = format!("{prefix}{}", field.name);
        rows.push(vec![
            field
                .names()
                .map(|name| format!("`{prefix}{name}`"))
                .collect::<Vec<_>>()
                .join(" or "),
            type_text(&field.kind),
            if field.required { "yes" } else { "" }.into(),
            escape(&field.doc),
        ]);
        if let Some(inner) =
            named_struct(spec, &field.kind).filter(|inner| !above.contains(&inner.name.as_str()))
        {
            let step = match field.kind {
                Type::List(_) | Type::OneOrMany(_) => "[].",
                Type::Map(_) => ".*.",
                _ => ".",
            };
            above.push(&inner.name);
            field_rows(spec, inner, &format!("{path}{step}"), above, rows);
            above.pop();
        }
    }
}

fn error_codes(spec: &Spec, page: &mut Page) {
    page.heading(2, "Error codes");
    if spec.vendor.code.iter().any(|code| code.message.is_some()) {
        page.paragraph(
            "Where words follow a code, the row holds for replies whose message begins with them.",
        );
    }
    page.paragraph("Permanent: the same request would fail again. Transient: it may succeed later. Throttled: wait, then repeat. Credential: key, signature or clock is wrong. Codes that are not listed here are kept and handed on.");
    let rows: Vec<_> = spec
        .vendor
        .code
        .iter()
        .map(|code| {
            let class = match code.class {
                Class::Permanent => "permanent",
                Class::Transient => "transient",
                Class::Throttled => "throttled",
                Class::Credential => "credential",
            };
            vec![
                match &code.message {
                    Some(start) => format!("`{}`, {}…", code.code, escape(start)),
                    None => format!("`{}`", code.code),
                },
                class.into(),
                escape(&code.meaning),
                escape(&code.hint),
                escape(&code.source),
            ]
        })
        .collect();
    page.table(
        &["code", "class", "meaning", "what to do", "where it is from"],
        &rows,
    );
}

#[cfg(test)]
mod emission {
    use super::*;
    use crate::codegen::testing::contains;
    use crate::spec::fixture::{bare, spec};

    #[test]
    fn a_vendor_without_a_client_is_said_to_have_none() {
        let text = reference(&bare());
        contains(&text, "Nothing in vodkit sends these calls yet");
        contains(
            &text,
            "The calls of the page \"Bare server API\" and of pages beside it, without what",
        );
        contains(
            &text,
            "| [`clip/get`](#clipget) | `GetClip` | Clips: get | Read a clip. |",
        );
        contains(&text, "| Rust | `GetClip::new(clip_id: u64)` |");
        contains(&text, "| signed | no, the token goes with it |");
        contains(&text, "| `clip_id` | `uint`, path | yes |");
        contains(&text, "| `tags` | `list<string>`, JSON | yes |");
        contains(
            &text,
            "| `mark` | `string` | | | not signed | Mark of the caller. |",
        );
        contains(&text, "| rule of signing | `fixed` |\n| host | `play` |");
        contains(&text, "In their place with the rule `fixed`:\n");
        contains(
            &text,
            "| `play` | `https://play.example.test` | Plays clips. |",
        );
        contains(
            &text,
            "| `clip_id` or `clipId` | `uint` | yes | Id of the clip. |",
        );
        contains(
            &text,
            "| `400`, sign… | credential | The signature is wrong. |",
        );
        assert!(!reference(&spec()).contains("Nothing in vodkit sends"));
    }

    #[test]
    fn the_reference_has_every_call_param_and_field() {
        let text = reference(&spec());
        contains(&text, "### clip/send\n\nSend a clip.\n");
        contains(
            &text,
            "| [`clip/send`](#clipsend) | `send_clip` | API-1 | Send a clip. |",
        );
        contains(
            &text,
            "| `page_size` | `uint` | | `20` | ≥ 1, ≤ 50 | Clips on a page. |",
        );
        contains(&text, "| Rust | `client.list_clips(clip_type: ClipType)` |");
        contains(
            &text,
            "| command line | `vodkit call acme clip/list type=1` |",
        );
        contains(
            &text,
            "| `list[].clip_id` | `uint` | yes | Id of the clip. |",
        );
        contains(&text, "| `2` | `Long` | Long. |");
        contains(
            &text,
            "| `429` | throttled | Too many calls. | Wait, then repeat. | made up |",
        );
        // Clip holds clips: its fields are not unfolded without end.
        assert!(!text.contains("list[].parts[].clip_id"));
    }
}
