//! The vendor's side: videos that grow byte by byte, addresses that end, and a reply to each call.

use std::collections::BTreeMap;

use bytes::Bytes;
use http::{Response, StatusCode};
use serde_json::{Value, json};

pub(crate) const HOST: &str = "up.example.test";
/// What no journal, error or `Debug` may show.
pub(crate) const TOKEN: &str = "canary-token-8d1f";

/// A video at the vendor.
#[derive(Clone, Debug, Default)]
pub(crate) struct Video {
    pub(crate) name: String,
    pub(crate) created: String,
    pub(crate) bytes: Vec<u8>,
    pub(crate) status: Option<u32>,
    pub(crate) complete: bool,
}

/// What the vendor keeps.
#[derive(Debug, Default)]
pub(crate) struct Server {
    pub(crate) videos: BTreeMap<u64, Video>,
    /// Whether a slice may cover bytes that are there.
    pub(crate) overlap: bool,
    /// Whether it gives no address for a complete video.
    pub(crate) refuses_complete: bool,
    /// Whether it gives no address at all.
    pub(crate) refuses_all: bool,
    /// Whether it knows of no status of any video.
    pub(crate) status_is_gone: bool,
    pub(crate) now: i64,
    issued: u32,
    /// Addresses up to this one are no longer taken.
    expired: u32,
}

/// What is posted to an upload address.
#[derive(Debug)]
pub(crate) struct Post {
    pub(crate) content_range: Option<String>,
    pub(crate) file: Vec<u8>,
}

impl Server {
    pub(crate) fn expire(&mut self) {
        self.expired = self.issued;
    }

    pub(crate) fn forget(&mut self, bytes: usize) {
        for video in self.videos.values_mut().filter(|video| !video.complete) {
            let left = video.bytes.len().saturating_sub(bytes);
            video.bytes.truncate(left);
        }
    }

    fn address(&mut self, id: u64) -> String {
        self.issued += 1;
        let number = self.issued;
        format!("http://{HOST}/upload?fid={id}&ts=1700000000000&token={TOKEN}-{number}")
    }

    /// A call of the API.
    pub(crate) fn call(&mut self, path: &str, params: &BTreeMap<String, String>) -> Value {
        let id = || params["video_id"].parse::<u64>().unwrap();
        let data = match path.rsplit('/').next().unwrap() {
            "getUploadUrl" => {
                let id = 77 + self.videos.len() as u64;
                let created = vodkit_request::types::DateTime::in_china(self.now).to_string();
                let video = Video {
                    name: params["file_name"].clone(),
                    created,
                    ..Video::default()
                };
                self.videos.insert(id, video);
                json!({ "video_id": id, "upload_url": self.address(id) })
            }
            "getResumeUploadUrl" => {
                let id = id();
                let Some(video) = self.videos.get(&id) else {
                    return json!({ "code": 5002, "msg": "no such video" });
                };
                if self.refuses_all || video.complete && self.refuses_complete {
                    return json!({ "code": 1, "msg": "nothing to upload" });
                }
                let size = video.bytes.len();
                json!({ "video_id": id, "upload_url": self.address(id), "upload_size": size })
            }
            "getStatus" => match self.videos.get(&id()) {
                Some(video) if !self.status_is_gone => {
                    let done = if video.complete { 20 } else { 10 };
                    json!({ "status": video.status.unwrap_or(done) })
                }
                _ => return json!({ "code": 5002, "msg": "no such video" }),
            },
            "getVideoList" => {
                let list: Vec<Value> = self
                    .videos
                    .iter()
                    .map(|(id, video)| {
                        let done = if video.complete { 20 } else { 10 };
                        json!({
                            "video_id": id, "name": video.name, "status": video.status.unwrap_or(done),
                            "create_time": video.created,
                        })
                    })
                    .collect();
                json!({ "total": list.len(), "page": 1, "page_size": 1000, "list": list })
            }
            other => panic!("nobody asked for {other} in these tests"),
        };
        json!({ "code": 0, "data": data, "msg": "" })
    }

    /// Whether the address of an upload is still taken.
    pub(crate) fn takes(&self, query: &BTreeMap<String, String>) -> bool {
        let token = query["token"].strip_prefix(TOKEN).unwrap();
        token[1..].parse::<u32>().unwrap() > self.expired
    }

    /// The first `most` bytes of a form or slice arrive. A form that breaks off leaves nothing.
    pub(crate) fn receive(&mut self, id: u64, post: &Post, most: usize) {
        let video = self.videos.get_mut(&id).unwrap();
        assert!(!video.complete, "bytes are sent for a complete video");
        let broken = most < post.file.len();
        let Some(range) = &post.content_range else {
            if !broken {
                video.bytes.clone_from(&post.file);
                video.complete = true;
            }
            return;
        };
        let (span, total) = range
            .strip_prefix("bytes ")
            .unwrap()
            .split_once('/')
            .unwrap();
        let (first, last) = span.split_once('-').unwrap();
        let [first, last, total] = [first, last, total].map(|n| n.parse::<usize>().unwrap());
        assert_eq!(last - first + 1, post.file.len());
        let offset = first - 1;
        assert!(offset <= video.bytes.len(), "a gap before {range}");
        assert!(
            self.overlap || offset == video.bytes.len(),
            "{range} comes twice: {} bytes are there",
            video.bytes.len()
        );
        let file = &post.file[..most.min(post.file.len())];
        let covered = file.len().min(video.bytes.len() - offset);
        video.bytes[offset..offset + covered].copy_from_slice(&file[..covered]);
        video.bytes.extend_from_slice(&file[covered..]);
        video.complete = !broken && video.bytes.len() == total;
    }
}

pub(crate) fn reply(status: u16, body: impl Into<Bytes>) -> Response<Bytes> {
    let mut response = Response::new(body.into());
    *response.status_mut() = StatusCode::from_u16(status).unwrap();
    response
}
