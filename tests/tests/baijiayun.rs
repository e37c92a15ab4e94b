//! One story over all of Baijiayun's calls, told over both transports against the emulator: results must hold, wire logs must be equal.

#![allow(clippy::unwrap_used, reason = "a test that cannot set up has failed")]

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http::{Request, StatusCode};
use vodkit_async::Async;
use vodkit_baijiayun::types::{
    ProductType, PublishAction, RemovableType, TargetDefinition, TargetFormat, VideoStatus, YesNo,
    operations,
};
use vodkit_baijiayun::{Client, Error, ErrorKind, Limits, Timestamp};
use vodkit_blocking::Blocking;
use vodkit_emulator::Emulator;
use vodkit_request::Payload;
use vodkit_request::transport::{AsyncTransport, BlockingTransport, Outgoing};
use vodkit_request::types::{Date, DateTime, FileInput};
use vodkit_tests::recorded::Recorded;

const CALLBACK: &str = "https://app.example.test/hook?a=1&b=2";

fn now() -> Timestamp {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .expect("a clock after 1970");
    Timestamp(since.as_secs() as i64 * 1000)
}

fn client<T>(emulator: &Emulator, transport: T, now: Timestamp) -> Client<Recorded<T>> {
    let account = emulator.baijiayun();
    Client::builder()
        .base_url(emulator.base_url())
        .partner_id(account.partner_id)
        .partner_key(account.partner_key.as_str())
        .build(Recorded::new(transport, now, emulator.base_url()))
        .expect("settings of the emulator")
}

fn emulator() -> Emulator {
    Emulator::builder()
        .transcode_time(Duration::ZERO)
        .start()
        .expect("a free port")
}

fn download(url: &str, range: Option<&'static str>) -> Outgoing {
    let mut request = Request::get(url);
    if let Some(range) = range {
        request = request.header("range", range);
    }
    Outgoing::new(
        request.body(Payload::empty()).expect("a play URL"),
        Limits::transfer(),
    )
}

/// Every byte value, longer than one step of the transports.
fn film() -> Vec<u8> {
    (0..700_000_u32)
        .map(|i| (i % 251) as u8 ^ (i / 65_536) as u8)
        .collect()
}

/// The story. `$go` sends a call, `$get` an exchange below the calls.
macro_rules! story {
    ($client:ident, $go:ident, $get:ident, $film:expr, $path:expr, $now:expr) => {{
        let seconds = $now.seconds();
        let (today, midnight) = (
            Date::in_china(seconds),
            DateTime::new(Date::in_china(seconds), 0, 0, 0).unwrap(),
        );
        let end = DateTime::new(today, 23, 59, 59).unwrap();

        // The account.
        let account = $go!($client.get_account_info())?;
        assert_eq!(account.used_storage, Some(0));
        assert_eq!(
            $go!($client.set_transcode_callback_url(CALLBACK))?
                .url
                .as_deref(),
            Some(CALLBACK)
        );
        assert_eq!(
            $go!($client.get_transcode_callback_url())?.url.as_deref(),
            Some(CALLBACK)
        );

        // Five levels of categories, and no sixth.
        let mut parent = $go!($client.add_category("一级"))?.id;
        let top = parent;
        for level in 2..=5_u64 {
            let below = $go!(
                $client
                    .add_category(format!("level {level} & more"))
                    .parent_id(parent)
            )?;
            assert_eq!((below.level, below.parent_id), (Some(level), Some(parent)));
            parent = below.id;
        }
        let refused = $go!($client.add_category("sixth").parent_id(parent)).unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::Refused);
        assert_eq!($go!($client.get_category_list())?.list.len(), 1);
        assert_eq!(
            $go!($client.get_category_info().category_id(top))?
                .children
                .len(),
            1
        );

        // A file goes up and plays.
        let upload = $client
            .upload(FileInput::path($path).named("第一课 a&b.mp4"))
            .definitions([TargetDefinition::High, TargetDefinition::P720])
            .order(|order| order.format([TargetFormat::Mp4, TargetFormat::M3u8]));
        let uploaded = $go!(upload)?;
        let id = uploaded.video_id;
        assert_eq!(uploaded.bytes, $film.len() as u64);
        $go!($client.wait_for_transcode(id, Duration::from_secs(30)))?;
        assert_eq!(
            $go!($client.get_status(id))?.status,
            VideoStatus::Transcoded
        );
        let info = $go!($client.get_info(id))?;
        assert_eq!(
            (info.video_id, info.total_size),
            (id, Some($film.len() as u64))
        );
        assert!(info.transcode_info.len() >= 2);
        assert!(
            info.extra.is_empty(),
            "the emulator sent what no table has: {:?}",
            info.extra
        );
        let play = $go!($client.get_url(id))?;
        let url = play.play_info["high"].url.clone().unwrap();
        let whole = $get!(download(&url, None));
        assert_eq!(
            (whole.status(), whole.body().as_ref() == $film),
            (StatusCode::OK, true)
        );
        let part = $get!(download(&url, Some("bytes=262143-262150")));
        assert_eq!(
            (part.status(), part.body().as_ref()),
            (StatusCode::PARTIAL_CONTENT, &$film[262_143..=262_150])
        );

        // What was served is what is counted.
        let flow = $film.len() as u64 + 8;
        assert_eq!(
            $go!($client.get_video_used_flow(id, today, today))?.flow,
            flow
        );
        assert_eq!(
            $go!($client.get_account_used_flow(today, today))?.flow,
            flow
        );
        assert_eq!(
            $go!($client.get_account_used_flow_detail(today, today))?.flow[&today.to_string()],
            flow
        );
        assert_eq!(
            $go!($client.get_product_used_flow_detail(ProductType::Video, today))?.list[0].flow,
            Some(flow)
        );
        assert!(
            $go!($client.get_storage_and_flow_info())?["total"]
                .storage
                .unwrap()
                >= $film.len() as u64
        );
        let records = $go!($client.get_video_play_record(id, midnight, end))?
            .list
            .len();
        assert!(records > 0);
        assert_eq!(
            $go!(
                $client
                    .export_video_report_batch(midnight, end)
                    .page_size(1000)
            )?
            .list
            .len(),
            records
        );
        assert_eq!(
            $go!($client.get_video_play_count_rank(today, today))?.play_rank[0].video_id,
            id
        );
        assert_eq!(
            $go!($client.get_video_daily_play_count(id, today, today))?.play_count
                [&today.to_string()],
            records as u64
        );
        assert_eq!(
            $go!($client.get_partner_daily_play_count(today, today))?.play_count
                [&today.to_string()],
            records as u64
        );

        // What players need.
        assert!(
            !$go!($client.get_player_token(id).expires_in(60))?
                .token
                .is_empty()
        );
        assert_eq!($go!($client.get_player_token_batch([id], 60))?.len(), 1);
        assert!($go!($client.get_share_url(id))?.iframe.is_some());
        assert!(!$go!($client.get_image(id))?.imgs.is_empty());

        // Order among videos.
        $go!($client.set_video_category(id, parent))?;
        assert_eq!($go!($client.get_category_video(top))?.list[0].video_id, id);
        assert_eq!(
            $go!($client.delete_category(parent)).unwrap_err().kind(),
            ErrorKind::Refused
        );
        assert_eq!(
            $go!($client.update_video(id).name("新名 +%20"))?.video_id,
            id
        );
        assert_eq!(
            $go!($client.get_video_list().page_size(1))?.list[0]
                .name
                .as_deref(),
            Some("新名 +%20")
        );
        $go!($client.set_publish_status(id, PublishAction::Block))?;
        assert_eq!($get!(download(&url, None)).status(), StatusCode::FORBIDDEN);
        $go!($client.set_publish_status(id, PublishAction::Publish))?;
        assert_eq!($get!(download(&url, None)).status(), StatusCode::OK);

        // Subtitles.
        let vtt = FileInput::bytes("中文.vtt", *b"WEBVTT\n\n00:00.000 --> 00:01.000\nhello\n");
        let subtitle = $go!($client.upload_subtitle("中文", id, vtt))?.subtitle_id;
        $go!($client.update_subtitle("简体", subtitle))?;
        $go!($client.set_default_subtitle(id, subtitle))?;
        let list = $go!($client.get_subtitle_list(id))?;
        assert_eq!(
            (list[0].subtitle_name.as_deref(), list[0].is_default.clone()),
            (Some("简体"), Some(YesNo::Yes))
        );
        let text = $get!(download(list[0].subtitle_path.as_deref().unwrap(), None));
        assert!(text.body().starts_with(b"WEBVTT"));
        $go!($client.delete_subtitle(subtitle))?;
        assert!($go!($client.get_subtitle_list(id))?.is_empty());

        // The files of a video.
        let mp4_first = $go!(
            $client
                .remove_definition(id, TargetDefinition::High)
                .file_types(RemovableType::Mp4)
        )
        .unwrap_err();
        assert_eq!(mp4_first.kind(), ErrorKind::Refused);
        $go!(
            $client
                .remove_definition(id, TargetDefinition::High)
                .file_types(RemovableType::M3u8)
        )?;
        $go!($client.transcode_again(id, TargetDefinition::Super))?;
        $go!($client.wait_for_transcode(id, Duration::from_secs(30)))?;
        $go!($client.delete_origin_video([id]))?;

        // The long way of an upload, interrupted before its file was sent.
        let ticket = $go!($client.get_upload_url("two.mp4", TargetDefinition::Standard))?;
        assert_eq!(
            $go!($client.get_status(ticket.video_id))?.status,
            VideoStatus::Uploading
        );
        let resume = $go!($client.get_resume_upload_url(ticket.video_id))?;
        assert_eq!((resume.video_id, resume.upload_size), (ticket.video_id, 0));
        $go!($client.upload_file(
            resume.upload_url,
            FileInput::bytes("two.mp4", *b"not really a film")
        ))?;
        $go!($client.wait_for_transcode(ticket.video_id, Duration::from_secs(30)))?;

        // The end of both.
        assert_eq!($go!($client.delete_video(id))?.video_id, id);
        assert_eq!($go!($client.get_info(id)).unwrap_err().code(), Some("5002"));
        $go!($client.delete_video(ticket.video_id))?;
        assert_eq!($get!(download(&url, None)).status(), StatusCode::NOT_FOUND);
        $go!($client.delete_category(parent))?;

        // A new key ends the old one at once.
        let account = emulator_account();
        assert_eq!(
            $go!($client.create_key(account.partner_id, account.secret_key.as_str()))?
                .partner_key
                .expose(),
            account.partner_key
        );
        $go!(
            $client
                .create_key(account.partner_id, account.secret_key.as_str())
                .regenerate(YesNo::Yes)
        )?;
        assert_eq!(
            $go!($client.get_account_info()).unwrap_err().kind(),
            ErrorKind::Credential
        );
        Ok::<(), Error>(())
    }};
}

fn emulator_account() -> vodkit_emulator::baijiayun::Account {
    vodkit_emulator::baijiayun::Account::default()
}

fn told_blocking(film: &[u8], path: &std::path::Path, now: Timestamp) -> (Vec<String>, Emulator) {
    let emulator = emulator();
    let client = client(&emulator, Blocking::new().unwrap(), now);
    macro_rules! go {
        ($call:expr) => {
            $call.send()
        };
    }
    macro_rules! get {
        ($outgoing:expr) => {
            BlockingTransport::send(client.transport(), $outgoing).unwrap()
        };
    }
    let told: Result<(), Error> = (|| story!(client, go, get, film, path, now))();
    told.unwrap_or_else(|error| panic!("{error}\n{:#?}", client.transport().log().last()));
    (client.transport().log(), emulator)
}

async fn told_async(
    film: &[u8],
    path: &std::path::Path,
    now: Timestamp,
) -> (Vec<String>, Emulator) {
    let emulator = emulator();
    let client = client(&emulator, Async::new().unwrap(), now);
    macro_rules! go {
        ($call:expr) => {
            $call.await
        };
    }
    macro_rules! get {
        ($outgoing:expr) => {
            AsyncTransport::send(client.transport(), $outgoing)
                .await
                .unwrap()
        };
    }
    let told: Result<(), Error> = async { story!(client, go, get, film, path, now) }.await;
    told.unwrap_or_else(|error| panic!("{error}\n{:#?}", client.transport().log().last()));
    (client.transport().log(), emulator)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_story_is_the_same_over_both_transports() {
    let film = film();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("第一课.mp4");
    std::fs::write(&path, &film).unwrap();
    let now = now();
    // Blocking inside an async program must not panic, so it is told right here, on a thread of the runtime.
    let (blocking, emulator) = told_blocking(&film, &path, now);
    let (asynchronous, _other) = told_async(&film, &path, now).await;
    for (line, other) in blocking.iter().zip(&asynchronous) {
        assert_eq!(line, other);
    }
    assert_eq!(blocking.len(), asynchronous.len());

    // Nothing of the page was left out.
    let journal = emulator.journal();
    for operation in operations::ALL {
        assert!(
            journal
                .iter()
                .any(|record| record.operation == Some(operation.name)),
            "{} is not in the story",
            operation.name
        );
    }
}
