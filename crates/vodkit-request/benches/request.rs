//! Building a signed request against the MD5 of its text, and decoding replies against strict derived structs.
//!
//! Read the ratios inside one run: absolute times drift with the machine.

#![allow(missing_docs, dead_code, reason = "structs that are only decoded")]

use std::hint::black_box;

use bytes::Bytes;
use criterion::{Criterion, criterion_group, criterion_main};
use http::Response;
use md5::{Digest, Md5};
use serde::Deserialize;
use vodkit_request::baijiayun::{
    Baijiayun, Encrypt, GetInfo, GetUploadUrl, GetVideoList, GetVideoPlayRecord, TargetDefinition,
    TargetFormat, YesNo,
};
use vodkit_request::types::DateTime;
use vodkit_request::{Call, Session, Tick, Timestamp};

const KEY: &str = "test-partner-key-0123456789";

fn session() -> Session<Baijiayun> {
    Session::new(Baijiayun::new(
        12345678,
        KEY,
        "https://demo.at.example.test".parse().expect("a base URL"),
    ))
}

fn build(c: &mut Criterion) {
    let session = session();
    let tick = Tick {
        now: Timestamp(1_700_000_000_000),
        ..Tick::default()
    };
    let moment: DateTime = "2024-02-29 08:00:00".parse().expect("a moment");

    let mut group = c.benchmark_group("build_3_params");
    let text =
        format!("partner_id=12345678&timestamp=1700000000&video_id=112459&partner_key={KEY}");
    group.bench_function("floor_md5_of_text", |b| {
        b.iter(|| Md5::digest(black_box(text.as_bytes())))
    });
    group.bench_function("vodkit", |b| {
        b.iter(|| Call::new(&(), &session, GetInfo::new(black_box(112_459))).request(tick))
    });
    group.finish();

    let mut group = c.benchmark_group("build_8_params");
    let text = format!(
        "audio_with_view=0&definition=16,1,4&encrypt=2&file_name=lesson-0001-introduction.mp4&format=1,4&partner_id=12345678&timestamp=1700000000&use_https=1&partner_key={KEY}"
    );
    group.bench_function("floor_md5_of_text", |b| {
        b.iter(|| Md5::digest(black_box(text.as_bytes())));
    });
    let endpoint = GetUploadUrl::new(
        "lesson-0001-introduction.mp4",
        [
            TargetDefinition::Standard,
            TargetDefinition::High,
            TargetDefinition::P720,
        ],
    )
    .audio_with_view(YesNo::No)
    .encrypt(Encrypt::No)
    .format([TargetFormat::Mp4, TargetFormat::M3u8])
    .use_https(YesNo::Yes);
    // The caller's own texts and lists are made outside of what is measured.
    let call = Call::new(&(), &session, endpoint);
    group.bench_function("vodkit", |b| b.iter(|| call.request(black_box(tick))));
    group.finish();

    let mut group = c.benchmark_group("build_7_params");
    let text = format!(
        "end_time=2024-02-29 08:00:00&page=3&page_size=1000&partner_id=12345678&start_time=2024-02-29 08:00:00&timestamp=1700000000&video_id=112459&partner_key={KEY}"
    );
    group.bench_function("floor_md5_of_text", |b| {
        b.iter(|| Md5::digest(black_box(text.as_bytes())))
    });
    group.bench_function("vodkit", |b| {
        b.iter(|| {
            let endpoint = GetVideoPlayRecord::new(black_box(112_459), moment, moment)
                .page(3)
                .page_size(1000);
            Call::new(&(), &session, endpoint).request(tick)
        });
    });
    group.finish();
}

mod strict {
    use super::Deserialize;

    #[derive(Deserialize)]
    pub(super) struct Envelope<T> {
        pub(super) code: i64,
        pub(super) msg: String,
        pub(super) data: T,
        pub(super) ts: i64,
    }

    #[derive(Deserialize)]
    pub(super) struct Info {
        pub(super) video_id: u64,
        pub(super) name: String,
        pub(super) status: i64,
        pub(super) total_size: u64,
        pub(super) total_transcode_size: u64,
        pub(super) origin_definition: String,
        pub(super) create_time: i64,
        pub(super) preface_url: String,
        pub(super) length: u64,
        pub(super) publish_status: i64,
        pub(super) file_md5: String,
        pub(super) transcode_info: Vec<File>,
        pub(super) category: Vec<Category>,
    }

    #[derive(Deserialize)]
    pub(super) struct File {
        pub(super) definition: String,
        pub(super) r#type: String,
        pub(super) size: u64,
    }

    #[derive(Deserialize)]
    pub(super) struct Category {
        pub(super) id: u64,
        pub(super) level: u64,
        pub(super) name: String,
    }

    #[derive(Deserialize)]
    pub(super) struct List {
        pub(super) total: u64,
        pub(super) page: u64,
        pub(super) page_size: u64,
        pub(super) list: Vec<Video>,
    }

    #[derive(Deserialize)]
    pub(super) struct Video {
        pub(super) video_id: u64,
        pub(super) status: i64,
        pub(super) total_size: u64,
        pub(super) length: u64,
        pub(super) publish_status: i64,
        pub(super) name: String,
        pub(super) create_time: String,
        pub(super) preface_url: String,
        pub(super) category: Ids,
    }

    #[derive(Deserialize)]
    pub(super) struct Ids {
        pub(super) category_level1_id: u64,
        pub(super) category_level2_id: u64,
        pub(super) category_level3_id: u64,
        pub(super) category_level4_id: u64,
        pub(super) category_level5_id: u64,
    }
}

fn info_reply() -> String {
    let files: Vec<String> = ["super", "high", "std"]
        .iter()
        .flat_map(|d| {
            ["mp4", "flv", "m3u8"]
                .iter()
                .map(move |t| format!(r#"{{"definition":"{d}","type":"{t}","size":578208}}"#))
        })
        .collect();
    format!(
        r#"{{"code":0,"data":{{"video_id":112459,"name":"第一课 光合作用","status":100,"total_size":4185679,"total_transcode_size":7816254,"origin_definition":"super","create_time":1483422640,"preface_url":"https://img.example.test/00-upload/image/110541_9f339a4b.jpg","length":5,"publish_status":1,"file_md5":"0123456789abcdef0123456789abcdef","transcode_info":[{}],"category":[{{"id":492,"level":1,"name":"生物"}},{{"id":692,"level":2,"name":"初一"}}]}},"msg":"","ts":1493967641}}"#,
        files.join(",")
    )
}

fn list_reply() -> String {
    let videos: Vec<String> = (0..1000)
        .map(|id| {
            format!(
                r#"{{"video_id":{id},"status":100,"total_size":65248111,"length":1252,"publish_status":1,"name":"0.11 第{id}课","create_time":"2018-03-19 09:43:48","preface_url":"https://img.example.test/00-upload/image/{id}_23f76849.jpg","category":{{"category_level1_id":492,"category_level2_id":0,"category_level3_id":0,"category_level4_id":0,"category_level5_id":0}}}}"#
            )
        })
        .collect();
    format!(
        r#"{{"code":0,"data":{{"total":1000,"page":1,"page_size":1000,"list":[{}]}},"msg":"","ts":1481098005}}"#,
        videos.join(",")
    )
}

fn decode(c: &mut Criterion) {
    let session = session();
    let info = Response::new(Bytes::from(info_reply()));
    let mut group = c.benchmark_group("decode_info");
    group.bench_function("strict_from_slice", |b| {
        b.iter(|| {
            serde_json::from_slice::<strict::Envelope<strict::Info>>(black_box(info.body()))
                .expect("strict")
        });
    });
    group.bench_function("vodkit", |b| {
        b.iter(|| {
            Call::new(&(), &session, GetInfo::new(1))
                .read(black_box(&info))
                .expect("lenient")
        })
    });
    group.finish();

    let list = Response::new(Bytes::from(list_reply()));
    let mut group = c.benchmark_group("decode_list_of_1000");
    group.bench_function("strict_from_slice", |b| {
        b.iter(|| {
            serde_json::from_slice::<strict::Envelope<strict::List>>(black_box(list.body()))
                .expect("strict")
        });
    });
    group.bench_function("vodkit", |b| {
        b.iter(|| {
            Call::new(&(), &session, GetVideoList::new())
                .read(black_box(&list))
                .expect("lenient")
        })
    });
    group.finish();
}

criterion_group!(benches, build, decode);
criterion_main!(benches);
