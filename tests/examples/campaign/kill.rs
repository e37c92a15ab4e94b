//! The command line is killed at every point that it passes, and in every state of the list, and the same command is run again.

use std::time::Duration;

use vodkit_emulator::Effect;
use vodkit_emulator::fault::Fault;

use crate::course::Course;
use crate::points::{At, POINTS, Place, Scene, part_request, places};
use crate::report::Report;
use crate::world::{Ended, Random, Size, World, run};
use crate::{Orders, oracle, pool};

/// A point that is passed so often has no end.
const MOST_PASSINGS: u64 = 200;
/// Longer than any trial.
const EVER: Duration = Duration::from_secs(600);

/// Trials that depend on each other, or one alone.
enum Job {
    /// Every passing of a point.
    Passings(&'static str, Size, &'static str, u64),
    /// One place of a state.
    State(&'static str, Place, u64),
}

pub(crate) fn campaign(orders: &Orders) -> Report {
    let report = Report::new("kill");
    for seed in orders.seeds() {
        let mut jobs = Vec::new();
        // First, so that none is left out when the time is short.
        for vendor in orders.vendors() {
            let places = places(vendor).into_iter();
            jobs.extend(places.map(|place| Job::State(vendor, place, seed)));
        }
        for vendor in orders.vendors() {
            for &size in orders.sizes() {
                for point in POINTS {
                    if vendor != "mediacloud" || point != "waiting" {
                        jobs.push(Job::Passings(vendor, size, point, seed));
                    }
                }
            }
        }
        let begun = pool::each(orders, &jobs, |job| match job {
            Job::Passings(vendor, size, point, seed) => {
                every_passing(orders, &report, vendor, *size, point, *seed);
            }
            Job::State(vendor, place, seed) => state(orders, &report, vendor, place, *seed),
        });
        if begun > 0 {
            report.seed(seed);
        }
    }
    for vendor in orders.vendors() {
        for place in places(vendor) {
            if !report.was_killed_in(place.state, vendor) {
                report.fail(format!("{vendor} was never killed in {}", place.state));
            }
        }
    }
    report
}

fn every_passing(
    orders: &Orders,
    report: &Report,
    vendor: &'static str,
    size: Size,
    point: &'static str,
    seed: u64,
) {
    // In the short form one passing after the other only of a file in one request: of four parts the first, the second, the fourth and so on.
    let leap = orders.short && size != Size::Small;
    let mut passing = 0;
    while passing < MOST_PASSINGS {
        passing = match leap {
            true => (2 * passing).max(1),
            false => passing + 1,
        };
        let world = World::new(vendor, size, seed.wrapping_mul(1000).wrapping_add(passing));
        let trial = format!("{vendor} {} {point}:{passing} seed {seed}", size.name());
        let mut course = Course::new(&world, &orders.vodkit);
        let first = course.at(&format!("{point}:{passing}"));
        if !first.killed {
            // It ended before the point came: all passings are done.
            if first.code != Some(0) || passing == 1 {
                let why = format!("the run that was to be killed {}", first.told());
                report.trial(&trial, 0, Err(why));
            }
            return;
        }
        report.detail(format!("{vendor} killed at {point}"), 1);
        let outcome = settled(report, &mut course);
        report.trial(&trial, course.kills, outcome);
    }
    report.fail(format!(
        "{vendor} {} passes {point} without end",
        size.name()
    ));
}

/// The same command finishes it, and once more changes nothing.
fn settled(report: &Report, course: &mut Course<'_>) -> Result<(), String> {
    course.finish(&[])?;
    let resent = oracle::judge(course, 0)?;
    report.detail("bytes sent a second time", resent);
    report.count("registrations repeated on demand", course.on_demand);
    course.is_passed_over()
}

fn state(orders: &Orders, report: &Report, vendor: &'static str, place: &Place, seed: u64) {
    let world = World::new(vendor, Size::Medium, seed);
    let trial = format!("{vendor} {} {:?} seed {seed}", place.state, place.at);
    let mut course = Course::new(&world, &orders.vodkit);
    let outcome = match place.scene {
        Scene::GivingUp => given_up(orders, &world, &mut course, &place.at),
        scene => {
            if scene == Scene::Expiring {
                let part = Fault::on(part_request(vendor)).nth(3);
                world.emulator.faults().plan(part.expire_credentials());
            }
            let killed = match held(&world, &place.at, seed) {
                None => match &place.at {
                    At::Point(point) => course.at(point),
                    _ => unreachable!("a point has nothing that is held"),
                },
                Some(fault) => course.until(|| has_fired(&world, fault)),
            };
            was_killed(&killed).and_then(|()| {
                world.emulator.faults().clear();
                settled(report, &mut course)
            })
        }
    };
    if course.kills > 0 {
        report.killed_in(place.state, vendor);
    }
    report.trial(&trial, course.kills, outcome);
}

fn was_killed(ended: &Ended) -> Result<(), String> {
    match ended.killed {
        true => Ok(()),
        false => Err(format!("the run that was to be killed {}", ended.told())),
    }
}

/// Plans what holds the command up at the place, unless it ends there by itself.
fn held(world: &World, at: &At, seed: u64) -> Option<u64> {
    let faults = world.emulator.faults();
    match at {
        At::Point(_) => None,
        At::Replying(operation, nth) => {
            let fault = Fault::on(*operation).nth(*nth).stall_reply(EVER);
            Some(faults.plan(fault))
        }
        At::Inside(operation, nth) => {
            // The last part may be short.
            let after = 1 + Random(seed).below(1000);
            let fault = Fault::on(*operation).nth(*nth);
            Some(faults.plan(fault.stall_request_after(after, EVER)))
        }
    }
}

fn has_fired(world: &World, fault: u64) -> bool {
    let faults = world.emulator.faults().report();
    faults
        .iter()
        .any(|planned| planned.id == fault && planned.fired > 0)
}

/// An upload is killed, `gc` is killed while it gives that up, and run again; then the file is uploaded as if nothing had been.
fn given_up(
    orders: &Orders,
    world: &World,
    course: &mut Course<'_>,
    at: &At,
) -> Result<(), String> {
    was_killed(&course.at("after-keep:part:2"))?;
    let vodkit = &orders.vodkit;
    let killed = match held(world, at, 0) {
        None => {
            let At::Point(point) = at else {
                unreachable!("a point has nothing that is held")
            };
            run(world.giving_up(vodkit, Some(point)), || false)
        }
        Some(fault) => run(world.giving_up(vodkit, None), || has_fired(world, fault)),
    };
    course.kills += u64::from(killed.killed);
    was_killed(&killed)?;
    world.emulator.faults().clear();
    let again = run(world.giving_up(vodkit, None), || false);
    if again.code != Some(0) {
        return Err(format!("gc, run again, {}", again.told()));
    }
    if !world.journals().is_empty() {
        return Err("gc, run again, has left the journal".to_owned());
    }
    if oracle::whole_ones(world) > 0 {
        return Err("what was given up is whole".to_owned());
    }
    let has_parts = world.vendor != "baijiayun";
    let aborted = oracle::count(world, |effect| {
        matches!(effect, Effect::UploadAborted { .. })
    });
    if aborted != u64::from(has_parts) {
        return Err(format!("{aborted} uploads in parts were aborted"));
    }
    course.finish(&[])?;
    oracle::is_whole(world, &world.content)?;
    course.is_passed_over()
}
