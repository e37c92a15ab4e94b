//! The frames of replies: what the vendors wrap around `data`, each with its own members.
//!
//! The frame must not be what makes a good reply unreadable. So its members are taken as they come, and only what tells success from
//! failure must be there. `data` is decoded in the same pass, without an intermediate [`Value`].

use serde::de::{Deserializer, IgnoredAny};
use serde_json::Value;

use crate::wire::Wire;

/// The frame of a reply without its data: for replies whose data is not that of a success.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ignored;

impl Wire for Ignored {
    const EXPECTED: &'static str = "anything";
    fn read_opt<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Self>, D::Error> {
        <IgnoredAny as serde::Deserialize>::deserialize(deserializer).map(|_| Some(Self))
    }
}

/// Any value as text; nothing where nothing was sent.
pub(crate) fn text(value: Value) -> Option<String> {
    Some(match value {
        Value::String(text) => text,
        Value::Null => return None,
        Value::Number(number) => match number.as_f64() {
            Some(whole) if number.is_f64() && whole.fract() == 0.0 && whole.abs() < 9e15 => {
                format!("{whole:.0}")
            }
            _ => number.to_string(),
        },
        other => other.to_string(),
    })
}

/// A code as text; nothing where it is empty, which tells no more than an absent one.
pub(crate) fn code(value: Value) -> Option<String> {
    text(value).filter(|code| !code.is_empty())
}

/// Whole seconds; PHP's clock has fractions. Another form is no reason to refuse the reply.
pub(crate) fn seconds(value: Value) -> Option<i64> {
    match value {
        Value::Number(number) => number
            .as_i64()
            .or_else(|| number.as_f64().map(|seconds| seconds.floor() as i64)),
        Value::String(text) => text.parse().ok(),
        _ => None,
    }
}

/// A truth value, also as text; another form tells nothing.
pub(crate) fn truth(value: Value) -> Option<bool> {
    match value {
        Value::Bool(truth) => Some(truth),
        Value::String(text) if text.eq_ignore_ascii_case("true") => Some(true),
        Value::String(text) if text.eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    }
}

/// Declares the frame of a vendor's replies: each member with the function above that reads it and what becomes of `None`; `data` and
/// the undocumented members come by themselves.
macro_rules! frame {
    (
        $(#[$meta:meta])*
        pub struct $name:ident<T>, expecting $expecting:literal {
            $( $(#[$member_meta:meta])* $wire:literal => pub $member:ident: $type:ty = $read:ident.$finish:ident($($argument:tt)*), )*
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq)]
        #[non_exhaustive]
        pub struct $name<T> {
            $( $(#[$member_meta])* pub $member: $type, )*
            /// The result; `None` when it is absent, `null` or `""`.
            pub data: Option<T>,
            /// Members that no page documents.
            pub extra: $crate::wire::Extra,
        }

        const _: () = {
            use ::std::fmt;
            use ::std::marker::PhantomData;

            use ::serde::de::{Deserializer, MapAccess, Visitor};
            use ::serde_json::Value;
            use $crate::object::{Name, Optional};
            use $crate::wire::{Extra, Wire};

            #[allow(non_camel_case_types)]
            enum Member { $( $member, )* Data }

            fn documented(name: &str) -> Option<Member> {
                match name {
                    $( $wire => Some(Member::$member), )*
                    "data" => Some(Member::Data),
                    _ => None,
                }
            }

            struct Frame<T>(PhantomData<T>);
            impl<'de, T: Wire> Visitor<'de> for Frame<T> {
                type Value = $name<T>;
                fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                    f.write_str($expecting)
                }
                fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                    $( let mut $member = None; )*
                    let mut data = None;
                    let mut extra = Extra::NONE;
                    let mut unknown = String::new();
                    while let Some(member) = map.next_key_seed(Name { known: documented, unknown: &mut unknown })? {
                        match member {
                            $( Some(Member::$member) => $member = $crate::frame::$read(map.next_value()?), )*
                            Some(Member::Data) => map.next_value_seed(Optional(&mut data))?,
                            None => {
                                extra.insert(::std::mem::take(&mut unknown), map.next_value::<Value>()?);
                            }
                        }
                    }
                    Ok($name {
                        $( $member: $crate::frame::finish!($member.$finish($($argument)*)), )*
                        data,
                        extra,
                    })
                }
            }
            impl<'de, T: Wire> ::serde::Deserialize<'de> for $name<T> {
                fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                    deserializer.deserialize_map(Frame(PhantomData))
                }
            }
        };
    };
}

/// What becomes of a member that was not sent, or sent as nothing.
macro_rules! finish {
    ($member:ident.required($wire:literal)) => {
        $member.ok_or_else(|| ::serde::de::Error::missing_field($wire))?
    };
    ($member:ident.or_empty()) => {
        $member.unwrap_or_default()
    };
    ($member:ident.optional()) => {
        $member
    };
}

pub(crate) use finish;
pub(crate) use frame;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn members_are_taken_as_they_come() {
        assert_eq!(text(json!("a")), Some("a".to_owned()));
        assert_eq!(text(json!(200)), Some("200".to_owned()));
        assert_eq!(text(json!(200.0)), Some("200".to_owned()));
        assert_eq!(text(json!(0.5)), Some("0.5".to_owned()));
        assert_eq!(text(json!(["a"])), Some("[\"a\"]".to_owned()));
        assert_eq!(text(json!(null)), None);
        assert_eq!(code(json!("")), None);
        assert_eq!(code(json!("0")), Some("0".to_owned()));
        assert_eq!(seconds(json!(1_500_000_000.9)), Some(1_500_000_000));
        assert_eq!(seconds(json!("1500000000")), Some(1_500_000_000));
        assert_eq!(seconds(json!("soon")), None);
        assert_eq!(truth(json!(true)), Some(true));
        assert_eq!(truth(json!("False")), Some(false));
        assert_eq!(truth(json!(1)), None);
    }
}
