//! The little XML that object storages speak: elements without attributes of interest, each in a line of its own or not.

use std::borrow::Cow;

/// The text inside the first element of this name, as it stands.
pub(crate) fn element<'t>(xml: &'t str, name: &str) -> Option<&'t str> {
    inside(xml, name).map(|(text, _)| text.trim())
}

/// The text of the first element of this name, with its references resolved.
pub(crate) fn text<'t>(xml: &'t str, name: &str) -> Option<Cow<'t, str>> {
    element(xml, name).map(resolved)
}

/// What is inside each element of this name, one after the other.
pub(crate) fn elements<'t>(xml: &'t str, name: &str) -> impl Iterator<Item = &'t str> {
    let mut rest = xml;
    std::iter::from_fn(move || {
        let (text, after) = inside(rest, name)?;
        rest = after;
        Some(text)
    })
}

/// What is inside the first element of this name, and what follows it. Elements of one name are not inside each other here.
fn inside<'t>(xml: &'t str, name: &str) -> Option<(&'t str, &'t str)> {
    let mut rest = xml;
    loop {
        let (_, after) = rest.split_once(&format!("<{name}"))?;
        rest = after;
        // A longer name, or one with attributes.
        let (attributes, content) = after.split_once('>')?;
        match attributes.as_bytes() {
            [.., b'/'] => return Some(("", content)),
            [] | [b' ' | b'\t' | b'\r' | b'\n', ..] => {
                return content.split_once(&format!("</{name}>"));
            }
            _ => {}
        }
    }
}

fn resolved(text: &str) -> Cow<'_, str> {
    if !text.contains('&') {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('&') {
        out.push_str(before);
        let reference = after.split_once(';');
        let character = reference.and_then(|(name, _)| match name {
            "quot" => Some('"'),
            "apos" => Some('\''),
            "lt" => Some('<'),
            "gt" => Some('>'),
            "amp" => Some('&'),
            _ => {
                let number = name.strip_prefix('#')?;
                let number = match number.strip_prefix('x') {
                    Some(hex) => u32::from_str_radix(hex, 16),
                    None => number.parse(),
                };
                number.ok().and_then(char::from_u32)
            }
        });
        match (character, reference) {
            (Some(character), Some((_, after))) => {
                out.push(character);
                rest = after;
            }
            _ => {
                out.push('&');
                rest = after;
            }
        }
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// Appends the text of an element, with what XML does not allow there written as references.
pub(crate) fn escape(text: &str, out: &mut String) {
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            other => out.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const LIST: &str = "<?xml version=\"1.0\"?>\n<ListPartsResult xmlns=\"x\">\n <PartNumberMarker>0</PartNumberMarker>\n <Part>\n  <PartNumber>1</PartNumber>\n  \
         <ETag>&quot;A&#65;&quot;</ETag>\n </Part>\n <Part><PartNumber> 2 </PartNumber><ETag/></Part>\n</ListPartsResult>";

    #[test]
    fn a_list_is_read() {
        let parts: Vec<&str> = elements(LIST, "Part").collect();
        assert_eq!(parts.len(), 2);
        assert_eq!(element(parts[0], "PartNumber"), Some("1"));
        assert_eq!(text(parts[0], "ETag").as_deref(), Some("\"AA\""));
        assert_eq!(element(parts[1], "PartNumber"), Some("2"));
        assert_eq!(text(parts[1], "ETag").as_deref(), Some(""));
        assert_eq!(element(LIST, "PartNumberMarker"), Some("0"));
        assert!(element(LIST, "ListPartsResult").is_some());
        assert_eq!(element(LIST, "Par"), None);
        assert_eq!(element("<Code>a", "Code"), None);
    }

    proptest! {
        #[test]
        fn what_is_escaped_is_read(word in "[ -~课]{0,40}") {
            let mut xml = "<T>".to_owned();
            escape(&word, &mut xml);
            xml.push_str("</T>");
            prop_assert_eq!(text(&xml, "T").unwrap(), word.trim());
        }

        #[test]
        fn any_text_is_read_to_its_end(xml in "[<>/&;# aT]{0,60}") {
            let _some = text(&xml, "T");
            prop_assert!(elements(&xml, "T").count() <= xml.len());
        }
    }
}
