//! What uploads can be asked for.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::{TargetArgs, seconds};

#[derive(Debug, Args)]
#[command(after_help = "\
Run again, the same command goes on where it stopped, and passes over what is uploaded already.

Examples:
  vodkit upload baijiayun lesson.mp4 --definition high,720p --wait
  vodkit upload polyv lesson.mp4 --title \"Lesson 1\"
  vodkit upload quvideo lesson.mp4 --cover-url https://img.example.com/1.jpg
  vodkit upload mediacloud lesson.mp4 --bucket b --storage-endpoint https://s3.example.com --region cn-1
  vodkit upload polyv lessons/ --recursive --jobs 8 --rate 10M
  vodkit upload polyv --manifest lessons.csv")]
pub(crate) struct UploadArgs {
    /// To whom: baijiayun, polyv, quvideo or mediacloud
    pub(crate) vendor: String,
    /// Video files, or directories with such
    #[arg(
        value_name = "FILE",
        required_unless_present = "manifest",
        conflicts_with = "manifest"
    )]
    pub(crate) files: Vec<PathBuf>,
    /// Name of the video; for baijiayun it gets the extension of the file if it has none
    #[arg(long, conflicts_with = "manifest")]
    pub(crate) title: Option<String>,
    /// Category of the videos, by the vendor's id
    #[arg(long, value_name = "ID")]
    pub(crate) category: Option<String>,
    /// Definitions that baijiayun makes: standard, high, super, 720p, 1080p [default: standard]
    #[arg(long, value_name = "NAMES", value_delimiter = ',', help_heading = ONE_VENDOR)]
    pub(crate) definition: Vec<String>,
    /// Address of the cover, without which quvideo does not publish a video
    #[arg(long, value_name = "URL", help_heading = ONE_VENDOR)]
    pub(crate) cover_url: Option<String>,
    /// Bucket of mediacloud's storage [default: $VODKIT_MEDIACLOUD_BUCKET]
    #[arg(long, help_heading = ONE_VENDOR)]
    pub(crate) bucket: Option<String>,
    /// Key of the object in mediacloud's storage; without it no other upload has the same
    #[arg(long, help_heading = ONE_VENDOR)]
    pub(crate) key: Option<String>,
    #[command(flatten)]
    pub(crate) storage: StorageArgs,
    /// Wait until the video can be played
    #[arg(long)]
    pub(crate) wait: bool,
    /// Longest time to wait for it
    #[arg(long, value_name = "SECONDS", value_parser = seconds, default_value = "3600", requires = "wait")]
    pub(crate) deadline: Duration,
    /// A list of files: CSV that begins with `file,title,category`, or JSON lines with these fields
    #[arg(long, value_name = "FILE", help_heading = MANY)]
    pub(crate) manifest: Option<PathBuf>,
    /// Go into the directories below as well
    #[arg(short, long, help_heading = MANY)]
    pub(crate) recursive: bool,
    /// Files at once [default: 4]
    #[arg(short, long, value_name = "N", value_parser = at_least_one, help_heading = MANY)]
    pub(crate) jobs: Option<usize>,
    /// Upload also what is uploaded already
    #[arg(long, help_heading = MANY)]
    pub(crate) again: bool,
    /// Fail when there is nothing to go on with
    #[arg(long, conflicts_with = "restart", help_heading = RESUMING)]
    pub(crate) resume: bool,
    /// Give up what was begun, and begin anew
    #[arg(long, help_heading = RESUMING)]
    pub(crate) restart: bool,
    /// Repeat a call of which nobody knows what came of it, although the vendor may then act twice
    #[arg(long, help_heading = RESUMING)]
    pub(crate) repeat_unknown: bool,
    /// Videos that are of other uploads, where it is not clear which one an earlier run has created
    #[arg(long, value_name = "IDS", value_delimiter = ',', help_heading = RESUMING)]
    pub(crate) except: Vec<String>,
    /// Read what was sent by an earlier run once more; with --wait, compare the vendor's MD5 where it tells one
    #[arg(long, help_heading = RESUMING)]
    pub(crate) verify: bool,
    /// Where it is kept how far uploads are [default: $VODKIT_STATE_DIR, ~/.local/state/vodkit/uploads]
    #[arg(long, value_name = "DIR", help_heading = RESUMING)]
    pub(crate) state_dir: Option<PathBuf>,
    /// Bytes of a part, such as 8M; larger ones are used where the file would have too many
    #[arg(long, value_name = "SIZE", value_parser = size, help_heading = SENDING)]
    pub(crate) part_size: Option<u64>,
    /// Parts of a file at once [default: 3]
    #[arg(long, value_name = "N", value_parser = at_least_one, help_heading = SENDING)]
    pub(crate) lanes: Option<usize>,
    /// Most bytes a second, such as 500K or 10M, for all files together
    #[arg(long, value_name = "SIZE", value_parser = size, help_heading = SENDING)]
    pub(crate) rate: Option<u64>,
    /// Compute no MD5 of what is sent, for lines faster than 5 gigabits a second: baijiayun's and mediacloud's is then not compared
    #[arg(long, help_heading = SENDING)]
    pub(crate) no_md5: bool,
    #[command(flatten)]
    pub(crate) target: TargetArgs,
}

/// Where MediaCloud's object storage is.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct StorageArgs {
    /// Address of mediacloud's storage [default: $VODKIT_MEDIACLOUD_STORAGE_ENDPOINT]
    #[arg(long, value_name = "URL", help_heading = ONE_VENDOR)]
    pub(crate) storage_endpoint: Option<String>,
    /// Region of mediacloud's storage [default: $VODKIT_MEDIACLOUD_REGION]
    #[arg(long, help_heading = ONE_VENDOR)]
    pub(crate) region: Option<String>,
}

#[derive(Debug, Args)]
#[command(after_help = "\
An upload that goes on now, in another process, is listed and left alone.

Examples:
  vodkit gc
  vodkit gc polyv --older-than 7d
  vodkit gc baijiayun --older-than 30d --remove --delete-videos")]
pub(crate) struct GcArgs {
    /// Only those to this vendor
    pub(crate) vendor: Option<String>,
    /// Only those in which nothing was written for so long: 30m, 12h, 7d
    #[arg(long, value_name = "AGE", value_parser = age)]
    pub(crate) older_than: Option<Duration>,
    /// Give them up: what the storage has of them is dropped, the journal removed, and the video that is left named
    #[arg(long)]
    pub(crate) remove: bool,
    /// Delete the videos that are left, where the vendor has a call for it: baijiayun and polyv
    #[arg(long, requires = "remove")]
    pub(crate) delete_videos: bool,
    /// Give up also what cannot be taken back at the vendor, such as of an account whose keys are gone
    #[arg(long, requires = "remove")]
    pub(crate) force: bool,
    /// Where it is kept how far uploads are [default: $VODKIT_STATE_DIR, ~/.local/state/vodkit/uploads]
    #[arg(long, value_name = "DIR")]
    pub(crate) state_dir: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) storage: StorageArgs,
    /// Another address of the API, such as an emulator's
    #[arg(long, value_name = "URL")]
    pub(crate) base_url: Option<String>,
}

const ONE_VENDOR: &str = "For one vendor";
const MANY: &str = "Many files";
const RESUMING: &str = "Going on";
const SENDING: &str = "Sending";

fn at_least_one(text: &str) -> Result<usize, String> {
    text.parse()
        .ok()
        .filter(|number| *number > 0)
        .ok_or_else(|| "must be a whole number above 0".to_owned())
}

/// A time with its unit.
fn age(text: &str) -> Result<Duration, String> {
    let unknown = || "must be a whole number with s, m, h or d, such as 7d".to_owned();
    let (at, unit) = text.char_indices().next_back().ok_or_else(unknown)?;
    let seconds = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3600,
        'd' => 86400,
        _ => return Err(unknown()),
    };
    let number: u64 = text[..at].parse().map_err(|_| unknown())?;
    number
        .checked_mul(seconds)
        .map(Duration::from_secs)
        .ok_or_else(unknown)
}

/// A number of bytes, perhaps in units of 1024, 1024² or 1024³.
fn size(text: &str) -> Result<u64, String> {
    let (number, unit) = match text.char_indices().next_back() {
        Some((at, unit)) if unit.is_ascii_alphabetic() => (&text[..at], unit.to_ascii_uppercase()),
        _ => (text, 'B'),
    };
    let shift = match unit {
        'B' => 0,
        'K' => 10,
        'M' => 20,
        'G' => 30,
        _ => return Err("the unit is K, M or G".to_owned()),
    };
    number
        .parse::<u64>()
        .ok()
        .and_then(|number| number.checked_mul(1 << shift))
        .filter(|bytes| *bytes > 0)
        .ok_or_else(|| "must be a number of bytes above 0, such as 500K or 8M".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_units_of_1024() {
        for (text, bytes) in [
            ("1", 1),
            ("500K", 500 << 10),
            ("8m", 8 << 20),
            ("2G", 2 << 30),
            ("7B", 7),
        ] {
            assert_eq!(size(text), Ok(bytes), "{text}");
        }
        for bad in [
            "",
            "0",
            "K",
            "-1",
            "1.5M",
            "1T",
            "99999999999G",
            "1MB",
            "课",
        ] {
            assert!(size(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn ages_have_a_unit() {
        for (text, seconds) in [
            ("0d", 0),
            ("90s", 90),
            ("30m", 1800),
            ("12h", 43200),
            ("7d", 604_800),
        ] {
            assert_eq!(age(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
        for bad in [
            "",
            "7",
            "d",
            "-1d",
            "1.5h",
            "7w",
            "99999999999999999999d",
            "7天",
        ] {
            assert!(age(bad).is_err(), "{bad}");
        }
    }
}
