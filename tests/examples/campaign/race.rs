//! Two processes, one file: one works, the other says at once who does; and who finds the journal of a dead one goes on with it.

use std::process::Child;
use std::time::{Duration, Instant};

use serde_json::Value;
use vodkit_emulator::fault::Fault;

use crate::course::Course;
use crate::points::part_request;
use crate::report::Report;
use crate::world::{Random, Size, World};
use crate::{Orders, oracle, pool};

/// Races for one file: the first with no journal there, each of the others with that of a process that died.
const RACES: u64 = 5;
/// "At once", on a machine that does other things besides.
const AT_ONCE: Duration = Duration::from_secs(5);
/// Whatever is waited for has come by then, or never comes.
const PATIENCE: Duration = Duration::from_secs(60);
const EVER: Duration = Duration::from_secs(600);

pub(crate) fn campaign(orders: &Orders) -> Report {
    let report = Report::new("race");
    for seed in orders.seeds() {
        let mut jobs = Vec::new();
        for vendor in orders.vendors() {
            jobs.extend((0..orders.rounds(5)).map(|round| (vendor, round)));
        }
        let begun = pool::each(orders, &jobs, |&(vendor, round)| {
            let mut random = Random::of(seed, vendor, 3000 + round);
            let mut world = World::new(vendor, Size::Medium, random.next());
            // The part that hangs is then the only one under way.
            world.lanes = 1;
            let name = format!("{vendor} round {round} seed {seed}");
            races(orders, &report, &world, &name);
        });
        if begun > 0 {
            report.seed(seed);
        }
    }
    report
}

fn races(orders: &Orders, report: &Report, world: &World, name: &str) {
    for race in 1..=RACES {
        let outcome = one_race(orders, report, world);
        let failed = outcome.is_err();
        report.trial(&format!("{name}, race {race}"), 1, outcome);
        if failed {
            return;
        }
        report.count("stale locks taken over", u64::from(race > 1));
    }
    let mut course = Course::new(world, &orders.vodkit);
    course.kills = RACES;
    let outcome = course
        .finish(&[])
        .and_then(|_| oracle::judge(&course, 0))
        .and_then(|_| course.is_passed_over());
    if let Err(why) = outcome {
        report.fail(format!("{name}, after its races: {why}"));
    }
}

fn one_race(orders: &Orders, report: &Report, world: &World) -> Result<(), String> {
    // Whoever works gets as far as its first part.
    let stall = Fault::on(part_request(world.vendor)).stall_request_after(1, EVER);
    world.emulator.faults().plan(stall);
    let began = Instant::now();
    let start = || world.uploading(&orders.vodkit, None, &[]).spawn().unwrap();
    let mut racers = [start(), start()];
    let outcome = judged(&mut racers, report, world, began);
    for mut racer in racers {
        // The one that lost has ended: then there is nothing to kill.
        let _ended_already = racer.kill();
        racer.wait().unwrap();
    }
    world.emulator.faults().clear();
    outcome
}

fn judged(
    racers: &mut [Child; 2],
    report: &Report,
    world: &World,
    began: Instant,
) -> Result<(), String> {
    let loses = loop {
        let ended = racers
            .iter_mut()
            .position(|racer| racer.try_wait().unwrap().is_some());
        match ended {
            Some(ended) => break ended,
            None if began.elapsed() > PATIENCE => return Err("neither gave way".to_owned()),
            None => std::thread::sleep(Duration::from_millis(1)),
        }
    };
    let took = began.elapsed();
    report.most(
        "milliseconds until the slowest gave way",
        took.as_millis() as u64,
    );
    let works = racers[1 - loses].id();
    let loser = &mut racers[loses];
    let code = loser.wait().unwrap().code();
    let mut told = String::new();
    let mut stderr = loser.stderr.take().ok_or("it has no standard error")?;
    std::io::Read::read_to_string(&mut stderr, &mut told).unwrap();
    if code != Some(7) || took > AT_ONCE {
        return Err(format!("one ended with {code:?} after {took:?}: {told}"));
    }
    let failure: Value = serde_json::from_str(told.trim())
        .map_err(|_| format!("it said more than one thing: {told}"))?;
    let message = failure["message"].as_str().unwrap_or_default();
    if failure["kind"] != "held" || !message.ends_with(&format!("by process {works}")) {
        return Err(format!("it did not name process {works}: {told}"));
    }
    while !world.emulator.faults().unfired().is_empty() {
        if let Some(status) = racers[1 - loses].try_wait().unwrap() {
            return Err(format!("the other one ended too, with {status}"));
        }
        if began.elapsed() > PATIENCE {
            return Err("the other one sent nothing".to_owned());
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    let matched = world.emulator.faults().report()[0].matched;
    match matched {
        1 => Ok(()),
        _ => Err(format!("{matched} parts were sent at the same time")),
    }
}
