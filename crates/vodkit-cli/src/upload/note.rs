//! What a user should know of an upload while it runs, in words and as JSON.

use serde_json::{Value, json};
use vodkit_request::upload::Note;

use super::one::Told;

/// Name and fields of an event, in JSON. Progress has none: it is told less often than it happens.
pub(super) fn event(told: &Told<'_>) -> Option<Value> {
    Some(match told {
        Told::Started { bytes } => json!({ "event": "started", "bytes": bytes }),
        Told::Created(id) => json!({ "event": "created", "video_id": id }),
        Told::GivenUp(left) => json!({ "event": "given_up", "left": left }),
        Told::OtherUser => json!({ "event": "other_user" }),
        Told::Waiting => json!({ "event": "waiting" }),
        Told::Progress(_) => return None,
        Told::Noted(note) => match note {
            Note::Resumed { bytes } => json!({ "event": "resumed", "bytes": bytes }),
            Note::Adopted { video } => json!({ "event": "adopted", "video_id": video }),
            Note::MayBeOrphaned { what } => json!({ "event": "may_be_orphaned", "what": what }),
            Note::SentAgain { bytes } => json!({ "event": "sent_again", "bytes": bytes }),
            Note::StartedOver => json!({ "event": "started_over" }),
            Note::Renewed => json!({ "event": "renewed" }),
            _ => return None,
        },
    })
}

/// The same for people, where it is worth a line.
pub(super) fn line(told: &Told<'_>) -> Option<String> {
    Some(match told {
        Told::GivenUp(left) => {
            format!("begins anew; of the upload that is given up there may be left: {left}")
        }
        Told::OtherUser => {
            "was uploaded with another token: if that is of another user, --again uploads it for this one".to_owned()
        }
        Told::Noted(note) => match note {
            Note::Resumed { bytes: 0 } => {
                "goes on where an earlier run stopped: nothing of it is there yet".to_owned()
            }
            Note::Resumed { bytes } => format!(
                "goes on where an earlier run stopped: {} are there",
                indicatif::BinaryBytes(*bytes)
            ),
            Note::Adopted { video } => {
                format!(
                    "video {video}, which an earlier run has made without learning of it, is used"
                )
            }
            Note::MayBeOrphaned { what } => format!("an earlier run may have left behind: {what}"),
            Note::StartedOver => {
                "the server no longer knows the upload: it is sent from the start".to_owned()
            }
            Note::SentAgain { bytes } => format!(
                "the server has lost {}, which are sent again",
                indicatif::BinaryBytes(*bytes)
            ),
            Note::Renewed => "keys or address were renewed".to_owned(),
            _ => return None,
        },
        Told::Started { .. } | Told::Created(_) | Told::Progress(_) | Told::Waiting => return None,
    })
}
