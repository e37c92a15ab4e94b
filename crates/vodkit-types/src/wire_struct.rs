//! The macro behind every wire struct: one place that decides how an object is read and written.

/// Declares a wire struct: wire name, Rust field and type, in the order of the vendor's page.
///
/// Further wire names of a field stand behind the first, `"name" | "Name" => ..`; they are read and never written, and two names of one
/// field in one object are an error.
///
/// The struct gets a lenient, single-pass decoder ([`Wire`](crate::wire::Wire), `Deserialize`) that keeps unknown fields in `extra`, and a `Serialize` that writes
/// the documented fields under the vendor's names followed by the unknown ones.
macro_rules! wire_struct {
    (
        $(#[$meta:meta])*
        pub struct $name:ident {
            $( $(#[$field_meta:meta])* $wire:literal $(| $alias:literal)* => pub $field:ident: $type:ty, )*
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq)]
        #[non_exhaustive]
        pub struct $name {
            $( $(#[$field_meta])* pub $field: $type, )*
            /// Fields that the vendor's page does not document.
            pub extra: $crate::wire::Extra,
        }

        const _: () = {
            use ::serde::de::{self, Deserializer, MapAccess, SeqAccess, Visitor};
            use ::serde::ser::{Serialize, SerializeMap, Serializer};
            use $crate::wire::{Extra, Wire};

            #[allow(non_camel_case_types)]
            enum Field { $( $field, )* }

            fn documented(name: &str) -> Option<Field> {
                match name {
                    $( $wire $(| $alias)* => Some(Field::$field), )*
                    _ => None,
                }
            }

            struct StructVisitor<'p>(&'p mut Option<$name>);
            impl<'de> Visitor<'de> for StructVisitor<'_> {
                type Value = ();
                fn expecting(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                    f.write_str(concat!("an object (", stringify!($name), ")"))
                }
                fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
                    $( let mut $field: Option<$type> = None; )*
                    let mut extra = Extra::NONE;
                    let mut unknown = String::new();
                    while let Some(field) = map.next_key_seed($crate::object::Name { known: documented, unknown: &mut unknown })? {
                        match field {
                            $(
                                Some(Field::$field) => {
                                    if $field.is_some() {
                                        return Err(de::Error::duplicate_field($wire));
                                    }
                                    map.next_value_seed($crate::object::Required(&mut $field))?;
                                }
                            )*
                            None => {
                                if extra.get(&unknown).is_some() {
                                    return Err(de::Error::custom(format_args!("duplicate field `{unknown}`")));
                                }
                                extra.insert(::std::mem::take(&mut unknown), map.next_value::<::serde_json::Value>()?);
                            }
                        }
                    }
                    *self.0 = Some($name {
                        $(
                            $field: match $field {
                                Some(value) => value,
                                None => <$type as Wire>::absent().ok_or_else(|| de::Error::missing_field($wire))?,
                            },
                        )*
                        extra,
                    });
                    Ok(())
                }
                fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<(), A::Error> {
                    $crate::wire::only_empty_seq(seq, &self)?;
                    *self.0 = Some($name {
                        $( $field: <$type as Wire>::absent().ok_or_else(|| de::Error::missing_field($wire))?, )*
                        extra: Extra::NONE,
                    });
                    Ok(())
                }
                fn visit_str<E: de::Error>(self, value: &str) -> Result<(), E> {
                    *self.0 = $crate::wire::only_empty_text(value, &self)?;
                    Ok(())
                }
                fn visit_unit<E: de::Error>(self) -> Result<(), E> {
                    *self.0 = None;
                    Ok(())
                }
            }

            impl Wire for $name {
                const EXPECTED: &'static str = concat!("an object (", stringify!($name), ")");
                fn read_opt<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Self>, D::Error> {
                    let mut place = None;
                    Self::read_into(&mut place, deserializer)?;
                    Ok(place)
                }
                fn read_into<'de, D: Deserializer<'de>>(place: &mut Option<Self>, deserializer: D) -> Result<(), D::Error> {
                    deserializer.deserialize_any(StructVisitor(place))
                }
            }

            impl<'de> ::serde::Deserialize<'de> for $name {
                fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                    <Self as Wire>::read(deserializer)
                }
            }

            impl Serialize for $name {
                fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                    let mut map = serializer.serialize_map(None)?;
                    $(
                        if !Wire::is_absent(&self.$field) {
                            map.serialize_entry($wire, &self.$field)?;
                        }
                    )*
                    for (name, value) in self.extra.iter() {
                        map.serialize_entry(name, value)?;
                    }
                    map.end()
                }
            }
        };
    };
}

pub(crate) use wire_struct;
