//! Signing a sample, and changing it afterwards.

use http::{Method, Request, Uri};
use serde_json::{Map, Value};
use vodkit_request::Payload;
use vodkit_request::encode::rfc3986;
use vodkit_sign::{baijiayun, polyv, quvideo};

use super::sample::{Event, Part, Rule};
use crate::failure::Failure;

/// An event with all that it is signed with.
pub(super) struct Sealed<'a> {
    pub(super) event: &'static Event,
    pub(super) fields: Map<String, Value>,
    pub(super) key: &'a str,
    /// When it says it was sent, in Unix seconds.
    pub(super) now: i64,
    /// The address that QuVideo signs.
    pub(super) signed_url: &'a str,
    pub(super) tamper: bool,
}

impl Sealed<'_> {
    /// The request, and in words what was changed after signing.
    pub(super) fn request(
        mut self,
        to: &Uri,
    ) -> Result<(Request<Payload>, Option<String>), Failure> {
        let now = self.now.to_string();
        if let Some(time) = self.fields.get_mut("timestamp")
            && *time == ""
        {
            *time = now.as_str().into();
        }
        let mut change = None;
        let mut request = Request::builder();
        let mut query = Vec::new();
        let (method, body) = match self.event.rule {
            Rule::Form | Rule::Unsigned => {
                let mut sign = None;
                if self.event.is_signed() {
                    let pairs: Vec<_> = self.pairs().collect();
                    sign = Some(baijiayun::sign(&pairs, self.key));
                    change = self.changed(&["video_id", "status", "timestamp"]);
                }
                let mut pairs: Vec<_> = self.pairs().collect();
                if let Some(sign) = &sign {
                    pairs.push(("sign", sign.as_str()));
                }
                request = request.header("content-type", "application/x-www-form-urlencoded");
                (Method::POST, form(&pairs))
            }
            Rule::Query(parts) => {
                let mut sign = self.signature(parts)?;
                change = self.tampered(parts, &mut sign);
                let mut pairs: Vec<_> = self.pairs().collect();
                pairs.push(("sign", &sign));
                query.push(form(&pairs));
                (Method::GET, String::new())
            }
            Rule::Body(parts) => {
                let mut sign = self.signature(parts)?;
                change = self.tampered(parts, &mut sign);
                query.push(form(&[("sign", &sign)]));
                request = request.header("content-type", "application/json");
                (Method::POST, self.json())
            }
            Rule::Headers => {
                let sign = quvideo::event::sign(self.signed_url, &now, self.key);
                let mut time = now;
                if self.tamper {
                    time = (self.now + 1).to_string();
                    change = Some("X-VOD-TIMESTAMP is a second later".to_owned());
                }
                request = request
                    .header("content-type", "application/json")
                    .header("x-vod-timestamp", time)
                    .header("x-vod-signature", sign.as_str());
                (Method::POST, self.json())
            }
        };
        let own = to.query().filter(|query| !query.is_empty());
        query.splice(0..0, own.map(str::to_owned));
        let payload = if body.is_empty() {
            Payload::empty()
        } else {
            Payload::from(body.into_bytes())
        };
        let request = request
            .method(method)
            .uri(address(to, &query.join("&")))
            .body(payload)
            .map_err(|_| Failure::usage("--to and the fields give no address that can be sent"))?;
        Ok((request, change))
    }

    fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.fields
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str().unwrap_or_default()))
    }

    fn json(&self) -> String {
        Value::Object(self.fields.clone()).to_string()
    }

    /// Polyv's signature over the parts of the event.
    fn signature(&self, parts: &[Part]) -> Result<String, Failure> {
        let mut texts = Vec::new();
        for part in parts {
            texts.push(match part {
                Part::Word(word) => word,
                Part::Field(name) => match &self.fields[*name] {
                    Value::String(text) => text.as_str(),
                    _ => {
                        return Err(Failure::usage(format!(
                            "field `{name}`: what is signed is a text"
                        )));
                    }
                },
            });
        }
        Ok(polyv::event::sign(&texts, self.key).as_str().to_owned())
    }

    /// Changes a signed field, or the signature itself where none but the type is signed.
    fn tampered(&mut self, parts: &[Part], sign: &mut String) -> Option<String> {
        if !self.tamper {
            return None;
        }
        let names: Vec<_> = parts
            .iter()
            .filter_map(|part| match part {
                Part::Field("type" | "eventType") | Part::Word(_) => None,
                Part::Field(name) => Some(*name),
            })
            .collect();
        self.changed(&names).or_else(|| {
            *sign = other(sign);
            Some("the signature itself, since it covers nothing of the message".to_owned())
        })
    }

    /// Changes the first of these fields that is there.
    fn changed(&mut self, names: &[&str]) -> Option<String> {
        if !self.tamper {
            return None;
        }
        let name = names.iter().find(|name| {
            self.fields
                .get(**name)
                .and_then(Value::as_str)
                .is_some_and(|text| !text.is_empty())
        })?;
        let value = &mut self.fields[*name];
        *value = other(value.as_str().unwrap_or_default()).into();
        Some(format!("a character of {name}"))
    }
}

/// The same text with another first character of the same kind.
fn other(text: &str) -> String {
    let mut characters = text.chars();
    let first = match characters.next() {
        Some('1') => '2',
        Some('a') => 'b',
        Some(first) if first.is_ascii_digit() => '1',
        _ => 'a',
    };
    std::iter::once(first).chain(characters).collect()
}

fn form(pairs: &[(&str, &str)]) -> String {
    let mut out = String::new();
    for (name, value) in pairs {
        if !out.is_empty() {
            out.push('&');
        }
        rfc3986(name, &mut out);
        out.push('=');
        rfc3986(value, &mut out);
    }
    out
}

fn address(to: &Uri, query: &str) -> String {
    let scheme = to.scheme_str().unwrap_or("http");
    let authority = to.authority().map_or("", |authority| authority.as_str());
    let path = match to.path() {
        "" => "/",
        path => path,
    };
    let mark = if query.is_empty() { "" } else { "?" };
    format!("{scheme}://{authority}{path}{mark}{query}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_text_is_another_text_of_the_same_form() {
        for text in ["1", "240017", "u12_u", "a", "http://x", "课", "0af"] {
            assert_ne!(other(text), text);
            assert_eq!(other(text).chars().count(), text.chars().count());
        }
        assert_eq!(other("0af"), "1af");
    }
}
