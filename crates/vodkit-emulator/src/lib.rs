//! A local emulator of China's video-on-demand platforms, for tests and for people without an account.
//!
//! It plays the sides of Baijiayun (百家云), Polyv (保利威), Alibaba Cloud's QuVideo AppServer (趣视频) and Mango TV's MediaCloud (芒果TV), all under
//! their real paths at one address, and the object storages that uploads go to (OSS and one that speaks S3). It remembers what it was told: videos pass through uploading,
//! transcoding and done, play URLs serve the very bytes that were uploaded, statistics come from what was really served, tokens expire. It
//! shares no request-building code with vodkit's client, so it does not inherit its mistakes.
//!
//! ```
//! use vodkit_emulator::Emulator;
//!
//! let emulator = Emulator::start()?;
//! let account = emulator.polyv();
//! println!("calls go to {}/v2/, signed with the key of {}", emulator.base_url(), account.user_id);
//! // ... let the code under test talk to it, then look at what arrived:
//! assert!(emulator.journal().is_empty());
//! # Ok::<(), vodkit_emulator::StartError>(())
//! ```
//!
//! - It runs on a thread of its own with its own runtime: use it from plain and from async tests alike. Dropping it stops it and
//!   removes what was uploaded.
//! - Instances share nothing. Each one listens on its own port.
//! - Every URL in a reply is built from the request's `Host`, so nobody is led to the vendor's servers.
//! - A wrong signature is answered with the vendor's code, and the [log](Builder::log) says which mistake made it.
//! - What becomes of a video can be decided before it is uploaded: see [`outcome`].
//! - It calls a customer's server as the vendors do, once it has an address: see [`Builder::callbacks_anywhere`] and
//!   [`Emulator::wait_for_callbacks`].
//! - `GET /_vodkit/health` says that it is up, `POST /_vodkit/reset` makes it forget everything. Unknown paths answer 501.
//! - What no page of the vendor documents is in [`ASSUMPTIONS`]. Nothing here was compared with the vendor's servers.

mod assumption;
pub mod baijiayun;
mod blob;
mod builder;
mod callback;
mod clock;
mod connection;
mod delivery;
mod digest;
pub mod fault;
mod form;
mod inspection;
mod journal;
mod media;
pub mod mediacloud;
mod named;
mod oss;
pub mod outcome;
pub mod polyv;
pub mod quvideo;
mod s3;
mod server;
mod start_error;
mod storage;

use std::fmt;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

pub use assumption::{ASSUMPTIONS, Assumption};
pub use builder::Builder;
pub use inspection::Stored;
pub use journal::{CallbackOutcome, Change, Effect, Record};
pub use start_error::StartError;

use builder::Settings;
use server::{Server, Shared};

/// A running emulator. Dropping it stops it.
pub struct Emulator {
    address: SocketAddr,
    base_url: String,
    shared: Arc<Shared>,
    // Declared last: the server stops after nothing of the above is needed any more.
    _server: Server,
}

impl fmt::Debug for Emulator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Emulator")
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}

impl Emulator {
    /// Starts an emulator with one default account on a free port of 127.0.0.1.
    ///
    /// # Errors
    ///
    /// No port or no thread is to be had.
    pub fn start() -> Result<Self, StartError> {
        Self::builder().start()
    }

    /// Sets up an emulator with other accounts, another port or another clock.
    #[must_use]
    pub fn builder() -> Builder {
        Builder::default()
    }

    fn launch(
        listen: SocketAddr,
        settings: Settings,
        clock_offset: i64,
    ) -> Result<Self, StartError> {
        let busy = |source| StartError::Listen {
            address: listen,
            source,
        };
        let listener = TcpListener::bind(listen).map_err(busy)?;
        let address = listener.local_addr().map_err(busy)?;
        let shared = Arc::new(Shared::new(settings, clock_offset, address));
        let server = Server::start(listener, Arc::clone(&shared)).map_err(StartError::Thread)?;
        Ok(Self {
            address,
            base_url: format!("http://{address}"),
            shared,
            _server: server,
        })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// `http://` and the [`address`](Self::address), without a slash at the end: what a client takes for the vendor's domain.
    #[must_use]
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// The first account of Baijiayun's as configured; its `partner_key` may have been replaced by `createkey` since.
    #[must_use]
    pub fn baijiayun(&self) -> &baijiayun::Account {
        // `Builder::start` adds the default account to an empty list.
        &self.shared.settings.baijiayun[0]
    }

    /// The first account of Polyv's as configured.
    #[must_use]
    pub fn polyv(&self) -> &polyv::Account {
        // As above.
        &self.shared.settings.polyv[0]
    }

    /// The first account of QuVideo's as configured.
    #[must_use]
    pub fn quvideo(&self) -> &quvideo::Account {
        // As above.
        &self.shared.settings.quvideo[0]
    }

    /// The first account of MediaCloud's as configured.
    #[must_use]
    pub fn mediacloud(&self) -> &mediacloud::Account {
        // As above.
        &self.shared.settings.mediacloud[0]
    }

    /// What was received, done and told to customers' servers so far, the oldest first, within the [limit](Builder::journal_limit).
    ///
    /// A request is in it before its answer leaves.
    #[must_use]
    pub fn journal(&self) -> Vec<Record> {
        self.shared.journal.with(|journal| journal.to_vec())
    }

    /// The faults that are planned: how the emulator is made to misbehave.
    #[must_use]
    pub fn faults(&self) -> fault::Faults<'_> {
        fault::Faults::of(&self.shared)
    }

    /// The outcomes that are planned: how videos are made to fail, to be rejected, to be something else.
    #[must_use]
    pub fn outcomes(&self) -> outcome::Outcomes<'_> {
        outcome::Outcomes::of(&self.shared)
    }

    /// Everything that was uploaded and is there now, with the digest of what was stored: Baijiayun's videos by their ids, then the objects
    /// of the storage by bucket and key. The content is read to compute it, so this takes as long as reading it takes.
    ///
    /// # Panics
    ///
    /// The temporary files of the emulator cannot be read.
    #[must_use]
    pub fn stored(&self) -> Vec<Stored> {
        inspection::list(&self.shared).expect("the emulator's own files can be read")
    }

    /// Makes the emulator's clock differ from the real one by this many seconds, as a client with a wrong clock would see it.
    pub fn set_clock_offset(&self, seconds: i64) {
        self.shared.clock.set_offset(seconds);
        self.shared.callbacks.look_again();
    }

    /// Lets time pass at once: transcodings finish, tokens and play URLs expire, the day changes.
    ///
    /// Calls are accepted from clients whose clock made the same jump and from those whose clock did not.
    pub fn advance(&self, by: Duration) {
        self.shared.clock.advance(by);
        self.shared.callbacks.look_again();
    }

    /// Waits until every callback that is due by the emulator's clock has been tried and is in the [`journal`](Self::journal), at most
    /// this long in real time. Says whether they all were. Attempts whose time has not come are not waited for: let it come with
    /// [`advance`](Self::advance).
    ///
    /// An answer that the code under test has received was preceded by what it leads to: after an upload's reply, this waits for
    /// the callback that reports the upload.
    #[must_use = "without all of them, the journal is not complete"]
    pub fn wait_for_callbacks(&self, at_most: Duration) -> bool {
        let now_ms = || self.shared.clock.now_ms();
        self.shared.callbacks.wait(now_ms, at_most)
    }

    /// Makes every token void that MediaCloud's logins gave out so far, as if the vendor had ended the sessions early. The next
    /// login gives valid ones. To let tokens grow old instead, [`advance`](Self::advance) the clock.
    pub fn revoke_mediacloud_tokens(&self) {
        self.shared
            .mediacloud
            .with(mediacloud::State::revoke_tokens);
    }

    /// Forgets everything but the accounts, whose keys are again those configured, and takes back every
    /// [`advance`](Self::advance). Callbacks that wait or are under way are forgotten too. The journal is empty afterwards, and no
    /// [fault](Self::faults) and no [outcome](Self::outcomes) is planned.
    pub fn reset(&self) {
        self.shared.reset();
    }

    /// Stops it, closes its connections and removes what was uploaded. Dropping does the same.
    pub fn shutdown(self) {}
}
