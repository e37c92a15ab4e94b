//! Reading the spec tables: every message says which entry of which file is at fault.

use std::path::Path;

use serde::de::DeserializeOwned;

use crate::spec::{
    Code, Enum, Erratum, Field, Host, Operation, Param, Spec, Struct, Variant, Vendor,
};

impl Spec {
    /// Reads the folder of one vendor.
    pub(crate) fn load(folder: &Path) -> Result<Self, Vec<String>> {
        let unreadable = |e: std::io::Error| vec![format!("{}: {e}", folder.display())];
        let mut files = Vec::new();
        for entry in std::fs::read_dir(folder).map_err(unreadable)? {
            let path = entry.map_err(unreadable)?.path();
            if path.extension().is_some_and(|ext| ext == "toml") {
                let name = path
                    .file_name()
                    .unwrap_or_default()
                    .to_string_lossy()
                    .into_owned();
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
                    errors.push(format!(
                        "{file}: `{kind}` is not a list of tables: write [[{kind}]]"
                    ));
                    continue;
                };
                for entry in entries {
                    match kind.as_str() {
                        "operation" => {
                            operations.extend(entry_of(&file, &kind, entry, &mut errors).map(
                                |o: Operation| Operation {
                                    file: file.clone(),
                                    ..o
                                },
                            ))
                        }
                        "struct" => structs.extend(entry_of(&file, &kind, entry, &mut errors).map(
                            |s: Struct| Struct {
                                file: file.clone(),
                                ..s
                            },
                        )),
                        "enum" => enums.extend(entry_of(&file, &kind, entry, &mut errors).map(
                            |e: Enum| Enum {
                                file: file.clone(),
                                ..e
                            },
                        )),
                        "erratum" => {
                            errata.extend(entry_of::<Erratum>(&file, &kind, entry, &mut errors))
                        }
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
                Ok(Self {
                    vendor,
                    operations,
                    structs,
                    enums,
                    errata: general,
                })
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
}

/// Tries to decode one element of a list.
type Decodes = fn(toml::Value) -> Result<(), String>;

/// The lists inside an entry, and what their elements are.
const NESTED: &[(&str, Decodes)] = &[
    ("host", decodes::<Host>),
    ("common", decodes::<Param>),
    ("code", decodes::<Code>),
    ("erratum", decodes::<Erratum>),
    ("params", decodes::<Param>),
    ("fields", decodes::<Field>),
    ("values", decodes::<Variant>),
    ("errata", decodes::<Erratum>),
];

fn decodes<T: DeserializeOwned>(value: toml::Value) -> Result<(), String> {
    value
        .try_into::<T>()
        .map(drop)
        .map_err(|e| e.message().to_owned())
}

fn vendor_table(file: &str, table: toml::Table, errors: &mut Vec<String>) -> Option<Vendor> {
    decode(file.to_owned(), toml::Value::Table(table), errors)
}

fn entry_of<T: DeserializeOwned>(
    file: &str,
    kind: &str,
    entry: toml::Value,
    errors: &mut Vec<String>,
) -> Option<T> {
    let at = format!("{file}: [[{kind}]] {}", label(&entry));
    decode(at, entry, errors)
}

/// Decodes an entry; on failure says which element of which list is at fault, not only that one is.
fn decode<T: DeserializeOwned>(
    at: String,
    entry: toml::Value,
    errors: &mut Vec<String>,
) -> Option<T> {
    let before = errors.len();
    for (list, decodes) in NESTED {
        for element in entry
            .get(list)
            .and_then(toml::Value::as_array)
            .into_iter()
            .flatten()
        {
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
    let key = ["name", "id", "code", "rust"]
        .iter()
        .find_map(|key| entry.get(key)?.as_str());
    key.map_or_else(|| "without a name".to_owned(), |name| format!("`{name}`"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::{Class, Type, fixture};

    fn errors_of(from: &str, to: &str) -> String {
        fixture::replaced(from, to)
            .err()
            .unwrap_or_default()
            .join("\n")
    }

    #[test]
    fn the_fixture_is_read_in_order() {
        let spec = fixture::parse(fixture::VENDOR, fixture::CALLS).unwrap();
        let names: Vec<_> = spec.operations.iter().map(|o| o.name.as_str()).collect();
        assert_eq!(names, ["clip/list", "clip/send", "clip/put", "clip/clear"]);
        assert_eq!(spec.operations[0].file, "acme/calls.toml");
        assert_eq!(spec.operations[0].success, ["0"]);
        assert_eq!(spec.vendor.code[0].class, Class::Throttled);
        assert_eq!(
            spec.errata
                .iter()
                .map(|e| e.id.as_str())
                .collect::<Vec<_>>(),
            ["E0.1", "E0.2"]
        );
    }

    #[test]
    fn an_unknown_key_of_an_entry_is_refused_with_its_place() {
        let errors = errors_of(
            "group = \"Clips\" # list",
            "group = \"Clips\"\nsecton = \"1\"",
        );
        assert!(
            errors.contains("acme/calls.toml: [[operation]] `clip/list`: unknown field `secton`"),
            "{errors}"
        );
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
        assert!(
            errors.contains("acme/calls.toml: unknown entry [[enumeration]]"),
            "{errors}"
        );
    }

    #[test]
    fn an_unknown_type_is_refused() {
        let errors = errors_of(
            "type = \"list<Clip>\", doc = \"The",
            "type = \"list<clip>\", doc = \"The",
        );
        assert!(
            errors.contains("[[struct]] `ClipList`: fields `list`: unknown type `clip`"),
            "{errors}"
        );
    }

    #[test]
    fn a_missing_key_is_refused() {
        let errors = errors_of("idempotent = true # list", "");
        assert!(
            errors.contains("[[operation]] `clip/list`: missing field `idempotent`"),
            "{errors}"
        );
    }

    #[test]
    fn broken_toml_names_the_file_and_line() {
        let errors = errors_of("group = \"Clips\" # list", "group = Clips");
        assert!(
            errors.contains("acme/calls.toml: TOML parse error at line"),
            "{errors}"
        );
    }

    #[test]
    fn a_folder_without_vendor_toml_is_refused() {
        let errors =
            Spec::parse("acme", &[("calls.toml".into(), fixture::CALLS.into())]).unwrap_err();
        assert_eq!(errors, ["acme: vendor.toml is missing"]);
    }

    #[test]
    fn types_are_written_as_they_are_read() {
        for text in [
            "uint",
            "csv<uint>",
            "list<map<Clip>>",
            "oneormany<Clip>",
            "object",
            "bool",
            "datetime",
            "secret",
            "Clip",
        ] {
            assert_eq!(Type::parse(text).unwrap().to_string(), text);
        }
        for text in ["list<", "set<uint>", "clip", "", "list<list<>>"] {
            assert!(Type::parse(text).is_err(), "{text}");
        }
    }
}
