//! The file changes between a kill and the next run, or under way: nothing is mixed of two contents.

use std::fs::{File, OpenOptions};
use std::io::{Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::symlink;
use std::path::Path;
use std::time::Duration;

use vodkit_emulator::fault::Fault;

use crate::course::Course;
use crate::points::part_request;
use crate::report::Report;
use crate::world::{Ended, Random, Size, World, part_size};
use crate::{Orders, oracle, pool};

/// What happens to the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mutation {
    Append,
    Truncate,
    /// A byte in a part that was sent.
    EditSent,
    /// The same, and the time of change is that of before.
    EditKeepingTime,
    /// A byte behind what was sent.
    EditUnsent,
    /// Another file in its place, of the same length.
    Replace,
    /// It and another one of the same length change their names.
    Swap,
    /// Zeros that take no room on the disk, of the same length.
    Hole,
    Empty,
    /// The name is a link, and leads to another file.
    Link,
    /// While it is sent.
    Grow,
    Shrink,
    /// Its time alone.
    Touch,
}

use Mutation::{
    Append, EditKeepingTime, EditSent, EditUnsent, Empty, Grow, Hole, Link, Replace, Shrink, Swap,
    Touch, Truncate,
};

const ALL: [Mutation; 13] = [
    Append,
    Truncate,
    EditSent,
    EditKeepingTime,
    EditUnsent,
    Replace,
    Swap,
    Hole,
    Empty,
    Link,
    Grow,
    Shrink,
    Touch,
];

/// Random bytes that are changed with the time of change restored, for each vendor and seed.
const EDITS: u64 = 10;

pub(crate) fn campaign(orders: &Orders) -> Report {
    let report = Report::new("change");
    for seed in orders.seeds() {
        let mut jobs = Vec::new();
        for vendor in orders.vendors() {
            jobs.extend(ALL.map(|mutation| (vendor, mutation, None)));
            let edits = 0..orders.rounds(EDITS);
            jobs.extend(edits.map(|edit| (vendor, EditKeepingTime, Some(edit))));
        }
        let begun = pool::each(orders, &jobs, |&(vendor, mutation, edit)| {
            let mut random = Random::of(seed, vendor, 4000 + edit.unwrap_or(mutation as u64 + 500));
            let mut world = World::new(vendor, Size::Medium, random.next());
            // What was sent is then a beginning of the file.
            world.lanes = 1;
            let mut trial = Trial {
                course: Course::new(&world, &orders.vodkit),
                mutation,
                random,
            };
            if edit.is_some() {
                trial.course.more.push("--verify");
                report.count("edits looked for with --verify", 1);
            }
            let outcome = trial.run();
            let kills = trial.course.kills;
            if let Ok(verdict) = &outcome {
                report.count(*verdict, 1);
            }
            let name = format!("{vendor} {mutation:?} {edit:?} seed {seed}");
            report.trial(&name, kills, outcome.map(|_| ()));
        });
        if begun > 0 {
            report.seed(seed);
        }
    }
    report
}

struct Trial<'w> {
    course: Course<'w>,
    mutation: Mutation,
    random: Random,
}

impl Trial<'_> {
    /// Gives what the command line did about the change, where that is right.
    fn run(&mut self) -> Result<&'static str, String> {
        let world = self.course.world;
        let file = world.file();
        let other = world.directory().join("another.mp4");
        let mut another = world.content.clone();
        another.reverse();
        std::fs::write(&other, &another).unwrap();
        if self.mutation == Link {
            let first = world.directory().join("first.mp4");
            std::fs::rename(&file, &first).unwrap();
            symlink(&first, &file).unwrap();
        }
        // Two parts of four are there.
        let killed = self.course.at("after-keep:part:2");
        if !killed.killed {
            return Err(format!("the run that was to be killed {}", killed.told()));
        }
        let before = world.emulator.journal().len();
        let during = matches!(self.mutation, Grow | Shrink);
        if !during {
            self.change(&file, &other);
        }
        let ended = match during {
            true => self.changed_under_way(&file, &other),
            false => self.course.once(),
        };
        let sent = world.emulator.journal()[before..]
            .iter()
            .map(|record| record.effects.len())
            .sum::<usize>();
        let now = std::fs::read(&file).unwrap();
        match self.mutation {
            Touch | EditUnsent => {
                arrived(&ended)?;
                oracle::is_whole(world, &now)?;
                match self.mutation {
                    Touch => Ok("touched only: went on"),
                    // Of what was sent nothing has changed, so the whole is what the file is now.
                    _ => Ok("changed behind what was sent: went on with the file as it is"),
                }
            }
            Link => {
                // By its own name it is another file, which the journal says nothing of.
                arrived(&ended)?;
                oracle::is_whole(world, &now)?;
                match world.journals().len() {
                    1 => Ok("another file by the same link: uploaded as its own"),
                    left => Err(format!("{left} journals are left of the file before")),
                }
            }
            _ => {
                if ended.code != Some(6) {
                    return Err(format!("the run after the change {}", ended.told()));
                }
                if oracle::whole_ones(world) > 0 {
                    return Err("refused, and whole at the vendor".to_owned());
                }
                match during {
                    true => Ok("refused under way, and not completed"),
                    false if sent == 0 => Ok("refused before anything was sent"),
                    false => Err(format!("refused after {sent} effects")),
                }
            }
        }
    }

    fn change(&mut self, file: &Path, other: &Path) {
        let world = self.course.world;
        let part = part_size(world.vendor);
        let length = world.content.len() as u64;
        match self.mutation {
            Append | Grow => {
                let mut file = OpenOptions::new().append(true).open(file).unwrap();
                file.write_all(b"x").unwrap();
            }
            Truncate | Shrink => open(file).set_len(length - 1).unwrap(),
            EditSent => {
                let at = self.random.below(2 * part);
                edit(file, &world.content, at);
            }
            EditKeepingTime => {
                let modified = std::fs::metadata(file).unwrap().modified().unwrap();
                let at = self.random.below(2 * part);
                edit(file, &world.content, at);
                open(file).set_modified(modified).unwrap();
            }
            EditUnsent => {
                let at = 2 * part + self.random.below(length - 2 * part);
                edit(file, &world.content, at);
            }
            Replace => std::fs::rename(other, file).unwrap(),
            Swap => {
                let between = file.with_extension("between");
                std::fs::rename(file, &between).unwrap();
                std::fs::rename(other, file).unwrap();
                std::fs::rename(&between, other).unwrap();
            }
            Hole => File::create(file).unwrap().set_len(length).unwrap(),
            Empty => open(file).set_len(0).unwrap(),
            Link => {
                std::fs::remove_file(file).unwrap();
                symlink(other, file).unwrap();
            }
            Touch => {
                let modified = std::fs::metadata(file).unwrap().modified().unwrap();
                let later = modified + Duration::from_secs(60);
                open(file).set_modified(later).unwrap();
            }
        }
    }

    /// Changes the file while the next part is on its way.
    fn changed_under_way(&mut self, file: &Path, other: &Path) -> Ended {
        let world = self.course.world;
        let stall = Fault::on(part_request(world.vendor));
        let stall = stall.stall_request_after(1, Duration::from_millis(200));
        world.emulator.faults().plan(stall);
        let mut changed = false;
        let mut course = Course::new(world, self.course.vodkit());
        let ended = course.until(|| {
            if !changed && world.emulator.faults().unfired().is_empty() {
                self.change(file, other);
                changed = true;
            }
            false
        });
        match changed {
            true => ended,
            // Nothing was tried.
            false => Ended {
                code: None,
                ..ended
            },
        }
    }
}

fn open(file: &Path) -> File {
    OpenOptions::new().write(true).open(file).unwrap()
}

fn edit(file: &Path, content: &[u8], at: u64) {
    let mut file = open(file);
    file.seek(SeekFrom::Start(at)).unwrap();
    file.write_all(&[content[at as usize] ^ 1]).unwrap();
}

fn arrived(ended: &Ended) -> Result<(), String> {
    match ended.code {
        Some(0) => Ok(()),
        _ => Err(format!("the run after the change {}", ended.told())),
    }
}
