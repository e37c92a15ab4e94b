//! A video that the vendor does not go on with: is it gone?

use vodkit_request::ErrorKind;

use crate::scenes::{LEN, done, failed, one_lane, stopped_after};
use crate::survival::process;

#[test]
fn a_video_that_was_deleted_meanwhile_is_said_to_be_gone_and_not_to_go_on() {
    let mut world = stopped_after(LEN, 1);
    world.videos.clear();
    for _ in 0..2 {
        let transfer = one_lane(&world);
        let error = failed(process(&mut world, transfer, None));
        assert_eq!((error.code(), error.created()), (Some("405"), Some("vid1")));
        // Else it would be worth another run, and so for ever.
        assert_eq!(error.kind(), ErrorKind::Refused);
        let words = error.to_string();
        assert!(
            words.contains("Video vid1 seems to be gone") && words.contains("from the start"),
            "{words}"
        );
        assert!(
            !words.contains("goes on with the same") && !words.contains("exists"),
            "{words}"
        );
    }
    assert_eq!((world.counts.creates, world.counts.puts), (1, 0));
}

/// The vendor has one code for a video that was deleted and for an upload that cannot begin just now.
#[test]
fn a_video_that_is_listed_is_not_said_to_be_gone() {
    let mut world = stopped_after(LEN, 1);
    world.refuses_to_go_on = true;
    let transfer = one_lane(&world);
    let error = failed(process(&mut world, transfer, None));
    assert_eq!(
        (error.code(), error.kind(), error.created()),
        (Some("405"), ErrorKind::Unavailable, Some("vid1"))
    );
    world.refuses_to_go_on = false;
    let transfer = one_lane(&world);
    done(process(&mut world, transfer, None));
    assert_eq!(world.counts.creates, 1);
}

/// The list is read up to some page, and the video may stand behind that.
#[test]
fn a_video_behind_the_pages_that_are_read_is_not_said_to_be_gone() {
    let mut world = stopped_after(LEN, 1);
    world.refuses_to_go_on = true;
    world.most_listed = 1;
    for number in 10..40 {
        world.videos.insert(format!("other{number}"), false);
    }
    let transfer = one_lane(&world);
    let error = failed(process(&mut world, transfer, None));
    assert_eq!(
        (error.code(), error.kind(), error.created()),
        (Some("405"), ErrorKind::Unavailable, Some("vid1"))
    );
    assert!(!error.to_string().contains("gone"), "{error}");
}
