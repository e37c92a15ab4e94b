//! The spec tables as data: what `docs/spec/README.md` describes, parsed strictly.

use std::path::Path;

use serde::Deserialize;
use serde::de::DeserializeOwned;

/// Everything the tables say about one vendor.
#[derive(Debug)]
pub(crate) struct Spec {
    pub(crate) vendor: Vendor,
    pub(crate) operations: Vec<Operation>,
    pub(crate) structs: Vec<Struct>,
    pub(crate) enums: Vec<Enum>,
    /// The general errata: those of `vendor.toml` first, then those of the other files.
    pub(crate) errata: Vec<Erratum>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Vendor {
    pub(crate) vendor: String,
    pub(crate) rust: String,
    pub(crate) title: String,
    pub(crate) page: String,
    pub(crate) signing: String,
    #[serde(default)]
    pub(crate) common: Vec<Param>,
    #[serde(default)]
    pub(crate) code: Vec<Code>,
    #[serde(default)]
    erratum: Vec<Erratum>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Code {
    pub(crate) code: String,
    pub(crate) class: Class,
    pub(crate) meaning: String,
    pub(crate) hint: String,
    pub(crate) source: String,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Class {
    Permanent,
    Transient,
    Throttled,
    Credential,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Erratum {
    pub(crate) id: String,
    pub(crate) says: String,
    pub(crate) chosen: String,
    pub(crate) evidence: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Operation {
    #[serde(skip)]
    pub(crate) file: String,
    pub(crate) name: String,
    pub(crate) rust: String,
    pub(crate) doc: String,
    pub(crate) details: Option<String>,
    pub(crate) section: String,
    pub(crate) group: String,
    pub(crate) method: Method,
    #[serde(default)]
    pub(crate) methods: Vec<Method>,
    pub(crate) path: String,
    pub(crate) auth: Auth,
    pub(crate) idempotent: bool,
    #[serde(default = "success_is_zero")]
    pub(crate) success: Vec<String>,
    pub(crate) params: Vec<Param>,
    pub(crate) result: Reply,
    pub(crate) paging: Option<Paging>,
    #[serde(default)]
    pub(crate) errors: Vec<String>,
    pub(crate) sample: String,
    #[serde(default)]
    pub(crate) drifted: Vec<String>,
    #[serde(default)]
    pub(crate) errata: Vec<Erratum>,
}

fn success_is_zero() -> Vec<String> {
    vec!["0".to_owned()]
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "UPPERCASE")]
pub(crate) enum Method {
    Get,
    Post,
    Delete,
}

impl Method {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Delete => "DELETE",
        }
    }
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Auth {
    Signed,
    None,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Paging {
    pub(crate) page: String,
    pub(crate) page_size: String,
    pub(crate) total: String,
    pub(crate) items: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Param {
    pub(crate) name: String,
    rust: Option<String>,
    #[serde(rename = "type")]
    pub(crate) kind: Type,
    #[serde(default)]
    pub(crate) required: bool,
    pub(crate) default: Option<String>,
    pub(crate) min: Option<i64>,
    pub(crate) max: Option<i64>,
    pub(crate) max_chars: Option<u32>,
    signed: Option<bool>,
    #[serde(rename = "in", default)]
    pub(crate) place: Place,
    pub(crate) doc: String,
}

impl Param {
    pub(crate) fn rust(&self) -> &str {
        self.rust.as_deref().unwrap_or(&self.name)
    }

    /// Whether the table wants the parameter outside the signature.
    pub(crate) fn is_unsigned(&self) -> bool {
        self.signed == Some(false)
    }

    pub(crate) fn is_file(&self) -> bool {
        self.kind == Type::File
    }

    pub(crate) fn is_target(&self) -> bool {
        self.place == Place::Target
    }

    /// Whether it travels as text in the form or query.
    pub(crate) fn is_text(&self) -> bool {
        !self.is_file() && !self.is_target()
    }
}

#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Place {
    #[default]
    Form,
    Target,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Struct {
    #[serde(skip)]
    pub(crate) file: String,
    pub(crate) name: String,
    pub(crate) doc: String,
    pub(crate) source: Option<String>,
    #[serde(default)]
    pub(crate) payload: bool,
    pub(crate) fields: Vec<Field>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Field {
    pub(crate) name: String,
    rust: Option<String>,
    #[serde(rename = "type")]
    pub(crate) kind: Type,
    #[serde(default)]
    pub(crate) required: bool,
    pub(crate) doc: String,
}

impl Field {
    pub(crate) fn rust(&self) -> &str {
        self.rust.as_deref().unwrap_or(&self.name)
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Enum {
    #[serde(skip)]
    pub(crate) file: String,
    pub(crate) name: String,
    pub(crate) doc: String,
    pub(crate) repr: Repr,
    pub(crate) values: Vec<Variant>,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Repr {
    Int,
    String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Variant {
    pub(crate) value: WireValue,
    pub(crate) rust: String,
    pub(crate) doc: String,
}

#[derive(Debug, Deserialize, PartialEq, Eq)]
#[serde(untagged, expecting = "`value` is neither an integer nor a text")]
pub(crate) enum WireValue {
    Int(i64),
    Text(String),
}

impl std::fmt::Display for WireValue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Int(number) => number.fmt(f),
            Self::Text(text) => text.fmt(f),
        }
    }
}

/// A type as the tables write it.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(try_from = "String")]
pub(crate) enum Type {
    Uint,
    Int,
    Float,
    Text,
    Secret,
    Date,
    DateTime,
    Time,
    Url,
    Raw,
    File,
    Csv(Box<Type>),
    List(Box<Type>),
    Map(Box<Type>),
    /// An enum or a struct.
    Named(String),
}

impl TryFrom<String> for Type {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        Self::parse(&text)
    }
}

impl Type {
    fn parse(text: &str) -> Result<Self, String> {
        let generic = |prefix: &str| text.strip_prefix(prefix)?.strip_suffix('>').map(Self::parse);
        if let Some(inner) = generic("csv<") {
            return Ok(Self::Csv(Box::new(inner?)));
        }
        if let Some(inner) = generic("list<") {
            return Ok(Self::List(Box::new(inner?)));
        }
        if let Some(inner) = generic("map<") {
            return Ok(Self::Map(Box::new(inner?)));
        }
        Ok(match text {
            "uint" => Self::Uint,
            "int" => Self::Int,
            "float" => Self::Float,
            "string" => Self::Text,
            "secret" => Self::Secret,
            "date" => Self::Date,
            "datetime" => Self::DateTime,
            "time" => Self::Time,
            "url" => Self::Url,
            "raw" => Self::Raw,
            "file" => Self::File,
            name if is_type_name(name) => Self::Named(name.to_owned()),
            other => return Err(format!("unknown type `{other}`")),
        })
    }

    /// The name inside, whatever it is wrapped in.
    pub(crate) fn named(&self) -> Option<&str> {
        match self {
            Self::Csv(inner) | Self::List(inner) | Self::Map(inner) => inner.named(),
            Self::Named(name) => Some(name),
            _ => None,
        }
    }
}

impl std::fmt::Display for Type {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Uint => "uint",
            Self::Int => "int",
            Self::Float => "float",
            Self::Text => "string",
            Self::Secret => "secret",
            Self::Date => "date",
            Self::DateTime => "datetime",
            Self::Time => "time",
            Self::Url => "url",
            Self::Raw => "raw",
            Self::File => "file",
            Self::Csv(inner) => return write!(f, "csv<{inner}>"),
            Self::List(inner) => return write!(f, "list<{inner}>"),
            Self::Map(inner) => return write!(f, "map<{inner}>"),
            Self::Named(name) => name,
        })
    }
}

/// The type of `data` in a reply.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(try_from = "String")]
pub(crate) enum Reply {
    None,
    Data(Type),
}

impl TryFrom<String> for Reply {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        if text == "none" { Ok(Self::None) } else { Type::parse(&text).map(Self::Data) }
    }
}

/// `UpperCamelCase`, ASCII.
pub(crate) fn is_type_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_uppercase()) && text.chars().all(|c| c.is_ascii_alphanumeric())
}

impl Spec {
    /// Reads the folder of one vendor.
    pub(crate) fn load(folder: &Path) -> Result<Self, Vec<String>> {
        let unreadable = |e: std::io::Error| vec![format!("{}: {e}", folder.display())];
        let mut files = Vec::new();
        for entry in std::fs::read_dir(folder).map_err(unreadable)? {
            let path = entry.map_err(unreadable)?.path();
            if path.extension().is_some_and(|ext| ext == "toml") {
                let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
                files.push((name, std::fs::read_to_string(&path).map_err(unreadable)?));
            }
        }
        files.sort();
        let name = folder.file_name().unwrap_or_default().to_string_lossy();
        Self::parse(&name, &files)
    }

    /// Parses the files of one vendor, given as name and content in alphabetical order.
    pub(crate) fn parse(folder: &str, files: &[(String, String)]) -> Result<Self, Vec<String>> {
        let mut errors = Vec::new();
        let mut vendor = None;
        let (mut operations, mut structs, mut enums, mut errata) = (vec![], vec![], vec![], vec![]);
        for (name, text) in files {
            let file = format!("{folder}/{name}");
            let table: toml::Table = match text.parse() {
                Ok(table) => table,
                Err(e) => {
                    errors.push(format!("{file}: {e}"));
                    continue;
                }
            };
            if name == "vendor.toml" {
                vendor = vendor_table(&file, table, &mut errors);
                continue;
            }
            for (kind, value) in table {
                let toml::Value::Array(entries) = value else {
                    errors.push(format!("{file}: `{kind}` is not a list of tables: write [[{kind}]]"));
                    continue;
                };
                for entry in entries {
                    match kind.as_str() {
                        "operation" => operations.extend(
                            entry_of(&file, &kind, entry, &mut errors)
                                .map(|o: Operation| Operation { file: file.clone(), ..o }),
                        ),
                        "struct" => structs.extend(
                            entry_of(&file, &kind, entry, &mut errors).map(|s: Struct| Struct { file: file.clone(), ..s }),
                        ),
                        "enum" => enums.extend(
                            entry_of(&file, &kind, entry, &mut errors).map(|e: Enum| Enum { file: file.clone(), ..e }),
                        ),
                        "erratum" => errata.extend(entry_of::<Erratum>(&file, &kind, entry, &mut errors)),
                        _ => {
                            errors.push(format!(
                                "{file}: unknown entry [[{kind}]], expected operation, struct, enum or erratum"
                            ));
                            break;
                        }
                    }
                }
            }
        }
        match vendor {
            Some(mut vendor) if errors.is_empty() => {
                let mut general = std::mem::take(&mut vendor.erratum);
                general.append(&mut errata);
                Ok(Self { vendor, operations, structs, enums, errata: general })
            }
            Some(_) => Err(errors),
            None => {
                if errors.is_empty() {
                    errors.push(format!("{folder}: vendor.toml is missing"));
                }
                Err(errors)
            }
        }
    }

    pub(crate) fn find_struct(&self, name: &str) -> Option<&Struct> {
        self.structs.iter().find(|s| s.name == name)
    }

    pub(crate) fn find_enum(&self, name: &str) -> Option<&Enum> {
        self.enums.iter().find(|e| e.name == name)
    }
}

/// The lists inside an entry, and what their elements are.
const NESTED: &[(&str, fn(toml::Value) -> Result<(), String>)] = &[
    ("common", decodes::<Param>),
    ("code", decodes::<Code>),
    ("erratum", decodes::<Erratum>),
    ("params", decodes::<Param>),
    ("fields", decodes::<Field>),
    ("values", decodes::<Variant>),
    ("errata", decodes::<Erratum>),
];

fn decodes<T: DeserializeOwned>(value: toml::Value) -> Result<(), String> {
    value.try_into::<T>().map(drop).map_err(|e| e.message().to_owned())
}

fn vendor_table(file: &str, table: toml::Table, errors: &mut Vec<String>) -> Option<Vendor> {
    decode(file.to_owned(), toml::Value::Table(table), errors)
}

fn entry_of<T: DeserializeOwned>(file: &str, kind: &str, entry: toml::Value, errors: &mut Vec<String>) -> Option<T> {
    let at = format!("{file}: [[{kind}]] {}", label(&entry));
    decode(at, entry, errors)
}

/// Decodes an entry; on failure says which element of which list is at fault, not only that one is.
fn decode<T: DeserializeOwned>(at: String, entry: toml::Value, errors: &mut Vec<String>) -> Option<T> {
    let before = errors.len();
    for (list, decodes) in NESTED {
        for element in entry.get(list).and_then(toml::Value::as_array).into_iter().flatten() {
            if let Err(e) = decodes(element.clone()) {
                errors.push(format!("{at}: {list} {}: {e}", label(element)));
            }
        }
    }
    match entry.try_into() {
        Ok(value) => Some(value),
        Err(e) => {
            if errors.len() == before {
                errors.push(format!("{at}: {}", e.message()));
            }
            None
        }
    }
}

/// What a person would call the entry.
fn label(entry: &toml::Value) -> String {
    let key = ["name", "id", "code", "rust"].iter().find_map(|key| entry.get(key)?.as_str());
    key.map_or_else(|| "without a name".to_owned(), |name| format!("`{name}`"))
}

#[cfg(test)]
pub(crate) mod fixture {
    //! A small vendor for the tests of the checks and of the generator.

    use super::Spec;

    pub(crate) const VENDOR: &str = include_str!("../fixtures/vendor.toml");
    pub(crate) const CALLS: &str = include_str!("../fixtures/calls.toml");

    pub(crate) fn parse(vendor: &str, calls: &str) -> Result<Spec, Vec<String>> {
        Spec::parse("acme", &[("calls.toml".into(), calls.into()), ("vendor.toml".into(), vendor.into())])
    }

    /// The fixture with one piece of text replaced; the piece must be there exactly once.
    pub(crate) fn replaced(from: &str, to: &str) -> Result<Spec, Vec<String>> {
        assert_eq!(CALLS.matches(from).count(), 1, "`{from}` must be in the fixture once");
        parse(VENDOR, &CALLS.replacen(from, to, 1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn errors_of(from: &str, to: &str) -> String {
        fixture::replaced(from, to).err().unwrap_or_default().join("\n")
    }

    #[test]
    fn the_fixture_is_read_in_order() {
        let spec = fixture::parse(fixture::VENDOR, fixture::CALLS).unwrap();
        let names: Vec<_> = spec.operations.iter().map(|o| o.name.as_str()).collect();
        assert_eq!(names, ["clip/list", "clip/send", "clip/put", "clip/clear"]);
        assert_eq!(spec.operations[0].file, "acme/calls.toml");
        assert_eq!(spec.operations[0].success, ["0"]);
        assert_eq!(spec.vendor.code[0].class, Class::Throttled);
        assert_eq!(spec.errata.iter().map(|e| e.id.as_str()).collect::<Vec<_>>(), ["E0.1", "E0.2"]);
    }

    #[test]
    fn an_unknown_key_of_an_entry_is_refused_with_its_place() {
        let errors = errors_of("group = \"Clips\" # list", "group = \"Clips\"\nsecton = \"1\"");
        assert!(errors.contains("acme/calls.toml: [[operation]] `clip/list`: unknown field `secton`"), "{errors}");
    }

    #[test]
    fn an_unknown_key_of_a_param_is_refused_with_its_place() {
        let errors = errors_of("min = 1, max = 50", "min = 1, maximum = 50");
        assert!(
            errors.contains("acme/calls.toml: [[operation]] `clip/list`: params `page_size`: unknown field `maximum`"),
            "{errors}"
        );
    }

    #[test]
    fn an_unknown_kind_of_entry_is_refused() {
        let errors = errors_of("[[enum]]", "[[enumeration]]");
        assert!(errors.contains("acme/calls.toml: unknown entry [[enumeration]]"), "{errors}");
    }

    #[test]
    fn an_unknown_type_is_refused() {
        let errors = errors_of("type = \"list<Clip>\"", "type = \"list<clip>\"");
        assert!(errors.contains("[[struct]] `ClipList`: fields `list`: unknown type `clip`"), "{errors}");
    }

    #[test]
    fn a_missing_key_is_refused() {
        let errors = errors_of("idempotent = true # list", "");
        assert!(errors.contains("[[operation]] `clip/list`: missing field `idempotent`"), "{errors}");
    }

    #[test]
    fn broken_toml_names_the_file_and_line() {
        let errors = errors_of("group = \"Clips\" # list", "group = Clips");
        assert!(errors.contains("acme/calls.toml: TOML parse error at line"), "{errors}");
    }

    #[test]
    fn a_folder_without_vendor_toml_is_refused() {
        let errors = Spec::parse("acme", &[("calls.toml".into(), fixture::CALLS.into())]).unwrap_err();
        assert_eq!(errors, ["acme: vendor.toml is missing"]);
    }

    #[test]
    fn types_are_written_as_they_are_read() {
        for text in ["uint", "csv<uint>", "list<map<Clip>>", "datetime", "secret", "Clip"] {
            assert_eq!(Type::parse(text).unwrap().to_string(), text);
        }
        for text in ["list<", "set<uint>", "clip", "", "list<list<>>"] {
            assert!(Type::parse(text).is_err(), "{text}");
        }
    }
}
