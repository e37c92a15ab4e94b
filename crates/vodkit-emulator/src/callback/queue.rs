//! Which callbacks wait for their time, and which are under way.

use std::collections::BTreeMap;

/// Whose callbacks are sent one after the other: those of an account, so that they arrive in the order of what happened.
pub(crate) type Lane = (&'static str, String);

/// Things to be sent at a time, by lane. Times are milliseconds since the Unix epoch by the emulator's clock.
#[derive(Debug)]
pub(crate) struct Queue<J> {
    lanes: BTreeMap<Lane, Waiting<J>>,
    next: u64,
    generation: u64,
}

#[derive(Debug)]
struct Waiting<J> {
    /// By time, then in the order of arrival.
    jobs: BTreeMap<(i64, u64), J>,
    /// Whether one of the lane is being sent.
    busy: bool,
}

/// Something whose time has come, and what is needed to give it back.
#[derive(Debug)]
pub(crate) struct Due<J> {
    pub(crate) lane: Lane,
    pub(crate) at_ms: i64,
    pub(crate) job: J,
    pub(crate) generation: u64,
}

impl<J> Default for Queue<J> {
    fn default() -> Self {
        Self {
            lanes: BTreeMap::new(),
            next: 0,
            generation: 0,
        }
    }
}

impl<J> Queue<J> {
    pub(crate) fn push(&mut self, lane: Lane, at_ms: i64, job: J) {
        let number = self.next;
        self.next += 1;
        let waiting = self.lanes.entry(lane).or_insert_with(|| Waiting {
            jobs: BTreeMap::new(),
            busy: false,
        });
        waiting.jobs.insert((at_ms, number), job);
    }

    /// Takes the first thing that is due out of a lane that is free, which is busy from then on.
    pub(crate) fn take_due(&mut self, now_ms: i64) -> Option<Due<J>> {
        let generation = self.generation;
        self.lanes.iter_mut().find_map(|(lane, waiting)| {
            if waiting.busy {
                return None;
            }
            let first = waiting.jobs.first_entry()?;
            let at_ms = first.key().0;
            if at_ms > now_ms {
                return None;
            }
            let job = first.remove();
            waiting.busy = true;
            Some(Due {
                lane: lane.clone(),
                at_ms,
                job,
                generation,
            })
        })
    }

    /// When the next thing of a free lane is due.
    pub(crate) fn next_due(&self) -> Option<i64> {
        self.lanes
            .values()
            .filter(|waiting| !waiting.busy)
            .filter_map(|waiting| waiting.jobs.first_key_value())
            .map(|((at_ms, _), _)| *at_ms)
            .min()
    }

    /// Whether something taken belongs to what there is since the last [`clear`](Self::clear).
    pub(crate) fn is_current(&self, generation: u64) -> bool {
        self.generation == generation
    }

    /// Frees the lane of something taken. Whoever is of an older generation frees nothing.
    pub(crate) fn free(&mut self, lane: &Lane, generation: u64) {
        if !self.is_current(generation) {
            return;
        }
        if let Some(waiting) = self.lanes.get_mut(lane) {
            waiting.busy = false;
            if waiting.jobs.is_empty() {
                self.lanes.remove(lane);
            }
        }
    }

    /// Whether nothing is under way and nothing is due.
    pub(crate) fn is_idle(&self, now_ms: i64) -> bool {
        self.lanes.values().all(|waiting| !waiting.busy)
            && self.next_due().is_none_or(|at_ms| at_ms > now_ms)
    }

    /// Forgets all that waits, and disowns what is under way.
    pub(crate) fn clear(&mut self) {
        self.lanes.clear();
        self.generation += 1;
    }

    #[cfg(test)]
    fn len(&self) -> usize {
        self.lanes.values().map(|waiting| waiting.jobs.len()).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lane(name: &str) -> Lane {
        ("vendor", name.to_owned())
    }

    #[test]
    fn a_lane_goes_by_time_then_by_arrival_and_one_at_a_time() {
        let mut queue = Queue::default();
        for (at_ms, job) in [(20, "c"), (10, "a"), (10, "b")] {
            queue.push(lane("x"), at_ms, job);
        }
        assert_eq!(queue.next_due(), Some(10));
        assert!(queue.take_due(9).is_none());
        let first = queue.take_due(10).unwrap();
        assert_eq!((first.job, first.at_ms), ("a", 10));
        assert!(queue.take_due(99).is_none(), "the lane is busy");
        assert_eq!(queue.next_due(), None);
        queue.free(&first.lane, first.generation);
        let rest: Vec<&str> = std::iter::from_fn(|| {
            let due = queue.take_due(20)?;
            queue.free(&due.lane, due.generation);
            Some(due.job)
        })
        .collect();
        assert_eq!(rest, ["b", "c"]);
        assert!(queue.lanes.is_empty());
    }

    #[test]
    fn lanes_do_not_wait_for_each_other() {
        let mut queue = Queue::default();
        queue.push(lane("x"), 1, "x");
        queue.push(lane("y"), 2, "y");
        let jobs = [
            queue.take_due(5).unwrap().job,
            queue.take_due(5).unwrap().job,
        ];
        assert_eq!(jobs, ["x", "y"]);
    }

    #[test]
    fn idle_means_nothing_under_way_and_nothing_due() {
        let mut queue = Queue::default();
        assert!(queue.is_idle(0));
        queue.push(lane("x"), 10, ());
        assert!(queue.is_idle(9) && !queue.is_idle(10));
        let due = queue.take_due(10).unwrap();
        assert!(!queue.is_idle(0));
        queue.free(&due.lane, due.generation);
        assert!(queue.is_idle(i64::MAX));
    }

    #[test]
    fn clearing_disowns_what_is_under_way() {
        let mut queue = Queue::default();
        queue.push(lane("x"), 1, "old");
        queue.push(lane("x"), 2, "older");
        let old = queue.take_due(5).unwrap();
        queue.clear();
        assert!(queue.is_idle(99) && queue.len() == 0);
        assert!(!queue.is_current(old.generation));
        queue.push(lane("x"), 3, "new");
        let new = queue.take_due(5).unwrap();
        queue.free(&old.lane, old.generation);
        assert!(!queue.is_idle(0), "the lane is that of the new one");
        queue.free(&new.lane, new.generation);
        assert!(queue.is_idle(0));
    }
}
