//! Who receives what: a path for each kind of request, with the keys of the environment.

use bytes::Bytes;
use http::{Request, StatusCode};
use serde_json::Value;
use vodkit_request::callback::{
    CallbackEvent, Claim, Covered, EventKey, Incoming, Receiver, Refusal, Reply, Seen,
};
use vodkit_request::mask::sounds_secret;
use vodkit_request::{Timestamp, baijiayun, polyv, quvideo};

use super::show::Line;
use crate::account::{CALLBACK_URL, callback_variable, variable};
use crate::catalogue::Vendor;
use crate::failure::Failure;

/// Where something is received.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Address {
    Baijiayun,
    /// Whether a viewer may play: a question, and not signed.
    BaijiayunAuth,
    Polyv,
    QuVideo,
}

impl Address {
    pub(super) const ALL: [Self; 4] = [
        Self::Baijiayun,
        Self::BaijiayunAuth,
        Self::Polyv,
        Self::QuVideo,
    ];

    pub(super) const fn path(self) -> &'static str {
        match self {
            Self::Baijiayun => "/baijiayun",
            Self::BaijiayunAuth => "/baijiayun/auth",
            Self::Polyv => "/polyv",
            Self::QuVideo => "/quvideo",
        }
    }

    pub(super) const fn vendor(self) -> Vendor {
        match self {
            Self::Baijiayun | Self::BaijiayunAuth => Vendor::Baijiayun,
            Self::Polyv => Vendor::Polyv,
            Self::QuVideo => Vendor::QuVideo,
        }
    }

    pub(super) fn of(path: &str) -> Option<Self> {
        let path = path.strip_suffix('/').unwrap_or(path);
        Self::ALL.into_iter().find(|address| address.path() == path)
    }
}

/// The receivers of the account.
pub(super) struct Receivers {
    baijiayun: Option<baijiayun::callback::Callbacks>,
    auth: baijiayun::callback::ThirdPartyAuth,
    polyv: Option<polyv::callback::Callbacks>,
    quvideo: Option<quvideo::callback::Callbacks>,
    /// The address that QuVideo's callbacks are signed for.
    pub(super) signed_url: String,
}

/// A callback that was verified.
pub(super) struct Message {
    pub(super) name: String,
    pub(super) subjects: Vec<String>,
    pub(super) key: EventKey,
    /// It was received before.
    pub(super) again: bool,
    pub(super) covered: Covered,
    pub(super) trusted: Vec<String>,
    pub(super) sent: Option<Timestamp>,
    /// The message, with secrets masked.
    pub(super) data: Value,
    pub(super) accepted: Reply,
    pub(super) failed: Reply,
}

impl Message {
    /// Looks whether it was received before. A question is asked anew each time.
    pub(super) fn notice(&mut self, seen: &Seen) {
        if self.covered != Covered::Nothing {
            match seen.claim(&self.key) {
                Claim::First(held) => held.settle(),
                Claim::Busy | Claim::Done => self.again = true,
            }
        }
    }
}

impl Receivers {
    /// The receivers whose keys are in the environment.
    pub(super) fn from_env(base_url: &str) -> Result<Self, Failure> {
        let key = |vendor| callback_variable(vendor).and_then(variable);
        let signed_url = variable(CALLBACK_URL)
            .unwrap_or_else(|| format!("{base_url}{}", Address::QuVideo.path()));
        let this = Self {
            baijiayun: key(Vendor::Baijiayun)
                .map(|key| baijiayun::callback::Callbacks::new([key]))
                .transpose()?,
            auth: baijiayun::callback::ThirdPartyAuth::new(),
            polyv: key(Vendor::Polyv)
                .map(|key| polyv::callback::Callbacks::new([key]))
                .transpose()?,
            quvideo: key(Vendor::QuVideo)
                .map(|key| quvideo::callback::Callbacks::new(signed_url.as_str(), [key]))
                .transpose()?,
            signed_url,
        };
        if Address::ALL
            .into_iter()
            .all(|address| address == Address::BaijiayunAuth || !this.has(address))
        {
            let variables: Vec<_> = Vendor::ALL
                .into_iter()
                .filter_map(callback_variable)
                .collect();
            return Err(Failure::credential(format!(
                "nothing can be verified: set one of {}",
                variables.join(", ")
            ))
            .hint("to try it without an account, set the key to any text and send with `vodkit trigger`"));
        }
        Ok(this)
    }

    /// Whether there is a key for what comes here.
    pub(super) fn has(&self, address: Address) -> bool {
        match address {
            Address::Baijiayun => self.baijiayun.is_some(),
            Address::BaijiayunAuth => true,
            Address::Polyv => self.polyv.is_some(),
            Address::QuVideo => self.quvideo.is_some(),
        }
    }

    /// Verifies a request. What is refused comes back with its answer.
    pub(super) fn receive(
        &self,
        address: Address,
        request: &Request<Bytes>,
        now: Timestamp,
    ) -> Result<Message, (Line, Reply)> {
        let received = match address {
            Address::Baijiayun => self.baijiayun.as_ref().map(|to| read(to, request, now)),
            Address::BaijiayunAuth => Some(read(&self.auth, request, now)),
            Address::Polyv => self.polyv.as_ref().map(|to| read(to, request, now)),
            Address::QuVideo => self.quvideo.as_ref().map(|to| read(to, request, now)),
        };
        match received {
            Some(Ok(message)) => Ok(message),
            Some(Err((refusal, reply))) => {
                Err((Line::refused(address, &refusal, reply.status), reply))
            }
            None => {
                let variable = callback_variable(address.vendor()).unwrap_or_default();
                let status = StatusCode::SERVICE_UNAVAILABLE;
                let reply = Reply::text(status, "there is no key to verify this with\n");
                Err((Line::without_key(address, variable, status), reply))
            }
        }
    }

    /// The answer to what was refused before it could be verified.
    pub(super) fn refused(&self, address: Address, refusal: &Refusal) -> Reply {
        let reply = match address {
            Address::Baijiayun => self.baijiayun.as_ref().map(|to| to.refused(refusal)),
            Address::BaijiayunAuth => Some(self.auth.refused(refusal)),
            Address::Polyv => self.polyv.as_ref().map(|to| to.refused(refusal)),
            Address::QuVideo => self.quvideo.as_ref().map(|to| to.refused(refusal)),
        };
        reply.unwrap_or_else(|| Reply::text(refusal.status(), refusal.to_string()))
    }
}

fn read<R: Receiver>(
    receiver: &R,
    request: &Request<Bytes>,
    now: Timestamp,
) -> Result<Message, (Refusal, Reply)> {
    let verified = receiver
        .verify_and_parse(&Incoming::of(request), now)
        .map_err(|refusal| {
            let reply = receiver.refused(&refusal);
            (refusal, reply)
        })?;
    let event = verified.event();
    let mut data = serde_json::to_value(event).unwrap_or_default();
    mask_secrets(&mut data);
    Ok(Message {
        name: event.name().into_owned(),
        subjects: event.subjects(),
        key: event.key(),
        again: false,
        covered: verified.covered(),
        trusted: verified.trusted_fields().map(str::to_owned).collect(),
        sent: verified.sent(),
        data,
        accepted: receiver.accepted(),
        failed: receiver.failed("the service behind it could not be reached"),
    })
}

/// Masks what is named like a secret, such as the `access_key` of a viewer.
fn mask_secrets(value: &mut Value) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                if sounds_secret(name) {
                    *member = vodkit_sign::MASK.into();
                } else {
                    mask_secrets(member);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(mask_secrets),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn addresses_are_found_by_their_paths() {
        for address in Address::ALL {
            assert_eq!(Address::of(address.path()), Some(address));
            assert_eq!(Address::of(&format!("{}/", address.path())), Some(address));
        }
        for path in ["", "/", "/baijiayun2", "/baijiayun/auth/x", "/mediacloud"] {
            assert_eq!(Address::of(path), None, "{path}");
        }
    }

    #[test]
    fn what_sounds_secret_is_masked_on_every_level() {
        let mut value = json!({ "access_key": "canary", "a": [{ "sign": "canary", "b": 1 }] });
        mask_secrets(&mut value);
        assert_eq!(
            value,
            json!({ "access_key": "***", "a": [{ "sign": "***", "b": 1 }] })
        );
    }
}
