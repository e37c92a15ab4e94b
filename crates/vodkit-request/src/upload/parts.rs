//! The parts of a file, several at once.
//!
//! Each lane has one part under way. A part that failed waits beside the others until it is due again, and holds none of them up.

use std::time::Duration;

use super::Delivery;
use super::delivery::{Next, Stage, Then};
use super::exchange::{Flight, Setback, Tries};
use super::store::{Ask, Store};
use super::{Mark, PartMark};
use crate::digest::DigestTap;
use crate::error::Error;
use crate::flow::{Event, Lane, Step, unexpected_event};
use crate::lanes::Ended;
use crate::retry::Outcome;
use crate::session::Session;
use crate::transport::Tick;
use crate::vendor::Vendor;

/// What is under way, and what waits.
#[derive(Debug, Default)]
pub(super) struct Lanes {
    under_way: Vec<Option<UnderWay>>,
    waiting: Vec<Waiting>,
    /// The last number that was begun for the first time.
    last: u32,
    /// Counts the uploads that were opened: a part of an earlier one counts no more.
    upload: u32,
}

#[derive(Debug)]
struct UnderWay {
    upload: u32,
    number: u32,
    tries: Tries,
    flight: Flight,
    tap: DigestTap,
}

/// A part that has failed.
#[derive(Debug)]
struct Waiting {
    number: u32,
    tries: Tries,
    /// When it may be sent again, by the clock that never jumps.
    due: Duration,
}

impl Lanes {
    /// All parts are to be sent. What is under way is of no use any more, but keeps its lane until it ends.
    pub(super) fn begin_anew(&mut self) {
        self.waiting.clear();
        self.last = 0;
        self.upload += 1;
    }

    fn free(&mut self, count: usize) -> Option<Lane> {
        if self.under_way.len() < count {
            self.under_way.resize_with(count, || None);
        }
        self.under_way.iter().take(count).position(Option::is_none)
    }

    /// Whether parts are under way or wait. A part of an earlier upload may hold the lane that the next one needs.
    fn are_busy(&self) -> bool {
        !self.waiting.is_empty() || self.under_way.iter().any(Option::is_some)
    }

    fn wait(&mut self, number: u32, tries: Tries, due: Duration) {
        self.waiting.push(Waiting { number, tries, due });
    }

    /// A part that waits and is due, the one that was due first.
    fn due(&mut self, now: Duration) -> Option<Waiting> {
        let (index, _) = self
            .waiting
            .iter()
            .enumerate()
            .filter(|(_, part)| part.due <= now)
            .min_by_key(|(_, part)| part.due)?;
        Some(self.waiting.swap_remove(index))
    }

    fn next_due(&self) -> Option<Duration> {
        self.waiting.iter().map(|part| part.due).min()
    }
}

impl<S: Store> Delivery<S> {
    /// Begins the next part, or waits for those that are under way.
    pub(super) fn send_parts<V: Vendor>(
        &mut self,
        tick: Tick,
        session: &Session<V>,
    ) -> Result<Next, Error> {
        self.stage = Stage::Sending;
        let free = self.lanes.free(self.settings.transfer.lanes.max(1));
        if let Some(lane) = free
            && let Some((number, tries)) = self.next_part(tick)?
        {
            if self.keys_are_due(tick) {
                self.lanes.wait(number, tries, tick.elapsed);
                return Ok(Next::Renew);
            }
            return self.begin_part(tick, lane, (number, tries), session);
        }
        if !self.lanes.are_busy() {
            return self.all_arrived(tick, session);
        }
        // With no lane free a part that is due would find none.
        let limit = free
            .and_then(|_| self.lanes.next_due())
            .map(|due| due.saturating_sub(tick.elapsed));
        Ok(Next::Do(Step::Await(limit)))
    }

    fn next_part(&mut self, tick: Tick) -> Result<Option<(u32, Tries)>, Error> {
        if let Some(part) = self.lanes.due(tick.elapsed) {
            return Ok(Some((part.number, part.tries)));
        }
        let count = self.parts.ok_or_else(unexpected_event)?.count();
        let arrived = &self.log.past().parts;
        while self.lanes.last < count {
            self.lanes.last += 1;
            if !arrived.contains_key(&self.lanes.last) {
                return Ok(Some((self.lanes.last, self.fresh_tries())));
            }
        }
        Ok(None)
    }

    fn begin_part<V: Vendor>(
        &mut self,
        tick: Tick,
        lane: Lane,
        (number, tries): (u32, Tries),
        session: &Session<V>,
    ) -> Result<Next, Error> {
        let range = self.parts.ok_or_else(unexpected_event)?.range(number);
        let opened = self.log.past().opened.as_ref();
        let ask = Ask::Part {
            upload_id: &opened.ok_or_else(unexpected_event)?.upload_id,
            number,
            body: self.source.body(range)?,
        };
        let (outgoing, flight) = self.signed(tick, ask, session)?;
        let (outgoing, tap) = self.with_file(outgoing, lane);
        self.lanes.under_way[lane] = Some(UnderWay {
            upload: self.lanes.upload,
            number,
            tries,
            flight,
            tap,
        });
        Ok(Next::Do(Step::Begin(lane, Box::new(outgoing))))
    }

    pub(super) fn part_event<V: Vendor>(
        &mut self,
        tick: Tick,
        event: Event,
        session: &Session<V>,
    ) -> Result<Next, Error> {
        match event {
            Event::Begun | Event::Woken => self.send_parts(tick, session),
            Event::Ended(lane, ended) => {
                let part = self.lanes.under_way.get_mut(lane).and_then(Option::take);
                let part = part.ok_or_else(unexpected_event)?;
                if part.upload != self.lanes.upload {
                    return self.send_parts(tick, session);
                }
                self.part_ended(tick, lane, part, ended, session)
            }
            _ => Err(unexpected_event()),
        }
    }

    fn part_ended<V: Vendor>(
        &mut self,
        tick: Tick,
        lane: Lane,
        part: UnderWay,
        ended: Ended,
        session: &Session<V>,
    ) -> Result<Next, Error> {
        let UnderWay {
            number,
            mut tries,
            flight,
            tap,
            ..
        } = part;
        let setback = match self.judge(tick, (flight, &mut tries), ended, session, S::part) {
            Ok(stored) => {
                let range = self.parts.ok_or_else(unexpected_event)?.range(number);
                let sent = self.digests(&tap, range.clone());
                match self.store()?.differs(&stored, &sent) {
                    None => {
                        self.accepted(tries, session);
                        let bytes = range.end - range.start;
                        let mark = Mark::Part(PartMark {
                            number,
                            offset: range.start,
                            bytes,
                            etag: stored.etag,
                            crc64: sent.crc64,
                            md5: sent.md5,
                        });
                        let then = Then::Arrived {
                            lane,
                            number,
                            bytes,
                        };
                        return self.keep(tick, mark, then, session);
                    }
                    Some(digest) => {
                        let error = self.altered(digest, &format!("part {number}"));
                        self.later(tick, &mut tries, Some(Outcome::Unsure), error, session)
                    }
                }
            }
            Err(setback) => setback,
        };
        // Nothing of it counts as under way while it waits.
        let _reset = self.meter.of_lane(lane);
        match setback {
            Setback::Now => self.lanes.wait(number, tries, tick.elapsed),
            Setback::Later(wait) => {
                let due = tick.elapsed.saturating_add(wait);
                self.lanes.wait(number, tries, due);
            }
            Setback::Renew => {
                self.lanes.wait(number, tries, tick.elapsed);
                self.stage = Stage::Sending;
                return Ok(Next::Renew);
            }
            Setback::OpenAnew(error) => return self.start_over(tick, error, session),
            Setback::TellAgain(error) | Setback::Failed(error) => return Err(error),
        }
        self.send_parts(tick, session)
    }
}
