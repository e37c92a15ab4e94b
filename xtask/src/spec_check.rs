//! What the tables must fulfil beyond their form, so that a slip is an error here and not a strange message of the compiler.

use std::collections::BTreeSet;

use crate::names::{CALL_METHODS, KEYWORDS, REQUEST_METHODS, TAKEN_TYPES, is_snake, snake};
use crate::sample;
use crate::spec::{
    Auth, Enum, Erratum, Layer, Operation, Param, Reply, Repr, Spec, Struct, Type, WireValue,
    is_type_name,
};

/// Most errata of a vendor that may be marked `costly`.
const MOST_COSTLY: usize = 15;

/// Checks a parsed spec; each message names file, entry and key.
pub(crate) fn check(spec: &Spec) -> Vec<String> {
    let mut check = Check {
        spec,
        errors: Vec::new(),
    };
    check.vendor();
    check.type_names();
    for operation in &spec.operations {
        check.operation(operation);
    }
    check.unique_operations();
    for entry in &spec.structs {
        check.structure(entry);
    }
    for entry in &spec.enums {
        check.enumeration(entry);
    }
    check.errata();
    if check.errors.is_empty() {
        for operation in &spec.operations {
            check.samples(operation);
        }
    }
    check.errors
}

struct Check<'a> {
    spec: &'a Spec,
    errors: Vec<String>,
}

impl Check<'_> {
    fn error(&mut self, at: &str, message: impl std::fmt::Display) {
        self.errors.push(format!("{at}: {message}"));
    }

    fn text(&mut self, at: &str, key: &str, text: &str) {
        if text.trim().is_empty() {
            self.error(at, format_args!("`{key}` is empty"));
        }
    }

    fn vendor(&mut self) {
        let vendor = &self.spec.vendor;
        let at = format!("{}/vendor.toml", vendor.vendor);
        if !is_snake(&vendor.vendor) {
            self.error(
                &at,
                format_args!("vendor: `{}` is no module name", vendor.vendor),
            );
        }
        if !is_type_name(&vendor.rust) {
            self.error(&at, format_args!("rust: `{}` is no type name", vendor.rust));
        }
        for (key, text) in [
            ("title", &vendor.title),
            ("page", &vendor.page),
            ("signing", &vendor.signing),
        ] {
            self.text(&at, key, text);
        }
        if let Some(text) = &vendor.left_out {
            self.text(&at, "left_out", text);
        }
        self.layers(&at);
        self.hosts(&at);
        self.common(&at);
        let codes: Vec<_> = vendor
            .code
            .iter()
            .map(|c| match &c.message {
                Some(message) => format!("{}: {message}", c.code),
                None => c.code.clone(),
            })
            .collect();
        self.unique(&at, "code", codes.iter().map(String::as_str));
        for (code, name) in vendor.code.iter().zip(&codes) {
            let at = format!("{at}: [[code]] `{name}`");
            if let Some(message) = &code.message {
                self.text(&at, "message", message);
            }
            for (key, text) in [
                ("meaning", &code.meaning),
                ("hint", &code.hint),
                ("source", &code.source),
            ] {
                self.text(&at, key, text);
            }
        }
    }

    fn layers(&mut self, at: &str) {
        let vendor = &self.spec.vendor;
        if !vendor.has(Layer::Types) {
            self.error(at, "layers: `types` is below all others and must be there");
        }
        if vendor.has(Layer::Facade) && !vendor.has(Layer::Request) {
            self.error(at, "layers: `facade` stands on `request`");
        }
    }

    fn hosts(&mut self, at: &str) {
        let hosts = &self.spec.vendor.host;
        self.unique(at, "host", hosts.iter().map(|host| host.name.as_str()));
        for host in hosts {
            let at = format!("{at}: [[host]] `{}`", host.name);
            self.text(&at, "doc", &host.doc);
            if !is_snake(&host.name) {
                self.error(&at, "name: write it like_this");
            }
            let name = ["https://", "http://"]
                .iter()
                .find_map(|scheme| host.url.strip_prefix(scheme));
            if name.is_none_or(|name| name.is_empty() || name.contains(['/', '?', '#', ' '])) {
                self.error(
                    &at,
                    "url: must be scheme and host, without a path or a slash at the end",
                );
            }
        }
    }

    fn unique<'n>(&mut self, at: &str, what: &str, names: impl Iterator<Item = &'n str>) {
        let mut seen = BTreeSet::new();
        for name in names {
            if !seen.insert(name) {
                self.error(at, format_args!("{what} `{name}` is there twice"));
            }
        }
    }

    /// Structs, enums and requests of a vendor share one module.
    fn type_names(&mut self) {
        let spec = self.spec;
        let structs = spec
            .structs
            .iter()
            .map(|s| (&s.file, "[[struct]]", &s.name, &s.name));
        let enums = spec
            .enums
            .iter()
            .map(|e| (&e.file, "[[enum]]", &e.name, &e.name));
        let operations = spec
            .operations
            .iter()
            .map(|o| (&o.file, "[[operation]]", &o.name, &o.rust));
        let mut seen = BTreeSet::new();
        for (file, kind, entry, name) in operations.chain(structs).chain(enums) {
            let at = format!("{file}: {kind} `{entry}`");
            if !is_type_name(name) {
                self.error(
                    &at,
                    format_args!("`{name}` is no type name: write it LikeThis"),
                );
            } else if TAKEN_TYPES.contains(&name.as_str()) || *name == spec.vendor.rust {
                self.error(
                    &at,
                    format_args!("the name `{name}` is taken by vodkit itself"),
                );
            } else if !seen.insert(name) {
                self.error(
                    &at,
                    format_args!(
                        "the name `{name}` is there twice among operations, structs and enums"
                    ),
                );
            }
        }
    }

    fn unique_operations(&mut self) {
        let mut names = BTreeSet::new();
        let mut methods = BTreeSet::new();
        for operation in &self.spec.operations {
            let at = place(operation);
            if !names.insert(&operation.name) {
                self.error(
                    &at,
                    format_args!("name `{}` is there twice", operation.name),
                );
            }
            let method = snake(&operation.rust);
            if KEYWORDS.contains(&method.as_str()) {
                self.error(
                    &at,
                    format_args!("rust: the method `{method}` would be a keyword"),
                );
            }
            if !methods.insert(method.clone()) {
                self.error(
                    &at,
                    format_args!("rust: the method `{method}` is there twice"),
                );
            }
        }
    }

    fn operation(&mut self, operation: &Operation) {
        let at = place(operation);
        for (key, text) in [
            ("doc", &operation.doc),
            ("section", &operation.section),
            ("group", &operation.group),
            ("name", &operation.name),
        ] {
            self.text(&at, key, text);
        }
        if !operation.methods.is_empty() && !operation.methods.contains(&operation.method) {
            self.error(&at, "methods: does not contain `method`");
        }
        if operation.success.is_empty() {
            self.error(&at, "success: no code means success");
        }
        self.unique(
            &at,
            "param",
            operation.params.iter().map(|p| p.name.as_str()),
        );
        self.unique(
            &at,
            "rust name of a param",
            operation.params.iter().map(Param::rust),
        );
        for param in &operation.params {
            let at = format!("{at}: params `{}`", param.name);
            self.param(&at, param);
            let vendor = &self.spec.vendor;
            if operation.auth == Auth::Signed
                && vendor
                    .common_of(operation.signing.as_deref())
                    .iter()
                    .any(|c| c.name == param.name)
            {
                self.error(&at, "is a common parameter already");
            }
            if param.signing.is_some() {
                self.error(
                    &at,
                    "signing: belongs to common parameters and to operations",
                );
            }
            if param.is_unsigned() && param.is_text() && operation.signing.is_none() {
                self.error(
                    &at,
                    "signed: only a file or a target can stay outside the signature, unless the call has a `signing` of its own",
                );
            }
            if REQUEST_METHODS.contains(&param.rust()) {
                self.error(
                    &at,
                    format_args!(
                        "`{}` is a method of every request: choose another `rust`",
                        param.rust()
                    ),
                );
            }
            if !param.required && CALL_METHODS.contains(&param.rust()) {
                self.error(
                    &at,
                    format_args!(
                        "the setter `{}` clashes with a method of Call: choose another `rust`",
                        param.rust()
                    ),
                );
            }
        }
        if operation.params.iter().filter(|p| p.is_file()).count() > 1 {
            self.error(&at, "params: more than one file");
        }
        self.places(&at, operation);
        self.path(&at, operation);
        self.rules(&at, operation);
        for code in &operation.errors {
            if !self.spec.vendor.code.iter().any(|c| c.code == *code) {
                self.error(
                    &at,
                    format_args!("errors: code `{code}` is not in vendor.toml"),
                );
            }
        }
        if let Reply::Data(kind) = &operation.result {
            self.field_type(&format!("{at}: result"), kind);
        }
        self.paging(&at, operation);
    }

    fn rust_name(&mut self, at: &str, name: &str) {
        if KEYWORDS.contains(&name) || !is_snake(name) {
            self.error(
                at,
                format_args!("rust: `{name}` is no Rust name: give one like_this"),
            );
        }
        if name == "extra" {
            self.error(
                at,
                "rust: `extra` holds the undocumented fields: choose another",
            );
        }
    }

    fn field_type(&mut self, at: &str, kind: &Type) {
        match kind {
            Type::List(inner) | Type::OneOrMany(inner) | Type::Map(inner) => {
                self.field_type(at, inner);
            }
            Type::Csv(inner) => self.csv(at, inner),
            Type::Named(name)
                if self.spec.find_enum(name).is_none() && self.spec.find_struct(name).is_none() =>
            {
                self.error(at, format_args!("there is no struct or enum `{name}`"));
            }
            Type::File | Type::Object => {
                self.error(at, format_args!("`{kind}` is for parameters only"));
            }
            _ => {}
        }
    }

    fn structure(&mut self, entry: &Struct) {
        let at = format!("{}: [[struct]] `{}`", entry.file, entry.name);
        self.text(&at, "doc", &entry.doc);
        self.unique(&at, "field", entry.fields.iter().flat_map(|f| f.names()));
        self.unique(
            &at,
            "rust name of a field",
            entry.fields.iter().map(|f| f.rust()),
        );
        for field in &entry.fields {
            let at = format!("{at}: fields `{}`", field.name);
            self.text(&at, "doc", &field.doc);
            for alias in &field.aliases {
                self.text(&at, "aliases", alias);
            }
            self.rust_name(&at, field.rust());
            self.field_type(&format!("{at}: type"), &field.kind);
        }
        if self.contains_itself(entry, &mut vec![&entry.name]) {
            self.error(&at, "contains itself, which only a list or map can");
        }
    }

    fn contains_itself<'s>(&'s self, entry: &'s Struct, path: &mut Vec<&'s str>) -> bool {
        entry.fields.iter().any(|field| match &field.kind {
            Type::Named(name) if name == path[0] => true,
            Type::Named(name) if !path.contains(&name.as_str()) => {
                self.spec.find_struct(name).is_some_and(|inner| {
                    path.push(name);
                    self.contains_itself(inner, path)
                })
            }
            _ => false,
        })
    }

    fn enumeration(&mut self, entry: &Enum) {
        let at = format!("{}: [[enum]] `{}`", entry.file, entry.name);
        self.text(&at, "doc", &entry.doc);
        if entry.values.is_empty() {
            self.error(&at, "values: none");
        }
        let texts: Vec<_> = entry.values.iter().map(|v| v.value.to_string()).collect();
        self.unique(&at, "value", texts.iter().map(String::as_str));
        self.unique(
            &at,
            "rust name of a value",
            entry.values.iter().map(|v| v.rust.as_str()),
        );
        for value in &entry.values {
            let at = format!("{at}: values `{}`", value.rust);
            self.text(&at, "doc", &value.doc);
            if !is_type_name(&value.rust) || ["Unknown", "Self"].contains(&value.rust.as_str()) {
                self.error(
                    &at,
                    "rust: no name for a value: write it LikeThis; `Unknown` and `Self` are taken",
                );
            }
            match (&value.value, entry.repr) {
                (WireValue::Int(_), Repr::Int) => {}
                (WireValue::Text(text), Repr::String) => self.text(&at, "value", text),
                _ => self.error(&at, "value: does not agree with `repr`"),
            }
        }
    }

    fn paging(&mut self, at: &str, operation: &Operation) {
        let Some(paging) = &operation.paging else {
            return;
        };
        for (key, name) in [("page", &paging.page), ("page_size", &paging.page_size)] {
            match operation.params.iter().find(|p| p.name == *name) {
                Some(param) if param.kind == Type::Uint => {
                    let size_unknown = key == "page_size" && !param.required;
                    if size_unknown
                        && param
                            .default
                            .as_ref()
                            .is_none_or(|text| text.parse::<u64>().is_err())
                    {
                        self.error(
                            at,
                            format_args!(
                                "paging: `{name}` is optional and has no number as default"
                            ),
                        );
                    }
                }
                _ => self.error(
                    at,
                    format_args!("paging: {key}: there is no param `{name}` of type uint"),
                ),
            }
        }
        let Reply::Data(Type::Named(result)) = &operation.result else {
            return self.error(at, "paging: the result is no struct");
        };
        let Some(result) = self.spec.find_struct(result) else {
            return;
        };
        let field = |name: &str| {
            result
                .fields
                .iter()
                .find(|f| f.name == name)
                .map(|f| &f.kind)
        };
        if field(&paging.total) != Some(&Type::Uint) {
            self.error(
                at,
                format_args!(
                    "paging: total: {} has no field `{}` of type uint",
                    result.name, paging.total
                ),
            );
        }
        if !matches!(field(&paging.items), Some(Type::List(_))) {
            self.error(
                at,
                format_args!(
                    "paging: items: {} has no list `{}`",
                    result.name, paging.items
                ),
            );
        }
    }

    fn errata(&mut self) {
        let spec = self.spec;
        let mut seen = BTreeSet::new();
        let mut costly = 0;
        let general = spec.errata.iter().map(|e| (spec.vendor.vendor.clone(), e));
        let own = spec
            .operations
            .iter()
            .flat_map(|o| o.errata.iter().map(move |e| (place(o), e)));
        for (at, erratum) in general.chain(own) {
            let at = format!("{at}: errata `{}`", erratum.id);
            let Erratum {
                id,
                says,
                chosen,
                evidence,
                costly: is_costly,
            } = erratum;
            for (key, text) in [
                ("id", Some(id)),
                ("says", Some(says)),
                ("chosen", Some(chosen)),
                ("evidence", evidence.as_ref()),
            ] {
                if let Some(text) = text {
                    self.text(&at, key, text);
                }
            }
            if !seen.insert(id) {
                self.error(&at, "the id is there twice");
            }
            if *is_costly {
                costly += 1;
                if chosen.starts_with("see ") {
                    self.error(&at, "costly: mark the one that it refers to");
                }
            }
        }
        if costly > MOST_COSTLY {
            self.error(
                &spec.vendor.vendor,
                format_args!(
                    "errata: {costly} are costly, {MOST_COSTLY} are allowed: who reads them all has read the whole page"
                ),
            );
        }
    }

    fn samples(&mut self, operation: &Operation) {
        let at = place(operation);
        let drifted = operation
            .drifted
            .iter()
            .enumerate()
            .map(|(n, text)| (format!("drifted {}", n + 1), text));
        for (key, text) in std::iter::once(("sample".to_owned(), &operation.sample)).chain(drifted)
        {
            if let Err(message) = sample::check(self.spec, operation, text) {
                self.error(&at, format_args!("{key}: {message}"));
            }
        }
    }
}

/// Where an operation stands, for messages.
fn place(operation: &Operation) -> String {
    format!("{}: [[operation]] `{}`", operation.file, operation.name)
}

mod request;
#[cfg(test)]
mod tests;
