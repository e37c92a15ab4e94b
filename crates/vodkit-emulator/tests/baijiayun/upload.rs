//! Both upload protocols and what happens when they are interrupted.

use std::io::Write;
use std::net::{Shutdown, TcpStream};

use serde_json::json;
use vodkit_emulator::{Effect, Emulator};

use crate::client::{
    Field, Vendor, body_of, content, md5_hex, multipart, now, read_reply, send, vendor,
};

fn stored(vendor: &Vendor, id: u64) -> u64 {
    let data = vendor.call("video/getResumeUploadUrl", &[("video_id", &id.to_string())]);
    assert_eq!(data["video_id"], id);
    data["upload_size"].as_u64().unwrap()
}

fn played(vendor: &Vendor, id: u64) -> Vec<u8> {
    let reply = vendor.get(&vendor.play_target(id, "low", &[]), &[]);
    assert_eq!(reply.status, 200);
    reply.body
}

#[test]
fn a_multipart_upload_takes_any_part_name() {
    let vendor = vendor();
    for (part, length) in [("data", 1), ("file", 70_000), ("课件", 3_000_000)] {
        let bytes = content(length);
        let (id, target) = vendor.create("课 1.mp4", &[]);
        assert_eq!(vendor.status(id), 10);
        let (kind, body) =
            multipart(&[Field::Text("note", "x"), Field::File(part, "a.mp4", &bytes)]);
        let reply = send(
            vendor.at(),
            "POST",
            &target,
            &[("Content-Type", &kind)],
            &body,
        );
        assert_eq!(
            (reply.status, reply.json()),
            (200, json!({ "code": 1, "msg": "success" }))
        );
        assert_eq!(vendor.status(id), 100);
        assert_eq!(played(&vendor, id), bytes);
        let info = vendor.call("video/getInfo", &[("video_id", &id.to_string())]);
        assert_eq!(info["file_md5"], md5_hex(&bytes));
        assert_eq!(info["total_size"], length);
        let effects: Vec<Effect> = vendor
            .emulator
            .journal()
            .into_iter()
            .flat_map(|record| record.effects)
            .collect();
        assert!(effects.contains(&Effect::UploadCompleted {
            video_id: id,
            size: length as u64
        }));
    }
}

#[test]
fn a_multipart_upload_needs_exactly_one_file() {
    let vendor = vendor();
    let (id, target) = vendor.create("a.mp4", &[]);
    for fields in [
        vec![Field::Text("data", "not a file")],
        vec![
            Field::File("a", "a.mp4", b"one"),
            Field::File("b", "b.mp4", b"two"),
        ],
        vec![],
    ] {
        let (kind, body) = multipart(&fields);
        let reply = send(
            vendor.at(),
            "POST",
            &target,
            &[("Content-Type", &kind)],
            &body,
        )
        .json();
        assert_eq!(reply["code"], 4001, "{reply}");
    }
    assert_eq!((vendor.status(id), stored(&vendor, id)), (10, 0));
}

#[test]
fn a_broken_multipart_upload_leaves_nothing() {
    let vendor = vendor();
    let (id, target) = vendor.create("a.mp4", &[]);
    let (kind, body) = multipart(&[Field::File("data", "a.mp4", &content(300_000))]);
    let mut stream = TcpStream::connect(vendor.at()).unwrap();
    let head = format!(
        "POST {target} HTTP/1.1\r\nHost: a\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(&body[..200_000]).unwrap();
    stream.shutdown(Shutdown::Both).unwrap();
    assert_eq!((vendor.status(id), stored(&vendor, id)), (10, 0));
    assert_eq!(vendor.upload(&target, b"whole")["code"], 1);
    assert_eq!(played(&vendor, id), b"whole");
}

#[test]
fn slices_count_from_one_and_end_with_the_last() {
    let vendor = vendor();
    let bytes = content(1_000);
    let (id, target) = vendor.create("a.mp4", &[]);
    assert_eq!(
        vendor.raw(&target, "bytes 1-400/1000", &bytes[..400]),
        json!({ "code": 1, "msg": "success" })
    );
    assert_eq!((vendor.status(id), stored(&vendor, id)), (10, 400));
    assert_eq!(
        vendor.raw(&target, "bytes 401-999/1000", &bytes[400..999])["code"],
        1
    );
    assert_eq!((vendor.status(id), stored(&vendor, id)), (10, 999));
    assert_eq!(
        vendor.raw(&target, "bytes 1000-1000/1000", &bytes[999..])["code"],
        1
    );
    assert_eq!(vendor.status(id), 100);
    assert_eq!(played(&vendor, id), bytes);
}

#[test]
fn a_zero_based_client_is_told() {
    let vendor = vendor();
    let (id, target) = vendor.create("a.mp4", &[]);
    let reply = vendor.raw(&target, "bytes 0-9/10", &content(10));
    assert_eq!(reply["code"], 4001);
    assert!(
        reply["msg"].as_str().unwrap().contains("count from one"),
        "{reply}"
    );
    assert_eq!(stored(&vendor, id), 0);
}

#[test]
fn overlap_is_accepted_and_gaps_are_not() {
    let vendor = vendor();
    let bytes = content(100);
    let (id, target) = vendor.create("a.mp4", &[]);
    assert_eq!(vendor.slice(&target, 1, 100, &bytes[..50])["code"], 1);
    // One byte is missing between 50 and 52.
    let reply = vendor.slice(&target, 52, 100, &bytes[51..60]);
    assert_eq!(reply["code"], 4001);
    assert!(
        reply["msg"].as_str().unwrap().contains("at 51 or before"),
        "{reply}"
    );
    assert_eq!(stored(&vendor, id), 50);
    // A client whose slices start at multiples of 32 sends 18 stored bytes again.
    assert_eq!(vendor.slice(&target, 33, 100, &bytes[32..64])["code"], 1);
    assert_eq!(stored(&vendor, id), 64);
    // A slice that lies wholly in what is stored moves nothing back.
    assert_eq!(vendor.slice(&target, 1, 100, &bytes[..10])["code"], 1);
    assert_eq!(stored(&vendor, id), 64);
    assert_eq!(vendor.slice(&target, 65, 100, &bytes[64..])["code"], 1);
    assert_eq!(played(&vendor, id), bytes);
}

#[test]
fn lengths_must_agree() {
    let vendor = vendor();
    let bytes = content(100);
    let (id, target) = vendor.create("a.mp4", &[]);
    // Content-Length against Content-Range: refused before anything is stored.
    for range in ["bytes 1-11/100", "bytes 1-9/100"] {
        assert_eq!(
            vendor.raw(&target, range, &bytes[..10])["code"],
            4001,
            "{range}"
        );
    }
    assert_eq!(stored(&vendor, id), 0);
    // Without Content-Length the bytes themselves decide; no more than announced is stored.
    let chunked = [
        ("Content-Range", "bytes 1-10/100"),
        ("Transfer-Encoding", "chunked"),
    ];
    let too_long = send(
        vendor.at(),
        "POST",
        &target,
        &chunked,
        b"c\r\n0123456789ab\r\n0\r\n\r\n",
    )
    .json();
    assert_eq!(too_long["code"], 4001);
    assert_eq!(stored(&vendor, id), 10);
    let chunked = [
        ("Content-Range", "bytes 11-20/100"),
        ("Transfer-Encoding", "chunked"),
    ];
    let too_short = send(
        vendor.at(),
        "POST",
        &target,
        &chunked,
        b"4\r\n0123\r\n0\r\n\r\n",
    )
    .json();
    assert_eq!(too_short["code"], 4001);
    assert_eq!(stored(&vendor, id), 14);
    // The announced size stays.
    assert_eq!(vendor.slice(&target, 15, 101, &bytes[14..20])["code"], 4001);
    assert_eq!(vendor.slice(&target, 1, 100, &bytes)["code"], 1);
    assert_eq!(played(&vendor, id), bytes);
}

#[test]
fn a_slice_that_breaks_off_is_resumed() {
    let vendor = vendor();
    let bytes = content(100_000);
    let (id, target) = vendor.create("a.mp4", &[]);
    let mut stream = TcpStream::connect(vendor.at()).unwrap();
    let head = format!(
        "POST {target} HTTP/1.1\r\nHost: a\r\nContent-Range: bytes 1-100000/100000\r\nContent-Length: 100000\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(&bytes[..30_000]).unwrap();
    stream.shutdown(Shutdown::Write).unwrap();
    // The server notices the end of the connection; what arrived is kept, and it says how much.
    let mut rest = Vec::new();
    std::io::Read::read_to_end(&mut stream, &mut rest).unwrap();
    let kept = stored(&vendor, id);
    assert_eq!(kept, 30_000);
    let data = vendor.call("video/getResumeUploadUrl", &[("video_id", &id.to_string())]);
    let fresh = vendor.target(data["upload_url"].as_str().unwrap());
    assert_eq!(
        vendor.slice(&fresh, kept + 1, 100_000, &bytes[30_000..])["code"],
        1
    );
    assert_eq!(played(&vendor, id), bytes);
}

#[test]
fn a_repeated_last_slice_is_no_second_upload() {
    let vendor = vendor();
    let bytes = content(10);
    let (id, target) = vendor.create("a.mp4", &[]);
    assert_eq!(vendor.slice(&target, 1, 10, &bytes)["code"], 1);
    assert_eq!(
        vendor.slice(&target, 6, 10, b"xxxxx")["code"],
        1,
        "the reply of the first got lost"
    );
    assert_eq!(vendor.slice(&target, 6, 12, b"xxxxxxx")["code"], 4001);
    assert_eq!(vendor.upload(&target, b"other")["code"], 4001);
    assert_eq!(played(&vendor, id), bytes);
    let completed = vendor
        .emulator
        .journal()
        .into_iter()
        .flat_map(|record| record.effects);
    assert_eq!(
        completed
            .filter(|effect| matches!(effect, Effect::UploadCompleted { .. }))
            .count(),
        1
    );
}

#[test]
fn addresses_are_checked_and_expire() {
    let vendor = vendor();
    let (id, target) = vendor.create("a.mp4", &[]);
    let (other, _) = vendor.create("b.mp4", &[]);
    let forged = target.replace(&format!("fid={id}"), &format!("fid={other}"));
    assert_eq!(vendor.upload(&forged, b"x")["code"], 4001);
    let mut wrong = target.clone();
    let last = wrong.pop().unwrap();
    wrong.push(if last == '0' { '1' } else { '0' });
    assert_eq!(vendor.upload(&wrong, b"x")["code"], 4001);
    let without = target.split("&token=").next().unwrap();
    assert_eq!(vendor.upload(without, b"x")["code"], 1001);
    assert_eq!(
        send(vendor.at(), "PUT", &target, &[], b"x").json()["code"],
        404
    );
    assert_eq!(
        send(
            vendor.at(),
            "POST",
            &target,
            &[("Content-Type", "video/mp4")],
            b"x"
        )
        .json()["code"],
        4001
    );

    vendor
        .emulator
        .advance(std::time::Duration::from_secs(24 * 3600 + 1));
    let late = vendor.upload(&target, b"x");
    assert!(late["msg"].as_str().unwrap().contains("expired"), "{late}");
    assert_eq!(vendor.status(id), 32);
    let data = vendor.call("video/getResumeUploadUrl", &[("video_id", &id.to_string())]);
    assert_eq!(vendor.status(id), 10);
    let fresh = vendor.target(data["upload_url"].as_str().unwrap());
    assert_eq!(vendor.upload(&fresh, b"x")["code"], 1);

    vendor.call("video/delete", &[("video_id", &other.to_string())]);
    let (_, gone) = vendor.create("c.mp4", &[]);
    let gone_id = gone
        .split("fid=")
        .nth(1)
        .unwrap()
        .split('&')
        .next()
        .unwrap()
        .to_owned();
    vendor.call("video/delete", &[("video_id", &gone_id)]);
    assert_eq!(vendor.upload(&gone, b"x")["code"], 5002);
}

#[test]
fn an_address_has_the_vendors_shape() {
    let vendor = vendor();
    let (id, target) = vendor.create("a.mp4", &[("use_https", "1")]);
    let query: Vec<(&str, &str)> = target
        .strip_prefix("/upload?")
        .unwrap()
        .split('&')
        .map(|pair| pair.split_once('=').unwrap())
        .collect();
    let [("fid", fid), ("ts", ts), ("token", token)] = query[..] else {
        panic!("{target}")
    };
    assert_eq!(fid, id.to_string());
    assert!(ts.len() == 13 && ts.parse::<u64>().unwrap() / 1000 <= now());
    assert!(token.len() == 32 && token.bytes().all(|b| b.is_ascii_hexdigit()));
}

#[test]
fn what_cannot_be_decoded_fails() {
    let vendor = vendor();
    for (name, bytes) in [
        ("empty.mp4", &b""[..]),
        ("notes.txt", b"words"),
        ("noending", b"words"),
    ] {
        let id = vendor.film(name, bytes);
        let data = vendor.call("video/getStatus", &[("video_id", &id.to_string())]);
        assert_eq!(data, json!({ "status": 30, "info": "转码失败" }), "{name}");
        let info = vendor.call("video/getInfo", &[("video_id", &id.to_string())]);
        assert_eq!(
            (&info["total_size"], &info["transcode_info"]),
            (&json!(0), &json!([]))
        );
        assert_eq!(
            vendor
                .refusal("video/getUrl", &[("video_id", &id.to_string())])
                .0,
            1
        );
    }
}

#[test]
fn transcoding_takes_the_time_it_was_given() {
    let builder = Emulator::builder().transcode_time(std::time::Duration::from_secs(600));
    let vendor = crate::client::vendor_with(builder);
    let id = vendor.film("a.mp4", b"film");
    let early = vendor.call("video/getInfo", &[("video_id", &id.to_string())]);
    assert_eq!(
        (
            &early["status"],
            &early["total_size"],
            &early["preface_url"]
        ),
        (&json!(20), &json!(0), &json!(""))
    );
    assert_eq!(
        vendor
            .refusal("video/getUrl", &[("video_id", &id.to_string())])
            .0,
        1
    );
    vendor.emulator.advance(std::time::Duration::from_secs(590));
    assert_eq!(vendor.status(id), 20);
    vendor.emulator.advance(std::time::Duration::from_secs(10));
    assert_eq!(vendor.status(id), 100);

    // Scaled by 200 000, 600 s are over before the next request arrives.
    let builder = Emulator::builder()
        .transcode_time(std::time::Duration::from_secs(600))
        .time_scale(200_000_000.0);
    let vendor = crate::client::vendor_with(builder);
    let id = vendor.film("a.mp4", b"film");
    assert_eq!(vendor.status(id), 100);
}

#[test]
fn a_refused_upload_reads_the_body_before_it_answers() {
    let vendor = vendor();
    let (_, target) = vendor.create("a.mp4", &[]);
    // Far more than the buffers of a loopback connection hold.
    let bytes = content(20_000_000);
    let reply = send(
        vendor.at(),
        "POST",
        &target,
        &[("Content-Range", "bytes 0-19999999/20000000")],
        &bytes,
    );
    assert_eq!(reply.json()["code"], 4001);
}

#[test]
fn a_keep_alive_connection_carries_a_whole_upload() {
    let vendor = vendor();
    let (id, target) = vendor.create("a.mp4", &[]);
    let mut stream = TcpStream::connect(vendor.at()).unwrap();
    let mut script = String::new();
    for first in [1, 4, 7] {
        script.push_str(&format!(
            "POST {target} HTTP/1.1\r\nHost: a\r\nContent-Range: bytes {first}-{}/9\r\nContent-Length: 3\r\n\r\nabc",
            first + 2
        ));
    }
    let status = body_of(&vendor.signed(&[("video_id", &id.to_string())], now()));
    script.push_str(&format!(
        "POST /openapi/video/getStatus HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{status}",
        status.len()
    ));
    stream.write_all(script.as_bytes()).unwrap();
    let text = String::from_utf8(read_reply(&mut stream).body).unwrap();
    assert_eq!(text.matches("\"msg\":\"success\"").count(), 3);
    assert!(text.contains("\"status\":100"), "{text}");
}
