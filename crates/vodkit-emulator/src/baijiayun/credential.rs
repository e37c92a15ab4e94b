//! Accounts of Baijiayun that the emulator knows.

use std::fmt;

use super::ThirdPartyAuth;

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
    /// Where the account is told about uploads and transcodings, until `setTranscodeCallbackUrl` sets another address.
    pub callback_url: Option<String>,
    /// Who is asked before a video plays.
    pub third_party_auth: Option<ThirdPartyAuth>,
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
            callback_url: None,
            third_party_auth: None,
        }
    }

    /// Tells this address, which begins with `http://`, about uploads and transcodings from the start.
    #[must_use]
    pub fn with_callback_url(mut self, url: impl Into<String>) -> Self {
        self.callback_url = Some(url.into());
        self
    }

    /// Asks a server before a video plays.
    #[must_use]
    pub fn with_third_party_auth(mut self, auth: ThirdPartyAuth) -> Self {
        self.third_party_auth = Some(auth);
        self
    }

    /// The addresses that the emulator is to call, by what they are for.
    pub(crate) fn addresses(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let callback = self.callback_url.as_deref();
        let auth = self.third_party_auth.as_ref().map(|auth| auth.url.as_str());
        [
            ("callback_url", callback),
            ("third-party authentication", auth),
        ]
        .into_iter()
        .filter_map(|(name, url)| Some((name, url?)))
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
    let callback_url = read("VODKIT_BAIJIAYUN_CALLBACK_URL");
    let auth_url = read("VODKIT_BAIJIAYUN_AUTH_URL");
    let forced = match read("VODKIT_BAIJIAYUN_AUTH_FORCED").as_deref() {
        None | Some("0") => false,
        Some("1") => true,
        Some(_) => return Err("VODKIT_BAIJIAYUN_AUTH_FORCED is neither 0 nor 1".to_owned()),
    };
    if forced && auth_url.is_none() {
        return Err("VODKIT_BAIJIAYUN_AUTH_FORCED needs VODKIT_BAIJIAYUN_AUTH_URL".to_owned());
    }
    let given = [&id, &key, &secret, &callback_url, &auth_url];
    if given.iter().all(|value| value.is_none()) {
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
    account.callback_url = callback_url;
    account.third_party_auth = auth_url.map(|url| {
        let auth = ThirdPartyAuth::new(url);
        if forced { auth.forced() } else { auth }
    });
    Ok(Some(account))
}
