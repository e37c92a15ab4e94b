//! The modules of `vodkit-request`: endpoints, setters on calls, the registry of names.

use super::text::{Doc, Source, escape, literal};
use super::types::{argument, constant, rust_type, sorted};
use crate::spec::{Operation, Paging, Param, Place, Reply, Spec, Type};

pub(crate) fn module() -> String {
    let mut source = Source::default();
    for name in ["endpoints", "registry", "setters"] {
        source.line(0, format!("mod {name};"));
    }
    source.blank();
    source.line(0, "pub use self::registry::any_endpoint;");
    source.into_text()
}

/// The Rust type of a reply's data.
pub(crate) fn output(operation: &Operation) -> String {
    match &operation.result {
        Reply::None => "NoData".into(),
        Reply::Data(kind) => rust_type(kind),
    }
}

/// All names of the vendor's module, for imports.
pub(crate) fn vendor_types(spec: &Spec) -> impl Iterator<Item = &str> {
    let requests = spec.operations.iter().map(|o| o.rust.as_str());
    let structs = spec.structs.iter().map(|s| s.name.as_str());
    let enums = spec.enums.iter().map(|e| e.name.as_str());
    requests.chain(structs).chain(enums)
}

pub(crate) fn endpoints(spec: &Spec) -> String {
    let mut body = Source::default();
    for operation in &spec.operations {
        endpoint(spec, operation, &mut body);
        if let Some(paging) = &operation.paging {
            paged(spec, operation, paging, &mut body);
        }
    }
    let vendor = &spec.vendor;
    let mut source = Source::default();
    source.file_doc(&Doc::of("How each call is sent and what comes back."));
    source.import_used(0, "std::collections", ["BTreeMap"], &body);
    source.blank();
    let types = format!("vodkit_types::{}", vendor.vendor);
    source.import_used(0, &types, vendor_types(spec).chain(["operations"]), &body);
    source.import_used(
        0,
        "vodkit_types",
        ["FileInput", "NoData", "OneOrMany", "Operation", "Secret"],
        &body,
    );
    source.blank();
    source.line(0, format!("use crate::{}::{};", vendor.vendor, vendor.rust));
    source.import_used(0, "crate::endpoint", ["Endpoint", "Paged"], &body);
    source.import_used(0, "crate::params", ["InvalidParam", "Params"], &body);
    source.append(&body);
    source.into_text()
}

fn endpoint(spec: &Spec, operation: &Operation, body: &mut Source) {
    body.blank();
    body.line(0, format!("impl Endpoint for {} {{", operation.rust));
    body.line(1, format!("type Vendor = {};", spec.vendor.rust));
    body.line(1, format!("type Output = {};", output(operation)));
    body.blank();
    body.line(1, "fn operation(&self) -> &'static Operation {");
    body.line(2, format!("&operations::{}", constant(operation)));
    body.line(1, "}");
    body.blank();
    body.line(
        1,
        "fn params(&self, params: &mut Params) -> Result<(), InvalidParam> {",
    );
    for param in sorted(&operation.params)
        .into_iter()
        .filter(|param| !param.is_file() && !param.is_target())
    {
        let (name, field) = (literal(&param.name), param.rust());
        let put = match param.place {
            Place::Json => "put_json",
            _ => "put",
        };
        body.line(
            2,
            if param.required {
                format!("params.{put}({name}, &self.{field})?;")
            } else {
                format!("params.{put}_optional({name}, self.{field}.as_ref())?;")
            },
        );
    }
    body.line(2, "params.put_undocumented(&self.extra)");
    body.line(1, "}");
    if let Some(file) = operation.params.iter().find(|param| param.is_file()) {
        let (name, field) = (literal(&file.name), file.rust());
        body.blank();
        body.line(1, "fn file(&self) -> Option<(&'static str, &FileInput)> {");
        body.line(
            2,
            if file.required {
                format!("Some(({name}, &self.{field}))")
            } else {
                format!("self.{field}.as_ref().map(|file| ({name}, file))")
            },
        );
        body.line(1, "}");
    }
    if let Some(target) = operation.params.iter().find(|param| param.is_target()) {
        body.blank();
        body.line(1, "fn target(&self) -> Option<&Secret> {");
        body.line(2, format!("Some(&self.{})", target.rust()));
        body.line(1, "}");
    }
    body.line(0, "}");
}

fn paged(spec: &Spec, operation: &Operation, paging: &Paging, body: &mut Source) {
    // The checks of the tables have seen to it that all of these exist.
    let Reply::Data(Type::Named(result)) = &operation.result else {
        return;
    };
    let Some(result) = spec.find_struct(result) else {
        return;
    };
    let param = |name: &str| operation.params.iter().find(|param| param.name == name);
    let field = |name: &str| result.fields.iter().find(|field| field.name == name);
    let (Some(page), Some(page_size)) = (param(&paging.page), param(&paging.page_size)) else {
        return;
    };
    let (Some(total), Some(items)) = (field(&paging.total), field(&paging.items)) else {
        return;
    };
    let Type::List(item) = &items.kind else {
        return;
    };

    body.blank();
    body.line(0, format!("impl Paged for {} {{", operation.rust));
    body.line(1, format!("type Item = {};", rust_type(item)));
    let mut method = |signature: &str, lines: &[String]| {
        body.blank();
        body.line(1, format!("fn {signature} {{"));
        for line in lines {
            body.line(2, line);
        }
        body.line(1, "}");
    };
    let read = |param: &Param, default: &str| {
        let name = param.rust();
        if param.required {
            format!("self.{name}")
        } else {
            format!("self.{name}.unwrap_or({default})")
        }
    };
    let page_name = page.rust();
    let value = if page.required { "page" } else { "Some(page)" };
    method("page(&self) -> u64", &[read(page, "1")]);
    method(
        "with_page(&self, page: u64) -> Self",
        &[
            "let mut next = self.clone();".into(),
            format!("next.{page_name} = {value};"),
            "next".into(),
        ],
    );
    method(
        "page_size(&self) -> u64",
        &[read(page_size, page_size.default.as_deref().unwrap_or("1"))],
    );
    let output_field = |required: bool, name: &str| {
        if required {
            format!("Some(output.{name})")
        } else {
            format!("output.{name}")
        }
    };
    match field(&paging.page_size).filter(|field| field.kind == Type::Uint) {
        Some(field) => method(
            "reported_page_size(output: &Self::Output) -> Option<u64>",
            &[output_field(field.required, field.rust())],
        ),
        None => method(
            "reported_page_size(_output: &Self::Output) -> Option<u64>",
            &["None".into()],
        ),
    }
    method(
        "total(output: &Self::Output) -> Option<u64>",
        &[output_field(total.required, total.rust())],
    );
    method(
        "items(output: Self::Output) -> Vec<Self::Item>",
        &[format!("output.{}", items.rust())],
    );
    body.line(0, "}");
}

pub(crate) fn setters(spec: &Spec) -> String {
    let mut body = Source::default();
    for operation in &spec.operations {
        let optional: Vec<_> = operation
            .params
            .iter()
            .filter(|param| !param.required)
            .collect();
        if optional.is_empty() {
            continue;
        }
        body.blank();
        body.line(
            0,
            format!("impl<T: ?Sized> Call<'_, T, {}> {{", operation.rust),
        );
        for param in optional {
            let (declared, value) = argument(param);
            body.blank();
            body.doc(
                1,
                &Doc::default().markdown(format!("Sets `{}`: {}", param.name, escape(&param.doc))),
            );
            body.signature(
                1,
                &format!("pub fn {}", param.rust()),
                &["mut self".into(), declared],
                "Self",
            );
            body.line(
                2,
                format!("self.endpoint.{} = Some({value});", param.rust()),
            );
            body.line(2, "self");
            body.line(1, "}");
        }
        body.line(0, "}");
    }
    let mut source = Source::default();
    source.file_doc(&Doc::of(
        "The optional parameters of each call, set where the call is made.",
    ));
    source.import_used(0, "std::collections", ["BTreeMap"], &body);
    source.blank();
    let types = format!("vodkit_types::{}", spec.vendor.vendor);
    source.import_used(0, &types, vendor_types(spec), &body);
    source.import_used(
        0,
        "vodkit_types",
        ["CommaList", "Date", "DateTime", "FileInput", "Secret"],
        &body,
    );
    source.blank();
    source.import_used(0, "crate::call", ["Call"], &body);
    source.append(&body);
    source.into_text()
}

pub(crate) fn registry(spec: &Spec) -> String {
    let mut body = Source::default();
    let example = spec
        .operations
        .first()
        .map_or("", |operation| &operation.name);
    body.doc(
        0,
        &Doc::default()
            .markdown(format!(
                "The call of this vendor name, such as `{example}`, with parameters from JSON."
            ))
            .markdown("`None` when the vendor documents no such call."),
    );
    body.line(0, "pub fn any_endpoint(");
    body.line(1, "name: &str,");
    body.line(1, "params: serde_json::Value,");
    body.line(
        0,
        format!(
            ") -> Option<Result<AnyEndpoint<{}>, serde_json::Error>> {{",
            spec.vendor.rust
        ),
    );
    body.line(1, "Some(match name {");
    for operation in &spec.operations {
        let (name, decode) = (
            literal(&operation.name),
            format!("AnyEndpoint::decode::<{}>(params)", operation.rust),
        );
        body.arm(2, &name, &decode);
    }
    body.line(2, "_ => return None,");
    body.line(1, "})");
    body.line(0, "}");
    let mut source = Source::default();
    source.file_doc(&Doc::of("From the vendor's name of a call to the call."));
    source.import_used(
        0,
        &format!("vodkit_types::{}", spec.vendor.vendor),
        vendor_types(spec),
        &body,
    );
    source.blank();
    source.line(
        0,
        format!("use crate::{}::{};", spec.vendor.vendor, spec.vendor.rust),
    );
    source.line(0, "use crate::endpoint::AnyEndpoint;");
    source.append(&body);
    source.into_text()
}

#[cfg(test)]
mod emission {
    use super::*;
    use crate::codegen::testing::contains;
    use crate::spec::fixture::spec;

    #[test]
    fn params_are_put_in_signing_order() {
        contains(
            &endpoints(&spec()),
            "        params.put_optional(\"page\", self.page.as_ref())?;
        params.put_optional(\"page_size\", self.page_size.as_ref())?;
        params.put_optional(\"since\", self.since.as_ref())?;
        params.put(\"type\", &self.clip_type)?;
        params.put_undocumented(&self.extra)
",
        );
    }

    #[test]
    fn files_and_targets_are_not_put() {
        let text = endpoints(&spec());
        let put = text
            .split("impl Endpoint for PutClip")
            .nth(1)
            .unwrap()
            .split("\n}\n")
            .next()
            .unwrap();
        contains(
            put,
            "Result<(), InvalidParam> {\n        params.put_undocumented(&self.extra)\n",
        );
        contains(put, "        Some((\"clip\", &self.clip))\n");
        contains(put, "        Some(&self.upload_url)\n");
        contains(put, "    type Output = BTreeMap<String, Clip>;\n");
        assert_eq!(text.matches("fn file(").count(), 2);
        assert_eq!(text.matches("fn target(").count(), 1);
    }

    #[test]
    fn paging_reads_params_and_result() {
        let text = endpoints(&spec());
        contains(&text, "impl Paged for ListClips {\n    type Item = Clip;\n");
        contains(&text, "        self.page.unwrap_or(1)\n");
        contains(&text, "        next.page = Some(page);\n");
        contains(&text, "        self.page_size.unwrap_or(20)\n");
        contains(
            &text,
            "reported_page_size(_output: &Self::Output) -> Option<u64> {\n        None\n",
        );
        contains(&text, "        output.total\n");
        contains(&text, "        output.list\n");
    }

    #[test]
    fn only_what_is_optional_can_be_set_on_a_call() {
        let text = setters(&spec());
        contains(
            &text,
            "impl<T: ?Sized> Call<'_, T, SendClip> {\n    /// Sets `types`: Types to make.\n",
        );
        contains(&text, "        self.endpoint.types = Some(types.into());\n");
        assert!(
            !text.contains("ClearClips") && !text.contains("fn name("),
            "{text}"
        );
    }

    #[test]
    fn every_operation_is_registered() {
        let text = registry(&spec());
        contains(
            &text,
            "        \"clip/send\" => AnyEndpoint::decode::<SendClip>(params),\n",
        );
        assert_eq!(text.matches("AnyEndpoint::decode").count(), 4);
    }
}
