//! One upload against a script, by either vendor's flow, under both drivers.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use vodkit_request::flow::Flow;
use vodkit_request::oss::Stored;
use vodkit_request::testing::{Reply, ScriptedTransport};
use vodkit_request::types::FileInput;
use vodkit_request::{Error, Payload, RetryPolicy, Run, Session, polyv, quvideo};

use crate::drivers::block_on;

pub(crate) const ID: &str = "test-sts-id-0123456789";
pub(crate) const SECRET: &str = "test-sts-secret-0123456789";
pub(crate) const TOKEN: &str = "test-sts-token-0123456789+/==";
pub(crate) const NEW_ID: &str = "test-sts-id-9876543210";
pub(crate) const NEW_SECRET: &str = "test-sts-secret-9876543210";
pub(crate) const NEW_TOKEN: &str = "test-sts-token-9876543210+/==";
pub(crate) const VIDEO: &str = "v1234567890123456789abcdef012345_v";
pub(crate) const CALLBACK: &str = r#"{"callbackUrl":"https://callback.example.test/u","callbackBody":"size=${size}","callbackHost":"callback.example.test"}"#;
/// The content of [`film`], in the digests of the storage. Made with Python: `hashlib.md5`, and the polynomial of CRC-64/XZ bit by bit.
pub(crate) const CONTENT: &[u8] = b"not really a film";
pub(crate) const MD5: &str = "BA944C42FD67D92B91BDCD2B7E2B2583";
pub(crate) const CRC64: &str = "10751065014576281773";

pub(crate) fn film() -> FileInput {
    FileInput::bytes("第一课 1.MP4", CONTENT)
}

pub(crate) fn packed(value: &Value) -> String {
    STANDARD.encode(value.to_string())
}

/// The object is stored.
pub(crate) fn stored() -> Reply {
    Reply::status(200, "")
        .header(
            "etag",
            concat!("\"", "BA944C42FD67D92B91BDCD2B7E2B2583", "\""),
        )
        .header("x-oss-hash-crc64ecma", CRC64)
}

/// A refusal of the storage.
pub(crate) fn refused(status: u16, code: &str) -> Reply {
    Reply::status(
        status,
        format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error>\n  <Code>{code}</Code>\n  <Message>words of {code}</Message>\n  \
             <RequestId>0123456789ABCDEF01234567</RequestId>\n  <HostId>oss.example.test</HostId>\n</Error>\n"
        ),
    )
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Vendor {
    Polyv,
    QuVideo,
}

pub(crate) const BOTH: [Vendor; 2] = [Vendor::Polyv, Vendor::QuVideo];

/// What came of an upload.
pub(crate) struct Told {
    pub(crate) result: Result<(String, u64, Stored), Error>,
    pub(crate) log: Vec<String>,
    pub(crate) sent: Vec<http::Request<Payload>>,
}

impl Told {
    pub(crate) fn error(&self) -> &Error {
        self.result.as_ref().unwrap_err()
    }

    /// The requests to the storage.
    pub(crate) fn puts(&self) -> Vec<&http::Request<Payload>> {
        self.sent
            .iter()
            .filter(|request| request.method() == http::Method::PUT)
            .collect()
    }
}

pub(crate) fn header<'r>(request: &'r http::Request<Payload>, name: &str) -> &'r str {
    request
        .headers()
        .get(name)
        .map_or("", |value| value.to_str().unwrap())
}

impl Vendor {
    /// Place and keys.
    pub(crate) fn grant(self) -> Reply {
        match self {
            Self::Polyv => Reply::json(ticket(json!({})).to_string()),
            Self::QuVideo => Reply::json(
                granted("https://oss.example.test", "test-bucket", "sv/a/课 1.mp4").to_string(),
            ),
        }
    }

    /// Other keys for the same place.
    pub(crate) fn renewal(self) -> Reply {
        match self {
            Self::Polyv => {
                let mut reply = ticket(json!({
                    // Whatever else it says, the place stays.
                    "dir": "elsewhere/", "bucketName": "other", "domain": "other.example.test",
                    "accessId": NEW_ID, "accessKey": NEW_SECRET, "token": NEW_TOKEN,
                }));
                reply["data"].as_object_mut().unwrap().remove("vid");
                Reply::json(reply.to_string())
            }
            Self::QuVideo => {
                let mut reply = granted("https://oss.example.test", "test-bucket", "sv/a/课 1.mp4");
                reply["data"]["uploadAuth"] = auth(NEW_ID, NEW_SECRET, NEW_TOKEN).into();
                Reply::json(reply.to_string())
            }
        }
    }

    /// The calls that ask for keys, by the end of their paths.
    pub(crate) fn asks(self) -> [&'static str; 2] {
        match self {
            Self::Polyv => [
                "/v2/uploadvideo/vodkitdemo/init",
                "/v2/uploadvideo/vodkitdemo/token",
            ],
            Self::QuVideo => ["/vod/getVideoUploadAuth", "/vod/refreshVideoUploadAuth"],
        }
    }

    /// Uploads the film with these replies of the storage after the grant.
    pub(crate) fn upload(self, replies: &[Reply]) -> Told {
        self.upload_with(replies, film(), RetryPolicy::STANDARD)
    }

    pub(crate) fn upload_with(
        self,
        replies: &[Reply],
        file: FileInput,
        retry: RetryPolicy,
    ) -> Told {
        let replies: Vec<Reply> = [self.grant()].iter().chain(replies).cloned().collect();
        self.told(&replies, file, retry)
    }

    /// Uploads the film after this reply to the first call.
    pub(crate) fn upload_after(self, grant: Reply, replies: &[Reply]) -> Told {
        let replies: Vec<Reply> = [grant].iter().chain(replies).cloned().collect();
        self.told(&replies, film(), RetryPolicy::STANDARD)
    }

    /// Uploads what nobody should ever be asked about.
    pub(crate) fn upload_offline(self, file: FileInput) -> Told {
        self.told(&[], file, RetryPolicy::STANDARD)
    }

    fn told(self, replies: &[Reply], file: FileInput, retry: RetryPolicy) -> Told {
        let script = || ScriptedTransport::new(replies.iter().cloned()).file("/tmp/课 1.mp4", 1000);
        match self {
            Self::Polyv => of_polyv(&script, retry, &|upload| upload, file),
            Self::QuVideo => of_quvideo(&script, retry, &|upload| upload.unpublished(), file),
        }
    }
}

pub(crate) fn ticket(changes: Value) -> Value {
    let mut data = json!({
        "vid": VIDEO, "dir": "vodkitdemo/2/", "bucketName": "test-bucket",
        "domain": "upload.example.test", "endpoint": "oss.example.test",
        "host": "https://test-bucket.oss.example.test",
        "accessId": ID, "accessKey": SECRET, "token": TOKEN,
        "Expiration": "2024-01-01T00:00:00Z", "validityTime": 3600,
        "callback": CALLBACK, "encodedCallback": "vendors-own", "remainSpace": 1 << 30,
    });
    for (name, value) in changes.as_object().unwrap() {
        data[name] = value.clone();
    }
    json!({ "code": 200, "status": "success", "message": "success", "data": data })
}

fn auth(id: &str, secret: &str, token: &str) -> String {
    packed(&json!({
        "AccessKeyId": id, "AccessKeySecret": secret, "SecurityToken": token, "Expiration": "3600",
    }))
}

pub(crate) fn granted(endpoint: &str, bucket: &str, key: &str) -> Value {
    json!({ "result": "true", "requestId": "r-1", "message": "", "code": "200", "data": {
        "videoId": VIDEO,
        "uploadAddress": packed(&json!({ "Endpoint": endpoint, "Bucket": bucket, "FileName": key })),
        "uploadAuth": auth(ID, SECRET, TOKEN),
    }})
}

/// Runs a flow under both drivers, which must do the same to the last byte.
fn both<F: Flow<Output: Send> + Send>(
    script: &dyn Fn() -> ScriptedTransport,
    flows: [F; 2],
    read: impl Fn(F::Output) -> (String, u64, Stored),
) -> Told {
    let [first, second] = flows;
    let (blocking, asynchronous) = (script(), script());
    let result = Run::new(&blocking, first).send().map(&read);
    let other = block_on(Run::new(&asynchronous, second)).map(&read);
    assert_eq!(blocking.log(), asynchronous.log());
    assert_eq!(
        format!("{:?}", result.as_ref().map_err(ToString::to_string)),
        format!("{:?}", other.as_ref().map_err(ToString::to_string))
    );
    assert_eq!(blocking.unused(), 0, "{:#?}", blocking.log());
    let requests = |transport: &ScriptedTransport| -> Vec<http::Request<Payload>> {
        let sent = transport.sent();
        sent.into_iter().map(|outgoing| outgoing.request).collect()
    };
    let (sent, others) = (requests(&blocking), requests(&asynchronous));
    for (one, other) in sent.iter().zip(&others) {
        assert_eq!(one.headers(), other.headers());
        assert_eq!(one.body(), other.body());
    }
    Told {
        result,
        log: blocking.log(),
        sent,
    }
}

pub(crate) fn of_polyv(
    script: &dyn Fn() -> ScriptedTransport,
    retry: RetryPolicy,
    set: &dyn for<'s> Fn(polyv::Upload<'s>) -> polyv::Upload<'s>,
    file: FileInput,
) -> Told {
    let session = || {
        let base = "https://api.example.test".parse().unwrap();
        let vendor = polyv::Polyv::at("vodkitdemo", "test-key-0123456789", base).unwrap();
        Session::new(vendor).with_retry(retry)
    };
    let sessions = [session(), session()];
    let flows =
        [&sessions[0], &sessions[1]].map(|session| set(polyv::Upload::new(session, file.clone())));
    both(script, flows, |done| (done.vid, done.bytes, done.stored))
}

pub(crate) fn of_quvideo(
    script: &dyn Fn() -> ScriptedTransport,
    retry: RetryPolicy,
    set: &dyn for<'s> Fn(quvideo::Upload<'s>) -> quvideo::Upload<'s>,
    file: FileInput,
) -> Told {
    let session = || {
        let base = "http://app.example.test:8080".parse().unwrap();
        Session::new(quvideo::QuVideo::new(base).with_token("test-token-0123456789"))
            .with_retry(retry)
    };
    let sessions = [session(), session()];
    let flows = [&sessions[0], &sessions[1]]
        .map(|session| set(quvideo::Upload::new(session, file.clone())));
    both(script, flows, |done| {
        (done.video_id, done.bytes, done.stored)
    })
}
