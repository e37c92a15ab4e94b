//! The command line is killed at every point that it passes, and the same command is run again.

use std::time::Instant;

use crate::Orders;
use crate::oracle::{self, Verdict};
use crate::report::Report;
use crate::world::{Ended, Size, VENDORS, World};

/// The points, as `vodkit` names them. Each is tried at its first passing, its second, and so on until the command ends before it comes.
const POINTS: [&str; 9] = [
    "before-send",
    "after-send",
    "before-keep",
    "torn-keep",
    "after-keep",
    "before-complete",
    "after-complete",
    "removing-journal",
    "waiting",
];
/// A point that is passed so often has no end.
const MOST_PASSINGS: u64 = 200;

pub(crate) fn run(orders: &Orders) -> Report {
    let started = Instant::now();
    let mut report = Report::new(orders.first_seed);
    for seed in orders.first_seed..orders.first_seed + orders.seeds {
        if Instant::now() >= orders.end {
            break;
        }
        for vendor in VENDORS {
            if orders.vendor.as_deref().is_some_and(|only| only != vendor) {
                continue;
            }
            for size in Size::ALL {
                for point in POINTS {
                    every_passing(orders, &mut report, vendor, size, point, seed);
                }
            }
        }
        report.seed_done();
    }
    for vendor in VENDORS {
        let meant = orders.vendor.as_deref().is_none_or(|only| only == vendor);
        for point in POINTS {
            let none = vendor == "mediacloud" && point == "waiting";
            if meant && !none && !report.was_killed(vendor, point) {
                report.fail(vendor, &format!("never passes {point}"));
            }
        }
    }
    report.took(started.elapsed());
    report
}

fn every_passing(
    orders: &Orders,
    report: &mut Report,
    vendor: &'static str,
    size: Size,
    point: &'static str,
    seed: u64,
) {
    for passing in 1..=MOST_PASSINGS {
        let world = World::new(vendor, size, seed.wrapping_mul(1000).wrapping_add(passing));
        let at = format!("{point}:{passing}");
        let trial = format!("{vendor} {} {at} seed {seed}", size.name());
        let first = world.upload(&orders.vodkit, Some(&at), &[]);
        if !first.killed {
            // It ended before the point came: all passings are done. A point that never comes is told by the report.
            if first.code != Some(0) {
                report.fail(&trial, &format!("was not killed and failed: {}", first.err));
            }
            return;
        }
        report.killed(vendor, point);
        let (second, on_demand) = finish(orders, &world, vendor);
        if on_demand {
            report.repeated_on_demand();
        }
        match oracle::judge(&world, vendor, on_demand, &second) {
            Verdict::Broken(why) => report.fail(&trial, &why),
            Verdict::Holds { .. } if !is_passed_over(orders, &world) => {
                report.fail(&trial, "a third run was not passed over");
            }
            Verdict::Holds { resent } => report.holds(resent),
        }
    }
    report.fail(
        &format!("{vendor} {} {point}", size.name()),
        "is passed without end",
    );
}

/// The same command again, and whether it had to be told to repeat a registration of which nobody can learn what came of it.
fn finish(orders: &Orders, world: &World, vendor: &str) -> (Ended, bool) {
    let second = world.upload(&orders.vodkit, None, &[]);
    let unknown =
        vendor == "mediacloud" && second.code == Some(5) && second.err.contains("outcome_unknown");
    match unknown {
        true => (
            world.upload(&orders.vodkit, None, &["--repeat-unknown"]),
            true,
        ),
        false => (second, false),
    }
}

/// Whether the same command once more changes nothing: it may ask whether the video can be played.
fn is_passed_over(orders: &Orders, world: &World) -> bool {
    let before = world.emulator.journal().len();
    let third = world.upload(&orders.vodkit, None, &[]);
    let journal = world.emulator.journal();
    third.code == Some(0)
        && journal[before..]
            .iter()
            .all(|record| record.effects.is_empty())
}
