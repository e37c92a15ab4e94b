//! XML documents of stores.

use quick_xml::escape::escape;

/// Their content type.
pub(super) const XML: &str = "application/xml";

/// An XML document of one level, written in order.
pub(crate) struct Document {
    root: &'static str,
    text: String,
}

impl Document {
    pub(crate) fn new(root: &'static str) -> Self {
        Self {
            root,
            text: format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<{root}>\n"),
        }
    }

    /// One whose elements are of a namespace.
    pub(crate) fn within(root: &'static str, namespace: &str) -> Self {
        Self {
            root,
            text: format!(
                "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<{root} xmlns=\"{namespace}\">\n"
            ),
        }
    }

    pub(crate) fn text(mut self, name: &str, value: &str) -> Self {
        self.text
            .push_str(&format!("  <{name}>{}</{name}>\n", escape(value)));
        self
    }

    /// Elements inside of one.
    pub(crate) fn group(mut self, name: &str, members: &[(&str, String)]) -> Self {
        let inside: String = members
            .iter()
            .map(|(name, value)| format!("<{name}>{}</{name}>", escape(value.as_str())))
            .collect();
        self.text
            .push_str(&format!("  <{name}>{inside}</{name}>\n"));
        self
    }

    pub(crate) fn finish(mut self) -> String {
        self.text.push_str(&format!("</{}>\n", self.root));
        self.text
    }
}
