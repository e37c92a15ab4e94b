//! The modules of `vodkit-types`: enums, structs, requests, operation tables and error codes.

use super::text::{Doc, Source, escape, literal, literals, stopped};
use crate::spec::{Auth, Class, Operation, Param, Repr, Spec, Type};
use crate::spec_check::snake;

/// The Rust type of a value that is there.
pub(crate) fn rust_type(kind: &Type) -> String {
    match kind {
        Type::Uint => "u64".into(),
        Type::Int => "i64".into(),
        Type::Float => "f64".into(),
        Type::Text | Type::Url => "String".into(),
        Type::Secret => "Secret".into(),
        Type::Date => "Date".into(),
        Type::DateTime => "DateTime".into(),
        Type::Time => "Time".into(),
        Type::Raw => "serde_json::Value".into(),
        Type::File => "FileInput".into(),
        Type::Csv(inner) => format!("CommaList<{}>", rust_type(inner)),
        Type::List(inner) => format!("Vec<{}>", rust_type(inner)),
        Type::Map(inner) => format!("BTreeMap<String, {}>", rust_type(inner)),
        Type::Named(name) => name.clone(),
    }
}

fn field_type(kind: &Type, required: bool) -> String {
    match kind {
        Type::List(_) | Type::Map(_) => rust_type(kind),
        _ if required => rust_type(kind),
        _ => format!("Option<{}>", rust_type(kind)),
    }
}

/// How an argument of this type is declared, and how it becomes the field.
pub(crate) fn argument(param: &Param) -> (String, String) {
    let name = param.rust();
    match param.kind {
        Type::Text | Type::Url | Type::Secret | Type::Csv(_) | Type::File => {
            (format!("{name}: impl Into<{}>", rust_type(&param.kind)), format!("{name}.into()"))
        }
        _ => (format!("{name}: {}", rust_type(&param.kind)), name.to_owned()),
    }
}

/// `NAME_OF_THE_STATIC` of an operation.
pub(crate) fn constant(operation: &Operation) -> String {
    snake(&operation.rust).to_ascii_uppercase()
}

/// Business parameters in signing order.
pub(crate) fn sorted(params: &[Param]) -> Vec<&Param> {
    let mut sorted: Vec<_> = params.iter().collect();
    sorted.sort_by_key(|param| param.name.as_bytes());
    sorted
}

fn page(spec: &Spec) -> String {
    format!("{}'s page", spec.vendor.rust)
}

pub(crate) fn module(spec: &Spec) -> String {
    let mut source = Source::default();
    let mut public = Vec::new();
    for (name, empty) in [
        ("enums", spec.enums.is_empty()),
        ("fault_codes", false),
        ("operations", false),
        ("requests", spec.operations.is_empty()),
        ("structs", spec.structs.is_empty()),
    ] {
        if name == "operations" {
            source.line(0, "pub mod operations;");
        } else if !empty {
            source.line(0, format!("mod {name};"));
            public.push(if name == "fault_codes" { format!("{name}::FAULT_CODES") } else { format!("{name}::*") });
        }
    }
    source.blank();
    for path in public {
        source.line(0, format!("pub use self::{path};"));
    }
    source.into_text()
}

pub(crate) fn enums(spec: &Spec) -> String {
    let mut body = Source::default();
    for entry in &spec.enums {
        body.blank();
        let (macro_name, int) = match entry.repr {
            Repr::Int => ("open_int_enum", true),
            Repr::String => ("open_string_enum", false),
        };
        body.line(0, format!("{macro_name}! {{"));
        body.doc(1, &Doc::of(&entry.doc));
        body.line(1, format!("pub enum {} {{", entry.name));
        for value in &entry.values {
            let text = value.value.to_string();
            body.doc(2, &Doc::default().markdown(format!("`{text}`: {}", escape(&value.doc))));
            let number = if int { format!("{text} ") } else { String::new() };
            body.line(2, format!("{} = {number}{},", value.rust, literal(&text)));
        }
        body.line(1, "}");
        body.line(0, "}");
    }
    let mut source = Source::default();
    source.file_doc(&Doc::of("Words and numbers with a fixed meaning."));
    source.import_used(0, "crate::open_enum", ["open_int_enum", "open_string_enum"], &body);
    source.append(&body);
    source.into_text()
}

pub(crate) fn structs(spec: &Spec) -> String {
    let mut body = Source::default();
    for entry in &spec.structs {
        body.blank();
        body.line(0, "wire_struct! {");
        let mut doc = Doc::of(&entry.doc);
        if entry.payload {
            doc = doc.markdown("The vendor sends this to its customer.");
        }
        if let Some(from) = &entry.source {
            doc = doc.markdown(format!("Described in {} of {}.", escape(from), page(spec)));
        }
        body.doc(1, &doc);
        body.line(1, format!("pub struct {} {{", entry.name));
        for field in &entry.fields {
            body.doc(2, &Doc::of(&field.doc));
            let kind = field_type(&field.kind, field.required);
            body.line(2, format!("{} => pub {}: {kind},", literal(&field.name), field.rust()));
        }
        body.line(1, "}");
        body.line(0, "}");
    }
    let mut source = Source::default();
    source.file_doc(&Doc::of("What replies and callbacks hold."));
    wire_imports(&mut source, spec, &body);
    source.append(&body);
    source.into_text()
}

fn wire_imports(source: &mut Source, spec: &Spec, body: &Source) {
    source.import_used(0, "std::collections", ["BTreeMap"], body);
    source.blank();
    source.import_used(0, "super::enums", spec.enums.iter().map(|e| e.name.as_str()), body);
    source.import_used(0, "crate::param", ["CommaList", "FileInput"], body);
    source.import_used(0, "crate::secret", ["Secret"], body);
    source.import_used(0, "crate::time", ["Date", "DateTime", "Time"], body);
    source.import_used(0, "crate::wire", ["Extra"], body);
    source.import_used(0, "crate::wire_struct", ["wire_struct"], body);
}

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
    if facts.is_empty() { doc } else { doc.markdown(facts.join(" ")) }
}

/// The doc comment of a call, up to the route.
pub(crate) fn operation_doc(spec: &Spec, operation: &Operation) -> Doc {
    let mut doc = Doc::of(&operation.doc);
    if let Some(details) = &operation.details {
        doc = doc.text(details);
    }
    let route = format!("`{} {}`", operation.method.as_str(), operation.path);
    doc.markdown(format!("{route}, section {} of {}.", escape(&operation.section), page(spec)))
}

/// Adds where the page and the wire disagree.
pub(crate) fn errata_doc(operation: &Operation, mut doc: Doc) -> Doc {
    if !operation.errata.is_empty() {
        doc = doc.markdown("Where the page and the wire disagree, or the page says too little:");
        for erratum in &operation.errata {
            let (says, chosen) = (stopped(&erratum.says), stopped(&erratum.chosen));
            doc = doc.bullet(format!("Page: {} Here: {} ({})", escape(&says), escape(&chosen), escape(&erratum.id)));
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
    source.file_doc(&Doc::of("One request struct per call, with all its parameters."));
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
        let kind = field_type(&param.kind, param.required);
        body.line(2, format!("{} => pub {}: {kind},", literal(&param.name), param.rust()));
    }
    body.line(1, "}");
    body.line(0, "}");
}

fn request_impl(operation: &Operation, body: &mut Source) {
    let required: Vec<_> = operation.params.iter().filter(|param| param.required).collect();
    body.blank();
    body.line(0, format!("impl {} {{", operation.rust));
    let doc = if required.is_empty() { "The call without any parameter." } else { "The call with its required parameters." };
    body.doc(1, &Doc::of(doc));
    if required.len() > 7 {
        body.line(1, "#[expect(clippy::too_many_arguments, reason = \"the vendor requires them all\")]");
    }
    body.line(1, "#[must_use]");
    let arguments: Vec<_> = required.iter().map(|param| argument(param).0).collect();
    body.signature(1, "pub fn new", &arguments, "Self");
    if required.is_empty() {
        body.line(2, "Self::default()");
    } else {
        body.line(2, "Self {");
        for param in &operation.params {
            let value = if param.required { argument(param).1 } else { "None".into() };
            let name = param.rust();
            body.line(3, if value == name { format!("{name},") } else { format!("{name}: {value},") });
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
        body.signature(1, &format!("pub fn {}", param.rust()), &["mut self".into(), declared], "Self");
        body.line(2, format!("self.{} = Some({value});", param.rust()));
        body.line(2, "self");
        body.line(1, "}");
    }
    body.blank();
    body.doc(1, &Doc::of("Adds a parameter that the vendor's page does not document."));
    body.line(1, "#[must_use]");
    let arguments =
        ["mut self".into(), "name: impl Into<String>".into(), "value: impl Into<serde_json::Value>".into()];
    body.signature(1, "pub fn with_undocumented", &arguments, "Self");
    body.line(2, "self.extra.insert(name, value);");
    body.line(2, "self");
    body.line(1, "}");
    body.line(0, "}");
}

/// The kind of a parameter, as an expression.
fn param_kind(spec: &Spec, param: &Param) -> String {
    let values = |name: &str| {
        let entry = spec.find_enum(name);
        literals(entry.into_iter().flat_map(|entry| entry.values.iter().map(|value| value.value.to_string())))
    };
    match &param.kind {
        _ if param.is_target() => "ParamKind::Target".into(),
        Type::Uint | Type::Int => "ParamKind::Int".into(),
        Type::Secret => "ParamKind::Secret".into(),
        Type::Date => "ParamKind::Date".into(),
        Type::DateTime => "ParamKind::DateTime".into(),
        Type::Url => "ParamKind::Url".into(),
        Type::File => "ParamKind::File".into(),
        Type::Named(name) => format!("ParamKind::OneOf({})", values(name)),
        Type::Csv(inner) => format!("ParamKind::List({})", inner.named().map_or("&[]".into(), values)),
        _ => "ParamKind::Text".into(),
    }
}

/// Writes `head &[Param { .. }, ..] tail`, folded as rustfmt folds it.
fn param_table(spec: &Spec, params: &[&Param], indent: usize, head: &str, tail: &str, body: &mut Source) {
    if params.is_empty() {
        return body.line(indent, format!("{head}&[]{tail}"));
    }
    let single = params.len() == 1;
    let inner = if single { indent } else { indent + 1 };
    if !single {
        body.line(indent, format!("{head}&["));
    }
    for param in params {
        body.line(inner, if single { format!("{head}&[Param {{") } else { "Param {".into() });
        let mut field = |name: &str, value: String| body.line(inner + 1, format!("{name}: {value},"));
        field("name", literal(&param.name));
        field("kind", param_kind(spec, param));
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
        body.line(inner, if single { format!("}}]{tail}") } else { "},".into() });
    }
    if !single {
        body.line(indent, format!("]{tail}"));
    }
}

pub(crate) fn operations(spec: &Spec) -> String {
    let mut body = Source::default();
    body.line(0, "/// What a parameter is unless its entry says otherwise.");
    body.line(0, "const OPTIONAL: Param = Param {");
    for field in [
        "name: \"\"",
        "kind: ParamKind::Text",
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
    body.doc(0, &Doc::of("Parameters that every signed call carries besides its own, without the signature."));
    param_table(spec, &sorted(&spec.vendor.common), 0, "pub static COMMON: &[Param] = ", ";", &mut body);
    body.blank();
    body.doc(0, &Doc::of("Every documented call, in the order of the tables."));
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
            format!("let operation = operations::ALL.iter().find(|o| o.name == {});", literal(&operation.name)),
            format!("assert_eq!(operation.unwrap().path, {});", literal(&operation.path)),
            "```".to_owned(),
        ]
    });
    let mut doc = Doc::of("The operation tables: every documented call, as data.");
    if let Some(example) = &example {
        doc = doc.verbatim(&example.each_ref().map(String::as_str));
    }
    source.file_doc(&doc);
    source.line(0, "use crate::operation::{Operation, Param, ParamKind};");
    source.append(&body);
    source.into_text()
}

fn operation_static(spec: &Spec, operation: &Operation, body: &mut Source) {
    let methods = if operation.methods.is_empty() { vec![operation.method] } else { operation.methods.clone() };
    body.doc(0, &Doc::default().markdown(format!("`{}`: {}", operation.name, escape(&operation.doc))));
    body.line(0, format!("pub static {}: Operation = Operation {{", constant(operation)));
    for (name, value) in [
        ("vendor", literal(&spec.vendor.vendor)),
        ("name", literal(&operation.name)),
        ("rust_method", literal(&snake(&operation.rust))),
        ("doc", literal(&operation.doc)),
        ("section", literal(&operation.section)),
        ("group", literal(&operation.group)),
        ("method", literal(operation.method.as_str())),
        ("methods", literals(methods.iter().map(|method| method.as_str()))),
        ("path", literal(&operation.path)),
        ("signed", (operation.auth == Auth::Signed).to_string()),
        ("idempotent", operation.idempotent.to_string()),
        ("success", literals(&operation.success)),
    ] {
        body.line(1, format!("{name}: {value},"));
    }
    param_table(spec, &sorted(&operation.params), 1, "params: ", ",", body);
    body.line(0, "};");
}

pub(crate) fn fault_codes(spec: &Spec) -> String {
    let mut source = Source::default();
    source.file_doc(&Doc::of("The vendor's error codes."));
    let imports: &[&str] = if spec.vendor.code.is_empty() { &["FaultCode"] } else { &["FaultClass", "FaultCode"] };
    source.import(0, "crate::operation", imports);
    source.blank();
    source.doc(0, &Doc::of("The vendor's error codes, with what a program and a person can do about each."));
    source.line(0, "pub static FAULT_CODES: &[FaultCode] = &[");
    for code in &spec.vendor.code {
        let class = match code.class {
            Class::Permanent => "Permanent",
            Class::Transient => "Transient",
            Class::Throttled => "Throttled",
            Class::Credential => "Credential",
        };
        source.line(1, "FaultCode {");
        source.line(2, format!("code: {},", literal(&code.code)));
        source.line(2, format!("class: FaultClass::{class},"));
        source.line(2, format!("meaning: {},", literal(&code.meaning)));
        source.line(2, format!("hint: {},", literal(&code.hint)));
        source.line(1, "},");
    }
    source.line(0, "];");
    source.into_text()
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
    fn an_enum_says_its_wire_values() {
        contains(
            &enums(&spec()),
            "open_int_enum! {\n    /// Type of a clip.\n    pub enum ClipType {\n        /// `1`: Short.\n        Short = 1 \"1\",\n",
        );
    }

    #[test]
    fn structs_hold_options_unless_required() {
        let text = structs(&spec());
        contains(&text, "        \"clip_id\" => pub clip_id: u64,\n");
        contains(&text, "        \"type\" => pub clip_type: Option<ClipType>,\n");
        contains(&text, "        \"tags\" => pub tags: BTreeMap<String, String>,\n");
        contains(&text, "        \"parts\" => pub parts: Vec<Clip>,\n");
        contains(&text, "use std::collections::BTreeMap;\n\nuse super::enums::ClipType;\nuse crate::wire_struct::wire_struct;\n");
    }

    #[test]
    fn requests_take_what_is_required_and_set_what_is_not() {
        let text = requests(&spec());
        contains(&text, "    pub fn new(clip: impl Into<FileInput>, name: impl Into<String>) -> Self {\n");
        contains(&text, "            clip: clip.into(),\n            name: name.into(),\n            types: None,\n");
        contains(&text, "    pub fn types(mut self, types: impl Into<CommaList<ClipType>>) -> Self {\n");
        contains(&text, "    pub fn since(mut self, since: Date) -> Self {\n        self.since = Some(since);\n        self\n");
        contains(&text, "    #[derive(Default)]\n    pub struct ClearClips {}\n");
        contains(&text, r"    /// Deleted clips are not \[listed\].");
        contains(&text, "    /// `POST /openapi/clip/list`, section API-2 of Acme's page.\n");
        contains(&text, "    /// - Page: page has no default. Here: the first page. (2.1)\n");
    }

    #[test]
    fn operations_list_their_params_in_signing_order() {
        let text = operations(&spec());
        let list = text.split("pub static LIST_CLIPS").nth(1).unwrap().split("\n};").next().unwrap();
        let names: Vec<_> = list.lines().filter(|line| line.starts_with("            name:")).map(str::trim).collect();
        assert_eq!(names, ["name: \"page\",", "name: \"page_size\",", "name: \"since\",", "name: \"type\","]);
        contains(list, "kind: ParamKind::OneOf(&[\"1\", \"2\"]),\n            required: true,\n");
        contains(list, "methods: &[\"GET\", \"POST\"],");
        contains(&text, "kind: ParamKind::List(&[]),");
        contains(&text, "kind: ParamKind::List(&[\"1\", \"2\"]),");
        contains(&text, "kind: ParamKind::Target,");
        contains(&text, "kind: ParamKind::File,");
        contains(&text, "kind: ParamKind::Secret,");
        contains(&text, "pub static ALL: &[&Operation] = &[\n    &LIST_CLIPS,\n    &SEND_CLIP,\n    &PUT_CLIP,\n    &CLEAR_CLIPS,\n];");
    }

    #[test]
    fn fault_codes_are_kept() {
        contains(&fault_codes(&spec()), "        code: \"429\",\n        class: FaultClass::Throttled,\n");
    }
}
