//! What a person can do about a failure, in words that a program may change for its own.

use std::borrow::Cow;
use std::ops::Range;

/// Declares the remedies with their words, so that none can be left out of [`Remedy::ALL`].
macro_rules! remedies {
    ($($(#[$doc:meta])* $name:ident => $words:literal;)+) => {
        /// What a person can do about a failure with a setting of this library.
        ///
        /// It stands in the hint of an [`Error`](crate::Error) as a clause that bids: "run it again with the same journal". Programs whose users
        /// have other names for these settings, such as options of a command line, put their own clauses in with
        /// [`Error::hint_in`](crate::Error::hint_in).
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Remedy {
            $($(#[$doc])* $name,)+
        }

        impl Remedy {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// The clause in the words of this library.
            #[must_use]
            pub const fn words(self) -> &'static str {
                match self {
                    $(Self::$name => $words,)+
                }
            }
        }
    };
}

remedies! {
    /// Run the upload again with the same [`Journal`](crate::upload::Journal): what is confirmed is not sent again.
    GoOn => "run it again with the same journal, and it goes on from there";
    /// Upload the file from the start, with a new [`Journal`](crate::upload::Journal) in the place of the old one.
    StartOver => "upload the file from the start, without the journal of this upload";
    /// Give the upload a [`Journal`](crate::upload::Journal) of its own: the one that it has is another's.
    OwnJournal => "give each upload a journal of its own";
    /// Say which videos are of other uploads, with [`Transfer::except`](crate::upload::Transfer::except).
    Except => "name the others with Transfer::except";
    /// Send it in parts of another size, see [`Transfer::part_size`](crate::upload::Transfer::part_size).
    PartSize => "give another size with Transfer::part_size";
    /// Do once more what may have been done, with [`Transfer::repeat_unknown`](crate::upload::Transfer::repeat_unknown).
    RepeatUnknown => "use Transfer::repeat_unknown";
}

/// What a person can do: sentences, in which clauses may stand for settings.
///
/// ```
/// use vodkit_request::{Hint, Remedy};
///
/// let hint = Hint::from("5 of 9 bytes are stored").and(Remedy::GoOn);
/// assert_eq!(hint.as_str(), "5 of 9 bytes are stored. Run it again with the same journal, and it goes on from there");
/// assert_eq!(hint.in_words(|_| "press Resume".into()), "5 of 9 bytes are stored. Press Resume");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hint {
    text: Cow<'static, str>,
    /// Where in the text a clause is, from left to right.
    clauses: Vec<(Range<usize>, Remedy)>,
}

impl Hint {
    /// The hint in the words of this library.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// What it says can be done with a setting.
    pub fn remedies(&self) -> impl Iterator<Item = Remedy> {
        self.clauses.iter().map(|(_, remedy)| *remedy)
    }

    /// The hint in other words: `words` gives the clause of each remedy, beginning as in the middle of a sentence. Where a clause is empty, the
    /// sentence ends before it.
    #[must_use]
    pub fn in_words<'w>(&self, words: impl Fn(Remedy) -> Cow<'w, str>) -> String {
        let mut said = String::with_capacity(self.text.len());
        let mut from = 0;
        for (range, remedy) in &self.clauses {
            said.push_str(&self.text[from..range.start]);
            let clause = words(*remedy);
            if clause.is_empty() {
                said.truncate(said.trim_end_matches(['.', ' ']).len());
            }
            push_clause(&mut said, &clause);
            from = range.end;
        }
        said.push_str(&self.text[from..]);
        said.trim_start_matches(['.', ' ']).to_owned()
    }

    /// The same hint with more words at its end.
    #[must_use]
    pub fn say(mut self, more: &str) -> Self {
        self.text.to_mut().push_str(more);
        self
    }

    /// The same hint, going on with a clause.
    #[must_use]
    pub fn to(mut self, remedy: Remedy) -> Self {
        let text = self.text.to_mut();
        let start = text.len();
        push_clause(text, remedy.words());
        self.clauses.push((start..text.len(), remedy));
        self
    }

    /// The same hint, with another one after it as a sentence of its own.
    #[must_use]
    pub fn and(mut self, next: impl Into<Self>) -> Self {
        let next = next.into();
        if self.text.is_empty() {
            return next;
        }
        let end = self.text.trim_end_matches('.').len();
        let text = self.text.to_mut();
        text.truncate(end);
        text.push_str(". ");
        let moved = text.len();
        text.push_str(&next.text);
        let clauses = next.clauses.into_iter();
        self.clauses.extend(
            clauses.map(|(range, remedy)| (range.start + moved..range.end + moved, remedy)),
        );
        self
    }
}

/// A clause that begins a sentence has a capital.
fn push_clause(text: &mut String, clause: &str) {
    let begins = text.is_empty() || text.ends_with(". ");
    let mut rest = clause.chars();
    match rest.next() {
        Some(first) if begins => {
            text.extend(first.to_uppercase());
            text.push_str(rest.as_str());
        }
        _ => text.push_str(clause),
    }
}

impl From<&'static str> for Hint {
    fn from(text: &'static str) -> Self {
        Cow::Borrowed(text).into()
    }
}

impl From<String> for Hint {
    fn from(text: String) -> Self {
        Cow::<'static, str>::Owned(text).into()
    }
}

impl From<Cow<'static, str>> for Hint {
    fn from(text: Cow<'static, str>) -> Self {
        Self {
            text,
            clauses: Vec::new(),
        }
    }
}

impl From<Remedy> for Hint {
    fn from(remedy: Remedy) -> Self {
        Self::from("").to(remedy)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A form has buttons.
    fn pressed(remedy: Remedy) -> Cow<'static, str> {
        format!("press {remedy:?}").into()
    }

    #[test]
    fn clauses_are_said_in_other_words_and_all_else_stays() {
        let hint = Hint::from("Delete them, or ")
            .to(Remedy::Except)
            .and(
                Hint::from("To have a new one, ")
                    .to(Remedy::RepeatUnknown)
                    .say("; it costs"),
            )
            .and(Remedy::GoOn)
            .and("Bye");
        assert_eq!(
            hint.as_str(),
            "Delete them, or name the others with Transfer::except. To have a new one, use Transfer::repeat_unknown; it costs. \
             Run it again with the same journal, and it goes on from there. Bye"
        );
        assert_eq!(
            hint.in_words(pressed),
            "Delete them, or press Except. To have a new one, press RepeatUnknown; it costs. Press GoOn. Bye"
        );
        let remedies: Vec<_> = hint.remedies().collect();
        assert_eq!(
            remedies,
            [Remedy::Except, Remedy::RepeatUnknown, Remedy::GoOn]
        );
        assert_eq!(hint.in_words(|remedy| remedy.words().into()), hint.as_str());
    }

    #[test]
    fn a_clause_that_nobody_needs_is_left_out() {
        let nothing = |_| Cow::Borrowed("");
        let first = Hint::from(Remedy::GoOn).and("Two").in_words(nothing);
        let middle = Hint::from("One")
            .and(Remedy::GoOn)
            .and("Two")
            .in_words(nothing);
        let last = Hint::from("One. Two").and(Remedy::GoOn).in_words(nothing);
        assert_eq!([first, middle, last], ["Two", "One. Two", "One. Two"]);
        assert_eq!(Hint::from(Remedy::GoOn).in_words(nothing), "");
    }

    #[test]
    fn a_full_stop_is_not_doubled_and_nothing_is_no_sentence() {
        let hint = Hint::from("One.").and("Two");
        assert_eq!(hint.as_str(), "One. Two");
        assert_eq!(Hint::from("").and(Remedy::GoOn), Remedy::GoOn.into());
        assert!(Hint::from(Remedy::GoOn).as_str().starts_with("Run "));
    }

    #[test]
    fn a_clause_can_stand_in_a_sentence() {
        for remedy in Remedy::ALL {
            let words = remedy.words();
            assert!(words.starts_with(char::is_lowercase), "{words}");
            assert!(!words.ends_with('.'), "{words}");
            let told = Hint::from("x").and(*remedy).in_words(pressed);
            assert_eq!(told, format!("x. Press {remedy:?}"));
        }
    }
}
