//! Random schedules of what pipelines do to environments and what happens to pipelines: up, SIGKILL at any call, cancel, down, extend,
//! gc from another machine at any moment, two at once, jumps of the clock, faults; now and then in namespaces of a cluster that stands.
//! After the lease's end and one gc nothing is billed, and what only looks like ours is still there.
//!
//! `BERTH_SCHEDULES=1000` runs the schedules of the seeds 1 to 1000, `BERTH_SCHEDULES=401-500` those of a part, and
//! `BERTH_SCHEDULE_SEED=77` the one of that seed and tells what it did, on both clouds each. `BERTH_SCHEDULE_WORKERS=8` runs eight of a
//! cloud at once: most of a schedule's time is spent in waiting. Each has a world and a home of its own, made from its seed. A failing
//! one tells its seed and does not keep the others from running.

mod stage;

use std::io::Write as _;
use std::ops::RangeInclusive;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::time::Instant;

use stage::{Cloud, Stage};

/// Schedules of each cloud when nobody says how many.
const USUAL_GKE: u64 = 6;
const USUAL_EKS: u64 = 2;

#[test]
fn on_gke_every_schedule_ends_with_nothing_billed() {
    all(Cloud::Gke, USUAL_GKE);
}

#[test]
fn on_eks_every_schedule_ends_with_nothing_billed() {
    all(Cloud::Eks, USUAL_EKS);
}

/// What has been asked for by a variable.
fn asked(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// The seeds of `77`, `BERTH_SCHEDULE_SEED`, or of `1000` or `401-500`, `BERTH_SCHEDULES`.
fn seeds(one: Option<String>, many: Option<String>, usual: u64) -> RangeInclusive<u64> {
    let number = |text: &str| text.trim().parse::<u64>().unwrap();
    match (one, many) {
        (Some(seed), _) => number(&seed)..=number(&seed),
        (None, Some(many)) => match many.split_once('-') {
            Some((first, last)) => number(first)..=number(last),
            None => 1..=number(&many),
        },
        (None, None) => 1..=usual,
    }
}

#[test]
fn a_part_of_the_seeds_can_be_asked_for() {
    let text = |text: &str| Some(text.to_owned());
    assert_eq!(seeds(None, None, 6), 1..=6);
    assert_eq!(seeds(None, text("1000"), 6), 1..=1000);
    assert_eq!(seeds(None, text("401-500"), 6), 401..=500);
    assert_eq!(seeds(text("77"), text("1000"), 6), 77..=77);
}

/// What all workers together have done.
#[derive(Default)]
struct Tally {
    ran: u32,
    kills: u32,
    failed: Vec<String>,
}

fn all(cloud: Cloud, usual: u64) {
    let seeds = Mutex::new(seeds(asked("BERTH_SCHEDULE_SEED"), asked("BERTH_SCHEDULES"), usual));
    let is_asked = asked("BERTH_SCHEDULES").or(asked("BERTH_SCHEDULE_SEED")).is_some();
    let workers = asked("BERTH_SCHEDULE_WORKERS").map_or(1, |text| text.parse::<u32>().unwrap());
    let tally = Mutex::new(Tally::default());
    let began = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                loop {
                    let Some(seed) = seeds.lock().unwrap().next() else { return };
                    let line = one(cloud, seed, &tally);
                    if is_asked {
                        tell(&line);
                    }
                }
            });
        }
    });
    let Tally { ran, kills, failed } = tally.into_inner().unwrap();
    let seconds = began.elapsed().as_secs();
    tell(&format!("schedules ({}): {ran} ran, {} failed, {kills} kills, {seconds} s", cloud.word(), failed.len()));
    assert!(failed.is_empty(), "{}", failed.join("\n\n"));
}

/// Runs the schedule of one seed and gives a line on it.
fn one(cloud: Cloud, seed: u64, tally: &Mutex<Tally>) -> String {
    let began = Instant::now();
    let end = catch_unwind(AssertUnwindSafe(|| Stage::set(cloud, seed).run()));
    let seconds = began.elapsed().as_secs_f32();
    let mut tally = tally.lock().unwrap();
    tally.ran += 1;
    match end {
        Ok((kills, said)) => {
            tally.kills += kills;
            let acts = if asked("BERTH_SCHEDULE_SEED").is_some() { format!("\n{said}") } else { String::new() };
            format!("{} {seed}: {kills} kills, {seconds:.1} s{acts}", cloud.word())
        }
        Err(said) => {
            let said = said.downcast_ref::<String>().map_or("no words", String::as_str).to_owned();
            let line = format!("{} {seed}: FAILED after {seconds:.1} s\n{said}", cloud.word());
            tally.failed.push(said);
            line
        }
    }
}

/// Past the test's captured output: the figures are what this test is for.
fn tell(line: &str) {
    std::io::stderr().write_all(format!("{line}\n").as_bytes()).unwrap();
}
