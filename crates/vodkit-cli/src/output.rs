//! Standard output: tables for people, JSON for programs.

use std::borrow::Cow;
use std::io::{self, IsTerminal, Write};

use clap::ValueEnum;
use comfy_table::{Cell, ColumnConstraint, ContentArrangement, Table, Width, presets};
use console::style;
use serde_json::{Map, Value};
use vodkit_request::types::Operation;

use crate::failure::Failure;
use crate::words::worded;

/// How results are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    // Documentation here would be help for each value, with which clap spreads all of `--help` over three times the lines.
    Json,
    Table,
}

/// Where results go.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Output {
    format: Format,
    /// Columns of the terminal. Elsewhere nothing is cut: a program may read the table after all.
    width: Option<u16>,
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
            width: terminal.then(|| console::Term::stdout().size().1.max(40)),
        }
    }

    pub(crate) fn is_json(self) -> bool {
        self.format == Format::Json
    }

    /// Prints the reply of a call; a table says what its numbers mean.
    pub(crate) fn reply(self, operation: &Operation, value: &Value) -> Result<(), Failure> {
        match self.format {
            Format::Json => self.json(value),
            Format::Table => self.text(&self.readable(&worded(operation, value))),
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

    /// The text in lines that fit behind a margin of so many columns; all but the first begin with it.
    pub(crate) fn behind(self, margin: usize, text: &str) -> String {
        match self.width {
            Some(width) => folded(text, usize::from(width).saturating_sub(margin), margin),
            None => text.to_owned(),
        }
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
        if let Some(width) = self.width {
            table.set_content_arrangement(ContentArrangement::Dynamic);
            table.set_width(width);
        }
        table
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

    /// A list of objects: a row each, with what fits the terminal, or a block each where too little would.
    fn list(self, items: Vec<&Map<String, Value>>) -> String {
        let mut columns = columns(&items);
        let mut left_out = Vec::new();
        if let Some(width) = self.width {
            left_out = leave_out(&mut columns, usize::from(width));
            if !left_out.is_empty() && (items.len() == 1 || columns.len() < FEWEST_COLUMNS) {
                return items
                    .into_iter()
                    .map(|item| self.object(item))
                    .collect::<Vec<_>>()
                    .join("\n");
            }
        }
        let header: Vec<&str> = columns.iter().map(|column| column.name).collect();
        let rows = (0..items.len()).map(|row| {
            let cells = columns.iter().map(|column| &column.cells[row]);
            cells.map(Cell::new).collect()
        });
        let mut table = self.table(Some(&header), rows);
        for (position, column) in columns.iter().enumerate() {
            let constraint = if column.least() == column.natural {
                ColumnConstraint::ContentWidth
            } else {
                ColumnConstraint::LowerBoundary(Width::Fixed(LEAST_TEXT))
            };
            if let Some(column) = table.column_mut(position) {
                column.set_constraint(constraint);
            }
        }
        let mut text = table.to_string();
        if !left_out.is_empty() {
            left_out.sort_unstable();
            let note = format!("not shown: {} (--output json has all)", left_out.join(", "));
            text.push_str(&format!("\n{}", faint(&note)));
        }
        text
    }
}

/// Fewer columns than these tell nothing: a block for each row is better.
const FEWEST_COLUMNS: usize = 3;
/// Columns of text are not made narrower than this, in cells of the terminal.
const LEAST_TEXT: u16 = 24;
/// Columns with wider values are the first to go.
const WIDEST_TEXT: usize = 80;
/// What the frame takes beside a column.
const FRAME: usize = 3;

/// A field of the objects in a list.
struct Column<'a> {
    name: &'a str,
    cells: Vec<String>,
    /// Width of the widest line.
    natural: usize,
}

impl Column<'_> {
    /// The width below which it cannot be read any more.
    fn least(&self) -> usize {
        self.natural.min(usize::from(LEAST_TEXT))
    }

    /// Whether it may go before anything else: addresses and long texts are for programs.
    fn goes_first(&self) -> bool {
        let address = |cell: &String| {
            // Of a list the first item shows what it is.
            let cell = cell.trim_start_matches(['[', '"']);
            cell.starts_with("http://") || cell.starts_with("https://")
        };
        place(self.name) == OTHER && (self.natural > WIDEST_TEXT || self.cells.iter().any(address))
    }
}

fn columns<'a>(items: &[&'a Map<String, Value>]) -> Vec<Column<'a>> {
    let mut names: Vec<&str> = Vec::new();
    for name in items.iter().flat_map(|item| item.keys()) {
        if !names.contains(&name.as_str()) {
            names.push(name);
        }
    }
    names.sort_by_key(|name| place(name));
    let column = |name: &'a str| {
        let cells: Vec<String> = items
            .iter()
            .map(|item| item.get(name).map_or_else(String::new, short))
            .collect();
        let widths = cells.iter().map(|cell| console::measure_text_width(cell));
        let natural = widths.max().unwrap_or(0).max(name.len());
        Column {
            name,
            cells,
            natural,
        }
    };
    names.into_iter().map(column).collect()
}

/// Takes out columns until the rest can be read within the width, and names them.
fn leave_out<'a>(columns: &mut Vec<Column<'a>>, width: usize) -> Vec<&'a str> {
    let wide = |columns: &[Column<'_>], of: fn(&Column<'_>) -> usize| {
        columns
            .iter()
            .map(|column| of(column) + FRAME)
            .sum::<usize>()
            + 1
    };
    let mut left_out = Vec::new();
    if wide(columns, |column| column.natural) > width {
        columns.retain(|column| {
            let goes = column.goes_first();
            left_out.extend(goes.then_some(column.name));
            !goes
        });
    }
    while wide(columns, |column| column.least()) > width
        && let Some(last) = columns.pop()
    {
        left_out.push(last.name);
    }
    left_out
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

/// The place of a field that has none of its own.
const OTHER: usize = 4;

/// What a thing is comes before what else is known of it; the rest stays in the order of the alphabet.
fn place(name: &str) -> usize {
    match name {
        "id" | "vid" | "uuid" => 0,
        name if name.ends_with("_id") || name.ends_with("Id") => 1,
        "name" | "title" => 2,
        "status" => 3,
        _ => OTHER,
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

/// Bad news.
pub(crate) fn bad(text: &str) -> String {
    style(text).red().to_string()
}

/// Folds text between words; a word that is longer than the room has a line of its own.
fn folded(text: &str, room: usize, margin: usize) -> String {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let line = lines.last_mut().expect("there is a line from the start");
        let width = console::measure_text_width(line) + 1 + console::measure_text_width(word);
        if line.is_empty() {
            line.push_str(word);
        } else if width <= room {
            line.push(' ');
            line.push_str(word);
        } else {
            lines.push(word.to_owned());
        }
    }
    lines.join(&format!("\n{:margin$}", ""))
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
        width: None,
    };

    #[test]
    fn a_long_line_is_folded_between_words_behind_its_margin() {
        assert_eq!(folded("one two three", 7, 2), "one two\n  three");
        assert_eq!(folded("one two three", 13, 2), "one two three");
        assert_eq!(folded("a 0123456789 b", 4, 1), "a\n 0123456789\n b");
        assert_eq!(folded("物理 数学 化学", 9, 0), "物理 数学\n化学");
        assert_eq!(folded("", 0, 3), "");
        assert_eq!(PLAIN.behind(3, &"word ".repeat(100)), "word ".repeat(100));
    }

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

    fn kept(items: &[Value], width: usize) -> (Vec<String>, Vec<String>) {
        let items = rows_of(items).unwrap();
        let mut columns = columns(&items);
        let left_out = leave_out(&mut columns, width);
        let own = |names: Vec<&str>| names.into_iter().map(str::to_owned).collect();
        (
            own(columns.iter().map(|column| column.name).collect()),
            own(left_out),
        )
    }

    #[test]
    fn addresses_go_first_and_what_matters_least_next() {
        let video = json!({
            "video_id": 100_001, "name": "n".repeat(60), "status": "100 (transcoded)", "length": 5,
            "cover": format!("https://host/{}", "c".repeat(40)), "total_size": 137_408, "tags": ["a", "b"],
        });
        let items = [video];
        // 1 + 11 + 63 + 19 + 9 + 56 + 13 + 12 is the width of everything.
        let (shown, left_out) = kept(&items, 184);
        assert_eq!((shown.len(), left_out.len()), (7, 0));
        assert_eq!(kept(&items, 183).1, ["cover"]);
        let (shown, left_out) = kept(&items, 100);
        assert_eq!(
            shown,
            ["video_id", "name", "status", "length", "tags", "total_size"]
        );
        assert_eq!(left_out, ["cover"]);
        // The name needs 24, so that 1 + 11 + 27 + 19 + 9 = 67 is what the rest leaves.
        let (shown, left_out) = kept(&items, 67);
        assert_eq!(shown, ["video_id", "name", "status", "length"]);
        assert_eq!(left_out, ["cover", "total_size", "tags"]);
        assert_eq!(kept(&items, 66).0, ["video_id", "name", "status"]);
    }

    #[test]
    fn what_a_thing_is_comes_first_under_every_vendors_names() {
        let items = [
            json!({ "cataid": "1", "hls": ["https://host/1.m3u8"], "vid": "v", "title": "t", "status": 61 }),
            json!({ "artist": "a", "musicId": "m", "title": "t" }),
        ];
        let shown = |item: &Value, width| kept(std::slice::from_ref(item), width).0;
        assert_eq!(
            shown(&items[0], 200),
            ["vid", "title", "status", "cataid", "hls"]
        );
        assert_eq!(shown(&items[0], 40), ["vid", "title", "status", "cataid"]);
        assert_eq!(shown(&items[1], 200), ["musicId", "title", "artist"]);
    }

    #[test]
    fn a_name_is_never_taken_for_an_address() {
        let items = [json!({ "id": 1, "title": format!("http://{}", "x".repeat(90)), "z": 1 })];
        assert_eq!(kept(&items, 60).0, ["id", "title", "z"]);
    }

    #[test]
    fn a_table_that_is_not_cut_has_everything() {
        let items = [json!({ "id": 1, "long": "x".repeat(500), "url": "https://host/1" })];
        let text = PLAIN.list(rows_of(&items).unwrap());
        assert!(
            text.contains(&"x".repeat(500)) && text.contains("https://host/1"),
            "{text}"
        );
        assert!(!text.contains("not shown"), "{text}");
    }

    #[test]
    fn a_list_of_videos_fits_a_terminal() {
        let video = |id: u64, name: &str| {
            json!({
                "video_id": id, "name": name, "status": "100 (transcoded)", "length": 5,
                "create_time": "2026-11-22 21:20:41", "publish_status": "1 (published)", "total_size": 137_408,
                "preface_url": format!("https://host.example/image/{id}/0.jpg?token={}", "t".repeat(90)),
            })
        };
        let items = [
            video(1, "第二课 函数与方程"),
            video(2, &"long name ".repeat(6)),
        ];
        let terminal = Output {
            width: Some(100),
            ..PLAIN
        };
        let text = terminal.list(rows_of(&items).unwrap());
        // The tests themselves may run on a terminal.
        let text = console::strip_ansi_codes(&text);
        let widest = text.lines().map(console::measure_text_width).max();
        assert!(widest <= Some(100), "{widest:?}\n{text}");
        let header = text.lines().nth(1).unwrap();
        for shown in ["video_id", "name", "status", "create_time", "length"] {
            assert!(header.contains(shown), "{shown} is not in\n{text}");
        }
        assert_eq!(
            text.matches("long").count(),
            6,
            "a name is never cut\n{text}"
        );
        assert!(
            text.ends_with(
                "not shown: preface_url, publish_status, total_size (--output json has all)"
            ),
            "{text}"
        );
        // One video alone has room for everything.
        let one = terminal.list(rows_of(&items[..1]).unwrap());
        assert!(
            one.contains("token=") && !one.contains("not shown"),
            "{one}"
        );
        // So has each where hardly a column would fit.
        let narrow = Output {
            width: Some(40),
            ..PLAIN
        };
        let blocks = narrow.list(rows_of(&items).unwrap());
        assert_eq!(blocks.matches("total_size").count(), 2, "{blocks}");
    }
}
