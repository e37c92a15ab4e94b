//! Bits that change on the way to a storage that gives a digest: each of them is found, and the part sent again.

use vodkit_emulator::Effect;
use vodkit_emulator::fault::Fault;

use crate::course::Course;
use crate::report::Report;
use crate::world::{Random, Size, World, part_size};
use crate::{Orders, oracle, pool};

pub(crate) fn campaign(orders: &Orders) -> Report {
    let report = Report::new("flip");
    for seed in orders.seeds() {
        let mut jobs = Vec::new();
        // Baijiayun's upload host gives no digest.
        for vendor in orders.vendors().filter(|vendor| *vendor != "baijiayun") {
            let large = match vendor {
                "mediacloud" => Size::Medium,
                _ => Size::Large,
            };
            for round in 0..orders.rounds(6) {
                jobs.push((vendor, large, round));
                jobs.push((vendor, Size::Small, round));
            }
        }
        let begun = pool::each(orders, &jobs, |&(vendor, size, round)| {
            let mut random = Random::of(seed, vendor, 5000 + round * 3 + size as u64);
            let world = World::new(vendor, size, random.next());
            let outcome = trial(orders, &report, &world, size, &mut random);
            let name = format!("{vendor} {} round {round} seed {seed}", size.name());
            report.trial(&name, 0, outcome);
        });
        if begun > 0 {
            report.seed(seed);
        }
    }
    report
}

/// Every second part arrives with a bit turned over, or the file that goes in one request.
fn trial(
    orders: &Orders,
    report: &Report,
    world: &World,
    size: Size,
    random: &mut Random,
) -> Result<(), String> {
    let faults = world.emulator.faults();
    let part = part_size(world.vendor);
    let length = world.content.len() as u64;
    let mut flipped = Vec::new();
    if size == Size::Small {
        faults.plan(Fault::on("PutObject").flip_bit_at(random.below(length)));
    } else {
        for number in (1 + random.below(2)..=size.parts() + 1).step_by(2) {
            let bytes = part.min(length - (number - 1) * part);
            let of = Fault::on("UploadPart").query("partNumber", number.to_string());
            faults.plan(of.flip_bit_at(random.below(bytes)));
            flipped.push(number);
        }
    }
    let planned = faults.report().len() as u64;
    let mut course = Course::new(world, &orders.vodkit);
    let ended = course.once();
    if ended.code != Some(0) {
        return Err(format!("the upload {}", ended.told()));
    }
    let unfired = faults.unfired();
    if !unfired.is_empty() {
        return Err(format!("never fired: {unfired:?}"));
    }
    oracle::judge(&course, length)?;
    for number in 1..=size.parts() + 1 {
        let stored = oracle::count(
            world,
            |effect| matches!(effect, Effect::PartStored { number: theirs, .. } if u64::from(*theirs) == number),
        );
        let wanted = match size {
            Size::Small => 0,
            _ => 1 + u64::from(flipped.contains(&number)),
        };
        if stored != wanted {
            return Err(format!(
                "part {number} was stored {stored} times, and not {wanted}"
            ));
        }
    }
    report.count("flipped bits, each found", planned);
    course.is_passed_over()
}
