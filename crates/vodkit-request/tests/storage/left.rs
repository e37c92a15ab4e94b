//! What is said of the video that a failed upload leaves behind.

use std::io;
use std::sync::Arc;

use vodkit_request::ErrorKind;
use vodkit_request::flow::Keeper;
use vodkit_request::upload::{Journal, Transfer};

use crate::scenes::{LEN, failed, planned};
use crate::survival::{PART, process};

/// Has room for all that happens before this.
#[derive(Debug)]
struct FullBefore(&'static str);

impl Keeper for FullBefore {
    fn keep(&self, record: &[u8]) -> io::Result<()> {
        match String::from_utf8_lossy(record).contains(self.0) {
            true => Err(io::ErrorKind::StorageFull.into()),
            false => Ok(()),
        }
    }
}

/// Who reads that a video has no content deletes it.
#[test]
fn a_video_whose_file_is_stored_is_not_said_to_have_no_content() {
    for (mark, words) in [
        (r#""opened""#, "Video vid1 exists but has no content"),
        (
            r#""completing""#,
            "Video vid1 exists but may have no content",
        ),
        (
            r#""completed""#,
            "Video vid1 exists and has the content that was sent",
        ),
        (
            r#""finished""#,
            "Video vid1 exists and has the content that was sent",
        ),
    ] {
        let mut world = planned(LEN, []);
        let transfer = Transfer::new()
            .part_size(PART as u64)
            .lanes(1)
            .journal(Journal::new(Arc::new(FullBefore(mark))));
        let error = failed(process(&mut world, transfer, None));
        assert_eq!(error.kind(), ErrorKind::Journal);
        assert!(error.to_string().contains(words), "{mark}: {error}");
    }
}
