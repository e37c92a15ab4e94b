//! Parameter values: how a typed value becomes the text that is signed and sent.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::de::{self, Deserializer, SeqAccess, Visitor};
use serde::ser::{Serialize, Serializer};

use crate::secret::Secret;
use crate::wire::Wire;

/// A text that is no value of the wanted type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadText(pub String);

impl fmt::Display for BadText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for BadText {}

/// A value that is sent as text.
pub trait ParamText: Sized {
    /// How many bytes of the text percent-encoding writes with three characters, where that is the same for every value of the type.
    const RESERVED_BYTES: Option<u32> = None;

    /// Whether the value's text is one of those that the vendor documents for its type, so that nothing is left to check against the
    /// operation table.
    fn is_documented(&self) -> bool {
        false
    }

    /// The number that the text stands for, so that limits can be checked without reading it back.
    fn as_integer(&self) -> Option<i64> {
        None
    }

    /// Why its text does not say what the value is, if it does not.
    fn flaw(&self, _text: &str) -> Option<&'static str> {
        None
    }

    /// Appends the text, raw: neither quoted nor percent-encoded.
    fn write_text(&self, out: &mut String);

    /// Reads the value from its text.
    ///
    /// # Errors
    /// When the text is no value of this type.
    fn from_text(text: &str) -> Result<Self, BadText>;
}

macro_rules! integer_text {
    ($($type:ty => $what:literal),*) => {$(
        impl ParamText for $type {
            const RESERVED_BYTES: Option<u32> = Some(0);
            fn as_integer(&self) -> Option<i64> {
                (*self).try_into().ok()
            }
            fn write_text(&self, out: &mut String) {
                out.push_str(itoa::Buffer::new().format(*self));
            }
            fn from_text(text: &str) -> Result<Self, BadText> {
                text.parse().map_err(|_| BadText(format!("`{text}` is not {}", $what)))
            }
        }
    )*};
}

integer_text!(u64 => "an unsigned integer", i64 => "an integer");

impl ParamText for bool {
    const RESERVED_BYTES: Option<u32> = Some(0);
    fn is_documented(&self) -> bool {
        true
    }
    fn write_text(&self, out: &mut String) {
        out.push_str(if *self { "true" } else { "false" });
    }
    fn from_text(text: &str) -> Result<Self, BadText> {
        match text {
            "true" | "1" => Ok(true),
            "false" | "0" => Ok(false),
            _ => Err(BadText(format!("`{text}` is neither true nor false"))),
        }
    }
}

impl ParamText for f64 {
    fn write_text(&self, out: &mut String) {
        use std::fmt::Write as _;
        // Never with an exponent, which no page shows. Writing to a String cannot fail.
        let _ = write!(out, "{self}");
    }
    fn from_text(text: &str) -> Result<Self, BadText> {
        text.parse()
            .ok()
            .filter(|number: &Self| number.is_finite())
            .ok_or_else(|| BadText(format!("`{text}` is not a number")))
    }
}

impl ParamText for String {
    fn write_text(&self, out: &mut String) {
        out.push_str(self);
    }
    fn from_text(text: &str) -> Result<Self, BadText> {
        Ok(text.to_owned())
    }
}

impl ParamText for Secret {
    fn write_text(&self, out: &mut String) {
        out.push_str(self.expose());
    }
    fn from_text(text: &str) -> Result<Self, BadText> {
        Ok(Self::from(text))
    }
}

/// A list that is sent as one comma-separated text.
///
/// ```
/// use vodkit_types::CommaList;
/// let ids = CommaList::<u64>::from([123, 456]);
/// assert_eq!(ids.to_string(), "123,456");
/// let names: CommaList<String> = ["a", "b"].into();
/// assert_eq!(names.to_string(), "a,b");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CommaList<T>(pub Vec<T>);

impl<T, const N: usize> From<[T; N]> for CommaList<T> {
    fn from(items: [T; N]) -> Self {
        Self(items.into())
    }
}

impl From<&str> for CommaList<String> {
    fn from(item: &str) -> Self {
        Self(vec![item.to_owned()])
    }
}

impl<const N: usize> From<[&str; N]> for CommaList<String> {
    fn from(items: [&str; N]) -> Self {
        Self(items.map(str::to_owned).into())
    }
}

impl<T> From<Vec<T>> for CommaList<T> {
    fn from(items: Vec<T>) -> Self {
        Self(items)
    }
}

impl<T> From<T> for CommaList<T> {
    fn from(item: T) -> Self {
        Self(vec![item])
    }
}

impl<T> FromIterator<T> for CommaList<T> {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
        Self(items.into_iter().collect())
    }
}

impl<T: ParamText> ParamText for CommaList<T> {
    fn flaw(&self, text: &str) -> Option<&'static str> {
        let commas = text.bytes().filter(|byte| *byte == b',').count();
        (commas >= self.0.len().max(1))
            .then_some("an element has a comma, which would make two of it")
    }
    // An empty list may be one too few.
    fn is_documented(&self) -> bool {
        !self.0.is_empty() && self.0.iter().all(T::is_documented)
    }
    fn write_text(&self, out: &mut String) {
        for (position, item) in self.0.iter().enumerate() {
            if position > 0 {
                out.push(',');
            }
            item.write_text(out);
        }
    }
    fn from_text(text: &str) -> Result<Self, BadText> {
        if text.is_empty() {
            return Ok(Self(Vec::new()));
        }
        text.split(',')
            .map(|item| T::from_text(item.trim()))
            .collect::<Result<_, _>>()
            .map(Self)
    }
}

impl<T: ParamText> fmt::Display for CommaList<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::new();
        self.write_text(&mut text);
        f.write_str(&text)
    }
}

impl<T: ParamText + Wire> Wire for CommaList<T> {
    const EXPECTED: &'static str = "a comma-separated list";
    fn read_opt<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Self>, D::Error> {
        struct Items<T>(std::marker::PhantomData<T>);
        impl<'de, T: ParamText + Wire> Visitor<'de> for Items<T> {
            type Value = Option<CommaList<T>>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a comma-separated list")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
                CommaList::from_text(text).map(Some).map_err(E::custom)
            }
            fn visit_u64<E: de::Error>(self, value: u64) -> Result<Self::Value, E> {
                self.visit_str(itoa::Buffer::new().format(value))
            }
            fn visit_i64<E: de::Error>(self, value: i64) -> Result<Self::Value, E> {
                self.visit_str(itoa::Buffer::new().format(value))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Self::Value, A::Error> {
                Vec::<T>::read_opt(de::value::SeqAccessDeserializer::new(seq))
                    .map(|list| list.map(CommaList))
            }
            fn visit_unit<E: de::Error>(self) -> Result<Self::Value, E> {
                Ok(None)
            }
        }
        deserializer.deserialize_any(Items(std::marker::PhantomData))
    }
}

impl<T: ParamText> Serialize for CommaList<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// A file to send: its name and where its bytes are.
///
/// Describing a file reads nothing. The transport reads it while it sends, in steps of 256 KiB.
#[derive(Clone, PartialEq, Eq)]
pub struct FileInput {
    /// The name the vendor is told.
    pub name: String,
    /// Where the bytes are.
    pub content: FileContent,
}

/// Where the bytes of a file are.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum FileContent {
    /// In a file of this machine.
    Path(Arc<Path>),
    /// In memory.
    Bytes(Arc<[u8]>),
}

impl FileInput {
    /// A file of this machine, under its own name.
    #[must_use]
    pub fn path(path: impl AsRef<Path>) -> Self {
        let path = path.as_ref();
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        Self {
            name,
            content: FileContent::Path(path.into()),
        }
    }

    /// Bytes in memory, under the given name.
    #[must_use]
    pub fn bytes(name: impl Into<String>, bytes: impl Into<Arc<[u8]>>) -> Self {
        Self {
            name: name.into(),
            content: FileContent::Bytes(bytes.into()),
        }
    }

    /// The same content under another name.
    #[must_use]
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }
}

impl fmt::Debug for FileInput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.content {
            FileContent::Path(path) => write!(f, "FileInput({:?}, {})", self.name, path.display()),
            FileContent::Bytes(bytes) => {
                write!(f, "FileInput({:?}, {} bytes)", self.name, bytes.len())
            }
        }
    }
}

impl fmt::Debug for FileContent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Path(path) => write!(f, "Path({})", path.display()),
            Self::Bytes(bytes) => write!(f, "Bytes({} bytes)", bytes.len()),
        }
    }
}

macro_rules! file_from_path {
    ($($path:ty),*) => {$(
        impl From<$path> for FileInput {
            fn from(path: $path) -> Self {
                Self::path(path)
            }
        }
    )*};
}

file_from_path!(&Path, &PathBuf, PathBuf, &str, &String, String);

// In JSON a file is its path, as on the command line.
impl Wire for FileInput {
    const EXPECTED: &'static str = "the path of a file";
    fn read_opt<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Self>, D::Error> {
        Ok(String::read_opt(deserializer)?
            .filter(|path| !path.is_empty())
            .map(Self::path))
    }
}

impl Serialize for FileInput {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.content {
            FileContent::Path(path) => serializer.serialize_str(&path.to_string_lossy()),
            FileContent::Bytes(_) => serializer.serialize_str(&self.name),
        }
    }
}
