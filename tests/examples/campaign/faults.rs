//! Faults on the way and kills together: what is lost, refused, late or changed, while the command dies and is run again.

use crate::course::Course;
use crate::plan::{self, Fate};
use crate::points::POINTS;
use crate::report::Report;
use crate::world::{Random, Size, World, part_size};
use crate::{Orders, oracle, pool};

/// Runs may end so while faults are about: the network or the vendor (5), not finished (7). A run that was told otherwise would go on.
const EXCUSES: [i32; 2] = [5, 7];
/// Most kills in one upload.
const MOST_KILLS: u64 = 3;

pub(crate) fn campaign(orders: &Orders) -> Report {
    let report = Report::new("faults");
    for seed in orders.seeds() {
        let mut jobs = Vec::new();
        for vendor in orders.vendors() {
            for size in orders.sizes() {
                jobs.extend((0..orders.rounds(10)).map(|round| (vendor, *size, round)));
            }
        }
        let begun = pool::each(orders, &jobs, |&(vendor, size, round)| {
            trial(orders, &report, vendor, size, round, seed);
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
    vendor: &'static str,
    size: Size,
    round: u64,
    seed: u64,
) {
    let mut random = Random::of(seed, vendor, 2000 + round * 3 + size as u64);
    let world = World::new(vendor, size, random.next());
    let planned = plan::plan(&world, size, &mut random);
    let mut course = Course::new(&world, &orders.vodkit);
    course.more.extend(plan::TIMEOUT);
    let mut points = Vec::new();
    let mut outcome = Ok(());
    // None, in one of four trials: then every fault has to fire that can.
    for _ in 0..random.below(MOST_KILLS + 1) {
        let point = format!("{}:{}", random.one_of(&POINTS), 1 + random.below(6));
        let ended = course.at(&point);
        points.push(point);
        if ended.code == Some(0) {
            break;
        }
        if !ended.killed && !ended.code.is_some_and(|code| EXCUSES.contains(&code)) {
            outcome = Err(format!("a run that was to be killed {}", ended.told()));
            break;
        }
    }
    let outcome = outcome
        .and_then(|()| course.finish(&EXCUSES))
        .and_then(|_| {
            let mut excused = 0;
            for fault in &planned {
                let fate = fault.fate(&world, course.kills)?;
                report.count(fate.words(), 1);
                if fate == Fate::Fired {
                    report.detail(format!("fired: {}", fault.kind), 1);
                    // Several lanes meet what is refused to all of them.
                    excused += match fault.forgets {
                        true => world.content.len() as u64 + world.lanes * part_size(vendor),
                        false => 2 * part_size(vendor).min(world.content.len() as u64),
                    };
                }
            }
            let resent = oracle::judge(&course, excused)?;
            report.detail("bytes sent a second time", resent);
            report.count("registrations repeated on demand", course.on_demand);
            course.is_passed_over()
        });
    let told: Vec<_> = planned
        .iter()
        .map(|fault| format!("{} on {} {}", fault.kind, fault.operation, fault.nth))
        .collect();
    let name = format!(
        "{vendor} {} round {round} seed {seed}, faults: {}; killed at {}",
        size.name(),
        told.join(", "),
        points.join(", ")
    );
    report.count("faults planned", planned.len() as u64);
    report.trial(&name, course.kills, outcome);
}
