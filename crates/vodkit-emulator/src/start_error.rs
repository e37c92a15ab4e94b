//! Why an emulator does not start.

use std::io;
use std::net::SocketAddr;

/// Why an emulator does not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// A setting is malformed; the text names it.
    #[error("{0}")]
    Setting(String),
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the system says.
        source: io::Error,
    },
    /// The thread that serves cannot be started.
    #[error("cannot start the emulator's thread: {0}")]
    Thread(#[source] io::Error),
}
