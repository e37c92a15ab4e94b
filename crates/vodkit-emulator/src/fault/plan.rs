//! What can be planned: which requests a fault is for, and what it does to them.

use std::fmt;
use std::time::Duration;

use super::Answer;
use crate::connection::End;

/// Which requests: made by [`Fault::on`], completed by saying what happens to them.
///
/// Without more it is the first matching request, once.
#[derive(Clone, Debug, PartialEq)]
#[must_use = "a target does nothing before it is said what happens, and planned"]
pub struct Target {
    pub(super) operation: Option<String>,
    pub(super) vendor: Option<String>,
    pub(super) query: Vec<(String, String)>,
    pub(super) nth: u64,
    pub(super) often: Often,
}

/// How many of the matching requests.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Often {
    Times(u64),
    Rate { probability: f64, seed: u64 },
}

/// A fault that can be planned with [`Faults::plan`](super::Faults::plan).
///
/// `Display` describes it in one line.
#[derive(Clone, Debug, PartialEq)]
#[must_use = "a fault does nothing before it is planned"]
pub struct Fault {
    pub(super) target: Target,
    pub(super) action: Action,
}

/// What happens to a request.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Action {
    Answer(Answer),
    /// The connection ends when so many bytes of the body were read.
    CutRequest {
        after: u64,
        end: End,
        /// Whether the vendor keeps what arrived of a slice.
        keep: bool,
    },
    StallRequest {
        after: u64,
        time: Duration,
    },
    StallReply(Duration),
    LoseReply(End),
    CutReply {
        after: u64,
        end: End,
    },
    CutReplyHead {
        after: u64,
        end: End,
    },
    DribbleReply(Duration),
    FlipBit(u64),
    ExpireCredentials,
    ForgetUpload,
}

impl Action {
    /// Whether it can happen to a request with a body of this many bytes, as far as that is known.
    pub(super) fn fits(&self, length: Option<u64>) -> bool {
        let Some(length) = length else { return true };
        match self {
            Self::CutRequest { after, .. } | Self::StallRequest { after, .. } => *after <= length,
            Self::FlipBit(position) => *position < length,
            _ => true,
        }
    }
}

impl Fault {
    /// Begins a fault for the requests of one operation, by the name that it has in the journal: `UploadPart`, `PutObject`, `upload`,
    /// `video/getUploadUrl`, `uploadvideo/init`.
    pub fn on(operation: impl Into<String>) -> Target {
        Target {
            operation: Some(operation.into()),
            ..Self::on_any()
        }
    }

    /// Begins a fault for requests of every operation. Those to `/_vodkit/` and the preflights of browsers are never among them.
    pub fn on_any() -> Target {
        Target {
            operation: None,
            vendor: None,
            query: Vec::new(),
            nth: 1,
            often: Often::Times(1),
        }
    }

    /// What is wrong with it.
    pub(super) fn check(&self) -> Result<(), String> {
        let target = &self.target;
        if target.operation.as_deref() == Some("") {
            return Err("the name of the operation is empty".to_owned());
        }
        if let Some(vendor) = &target.vendor
            && !VENDORS.contains(&vendor.as_str())
        {
            return Err(format!(
                "vendor {vendor:?} is none of {}",
                VENDORS.join(", ")
            ));
        }
        if target.nth == 0 {
            return Err("requests count from 1: nth is 0".to_owned());
        }
        match target.often {
            Often::Times(0) => return Err("times is 0: it could never fire".to_owned()),
            Often::Rate { probability, .. } if !(probability > 0.0 && probability <= 1.0) => {
                return Err(format!("rate {probability} is not above 0 and at most 1"));
            }
            _ => {}
        }
        match &self.action {
            Action::Answer(answer) => answer.check(),
            _ => Ok(()),
        }
    }
}

/// Whose calls can be told apart; `oss` is a call of the object storage that no vendor's bucket is named in.
const VENDORS: [&str; 5] = ["baijiayun", "polyv", "quvideo", "mediacloud", "oss"];

impl Target {
    /// Only requests of this vendor, by its folder name: `baijiayun`, `polyv`, `quvideo`, `mediacloud`. Calls of the object storage are those
    /// of the vendor whose bucket it is.
    pub fn vendor(mut self, vendor: impl Into<String>) -> Self {
        self.vendor = Some(vendor.into());
        self
    }

    /// Only requests whose query has this parameter with this value: `partNumber` and `3`. Several must all be there.
    pub fn query(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.query.push((name.into(), value.into()));
        self
    }

    /// From the n-th matching request on, counted from 1. Default 1.
    pub fn nth(mut self, nth: u64) -> Self {
        self.nth = nth;
        self
    }

    /// So many times, at one matching request after the other. Default 1.
    pub fn times(mut self, times: u64) -> Self {
        self.often = Often::Times(times);
        self
    }

    /// At a part of the matching requests, `0.05` for one in twenty, chosen at random; the same seed chooses the same ones. There is no end to
    /// it, so it takes the place of [`times`](Self::times).
    pub fn rate(mut self, probability: f64, seed: u64) -> Self {
        self.often = Often::Rate { probability, seed };
        self
    }

    fn does(self, action: Action) -> Fault {
        Fault {
            target: self,
            action,
        }
    }

    /// Is answered so; the vendor never sees it.
    pub fn answer(self, answer: Answer) -> Fault {
        self.does(Action::Answer(answer))
    }

    /// Is answered with an HTTP status and an empty body; the vendor never sees it.
    pub fn status(self, status: u16) -> Fault {
        self.answer(Answer::status(status))
    }

    /// Has its connection closed before anything is done, as by a server that just closed an idle connection.
    pub fn close(self) -> Fault {
        self.cut_request_after(0)
    }

    /// Has its connection reset before anything is done.
    pub fn reset(self) -> Fault {
        self.reset_request_after(0)
    }

    /// Has its connection closed when so many bytes of its body were read. Nothing is kept of it. A request with a shorter body passes, and the
    /// fault waits for the next one.
    pub fn cut_request_after(self, bytes: u64) -> Fault {
        self.does(Action::CutRequest {
            after: bytes,
            end: End::Close,
            keep: false,
        })
    }

    /// As [`cut_request_after`](Self::cut_request_after), with a reset (RST).
    pub fn reset_request_after(self, bytes: u64) -> Fault {
        self.does(Action::CutRequest {
            after: bytes,
            end: End::Reset,
            keep: false,
        })
    }

    /// As [`cut_request_after`](Self::cut_request_after), but what arrived counts as far as the vendor has a use for it: Baijiayun keeps these
    /// bytes of a slice. It is for the case that the server has more than its client knows of.
    pub fn cut_request_keeping(self, bytes: u64) -> Fault {
        self.does(Action::CutRequest {
            after: bytes,
            end: End::Close,
            keep: true,
        })
    }

    /// Is not read any further for this time, when so many bytes of its body were read; then it goes on.
    pub fn stall_request_after(self, bytes: u64, time: Duration) -> Fault {
        self.does(Action::StallRequest { after: bytes, time })
    }

    /// Is done, and answered this much later.
    pub fn stall_reply(self, time: Duration) -> Fault {
        self.does(Action::StallReply(time))
    }

    /// Is done, and its connection closed in place of an answer.
    pub fn lose_reply(self) -> Fault {
        self.does(Action::LoseReply(End::Close))
    }

    /// Is done, and its connection reset in place of an answer.
    pub fn reset_reply(self) -> Fault {
        self.does(Action::LoseReply(End::Reset))
    }

    /// Is done, and its connection closed after so many bytes of the answer's body; `Content-Length` promises all of it. An answer that is not
    /// longer passes, and the fault waits for the next one.
    pub fn cut_reply_after(self, bytes: u64) -> Fault {
        self.does(Action::CutReply {
            after: bytes,
            end: End::Close,
        })
    }

    /// As [`cut_reply_after`](Self::cut_reply_after), with a reset (RST), which may overtake the bytes.
    pub fn reset_reply_after(self, bytes: u64) -> Fault {
        self.does(Action::CutReply {
            after: bytes,
            end: End::Reset,
        })
    }

    /// Is done, and its connection closed after so many bytes of the answer's head, or after all of it where it has no more.
    pub fn cut_reply_head_after(self, bytes: u64) -> Fault {
        self.does(Action::CutReplyHead {
            after: bytes,
            end: End::Close,
        })
    }

    /// Is done, and answered one byte at a time, with this pause after each.
    pub fn dribble_reply(self, pause: Duration) -> Fault {
        self.does(Action::DribbleReply(pause))
    }

    /// Arrives with the lowest bit of one byte of its body turned over, so that every digest tells. Positions count from 0. A request with a
    /// shorter body passes, and the fault waits for the next one.
    pub fn flip_bit_at(self, position: u64) -> Fault {
        self.does(Action::FlipBit(position))
    }

    /// Finds that what it proves itself with has just expired: the keys of the object storage, Baijiayun's upload address, MediaCloud's token
    /// (and with it all others given out so far), QuVideo's token where it stands in the query. Later requests with the same are refused too;
    /// renewing helps. A request with nothing that can expire passes, and the fault waits for the next one.
    pub fn expire_credentials(self) -> Fault {
        self.does(Action::ExpireCredentials)
    }

    /// Finds that the object storage has forgotten the upload in parts that it names, with all its parts: `NoSuchUpload`. A request that names
    /// none that exists passes, and the fault waits for the next one.
    pub fn forget_upload(self) -> Fault {
        self.does(Action::ForgetUpload)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.target, self.action)
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.operation.as_deref().unwrap_or("any request"))?;
        if let Some(vendor) = &self.vendor {
            write!(f, " of {vendor}")?;
        }
        for (name, value) in &self.query {
            write!(f, " with {name}={value}")?;
        }
        if self.nth > 1 {
            write!(f, ", from the {}. on", self.nth)?;
        }
        match self.often {
            Often::Times(1) => f.write_str(", once"),
            Often::Times(times) => write!(f, ", {times} times"),
            Often::Rate { probability, seed } => {
                write!(f, ", at a rate of {probability} (seed {seed})")
            }
        }
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let how = |end: &End| match end {
            End::Close => "close the connection",
            End::Reset => "reset the connection",
        };
        match self {
            Self::Answer(answer) => write!(f, "{answer}"),
            Self::CutRequest { after: 0, end, .. } => {
                write!(f, "{} before anything is done", how(end))
            }
            Self::CutRequest { after, end, keep } => {
                let kept = if *keep { ", keeping them" } else { "" };
                write!(
                    f,
                    "{} after {after} bytes of the request's body{kept}",
                    how(end)
                )
            }
            Self::StallRequest { after, time } => {
                write!(
                    f,
                    "read nothing for {time:?} after {after} bytes of the request's body"
                )
            }
            Self::StallReply(time) => write!(f, "answer {time:?} late"),
            Self::LoseReply(end) => write!(f, "{} in place of the answer", how(end)),
            Self::CutReply { after, end } => {
                write!(f, "{} after {after} bytes of the answer's body", how(end))
            }
            Self::CutReplyHead { after, end } => {
                write!(f, "{} after {after} bytes of the answer's head", how(end))
            }
            Self::DribbleReply(pause) => {
                write!(f, "answer one byte at a time, {pause:?} apart")
            }
            Self::FlipBit(position) => {
                write!(f, "flip a bit of byte {position} of the request's body")
            }
            Self::ExpireCredentials => f.write_str("let its credentials expire"),
            Self::ForgetUpload => f.write_str("forget the upload that it names"),
        }
    }
}
