//! Several kills in one upload: at points that it passes, one after the other, or at any time.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use crate::course::Course;
use crate::points::{At, POINTS, Place, Scene, places};
use crate::report::Report;
use crate::world::{Random, Size, World};
use crate::{Orders, oracle, pool};

/// Most kills in one upload.
const MOST_KILLS: u64 = 5;
/// A point is chosen among so many of its passings.
const PASSINGS: u64 = 3;
/// Most kills at any time in one upload.
const MOST_AT_ANY_TIME: u64 = 8;

/// A vendor, a size, the number of a trial of these, a seed.
type Job = (&'static str, Size, u64, u64);

fn jobs(orders: &Orders, seed: u64, rounds: u64) -> Vec<Job> {
    let mut jobs = Vec::new();
    for vendor in orders.vendors() {
        for &size in orders.sizes() {
            jobs.extend((0..rounds).map(|round| (vendor, size, round, seed)));
        }
    }
    jobs
}

/// Kills at points: of the next run at the same point, a later or an earlier one.
pub(crate) fn at_points(orders: &Orders) -> Report {
    let report = Report::new("chain");
    for seed in orders.seeds() {
        let jobs = jobs(orders, seed, orders.rounds(8));
        let begun = pool::each(orders, &jobs, |&(vendor, size, round, seed)| {
            let mut random = Random::of(seed, vendor, round * 3 + size as u64);
            let world = World::new(vendor, size, random.next());
            let mut course = Course::new(&world, &orders.vodkit);
            let kills = 2 + random.below(MOST_KILLS - 1);
            let points = points(vendor);
            let mut tried = Vec::new();
            let mut outcome = Ok(());
            while course.kills < kills && (tried.len() as u64) < 2 * kills {
                // What every run passes, more often than what may be behind it already.
                let point = match random.below(4) {
                    0 => random.one_of(&points).clone(),
                    _ => format!(
                        "{}:{}",
                        random.one_of(&POINTS[..5]),
                        1 + random.below(PASSINGS)
                    ),
                };
                let ended = course.at(&point);
                tried.push(point);
                // One that finished is not there for the next kill; neither is one whose outcome only a person can find out.
                if ended.code == Some(0) {
                    break;
                }
                if !ended.killed && ended.code != Some(5) {
                    outcome = Err(format!("a run that was to be killed {}", ended.told()));
                    break;
                }
            }
            let outcome = outcome.and_then(|()| settled(&report, &mut course));
            let trial = format!(
                "{vendor} {} round {round} seed {seed}, killed at {}",
                size.name(),
                tried.join(", ")
            );
            report.detail(format!("uploads killed {} times", course.kills), 1);
            report.trial(&trial, course.kills, outcome);
        });
        if begun > 0 {
            report.seed(seed);
        }
    }
    report.must_have_killed();
    report
}

/// The points of the states, which are told by name.
fn points(vendor: &str) -> Vec<String> {
    let point = |place: Place| match (place.scene, place.at) {
        (Scene::Uploading, At::Point(point)) => Some(point),
        _ => None,
    };
    places(vendor).into_iter().filter_map(point).collect()
}

fn settled(report: &Report, course: &mut Course<'_>) -> Result<(), String> {
    course.finish(&[])?;
    let resent = oracle::judge(course, 0)?;
    report.detail("bytes sent a second time", resent);
    report.count("registrations repeated on demand", course.on_demand);
    course.is_passed_over()
}

/// Kills at any time: from the start of the process to where an upload that nobody disturbs would have ended.
pub(crate) fn at_any_time(orders: &Orders) -> Report {
    let report = Report::new("random");
    let usual = undisturbed(orders);
    for seed in orders.seeds() {
        let jobs = jobs(orders, seed, orders.rounds(8));
        let begun = pool::each(orders, &jobs, |&(vendor, size, round, seed)| {
            let mut random = Random::of(seed, vendor, 1000 + round * 3 + size as u64);
            let usual = usual.get(&(vendor, size)).copied().unwrap_or_default();
            let world = World::new(vendor, size, random.next());
            let mut course = Course::new(&world, &orders.vodkit);
            let mut outcome = Ok(());
            for _ in 0..1 + random.below(MOST_AT_ANY_TIME) {
                let after = Duration::from_micros(random.below(usual.as_micros() as u64));
                let began = Instant::now();
                let ended = course.until(|| began.elapsed() >= after);
                if ended.code == Some(0) {
                    break;
                }
                if !ended.killed && ended.code != Some(5) {
                    outcome = Err(format!("a run that was to be killed {}", ended.told()));
                    break;
                }
            }
            let outcome = outcome.and_then(|()| settled(&report, &mut course));
            report.detail(format!("uploads killed {} times", course.kills), 1);
            let trial = format!("{vendor} {} round {round} seed {seed}", size.name());
            report.trial(&trial, course.kills, outcome);
        });
        if begun > 0 {
            report.seed(seed);
        }
    }
    report.must_have_killed();
    report
}

/// How long uploads take here and now, beside each other as the trials will be.
fn undisturbed(orders: &Orders) -> BTreeMap<(&'static str, Size), Duration> {
    let usual = Mutex::new(BTreeMap::new());
    let jobs = jobs(orders, 0, 1);
    pool::each(orders, &jobs, |&(vendor, size, ..)| {
        let world = World::new(vendor, size, 1);
        let began = Instant::now();
        Course::new(&world, &orders.vodkit).once();
        let took = began.elapsed();
        usual.lock().unwrap().insert((vendor, size), took);
    });
    usual.into_inner().unwrap()
}
