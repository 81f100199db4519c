//! Each right that `berth iam` prints is taken away by itself, and the command that it is for is tried.
//!
//! First a command runs under all that is printed, and the simulated clouds tell for each right how much of what was asked for would
//! be refused without it. Then this is held against what happens: a right that is said to be missed is taken away, and something is
//! refused that names it; one that is said not to be missed is taken away, and nothing is. Each trial begins with the same world.
//!
//! Of commands that take long only some rights are taken away each time, others each day: `BERTH_RIGHT_SEED` chooses as on another
//! one, and `BERTH_EVERY_RIGHT=1` takes away all that are missed.

use std::collections::BTreeSet;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::io::Write as _;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use crate::control::Control;
use crate::iam::{Trial, missed, without};
use crate::spec::{small, small_eks};

/// How many rights of a command that takes long are taken away in a usual run.
const SOME: usize = 2;

/// A command, and the purpose under which it runs.
struct Command<'a> {
    purpose: &'a str,
    /// Whether the rights are printed for the kinds of the file's workloads.
    of_file: bool,
    line: &'a str,
    /// Every right is taken away in each run.
    is_quick: bool,
}

const fn quick<'a>(purpose: &'a str, of_file: bool, line: &'a str) -> Command<'a> {
    Command { purpose, of_file, line, is_quick: true }
}

const fn slow<'a>(purpose: &'a str, of_file: bool, line: &'a str) -> Command<'a> {
    Command { purpose, of_file, line, is_quick: false }
}

#[test]
fn without_any_one_of_its_rights_a_command_on_gke_is_refused_something() {
    let (mut trial, control) = Trial::new("gke");
    small(&trial.sandbox);
    each_is_missed(&mut trial, &control);
}

#[test]
fn without_any_one_of_its_rights_a_command_on_eks_is_refused_something() {
    let (mut trial, control) = Trial::new("eks");
    small_eks(&trial.sandbox);
    each_is_missed(&mut trial, &control);
}

fn each_is_missed(trial: &mut Trial, control: &Control) {
    let nothing = control.state();
    for command in [quick("plan", true, "plan -f small.yaml"), slow("create", true, "create -f small.yaml --yes")] {
        command.trials(trial, control, &nothing);
    }
    trial.sandbox.berth("sim policy clear").exits(0);
    trial.sandbox.berth("create -f small.yaml --simulate --yes").exits(0);
    let small = control.state();
    let provider = trial.provider;
    let named = |front: &str| format!("{front} --provider {provider}");
    for command in [
        slow("verify", true, "verify -f small.yaml --timeout 0s"),
        slow("status", false, &named("status small")),
        quick("list", false, &named("list")),
        slow("kubeconfig", false, &named("kubeconfig small")),
        quick("cost", false, &named("cost small")),
        quick("cost", false, "cost -f small.yaml --live --refresh"),
        slow("destroy", false, "destroy -f small.yaml --yes"),
    ] {
        command.trials(trial, control, &small);
    }
    // The cloud goes fast: the lease has to last for all trials.
    control.put_back(&nothing);
    trial.sandbox.berth("ci up -f small.yaml --id pr-1 --owner acme/app --ttl 20d --simulate").exits(0);
    let leased = control.state();
    for command in [
        slow("ci", true, "ci list"),
        slow("ci", true, "ci extend --id pr-1 --owner acme/app --ttl 30d -f small.yaml"),
        slow("ci", true, "ci down --id pr-1 --owner acme/app -f small.yaml"),
    ] {
        command.trials(trial, control, &leased);
    }
    control.put_back(&leased);
    control.advance(31 * 24 * 3600);
    let over = control.state();
    let gc = format!("gc --yes --provider {provider} --grace 5m");
    slow("gc", false, &gc).trials(trial, control, &over);
    control.put_back(&nothing);
}

/// The same world for each trial, and nothing that berth remembers of another: prices that are kept are not read again, and clusters
/// that were used before are asked for.
fn begin_anew(trial: &Trial, control: &Control, world: &Value) {
    control.put_back(world);
    drop(std::fs::remove_dir_all(trial.sandbox.path("state/sim/usage")));
    for entry in std::fs::read_dir(trial.sandbox.path("state")).unwrap().flatten() {
        if entry.file_name() != "sim" {
            std::fs::remove_dir_all(entry.path()).unwrap();
        }
    }
}

impl Command<'_> {
    fn trials(&self, trial: &mut Trial, control: &Control, world: &Value) {
        let began = Instant::now();
        begin_anew(trial, control, world);
        let printed = trial.allow(self.purpose, self.of_file.then_some("small.yaml"));
        let line = format!("{} --simulate", self.line);
        let output = trial.sandbox.berth(&line).exits(0);
        let report = trial.report();
        assert_eq!(report["refused"], json!([]), "{line}\n{}", output.text());
        let rights =
            printed["rights"].as_array().unwrap().iter().map(|right| right["right"].as_str().unwrap().to_owned());
        let rights: BTreeSet<String> = rights.collect();
        let missed = missed(&report);
        let (needed, idle): (Vec<_>, Vec<_>) = rights.into_iter().partition(|right| missed.contains(right));
        let (needed_number, idle_number) = (needed.len(), idle.len());
        let every = self.is_quick || std::env::var("BERTH_EVERY_RIGHT").is_ok_and(|value| value == "1");
        let needed = if every { needed } else { some(needed) };
        for right in &needed {
            let (refused, said) = self.without(right, &printed, trial, control, world);
            assert!(refused.contains(right.as_str()), "{line}: {right} is not missed: {refused}\n{said}");
        }
        let idle = some(idle);
        for right in &idle {
            let (refused, said) = self.without(right, &printed, trial, control, world);
            assert_eq!(refused, "[]", "{line}: {right} is missed\n{said}");
        }
        let text = format!(
            "{} {}: {} of {needed_number} rights it needs and {} of {idle_number} it does not were taken away, {} s\n",
            trial.provider,
            self.line,
            needed.len(),
            idle.len(),
            began.elapsed().as_secs()
        );
        std::io::stderr().write_all(text.as_bytes()).unwrap();
    }

    /// What is refused when the command runs under all but one right, and what the command says.
    fn without(
        &self,
        right: &str,
        printed: &Value,
        trial: &Trial,
        control: &Control,
        world: &Value,
    ) -> (String, String) {
        begin_anew(trial, control, world);
        trial.enforce(&without(printed, right));
        let output = trial.sandbox.berth(&format!("{} --simulate", self.line));
        (trial.report()["refused"].to_string(), output.text())
    }
}

/// A few of them, which differ from day to day.
fn some(rights: Vec<String>) -> Vec<String> {
    let seed = std::env::var("BERTH_RIGHT_SEED").ok().map(|text| text.parse().unwrap());
    let seed: u64 =
        seed.unwrap_or_else(|| SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() / (24 * 3600));
    let draw = |right: &String| {
        let mut hasher = DefaultHasher::new();
        (seed, right).hash(&mut hasher);
        hasher.finish()
    };
    let mut drawn = rights;
    drawn.sort_by_key(draw);
    drawn.truncate(SOME);
    drawn
}
