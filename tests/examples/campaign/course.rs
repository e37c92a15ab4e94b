//! One upload on its way through several runs of the same command, most of which are killed.

use std::path::Path;

use crate::world::{Ended, World, run};

/// After so many runs that nobody has killed, an upload that is not done never will be.
const MOST_RUNS: u64 = 20;

pub(crate) struct Course<'w> {
    pub(crate) world: &'w World,
    vodkit: &'w Path,
    pub(crate) kills: u64,
    /// Runs that said that an earlier one may have left a video behind.
    pub(crate) orphans: u64,
    /// Runs that were told to repeat what may act twice.
    pub(crate) on_demand: u64,
    /// The last run ended with an outcome that nobody knows.
    unknown: bool,
    /// More options of every run.
    pub(crate) more: Vec<&'static str>,
}

impl<'w> Course<'w> {
    pub(crate) fn new(world: &'w World, vodkit: &'w Path) -> Self {
        Self {
            world,
            vodkit,
            kills: 0,
            orphans: 0,
            on_demand: 0,
            unknown: false,
            more: Vec::new(),
        }
    }

    pub(crate) fn vodkit(&self) -> &'w Path {
        self.vodkit
    }

    /// Runs the command, to be killed at a point that it passes.
    pub(crate) fn at(&mut self, point: &str) -> Ended {
        self.run(Some(point), || false)
    }

    /// Runs the command, and kills it when `until` says so.
    pub(crate) fn until(&mut self, until: impl FnMut() -> bool) -> Ended {
        self.run(None, until)
    }

    /// Runs the command, and lets it be.
    pub(crate) fn once(&mut self) -> Ended {
        self.run(None, || false)
    }

    fn run(&mut self, point: Option<&str>, until: impl FnMut() -> bool) -> Ended {
        let mut more = self.more.clone();
        if self.unknown {
            more.push("--repeat-unknown");
            self.on_demand += 1;
        }
        let ended = run(self.world.uploading(self.vodkit, point, &more), until);
        self.kills += u64::from(ended.killed);
        self.orphans += u64::from(ended.err.contains("may_be_orphaned"));
        // Of the four vendors this one has no list in which a registration could be found.
        self.unknown = self.world.vendor == "mediacloud"
            && ended.code == Some(5)
            && ended.err.contains("outcome_unknown");
        ended
    }

    /// The same command until it says that the file is there. It may end otherwise only where `excuses` has the exit code: then it goes on.
    pub(crate) fn finish(&mut self, excuses: &[i32]) -> Result<Ended, String> {
        for _ in 0..MOST_RUNS {
            let ended = self.once();
            if ended.code == Some(0) {
                return Ok(ended);
            }
            let excused = ended.code.is_some_and(|code| excuses.contains(&code));
            if !excused && !self.unknown {
                return Err(format!("the run that was to finish {}", ended.told()));
            }
        }
        Err(format!("{MOST_RUNS} runs did not finish it"))
    }

    /// The same command once more changes nothing: it may ask whether the video can be played.
    pub(crate) fn is_passed_over(&mut self) -> Result<(), String> {
        let emulator = &self.world.emulator;
        let before = emulator.journal().len();
        let ended = self.once();
        let journal = emulator.journal();
        let changed = journal[before..]
            .iter()
            .any(|record| !record.effects.is_empty());
        match ended.code {
            Some(0) if !changed => Ok(()),
            _ => Err(format!(
                "a run after the last was not passed over, it {}",
                ended.told()
            )),
        }
    }
}
