//! Where the journal of an upload is.

use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use vodkit_request::crc64::Crc64;

/// What the name of every journal ends with.
pub(crate) const EXTENSION: &str = "journal";
/// Longest part of a journal's name that is for people, in bytes.
const LONGEST_NAME: usize = 60;

/// What an upload is of.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct About {
    /// Folder name of the vendor.
    pub vendor: String,
    /// The account, as the program names it. Not a secret.
    pub account: String,
    /// The file, as an absolute path without links in it. Bytes that are not Unicode are replaced.
    pub file: PathBuf,
}

impl About {
    pub(crate) fn to_record(&self) -> Vec<u8> {
        let file = self.file.to_string_lossy();
        json!({ "vendor": self.vendor, "account": self.account, "file": file })
            .to_string()
            .into_bytes()
    }

    pub(crate) fn read(record: &[u8]) -> Option<Self> {
        let fields: Value = serde_json::from_slice(record).ok()?;
        let text = |name| Some(fields.get(name)?.as_str()?.to_owned());
        Some(Self {
            vendor: text("vendor")?,
            account: text("account")?,
            file: text("file")?.into(),
        })
    }
}

/// Where the journal of an upload is: by directory, vendor, account and file, so that two processes with the same ones meet at the same journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    path: PathBuf,
    about: About,
}

impl Place {
    /// The place of the journal in `dir` for an upload of `file` by `account` to `vendor`. The directory need not exist.
    ///
    /// # Errors
    /// When there is no such file.
    pub fn of(
        dir: impl AsRef<Path>,
        vendor: &str,
        account: &str,
        file: impl AsRef<Path>,
    ) -> io::Result<Self> {
        let file = std::fs::canonicalize(file)?;
        let hash = hash(vendor, account, &file);
        let name = readable(file.file_name().unwrap_or_default());
        let name = format!(
            "{}-{name}-{:016x}.{EXTENSION}",
            readable(OsStr::new(vendor)),
            hash
        );
        Ok(Self {
            path: dir.as_ref().join(name),
            about: About {
                vendor: vendor.to_owned(),
                account: account.to_owned(),
                file: file.to_string_lossy().into_owned().into(),
            },
        })
    }

    /// The journal's file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What it is of.
    #[must_use]
    pub fn about(&self) -> &About {
        &self.about
    }
}

fn hash(vendor: &str, account: &str, file: &Path) -> u64 {
    let mut hash = Crc64::new();
    for text in [vendor.as_bytes(), account.as_bytes()] {
        hash.update(text);
        // No name holds this byte, so that `a` and `bc` are not `ab` and `c`.
        hash.update(b"\0");
    }
    hash.update(file.as_os_str().as_encoded_bytes());
    hash.value()
}

/// A name that every shell and file system takes, cut to a length.
fn readable(name: &OsStr) -> String {
    let mut readable = String::new();
    for character in name.to_string_lossy().chars() {
        let plain = character.is_alphanumeric() || "-_.".contains(character);
        let character = if plain { character } else { '_' };
        if readable.len() + character.len_utf8() > LONGEST_NAME {
            break;
        }
        readable.push(character);
    }
    readable
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_is_readable_and_short() {
        for (name, wanted) in [
            ("lesson.mp4", "lesson.mp4"),
            ("第 1 课 \"a\".mp4", "第_1_课__a_.mp4"),
            ("../a\n", ".._a_"),
        ] {
            assert_eq!(readable(OsStr::new(name)), wanted);
        }
        assert_eq!(readable(OsStr::new(&"课".repeat(100))), "课".repeat(20));
    }

    #[test]
    fn account_and_path_do_not_flow_together() {
        let (short, long) = (Path::new("/c.mp4"), Path::new("/b/c.mp4"));
        assert_ne!(hash("v", "a/b", short), hash("v", "a", long));
        assert_ne!(hash("va", "b", short), hash("v", "ab", short));
    }

    #[test]
    fn what_differs_in_anything_has_another_place() {
        let dir = tempfile::tempdir().unwrap();
        let (a, b) = (dir.path().join("a.mp4"), dir.path().join("b.mp4"));
        for file in [&a, &b] {
            std::fs::write(file, "x").unwrap();
        }
        let place = |vendor: &str, account: &str, file: &Path| {
            Place::of("state", vendor, account, file).unwrap().path
        };
        let first = place("v", "1", &a);
        assert!(first.to_str().unwrap().starts_with("state/v-a.mp4-"));
        for other in [
            place("w", "1", &a),
            place("v", "2", &a),
            place("v", "1", &b),
            place("v1", "", &a),
        ] {
            assert_ne!(first, other);
        }
        // By whatever way one comes to it.
        let around = dir
            .path()
            .join(".")
            .join("..")
            .join(dir.path().file_name().unwrap());
        assert_eq!(place("v", "1", &around.join("a.mp4")), first);
        #[cfg(unix)]
        {
            let link = dir.path().join("link.mp4");
            std::os::unix::fs::symlink(&a, &link).unwrap();
            assert_eq!(place("v", "1", &link), first);
        }
        let missing = Place::of("state", "v", "1", dir.path().join("missing"));
        assert_eq!(missing.unwrap_err().kind(), io::ErrorKind::NotFound);
    }
}
