//! The emulator's clock: real time, moved by an offset and by explicit advances.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use jiff::civil::{Date, DateTime};
use jiff::tz::Offset;
use jiff::{SignedDuration, Timestamp};

/// The zone of every date and time on the wire. The page names none, the platform is in China. // assumed: utc8
const ZONE: Offset = Offset::constant(8);

/// Real time plus two movable parts.
///
/// The offset makes the emulator disagree with its callers: it is how clock skew is tested. An advance is time that passed for
/// everybody: it ages uploads, transcodings, tokens and play URLs, but a caller whose own clock did not move is not refused.
#[derive(Debug, Default)]
pub(crate) struct Clock {
    offset_ms: AtomicI64,
    advanced_ms: AtomicI64,
}

impl Clock {
    pub(crate) fn new(offset_seconds: i64) -> Self {
        Self {
            offset_ms: AtomicI64::new(offset_seconds.saturating_mul(1000)),
            advanced_ms: AtomicI64::new(0),
        }
    }

    /// Milliseconds since the Unix epoch, as the emulator sees them.
    pub(crate) fn now_ms(&self) -> i64 {
        let real = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        millis(real)
            .saturating_add(self.offset_ms.load(Ordering::Relaxed))
            .saturating_add(self.advanced_ms.load(Ordering::Relaxed))
    }

    pub(crate) fn set_offset(&self, seconds: i64) {
        self.offset_ms
            .store(seconds.saturating_mul(1000), Ordering::Relaxed);
    }

    pub(crate) fn advance(&self, by: Duration) {
        self.advanced_ms.fetch_add(millis(by), Ordering::Relaxed);
    }

    /// Seconds that the advances add up to.
    pub(crate) fn advanced_seconds(&self) -> i64 {
        self.advanced_ms.load(Ordering::Relaxed) / 1000
    }

    /// Takes back every advance; the offset stays as it was set.
    pub(crate) fn forget_advances(&self) {
        self.advanced_ms.store(0, Ordering::Relaxed);
    }
}

pub(crate) fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

fn civil(ms: i64) -> DateTime {
    let stamp = Timestamp::from_millisecond(ms).unwrap_or(if ms < 0 {
        Timestamp::MIN
    } else {
        Timestamp::MAX
    });
    ZONE.to_datetime(stamp)
}

/// `yyyy-mm-dd hh:mm:ss` in the platform's zone.
pub(crate) fn date_time_text(ms: i64) -> String {
    civil(ms).strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// The day of a moment, in the platform's zone.
pub(crate) fn day_of(ms: i64) -> Date {
    civil(ms).date()
}

/// `2024-01-01T01:00:00Z`: a moment where the vendor writes it in UTC.
pub(crate) fn utc_text(ms: i64) -> String {
    let stamp = Timestamp::from_millisecond(ms).unwrap_or(Timestamp::UNIX_EPOCH);
    stamp.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// The value of an HTTP `Date` header.
pub(crate) fn http_date(ms: i64) -> String {
    let stamp = Timestamp::from_millisecond(ms).unwrap_or(Timestamp::UNIX_EPOCH);
    Offset::UTC
        .to_datetime(stamp)
        .strftime("%a, %d %b %Y %H:%M:%S GMT")
        .to_string()
}

/// Reads `yyyy-mm-dd`, and nothing else.
pub(crate) fn parse_date(text: &str) -> Option<Date> {
    shaped(text, b"dddd-dd-dd")
        .then(|| Date::strptime("%Y-%m-%d", text).ok())
        .flatten()
}

/// Reads `yyyy-mm-dd hh:mm:ss` in the platform's zone, as milliseconds since the Unix epoch.
pub(crate) fn parse_date_time(text: &str) -> Option<i64> {
    if !shaped(text, b"dddd-dd-dd dd:dd:dd") {
        return None;
    }
    let civil = DateTime::strptime("%Y-%m-%d %H:%M:%S", text).ok()?;
    ZONE.to_timestamp(civil).ok().map(Timestamp::as_millisecond)
}

/// The first and last day, and every day between.
pub(crate) fn days(first: Date, last: Date) -> impl Iterator<Item = Date> {
    first
        .series(jiff::ToSpan::day(1))
        .take_while(move |day| *day <= last)
}

/// Days from the first to the last, both counted; negative or zero when the order is wrong.
pub(crate) fn day_count(first: Date, last: Date) -> i64 {
    last.duration_since(first).as_hours() / 24 + 1
}

/// Length of a duration as text for the log, in whole seconds.
pub(crate) fn seconds_text(seconds: i64) -> String {
    SignedDuration::from_secs(seconds).as_secs().to_string()
}

/// Whether a text has the given shape, where `d` stands for a decimal digit.
fn shaped(text: &str, shape: &[u8]) -> bool {
    text.len() == shape.len()
        && text.bytes().zip(shape).all(|(have, want)| {
            if *want == b'd' {
                have.is_ascii_digit()
            } else {
                have == *want
            }
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_in_the_zone_of_the_platform() {
        assert_eq!(date_time_text(1_521_423_828_000), "2018-03-19 09:43:48");
        assert_eq!(utc_text(1_521_423_828_000), "2018-03-19T01:43:48Z");
        assert_eq!(
            parse_date_time("2018-03-19 09:43:48"),
            Some(1_521_423_828_000)
        );
        // 16:00 UTC is midnight there: the day changes exactly then.
        assert_eq!(day_of(1_521_475_199_999).to_string(), "2018-03-19");
        assert_eq!(day_of(1_521_475_200_000).to_string(), "2018-03-20");
    }

    #[test]
    fn only_the_documented_shape_is_a_date() {
        for bad in [
            "2018-3-19",
            "2018-13-01",
            "2018-02-30",
            "2018-03-19 ",
            "20180319",
            "",
        ] {
            assert_eq!(parse_date(bad), None, "{bad}");
        }
        assert_eq!(parse_date_time("2018-03-19 24:00:00"), None);
        assert_eq!(parse_date_time("2018-03-19T09:43:48"), None);
    }

    #[test]
    fn days_count_both_ends() {
        let (first, last) = (
            parse_date("2020-02-27").unwrap(),
            parse_date("2020-03-01").unwrap(),
        );
        assert_eq!(days(first, last).count(), 4);
        assert_eq!(day_count(first, last), 4);
        assert_eq!(days(last, first).count(), 0);
        assert!(day_count(last, first) <= 0);
    }

    #[test]
    fn http_dates_have_the_imf_form() {
        assert_eq!(http_date(784_111_777_000), "Sun, 06 Nov 1994 08:49:37 GMT");
    }

    #[test]
    fn advances_can_be_taken_back_but_the_offset_stays() {
        let clock = Clock::new(3600);
        clock.advance(Duration::from_secs(7200));
        assert_eq!(clock.advanced_seconds(), 7200);
        let ahead = clock.now_ms();
        clock.forget_advances();
        let back = clock.now_ms();
        assert!(
            (7_190_000..=7_200_000).contains(&(ahead - back)),
            "{}",
            ahead - back
        );
        let real = Clock::new(0).now_ms();
        assert!((3_599_000..=3_601_000).contains(&(back - real)));
    }
}
