//! Enums that vendors extend without notice: unknown values are kept, never an error.

use std::fmt;

use serde::ser::{Serialize, Serializer};

/// A value that the vendor's page does not list.
///
/// Its content is reached through `as_str` of the enum, not by matching: a value that a later version knows then changes no match
/// that compiles today.
#[derive(Clone)]
pub struct UnknownValue {
    text: Box<str>,
    number: bool,
}

impl UnknownValue {
    pub(crate) fn number(value: impl fmt::Display) -> Self {
        Self {
            text: value.to_string().into(),
            number: true,
        }
    }

    pub(crate) fn text(value: &str) -> Self {
        Self {
            text: value.into(),
            number: false,
        }
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }
}

// `102` and `"102"` are one value in two drifted forms; the form is kept only to write it back as it came.
impl PartialEq for UnknownValue {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for UnknownValue {}

impl std::hash::Hash for UnknownValue {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.text.hash(state);
    }
}

impl fmt::Debug for UnknownValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Serialize for UnknownValue {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match (
            self.number,
            self.text.parse::<i64>(),
            self.text.parse::<u64>(),
        ) {
            (true, Ok(number), _) => serializer.serialize_i64(number),
            (true, _, Ok(number)) => serializer.serialize_u64(number),
            _ => serializer.serialize_str(&self.text),
        }
    }
}

/// Declares an open enum whose values are texts.
macro_rules! open_string_enum {
    (
        $(#[$meta:meta])*
        pub enum $name:ident {
            $( $(#[$variant_meta:meta])* $variant:ident = $text:literal, )*
        }
    ) => {
        $crate::open_enum::open_enum_body! {
            $(#[$meta])* $name [ $( $(#[$variant_meta])* $variant $text, )* ]
        }
        impl ::serde::Serialize for $name {
            fn serialize<S: ::serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                match self {
                    Self::Unknown(value) => value.serialize(serializer),
                    known => serializer.serialize_str(known.as_str()),
                }
            }
        }
    };
}

/// Declares an open enum whose values are integers, also accepted as decimal text.
macro_rules! open_int_enum {
    (
        $(#[$meta:meta])*
        pub enum $name:ident {
            $( $(#[$variant_meta:meta])* $variant:ident = $number:literal $text:literal, )*
        }
    ) => {
        $crate::open_enum::open_enum_body! {
            $(#[$meta])* $name [ $( $(#[$variant_meta])* $variant $text, )* ]
        }
        impl ::serde::Serialize for $name {
            fn serialize<S: ::serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                match self {
                    $( Self::$variant => serializer.serialize_i64($number), )*
                    Self::Unknown(value) => value.serialize(serializer),
                }
            }
        }
    };
}

macro_rules! open_enum_body {
    ( $(#[$meta:meta])* $name:ident [ $( $(#[$variant_meta:meta])* $variant:ident $text:literal, )* ] ) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum $name {
            $( $(#[$variant_meta])* $variant, )*
            /// A value that the vendor's page does not list; read it with [`as_str`](Self::as_str).
            #[doc(hidden)]
            Unknown($crate::open_enum::UnknownValue),
        }

        impl $name {
            /// The value as it stands on the wire.
            #[must_use]
            pub fn as_str(&self) -> &str {
                match self {
                    $( Self::$variant => $text, )*
                    Self::Unknown(value) => value.as_str(),
                }
            }

            /// Whether the vendor's page lists this value.
            #[must_use]
            pub fn is_known(&self) -> bool {
                !matches!(self, Self::Unknown(_))
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                match text {
                    $( $text => Self::$variant, )*
                    other => Self::Unknown($crate::open_enum::UnknownValue::text(other)),
                }
            }
        }

        impl $crate::param::ParamText for $name {
            fn is_documented(&self) -> bool {
                self.is_known()
            }
            fn write_text(&self, out: &mut String) {
                out.push_str(self.as_str());
            }
            fn from_text(text: &str) -> Result<Self, $crate::param::BadText> {
                Ok(Self::from(text))
            }
        }

        const _: () = {
            use ::serde::de::{self, Deserializer, Visitor};
            use $crate::wire::Wire;

            struct ValueVisitor;
            impl Visitor<'_> for ValueVisitor {
                type Value = Option<$name>;
                fn expecting(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                    f.write_str(concat!("a value of ", stringify!($name)))
                }
                fn visit_str<E: de::Error>(self, value: &str) -> Result<Self::Value, E> {
                    Ok(if value.is_empty() { None } else { Some($name::from(value)) })
                }
                fn visit_i64<E: de::Error>(self, value: i64) -> Result<Self::Value, E> {
                    Ok(Some(match $name::from(itoa::Buffer::new().format(value)) {
                        $name::Unknown(_) => $name::Unknown($crate::open_enum::UnknownValue::number(value)),
                        known => known,
                    }))
                }
                fn visit_u64<E: de::Error>(self, value: u64) -> Result<Self::Value, E> {
                    Ok(Some(match $name::from(itoa::Buffer::new().format(value)) {
                        $name::Unknown(_) => $name::Unknown($crate::open_enum::UnknownValue::number(value)),
                        known => known,
                    }))
                }
                fn visit_f64<E: de::Error>(self, value: f64) -> Result<Self::Value, E> {
                    if value.fract() == 0.0 && value.abs() < 9e15 {
                        self.visit_i64(value as i64)
                    } else {
                        Ok(Some($name::Unknown($crate::open_enum::UnknownValue::text(&format!("{value:?}")))))
                    }
                }
                fn visit_bool<E: de::Error>(self, value: bool) -> Result<Self::Value, E> {
                    Ok(Some($name::from(if value { "true" } else { "false" })))
                }
                fn visit_unit<E: de::Error>(self) -> Result<Self::Value, E> {
                    Ok(None)
                }
            }

            impl Wire for $name {
                const EXPECTED: &'static str = concat!("a value of ", stringify!($name));
                fn read_opt<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Self>, D::Error> {
                    deserializer.deserialize_any(ValueVisitor)
                }
            }

            impl<'de> ::serde::Deserialize<'de> for $name {
                fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                    <Self as Wire>::read(deserializer)
                }
            }
        };
    };
}

pub(crate) use {open_enum_body, open_int_enum, open_string_enum};
