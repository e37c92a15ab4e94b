//! The module of a vendor's facade crate: one method per call.

use super::request::vendor_types;
use super::requests::{errata_doc, operation_doc};
use super::text::{Doc, Source, escape};
use super::types::{argument, rust_type};
use crate::names::snake;
use crate::spec::{Operation, Param, Reply, Spec, Type};

pub(crate) fn module() -> String {
    "mod methods;\n".to_owned()
}

pub(crate) fn methods(spec: &Spec) -> String {
    let mut body = Source::default();
    body.line(0, "impl<T> Client<T> {");
    for operation in &spec.operations {
        method(spec, operation, &mut body);
    }
    body.line(0, "}");
    let vendor = &spec.vendor.vendor;
    let mut source = Source::default();
    source.file_doc(&Doc::of("One method per call of the vendor."));
    source.import_used(0, "vodkit_request", ["Call"], &body);
    let types = format!("vodkit_request::types::{vendor}");
    source.import_used(0, &types, vendor_types(spec), &body);
    source.import_used(
        0,
        "vodkit_request::types",
        ["CommaList", "Date", "DateTime", "FileInput", "Secret"],
        &body,
    );
    source.blank();
    source.line(0, "use crate::Client;");
    source.append(&body);
    source.into_text()
}

fn method(spec: &Spec, operation: &Operation, body: &mut Source) {
    let required: Vec<&Param> = operation
        .params
        .iter()
        .filter(|param| param.required)
        .collect();
    body.blank();
    body.doc(1, &method_doc(spec, operation));
    if required.len() > 6 {
        body.line(
            1,
            "#[expect(clippy::too_many_arguments, reason = \"the vendor requires them all\")]",
        );
    }
    let mut arguments = vec!["&self".to_owned()];
    arguments.extend(required.iter().map(|param| argument(param).0));
    let names: Vec<_> = required.iter().map(|param| param.rust()).collect();
    let result = format!("Call<'_, T, {}>", operation.rust);
    body.signature(
        1,
        &format!("pub fn {}", snake(&operation.rust)),
        &arguments,
        &result,
    );
    body.line(
        2,
        format!("self.call({}::new({}))", operation.rust, names.join(", ")),
    );
    body.line(1, "}");
}

fn method_doc(spec: &Spec, operation: &Operation) -> Doc {
    let mut doc = operation_doc(spec, operation).markdown(gives(operation));
    let optional: Vec<_> = operation
        .params
        .iter()
        .filter(|param| !param.required)
        .map(|param| format!("`.{}(..)`", param.rust()))
        .collect();
    if !optional.is_empty() {
        doc = doc.markdown(format!(
            "Optional, before it is sent: {}.",
            optional.join(", ")
        ));
    }
    if operation.paging.is_some() {
        doc = doc
            .markdown("`.pages()` in place of `.send()` or `.await` gives all pages, one by one.");
    }
    if !operation.idempotent {
        doc = doc.markdown(
            "Never repeated by itself when its reply is lost: the vendor may have acted.",
        );
    }
    doc = doc.markdown("# Errors");
    let known: Vec<_> = spec
        .vendor
        .code
        .iter()
        .filter(|code| operation.errors.contains(&code.code))
        .collect();
    if known.is_empty() {
        doc = doc.markdown("When sent, as every call: transport, HTTP status, the vendor's error codes, an unreadable reply.");
    } else {
        doc = doc.markdown("When sent, as every call (transport, HTTP status, the vendor's error codes, an unreadable reply), and:");
    }
    for code in known {
        doc = doc.bullet(format!(
            "`{}`: {} {}",
            code.code,
            escape(&code.meaning),
            escape(&code.hint)
        ));
    }
    if !operation.errata.is_empty() {
        doc = doc.markdown("# Errata");
    }
    errata_doc(operation, doc)
}

/// What a success is, with a link where there is a type of its own.
fn gives(operation: &Operation) -> String {
    let link = |kind: &Type| match kind {
        Type::Named(name) => format!("[`{name}`](crate::types::{name})"),
        other => format!("`{}`", rust_type(other)),
    };
    match &operation.result {
        Reply::None => "It gives nothing but success.".to_owned(),
        Reply::Data(Type::List(item)) => format!("It gives a list of {}.", link(item)),
        Reply::Data(Type::Map(value)) => format!("It gives a map from text to {}.", link(value)),
        Reply::Data(kind) => format!("It gives {}.", link(kind)),
    }
}

#[cfg(test)]
mod emission {
    use super::*;
    use crate::spec::fixture;

    #[test]
    fn one_method_per_call() {
        let text = methods(&fixture::parse(fixture::VENDOR, fixture::CALLS).unwrap());
        for wanted in [
            "    pub fn list_clips(&self, clip_type: ClipType) -> Call<'_, T, ListClips> {\n        self.call(ListClips::new(clip_type))\n",
            "    pub fn clear_clips(&self) -> Call<'_, T, ClearClips> {\n        self.call(ClearClips::new())\n",
            "        self.call(SendClip::new(clip, name))\n",
            "    /// - `429`: Too many calls. Wait, then repeat.\n",
            "use crate::Client;\n",
        ] {
            assert!(text.contains(wanted), "wanted:\n{wanted}\ngot:\n{text}");
        }
        assert_eq!(text.matches("pub fn ").count(), 4);
        assert_eq!(text.matches("Never repeated by itself").count(), 1);
    }
}
