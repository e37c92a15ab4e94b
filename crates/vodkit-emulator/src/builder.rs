//! How an emulator is set up.

use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use crate::Emulator;
use crate::callback;
use crate::journal::Record;
use crate::start_error::StartError;
use crate::{baijiayun, mediacloud, polyv, quvideo};

/// How long a transcoding takes when nothing else is said.
const DEFAULT_TRANSCODE_TIME: Duration = Duration::from_secs(3);
const DEFAULT_JOURNAL_LIMIT: usize = 100_000;

pub(crate) type Log = Arc<dyn Fn(&Record) + Send + Sync>;

/// The settings of an instance once it runs.
#[derive(Clone)]
pub(crate) struct Settings {
    pub(crate) baijiayun: Vec<baijiayun::Account>,
    pub(crate) polyv: Vec<polyv::Account>,
    pub(crate) quvideo: Vec<quvideo::Account>,
    pub(crate) quvideo_callback: Option<quvideo::Callback>,
    pub(crate) callbacks: callback::Options,
    pub(crate) mediacloud: Vec<mediacloud::Account>,
    pub(crate) mediacloud_buckets: Vec<String>,
    pub(crate) mediacloud_token_lifetime: Duration,
    pub(crate) transcode_time: Duration,
    pub(crate) journal_limit: usize,
    pub(crate) log: Option<Log>,
}

/// Sets up an [`Emulator`]. Made by [`Emulator::builder`].
#[derive(Clone)]
pub struct Builder {
    listen: SocketAddr,
    baijiayun: Vec<baijiayun::Account>,
    polyv: Vec<polyv::Account>,
    quvideo: Vec<quvideo::Account>,
    quvideo_callback: Option<quvideo::Callback>,
    callbacks_anywhere: bool,
    callback_time: Duration,
    mediacloud: Vec<mediacloud::Account>,
    mediacloud_buckets: Vec<String>,
    mediacloud_token_lifetime: Duration,
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
            .field("baijiayun", &self.baijiayun)
            .field("polyv", &self.polyv)
            .field("quvideo", &self.quvideo)
            .field("quvideo_callback", &self.quvideo_callback)
            .field("callbacks_anywhere", &self.callbacks_anywhere)
            .field("callback_time", &self.callback_time)
            .field("mediacloud", &self.mediacloud)
            .field("mediacloud_buckets", &self.mediacloud_buckets)
            .field("mediacloud_token_lifetime", &self.mediacloud_token_lifetime)
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
            baijiayun: Vec::new(),
            polyv: Vec::new(),
            quvideo: Vec::new(),
            quvideo_callback: None,
            callbacks_anywhere: false,
            callback_time: callback::DEFAULT_TIME,
            mediacloud: Vec::new(),
            mediacloud_buckets: Vec::new(),
            mediacloud_token_lifetime: mediacloud::DEFAULT_TOKEN_LIFETIME,
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

    /// Adds an account of Baijiayun's; an account of the same number is replaced. Without any, the default account exists.
    #[must_use]
    pub fn baijiayun(mut self, account: baijiayun::Account) -> Self {
        self.baijiayun
            .retain(|have| have.partner_id != account.partner_id);
        self.baijiayun.push(account);
        self
    }

    /// Adds an account of Polyv's; one of the same `user_id` is replaced. Without any, the default account exists.
    #[must_use]
    pub fn polyv(mut self, account: polyv::Account) -> Self {
        self.polyv.retain(|have| have.user_id != account.user_id);
        self.polyv.push(account);
        self
    }

    /// Adds an account of QuVideo's; one of the same `token` is replaced. Without any, the default account exists.
    #[must_use]
    pub fn quvideo(mut self, account: quvideo::Account) -> Self {
        self.quvideo.retain(|have| have.token != account.token);
        self.quvideo.push(account);
        self
    }

    /// Tells an address what the service behind QuVideo has done with the videos of all users. Default: nobody is told.
    #[must_use]
    pub fn quvideo_callback(mut self, callback: quvideo::Callback) -> Self {
        self.quvideo_callback = Some(callback);
        self
    }

    /// Whether callbacks of any vendor may leave this machine. Default: no. Then they are sent to loopback addresses and to names below
    /// `localhost` only, no other name is looked up, and a callback to anywhere else is in the journal as
    /// [not sent](crate::CallbackOutcome::NotSent).
    #[must_use]
    pub fn callbacks_anywhere(mut self, anywhere: bool) -> Self {
        self.callbacks_anywhere = anywhere;
        self
    }

    /// How long the server that is called may take for an answer, in real time. Default 5 seconds, which Alibaba Cloud documents.
    #[must_use]
    pub fn callback_time(mut self, time: Duration) -> Self {
        self.callback_time = time;
        self
    }

    /// Adds an account of MediaCloud's; one of the same `username` is replaced. Without any, the default account exists.
    #[must_use]
    pub fn mediacloud(mut self, account: mediacloud::Account) -> Self {
        self.mediacloud
            .retain(|have| have.username != account.username);
        self.mediacloud.push(account);
        self
    }

    /// Adds a bucket to the object storage that the keys of MediaCloud's logins open. Without any, there is one:
    /// [`mediacloud::DEFAULT_BUCKET`].
    #[must_use]
    pub fn mediacloud_bucket(mut self, name: impl Into<String>) -> Self {
        self.mediacloud_buckets.push(name.into());
        self
    }

    /// How long MediaCloud's access tokens and storage keys live, by the emulator's clock. Default 36 000 seconds, as in the
    /// vendor's sample. The reply to a login tells it in whole seconds; the refresh token lives 1800 seconds whatever is set here.
    #[must_use]
    pub fn mediacloud_token_lifetime(mut self, lifetime: Duration) -> Self {
        self.mediacloud_token_lifetime = lifetime;
        self
    }

    /// How much faster than real time the emulator works: it divides [`transcode_time`](Self::transcode_time), and the waits between the
    /// attempts of a callback. The clock itself, by which time stamps are checked and tokens expire, runs at its normal pace. Default 1; must be positive and finite.
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

    /// Called with the record of each request and of each callback's attempt, whose `Display` is one log line. It runs on the emulator's thread: it should be quick.
    #[must_use]
    pub fn log(mut self, sink: impl Fn(&Record) + Send + Sync + 'static) -> Self {
        self.log = Some(Arc::new(sink));
        self
    }

    /// Takes settings from the environment; the emulator reads it nowhere else.
    ///
    /// `VODKIT_BAIJIAYUN_PARTNER_ID`, `VODKIT_BAIJIAYUN_PARTNER_KEY` and `VODKIT_BAIJIAYUN_SECRET_KEY` describe one account (each of
    /// them may be left out, then the default account's value is used), and so do `VODKIT_POLYV_USER_ID` and `VODKIT_POLYV_SECRET_KEY`,
    /// `VODKIT_QUVIDEO_TOKEN`, `VODKIT_MEDIACLOUD_USERNAME` and `VODKIT_MEDIACLOUD_PASSWORD`; `VODKIT_EMULATOR_TIME_SCALE` is the
    /// [`time_scale`](Self::time_scale).
    ///
    /// `VODKIT_BAIJIAYUN_CALLBACK_URL` and `VODKIT_POLYV_CALLBACK_URL` are the addresses of those accounts for callbacks,
    /// `VODKIT_QUVIDEO_CALLBACK_URL` and `VODKIT_QUVIDEO_CALLBACK_KEY` the [`quvideo_callback`](Self::quvideo_callback), where the
    /// address is no `https` one (those two are also read by receivers, so a key alone or an address behind TLS is passed over), and
    /// `VODKIT_QUVIDEO_AUDIT_EVENT` the name under which it tells the review;
    /// `VODKIT_BAIJIAYUN_AUTH_URL` is the address of the [third-party authentication](baijiayun::ThirdPartyAuth), which
    /// `VODKIT_BAIJIAYUN_AUTH_FORCED=1` makes a forced one. `VODKIT_EMULATOR_CALLBACKS_ANYWHERE=1` sets
    /// [`callbacks_anywhere`](Self::callbacks_anywhere).
    ///
    /// A malformed value makes [`start`](Self::start) fail.
    #[must_use]
    pub fn from_env(self) -> Self {
        self.with_variables(|name| std::env::var(name).ok())
    }

    fn with_variables(mut self, read: impl Fn(&str) -> Option<String>) -> Self {
        // As the clients do: what is empty is not set.
        let read = |name: &str| read(name).filter(|value| !value.is_empty());
        match baijiayun::from_variables(&read) {
            Ok(Some(account)) => self = self.baijiayun(account),
            Ok(None) => {}
            Err(problem) => self.problem = Some(problem),
        }
        if let Some(account) = polyv::from_variables(&read) {
            self = self.polyv(account);
        }
        if let Some(account) = quvideo::from_variables(&read) {
            self = self.quvideo(account);
        }
        match quvideo::callback_from_variables(&read) {
            Ok(Some(callback)) => self = self.quvideo_callback(callback),
            Ok(None) => {}
            Err(problem) => self.problem = Some(problem),
        }
        match read("VODKIT_EMULATOR_CALLBACKS_ANYWHERE").as_deref() {
            None => {}
            Some("0") => self.callbacks_anywhere = false,
            Some("1") => self.callbacks_anywhere = true,
            Some(_) => {
                let problem = "VODKIT_EMULATOR_CALLBACKS_ANYWHERE is neither 0 nor 1";
                self.problem = Some(problem.to_owned());
            }
        }
        if let Some(account) = mediacloud::from_variables(&read) {
            self = self.mediacloud(account);
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
    /// The address cannot be listened on, the thread cannot be started, or a setting is malformed.
    pub fn start(mut self) -> Result<Emulator, StartError> {
        if let Some(problem) = self.problem.take() {
            return Err(StartError::Setting(problem));
        }
        self.check_addresses()?;
        if self.baijiayun.is_empty() {
            self.baijiayun.push(baijiayun::Account::default());
        }
        if self.polyv.is_empty() {
            self.polyv.push(polyv::Account::default());
        }
        if self.quvideo.is_empty() {
            self.quvideo.push(quvideo::Account::default());
        }
        if self.mediacloud.is_empty() {
            self.mediacloud.push(mediacloud::Account::default());
        }
        if self.mediacloud_buckets.is_empty() {
            self.mediacloud_buckets
                .push(mediacloud::DEFAULT_BUCKET.to_owned());
        }
        let scaled = self.transcode_time.as_secs_f64() / self.time_scale;
        let transcode_time = Duration::try_from_secs_f64(scaled).map_err(|_| {
            StartError::Setting("the time scale makes the transcoding endless".to_owned())
        })?;
        let settings = Settings {
            baijiayun: self.baijiayun,
            polyv: self.polyv,
            quvideo: self.quvideo,
            quvideo_callback: self.quvideo_callback,
            callbacks: callback::Options {
                anywhere: self.callbacks_anywhere,
                time: self.callback_time,
                pace: self.time_scale,
            },
            mediacloud: self.mediacloud,
            mediacloud_buckets: self.mediacloud_buckets,
            mediacloud_token_lifetime: self.mediacloud_token_lifetime,
            transcode_time,
            journal_limit: self.journal_limit,
            log: self.log,
        };
        Emulator::launch(self.listen, settings, self.clock_offset)
    }

    /// The addresses that the emulator is to call have to be such that it can.
    fn check_addresses(&self) -> Result<(), StartError> {
        let baijiayun = self.baijiayun.iter().flat_map(|account| {
            let addresses = account.addresses();
            addresses.map(|(name, url)| (format!("baijiayun's {name}"), url))
        });
        let polyv = self.polyv.iter().filter_map(|account| {
            let url = account.callback_url.as_deref()?;
            Some(("polyv's callback_url".to_owned(), url))
        });
        let quvideo = self.quvideo_callback.iter();
        let quvideo = quvideo.map(|callback| ("quvideo's callback".to_owned(), callback.url()));
        for (name, url) in baijiayun.chain(polyv).chain(quvideo) {
            callback::check_url(url)
                .map_err(|problem| StartError::Setting(format!("{name}: {problem}")))?;
        }
        let length = self.quvideo_callback.as_ref().map(quvideo::Callback::check);
        length
            .unwrap_or(Ok(()))
            .map_err(|problem| StartError::Setting(format!("quvideo's callback: {problem}")))
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
            builder.baijiayun,
            [baijiayun::Account::new(
                77,
                "key-of-77",
                baijiayun::DEFAULT_SECRET_KEY
            )]
        );
        assert_eq!(builder.time_scale, 2.5);
        assert!(!format!("{builder:?}").contains("key-of-77"));
    }

    #[test]
    fn the_environment_says_whom_to_call() {
        let builder = Builder::default().with_variables(variables(&[
            (
                "VODKIT_BAIJIAYUN_CALLBACK_URL",
                "http://localhost/b?key=hush",
            ),
            ("VODKIT_BAIJIAYUN_AUTH_URL", "http://localhost/a"),
            ("VODKIT_BAIJIAYUN_AUTH_FORCED", "1"),
            ("VODKIT_POLYV_CALLBACK_URL", "http://localhost/p?key=hush"),
            ("VODKIT_QUVIDEO_CALLBACK_URL", "http://localhost/q?key=hush"),
            ("VODKIT_QUVIDEO_CALLBACK_KEY", "hush"),
            ("VODKIT_QUVIDEO_AUDIT_EVENT", "AIMediaAuditComplete"),
            ("VODKIT_EMULATOR_CALLBACKS_ANYWHERE", "1"),
        ]));
        let auth = baijiayun::ThirdPartyAuth::new("http://localhost/a").forced();
        assert_eq!(
            builder.baijiayun,
            [baijiayun::Account::default()
                .with_callback_url("http://localhost/b?key=hush")
                .with_third_party_auth(auth)]
        );
        assert_eq!(
            builder.polyv,
            [polyv::Account::default().with_callback_url("http://localhost/p?key=hush")]
        );
        let expected = quvideo::Callback::new("http://localhost/q?key=hush")
            .key("hush")
            .audit_event(quvideo::AuditEvent::AIMediaAuditComplete);
        assert_eq!(builder.quvideo_callback, Some(expected));
        assert!(builder.callbacks_anywhere && builder.problem.is_none());
        assert!(!format!("{builder:?}").contains("hush"));
    }

    /// Whoever receives QuVideo's callbacks has the same variables set.
    #[test]
    fn what_a_receiver_has_set_does_not_stop_the_emulator() {
        for pairs in [
            &[("VODKIT_QUVIDEO_CALLBACK_KEY", "hush")] as &[_],
            &[("VODKIT_QUVIDEO_CALLBACK_URL", "https://vod.example.test/")],
            &[
                ("VODKIT_QUVIDEO_CALLBACK_URL", "HTTPS://vod.example.test/a"),
                ("VODKIT_QUVIDEO_CALLBACK_KEY", "hush"),
            ],
        ] {
            let builder = Builder::default().with_variables(variables(pairs));
            assert!(builder.quvideo_callback.is_none() && builder.problem.is_none());
        }
    }

    #[test]
    fn empty_variables_count_as_not_set() {
        let builder = Builder::default().with_variables(variables(&[
            ("VODKIT_BAIJIAYUN_PARTNER_ID", ""),
            ("VODKIT_POLYV_USER_ID", ""),
            ("VODKIT_QUVIDEO_TOKEN", ""),
            ("VODKIT_MEDIACLOUD_PASSWORD", ""),
            ("VODKIT_EMULATOR_TIME_SCALE", ""),
            ("VODKIT_POLYV_CALLBACK_URL", ""),
            ("VODKIT_QUVIDEO_CALLBACK_KEY", ""),
            ("VODKIT_BAIJIAYUN_AUTH_FORCED", ""),
            ("VODKIT_EMULATOR_CALLBACKS_ANYWHERE", ""),
        ]));
        assert!(builder.baijiayun.is_empty() && builder.polyv.is_empty());
        assert!(builder.quvideo.is_empty() && builder.mediacloud.is_empty());
        assert!(builder.problem.is_none());
    }

    #[test]
    fn an_empty_environment_changes_nothing() {
        let builder = Builder::default().with_variables(|_| None);
        assert!(builder.baijiayun.is_empty() && builder.problem.is_none());
        assert!(builder.quvideo_callback.is_none() && !builder.callbacks_anywhere);
        assert_eq!(builder.callback_time, Duration::from_secs(5));
    }

    #[test]
    fn malformed_settings_stop_the_start() {
        for pairs in [
            &[("VODKIT_BAIJIAYUN_PARTNER_ID", "seven")] as &[_],
            &[("VODKIT_EMULATOR_TIME_SCALE", "fast")],
            &[("VODKIT_EMULATOR_TIME_SCALE", "0")],
            &[("VODKIT_EMULATOR_TIME_SCALE", "inf")],
            &[("VODKIT_EMULATOR_CALLBACKS_ANYWHERE", "yes")],
            &[("VODKIT_BAIJIAYUN_CALLBACK_URL", "https://localhost/")],
            &[("VODKIT_BAIJIAYUN_AUTH_URL", "localhost")],
            &[("VODKIT_BAIJIAYUN_AUTH_FORCED", "1")],
            &[
                ("VODKIT_BAIJIAYUN_AUTH_URL", "http://localhost/"),
                ("VODKIT_BAIJIAYUN_AUTH_FORCED", "yes"),
            ],
            &[("VODKIT_POLYV_CALLBACK_URL", "ftp://localhost/")],
            &[("VODKIT_QUVIDEO_CALLBACK_URL", "/hook")],
            &[
                ("VODKIT_QUVIDEO_CALLBACK_URL", "http://localhost/"),
                ("VODKIT_QUVIDEO_AUDIT_EVENT", "AIMediaAuditComplet"),
            ],
        ] {
            let error = Builder::default()
                .with_variables(variables(pairs))
                .start()
                .unwrap_err();
            assert!(matches!(error, StartError::Setting(_)), "{pairs:?}");
        }
    }
}
