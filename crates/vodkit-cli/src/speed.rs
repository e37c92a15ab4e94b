//! How fast bytes go, over the last seconds, and how long the rest takes.
//!
//! The estimate of the bars themselves takes what an earlier run has sent, and files that are passed over, for speed.

use std::collections::VecDeque;
use std::fmt::Write;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{BinaryBytes, ProgressState, ProgressStyle};

/// Over how long the speed is taken.
const WINDOW: Duration = Duration::from_secs(15);
/// Before that it says nothing.
const LEAST: Duration = Duration::from_millis(500);

/// The speed of a bar.
#[derive(Clone, Debug, Default)]
pub(crate) struct Speed(Arc<Mutex<VecDeque<(Instant, u64)>>>);

impl Speed {
    /// So many bytes are there now.
    pub(crate) fn reached(&self, bytes: u64) {
        self.reached_at(Instant::now(), bytes);
    }

    fn reached_at(&self, now: Instant, bytes: u64) {
        let mut samples = self.samples();
        samples.push_back((now, bytes));
        // The oldest that counts is the last one before the window.
        while samples
            .get(1)
            .is_some_and(|(at, _)| now.saturating_duration_since(*at) >= WINDOW)
        {
            samples.pop_front();
        }
    }

    /// So many bytes are there without having been sent now.
    pub(crate) fn passed_over(&self, bytes: u64) {
        for (_, reached) in self.samples().iter_mut() {
            *reached += bytes;
        }
    }

    pub(crate) fn per_second(&self, now: Instant) -> Option<f64> {
        let samples = self.samples();
        let ((begun, from), (_, to)) = (samples.front()?, samples.back()?);
        let time = now.saturating_duration_since(*begun);
        (time >= LEAST).then(|| to.saturating_sub(*from) as f64 / time.as_secs_f64())
    }

    /// The style with `{speed}` and `{left}`.
    pub(crate) fn told_by(&self, style: ProgressStyle) -> ProgressStyle {
        let (speed, rest) = (self.clone(), self.clone());
        style
            .with_key("speed", move |_: &ProgressState, out: &mut dyn Write| {
                if let Some(speed) = speed.per_second(Instant::now()) {
                    // There is nobody to tell that a line on a screen is not written.
                    let _lost = write!(out, "{}/s", BinaryBytes(speed as u64));
                }
            })
            .with_key("left", move |state: &ProgressState, out: &mut dyn Write| {
                let missing = state.len().unwrap_or_default().saturating_sub(state.pos());
                let speed = rest
                    .per_second(Instant::now())
                    .filter(|speed| *speed >= 1.0);
                if let Some(speed) = speed.filter(|_| missing > 0) {
                    let _lost = out.write_str(&in_words((missing as f64 / speed).ceil() as u64));
                }
            })
    }

    fn samples(&self) -> MutexGuard<'_, VecDeque<(Instant, u64)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A time in its two largest units.
fn in_words(seconds: u64) -> String {
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3600 => format!("{} min {:02} s", seconds / 60, seconds % 60),
        _ => format!("{} h {:02} min", seconds / 3600, seconds % 3600 / 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_sent_now_is_speed() {
        let (speed, began) = (Speed::default(), Instant::now());
        let after = |seconds: u64| began + Duration::from_secs(seconds);
        assert_eq!(speed.per_second(began), None);
        // An earlier run has sent 1000.
        speed.reached_at(began, 1000);
        assert_eq!(speed.per_second(began), None, "too early to say");
        speed.reached_at(after(2), 1200);
        assert_eq!(speed.per_second(after(2)), Some(100.0));
        speed.passed_over(5000);
        speed.reached_at(after(4), 6400);
        assert_eq!(speed.per_second(after(4)), Some(100.0));
        // A line that is dead slows down.
        assert_eq!(speed.per_second(after(8)), Some(50.0));
    }

    #[test]
    fn what_is_long_ago_does_not_count() {
        let (speed, began) = (Speed::default(), Instant::now());
        for second in 0..100 {
            let bytes = if second < 50 { 0 } else { (second - 50) * 10 };
            speed.reached_at(began + Duration::from_secs(second), bytes);
        }
        let now = began + Duration::from_secs(99);
        assert_eq!(speed.per_second(now), Some(10.0));
        assert!(speed.samples().len() <= 17);
    }

    #[test]
    fn times_have_two_units() {
        for (seconds, wanted) in [
            (0, "0 s"),
            (59, "59 s"),
            (61, "1 min 01 s"),
            (3600, "1 h 00 min"),
            (7384, "2 h 03 min"),
        ] {
            assert_eq!(in_words(seconds), wanted);
        }
    }
}
