//! Exchanges that run beside each other, each in its lane.

use std::collections::VecDeque;
use std::time::Duration;
#[cfg(feature = "async")]
use std::{
    future::{Future, poll_fn},
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use http::Response;

use crate::flow::Lane;
use crate::transport::{BlockingTransport, Outgoing, TransportError};

/// What came of an exchange.
pub type Ended = Result<Response<Bytes>, TransportError>;

/// The exchanges that a blocking flow has under way.
///
/// Dropping it gives up what is still under way.
pub trait Lanes {
    /// Begins an exchange in a lane that is free, and does not wait for it.
    fn begin(&mut self, lane: Lane, outgoing: Outgoing);

    /// Waits for the exchange that ends first, at most `limit`. With nothing under way it waits that long, or not at all.
    fn wait(&mut self, limit: Option<Duration>) -> Option<(Lane, Ended)>;
}

/// Lanes of a transport that does one thing at a time: an exchange is over when it has begun.
#[derive(Debug)]
pub struct InTurn<'t, T: ?Sized> {
    transport: &'t T,
    ended: VecDeque<(Lane, Ended)>,
}

impl<'t, T: BlockingTransport + ?Sized> InTurn<'t, T> {
    /// Lanes over `transport`.
    pub fn new(transport: &'t T) -> Self {
        Self {
            transport,
            ended: VecDeque::new(),
        }
    }
}

impl<T: BlockingTransport + ?Sized> Lanes for InTurn<'_, T> {
    fn begin(&mut self, lane: Lane, outgoing: Outgoing) {
        let ended = self.transport.send(outgoing);
        self.ended.push_back((lane, ended));
    }

    fn wait(&mut self, limit: Option<Duration>) -> Option<(Lane, Ended)> {
        if self.ended.is_empty()
            && let Some(limit) = limit
        {
            self.transport.sleep(limit);
        }
        self.ended.pop_front()
    }
}

#[cfg(feature = "async")]
type Exchange<'t> = Pin<Box<dyn Future<Output = Ended> + Send + 't>>;

/// The exchanges that an async flow has under way. They make progress while the flow awaits one of them.
#[cfg(feature = "async")]
#[derive(Default)]
pub(crate) struct AsyncLanes<'t> {
    under_way: Vec<(Lane, Exchange<'t>)>,
    ended: VecDeque<(Lane, Ended)>,
}

#[cfg(feature = "async")]
impl<'t> AsyncLanes<'t> {
    /// Polls the exchange once, so that it leaves now and not when the flow next waits.
    pub(crate) async fn begin(&mut self, lane: Lane, mut exchange: Exchange<'t>) {
        let first = poll_fn(|context| Poll::Ready(exchange.as_mut().poll(context))).await;
        match first {
            Poll::Ready(ended) => self.ended.push_back((lane, ended)),
            Poll::Pending => self.under_way.push((lane, exchange)),
        }
    }

    /// Does something else, while the exchanges make progress: a body that nobody polls stalls.
    pub(crate) async fn beside<O>(&mut self, something: impl Future<Output = O>) -> O {
        let mut something = std::pin::pin!(something);
        poll_fn(|context| {
            self.poll(context);
            something.as_mut().poll(context)
        })
        .await
    }

    /// Polls all of them, since each moves only then.
    fn poll(&mut self, context: &mut Context<'_>) {
        let mut index = 0;
        while let Some((lane, exchange)) = self.under_way.get_mut(index) {
            match exchange.as_mut().poll(context) {
                Poll::Ready(ended) => {
                    self.ended.push_back((*lane, ended));
                    // The others keep their order: who was begun first is asked first.
                    drop(self.under_way.remove(index));
                }
                Poll::Pending => index += 1,
            }
        }
    }

    pub(crate) async fn wait(
        &mut self,
        mut limit: Option<impl Future<Output = ()> + Unpin>,
    ) -> Option<(Lane, Ended)> {
        if let Some(first) = self.ended.pop_front() {
            return Some(first);
        }
        if self.under_way.is_empty() && limit.is_none() {
            return None;
        }
        poll_fn(|context| {
            self.poll(context);
            if let Some(first) = self.ended.pop_front() {
                return Poll::Ready(Some(first));
            }
            match &mut limit {
                Some(limit) => Pin::new(limit).poll(context).map(|()| None),
                None => Poll::Pending,
            }
        })
        .await
    }
}

#[cfg(all(test, feature = "async"))]
mod tests {
    use std::sync::Arc;
    use std::task::{Wake, Waker};

    use super::*;

    struct Nobody;

    impl Wake for Nobody {
        fn wake(self: Arc<Self>) {}
    }

    /// Ready when it was polled this often.
    fn after(mut polls: u32) -> impl Future<Output = ()> + Send {
        poll_fn(move |_| {
            polls -= 1;
            match polls {
                0 => Poll::Ready(()),
                _ => Poll::Pending,
            }
        })
    }

    fn block_on<O>(future: impl Future<Output = O>) -> O {
        let waker = Waker::from(Arc::new(Nobody));
        let mut context = Context::from_waker(&waker);
        let mut future = std::pin::pin!(future);
        for _ in 0..100 {
            if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
                return output;
            }
        }
        panic!("it is never ready");
    }

    fn exchange(polls: u32) -> Exchange<'static> {
        Box::pin(async move {
            after(polls).await;
            Ok(Response::new(Bytes::new()))
        })
    }

    /// What is under way moves while something else is done, and the first to end is told first.
    #[test]
    fn exchanges_go_on_beside_a_call() {
        let mut lanes = AsyncLanes::default();
        block_on(lanes.begin(0, exchange(4)));
        block_on(lanes.begin(1, exchange(3)));
        block_on(lanes.begin(2, exchange(9)));
        block_on(lanes.beside(after(5)));
        assert_eq!(lanes.under_way.len(), 1);
        let first = |lanes: &mut AsyncLanes<'static>| {
            let ended = block_on(lanes.wait(None::<std::future::Ready<()>>));
            ended.map(|(lane, _)| lane)
        };
        assert_eq!(first(&mut lanes), Some(1));
        assert_eq!(first(&mut lanes), Some(0));
        assert_eq!(first(&mut lanes), Some(2));
        assert_eq!(first(&mut lanes), None);
    }
}
