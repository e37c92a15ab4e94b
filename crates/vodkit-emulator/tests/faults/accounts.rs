//! Planned, matched, fired: nothing is lost from sight.

use vodkit_emulator::Emulator;
use vodkit_emulator::fault::{Fault, Planned};

use crate::raw::ask;

fn get_info(emulator: &Emulator) -> u16 {
    let target = "/openapi/video/getInfo?part=2";
    ask(emulator.address(), "POST", target, &[], b"").status()
}

#[test]
fn what_never_fires_is_reported() {
    let emulator = Emulator::start().unwrap();
    let faults = emulator.faults();
    let never = faults.plan(Fault::on("video/getInof").status(500));
    let partly = faults.plan(Fault::on("video/getInfo").nth(2).times(3).status(500));
    let all = faults.plan(Fault::on_any().status(502));
    let rate = faults.plan(Fault::on("UploadPart").rate(0.5, 1).status(500));
    // The second call is taken by the fault that was planned first.
    let statuses: Vec<u16> = (0..3).map(|_| get_info(&emulator)).collect();
    assert_eq!(statuses, [502, 500, 500]);
    let counts: Vec<_> = faults
        .report()
        .into_iter()
        .map(|report| (report.id, report.planned, report.matched, report.fired))
        .collect();
    assert_eq!(
        counts,
        [
            (never, Planned::Times(1), 0, 0),
            (partly, Planned::Times(3), 3, 2),
            (all, Planned::Times(1), 3, 1),
            (rate, Planned::Rate(0.5), 0, 0),
        ]
    );
    let unfired: Vec<u64> = faults.unfired().into_iter().map(|r| r.id).collect();
    assert_eq!(unfired, [never, partly, rate]);
    let report = &faults.unfired()[1];
    assert_eq!(
        report.description,
        "video/getInfo, from the 2. on, 3 times: answer 500"
    );
}

#[test]
fn a_request_can_be_chosen_by_its_query() {
    let emulator = Emulator::start().unwrap();
    let faults = emulator.faults();
    faults.plan(Fault::on_any().query("part", "3").status(500));
    assert_eq!(get_info(&emulator), 200);
    faults.plan(Fault::on_any().query("part", "2").status(500));
    assert_eq!(get_info(&emulator), 500);
    assert_eq!(faults.unfired().len(), 1);
}

#[test]
fn a_request_without_a_body_is_no_try_of_a_cut() {
    let emulator = Emulator::start().unwrap();
    let faults = emulator.faults();
    faults.plan(Fault::on("play").cut_request_after(1));
    faults.plan(Fault::on("play").status(500));
    let seen = ask(emulator.address(), "GET", "/play/a/b/c", &[], b"");
    assert_eq!(seen.status(), 500);
    assert_eq!(faults.unfired().len(), 1);
}

#[test]
fn instances_share_no_faults_and_a_reset_forgets_them() {
    let (one, two) = (Emulator::start().unwrap(), Emulator::start().unwrap());
    one.faults().plan(Fault::on_any().times(9).status(500));
    assert_eq!((get_info(&one), get_info(&two)), (500, 200));
    assert!(two.faults().report().is_empty());
    one.reset();
    assert!(one.faults().report().is_empty());
    assert_eq!(get_info(&one), 200);
    let first = one.faults().plan(Fault::on_any().times(9).status(500));
    assert!(first > 1, "an id is given once");
    // Over the wire as well, with a fault for everything planned.
    assert_eq!(
        ask(one.address(), "POST", "/_vodkit/reset", &[], b"").status(),
        200
    );
    assert_eq!(get_info(&one), 200);
    one.faults().plan(Fault::on_any().status(500));
    one.faults().clear();
    assert_eq!(get_info(&one), 200);
}

#[test]
fn the_emulators_own_paths_and_preflights_are_never_hit() {
    let emulator = Emulator::start().unwrap();
    emulator.faults().plan(Fault::on_any().rate(1.0, 1).close());
    let ask = |method, target| ask(emulator.address(), method, target, &[], b"");
    assert_eq!(ask("GET", "/_vodkit/health").status(), 200);
    assert_eq!(ask("GET", "/_vodkit/faults").status(), 200);
    // Not even when it looks like a call of the storage.
    assert_eq!(ask("GET", "/_vodkit/health?OSSAccessKeyId=x").status(), 200);
    assert_eq!(ask("OPTIONS", "/upload").status(), 204);
    assert_eq!(emulator.faults().report()[0].matched, 0);
    assert!(ask("POST", "/upload").is_silent_close());
}

#[test]
fn a_rate_hits_a_part_of_many_requests() {
    let emulator = Emulator::start().unwrap();
    emulator
        .faults()
        .plan(Fault::on_any().rate(0.2, 11).status(503));
    let hit = (0..200).filter(|_| get_info(&emulator) == 503).count();
    // Four standard deviations of 200 draws at 20 %.
    assert!((17..=63).contains(&hit), "{hit}");
    let report = &emulator.faults().report()[0];
    assert_eq!((report.matched, report.fired), (200, hit as u64));
    assert!(emulator.faults().unfired().is_empty());
}
