//! Uploads to Baijiayun.

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::time::Duration;

use md5::{Digest, Md5};
use serde_json::Value;
use vodkit_baijiayun::Client;
use vodkit_baijiayun::types::{TargetDefinition, VideoStatus, operations};
use vodkit_request::types::{CommaList, FileInput};
use vodkit_request::{Error, ErrorKind};

use super::row::Row;
use super::uploader::{Arrived, Errand, Uploader, Way};
use crate::account::{self, Needs};
use crate::args::{TargetArgs, UploadArgs};
use crate::failure::Failure;
use crate::output::Output;
use crate::rehearsal::Rehearsal;
use crate::suggest::did_you_mean;
use crate::watch::{Transport, Watched};

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

pub(super) struct Baijiayun {
    definitions: CommaList<TargetDefinition>,
}

impl Baijiayun {
    pub(super) fn new(args: &UploadArgs) -> Result<Self, Failure> {
        Ok(Self {
            definitions: definitions(&args.definition)?,
        })
    }
}

impl Default for Baijiayun {
    fn default() -> Self {
        Self {
            definitions: TargetDefinition::Standard.into(),
        }
    }
}

impl Way for Baijiayun {
    fn check(&self, row: &Row) -> Result<(), Failure> {
        self.file_name(row)?;
        category(row).map(|_| ())
    }

    fn file_name(&self, row: &Row) -> Result<String, Failure> {
        file_name(&row.file, row.title.as_deref())
    }

    fn connect(
        &self,
        transport: Transport,
        target: &TargetArgs,
    ) -> Result<Box<dyn Uploader + '_>, Failure> {
        let needs = Needs::of(&operations::GET_UPLOAD_URL);
        let client = account::baijiayun(transport, target, None, needs)?;
        Ok(Box::new(Connected { way: self, client }))
    }

    fn rehearse(
        &self,
        row: &Row,
        transport: Watched,
        target: &TargetArgs,
        output: Output,
    ) -> Result<(), Failure> {
        let rehearsal = Rehearsal::new(transport);
        let needs = Needs::of(&operations::GET_UPLOAD_URL);
        let client = account::baijiayun(&rehearsal, target, None, needs)?;
        let run = client
            .upload(FileInput::path(&row.file))
            .named(&self.file_name(row)?)
            .definitions(self.definitions.clone());
        rehearsal.print(&operations::GET_UPLOAD_URL, run.send().err(), output)
    }

    fn meanwhile(&self) -> &'static str {
        "the vendor is transcoding it"
    }
}

struct Connected<'w> {
    way: &'w Baijiayun,
    client: Client<Transport>,
}

impl Uploader for Connected<'_> {
    fn upload(&self, row: &Row, errand: Errand) -> Result<Arrived, Error> {
        let name = self.way.file_name(row).unwrap_or_else(|_| row.own_name());
        let created = errand.created;
        let uploaded = self
            .client
            .upload(FileInput::path(&row.file).named(&name))
            .definitions(self.way.definitions.clone())
            .progress(errand.progress)
            .created(move |id| created(&id.to_string()))
            .transfer(errand.transfer)
            .send()?;
        Ok(Arrived {
            id: uploaded.video_id.into(),
            md5: uploaded.md5,
        })
    }

    fn finish(&self, row: &Row, video: &Value) -> Result<(), Failure> {
        if let Some(category) = category(row)? {
            self.client
                .set_video_category(number(video), category)
                .send()?;
        }
        Ok(())
    }

    fn has_content(&self, video: &str, len: u64) -> Result<bool, Error> {
        let video = number(&video.into());
        match self.client.get_status(video).send()?.status {
            VideoStatus::UploadTimedOut => Ok(false),
            // The status may come after the last byte.
            VideoStatus::Uploading => match self.client.get_resume_upload_url(video).send() {
                Ok(ticket) => Ok(ticket.upload_size >= len),
                Err(error) if error.kind() == ErrorKind::Refused => Ok(false),
                Err(error) => Err(error),
            },
            _ => Ok(true),
        }
    }

    fn delete(&self, video: &str) -> Option<Result<(), Error>> {
        let deleted = self.client.delete_video(number(&video.into())).send();
        Some(deleted.map(|_| ()))
    }

    fn wait(&self, video: &Value, deadline: Duration) -> Result<(), Failure> {
        Ok(self
            .client
            .wait_for_transcode(number(video), deadline)
            .send()?)
    }

    fn compare(&self, row: &Row, video: &Arrived, bytes: u64) -> Result<(), Failure> {
        let info = self.client.get_info(number(&video.id)).send()?;
        let Some(theirs) = info.file_md5.as_deref().filter(|md5| !md5.is_empty()) else {
            return Ok(());
        };
        let ours = match &video.md5 {
            Some(md5) => md5.clone(),
            None => md5_of(row)?,
        };
        if !theirs.eq_ignore_ascii_case(&ours) {
            return Err(Failure::verification(format!(
                "the vendor has a file of MD5 {theirs} as video {}, {bytes} bytes of MD5 {ours} were sent",
                video.id
            )));
        }
        Ok(())
    }
}

/// MD5 of what stands in the file, in hexadecimal digits.
fn md5_of(row: &Row) -> Result<String, Failure> {
    let unreadable = |error| Failure::local_file(format!("cannot read `{}`: {error}", row.shown()));
    let mut file = File::open(&row.file).map_err(unreadable)?;
    let (mut md5, mut buffer) = (Md5::new(), vec![0; 64 << 10]);
    loop {
        match file.read(&mut buffer).map_err(unreadable)? {
            0 => break,
            read => md5.update(&buffer[..read]),
        }
    }
    let digest = md5.finalize();
    Ok(digest.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// The id, which is a number also where a journal or a record has it as a text.
fn number(video: &Value) -> u64 {
    let text = || video.as_str().and_then(|text| text.parse().ok());
    video.as_u64().or_else(text).unwrap_or_default()
}

fn category(row: &Row) -> Result<Option<u64>, Failure> {
    let Some(category) = &row.category else {
        return Ok(None);
    };
    category.parse().map(Some).map_err(|_| {
        Failure::usage(format!("category `{category}` is not the number of one"))
            .hint("`vodkit call baijiayun video/getCategoryList` lists them")
    })
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
                .contains("Did you mean `high`?")
        );
    }

    #[test]
    fn every_definition_is_one_of_the_vendors() {
        for (name, number) in DEFINITIONS {
            assert!(TargetDefinition::from(number).is_known(), "{name}");
        }
    }
}
