//! Dates and times as the vendors write them.
//!
//! The pages name no time zone. China has one, UTC+8 without daylight saving, and the vendors' samples agree with it, so conversions
//! here use it and say so.

use std::fmt;
use std::str::FromStr;

use serde::de::{self, Deserializer, Visitor};
use serde::ser::{Serialize, Serializer};

use crate::param::{BadText, ParamText};
use crate::wire::Wire;

/// Seconds that clocks in China are ahead of UTC.
pub const CHINA_OFFSET_SECONDS: i64 = 8 * 3600;

/// A day, written `yyyy-mm-dd`.
///
/// ```
/// let day: vodkit_types::Date = "2024-02-29".parse()?;
/// assert_eq!(day.to_string(), "2024-02-29");
/// assert!("2023-02-29".parse::<vodkit_types::Date>().is_err());
/// # Ok::<(), vodkit_types::BadText>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date {
    year: u16,
    month: u8,
    day: u8,
}

impl Date {
    /// A day of the Gregorian calendar, years 1970 to 9999.
    ///
    /// # Errors
    /// When there is no such day.
    pub fn new(year: u16, month: u8, day: u8) -> Result<Self, BadText> {
        if (1970..=9999).contains(&year)
            && (1..=12).contains(&month)
            && (1..=days_in(year, month)).contains(&day)
        {
            Ok(Self { year, month, day })
        } else {
            Err(BadText(format!(
                "{year:04}-{month:02}-{day:02} is not a day"
            )))
        }
    }

    /// Year, month (1 to 12) and day (1 to 31).
    #[must_use]
    pub const fn parts(self) -> (u16, u8, u8) {
        (self.year, self.month, self.day)
    }

    /// The day in China at this many seconds since 1970-01-01 00:00 UTC.
    #[must_use]
    pub fn in_china(unix_seconds: i64) -> Self {
        Self::from_days(
            unix_seconds
                .saturating_add(CHINA_OFFSET_SECONDS)
                .div_euclid(86_400),
        )
    }

    /// Days since 1970-01-01.
    #[must_use]
    pub fn days(self) -> i64 {
        // Howard Hinnant's days_from_civil, with the year starting in March.
        let year = i64::from(self.year) - i64::from(self.month <= 2);
        let era = year.div_euclid(400);
        let year_of_era = year.rem_euclid(400);
        let month = (i64::from(self.month) + 9) % 12;
        let day_of_year = (153 * month + 2) / 5 + i64::from(self.day) - 1;
        let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
        era * 146_097 + day_of_era - 719_468
    }

    /// The day this many days after 1970-01-01, held within years 1970 to 9999.
    #[must_use]
    pub fn from_days(days: i64) -> Self {
        let shifted = days.clamp(0, 2_932_896) + 719_468;
        let era = shifted.div_euclid(146_097);
        let day_of_era = shifted.rem_euclid(146_097);
        let year_of_era =
            (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * month + 2) / 5 + 1;
        let month = if month < 10 { month + 3 } else { month - 9 };
        let year = year_of_era + era * 400 + i64::from(month <= 2);
        Self {
            year: year as u16,
            month: month as u8,
            day: day as u8,
        }
    }
}

fn days_in(year: u16, month: u8) -> u8 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => {
            29
        }
        2 => 28,
        _ => 31,
    }
}

/// Digits only, of exactly this length: `str::parse` would also take a sign.
fn digits<T: FromStr>(text: &str, length: usize) -> Option<T> {
    (text.len() == length && text.bytes().all(|b| b.is_ascii_digit())).then(|| text.parse().ok())?
}

impl FromStr for Date {
    type Err = BadText;
    fn from_str(text: &str) -> Result<Self, BadText> {
        let mut parts = text.splitn(3, '-');
        let (Some(year), Some(month), Some(day)) = (
            parts.next().and_then(|part| digits(part, 4)),
            parts.next().and_then(|part| digits(part, 2)),
            parts.next().and_then(|part| digits(part, 2)),
        ) else {
            return Err(BadText(format!("`{text}` is not a day like 2024-01-31")));
        };
        Self::new(year, month, day)
    }
}

impl Date {
    fn digits(self) -> [u8; 10] {
        let mut text = *b"0000-00-00";
        two_digits((self.year / 100) as u8, &mut text[0..2]);
        two_digits((self.year % 100) as u8, &mut text[2..4]);
        two_digits(self.month, &mut text[5..7]);
        two_digits(self.day, &mut text[8..10]);
        text
    }

    fn push_to(self, out: &mut String) {
        push_ascii(&self.digits(), out);
    }
}

// Requests are built often enough that the formatting machinery shows in a profile.
fn two_digits(number: u8, out: &mut [u8]) {
    out.copy_from_slice(&[b'0' + number / 10, b'0' + number % 10]);
}

fn push_ascii(text: &[u8], out: &mut String) {
    out.push_str(std::str::from_utf8(text).unwrap_or_default());
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::with_capacity(10);
        self.push_to(&mut text);
        f.write_str(&text)
    }
}

/// A moment to the second, written `yyyy-mm-dd hh:mm:ss`, in China's time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DateTime {
    date: Date,
    second_of_day: u32,
}

impl DateTime {
    /// A moment of a day.
    ///
    /// # Errors
    /// When there is no such hour, minute or second.
    pub fn new(date: Date, hour: u8, minute: u8, second: u8) -> Result<Self, BadText> {
        if hour < 24 && minute < 60 && second < 60 {
            let second_of_day = u32::from(hour) * 3600 + u32::from(minute) * 60 + u32::from(second);
            Ok(Self {
                date,
                second_of_day,
            })
        } else {
            Err(BadText(format!(
                "{hour:02}:{minute:02}:{second:02} is not a time of day"
            )))
        }
    }

    /// Its day.
    #[must_use]
    pub const fn date(self) -> Date {
        self.date
    }

    /// China's wall clock at this many seconds since 1970-01-01 00:00 UTC.
    #[must_use]
    pub fn in_china(unix_seconds: i64) -> Self {
        let local = unix_seconds.saturating_add(CHINA_OFFSET_SECONDS);
        Self {
            date: Date::from_days(local.div_euclid(86_400)),
            second_of_day: local.rem_euclid(86_400) as u32,
        }
    }

    /// Seconds since 1970-01-01 00:00 UTC when China's wall clock shows this moment.
    #[must_use]
    pub fn unix_seconds(self) -> i64 {
        self.date.days() * 86_400 + i64::from(self.second_of_day) - CHINA_OFFSET_SECONDS
    }
}

impl FromStr for DateTime {
    type Err = BadText;
    fn from_str(text: &str) -> Result<Self, BadText> {
        let bad = || BadText(format!("`{text}` is not a moment like 2024-01-31 23:59:59"));
        let (date, time) = text.split_once(' ').ok_or_else(bad)?;
        let mut parts = time.splitn(3, ':');
        let (Some(hour), Some(minute), Some(second)) = (
            parts.next().and_then(|part| digits(part, 2)),
            parts.next().and_then(|part| digits(part, 2)),
            parts.next().and_then(|part| digits(part, 2)),
        ) else {
            return Err(bad());
        };
        Self::new(date.parse()?, hour, minute, second)
    }
}

impl DateTime {
    fn push_to(self, out: &mut String) {
        let mut text = *b"0000-00-00 00:00:00";
        text[..10].copy_from_slice(&self.date.digits());
        let second = self.second_of_day;
        two_digits((second / 3600) as u8, &mut text[11..13]);
        two_digits((second / 60 % 60) as u8, &mut text[14..16]);
        two_digits((second % 60) as u8, &mut text[17..19]);
        push_ascii(&text, out);
    }
}

impl fmt::Display for DateTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::with_capacity(19);
        self.push_to(&mut text);
        f.write_str(&text)
    }
}

macro_rules! text_param {
    ($($type:ty => $expected:literal, $reserved:literal);*) => {$(
        impl ParamText for $type {
            const RESERVED_BYTES: Option<u32> = Some($reserved);
            // There is no other value.
            fn is_documented(&self) -> bool {
                true
            }
            fn write_text(&self, out: &mut String) {
                self.push_to(out);
            }
            fn from_text(text: &str) -> Result<Self, BadText> {
                text.parse()
            }
        }
        impl Wire for $type {
            const EXPECTED: &'static str = $expected;
            fn read_opt<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Self>, D::Error> {
                match String::read_opt(deserializer)? {
                    Some(text) if !text.is_empty() => text.parse().map(Some).map_err(de::Error::custom),
                    _ => Ok(None),
                }
            }
        }
        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }
    )*};
}

// The blank and the two colons of a moment.
text_param!(Date => "a day like 2024-01-31", 0; DateTime => "a moment like 2024-01-31 23:59:59", 3);

/// A moment in a reply, kept in the form in which the vendor sent it.
///
/// The same field comes as seconds from one call and as text from another.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Time {
    /// Seconds since 1970-01-01 00:00 UTC.
    Unix(i64),
    /// A text, usually `yyyy-mm-dd hh:mm:ss`.
    Text(String),
}

impl Time {
    /// Seconds since 1970-01-01 00:00 UTC; a text is read as China's time. `None` for a text of another form.
    ///
    /// ```
    /// let time = vodkit_types::Time::Text("2024-01-01 08:00:00".into());
    /// assert_eq!(time.unix_seconds(), Some(1_704_067_200));
    /// ```
    #[must_use]
    pub fn unix_seconds(&self) -> Option<i64> {
        match self {
            Self::Unix(seconds) => Some(*seconds),
            Self::Text(text) => text.parse::<DateTime>().ok().map(DateTime::unix_seconds),
        }
    }
}

/// As text in China's time, whatever the form it came in.
impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unix(seconds) => DateTime::in_china(*seconds).fmt(f),
            Self::Text(text) => f.write_str(text),
        }
    }
}

impl Wire for Time {
    const EXPECTED: &'static str = "a moment";
    fn read_opt<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Self>, D::Error> {
        struct Moment;
        impl Visitor<'_> for Moment {
            type Value = Option<Time>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a moment")
            }
            fn visit_i64<E: de::Error>(self, value: i64) -> Result<Self::Value, E> {
                Ok(Some(Time::Unix(value)))
            }
            fn visit_u64<E: de::Error>(self, value: u64) -> Result<Self::Value, E> {
                i64::try_from(value)
                    .map(|seconds| Some(Time::Unix(seconds)))
                    .map_err(|_| E::invalid_value(de::Unexpected::Unsigned(value), &self))
            }
            fn visit_f64<E: de::Error>(self, value: f64) -> Result<Self::Value, E> {
                if value.fract() == 0.0 && value.abs() < 9e15 {
                    self.visit_i64(value as i64)
                } else {
                    Err(E::invalid_value(de::Unexpected::Float(value), &self))
                }
            }
            fn visit_str<E: de::Error>(self, value: &str) -> Result<Self::Value, E> {
                if value.is_empty() {
                    return Ok(None);
                }
                Ok(Some(match value.parse() {
                    Ok(seconds) => Time::Unix(seconds),
                    Err(_) => Time::Text(value.to_owned()),
                }))
            }
            fn visit_unit<E: de::Error>(self) -> Result<Self::Value, E> {
                Ok(None)
            }
        }
        deserializer.deserialize_any(Moment)
    }
}

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Unix(seconds) => serializer.serialize_i64(*seconds),
            Self::Text(text) => serializer.serialize_str(text),
        }
    }
}
