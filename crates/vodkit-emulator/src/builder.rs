//! How an emulator is set up.

use std::fmt;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use crate::Emulator;
use crate::journal::Record;

/// Id of the account that exists when none is given.
pub const DEFAULT_PARTNER_ID: u64 = 12_345_678;
/// Signing key of the account that exists when none is given.
pub const DEFAULT_PARTNER_KEY: &str = "vodkit-emulator-partner-key";
/// `createkey` secret of the account that exists when none is given.
pub const DEFAULT_SECRET_KEY: &str = "vodkit-emulator-secret-key";

/// How long a transcoding takes when nothing else is said.
const DEFAULT_TRANSCODE_TIME: Duration = Duration::from_secs(3);
const DEFAULT_JOURNAL_LIMIT: usize = 100_000;

/// An account that the emulator knows. Its `Debug` shows no key.
#[derive(Clone, PartialEq, Eq)]
pub struct Account {
    /// Number of the account.
    pub partner_id: u64,
    /// The key that signs calls, until `createkey` replaces it.
    pub partner_key: String,
    /// The secret that `createkey` asks for.
    pub secret_key: String,
}

impl Account {
    /// An account with these credentials, which need not be anybody's real ones.
    pub fn new(
        partner_id: u64,
        partner_key: impl Into<String>,
        secret_key: impl Into<String>,
    ) -> Self {
        Self {
            partner_id,
            partner_key: partner_key.into(),
            secret_key: secret_key.into(),
        }
    }
}

impl Default for Account {
    fn default() -> Self {
        Self::new(DEFAULT_PARTNER_ID, DEFAULT_PARTNER_KEY, DEFAULT_SECRET_KEY)
    }
}

impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Account")
            .field("partner_id", &self.partner_id)
            .finish_non_exhaustive()
    }
}

pub(crate) type Log = Arc<dyn Fn(&Record) + Send + Sync>;

/// The settings of an instance once it runs.
#[derive(Clone)]
pub(crate) struct Settings {
    pub(crate) accounts: Vec<Account>,
    pub(crate) transcode_time: Duration,
    pub(crate) journal_limit: usize,
    pub(crate) log: Option<Log>,
}

/// Sets up an [`Emulator`]. Made by [`Emulator::builder`].
#[derive(Clone)]
pub struct Builder {
    listen: SocketAddr,
    accounts: Vec<Account>,
    time_scale: f64,
    clock_offset: i64,
    transcode_time: Duration,
    journal_limit: usize,
    log: Option<Log>,
    problem: Option<String>,
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder")
            .field("listen", &self.listen)
            .field("accounts", &self.accounts)
            .field("time_scale", &self.time_scale)
            .field("clock_offset", &self.clock_offset)
            .field("transcode_time", &self.transcode_time)
            .field("journal_limit", &self.journal_limit)
            .finish_non_exhaustive()
    }
}

impl Default for Builder {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            accounts: Vec::new(),
            time_scale: 1.0,
            clock_offset: 0,
            transcode_time: DEFAULT_TRANSCODE_TIME,
            journal_limit: DEFAULT_JOURNAL_LIMIT,
            log: None,
            problem: None,
        }
    }
}

impl Builder {
    /// Where to listen. Default: a free port of 127.0.0.1.
    #[must_use]
    pub fn listen(mut self, address: SocketAddr) -> Self {
        self.listen = address;
        self
    }

    /// Adds an account; an account of the same number is replaced. Without any, the default account exists.
    #[must_use]
    pub fn account(mut self, account: Account) -> Self {
        self.accounts
            .retain(|have| have.partner_id != account.partner_id);
        self.accounts.push(account);
        self
    }

    /// How much faster than real time the emulator works: it divides [`transcode_time`](Self::transcode_time). The clock itself,
    /// by which time stamps are checked and tokens expire, runs at its normal pace. Default 1; must be positive and finite.
    #[must_use]
    pub fn time_scale(mut self, scale: f64) -> Self {
        if scale.is_finite() && scale > 0.0 {
            self.time_scale = scale;
        } else {
            self.problem = Some(format!(
                "the time scale must be a positive number, not {scale}"
            ));
        }
        self
    }

    /// Seconds by which the emulator's clock is ahead of the real one (negative: behind). Default 0.
    #[must_use]
    pub fn clock_offset(mut self, seconds: i64) -> Self {
        self.clock_offset = seconds;
        self
    }

    /// Time between the end of an upload and status 100, before the scale is applied. Default 3 seconds.
    #[must_use]
    pub fn transcode_time(mut self, time: Duration) -> Self {
        self.transcode_time = time;
        self
    }

    /// How many of the newest requests the journal keeps. Default 100 000.
    #[must_use]
    pub fn journal_limit(mut self, records: usize) -> Self {
        self.journal_limit = records;
        self
    }

    /// Called with each request's record, whose `Display` is one log line. It runs on the emulator's thread: it should be quick.
    #[must_use]
    pub fn log(mut self, sink: impl Fn(&Record) + Send + Sync + 'static) -> Self {
        self.log = Some(Arc::new(sink));
        self
    }

    /// Takes settings from the environment; the emulator reads it nowhere else.
    ///
    /// `VODKIT_BAIJIAYUN_PARTNER_ID`, `VODKIT_BAIJIAYUN_PARTNER_KEY` and `VODKIT_BAIJIAYUN_SECRET_KEY` describe one account (each of
    /// them may be left out, then the default account's value is used); `VODKIT_EMULATOR_TIME_SCALE` is the
    /// [`time_scale`](Self::time_scale). A malformed value makes [`start`](Self::start) fail.
    #[must_use]
    pub fn from_env(self) -> Self {
        self.with_variables(|name| std::env::var(name).ok())
    }

    fn with_variables(mut self, read: impl Fn(&str) -> Option<String>) -> Self {
        let id = read("VODKIT_BAIJIAYUN_PARTNER_ID");
        let key = read("VODKIT_BAIJIAYUN_PARTNER_KEY");
        let secret = read("VODKIT_BAIJIAYUN_SECRET_KEY");
        if id.is_some() || key.is_some() || secret.is_some() {
            let mut account = Account::default();
            match id.as_deref().map(str::parse) {
                Some(Ok(id)) => account.partner_id = id,
                Some(Err(_)) => {
                    self.problem = Some("VODKIT_BAIJIAYUN_PARTNER_ID is not a number".to_owned())
                }
                None => {}
            }
            account.partner_key = key.unwrap_or(account.partner_key);
            account.secret_key = secret.unwrap_or(account.secret_key);
            self = self.account(account);
        }
        match read("VODKIT_EMULATOR_TIME_SCALE")
            .as_deref()
            .map(str::parse::<f64>)
        {
            Some(Ok(scale)) => self = self.time_scale(scale),
            Some(Err(_)) => {
                self.problem = Some("VODKIT_EMULATOR_TIME_SCALE is not a number".to_owned())
            }
            None => {}
        }
        self
    }

    /// Starts listening. When this returns, the first request is answered.
    ///
    /// # Errors
    ///
    /// The address cannot be listened on, the thread cannot be started, or a setting is malformed
    /// ([`InvalidInput`](io::ErrorKind::InvalidInput)).
    pub fn start(mut self) -> io::Result<Emulator> {
        if let Some(problem) = self.problem.take() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, problem));
        }
        if self.accounts.is_empty() {
            self.accounts.push(Account::default());
        }
        let scaled = self.transcode_time.as_secs_f64() / self.time_scale;
        let transcode_time = Duration::try_from_secs_f64(scaled).map_err(|_| {
            io::Error::new(
                io::ErrorKind::InvalidInput,
                "the time scale makes the transcoding endless",
            )
        })?;
        let settings = Settings {
            accounts: self.accounts,
            transcode_time,
            journal_limit: self.journal_limit,
            log: self.log,
        };
        Emulator::launch(self.listen, settings, self.clock_offset)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variables(pairs: &'static [(&str, &str)]) -> impl Fn(&str) -> Option<String> {
        move |name| {
            pairs
                .iter()
                .find(|(have, _)| *have == name)
                .map(|(_, value)| (*value).to_owned())
        }
    }

    #[test]
    fn the_environment_describes_one_account() {
        let builder = Builder::default().with_variables(variables(&[
            ("VODKIT_BAIJIAYUN_PARTNER_ID", "77"),
            ("VODKIT_BAIJIAYUN_PARTNER_KEY", "key-of-77"),
            ("VODKIT_EMULATOR_TIME_SCALE", "2.5"),
        ]));
        assert_eq!(
            builder.accounts,
            [Account::new(77, "key-of-77", DEFAULT_SECRET_KEY)]
        );
        assert_eq!(builder.time_scale, 2.5);
        assert!(!format!("{builder:?}").contains("key-of-77"));
    }

    #[test]
    fn an_empty_environment_changes_nothing() {
        let builder = Builder::default().with_variables(|_| None);
        assert!(builder.accounts.is_empty() && builder.problem.is_none());
    }

    #[test]
    fn malformed_settings_stop_the_start() {
        for pairs in [
            &[("VODKIT_BAIJIAYUN_PARTNER_ID", "seven")] as &[_],
            &[("VODKIT_EMULATOR_TIME_SCALE", "fast")],
            &[("VODKIT_EMULATOR_TIME_SCALE", "0")],
            &[("VODKIT_EMULATOR_TIME_SCALE", "inf")],
        ] {
            let error = Builder::default()
                .with_variables(variables(pairs))
                .start()
                .unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::InvalidInput, "{pairs:?}");
        }
    }
}
