//! Lists in pages: one rule for when the last one has come, for blocking and async programs.

use std::fmt;

use crate::endpoint::Paged;
use crate::error::Error;
use crate::exec::Exec;
use crate::flow::{drive, drive_async};
use crate::session::Session;
use crate::transport::{AsyncTransport, BlockingTransport, Limits};

/// The pages of a list, fetched one by one: an [`Iterator`] with a blocking transport, [`next_page`](Self::next_page) with an async one.
///
/// The vendors' totals are not reliable, so a list ends with an empty page, with a page that repeats the one before (which is what some
/// services answer past the end), or with a short page once the total is reached. After an error there are no further pages.
#[must_use = "pages are fetched as the iterator is used"]
pub struct Pages<'c, T: ?Sized, E: Paged> {
    transport: &'c T,
    session: &'c Session<E::Vendor>,
    limits: Option<Limits>,
    cursor: Cursor<E>,
}

struct Cursor<E: Paged> {
    next: Option<E>,
    seen: u64,
    last_first: Option<E::Item>,
}

impl<E: Paged> Cursor<E> {
    /// Takes a page in; gives its items and moves on, or nothing when the page is no new one.
    fn take(&mut self, current: &E, output: E::Output) -> Option<Vec<E::Item>> {
        let size = E::reported_page_size(&output)
            .filter(|size| *size > 0)
            .unwrap_or_else(|| current.page_size());
        let total = E::total(&output);
        let items = E::items(output);
        let first = items.first()?.clone();
        if self.last_first.as_ref() == Some(&first) {
            return None;
        }
        self.last_first = Some(first);
        self.seen += items.len() as u64;
        let before = current.page().saturating_sub(1).saturating_mul(size);
        let full = items.len() as u64 >= size;
        let more = full || total.is_some_and(|total| before + (items.len() as u64) < total);
        self.next = more.then(|| current.with_page(current.page() + 1));
        Some(items)
    }
}

impl<'c, T: ?Sized, E: Paged> Pages<'c, T, E> {
    pub(crate) fn new(
        transport: &'c T,
        session: &'c Session<E::Vendor>,
        first: E,
        limits: Option<Limits>,
    ) -> Self {
        Self {
            transport,
            session,
            limits,
            cursor: Cursor {
                next: Some(first),
                seen: 0,
                last_first: None,
            },
        }
    }

    /// How many elements have been given so far.
    #[must_use]
    pub fn seen(&self) -> u64 {
        self.cursor.seen
    }
}

impl<T: BlockingTransport + ?Sized, E: Paged> Iterator for Pages<'_, T, E> {
    type Item = Result<Vec<E::Item>, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        let current = self.cursor.next.take()?;
        match drive(
            self.transport,
            Exec::new(self.session, current.clone()).with_limits(self.limits),
        ) {
            Ok(output) => self.cursor.take(&current, output).map(Ok),
            Err(error) => Some(Err(error)),
        }
    }
}

impl<T: AsyncTransport + ?Sized, E: Paged> Pages<'_, T, E> {
    /// Fetches the next page; `None` after the last.
    pub async fn next_page(&mut self) -> Option<Result<Vec<E::Item>, Error>> {
        let current = self.cursor.next.take()?;
        let flow = Exec::new(self.session, current.clone()).with_limits(self.limits);
        match drive_async(self.transport, flow).await {
            Ok(output) => self.cursor.take(&current, output).map(Ok),
            Err(error) => Some(Err(error)),
        }
    }
}

impl<T: ?Sized, E: Paged> fmt::Debug for Pages<'_, T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pages")
            .field("seen", &self.cursor.seen)
            .finish_non_exhaustive()
    }
}
