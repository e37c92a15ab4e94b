//! Standard output: tables for people, JSON for programs.

use std::borrow::Cow;
use std::io::{self, IsTerminal, Write};

use clap::ValueEnum;
use comfy_table::{Cell, ContentArrangement, Table, presets};
use console::style;
use serde_json::{Map, Value};

use crate::failure::Failure;

/// How results are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For programs.
    Json,
    /// For people.
    Table,
}

/// Where results go.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Output {
    format: Format,
    terminal: bool,
}

impl Output {
    /// A table on a terminal and JSON elsewhere, unless a format is asked for.
    pub(crate) fn new(format: Option<Format>) -> Self {
        let terminal = io::stdout().is_terminal();
        let default = if terminal {
            Format::Table
        } else {
            Format::Json
        };
        Self {
            format: format.unwrap_or(default),
            terminal,
        }
    }

    pub(crate) fn is_json(self) -> bool {
        self.format == Format::Json
    }

    /// Prints a result in the wanted format.
    pub(crate) fn value(self, value: &Value) -> Result<(), Failure> {
        match self.format {
            Format::Json => self.json(value),
            Format::Table => self.text(&self.readable(value)),
        }
    }

    /// Prints JSON.
    pub(crate) fn json(self, value: &Value) -> Result<(), Failure> {
        self.text(&serde_json::to_string_pretty(value).expect("a JSON value is always JSON"))
    }

    /// Prints text and ends its last line.
    pub(crate) fn text(self, text: &str) -> Result<(), Failure> {
        let mut stdout = io::stdout().lock();
        let end = if text.ends_with('\n') { "" } else { "\n" };
        write!(stdout, "{text}{end}")
            .and_then(|()| stdout.flush())
            .map_err(|error| Failure::of_output(&error))
    }

    /// Prints a table of two columns, in the order given.
    pub(crate) fn pairs(self, rows: &[(&str, String)]) -> Result<(), Failure> {
        let rows = rows.iter().map(|(name, text)| {
            let lines: Vec<_> = text.lines().map(printable).collect();
            vec![Cell::new(name), Cell::new(lines.join("\n"))]
        });
        self.text(&self.table(None, rows).to_string())
    }

    /// Prints a table with a header.
    pub(crate) fn rows(self, header: &[&str], rows: &[Vec<String>]) -> Result<(), Failure> {
        let rows = rows
            .iter()
            .map(|row| row.iter().map(|text| Cell::new(printable(text))).collect());
        self.text(&self.table(Some(header), rows).to_string())
    }

    fn table(self, header: Option<&[&str]>, rows: impl IntoIterator<Item = Vec<Cell>>) -> Table {
        let mut table = Table::new();
        table.load_preset(presets::UTF8_BORDERS_ONLY);
        if let Some(header) = header {
            table.load_preset(presets::UTF8_FULL_CONDENSED);
            table.set_header(header.iter().map(|name| Cell::new(printable(name))));
        }
        table.add_rows(rows);
        if let Some(width) = self.width() {
            table.set_content_arrangement(ContentArrangement::Dynamic);
            table.set_width(width);
        }
        table
    }

    fn width(self) -> Option<u16> {
        // Off a terminal nothing is cut: a program may read the table after all.
        self.terminal
            .then(|| console::Term::stdout().size().1.max(40))
    }

    fn readable(self, value: &Value) -> String {
        match value {
            Value::Null => "done (the vendor sends no data)".to_owned(),
            Value::Object(object) if object.is_empty() => {
                "done (the vendor sends no data)".to_owned()
            }
            Value::Object(object) => match only_list(object) {
                Some((items, rest)) => format!("{}\n{rest}", self.list(items)),
                None => self.object(object),
            },
            Value::Array(items) if items.is_empty() => "nothing".to_owned(),
            Value::Array(items) => match rows_of(items) {
                Some(rows) => self.list(rows),
                None => items.iter().map(short).collect::<Vec<_>>().join("\n"),
            },
            scalar => short(scalar),
        }
    }

    fn object(self, object: &Map<String, Value>) -> String {
        let mut rows = Vec::new();
        flatten("", object, &mut rows);
        self.table(
            None,
            rows.into_iter()
                .map(|(name, text)| vec![Cell::new(name), Cell::new(text)]),
        )
        .to_string()
    }

    /// A list of objects: a row each, or a block each where the rows would be wider than the terminal.
    fn list(self, items: Vec<&Map<String, Value>>) -> String {
        let mut header: Vec<&str> = Vec::new();
        for name in items.iter().flat_map(|item| item.keys()) {
            if !header.contains(&name.as_str()) {
                header.push(name);
            }
        }
        header.sort_by_key(|name| place(name));
        let texts: Vec<Vec<String>> = items
            .iter()
            .map(|item| {
                header
                    .iter()
                    .map(|name| item.get(*name).map_or_else(String::new, short))
                    .collect()
            })
            .collect();
        let natural: usize = (0..header.len())
            .map(|column| {
                let widest = texts
                    .iter()
                    .map(|row| console::measure_text_width(&row[column]))
                    .max()
                    .unwrap_or(0);
                widest.max(header[column].len()) + 3
            })
            .sum();
        if self
            .width()
            .is_some_and(|width| natural + 1 > usize::from(width))
        {
            return items
                .into_iter()
                .map(|item| self.object(item))
                .collect::<Vec<_>>()
                .join("\n");
        }
        let rows = texts
            .into_iter()
            .map(|row| row.into_iter().map(Cell::new).collect());
        self.table(Some(&header), rows).to_string()
    }
}

/// The one list of objects in an object that holds nothing else but plain values, as pages have it.
fn only_list(object: &Map<String, Value>) -> Option<(Vec<&Map<String, Value>>, String)> {
    let mut list = None;
    let mut rest = Vec::new();
    for (name, value) in object {
        match value {
            Value::Array(items) if list.is_none() && !items.is_empty() => {
                list = Some(rows_of(items)?)
            }
            Value::Array(_) | Value::Object(_) => return None,
            scalar => rest.push(format!("{} {}", printable(name), short(scalar))),
        }
    }
    list.map(|list| (list, rest.join(" · ")))
}

fn rows_of(items: &[Value]) -> Option<Vec<&Map<String, Value>>> {
    items
        .iter()
        .map(|item| item.as_object().filter(|object| !object.is_empty()))
        .collect()
}

/// The fields of an object and of the objects in it, which get names such as `play_info.low.url`.
fn flatten(prefix: &str, object: &Map<String, Value>, rows: &mut Vec<(String, String)>) {
    let mut fields: Vec<_> = object.iter().collect();
    fields.sort_by_key(|(name, _)| place(name));
    for (name, value) in fields {
        let name = format!("{prefix}{}", printable(name));
        match value {
            Value::Object(inner) if !inner.is_empty() => flatten(&format!("{name}."), inner, rows),
            Value::Array(items) if rows_of(items).is_some() && !items.is_empty() => {
                rows.push((name, items.iter().map(short).collect::<Vec<_>>().join("\n")));
            }
            other => rows.push((name, short(other))),
        }
    }
}

/// What a thing is comes before what else is known of it; the rest stays in the order of the alphabet.
fn place(name: &str) -> usize {
    match name {
        "id" => 0,
        name if name.ends_with("_id") => 1,
        "name" | "title" => 2,
        "status" => 3,
        _ => 4,
    }
}

/// A value in one cell: text as it is, everything else as compact JSON.
fn short(value: &Value) -> String {
    match value {
        Value::String(text) => printable(text).into_owned(),
        Value::Null => String::new(),
        other => printable(&other.to_string()).into_owned(),
    }
}

/// Text without control characters: names come from strangers and could steer the terminal.
pub(crate) fn printable(text: &str) -> Cow<'_, str> {
    if text.contains(char::is_control) {
        text.chars()
            .map(|character| {
                if character.is_control() {
                    '\u{fffd}'
                } else {
                    character
                }
            })
            .collect::<String>()
            .into()
    } else {
        text.into()
    }
}

/// A word that says that something went well.
pub(crate) fn good(text: &str) -> String {
    style(text).green().to_string()
}

/// Text that matters less than the rest.
pub(crate) fn faint(text: &str) -> String {
    style(text).dim().to_string()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const PLAIN: Output = Output {
        format: Format::Table,
        terminal: false,
    };

    #[test]
    fn a_page_is_its_rows_and_one_line() {
        let page = json!({ "total": 2, "page": 1, "list": [{ "video_id": 1, "name": "a" }, { "video_id": 2, "tags": ["x"] }] });
        let text = PLAIN.readable(&page);
        assert!(text.lines().next().unwrap().starts_with('┌'), "{text}");
        assert_eq!(text.lines().last(), Some("page 1 · total 2"));
        for wanted in ["name", "video_id", "tags", r#"["x"]"#] {
            assert!(text.contains(wanted), "{wanted} is not in\n{text}");
        }
    }

    #[test]
    fn an_object_with_an_empty_list_is_shown_whole() {
        let text = PLAIN.readable(&json!({ "total": 0, "list": [] }));
        assert!(
            text.contains("list") && text.contains("[]") && text.contains("total"),
            "{text}"
        );
    }

    #[test]
    fn control_characters_do_not_reach_the_terminal() {
        let text = PLAIN.readable(&json!({ "name": "a\u{1b}[31mb\u{9b}c" }));
        assert!(
            !text.contains(|c: char| c.is_control() && c != '\n'),
            "{text:?}"
        );
    }

    #[test]
    fn objects_in_objects_have_rows_of_their_own() {
        let text = PLAIN.readable(&json!({ "a": { "b": { "url": "u" }, "none": {} }, "files": [{ "x": 1 }, { "x": 2 }], "video_id": 5 }));
        let rows: Vec<Vec<&str>> = text
            .lines()
            .map(|line| line.trim_matches(['│', ' ']).split_whitespace().collect())
            .collect();
        let wanted = [
            vec!["video_id", "5"],
            vec!["a.b.url", "u"],
            vec!["a.none", "{}"],
            vec!["files", r#"{"x":1}"#],
            vec![r#"{"x":2}"#],
        ];
        assert_eq!(rows[1..6], wanted, "{text}");
    }

    #[test]
    fn nothing_is_said_to_be_nothing() {
        assert!(PLAIN.readable(&Value::Null).starts_with("done"));
        assert_eq!(PLAIN.readable(&json!([])), "nothing");
        assert_eq!(PLAIN.readable(&json!(["a", 1])), "a\n1");
    }
}
