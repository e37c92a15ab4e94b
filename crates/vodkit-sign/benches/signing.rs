//! Signing against its floor: the bare compression of the same number of blocks.
//!
//! `floor` compresses as many blocks as the text fills and does nothing else; `digest` hashes the finished text in one piece.
//! `any_order` and `known_order` are what this crate does. Compare within one run only.

use std::{fmt::Write as _, hint::black_box};

use criterion::{Criterion, criterion_group, criterion_main};
use md5::{Digest, Md5};
use sha1::Sha1;
use vodkit_sign::{baijiayun, polyv};

const SECRET: &str = "test-key-0123456789";

/// Parameters in the manner of the vendors' calls: three that every call has, then short ones.
const USUAL: [(&str, &str); 10] = [
    ("partner_id", "12345678"),
    ("video_id", "112459"),
    ("timestamp", "1596096142"),
    ("title", "测试"),
    ("page", "1"),
    ("page_size", "100"),
    ("definition", "1,2,4"),
    ("file_name", "a.mp4"),
    ("category_id", "42"),
    ("audio_with_view", "0"),
];

/// `count` parameters in signing order. The texts fill 2, 4 and 18 blocks of MD5.
fn parameters(count: usize) -> Vec<(String, String)> {
    let mut params: Vec<_> = (0..count)
        .map(|number| {
            let (name, value) = USUAL[number % USUAL.len()];
            match number / USUAL.len() {
                0 => (name.to_owned(), value.to_owned()),
                round => (
                    format!("{name}{round}"),
                    format!("{value}{}", 100_000 + number),
                ),
            }
        })
        .collect();
    params.sort();
    params
}

/// The same parameters in an order that is far from sorted.
fn shuffled(params: &[(String, String)]) -> Vec<(&str, &str)> {
    // 7 divides none of the counts, so every parameter is taken once.
    let stride = 7;
    (0..params.len())
        .map(|number| &params[(number * stride + 1) % params.len()])
        .map(|(key, value)| (key.as_str(), value.as_str()))
        .collect()
}

/// Blocks of a text of `bytes` bytes, with the padding that both digests use.
fn blocks(bytes: usize) -> Vec<[u8; 64]> {
    vec![[0x5a; 64]; (bytes + 9).div_ceil(64)]
}

fn signing(criterion: &mut Criterion) {
    for count in [3, 10, 50] {
        let sorted = parameters(count);
        let any = shuffled(&sorted);

        let text = sorted.iter().fold(String::new(), |mut text, (key, value)| {
            write!(text, "{key}={value}&").expect("a String takes every text");
            text
        });

        let md5_text = format!("{text}partner_key={SECRET}");
        let md5_blocks = blocks(md5_text.len());
        let mut group = criterion.benchmark_group(format!("md5/{count}"));
        group.bench_function("floor", |bencher| {
            let mut state = [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476];
            bencher.iter(|| {
                md5::block_api::compress(&mut state, black_box(&md5_blocks));
                state
            });
        });
        group.bench_function("digest", |bencher| {
            bencher.iter(|| Md5::digest(black_box(&md5_text)))
        });
        group.bench_function("any_order", |bencher| {
            bencher.iter(|| baijiayun::sign(black_box(&any), black_box(SECRET)))
        });
        group.bench_function("known_order", |bencher| {
            bencher.iter(|| {
                let mut signer = baijiayun::Signer::new();
                for (key, value) in black_box(&sorted) {
                    signer.pair(key, value);
                }
                signer.finish(black_box(SECRET))
            });
        });
        group.finish();

        let sha1_text = format!("{}{SECRET}", text.trim_end_matches('&'));
        let sha1_blocks = blocks(sha1_text.len());
        let mut group = criterion.benchmark_group(format!("sha1/{count}"));
        group.bench_function("floor", |bencher| {
            let mut state = [
                0x6745_2301,
                0xefcd_ab89,
                0x98ba_dcfe,
                0x1032_5476,
                0xc3d2_e1f0,
            ];
            bencher.iter(|| {
                sha1::block_api::compress(&mut state, black_box(&sha1_blocks));
                state
            });
        });
        group.bench_function("digest", |bencher| {
            bencher.iter(|| Sha1::digest(black_box(&sha1_text)))
        });
        group.bench_function("any_order", |bencher| {
            bencher.iter(|| polyv::sign(black_box(&any), black_box(SECRET)))
        });
        group.bench_function("known_order", |bencher| {
            bencher.iter(|| {
                let mut signer = polyv::Signer::new();
                for (key, value) in black_box(&sorted) {
                    signer.pair(key, value);
                }
                signer.finish(black_box(SECRET))
            });
        });
        group.finish();
    }
}

criterion_group!(benches, signing);
criterion_main!(benches);
