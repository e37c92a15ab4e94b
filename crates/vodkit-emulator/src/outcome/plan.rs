//! What can become of a video, and of how many.

use serde::{Deserialize, Serialize};

use super::VENDORS;

/// What becomes of something that a vendor works on, in place of success.
///
/// As JSON it is the name in small letters with underscores, `"transcoding_fails"`; a playback is `{ "playback": { "room_id": 7 } }`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Becomes {
    /// Polyv: the file cannot be analysed. `invalidVideo` is told in place of `upload`, and the video never appears.
    InvalidFile,
    /// Polyv: the file is not brought from where it was uploaded to where it is worked on. `videoSyncedFail` is told in place of `upload`, and
    /// the video never appears.
    NotSynced,
    /// All vendors: nothing can be made of the file. Baijiayun: status 30. Polyv: `encode_failed` for each file, `TranscodeComplete` with
    /// `fail`. QuVideo: the events of transcoding and snapshots with `fail`.
    TranscodingFails,
    /// Polyv: the files of the best definition cannot be made, the others can. `encode_failed` for each of them; `TranscodeComplete` is a success.
    RenditionFails,
    /// Polyv: the scan by machine has objections. `AIContentScanNotPassed` is told, and the review decides as it would have.
    ScanObjects,
    /// Polyv: the review says no, and the video has status 51. QuVideo: the review by machine suggests `block`.
    ReviewRejects,
    /// Polyv: the next snapshot task fails. QuVideo: no pictures can be taken of the next video.
    SnapshotsFail,
    /// Polyv: the next courseware cannot be converted.
    CoursewareFails,
    /// Polyv: the review says no to the next courseware.
    CoursewareRejected,
    /// Baijiayun: the next video that is uploaded counts as the playback of a room, and its callbacks say so.
    Playback {
        /// Id of the room.
        room_id: u64,
        /// Id of the session in the room, where there is one.
        session_id: Option<String>,
    },
}

/// The step at which an outcome is met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// A file is there.
    Arrival,
    /// What kind of video a file is.
    Origin,
    Transcoding,
    Scan,
    Review,
    Snapshots,
    Courseware,
}

impl Becomes {
    /// Where it is met.
    pub(crate) fn stage(&self) -> Stage {
        match self {
            Self::InvalidFile | Self::NotSynced => Stage::Arrival,
            Self::Playback { .. } => Stage::Origin,
            Self::TranscodingFails | Self::RenditionFails => Stage::Transcoding,
            Self::ScanObjects => Stage::Scan,
            Self::ReviewRejects => Stage::Review,
            Self::SnapshotsFail => Stage::Snapshots,
            Self::CoursewareFails | Self::CoursewareRejected => Stage::Courseware,
        }
    }

    /// Whose videos can meet it.
    fn vendors(&self) -> &'static [&'static str] {
        match self {
            Self::TranscodingFails => &["baijiayun", "polyv", "quvideo"],
            Self::ReviewRejects | Self::SnapshotsFail => &["polyv", "quvideo"],
            Self::Playback { .. } => &["baijiayun"],
            Self::InvalidFile
            | Self::NotSynced
            | Self::RenditionFails
            | Self::ScanObjects
            | Self::CoursewareFails
            | Self::CoursewareRejected => &["polyv"],
        }
    }
}

/// What becomes of the next video of a vendor, or of the next few.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "an outcome does nothing until it is planned"]
pub struct Outcome {
    pub(super) vendor: String,
    pub(super) becomes: Becomes,
    pub(super) times: u64,
    pub(super) video: Option<String>,
}

impl Outcome {
    /// For the next one of this vendor, by its folder name: `baijiayun`, `polyv`, `quvideo`.
    pub fn of(vendor: impl Into<String>, becomes: Becomes) -> Self {
        Self {
            vendor: vendor.into(),
            becomes,
            times: 1,
            video: None,
        }
    }

    /// For the next so many.
    pub fn times(mut self, times: u64) -> Self {
        self.times = times;
        self
    }

    /// For the video of this id only. Uploads get their id before their file is there.
    pub fn video(mut self, id: impl Into<String>) -> Self {
        self.video = Some(id.into());
        self
    }

    /// Why it cannot be planned.
    pub(super) fn check(&self) -> Result<(), String> {
        if self.times == 0 {
            return Err("times is 0".to_owned());
        }
        let able = self.becomes.vendors();
        match () {
            () if able.contains(&self.vendor.as_str()) => Ok(()),
            () if VENDORS.contains(&self.vendor.as_str()) => Err(format!(
                "videos of {} do not meet this, those of {} do",
                self.vendor,
                able.join(", ")
            )),
            () => Err(format!(
                "no outcomes are known of {:?}; the vendors are {}",
                self.vendor,
                VENDORS.join(", ")
            )),
        }
    }
}
