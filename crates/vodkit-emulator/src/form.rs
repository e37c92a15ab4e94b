//! The parameters of a request: query, urlencoded body or multipart body.

use std::fmt;

use axum::body::Body;
use bytes::{Bytes, BytesMut};
use http::{HeaderMap, Method, header};
use http_body_util::BodyExt;

/// Id of an assumption. // assumed: content-type
const CONTENT_TYPE: &str = "content-type";
/// Longest accepted body of an API call, in bytes; uploads have no such limit.
const BODY_LIMIT: usize = 16 * 1024 * 1024;

/// What is wrong with a received form; each vendor words it in its own envelope.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct BadForm {
    /// The parameter, when it is one of them and not the form as a whole.
    pub(crate) parameter: Option<String>,
    pub(crate) problem: String,
    /// Id of the assumption that this refusal rests on.
    pub(crate) assumed: Option<&'static str>,
}

impl BadForm {
    pub(crate) fn whole(problem: impl Into<String>) -> Self {
        Self {
            parameter: None,
            problem: problem.into(),
            assumed: None,
        }
    }

    pub(crate) fn parameter(name: &str, problem: &str) -> Self {
        Self {
            parameter: Some(name.to_owned()),
            problem: problem.to_owned(),
            assumed: None,
        }
    }
}

/// A file part of a multipart body.
#[derive(Clone)]
pub(crate) struct FilePart {
    pub(crate) name: String,
    pub(crate) file_name: String,
    pub(crate) content: Bytes,
}

/// The received parameters, in the order of receipt, decoded.
#[derive(Clone, Default)]
pub(crate) struct Form {
    pairs: Vec<(String, String)>,
    files: Vec<FilePart>,
    /// The same pairs before percent-decoding, to recognise a sender who does not encode. Empty for multipart bodies.
    raw: Vec<(String, String)>,
}

// Values may be secrets (createkey), so only the names are shown.
impl fmt::Debug for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.pairs.iter().map(|(name, _)| name))
            .finish()
    }
}

impl Form {
    /// Reads what the method says: the query of a GET, the body of a POST. // assumed: parameter-place
    pub(crate) async fn read(
        method: &Method,
        query: Option<&str>,
        headers: &HeaderMap,
        body: Body,
    ) -> Result<Self, BadForm> {
        if method == Method::GET {
            return Ok(Self::urlencoded(query.unwrap_or_default()));
        }
        let kind = headers
            .get(header::CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default();
        let body = read(body).await?;
        let essence = kind
            .split(';')
            .next()
            .unwrap_or_default()
            .trim()
            .to_ascii_lowercase();
        match essence.as_str() {
            "multipart/form-data" => Self::multipart(kind, body).await,
            "application/x-www-form-urlencoded" => match std::str::from_utf8(&body) {
                Ok(text) => Ok(Self::urlencoded(text)),
                Err(_) => Err(BadForm::whole(
                    "the body is not ASCII: encode values as %XX of UTF-8",
                )),
            },
            _ if body.is_empty() => Ok(Self::default()),
            // assumed: content-type
            other => Err(BadForm {
                assumed: Some(CONTENT_TYPE),
                ..BadForm::whole(format!(
                    "content type {other:?} is not one of the two documented ones (form, multipart)"
                ))
            }),
        }
    }

    pub(crate) fn urlencoded(text: &str) -> Self {
        let raw = text
            .split('&')
            .filter(|piece| !piece.is_empty())
            .map(|piece| piece.split_once('=').unwrap_or((piece, "")))
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        let mut form = Self {
            raw,
            ..Self::default()
        };
        for (name, value) in form_urlencoded::parse(text.as_bytes()) {
            form.set(name.into_owned(), value.into_owned());
        }
        form
    }

    async fn multipart(kind: &str, body: Bytes) -> Result<Self, BadForm> {
        let broken = |error: multer::Error| BadForm::whole(format!("multipart body: {error}"));
        let boundary = multer::parse_boundary(kind).map_err(broken)?;
        let stream = http_body_util::Full::new(body).into_data_stream();
        let mut parts = multer::Multipart::new(stream, boundary);
        let mut form = Self::default();
        while let Some(part) = parts.next_field().await.map_err(broken)? {
            let name = part.name().unwrap_or_default().to_owned();
            match part.file_name().map(str::to_owned) {
                Some(file_name) => {
                    let content = part.bytes().await.map_err(broken)?;
                    form.files.push(FilePart {
                        name,
                        file_name,
                        content,
                    });
                }
                None => {
                    let value = part.text().await.map_err(broken)?;
                    form.set(name, value);
                }
            }
        }
        Ok(form)
    }

    /// The last of several values of one name counts, as in PHP. // assumed: repeated-name
    fn set(&mut self, name: String, value: String) {
        match self.pairs.iter_mut().find(|(have, _)| *have == name) {
            Some(pair) => pair.1 = value,
            None => self.pairs.push((name, value)),
        }
    }

    /// The parameters of a query beside those of the body, for vendors that look in both places.
    pub(crate) fn with_query(mut self, query: Option<&str>) -> Self {
        for (name, value) in Self::urlencoded(query.unwrap_or_default()).pairs {
            self.set(name, value);
        }
        self
    }

    /// The text of a parameter, also when it is empty.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.pairs
            .iter()
            .find(|(have, _)| have == name)
            .map(|(_, value)| value.as_str())
    }

    /// The text of a parameter that is there and not empty.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.get(name).filter(|value| !value.is_empty())
    }

    /// The text of a parameter that the call cannot do without.
    pub(crate) fn required(&self, name: &str) -> Result<&str, BadForm> {
        self.text(name)
            .ok_or_else(|| BadForm::parameter(name, "is missing"))
    }

    /// A decimal number without sign; `None` when it was not sent or is empty.
    pub(crate) fn number(&self, name: &str) -> Result<Option<u64>, BadForm> {
        self.text(name).map(|text| number(name, text)).transpose()
    }

    pub(crate) fn required_number(&self, name: &str) -> Result<u64, BadForm> {
        number(name, self.required(name)?)
    }

    /// A comma-separated list of numbers.
    pub(crate) fn numbers(&self, name: &str) -> Result<Option<Vec<u64>>, BadForm> {
        self.text(name)
            .map(|text| {
                text.split(',')
                    .map(|item| number(name, item.trim()))
                    .collect()
            })
            .transpose()
    }

    pub(crate) fn file(&self, name: &str) -> Option<&FilePart> {
        self.files.iter().find(|file| file.name == name)
    }

    pub(crate) fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.pairs
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
    }

    pub(crate) fn raw_pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.raw
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

/// The whole body. One that is too long is read to its end all the same: a refusal that overtakes it would reach the sender as a
/// broken connection.
pub(crate) async fn read(mut body: Body) -> Result<Bytes, BadForm> {
    let mut bytes = BytesMut::new();
    let mut too_long = false;
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| BadForm::whole("the body broke off"))?;
        // Trailers carry no parameters.
        let Ok(data) = frame.into_data() else {
            continue;
        };
        too_long |= bytes.len() + data.len() > BODY_LIMIT;
        if !too_long {
            bytes.extend_from_slice(&data);
        }
    }
    if too_long {
        return Err(BadForm::whole("the body is longer than 16 MiB"));
    }
    Ok(bytes.freeze())
}

fn number(name: &str, text: &str) -> Result<u64, BadForm> {
    let plain = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    plain
        .then(|| text.parse().ok())
        .flatten()
        .ok_or_else(|| BadForm::parameter(name, "is not a decimal number"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_value_of_a_name_counts_and_the_raw_text_is_kept() {
        let form = Form::urlencoded("name=a+b&x=1&name=%E8%AF%BE");
        assert_eq!(form.get("name"), Some("课"));
        assert_eq!(form.pairs().count(), 2);
        assert_eq!(
            form.raw_pairs().collect::<Vec<_>>(),
            [("name", "a+b"), ("x", "1"), ("name", "%E8%AF%BE")]
        );
    }

    #[test]
    fn numbers_are_digits_only() {
        let form = Form::urlencoded("a=12&b=-1&c=1e3&d=&e=99999999999999999999&l=1,2,%203&m=1,,2");
        assert_eq!(form.number("a"), Ok(Some(12)));
        assert_eq!(form.number("d"), Ok(None));
        assert_eq!(form.number("none"), Ok(None));
        for bad in ["b", "c", "e"] {
            assert_eq!(
                form.number(bad).unwrap_err().parameter.as_deref(),
                Some(bad)
            );
        }
        assert_eq!(form.numbers("l"), Ok(Some(vec![1, 2, 3])));
        assert!(form.numbers("m").is_err());
    }

    #[test]
    fn debug_shows_no_value() {
        let shown = format!("{:?}", Form::urlencoded("secret_key=hush"));
        assert!(
            shown.contains("secret_key") && !shown.contains("hush"),
            "{shown}"
        );
    }
}
