//! Telling a redelivery from a new event: the pattern, in memory.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::event_key::EventKey;

/// The keys of events that are or were dealt with, in memory: an example of the pattern, and enough for one process.
///
/// A key is claimed **before** the event is dealt with, settled when that is done, and given back when it fails. Where several processes
/// receive, the claim is a row with a unique column, written in the transaction that also holds what the event changes.
///
/// It remembers the last `capacity` keys, so it forgets what is older, and everything when the process ends: what is done on an event should do
/// no harm when it is done twice.
///
/// ```
/// use vodkit_request::callback::{Claim, EventKey, Seen};
///
/// fn receive(seen: &Seen, key: &EventKey, act: impl Fn() -> Result<(), String>) -> Result<&'static str, String> {
///     match seen.claim(key) {
///         Claim::Done => Ok("accepted: it was dealt with before"),
///         // An earlier delivery may still fail, so this one is not accepted: the vendor sends it again.
///         Claim::Busy => Err("it is being dealt with".to_owned()),
///         Claim::First => match act() {
///             Ok(()) => {
///                 seen.settle(key);
///                 Ok("accepted")
///             }
///             Err(why) => {
///                 seen.release(key);
///                 Err(why)
///             }
///         },
///     }
/// }
///
/// let (seen, key) = (Seen::new(10_000), EventKey::new("acme", "done", ["7"]));
/// assert!(receive(&seen, &key, || Err("the disk is full".to_owned())).is_err());
/// assert_eq!(receive(&seen, &key, || Ok(())), Ok("accepted"));
/// assert_eq!(receive(&seen, &key, || unreachable!()), Ok("accepted: it was dealt with before"));
/// ```
pub struct Seen {
    capacity: usize,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    claims: BTreeMap<EventKey, Entry>,
    /// The claims from the oldest on, given back ones among them.
    order: VecDeque<(u64, EventKey)>,
    next: u64,
}

struct Entry {
    /// Number of the claim.
    number: u64,
    done: bool,
}

/// Whether an event is new.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Claim {
    /// Nobody has claimed it before: deal with it.
    First,
    /// Another delivery of it is being dealt with.
    Busy,
    /// It was dealt with.
    Done,
}

impl Seen {
    /// Remembers the last `capacity` keys, at least one. A key takes up to 600 bytes.
    #[must_use]
    pub fn new(capacity: usize) -> Self {
        Self {
            capacity: capacity.max(1),
            state: Mutex::default(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Claims an event. Of any number of threads that claim the same one, exactly one gets [`Claim::First`].
    pub fn claim(&self, key: &EventKey) -> Claim {
        let mut state = self.state();
        if let Some(entry) = state.claims.get(key) {
            return if entry.done { Claim::Done } else { Claim::Busy };
        }
        let number = state.next;
        state.next += 1;
        let entry = Entry {
            number,
            done: false,
        };
        state.claims.insert(key.clone(), entry);
        state.order.push_back((number, key.clone()));
        while state.order.len() > self.capacity {
            let oldest = state.order.pop_front();
            // A key that was given back and claimed again is not forgotten with its first claim.
            if let Some((number, key)) = oldest
                && state
                    .claims
                    .get(&key)
                    .is_some_and(|entry| entry.number == number)
            {
                state.claims.remove(&key);
            }
        }
        Claim::First
    }

    /// Marks a claimed event as dealt with.
    pub fn settle(&self, key: &EventKey) {
        if let Some(entry) = self.state().claims.get_mut(key) {
            entry.done = true;
        }
    }

    /// Gives a claim back: dealing with the event has failed, and its next delivery is to be taken for the first.
    pub fn release(&self, key: &EventKey) {
        self.state().claims.remove(key);
    }
}

impl fmt::Debug for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Seen")
            .field("capacity", &self.capacity)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(number: usize) -> EventKey {
        EventKey::new("acme", "done", [number.to_string().as_str()])
    }

    #[test]
    fn the_oldest_is_forgotten_and_a_failure_gives_back() {
        let seen = Seen::new(2);
        assert_eq!(seen.claim(&key(1)), Claim::First);
        assert_eq!(seen.claim(&key(1)), Claim::Busy);
        seen.release(&key(1));
        assert_eq!(seen.claim(&key(1)), Claim::First);
        seen.settle(&key(1));
        // The claim that was given back is the oldest, and its going changes nothing.
        assert_eq!(seen.claim(&key(2)), Claim::First);
        assert_eq!(seen.claim(&key(1)), Claim::Done);
        assert_eq!(seen.claim(&key(3)), Claim::First);
        assert_eq!(seen.claim(&key(1)), Claim::First);
        assert_eq!(seen.claim(&key(3)), Claim::Busy);
        assert_eq!(Seen::new(0).claim(&key(1)), Claim::First);
    }

    #[test]
    fn each_event_is_dealt_with_once_by_all_threads_together() {
        const EVENTS: usize = 2_000;
        let (seen, ran) = (
            Seen::new(EVENTS),
            (0..EVENTS)
                .map(|_| std::sync::atomic::AtomicUsize::new(0))
                .collect::<Vec<_>>(),
        );
        std::thread::scope(|scope| {
            for thread in 0..8 {
                let (seen, ran) = (&seen, &ran);
                scope.spawn(move || {
                    for step in 0..EVENTS {
                        // Each thread in an order of its own.
                        let number = (step * 7 + thread * 251) % EVENTS;
                        if seen.claim(&key(number)) == Claim::First {
                            ran[number].fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                            seen.settle(&key(number));
                        }
                    }
                });
            }
        });
        assert!(
            ran.iter()
                .all(|ran| ran.load(std::sync::atomic::Ordering::Relaxed) == 1)
        );
    }
}
