//! What the emulator has in the end, asked of the emulator alone: no code of the client has a say here.

use md5::{Digest as _, Md5};
use vodkit_emulator::{Change, Effect};

use crate::world::{Ended, LANES, World, part_size};

pub(crate) enum Verdict {
    /// Every promise held; so many bytes were sent a second time.
    Holds {
        resent: u64,
    },
    Broken(String),
}

/// Judges what is there after one kill and a last run that was to finish. `on_demand`: that run was told to repeat what may act twice.
pub(crate) fn judge(world: &World, vendor: &str, on_demand: bool, last: &Ended) -> Verdict {
    match broken(world, vendor, on_demand, last) {
        Ok(resent) => Verdict::Holds { resent },
        Err(why) => Verdict::Broken(why),
    }
}

fn broken(world: &World, vendor: &str, on_demand: bool, last: &Ended) -> Result<u64, String> {
    if last.code != Some(0) {
        return Err(format!(
            "the second run ended with {:?}: {}{}",
            last.code, last.err, last.out
        ));
    }
    let md5: String = Md5::digest(&world.content)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let stored = world.emulator.stored();
    let complete: Vec<_> = stored
        .iter()
        .filter(|stored| stored.vendor == vendor && stored.complete)
        .collect();
    match complete[..] {
        [only] if only.md5 == md5 && only.bytes == world.content.len() as u64 => {}
        [only] => return Err(format!("other bytes are stored: {only:?}")),
        [] => return Err("nothing is stored".to_owned()),
        _ => return Err(format!("stored {} times: {complete:?}", complete.len())),
    }
    let created = created(world, vendor);
    // Only a video that no call lists may be made a second time, without content and not in silence, and a medium only for who asks for it.
    let told = vendor == "quvideo" && last.err.contains("may_be_orphaned");
    let most = 1 + u64::from(told || on_demand);
    if created > most {
        return Err(format!("{created} videos were created"));
    }
    let journals = std::fs::read_dir(world.state())
        .map_err(|error| format!("the state directory: {error}"))?
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| name.ends_with(".journal"))
        .count();
    if journals > 0 {
        return Err("its journal is still there".to_owned());
    }
    let received = received(world);
    if received < world.content.len() as u64 {
        return Err(format!(
            "the journal tells of {received} bytes, fewer than the file has"
        ));
    }
    let resent = received.saturating_sub(world.content.len() as u64);
    let parts = part_size(vendor) * LANES;
    if resent > parts {
        return Err(format!(
            "{resent} bytes were sent a second time, more than {LANES} parts"
        ));
    }
    Ok(resent)
}

/// How many videos, or registered media, the vendor was told to make.
fn created(world: &World, vendor: &str) -> u64 {
    let is_new = |effect: &Effect| match effect {
        Effect::VideoCreated { .. } => true,
        Effect::Thing {
            vendor: whose,
            kind: "video" | "media",
            change: Change::Created,
            ..
        } => *whose == vendor,
        _ => false,
    };
    let records = world.emulator.journal();
    let effects = records.iter().flat_map(|record| &record.effects);
    effects.filter(|effect| is_new(effect)).count() as u64
}

/// Bytes of the file that were stored, each as often as it was.
fn received(world: &World) -> u64 {
    let bytes = |effect: &Effect| match effect {
        Effect::BytesStored { length, .. } => *length,
        Effect::PartStored { bytes, .. } => *bytes,
        Effect::ObjectStored {
            bytes, parts: None, ..
        } => *bytes,
        _ => 0,
    };
    let records = world.emulator.journal();
    let effects = records.iter().flat_map(|record| &record.effects);
    effects.map(bytes).sum()
}
