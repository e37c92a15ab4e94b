//! The clocks and the entropy behind [`Tick`].

use std::hash::{BuildHasher, RandomState};
use std::sync::OnceLock;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use vodkit_request::transport::{Tick, Timestamp};

pub(crate) fn tick() -> Tick {
    static START: OnceLock<Instant> = OnceLock::new();
    let elapsed = START.get_or_init(Instant::now).elapsed();
    // The keys of `RandomState` come from the operating system; the clock makes two ticks of one thread differ.
    let entropy = RandomState::new().hash_one(elapsed);
    Tick {
        now: wall_clock(SystemTime::now()),
        elapsed,
        entropy,
    }
}

fn wall_clock(time: SystemTime) -> Timestamp {
    let millis =
        |duration: std::time::Duration| i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
    match time.duration_since(UNIX_EPOCH) {
        Ok(since) => Timestamp(millis(since)),
        Err(before) => Timestamp(-millis(before.duration())),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::time::Duration;

    use super::*;

    #[test]
    fn wall_clock_counts_milliseconds_on_both_sides_of_1970() {
        assert_eq!(
            wall_clock(UNIX_EPOCH + Duration::from_millis(1_234)),
            Timestamp(1_234)
        );
        assert_eq!(
            wall_clock(UNIX_EPOCH - Duration::from_millis(1_234)),
            Timestamp(-1_234)
        );
    }

    #[test]
    fn ticks_go_forward_and_their_entropy_does_not_repeat() {
        let ticks: Vec<Tick> = (0..1_000).map(|_| tick()).collect();
        assert!(
            ticks
                .windows(2)
                .all(|pair| pair[0].elapsed <= pair[1].elapsed)
        );
        assert!(ticks[0].now > Timestamp(1_700_000_000_000));
        let distinct: HashSet<u64> = ticks.iter().map(|tick| tick.entropy).collect();
        assert_eq!(distinct.len(), ticks.len());
        // Every bit is used.
        assert_eq!(distinct.iter().fold(0, |all, bits| all | bits), u64::MAX);
    }
}
