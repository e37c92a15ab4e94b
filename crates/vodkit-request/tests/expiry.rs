//! Credentials that run out, with a vendor made up for it.

#![cfg(all(feature = "async", feature = "baijiayun"))]
#![allow(clippy::unwrap_used, reason = "a test that cannot set up has failed")]

mod drivers;

use bytes::Bytes;
use drivers::{RIGHT_TIME, block_on};
use http::{Request, Response};
use vodkit_request::baijiayun::operations::GET_STATUS;
use vodkit_request::draft::Draft;
use vodkit_request::error::{DecodeFault, Error, Refusal};
use vodkit_request::params::{InvalidParam, Params};
use vodkit_request::testing::{Reply, ScriptedTransport};
use vodkit_request::types::baijiayun::Envelope;
use vodkit_request::types::{FaultCode, Lenient, NoData, Operation, Wire};
use vodkit_request::vendor::{Grant, Vendor};
use vodkit_request::{Call, Endpoint, ErrorKind, Payload, Session, Timestamp};

/// A vendor whose login answers with a token; each token holds for as many milliseconds as the reply says.
struct Tokens;

impl Vendor for Tokens {
    type Credential = String;
    type Frame<T: Wire> = Envelope<T>;
    const NAME: &'static str = "tokens";
    const FAULT_CODES: &'static [FaultCode] = &[];

    fn credential(&self) -> Option<String> {
        None
    }
    fn login(&self, at: Timestamp) -> Result<Request<Payload>, Error> {
        Ok(get(format!("http://v.example.test/login?at={}", at.0)))
    }
    fn open_login(
        &self,
        response: &Response<Bytes>,
        now: Timestamp,
    ) -> Result<Grant<String>, Refusal> {
        let text = std::str::from_utf8(response.body()).unwrap();
        let (token, lifetime) = text.split_once(' ').unwrap();
        Ok(Grant {
            credential: token.to_owned(),
            expires: lifetime.parse().ok().map(|lifetime| now.offset(lifetime)),
        })
    }
    fn seal(
        &self,
        _draft: Draft,
        credential: Option<&String>,
        at: Timestamp,
        _entropy: u64,
    ) -> Result<Request<Payload>, Error> {
        let token = credential.unwrap();
        Ok(get(format!(
            "http://v.example.test/call?token={token}&at={}",
            at.0
        )))
    }
    fn mask(&self, text: &str, _credential: Option<&String>) -> String {
        text.to_owned()
    }
    fn open<T: Wire>(
        &self,
        _operation: &'static Operation,
        response: &Response<Bytes>,
    ) -> Result<T, Refusal> {
        serde_json::from_slice::<Lenient<T>>(response.body())
            .map(|Lenient(read)| read)
            .map_err(|error| {
                Refusal::Decode(DecodeFault {
                    message: error.to_string(),
                    field_path: None,
                })
            })
    }
}

fn get(uri: String) -> Request<Payload> {
    let mut request = Request::new(Payload::empty());
    *request.uri_mut() = uri.parse().unwrap();
    request
}

#[derive(Clone)]
struct Ping;

impl Endpoint for Ping {
    type Vendor = Tokens;
    type Output = NoData;
    fn operation(&self) -> &'static Operation {
        &GET_STATUS
    }
    fn params(&self, _params: &mut Params) -> Result<(), InvalidParam> {
        Ok(())
    }
}

const OK: &str = "null";

#[test]
fn a_token_serves_until_it_runs_out() {
    let session = Session::new(Tokens);
    let first =
        ScriptedTransport::new([Reply::json("one 10000"), Reply::json(OK), Reply::json(OK)]);
    Call::new(&first, &session, Ping).send().unwrap();
    block_on(Call::new(&first, &session, Ping)).unwrap();
    assert!(first.log()[0].contains("/login") && first.log()[1].contains("token=one"));
    assert_eq!(
        first.log()[2],
        "GET http://v.example.test/call?token=one&at=1700000000020"
    );

    // It came at 10 ms, so it holds up to 10 009 ms and no longer.
    let last = ScriptedTransport::new([Reply::json(OK)]).clock_offset(10_009);
    Call::new(&last, &session, Ping).send().unwrap();
    assert_eq!(last.log().len(), 1);
    let over =
        ScriptedTransport::new([Reply::json("two never"), Reply::json(OK)]).clock_offset(10_010);
    Call::new(&over, &session, Ping).send().unwrap();
    assert!(over.log()[0].contains("/login") && over.log()[1].contains("token=two"));

    // One without an end holds for ever.
    let years = ScriptedTransport::new([Reply::json(OK)]).clock_offset(1_000_000_000_000);
    Call::new(&years, &session, Ping).send().unwrap();
    assert!(years.log()[0].contains("token=two"));
}

#[test]
fn tokens_run_out_by_the_vendors_clock() {
    // Ours is a day ahead; the login's reply says so before its token is judged.
    let session = Session::new(Tokens);
    let transport = ScriptedTransport::new([
        Reply::json("one 10000").header("date", RIGHT_TIME),
        Reply::json(OK),
        Reply::json(OK),
    ])
    .clock_offset(86_400_000);
    Call::new(&transport, &session, Ping).send().unwrap();
    Call::new(&transport, &session, Ping).send().unwrap();
    assert_eq!(transport.log().len(), 3, "{:?}", transport.log());
    assert!(
        transport.log()[1].contains("at=17000000"),
        "{:?}",
        transport.log()
    );
}

#[test]
fn tokens_that_never_hold_end_after_two_logins() {
    let session = Session::new(Tokens);
    let transport = ScriptedTransport::new((0..9).map(|_| Reply::json("dead 0")));
    let error = Call::new(&transport, &session, Ping).send().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Credential);
    assert!(error.to_string().contains("clock"), "{error}");
    assert!(!error.maybe_sent());
    // Two logins at once, with no waiting for a place that the call holds itself.
    assert_eq!(transport.log().len(), 2, "{:?}", transport.log());
    assert!(transport.log().iter().all(|line| line.contains("/login")));
}
