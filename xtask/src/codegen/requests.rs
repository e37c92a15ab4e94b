//! The module of request structs in `vodkit-types`, and what is written about a call wherever it appears.

use super::text::{Doc, Source, escape, literal, stopped};
use super::types::{argument, page, param_type, wire_imports};
use crate::spec::{Operation, Param, Spec};

/// The doc comment of a parameter: meaning, limits, default.
fn param_doc(param: &Param) -> Doc {
    let mut facts = Vec::new();
    match (param.min, param.max) {
        (Some(min), Some(max)) => facts.push(format!("From {min} to {max}.")),
        (Some(min), None) => facts.push(format!("At least {min}.")),
        (None, Some(max)) => facts.push(format!("At most {max}.")),
        (None, None) => {}
    }
    if let Some(chars) = param.max_chars {
        facts.push(format!("At most {chars} characters."));
    }
    if let Some(default) = &param.default {
        facts.push(format!("The vendor's default is `{default}`."));
    }
    let doc = Doc::of(&param.doc);
    if facts.is_empty() {
        doc
    } else {
        doc.markdown(facts.join(" "))
    }
}

/// The doc comment of a call, up to the route.
pub(crate) fn operation_doc(spec: &Spec, operation: &Operation) -> Doc {
    let mut doc = Doc::of(&operation.doc);
    if let Some(details) = &operation.details {
        doc = doc.text(details);
    }
    let route = format!("`{} {}`", operation.method.as_str(), operation.path);
    doc.markdown(format!(
        "{route}, section {} of {}.",
        escape(&operation.section),
        page(spec)
    ))
}

/// Adds where the page and the wire disagree.
pub(crate) fn errata_doc(operation: &Operation, mut doc: Doc) -> Doc {
    if !operation.errata.is_empty() {
        doc = doc.markdown("Where the page and the wire disagree, or the page says too little:");
        for erratum in &operation.errata {
            let (says, chosen) = (stopped(&erratum.says), stopped(&erratum.chosen));
            doc = doc.bullet(format!(
                "Page: {} Here: {} ({})",
                escape(&says),
                escape(&chosen),
                escape(&erratum.id)
            ));
        }
    }
    doc
}

pub(crate) fn requests(spec: &Spec) -> String {
    let mut body = Source::default();
    for operation in &spec.operations {
        request_struct(spec, operation, &mut body);
        request_impl(operation, &mut body);
    }
    let mut source = Source::default();
    source.file_doc(&Doc::of(
        "One request struct per call, with all its parameters.",
    ));
    wire_imports(&mut source, spec, &body);
    source.append(&body);
    source.into_text()
}

fn request_struct(spec: &Spec, operation: &Operation, body: &mut Source) {
    body.blank();
    body.line(0, "wire_struct! {");
    body.doc(1, &errata_doc(operation, operation_doc(spec, operation)));
    if operation.params.iter().all(|param| !param.required) {
        body.line(1, "#[derive(Default)]");
    }
    if operation.params.is_empty() {
        body.line(1, format!("pub struct {} {{}}", operation.rust));
        return body.line(0, "}");
    }
    body.line(1, format!("pub struct {} {{", operation.rust));
    for param in &operation.params {
        body.doc(2, &param_doc(param));
        let kind = param_type(param);
        body.line(
            2,
            format!("{} => pub {}: {kind},", literal(&param.name), param.rust()),
        );
    }
    body.line(1, "}");
    body.line(0, "}");
}

fn request_impl(operation: &Operation, body: &mut Source) {
    let required: Vec<_> = operation
        .params
        .iter()
        .filter(|param| param.required)
        .collect();
    body.blank();
    body.line(0, format!("impl {} {{", operation.rust));
    let doc = if required.is_empty() {
        "The call without any parameter."
    } else {
        "The call with its required parameters."
    };
    body.doc(1, &Doc::of(doc));
    if required.len() > 7 {
        body.line(
            1,
            "#[expect(clippy::too_many_arguments, reason = \"the vendor requires them all\")]",
        );
    }
    body.line(1, "#[must_use]");
    let arguments: Vec<_> = required.iter().map(|param| argument(param).0).collect();
    body.signature(1, "pub fn new", &arguments, "Self");
    if required.is_empty() {
        body.line(2, "Self::default()");
    } else {
        body.line(2, "Self {");
        for param in &operation.params {
            let value = if param.required {
                argument(param).1
            } else {
                "None".into()
            };
            let name = param.rust();
            body.line(
                3,
                if value == name {
                    format!("{name},")
                } else {
                    format!("{name}: {value},")
                },
            );
        }
        body.line(3, "extra: Extra::default(),");
        body.line(2, "}");
    }
    body.line(1, "}");
    for param in operation.params.iter().filter(|param| !param.required) {
        let (declared, value) = argument(param);
        body.blank();
        body.doc(1, &param_doc(param));
        body.line(1, "#[must_use]");
        body.signature(
            1,
            &format!("pub fn {}", param.rust()),
            &["mut self".into(), declared],
            "Self",
        );
        body.line(2, format!("self.{} = Some({value});", param.rust()));
        body.line(2, "self");
        body.line(1, "}");
    }
    body.blank();
    body.doc(
        1,
        &Doc::of("Adds a parameter that the vendor's page does not document."),
    );
    body.line(1, "#[must_use]");
    let arguments = [
        "mut self".into(),
        "name: impl Into<String>".into(),
        "value: impl Into<serde_json::Value>".into(),
    ];
    body.signature(1, "pub fn with_undocumented", &arguments, "Self");
    body.line(2, "self.extra.insert(name, value);");
    body.line(2, "self");
    body.line(1, "}");
    body.line(0, "}");
}

#[cfg(test)]
mod emission {
    use super::*;
    use crate::codegen::testing::contains;
    use crate::spec::fixture::{bare, spec};

    #[test]
    fn a_json_body_holds_lists_and_objects() {
        let text = requests(&bare());
        contains(
            &text,
            "    pub fn new(tags: impl Into<Vec<String>>) -> Self {\n",
        );
        contains(&text, "        \"tags\" => pub tags: Vec<String>,\n");
        contains(&text, "        \"ids\" => pub ids: Option<Vec<u64>>,\n");
        contains(
            &text,
            "        \"settings\" => pub settings: Option<BTreeMap<String, serde_json::Value>>,\n",
        );
        contains(&text, "        self.ids = Some(ids.into());\n");
        contains(&text, "    pub fn all(mut self, all: bool) -> Self {\n");
        contains(&text, "use std::collections::BTreeMap;\n");
    }

    #[test]
    fn requests_take_what_is_required_and_set_what_is_not() {
        let text = requests(&spec());
        contains(
            &text,
            "    pub fn new(clip: impl Into<FileInput>, name: impl Into<String>) -> Self {\n",
        );
        contains(
            &text,
            "            clip: clip.into(),\n            name: name.into(),\n            types: None,\n",
        );
        contains(
            &text,
            "    pub fn types(mut self, types: impl Into<CommaList<ClipType>>) -> Self {\n",
        );
        contains(
            &text,
            "    pub fn since(mut self, since: Date) -> Self {\n        self.since = Some(since);\n        self\n",
        );
        contains(
            &text,
            "    #[derive(Default)]\n    pub struct ClearClips {}\n",
        );
        contains(&text, r"    /// Deleted clips are not \[listed\].");
        contains(
            &text,
            "    /// `POST /openapi/clip/list`, section API-2 of Acme's page.\n",
        );
        contains(
            &text,
            "    /// - Page: page has no default. Here: the first page. (2.1)\n",
        );
    }
}
