//! API 21, 22, 24, 25, 28 to 30 and 37 to 39: what was played, and how many bytes that took.
//!
//! Every figure comes from what the emulator really served, and is there at once. // assumed: statistics-delay

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use jiff::civil::Date;
use serde_json::{Map, Value, json};

use super::account::usage;
use super::envelope::{self, Fault};
use super::state::Play;
use super::{Call, Page};
use crate::clock;

/// The product line of everything that the emulator has: on-demand video.
const VOD: u64 = 5;
/// Longest range of days that is answered.
const MOST_DAYS: i64 = 366;
/// How many videos a ranking has.
const RANKS: usize = 100;

/// API 21. The range must stay within one month.
pub(super) fn get_video_used_flow(call: &mut Call<'_>) -> Result<Value, Fault> {
    let days = day_range(call)?;
    if days.start().first_of_month() != days.end().first_of_month() {
        return Err(
            Fault::parameter("end_date", "must be in the month of start_date")
                .assumed("refusal-code"),
        );
    }
    let id = call.video()?.id;
    Ok(json!({ "flow": flow(call, &days, Some(id)) }))
}

/// API 22.
pub(super) fn get_account_used_flow(call: &mut Call<'_>) -> Result<Value, Fault> {
    let days = day_range(call)?;
    Ok(json!({ "flow": flow(call, &days, None) }))
}

/// API 24.
pub(super) fn get_video_play_record(call: &mut Call<'_>) -> Result<Value, Fault> {
    let (span, page) = record_query(call)?;
    let id = call.video()?.id;
    let plays = plays(call)
        .filter(|play| play.video_id == id && span.contains(&play.begin_ms))
        .collect();
    Ok(records(call, plays, page))
}

/// API 25. No row has a room: those belong to recordings of live classes.
pub(super) fn export_video_report_batch(call: &mut Call<'_>) -> Result<Value, Fault> {
    let (span, page) = record_query(call)?;
    let wanted = wants_vod(call)?;
    let plays = plays(call)
        .filter(|play| wanted && span.contains(&play.begin_ms))
        .collect();
    Ok(records(call, plays, page))
}

/// The two times of a record query, which must be on one day, and its page.
fn record_query(call: &Call<'_>) -> Result<(RangeInclusive<i64>, Page), Fault> {
    let page = call.page(100, 1000)?;
    let (start, end) = (call.date_time("start_time")?, call.date_time("end_time")?);
    if clock::day_of(start) != clock::day_of(end) {
        return Err(
            Fault::parameter("end_time", "must be on the day of start_time")
                .assumed("refusal-code"),
        );
    }
    if end < start {
        return Err(Fault::parameter("end_time", "is before start_time").assumed("refusal-code"));
    }
    // The end is a whole second that counts to its last millisecond.
    Ok((start..=end + 999, page))
}

/// Rows in the order of their beginning. // assumed: record-order
fn records(call: &Call<'_>, plays: Vec<&Play>, page: Page) -> Value {
    let total = plays.len();
    let list: Vec<Value> = page
        .of(plays)
        .into_iter()
        .map(|play| record(call, play))
        .collect();
    json!({ "total": total, "list": list, "page": page.number, "page_size": page.size })
}

fn record(call: &Call<'_>, play: &Play) -> Value {
    json!({
        "guid": play.guid,
        "uuid": play.user.uuid,
        "video_id": play.video_id,
        "user_name": play.user.user_name,
        "user_number": play.user.user_number,
        "play_begin_time": clock::date_time_text(play.begin_ms),
        "play_end_time": clock::date_time_text(play.end_ms),
        "client_type": play.user.client_type,
        "play_length": watched(call, play),
        "user_ip": play.user.ip,
        "area": "",
    })
}

/// The share of the video that was served, in seconds, at most all of it. // assumed: play-length
fn watched(call: &Call<'_>, play: &Play) -> u64 {
    let Some(video) = call.state.videos.get(&play.video_id) else {
        return 0;
    };
    let share = u128::from(play.served.min(video.stored)) * u128::from(video.length);
    let seconds = share / u128::from(video.stored.max(1));
    u64::try_from(seconds).unwrap_or(u64::MAX)
}

/// API 28.
pub(super) fn get_video_play_count_rank(call: &mut Call<'_>) -> Result<Value, Fault> {
    let days = day_range(call)?;
    let wanted = wants_vod(call)?;
    let mut counts = BTreeMap::<u64, u64>::new();
    for play in plays(call).filter(|play| wanted && days.contains(&clock::day_of(play.begin_ms))) {
        *counts.entry(play.video_id).or_default() += 1;
    }
    let mut ranks: Vec<(u64, u64)> = counts.into_iter().collect();
    ranks.sort_by_key(|(id, count)| (std::cmp::Reverse(*count), *id));
    ranks.truncate(RANKS);
    let rank = |(id, count)| json!({ "video_id": id, "play_count": count });
    Ok(json!({ "play_rank": ranks.into_iter().map(rank).collect::<Vec<Value>>() }))
}

/// API 29.
pub(super) fn get_video_daily_play_count(call: &mut Call<'_>) -> Result<Value, Fault> {
    let days = day_range(call)?;
    let id = call.video()?.id;
    Ok(daily_counts(call, days, |play| play.video_id == id))
}

/// API 30.
pub(super) fn get_partner_daily_play_count(call: &mut Call<'_>) -> Result<Value, Fault> {
    let days = day_range(call)?;
    let wanted = wants_vod(call)?;
    Ok(daily_counts(call, days, |_| wanted))
}

fn daily_counts(
    call: &Call<'_>,
    days: RangeInclusive<Date>,
    counts: impl Fn(&Play) -> bool,
) -> Value {
    let mut per_day: BTreeMap<Date, u64> = clock::days(*days.start(), *days.end())
        .map(|day| (day, 0))
        .collect();
    for play in plays(call).filter(|play| counts(play)) {
        if let Some(count) = per_day.get_mut(&clock::day_of(play.begin_ms)) {
            *count += 1;
        }
    }
    json!({ "play_count": day_map(per_day) })
}

/// API 37.
pub(super) fn get_account_used_flow_detail(call: &mut Call<'_>) -> Result<Value, Fault> {
    let days = day_range(call)?;
    let per_day = clock::days(*days.start(), *days.end())
        .map(|day| (day, flow(call, &(day..=day), None)))
        .collect();
    Ok(json!({ "flow": day_map(per_day) }))
}

/// API 38: ids and bytes are texts. The greatest consumer comes first. // assumed: record-order
pub(super) fn get_video_used_flow_detail(call: &mut Call<'_>) -> Result<Value, Fault> {
    let page = call.page(100, 1000)?;
    let day = call.date("date")?;
    let wanted = wants_vod(call)?;
    let mut rows: Vec<(u64, u64)> = call
        .state
        .flow
        .iter()
        .filter(|((on, owner, _), _)| wanted && *on == day && *owner == call.owner)
        .map(|((_, _, video), bytes)| (*video, *bytes))
        .collect();
    rows.sort_by_key(|(id, bytes)| (std::cmp::Reverse(*bytes), *id));
    let total = rows.len();
    let row =
        |(id, bytes): (u64, u64)| json!({ "video_id": id.to_string(), "flow": bytes.to_string() });
    Ok(
        json!({ "total": total, "list": page.of(rows).into_iter().map(row).collect::<Vec<Value>>() }),
    )
}

/// API 39: the eight product lines; documents have no flow.
pub(super) fn get_storage_and_flow_info(call: &mut Call<'_>) -> Result<Value, Fault> {
    let (storage, flow) = usage(call);
    let used = json!({ "storage": storage, "flow": flow });
    let unused = json!({ "storage": 0, "flow": 0 });
    Ok(json!({
        "large_class": unused,
        "small_class": unused,
        "double_teacher": unused,
        "business": unused,
        "video": used,
        "weclass": unused,
        "doc": { "storage": 0 },
        "total": used,
    }))
}

fn day_map(days: BTreeMap<Date, u64>) -> Value {
    let entries: Map<String, Value> = days
        .into_iter()
        .map(|(day, value)| (day.to_string(), value.into()))
        .collect();
    envelope::map(entries)
}

fn plays<'a>(call: &'a Call<'_>) -> impl Iterator<Item = &'a Play> {
    call.state
        .plays
        .iter()
        .filter(|play| play.owner == call.owner)
}

fn flow(call: &Call<'_>, days: &RangeInclusive<Date>, video: Option<u64>) -> u64 {
    call.state
        .flow
        .range((*days.start(), 0, 0)..=(*days.end(), u64::MAX, u64::MAX))
        .filter(|((_, owner, id), _)| {
            *owner == call.owner && video.is_none_or(|video| video == *id)
        })
        .map(|(_, bytes)| bytes)
        .sum()
}

fn day_range(call: &Call<'_>) -> Result<RangeInclusive<Date>, Fault> {
    let (first, last) = (call.date("start_date")?, call.date("end_date")?);
    match clock::day_count(first, last) {
        count if count < 1 => {
            Err(Fault::parameter("end_date", "is before start_date").assumed("refusal-code"))
        }
        count if count > MOST_DAYS => Err(Fault::parameter(
            "end_date",
            "more than 366 days were asked for",
        )
        .assumed("most-days")),
        _ => Ok(first..=last),
    }
}

/// Whether the asked product line has the plays of videos; none and 0 stand for all lines. // assumed: product-type
fn wants_vod(call: &Call<'_>) -> Result<bool, Fault> {
    match call.form.number("product_type")?.unwrap_or(0) {
        0 | VOD => Ok(true),
        1..VOD => Ok(false),
        _ => Err(Fault::parameter("product_type", "must be from 1 to 5")),
    }
}
