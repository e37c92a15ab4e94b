//! Generated docs: the operation reference of a vendor, the coverage table and the errata.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::request::output;
use super::tests::example;
use super::text::{escape, stopped};
use super::types::argument;
use crate::spec::{Auth, Class, Erratum, Operation, Param, Reply, Spec, Struct, Type};
use crate::spec_check::snake;

/// A Markdown file in the making; `String` takes every write.
#[derive(Default)]
struct Page(String);

impl Page {
    fn line(&mut self, line: impl AsRef<str>) {
        self.0.push_str(line.as_ref());
        self.0.push('\n');
    }

    fn heading(&mut self, level: usize, title: &str) {
        self.blank();
        self.line(format!("{} {title}", "#".repeat(level)));
        self.blank();
    }

    fn paragraph(&mut self, text: impl AsRef<str>) {
        self.blank();
        self.line(text);
        self.blank();
    }

    fn blank(&mut self) {
        if !self.0.is_empty() && !self.0.ends_with("\n\n") {
            self.0.push('\n');
        }
    }

    fn table(&mut self, heads: &[&str], rows: &[Vec<String>]) {
        self.blank();
        self.row(heads.iter().map(|head| (*head).to_owned()));
        self.row(heads.iter().map(|_| "---".to_owned()));
        for row in rows {
            self.row(row.iter().cloned());
        }
        self.blank();
    }

    fn row(&mut self, cells: impl Iterator<Item = String>) {
        for cell in cells {
            let cell = cell.replace('\n', " ");
            if cell.is_empty() {
                self.0.push_str("| ");
            } else {
                let _infallible = write!(self.0, "| {cell} ");
            }
        }
        self.line("|");
    }

    fn finish(mut self) -> String {
        self.0.truncate(self.0.trim_end().len());
        self.0.push('\n');
        self.0
    }
}

/// The link of a heading, as GitHub makes it.
pub(crate) fn anchor(heading: &str) -> String {
    heading
        .to_lowercase()
        .chars()
        .filter_map(|c| match c {
            ' ' => Some('-'),
            '-' | '_' => Some(c),
            c if c.is_alphanumeric() => Some(c),
            _ => None,
        })
        .collect()
}

/// `API-10` after `API-9`.
fn natural(section: &str) -> (String, u64) {
    let digits = section.len() - section.bytes().rev().take_while(u8::is_ascii_digit).count();
    (section[..digits].to_owned(), section[digits..].parse().unwrap_or(0))
}

fn link(to: &str, operation: &Operation) -> String {
    format!("[`{}`]({to}#{})", operation.name, anchor(&operation.name))
}

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
        page.heading(2, group);
        for operation in spec.operations.iter().filter(|operation| operation.group == group) {
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
            .map(|value| vec![format!("`{}`", value.value), format!("`{}`", value.rust), escape(&value.doc)])
            .collect();
        page.table(&["value", "Rust", "meaning"], &rows);
    }
    error_codes(spec, &mut page);
    page.finish()
}

fn groups(spec: &Spec) -> Vec<&str> {
    let mut seen = BTreeSet::new();
    spec.operations.iter().map(|operation| operation.group.as_str()).filter(|group| seen.insert(*group)).collect()
}

fn contents(spec: &Spec, page: &mut Page) {
    let rows: Vec<_> = groups(spec)
        .into_iter()
        .flat_map(|group| spec.operations.iter().filter(move |operation| operation.group == group))
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
    let required: Vec<_> = operation.params.iter().enumerate().filter(|(_, param)| param.required).collect();
    let arguments: Vec<_> = required.iter().map(|(_, param)| argument(param).0).collect();
    let words = required.iter().map(|(n, param)| format!(" {}={}", param.name, shell_word(&example(spec, param, *n).text)));
    let allowed: Vec<_> = operation.methods.iter().map(|method| method.as_str()).collect();
    page.table(&["", ""], &[
        vec!["route".into(), format!("`{} {}`", operation.method.as_str(), operation.path)],
        vec![
            "methods on the page".into(),
            if allowed.is_empty() { operation.method.as_str().into() } else { allowed.join(", ") },
        ],
        vec!["section".into(), escape(&operation.section)],
        vec!["signed".into(), if operation.auth == Auth::Signed { "yes" } else { "no" }.into()],
        vec![
            "repeated when the reply is lost".into(),
            if operation.idempotent { "yes" } else { "no: the vendor may have acted" }.into(),
        ],
        vec!["success".into(), format!("code `{}`", operation.success.join("`, `"))],
        vec!["Rust".into(), format!("`client.{}({})`", snake(&operation.rust), arguments.join(", "))],
        vec![
            "command line".into(),
            format!("`vodkit call {} {}{}`", spec.vendor.vendor, operation.name, words.collect::<String>()),
        ],
    ]);
    if operation.params.is_empty() {
        page.paragraph("No parameters of its own.");
    } else {
        params_table(&operation.params, page);
    }
    match &operation.result {
        Reply::None => page.paragraph("Answers with nothing."),
        Reply::Data(kind) => {
            page.paragraph(format!("Answers with `{}`{}", output(operation), if named_struct(spec, kind).is_some() { ":" } else { "." }));
            if let Some(entry) = named_struct(spec, kind) {
                fields_table(spec, entry, page);
            }
        }
    }
    if let Some(paging) = &operation.paging {
        page.paragraph(format!("Comes in pages: `{}`, `{}` elements each; `.pages()` asks for all of them.", paging.page, paging.page_size));
    }
    if !operation.errors.is_empty() {
        page.paragraph(format!("Known to fail with: `{}`.", operation.errors.join("`, `")));
    }
    if !operation.errata.is_empty() {
        let ids: Vec<_> = operation.errata.iter().map(|erratum| escape(&erratum.id)).collect();
        page.paragraph(format!("Errata: [{}](../errata.md#{}).", ids.join(", "), anchor(&errata_heading(spec, operation))));
    }
}

fn shell_word(text: &str) -> String {
    if text.chars().all(|c| c.is_alphanumeric() || "_-.,:/".contains(c)) { text.to_owned() } else { format!("'{text}'") }
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
                param.default.as_ref().map(|default| format!("`{default}`")).unwrap_or_default(),
                limits.join(", "),
                escape(&param.doc),
            ]
        })
        .collect();
    page.table(&["parameter", "type", "required", "default", "limits", "meaning"], &rows);
}

fn fields_table(spec: &Spec, entry: &Struct, page: &mut Page) {
    let mut rows = Vec::new();
    field_rows(spec, entry, "", &mut vec![&entry.name], &mut rows);
    page.table(&["field", "type", "always there", "meaning"], &rows);
}

/// The fields of a struct and of the structs in it, each under its path.
fn field_rows<'s>(spec: &'s Spec, entry: &'s Struct, prefix: &str, above: &mut Vec<&'s str>, rows: &mut Vec<Vec<String>>) {
    for field in &entry.fields {
        let path = format!("{prefix}{}", field.name);
        rows.push(vec![
            format!("`{path}`"),
            type_text(&field.kind),
            if field.required { "yes" } else { "" }.into(),
            escape(&field.doc),
        ]);
        if let Some(inner) = named_struct(spec, &field.kind).filter(|inner| !above.contains(&inner.name.as_str())) {
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
            vec![format!("`{}`", code.code), class.into(), escape(&code.meaning), escape(&code.hint), escape(&code.source)]
        })
        .collect();
    page.table(&["code", "class", "meaning", "what to do", "where it is from"], &rows);
}

/// The sections of a vendor's page that the tables know, with what covers them.
fn sections(spec: &Spec) -> Vec<((String, u64), Vec<String>)> {
    let mut rows: Vec<_> = spec
        .operations
        .iter()
        .map(|operation| {
            let reference = format!("reference/{}.md", spec.vendor.vendor);
            let drifted = operation.drifted.len();
            (natural(&operation.section), vec![
                escape(&operation.section),
                link(&reference, operation),
                format!("`{}`", snake(&operation.rust)),
                if drifted > 0 { format!("sample, {drifted} drifted") } else { "sample".into() },
                operation.errata.len().to_string(),
            ])
        })
        .collect();
    for entry in spec.structs.iter().filter(|entry| entry.payload) {
        let source = entry.source.as_deref().unwrap_or_default();
        let reference = format!("[`{}`](reference/{}.md#{})", entry.name, spec.vendor.vendor, anchor(&entry.name));
        rows.push((natural(source), vec![escape(source), reference, "received".into(), String::new(), String::new()]));
    }
    rows.sort_by(|a, b| a.0.cmp(&b.0));
    rows
}

/// Numbers that are left out of a numbered row of sections.
fn missing_sections(rows: &[((String, u64), Vec<String>)]) -> Vec<String> {
    let known: BTreeSet<_> = rows.iter().map(|(section, _)| section).collect();
    let mut missing = Vec::new();
    let prefixes: BTreeSet<_> = known.iter().filter(|(_, number)| *number > 0).map(|(prefix, _)| prefix).collect();
    for prefix in prefixes {
        let last = known.iter().filter(|(p, _)| p == prefix).map(|(_, number)| *number).max().unwrap_or(0);
        missing.extend((1..=last).filter(|n| !known.contains(&(prefix.clone(), *n))).map(|n| format!("{prefix}{n}")));
    }
    missing
}

pub(crate) fn coverage(specs: &[Spec]) -> String {
    let mut page = Page::default();
    page.heading(1, "Coverage");
    page.paragraph("Every section of each vendor's page, and the call that covers it.");
    for spec in specs {
        page.heading(2, &spec.vendor.title);
        let rows = sections(spec);
        let missing = missing_sections(&rows);
        let covered: BTreeSet<_> = rows.iter().map(|(section, _)| section).collect();
        let payloads = spec.structs.iter().filter(|entry| entry.payload).count();
        page.paragraph(format!(
            "{} sections, {} calls, {payloads} messages from the vendor. {}",
            covered.len() + missing.len(),
            spec.operations.len(),
            if missing.is_empty() { "Nothing is left out.".to_owned() } else { format!("Left out: {}.", missing.join(", ")) },
        ));
        let rows: Vec<_> = rows.into_iter().map(|(_, row)| row).collect();
        page.table(&["section", "call", "method", "tested with", "errata"], &rows);
    }
    page.finish()
}

fn errata_heading(spec: &Spec, operation: &Operation) -> String {
    format!("{} {} ({})", spec.vendor.rust, operation.name, operation.section)
}

pub(crate) fn errata(specs: &[Spec]) -> String {
    let mut page = Page::default();
    page.heading(1, "Errata of the vendors' pages");
    page.paragraph(
        "Where a vendor's page contradicts itself or the wire, or leaves out what a program must know, and what vodkit does about it. Evidence is named where there is any beyond the page itself.",
    );
    for spec in specs {
        page.heading(2, &spec.vendor.title);
        let own: usize = spec.operations.iter().map(|operation| operation.errata.len()).sum();
        let calls = spec.operations.iter().filter(|operation| !operation.errata.is_empty()).count();
        page.paragraph(format!(
            "{} entries: {} general ones, {own} in {calls} of {} calls.",
            spec.errata.len() + own,
            spec.errata.len(),
            spec.operations.len(),
        ));
        page.heading(3, &format!("{} in general", spec.vendor.rust));
        errata_table(&spec.errata, &mut page);
        let mut operations: Vec<_> = spec.operations.iter().filter(|o| !o.errata.is_empty()).collect();
        operations.sort_by_key(|operation| natural(&operation.section));
        for operation in operations {
            page.heading(3, &errata_heading(spec, operation));
            errata_table(&operation.errata, &mut page);
        }
    }
    page.finish()
}

fn errata_table(errata: &[Erratum], page: &mut Page) {
    let rows: Vec<_> = errata
        .iter()
        .map(|erratum| {
            let evidence = erratum.evidence.as_deref().map(stopped).unwrap_or_default();
            vec![
                escape(&erratum.id),
                escape(&stopped(&erratum.says)),
                escape(&stopped(&erratum.chosen)),
                escape(&evidence),
            ]
        })
        .collect();
    page.table(&["id", "the page says", "chosen", "evidence"], &rows);
}

#[cfg(test)]
mod emission {
    use super::*;
    use crate::spec::fixture;

    fn spec() -> Spec {
        fixture::parse(fixture::VENDOR, fixture::CALLS).unwrap()
    }

    #[track_caller]
    fn contains(text: &str, wanted: &str) {
        assert!(text.contains(wanted), "wanted:\n{wanted}\ngot:\n{text}");
    }

    #[test]
    fn the_reference_has_every_call_param_and_field() {
        let text = reference(&spec());
        contains(&text, "### clip/send\n\nSend a clip.\n");
        contains(&text, "| [`clip/send`](#clipsend) | `send_clip` | API-1 | Send a clip. |");
        contains(&text, "| `page_size` | `uint` | | `20` | ≥ 1, ≤ 50 | Clips on a page. |");
        contains(&text, "| Rust | `client.list_clips(clip_type: ClipType)` |");
        contains(&text, "| command line | `vodkit call acme clip/list type=1` |");
        contains(&text, "| `list[].clip_id` | `uint` | yes | Id of the clip. |");
        contains(&text, "| `2` | `Long` | Long. |");
        contains(&text, "| `429` | throttled | Too many calls. | Wait, then repeat. | made up |");
        // Clip holds clips: its fields are not unfolded without end.
        assert!(!text.contains("list[].parts[].clip_id"));
    }

    #[test]
    fn coverage_names_what_is_left_out() {
        let text = coverage(&[spec()]);
        contains(&text, "5 sections, 4 calls, 0 messages from the vendor. Left out: API-4.");
        contains(&text, "| API-2 | [`clip/list`](reference/acme.md#cliplist) | `list_clips` | sample, 1 drifted | 1 |");
    }

    #[test]
    fn errata_are_counted_and_listed() {
        let text = errata(&[spec()]);
        contains(&text, "3 entries: 2 general ones, 1 in 1 of 4 calls.");
        contains(&text, "| E0.1 | no time zone. | dates are passed on as they are. | made up. |");
        contains(&text, "### Acme clip/list (API-2)\n");
        contains(&reference(&spec()), "(../errata.md#acme-cliplist-api-2)");
    }

    #[test]
    fn sections_are_in_natural_order() {
        assert!(natural("API-9") < natural("API-10"));
        assert!(natural("API-40") < natural("Callback-1"));
        assert_eq!(natural("Third-party auth").1, 0);
    }
}
