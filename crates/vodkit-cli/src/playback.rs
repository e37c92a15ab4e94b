//! Playing a video back and comparing it, byte by byte, with the file it was made from.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::ops::Range;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use http::header::{CONTENT_RANGE, RANGE};
use http::{Request, Response, StatusCode};
use md5::{Digest, Md5};
use vodkit_request::transport::{BlockingTransport, Outgoing};
use vodkit_request::types::FileInput;
use vodkit_request::{Limits, Payload};

use crate::exit::Exit;
use crate::failure::Failure;
use crate::params::readable;

/// A video of up to this many bytes is fetched in one piece, a longer one in pieces of this size.
const PIECE: u64 = 32 << 20;

/// The file that goes up and must come down again.
#[derive(Clone, Debug)]
pub(crate) enum Original {
    /// Part of the program.
    BuiltIn {
        name: &'static str,
        bytes: &'static [u8],
    },
    /// On this machine.
    File { path: PathBuf, len: u64 },
}

impl Original {
    pub(crate) fn of_file(path: &Path) -> Result<Self, Failure> {
        Ok(Self::File {
            path: path.to_owned(),
            len: readable(path)?,
        })
    }

    pub(crate) fn len(&self) -> u64 {
        match self {
            Self::BuiltIn { bytes, .. } => bytes.len() as u64,
            Self::File { len, .. } => *len,
        }
    }

    pub(crate) fn name(&self) -> String {
        self.input().name
    }

    pub(crate) fn input(&self) -> FileInput {
        match self {
            Self::BuiltIn { name, bytes } => FileInput::bytes(*name, *bytes),
            Self::File { path, .. } => FileInput::path(path),
        }
    }

    fn piece(&self, range: Range<u64>) -> Result<Vec<u8>, Failure> {
        match self {
            // The range comes from the length, so it fits.
            Self::BuiltIn { bytes, .. } => {
                Ok(bytes[range.start as usize..range.end as usize].to_vec())
            }
            Self::File { path, .. } => {
                let mut piece = Vec::new();
                let read = File::open(path).and_then(|mut file| {
                    file.seek(SeekFrom::Start(range.start))?;
                    file.take(range.end - range.start).read_to_end(&mut piece)
                });
                match read {
                    Ok(read) if read as u64 == range.end - range.start => Ok(piece),
                    Ok(_) => Err(Failure::local_file(format!(
                        "`{}` became shorter meanwhile",
                        path.display()
                    ))),
                    Err(error) => Err(Failure::local_file(format!(
                        "cannot read `{}`: {error}",
                        path.display()
                    ))),
                }
            }
        }
    }

    fn pieces(&self) -> impl Iterator<Item = Range<u64>> {
        let len = self.len();
        (0..len.div_ceil(PIECE)).map(move |number| number * PIECE..((number + 1) * PIECE).min(len))
    }

    /// Its MD5, in lower-case digits.
    pub(crate) fn md5(&self) -> Result<String, Failure> {
        let mut digest = Md5::new();
        for range in self.pieces() {
            digest.update(self.piece(range)?);
        }
        Ok(digits(digest))
    }
}

fn digits(digest: Md5) -> String {
    digest
        .finalize()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// Fetches what a play address gives and compares all of it with the original. Gives the MD5 of what came.
pub(crate) fn compare(
    transport: &impl BlockingTransport,
    url: &str,
    original: &Original,
) -> Result<String, Failure> {
    let len = original.len();
    let mut digest = Md5::new();
    for range in original.pieces() {
        let got = if range == (0..len) {
            whole(transport, url, len)?
        } else {
            part(transport, url, range.clone(), len)?
        };
        if got[..] != original.piece(range.clone())?[..] {
            return Err(Failure::verification(format!(
                "bytes {} to {} of the played video are not those that were uploaded",
                range.start, range.end
            )));
        }
        digest.update(&got);
    }
    Ok(digits(digest))
}

/// Fetches the middle third by itself, as a player does that seeks, and compares it. Gives its range.
pub(crate) fn seek(
    transport: &impl BlockingTransport,
    url: &str,
    original: &Original,
) -> Result<Range<u64>, Failure> {
    let len = original.len();
    let start = len / 3;
    let range = start..(len - len / 3).min(start + PIECE).max(start + 1);
    let got = part(transport, url, range.clone(), len)?;
    if got[..] == original.piece(range.clone())?[..] {
        Ok(range)
    } else {
        Err(Failure::verification(
            "a range of the played video is not what was uploaded",
        ))
    }
}

fn whole(transport: &impl BlockingTransport, url: &str, len: u64) -> Result<Bytes, Failure> {
    let response = get(transport, url, None)?;
    if response.status() != StatusCode::OK {
        return Err(refused(&response));
    }
    let got = response.into_body();
    if got.len() as u64 == len {
        Ok(got)
    } else {
        Err(Failure::verification(format!(
            "the played video has {} bytes, the uploaded one {len}",
            got.len()
        )))
    }
}

fn part(
    transport: &impl BlockingTransport,
    url: &str,
    range: Range<u64>,
    len: u64,
) -> Result<Bytes, Failure> {
    let response = get(transport, url, Some(&range))?;
    if response.status() != StatusCode::PARTIAL_CONTENT {
        return Err(refused(&response));
    }
    let announced = response
        .headers()
        .get(CONTENT_RANGE)
        .and_then(|value| value.to_str().ok());
    let wanted = format!("bytes {}-{}/{len}", range.start, range.end - 1);
    if announced != Some(wanted.as_str()) {
        return Err(Failure::verification(format!(
            "asked for {wanted}, got {}",
            announced.unwrap_or("no Content-Range")
        )));
    }
    Ok(response.into_body())
}

fn get(
    transport: &impl BlockingTransport,
    url: &str,
    range: Option<&Range<u64>>,
) -> Result<Response<Bytes>, Failure> {
    let mut request = Request::get(url);
    if let Some(range) = range {
        request = request.header(RANGE, format!("bytes={}-{}", range.start, range.end - 1));
    }
    // The address carries a token, so the library's own message about it is not passed on.
    let request = request
        .body(Payload::empty())
        .map_err(|_| Failure::verification("the play address is not an address"))?;
    let limits = Limits {
        response_bytes: 2 * PIECE,
        ..Limits::transfer()
    };
    Ok(transport.send(Outgoing::new(request, limits))?)
}

fn refused(response: &Response<Bytes>) -> Failure {
    Failure::new(
        Exit::Refused,
        "refused",
        format!(
            "the play address answers HTTP {}",
            response.status().as_u16()
        ),
    )
}

#[cfg(test)]
mod tests {
    use vodkit_request::testing::{Reply, ScriptedTransport};

    use super::*;

    const ORIGINAL: Original = Original::BuiltIn {
        name: "a.mp4",
        bytes: b"0123456789",
    };

    fn code<T: std::fmt::Debug>(result: Result<T, Failure>) -> u8 {
        result.unwrap_err().exit().code()
    }

    #[test]
    fn equal_bytes_have_the_digest_of_the_original() {
        let transport = ScriptedTransport::new([Reply::json("0123456789")]);
        assert_eq!(
            compare(&transport, "http://h/v", &ORIGINAL).unwrap(),
            ORIGINAL.md5().unwrap()
        );
        assert_eq!(ORIGINAL.md5().unwrap(), "781e5e245d69b566979b86e28d23f2c7");
    }

    #[test]
    fn any_difference_is_a_failed_verification() {
        for body in ["0123456788", "012345678", "01234567890"] {
            assert_eq!(
                code(compare(
                    &ScriptedTransport::new([Reply::json(body)]),
                    "http://h/v",
                    &ORIGINAL
                )),
                8,
                "{body}"
            );
        }
        let gone = ScriptedTransport::new([Reply::status(403, "no")]);
        assert_eq!(code(compare(&gone, "http://h/v", &ORIGINAL)), 1);
    }

    #[test]
    fn a_seek_must_be_answered_with_its_range() {
        let answer = |status, header, body: &str| {
            ScriptedTransport::new([Reply::status(status, body).header("content-range", header)])
        };
        assert_eq!(
            seek(
                &answer(206, "bytes 3-6/10", "3456"),
                "http://h/v",
                &ORIGINAL
            )
            .unwrap(),
            3..7
        );
        assert_eq!(
            code(seek(
                &answer(206, "bytes 3-6/10", "3457"),
                "http://h/v",
                &ORIGINAL
            )),
            8
        );
        assert_eq!(
            code(seek(
                &answer(206, "bytes 2-5/10", "3456"),
                "http://h/v",
                &ORIGINAL
            )),
            8
        );
        assert_eq!(
            code(seek(
                &answer(200, "", "0123456789"),
                "http://h/v",
                &ORIGINAL
            )),
            1
        );
    }
}
