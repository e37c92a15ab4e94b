//! The storage's side.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use http::{Method, Request, Response};
use vodkit_request::Payload;
use vodkit_request::crc64::Crc64;

use super::{Fault, Opened, World};

/// What is stored, with its checksum, which takes a while without optimisation.
#[derive(Clone, Debug)]
pub(crate) struct Object {
    pub(crate) bytes: Bytes,
    crc64: u64,
}

impl Object {
    fn new(bytes: Bytes) -> Self {
        let crc64 = Crc64::of(&bytes);
        Self { bytes, crc64 }
    }

    fn tag(&self) -> String {
        format!("T{}", self.crc64)
    }

    fn stored(&self) -> Response<Bytes> {
        Response::builder()
            .header("etag", format!("\"{}\"", self.tag()))
            .header("x-oss-hash-crc64ecma", self.crc64.to_string())
            .body(Bytes::new())
            .unwrap()
    }
}

impl World {
    pub(super) fn of_storage(
        &mut self,
        request: &Request<Payload>,
        fault: &Fault,
    ) -> Response<Bytes> {
        let authorization = request.headers()["authorization"].to_str().unwrap();
        let number = authorization
            .strip_prefix("OSS canary-id-")
            .and_then(|rest| rest.split(':').next())
            .unwrap();
        if self.elapsed >= self.keys.1 || number.parse::<u32>().unwrap() < self.oldest_keys {
            return refusal(403, "SecurityTokenExpired");
        }
        let key = request.uri().path().to_owned();
        let pairs: BTreeMap<&str, &str> = request
            .uri()
            .query()
            .unwrap_or_default()
            .split('&')
            .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
            .collect();
        let id = pairs.get("uploadId").copied();
        if id.is_some_and(|id| self.uploads.get(id).is_none_or(|upload| upload.key != key)) {
            return refusal(404, "NoSuchUpload");
        }
        let mut body = self.body(request);
        if *fault == Fault::Flipped && *request.method() == Method::PUT {
            let mut flipped = body.to_vec();
            flipped[0] ^= 1;
            body = flipped.into();
            self.counts.again += 1;
        }
        match (request.method(), id) {
            (&Method::POST, None) => {
                self.opened += 1;
                let id = format!("U{}", self.opened);
                let upload = Opened {
                    key,
                    ..Opened::default()
                };
                self.uploads.insert(id.clone(), upload);
                xml(format!("<I><UploadId>{id}</UploadId></I>"))
            }
            (&Method::PUT, Some(id)) => {
                let number = pairs["partNumber"].parse().unwrap();
                *self
                    .counts
                    .parts
                    .entry((id.to_owned(), number))
                    .or_default() += 1;
                let upload = self.uploads.get_mut(id).unwrap();
                let part = Object::new(body);
                let response = part.stored();
                upload.parts.insert(number, part);
                response
            }
            (&Method::GET, Some(id)) => {
                let after: u32 = pairs["part-number-marker"].parse().unwrap();
                let rest = self.uploads[id].parts.range(after + 1..);
                // Two on a page.
                let page: Vec<_> = rest.clone().take(2).collect();
                let more = rest.count() > 2;
                let next = page.last().map_or(after, |(number, _)| **number);
                let parts: String = page
                    .iter()
                    .map(|(number, part)| {
                        format!(
                            "<Part><PartNumber>{number}</PartNumber><ETag>&quot;{}&quot;</ETag><HashCrc64ecma>{}</HashCrc64ecma><Size>{}</Size></Part>",
                            part.tag(),
                            part.crc64,
                            part.bytes.len()
                        )
                    })
                    .collect();
                xml(format!(
                    "<ListPartsResult><NextPartNumberMarker>{next}</NextPartNumberMarker><IsTruncated>{more}</IsTruncated>{parts}</ListPartsResult>"
                ))
            }
            (&Method::POST, Some(id)) => {
                assert!(request.headers().contains_key("x-oss-callback"));
                let list = String::from_utf8(body.to_vec()).unwrap();
                let upload = &self.uploads[id];
                let named: BTreeSet<String> = upload
                    .parts
                    .iter()
                    .map(|(number, part)| {
                        format!(
                            "<PartNumber>{number}</PartNumber><ETag>\"{}\"</ETag>",
                            part.tag()
                        )
                    })
                    .collect();
                if list.matches("<Part>").count() != named.len()
                    || named.iter().any(|part| !list.contains(part))
                {
                    return refusal(400, "InvalidPart");
                }
                let parts: Vec<&[u8]> = upload.parts.values().map(|part| &part.bytes[..]).collect();
                let whole = parts.concat().into();
                self.uploads.remove(id);
                self.store(key, whole)
            }
            (&Method::DELETE, Some(id)) => {
                self.uploads.remove(id);
                self.counts.aborted += 1;
                Response::builder().status(204).body(Bytes::new()).unwrap()
            }
            (&Method::HEAD, None) => match self.objects.get(&key) {
                Some(object) => {
                    let mut response = object.stored();
                    let len = object.bytes.len().into();
                    response.headers_mut().insert("content-length", len);
                    response
                }
                None => Response::builder().status(404).body(Bytes::new()).unwrap(),
            },
            (&Method::PUT, None) => {
                self.counts.puts += 1;
                self.store(key, body)
            }
            other => panic!("{other:?}"),
        }
    }

    fn store(&mut self, key: String, content: Bytes) -> Response<Bytes> {
        let object = Object::new(content);
        let response = object.stored();
        let name = key.rsplit('/').next().unwrap();
        let vid = name.trim_end_matches(".mp4");
        *self.videos.get_mut(vid).expect("a video of this key") = true;
        self.objects.insert(key, object);
        response
    }
}

/// A request to the storage in a few words.
pub(super) fn line(request: &Request<Payload>) -> String {
    let path = request.uri().path();
    let query = request.uri().query().unwrap_or_default();
    let number = query
        .split('&')
        .find_map(|pair| pair.strip_prefix("partNumber="));
    match (request.method().as_str(), number) {
        (_, Some(number)) => format!("part {number}"),
        ("GET", _) if query.contains("uploadId") => "list".to_owned(),
        ("POST", _) if query == "uploads" => "open".to_owned(),
        ("POST", _) if query.contains("uploadId") => "complete".to_owned(),
        ("HEAD", _) => "head".to_owned(),
        ("DELETE", _) => "abort".to_owned(),
        ("PUT", _) => "put".to_owned(),
        _ => path.rsplit('/').next().unwrap_or_default().to_owned(),
    }
}

fn xml(text: String) -> Response<Bytes> {
    Response::new(Bytes::from(text))
}

pub(super) fn refusal(status: u16, code: &str) -> Response<Bytes> {
    let text = format!(
        "<Error><Code>{code}</Code><Message>canary-secret-0123456789 canary-token-0123456789</Message></Error>"
    );
    Response::builder()
        .status(status)
        .body(Bytes::from(text))
        .unwrap()
}
