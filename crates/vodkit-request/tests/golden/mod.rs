//! Requests as text: each call of a table with all its parameters.

#![allow(dead_code, reason = "each test file uses a part of it")]

use std::fmt::Write as _;

use serde_json::{Map, Value, json};
use vodkit_request::testing::{sealed_request, wire_line};
use vodkit_request::types::{Operation, ParamKind, Place};
use vodkit_request::vendor::Vendor;
use vodkit_request::{AnyEndpoint, Payload};

/// A vendor's `any_endpoint`.
pub(crate) type Registry<V> = fn(&str, Value) -> Option<Result<AnyEndpoint<V>, serde_json::Error>>;

/// Every parameter of an operation with a plausible value.
pub(crate) fn all_params(operation: &Operation) -> Value {
    let mut params = Map::new();
    for param in operation.params {
        let value = match param.kind {
            _ if param.place == Place::Target => {
                json!("http://up.example.test/upload?fid=1&token=t")
            }
            ParamKind::Int => json!(param.min.unwrap_or(0).max(12).min(param.max.unwrap_or(12))),
            ParamKind::Bool => json!(true),
            ParamKind::Float => json!(1.5),
            ParamKind::Date => json!("2024-02-29"),
            ParamKind::DateTime => json!("2024-02-29 08:00:00"),
            ParamKind::Url => json!("https://app.example.test/hook?a=1&b=2"),
            ParamKind::OneOf(values) => json!(values[0]),
            ParamKind::List([]) => json!([123, 456]),
            ParamKind::List(values) => json!(values.join(",")),
            ParamKind::File => json!("subtitle.vtt"),
            ParamKind::Object => json!({ "proxy": { "enable": 1 }, "名": [1.5, null, "\"/"] }),
            ParamKind::TextList => json!(["a\"b", "课/c"]),
            ParamKind::IntList => json!([7, 8]),
            _ => json!("第一课 a&b=c+d%20~"),
        };
        params.insert(param.name.to_owned(), value);
    }
    Value::Object(params)
}

/// The request with its headers.
pub(crate) fn text(request: &http::Request<Payload>) -> String {
    let mut text = wire_line(request).replace("\r\n", "\n");
    for (name, value) in request.headers() {
        // An insensitive one may end up in a log.
        let mark = if value.is_sensitive() {
            " (sensitive)"
        } else {
            ""
        };
        write!(text, "\n{name}: {}{mark}", value.to_str().unwrap()).unwrap();
    }
    text.push('\n');
    text
}

/// Every call of a table. A file that is not in memory counts as one byte.
pub(crate) fn every_request<V: Vendor>(
    vendor: &V,
    operations: &[&'static Operation],
    any_endpoint: Registry<V>,
) -> String {
    let mut all = String::new();
    for operation in operations {
        let endpoint = any_endpoint(operation.name, all_params(operation))
            .expect(operation.name)
            .expect(operation.name);
        let request = sealed_request(vendor, &endpoint).expect(operation.name);
        writeln!(all, "# {} ({})", operation.name, operation.section).unwrap();
        writeln!(all, "{}", text(&request)).unwrap();
    }
    all
}
