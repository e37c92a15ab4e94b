//! The exit codes: what scripts decide by.

use std::process::ExitCode;

use vodkit_request::ErrorKind;

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    Done,
    Refused,
    Usage,
    Partial,
    Credential,
    Unavailable,
    LocalFile,
    Unfinished,
    Verification,
    Deadline,
    Interrupted,
}

impl Exit {
    pub(crate) const ALL: [Self; 11] = [
        Self::Done,
        Self::Refused,
        Self::Usage,
        Self::Partial,
        Self::Credential,
        Self::Unavailable,
        Self::LocalFile,
        Self::Unfinished,
        Self::Verification,
        Self::Deadline,
        Self::Interrupted,
    ];

    pub(crate) const fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Refused => 1,
            Self::Usage => 2,
            Self::Partial => 3,
            Self::Credential => 4,
            Self::Unavailable => 5,
            Self::LocalFile => 6,
            Self::Unfinished => 7,
            Self::Verification => 8,
            Self::Deadline => 124,
            Self::Interrupted => 130,
        }
    }

    pub(crate) const fn meaning(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Refused => "the vendor refused, or could not process the video",
            Self::Usage => "wrong usage: nothing was sent",
            Self::Partial => "some files of several failed, the others are there",
            Self::Credential => "credentials are missing or were rejected",
            Self::Unavailable => {
                "network or vendor unavailable after retries, or the reply is not the vendor's"
            }
            Self::LocalFile => "a local file cannot be read or written, or changed meanwhile",
            Self::Unfinished => {
                "not finished: the same command goes on with it, unless another process does"
            }
            Self::Verification => "verification failed: the bytes are not those expected",
            Self::Deadline => "the deadline passed",
            Self::Interrupted => "interrupted by a signal",
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

impl From<ErrorKind> for Exit {
    fn from(kind: ErrorKind) -> Self {
        match kind {
            ErrorKind::InvalidInput => Self::Usage,
            ErrorKind::LocalFile | ErrorKind::Journal => Self::LocalFile,
            ErrorKind::Refused | ErrorKind::Processing => Self::Refused,
            ErrorKind::Credential => Self::Credential,
            ErrorKind::DigestMismatch => Self::Verification,
            ErrorKind::Deadline => Self::Deadline,
            // A reply that is HTML, cut short or otherwise not the vendor's did not come from its API, or not all of it came.
            // Kinds that a later version adds are taken for this as well: it makes no promise about what happened.
            _ => Self::Unavailable,
        }
    }
}

/// The table as text, for `vodkit help exit-codes`.
pub(crate) fn table() -> String {
    Exit::ALL
        .iter()
        .map(|exit| format!("{:>5}  {}\n", exit.code(), exit.meaning()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_error_has_its_code() {
        for (kind, code) in [
            (ErrorKind::InvalidInput, 2),
            (ErrorKind::LocalFile, 6),
            (ErrorKind::Journal, 6),
            (ErrorKind::Refused, 1),
            (ErrorKind::Processing, 1),
            (ErrorKind::Credential, 4),
            (ErrorKind::Throttled, 5),
            (ErrorKind::Unavailable, 5),
            (ErrorKind::Connect, 5),
            (ErrorKind::Timeout, 5),
            (ErrorKind::Interrupted, 5),
            (ErrorKind::OutcomeUnknown, 5),
            (ErrorKind::Decode, 5),
            (ErrorKind::DigestMismatch, 8),
            (ErrorKind::Deadline, 124),
        ] {
            assert_eq!(Exit::from(kind).code(), code, "{kind:?}");
        }
    }
}
