//! Faults of the emulator, drawn from a seed and each bound to a request that the upload makes.

use std::time::Duration;

use vodkit_emulator::fault::{Answer, Fault};

use crate::points::{part_request, requests};
use crate::world::{Random, Size, World, part_size};

/// A fault that is planned.
pub(crate) struct Planned {
    pub(crate) id: u64,
    pub(crate) kind: &'static str,
    pub(crate) operation: &'static str,
    /// The request that it waits for, among those of its operation.
    pub(crate) nth: u64,
    /// Bytes that it may cost beyond the part that it strikes: all, where the storage forgets.
    pub(crate) forgets: bool,
}

/// What came of a fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    Fired,
    /// The upload never made the request.
    NotReached,
    /// Each request that it could have struck died with its process.
    Overtaken,
}

/// Longest that a call may take while faults are about, so that one that is not answered costs little.
pub(crate) const TIMEOUT: [&str; 2] = ["--timeout", "1"];
/// Longer than that.
const TOO_LATE: Duration = Duration::from_millis(1600);

/// What can happen to any request.
const ANY: [&str; 12] = [
    "500",
    "502",
    "503",
    "504",
    "a page for people",
    "closed",
    "reset",
    "reply lost",
    "reply reset",
    "reply cut in its body",
    "reply cut in its head",
    "late",
];
/// What can happen to bytes of the file.
const OF_BYTES: [&str; 3] = ["cut", "cut with a reset", "stalled"];
/// What can happen to a part, where the storage gives a digest of it.
const OF_DIGESTED: [&str; 2] = ["bit flipped", "upload forgotten"];

/// Plans one to three faults, each on another operation.
pub(crate) fn plan(world: &World, size: Size, random: &mut Random) -> Vec<Planned> {
    let part = part_request(world.vendor);
    let mut operations = match size {
        Size::Small => single(world.vendor),
        _ => requests(world.vendor),
    };
    let count = 1 + random.below(3.min(operations.len() as u64));
    let faults = world.emulator.faults();
    let mut planned = Vec::new();
    for _ in 0..count {
        let at = random.below(operations.len() as u64) as usize;
        let operation = operations.remove(at);
        let has_bytes = operation == part || operation == "PutObject";
        let nth = match operation == part && size != Size::Small {
            true => 1 + random.below(size.parts() + 1),
            false => 1,
        };
        let kind = kind(world.vendor, operation, has_bytes, random);
        let mut target = Fault::on(operation).vendor(world.vendor).nth(nth);
        if kind == "503" && random.below(2) == 0 {
            target = target.times(2);
        }
        // Whichever part is the n-th: the last is the shortest.
        let shortest = world.content.len() as u64 % part_size(world.vendor);
        let within = random.below(shortest.min(4000));
        let fault = match kind {
            "500" | "502" | "503" | "504" => target.status(kind.parse().unwrap()),
            "a page for people" => target.answer(Answer::html_page()),
            "closed" => target.close(),
            "reset" => target.reset(),
            "reply lost" => target.lose_reply(),
            "reply reset" => target.reset_reply(),
            "reply cut in its body" => target.cut_reply_after(1 + random.below(20)),
            "reply cut in its head" => target.cut_reply_head_after(random.below(60)),
            "late" => target.stall_reply(Duration::from_millis(40)),
            "later than the limit" => target.stall_reply(TOO_LATE),
            "cut" => target.cut_request_after(within),
            "cut with a reset" => target.reset_request_after(within),
            "stalled" => target.stall_request_after(within, Duration::from_millis(40)),
            "bit flipped" => target.flip_bit_at(within),
            "expired" => target.expire_credentials(),
            "upload forgotten" => target.forget_upload(),
            other => unreachable!("{other} is no kind of fault"),
        };
        planned.push(Planned {
            id: faults.plan(fault),
            kind,
            operation,
            nth,
            forgets: kind == "upload forgotten",
        });
    }
    planned
}

fn kind(vendor: &str, operation: &str, has_bytes: bool, random: &mut Random) -> &'static str {
    let mut kinds = ANY.to_vec();
    if has_bytes {
        kinds.extend(OF_BYTES);
        kinds.extend(OF_BYTES);
        kinds.push("expired");
        if vendor != "baijiayun" {
            kinds.extend(OF_DIGESTED);
            if operation == "PutObject" {
                kinds.retain(|kind| *kind != "upload forgotten");
            }
        }
    } else if !operation.ends_with("MultipartUpload") {
        // Requests to a storage have other limits than calls.
        kinds.push("later than the limit");
    }
    // A put, or a reply, without a body has nothing in it to cut.
    if operation == "UploadPart" || operation == "PutObject" {
        kinds.retain(|kind| *kind != "reply cut in its body");
    }
    kinds[random.below(kinds.len() as u64) as usize]
}

/// The requests of a file that goes in one.
fn single(vendor: &str) -> Vec<&'static str> {
    match vendor {
        "baijiayun" => vec!["video/getUploadUrl", "upload"],
        "polyv" => vec!["uploadvideo/init", "PutObject"],
        "quvideo" => vec!["vod/getVideoUploadAuth", "PutObject", "vod/videoPublish"],
        _ => vec!["api/v1/login", "PutObject", "POST api/v1/medias"],
    }
}

impl Fate {
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Fired => "faults fired",
            Self::NotReached => "faults whose request never came",
            Self::Overtaken => "faults whose request died with its process",
        }
    }
}

impl Planned {
    /// What came of it, of an upload in which so many runs were killed.
    pub(crate) fn fate(&self, world: &World, kills: u64) -> Result<Fate, String> {
        let reports = world.emulator.faults().report();
        let report = reports
            .iter()
            .find(|report| report.id == self.id)
            .ok_or("a planned fault is not in the report")?;
        if !report.is_unfired() {
            return Ok(Fate::Fired);
        }
        // Those that came, from the one on that it waits for.
        let struck = (report.matched + 1).saturating_sub(self.nth);
        match struck {
            0 => Ok(Fate::NotReached),
            _ if report.fired > 0 => Ok(Fate::Fired),
            struck if struck <= kills => Ok(Fate::Overtaken),
            _ => Err(format!(
                "{} matched {} requests and never fired",
                report.description, report.matched
            )),
        }
    }
}
