//! What calls of one account share: the vendor's rules, retry, clock correction, and one login for all.

use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::error::Error;
use crate::retry::{RetryBudget, RetryPolicy};
use crate::skew::Skew;
use crate::transport::{Limits, Timestamp};
use crate::vendor::{Grant, Vendor};

/// A login that got no reply for this long is given up, so that its callers do not wait for ever.
const LEASE: Duration = Duration::from_secs(60);
/// How long a caller waits before it looks again whether the login of another one is done.
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// The shared state of all calls to one account.
pub struct Session<V: Vendor> {
    vendor: V,
    pub(crate) retry: RetryPolicy,
    pub(crate) call_limits: Limits,
    pub(crate) transfer_limits: Limits,
    pub(crate) budget: RetryBudget,
    pub(crate) skew: Skew,
    login: Mutex<Login<V::Credential>>,
}

struct Login<C> {
    grant: Option<Grant<C>>,
    /// Counts grants, so that of many callers refused with one credential only the first discards it.
    generation: u64,
    /// The caller that is logging in, and until when it may, on the clock that never jumps.
    lease: Option<(u64, Duration)>,
    leases: u64,
    /// The last login that failed, for those who waited for it: each of them trying again would lock the account.
    failed: Option<(u64, Error)>,
}

/// What a caller gets that needs a credential.
pub(crate) enum Access<C> {
    /// A credential, and which generation it is.
    Ready(C, u64),
    /// The caller must log in, under this lease.
    LogIn(u64),
    /// Another caller is logging in under this lease: look again after this.
    Wait(u64, Duration),
    /// The login that the caller waited for was refused, or one after it.
    Failed(Error),
}

impl<C: Clone> Login<C> {
    /// What the last login gave, if it holds at this time.
    fn credential(&self, at: Timestamp) -> Option<(C, u64)> {
        let grant = self
            .grant
            .as_ref()
            .filter(|grant| grant.expires.is_none_or(|expires| expires > at))?;
        Some((grant.credential.clone(), self.generation))
    }
}

impl<V: Vendor> Session<V> {
    /// A session with the standard retry policy and limits.
    pub fn new(vendor: V) -> Self {
        Self {
            vendor,
            retry: RetryPolicy::STANDARD,
            call_limits: Limits::call(),
            transfer_limits: Limits::transfer(),
            budget: RetryBudget::new(),
            skew: Skew::default(),
            login: Mutex::new(Login {
                grant: None,
                generation: 0,
                lease: None,
                leases: 0,
                failed: None,
            }),
        }
    }

    /// The same session with another retry policy.
    #[must_use]
    pub fn with_retry(mut self, retry: RetryPolicy) -> Self {
        self.retry = retry;
        self
    }

    /// The same session with other limits for API calls and for calls that send a file.
    #[must_use]
    pub fn with_limits(mut self, calls: Limits, transfers: Limits) -> Self {
        self.call_limits = calls;
        self.transfer_limits = transfers;
        self
    }

    /// The vendor's rules.
    pub fn vendor(&self) -> &V {
        &self.vendor
    }

    /// The credential, if there is one that holds at this time.
    pub(crate) fn credential(&self, at: Timestamp) -> Option<(V::Credential, u64)> {
        match self.vendor.credential() {
            Some(credential) => Some((credential, 0)),
            None => self.login().credential(at),
        }
    }

    /// The credential, or whose turn it is to fetch one. `at` is the vendor's time, `elapsed` the clock that never jumps, `waited` the lease
    /// that the caller has waited for.
    pub(crate) fn access(
        &self,
        at: Timestamp,
        elapsed: Duration,
        waited: Option<u64>,
    ) -> Access<V::Credential> {
        if let Some(credential) = self.vendor.credential() {
            return Access::Ready(credential, 0);
        }
        // One look at the grant and the lease: a login that ends between two looks would be made again.
        let mut login = self.login();
        if let Some((credential, generation)) = login.credential(at) {
            return Access::Ready(credential, generation);
        }
        if let Some((lease, _)) = login.lease.filter(|(_, until)| *until > elapsed) {
            return Access::Wait(lease, LOOK_AGAIN);
        }
        if let (Some(waited), Some((lease, error))) = (waited, &login.failed)
            && *lease >= waited
        {
            return Access::Failed(error.again());
        }
        login.leases += 1;
        let lease = login.leases;
        login.lease = Some((lease, elapsed.saturating_add(LEASE)));
        Access::LogIn(lease)
    }

    pub(crate) fn store(&self, lease: u64, grant: Grant<V::Credential>) {
        let mut login = self.login();
        login.generation += 1;
        login.grant = Some(grant);
        if login.lease.is_some_and(|(holder, _)| holder == lease) {
            login.lease = None;
        }
    }

    /// Keeps what became of a login for those who wait for it.
    pub(crate) fn fail(&self, lease: u64, error: Error) {
        self.login().failed = Some((lease, error));
    }

    /// Gives a lease back, also when its holder was cancelled.
    pub(crate) fn release(&self, lease: u64) {
        let mut login = self.login();
        if login.lease.is_some_and(|(holder, _)| holder == lease) {
            login.lease = None;
        }
    }

    /// Discards the credential of this generation; a newer one stays. Gives `false` when there is nothing to renew.
    pub(crate) fn discard(&self, generation: u64) -> bool {
        if generation == 0 {
            return false;
        }
        let mut login = self.login();
        if login.generation == generation {
            login.grant = None;
        }
        true
    }

    // A panic while the lock is held leaves nothing half-written here.
    fn login(&self) -> MutexGuard<'_, Login<V::Credential>> {
        self.login.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<V: Vendor> fmt::Debug for Session<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("vendor", &V::NAME)
            .field("retry", &self.retry)
            .finish_non_exhaustive()
    }
}
