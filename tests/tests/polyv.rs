//! One story over all of Polyv's calls, told over both transports against the emulator: results must hold, wire logs must be equal.

#![allow(clippy::unwrap_used, reason = "a test that cannot set up has failed")]

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http::{Request, StatusCode};
use vodkit_async::Async;
use vodkit_blocking::Blocking;
use vodkit_emulator::{Effect, Emulator};
use vodkit_polyv::types::{
    Category, DeleteType, EncryptionLevel, SnapshotStatus, SortOrder, Switch, VideoStatus, YesNo,
    operations,
};
use vodkit_polyv::{Client, Date, Error, ErrorKind, FileInput, Limits, Timestamp};
use vodkit_request::Payload;
use vodkit_request::transport::{AsyncTransport, BlockingTransport, Outgoing};
use vodkit_tests::recorded::Recorded;

/// What the emulator has an account begin with: one video of 48 s and this many bytes.
const FIRST_BYTES: u64 = 6_000_000;
/// Long enough to see a video on its way, short enough to let it pass without moving the clocks visibly apart.
const TRANSCODING: Duration = Duration::from_secs(6);
const PNG: &[u8] = b"\x89PNG\r\n\x1a\nnot much of a picture";

fn now() -> Timestamp {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .expect("a clock after 1970");
    Timestamp(since.as_secs() as i64 * 1000)
}

fn client<T>(emulator: &Emulator, transport: T, now: Timestamp) -> Client<Recorded<T>> {
    let account = emulator.polyv();
    Client::builder()
        .base_url(emulator.base_url())
        .user_id(account.user_id.as_str())
        .secret_key(account.secret_key.as_str())
        .build(Recorded::new(transport, now, emulator.base_url()))
        .expect("settings of the emulator")
}

fn emulator() -> Emulator {
    Emulator::builder()
        .transcode_time(TRANSCODING)
        .start()
        .expect("a free port")
}

fn picture(url: &str) -> Outgoing {
    Outgoing::new(
        Request::get(url).body(Payload::empty()).expect("a URL"),
        Limits::transfer(),
    )
}

fn texts<const N: usize>(texts: [&str; N]) -> [String; N] {
    texts.map(str::to_owned)
}

fn find<'c>(tree: &'c [Category], id: &str) -> Option<&'c Category> {
    tree.iter().find(|category| category.cataid == id)
}

/// Whether the journal has a change of a thing that no call shows.
fn left_a_trace(emulator: &Emulator, wanted: &str, of: &str) -> bool {
    emulator
        .journal()
        .iter()
        .flat_map(|record| &record.effects)
        .any(|effect| matches!(effect, Effect::Thing { kind, id, .. } if *kind == wanted && id == of))
}

/// The story. `$go` sends a call, `$pages` fetches all pages of one, `$get` makes an exchange below the calls.
macro_rules! story {
    ($emulator:ident, $client:ident, $go:ident, $pages:ident, $get:ident) => {{
        let account = $emulator.polyv().user_id.as_str();

        // The account, and the video that it begins with.
        let usage = $go!($client.get_account_usage())?;
        assert_eq!(usage.user_id.as_deref(), Some(account));
        assert_eq!((usage.video_count, usage.used_flow), (Some(1), Some(0)));
        let first = $go!($client.search_videos())?.contents.remove(0);
        let (vid, title) = (first.vid, first.title.unwrap());
        assert_eq!(vid.len(), 34);
        assert_eq!(first.source_filesize, Some(FIRST_BYTES));
        assert_eq!(
            usage.used_space,
            Some(FIRST_BYTES + first.filesize.iter().sum::<u64>())
        );
        let players = $go!($client.list_players())?;
        let default = players.iter().find(|player| player.is_default == Some(Switch::On));
        let player = default.unwrap().player_id.as_str();

        // From now on new videos are encrypted.
        let before = $go!($client.get_playsafe())?;
        assert_eq!((before.encrypt, before.hlslevel), (Switch::Off, EncryptionLevel::Open));
        let set = $go!($client.set_playsafe(Switch::On, EncryptionLevel::App))?;
        assert_eq!((set.encrypt, set.hlslevel), (Switch::On, EncryptionLevel::App));
        let after = $go!($client.get_playsafe())?;
        assert_eq!((after.encrypt, after.hlslevel), (Switch::On, EncryptionLevel::App));

        // Categories, of which the first has settings of its own.
        let top = $go!($client.add_category("一级 a&b +%20", "1"))?;
        assert_eq!(top.catatree, Some(format!("1,{}", top.cataid)));
        let (top, tree) = (top.cataid, top.catatree.unwrap());
        let below = $go!($client.add_category("二级", top.as_str()))?.cataid;
        assert_eq!($go!($client.rename_category(below.as_str(), "改名=&"))?, true);
        let part = $go!($client.list_categories().cataid(top.as_str()))?;
        let child = &find(&part, &top).unwrap().children[0];
        assert_eq!(child.cataname.as_deref(), Some("改名=&"));
        assert_eq!(child.parent_id.as_deref(), Some(top.as_str()));
        let cycle = $go!($client.move_category(top.as_str(), below.as_str())).unwrap_err();
        assert_eq!(
            (cycle.kind(), cycle.code(), cycle.message()),
            (ErrorKind::Refused, Some("400"), "illegal cataid")
        );
        assert_eq!($go!($client.move_category(below.as_str(), "1"))?, true);
        let all = $go!($client.list_categories())?;
        assert!(find(&all, &top).unwrap().children.is_empty());
        assert_eq!(find(&all, &below).unwrap().videos, Some(0));
        assert_eq!(
            $go!(
                $client
                    .update_category_profile(top.as_str(), Switch::Off)
                    .is_settings("Y")
                    .keep_source(Switch::On)
            )?,
            true
        );

        // Files are pulled: two into the category, and one that the review will reject beside one that cannot be fetched.
        $go!(
            $client
                .pull_videos(
                    texts(["https://files.example.test/1.mp4?a=1&b=2", "https://files.example.test/2.mp4"]),
                    texts(["课一", "课二"])
                )
                .cataid(top.as_str())
        )?;
        $go!($client.pull_videos(
            texts(["http://files.example.test/3.mp4", "ftp://files.example.test/4.mp4"]),
            texts(["审核不通过", "none"])
        ))?;
        let tasks = $go!($client.list_pull_tasks())?;
        assert_eq!(tasks.total_items, Some(2));
        for task in &tasks.contents {
            assert_eq!((&task.status, task.success_count), (&Some(YesNo::No), Some(0)));
        }
        assert_eq!(tasks.contents[1].originalname.as_deref(), Some("课一,课二"));
        $emulator.advance(TRANSCODING / 2);
        let tasks = $go!($client.list_pull_tasks())?.contents;
        let counts = |at: usize| (tasks[at].success_count, tasks[at].fail_count);
        assert_eq!(tasks[0].status, Some(YesNo::Yes));
        assert_eq!((counts(0), counts(1)), ((Some(1), Some(1)), (Some(2), Some(0))));
        let pulled = $go!($client.list_new_videos().catatree(tree.as_str()))?.contents;
        assert_eq!(pulled.len(), 2);
        assert_eq!(pulled[0].title.as_deref(), Some("课二"));
        assert_eq!(pulled[1].status, VideoStatus::Waiting);
        let (one, two) = (pulled[1].vid.clone(), pulled[0].vid.clone());
        // What has not passed its review cannot be edited yet.
        let early = $go!($client.update_video(one.as_str()).title("zu früh"))?;
        assert_eq!(early[0].title.as_deref(), Some("课一"));
        $emulator.advance(TRANSCODING);
        assert_eq!($go!($client.delete_pull_task(tasks[1].taskid.as_str()))?, true);
        assert_eq!($go!($client.list_pull_tasks())?.total_items, Some(1));
        let again = $go!($client.delete_pull_task(tasks[1].taskid.as_str())).unwrap_err();
        assert_eq!(again.kind(), ErrorKind::Refused);

        // What became of them.
        let video = $go!($client.get_video(one.as_str()))?.remove(0);
        assert_eq!(video.status, VideoStatus::Published);
        assert_eq!((video.keepsource, video.seed), (Some(Switch::On), Some(Switch::Off)));
        assert!(video.extra.is_empty(), "the emulator sent what no table has: {:?}", video.extra);
        let rejected = $go!($client.list_rejected_videos())?.contents;
        assert_eq!(rejected.len(), 1);
        assert_eq!(rejected[0].title.as_deref(), Some("审核不通过"));
        assert_eq!(rejected[0].status, VideoStatus::Rejected);
        assert_eq!(rejected[0].hls_level, Some(EncryptionLevel::App));
        let secret = $go!($client.search_videos().encrypt(Switch::On))?.contents;
        assert_eq!((secret.len(), &secret[0].vid), (1, &rejected[0].vid));
        let published = $go!($client.list_new_videos().published(Switch::On))?;
        assert_eq!(published.total_items, Some(3));
        let oldest = $pages!(
            $client.search_videos().sort(SortOrder::OldestFirst).page_size(3)
        );
        let oldest: Vec<&str> = oldest.iter().map(|video| video.vid.as_str()).collect();
        assert_eq!(
            oldest,
            [vid.as_str(), one.as_str(), two.as_str(), rejected[0].vid.as_str()]
        );

        // Sizes, one by one and by category.
        let sizes = $go!($client.get_video_sizes([one.clone(), two.clone()]))?;
        let bytes: Vec<u64> = sizes.iter().map(|sizes| sizes.filesize1.unwrap()).collect();
        assert_eq!(Some(bytes[0]), video.source_filesize);
        let by_category = $go!($client.get_sizes_by_category().cataid(top.as_str()))?;
        assert_eq!(by_category[0].cataid.as_deref(), Some(top.as_str()));
        assert_eq!(by_category[0].videos.len(), 2);
        assert_eq!($go!($client.get_category_size(top.as_str()))?, bytes[0] + bytes[1]);
        assert_eq!($go!($client.move_videos(two.clone(), below.as_str()))?, true);
        assert_eq!($go!($client.get_category_size(top.as_str()))?, bytes[0]);
        let stats = $go!($client.get_category_stats().cataid(below.as_str()))?;
        assert_eq!((stats.video_count, stats.used_space), (Some(1), Some(bytes[1])));
        assert_eq!($go!($client.get_category_stats())?.video_count, Some(4));
        let own = $go!(
            $client
                .list_videos_by_uploader()
                .email(usage.email.as_deref().unwrap())
                .cataid(below.as_str())
        )?;
        assert_eq!((own.total_items, &own.contents[0].vid), (Some(1), &two));
        assert_eq!(
            $go!($client.list_videos_by_uploader().email("nobody@example.test"))?.total_items,
            Some(0)
        );

        // How often it was played, and how it is shared.
        let plays = $go!($client.get_play_times([vid.clone(), one.clone()]).real_time(Switch::On))?;
        let plays: Vec<u64> = plays.iter().map(|plays| plays.times.unwrap()).collect();
        let hottest = $go!($client.list_hot_videos().page_size(1))?.contents;
        assert_eq!((&hottest[0].vid, hottest[0].times), (&vid, Some(plays[0])));
        assert_eq!(plays[1], 0);
        let shared = $go!($client.get_share_info(vid.as_str()))?;
        assert_eq!(
            (shared.title, shared.play_times),
            (Some(title.clone()), Some(plays[0]))
        );

        // Pictures and slides.
        let grey = $go!($client.get_cover_image(vid.as_str()))?;
        assert_eq!($get!(picture(&grey)).status(), StatusCode::OK);
        let file = FileInput::bytes("封面 \"1\".png", PNG);
        $go!($client.upload_cover_image(file).vids(vid.clone()))?;
        let cover = $go!($client.get_cover_image(vid.as_str()))?;
        assert_ne!(cover, grey);
        assert_eq!($get!(picture(&cover)).body().as_ref(), PNG);
        assert_ne!($go!($client.get_cover_image(vid.as_str()).thumbnail(Switch::On))?, cover);
        let grey = $go!($client.get_cover_image(two.as_str()))?;
        assert_eq!(
            $go!(
                $client
                    .set_cover_image_url("http://img.example.test/a.png?b=1&c=2")
                    .cataids(below.clone())
            )?,
            "success"
        );
        assert_ne!($go!($client.get_cover_image(two.as_str()))?, grey);
        let watermark = |content: &'static [u8]| FileInput::bytes("w.png", content);
        $go!($client.set_watermark(watermark(PNG)).cataid(top.as_str()).watermark_location(2))?;
        assert!(left_a_trace($emulator, "watermark", &top));
        let jpeg = $go!($client.set_watermark(watermark(b"\xff\xd8"))).unwrap_err();
        assert_eq!((jpeg.kind(), jpeg.message()), (ErrorKind::Refused, "illegal image"));
        let slides = |name: &str| FileInput::bytes(name, *b"%PDF-1.7");
        $go!($client.upload_courseware(one.as_str(), slides("课件.pdf")))?;
        assert!(left_a_trace($emulator, "courseware", &one));
        assert_eq!(
            $go!($client.upload_courseware(one.as_str(), slides("a.txt"))).unwrap_err().kind(),
            ErrorKind::Refused
        );

        // Pictures of two moments.
        let task = $go!($client.add_snapshot_task(one.as_str(), [12, 78]).width(320).height(180))?;
        let waiting = $go!($client.get_snapshot_task(task))?;
        assert_eq!((waiting.task_id, waiting.vid.as_deref()), (task, Some(one.as_str())));
        assert_eq!(waiting.status, SnapshotStatus::Waiting);
        assert_eq!(waiting.begin_process_time.as_deref(), Some("0"));
        assert!(waiting.snapshots.is_empty() && waiting.extra.is_empty());
        let many = $go!($client.add_snapshot_task(one.as_str(), (0..21).collect::<Vec<u64>>()));
        assert_eq!(many.unwrap_err().kind(), ErrorKind::Refused);
        assert_eq!($go!($client.get_snapshot_task(7)).unwrap_err().kind(), ErrorKind::Refused);

        // Edits.
        let edited = $go!(
            $client
                .update_video(one.as_str())
                .title("新名 +%20&=")
                .describ("两行\r\n二")
                .tag("甲,乙")
                .publish_url("https://www.example.test/?a=1&b=2")
        )?;
        assert_eq!(edited[0].title.as_deref(), Some("新名 +%20&="));
        assert_eq!(edited[0].context.as_deref(), Some("两行\r\n二"));
        let settings = $go!($client.get_video_settings(one.as_str()))?;
        assert_eq!(settings.is_show_password, Some(false));
        let pool = settings.video.unwrap();
        assert_eq!(pool.publish_url.as_deref(), Some("https://www.example.test/?a=1&b=2"));
        let password = "test-password +&中";
        $go!($client.save_video_settings(one.clone()).title("再改名").password(password))?;
        let settings = $go!($client.get_video_settings(one.as_str()))?;
        assert_eq!(settings.is_show_password, Some(true));
        let pool = settings.video.unwrap();
        assert_eq!(pool.more.unwrap().password.unwrap().expose(), password);
        assert_eq!(pool.title.as_deref(), Some("再改名"));
        let found = $go!($client.search_videos().keyword("再改").tag("乙").cataid(top.as_str()))?;
        assert_eq!((found.total_items, &found.contents[0].vid), (Some(1), &one));

        // Who may watch.
        assert_eq!($go!($client.get_play_permission(one.as_str()))?, Switch::Off);
        let both = [one.clone(), two.clone()];
        assert_eq!($go!($client.set_play_permission(both).play_auth(Switch::On))?, 2);
        assert_eq!($go!($client.get_play_permission(one.as_str()))?, Switch::On);
        let listed = $go!($client.list_videos_by_play_permission(Switch::On).page_size(1))?;
        assert_eq!((listed.total_items, &listed.contents[0].vid), (Some(2), &two));
        assert_eq!($go!($client.set_encryption_level(EncryptionLevel::Web, two.clone()))?, 1);
        let level = $go!($client.get_video(two.as_str()))?.remove(0).hls_level;
        assert_eq!(level, Some(EncryptionLevel::Web));
        assert_eq!($go!($client.get_preview_duration(two.as_str()))?, 0);
        $go!($client.set_preview_duration(two.as_str(), 30))?;
        assert_eq!($go!($client.get_preview_duration(two.as_str()))?, 30);
        // This failure calls itself a success, and explains itself in its data.
        let unknown = $go!($client.get_preview_duration("nothing")).unwrap_err();
        assert_eq!(
            (unknown.kind(), unknown.code(), unknown.message()),
            (ErrorKind::Refused, Some("400"), "video not found.")
        );
        $go!($client.forbid_videos(two.clone(), Switch::On))?;
        let status = $go!($client.get_video(two.as_str()))?.remove(0).status;
        assert_eq!(status, VideoStatus::Forbidden);
        let refused = $go!($client.add_snapshot_task(two.as_str(), [1])).unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::Refused);
        $go!($client.forbid_videos(two.clone(), Switch::Off))?;
        let status = $go!($client.get_video(two.as_str()))?.remove(0).status;
        assert_eq!(status, VideoStatus::Published);

        // Marks and questions.
        let seconds = |marks: &vodkit_polyv::types::KeyFrames| -> Vec<u64> {
            marks.marks.iter().map(|mark| mark.seconds.unwrap()).collect()
        };
        assert_eq!(seconds(&$go!($client.list_key_frames(vid.as_str()))?), [5, 20]);
        $go!($client.save_key_frame(vid.as_str(), "中 a&b,尾", "10,40").button("Y"))?;
        let marks = $go!($client.list_key_frames(vid.as_str()))?;
        assert_eq!(seconds(&marks), [5, 10, 20, 40]);
        assert_eq!(marks.marks[1].text.as_deref(), Some("中 a&b"));
        $go!($client.delete_key_frames_by_time(vid.as_str(), [5, 40]))?;
        assert_eq!(seconds(&$go!($client.list_key_frames(vid.as_str()))?), [10, 20]);
        assert_eq!($go!($client.delete_key_frames(vid.as_str()))?, "success");
        assert!($go!($client.list_key_frames(vid.as_str()))?.marks.is_empty());
        let exam = $go!($client.list_exams(vid.as_str()))?.remove(0);
        assert_eq!(exam.vid.as_deref(), Some(vid.as_str()));
        let answers = $go!($client.list_exam_answers(vid.clone()))?;
        assert_eq!(answers.len(), 3);
        assert!(answers.iter().all(|answer| {
            answer.exam_id.as_deref() == Some(exam.exam_id.as_str())
                && answer.player_id.as_deref() == Some(player)
        }));
        let day = Date::new(2024, 3, 1).unwrap();
        let early = $go!($client.list_exam_answers(vid.clone()).start(day).end(day))?;
        assert_eq!(early, answers[1..]);
        let second = $go!($client.list_exam_answers(vid.clone()).page(2).page_size(2))?;
        assert_eq!(second, answers[2..]);
        $go!($client.delete_exams(vid.as_str()))?;
        assert!($go!($client.list_exams(vid.as_str()))?.is_empty());

        // Cut out and put together.
        let frames = r#"[{"start":0,"end":10},{"start":20,"end":30}]"#;
        let clip = $go!($client.clip_video(vid.as_str(), "片段", frames))?;
        let joined = $go!(
            $client
                .concat_videos([vid.clone(), two.clone()])
                .title("合一")
                .category(below.as_str())
        )?
        .vid;
        let status = $go!($client.get_video(clip.as_str()))?.remove(0).status;
        assert_eq!(status, VideoStatus::Waiting);
        $emulator.advance(TRANSCODING);
        let taken = $go!($client.get_snapshot_task(task))?;
        assert_eq!(taken.status, SnapshotStatus::Success);
        let moments: Vec<_> = taken.snapshots.iter().map(|picture| picture.offset_time).collect();
        assert_eq!(moments, [Some(12), Some(78)]);
        let address = taken.snapshots[1].image_url.as_deref().unwrap();
        assert!($get!(picture(address)).body().starts_with(b"\xff\xd8"));
        let cut = $go!($client.get_video(clip.as_str()))?.remove(0);
        assert_eq!(cut.duration.as_deref(), Some("00:00:20"));
        assert_eq!((cut.seed, cut.title.as_deref()), (Some(Switch::On), Some("片段")));
        let whole = $go!($client.get_video(joined.as_str()))?.remove(0);
        assert_eq!(whole.source_filesize, Some(FIRST_BYTES + bytes[1]));
        assert_eq!(whole.cataid.as_deref(), Some(below.as_str()));

        // An upload begins, its credential is renewed, and it goes on.
        let size = 123_456;
        let kind = "java_sdk_chunk_v1";
        let ticket = $go!(
            $client
                .init_upload("上传 & 一", size, Switch::On, kind)
                .cataid(below.as_str())
        )?;
        let upload = ticket.vid.unwrap();
        let renewed = $go!($client.renew_upload_token())?;
        assert_eq!(renewed.vid, None);
        assert_ne!(renewed.access_key, ticket.access_key);
        assert_ne!(renewed.token, ticket.token);
        assert_eq!(renewed.validity_time, ticket.validity_time);
        let resumed = $go!(
            $client
                .init_upload("上传 & 一", size, Switch::Off, kind)
                .vid(upload.as_str())
        )?;
        assert_eq!(resumed.vid.as_deref(), Some(upload.as_str()));
        let other = $go!(
            $client
                .init_upload("上传 & 一", size + 1, Switch::Off, kind)
                .vid(upload.as_str())
        );
        assert_eq!(other.unwrap_err().code(), Some("405"));
        let nowhere = $go!($client.init_upload("a", size, Switch::On, kind).cataid("7"));
        assert_eq!(nowhere.unwrap_err().code(), Some("3001"));

        // Play credentials: the same one for the same viewer, unless it can be used once only.
        macro_rules! token {
            () => {
                $client
                    .create_play_token(vid.as_str(), "viewer 1&2")
                    .viewer_ip("192.0.2.7")
                    .viewer_name("学生")
                    .expires(60)
            };
        }
        let token = $go!(token!().extra_params("a=1&b=2"))?;
        assert_eq!(
            (token.viewer_id.as_deref(), token.viewer_ip.as_deref(), token.ttl),
            (Some("viewer 1&2"), Some("192.0.2.7"), Some(60_000))
        );
        assert_eq!(token.extra_params.as_deref(), Some("a=1&b=2"));
        assert_eq!($go!(token!())?.token, token.token);
        let once = $go!(token!().disposable(true))?;
        assert_ne!(once.token, token.token);
        assert_eq!(once.disposable, Some(true));
        assert_ne!($go!(token!().mini_program(Switch::On))?.token, token.token);

        // Into the recycle bin, out of it, and away for good.
        $go!($client.delete_video(clip.as_str()))?;
        let bin = $go!($client.list_deleted_videos())?;
        assert_eq!((bin.total_items, &bin.contents[0].vid), (Some(1), &clip));
        assert_eq!(bin.contents[0].status, VideoStatus::Deleted);
        assert_eq!($go!($client.get_video(clip.as_str())).unwrap_err().kind(), ErrorKind::Refused);
        $go!($client.recover_videos(clip.clone()))?;
        assert_eq!($go!($client.get_video(clip.as_str()))?[0].status, VideoStatus::Published61);
        let both = [clip.clone(), joined.clone()];
        $go!($client.delete_videos(account, both).delete_type(DeleteType::Permanently))?;
        assert_eq!($go!($client.list_deleted_videos())?.total_items, Some(0));
        assert_eq!($go!($client.recover_videos(clip.clone())).unwrap_err().kind(), ErrorKind::Refused);

        // The videos of a category that goes stay.
        assert_eq!($go!($client.delete_category(top.as_str()))?, true);
        assert!(find(&$go!($client.list_categories())?, &top).is_none());
        let video = $go!($client.get_video(one.as_str()))?.remove(0);
        assert_eq!(video.cataid.as_deref(), Some("1"));
        assert_eq!($go!($client.get_account_usage())?.video_count, Some(4));
        Ok::<(), Error>(())
    }};
}

fn told_blocking(now: Timestamp) -> (Vec<String>, Emulator) {
    let emulator = emulator();
    let client = client(&emulator, Blocking::new().unwrap(), now);
    let playing = &emulator;
    macro_rules! go {
        ($call:expr) => {
            $call.send()
        };
    }
    macro_rules! pages {
        ($call:expr) => {{
            let mut all = Vec::new();
            for page in $call.pages() {
                all.extend(page?);
            }
            all
        }};
    }
    macro_rules! get {
        ($outgoing:expr) => {
            BlockingTransport::send(client.transport(), $outgoing).unwrap()
        };
    }
    let told: Result<(), Error> = (|| story!(playing, client, go, pages, get))();
    told.unwrap_or_else(|error| panic!("{error}\n{:#?}", client.transport().log().last()));
    (client.transport().log(), emulator)
}

async fn told_async(now: Timestamp) -> (Vec<String>, Emulator) {
    let emulator = emulator();
    let client = client(&emulator, Async::new().unwrap(), now);
    let playing = &emulator;
    macro_rules! go {
        ($call:expr) => {
            $call.await
        };
    }
    macro_rules! pages {
        ($call:expr) => {{
            let mut all = Vec::new();
            let mut pages = $call.pages();
            while let Some(page) = pages.next_page().await {
                all.extend(page?);
            }
            all
        }};
    }
    macro_rules! get {
        ($outgoing:expr) => {
            AsyncTransport::send(client.transport(), $outgoing)
                .await
                .unwrap()
        };
    }
    let told: Result<(), Error> = async { story!(playing, client, go, pages, get) }.await;
    told.unwrap_or_else(|error| panic!("{error}\n{:#?}", client.transport().log().last()));
    (client.transport().log(), emulator)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_story_is_the_same_over_both_transports() {
    let now = now();
    let (blocking, emulator) = told_blocking(now);
    let (asynchronous, _other) = told_async(now).await;
    for (line, other) in blocking.iter().zip(&asynchronous) {
        assert_eq!(line, other);
    }
    assert_eq!(blocking.len(), asynchronous.len());

    let journal = emulator.journal();
    for operation in operations::ALL {
        assert!(
            journal.iter().any(|record| {
                record.vendor == Some("polyv")
                    && record.operation == Some(operation.name)
                    && record.code.as_deref() == Some("200")
            }),
            "{} does not succeed in the story",
            operation.name
        );
    }
    // What the emulator remarks on a call is a mistake of ours.
    for record in &journal {
        let note = record.note.as_deref().unwrap_or_default();
        assert!(!note.contains("do not list"), "{record}");
    }
}

#[test]
fn a_wrong_key_and_an_unknown_account_are_the_credentials_fault() {
    let emulator = emulator();
    let account = emulator.polyv();
    for (user, key, message) in [
        (
            account.user_id.as_str(),
            "test-key-0123456789",
            "the sign is not right.",
        ),
        (
            "nobody0000",
            account.secret_key.as_str(),
            "Could not find user by userid.",
        ),
    ] {
        let client = Client::builder()
            .base_url(emulator.base_url())
            .user_id(user)
            .secret_key(key)
            .build(Blocking::new().unwrap())
            .unwrap();
        let error = client.get_playsafe().send().unwrap_err();
        assert_eq!(
            (error.kind(), error.code(), error.message()),
            (ErrorKind::Credential, Some("400"), message)
        );
        // The token service refuses with other words, and is understood too.
        let error = client.create_play_token("v", "w").send().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Credential, "{error}");
    }
    let asked = emulator.journal().len();
    assert_eq!(asked, 4, "a wrong key is not tried twice");
}
