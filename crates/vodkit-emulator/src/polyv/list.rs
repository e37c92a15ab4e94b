//! Lists of videos, page by page, and the search.

use std::cmp::Reverse;

use serde_json::{Value, json};

use super::Call;
use super::envelope::Fault;
use super::state::{Status, Video};
use super::video::{View, cover_url, summary};
use crate::clock;

/// A part of a list. The rules have checked the numbers.
#[derive(Clone, Copy)]
pub(super) struct Page {
    number: usize,
    size: usize,
}

impl Page {
    pub(super) fn of(call: &Call<'_>) -> Result<Self, Fault> {
        let number = |name, default| -> Result<usize, Fault> {
            let number = call.form.number(name)?.unwrap_or(default);
            Ok(usize::try_from(number).unwrap_or(usize::MAX))
        };
        Ok(Self {
            number: number("page", 1)?,
            size: number("pageSize", 20)?,
        })
    }

    fn first(self) -> usize {
        (self.number - 1).saturating_mul(self.size)
    }

    pub(super) fn cut<T>(self, items: Vec<T>) -> impl Iterator<Item = T> {
        items.into_iter().skip(self.first()).take(self.size)
    }

    /// One page, with what only samples have, and without the page size, as samples are.
    pub(super) fn reply<T>(self, items: Vec<T>, show: impl Fn(T) -> Value) -> Value {
        let total = items.len();
        let pages = total.div_ceil(self.size);
        let offset = self.first();
        let contents: Vec<Value> = self.cut(items).map(show).collect();
        json!({
            "pageNumber": self.number,
            "totalItems": total,
            "totalPages": pages,
            "limit": self.size,
            "offset": offset,
            "startRow": offset + usize::from(!contents.is_empty()),
            "endRow": offset + contents.len(),
            "firstPage": self.number == 1,
            "lastPage": self.number >= pages,
            "nextPageNumber": if self.number < pages { self.number + 1 } else { self.number },
            "prePageNumber": self.number.saturating_sub(1).max(1),
            "contents": contents,
        })
    }
}

fn videos(call: &Call<'_>, videos: Vec<&Video>, view: View) -> Result<Value, Fault> {
    Ok(Page::of(call)?.reply(videos, |video| summary(call, video, view)))
}

/// `search`. A category stands for itself alone. // assumed: category-filter
pub(super) fn search(call: &mut Call<'_>) -> Result<Value, Fault> {
    let category = call.category("cataid")?;
    let encrypted = call.switch("encrypt");
    let (word, tag) = (call.text("keyword"), call.text("tag"));
    let vids = call.items("vids");
    let mut found = call.tenant.living(call.now_ms);
    // assumed: search-words
    found.retain(|video| {
        category.as_ref().is_none_or(|id| video.category == *id)
            && encrypted.is_none_or(|encrypted| video.encrypt == encrypted)
            && video.title.to_lowercase().contains(&word.to_lowercase())
            && (tag.is_empty() || video.tag.split(',').any(|have| have.trim() == tag))
            && (vids.is_empty() || vids.contains(&video.vid))
    });
    match call.text("sort") {
        "creationTimeAsc" => found.reverse(),
        "playTimesDesc" => found.sort_by_key(|video| Reverse(video.times)),
        "playTimesAsc" => found.sort_by_key(|video| video.times),
        _ => {}
    }
    videos(call, found, View::Search)
}

/// `video/list`, by whether playing needs a permission. Size and state are in words.
pub(super) fn by_permission(call: &mut Call<'_>) -> Result<Value, Fault> {
    let wanted = call.switch("playauth") == Some(true);
    let mut found = call.tenant.living(call.now_ms);
    found.retain(|video| video.play_auth == wanted);
    Ok(Page::of(call)?.reply(found, |video| {
        let category = call.tenant.categories.get(&video.category);
        json!({
            "duration": video.duration(call.now_ms),
            "vid": video.vid,
            "date": minute_text(video.born_ms),
            "uploader": call.tenant.email(),
            "cataid": video.category,
            "cataname": category.map(|category| category.name.as_str()),
            "sourceFileSize": size_words(video.size),
            "firstImage": cover_url(call.base, call.tenant, video, true),
            "title": video.title,
            "status": video.status(call.now_ms).words(),
        })
    }))
}

/// Without seconds. // assumed: utc8
pub(super) fn minute_text(ms: i64) -> String {
    let mut text = clock::date_time_text(ms);
    text.truncate("yyyy-mm-dd hh:mm".len());
    text
}

/// A size for people: `5.00MB`.
fn size_words(bytes: u64) -> String {
    let (unit, word): (u128, _) = match bytes {
        0..1_048_576 => (1 << 10, "KB"),
        1_048_576..1_073_741_824 => (1 << 20, "MB"),
        _ => (1 << 30, "GB"),
    };
    let hundredths = u128::from(bytes) * 100 / unit;
    format!("{}.{:02}{word}", hundredths / 100, hundredths % 100)
}

fn is_published(call: &Call<'_>, video: &Video) -> bool {
    video.status(call.now_ms).is_published()
}

/// `get-by-uploader`. The account itself has uploaded everything. // assumed: order-type
pub(super) fn by_uploader(call: &mut Call<'_>) -> Result<Value, Fault> {
    let own = call.tenant.email();
    let email = call.form.text("email").unwrap_or(&own);
    let category = call.category("cataid")?;
    let below = call.switch("containSubCata") == Some(true);
    let category = category.map(|id| match below {
        true => call.tenant.category_and_below(&id),
        false => [id].into(),
    });
    let published = call.switch("published");
    let mut found = call.tenant.living(call.now_ms);
    found.retain(|video| {
        email == own
            && category
                .as_ref()
                .is_none_or(|ids| ids.contains(&video.category))
            && published.is_none_or(|published| is_published(call, video) == published)
    });
    match call.text("orderType") {
        "2" => found.reverse(),
        "3" => found.sort_by_key(|video| Reverse(video.times)),
        "4" => found.sort_by_key(|video| video.times),
        _ => {}
    }
    Ok(Page::of(call)?.reply(found, |video| {
        json!({
            "vid": video.vid,
            "cataid": video.category,
            "title": video.title,
            "context": video.description,
            "times": video.times,
            "firstImage": cover_url(call.base, call.tenant, video, true),
            "tag": video.tag,
            "aacLink": "",
            "status": video.status(call.now_ms).code(),
            "uploaderEmail": own,
            "ptime": minute_text(video.born_ms),
        })
    }))
}

/// `get-new-list`. Moments win over days; both ends are counted in. // assumed: category-filter
pub(super) fn newest(call: &mut Call<'_>) -> Result<Value, Fault> {
    let moment = |name| call.form.text(name).and_then(clock::parse_date_time);
    let day = |name| call.form.text(name).and_then(clock::parse_date);
    let (start, end) = (moment("startTime"), moment("endTime"));
    let (first, last) = (day("startDate"), day("endDate"));
    let tree = call.text("catatree");
    let published = call.switch("published");
    let mut found = call.tenant.living(call.now_ms);
    found.retain(|video| {
        let (at, on) = (video.born_ms, clock::day_of(video.born_ms));
        let begun = match (start, first) {
            (Some(start), _) => at >= start,
            (None, Some(first)) => on >= first,
            (None, None) => true,
        };
        // A moment is given to the second: all of its milliseconds count.
        let not_over = match (end, last) {
            (Some(end), _) => at < end + 1000,
            (None, Some(last)) => on <= last,
            (None, None) => true,
        };
        let have = call.tenant.catatree(&video.category);
        let inside = tree.is_empty() || have == tree || have.starts_with(&format!("{tree},"));
        begun
            && not_over
            && inside
            && published.is_none_or(|published| is_published(call, video) == published)
    });
    videos(call, found, View::List)
}

/// `get-host-list`: the most played first.
pub(super) fn hottest(call: &mut Call<'_>) -> Result<Value, Fault> {
    let mut found = call.tenant.living(call.now_ms);
    found.sort_by_key(|video| Reverse(video.times));
    videos(call, found, View::List)
}

/// `get-del-list`: the recycle bin.
pub(super) fn deleted(call: &mut Call<'_>) -> Result<Value, Fault> {
    let mut found = call.tenant.born(call.now_ms);
    found.retain(|video| video.deleted);
    videos(call, found, View::List)
}

/// `get-illegal-list`: rejected in the review.
pub(super) fn rejected(call: &mut Call<'_>) -> Result<Value, Fault> {
    let mut found = call.tenant.living(call.now_ms);
    found.retain(|video| video.status(call.now_ms) == Status::Rejected);
    videos(call, found, View::List)
}
