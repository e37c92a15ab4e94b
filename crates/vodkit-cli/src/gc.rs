//! `vodkit gc`: uploads that were begun and not finished, and giving them up.

use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use indicatif::BinaryBytes;
use serde_json::{Value, json};
use vodkit_journal::{JournalFile, Look, OpenError};
use vodkit_request::ErrorKind;
use vodkit_request::upload::Past;

use crate::account;
use crate::address;
use crate::args::{GcArgs, Global, TargetArgs};
use crate::catalogue::Vendor;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;
use crate::upload::state::State;
use crate::upload::{bare_way, left_behind, left_in_short, not_opened};
use crate::watch;

pub(crate) fn run(args: &GcArgs, global: Global) -> Result<(), Failure> {
    let output = Output::new(global.output);
    let vendor = args.vendor.as_deref().map(Vendor::find).transpose()?;
    let state = State::find(args.state_dir.as_deref())?;
    let journals = vodkit_journal::list(state.dir()).map_err(|error| {
        Failure::local_file(format!("cannot read `{}`: {error}", state.dir().display()))
    })?;
    let mut left: Vec<Left> = journals.into_iter().map(Left::of).collect();
    left.retain(|left| left.is_meant(vendor, args.older_than));
    if args.remove {
        for left in &mut left {
            left.removed = left.give_up(args, global).transpose();
            if left.removed.is_none() {
                // Somebody may have begun with it since it was listed.
                left.look = vodkit_journal::look(&left.journal);
            }
        }
    }
    print(&left, args.remove, &state, output)?;
    let failed = left
        .iter()
        .filter(|left| matches!(left.removed, Some(Err(_))))
        .count();
    if failed > 0 {
        let message = format!("{failed} of {} uploads could not be given up", left.len());
        return Err(Failure::new(Exit::Partial, "partial", message)
            .hint("--force removes their journals all the same; what they have left at the vendor then stays"));
    }
    Ok(())
}

/// An upload that was begun.
struct Left {
    journal: PathBuf,
    look: Result<Look, OpenError>,
    /// What came of giving it up: what is left at the vendor then.
    removed: Option<Result<Option<String>, Failure>>,
}

impl Left {
    fn of(journal: PathBuf) -> Self {
        Self {
            look: vodkit_journal::look(&journal),
            journal,
            removed: None,
        }
    }

    fn vendor(&self) -> Option<&str> {
        let about = self.look.as_ref().ok()?.about.as_ref()?;
        Some(&about.vendor)
    }

    fn past(&self) -> Option<&Past> {
        self.look.as_ref().ok().map(|look| &look.past)
    }

    /// How long ago something was written.
    fn age(&self) -> Option<Duration> {
        let written = match &self.look {
            Ok(look) => look.written,
            Err(_) => std::fs::metadata(&self.journal)
                .and_then(|metadata| metadata.modified())
                .ok(),
        };
        Some(
            SystemTime::now()
                .duration_since(written?)
                .unwrap_or_default(),
        )
    }

    fn is_meant(&self, vendor: Option<Vendor>, older_than: Option<Duration>) -> bool {
        vendor.is_none_or(|vendor| self.vendor() == Some(vendor.name()))
            && older_than.is_none_or(|least| self.age().is_some_and(|age| age >= least))
    }

    /// The process that works on it now.
    fn holder(&self) -> Option<u32> {
        let look = self.look.as_ref().ok().filter(|look| look.held)?;
        look.pid
    }

    /// Drops what the storage has, deletes the video where that is wanted, and removes the journal, in this order: run again, it goes on. `None` for
    /// what a process works on: it is left alone.
    fn give_up(&self, args: &GcArgs, global: Global) -> Result<Option<Option<String>>, Failure> {
        let opened = JournalFile::open_existing(&self.journal);
        let journal = match opened {
            Err(OpenError::Held { .. }) => return Ok(None),
            Err(_) if args.force => {
                return std::fs::remove_file(&self.journal)
                    .map(|()| Some(None))
                    .map_err(|error| self.not_removed(&error));
            }
            opened => opened.map_err(not_opened)?,
        };
        pass();
        let past = journal.journal().map_err(not_opened)?.past().clone();
        let left = match at_the_vendor(&journal, &past, args, global) {
            Ok(left) => left,
            Err(_) if args.force => left_behind(&past),
            Err(failure) => return Err(failure),
        };
        pass();
        journal.remove().map_err(|error| self.not_removed(&error))?;
        pass();
        Ok(Some(left))
    }

    fn not_removed(&self, error: &std::io::Error) -> Failure {
        Failure::local_file(format!(
            "cannot remove `{}`: {error}",
            self.journal.display()
        ))
    }

    fn json(&self) -> Value {
        let mut object = json!({
            "journal": self.journal.display().to_string(),
            "age_seconds": self.age().map(|age| age.as_secs()),
        });
        match &self.look {
            Ok(look) => {
                let past = &look.past;
                if let Some(about) = &look.about {
                    object["vendor"] = about.vendor.clone().into();
                    object["account"] = about.account.clone().into();
                    object["file"] = about.file.display().to_string().into();
                }
                object["video_id"] = past.video.clone().into();
                let opened = past.opened.as_ref();
                object["upload_id"] = opened.map(|opened| opened.upload_id.clone()).into();
                object["place"] = opened.map(|opened| opened.place.clone()).into();
                object["bytes"] = past.bytes().into();
                object["size"] = past.begun.as_ref().map(|begun| begun.facts.len).into();
                object["completed"] = past.completed.into();
                object["held_by"] = self.holder().into();
                object["left_behind"] = left_behind(past).into();
            }
            Err(error) => object["problem"] = error.to_string().into(),
        }
        match &self.removed {
            None => {}
            Some(Ok(left)) => {
                object["removed"] = true.into();
                object["left_behind"] = left.clone().into();
            }
            Some(Err(failure)) => {
                object["removed"] = false.into();
                object["failure"] = failure.value();
            }
        }
        object
    }

    fn cells(&self) -> Vec<String> {
        let about = self.look.as_ref().ok().and_then(|look| look.about.as_ref());
        let past = self.past();
        let text = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
        let bytes = past.map(|past| {
            let there = BinaryBytes(past.bytes());
            match &past.begun {
                Some(begun) => format!("{there} of {}", BinaryBytes(begun.facts.len)),
                None => there.to_string(),
            }
        });
        let state = match (&self.removed, &self.look) {
            (Some(Ok(None)), _) => "given up".to_owned(),
            (Some(Ok(Some(left))), _) => format!("given up; left: {left}"),
            (Some(Err(failure)), _) => failure.line(),
            (None, Err(error)) => error.to_string(),
            (None, Ok(look)) if look.held => match look.pid {
                Some(pid) => format!("process {pid} works on it"),
                None => "a process works on it".to_owned(),
            },
            (None, Ok(look)) => {
                left_in_short(&look.past).unwrap_or_else(|| "nothing yet".to_owned())
            }
        };
        vec![
            text(about.map(|about| about.vendor.clone())),
            about
                .map_or(&self.journal, |about| &about.file)
                .display()
                .to_string(),
            text(past.and_then(|past| past.video.clone())),
            text(bytes),
            text(self.age().map(in_words)),
            state,
        ]
    }
}

/// A point at which the campaign may end the process.
fn pass() {
    #[cfg(feature = "kill-points")]
    crate::kill::pass("giving-up");
}

/// Takes back what an upload has left at the vendor, and says what stays.
fn at_the_vendor(
    journal: &JournalFile,
    past: &Past,
    args: &GcArgs,
    global: Global,
) -> Result<Option<String>, Failure> {
    let has_parts = past.opened.is_some() && !past.completed;
    // A video with its content is nothing to delete: only its journal was in the way. Neither is one that may have it since a reply was lost.
    let may_be_whole = past.completing || past.completed;
    let empty_video = past.video.as_deref().filter(|_| !may_be_whole);
    let deletes = args.delete_videos && empty_video.is_some();
    if !has_parts && !deletes {
        return Ok(left_behind(past));
    }
    let about = journal.about();
    let vendor = Vendor::find(&about.vendor)?;
    let target = TargetArgs {
        base_url: args.base_url.clone(),
        dry_run: false,
        timeout: None,
    };
    address::check(vendor, &target, global)?;
    let way = bare_way(vendor, &args.storage)?;
    let uploader = way.connect(watch::transport(global.verbose)?, &target)?;
    let own = account::identity(vendor, &target);
    if own != about.account {
        return Err(Failure::credential(format!(
            "it belongs to account `{}`, and the environment is of `{own}`",
            about.account
        )));
    }
    let mut rest = past.clone();
    if has_parts {
        uploader.abandon(journal.journal().map_err(not_opened)?)?;
        rest.opened = None;
        rest.parts.clear();
    }
    if let Some(video) = empty_video.filter(|_| deletes) {
        let len = past.begun.as_ref().map_or(0, |begun| begun.facts.len);
        let deleted = match uploader.has_content(video, len) {
            Ok(true) => {
                rest.completed = true;
                return Ok(left_behind(&rest).map(|left| format!("{left}, with its content")));
            }
            Ok(false) => uploader.delete(video),
            Err(error) => Some(Err(error)),
        };
        match deleted {
            None => {}
            Some(Ok(())) => (rest.video, rest.creating) = (None, None),
            // Of a video without content the vendor may know nothing yet: then there is nothing to try again.
            Some(Err(error)) if error.kind() == ErrorKind::Refused => {
                let why = error.message().to_owned();
                return Ok(left_behind(&rest).map(|left| format!("{left} (not deleted: {why})")));
            }
            Some(Err(error)) => return Err(error.into()),
        }
    }
    Ok(left_behind(&rest))
}

fn print(left: &[Left], removes: bool, state: &State, output: Output) -> Result<(), Failure> {
    if output.is_json() {
        return output.json(&left.iter().map(Left::json).collect());
    }
    if left.is_empty() {
        return output.text(&format!(
            "no unfinished uploads in `{}`",
            state.dir().display()
        ));
    }
    let last = if removes {
        "what came of it"
    } else {
        "at the vendor"
    };
    let header = ["vendor", "file", "video", "there", "age", last];
    output.rows(&header, &left.iter().map(Left::cells).collect::<Vec<_>>())
}

/// An age in its largest unit.
fn in_words(age: Duration) -> String {
    let seconds = age.as_secs();
    let (number, unit) = match seconds {
        0..60 => (seconds, "s"),
        60..3600 => (seconds / 60, "min"),
        3600..86400 => (seconds / 3600, "h"),
        _ => (seconds / 86400, "d"),
    };
    format!("{number} {unit}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_are_told_in_their_largest_unit() {
        for (seconds, wanted) in [
            (0, "0 s"),
            (59, "59 s"),
            (60, "1 min"),
            (7200, "2 h"),
            (200_000, "2 d"),
        ] {
            assert_eq!(in_words(Duration::from_secs(seconds)), wanted);
        }
    }
}
