//! The command line is killed at every point that it passes, and the same command is run again.

use std::time::Instant;

use crate::Orders;
use crate::oracle::{self, Verdict};
use crate::report::Report;
use crate::world::{Ended, Size, VENDORS, World};

/// The points, as `vodkit` names them. Each is tried at its first passing, its second, and so on until the command ends before it comes.
const POINTS: [&str; 8] = [
    "before-send",
    "after-send",
    "before-keep",
    "torn-keep",
    "after-keep",
    "before-complete",
    "after-complete",
    "removing-journal",
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
        let second = finish(orders, &world, vendor);
        match oracle::judge(&world, vendor, 1, &second) {
            Verdict::Holds { resent } => report.holds(resent),
            Verdict::Broken(why) => report.fail(&trial, &why),
        }
    }
    report.fail(
        &format!("{vendor} {} {point}", size.name()),
        "is passed without end",
    );
}

/// The same command again. A registration whose outcome nobody can learn is repeated only on demand.
fn finish(orders: &Orders, world: &World, vendor: &str) -> Ended {
    let second = world.upload(&orders.vodkit, None, &[]);
    let unknown =
        vendor == "mediacloud" && second.code == Some(5) && second.err.contains("register");
    if unknown {
        return world.upload(&orders.vodkit, None, &["--repeat-unknown"]);
    }
    second
}
