//! `vodkit endpoints`: every call that vodkit knows.

use serde::Serialize;
use serde_json::Value;
use vodkit_request::types::{Operation, Param, ParamKind, Place};

use crate::args::{EndpointsArgs, Global};
use crate::catalogue::Vendor;
use crate::failure::Failure;
use crate::output::Output;

#[derive(Serialize)]
struct Entry {
    vendor: &'static str,
    operation: &'static str,
    method: &'static str,
    path: &'static str,
    section: &'static str,
    summary: &'static str,
    idempotent: bool,
    params: Vec<Parameter>,
}

#[derive(Serialize)]
struct Parameter {
    name: &'static str,
    r#type: &'static str,
    required: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    default: Option<&'static str>,
    doc: &'static str,
}

pub(crate) fn run(args: &EndpointsArgs, global: Global) -> Result<(), Failure> {
    let output = Output::new(global.output);
    let vendors = match &args.vendor {
        Some(name) => vec![Vendor::find(name)?],
        None => Vendor::ALL.to_vec(),
    };
    let operations = vendors
        .iter()
        .flat_map(|vendor| vendor.operations())
        .copied();
    if output.is_json() {
        let entries = operations.map(|operation| {
            serde_json::to_value(entry(operation)).expect("texts are always JSON")
        });
        return output.json(&Value::Array(entries.collect()));
    }
    let rows: Vec<Vec<String>> = operations
        .map(|o| {
            [o.vendor, o.name, o.method, o.path, o.section]
                .map(str::to_owned)
                .to_vec()
        })
        .collect();
    output.rows(&["vendor", "operation", "method", "path", "section"], &rows)
}

fn entry(operation: &'static Operation) -> Entry {
    Entry {
        vendor: operation.vendor,
        operation: operation.name,
        method: operation.method,
        path: operation.path,
        section: operation.section,
        summary: operation.doc,
        idempotent: operation.idempotent,
        params: operation.params.iter().map(parameter).collect(),
    }
}

fn parameter(param: &'static Param) -> Parameter {
    let r#type = match param.kind {
        _ if param.place == Place::Target => "address",
        ParamKind::Secret => "secret",
        ParamKind::Int => "integer",
        ParamKind::Date => "date",
        ParamKind::DateTime => "datetime",
        ParamKind::Url => "url",
        ParamKind::OneOf(_) => "choice",
        ParamKind::List(_) => "list",
        ParamKind::File => "file",
        _ => "text",
    };
    Parameter {
        name: param.name,
        r#type,
        required: param.required,
        default: param.default,
        doc: param.doc,
    }
}
