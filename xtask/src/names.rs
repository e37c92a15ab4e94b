//! Names: which are possible, which are taken, and how they change their case.

/// Methods of `Call`: a parameter of the same name could not be set on it.
pub(crate) const CALL_METHODS: &[&str] = &[
    "endpoint",
    "into_flow",
    "into_future",
    "items",
    "limits",
    "new",
    "operation",
    "pages",
    "progress",
    "read",
    "request",
    "send",
    "undocumented",
];

/// Further methods of every request struct.
pub(crate) const REQUEST_METHODS: &[&str] = &[
    "new",
    "with_undocumented",
    "clone",
    "eq",
    "ne",
    "fmt",
    "serialize",
    "deserialize",
];

/// Names that the generated modules or the macros around them use for something else.
pub(crate) const TAKEN_TYPES: &[&str] = &[
    "AnyEndpoint",
    "BTreeMap",
    "Call",
    "Client",
    "CommaList",
    "Date",
    "DateTime",
    "Default",
    "Deserializer",
    "Endpoint",
    "Envelope",
    "Error",
    "Extra",
    "FaultClass",
    "FaultCode",
    "Field",
    "FileInput",
    "Ignored",
    "Into",
    "InvalidParam",
    "MapAccess",
    "NoData",
    "OneOrMany",
    "Operation",
    "Option",
    "Paged",
    "Param",
    "ParamKind",
    "Params",
    "Result",
    "Secret",
    "Self",
    "SeqAccess",
    "Serialize",
    "SerializeMap",
    "Serializer",
    "String",
    "StructVisitor",
    "Time",
    "Value",
    "ValueVisitor",
    "Vec",
    "Visitor",
    "Wire",
];

pub(crate) const KEYWORDS: &[&str] = &[
    "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "crate",
    "do", "dyn", "else", "enum", "extern", "false", "final", "fn", "for", "gen", "if", "impl",
    "in", "let", "loop", "macro", "match", "mod", "move", "mut", "override", "priv", "pub", "ref",
    "return", "self", "static", "struct", "super", "trait", "true", "try", "type", "typeof",
    "unsafe", "unsized", "use", "virtual", "where", "while", "yield",
];

/// `like_this`, ASCII.
pub(crate) fn is_snake(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_lowercase())
        && text
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}

/// `GetUploadUrl` as `get_upload_url`.
pub(crate) fn snake(name: &str) -> String {
    let mut out = String::new();
    let mut last_upper = true;
    for c in name.chars() {
        if c.is_ascii_uppercase() && !last_upper {
            out.push('_');
        }
        last_upper = c.is_ascii_uppercase();
        out.push(c.to_ascii_lowercase());
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_snake_case() {
        assert_eq!(snake("GetUploadUrl"), "get_upload_url");
        assert_eq!(snake("GetM3u8Url"), "get_m3u8_url");
        assert_eq!(snake("P720"), "p720");
        assert_eq!(snake("GetURL"), "get_url");
    }
}
