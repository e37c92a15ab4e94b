//! How generated text looks: comments wrapped and escaped, signatures and lists folded as rustfmt folds them.

use std::collections::BTreeSet;
use std::fmt::Write as _;

/// Longest line of generated Rust, where it can be helped.
const WIDTH: usize = 100;

/// A Rust file in the making.
#[derive(Default)]
pub(crate) struct Source {
    text: String,
}

impl Source {
    /// Writes one line at an indent of so many steps.
    pub(crate) fn line(&mut self, indent: usize, line: impl AsRef<str>) {
        let line = line.as_ref();
        if !line.is_empty() {
            self.text.extend(std::iter::repeat_n("    ", indent));
            self.text.push_str(line);
        }
        self.text.push('\n');
    }

    pub(crate) fn blank(&mut self) {
        if !self.text.is_empty() && !self.text.ends_with("\n\n") && !self.text.ends_with("{\n") {
            self.text.push('\n');
        }
    }

    /// Writes a doc comment.
    pub(crate) fn doc(&mut self, indent: usize, doc: &Doc) {
        self.comment(indent, "///", doc);
    }

    /// Writes the doc comment of the file itself.
    pub(crate) fn file_doc(&mut self, doc: &Doc) {
        self.comment(0, "//!", doc);
        self.blank();
    }

    fn comment(&mut self, indent: usize, mark: &str, doc: &Doc) {
        for line in doc.lines(WIDTH - 4 * indent - mark.len() - 1) {
            self.line(indent, format!("{mark} {line}").trim_end());
        }
    }

    /// Writes `head(arguments) -> result {`, on one line where it fits.
    pub(crate) fn signature(
        &mut self,
        indent: usize,
        head: &str,
        arguments: &[String],
        result: &str,
    ) {
        let line = format!("{head}({}) -> {result} {{", arguments.join(", "));
        if 4 * indent + line.len() <= WIDTH {
            return self.line(indent, line);
        }
        self.line(indent, format!("{head}("));
        for argument in arguments {
            self.line(indent + 1, format!("{argument},"));
        }
        self.line(indent, format!(") -> {result} {{"));
    }

    /// Writes the arm of a match, folded.
    pub(crate) fn arm(&mut self, indent: usize, pattern: &str, value: &str) {
        let line = format!("{pattern} => {value},");
        if 4 * indent + line.len() <= WIDTH {
            return self.line(indent, line);
        }
        self.line(indent, format!("{pattern} => {{"));
        self.line(indent + 1, value);
        self.line(indent, "}");
    }

    /// Writes `use path::{names};`, folded.
    pub(crate) fn import(&mut self, indent: usize, path: &str, names: &[&str]) {
        match names {
            [] => {}
            [name] => self.line(indent, format!("use {path}::{name};")),
            _ => {
                let one = format!("use {path}::{{{}}};", names.join(", "));
                if 4 * indent + one.len() <= WIDTH {
                    return self.line(indent, one);
                }
                self.line(indent, format!("use {path}::{{"));
                for line in wrap(
                    &format!("{},", names.join(", ")),
                    WIDTH - 4 * (indent + 1) - 1,
                ) {
                    self.line(indent + 1, line);
                }
                self.line(indent, "};");
            }
        }
    }

    /// Imports those of `names` that `body` uses.
    pub(crate) fn import_used<'n>(
        &mut self,
        indent: usize,
        path: &str,
        names: impl IntoIterator<Item = &'n str>,
        body: &Source,
    ) {
        let used = body.words();
        let mut names: Vec<_> = names
            .into_iter()
            .filter(|name| used.contains(name))
            .collect();
        // As rustfmt orders them: modules after types.
        names.sort_by_key(|name| (name.starts_with(|c: char| c.is_ascii_lowercase()), *name));
        self.import(indent, path, &names);
    }

    fn words(&self) -> BTreeSet<&str> {
        let code = self
            .text
            .lines()
            .filter(|line| !line.trim_start().starts_with("//"));
        code.flat_map(|line| line.split(|c: char| !c.is_ascii_alphanumeric() && c != '_'))
            .collect()
    }

    pub(crate) fn append(&mut self, body: &Source) {
        self.blank();
        self.text.push_str(&body.text);
    }

    pub(crate) fn into_text(self) -> String {
        let mut text = self.text;
        text.truncate(text.trim_end().len());
        text.push('\n');
        text
    }
}

/// A doc comment: blocks of Markdown, each wrapped on its own.
#[derive(Clone, Debug, Default)]
pub(crate) struct Doc(Vec<Block>);

#[derive(Clone, Debug)]
enum Block {
    Paragraph(String),
    Bullet(String),
    Verbatim(Vec<String>),
}

impl Doc {
    /// A doc comment that starts with this text of a table.
    pub(crate) fn of(text: &str) -> Self {
        Self::default().text(text)
    }

    /// Adds a text of a table: its paragraphs, escaped.
    #[must_use]
    pub(crate) fn text(mut self, text: &str) -> Self {
        let paragraphs = text
            .split("\n\n")
            .map(|paragraph| Block::Paragraph(escape(paragraph.trim())));
        self.0.extend(paragraphs);
        self
    }

    /// Adds a paragraph that is Markdown already.
    #[must_use]
    pub(crate) fn markdown(mut self, text: impl Into<String>) -> Self {
        self.0.push(Block::Paragraph(text.into()));
        self
    }

    /// Adds a list element that is Markdown already.
    #[must_use]
    pub(crate) fn bullet(mut self, text: impl Into<String>) -> Self {
        self.0.push(Block::Bullet(text.into()));
        self
    }

    /// Adds lines that are not wrapped.
    #[must_use]
    pub(crate) fn verbatim(mut self, lines: &[&str]) -> Self {
        self.0.push(Block::Verbatim(
            lines.iter().map(|&line| line.to_owned()).collect(),
        ));
        self
    }

    fn lines(&self, width: usize) -> Vec<String> {
        let mut lines = Vec::new();
        let mut after_bullet = false;
        for block in &self.0 {
            let bullet = matches!(block, Block::Bullet(_));
            let tight = bullet && after_bullet;
            if !lines.is_empty() && !tight {
                lines.push(String::new());
            }
            after_bullet = bullet;
            match block {
                Block::Paragraph(text) => lines.extend(wrap(text, width)),
                Block::Bullet(text) => {
                    for (position, line) in wrap(text, width - 2).into_iter().enumerate() {
                        lines.push(format!("{}{line}", if position == 0 { "- " } else { "  " }));
                    }
                }
                Block::Verbatim(text) => lines.extend(text.iter().cloned()),
            }
        }
        lines
    }
}

/// Breaks a text at blanks; never before a word that would start a list, heading or quotation there.
fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line)
                if starts_block(word)
                    || line.chars().count() + 1 + word.chars().count() <= width =>
            {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

fn starts_block(word: &str) -> bool {
    let number = word.trim_end_matches(['.', ')']);
    matches!(word, "-" | "+" | "*" | "=")
        || word.starts_with(['#', '>'])
        || (number.len() < word.len()
            && !number.is_empty()
            && number.bytes().all(|b| b.is_ascii_digit()))
}

/// Makes a text of a table safe in Markdown: what looks like a link or a tag is shown as it is written.
pub(crate) fn escape(text: &str) -> String {
    let mut out = String::new();
    for (position, part) in text.split('`').enumerate() {
        if position > 0 {
            out.push('`');
        }
        if position % 2 == 1 {
            out.push_str(part);
            continue;
        }
        for c in part.chars() {
            if matches!(c, '[' | ']' | '<' | '>' | '*' | '|') {
                out.push('\\');
            }
            out.push(c);
        }
    }
    out
}

/// The text with a full stop.
pub(crate) fn stopped(text: &str) -> String {
    let text = text.trim();
    if text.ends_with(['.', '!', '?']) {
        text.to_owned()
    } else {
        format!("{text}.")
    }
}

/// A Rust string literal.
pub(crate) fn literal(text: &str) -> String {
    format!("{text:?}")
}

/// A Rust list of string literals.
pub(crate) fn literals<T: AsRef<str>>(texts: impl IntoIterator<Item = T>) -> String {
    let mut out = String::from("&[");
    for (position, text) in texts.into_iter().enumerate() {
        let comma = if position > 0 { ", " } else { "" };
        let _infallible = write!(out, "{comma}{}", literal(text.as_ref()));
    }
    out + "]"
}

/// A raw string literal, for JSON.
pub(crate) fn raw_literal(text: &str) -> String {
    let mut hashes = "#".to_owned();
    while text.contains(&format!("\"{hashes}")) {
        hashes.push('#');
    }
    format!("r{hashes}\"{text}\"{hashes}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_are_wrapped_and_separated() {
        let mut source = Source::default();
        let long = "word ".repeat(30);
        source.doc(
            1,
            &Doc::of(&long).bullet("one").bullet("two").markdown("end"),
        );
        let text = source.into_text();
        assert!(
            text.lines()
                .all(|line| line.len() <= WIDTH && line.starts_with("    ///")),
            "{text}"
        );
        assert!(
            text.contains("\n    ///\n    /// - one\n    /// - two\n    ///\n    /// end\n"),
            "{text}"
        );
    }

    #[test]
    fn no_line_starts_a_list_by_accident() {
        assert_eq!(
            wrap("aaaa - bbbb 1. cccc # dd", 6),
            ["aaaa -", "bbbb 1.", "cccc #", "dd"]
        );
    }

    #[test]
    fn markdown_of_tables_is_shown_as_written() {
        assert_eq!(
            escape("a [b] <c> `[d] <e>` *f*"),
            r"a \[b\] \<c\> `[d] <e>` \*f\*"
        );
    }

    #[test]
    fn long_signatures_are_folded() {
        let mut source = Source::default();
        source.signature(0, "fn f", &["a: u8".into()], "u8");
        source.signature(0, "fn f", &["a".repeat(60), "b".repeat(40)], "u8");
        let text = source.into_text();
        assert!(
            text.starts_with("fn f(a: u8) -> u8 {\nfn f(\n    aaa"),
            "{text}"
        );
        assert!(text.ends_with("bbb,\n) -> u8 {\n"), "{text}");
    }

    #[test]
    fn only_what_is_used_is_imported() {
        let mut body = Source::default();
        body.line(0, "// Date");
        body.line(0, "let x: Time = CommaList(1); operations::X");
        let mut source = Source::default();
        source.import_used(
            0,
            "crate",
            ["operations", "Date", "Time", "CommaList"],
            &body,
        );
        assert_eq!(
            source.into_text(),
            "use crate::{CommaList, Time, operations};\n"
        );
    }

    #[test]
    fn raw_literals_hold_any_json() {
        assert_eq!(raw_literal(r##"{"a":"#"}"##), r###"r##"{"a":"#"}"##"###);
    }
}
