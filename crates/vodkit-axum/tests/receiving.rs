//! The extractor behind a real server, asked over sockets by clients that are honest, forging, endless and slow.

#![allow(clippy::unwrap_used, reason = "a test that cannot set up has failed")]

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::middleware::map_response;
use axum::response::Response;
use axum::routing::{any, post};
use md5::{Digest, Md5};
use vodkit_axum::{Callback, Endpoint};
use vodkit_request::callback::{CallbackEvent, Receiver, Refusal, RefusalKind};
use vodkit_request::{Timestamp, baijiayun, polyv, quvideo};

const KEY: &str = "test-key-0123456789";
const URL: &str = "https://www.example.com/vod";
const NOW: i64 = 1_700_000_000;

fn md5(text: &str) -> String {
    let digest = Md5::digest(text);
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What the handlers and the layer around them have seen.
#[derive(Default)]
struct Seen {
    handled: AtomicUsize,
    refused: std::sync::Mutex<Vec<RefusalKind>>,
}

async fn handle<R: Receiver>(callback: Callback<R>) -> Response {
    if callback.event().name().contains("failed") {
        return callback.failed("not today");
    }
    callback.accepted()
}

fn endpoint<R: Receiver>(receiver: R) -> Endpoint<R> {
    Endpoint::new(receiver)
        .clock(|| Timestamp(NOW * 1000))
        .read_timeout(Duration::from_millis(300))
}

/// A server on a free port, for as long as the test runs.
fn start() -> (SocketAddr, Arc<Seen>) {
    let seen = Arc::new(Seen::default());
    let (sender, receiver) = std::sync::mpsc::channel();
    let log = Arc::clone(&seen);
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async move {
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
            sender.send(listener.local_addr().unwrap()).unwrap();
            let baijiayun = baijiayun::callback::Callbacks::new([KEY]).unwrap();
            let polyv = polyv::callback::Callbacks::new([KEY]).unwrap();
            let quvideo = quvideo::callback::Callbacks::new(URL, [KEY]).unwrap();
            let routers = [
                Router::new()
                    .route("/baijiayun", post(handle::<baijiayun::callback::Callbacks>))
                    .with_state(endpoint(baijiayun)),
                Router::new()
                    .route("/polyv", any(handle::<polyv::callback::Callbacks>))
                    .with_state(endpoint(polyv)),
                Router::new()
                    .route("/quvideo", post(handle::<quvideo::callback::Callbacks>))
                    .with_state(endpoint(quvideo)),
            ];
            let router = routers.into_iter().fold(Router::new(), Router::merge);
            // A layer learns why a request was refused.
            let note = |State(log): State<Arc<Seen>>, response: Response| async move {
                match response.extensions().get::<Refusal>() {
                    Some(refusal) => log.refused.lock().unwrap().push(refusal.kind()),
                    None => drop(log.handled.fetch_add(1, Ordering::SeqCst)),
                }
                response
            };
            let router = router.layer(axum::middleware::map_response_with_state(log, note));
            // `map_response` without a state is the other form that users know.
            let router = router.layer(map_response(|response: Response| async { response }));
            axum::serve(listener, router).await.unwrap();
        });
    });
    (receiver.recv().unwrap(), seen)
}

fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(20)))
        .unwrap();
    stream
}

fn read_reply(mut stream: &TcpStream) -> (u16, String) {
    let mut reply = Vec::new();
    // A server that has refused a body may reset the connection behind its answer.
    let mut piece = [0; 4096];
    while let Ok(read @ 1..) = stream.read(&mut piece) {
        reply.extend_from_slice(&piece[..read]);
    }
    let reply = String::from_utf8(reply).unwrap();
    let status = reply.split(' ').nth(1).unwrap_or("0").parse().unwrap();
    let body = reply.split_once("\r\n\r\n").map_or("", |(_, body)| body);
    (status, body.to_owned())
}

fn ask(address: SocketAddr, head: &str, body: &str) -> (u16, String) {
    let mut stream = connect(address);
    let length = body.len();
    let request =
        format!("{head}\r\nhost: h\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}");
    stream.write_all(request.as_bytes()).unwrap();
    read_reply(&stream)
}

fn form(status: &str) -> String {
    let sign = md5(&format!(
        "qid=42&status={status}&timestamp={NOW}&video_id=7&partner_key={KEY}"
    ));
    format!("video_id=7&status={status}&qid=42&timestamp={NOW}&sign={sign}")
}

#[test]
fn each_vendor_is_answered_in_its_own_words() {
    let (address, seen) = start();
    let (status, body) = ask(address, "POST /baijiayun HTTP/1.1", &form("20"));
    assert_eq!((status, body.as_str()), (200, r#"{"code":0}"#));
    let (status, body) = ask(address, "POST /baijiayun HTTP/1.1", &form("30"));
    assert_eq!(
        (status, body.as_str()),
        (200, r#"{"code":1,"msg":"not today"}"#)
    );
    let vid = "u1234567890123456789abcdef012345_u";
    let sign = md5(&format!("upload{vid}{KEY}"));
    let head = format!("GET /polyv?type=upload&vid={vid}&sign={sign} HTTP/1.1");
    assert_eq!(ask(address, &head, ""), (200, String::new()));
    let sign = md5(&format!("DeleteMediaComplete{KEY}"));
    let head = format!("POST /polyv?sign={sign} HTTP/1.1");
    let body = r#"{"eventType":"DeleteMediaComplete","vids":"a,b"}"#;
    assert_eq!(ask(address, &head, body), (200, String::new()));
    let sign = md5(&format!("{URL}|{NOW}|{KEY}"));
    let head =
        format!("POST /quvideo HTTP/1.1\r\nX-VOD-TIMESTAMP: {NOW}\r\nX-VOD-SIGNATURE: {sign}");
    let body = r#"{"EventType":"TranscodeComplete","VideoId":"v","Status":"success"}"#;
    assert_eq!(ask(address, &head, body), (200, String::new()));
    assert_eq!(seen.handled.load(Ordering::SeqCst), 5);
    assert!(seen.refused.lock().unwrap().is_empty());
}

#[test]
fn what_is_refused_never_reaches_the_handler() {
    let (address, seen) = start();
    let forged = form("20").replace("video_id=7", "video_id=8");
    let (status, body) = ask(address, "POST /baijiayun HTTP/1.1", &forged);
    assert_eq!(status, 403);
    assert!(
        body.starts_with(r#"{"code":1,"msg":"the signature"#),
        "{body}"
    );
    let (status, _) = ask(address, "POST /baijiayun HTTP/1.1", "video_id=7");
    assert_eq!(status, 403);
    let (status, _) = ask(address, "POST /quvideo HTTP/1.1", "{}");
    assert_eq!(status, 403);
    let (status, _) = ask(address, "PUT /polyv?sign=0 HTTP/1.1", "");
    assert_eq!(status, 405);
    assert_eq!(seen.handled.load(Ordering::SeqCst), 0);
    assert_eq!(
        *seen.refused.lock().unwrap(),
        [
            RefusalKind::SignatureWrong,
            RefusalKind::SignatureMissing,
            RefusalKind::SignatureMissing,
            RefusalKind::Method,
        ]
    );
}

#[test]
fn a_gigabyte_is_refused_by_its_announcement() {
    let (address, seen) = start();
    let mut stream = connect(address);
    let head = "POST /baijiayun HTTP/1.1\r\nhost: h\r\ncontent-length: 1073741824\r\n\r\n";
    stream.write_all(head.as_bytes()).unwrap();
    // Not a byte of the body is sent, and it is answered all the same.
    let mut first = [0; 12];
    stream.read_exact(&mut first).unwrap();
    assert_eq!(&first, b"HTTP/1.1 413");
    assert_eq!(*seen.refused.lock().unwrap(), [RefusalKind::TooLarge]);
}

#[test]
fn a_body_without_end_is_refused_where_the_limit_is() {
    let (address, seen) = start();
    let mut stream = connect(address);
    let head = "POST /baijiayun HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\n\r\n";
    stream.write_all(head.as_bytes()).unwrap();
    stream
        .set_write_timeout(Some(Duration::from_secs(20)))
        .unwrap();
    let chunk = format!("10000\r\n{}\r\n", "a".repeat(0x10000));
    let mut sent = 0_usize;
    // A gigabyte, if anybody reads it.
    while sent < 1 << 30 && stream.write_all(chunk.as_bytes()).is_ok() {
        sent += 0x10000;
        if seen.refused.lock().unwrap().len() == 1 {
            break;
        }
    }
    assert!(sent < 64 << 20, "{sent} bytes were taken");
    assert_eq!(*seen.refused.lock().unwrap(), [RefusalKind::TooLarge]);
}

#[test]
fn a_body_that_does_not_come_is_given_up() {
    let (address, seen) = start();
    let mut stream = connect(address);
    let head = "POST /baijiayun HTTP/1.1\r\nhost: h\r\ncontent-length: 10\r\n\r\nvid";
    stream.write_all(head.as_bytes()).unwrap();
    let mut first = [0; 12];
    stream.read_exact(&mut first).unwrap();
    assert_eq!(&first, b"HTTP/1.1 408");
    assert_eq!(*seen.refused.lock().unwrap(), [RefusalKind::Incomplete]);
    assert_eq!(seen.handled.load(Ordering::SeqCst), 0);

    // One that breaks off is given up too.
    let mut stream = connect(address);
    stream.write_all(head.as_bytes()).unwrap();
    stream.shutdown(Shutdown::Both).unwrap();
    drop(stream);
    let (status, _) = ask(address, "POST /baijiayun HTTP/1.1", &form("20"));
    assert_eq!(status, 200);
    assert_eq!(seen.handled.load(Ordering::SeqCst), 1);
}
