//! Uploads to MediaCloud's storage over both transports against the emulator: what arrives, what survives, and what is never done twice.

#![allow(clippy::unwrap_used, reason = "a test that cannot set up has failed")]

use std::io::{self, Write as _};
use std::path::Path;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http::Response;
use tempfile::NamedTempFile;
use vodkit_async::Async;
use vodkit_blocking::Blocking;
use vodkit_emulator::mediacloud::DEFAULT_BUCKET;
use vodkit_emulator::{Emulator, Stored};
use vodkit_mediacloud::{
    Client, Error, ErrorKind, FileInput, Journal, Keeper, Note, ObjectStorage, ProgressSink,
    Transfer,
};
use vodkit_request::digest::{Digests, Wanted};
use vodkit_request::flow::Stretch;
use vodkit_request::transport::{
    AsyncTransport, BlockingTransport, FileFacts, Outgoing, Tick, TransportError,
    TransportErrorKind,
};

const PART: u64 = 5 << 20;

/// Bytes that differ from part to part, on disk.
struct Film {
    file: NamedTempFile,
    bytes: Vec<u8>,
}

impl Film {
    fn of(len: usize) -> Self {
        let bytes: Vec<u8> = (0..len)
            .map(|n| (n % 251) as u8 ^ (n >> 16) as u8)
            .collect();
        let mut file = tempfile::Builder::new()
            .prefix("第一课 'a'&")
            .suffix(".mp4")
            .tempfile()
            .unwrap();
        file.write_all(&bytes).unwrap();
        Self { file, bytes }
    }

    fn input(&self) -> FileInput {
        FileInput::path(self.file.path())
    }

    fn md5(&self) -> String {
        let len = self.bytes.len() as u64;
        let digests = Digests::read(&mut &self.bytes[..], len, Wanted::MD5).unwrap();
        let digits = digests.md5.unwrap();
        digits.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// A transport that loses what the test says.
struct Cut<T> {
    inner: T,
    /// Requests with a part that still go through.
    parts: AtomicI64,
    /// Replies to registrations that are lost after the vendor has acted.
    registrations: AtomicUsize,
}

impl<T> Cut<T> {
    fn new(inner: T) -> Self {
        Self {
            inner,
            parts: AtomicI64::new(i64::MAX),
            registrations: AtomicUsize::new(0),
        }
    }

    /// Nothing of what follows reaches the storage any more, as if the process had died.
    fn refuses(&self, outgoing: &Outgoing) -> Result<(), TransportError> {
        let uri = outgoing.request.uri();
        let is_part = uri
            .query()
            .is_some_and(|query| query.contains("partNumber="));
        if is_part && self.parts.fetch_sub(1, Ordering::SeqCst) <= 0 {
            return Err(TransportError::new(TransportErrorKind::LocalFile, "cut"));
        }
        Ok(())
    }

    fn loses(&self, is_registration: bool) -> bool {
        let less = |left: usize| left.checked_sub(1);
        is_registration
            && self
                .registrations
                .fetch_update(Ordering::SeqCst, Ordering::SeqCst, less)
                .is_ok()
    }
}

fn is_registration(outgoing: &Outgoing) -> bool {
    outgoing.request.uri().path().ends_with("/medias")
}

fn lost() -> TransportError {
    TransportError::new(TransportErrorKind::Interrupted, "the reply was lost")
}

impl<T: BlockingTransport> BlockingTransport for Cut<T> {
    fn tick(&self) -> Tick {
        self.inner.tick()
    }
    fn send(&self, outgoing: Outgoing) -> Result<Response<Bytes>, TransportError> {
        self.refuses(&outgoing)?;
        let registers = is_registration(&outgoing);
        let reply = self.inner.send(outgoing);
        if self.loses(registers) {
            Err(lost())
        } else {
            reply
        }
    }
    fn sleep(&self, duration: Duration) {
        self.inner.sleep(duration);
    }
    fn inspect(&self, path: &Path) -> io::Result<FileFacts> {
        self.inner.inspect(path)
    }
    fn digest(&self, stretch: &Stretch) -> io::Result<Digests> {
        self.inner.digest(stretch)
    }
}

#[async_trait]
impl<T: AsyncTransport> AsyncTransport for Cut<T> {
    fn tick(&self) -> Tick {
        self.inner.tick()
    }
    async fn send(&self, outgoing: Outgoing) -> Result<Response<Bytes>, TransportError> {
        self.refuses(&outgoing)?;
        let registers = is_registration(&outgoing);
        let reply = self.inner.send(outgoing).await;
        if self.loses(registers) {
            Err(lost())
        } else {
            reply
        }
    }
    async fn sleep(&self, duration: Duration) {
        self.inner.sleep(duration).await;
    }
    async fn inspect(&self, path: &Path) -> io::Result<FileFacts> {
        self.inner.inspect(path).await
    }
    async fn digest(&self, stretch: &Stretch) -> io::Result<Digests> {
        self.inner.digest(stretch).await
    }
}

#[derive(Debug, Default)]
struct Records(Mutex<Vec<Vec<u8>>>);

impl Keeper for Records {
    fn keep(&self, record: &[u8]) -> io::Result<()> {
        self.0.lock().unwrap().push(record.to_vec());
        Ok(())
    }
}

/// A journal that goes on from what `records` has.
fn journal(records: &Arc<Records>) -> Journal {
    let before = records.0.lock().unwrap().clone();
    Journal::resume(records.clone(), before).unwrap()
}

fn storage(emulator: &Emulator) -> ObjectStorage {
    ObjectStorage::new(emulator.base_url(), "cn-test-1").unwrap()
}

fn client<T>(emulator: &Emulator, transport: T) -> Client<T> {
    let account = emulator.mediacloud();
    Client::builder()
        .base_url(emulator.base_url())
        .username(account.username.as_str())
        .password(account.password.as_str())
        .build(transport)
        .unwrap()
}

/// How often the emulator has done this.
fn done(emulator: &Emulator, operation: &str) -> usize {
    let journal = emulator.journal();
    let done = journal.iter().filter(|record| {
        record.operation == Some(operation) && (200..300).contains(&record.status)
    });
    done.filter(|record| record.code.as_deref().is_none_or(|code| code == "200"))
        .count()
}

fn object(emulator: &Emulator, file_uri: &str) -> Stored {
    let stored = emulator.stored().into_iter();
    let mut named = stored.filter(|stored| stored.id == file_uri);
    named.next().unwrap()
}

fn parts() -> Transfer {
    Transfer::new().part_size(PART)
}

/// The stories. `$go` sends; `$transport` makes a transport.
macro_rules! stories {
    ($transport:expr, $go:ident) => {{
        // Whole, from a file and from memory.
        let emulator = Emulator::builder()
            .transcode_time(Duration::ZERO)
            .start()
            .unwrap();
        let bucket = storage(&emulator);
        let client = client(&emulator, Cut::new($transport));
        let small = Film::of(300_001);
        let uploaded = $go!(
            client
                .upload(small.input(), &bucket, DEFAULT_BUCKET)
                .title("第一课")
        )?;
        let stored = object(&emulator, &uploaded.file_uri);
        assert_eq!(
            (stored.bytes, stored.md5, uploaded.bytes),
            (300_001, small.md5(), 300_001)
        );
        let id = uploaded
            .media
            .as_ref()
            .unwrap()
            .as_str()
            .unwrap()
            .to_owned();
        let medium = $go!(client.get_media(id))?;
        assert_eq!(medium["fileUri"], uploaded.file_uri.as_str());
        assert_eq!(
            (&medium["displayName"], &medium["cloudProviderType"]),
            (&"第一课".into(), &1.into())
        );
        let key = "2026/一 b+c=d&e%20'f' (1)*~!;:@$,.mp4";
        let memory = FileInput::bytes("x.mp4", small.bytes.clone());
        let uploaded = $go!(
            client
                .upload(memory, &bucket, DEFAULT_BUCKET)
                .key(key)
                .unregistered()
        )?;
        assert_eq!(uploaded.file_uri, format!("{DEFAULT_BUCKET}/{key}"));
        assert_eq!(object(&emulator, &uploaded.file_uri).md5, small.md5());
        // One login serves calls and uploads.
        assert_eq!(done(&emulator, "api/v1/login"), 1);
        assert_eq!(done(&emulator, "POST api/v1/medias"), 1);
        let nobodys = $go!(client.upload(small.input(), &bucket, "nobodys-bucket")).unwrap_err();
        assert_eq!(
            (nobodys.kind(), nobodys.code()),
            (ErrorKind::Refused, Some("NoSuchBucket"))
        );

        // In parts, several at once; the keys end on the way, by the storage's clock.
        let film = Film::of(5 * PART as usize + 77);
        let reached = Arc::new(AtomicUsize::new(0));
        let (sink, shared) = (
            reached.clone(),
            Arc::new(
                Emulator::builder()
                    .mediacloud_token_lifetime(Duration::from_secs(3600))
                    .transcode_time(Duration::ZERO)
                    .start()
                    .unwrap(),
            ),
        );
        let (clock, total) = (shared.clone(), film.bytes.len() as u64);
        let progress = ProgressSink::new(move |progress| {
            assert_eq!(progress.total, total);
            if progress.sent > 2 * PART && sink.fetch_add(1, Ordering::SeqCst) == 0 {
                clock.advance(Duration::from_secs(2 * 3600));
            }
        });
        let renewing = self::client(&shared, Cut::new($transport));
        let noted = Arc::new(Mutex::new(Vec::new()));
        let notes = noted.clone();
        let uploaded = $go!(
            renewing
                .upload(film.input(), &storage(&shared), DEFAULT_BUCKET)
                .transfer(
                    parts()
                        .lanes(2)
                        .notes(move |note| notes.lock().unwrap().push(note))
                )
                .progress(progress)
        )?;
        assert!(reached.load(Ordering::SeqCst) > 0);
        let stored = object(&shared, &uploaded.file_uri);
        assert_eq!((stored.bytes, stored.md5), (total, film.md5()));
        assert_eq!(
            (
                done(&shared, "CreateMultipartUpload"),
                done(&shared, "UploadPart")
            ),
            (1, 6)
        );
        assert_eq!(done(&shared, "api/v1/login"), 2);
        assert_eq!(*noted.lock().unwrap(), [Note::Renewed]);
        assert!(uploaded.stored.etag.unwrap().ends_with("-6"));

        // The process ends in the middle; another one goes on.
        let records = Arc::new(Records::default());
        let cut = self::client(&emulator, Cut::new($transport));
        cut.transport().parts.store(3, Ordering::SeqCst);
        let before = done(&emulator, "UploadPart");
        let error = $go!(
            cut.upload(film.input(), &bucket, DEFAULT_BUCKET)
                .transfer(parts().lanes(1).journal(journal(&records)))
        )
        .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::LocalFile);
        assert!(
            error
                .to_string()
                .contains("15728640 of 26214477 bytes are stored"),
            "{error}"
        );
        assert_eq!(done(&emulator, "UploadPart") - before, 3);
        let again = self::client(&emulator, Cut::new($transport));
        again.transport().registrations.store(1, Ordering::SeqCst);
        let media = done(&emulator, "POST api/v1/medias");
        let error = $go!(
            again
                .upload(film.input(), &bucket, DEFAULT_BUCKET)
                .transfer(parts().journal(journal(&records)))
        )
        .unwrap_err();
        // Nothing that was confirmed is sent again, and what the registration came to is not known.
        assert_eq!(done(&emulator, "UploadPart") - before, 6);
        assert_eq!(
            (error.kind(), error.maybe_sent()),
            (ErrorKind::OutcomeUnknown, true)
        );
        let requests = emulator.journal().len();
        let transfer = || parts().journal(journal(&records));
        let error = $go!(
            again
                .upload(film.input(), &bucket, DEFAULT_BUCKET)
                .transfer(transfer())
        )
        .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::OutcomeUnknown);
        assert_eq!(emulator.journal().len(), requests, "nothing is sent");
        let uploaded = $go!(
            again
                .upload(film.input(), &bucket, DEFAULT_BUCKET)
                .transfer(transfer().repeat_unknown())
        )?;
        assert!(error.to_string().contains(&uploaded.file_uri), "{error}");
        assert_eq!(object(&emulator, &uploaded.file_uri).md5, film.md5());
        assert_eq!(done(&emulator, "POST api/v1/medias") - media, 2);
        let same = $go!(
            again
                .upload(film.input(), &bucket, DEFAULT_BUCKET)
                .transfer(transfer())
        )?;
        assert_eq!(
            (same.file_uri, same.media),
            (uploaded.file_uri, uploaded.media)
        );

        // A clock that is wrong by an hour, in both directions.
        for seconds in [3600, -3600] {
            let wrong = Emulator::builder().clock_offset(seconds).start().unwrap();
            let client = self::client(&wrong, Cut::new($transport));
            let uploaded = $go!(
                client
                    .upload(small.input(), &storage(&wrong), DEFAULT_BUCKET)
                    .unregistered()
            )?;
            assert_eq!(object(&wrong, &uploaded.file_uri).md5, small.md5());
        }

        // What is given up is gone.
        let records = Arc::new(Records::default());
        cut.transport().parts.store(1, Ordering::SeqCst);
        let given_up = $go!(
            cut.upload(film.input(), &bucket, DEFAULT_BUCKET)
                .transfer(parts().lanes(1).journal(journal(&records)))
        );
        assert!(given_up.is_err());
        assert!($go!(cut.abandon_upload(journal(&records), &bucket))?.aborted);
        assert_eq!(done(&emulator, "AbortMultipartUpload"), 1);
        assert!(!$go!(cut.abandon_upload(journal(&records), &bucket))?.aborted);
        Ok::<(), Error>(())
    }};
}

#[test]
fn uploads_over_the_blocking_transport() {
    macro_rules! go {
        ($run:expr) => {
            $run.send()
        };
    }
    let told: Result<(), Error> = (|| stories!(Blocking::new().unwrap(), go))();
    told.unwrap_or_else(|error| panic!("{error}"));
}

#[tokio::test]
async fn uploads_over_the_async_transport() {
    macro_rules! go {
        ($run:expr) => {
            $run.await
        };
    }
    let told: Result<(), Error> = async { stories!(Async::new().unwrap(), go) }.await;
    told.unwrap_or_else(|error| panic!("{error}"));
}
