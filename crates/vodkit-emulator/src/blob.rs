//! Stored bytes: one temporary file each, removed with its last owner.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};

use md5::{Digest, Md5};
use tempfile::NamedTempFile;

use crate::digest::hex;

/// Bytes on disk, so that a film does not fill the memory.
///
/// Every writer and reader opens the file anew and thus has its own position.
#[derive(Debug)]
pub(crate) struct Blob {
    file: NamedTempFile,
}

impl Blob {
    pub(crate) fn create() -> io::Result<Self> {
        Ok(Self {
            file: tempfile::Builder::new()
                .prefix("vodkit-emulator-")
                .tempfile()?,
        })
    }

    /// A handle whose position is at `offset`.
    pub(crate) fn open_at(&self, offset: u64) -> io::Result<File> {
        let mut handle = self.file.reopen()?;
        handle.seek(SeekFrom::Start(offset))?;
        Ok(handle)
    }

    pub(crate) fn writer_at(&self, offset: u64) -> io::Result<Writer> {
        Ok(Writer {
            file: self.open_at(offset)?,
        })
    }

    #[cfg(test)]
    pub(crate) fn path(&self) -> &std::path::Path {
        self.file.path()
    }

    /// MD5 of the first `length` bytes, in lower-case hexadecimal. Reads the file: not for the server's own thread.
    pub(crate) fn md5(&self, length: u64) -> io::Result<String> {
        let mut reader = self.open_at(0)?.take(length);
        let mut digest = Md5::new();
        let mut buffer = vec![0; 256 * 1024];
        loop {
            match reader.read(&mut buffer)? {
                0 => return Ok(hex(&digest.finalize())),
                read => digest.update(&buffer[..read]),
            }
        }
    }
}

/// Writes into a blob, piece by piece.
#[derive(Debug)]
pub(crate) struct Writer {
    file: File,
}

impl Writer {
    #[cfg(test)]
    pub(crate) fn of(file: File) -> Self {
        Self { file }
    }

    pub(crate) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_are_independent_and_the_file_goes_with_its_owner() {
        let blob = Blob::create().unwrap();
        blob.writer_at(0).unwrap().write(b"hello world").unwrap();
        blob.writer_at(6).unwrap().write(b"W").unwrap();
        let mut text = String::new();
        blob.open_at(4).unwrap().read_to_string(&mut text).unwrap();
        assert_eq!(text, "o World");
        assert_eq!(blob.md5(5).unwrap(), "5d41402abc4b2a76b9719d911017c592");
        let path = blob.path().to_owned();
        assert!(path.exists());
        drop(blob);
        assert!(!path.exists());
    }
}
