//! Random schedules of what pipelines do to environments and what happens to pipelines: up, SIGKILL at any call, cancel, down, extend,
//! gc from another machine, jumps of the clock, faults. After the lease's end and one gc nothing is billed, and what only looks like
//! ours is still there.
//!
//! `BERTH_SCHEDULES=1000` runs the schedules of the seeds 1 to 1000, `BERTH_SCHEDULE_SEED=77` the one of that seed, on both clouds each.
//! A failing one tells its seed.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io::Write as _;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::ci::elsewhere;
use crate::control::Control;
use crate::gc::{lookalikes, names};
use crate::sandbox::Sandbox;
use crate::spec::{small, small_eks};

/// Schedules of each cloud when nobody says how many; one on EKS takes as long as five on GKE.
const USUAL_GKE: u64 = 6;
const USUAL_EKS: u64 = 2;
const GKE_SPEED: u32 = 600;
const EKS_SPEED: u32 = 100;
const EKS_HURRY: u32 = 500;
/// Longer than any lease a schedule can come to.
const PAST_ALL_LEASES: u32 = 3 * 24 * 3600;
/// How long one command may take.
const LIMIT: Duration = Duration::from_secs(120);

#[test]
fn on_gke_every_schedule_ends_with_nothing_billed() {
    let (sandbox, control) = Sandbox::serving(GKE_SPEED);
    small(&sandbox);
    all(&mut Stage { cloud: "gke", sandbox, control, said: String::new() }, USUAL_GKE);
}

#[test]
fn on_eks_every_schedule_ends_with_nothing_billed() {
    let (sandbox, control) = Sandbox::hurried(EKS_SPEED, EKS_HURRY);
    small_eks(&sandbox);
    all(&mut Stage { cloud: "eks", sandbox, control, said: String::new() }, USUAL_EKS);
}

fn all(stage: &mut Stage, usual: u64) {
    let number = |name: &str| std::env::var(name).ok().map(|text| text.parse::<u64>().unwrap());
    let seeds = match (number("BERTH_SCHEDULE_SEED"), number("BERTH_SCHEDULES")) {
        (Some(seed), _) => seed..=seed,
        (None, many) => 1..=many.unwrap_or(usual),
    };
    let began = Instant::now();
    let mut ran = 0;
    let mut kills = 0;
    for seed in seeds {
        kills += stage.run(seed);
        ran += 1;
    }
    let text = format!("schedules ({}): {ran} ran, {kills} kills, {} s\n", stage.cloud, began.elapsed().as_secs());
    std::io::stderr().write_all(text.as_bytes()).unwrap();
}

/// One world over all schedules, emptied before each.
struct Stage {
    cloud: &'static str,
    sandbox: Sandbox,
    control: Control,
    /// What was done, for a failure.
    said: String,
}

/// What happens next.
#[derive(Debug, Clone, Copy)]
enum Act {
    Up,
    UpKilled,
    UpCancelled,
    UpFaulty,
    Down,
    Detach,
    DownKilled,
    Extend,
    Gc,
    GcKilled,
    Jump,
}

/// The more often it stands here, the more often it happens; ups are what everything else works on.
const ACTS: [Act; 16] = [
    Act::Up,
    Act::Up,
    Act::UpKilled,
    Act::UpKilled,
    Act::UpKilled,
    Act::UpCancelled,
    Act::UpFaulty,
    Act::UpFaulty,
    Act::Down,
    Act::Detach,
    Act::DownKilled,
    Act::Extend,
    Act::Gc,
    Act::GcKilled,
    Act::Jump,
    Act::Jump,
];

impl Stage {
    /// Runs the schedule of a seed; gives how many processes were killed.
    fn run(&mut self, seed: u64) -> u32 {
        let mut dice = Dice(seed);
        self.said.clear();
        self.control.clear_faults();
        self.control.reset();
        let planted = lookalikes("berth-sim");
        self.control.plant(&json!(planted));
        let mut kills = 0;
        for _ in 0..3 + dice.below(4) {
            let act = ACTS[dice.below(ACTS.len() as u64) as usize];
            kills += self.act(act, seed, &mut dice);
        }
        self.end(seed, &planted);
        kills
    }

    fn act(&mut self, act: Act, seed: u64, dice: &mut Dice) -> u32 {
        let id = format!("pr-{}", 1 + dice.below(2));
        let ttl = ["20m", "1h", "3h"][dice.below(3) as usize];
        let up = format!("ci up -f small.yaml --id {id} --owner a/b --ttl {ttl} --verify-timeout 10m --simulate");
        let down = format!("ci down -f small.yaml --id {id} --owner a/b --simulate");
        let gc = "gc --yes --simulate --grace 5m --wait 5m".to_owned();
        match act {
            Act::Up => self.command(seed, &up),
            Act::Down => self.command(seed, &down),
            Act::Detach => self.command(seed, &format!("{down} --detach")),
            Act::Extend => self.command(seed, &format!("ci extend --id {id} --owner a/b --ttl {ttl} --simulate")),
            Act::Gc => self.command(seed, &gc),
            Act::Jump => {
                let minutes = 5 + dice.below(120) as u32;
                self.note(&format!("the clock jumps {minutes} min"));
                self.control.advance(minutes * 60);
            }
            Act::UpFaulty => {
                let fault = self.fault(dice);
                self.note(&format!("fault {fault}"));
                self.control.arm(&fault);
                self.command(seed, &up);
                self.control.clear_faults();
            }
            Act::UpKilled => return self.killed(seed, &up, 60, dice),
            Act::DownKilled => return self.killed(seed, &down, 30, dice),
            Act::GcKilled => return self.killed(seed, &gc, 30, dice),
            Act::UpCancelled => self.cancelled(seed, &up, dice),
        }
        0
    }

    /// After all leases and one gc from another machine, nothing is left but what was planted.
    fn end(&mut self, seed: u64, planted: &[Value]) {
        self.control.clear_faults();
        self.note("all leases end");
        self.control.advance(PAST_ALL_LEASES);
        let before = ["HOME", "BERTH_STATE_DIR"].map(|name| (name, self.sandbox.variable(name)));
        elsewhere(&mut self.sandbox);
        let gc = self.sandbox.berth("gc --yes --simulate --grace 5m");
        for (name, value) in before {
            self.sandbox.set(name, &value);
        }
        let left: BTreeSet<String> = names(&self.control).into_iter().collect();
        let survivors: BTreeSet<String> =
            planted.iter().map(|thing| thing["fields"]["name"].as_str().unwrap().to_owned()).collect();
        let billed = self.control.ledger()["billedNow"].clone();
        let is_clean = gc.code == 0 && left == survivors && billed == json!([]);
        assert!(
            is_clean,
            "BERTH_SCHEDULE_SEED={seed} on {}:\n{}left: {}\nbilled: {billed}\n{}",
            self.cloud,
            self.said,
            self.control.leftovers(),
            gc.text()
        );
    }

    fn note(&mut self, what: &str) {
        writeln!(self.said, "- {what}").unwrap();
    }

    /// Runs a command to its end, however that is; only a mistake of berth's is a failure here.
    fn command(&mut self, seed: u64, line: &str) {
        let output = self.sandbox.berth(line);
        self.note(&format!("{line}: {}", output.code));
        let known = [0, 1, 3, 4, 5];
        assert!(
            known.contains(&output.code),
            "BERTH_SCHEDULE_SEED={seed} on {}:\n{}{}",
            self.cloud,
            self.said,
            output.text()
        );
    }

    /// Kills a command while the simulator holds one of its calls, before or after the call's effect.
    fn killed(&mut self, seed: u64, line: &str, calls: u64, dice: &mut Dice) -> u32 {
        let effect = if dice.below(2) == 0 { "hang-before" } else { "hang-after" };
        let nth = 1 + dice.below(calls);
        let held = self.control.arm(&json!({"on": "*", "nth": nth, "times": 1, "do": effect}));
        let mut child = self.sandbox.begin(line);
        let is_held = self.wait(seed, &mut child, |control| control.fault(held)["held"] == 1);
        if is_held {
            child.kill().unwrap();
            child.wait().unwrap();
        }
        let at = if is_held { self.control.last_struck() } else { "its own end".to_owned() };
        self.control.clear_faults();
        self.note(&format!("{line}: killed at call {nth} {effect} ({at})"));
        u32::from(is_held)
    }

    /// Cancels a command after some calls as GitHub does: SIGINT, then SIGTERM, then SIGKILL.
    fn cancelled(&mut self, seed: u64, line: &str, dice: &mut Dice) {
        let (from, calls) = (self.control.calls_since(0).len(), 1 + dice.below(60) as usize);
        let mut child = self.sandbox.begin(line);
        if self.wait(seed, &mut child, |control| control.calls_since(from).len() >= calls) {
            for signal in ["INT", "TERM", "KILL"] {
                // It may have ended by itself in the meantime.
                drop(Command::new("sh").args(["-c", &format!("kill -{signal} {}", child.id())]).output());
                let until = Instant::now() + Duration::from_secs(if signal == "INT" { 7 } else { 3 });
                while child.try_wait().unwrap().is_none() && Instant::now() < until {
                    std::thread::sleep(Duration::from_millis(20));
                }
            }
            child.wait().unwrap();
        }
        self.note(&format!("{line}: cancelled after {calls} calls"));
    }

    /// Waits until it is so, which gives `true`, or the process has ended.
    fn wait(&self, seed: u64, child: &mut Child, is_so: impl Fn(&Control) -> bool) -> bool {
        let began = Instant::now();
        loop {
            if child.try_wait().unwrap().is_some() {
                return false;
            }
            if is_so(&self.control) {
                return true;
            }
            if began.elapsed() > LIMIT {
                child.kill().unwrap();
                child.wait().unwrap();
                panic!("BERTH_SCHEDULE_SEED={seed} on {}: neither ends nor comes so far:\n{}", self.cloud, self.said);
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Something that goes wrong on the way.
    fn fault(&self, dice: &mut Dice) -> Value {
        let nth = 1 + dice.below(40);
        let (create, pool) =
            if self.cloud == "gke" { ("CreateCluster", "t4-pool") } else { ("eks:CreateCluster", "t4-pool") };
        match dice.below(5) {
            0 => json!({"on": "*", "nth": nth, "times": 1, "do": "drop-after"}),
            1 => json!({"on": "*", "nth": nth, "times": 1, "do": "drop-before"}),
            2 => json!({"on": create, "nth": 1, "times": 1, "do": "drop-after"}),
            3 if self.cloud == "gke" => json!({"on": create, "matches": pool, "do": {"stockout": {}}}),
            3 => json!({"on": create, "nth": 1, "times": 1, "do": {"throttle": {"seconds": 20, "code": 429}}}),
            _ => json!({"on": "*", "nth": nth, "times": 1, "do": {"throttle": {"seconds": 10, "code": 503}}}),
        }
    }
}

/// Numbers that follow from a seed alone (`SplitMix64`).
struct Dice(u64);

impl Dice {
    /// A number from 0 to one below `most`.
    fn below(&mut self, most: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (bits ^ (bits >> 31)) % most
    }
}
