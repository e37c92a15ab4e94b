//! Accounts of MediaCloud that the emulator knows.

use std::fmt;

/// Name of the account that exists when none is given.
pub const DEFAULT_USERNAME: &str = "vodkit";
/// Password of the account that exists when none is given.
pub const DEFAULT_PASSWORD: &str = "vodkit-emulator-password";

/// Name of the bucket that exists when none is given.
pub const DEFAULT_BUCKET: &str = "vodkit-media";

/// An account of MediaCloud that the emulator knows. Its `Debug` shows no password.
#[derive(Clone, PartialEq, Eq)]
pub struct Account {
    /// `username` of the login.
    pub username: String,
    /// `password` of the login.
    pub password: String,
}

impl Account {
    /// An account with these credentials, which need not be anybody's real ones.
    pub fn new(username: impl Into<String>, password: impl Into<String>) -> Self {
        Self {
            username: username.into(),
            password: password.into(),
        }
    }
}

impl Default for Account {
    fn default() -> Self {
        Self::new(DEFAULT_USERNAME, DEFAULT_PASSWORD)
    }
}

impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Account")
            .field("username", &self.username)
            .finish_non_exhaustive()
    }
}

/// The account that the variables describe, if they name one; each of them may be left out.
pub(crate) fn from_variables(read: &dyn Fn(&str) -> Option<String>) -> Option<Account> {
    let name = read("VODKIT_MEDIACLOUD_USERNAME");
    let password = read("VODKIT_MEDIACLOUD_PASSWORD");
    if name.is_none() && password.is_none() {
        return None;
    }
    Some(Account::new(
        name.unwrap_or_else(|| DEFAULT_USERNAME.to_owned()),
        password.unwrap_or_else(|| DEFAULT_PASSWORD.to_owned()),
    ))
}
