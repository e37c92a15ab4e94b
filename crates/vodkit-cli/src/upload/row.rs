//! What is to be uploaded: files, directories, a manifest, made into rows and looked at before anything is sent.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use walkdir::WalkDir;

use super::manifest;
use crate::args::UploadArgs;
use crate::failure::Failure;
use crate::params::readable;

/// What files with a video in them are called.
const EXTENSIONS: [&str; 24] = [
    "3g2", "3gp", "asf", "avi", "f4v", "flv", "m2ts", "m4v", "mkv", "mov", "mp4", "mpe", "mpeg",
    "mpg", "mts", "mxf", "ogv", "rm", "rmvb", "ts", "vob", "webm", "wmv", "mpv",
];

/// A file that is to become a video.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Row {
    pub(super) file: PathBuf,
    pub(super) title: Option<String>,
    pub(super) category: Option<String>,
    /// Where it stands in the manifest, from 1.
    pub(super) line: Option<u64>,
}

impl Row {
    pub(super) fn shown(&self) -> String {
        self.file.display().to_string()
    }

    /// The file's own name.
    pub(super) fn own_name(&self) -> String {
        let name = self.file.file_name().unwrap_or_default();
        name.to_string_lossy().into_owned()
    }

    /// The title of a video that has one beside the file's name.
    pub(super) fn title(&self) -> String {
        self.title.clone().unwrap_or_else(|| self.own_name())
    }
}

/// A row that cannot be uploaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Problem {
    pub(super) line: Option<u64>,
    pub(super) why: String,
}

impl Problem {
    pub(super) fn of(row: &Row, why: impl Into<String>) -> Self {
        Self {
            line: row.line,
            why: why.into(),
        }
    }

    fn text(&self) -> String {
        match self.line {
            Some(line) => format!("line {line}: {}", self.why),
            None => self.why.clone(),
        }
    }
}

/// What was asked for.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) rows: Vec<Row>,
    /// Whether it is one file by its name: then what is printed is that file's result alone.
    pub(super) single: bool,
    /// What directories hold and is not uploaded: why, and how many.
    pub(super) left_out: Vec<(&'static str, Vec<PathBuf>)>,
}

/// Finds the rows. What is wrong with one of them is told with all others, and nothing is sent then.
pub(super) fn plan(
    args: &UploadArgs,
    check: impl Fn(&Row) -> Result<(), Failure>,
) -> Result<Plan, Failure> {
    let mut found = Found::default();
    let mut problems = Vec::new();
    match &args.manifest {
        Some(path) => (found.rows, problems) = manifest::read(path)?,
        None => {
            for path in &args.files {
                found.add(path, args.recursive);
            }
        }
    }
    let mut plan = Plan {
        single: args.manifest.is_none() && args.files.len() == 1 && !args.files[0].is_dir(),
        rows: found.rows,
        left_out: found.left_out,
    };
    if plan.rows.is_empty() && problems.is_empty() {
        return Err(nothing(args, &plan.left_out));
    }
    if plan.rows.len() > 1 && args.title.is_some() {
        return Err(
            Failure::usage("--title names one video, and there are several files")
                .hint("a manifest gives each its own: vodkit upload VENDOR --manifest list.csv"),
        );
    }
    for row in &mut plan.rows {
        row.title = row.title.take().or_else(|| args.title.clone());
        row.category = row.category.take().or_else(|| args.category.clone());
    }
    if plan.single {
        looked_at(&plan.rows[0], &check)?;
        return Ok(plan);
    }

    let mut seen: HashMap<PathBuf, Option<u64>> = HashMap::new();
    let mut rows = Vec::with_capacity(plan.rows.len());
    for row in plan.rows {
        if let Err(failure) = looked_at(&row, &check) {
            problems.push(Problem::of(&row, failure.line()));
            continue;
        }
        let canonical = std::fs::canonicalize(&row.file).unwrap_or_else(|_| row.file.clone());
        match seen.get(&canonical) {
            None => {
                seen.insert(canonical, row.line);
                rows.push(row);
            }
            // A shell's pattern and a directory may name a file twice; who wrote it down twice has slipped.
            Some(None) => {}
            Some(Some(first)) => {
                let why = format!("`{}` stands in line {first} already", row.shown());
                problems.push(Problem::of(&row, why));
            }
        }
    }
    plan.rows = rows;
    if problems.is_empty() {
        return Ok(plan);
    }
    problems.sort_by_key(|problem| problem.line);
    Err(refused(args, &problems))
}

fn looked_at(row: &Row, check: impl Fn(&Row) -> Result<(), Failure>) -> Result<(), Failure> {
    if row
        .title
        .as_ref()
        .is_some_and(|title| title.trim().is_empty())
    {
        return Err(Failure::usage("the title is empty"));
    }
    check(row)?;
    readable(&row.file).map(|_| ())
}

fn nothing(args: &UploadArgs, left_out: &[(&str, Vec<PathBuf>)]) -> Failure {
    match &args.manifest {
        Some(path) => Failure::usage(format!("`{}` names no file", path.display())),
        None => {
            let shown: Vec<_> = args
                .files
                .iter()
                .map(|path| format!("`{}`", path.display()))
                .collect();
            let failure = Failure::local_file(format!(
                "there is no video file in the directory {}",
                shown.join(", ")
            ));
            let deeper = left_out.iter().any(|(why, _)| *why == DEEPER);
            let kinds = format!(
                "files are taken by their extension: {}",
                EXTENSIONS.join(", ")
            );
            failure.hint(if deeper {
                "--recursive goes into the directories below".to_owned()
            } else {
                kinds
            })
        }
    }
}

fn refused(args: &UploadArgs, problems: &[Problem]) -> Failure {
    let rows = match problems.len() {
        1 => "1 row cannot".to_owned(),
        several => format!("{several} rows cannot"),
    };
    let place = match &args.manifest {
        Some(path) => format!(" of `{}`", path.display()),
        None => String::new(),
    };
    let rows = if args.manifest.is_some() {
        rows
    } else {
        rows.replace("row", "file")
    };
    Failure::usage(format!("{rows} be uploaded{place}; nothing was sent"))
        .problems(problems.iter().map(Problem::text).collect())
}

const HIDDEN: &str = "hidden";
const DEEPER: &str = "in a directory below (--recursive goes there)";
const OTHER: &str = "no video by its extension";
const EMPTY: &str = "empty";
const LINK: &str = "a link to no file";
const UNREADABLE: &str = "not readable";

/// What directories gave so far.
#[derive(Debug, Default)]
struct Found {
    rows: Vec<Row>,
    left_out: Vec<(&'static str, Vec<PathBuf>)>,
}

impl Found {
    fn add(&mut self, path: &Path, recursive: bool) {
        if !path.is_dir() {
            self.take(path);
            return;
        }
        let depth = if recursive { usize::MAX } else { 1 };
        let mut entries = WalkDir::new(path)
            .max_depth(depth)
            .sort_by_file_name()
            .into_iter();
        while let Some(entry) = entries.next() {
            let entry = match entry {
                Ok(entry) => entry,
                Err(error) => {
                    let place = error.path().unwrap_or(path).to_owned();
                    self.leave_out(UNREADABLE, place);
                    continue;
                }
            };
            if entry.depth() == 0 {
                continue;
            }
            let is_dir = entry.file_type().is_dir();
            if entry.file_name().as_encoded_bytes().starts_with(b".") {
                if is_dir {
                    entries.skip_current_dir();
                }
                self.leave_out(HIDDEN, entry.into_path());
            } else if is_dir {
                if !recursive {
                    self.leave_out(DEEPER, entry.into_path());
                }
            } else {
                self.found(entry.path());
            }
        }
    }

    fn found(&mut self, path: &Path) {
        let extension = path
            .extension()
            .map(|extension| extension.to_string_lossy().to_lowercase());
        let is_video = extension.is_some_and(|extension| EXTENSIONS.contains(&extension.as_str()));
        if !is_video {
            return self.leave_out(OTHER, path.to_owned());
        }
        match std::fs::metadata(path) {
            Ok(metadata) if !metadata.is_file() => self.leave_out(LINK, path.to_owned()),
            Ok(metadata) if metadata.len() == 0 => self.leave_out(EMPTY, path.to_owned()),
            Ok(_) => self.take(path),
            Err(_) => self.leave_out(LINK, path.to_owned()),
        }
    }

    fn take(&mut self, path: &Path) {
        self.rows.push(Row {
            file: path.to_owned(),
            ..Row::default()
        });
    }

    fn leave_out(&mut self, why: &'static str, path: PathBuf) {
        match self.left_out.iter_mut().find(|(have, _)| *have == why) {
            Some((_, paths)) => paths.push(path),
            None => self.left_out.push((why, vec![path])),
        }
    }
}
