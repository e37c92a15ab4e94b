//! Exchanges beside each other: a thread for each.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use vodkit_request::flow::Lane;
use vodkit_request::lanes::{Ended, Lanes};
use vodkit_request::transport::{BlockingTransport, Outgoing, TransportError, TransportErrorKind};

/// Lanes that run on threads of their own, over any transport that several threads may use at once.
///
/// Dropping it gives up what is under way: the threads end when their exchange does, and nobody learns of it.
#[derive(Debug)]
pub struct ThreadLanes<T> {
    transport: T,
    sender: Sender<(Lane, Ended)>,
    receiver: Receiver<(Lane, Ended)>,
    under_way: usize,
}

impl<T: BlockingTransport + Clone + 'static> ThreadLanes<T> {
    /// Lanes over `transport`, whose clones share their connections.
    #[must_use]
    pub fn over(transport: T) -> Self {
        let (sender, receiver) = channel();
        Self {
            transport,
            sender,
            receiver,
            under_way: 0,
        }
    }
}

impl<T: BlockingTransport + Clone + 'static> Lanes for ThreadLanes<T> {
    fn begin(&mut self, lane: Lane, outgoing: Outgoing) {
        self.under_way += 1;
        let (transport, sender) = (self.transport.clone(), self.sender.clone());
        let exchange = move || {
            // A callback of the program may panic. The flow must hear of it, or it would wait for ever.
            let ended = catch_unwind(AssertUnwindSafe(|| transport.send(outgoing)));
            let ended = ended.unwrap_or_else(|_| Err(lost("the thread that sent it has panicked")));
            // Nobody listens any more when the flow has failed meanwhile.
            let _given_up = sender.send((lane, ended));
        };
        let spawned = std::thread::Builder::new()
            .name("vodkit-lane".to_owned())
            .spawn(exchange);
        if let Err(error) = spawned {
            let ended = Err(TransportError::new(
                TransportErrorKind::InvalidRequest,
                format!("no thread is to be had to send it: {error}"),
            ));
            let _given_up = self.sender.send((lane, ended));
        }
    }

    fn wait(&mut self, limit: Option<Duration>) -> Option<(Lane, Ended)> {
        let ended = match limit {
            Some(limit) => self.receiver.recv_timeout(limit).ok(),
            None if self.under_way == 0 => None,
            None => self.receiver.recv().ok(),
        };
        self.under_way -= usize::from(ended.is_some());
        ended
    }
}

fn lost(why: &str) -> TransportError {
    TransportError::new(TransportErrorKind::Other, why)
}
