//! Telling a redelivery from a new event: the pattern, in memory.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::event_key::EventKey;

/// The keys of events that are or were dealt with, in memory: an example of the pattern, and enough for one process.
///
/// A key is claimed **before** the event is dealt with and settled when that is done. A claim that is dropped unsettled is given back: when
/// dealing with it fails, when it panics, and when the future that does it is cancelled because the vendor hung up. Where several processes
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
///         Claim::First(held) => {
///             // What fails here gives the claim back.
///             act()?;
///             held.settle();
///             Ok("accepted")
///         }
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
#[derive(Debug)]
#[must_use]
pub enum Claim<'a> {
    /// Nobody has claimed it before: deal with it, and [settle](Held::settle) it then.
    First(Held<'a>),
    /// Another delivery of it is being dealt with.
    Busy,
    /// It was dealt with.
    Done,
}

/// The claim of an event that is being dealt with. Dropped without [`settle`](Self::settle), it is given back, and the next delivery of the
/// event is taken for the first.
#[must_use = "a claim that is dropped is given back at once"]
pub struct Held<'a> {
    seen: &'a Seen,
    key: EventKey,
    number: u64,
}

impl Held<'_> {
    /// The event was dealt with: further deliveries of it are [`Claim::Done`].
    pub fn settle(self) {
        let mut state = self.seen.state();
        if let Some(entry) = state.claims.get_mut(&self.key)
            && entry.number == self.number
        {
            entry.done = true;
        }
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        let mut state = self.seen.state();
        // The claim may have been forgotten, and the key claimed by another.
        let own = |entry: &Entry| entry.number == self.number && !entry.done;
        if state.claims.get(&self.key).is_some_and(own) {
            state.claims.remove(&self.key);
        }
    }
}

// The key names what the event is about.
impl fmt::Debug for Held<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Held")
            .field("number", &self.number)
            .finish_non_exhaustive()
    }
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
    pub fn claim(&self, key: &EventKey) -> Claim<'_> {
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
        Claim::First(Held {
            seen: self,
            key: key.clone(),
            number,
        })
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

    fn first<'a>(claim: Claim<'a>) -> Held<'a> {
        match claim {
            Claim::First(held) => held,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_oldest_is_forgotten_and_a_failure_gives_back() {
        let seen = Seen::new(2);
        let held = first(seen.claim(&key(1)));
        assert!(matches!(seen.claim(&key(1)), Claim::Busy));
        drop(held);
        first(seen.claim(&key(1))).settle();
        // The claim that was given back is the oldest, and its going changes nothing.
        let second = first(seen.claim(&key(2)));
        assert!(matches!(seen.claim(&key(1)), Claim::Done));
        let third = first(seen.claim(&key(3)));
        // Its first claim was forgotten.
        let again = first(seen.claim(&key(1)));
        assert!(matches!(seen.claim(&key(3)), Claim::Busy));
        // Nor does a forgotten claim give back, or settle, what another holds by now.
        let newer = first(seen.claim(&key(2)));
        drop(second);
        assert!(matches!(seen.claim(&key(2)), Claim::Busy));
        newer.settle();
        first(seen.claim(&key(3))).settle();
        third.settle();
        drop(again);
        assert!(matches!(seen.claim(&key(3)), Claim::Done));
        assert!(matches!(Seen::new(0).claim(&key(1)), Claim::First(_)));
    }

    #[test]
    fn a_panic_and_a_cancelled_future_give_back() {
        let seen = Seen::new(10);
        let died = std::panic::catch_unwind(|| {
            let _held = first(seen.claim(&key(1)));
            panic!("while acting");
        });
        assert!(died.is_err());
        let mut acting = Box::pin(async {
            let held = first(seen.claim(&key(1)));
            std::future::pending::<()>().await;
            held.settle();
        });
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        assert!(std::future::Future::poll(acting.as_mut(), &mut context).is_pending());
        assert!(matches!(seen.claim(&key(1)), Claim::Busy));
        drop(acting);
        first(seen.claim(&key(1))).settle();
        assert!(matches!(seen.claim(&key(1)), Claim::Done));
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
                        if let Claim::First(held) = seen.claim(&key(number)) {
                            ran[number].fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                            held.settle();
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
