//! Decoding a reply against `serde_json::from_slice` into strict derived structs of the same fields.
//!
//! `cargo bench -p vodkit-request --bench decode --features baijiayun [-- ROUNDS]`. The ratios are the figures; absolute times move
//! with the machine.
//!
//! The arms take turns within a round, in changing order, so that what the machine does besides meets all of them. The arm `strict again`
//! is the strict one once more: what it differs from the first by is the error of the measurement. The arm `strict from_str` is what a user gets who
//! checks the text once. Each ratio is to the strict arm of the same round.
//!
//! Where the linker puts the functions moves the ratio of `getInfo` by a tenth. Who compares two versions links each several times, as docs/performance.md says.

#![allow(
    clippy::print_stdout,
    clippy::disallowed_methods,
    dead_code,
    reason = "a measurement needs a clock and prints; the strict structs are only decoded"
)]

use std::hint::black_box;
use std::time::Instant;

use bytes::Bytes;
use http::Response;
use serde::de::DeserializeOwned;
use vodkit_request::baijiayun::{Baijiayun, GetInfo, GetVideoList};
use vodkit_request::{Call, Endpoint, Session};

const ROUNDS: usize = 1_000;
const ARMS: [&str; 4] = ["strict", "strict again", "strict from_str", "vodkit"];

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    // `cargo test --benches` only wants to know that it runs.
    let rounds = if arguments.iter().any(|argument| argument == "--bench") {
        arguments
            .iter()
            .find_map(|argument| argument.parse().ok())
            .unwrap_or(ROUNDS)
    } else {
        5
    };
    compare::<strict::Info, _>("getInfo", rounds, 100, info_reply(), GetInfo::new(112_459));
    compare::<strict::List, _>("list of 1000", rounds, 1, list_reply(), GetVideoList::new());
}

/// Measures all arms on one reply, each `repeat` times in a row.
fn compare<S: DeserializeOwned, E: Endpoint<Vendor = Baijiayun>>(
    name: &str,
    rounds: usize,
    repeat: u32,
    reply: String,
    endpoint: E,
) {
    let session = Session::new(Baijiayun::new(
        12_345_678,
        "test-partner-key-0123456789",
        "https://demo.at.example.test".parse().expect("a base URL"),
    ));
    let call = Call::new(&(), &session, endpoint);
    let bytes = reply.len();
    let reply = Response::new(Bytes::from(reply));
    let from_slice = || {
        let reply = black_box(reply.body());
        black_box(serde_json::from_slice::<strict::Envelope<S>>(reply).expect("strict"));
    };
    let from_str = || {
        let reply = std::str::from_utf8(black_box(reply.body())).expect("text");
        black_box(serde_json::from_str::<strict::Envelope<S>>(reply).expect("strict"));
    };
    let vodkit = || {
        black_box(call.read(black_box(&reply)).expect("lenient"));
    };
    let arms: [&dyn Fn(); 4] = [&from_slice, &from_slice, &from_str, &vodkit];

    let mut times = ARMS.map(|_| Vec::with_capacity(rounds));
    for round in 0..rounds {
        for turn in 0..arms.len() {
            // Each arm begins as often as any other, and has each neighbour before it as often as behind it.
            let turn = if round % 2 == 0 {
                turn
            } else {
                arms.len() - 1 - turn
            };
            let arm = (round / 2 + turn) % arms.len();
            let start = Instant::now();
            for _ in 0..repeat {
                arms[arm]();
            }
            times[arm].push(start.elapsed().as_secs_f64() / f64::from(repeat));
        }
    }
    println!("{name}, {bytes} bytes, {rounds} rounds");
    println!(
        "{:<16} {:>10}  over strict, 10th and 90th percentile",
        "", "median"
    );
    for (arm, taken) in ARMS.iter().zip(&times) {
        let ratios = taken
            .iter()
            .zip(&times[0])
            .map(|(arm, strict)| arm / strict);
        let (ratios, taken) = (Spread::of(ratios), Spread::of(taken.iter().copied()));
        println!(
            "{arm:<16} {:>7.2} us  {:.3}  {:.3} to {:.3}",
            taken.median * 1e6,
            ratios.median,
            ratios.low,
            ratios.high
        );
    }
}

struct Spread {
    low: f64,
    median: f64,
    high: f64,
}

impl Spread {
    fn of(values: impl Iterator<Item = f64>) -> Self {
        let mut values: Vec<f64> = values.collect();
        values.sort_by(f64::total_cmp);
        let at = |tenths: usize| values[values.len() * tenths / 10];
        Self {
            low: at(1),
            median: at(5),
            high: at(9),
        }
    }
}

mod strict {
    use serde::Deserialize;

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
