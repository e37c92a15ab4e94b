//! Keys and addresses that end again and again while many parts are sent: they are renewed, and nothing is stored twice.

use std::time::Duration;

use vodkit_emulator::Effect;
use vodkit_emulator::fault::Fault;

use crate::course::Course;
use crate::points::{part_request, renewal};
use crate::report::Report;
use crate::world::{Random, World, part_size};
use crate::{Orders, oracle, pool};

/// Longer than any keys live, by the emulator's clock.
const LIFETIME: Duration = Duration::from_secs(11 * 3600);

/// Parts of the file, and for how many of them keys live: parts of MediaCloud's are fifty times as large.
fn parts(orders: &Orders, vendor: &str) -> (u64, u64) {
    match (vendor, orders.short) {
        ("mediacloud", true) => (16, 4),
        ("mediacloud", false) => (40, 4),
        (_, true) => (60, 5),
        (_, false) => (200, 5),
    }
}

/// Bytes a second: slow enough to see the parts arrive.
fn rate(vendor: &str) -> &'static str {
    match vendor {
        "mediacloud" => "300M",
        _ => "20M",
    }
}

pub(crate) fn campaign(orders: &Orders) -> Report {
    let report = Report::new("expiry");
    for seed in orders.seeds() {
        let jobs: Vec<_> = orders.vendors().collect();
        let begun = pool::each(orders, &jobs, |&vendor| {
            let seeds = Random::of(seed, vendor, 6000).next();
            let (parts, of_keys) = parts(orders, vendor);
            let world = World::of_length(vendor, parts * part_size(vendor) - 1000, seeds);
            let outcome = trial(orders, &report, &world, parts, of_keys);
            report.trial(&format!("{vendor} seed {seed}"), 0, outcome);
        });
        if begun > 0 {
            report.seed(seed);
        }
    }
    report
}

fn trial(
    orders: &Orders,
    report: &Report,
    world: &World,
    parts: u64,
    of_keys: u64,
) -> Result<(), String> {
    let (renews, first) = renewal(world.vendor);
    let renewals = || (oracle::asked(world, renews) + 1).saturating_sub(first);
    let mut ends = 0;
    let mut course = Course::new(world, &orders.vodkit);
    course.more.extend(["--rate", rate(world.vendor)]);
    // An address of Baijiayun's lives as long as its video waits for the file, so there it is the address alone that ends.
    let by_clock = world.vendor != "baijiayun";
    if !by_clock {
        for nth in (of_keys..parts).step_by(of_keys as usize) {
            let part = Fault::on(part_request(world.vendor)).nth(nth);
            world.emulator.faults().plan(part.expire_credentials());
            ends += 1;
        }
    }
    let (mut since, mut ended_unused) = (0, false);
    let ended = course.until(|| {
        // Keys that nobody has used yet are not to end again.
        if !by_clock || renewals() < ends {
            return false;
        }
        let stored = stored(world);
        if ended_unused {
            (since, ended_unused) = (stored, false);
        }
        if stored >= since + of_keys && stored + of_keys < parts {
            (ends, ended_unused) = (ends + 1, true);
            world.emulator.advance(LIFETIME);
        }
        false
    });
    if ended.code != Some(0) {
        return Err(format!("the upload {}", ended.told()));
    }
    let unfired = world.emulator.faults().unfired();
    if !unfired.is_empty() {
        return Err(format!("never fired: {unfired:?}"));
    }
    let renewals = renewals();
    report.count("ends of keys or addresses", ends);
    report.detail(format!("renewals, {}", world.vendor), renewals);
    report.detail(format!("parts, {}", world.vendor), parts);
    // With three parts at once more may arrive before it is seen, and before the keys that ended are used.
    let least = parts / of_keys / 2;
    if renewals < ends || ends < least {
        return Err(format!(
            "{renewals} renewals for {ends} ends, at least {least} of which were to come"
        ));
    }
    let resent = oracle::judge(&course, 0)?;
    if resent > 0 || stored(world) != parts {
        return Err(format!(
            "{} parts were stored of {parts}, {resent} bytes twice",
            stored(world)
        ));
    }
    Ok(())
}

/// Parts, or slices, that are stored.
fn stored(world: &World) -> u64 {
    oracle::count(world, |effect| {
        matches!(
            effect,
            Effect::PartStored { .. } | Effect::BytesStored { .. }
        )
    })
}
