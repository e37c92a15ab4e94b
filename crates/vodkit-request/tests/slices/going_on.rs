//! Another process goes on.

use std::sync::Arc;

use vodkit_request::ErrorKind;
use vodkit_request::upload::{Journal, Mark, Note, Transfer};

use crate::world::{End, Fault, Kept, Told, World, both, md5, run, upload};

/// A world in which a first process was killed when its first `slices` slices of 4 bytes, of 20, were written down and the next was cut off
/// after `more` bytes.
fn killed(slices: usize, more: usize) -> (World, Arc<Kept>) {
    let faults = [vec![Fault::Fine; slices + 1], vec![Fault::Broken(more)]].concat();
    let (world, kept) = (World::new(20, faults), Arc::new(Kept::default()));
    // Looked, begun, creating, created twice, then each slice and its mark.
    let kill = 5 + 2 * slices;
    let (end, _) = run(&world, transfer(&kept), kill, true);
    assert!(matches!(end, End::Killed), "{end:?}");
    assert_eq!(world.slices().len(), slices + 1, "{:#?}", world.log());
    assert_eq!(
        world.server(|server| server.videos[&77].bytes.len()),
        4 * slices + more
    );
    (world, kept)
}

fn transfer(kept: &Arc<Kept>) -> Transfer {
    Transfer::new().part_size(4).journal(kept.journal())
}

#[test]
fn it_goes_on_inside_a_slice() {
    let (world, kept) = killed(2, 3);
    let told = Told::default();
    let uploaded = upload(&world, transfer(&kept).notes(told.sink())).unwrap();
    assert_eq!(
        (uploaded.video_id, uploaded.md5),
        (77, Some(md5(&world.file())))
    );
    assert_eq!(world.slices()[3..], ["12-15/20", "16-19/20", "20-20/20"]);
    assert_eq!(told.notes(), [Note::Resumed { bytes: 11 }]);
    assert!(world.server(|server| server.videos[&77].bytes.clone()) == world.file());
    // What the server had beyond the journal is read for its mark, the whole file for its digest.
    let log = world.log();
    let read: Vec<_> = log
        .iter()
        .filter(|line| line.starts_with("digest"))
        .collect();
    assert_eq!(read, ["digest 8..11", "digest 0..20"]);
    // All of the file has a mark now.
    let past = kept.journal().past().clone();
    assert!(past.finished && past.completed && past.bytes() == 20);
    assert!(past.parts.values().all(|part| part.crc64.is_some()));
    // A third run sends nothing.
    let sent = world.log().len();
    let again = upload(&world, transfer(&kept)).unwrap();
    assert_eq!((again.video_id, again.md5), (77, Some(md5(&world.file()))));
    assert!(
        world.log()[sent..]
            .iter()
            .all(|line| !line.starts_with("POST"))
    );
}

#[test]
fn the_servers_word_beats_the_journals() {
    // Less.
    let (world, kept) = killed(3, 0);
    world.server(|server| server.videos.get_mut(&77).unwrap().bytes.truncate(5));
    let told = Told::default();
    upload(&world, transfer(&kept).notes(told.sink())).unwrap();
    assert_eq!(world.slices()[4], "6-9/20");
    let notes = [Note::Resumed { bytes: 5 }, Note::SentAgain { bytes: 7 }];
    assert_eq!(told.notes(), notes);
    // All: the last slice arrived, its mark did not.
    let (world, kept) = killed(2, 0);
    let file = world.file();
    world.server(|server| server.videos.get_mut(&77).unwrap().bytes = file.clone());
    let uploaded = upload(&world, transfer(&kept)).unwrap();
    assert_eq!(uploaded.md5, Some(md5(&file)));
    assert_eq!(world.slices().len(), 3, "nothing more was sent");
    let log = world.log();
    assert!(
        !log.contains(&"digest 8..20".to_owned()),
        "it needs no mark"
    );
    // Nothing tells whether what has no mark is of the file that was touched since.
    world.touch(|file| file[15] ^= 1);
    let error = upload(&world, transfer(&kept)).unwrap_err();
    assert_eq!(
        (error.kind(), error.created()),
        (ErrorKind::LocalFile, Some("77"))
    );
    assert!(error.to_string().contains("8 to 20"), "{error}");
    // All, and it says so by a refusal.
    let (world, kept) = killed(2, 0);
    world.server(|server| {
        let video = server.videos.get_mut(&77).unwrap();
        (video.bytes, video.complete) = (file.clone(), true);
        server.refuses_complete = true;
    });
    let uploaded = upload(&world, transfer(&kept)).unwrap();
    assert_eq!(uploaded.md5, Some(md5(&file)));
    assert_eq!(world.slices().len(), 3, "nothing more was sent");
    // It does not say, and waits for more all the same.
    let (world, kept) = killed(2, 0);
    world.server(|server| server.refuses_all = true);
    let error = upload(&world, transfer(&kept)).unwrap_err();
    assert_eq!((error.code(), error.created()), (Some("1"), Some("77")));
    assert!(
        error.to_string().contains("it goes on from there"),
        "{error}"
    );
    assert_eq!(world.slices().len(), 3);
    // It does not say why: the video has waited too long, or is not there.
    let (world, kept) = killed(2, 0);
    world.server(|server| {
        server.refuses_all = true;
        server.videos.get_mut(&77).unwrap().status = Some(32);
    });
    let error = upload(&world, transfer(&kept)).unwrap_err();
    assert_eq!((error.code(), error.created()), (Some("1"), Some("77")));
    let words = error.to_string();
    assert!(
        words.contains("Video 77 has waited too long for its file"),
        "{words}"
    );
    assert!(
        words.contains("from the start") && !words.contains("goes on"),
        "{words}"
    );
    let (world, kept) = killed(2, 0);
    world.server(|server| (server.refuses_all, server.status_is_gone) = (true, true));
    let error = upload(&world, transfer(&kept)).unwrap_err();
    assert_eq!((error.code(), error.created()), (Some("1"), Some("77")));
    assert!(
        error
            .to_string()
            .contains("Video 77 does not exist any more"),
        "{error}"
    );
    // None any more.
    let (world, kept) = killed(2, 0);
    world.server(|server| server.videos.clear());
    let error = upload(&world, transfer(&kept)).unwrap_err();
    assert_eq!((error.code(), error.created()), (Some("5002"), Some("77")));
    assert!(world.server(|server| server.videos.is_empty()), "{error}");
    let words = error.to_string();
    assert!(
        words.contains("Video 77 does not exist any more"),
        "{words}"
    );
    assert!(
        words.contains("from the start") && !words.contains("goes on"),
        "{words}"
    );
}

#[test]
fn a_changed_file_is_noticed_before_a_byte_is_sent() {
    type Change = fn(&mut Vec<u8>);
    let change: [(Change, &str); 4] = [
        (|file| file.push(1), "it had 20 bytes and has 21"),
        (|file| file.truncate(19), "it had 20 bytes and has 19"),
        (|file| file[0] ^= 1, "bytes 0 to 4"),
        (|file| file[7] ^= 128, "bytes 4 to 8"),
    ];
    for (change, words) in change {
        let (world, kept) = killed(2, 0);
        world.touch(change);
        let sent = world.log().len();
        let error = upload(&world, transfer(&kept)).unwrap_err();
        assert_eq!(
            (error.kind(), error.created()),
            (ErrorKind::LocalFile, Some("77"))
        );
        assert!(error.to_string().contains(words), "{error}");
        assert!(
            world.log()[sent..]
                .iter()
                .all(|line| !line.starts_with("POST"))
        );
    }
}

#[test]
fn a_touched_file_goes_on_and_what_cannot_be_compared_is_sent_again() {
    let (world, kept) = killed(2, 3);
    // The stretch that has arrived without a mark may be of the old file. Here it is.
    world.touch(|file| file[9] ^= 1);
    world.server(|server| server.overlap = true);
    // Killed once more before it is all sent again: the doubt is not forgotten.
    world.faults([Fault::Fine, Fault::Broken(1)]);
    let (end, _) = run(&world, transfer(&kept), 4, true);
    assert!(matches!(end, End::Killed), "{end:?}");
    assert_eq!(world.slices()[3..], ["9-12/20"]);
    let uploaded = upload(&world, transfer(&kept)).unwrap();
    assert_eq!(world.slices()[4..], ["9-12/20", "13-16/20", "17-20/20"]);
    assert_eq!(uploaded.md5, Some(md5(&world.file())));
    assert!(world.server(|server| server.videos[&77].bytes.clone()) == world.file());
    let begun = kept.text().matches("\"begun\"").count();
    assert_eq!(begun, 2, "what the file is now is written down");
}

#[test]
fn a_touched_file_that_is_complete_but_cannot_be_compared_is_told_of() {
    let (world, kept) = killed(3, 3);
    let file = world.file();
    world.touch(|_| ());
    world.server(|server| {
        let video = server.videos.get_mut(&77).unwrap();
        (video.bytes, video.complete) = (file, true);
    });
    let error = upload(&world, transfer(&kept)).unwrap_err();
    assert_eq!(
        (error.kind(), error.created()),
        (ErrorKind::LocalFile, Some("77"))
    );
    let words = error.to_string();
    assert!(
        words.contains("its bytes 12 to 20") && words.contains("Compare the MD5"),
        "{error}"
    );
    assert_eq!(world.slices().len(), 4);
}

#[test]
fn what_is_complete_by_the_journal_is_not_asked_for() {
    let (world, kept) = (World::new(4, []), Arc::new(Kept::default()));
    // Looked, begun, creating, created twice, the form and its mark, looked, completed.
    let (end, _) = run(&world, transfer(&kept), 8, true);
    assert!(matches!(end, End::Killed), "{end:?}");
    assert!(kept.journal().past().completed && !kept.journal().past().finished);
    let sent = world.log().len();
    let uploaded = upload(&world, transfer(&kept)).unwrap();
    assert_eq!(uploaded.md5, Some(md5(&world.file())));
    assert!(
        world.log()[sent..]
            .iter()
            .all(|line| !line.starts_with("POST"))
    );
    assert!(kept.journal().past().finished);
}

#[test]
fn verify_reads_what_was_sent_also_when_nothing_was_touched() {
    let (world, kept) = killed(2, 0);
    upload(&world, transfer(&kept).verify()).unwrap();
    let log = world.log();
    let read: Vec<_> = log
        .iter()
        .filter(|line| line.starts_with("digest"))
        .collect();
    assert_eq!(read, ["digest 0..4", "digest 4..8", "digest 0..20"]);
}

#[test]
fn what_is_read_for_a_mark_is_of_the_file_as_it_was() {
    // Slice 2 breaks off after 3 bytes, and somebody changes one of them before it is read.
    let world = World::new(
        20,
        [Fault::Fine, Fault::Fine, Fault::Broken(3), Fault::Fine],
    );
    let kept = Arc::new(Kept::default());
    let session = crate::world::session();
    let touching = Touching {
        world: &world,
        at: "5-8/20",
        byte: 5,
    };
    let upload = vodkit_request::baijiayun::Upload::new(&session, crate::world::file())
        .transfer(transfer(&kept));
    let error = vodkit_request::Run::new(&touching, upload)
        .send()
        .unwrap_err();
    assert_eq!(
        (error.kind(), error.created()),
        (ErrorKind::LocalFile, Some("77"))
    );
    assert!(error.to_string().contains("delete it"), "{error}");
    assert_eq!(kept.journal().past().bytes(), 4, "no mark of it");
    // So the next run does not take it for the old one.
    world.server(|server| server.overlap = true);
    let again = super::world::upload(&world, transfer(&kept)).unwrap();
    assert_eq!(again.md5, Some(md5(&world.file())));
    assert!(world.server(|server| server.videos[&77].bytes.clone()) == world.file());
}

#[test]
fn a_file_that_changes_meanwhile_is_not_completed() {
    // Before the last slice.
    let fresh = Arc::new(Kept::default());
    let world = World::new(20, []);
    let session = crate::world::session();
    let touching = Touching {
        world: &world,
        at: "13-16/20",
        byte: 0,
    };
    let upload = vodkit_request::baijiayun::Upload::new(&session, crate::world::file())
        .transfer(transfer(&fresh));
    let error = vodkit_request::Run::new(&touching, upload)
        .send()
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::LocalFile);
    assert!(
        error.to_string().contains("mixture") && error.to_string().contains("was not completed"),
        "{error}"
    );
    assert_eq!(world.slices().last().unwrap(), "13-16/20");
    assert!(!world.server(|server| server.videos[&77].complete));
    // With the last slice.
    let world = World::new(20, []);
    let touching = Touching {
        world: &world,
        at: "17-20/20",
        byte: 0,
    };
    let fresh = Arc::new(Kept::default());
    let upload = vodkit_request::baijiayun::Upload::new(&session, crate::world::file())
        .transfer(transfer(&fresh));
    let error = vodkit_request::Run::new(&touching, upload)
        .send()
        .unwrap_err();
    assert!(
        error.to_string().contains("Video 77 is complete and wrong"),
        "{error}"
    );
    assert!(!fresh.text().contains("finished"));
}

/// Somebody saves the file when a slice has gone.
struct Touching<'w> {
    world: &'w World,
    at: &'static str,
    byte: usize,
}

impl vodkit_request::BlockingTransport for Touching<'_> {
    fn tick(&self) -> vodkit_request::Tick {
        vodkit_request::BlockingTransport::tick(self.world)
    }
    fn send(
        &self,
        outgoing: vodkit_request::transport::Outgoing,
    ) -> Result<http::Response<bytes::Bytes>, vodkit_request::transport::TransportError> {
        let response = vodkit_request::BlockingTransport::send(self.world, outgoing);
        if self
            .world
            .slices()
            .last()
            .is_some_and(|last| last == self.at)
        {
            self.world.touch(|file| file[self.byte] = 0xee);
        }
        response
    }
    fn sleep(&self, duration: std::time::Duration) {
        vodkit_request::BlockingTransport::sleep(self.world, duration);
    }
    fn inspect(
        &self,
        path: &std::path::Path,
    ) -> std::io::Result<vodkit_request::transport::FileFacts> {
        vodkit_request::BlockingTransport::inspect(self.world, path)
    }
    fn digest(
        &self,
        stretch: &vodkit_request::flow::Stretch,
    ) -> std::io::Result<vodkit_request::digest::Digests> {
        vodkit_request::BlockingTransport::digest(self.world, stretch)
    }
}

#[test]
fn a_journal_of_another_upload_is_refused() {
    let (world, kept) = killed(1, 0);
    let session = vodkit_request::Session::new(vodkit_request::baijiayun::Baijiayun::new(
        9,
        "another-key-0123456789",
        crate::drivers::base(),
    ));
    let other = vodkit_request::baijiayun::Upload::new(&session, crate::world::file());
    let error = vodkit_request::Run::new(&world, other.transfer(transfer(&kept)))
        .send()
        .unwrap_err();
    assert!(
        error.kind() == ErrorKind::InvalidInput && error.to_string().contains("account 12345678"),
        "{error}"
    );
    let session = crate::world::session();
    let other =
        vodkit_request::baijiayun::Upload::new(&session, crate::world::file()).named("b.mp4");
    let error = vodkit_request::Run::new(&world, other.transfer(transfer(&kept)))
        .send()
        .unwrap_err();
    assert!(
        error.kind() == ErrorKind::InvalidInput && error.to_string().contains("课 1.mp4"),
        "{error}"
    );
    let of_another = Mark::Created {
        video: "abc".into(),
    }
    .to_record();
    let journal = Journal::resume(Arc::new(Kept::default()), [of_another]).unwrap();
    let error = upload(&world, Transfer::new().journal(journal)).unwrap_err();
    assert!(
        error.kind() == ErrorKind::LocalFile && error.to_string().contains("`abc`"),
        "{error}"
    );
}

#[test]
fn a_failure_says_how_to_go_on() {
    let kept = || {
        Transfer::new()
            .part_size(4)
            .journal(Arc::new(Kept::default()).journal())
    };
    let down = [
        Fault::Fine,
        Fault::Fine,
        Fault::Connect,
        Fault::Connect,
        Fault::Connect,
    ];
    let (result, _) = both(|| World::new(10, down), kept);
    let error = result.unwrap_err();
    assert_eq!(
        (error.kind(), error.created()),
        (ErrorKind::Connect, Some("77"))
    );
    let words = error.to_string();
    assert!(
        words.ends_with(
            "4 of 10 bytes of video 77 are confirmed. Run it again with the same journal, and it goes on from there"
        ),
        "{error}"
    );
}

/// A disk that is full after some records.
#[derive(Debug)]
struct Full(std::sync::atomic::AtomicUsize);

impl vodkit_request::flow::Keeper for Full {
    fn keep(&self, _record: &[u8]) -> std::io::Result<()> {
        let left = self.0.load(std::sync::atomic::Ordering::Relaxed);
        if left == 0 {
            return Err(std::io::Error::from(std::io::ErrorKind::StorageFull));
        }
        self.0.store(left - 1, std::sync::atomic::Ordering::Relaxed);
        Ok(())
    }
}

#[test]
fn what_cannot_be_written_down_does_not_happen() {
    for (records, sent) in [(0, 0), (1, 0), (2, 1), (3, 2), (4, 3)] {
        let world = World::new(20, []);
        let journal = Journal::new(Arc::new(Full(records.into())));
        let error = upload(&world, Transfer::new().part_size(4).journal(journal)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Journal);
        assert!(
            error
                .to_string()
                .contains("journal of the upload cannot be written"),
            "{error}"
        );
        let posts = world
            .log()
            .iter()
            .filter(|line| line.starts_with("POST"))
            .count();
        assert_eq!(posts, sent, "{records} records");
        assert_eq!(error.created(), (records > 1).then_some("77"));
    }
}
