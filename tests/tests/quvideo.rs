//! One story over all of QuVideo's calls, told over both transports against the emulator: results must hold, wire logs must be equal.

#![allow(clippy::unwrap_used, reason = "a test that cannot set up has failed")]

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http::{Request, StatusCode};
use vodkit_async::Async;
use vodkit_blocking::Blocking;
use vodkit_emulator::Emulator;
use vodkit_quvideo::types::{
    DecodedPlayAuth, DecodedUploadAddress, DecodedUploadAuth, ImageType, PasterKind, PasterType,
    PublishVideo, TranscodeStatus, operations,
};
use vodkit_quvideo::{Client, Error, ErrorKind, FileInput, Limits, RetryPolicy, Secret, Timestamp};
use vodkit_request::Payload;
use vodkit_request::oss::{Keys, Place, put_object};
use vodkit_request::transport::{AsyncTransport, BlockingTransport, Outgoing};
use vodkit_tests::recorded::Recorded;

/// Long enough to see a video on its way, short enough to let it pass without moving the clocks visibly apart.
const TRANSCODING: Duration = Duration::from_secs(6);
const COVER: &str = "https://img.example.test/封面.jpg?a=1&b=2";
const PICTURE: &[u8] = b"\xff\xd8\xff\xe0 not much of a picture";

fn now() -> Timestamp {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .expect("a clock after 1970");
    Timestamp(since.as_secs() as i64 * 1000)
}

/// A client with this token, or with none. Refusals of this server often say 500, which would be repeated.
fn client<T>(
    emulator: &Emulator,
    transport: Recorded<T>,
    token: Option<&Secret>,
) -> Client<Recorded<T>> {
    let mut builder = Client::builder()
        .base_url(emulator.base_url())
        .retry(RetryPolicy::NEVER);
    if let Some(token) = token {
        builder = builder.token(token.clone());
    }
    builder.build(transport).expect("settings of the emulator")
}

fn emulator() -> Emulator {
    Emulator::builder()
        .transcode_time(TRANSCODING)
        .start()
        .expect("a free port")
}

fn download(url: &str) -> Outgoing {
    Outgoing::new(
        Request::get(url).body(Payload::empty()).expect("a URL"),
        Limits::transfer(),
    )
}

/// The request that puts a file where the vendor wants it, signed with the keys that came with the address.
fn put(address: &Secret, auth: &Secret, content: &'static [u8], at: Timestamp) -> Outgoing {
    let address = DecodedUploadAddress::of(address).unwrap();
    let auth = DecodedUploadAuth::of(auth).unwrap();
    let place = Place {
        endpoint: address.endpoint.parse().unwrap(),
        of_bucket: false,
        bucket: address.bucket,
        key: address.file_name,
    };
    let keys = Keys {
        access_key_id: auth.access_key_id,
        access_key_secret: auth.access_key_secret,
        security_token: auth.security_token,
    };
    Outgoing::new(
        put_object(&place, &keys, None, content.to_vec().into(), at).unwrap(),
        Limits::transfer(),
    )
}

/// Every byte value, longer than one step of the transports.
fn film() -> Vec<u8> {
    (0..700_000_u32)
        .map(|i| (i % 251) as u8 ^ (i / 65_536) as u8)
        .collect()
}

/// The story. `$go` sends a call, `$pages` fetches all pages of one, `$get` makes an exchange below the calls, `$with` gives a client with
/// another token.
macro_rules! story {
    ($emulator:ident, $client:ident, $go:ident, $pages:ident, $get:ident, $with:ident, $film:expr, $path:expr, $now:expr) => {{
        // Users: one with a name, and two guests.
        let password = "test-password +&中";
        $go!($client.register("学生 a&b", password))?;
        let taken = $go!($client.register("学生 a&b", "another")).unwrap_err();
        assert_eq!(
            (taken.kind(), taken.code()),
            (ErrorKind::Refused, Some("422"))
        );
        let wrong = $go!($client.login("学生 a&b", "another")).unwrap_err();
        assert_eq!(
            (wrong.kind(), wrong.code()),
            (ErrorKind::Credential, Some("401"))
        );
        let token = $go!($client.login("学生 a&b", password))?.token.unwrap();
        let user = $with!(Some(&token));
        let (guest, other) = ($go!($client.random_user())?, $go!($client.random_user())?);
        assert_ne!(guest.user_id, other.user_id);
        let own = guest.user_id.as_str();
        let avatar = $get!(download(guest.avatar_url.as_deref().unwrap()));
        assert_eq!(avatar.status(), StatusCode::OK);
        let guest_token = guest.token.unwrap();
        let guest = $with!(Some(&guest_token));
        $go!(guest.update_user(own, "新名 +%20&"))?;
        // The code of this refusal is that of a success.
        let refused = $go!(guest.update_user(other.user_id, "not mine")).unwrap_err();
        assert_eq!(
            (refused.kind(), refused.code()),
            (ErrorKind::Refused, Some("200"))
        );
        // Without a token nothing is sent; with a wrong one the reply has another frame.
        let nobody = $with!(None);
        let local = $go!(nobody.get_personal_video_list(1, 10)).unwrap_err();
        assert_eq!(
            (local.kind(), local.maybe_sent()),
            (ErrorKind::Credential, false)
        );
        let stranger = $with!(Some(&Secret::from("test-token-0123456789")));
        let unknown = $go!(stranger.get_personal_video_list(1, 10)).unwrap_err();
        assert_eq!(
            (unknown.kind(), unknown.code()),
            (ErrorKind::Credential, Some("403"))
        );

        // Keys of the server, and keys for one file.
        let sts = $go!($client.get_sts())?;
        let demo = $go!(nobody.demo_get_sts())?;
        assert_ne!(sts.access_key_secret, demo.access_key_secret);
        assert!(sts.expiration.unwrap().ends_with('Z'));

        // A file goes up and is published.
        let upload = guest
            .upload(FileInput::path($path).named("第一课 a&b.mp4"))
            .title("第一课 +&=")
            .order(|order| order.description("两行\r\n二"))
            .publish(
                PublishVideo::new()
                    .cover_url(COVER)
                    .description("植物")
                    .duration(48.0)
                    .tags(["生物".to_owned(), "植物".to_owned()])
                    .cate_name("课"),
            );
        let uploaded = $go!(upload)?;
        let id = uploaded.video_id.as_str();
        assert_eq!(uploaded.bytes, $film.len() as u64);
        let video = $go!(guest.get_personal_video_list(1, 10))?
            .video_list
            .remove(0);
        assert_eq!(video.video_id.as_deref(), Some(id));
        assert_eq!(video.title.as_deref(), Some("第一课 +&="));
        assert_eq!(video.description.as_deref(), Some("植物"));
        assert_eq!(video.cover_url.as_deref(), Some(COVER));
        assert_eq!(
            (video.duration, video.size),
            (Some(48.0), Some($film.len() as u64))
        );
        assert_eq!(video.transcode_status, Some(TranscodeStatus::Running));
        let publisher = video.user.unwrap();
        assert_eq!(publisher.user_id.as_deref(), Some(own));
        assert_eq!(publisher.user_name.as_deref(), Some("新名 +%20&"));
        assert_eq!($go!(user.get_personal_video_list(1, 10))?.total, 0);
        assert_eq!($go!(user.get_recommend_video_list(1, 10))?.total, 0);
        let early = $go!(nobody.demo_get_video_play_auth(id)).unwrap_err();
        assert_eq!(early.code(), Some("500"));

        // Once it is done everybody sees it, and gets the very bytes.
        $emulator.advance(TRANSCODING);
        let done = $go!(guest.get_personal_video_list(1, 10))?
            .video_list
            .remove(0);
        assert_eq!(done.transcode_status, Some(TranscodeStatus::Success));
        assert_eq!(done.snapshot_list.len(), 3);
        assert_eq!(
            $get!(download(&done.snapshot_list[0])).status(),
            StatusCode::OK
        );
        let seen = $go!(user.get_recommend_video_list(1, 10))?
            .video_list
            .remove(0);
        assert!(
            seen.extra.is_empty(),
            "the emulator sent what no table has: {:?}",
            seen.extra
        );
        let url = seen.file_url.unwrap();
        assert_eq!(done.file_url_list, std::slice::from_ref(&url));
        assert!($get!(download(&url)).body().as_ref() == $film);
        let play = $go!(nobody.demo_get_video_play_auth(id))?;
        assert_eq!(play.video_id.as_deref(), Some(id));
        let inside = DecodedPlayAuth::of(&play.play_auth).unwrap();
        let meta = inside.video_meta.unwrap();
        assert_eq!(meta.video_id.as_deref(), Some(id));
        assert_eq!(meta.title.as_deref(), Some("第一课 +&="));
        assert!(!inside.access_key_secret.is_empty());

        // The long way: place and keys, the file, publication.
        let size = PICTURE.len() as u64;
        let asked = $go!(
            guest
                .get_video_upload_auth("第二课", "二.MP4")
                .file_size(size)
                .tags(["a".to_owned(), "b".to_owned()])
        )?;
        let second = asked.video_id.as_str();
        let inside = DecodedUploadAuth::of(&asked.upload_auth).unwrap();
        let life = inside.expires_at($now.seconds()).unwrap() - $now.seconds();
        assert!((3590..3700).contains(&life), "{life}");
        let fresh = $go!(guest.refresh_video_upload_auth(second))?;
        let renewed = DecodedUploadAuth::of(&fresh.upload_auth).unwrap();
        assert_eq!(renewed.access_key_id, inside.access_key_id);
        assert_eq!(
            DecodedUploadAddress::of(&fresh.upload_address).unwrap(),
            DecodedUploadAddress::of(&asked.upload_address).unwrap()
        );
        let mine = $go!(user.refresh_video_upload_auth(second)).unwrap_err();
        assert_eq!(mine.code(), Some("403"));
        let stored = $get!(put(
            &fresh.upload_address,
            &fresh.upload_auth,
            PICTURE,
            $now
        ));
        assert_eq!(stored.status(), StatusCode::OK);
        let bare = $go!(guest.publish_video().video_id(second)).unwrap_err();
        assert_eq!(
            (bare.code(), bare.status()),
            (Some("500"), Some(StatusCode::OK))
        );
        $go!(
            guest
                .publish_video()
                .video_id(second)
                .cover_url(COVER)
                .size(size)
                .cate_id(7)
        )?;
        let list = $go!(guest.get_personal_video_list(1, 1))?;
        assert_eq!((list.total, list.video_list[0].cate_id), (2, Some(7)));
        assert_eq!(list.video_list[0].title.as_deref(), Some("第二课"));
        assert_eq!($pages!(guest.get_personal_video_list(1, 1)).len(), 2);

        // A video and a picture of nobody's.
        let demo = $go!(
            nobody
                .demo_get_video_upload_auth("演示", "demo.mov")
                .cover_url(COVER)
        )?;
        let again = $go!(nobody.demo_refresh_video_upload_auth(demo.video_id.as_str()))?;
        let stored = $get!(put(
            &again.upload_address,
            &again.upload_auth,
            PICTURE,
            $now
        ));
        assert_eq!(stored.status(), StatusCode::OK);
        $emulator.advance(TRANSCODING);
        let play = $go!(nobody.demo_get_video_play_auth(demo.video_id.as_str()))?;
        assert_eq!(play.cover_url.as_deref(), Some(COVER));
        let image = $go!(
            guest
                .get_image_upload_auth(ImageType::Cover)
                .image_ext("jpg")
                .title("封面")
        )?;
        let url = image.image_url.unwrap();
        assert_eq!(
            $get!(download(url.expose())).status(),
            StatusCode::NOT_FOUND
        );
        $get!(put(
            &image.upload_address,
            &image.upload_auth,
            PICTURE,
            $now
        ));
        assert_eq!($get!(download(url.expose())).body().as_ref(), PICTURE);
        let demo = $go!(nobody.demo_get_image_upload_auth(ImageType::Default))?;
        assert_ne!(demo.image_id, image.image_id);
        let address = DecodedUploadAddress::of(&demo.upload_address).unwrap();
        assert!(address.file_name.ends_with(".png"), "{}", address.file_name);

        // Music.
        let music = $pages!(nobody.get_recommend_music(1, 5));
        assert_eq!(
            music.len() as u64,
            $go!(nobody.get_recommend_music(1, 50))?.total
        );
        let piece = $go!(nobody.get_play_path(music[0].music_id.as_str()))?;
        assert!(piece.expire_time.unwrap().unix_seconds().unwrap() > $now.seconds());
        assert_eq!($get!(download(&piece.play_path)).status(), StatusCode::OK);
        let unknown = $go!(nobody.get_play_path("nothing")).unwrap_err();
        assert_eq!(unknown.code(), Some("500"));

        // Stickers, captions and their fonts, music videos.
        let stickers = $go!(nobody.get_paster_info())?;
        assert_eq!(stickers[0].paster_type, Some(PasterType::Sticker));
        let listed = $go!(nobody.get_paster_list(stickers[0].id, PasterKind::Back))?;
        let front = $go!(nobody.get_front_paster_list())?;
        assert!(!listed.iter().any(|sticker| sticker.id == front[0].id));
        let captions = $go!(nobody.get_text_paster())?;
        assert_eq!(captions[0].paster_type, Some(PasterType::Caption));
        let caption = $go!(nobody.get_text_paster_list(captions[0].id))?.remove(0);
        let font = caption.font_id.unwrap();
        let one = $go!(nobody.get_font().font_id(font))?.0;
        assert_eq!((one.len(), one[0].id), (1, font));
        let fonts = $go!(nobody.get_font())?.0;
        assert!(fonts.len() > 1 && fonts.contains(&one[0]));
        let films = $go!(nobody.get_mv())?;
        for url in [
            &listed[0].url,
            &front[0].url,
            &caption.url,
            &one[0].url,
            &films[0].aspect_list[0].download,
        ] {
            assert_eq!(
                $get!(download(url.as_deref().unwrap())).status(),
                StatusCode::OK
            );
        }

        // Nobody deletes what is another's: that refusal says yes and no at once.
        let theirs = $go!(user.delete_video_by_id(id, own)).unwrap_err();
        assert_eq!(
            (theirs.kind(), theirs.code()),
            (ErrorKind::Credential, Some("403"))
        );
        $go!(guest.delete_video_by_id(id, own))?;
        assert_eq!($go!(guest.get_personal_video_list(1, 10))?.total, 1);
        assert_eq!(
            $get!(download(&seen.first_frame_url.unwrap())).status(),
            StatusCode::NOT_FOUND
        );
        assert_eq!(
            $go!(nobody.demo_get_video_play_auth(id))
                .unwrap_err()
                .code(),
            Some("500")
        );
        Ok::<(), Error>(())
    }};
}

fn told_blocking(film: &[u8], path: &std::path::Path, now: Timestamp) -> (Vec<String>, Emulator) {
    let emulator = emulator();
    let transport = Recorded::new(Blocking::new().unwrap(), now, emulator.base_url());
    let token = Secret::from(emulator.quvideo().token.as_str());
    let client = client(&emulator, transport, Some(&token));
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
    macro_rules! with {
        ($token:expr) => {
            self::client(
                playing,
                client.transport().beside(Blocking::new().unwrap()),
                $token,
            )
        };
    }
    let told: Result<(), Error> =
        (|| story!(playing, client, go, pages, get, with, film, path, now))();
    told.unwrap_or_else(|error| panic!("{error}\n{:#?}", client.transport().log().last()));
    (client.transport().log(), emulator)
}

async fn told_async(
    film: &[u8],
    path: &std::path::Path,
    now: Timestamp,
) -> (Vec<String>, Emulator) {
    let emulator = emulator();
    let transport = Recorded::new(Async::new().unwrap(), now, emulator.base_url());
    let token = Secret::from(emulator.quvideo().token.as_str());
    let client = client(&emulator, transport, Some(&token));
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
    macro_rules! with {
        ($token:expr) => {
            self::client(
                playing,
                client.transport().beside(Async::new().unwrap()),
                $token,
            )
        };
    }
    let told: Result<(), Error> =
        async { story!(playing, client, go, pages, get, with, film, path, now) }.await;
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
    let (blocking, emulator) = told_blocking(&film, &path, now);
    let (asynchronous, _other) = told_async(&film, &path, now).await;
    for (line, other) in blocking.iter().zip(&asynchronous) {
        assert_eq!(line, other);
    }
    assert_eq!(blocking.len(), asynchronous.len());

    let journal = emulator.journal();
    for operation in operations::ALL {
        assert!(
            journal.iter().any(|record| {
                record.vendor == Some("quvideo")
                    && record.operation == Some(operation.name)
                    && matches!(record.code.as_deref(), None | Some("200"))
            }),
            "{} does not succeed in the story",
            operation.name
        );
    }
    // What the emulator remarks on a call is a mistake of ours.
    for record in &journal {
        let note = record.note.as_deref().unwrap_or_default();
        assert!(!note.contains("does not list"), "{record}");
    }
}
