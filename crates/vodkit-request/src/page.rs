//! Lists in pages: one rule for when the last one has come, for blocking and async programs.

use std::fmt;

use crate::endpoint::Paged;
use crate::error::Error;
use crate::exec::Exec;
use crate::flow::drive;
#[cfg(feature = "async")]
use crate::flow::drive_async;
use crate::session::Session;
#[cfg(feature = "async")]
use crate::transport::AsyncTransport;
use crate::transport::{BlockingTransport, Limits};

/// The pages of a list, fetched one by one: an [`Iterator`] with a blocking transport, `next_page` with an async one.
///
/// The vendors' totals are not reliable, so a list ends with an empty page, with a short page once the total is reached, or with a page that
/// repeats the one before (which is what some services answer past the end). While the total says that elements are missing, up to three
/// repeated pages are passed over. After an error there are no further pages.
#[must_use = "pages are fetched as the iterator is used"]
pub struct Pages<'c, T: ?Sized, E: Paged> {
    transport: &'c T,
    session: &'c Session<E::Vendor>,
    limits: Option<Limits>,
    cursor: Cursor<E>,
}

/// Where in a list one is, and whether there is more.
#[derive(Debug)]
pub(crate) struct Cursor<E: Paged> {
    next: Option<E>,
    /// Elements that lie before the first page that was asked for.
    before: Option<u64>,
    seen: u64,
    last: Vec<E::Item>,
    repeats: u32,
}

/// What a page turned out to be.
pub(crate) enum Page<I> {
    New(Vec<I>),
    Repeated,
    End,
}

/// A service that gives the same page this often in a row ignores which page it was asked for.
const MOST_REPEATS: u32 = 3;

impl<E: Paged> Cursor<E> {
    /// Before the page `first`.
    pub(crate) fn new(first: E) -> Self {
        Self {
            next: Some(first),
            before: None,
            seen: 0,
            last: Vec::new(),
            repeats: 0,
        }
    }

    /// The page to ask for; `None` after the last.
    pub(crate) fn current(&self) -> Option<E> {
        self.next.clone()
    }

    /// Takes what the page `current` turned out to be.
    pub(crate) fn take(&mut self, current: &E, output: E::Output) -> Page<E::Item> {
        self.next = None;
        let reported = E::reported_page_size(&output).filter(|size| *size > 0);
        let size = reported.unwrap_or_else(|| current.page_size());
        let total = E::total(&output);
        let items = E::items(output);
        if items.is_empty() {
            return Page::End;
        }
        let before = *self
            .before
            .get_or_insert(current.page().saturating_sub(1).saturating_mul(size));
        let following = || Some(current.with_page(current.page().saturating_add(1)));
        if items == self.last {
            // Past the end some services give the last page again. In the middle of a list it can only be chance, as when elements were added.
            self.repeats += 1;
            let missing = total.is_some_and(|total| before.saturating_add(self.seen) < total);
            if !missing || self.repeats >= MOST_REPEATS {
                return Page::End;
            }
            self.next = following();
            return Page::Repeated;
        }
        self.repeats = 0;
        self.seen += items.len() as u64;
        let full = items.len() as u64 >= size;
        if full || total.is_some_and(|total| before.saturating_add(self.seen) < total) {
            self.next = following();
        }
        self.last.clone_from(&items);
        Page::New(items)
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
            cursor: Cursor::new(first),
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
        loop {
            let current = self.cursor.current()?;
            let flow = Exec::new(self.session, current.clone()).with_limits(self.limits);
            match drive(self.transport, flow).map(|output| self.cursor.take(&current, output)) {
                Ok(Page::New(items)) => return Some(Ok(items)),
                Ok(Page::Repeated) => {}
                Ok(Page::End) => return None,
                Err(error) => {
                    self.cursor.next = None;
                    return Some(Err(error));
                }
            }
        }
    }
}

#[cfg(feature = "async")]
impl<T: AsyncTransport + ?Sized, E: Paged> Pages<'_, T, E> {
    /// Fetches the next page; `None` after the last. When the future is dropped before it is done, the same page is fetched the next time.
    pub async fn next_page(&mut self) -> Option<Result<Vec<E::Item>, Error>> {
        loop {
            let current = self.cursor.current()?;
            let flow = Exec::new(self.session, current.clone()).with_limits(self.limits);
            match drive_async(self.transport, flow)
                .await
                .map(|output| self.cursor.take(&current, output))
            {
                Ok(Page::New(items)) => return Some(Ok(items)),
                Ok(Page::Repeated) => {}
                Ok(Page::End) => return None,
                Err(error) => {
                    self.cursor.next = None;
                    return Some(Err(error));
                }
            }
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
