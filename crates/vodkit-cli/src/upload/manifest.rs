//! A list of what to upload: CSV or JSON lines with a file, and perhaps a title and a category, in each row.

use std::io::Read;
use std::path::Path;

use serde_json::{Map, Value};

use super::row::{Problem, Row};
use crate::failure::Failure;
use crate::suggest::did_you_mean;

/// Longest manifest, in bytes.
const LONGEST: u64 = 64 << 20;
const COLUMNS: [&str; 3] = ["file", "title", "category"];

/// Reads the rows of a manifest, and what is wrong with the others. Files are where the manifest is, unless their path is absolute.
pub(super) fn read(path: &Path) -> Result<(Vec<Row>, Vec<Problem>), Failure> {
    let shown = path.display();
    let unreadable = |why: &dyn std::fmt::Display| {
        Failure::local_file(format!("cannot read the manifest `{shown}`: {why}"))
    };
    let file = std::fs::File::open(path).map_err(|error| unreadable(&error))?;
    let mut bytes = Vec::new();
    file.take(LONGEST + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| unreadable(&error))?;
    if bytes.len() as u64 > LONGEST {
        return Err(Failure::usage(format!(
            "the manifest `{shown}` has more than {LONGEST} bytes"
        )));
    }
    let text = text(&bytes).map_err(|line| {
        Failure::usage(format!(
            "line {line} of the manifest `{shown}` is not UTF-8"
        ))
        .hint("a spreadsheet saves it so as \"CSV UTF-8\"")
    })?;
    let extension = path
        .extension()
        .map(|extension| extension.to_string_lossy().to_lowercase());
    let is_json = match extension.as_deref() {
        Some("csv") => false,
        Some("jsonl" | "ndjson" | "json") => true,
        _ => text.trim_start().starts_with('{'),
    };
    let (mut rows, problems) = if is_json {
        json_lines(text)
    } else {
        csv(text).map_err(|why| Failure::usage(format!("the manifest `{shown}`: {why}")))?
    };
    let dir = path.parent().unwrap_or(Path::new(""));
    for row in &mut rows {
        row.file = dir.join(&row.file);
    }
    Ok((rows, problems))
}

/// The text without the mark that spreadsheets put before it, or the line that is none.
fn text(bytes: &[u8]) -> Result<&str, usize> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok(text.strip_prefix('\u{feff}').unwrap_or(text)),
        Err(error) => {
            let before = &bytes[..error.valid_up_to()];
            Err(1 + before.iter().filter(|byte| **byte == b'\n').count())
        }
    }
}

type Rows = (Vec<Row>, Vec<Problem>);

fn csv(text: &str) -> Result<Rows, String> {
    let mut reader = csv::ReaderBuilder::new()
        .flexible(true)
        .from_reader(text.as_bytes());
    let header = reader.headers().map_err(|error| error.to_string())?.clone();
    let names: Vec<String> = header
        .iter()
        .map(|name| name.trim().to_lowercase())
        .collect();
    for (at, name) in names.iter().enumerate() {
        if !COLUMNS.contains(&name.as_str()) {
            return Err(unknown("column", name));
        }
        if names[..at].contains(name) {
            return Err(format!("there are two columns `{name}`"));
        }
    }
    let Some(file_column) = names.iter().position(|name| name == "file") else {
        return Err(
            "its first line names no column `file`: it is `file,title,category`".to_owned(),
        );
    };

    let mut lines = Lines {
        text,
        at: 0,
        line: 1,
    };
    let (mut rows, mut problems) = (Vec::new(), Vec::new());
    for record in reader.records() {
        let record = match record {
            Ok(record) => record,
            Err(error) => {
                let line = error.position().map(csv::Position::line);
                problems.push(Problem {
                    line,
                    why: error.to_string(),
                });
                continue;
            }
        };
        let line = record.position().map(|position| lines.of(position.byte()));
        if record.len() > names.len() {
            let why = format!(
                "it has {} fields, and the first line names {}; put a text with a comma into quotes",
                record.len(),
                names.len()
            );
            problems.push(Problem { line, why });
            continue;
        }
        let cell = |column: usize| record.get(column).filter(|text| !text.is_empty());
        let named = |name: &str| {
            names
                .iter()
                .position(|have| have == name)
                .and_then(cell)
                .map(str::to_owned)
        };
        match cell(file_column) {
            None => problems.push(Problem {
                line,
                why: "it names no file".to_owned(),
            }),
            Some(file) => rows.push(Row {
                file: file.into(),
                title: named("title"),
                category: named("category").map(|category| category.trim().to_owned()),
                line,
            }),
        }
    }
    Ok((rows, problems))
}

/// Counts lines up to a record. The reader's own count takes the empty lines before a record for its beginning.
struct Lines<'t> {
    text: &'t str,
    at: usize,
    line: u64,
}

impl Lines<'_> {
    fn of(&mut self, byte: u64) -> u64 {
        let bytes = self.text.as_bytes();
        let from = usize::try_from(byte)
            .unwrap_or(bytes.len())
            .min(bytes.len());
        let empty = bytes[from..]
            .iter()
            .take_while(|byte| b"\r\n".contains(byte))
            .count();
        let newlines = bytes[self.at.min(from)..from + empty]
            .iter()
            .filter(|byte| **byte == b'\n');
        self.line += newlines.count() as u64;
        self.at = from + empty;
        self.line
    }
}

fn json_lines(text: &str) -> Rows {
    let (mut rows, mut problems) = (Vec::new(), Vec::new());
    for (number, content) in (1..).zip(text.lines()) {
        if content.trim().is_empty() {
            continue;
        }
        match json_row(content) {
            Ok(row) => rows.push(Row {
                line: Some(number),
                ..row
            }),
            Err(why) => problems.push(Problem {
                line: Some(number),
                why,
            }),
        }
    }
    (rows, problems)
}

fn json_row(text: &str) -> Result<Row, String> {
    let mut fields: Map<String, Value> = match serde_json::from_str(text) {
        Ok(Value::Object(fields)) => fields,
        _ => return Err("it is no JSON object: one stands in each line".to_owned()),
    };
    let mut take = |name: &str| match fields.remove(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(Value::Number(number)) if name == "category" => Ok(Some(number.to_string())),
        Some(_) => Err(format!("`{name}` is no text")),
    };
    let row = Row {
        file: take("file")?
            .filter(|file| !file.is_empty())
            .ok_or("it names no file")?
            .into(),
        title: take("title")?,
        category: take("category")?,
        line: None,
    };
    match fields.keys().next() {
        Some(name) => Err(unknown("field", name)),
        None => Ok(row),
    }
}

fn unknown(what: &str, name: &str) -> String {
    if name.contains([';', '\t']) {
        return "its columns are to be separated by commas".to_owned();
    }
    let meant =
        did_you_mean(name, COLUMNS).unwrap_or_else(|| format!("there are {}", COLUMNS.join(", ")));
    format!("there is no {what} `{name}`: {meant}")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn row(file: &str, title: Option<&str>, category: Option<&str>, line: u64) -> Row {
        Row {
            file: file.into(),
            title: title.map(str::to_owned),
            category: category.map(str::to_owned),
            line: Some(line),
        }
    }

    #[test]
    fn a_table_is_read_with_quotes_and_lines_in_them() {
        let text = "File, title ,category\n\
                    a.mp4,\"Lesson 1, \"\"the\"\" first\",7\n\
                    \n\
                    \"b\nc.mp4\",,\n\
                    第 1 课.mp4\n";
        let (rows, problems) = csv(text).unwrap();
        assert_eq!(problems, []);
        let wanted = [
            row("a.mp4", Some("Lesson 1, \"the\" first"), Some("7"), 2),
            row("b\nc.mp4", None, None, 4),
            row("第 1 课.mp4", None, None, 6),
        ];
        assert_eq!(rows, wanted);
    }

    #[test]
    fn what_is_wrong_with_a_table_is_said_with_its_line() {
        let (rows, problems) = csv("title,file\nx,a.mp4\nLesson,1,a.mp4\n,\n").unwrap();
        assert_eq!(rows.len(), 1);
        let lines: Vec<_> = problems.iter().map(|problem| problem.line).collect();
        assert_eq!(lines, [Some(3), Some(4)]);
        assert!(problems[0].why.contains("quotes"));
        assert!(
            csv("name\nx")
                .unwrap_err()
                .contains("there is no column `name`")
        );
        assert!(csv("fil\nx").unwrap_err().contains("did you mean `file`?"));
        assert!(csv("file;title\nx;y").unwrap_err().contains("commas"));
        assert!(csv("title\nx").unwrap_err().contains("no column `file`"));
        assert!(csv("file,file\nx,y").unwrap_err().contains("two columns"));
        assert!(csv("").is_err());
    }

    #[test]
    fn lines_of_json_are_read_or_refused_one_by_one() {
        let text = "{\"file\":\"a.mp4\",\"title\":\"课\",\"category\":7}\n\n\
                    {\"file\":\"b.mp4\",\"category\":\"x\",\"title\":null}\n\
                    {\"file\":\"c.mp4\",\"titel\":\"x\"}\n\
                    {\"file\":\"\"}\n\
                    {\"file\":1}\n\
                    [1]\n\
                    {";
        let (rows, problems) = json_lines(text);
        let wanted = [
            row("a.mp4", Some("课"), Some("7"), 1),
            row("b.mp4", None, Some("x"), 3),
        ];
        assert_eq!(rows, wanted);
        let lines: Vec<_> = problems.iter().filter_map(|problem| problem.line).collect();
        assert_eq!(lines, [4, 5, 6, 7, 8]);
        assert!(
            problems[0].why.contains("did you mean `title`?"),
            "{problems:?}"
        );
    }

    #[test]
    fn files_are_where_the_manifest_is() {
        let dir = tempfile::tempdir().unwrap();
        for (name, content) in [
            ("list.csv", "\u{feff}file\na.mp4\n/b.mp4\n"),
            ("list.jsonl", "{\"file\":\"a.mp4\"}\n{\"file\":\"/b.mp4\"}"),
            ("list", "{\"file\":\"a.mp4\"}\n{\"file\":\"/b.mp4\"}"),
        ] {
            let path = dir.path().join(name);
            std::fs::write(&path, content).unwrap();
            let (rows, problems) = read(&path).unwrap();
            assert_eq!(problems, [], "{name}");
            let files: Vec<_> = rows.into_iter().map(|row| row.file).collect();
            assert_eq!(files, [dir.path().join("a.mp4"), "/b.mp4".into()], "{name}");
        }
        let path = dir.path().join("gbk.csv");
        std::fs::write(&path, b"file\na.mp4\n\xbf\xce.mp4\n").unwrap();
        let failure = read(&path).unwrap_err().line();
        assert!(
            failure.contains("line 3") && failure.contains("UTF-8"),
            "{failure}"
        );
        assert!(read(&dir.path().join("missing.csv")).is_err());
    }

    proptest! {
        #[test]
        fn any_text_is_rows_or_problems(text in ".{0,200}", lines in "[a,\"\n{}:]{0,60}") {
            for text in [text, format!("file,title\n{lines}"), lines] {
                let _either = csv(&text);
                let (rows, problems) = json_lines(&text);
                prop_assert!(rows.len() + problems.len() <= text.lines().count());
            }
        }

        #[test]
        fn what_a_table_holds_is_read(cells in prop::collection::vec(("[^\0\r\n]{1,20}", "[^\0\r]{0,20}"), 1..6)) {
            let mut table = csv::Writer::from_writer(Vec::new());
            table.write_record(["file", "title"]).unwrap();
            for (file, title) in &cells {
                table.write_record([file, title]).unwrap();
            }
            let text = String::from_utf8(table.into_inner().unwrap()).unwrap();
            let (rows, problems) = super::csv(&text).unwrap();
            prop_assert_eq!(problems, []);
            for (row, (file, title)) in rows.iter().zip(&cells) {
                prop_assert_eq!(row.file.to_str().unwrap(), file);
                prop_assert_eq!(row.title.clone().unwrap_or_default(), title.as_str());
            }
            prop_assert_eq!(rows.len(), cells.len());
        }
    }
}
