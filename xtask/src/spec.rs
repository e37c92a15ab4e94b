//! The spec tables as data: what `docs/spec/README.md` describes, parsed strictly.

use serde::Deserialize;

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
    #[serde(default = "all_layers")]
    pub(crate) layers: Vec<Layer>,
    pub(crate) left_out: Option<String>,
    /// Whether the emulator answers every call of the tables; a test of the documents asks it.
    #[serde(default)]
    pub(crate) emulated: bool,
    /// Whether one test makes every call of the tables through the client; a test of the documents looks for it.
    #[serde(default)]
    pub(crate) story: bool,
    #[serde(default)]
    pub(crate) host: Vec<Host>,
    #[serde(default)]
    pub(crate) common: Vec<Param>,
    #[serde(default)]
    pub(crate) code: Vec<Code>,
    #[serde(default)]
    pub(crate) erratum: Vec<Erratum>,
}

/// What is generated for a vendor.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Layer {
    Types,
    Request,
    Facade,
}

fn all_layers() -> Vec<Layer> {
    vec![Layer::Types, Layer::Request, Layer::Facade]
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Host {
    pub(crate) name: String,
    pub(crate) url: String,
    pub(crate) doc: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Code {
    pub(crate) code: String,
    pub(crate) message: Option<String>,
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
    /// Among the few that cost whoever integrates a day.
    #[serde(default)]
    pub(crate) costly: bool,
}

impl Erratum {
    /// Whether something beyond the page speaks for what was chosen.
    pub(crate) fn is_evident(&self) -> bool {
        self.evidence
            .as_ref()
            .is_some_and(|evidence| !evidence.starts_with("assumed"))
    }
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
    pub(crate) signing: Option<String>,
    pub(crate) host: Option<String>,
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
    Put,
    Delete,
}

impl Method {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Delete => "DELETE",
        }
    }
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Auth {
    Signed,
    Token,
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
    /// Of a common parameter: the rule of signing that it belongs to.
    pub(crate) signing: Option<String>,
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
        !self.is_file() && self.place == Place::Form
    }
}

#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Place {
    #[default]
    Form,
    Json,
    Path,
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
    #[serde(default)]
    pub(crate) aliases: Vec<String>,
    pub(crate) doc: String,
}

impl Field {
    pub(crate) fn rust(&self) -> &str {
        self.rust.as_deref().unwrap_or(&self.name)
    }

    /// All names that it is read by, its own first.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        std::iter::once(&self.name)
            .chain(&self.aliases)
            .map(String::as_str)
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
    Bool,
    Raw,
    /// Any JSON object.
    Object,
    File,
    Csv(Box<Type>),
    List(Box<Type>),
    /// One element or a list of them.
    OneOrMany(Box<Type>),
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
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let generic = |prefix: &str| {
            text.strip_prefix(prefix)?
                .strip_suffix('>')
                .map(Self::parse)
        };
        if let Some(inner) = generic("csv<") {
            return Ok(Self::Csv(Box::new(inner?)));
        }
        if let Some(inner) = generic("list<") {
            return Ok(Self::List(Box::new(inner?)));
        }
        if let Some(inner) = generic("oneormany<") {
            return Ok(Self::OneOrMany(Box::new(inner?)));
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
            "bool" => Self::Bool,
            "raw" => Self::Raw,
            "object" => Self::Object,
            "file" => Self::File,
            name if is_type_name(name) => Self::Named(name.to_owned()),
            other => return Err(format!("unknown type `{other}`")),
        })
    }

    /// The name inside, whatever it is wrapped in.
    pub(crate) fn named(&self) -> Option<&str> {
        match self {
            Self::Csv(inner) | Self::List(inner) | Self::OneOrMany(inner) | Self::Map(inner) => {
                inner.named()
            }
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
            Self::Bool => "bool",
            Self::Raw => "raw",
            Self::Object => "object",
            Self::File => "file",
            Self::Csv(inner) => return write!(f, "csv<{inner}>"),
            Self::List(inner) => return write!(f, "list<{inner}>"),
            Self::OneOrMany(inner) => return write!(f, "oneormany<{inner}>"),
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
        if text == "none" {
            Ok(Self::None)
        } else {
            Type::parse(&text).map(Self::Data)
        }
    }
}

/// `UpperCamelCase`, ASCII.
pub(crate) fn is_type_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_uppercase())
        && text.chars().all(|c| c.is_ascii_alphanumeric())
}

impl Vendor {
    pub(crate) fn has(&self, layer: Layer) -> bool {
        self.layers.contains(&layer)
    }

    /// The common parameters of a rule of signing: its own, or where it has none those without a rule.
    pub(crate) fn common_of(&self, signing: Option<&str>) -> Vec<&Param> {
        let of = |rule: Option<&str>| -> Vec<&Param> {
            self.common
                .iter()
                .filter(|param| param.signing.as_deref() == rule)
                .collect()
        };
        let own = of(signing);
        if own.is_empty() { of(None) } else { own }
    }
}

impl Spec {
    pub(crate) fn find_struct(&self, name: &str) -> Option<&Struct> {
        self.structs.iter().find(|s| s.name == name)
    }

    pub(crate) fn find_enum(&self, name: &str) -> Option<&Enum> {
        self.enums.iter().find(|e| e.name == name)
    }
}

#[cfg(test)]
pub(crate) mod fixture {
    //! A small vendor for the tests of the checks and of the generator.

    use super::Spec;

    pub(crate) const VENDOR: &str = include_str!("../fixtures/vendor.toml");
    pub(crate) const CALLS: &str = include_str!("../fixtures/calls.toml");

    /// A vendor whose wire types alone are generated, with what only these can do so far.
    pub(crate) const BARE_VENDOR: &str = include_str!("../fixtures/types_only_vendor.toml");
    pub(crate) const BARE_CALLS: &str = include_str!("../fixtures/types_only_calls.toml");

    pub(crate) fn bare() -> Spec {
        parse(BARE_VENDOR, BARE_CALLS).unwrap()
    }

    pub(crate) fn spec() -> Spec {
        parse(VENDOR, CALLS).unwrap()
    }

    pub(crate) fn parse(vendor: &str, calls: &str) -> Result<Spec, Vec<String>> {
        Spec::parse(
            "acme",
            &[
                ("calls.toml".into(), calls.into()),
                ("vendor.toml".into(), vendor.into()),
            ],
        )
    }

    /// The fixture with one piece of text replaced; the piece must be there exactly once.
    pub(crate) fn replaced(from: &str, to: &str) -> Result<Spec, Vec<String>> {
        assert_eq!(
            CALLS.matches(from).count(),
            1,
            "`{from}` must be in the fixture once"
        );
        parse(VENDOR, &CALLS.replacen(from, to, 1))
    }
}
