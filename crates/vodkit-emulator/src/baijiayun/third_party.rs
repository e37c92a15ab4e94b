//! Third-party authentication: the customer's own server decides who plays.

use std::fmt;

use axum::response::Response;
use http::{StatusCode, header};

use super::notify::form;
use super::serving::refuse;
use crate::callback::{self, Rule, Verdict};
use crate::server::Shared;

/// HTTP status 200 and code 0; anything else denies, also no answer at all. Nobody is asked twice.
static ALLOWED: Rule = Rule {
    waits_ms: &[],
    reads_body: true,
    judge: Verdict::by_code,
};

/// Baijiayun's third-party authentication of an account: before a video plays, the customer's server is asked.
///
/// The vendor switches it on by hand and has the address set in its console; no call does it. The request is a posted form with
/// `access_key` and `video_id`. It has neither signature nor time, so the server cannot tell who asks, and the address is all that is
/// secret about it: `Debug` does not show it.
///
/// Source: the page's chapter on third-party authentication.
#[derive(Clone, PartialEq, Eq)]
pub struct ThirdPartyAuth {
    pub(super) url: String,
    pub(super) forced: bool,
    pub(super) failure_url: Option<String>,
}

impl ThirdPartyAuth {
    /// Asks this address, which begins with `http://`, about each play URL that carries an `access_key`. One without plays unasked.
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            forced: false,
            failure_url: None,
        }
    }

    /// Denies play URLs without an `access_key` too.
    #[must_use]
    pub fn forced(mut self) -> Self {
        self.forced = true;
        self
    }

    /// Sends viewers who are denied to this address instead of telling them so in a line of text.
    #[must_use]
    pub fn failure_url(mut self, url: impl Into<String>) -> Self {
        self.failure_url = Some(url.into());
        self
    }
}

impl fmt::Debug for ThirdPartyAuth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ThirdPartyAuth")
            .field("forced", &self.forced)
            .finish_non_exhaustive()
    }
}

/// Asks the server of the video's owner, if there is one to be asked. The answer to the viewer is that of a denial, if it is one.
///
/// Each request is asked about, also one for a later part of a file. // assumed: third-party-auth
pub(super) async fn check(
    shared: &Shared,
    operation: &'static str,
    video_id: u64,
    access_key: Option<&str>,
) -> Result<(), Box<Response>> {
    let owner = shared
        .baijiayun
        .with(|state| state.videos.get(&video_id).map(|video| video.owner));
    let account = shared
        .settings
        .baijiayun
        .iter()
        .find(|account| Some(account.partner_id) == owner);
    let Some(auth) = account.and_then(|account| account.third_party_auth.as_ref()) else {
        return Ok(());
    };
    let why = match access_key {
        None if auth.forced => "the address has no access_key, which the account insists on",
        None => return Ok(()),
        Some(key) => {
            let video = video_id.to_string();
            let message = form(&auth.url, &[("access_key", key), ("video_id", &video)]);
            let event = format!("video {video_id}");
            let allowed = callback::ask(
                shared,
                "baijiayun",
                "third-party auth",
                event,
                &ALLOWED,
                message,
            )
            .await;
            if allowed {
                return Ok(());
            }
            "the third-party authentication denies it"
        }
    };
    // assumed: third-party-auth
    let mut response = refuse(operation, (StatusCode::FORBIDDEN, why));
    if let Some(url) = auth.failure_url.as_ref().and_then(|url| url.parse().ok()) {
        *response.status_mut() = StatusCode::FOUND;
        response.headers_mut().insert(header::LOCATION, url);
    }
    Err(Box::new(response))
}
