//! Parts become an object.

use std::fs::File;
use std::io::{self, Read as _};
use std::sync::Arc;

use md5::{Digest as _, Md5};
use tokio::task::spawn_blocking;

use super::digests::crc64_of_both;
use super::store::Object;
use crate::blob::Blob;

/// Parts, one after the other.
pub(super) struct Assembled {
    pub(super) blob: Arc<Blob>,
    pub(super) size: u64,
    pub(super) md5: [u8; 16],
    /// Known where that of every part is.
    pub(super) crc64: Option<u64>,
}

/// Copies and digests the parts, both at the same time and away from the server's thread.
pub(super) async fn assemble(parts: Vec<Object>) -> io::Result<Assembled> {
    let size = parts.iter().map(|part| part.size).sum();
    // The CRC-64 of nothing is 0, and adding nothing changes none.
    let crc64 = parts.iter().try_fold(0, |crc, part| {
        Some(crc64_of_both(crc, part.crc64?, part.size))
    });
    let (blob, md5) = match parts.as_slice() {
        [only] => (Arc::clone(&only.blob), only.md5),
        _ => {
            let parts: Arc<[Object]> = parts.into();
            let read = Arc::clone(&parts);
            let copied = spawn_blocking(move || copy(&parts));
            let digested = spawn_blocking(move || digest(&read));
            let blob = copied.await.map_err(io::Error::other)??;
            (blob, digested.await.map_err(io::Error::other)??)
        }
    };
    Ok(Assembled {
        blob,
        size,
        md5,
        crc64,
    })
}

/// A handle for all bytes of a part, and no more.
fn reader(part: &Object) -> io::Result<io::Take<File>> {
    Ok(part.blob.open_at(0)?.take(part.size))
}

fn copy(parts: &[Object]) -> io::Result<Arc<Blob>> {
    let blob = Blob::create()?;
    let mut to = blob.open_at(0)?;
    for part in parts {
        let copied = io::copy(&mut reader(part)?, &mut to)?;
        if copied < part.size {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    Ok(Arc::new(blob))
}

fn digest(parts: &[Object]) -> io::Result<[u8; 16]> {
    let mut md5 = Md5::new();
    let mut buffer = vec![0; 256 * 1024];
    for part in parts {
        let mut from = reader(part)?;
        loop {
            match from.read(&mut buffer)? {
                0 => break,
                read => md5.update(&buffer[..read]),
            }
        }
    }
    Ok(md5.finalize().into())
}
