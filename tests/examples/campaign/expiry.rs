//! Keys and addresses that end again and again while many parts are sent: they are renewed, and nothing is stored twice.

use std::time::Duration;

use vodkit_emulator::Effect;
use vodkit_emulator::fault::Fault;

use crate::course::Course;
use crate::points::{part_request, renewal};
use crate::report::Report;
use crate::world::{Random, World, part_size};
use crate::{Orders, oracle, pool};

/// Keys live for so many parts.
const PARTS_OF_KEYS: u64 = 9;
/// Longer than any keys live, by the emulator's clock.
const LIFETIME: Duration = Duration::from_secs(11 * 3600);

/// Parts of the file: those of MediaCloud are fifty times as large.
fn parts(orders: &Orders, vendor: &str) -> u64 {
    match (vendor, orders.short) {
        ("mediacloud", true) => 20,
        ("mediacloud", false) => 100,
        (_, true) => 60,
        (_, false) => 200,
    }
}

pub(crate) fn campaign(orders: &Orders) -> Report {
    let report = Report::new("expiry");
    for seed in orders.seeds() {
        let jobs: Vec<_> = orders.vendors().collect();
        let begun = pool::each(orders, &jobs, |&vendor| {
            let seeds = Random::of(seed, vendor, 6000).next();
            let parts = parts(orders, vendor);
            let world = World::of_length(vendor, parts * part_size(vendor) - 1000, seeds);
            let outcome = trial(orders, &report, &world, parts);
            report.trial(&format!("{vendor} seed {seed}"), 0, outcome);
        });
        if begun > 0 {
            report.seed(seed);
        }
    }
    report
}

fn trial(orders: &Orders, report: &Report, world: &World, parts: u64) -> Result<(), String> {
    let (renews, first) = renewal(world.vendor);
    let mut ends = 0;
    let mut course = Course::new(world, &orders.vodkit);
    // An address of Baijiayun's lives as long as its video waits for the file, so there it is the address alone that ends.
    let by_clock = world.vendor != "baijiayun";
    if !by_clock {
        for nth in (PARTS_OF_KEYS..parts).step_by(PARTS_OF_KEYS as usize) {
            let part = Fault::on(part_request(world.vendor)).nth(nth);
            world.emulator.faults().plan(part.expire_credentials());
            ends += 1;
        }
    }
    let mut passed = 0;
    let ended = course.until(|| {
        let stored = stored(world);
        if by_clock && stored >= passed + PARTS_OF_KEYS && stored + PARTS_OF_KEYS < parts {
            passed = stored;
            ends += 1;
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
    let renewals = (oracle::asked(world, renews) + 1).saturating_sub(first);
    report.count(format!("{} parts of {}", parts, world.vendor), 1);
    report.count(format!("ends of keys, {}", world.vendor), ends);
    report.count(format!("renewals, {}", world.vendor), renewals);
    let least = parts / (2 * PARTS_OF_KEYS);
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
