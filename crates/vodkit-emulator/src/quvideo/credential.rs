//! Accounts of QuVideo that the emulator knows.

use std::fmt;

/// Token of the user that exists when none is given.
pub const DEFAULT_TOKEN: &str = "vodkit-emulator-quvideo-token";

/// A user of QuVideo that exists from the start, logged in with a token that does not expire. Its `Debug` shows no token.
#[derive(Clone, PartialEq, Eq)]
pub struct Account {
    /// The `token` of the user's calls.
    pub token: String,
}

impl Account {
    /// A user with this token, which need not be anybody's real one.
    pub fn new(token: impl Into<String>) -> Self {
        Self {
            token: token.into(),
        }
    }
}

impl Default for Account {
    fn default() -> Self {
        Self::new(DEFAULT_TOKEN)
    }
}

impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Account").finish_non_exhaustive()
    }
}

/// The user that the variable describes, if it is set.
pub(crate) fn from_variables(read: &dyn Fn(&str) -> Option<String>) -> Option<Account> {
    read("VODKIT_QUVIDEO_TOKEN").map(Account::new)
}
