//! Real processes at one journal: the test program starts itself as another one.

#![allow(
    clippy::unwrap_used,
    reason = "a test fails by panicking, also in its helpers"
)]

use std::io::{BufRead, BufReader, Read, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::Arc;

use tempfile::TempDir;
use vodkit_journal::{JournalFile, OpenError, Place, look};
use vodkit_request::flow::Keeper;
use vodkit_request::upload::{Mark, PartMark};

const FILE: &str = "VODKIT_JOURNAL_TEST_FILE";

/// What the other processes run: it does nothing when the tests are run.
#[test]
fn worker() {
    let Some(file) = std::env::var_os(FILE).map(PathBuf::from) else {
        return;
    };
    let say = |line: String| {
        let mut out = std::io::stdout().lock();
        writeln!(out, "\n@{line}")
            .and_then(|()| out.flush())
            .unwrap();
    };
    let mut input = std::io::stdin().lock();
    say("ready".to_owned());
    input.read_exact(&mut [0]).unwrap();
    let journal = match JournalFile::open(&place(&file)) {
        Ok(journal) => journal,
        Err(OpenError::Held { pid, .. }) => return say(format!("held by {}", pid.unwrap_or(0))),
        Err(error) => return say(format!("failed: {error}")),
    };
    let mut keeper: Option<Arc<dyn Keeper>> = None;
    let already = journal
        .journal_through(|own| Arc::clone(keeper.insert(own)))
        .unwrap();
    say(format!("works from {}", already.past().parts.len()));
    let mut command = [0];
    input.read_exact(&mut command).unwrap();
    if command == *b"w" {
        for number in already.past().parts.len() as u32 + 1.. {
            let mark = Mark::Part(PartMark {
                number,
                ..PartMark::default()
            });
            if let Err(error) = keeper.as_ref().unwrap().keep(&mark.to_record()) {
                let again = keeper.unwrap().keep(&mark.to_record());
                return say(format!("{error}; then {}", again.unwrap_err()));
            }
            say(number.to_string());
        }
    }
}

fn place(file: &std::path::Path) -> Place {
    Place::of(file.with_extension("state"), "polyv", "user-1", file).unwrap()
}

fn file() -> (TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("lesson.mp4");
    std::fs::write(&file, "content").unwrap();
    (dir, file)
}

struct Worker {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Worker {
    fn start(file: &std::path::Path) -> Self {
        Self::run(Command::new(std::env::current_exe().unwrap()), file)
    }

    fn run(mut command: Command, file: &std::path::Path) -> Self {
        let mut child = command
            .args(["worker", "--exact", "--nocapture"])
            .env(FILE, file)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut worker = Self {
            input: child.stdin.take().unwrap(),
            output: BufReader::new(child.stdout.take().unwrap()),
            child,
        };
        assert_eq!(worker.line().unwrap(), "ready");
        worker
    }

    fn tell(&mut self, command: &[u8]) {
        self.input.write_all(command).unwrap();
        self.input.flush().unwrap();
    }

    /// The next line that it says; `None` when it has ended.
    fn line(&mut self) -> Option<String> {
        loop {
            let mut line = String::new();
            if self.output.read_line(&mut line).unwrap() == 0 {
                return None;
            }
            if let Some(said) = line.trim_end().strip_prefix('@') {
                return Some(said.to_owned());
            }
        }
    }

    fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

#[test]
fn of_processes_that_race_exactly_one_works() {
    for round in 0..25 {
        let (_dir, file) = file();
        let mut workers: Vec<_> = (0..4).map(|_| Worker::start(&file)).collect();
        // The first rounds begin with a journal that is not there yet, the others with one that a dead process has left.
        if round % 2 == 1 {
            let mut before = Worker::start(&file);
            before.tell(b"g");
            assert_eq!(before.line().unwrap(), "works from 0");
            before.kill();
        }
        for worker in &mut workers {
            worker.tell(b"g");
        }
        let said: Vec<_> = workers
            .iter_mut()
            .map(|worker| worker.line().unwrap())
            .collect();
        let works: Vec<_> = (0..4).filter(|at| said[*at] == "works from 0").collect();
        let [works] = works[..] else {
            panic!("round {round}: {said:?}");
        };
        let told = format!("held by {}", workers[works].child.id());
        for (at, said) in said.iter().enumerate().filter(|(at, _)| *at != works) {
            assert_eq!(*said, told, "round {round}, worker {at}");
        }
        workers.into_iter().for_each(Worker::kill);
    }
}

#[test]
fn what_was_confirmed_survives_a_kill() {
    let (_dir, file) = file();
    let mut confirmed = 0;
    for round in 0..15 {
        let mut worker = Worker::start(&file);
        worker.tell(b"gw");
        let from: u32 = worker
            .line()
            .unwrap()
            .strip_prefix("works from ")
            .unwrap()
            .parse()
            .unwrap();
        assert!(from >= confirmed, "{from} of {confirmed} are there");
        for _ in 0..round * 3 {
            confirmed = worker.line().unwrap().parse().unwrap();
        }
        worker.kill();
        let looked = look(place(&file).path()).unwrap();
        assert!(!looked.held, "the lock died with the process");
        let numbers: Vec<_> = looked.past.parts.keys().copied().collect();
        assert!(numbers.len() as u32 >= confirmed);
        assert_eq!(numbers, (1..=numbers.len() as u32).collect::<Vec<_>>());
    }
}

/// A disk that is full: the shell limits the size of the files that its process may write.
#[cfg(unix)]
#[test]
fn a_full_disk_ends_the_upload_and_not_the_journal() {
    let (_dir, file) = file();
    let mut limited = Command::new("sh");
    limited
        .args(["-c", "trap '' XFSZ; ulimit -f 4; exec \"$0\" \"$@\""])
        .arg(std::env::current_exe().unwrap());
    let mut worker = Worker::run(limited, &file);
    worker.tell(b"gw");
    assert_eq!(worker.line().unwrap(), "works from 0");
    let mut confirmed = 0;
    let end = loop {
        let line = worker.line().unwrap();
        match line.parse() {
            Ok(number) => confirmed = number,
            Err(_) => break line,
        }
    };
    assert!(
        end.ends_with("; then an earlier record could not be written"),
        "{end}"
    );
    worker.child.wait().unwrap();
    assert!(confirmed > 5);
    let left = JournalFile::open(&place(&file)).unwrap();
    assert_eq!(left.journal().unwrap().past().parts.len(), confirmed);
}
