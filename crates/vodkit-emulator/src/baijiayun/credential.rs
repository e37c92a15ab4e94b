//! Accounts of Baijiayun that the emulator knows.

use std::fmt;

/// Id of the account that exists when none is given.
pub const DEFAULT_PARTNER_ID: u64 = 12_345_678;
/// Signing key of the account that exists when none is given.
pub const DEFAULT_PARTNER_KEY: &str = "vodkit-emulator-partner-key";
/// `createkey` secret of the account that exists when none is given.
pub const DEFAULT_SECRET_KEY: &str = "vodkit-emulator-secret-key";

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

/// The account that the variables describe, if they name one; each of them may be left out.
pub(crate) fn from_variables(
    read: &dyn Fn(&str) -> Option<String>,
) -> Result<Option<Account>, String> {
    let id = read("VODKIT_BAIJIAYUN_PARTNER_ID");
    let key = read("VODKIT_BAIJIAYUN_PARTNER_KEY");
    let secret = read("VODKIT_BAIJIAYUN_SECRET_KEY");
    if id.is_none() && key.is_none() && secret.is_none() {
        return Ok(None);
    }
    let mut account = Account::default();
    if let Some(id) = id {
        account.partner_id = id
            .parse()
            .map_err(|_| "VODKIT_BAIJIAYUN_PARTNER_ID is not a number".to_owned())?;
    }
    account.partner_key = key.unwrap_or(account.partner_key);
    account.secret_key = secret.unwrap_or(account.secret_key);
    Ok(Some(account))
}
