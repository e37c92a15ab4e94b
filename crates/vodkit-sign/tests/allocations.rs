//! Signing, verifying and explaining allocate nothing, however many parameters there are.

use std::{fmt, hint::black_box};

use allocation_counter::measure;
use vodkit_sign::{baijiayun, oss, polyv, quvideo};

struct Discard;

impl fmt::Write for Discard {
    fn write_str(&mut self, piece: &str) -> fmt::Result {
        black_box(piece);
        Ok(())
    }
}

#[test]
fn the_counter_counts() {
    assert_eq!(measure(|| drop(black_box(Box::new(1)))).count_total, 1);
}

#[test]
fn no_allocation() {
    let secret = "test-key-0123456789";
    for count in [0, 3, 10, 50, 64, 65, 200] {
        let owned: Vec<_> = (0..count)
            .map(|n| (format!("key_{:03}", (n * 37) % 211), format!("value {n}")))
            .collect();
        let params: Vec<_> = owned
            .iter()
            .map(|(key, value)| (key.as_str(), value.as_str()))
            .collect();
        let mut sorted = params.clone();
        sorted.sort_unstable();

        let total = measure(|| {
            let signature = baijiayun::sign(black_box(&params), secret);
            let _ = black_box(baijiayun::verify(&params, secret, signature.as_str()));
            let _ = black_box(baijiayun::canonical(&params, secret, &mut Discard));
            black_box(polyv::sign(black_box(&params), secret));
            black_box(polyv::token::sign(black_box(&params), secret));
            black_box(polyv::event::sign(&[secret], secret));
            let _ = black_box(polyv::event::canonical(&[secret], secret, &mut Discard));
            black_box(quvideo::event::sign(secret, secret, secret));
            let _ = black_box(quvideo::event::canonical(
                secret,
                secret,
                secret,
                &mut Discard,
            ));
            let (mut first, mut second, mut third) = (
                baijiayun::Signer::new(),
                polyv::Signer::new(),
                polyv::token::Signer::new(secret),
            );
            for (key, value) in black_box(&sorted) {
                first.pair(key, value);
                second.pair(key, value);
                third.pair(key, value);
            }
            black_box((first.finish(secret), second.finish(secret), third.finish()));
        })
        .count_total;
        assert_eq!(total, 0, "{count} parameters");
    }
}

#[test]
fn no_allocation_for_the_storage() {
    let token = "t".repeat(900);
    for secret in ["test-key-0123456789", &"k".repeat(200)] {
        let request = oss::Request {
            verb: "PUT",
            content_md5: "",
            content_type: "application/octet-stream",
            date: "Tue, 14 Nov 2023 22:13:20 GMT",
            headers: &[("x-oss-callback", "e30="), ("x-oss-security-token", &token)],
            bucket: "test-bucket",
            key: "sv/课 1.mp4",
            subresources: &[("partNumber", Some("10000")), ("uploadId", Some("u"))],
        };
        let total = measure(|| {
            let signature = oss::sign(black_box(&request), secret);
            let _ = black_box(oss::verify(&request, secret, signature.as_str()));
            let _ = black_box(oss::canonical(&request, &mut Discard));
        })
        .count_total;
        assert_eq!(total, 0);
    }
}
