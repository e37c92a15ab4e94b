//! Waiting for a vendor that has no flow for it.

use std::time::{Duration, Instant};

use vodkit_request::{BlockingTransport, ErrorKind};

use crate::exit::Exit;
use crate::failure::Failure;

const FIRST_WAIT: Duration = Duration::from_millis(500);
const LONGEST_WAIT: Duration = Duration::from_secs(15);

/// What a vendor says of a video.
pub(super) enum State {
    Ready,
    /// Not yet; in the vendor's word.
    Working(String),
    /// Never; in the vendor's word.
    Failed(String),
}

/// Asks again and again, after ever longer waits, until the video can be played or never will.
pub(super) fn until_ready(
    transport: &impl BlockingTransport,
    video_id: &str,
    deadline: Duration,
    ask: impl Fn() -> Result<State, Failure>,
) -> Result<(), Failure> {
    let began = Instant::now();
    let mut wait = FIRST_WAIT;
    loop {
        match ask() {
            Err(failure) => return Err(failure),
            Ok(State::Ready) => return Ok(()),
            Ok(State::Failed(word)) => {
                let kind = ErrorKind::Processing;
                let message = format!("video {video_id}: status {word}");
                return Err(Failure::new(kind.into(), kind.as_str(), message));
            }
            Ok(State::Working(word)) => {
                let left = deadline.saturating_sub(began.elapsed());
                if left.is_zero() {
                    let message = format!(
                        "video {video_id} is not ready after {deadline:?}; its last known status is {word}"
                    );
                    let kind = ErrorKind::Deadline;
                    return Err(Failure::new(Exit::Deadline, kind.as_str(), message));
                }
                transport.sleep(wait.min(left));
                wait = (wait * 3 / 2).min(LONGEST_WAIT);
            }
        }
    }
}
