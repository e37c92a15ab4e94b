//! Exchanges beside each other.

use std::collections::VecDeque;
use std::sync::{Arc, Barrier};
use std::time::Duration;

use vodkit_request::flow::{Event, Flow, Lane, Step};
use vodkit_request::transport::{Outgoing, Tick};
use vodkit_request::{Error, ErrorKind};

use super::server::{Peer, Server, reply};
use super::{Harness, Outcome, get, ms, timed};

/// A flow that begins all its exchanges and then waits for them, and that fails when one takes longer than its patience.
#[derive(Debug)]
pub struct Beside {
    waiting: VecDeque<Outgoing>,
    /// How long it waits for each that ends.
    patience: Option<Duration>,
    begun: usize,
    ended: Vec<(Lane, Outcome)>,
}

impl Beside {
    fn of(waiting: impl IntoIterator<Item = Outgoing>) -> Self {
        Self {
            waiting: waiting.into_iter().collect(),
            patience: None,
            begun: 0,
            ended: Vec::new(),
        }
    }
}

impl Flow for Beside {
    type Output = Vec<(Lane, Outcome)>;

    fn advance(&mut self, _: Tick, event: Event) -> Result<Step<Self::Output>, Error> {
        match event {
            Event::Start | Event::Begun => {}
            Event::Ended(lane, outcome) => self.ended.push((lane, outcome)),
            Event::Woken => return Err(Error::new(ErrorKind::Deadline, "out of patience")),
            other => panic!("not asked for: {other:?}"),
        }
        if let Some(outgoing) = self.waiting.pop_front() {
            self.begun += 1;
            return Ok(Step::Begin(self.begun - 1, Box::new(outgoing)));
        }
        Ok(match self.ended.len() == self.begun {
            true => Step::Done(std::mem::take(&mut self.ended)),
            false => Step::Await(self.patience),
        })
    }
}

fn ok(peer: &mut Peer) {
    // The test has the result; a client that has gone needs none.
    let _gone = peer.write(&reply("200 OK", &[], "{}"));
}

/// Nothing is answered until all of them have arrived, and each reply is told of the lane whose request it answers.
pub fn lanes_run_beside_each_other(case: &dyn Harness) {
    let all = Arc::new(Barrier::new(3));
    let server = Server::start(move |peer| {
        if let Some(seen) = peer.read_request() {
            all.wait();
            peer.write(&reply("200 OK", &[], seen.target().1)).unwrap();
        }
    });
    let three = (0..3).map(|number| get(server.url(&format!("/{number}"))));
    let mut ended: Vec<_> = case
        .run(Beside::of(three))
        .unwrap()
        .into_iter()
        .map(|(lane, outcome)| (lane, outcome.unwrap().into_body()))
        .collect();
    ended.sort();
    let wanted = [(0, "/0".into()), (1, "/1".into()), (2, "/2".into())];
    assert_eq!(ended, wanted, "{}", case.name());
}

/// The order is that of the replies.
pub fn who_ends_first_is_told_first(case: &dyn Harness) {
    let server = Server::start(|peer| {
        while let Some(seen) = peer.read_request() {
            if seen.target().1 == "/slow" {
                peer.wait_stop(ms(300));
                let _gone = peer.write(&reply("503 Service Unavailable", &[], "slow"));
            } else {
                ok(peer);
            }
        }
    });
    let two = [get(server.url("/slow")), get(server.url("/fast"))];
    let ended = case.run(Beside::of(two)).unwrap();
    let told: Vec<_> = ended
        .into_iter()
        .map(|(lane, outcome)| (lane, outcome.unwrap().status().as_u16()))
        .collect();
    assert_eq!(told, [(1, 200), (0, 503)], "{}", case.name());
}

/// A wait has an end, and a flow that gives up is not held up by what is still under way.
pub fn a_wait_for_lanes_has_a_limit(case: &dyn Harness) {
    let server = Server::start(|peer| {
        peer.read_request();
        peer.hold();
    });
    let mut flow = Beside::of([get(server.url("/never"))]);
    flow.patience = Some(ms(100));
    let ended = timed(case, ms(100), ms(100), || case.run(flow));
    assert_eq!(ended.unwrap_err().kind(), ErrorKind::Deadline);
}

/// Waiting with nothing under way is sleeping.
pub fn an_idle_wait_is_a_sleep(case: &dyn Harness) {
    let mut flow = Beside::of([]);
    // One that never comes.
    flow.begun = 1;
    flow.patience = Some(ms(50));
    let ended = timed(case, ms(50), ms(50), || case.run(flow));
    assert_eq!(ended.unwrap_err().kind(), ErrorKind::Deadline);
}
