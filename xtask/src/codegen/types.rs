//! Modules of `vodkit-types`: enums, structs and error codes.

use super::text::{Doc, Source, escape, literal};
use crate::names::snake;
use crate::spec::{Class, Operation, Param, Repr, Spec, Type};

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
        Type::Bool => "bool".into(),
        Type::Raw => "serde_json::Value".into(),
        Type::Object => "BTreeMap<String, serde_json::Value>".into(),
        Type::File => "FileInput".into(),
        Type::Csv(inner) => format!("CommaList<{}>", rust_type(inner)),
        Type::List(inner) => format!("Vec<{}>", rust_type(inner)),
        Type::OneOrMany(inner) => format!("OneOrMany<{}>", rust_type(inner)),
        Type::Map(inner) => format!("BTreeMap<String, {}>", rust_type(inner)),
        Type::Named(name) => name.clone(),
    }
}

pub(crate) fn field_type(kind: &Type, required: bool) -> String {
    match kind {
        Type::List(_) | Type::OneOrMany(_) | Type::Map(_) => rust_type(kind),
        _ if required => rust_type(kind),
        _ => format!("Option<{}>", rust_type(kind)),
    }
}

/// Unlike a field of a reply, a list that is not given is not sent, which is something else than an empty one.
pub(crate) fn param_type(param: &Param) -> String {
    let kind = rust_type(&param.kind);
    if param.required {
        kind
    } else {
        format!("Option<{kind}>")
    }
}

/// How an argument of this type is declared, and how it becomes the field.
pub(crate) fn argument(param: &Param) -> (String, String) {
    let name = param.rust();
    match param.kind {
        Type::Text
        | Type::Url
        | Type::Secret
        | Type::Csv(_)
        | Type::File
        | Type::List(_)
        | Type::Object => (
            format!("{name}: impl Into<{}>", rust_type(&param.kind)),
            format!("{name}.into()"),
        ),
        _ => (
            format!("{name}: {}", rust_type(&param.kind)),
            name.to_owned(),
        ),
    }
}

/// `NAME_OF_THE_STATIC` of an operation.
pub(crate) fn constant(operation: &Operation) -> String {
    snake(&operation.rust).to_ascii_uppercase()
}

/// Business parameters in signing order.
pub(crate) fn sorted<'p>(params: impl IntoIterator<Item = &'p Param>) -> Vec<&'p Param> {
    let mut sorted: Vec<_> = params.into_iter().collect();
    sorted.sort_by_key(|param| param.name.as_bytes());
    sorted
}

/// The page, as a possessive.
pub(crate) fn page(spec: &Spec) -> String {
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
            public.push(if name == "fault_codes" {
                format!("{name}::FAULT_CODES")
            } else {
                format!("{name}::*")
            });
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
            body.doc(
                2,
                &Doc::default().markdown(format!("`{text}`: {}", escape(&value.doc))),
            );
            let number = if int {
                format!("{text} ")
            } else {
                String::new()
            };
            body.line(2, format!("{} = {number}{},", value.rust, literal(&text)));
        }
        body.line(1, "}");
        body.line(0, "}");
    }
    let mut source = Source::default();
    source.file_doc(&Doc::of("Words and numbers with a fixed meaning."));
    source.import_used(
        0,
        "crate::open_enum",
        ["open_int_enum", "open_string_enum"],
        &body,
    );
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
            let names: Vec<_> = field.names().map(literal).collect();
            body.line(
                2,
                format!("{} => pub {}: {kind},", names.join(" | "), field.rust()),
            );
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

pub(crate) fn wire_imports(source: &mut Source, spec: &Spec, body: &Source) {
    source.import_used(0, "std::collections", ["BTreeMap"], body);
    source.blank();
    source.import_used(
        0,
        "super::enums",
        spec.enums.iter().map(|e| e.name.as_str()),
        body,
    );
    source.import_used(0, "crate::param", ["CommaList", "FileInput"], body);
    source.import_used(0, "crate::secret", ["Secret"], body);
    source.import_used(0, "crate::time", ["Date", "DateTime", "Time"], body);
    source.import_used(0, "crate::wire", ["Extra", "OneOrMany"], body);
    source.import_used(0, "crate::wire_struct", ["wire_struct"], body);
}

pub(crate) fn fault_codes(spec: &Spec) -> String {
    let mut source = Source::default();
    source.file_doc(&Doc::of("The vendor's error codes."));
    let imports: &[&str] = if spec.vendor.code.is_empty() {
        &["FaultCode"]
    } else {
        &["FaultClass", "FaultCode"]
    };
    source.import(0, "crate::operation", imports);
    source.blank();
    source.doc(
        0,
        &Doc::of("The vendor's error codes, with what a program and a person can do about each."),
    );
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
        let message = code.message.as_deref().map(literal);
        source.line(
            2,
            match message {
                Some(message) => format!("message: Some({message}),"),
                None => "message: None,".into(),
            },
        );
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
    use crate::codegen::testing::contains;
    use crate::spec::fixture::{bare, spec};

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
        contains(
            &text,
            "        \"type\" => pub clip_type: Option<ClipType>,\n",
        );
        contains(
            &text,
            "        \"tags\" => pub tags: BTreeMap<String, String>,\n",
        );
        contains(&text, "        \"parts\" => pub parts: Vec<Clip>,\n");
        contains(
            &text,
            "use std::collections::BTreeMap;\n\nuse super::enums::ClipType;\nuse crate::wire_struct::wire_struct;\n",
        );
    }

    #[test]
    fn fault_codes_are_kept() {
        contains(
            &fault_codes(&spec()),
            "        code: \"429\",\n        message: None,\n        class: FaultClass::Throttled,\n",
        );
        contains(
            &fault_codes(&bare()),
            "        code: \"400\",\n        message: Some(\"sign\"),\n        class: FaultClass::Credential,\n",
        );
    }

    #[test]
    fn fields_have_all_their_names_and_lists_may_be_single() {
        let text = structs(&bare());
        contains(
            &text,
            "        \"clip_id\" | \"clipId\" => pub clip_id: u64,\n",
        );
        contains(&text, "        \"open\" => pub open: Option<bool>,\n");
        contains(&text, "        \"parts\" => pub parts: OneOrMany<Clip>,\n");
        contains(&text, "use crate::wire::OneOrMany;\n");
    }
}
