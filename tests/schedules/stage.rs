//! The schedule of one seed: what is done, in which order, and what has to be so at its end.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::ci::elsewhere;
use crate::control::Control;
use crate::gc::{lookalikes, names};
use crate::left::{balancer, node_tags};
use crate::sandbox::{Sandbox, billed_or_there};
use crate::spec::{small, small_eks};

/// How fast the commands' clock goes, and how many times faster the cloud's: limits stay long on a machine that has other things to do.
const GKE_SPEED: (u32, u32) = (300, 2);
const EKS_SPEED: (u32, u32) = (50, 12);
/// Longer than any lease a schedule can come to.
const PAST_ALL_LEASES: u32 = 3 * 24 * 3600;
/// How long one command may take.
const LIMIT: Duration = Duration::from_secs(180);
/// One in so many schedules is of namespaces of a cluster that stands.
const NAMESPACES_ONE_IN: u64 = 8;
const GC: &str = "gc --yes --simulate --grace 5m --wait 5m";

/// A cloud that schedules run on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cloud {
    Gke,
    Eks,
}

impl Cloud {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Gke => "gke",
            Self::Eks => "eks",
        }
    }

    /// The method that makes the cluster, and that which takes it away.
    fn methods(self) -> (&'static str, &'static str) {
        match self {
            Self::Gke => ("CreateCluster", "DeleteCluster"),
            Self::Eks => ("eks:CreateCluster", "eks:DeleteCluster"),
        }
    }
}

/// A world and a home, and what is done in them.
pub(super) struct Stage {
    cloud: Cloud,
    seed: u64,
    dice: Dice,
    sandbox: Sandbox,
    control: Control,
    planted: Vec<Value>,
    /// Whether environments are namespaces of a cluster that stands.
    namespaces: bool,
    kills: u32,
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
    UpTwice,
    UpAndGc,
    UpAndServe,
    Down,
    Detach,
    DownKilled,
    DownFaulty,
    DownAndGc,
    Extend,
    Gc,
    GcElsewhere,
    GcKilled,
    GcFaulty,
    GcTwice,
    Jump,
}

/// The more often it stands here, the more often it happens; ups are what everything else works on.
const ACTS: [Act; 27] = [
    Act::Up,
    Act::Up,
    Act::UpAndServe,
    Act::UpAndServe,
    Act::UpKilled,
    Act::UpKilled,
    Act::UpKilled,
    Act::UpKilled,
    Act::UpCancelled,
    Act::UpCancelled,
    Act::UpFaulty,
    Act::UpFaulty,
    Act::UpFaulty,
    Act::UpTwice,
    Act::UpAndGc,
    Act::Down,
    Act::Detach,
    Act::DownKilled,
    Act::DownKilled,
    Act::DownFaulty,
    Act::DownAndGc,
    Act::Extend,
    Act::GcElsewhere,
    Act::GcKilled,
    Act::GcTwice,
    Act::Jump,
    Act::Jump,
];

/// What replaces some of them where nothing but a gc can be at work.
const GCS: [Act; 4] = [Act::Gc, Act::GcFaulty, Act::GcKilled, Act::GcElsewhere];

/// The commands of one act.
struct Lines {
    up: String,
    down: String,
    detach: String,
    extend: String,
    gc: String,
}

impl Stage {
    /// An empty world of this seed, but for what looks like ours and is not.
    pub(super) fn set(cloud: Cloud, seed: u64) -> Self {
        let (speed, faster) = if cloud == Cloud::Gke { GKE_SPEED } else { EKS_SPEED };
        let (sandbox, control) = Sandbox::seeded(speed, faster, seed);
        match cloud {
            Cloud::Gke => small(&sandbox),
            Cloud::Eks => small_eks(&sandbox),
        }
        let planted = lookalikes("berth-sim");
        control.plant(&json!(planted));
        let mut dice = Dice(seed);
        let namespaces = dice.below(NAMESPACES_ONE_IN) == 0;
        Self { cloud, seed, dice, sandbox, control, planted, namespaces, kills: 0, said: String::new() }
    }

    /// Runs it to its end; gives how many processes were killed, and what was done.
    pub(super) fn run(mut self) -> (u32, String) {
        if self.namespaces {
            self.command("create -f small.yaml --simulate --yes");
        }
        for _ in 0..3 + self.dice.below(4) {
            let act = ACTS[self.dice.below(ACTS.len() as u64) as usize];
            self.act(act);
        }
        if self.dice.below(2) == 0 {
            let act = GCS[self.dice.below(GCS.len() as u64) as usize];
            self.act(act);
        }
        self.end();
        (self.kills, std::mem::take(&mut self.said))
    }

    fn lines(&mut self) -> Lines {
        let id = format!("pr-{}", 1 + self.dice.below(2));
        let ttl = ["20m", "1h", "3h"][self.dice.below(3) as usize];
        let lease = format!("--id {id} --owner a/b");
        if self.namespaces {
            let on = format!("--on small {lease}");
            return Lines {
                up: format!("ci up --mode namespace {on} --ttl {ttl} --kubeconfig {id}.yaml --simulate"),
                down: format!("ci down {on} --simulate"),
                detach: format!("ci down {on} --simulate --detach"),
                extend: format!("ci extend {on} --ttl {ttl} --simulate"),
                gc: format!("{GC} --on small"),
            };
        }
        let down = format!("ci down -f small.yaml {lease} --simulate");
        Lines {
            up: format!("ci up -f small.yaml {lease} --ttl {ttl} --verify-timeout 10m --simulate"),
            detach: format!("{down} --detach"),
            down,
            extend: format!("ci extend {lease} --ttl {ttl} --simulate"),
            gc: GC.to_owned(),
        }
    }

    fn act(&mut self, act: Act) {
        let Lines { up, down, detach, extend, gc } = self.lines();
        match act {
            Act::Up => self.command(&up),
            Act::UpKilled => self.killed(&up, 60),
            Act::UpCancelled => self.cancelled(&up),
            Act::UpFaulty => self.faulty(&up),
            Act::UpTwice => self.twice(&up, &up),
            Act::UpAndGc => self.meanwhile(&up, 60, &gc),
            Act::UpAndServe => {
                self.command(&up);
                self.serve();
            }
            Act::Down => self.command(&down),
            Act::Detach => self.command(&detach),
            Act::DownKilled => self.killed(&down, 30),
            Act::DownFaulty => self.faulty(&down),
            Act::DownAndGc => self.meanwhile(&down, 30, &gc),
            Act::Extend => self.command(&extend),
            Act::Gc => self.command(&gc),
            Act::GcElsewhere => self.elsewhere(|stage| stage.command(&gc)),
            Act::GcKilled => self.killed(&gc, 30),
            Act::GcFaulty => self.faulty(&gc),
            Act::GcTwice => self.twice(&gc, &gc),
            Act::Jump => {
                let minutes = 5 + self.dice.below(120) as u32;
                self.note(&format!("the clock jumps {minutes} min"));
                self.control.advance(minutes * 60);
            }
        }
    }

    /// After all leases and one gc from another machine, nothing is left but what was planted.
    fn end(&mut self) {
        self.control.clear_faults();
        self.note("all leases end");
        self.control.advance(PAST_ALL_LEASES);
        let mut gc = "gc --yes --simulate --grace 5m".to_owned();
        if self.namespaces {
            gc.push_str(" --on small");
        }
        let mut said = String::new();
        self.elsewhere(|stage| {
            let gc = stage.sandbox.berth(&gc);
            said = gc.text();
            stage.note(&format!("{}", gc.code));
            assert!(gc.code == 0, "{}", stage.failed(&said));
            if stage.namespaces {
                let list = stage.sandbox.berth("ci list --on small --simulate --output json").exits(0).json();
                assert!(list["environments"] == json!([]), "{}", stage.failed(&format!("{list}\n{said}")));
                let end = stage.sandbox.berth("destroy small --simulate --yes");
                assert!(end.code == 0, "{}", stage.failed(&end.text()));
            }
        });
        let left: BTreeSet<String> = names(&self.control).into_iter().collect();
        let text = |thing: &Value| thing["fields"]["name"].as_str().unwrap().to_owned();
        let survivors: BTreeSet<String> = self.planted.iter().map(text).collect();
        let billed = billed_or_there(&self.control.ledger());
        assert!(left == survivors && billed.is_empty(), "{}", self.failed(&format!("billed: {billed:?}\n{said}")));
    }

    fn note(&mut self, what: &str) {
        writeln!(self.said, "- {what}").unwrap();
    }

    /// The words of a failure.
    fn failed(&self, more: &str) -> String {
        let (seed, cloud) = (self.seed, self.cloud.word());
        let left = self.control.leftovers();
        format!("BERTH_SCHEDULE_SEED={seed} on {cloud}:\n{}left: {left}\n{more}", self.said)
    }

    /// Does something from another machine.
    fn elsewhere(&mut self, act: impl FnOnce(&mut Self)) {
        let before = ["HOME", "BERTH_STATE_DIR"].map(|name| (name, self.sandbox.variable(name)));
        elsewhere(&mut self.sandbox);
        act(self);
        for (name, value) in before {
            self.sandbox.set(name, &value);
        }
    }

    /// Runs a command to its end, however that is; only a mistake of berth's is a failure here.
    fn command(&mut self, line: &str) {
        let output = self.sandbox.berth(line);
        self.note(&format!("{line}: {}", output.code));
        self.expect_known(Some(output.code), &output.text());
    }

    fn expect_known(&self, code: Option<i32>, said: &str) {
        assert!(code.is_some_and(|code| [0, 1, 3, 4, 5].contains(&code)), "{}", self.failed(said));
    }

    /// Kills a command while the simulator holds one of its calls, before or after the call's effect.
    fn killed(&mut self, line: &str, calls: u64) {
        let (nth, effect) = self.point(calls);
        match self.held(line, nth, effect) {
            Held::At(mut child, at) => {
                child.kill().unwrap();
                child.wait().unwrap();
                self.kills += 1;
                self.note(&format!("{line}: killed at call {nth} {effect} ({at})"));
            }
            Held::Ended(code) => {
                self.note(&format!("{line}: {code:?} before call {nth}"));
                self.expect_known(code, "");
            }
        }
        self.control.clear_faults();
    }

    /// Cancels a command at one of its calls as GitHub does: SIGINT, then SIGTERM, then SIGKILL.
    fn cancelled(&mut self, line: &str) {
        let (nth, effect) = self.point(60);
        match self.held(line, nth, effect) {
            Held::At(mut child, at) => {
                self.note(&format!("{line}: cancelled at call {nth} {effect} ({at})"));
                for signal in ["INT", "TERM", "KILL"] {
                    // It may have ended by itself in the meantime.
                    drop(Command::new("sh").args(["-c", &format!("kill -{signal} {}", child.id())]).output());
                    // The call goes on once the signal is on its way.
                    self.control.clear_faults();
                    let until = Instant::now() + Duration::from_secs(if signal == "INT" { 7 } else { 3 });
                    while child.try_wait().unwrap().is_none() && Instant::now() < until {
                        std::thread::sleep(Duration::from_millis(10));
                    }
                }
                child.wait().unwrap();
            }
            Held::Ended(code) => {
                self.note(&format!("{line}: {code:?} before call {nth}"));
                self.expect_known(code, "");
            }
        }
        self.control.clear_faults();
    }

    /// Runs a command from another machine while one of the first one's calls is under way, and both to their ends.
    fn meanwhile(&mut self, line: &str, calls: u64, other: &str) {
        let (nth, effect) = self.point(calls);
        let held = self.held(line, nth, effect);
        match &held {
            Held::At(_, at) => self.note(&format!("{line}: at call {nth} {effect} ({at}), from elsewhere:")),
            // The fault is still there, and not meant for the other.
            Held::Ended(_) => self.control.clear_faults(),
        }
        self.elsewhere(|stage| stage.command(other));
        self.control.clear_faults();
        let code = match held {
            Held::At(child, _) => self.ended(child),
            Held::Ended(code) => code,
        };
        self.note(&format!("{line}: {code:?}"));
        self.expect_known(code, "");
    }

    /// Runs two commands at once from two machines.
    fn twice(&mut self, one: &str, other: &str) {
        self.note("two at once:");
        let child = self.sandbox.begin(one);
        self.elsewhere(|stage| stage.command(other));
        let code = self.ended(child);
        self.note(&format!("{one}: {code:?}"));
        self.expect_known(code, "");
    }

    /// Runs a command while something goes wrong.
    fn faulty(&mut self, line: &str) {
        let fault = self.fault();
        self.note(&format!("fault {fault}"));
        self.control.arm(&fault);
        self.command(line);
        self.control.clear_faults();
    }

    /// A call among the first, and whether before or after its effect.
    fn point(&mut self, calls: u64) -> (u64, &'static str) {
        let effect = if self.dice.below(2) == 0 { "hang-before" } else { "hang-after" };
        (1 + self.dice.below(calls), effect)
    }

    /// Runs a command until the simulator holds its nth call, or to its end.
    fn held(&self, line: &str, nth: u64, effect: &str) -> Held {
        let fault = self.control.arm(&json!({"on": "*", "nth": nth, "times": 1, "do": effect}));
        let mut child = self.sandbox.begin(line);
        let began = Instant::now();
        loop {
            if let Some(status) = child.try_wait().unwrap() {
                return Held::Ended(status.code());
            }
            if self.control.fault(fault)["held"] == 1 {
                return Held::At(child, self.control.last_struck());
            }
            self.expect_in_time(&mut child, began, line);
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Waits for the end of a command.
    fn ended(&self, mut child: Child) -> Option<i32> {
        let began = Instant::now();
        loop {
            if let Some(status) = child.try_wait().unwrap() {
                return status.code();
            }
            self.expect_in_time(&mut child, began, "it");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    fn expect_in_time(&self, child: &mut Child, began: Instant, what: &str) {
        if began.elapsed() > LIMIT {
            child.kill().unwrap();
            child.wait().unwrap();
            panic!("{}", self.failed(&format!("{what}: neither ends nor comes so far")));
        }
    }

    /// Gives each cluster on GKE a load balancer whose parts bear no mark, and that goes with no object of the cluster.
    fn serve(&mut self) {
        if self.cloud == Cloud::Eks {
            return;
        }
        for tag in node_tags(&self.control) {
            let name = format!("a{:.8}", tag.trim_end_matches("-node").rsplit('-').next().unwrap());
            if !names(&self.control).contains(&name) {
                self.note(&format!("load balancer {name} for {tag}"));
                self.control.plant(&balancer(&tag, &name));
            }
        }
    }

    /// Something that goes wrong on the way.
    fn fault(&mut self) -> Value {
        let nth = 1 + self.dice.below(40);
        let (create, delete) = self.cloud.methods();
        let is_gke = self.cloud == Cloud::Gke;
        match self.dice.below(12) {
            0 => json!({"on": "*", "nth": nth, "times": 1, "do": "drop-after"}),
            1 => json!({"on": "*", "nth": nth, "times": 1, "do": "drop-before"}),
            2 => json!({"on": create, "nth": 1, "times": 1, "do": "drop-after"}),
            3 => json!({"on": delete, "nth": 1, "times": 1, "do": "drop-after"}),
            4 if is_gke => json!({"on": create, "matches": "t4-pool", "do": {"stockout": {}}}),
            4 => json!({"on": "eks:CreateNodegroup", "matches": "t4-pool", "times": 9, "do": {"stockout": {}}}),
            5 if is_gke => json!({"on": create, "do": {"operation-error": {"code": 13, "message": "internal error"}}}),
            5 => json!({"on": "eks:CreateNodegroup", "times": 9,
                        "do": {"issue": {"code": "NodeCreationFailure", "message": "instances failed to join"}}}),
            6 if is_gke => json!({"on": delete, "do": {"operation-error": {"code": 13, "message": "internal error"}}}),
            6 => json!({"on": "eks:DeleteNodegroup", "times": 9, "do": {"leave-interfaces": {"count": 2}}}),
            7 if is_gke => json!({"on": "*", "nth": nth, "times": 1, "do": "expire-tokens"}),
            7 => json!({"on": delete, "nth": 1, "times": 2, "do": {"throttle": {"seconds": 20, "code": 429}}}),
            8 if is_gke => {
                json!({"on": "ListClusters", "times": 99, "do": {"missing-zone": {"zone": "us-central1-a"}}})
            }
            8 => json!({"on": create, "nth": 1, "times": 1, "do": {"throttle": {"seconds": 20, "code": 429}}}),
            9 => {
                let answer = json!({"code": 403, "status": "PERMISSION_DENIED", "message": "no permission"});
                json!({"on": "*", "nth": nth, "times": 3, "do": {"answer": answer}})
            }
            10 => json!({"on": "*", "nth": nth, "times": 999, "do": "drop-before"}),
            _ => json!({"on": "*", "nth": nth, "times": 1, "do": {"throttle": {"seconds": 10, "code": 503}}}),
        }
    }
}

/// How far a command came.
enum Held {
    /// The simulator holds its call, which is the last one told in the ledger.
    At(Child, String),
    /// It ended before, with this code.
    Ended(Option<i32>),
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
