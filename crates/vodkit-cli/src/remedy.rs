//! What the library says can be done, in the words of the command line.

use std::borrow::Cow;

use vodkit_request::Remedy;

/// The clause that stands in a hint for a setting of the library.
pub(crate) fn in_options(remedy: Remedy) -> Cow<'static, str> {
    // One that a later version of the library adds: a test says so before anybody meets it.
    Cow::Borrowed(option(remedy).unwrap_or_else(|| remedy.words()))
}

/// What is asked for by an option.
const fn option(remedy: Remedy) -> Option<&'static str> {
    Some(match remedy {
        // What goes on is said with the command that does: see `Failure::resumable`.
        Remedy::GoOn => "",
        Remedy::StartOver => "run it again with --restart",
        Remedy::OwnJournal => "to give up what was begun of this file, run it again with --restart",
        Remedy::Except => "name the others with --except",
        Remedy::PartSize => "give another size with --part-size",
        Remedy::RepeatUnknown => "run it again with --repeat-unknown",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;
    use vodkit_request::{Error, ErrorKind, Hint};

    use super::*;
    use crate::args::Cli;
    use crate::failure::Failure;

    fn line(hint: Hint) -> String {
        Failure::from(Error::new(ErrorKind::Refused, "x").with_hint(hint)).line()
    }

    /// A remedy of the library that no option stands for would tell people of methods and journals.
    #[test]
    fn every_remedy_has_words_of_the_command_line() {
        let cli = Cli::command();
        let upload = cli.find_subcommand("upload").unwrap();
        for remedy in Remedy::ALL {
            let told = in_options(*remedy);
            if *remedy == Remedy::GoOn {
                assert_eq!(told, "");
                continue;
            }
            assert!(told.starts_with(char::is_lowercase), "{remedy:?}: {told}");
            for word in ["journal", "Transfer", "::", "`"] {
                assert!(!told.contains(word), "{remedy:?}: {told}");
            }
            let named = told.split_once("--").map(|(_, option)| option);
            assert!(
                named.is_some_and(|option| upload
                    .get_arguments()
                    .any(|known| known.get_long() == Some(option))),
                "{remedy:?} names no option of `vodkit upload`: {told}"
            );
        }
    }

    #[test]
    fn hints_name_options_and_not_the_library() {
        let hint = Hint::from("Delete those that nobody uploads to, or ")
            .to(Remedy::Except)
            .and(Hint::from("To have a new one, ").to(Remedy::RepeatUnknown));
        assert_eq!(
            line(hint),
            "x. Delete those that nobody uploads to, or name the others with --except. To have a new one, run it again with --repeat-unknown"
        );
        let hint = Hint::from("Nothing was sent").and(Remedy::OwnJournal);
        assert_eq!(
            line(hint),
            "x. Nothing was sent. To give up what was begun of this file, run it again with --restart"
        );
    }

    #[test]
    fn how_to_begin_anew_is_said_once() {
        for remedy in [Remedy::StartOver, Remedy::OwnJournal, Remedy::Except] {
            let error = Error::new(ErrorKind::Refused, "x").with_hint(remedy);
            let line = Failure::from(error).restartable().line();
            assert_eq!(line.matches("--restart").count(), 1, "{line}");
        }
    }

    #[test]
    fn how_to_go_on_is_said_once() {
        let error = || {
            Error::new(ErrorKind::Connect, "x")
                .with_hint(Hint::from("5 of 9 bytes are stored").and(Remedy::GoOn))
        };
        let failure = Failure::from(error());
        assert_eq!(failure.line(), "x. 5 of 9 bytes are stored");
        let failure = failure.resumable().resumable();
        let line = failure.line();
        assert!(
            line.starts_with("x. 5 of 9 bytes are stored. To go on: vodkit"),
            "{line}"
        );
        assert_eq!(line.matches("o go on").count(), 1, "{line}");
        assert!(failure.value()["resume"].is_string());
        // A row is gone on with by the command for all.
        assert_eq!(failure.of_row(), "x. 5 of 9 bytes are stored");
        assert_eq!(failure.brief(), "x");
    }
}
