//! How far a file is, when several parts of it are on their way.

use std::sync::{Arc, Mutex, PoisonError};

use crate::transport::{Progress, ProgressSink};

/// Adds up the progress of parts. What it reports never goes back, also when a part is sent again.
#[derive(Clone, Debug)]
pub(crate) struct Meter(Arc<Mutex<Counts>>);

#[derive(Debug)]
struct Counts {
    total: u64,
    /// Bytes of the parts that have arrived.
    arrived: u64,
    /// Bytes under way, by lane.
    under_way: Vec<u64>,
    reported: u64,
    sink: Option<ProgressSink>,
}

impl Counts {
    fn report(&mut self) {
        let sum = self.arrived + self.under_way.iter().sum::<u64>();
        let sent = sum.min(self.total);
        if sent > self.reported {
            self.reported = sent;
            if let Some(sink) = &self.sink {
                sink.report(Progress {
                    sent,
                    total: self.total,
                });
            }
        }
    }
}

impl Meter {
    /// A file of `total` bytes, of which `arrived` are there already.
    pub(crate) fn new(total: u64, arrived: u64, sink: Option<ProgressSink>) -> Self {
        let mut counts = Counts {
            total,
            arrived,
            under_way: Vec::new(),
            reported: 0,
            sink,
        };
        counts.report();
        Self(Arc::new(Mutex::new(counts)))
    }

    /// The sink of the request that begins in `lane`.
    pub(crate) fn of_lane(&self, lane: usize) -> ProgressSink {
        let meter = self.clone();
        meter.set(lane, 0);
        ProgressSink::new(move |progress| meter.set(lane, progress.sent))
    }

    /// The part in `lane` has arrived, and its bytes with it.
    pub(crate) fn arrived(&self, lane: usize, bytes: u64) {
        self.change(|counts| {
            if let Some(under_way) = counts.under_way.get_mut(lane) {
                *under_way = 0;
            }
            counts.arrived += bytes;
        });
    }

    /// Bytes that had arrived are gone again. What was reported stays.
    #[allow(dead_code, reason = "not every vendor has a server that loses bytes")]
    pub(crate) fn lost(&self, bytes: u64) {
        self.change(|counts| counts.arrived = counts.arrived.saturating_sub(bytes));
    }

    /// Nothing has arrived, after all: the file is sent from the start.
    pub(crate) fn forget(&self) {
        self.change(|counts| {
            counts.arrived = 0;
            counts.under_way.clear();
        });
    }

    fn set(&self, lane: usize, sent: u64) {
        self.change(|counts| {
            if counts.under_way.len() <= lane {
                counts.under_way.resize(lane + 1, 0);
            }
            counts.under_way[lane] = sent;
        });
    }

    fn change(&self, change: impl FnOnce(&mut Counts)) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut counts);
        counts.report();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_adds_up_and_never_goes_back() {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let sink = {
            let seen = Arc::clone(&seen);
            ProgressSink::new(move |progress| seen.lock().unwrap().push(progress.sent))
        };
        let meter = Meter::new(100, 10, Some(sink));
        let part = |sent| Progress { sent, total: 40 };
        let (first, second) = (meter.of_lane(0), meter.of_lane(1));
        first.report(part(30));
        second.report(part(20));
        // Sent again from the start.
        let first = meter.of_lane(0);
        first.report(part(10));
        first.report(part(40));
        meter.arrived(0, 40);
        second.report(part(40));
        meter.arrived(1, 40);
        meter.of_lane(0).report(part(40));
        assert_eq!(*seen.lock().unwrap(), [10, 40, 60, 70, 90, 100]);
    }
}
