//! One upload against a script, under both drivers.

use std::io;
use std::sync::{Arc, LazyLock, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use bytes::Bytes;
use md5::{Digest as _, Md5};
use vodkit_request::flow::Keeper;
use vodkit_request::mediacloud::{MediaCloud, ObjectStorage, Upload, Uploaded};
use vodkit_request::testing::{Reply, ScriptedTransport};
use vodkit_request::transport::Outgoing;
use vodkit_request::types::FileInput;
use vodkit_request::upload::{Journal, Transfer};
use vodkit_request::{Error, Run, Session};

use crate::drivers::block_on;
use crate::mediacloud_account::{session, tokens};

pub(crate) const MIB: usize = 1 << 20;
/// The least that a part may have.
pub(crate) const PART: usize = 5 * MIB;
pub(crate) const PATH: &str = "/films/第一课 1.mp4";
pub(crate) const SMALL: &[u8] = b"not really a film";

pub(crate) fn storage() -> ObjectStorage {
    ObjectStorage::new("http://s3.example.test", "region-1").unwrap()
}

pub(crate) fn hex(bytes: impl AsRef<[u8]>) -> String {
    let bytes = bytes.as_ref().iter();
    bytes.map(|byte| format!("{byte:02x}")).collect()
}

pub(crate) fn md5(bytes: &[u8]) -> String {
    hex(Md5::digest(bytes))
}

/// A file of two whole parts and a short one.
static FILM: LazyLock<Bytes> = LazyLock::new(|| {
    let bytes = (0..2 * PART + 777).map(|n| (n / 7 % 251) as u8);
    bytes.collect::<Vec<_>>().into()
});

/// The MD5 of each of its parts.
static DIGESTS: LazyLock<[[u8; 16]; 3]> =
    LazyLock::new(|| [1, 2, 3].map(|number| Md5::digest(part(number)).into()));

pub(crate) fn film() -> Bytes {
    FILM.clone()
}

pub(crate) fn part(number: usize) -> Bytes {
    FILM.slice((number - 1) * PART..FILM.len().min(number * PART))
}

/// The tag of a part.
pub(crate) fn part_tag(number: usize) -> String {
    hex(DIGESTS[number - 1])
}

/// The tag of the film, when it was put together.
pub(crate) fn whole_tag() -> String {
    format!("{}-3", hex(Md5::digest(DIGESTS.concat())))
}

/// Something is stored under this tag.
pub(crate) fn stored(tag: &str) -> Reply {
    Reply::status(200, "").header("etag", &format!("\"{tag}\""))
}

pub(crate) fn part_stored(number: usize) -> Reply {
    stored(&part_tag(number))
}

pub(crate) fn opened() -> Reply {
    Reply::status(
        200,
        "<?xml version=\"1.0\"?>\n<InitiateMultipartUploadResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Bucket>b</Bucket><UploadId>up/1</UploadId></InitiateMultipartUploadResult>",
    )
}

pub(crate) fn completed() -> Reply {
    Reply::status(
        200,
        format!(
            "<CompleteMultipartUploadResult xmlns=\"x\"><ETag>&quot;{}&quot;</ETag></CompleteMultipartUploadResult>",
            whole_tag()
        ),
    )
}

pub(crate) fn registered() -> Reply {
    Reply::json(r#"{"requestId":"r-9","code":200,"msg":"成功","data":"m-77"}"#)
}

/// A refusal of the storage.
pub(crate) fn refused(status: u16, code: &str) -> Reply {
    Reply::status(
        status,
        format!(
            "<?xml version=\"1.0\"?>\n<Error><Code>{code}</Code><Message>words of {code}</Message><RequestId>0A1B</RequestId></Error>"
        ),
    )
}

/// A login that gives this token for calls, and keys whose session token ends with the same word.
pub(crate) fn login(word: &str) -> Reply {
    let reply = tokens(&format!("test-access-{word}"), "36000");
    Reply::json(reply.replace("test-session-token", &format!("test-session-{word}")))
}

/// A login whose keys end at this second, by their token.
pub(crate) fn login_until(word: &str, exp: i64) -> Reply {
    let claims = format!(r#"{{"exp":{exp},"word":"{word}"}}"#);
    let token = format!("e30.{}.{word}", BASE64.encode(claims));
    let reply = tokens(&format!("test-access-{word}"), "36000");
    Reply::json(reply.replace("test-session-token", &token))
}

/// Records in memory.
#[derive(Debug, Default)]
pub(crate) struct Memory(Mutex<Vec<Vec<u8>>>);

impl Memory {
    pub(crate) fn records(&self) -> Vec<Vec<u8>> {
        self.0.lock().unwrap().clone()
    }

    pub(crate) fn text(&self) -> String {
        let records = self.records();
        records
            .iter()
            .map(|record| String::from_utf8(record.clone()).unwrap() + "\n")
            .collect()
    }
}

impl Keeper for Memory {
    fn keep(&self, record: &[u8]) -> io::Result<()> {
        self.0.lock().unwrap().push(record.to_vec());
        Ok(())
    }
}

/// What came of an upload.
#[derive(Debug)]
pub(crate) struct Told {
    pub(crate) result: Result<Uploaded, Error>,
    pub(crate) log: Vec<String>,
    pub(crate) sent: Vec<Outgoing>,
    /// What its journal was given, with what it had before.
    pub(crate) records: Vec<Vec<u8>>,
}

impl Told {
    pub(crate) fn error(&self) -> &Error {
        self.result.as_ref().unwrap_err()
    }

    /// Methods and what they are about, in one word each.
    pub(crate) fn steps(&self) -> Vec<String> {
        let step = |outgoing: &Outgoing| {
            let uri = outgoing.request.uri();
            let query = uri.query().unwrap_or_default();
            let has = |name: &str| {
                query
                    .split('&')
                    .any(|pair| pair.split('=').next() == Some(name))
            };
            let about = match uri.path().rsplit('/').next() {
                Some("login") => "login".to_owned(),
                Some("medias") => "medias".to_owned(),
                _ if has("partNumber") => {
                    let number = query.split("partNumber=").nth(1).unwrap();
                    format!("part {}", number.split('&').next().unwrap())
                }
                _ if has("uploads") => "open".to_owned(),
                _ if has("max-parts") => "list".to_owned(),
                _ if has("uploadId") => "upload".to_owned(),
                _ => "object".to_owned(),
            };
            format!("{} {about}", outgoing.request.method())
        };
        self.sent.iter().map(step).collect()
    }

    /// The session token that each request to the storage was signed with.
    pub(crate) fn tokens(&self) -> Vec<String> {
        let of = |outgoing: &Outgoing| {
            let query = outgoing.request.uri().query()?.to_owned();
            let (_, token) = query.split_once("X-Amz-Security-Token=")?;
            Some(token.split('&').next()?.to_owned())
        };
        self.sent.iter().filter_map(of).collect()
    }
}

pub(crate) fn small() -> FileInput {
    FileInput::path("/films/small.mp4")
}

fn scripted(replies: &[Reply]) -> ScriptedTransport {
    ScriptedTransport::new(replies.iter().cloned())
        .file_of(PATH, film())
        .file_of("/films/small.mp4", SMALL)
}

/// An upload of `file` with a journal that has these records, under both drivers: what they do must be the same.
pub(crate) fn upload_with(
    session: impl Fn() -> Session<MediaCloud>,
    replies: &[Reply],
    file: &FileInput,
    before: &[Vec<u8>],
    transfer: impl Fn(Transfer) -> Transfer,
    change: impl for<'s> Fn(Upload<'s>) -> Upload<'s>,
) -> Told {
    let journal = || {
        let memory = Arc::new(Memory(Mutex::new(before.to_vec())));
        let journal = Journal::resume(memory.clone(), before).unwrap();
        (memory, journal)
    };
    let (memory, kept) = journal();
    let (other_memory, other_kept) = journal();
    let (one, two) = (session(), session());
    let (blocking, asynchronous) = (scripted(replies), scripted(replies));
    let prepared = |session, journal| {
        let transfer = transfer(
            Transfer::new()
                .part_size(PART as u64)
                .lanes(1)
                .journal(journal),
        );
        let upload = Upload::new(session, file.clone(), &storage(), "test-bucket");
        change(upload.transfer(transfer))
    };
    let result = Run::new(&blocking, prepared(&one, kept)).send();
    let other = block_on(Run::new(&asynchronous, prepared(&two, other_kept)));
    assert_eq!(blocking.log(), asynchronous.log());
    assert_eq!(memory.text(), other_memory.text());
    let words = |result: &Result<Uploaded, Error>| match result {
        Ok(uploaded) => format!("{uploaded:?}"),
        Err(error) => error.to_string(),
    };
    assert_eq!(words(&result), words(&other));
    assert_eq!(blocking.unused(), 0, "replies left: {:#?}", blocking.log());
    Told {
        result,
        log: blocking.log(),
        sent: blocking.sent(),
        records: memory.records(),
    }
}

/// The film, from the start.
pub(crate) fn upload(replies: &[Reply]) -> Told {
    resume(replies, &[])
}

/// The film, with what an earlier process has written down.
pub(crate) fn resume(replies: &[Reply], before: &[Vec<u8>]) -> Told {
    let file = FileInput::path(PATH);
    upload_with(
        session,
        replies,
        &file,
        before,
        |transfer| transfer,
        |upload| upload,
    )
}

/// A file of one part, with these settings.
pub(crate) fn put(
    replies: &[Reply],
    before: &[Vec<u8>],
    change: impl for<'s> Fn(Upload<'s>) -> Upload<'s>,
) -> Told {
    upload_with(
        session,
        replies,
        &small(),
        before,
        |transfer| transfer,
        change,
    )
}
