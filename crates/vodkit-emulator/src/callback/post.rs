//! One request to somebody else's server: plain HTTP/1.1, on a connection of its own, within a time and a size.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::{Request, header};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use super::letter::{Message, Reply};
use super::target::{Place, Target};

/// Longest part of an answer that is read. What follows is cut off: the answers that vendors ask for are a line.
const REPLY_LIMIT: usize = 64 * 1024;

/// What an attempt may do.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// Whether it may leave this machine.
    pub(crate) anywhere: bool,
    /// From the beginning of the connection to the end of the answer, in real time.
    pub(crate) time: Duration,
    /// Whether the body of the answer is waited for.
    pub(crate) reads_body: bool,
}

/// Why there is no answer.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    /// Nothing left the emulator, and nothing ever will.
    NotSent(String),
    /// The other side cannot be reached, is too slow or hangs up.
    Broken(String),
}

/// Sends it once.
pub(crate) async fn send(message: Message, limits: Limits) -> Result<Reply, Failure> {
    let target = Target::read(&message.url).map_err(Failure::NotSent)?;
    let place = target.place(limits.anywhere).map_err(Failure::NotSent)?;
    let exchange = async {
        let stream = connect(&target, place)
            .await
            .map_err(|error| broken("cannot connect", &error))?;
        talk(stream, &target, message, limits.reads_body).await
    };
    let too_slow = |_| {
        let time = limits.time.as_millis();
        Failure::Broken(format!("no whole answer within {time} ms"))
    };
    tokio::time::timeout(limits.time, exchange)
        .await
        .map_err(too_slow)?
}

fn broken(what: &str, error: &dyn std::error::Error) -> Failure {
    // The inner error is the one that says something: "connection refused", "connection reset".
    let mut inner = error;
    while let Some(source) = inner.source() {
        inner = source;
    }
    Failure::Broken(format!("{what}: {inner}"))
}

async fn connect(target: &Target, place: Place) -> io::Result<TcpStream> {
    let port = target.port;
    let candidates: Vec<SocketAddr> = match place {
        Place::Known(addresses) => {
            let with_port = |ip: IpAddr| SocketAddr::new(ip, port);
            addresses.into_iter().map(with_port).collect()
        }
        Place::Named => tokio::net::lookup_host((target.host.as_str(), port))
            .await?
            .collect(),
    };
    // Tries them in order, and gives the last error.
    let stream = TcpStream::connect(&candidates[..]).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

async fn talk(
    stream: TcpStream,
    target: &Target,
    message: Message,
    reads_body: bool,
) -> Result<Reply, Failure> {
    let request = request(target, message)?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream))
        .await
        .map_err(|error| broken("cannot send", &error))?;
    let exchange = async {
        let response = sender
            .send_request(request)
            .await
            .map_err(|error| broken("no answer", &error))?;
        let status = response.status();
        let body = match reads_body {
            true => start_of(response.into_body()).await?,
            false => Bytes::new(),
        };
        Ok(Reply { status, body })
    };
    // The connection moves bytes while it is polled. Its end is told to the exchange, which then ends with what it has.
    let connection = async {
        let _told = connection.await;
        std::future::pending::<()>().await;
    };
    tokio::select! {
        outcome = exchange => outcome,
        () = connection => Err(Failure::Broken("the connection ended".to_owned())),
    }
}

fn request(target: &Target, message: Message) -> Result<Request<Full<Bytes>>, Failure> {
    let Message {
        method,
        headers,
        body,
        ..
    } = message;
    let builder = Request::builder()
        .method(method)
        .uri(target.path.as_str())
        .header(header::HOST, &target.authority)
        .header(
            header::USER_AGENT,
            concat!("vodkit-emulator/", env!("CARGO_PKG_VERSION")),
        )
        .header(header::ACCEPT, "*/*")
        .header(header::CONNECTION, "close");
    headers
        .into_iter()
        .fold(builder, |builder, (name, value)| {
            builder.header(name, value)
        })
        .body(Full::new(body))
        .map_err(|error| Failure::NotSent(format!("the request cannot be written: {error}")))
}

async fn start_of(mut body: Incoming) -> Result<Bytes, Failure> {
    let mut start = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| broken("the answer broke off", &error))?;
        // Trailers say nothing here.
        let Ok(data) = frame.into_data() else {
            continue;
        };
        let room = REPLY_LIMIT - start.len();
        start.extend_from_slice(&data[..data.len().min(room)]);
        if start.len() == REPLY_LIMIT {
            break;
        }
    }
    Ok(start.freeze())
}
