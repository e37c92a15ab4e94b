//! What a thread knows of the exchange that it is in.

use std::cell::Cell;

thread_local! {
    /// The exchange that this thread is in. ureq runs a call on the thread that made it.
    pub(crate) static EXCHANGE: Cell<Exchange> = const { Cell::new(Exchange::NEW) };
}

#[derive(Clone, Copy)]
pub(crate) struct Exchange {
    /// A first byte of the request was handed to a ready connection.
    pub(crate) sent: bool,
    /// The peer takes no more of the body.
    pub(crate) abandoned: bool,
    /// The head of the request is to wait for its body.
    pub(crate) in_one: bool,
}

impl Exchange {
    pub(crate) const NEW: Self = Self {
        sent: false,
        abandoned: false,
        in_one: false,
    };
}

/// Marks the time of one exchange. Exchanges nest when a progress callback makes a call of its own.
pub(crate) struct ExchangeGuard(Exchange);

impl ExchangeGuard {
    pub(crate) fn enter() -> Self {
        Self(EXCHANGE.replace(Exchange::NEW))
    }
}

impl Drop for ExchangeGuard {
    fn drop(&mut self) {
        EXCHANGE.set(self.0);
    }
}

/// Whether a byte of the current request may have reached the peer.
pub(crate) fn is_sent() -> bool {
    EXCHANGE.get().sent
}

/// Whether the peer takes no more of the current body.
pub(crate) fn is_abandoned() -> bool {
    EXCHANGE.get().abandoned
}

/// Has the request leave in one write, which a body of at most [`SMALL`](crate::wire::SMALL) bytes in memory allows.
///
/// ureq writes the head before it looks at the body. For a call that is a system call, a packet and a wake-up of the server too many.
pub(crate) fn send_in_one() {
    EXCHANGE.set(Exchange {
        in_one: true,
        ..EXCHANGE.get()
    });
}
