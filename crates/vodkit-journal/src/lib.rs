//! Journals of uploads on disk: one file for each upload, written before and after each step that must not be taken twice.
//!
//! A flow of `vodkit-request` hands its records to a [`Keeper`](vodkit_request::flow::Keeper) and never touches a file itself. This crate is
//! such a keeper. It is for programs whose uploads must survive `kill -9`, and for seeing what was left behind ([`list`], [`look`]).
//!
//! ```no_run
//! use vodkit_journal::{JournalFile, Place};
//! use vodkit_request::upload::Transfer;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! // The same directory, vendor, account and file lead to the same journal, in whichever process.
//! let place = Place::of("/var/lib/my-program/uploads", "polyv", "test-user", "lesson.mp4")?;
//! let file = JournalFile::open(&place)?;
//! let transfer = Transfer::new().journal(file.journal()?);
//! // client.upload(…).transfer(transfer).send()?;
//! file.remove()?;
//! # Ok(())
//! # }
//! ```
//!
//! # What it promises
//! - A record is on disk when [`keep`](vodkit_request::flow::Keeper::keep) returns: it is appended in one write and synced. What was not confirmed
//!   has not happened: a record that was cut short, or that the file system filled with zeros, is cut off when the journal is next opened.
//! - A damaged record is an error and never a guess, and so is a journal of a later version. No damage gives a state that was never written.
//! - One process at a time: the lock is the operating system's and dies with its holder. Others are told the holder's process id.
//! - No secret: records hold none, and the file is readable by its owner alone (mode 0600 in a directory of mode 0700, on Unix).
//!
//! Not promised: a journal on a file system without locks (it is refused), or shared by machines that do not see each other's locks.
//!
//! # The file
//! Eight bytes of magic and version, then records. All numbers are little-endian.
//!
//! | bytes | what |
//! |---|---|
//! | 4 | length of the content |
//! | 4 | number of the record, from 0 |
//! | 4 | checksum of these eight bytes: the lower half of their CRC-64 |
//! | length | content: a byte for its kind (0 what the upload is of, 1 a process that works on it, 2 a mark of the flow), then the rest of it |
//! | 8 | CRC-64 of all before, from the length on |
//! | 1 | 0xa5, which tells an end that was written from one that was only made room for |

mod error;
mod file;
mod format;
mod place;
mod read;

pub use error::OpenError;
pub use file::JournalFile;
pub use place::{About, Place};
pub use read::{Look, list, look};
