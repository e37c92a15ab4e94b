//! `multipart/form-data` bodies, described without reading the files in them.

use std::fmt::Write as _;

use bytes::Bytes;

use crate::payload::{Payload, Segment};

/// A file in a form.
#[derive(Clone, Debug)]
pub struct FilePart<'a> {
    /// Name of the form field.
    pub field: &'a str,
    /// File name that the server is told.
    pub file_name: &'a str,
    /// The bytes.
    pub content: Segment,
}

/// Builds a form: text fields first, then one file. Gives the `Content-Type` and the body.
///
/// `entropy` goes into the boundary, which is made longer until no text field contains it.
#[must_use]
pub fn form<'a>(
    fields: impl Iterator<Item = (&'a str, &'a str)> + Clone,
    file: FilePart<'_>,
    entropy: u64,
) -> (String, Payload) {
    let mut boundary = format!("vodkit-{entropy:016x}");
    while fields.clone().any(|(_, value)| value.contains(&boundary)) {
        let _infallible = write!(boundary, "{entropy:016x}");
    }
    let mut head = String::new();
    for (name, value) in fields {
        let _infallible = write!(
            head,
            "--{boundary}\r\nContent-Disposition: form-data; name=\"{}\"\r\n\r\n{value}\r\n",
            Quoted(name)
        );
    }
    let _infallible = write!(
        head,
        "--{boundary}\r\nContent-Disposition: form-data; name=\"{}\"; filename=\"{}\"\r\nContent-Type: application/octet-stream\r\n\r\n",
        Quoted(file.field),
        Quoted(file.file_name)
    );
    let tail = format!("\r\n--{boundary}--\r\n");
    let body = Payload::from_segments(vec![
        Segment::Bytes(Bytes::from(head)),
        file.content,
        Segment::Bytes(Bytes::from(tail)),
    ]);
    (format!("multipart/form-data; boundary={boundary}"), body)
}

/// A name between quotes, with the three characters that would end it written as browsers write them.
struct Quoted<'a>(&'a str);

impl std::fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for character in self.0.chars() {
            match character {
                '"' => f.write_str("%22")?,
                '\r' => f.write_str("%0D")?,
                '\n' => f.write_str("%0A")?,
                other => f.write_char(other)?,
            }
        }
        Ok(())
    }
}
