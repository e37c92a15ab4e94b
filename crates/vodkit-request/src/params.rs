//! The parameters of one call, as text, checked against the operation table.

use std::cmp::Ordering;
use std::fmt;
use std::ops::Range;

use serde::Serialize;
use serde_json::Value;
use smallvec::SmallVec;
use vodkit_types::operation::{Body, Place};
use vodkit_types::{Extra, Operation, Param, ParamKind, ParamText};

use crate::encode;

/// A parameter that the vendor would refuse. Nothing was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidParam {
    /// Wire name of the parameter.
    pub name: String,
    /// What is wrong with it, without the value of a secret.
    pub reason: String,
}

impl fmt::Display for InvalidParam {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "parameter `{}`: {}", self.name, self.reason)
    }
}

impl std::error::Error for InvalidParam {}

/// Names and values of a call have at most this many bytes together. Files are not among them.
const LONGEST_TEXT: usize = 16 << 20;

/// The parameters of one call, in the order in which they are signed.
///
/// Values are kept raw in one buffer; they are percent-encoded when the request is sealed.
#[derive(Clone)]
pub struct Params {
    operation: &'static Operation,
    text: String,
    spans: SmallVec<[Span; 10]>,
    cursor: usize,
}

#[derive(Clone)]
struct Span {
    name: Name,
    /// Where the operation table has it; tables are sorted by name, so two places tell which of two names comes first.
    place: Option<u16>,
    value: Stretch,
    /// Bytes of the value that percent-encoding makes longer; most values have none and are copied as they are.
    reserved: u32,
}

#[derive(Clone)]
enum Name {
    Table(&'static str),
    Text(Stretch),
}

/// A stretch of the text. Small, since a call's parameters are moved as a whole a few times on their way.
#[derive(Clone, Copy)]
struct Stretch {
    start: u32,
    end: u32,
}

impl Stretch {
    // `LONGEST_TEXT` keeps both within 32 bits.
    fn new(range: Range<usize>) -> Self {
        Self {
            start: range.start as u32,
            end: range.end as u32,
        }
    }

    fn range(self) -> Range<usize> {
        self.start as usize..self.end as usize
    }

    fn len(self) -> usize {
        self.range().len()
    }
}

impl Params {
    /// No parameters yet.
    #[must_use]
    pub fn new(operation: &'static Operation) -> Self {
        // Most calls fit: one allocation for all values.
        Self {
            operation,
            text: String::with_capacity(96),
            spans: SmallVec::new(),
            cursor: 0,
        }
    }

    /// Adds a documented parameter.
    ///
    /// # Errors
    /// When the value breaks a limit of the operation table.
    ///
    /// # Panics
    /// With debug assertions, when the table refuses a value that its type calls documented: then it is not the type of this parameter.
    pub fn put<V: ParamText>(&mut self, name: &'static str, value: &V) -> Result<(), InvalidParam> {
        let start = self.text.len();
        value.write_text(&mut self.text);
        self.bounded(name)?;
        // What is documented has no comma, and neither has a number.
        if V::RESERVED_BYTES != Some(0)
            && !value.is_documented()
            && let Some(flaw) = value.flaw(&self.text[start..])
        {
            return Err(InvalidParam {
                name: name.to_owned(),
                reason: flaw.to_owned(),
            });
        }
        let place = self.table_place(name);
        if let Some(place) = place {
            let (param, text) = (&self.operation.params[place], &self.text[start..]);
            if !value.is_documented() && !value.as_integer().is_some_and(|n| is_within(param, n)) {
                check(param, text)?;
            }
            debug_assert!(
                check(param, text).is_ok(),
                "the table refuses a value that its type calls documented"
            );
        }
        let span = self.span(
            Name::Table(name),
            place,
            start..self.text.len(),
            V::RESERVED_BYTES,
        );
        self.insert(span);
        Ok(())
    }

    /// Adds a documented parameter when there is a value: an absent one is neither signed nor sent.
    ///
    /// # Errors
    /// As [`put`](Self::put).
    pub fn put_optional(
        &mut self,
        name: &'static str,
        value: Option<&impl ParamText>,
    ) -> Result<(), InvalidParam> {
        value.map_or(Ok(()), |value| self.put(name, value))
    }

    /// Adds a documented member of a JSON body.
    ///
    /// # Errors
    /// When the value breaks a limit of the operation table.
    pub fn put_json(
        &mut self,
        name: &'static str,
        value: &impl Serialize,
    ) -> Result<(), InvalidParam> {
        let invalid = |reason: String| InvalidParam {
            name: name.to_owned(),
            reason,
        };
        let json = serde_json::to_value(value).map_err(|error| invalid(error.to_string()))?;
        let place = self.table_place(name);
        if let Some(place) = place {
            let param = &self.operation.params[place];
            match &json {
                Value::String(text) => check(param, text)?,
                Value::Number(number) => check(param, &number.to_string())?,
                Value::Array(items) if items.is_empty() && param.required => {
                    return Err(invalid("must not be empty".to_owned()));
                }
                _ => {}
            }
        }
        let start = self.text.len();
        self.text.push_str(&json.to_string());
        self.bounded(name)?;
        let span = self.span(Name::Table(name), place, start..self.text.len(), Some(0));
        self.insert(span);
        Ok(())
    }

    /// Adds a documented member of a JSON body when there is a value.
    ///
    /// # Errors
    /// As [`put_json`](Self::put_json).
    pub fn put_json_optional(
        &mut self,
        name: &'static str,
        value: Option<&impl Serialize>,
    ) -> Result<(), InvalidParam> {
        value.map_or(Ok(()), |value| self.put_json(name, value))
    }

    /// Takes out what belongs into the path alone: what the table places there, and what no table has.
    pub(crate) fn take_from_path(&mut self, name: &str) {
        let found = self
            .spans
            .iter()
            .position(|span| self.name_of(span) == name);
        let placed = |name| {
            let param = self.operation.param(name);
            param.is_some_and(|param| param.place == Place::Path)
        };
        if let Some(position) = found
            && (matches!(self.spans[position].name, Name::Text(_)) || placed(name))
        {
            self.spans.remove(position);
        }
    }

    /// Writes the members of a JSON body as an object, sorted by name.
    #[must_use]
    pub fn json(&self) -> String {
        let mut out = String::with_capacity(self.text.len() + 16 * self.spans.len() + 2);
        out.push('{');
        for (position, (name, value)) in self.iter().enumerate() {
            if position > 0 {
                out.push(',');
            }
            out.push_str(&Value::from(name).to_string());
            out.push(':');
            out.push_str(value);
        }
        out.push('}');
        out
    }

    /// Adds parameters that the vendor's page does not document, unchecked. One that has the name of a documented parameter
    /// replaces it.
    ///
    /// # Errors
    /// When a value is neither text nor number nor a list of these.
    pub fn put_undocumented(&mut self, extra: &Extra) -> Result<(), InvalidParam> {
        for (name, value) in extra.iter() {
            let start = self.text.len();
            self.text.push_str(name);
            let name_range = start..self.text.len();
            match self.operation.body {
                // A part of the path is text, whatever the body is.
                Body::Json if !self.in_path(name) => self.text.push_str(&value.to_string()),
                _ => write_json_text(name, value, &mut self.text)?,
            }
            self.bounded(name)?;
            let value_range = name_range.end..self.text.len();
            if let Some(position) = self
                .spans
                .iter()
                .position(|span| self.name_of(span) == name)
            {
                self.spans[position].reserved =
                    encode::reserved_bytes(&self.text[value_range.clone()]) as u32;
                self.spans[position].value = Stretch::new(value_range);
            } else {
                let span = self.span(
                    Name::Text(Stretch::new(name_range)),
                    None,
                    value_range,
                    None,
                );
                self.insert(span);
            }
        }
        Ok(())
    }

    /// Adds a parameter of the vendor's frame, such as the time stamp, unless the caller has set it: then the caller's value is checked.
    ///
    /// # Errors
    /// When the caller's value breaks a limit.
    pub fn put_common<V: ParamText>(
        &mut self,
        param: &'static Param,
        value: &V,
    ) -> Result<(), InvalidParam> {
        let position = self.position(param.name);
        if let Some(before) = position.checked_sub(1).map(|before| &self.spans[before])
            && self.name_of(before) == param.name
        {
            return check(param, self.value_of(before));
        }
        let start = self.text.len();
        value.write_text(&mut self.text);
        let span = self.span(
            Name::Table(param.name),
            None,
            start..self.text.len(),
            V::RESERVED_BYTES,
        );
        self.spans.insert(position, span);
        Ok(())
    }

    /// Writes `name=value` pairs joined with `&`, percent-encoded, with the signature as the last one.
    #[must_use]
    pub fn encoded(&self, signature: Option<(&str, &str)>) -> String {
        let own: usize = self
            .spans
            .iter()
            .map(|span| {
                self.encoded_name_len(span) + span.value.len() + 2 * span.reserved as usize + 2
            })
            .sum();
        let room = own + signature.map_or(0, |(name, value)| name.len() + value.len() + 2);
        let mut out = String::with_capacity(room.saturating_sub(1));
        for span in &self.spans {
            if !out.is_empty() {
                out.push('&');
            }
            match &span.name {
                Name::Table(name) => out.push_str(name),
                Name::Text(name) => encode::rfc3986(&self.text[name.range()], &mut out),
            }
            out.push('=');
            let value = &self.text[span.value.range()];
            if span.reserved == 0 {
                out.push_str(value);
            } else {
                encode::rfc3986(value, &mut out);
            }
        }
        if let Some((name, value)) = signature {
            if !out.is_empty() {
                out.push('&');
            }
            out.push_str(name);
            out.push('=');
            out.push_str(value);
        }
        out
    }

    fn encoded_name_len(&self, span: &Span) -> usize {
        match &span.name {
            // Names in the tables are unreserved; `cargo xtask codegen` refuses others.
            Name::Table(name) => name.len(),
            Name::Text(name) => name.len() + 2 * encode::reserved_bytes(&self.text[name.range()]),
        }
    }

    /// The value of one parameter.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        let mut spans = self.spans.iter();
        spans
            .find(|span| self.name_of(span) == name)
            .map(|span| self.value_of(span))
    }

    /// All parameters, sorted by name (byte order).
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> + Clone {
        self.spans
            .iter()
            .map(|span| (self.name_of(span), self.value_of(span)))
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.spans.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.spans.is_empty()
    }

    fn name_of<'a>(&'a self, span: &'a Span) -> &'a str {
        match &span.name {
            Name::Table(name) => name,
            Name::Text(name) => &self.text[name.range()],
        }
    }

    fn value_of(&self, span: &Span) -> &str {
        &self.text[span.value.range()]
    }

    // Generated endpoints come in table order, so the entry is nearly always the next one.
    fn table_place(&mut self, name: &str) -> Option<usize> {
        let params = self.operation.params;
        let found = match params.get(self.cursor) {
            Some(next) if next.name == name => self.cursor,
            _ => params.iter().position(|param| param.name == name)?,
        };
        self.cursor = found + 1;
        Some(found)
    }

    fn span(
        &self,
        name: Name,
        place: Option<usize>,
        value: Range<usize>,
        reserved: Option<u32>,
    ) -> Span {
        let reserved =
            reserved.unwrap_or_else(|| encode::reserved_bytes(&self.text[value.clone()]) as u32);
        Span {
            name,
            place: place.and_then(|place| u16::try_from(place).ok()),
            value: Stretch::new(value),
            reserved,
        }
    }

    // Endpoints put their parameters in signing order: nearly always, two numbers tell that this is the last one.
    fn insert(&mut self, span: Span) {
        let last = self.spans.last().and_then(|last| last.place);
        if last.is_some() && last < span.place {
            self.spans.push(span);
        } else {
            let position = self.position(self.name_of(&span));
            self.spans.insert(position, span);
        }
    }

    fn in_path(&self, name: &str) -> bool {
        match self.operation.param(name) {
            Some(param) => param.place == Place::Path,
            None => self.operation.path.contains(&format!("{{{name}}}")),
        }
    }

    /// Where a parameter of this name goes: behind those with names that are not greater.
    fn position(&self, name: &str) -> usize {
        let mut position = self.spans.len();
        while position > 0 && is_greater(self.name_of(&self.spans[position - 1]), name) {
            position -= 1;
        }
        position
    }

    fn bounded(&self, name: &str) -> Result<(), InvalidParam> {
        if self.text.len() <= LONGEST_TEXT {
            return Ok(());
        }
        Err(InvalidParam {
            name: name.to_owned(),
            reason: "makes the parameters longer than 16 MiB".to_owned(),
        })
    }
}

/// `a > b`. Two names mostly differ in their first byte, and calling a library to compare them costs more than looking.
fn is_greater(a: &str, b: &str) -> bool {
    match a.bytes().next().cmp(&b.bytes().next()) {
        Ordering::Equal => a > b,
        first => first.is_gt(),
    }
}

// Values may be secret: Debug tells the names alone.
impl fmt::Debug for Params {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set()
            .entries(self.iter().map(|(name, _)| name))
            .finish()
    }
}

/// Whether a number needs no further check.
fn is_within(param: &Param, number: i64) -> bool {
    matches!(param.kind, ParamKind::Int)
        && param.min.is_none_or(|min| min <= number)
        && param.max.is_none_or(|max| number <= max)
        && param.max_chars.is_none()
}

/// Checks a value against the operation table.
///
/// # Errors
/// When the vendor would refuse it, or could only misunderstand it.
pub fn check(param: &Param, text: &str) -> Result<(), InvalidParam> {
    let invalid = |reason: String| {
        Err(InvalidParam {
            name: param.name.to_owned(),
            reason,
        })
    };
    if text.is_empty() && param.required {
        return invalid("must not be empty".to_owned());
    }
    match param.kind {
        ParamKind::Int => {
            let Ok(number) = text.parse::<i64>() else {
                return invalid(format!("`{text}` is not an integer of 64 bits"));
            };
            if param.min.is_some_and(|min| number < min) {
                return invalid(format!(
                    "{number} is below the smallest allowed value {}",
                    param.min.unwrap_or_default()
                ));
            }
            if param.max.is_some_and(|max| number > max) {
                return invalid(format!(
                    "{number} is above the largest allowed value {}",
                    param.max.unwrap_or_default()
                ));
            }
        }
        ParamKind::Date => {
            if let Err(bad) = text.parse::<vodkit_types::Date>() {
                return invalid(bad.0);
            }
        }
        ParamKind::DateTime => {
            if let Err(bad) = text.parse::<vodkit_types::DateTime>() {
                return invalid(bad.0);
            }
        }
        ParamKind::Url => {
            let uri = text.parse::<http::Uri>().ok();
            let web = uri.is_some_and(|uri| {
                matches!(uri.scheme_str(), Some("http" | "https"))
                    && uri.host().is_some_and(|host| !host.is_empty())
            });
            if !web {
                return invalid(
                    "must be an address that starts with http:// or https://".to_owned(),
                );
            }
        }
        ParamKind::OneOf(values) if !text.is_empty() && !values.contains(&text) => {
            return invalid(format!("`{text}` is none of {}", values.join(", ")));
        }
        ParamKind::List(values) if !values.is_empty() && !text.is_empty() => {
            if let Some(wrong) = text.split(',').find(|item| !values.contains(item)) {
                return invalid(format!("`{wrong}` is none of {}", values.join(", ")));
            }
        }
        _ => {}
    }
    if let Some(max) = param.max_chars {
        let chars = text.chars().count();
        if chars > max as usize {
            return invalid(format!("has {chars} characters, at most {max} are allowed"));
        }
    }
    Ok(())
}

fn write_json_text(name: &str, value: &Value, out: &mut String) -> Result<(), InvalidParam> {
    match value {
        Value::String(text) => out.push_str(text),
        Value::Number(number) => out.push_str(&number.to_string()),
        Value::Array(items) => {
            for (position, item) in items.iter().enumerate() {
                if position > 0 {
                    out.push(',');
                }
                write_json_text(name, item, out)?;
            }
        }
        Value::Null | Value::Bool(_) | Value::Object(_) => {
            return Err(InvalidParam {
                name: name.to_owned(),
                reason: "must be text, a number, or a list of these".to_owned(),
            });
        }
    }
    Ok(())
}
