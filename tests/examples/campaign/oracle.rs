//! What the emulator has in the end, asked of the emulator alone: no code of the client has a say here.

use md5::{Digest as _, Md5};
use vodkit_emulator::{Change, Effect, Record};

use crate::course::Course;
use crate::world::{World, part_size};

/// Judges what is there after a run has said that the file is; gives how many bytes were sent a second time. `excused` are those that faults other than a
/// kill have cost: a part for each lane is excused by each kill.
pub(crate) fn judge(course: &Course<'_>, excused: u64) -> Result<u64, String> {
    let world = course.world;
    is_whole(world, &world.content)?;
    let created = created(world);
    if created == 0 {
        return Err("a file is stored, and no video was made of it".to_owned());
    }
    // Only a video that no call lists may be made a second time, without content and not in silence, and a medium only for who asks for it.
    let told = match world.vendor {
        "quvideo" => course.orphans,
        _ => 0,
    };
    if created > 1 + told + course.on_demand {
        return Err(format!("{created} videos were created"));
    }
    if !world.journals().is_empty() {
        return Err("its journal is still there".to_owned());
    }
    let length = world.content.len() as u64;
    let received = received(world);
    // Of a slice whose sender died Baijiayun keeps what arrived, and the emulator writes that down when it has given up waiting for the rest.
    let unwritten = match world.vendor {
        "baijiayun" => course.kills * part_size(world.vendor),
        _ => 0,
    };
    if received + unwritten < length {
        return Err(format!(
            "the emulator's journal tells of {received} bytes, fewer than the file has"
        ));
    }
    let resent = received.saturating_sub(length);
    let most = course.kills * world.lanes * part_size(world.vendor) + excused;
    if resent > most {
        return Err(format!(
            "{resent} bytes were sent a second time, more than {most}: {} kills, {} lanes",
            course.kills, world.lanes
        ));
    }
    Ok(resent)
}

/// Whether the vendor has this content, once and nothing else that is whole.
pub(crate) fn is_whole(world: &World, content: &[u8]) -> Result<(), String> {
    let stored = world.emulator.stored();
    let complete: Vec<_> = stored
        .iter()
        .filter(|stored| stored.vendor == world.vendor && stored.complete)
        .collect();
    match complete[..] {
        [only] if only.md5 == md5(content) && only.bytes == content.len() as u64 => Ok(()),
        [only] => Err(format!("other bytes are stored: {only:?}")),
        [] => Err("nothing is stored".to_owned()),
        _ => Err(format!("stored {} times: {complete:?}", complete.len())),
    }
}

/// How many files the vendor has whole.
pub(crate) fn whole_ones(world: &World) -> usize {
    let stored = world.emulator.stored();
    let whole = stored.iter().filter(|stored| stored.complete);
    whole.filter(|stored| stored.vendor == world.vendor).count()
}

fn md5(content: &[u8]) -> String {
    let digest = Md5::digest(content);
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// How many videos, or registered media, the vendor was told to make.
pub(crate) fn created(world: &World) -> u64 {
    let is_new = |effect: &Effect| match effect {
        Effect::VideoCreated { .. } => true,
        Effect::Thing {
            vendor,
            kind: "video" | "media",
            change: Change::Created,
            ..
        } => *vendor == world.vendor,
        _ => false,
    };
    count(world, is_new)
}

/// How many effects are such.
pub(crate) fn count(world: &World, is_such: impl Fn(&Effect) -> bool) -> u64 {
    let records = world.emulator.journal();
    let effects = records.iter().flat_map(|record| &record.effects);
    effects.filter(|effect| is_such(effect)).count() as u64
}

/// How many requests had this name.
pub(crate) fn asked(world: &World, operation: &str) -> u64 {
    let is_it = |record: &&Record| record.operation == Some(operation);
    world.emulator.journal().iter().filter(is_it).count() as u64
}

/// Bytes of the file that were stored, each as often as it was.
pub(crate) fn received(world: &World) -> u64 {
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
