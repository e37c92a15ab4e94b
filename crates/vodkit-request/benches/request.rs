//! Building a signed request against the MD5 of its text.
//!
//! Read the ratios inside one run: absolute times drift with the machine.

#![allow(missing_docs, reason = "criterion's macro declares a public function")]

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use md5::{Digest, Md5};
use vodkit_request::baijiayun::{
    Baijiayun, Encrypt, GetInfo, GetUploadUrl, GetVideoPlayRecord, TargetDefinition, TargetFormat,
    YesNo,
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

criterion_group!(benches, build);
criterion_main!(benches);
