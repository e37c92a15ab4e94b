//! An upload to Baijiayun.

use std::path::Path;

use vodkit_baijiayun::types::{TargetDefinition, operations};
use vodkit_baijiayun::{BlockingTransport, Client};
use vodkit_request::types::{CommaList, FileInput};

use super::{Sent, sending};
use crate::account::{self, Needs};
use crate::args::{Global, UploadArgs};
use crate::catalogue::Vendor;
use crate::failure::Failure;
use crate::output::Output;
use crate::params::readable;
use crate::progress::spinner;
use crate::rehearsal::Rehearsal;
use crate::suggest::did_you_mean;
use crate::watch::Watched;

/// Longest name of a video, in characters (API-2).
const LONGEST_NAME: usize = 255;
/// What people call the definitions, and the vendor's numbers.
const DEFINITIONS: [(&str, &str); 5] = [
    ("standard", "16"),
    ("high", "1"),
    ("super", "2"),
    ("720p", "4"),
    ("1080p", "8"),
];

pub(super) fn run(args: &UploadArgs, global: Global, output: Output) -> Result<(), Failure> {
    let name = file_name(&args.file, args.title.as_deref())?;
    let definitions = definitions(&args.definition)?;
    let bytes = readable(&args.file)?;
    let transport = Watched::new(global.verbose)?;
    let needs = Needs::of(&operations::GET_UPLOAD_URL);
    if args.target.dry_run {
        let rehearsal = Rehearsal::new(transport);
        let client = account::baijiayun(&rehearsal, &args.target, None, needs)?;
        let run = client
            .upload(FileInput::path(&args.file))
            .named(&name)
            .definitions(definitions);
        return rehearsal.print(&operations::GET_UPLOAD_URL, run.send().err(), output);
    }
    let client = account::baijiayun(transport, &args.target, None, needs)?;
    let uploaded = sending(Vendor::Baijiayun, bytes, |sink, created| {
        client
            .upload(FileInput::path(&args.file).named(&name))
            .definitions(definitions)
            .progress(sink)
            .created(move |id| created(&id.to_string()))
            .send()
    })?;
    let sent = Sent {
        vendor: Vendor::Baijiayun,
        video_id: uploaded.video_id.into(),
        file_name: name,
        bytes: uploaded.bytes,
    };
    let ready = args.wait.then(|| wait(&client, uploaded.video_id, args));
    sent.tell(ready, "the vendor is transcoding it", output)
}

fn wait<T: BlockingTransport>(
    client: &Client<T>,
    video_id: u64,
    args: &UploadArgs,
) -> Result<(), Failure> {
    let spinner = spinner("transcoding");
    let waited = client.wait_for_transcode(video_id, args.deadline).send();
    spinner.finish_and_clear();
    Ok(waited?)
}

/// The name that the vendor is told: the title with the extension of the file, from which the vendor tells the format.
fn file_name(file: &Path, title: Option<&str>) -> Result<String, Failure> {
    let own = file.file_name().unwrap_or_default().to_string_lossy();
    let name = match title {
        None => own.into_owned(),
        Some(title) if title.trim().is_empty() => return Err(Failure::usage("the title is empty")),
        Some(title) => match file
            .extension()
            .map(|extension| format!(".{}", extension.to_string_lossy()))
        {
            Some(extension) if !title.to_lowercase().ends_with(&extension.to_lowercase()) => {
                format!("{title}{extension}")
            }
            _ => title.to_owned(),
        },
    };
    let length = name.chars().count();
    if length > LONGEST_NAME {
        let what = if title.is_some() {
            "the title with its extension"
        } else {
            "the file name"
        };
        return Err(Failure::usage(format!(
            "{what} has {length} characters, at most {LONGEST_NAME} are allowed"
        )));
    }
    Ok(name)
}

fn definitions(given: &[String]) -> Result<CommaList<TargetDefinition>, Failure> {
    if given.is_empty() {
        return Ok(TargetDefinition::Standard.into());
    }
    given
        .iter()
        .map(|text| {
            DEFINITIONS
                .iter()
                .find(|(name, number)| name == text || number == text)
                .map(|(_, number)| TargetDefinition::from(*number))
                .ok_or_else(|| {
                    let names = DEFINITIONS.map(|(name, _)| name);
                    let hint = did_you_mean(text, names)
                        .unwrap_or_else(|| format!("there are {}", names.join(", ")));
                    Failure::usage(format!("there is no definition `{text}`")).hint(hint)
                })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(file: &str, title: Option<&str>) -> Result<String, String> {
        file_name(Path::new(file), title).map_err(|failure| failure.line())
    }

    #[test]
    fn the_name_keeps_the_extension() {
        for (file, title, wanted) in [
            ("/a/b.mp4", None, "b.mp4"),
            ("b.mp4", Some("Lesson 1"), "Lesson 1.mp4"),
            ("b.MP4", Some("Lesson 1.mp4"), "Lesson 1.mp4"),
            ("b.mp4", Some("v1.2"), "v1.2.mp4"),
            ("b.mp4", Some("课"), "课.mp4"),
            ("b", Some("Lesson"), "Lesson"),
        ] {
            assert_eq!(name(file, title).as_deref(), Ok(wanted));
        }
    }

    #[test]
    fn the_length_counts_characters_and_the_extension() {
        let title = "课".repeat(251);
        assert!(name("b.mp4", Some(&title)).is_ok());
        assert!(
            name("b.mp4", Some(&format!("{title}课")))
                .unwrap_err()
                .contains("has 256 characters")
        );
        assert!(name("b.mp4", Some("  ")).is_err());
    }

    #[test]
    fn definitions_have_names_and_numbers() {
        let texts = |given: &[&str]| {
            let given: Vec<_> = given.iter().map(|text| (*text).to_owned()).collect();
            definitions(&given)
                .map(|list| list.to_string())
                .map_err(|failure| failure.line())
        };
        assert_eq!(texts(&[]).as_deref(), Ok("16"));
        assert_eq!(texts(&["super", "8", "720p"]).as_deref(), Ok("2,8,4"));
        assert!(
            texts(&["hihg"])
                .unwrap_err()
                .contains("did you mean `high`?")
        );
    }

    #[test]
    fn every_definition_is_one_of_the_vendors() {
        for (name, number) in DEFINITIONS {
            assert!(TargetDefinition::from(number).is_known(), "{name}");
        }
    }
}
