//! The body of a request that something happens to on its way.

use std::collections::VecDeque;
use std::future::Future as _;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::Body;
use bytes::{Bytes, BytesMut};
use http_body::{Frame, SizeHint};
use tokio::time::Sleep;

use super::strike::Hit;

/// What happens to the bytes.
pub(super) enum Change {
    /// After so many bytes nothing more comes but an error.
    Cut { after: u64, kept: Kept },
    /// After so many bytes nothing comes for a time.
    Stall { after: u64, time: Duration },
    /// The lowest bit of the byte at this position is another.
    Flip { at: u64 },
}

/// What becomes of the bytes before a cut.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kept {
    /// The reader gets them.
    Passed,
    /// The reader gets them if the body ends before the cut. Only for a body whose length is not known: they are in memory meanwhile.
    Held,
    /// Nobody gets them: the body is known to be long enough.
    Dropped,
}

/// A body with a change in it.
pub(super) struct Changed {
    inner: Body,
    change: Change,
    hit: Arc<Hit>,
    /// Bytes that came.
    came: u64,
    /// Bytes for the reader, in order.
    ready: VecDeque<Bytes>,
    held: VecDeque<Bytes>,
    sleep: Option<Pin<Box<Sleep>>>,
    ended: bool,
}

impl Changed {
    pub(super) fn new(inner: Body, change: Change, hit: Arc<Hit>) -> Self {
        Self {
            inner,
            change,
            hit,
            came: 0,
            ready: VecDeque::new(),
            held: VecDeque::new(),
            sleep: None,
            ended: false,
        }
    }

    /// Takes a piece in.
    fn take(&mut self, mut data: Bytes) {
        let first = self.came;
        match self.change {
            Change::Cut { after, kept } => {
                let room = usize::try_from(after - first).unwrap_or(usize::MAX);
                data.truncate(room);
                self.came += data.len() as u64;
                match kept {
                    Kept::Passed => self.ready.push_back(data),
                    Kept::Held => self.held.push_back(data),
                    Kept::Dropped => {}
                }
            }
            Change::Stall { after, .. } => {
                self.came += data.len() as u64;
                // What lies behind the stall waits for its end.
                if first < after && after < self.came {
                    let before =
                        data.split_to(usize::try_from(after - first).unwrap_or(data.len()));
                    self.ready.push_back(before);
                }
                match self.came <= after || self.hit.has_fired() {
                    true => self.ready.push_back(data),
                    false => self.held.push_back(data),
                }
            }
            Change::Flip { at } => {
                self.came += data.len() as u64;
                if first <= at && at < self.came {
                    let mut bytes = BytesMut::from(data);
                    if let Some(byte) = bytes.get_mut(usize::try_from(at - first).unwrap_or(0)) {
                        *byte ^= 1;
                    }
                    self.hit.fire();
                    data = bytes.freeze();
                }
                self.ready.push_back(data);
            }
        }
    }

    /// What is due now that the reader has all before it.
    fn strike(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), axum::Error>> {
        match self.change {
            Change::Cut { after, .. } if self.came >= after => {
                self.hit.fire();
                let error =
                    io::Error::new(io::ErrorKind::ConnectionReset, "cut by a planned fault");
                Poll::Ready(Err(axum::Error::new(error)))
            }
            Change::Stall { after, time } if self.came >= after && !self.is_over() => {
                let sleep = self.sleep.get_or_insert_with(|| {
                    self.hit.fire();
                    Box::pin(tokio::time::sleep(time))
                });
                ready!(sleep.as_mut().poll(cx));
                self.sleep = None;
                self.change = Change::Stall {
                    after: u64::MAX,
                    time,
                };
                self.ready.append(&mut self.held);
                Poll::Ready(Ok(()))
            }
            _ => Poll::Ready(Ok(())),
        }
    }

    /// Whether a stall has passed.
    fn is_over(&self) -> bool {
        self.hit.has_fired() && self.sleep.is_none()
    }
}

impl http_body::Body for Changed {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let body = self.get_mut();
        loop {
            if let Some(data) = body.ready.pop_front() {
                if data.is_empty() {
                    continue;
                }
                return Poll::Ready(Some(Ok(Frame::data(data))));
            }
            if let Err(error) = ready!(body.strike(cx)) {
                return Poll::Ready(Some(Err(error)));
            }
            if !body.ready.is_empty() {
                continue;
            }
            if body.ended {
                return Poll::Ready(None);
            }
            match ready!(Pin::new(&mut body.inner).poll_frame(cx)) {
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) => body.take(data),
                    Err(trailers) => return Poll::Ready(Some(Ok(trailers))),
                },
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => {
                    body.ended = true;
                    // Too short to be cut: the reader gets it whole.
                    body.ready.append(&mut body.held);
                }
            }
        }
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::default()
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use http_body::Body as _;
    use http_body_util::BodyExt as _;
    use proptest::prelude::*;

    use super::*;
    use crate::Emulator;

    /// A body that comes in these pieces.
    struct Pieces(VecDeque<Bytes>);

    impl http_body::Body for Pieces {
        type Data = Bytes;
        type Error = Infallible;

        fn poll_frame(
            self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
            Poll::Ready(
                self.get_mut()
                    .0
                    .pop_front()
                    .map(|data| Ok(Frame::data(data))),
            )
        }
    }

    /// What a reader gets until the end, an error or a wait, and how it ends.
    fn read(body: &mut Changed) -> (Vec<u8>, Poll<Result<(), ()>>) {
        let mut context = Context::from_waker(std::task::Waker::noop());
        let mut bytes = Vec::new();
        loop {
            match Pin::new(&mut *body).poll_frame(&mut context) {
                Poll::Pending => return (bytes, Poll::Pending),
                Poll::Ready(None) => return (bytes, Poll::Ready(Ok(()))),
                Poll::Ready(Some(Err(_))) => return (bytes, Poll::Ready(Err(()))),
                Poll::Ready(Some(Ok(frame))) => bytes.extend(frame.into_data().unwrap()),
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(300))]

        #[test]
        fn a_change_is_where_it_belongs_however_the_body_comes(
            pieces in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..9), 0..6),
            at in 0_u64..40,
        ) {
            let emulator = Emulator::builder().start().unwrap();
            let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
            let _inside = runtime.enter();
            let whole = pieces.concat();
            let length = whole.len() as u64;
            let changed = |change| {
                let pieces = pieces.iter().cloned().map(Bytes::from).collect();
                let hit = Arc::new(Hit::new(&emulator.shared, 0));
                (Changed::new(Body::new(Pieces(pieces)), change, Arc::clone(&hit)), hit)
            };
            let ended = Poll::Ready(Ok(()));

            let (mut body, hit) = changed(Change::Flip { at });
            let (bytes, end) = read(&mut body);
            let mut expected = whole.clone();
            if let Some(byte) = expected.get_mut(at as usize) {
                *byte ^= 1;
            }
            prop_assert_eq!((bytes, end, hit.has_fired()), (expected, ended, at < length));

            let before = &whole[..whole.len().min(at as usize)];
            let is_cut = at <= length;
            for kept in [Kept::Passed, Kept::Held, Kept::Dropped] {
                // A body is dropped only if it is known to be long enough.
                if kept == Kept::Dropped && !is_cut {
                    continue;
                }
                let (mut body, hit) = changed(Change::Cut { after: at, kept });
                let (bytes, end) = read(&mut body);
                let expected = match is_cut {
                    true if kept == Kept::Passed => (before.to_vec(), Poll::Ready(Err(()))),
                    true => (Vec::new(), Poll::Ready(Err(()))),
                    false => (whole.clone(), ended),
                };
                prop_assert_eq!(((bytes, end), hit.has_fired()), (expected, is_cut));
            }

            let (mut body, hit) = changed(Change::Stall { after: at, time: Duration::from_secs(3600) });
            let (bytes, end) = read(&mut body);
            let expected = match is_cut {
                true => (before.to_vec(), Poll::Pending),
                false => (whole.clone(), ended),
            };
            prop_assert_eq!(((bytes, end), hit.has_fired()), (expected, is_cut));
            let (body, _) = changed(Change::Stall { after: at, time: Duration::ZERO });
            let bytes = runtime.block_on(body.collect()).unwrap().to_bytes();
            prop_assert_eq!(bytes.to_vec(), whole);
        }
    }
}
