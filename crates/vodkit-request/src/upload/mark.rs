//! The records of an upload's journal.

use serde_json::{Map, Value, json};

use crate::error::{Error, ErrorKind};
use crate::remedy::{Hint, Remedy};
use crate::transport::{FileFacts, FileVersion, Timestamp};

/// One thing that has happened, or is about to. No mark holds a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Mark {
    /// What is uploaded, from which file. Written again when the file was touched and found to be the same.
    Begun(Begun),
    /// The call that creates the video is about to leave.
    Creating {
        /// When.
        at: Timestamp,
    },
    /// The vendor has created the video.
    Created {
        /// Its id.
        video: String,
    },
    /// Where the object goes was chosen.
    Placed {
        /// Bucket and key of the object, with a slash between.
        place: String,
        /// Address of the storage, where it is the program's to know.
        storage: Option<String>,
    },
    /// The object storage has opened an upload in parts.
    Opened(Opened),
    /// A part, or a slice, has arrived.
    Part(PartMark),
    /// The storage no longer knows the upload: its parts are gone.
    Forgotten,
    /// The request that puts the parts together, or sends the whole file, is about to leave.
    Completing,
    /// The file is stored. Written again when the vendor, told of it, has refused: then it was not told.
    Completed {
        /// The tag that the storage gives it.
        etag: Option<String>,
        /// The CRC-64 that the storage has of it.
        crc64: Option<u64>,
    },
    /// The call that tells the vendor of the stored file is about to leave.
    Finishing,
    /// All is done.
    Finished,
}

/// What an upload is of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Begun {
    /// Folder name of the vendor.
    pub vendor: String,
    /// Id of the account, as the vendor has it. Not a secret.
    pub account: String,
    /// Name of the file, as the vendor is told.
    pub file_name: String,
    /// What the file was.
    pub facts: FileFacts,
}

/// An upload in parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opened {
    /// The storage's id of it. Worth nothing without keys.
    pub upload_id: String,
    /// Bucket and key of the object, with a slash between.
    pub place: String,
    /// Bytes of every part but the last.
    pub part_size: u64,
}

/// A part that has arrived.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PartMark {
    /// Its number, from 1.
    pub number: u32,
    /// Position of its first byte in the file.
    pub offset: u64,
    /// Its bytes.
    pub bytes: u64,
    /// The tag that the storage gave it.
    pub etag: Option<String>,
    /// CRC-64 of what was sent.
    pub crc64: Option<u64>,
    /// MD5 of what was sent.
    pub md5: Option<[u8; 16]>,
}

impl Mark {
    /// The record: one JSON object.
    #[must_use]
    pub fn to_record(&self) -> Vec<u8> {
        let value = match self {
            Self::Begun(begun) => json!({
                "mark": "begun",
                "vendor": begun.vendor,
                "account": begun.account,
                "file_name": begun.file_name,
                "len": begun.facts.len,
                "modified_ms": begun.facts.modified.map(|at| at.0),
                "inode": begun.facts.version.map(|version| version.inode),
                "changed_ns": begun.facts.version.map(|version| version.changed_ns),
            }),
            Self::Creating { at } => json!({ "mark": "creating", "at_ms": at.0 }),
            Self::Created { video } => json!({ "mark": "created", "video": video }),
            Self::Placed { place, storage } => {
                json!({ "mark": "placed", "place": place, "storage": storage })
            }
            Self::Opened(opened) => json!({
                "mark": "opened",
                "upload_id": opened.upload_id,
                "place": opened.place,
                "part_size": opened.part_size,
            }),
            Self::Part(part) => json!({
                "mark": "part",
                "number": part.number,
                "offset": part.offset,
                "bytes": part.bytes,
                "etag": part.etag,
                "crc64": part.crc64,
                "md5": part.md5.map(|md5| hex(&md5)),
            }),
            Self::Forgotten => json!({ "mark": "forgotten" }),
            Self::Completing => json!({ "mark": "completing" }),
            Self::Completed { etag, crc64 } => {
                json!({ "mark": "completed", "etag": etag, "crc64": crc64 })
            }
            Self::Finishing => json!({ "mark": "finishing" }),
            Self::Finished => json!({ "mark": "finished" }),
        };
        value.to_string().into_bytes()
    }

    /// Reads a record.
    ///
    /// # Errors
    /// When it is not one of ours, or of a kind that a later version has added.
    pub fn read(record: &[u8]) -> Result<Self, Error> {
        let fields: Fields = serde_json::from_slice(record)
            .map(Fields)
            .map_err(|_| unreadable("it has a record that is not JSON"))?;
        Ok(match fields.text("mark")?.as_str() {
            "begun" => Self::Begun(Begun {
                vendor: fields.text("vendor")?,
                account: fields.text("account")?,
                file_name: fields.text("file_name")?,
                facts: FileFacts {
                    len: fields.number("len")?,
                    modified: fields.get("modified_ms", Value::as_i64)?.map(Timestamp),
                    version: match (
                        fields.get("inode", Value::as_u64)?,
                        fields.get("changed_ns", Value::as_i64)?,
                    ) {
                        (Some(inode), Some(changed_ns)) => Some(FileVersion { inode, changed_ns }),
                        _ => None,
                    },
                },
            }),
            "creating" => Self::Creating {
                at: Timestamp(
                    fields
                        .get("at_ms", Value::as_i64)?
                        .ok_or_else(|| lacks("at_ms"))?,
                ),
            },
            "created" => Self::Created {
                video: fields.text("video")?,
            },
            "placed" => Self::Placed {
                place: fields.text("place")?,
                storage: fields.optional_text("storage")?,
            },
            "opened" => Self::Opened(Opened {
                upload_id: fields.text("upload_id")?,
                place: fields.text("place")?,
                part_size: match fields.number("part_size")? {
                    0 => return Err(lacks("part_size")),
                    size => size,
                },
            }),
            "part" => Self::Part(PartMark {
                number: u32::try_from(fields.number("number")?).map_err(|_| lacks("number"))?,
                offset: fields.number("offset")?,
                bytes: fields.number("bytes")?,
                etag: fields.optional_text("etag")?,
                crc64: fields.get("crc64", Value::as_u64)?,
                md5: match fields.optional_text("md5")? {
                    Some(digits) => Some(unhex(&digits).ok_or_else(|| lacks("md5"))?),
                    None => None,
                },
            }),
            "forgotten" => Self::Forgotten,
            "completing" => Self::Completing,
            "completed" => Self::Completed {
                etag: fields.optional_text("etag")?,
                crc64: fields.get("crc64", Value::as_u64)?,
            },
            "finishing" => Self::Finishing,
            "finished" => Self::Finished,
            _ => {
                return Err(unreadable(
                    "it has a record of a kind that this version does not know",
                ));
            }
        })
    }
}

struct Fields(Map<String, Value>);

impl Fields {
    /// A field that may be missing or null, but not of another kind.
    fn get<T>(
        &self,
        name: &'static str,
        kind: impl FnOnce(&Value) -> Option<T>,
    ) -> Result<Option<T>, Error> {
        match self.0.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => kind(value).map(Some).ok_or_else(|| lacks(name)),
        }
    }

    fn optional_text(&self, name: &'static str) -> Result<Option<String>, Error> {
        self.get(name, |value| value.as_str().map(str::to_owned))
    }

    fn text(&self, name: &'static str) -> Result<String, Error> {
        self.optional_text(name)?.ok_or_else(|| lacks(name))
    }

    fn number(&self, name: &'static str) -> Result<u64, Error> {
        self.get(name, Value::as_u64)?.ok_or_else(|| lacks(name))
    }
}

fn lacks(field: &str) -> Error {
    unreadable(&format!("a record has no usable `{field}`"))
}

fn unreadable(why: &str) -> Error {
    Error::new(
        ErrorKind::Journal,
        format!("the journal of the upload cannot be read: {why}"),
    )
    .with_hint(
        Hint::from("Nothing was sent. Use the version of vodkit that wrote it, or ")
            .to(Remedy::StartOver),
    )
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(digits: &str) -> Option<[u8; 16]> {
    let mut bytes = [0; 16];
    if digits.len() != 2 * bytes.len() || !digits.is_ascii() {
        return None;
    }
    for (index, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&digits[2 * index..2 * index + 2], 16).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn marks() -> impl Strategy<Value = Mark> {
        let facts = (
            any::<u64>(),
            any::<Option<i64>>(),
            any::<Option<(u64, i64)>>(),
        )
            .prop_map(|(len, modified, version)| FileFacts {
                len,
                modified: modified.map(Timestamp),
                version: version.map(|(inode, changed_ns)| FileVersion { inode, changed_ns }),
            });
        prop_oneof![
            (".*", ".*", ".*", facts).prop_map(|(vendor, account, file_name, facts)| {
                Mark::Begun(Begun {
                    vendor,
                    account,
                    file_name,
                    facts,
                })
            }),
            any::<i64>().prop_map(|at| Mark::Creating { at: Timestamp(at) }),
            ".*".prop_map(|video| Mark::Created { video }),
            (".*", any::<Option<String>>())
                .prop_map(|(place, storage)| Mark::Placed { place, storage }),
            (".*", ".*", 1..u64::MAX).prop_map(|(upload_id, place, part_size)| Mark::Opened(
                Opened {
                    upload_id,
                    place,
                    part_size
                }
            )),
            (
                any::<u32>(),
                any::<u64>(),
                any::<u64>(),
                any::<Option<String>>(),
                any::<Option<u64>>(),
                any::<Option<[u8; 16]>>()
            )
                .prop_map(|(number, offset, bytes, etag, crc64, md5)| Mark::Part(
                    PartMark {
                        number,
                        offset,
                        bytes,
                        etag,
                        crc64,
                        md5
                    }
                )),
            Just(Mark::Forgotten),
            Just(Mark::Completing),
            (any::<Option<String>>(), any::<Option<u64>>())
                .prop_map(|(etag, crc64)| Mark::Completed { etag, crc64 }),
            Just(Mark::Finishing),
            Just(Mark::Finished),
        ]
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(mark in marks()) {
            prop_assert_eq!(Mark::read(&mark.to_record()).unwrap(), mark);
        }

        #[test]
        fn any_bytes_are_a_mark_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..100)) {
            if let Err(error) = Mark::read(&bytes) {
                prop_assert_eq!(error.kind(), ErrorKind::Journal);
            }
        }
    }

    #[test]
    fn a_later_version_is_not_guessed_at() {
        let error = Mark::read(br#"{"mark":"compressed"}"#).unwrap_err();
        assert!(error.to_string().contains("does not know"), "{error}");
        for broken in [
            r#"{"mark":"part","number":1,"offset":0,"bytes":5,"md5":"zz"}"#,
            r#"{"mark":"part","number":-1,"offset":0,"bytes":5}"#,
            r#"{"mark":"opened","upload_id":"1","place":"b/k","part_size":0}"#,
            r#"{"mark":"created"}"#,
            "[]",
        ] {
            assert!(Mark::read(broken.as_bytes()).is_err(), "{broken}");
        }
    }
}
