//! A Markdown page in the making.

use std::fmt::Write as _;

/// A Markdown file in the making; `String` takes every write.
#[derive(Default)]
pub(crate) struct Page(String);

impl Page {
    fn line(&mut self, line: impl AsRef<str>) {
        self.0.push_str(line.as_ref());
        self.0.push('\n');
    }

    pub(crate) fn heading(&mut self, level: usize, title: &str) {
        self.blank();
        self.line(format!("{} {title}", "#".repeat(level)));
        self.blank();
    }

    pub(crate) fn paragraph(&mut self, text: impl AsRef<str>) {
        self.blank();
        self.line(text);
        self.blank();
    }

    fn blank(&mut self) {
        if !self.0.is_empty() && !self.0.ends_with("\n\n") {
            self.0.push('\n');
        }
    }

    pub(crate) fn table(&mut self, heads: &[&str], rows: &[Vec<String>]) {
        self.blank();
        self.row(heads.iter().map(|head| (*head).to_owned()));
        self.row(heads.iter().map(|_| "---".to_owned()));
        for row in rows {
            self.row(row.iter().cloned());
        }
        self.blank();
    }

    fn row(&mut self, cells: impl Iterator<Item = String>) {
        for cell in cells {
            let cell = cell.replace('\n', " ");
            if cell.is_empty() {
                self.0.push_str("| ");
            } else {
                let _infallible = write!(self.0, "| {cell} ");
            }
        }
        self.line("|");
    }

    pub(crate) fn finish(mut self) -> String {
        self.0.truncate(self.0.trim_end().len());
        self.0.push('\n');
        self.0
    }
}

/// The link of a heading, as GitHub makes it.
pub(crate) fn anchor(heading: &str) -> String {
    heading
        .to_lowercase()
        .chars()
        .filter_map(|c| match c {
            ' ' => Some('-'),
            '-' | '_' => Some(c),
            c if c.is_alphanumeric() => Some(c),
            _ => None,
        })
        .collect()
}
