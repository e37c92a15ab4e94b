//! Accounts of Polyv that the emulator knows.

use std::fmt;

/// Id of the account that exists when none is given.
pub const DEFAULT_USER_ID: &str = "vodkitdemo";
/// `secretkey` of the account that exists when none is given.
pub const DEFAULT_SECRET_KEY: &str = "vodkit-emulator-polyv-key";

/// An account of Polyv's that the emulator knows. Its `Debug` shows no key.
#[derive(Clone, PartialEq, Eq)]
pub struct Account {
    /// `userid`: ten characters.
    pub user_id: String,
    /// `secretkey`, which signs the calls.
    pub secret_key: String,
    /// Where the account is told about uploads, transcodings, reviews and deletions. In reality it is set in the console.
    pub callback_url: Option<String>,
}

impl Account {
    /// An account with these credentials, which need not be anybody's real ones.
    pub fn new(user_id: impl Into<String>, secret_key: impl Into<String>) -> Self {
        Self {
            user_id: user_id.into(),
            secret_key: secret_key.into(),
            callback_url: None,
        }
    }

    /// Tells this address, which begins with `http://`, what happens to the account's videos.
    #[must_use]
    pub fn with_callback_url(mut self, url: impl Into<String>) -> Self {
        self.callback_url = Some(url.into());
        self
    }
}

impl Default for Account {
    fn default() -> Self {
        Self::new(DEFAULT_USER_ID, DEFAULT_SECRET_KEY)
    }
}

impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Account")
            .field("user_id", &self.user_id)
            .finish_non_exhaustive()
    }
}

/// The account that the variables describe, if they name one; each of them may be left out.
pub(crate) fn from_variables(read: &dyn Fn(&str) -> Option<String>) -> Option<Account> {
    let id = read("VODKIT_POLYV_USER_ID");
    let key = read("VODKIT_POLYV_SECRET_KEY");
    let callback_url = read("VODKIT_POLYV_CALLBACK_URL");
    if id.is_none() && key.is_none() && callback_url.is_none() {
        return None;
    }
    Some(Account {
        user_id: id.unwrap_or_else(|| DEFAULT_USER_ID.to_owned()),
        secret_key: key.unwrap_or_else(|| DEFAULT_SECRET_KEY.to_owned()),
        callback_url,
    })
}
