//! The operation reference of a vendor.

use std::collections::BTreeSet;

use super::docs::{errata_heading, link};
use super::page::{Page, anchor};
use super::request::output;
use super::tests::example;
use super::text::escape;
use super::types::argument;
use crate::names::snake;
use crate::spec::{Auth, Class, Operation, Param, Reply, Spec, Struct, Type};

pub(crate) fn reference(spec: &Spec) -> String {
    let vendor = &spec.vendor;
    let mut page = Page::default();
    page.heading(1, &format!("{}: operation reference", vendor.title));
    page.paragraph(format!(
        "Every call of the page \"{}\", under the vendor's own names. What the page says wrongly is in the [errata](../errata.md).",
        escape(&vendor.page)
    ));
    contents(spec, &mut page);
    page.heading(2, "Parameters of every signed call");
    page.paragraph("vodkit adds these and the signature by itself.");
    params_table(&vendor.common, &mut page);
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
                format!("`{}`", snake(&operation.rust)),
                escape(&operation.section),
                escape(&operation.doc),
            ]
        })
        .collect();
    page.table(&["call", "method", "section", "what it does"], &rows);
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
        format!(
            " {}={}",
            param.name,
            shell_word(&example(spec, param, *n).text)
        )
    });
    let allowed: Vec<_> = operation
        .methods
        .iter()
        .map(|method| method.as_str())
        .collect();
    page.table(
        &["", ""],
        &[
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
                if operation.auth == Auth::Signed {
                    "yes"
                } else {
                    "no"
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
            vec![
                "Rust".into(),
                format!(
                    "`client.{}({})`",
                    snake(&operation.rust),
                    arguments.join(", ")
                ),
            ],
            vec![
                "command line".into(),
                format!(
                    "`vodkit call {} {}{}`",
                    spec.vendor.vendor,
                    operation.name,
                    words.collect::<String>()
                ),
            ],
        ],
    );
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

fn params_table(params: &[Param], page: &mut Page) {
    let rows: Vec<_> = params
        .iter()
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
            vec![
                format!("`{}`", param.name),
                type_text(&param.kind),
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
            format!("`{path}`"),
            type_text(&field.kind),
            if field.required { "yes" } else { "" }.into(),
            escape(&field.doc),
        ]);
        if let Some(inner) =
            named_struct(spec, &field.kind).filter(|inner| !above.contains(&inner.name.as_str()))
        {
            let step = match field.kind {
                Type::List(_) => "[].",
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
                format!("`{}`", code.code),
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
    use crate::spec::fixture::spec;

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
