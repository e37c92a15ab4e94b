//! `vodkit demo`: the whole way of a video, from a file to a player, against an emulator inside this process.
//!
//! Everything goes over sockets and through the SDK, as it would against a real account.

mod mediacloud;
mod polyv;
mod quvideo;
mod story;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde_json::{Map, Value, json};
use vodkit_baijiayun::Client;
use vodkit_baijiayun::types::VideoInfo;
use vodkit_emulator::Emulator;
use vodkit_request::baijiayun::operations::GET_INFO;
use vodkit_request::types::{DateTime, Secret};

use crate::args::{DemoArgs, Global};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::interrupt;
use crate::output::{Output, faint, good};
use crate::playback::{self, Original};
use crate::progress::{UploadBar, spinner};
use crate::watch::Watched;
use crate::words::worded;
use story::Row;

const CLIP: Original = Original::BuiltIn {
    name: "vodkit-demo.mp4",
    bytes: include_bytes!("../../assets/clip.mp4"),
};

/// Transcoding takes the emulator 3 seconds, which is long for somebody who waits for a demo.
const TIME_SCALE: f64 = 3.0;
const FIRST_WAIT: Duration = Duration::from_millis(250);
const DEADLINE: Duration = Duration::from_secs(60);

const NEXT: &str = "\
Next, against your own account:
  export VODKIT_BAIJIAYUN_PARTNER_ID=… VODKIT_BAIJIAYUN_PARTNER_KEY=… VODKIT_BAIJIAYUN_DOMAIN=…
  vodkit upload baijiayun lesson.mp4 --wait
  vodkit call baijiayun video/getVideoList page_size=10
and so for polyv, quvideo and mediacloud, see docs/vendors,
or without one, in a second terminal: vodkit emulator";

pub(crate) fn run(args: &DemoArgs, global: Global) -> Result<(), Failure> {
    let original = match &args.file {
        Some(path) => Original::of_file(path)?,
        None => CLIP,
    };
    let mut steps = Steps::new(Output::new(global.output));

    let running = Running::default();
    let accounts = running.start()?;
    let base_url = accounts.base_url.clone();
    steps.done("emulator", format!("listens on {base_url}"))?;

    let client = Client::builder()
        .partner_id(accounts.baijiayun.partner_id)
        .partner_key(accounts.baijiayun.partner_key.as_str())
        .base_url(base_url.as_str())
        .build(Watched::new(global.verbose)?)?;
    let md5 = original.md5()?;

    let bar = UploadBar::of_one(original.len());
    let sink = bar.sink();
    let sent = client
        .upload(original.input())
        .map(|upload| upload.progress(sink))
        .send();
    bar.bar().finish_and_clear();
    let video_id = sent?.video_id;
    steps.done(
        "upload",
        format!(
            "{} ({} bytes) is video {video_id}",
            original.name(),
            original.len()
        ),
    )?;

    let waiting = spinner("transcoding");
    let waited = client
        .wait_for_transcode(video_id, DEADLINE)
        .map(|wait| wait.first_wait(FIRST_WAIT))
        .send();
    waiting.finish_and_clear();
    waited?;
    steps.done("transcode", "can be played".to_owned())?;

    let info = client.get_info(video_id).send()?;
    if let Some(theirs) = info
        .file_md5
        .as_deref()
        .filter(|theirs| !theirs.eq_ignore_ascii_case(&md5))
    {
        return Err(Failure::verification(format!(
            "the vendor has a file of MD5 {theirs}, uploaded was {md5}"
        )));
    }
    steps.done("info", "the vendor says of it:".to_owned())?;
    steps.show(&info)?;

    let mut listed = 0;
    let mut found = false;
    for page in client.get_video_list().page_size(100).pages() {
        let page = page?;
        listed += page.len();
        found |= page.iter().any(|video| video.video_id == video_id);
    }
    if !found {
        return Err(Failure::verification(format!(
            "video {video_id} is not among the {listed} that the vendor lists"
        )));
    }
    steps.done(
        "list",
        format!("video {video_id} is among the {listed} listed"),
    )?;

    let urls = client.get_url(video_id).send()?;
    let (definition, url) = urls
        .play_info
        .iter()
        .find_map(|(definition, file)| file.url.as_deref().map(|url| (definition.as_str(), url)))
        .ok_or_else(|| {
            Failure::verification(format!(
                "the vendor has no play address for video {video_id}"
            ))
        })?;
    let range = playback::seek(client.transport(), url, &original)?;
    steps.done(
        "seek",
        format!(
            "bytes {} to {} come alone ({definition})",
            range.start,
            range.end - 1
        ),
    )?;
    let played = playback::compare(client.transport(), url, &original)?;
    if played != md5 {
        return Err(Failure::verification(format!(
            "what was played has MD5 {played}, uploaded was {md5}"
        )));
    }
    steps.done(
        "play",
        format!("{} bytes, all equal to the file, MD5 {md5}", original.len()),
    )?;

    let mut rows = vec![Row {
        vendor: "baijiayun",
        access: "signature (MD5)",
        made: format!("video {video_id}"),
        processed: true,
        listed: Some(true),
        bytes_equal: Some(true),
    }];
    rows.extend(others(&accounts, &original, global, &mut steps)?);

    drop(running);
    steps.finish(
        &rows,
        &Summary {
            video_id,
            file: original.name(),
            bytes: original.len(),
            md5,
            info,
        },
    )
}

/// The main story of the other vendors, shorter.
fn others(
    accounts: &Accounts,
    original: &Original,
    global: Global,
    steps: &mut Steps,
) -> Result<[Row; 3], Failure> {
    let base_url = accounts.base_url.as_str();
    let client = vodkit_polyv::Client::builder()
        .user_id(accounts.polyv.user_id.as_str())
        .secret_key(accounts.polyv.secret_key.as_str())
        .base_url(base_url)
        .build(Watched::new(global.verbose)?)?;
    let polyv = polyv::tell(&client, original, steps)?;

    let client = |token: Option<Secret>| {
        let mut builder = vodkit_quvideo::Client::builder().base_url(base_url);
        if let Some(token) = token {
            builder = builder.token(token);
        }
        Ok(builder.build(Watched::new(global.verbose)?)?)
    };
    let quvideo = quvideo::tell(client, original, steps)?;

    let client = vodkit_mediacloud::Client::builder()
        .username(accounts.mediacloud.username.as_str())
        .password(accounts.mediacloud.password.as_str())
        .base_url(base_url)
        .build(Watched::new(global.verbose)?)?;
    let storage = vodkit_mediacloud::ObjectStorage::new(base_url, "emulator")?;
    let mediacloud = mediacloud::tell(&client, &accounts.mediacloud, &storage, original, steps)?;
    Ok([polyv, quvideo, mediacloud])
}

/// Where the emulator listens, and whom it knows.
struct Accounts {
    base_url: String,
    baijiayun: vodkit_emulator::baijiayun::Account,
    polyv: vodkit_emulator::polyv::Account,
    mediacloud: vodkit_emulator::mediacloud::Account,
}

/// The emulator, stopped at the end of the demo or by a signal: either way its files are removed.
#[derive(Default)]
struct Running(Arc<Mutex<Option<Emulator>>>);

impl Running {
    fn start(&self) -> Result<Accounts, Failure> {
        // Held while it starts, so that a signal in the middle waits for something that it can stop.
        let mut place = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let for_signal = Arc::clone(&self.0);
        interrupt::before_exit(move || {
            drop(
                for_signal
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .take(),
            )
        });
        let emulator = Emulator::builder()
            .time_scale(TIME_SCALE)
            .start()
            .map_err(|error| {
                Failure::new(
                    Exit::Unavailable,
                    "unavailable",
                    format!("the emulator does not start: {error}"),
                )
            })?;
        let emulator = place.insert(emulator);
        Ok(Accounts {
            base_url: emulator.base_url().to_owned(),
            baijiayun: emulator.baijiayun().clone(),
            polyv: emulator.polyv().clone(),
            mediacloud: emulator.mediacloud().clone(),
        })
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.0.lock().unwrap_or_else(PoisonError::into_inner).take());
    }
}

/// What came of it, once every step has succeeded.
struct Summary {
    video_id: u64,
    file: String,
    bytes: u64,
    md5: String,
    info: VideoInfo,
}

/// Columns before what a step has to say: its mark, name and time.
const MARGIN: usize = 22;

/// The steps so far, each with its time.
struct Steps {
    output: Output,
    began: Instant,
    last: Instant,
    done: Vec<Value>,
}

impl Steps {
    fn new(output: Output) -> Self {
        let now = Instant::now();
        Self {
            output,
            began: now,
            last: now,
            done: Vec::new(),
        }
    }

    fn done(&mut self, step: &'static str, detail: String) -> Result<(), Failure> {
        let millis = u64::try_from(self.last.elapsed().as_millis()).unwrap_or(u64::MAX);
        if !self.output.is_json() {
            let time = faint(&format!("{millis:>5} ms"));
            let detail = self.output.behind(MARGIN, &detail);
            self.output
                .text(&format!("{} {step:<10}{time}  {detail}", good("✓")))?;
        }
        self.done
            .push(json!({ "step": step, "ms": millis, "detail": detail }));
        self.last = Instant::now();
        Ok(())
    }

    fn show(&mut self, info: &VideoInfo) -> Result<(), Failure> {
        if !self.output.is_json() {
            self.output.pairs(&rows(info))?;
        }
        self.last = Instant::now();
        Ok(())
    }

    fn finish(self, rows: &[Row], summary: &Summary) -> Result<(), Failure> {
        let seconds = self.began.elapsed().as_secs_f64();
        if self.output.is_json() {
            let info = serde_json::to_value(&summary.info).expect("a decoded reply is always JSON");
            return self.output.json(&json!({
                "vendor": "baijiayun",
                "uploaded": true,
                "transcoded": true,
                "listed": true,
                "played": true,
                "bytes_equal": true,
                "video_id": summary.video_id,
                "file": summary.file,
                "bytes": summary.bytes,
                "md5": summary.md5,
                "seconds": (seconds * 1000.0).round() / 1000.0,
                "info": info,
                "steps": self.done,
                "vendors": rows.iter().map(Row::json).collect::<Vec<_>>(),
            }));
        }
        self.output.text("")?;
        let cells: Vec<_> = rows.iter().map(Row::cells).collect();
        self.output.rows(&Row::HEAD, &cells)?;
        self.output.text(&format!(
            "{}\n\n{NEXT}",
            faint(&format!(
                "all of it over real sockets in {seconds:.1} s; - is what vodkit has no call for"
            ))
        ))
    }
}

/// What the vendor says of the video, in the order of its page and under its names.
fn rows(info: &VideoInfo) -> Vec<(&'static str, String)> {
    const ORDER: [&str; 12] = [
        "video_id",
        "name",
        "status",
        "length",
        "total_size",
        "total_transcode_size",
        "file_md5",
        "origin_definition",
        "transcode_info",
        "publish_status",
        "create_time",
        "preface_url",
    ];
    let fields = serde_json::to_value(info).map(|info| worded(&GET_INFO, &info));
    let Ok(Value::Object(fields)) = fields else {
        return Vec::new();
    };
    ORDER
        .into_iter()
        .filter_map(|name| Some((name, cell(name, fields.get(name)?))))
        .collect()
}

fn cell(name: &str, value: &Value) -> String {
    match (name, value) {
        ("length", Value::Number(number)) => format!("{number} s"),
        ("create_time", Value::Number(number)) => match number.as_i64() {
            Some(seconds) => format!("{seconds} ({} in China)", DateTime::in_china(seconds)),
            None => number.to_string(),
        },
        ("transcode_info", Value::Array(files)) => files
            .iter()
            .filter_map(Value::as_object)
            .map(file)
            .collect::<Vec<_>>()
            .join("\n"),
        // The rest of the address may be a token.
        ("preface_url", Value::String(url)) => url.split('?').next().unwrap_or_default().to_owned(),
        (_, Value::String(text)) => text.clone(),
        (_, other) => other.to_string(),
    }
}

fn file(file: &Map<String, Value>) -> String {
    let text = |name: &str| {
        file.get(name).map_or_else(String::new, |value| {
            value.to_string().trim_matches('"').to_owned()
        })
    };
    format!(
        "{} {}, {} bytes",
        text("definition"),
        text("type"),
        text("size")
    )
}
