//! Ctrl-C and requests to end: tell of it once, leave nothing behind, never hang.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Mutex, PoisonError};

use crate::catalogue::Vendor;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Format;

/// Set while a call that changes something may be on its way.
static WRITING: AtomicBool = AtomicBool::new(false);
/// The video that this command has created so far.
static CREATED: Mutex<Option<(Vendor, String)>> = Mutex::new(None);
/// Whether this command, run again, goes on where it stopped.
static RESUMABLE: AtomicBool = AtomicBool::new(false);
static SIGNALLED: AtomicBool = AtomicBool::new(false);
static REACTION: Mutex<Reaction> = Mutex::new(Reaction::Exit(Vec::new()));

type Cleanup = Box<dyn FnOnce() + Send>;

enum Reaction {
    /// End the process after these.
    Exit(Vec<Cleanup>),
    /// Let the main thread end it.
    Tell(SyncSender<()>),
}

/// Reacts to SIGINT, SIGTERM and SIGHUP from now on: the first one ends the command in order, the second one at once.
pub(crate) fn install(format: Option<Format>) {
    let handler = move || {
        if SIGNALLED.swap(true, Ordering::SeqCst) {
            std::process::exit(i32::from(Exit::Interrupted.code()));
        }
        // In a thread of its own, so that a second signal is still heard while this one is dealt with.
        std::thread::spawn(move || {
            match &mut *REACTION.lock().unwrap_or_else(PoisonError::into_inner) {
                Reaction::Exit(cleanups) => {
                    cleanups.drain(..).for_each(|cleanup| cleanup());
                    let created = CREATED
                        .lock()
                        .unwrap_or_else(PoisonError::into_inner)
                        .take();
                    let writing = WRITING.load(Ordering::SeqCst);
                    let resumable = RESUMABLE.load(Ordering::SeqCst);
                    Failure::interrupted(writing, created, resumable).report_and_exit(format)
                }
                // The receiver lives as long as the process, and one message is enough.
                Reaction::Tell(sender) => drop(sender.try_send(())),
            }
        });
    };
    // Without a handler the signal still ends the process, only less politely.
    let _not_installed = ctrlc::set_handler(handler);
}

/// Has `cleanup` run before a signal ends the process.
pub(crate) fn before_exit(cleanup: impl FnOnce() + Send + 'static) {
    if let Reaction::Exit(cleanups) = &mut *REACTION.lock().unwrap_or_else(PoisonError::into_inner)
    {
        cleanups.push(Box::new(cleanup));
    }
}

/// Takes the signals over: the first one arrives here instead of ending the process.
pub(crate) fn take_over() -> Receiver<()> {
    let (sender, receiver) = sync_channel(1);
    *REACTION.lock().unwrap_or_else(PoisonError::into_inner) = Reaction::Tell(sender);
    receiver
}

/// Lets a signal that has arrived end the process in its own way: what fails while it is dealt with fails because of it.
pub(crate) fn give_way() {
    let taken_over = || {
        matches!(
            *REACTION.lock().unwrap_or_else(PoisonError::into_inner),
            Reaction::Tell(_)
        )
    };
    while SIGNALLED.load(Ordering::SeqCst) && !taken_over() {
        std::thread::park();
    }
}

/// Remembers a video that exists from now on, whatever ends the command.
pub(crate) fn created(vendor: Vendor, video_id: &str) {
    let created = Some((vendor, video_id.to_owned()));
    *CREATED.lock().unwrap_or_else(PoisonError::into_inner) = created;
}

/// Marks that a call which changes something may be on its way, or no longer is.
pub(crate) fn writing(now: bool) {
    WRITING.store(now, Ordering::SeqCst);
}

/// Marks that this command goes on where it stopped when it is run again, or no longer does.
pub(crate) fn resumable(now: bool) {
    RESUMABLE.store(now, Ordering::SeqCst);
}

/// This command as a shell takes it, to be run again. It begins nothing anew.
pub(crate) fn this_command() -> String {
    let arguments = std::env::args_os().skip(1);
    let arguments = arguments.map(|argument| argument.to_string_lossy().into_owned());
    again(arguments)
}

fn again(arguments: impl Iterator<Item = String>) -> String {
    let mut are_options = true;
    let mut kept = Vec::new();
    for argument in arguments {
        are_options &= argument != "--";
        // Both begin anew, `--again` also with what this run has finished.
        if !are_options || !["--restart", "--again"].contains(&argument.as_str()) {
            kept.push(argument);
        }
    }
    kept.iter().fold("vodkit".to_owned(), |command, argument| {
        // A command line holds no zero byte, which is all that cannot be quoted.
        let quoted = shlex::try_quote(argument).unwrap_or_default().into_owned();
        format!("{command} {quoted}")
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn the_command_that_goes_on_can_be_pasted_into_a_shell() {
        let given = [
            "upload",
            "polyv",
            "第 1 课 \"a\".mp4",
            "--restart",
            "--again",
            "--title",
            "it's",
            "--",
            "--again",
        ];
        let command = again(given.into_iter().map(str::to_owned));
        let words = shlex::split(&command).unwrap();
        assert_eq!(words[0], "vodkit");
        let file = "第 1 课 \"a\".mp4";
        assert_eq!(
            words[1..],
            ["upload", "polyv", file, "--title", "it's", "--", "--again"]
        );
    }

    /// The signal is this whole process's, so there is one test of it.
    #[test]
    fn a_command_gives_way_to_a_signal_that_it_has_not_taken_over() {
        let gives_way = |limit| {
            let (sender, ended) = sync_channel(1);
            std::thread::spawn(move || {
                give_way();
                sender.send(())
            });
            ended.recv_timeout(limit).is_err()
        };
        let long = Duration::from_secs(20);
        assert!(!gives_way(long));
        SIGNALLED.store(true, Ordering::SeqCst);
        assert!(gives_way(Duration::from_millis(100)));
        let _taken = take_over();
        assert!(!gives_way(long));
    }
}
