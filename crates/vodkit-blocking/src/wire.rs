//! The connection below ureq: when a request left, how long it may stand still, and replies that come before the body is out.
//!
//! ureq's own TCP transport lets one write last as long as its time-out for each part of it that gets through, and gives a reply up
//! when the peer closes before the whole body was sent. Both matter for uploads, so this module brings its own. It uses
//! `ureq::unversioned`, which may change with a minor version of ureq; nothing of it is visible outside this crate.

use std::fmt;
use std::io::{self, Read, Write};
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use http::Uri;
use ureq::config::Config;
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{
    Buffers, ConnectProxyConnector, ConnectionDetails, Connector, Either, LazyBuffers, NextTimeout,
    Transport,
};
use ureq::{Agent, Error, Timeout};

use crate::exchange::{EXCHANGE, Exchange};

/// An agent on the connections of this module.
pub(crate) fn agent(config: Config) -> Agent {
    let chain = ().chain(ConnectProxyConnector::default()).chain(TcpConnector);
    #[cfg(feature = "rustls")]
    let chain = chain.chain(AgentLevel(
        ureq::unversioned::transport::RustlsConnector::default(),
    ));
    #[cfg(feature = "native-tls")]
    let chain = chain.chain(AgentLevel(
        ureq::unversioned::transport::NativeTlsConnector::default(),
    ));
    Agent::with_parts(config, chain.chain(WitnessConnector), DeferredResolver)
}

/// Bodies in memory up to this size leave together with their head.
pub(crate) const SMALL: usize = 64 * 1024;

/// Leaves the look-up to [`TcpConnector`]: ureq asks its resolver on every call, also when it has an open connection.
#[derive(Debug)]
struct DeferredResolver;

impl Resolver for DeferredResolver {
    fn resolve(&self, _: &Uri, _: &Config, _: NextTimeout) -> Result<ResolvedSocketAddrs, Error> {
        Ok(self.empty())
    }
}

/// Opens TCP connections, name look-up included, within the connect time-out.
#[derive(Debug)]
struct TcpConnector;

impl<In: Transport> Connector<In> for TcpConnector {
    type Out = Either<In, TcpTransport>;

    fn connect(
        &self,
        details: &ConnectionDetails<'_>,
        chained: Option<In>,
    ) -> Result<Option<Self::Out>, Error> {
        if let Some(tunnel) = chained {
            return Ok(Some(Either::A(tunnel)));
        }
        let deadline = exact(&details.timeout).map(|left| Instant::now() + left);
        let addresses = look_up(details)?;
        let mut last = Error::HostNotFound;
        for (index, address) in addresses.iter().enumerate() {
            let connected = match deadline {
                None => TcpStream::connect(address),
                Some(deadline) => {
                    let left = deadline.saturating_duration_since(Instant::now());
                    if left.is_zero() {
                        return Err(Error::Timeout(details.timeout.reason));
                    }
                    // An address that does not answer leaves time for those after it.
                    let share = left / u32::try_from(addresses.len() - index).unwrap_or(1);
                    TcpStream::connect_timeout(address, share.max(Duration::from_millis(1)))
                }
            };
            match connected {
                Ok(stream) => {
                    stream.set_nodelay(details.config.no_delay())?;
                    let buffers = LazyBuffers::new(
                        details.config.input_buffer_size(),
                        details.config.output_buffer_size(),
                    );
                    return Ok(Some(Either::B(TcpTransport::new(stream, buffers))));
                }
                Err(error) if error.kind() == io::ErrorKind::TimedOut => {
                    last = Error::Timeout(Timeout::Connect)
                }
                Err(error) => last = error.into(),
            }
        }
        Err(last)
    }
}

fn look_up(details: &ConnectionDetails<'_>) -> Result<Vec<SocketAddr>, Error> {
    let uri = details.uri;
    let host = uri.host().unwrap_or_default();
    if let Ok(ip) = host.trim_matches(['[', ']']).parse::<IpAddr>() {
        let default = if uri.scheme_str() == Some("https") {
            443
        } else {
            80
        };
        return Ok(vec![SocketAddr::new(ip, uri.port_u16().unwrap_or(default))]);
    }
    let found = DefaultResolver::default().resolve(uri, details.config, details.timeout)?;
    Ok(found.iter().copied().collect())
}

/// The time left, unless there is no limit.
fn exact(timeout: &NextTimeout) -> Option<Duration> {
    (!timeout.after.is_not_happening()).then(|| *timeout.after)
}

#[derive(Debug)]
struct TcpTransport {
    stream: TcpStream,
    buffers: LazyBuffers,
    write_timeout: Option<Duration>,
    read_timeout: Option<Duration>,
}

impl TcpTransport {
    fn new(stream: TcpStream, buffers: LazyBuffers) -> Self {
        Self {
            stream,
            buffers,
            write_timeout: None,
            read_timeout: None,
        }
    }
}

impl Transport for TcpTransport {
    fn buffers(&mut self) -> &mut dyn Buffers {
        &mut self.buffers
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), Error> {
        let mut patience = Patience::new(&timeout, timeout.per_write, Timeout::PerWrite);
        let mut rest = &self.buffers.output()[..amount];
        while !rest.is_empty() {
            // A write that times out after part of its bytes went out does not say when the last of them did, so the socket
            // is asked in quarters.
            if let Some(limit) = patience.limit(4, self.write_timeout)? {
                self.stream.set_write_timeout(Some(limit))?;
                self.write_timeout = Some(limit);
            }
            match (&self.stream).write(rest) {
                Ok(0) => return Err(io::Error::from(io::ErrorKind::WriteZero).into()),
                Ok(count) => {
                    rest = &rest[count..];
                    patience.renew();
                }
                Err(error) if is_wait(&error) => patience.wait(),
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, Error> {
        let mut patience = Patience::new(&timeout, timeout.per_read, Timeout::PerRead);
        let input = self.buffers.input_append_buf();
        let count = loop {
            if let Some(limit) = patience.limit(1, self.read_timeout)? {
                self.stream.set_read_timeout(Some(limit))?;
                self.read_timeout = Some(limit);
            }
            match (&self.stream).read(input) {
                Ok(count) => break count,
                Err(error) if is_wait(&error) => patience.wait(),
                Err(error) => return Err(error.into()),
            }
        };
        self.buffers.input_appended(count);
        Ok(count > 0)
    }

    fn is_open(&mut self) -> bool {
        // An idle connection has nothing to read. A byte or an end means that the peer is done with it.
        let probe = |stream: &TcpStream| {
            stream.set_nonblocking(true)?;
            let found = stream.peek(&mut [0]);
            stream.set_nonblocking(false)?;
            found
        };
        matches!(probe(&self.stream), Err(error) if error.kind() == io::ErrorKind::WouldBlock)
    }
}

fn is_wait(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut | io::ErrorKind::Interrupted
    )
}

/// How long one direction of a connection may go on.
struct Patience {
    deadline: Option<Instant>,
    deadline_reason: Timeout,
    /// Longest stand-still and its name.
    stall: Option<Duration>,
    stall_reason: Timeout,
    moved: Instant,
    /// As of the last look at the clock.
    now: Instant,
}

impl Patience {
    fn new(
        timeout: &NextTimeout,
        stall: Option<impl std::ops::Deref<Target = Duration>>,
        stall_reason: Timeout,
    ) -> Self {
        let now = Instant::now();
        Self {
            deadline: exact(timeout).map(|left| now + left),
            deadline_reason: timeout.reason,
            stall: stall.map(|stall| *stall),
            stall_reason,
            moved: now,
            now,
        }
    }

    /// Time has passed, and nothing moved.
    fn wait(&mut self) {
        self.now = Instant::now();
    }

    fn renew(&mut self) {
        self.wait();
        self.moved = self.now;
    }

    /// The socket time-out to set now, or `None` when the one that is set will do.
    fn limit(&self, parts: u32, set: Option<Duration>) -> Result<Option<Duration>, Error> {
        let now = self.now;
        let mut limit = None;
        if let Some(stall) = self.stall {
            let left = stall.saturating_sub(now.saturating_duration_since(self.moved));
            if left.is_zero() {
                return Err(Error::Timeout(self.stall_reason));
            }
            limit = Some(left.min(stall / parts));
        }
        if let Some(deadline) = self.deadline {
            let left = deadline.saturating_duration_since(now);
            if left.is_zero() {
                return Err(Error::Timeout(self.deadline_reason));
            }
            limit = Some(limit.map_or(left, |limit: Duration| limit.min(left)));
        }
        // The operating system takes no zero. With no limit at all, any will do: the loop around the socket goes on.
        let limit = limit
            .unwrap_or(Duration::from_secs(3600))
            .max(Duration::from_millis(1));
        // A shorter time-out only wakes early and a slightly longer one a little late, so most calls save the system call.
        Ok(match set {
            Some(set) if set <= limit + limit / 64 && set >= limit / 2 => None,
            _ => Some(limit),
        })
    }
}

/// Makes a TLS connector keep its set-up from one connection to the next.
///
/// The limits of each exchange are request-level settings to ureq, for which it would build TLS anew, without session resumption.
/// The TLS settings themselves are always the agent's.
#[cfg(any(feature = "rustls", feature = "native-tls"))]
#[derive(Debug)]
struct AgentLevel<C>(C);

#[cfg(any(feature = "rustls", feature = "native-tls"))]
impl<In: Transport, C: Connector<In>> Connector<In> for AgentLevel<C> {
    type Out = C::Out;

    fn connect(
        &self,
        details: &ConnectionDetails<'_>,
        chained: Option<In>,
    ) -> Result<Option<C::Out>, Error> {
        let details = ConnectionDetails {
            uri: details.uri,
            addrs: DeferredResolver.empty(),
            config: details.config,
            request_level: false,
            resolver: details.resolver,
            now: details.now,
            timeout: details.timeout,
            current_time: details.current_time.clone(),
            run_connector: details.run_connector.clone(),
            register_shutdown: details.register_shutdown.clone(),
        };
        self.0.connect(&details, chained)
    }
}

/// Puts a [`Witness`] on top of each connection, TLS included.
#[derive(Debug)]
struct WitnessConnector;

impl<In: Transport> Connector<In> for WitnessConnector {
    type Out = Witness<In>;

    fn connect(
        &self,
        _: &ConnectionDetails<'_>,
        chained: Option<In>,
    ) -> Result<Option<Self::Out>, Error> {
        // A proxy may have been spoken to on the way, but the request itself has not left.
        EXCHANGE.set(Exchange {
            in_one: EXCHANGE.get().in_one,
            ..Exchange::NEW
        });
        Ok(chained.map(|inner| Witness {
            inner,
            head: Vec::new(),
            cut: None,
            is_cut: false,
            glanced: false,
        }))
    }
}

/// Sees the request leave, and reads the reply of a peer that stopped reading.
struct Witness<T> {
    inner: T,
    /// What waits for the body.
    head: Vec<u8>,
    /// The peer took no more of the request, so the connection is good for this reply alone.
    is_cut: bool,
    /// Why it took no more, until it has answered.
    cut: Option<Error>,
    /// The beginning of the answer is in the buffer already.
    glanced: bool,
}

// The head holds a signature.
impl<T> fmt::Debug for Witness<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Witness")
    }
}

impl<T: Transport> Witness<T> {
    fn cut(&mut self, reason: Error) {
        self.is_cut = true;
        self.cut = Some(reason);
        EXCHANGE.set(Exchange {
            sent: true,
            abandoned: true,
            in_one: false,
        });
    }

    /// Keeps the head that is in the output buffer, if it is to wait.
    fn keep_head(&mut self, amount: usize) -> bool {
        let output = self.inner.buffers().output();
        let waits = EXCHANGE.get().in_one && self.head.is_empty() && amount + SMALL <= output.len();
        if waits {
            self.head.extend_from_slice(&output[..amount]);
        }
        waits
    }

    /// Transmits what is in the output buffer, and the head that waits before it.
    fn hand_over(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), Error> {
        let head = self.head.len();
        let output = self.inner.buffers().output();
        output.copy_within(..amount, head);
        output[..head].copy_from_slice(&self.head);
        self.head.clear();
        EXCHANGE.set(Exchange {
            sent: true,
            ..Exchange::NEW
        });
        match self.inner.transmit_output(head + amount, timeout) {
            // Closed: an answer may be waiting all the same, such as 413 for a body that is too large.
            Err(Error::Io(error)) if is_closed(&error) => {
                self.cut(Error::Io(error));
                Ok(())
            }
            // Not reading: it may have answered and wait for us to see it.
            Err(Error::Timeout(Timeout::PerWrite)) => {
                let glance = NextTimeout {
                    per_read: Some(Duration::from_millis(1).into()),
                    ..timeout
                };
                if matches!(self.inner.await_input(glance), Ok(true)) {
                    self.glanced = true;
                    self.cut(Error::Timeout(Timeout::PerWrite));
                    return Ok(());
                }
                Err(Error::Timeout(Timeout::PerWrite))
            }
            other => other,
        }
    }
}

impl<T: Transport> Transport for Witness<T> {
    fn buffers(&mut self) -> &mut dyn Buffers {
        self.inner.buffers()
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), Error> {
        if self.is_cut || self.keep_head(amount) {
            return Ok(());
        }
        self.hand_over(amount, timeout)
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, Error> {
        if !self.head.is_empty() {
            // No body comes, as after the `CONNECT` to a proxy.
            self.hand_over(0, timeout)?;
        }
        if std::mem::take(&mut self.glanced) {
            self.cut = None;
            return Ok(true);
        }
        let result = self.inner.await_input(timeout);
        match self.cut.take() {
            // No answer behind the cut: the cut itself is what went wrong.
            Some(cut) if !matches!(result, Ok(true)) => Err(cut),
            _ => result,
        }
    }

    fn is_open(&mut self) -> bool {
        !self.is_cut && self.inner.is_open()
    }

    fn is_tls(&self) -> bool {
        self.inner.is_tls()
    }
}

fn is_closed(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::BrokenPipe
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionAborted
    )
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use http::Request;
    use vodkit_request::transport::{BlockingTransport, Limits, Outgoing};

    use super::*;
    use crate::client::Blocking;
    use crate::exchange::{ExchangeGuard, is_sent, send_in_one};

    /// Connections that write down what is transmitted at once, and answer whatever it is.
    #[derive(Clone, Debug, Default)]
    struct Log(Arc<Mutex<Vec<String>>>);

    #[derive(Debug)]
    struct Logged(Log, LazyBuffers);

    impl Connector for Log {
        type Out = Logged;

        fn connect(
            &self,
            _: &ConnectionDetails<'_>,
            _: Option<()>,
        ) -> Result<Option<Logged>, Error> {
            let buffers = LazyBuffers::new(4096, 2 * SMALL);
            Ok(Some(Logged(self.clone(), buffers)))
        }
    }

    impl Transport for Logged {
        fn buffers(&mut self) -> &mut dyn Buffers {
            &mut self.1
        }

        fn transmit_output(&mut self, amount: usize, _: NextTimeout) -> Result<(), Error> {
            let text = String::from_utf8_lossy(&self.1.output()[..amount]).into_owned();
            self.0.0.lock().unwrap().push(text);
            Ok(())
        }

        fn await_input(&mut self, _: NextTimeout) -> Result<bool, Error> {
            let reply = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
            self.1.input_append_buf()[..reply.len()].copy_from_slice(reply);
            self.1.input_appended(reply.len());
            Ok(true)
        }

        fn is_open(&mut self) -> bool {
            true
        }
    }

    fn logged() -> (Log, Agent) {
        let log = Log::default();
        let connector = log.clone().chain(WitnessConnector);
        let agent = Agent::with_parts(Config::default(), connector, DeferredResolver);
        (log, agent)
    }

    #[test]
    fn a_small_body_leaves_together_with_its_head() {
        for (size, in_one) in [(1, true), (SMALL, true), (SMALL + 1, false)] {
            let (log, agent) = logged();
            let transport = Blocking::from_agent(agent);
            for _ in 0..2 {
                let request = Request::post("http://127.0.0.1/x");
                transport
                    .send(Outgoing::new(
                        request.body(vec![b'x'; size].into()).unwrap(),
                        Limits::call(),
                    ))
                    .unwrap();
            }
            let pieces = log.0.lock().unwrap();
            assert_eq!(pieces.len(), if in_one { 2 } else { 4 });
            let (head, body) = pieces[0].split_once("\r\n\r\n").unwrap();
            assert!(head.starts_with("POST /x HTTP/1.1\r\n"));
            assert_eq!(body, "x".repeat(if in_one { size } else { 0 }));
        }
    }

    #[test]
    fn a_head_that_waits_for_no_body_is_not_lost() {
        let (log, agent) = logged();
        let _guard = ExchangeGuard::enter();
        send_in_one();
        agent.get("http://127.0.0.1/x").call().unwrap();
        assert!(is_sent());
        assert!(log.0.lock().unwrap()[0].ends_with("\r\n\r\n"));
    }
}
