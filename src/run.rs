//! Carrying out a plan in front of the user: journal, progress, Ctrl-C.

use std::hash::{DefaultHasher, Hash, Hasher};

use berth_core::actions::Action;
use berth_core::plan::{Plan, StepId};
use berth_core::rules::eks::fallback::worth_another_plan;
use berth_core::run::Outcome;
use berth_core::spec::{ClusterSpec, Provider};
use berth_engine::{Outside, Policy, Stopper, execute, stop_channel};
use tokio::sync::mpsc;

use crate::failure::{self, Failure};
use crate::interrupt::Interrupts;
use crate::journal_file::JournalFile;
use crate::records::Records;
use crate::settings::Settings;
use crate::ui::Ui;
use crate::wiring::Doors;

/// All that a command which changes something works with.
pub(crate) struct Work<'a> {
    pub(crate) doors: &'a Doors,
    pub(crate) settings: &'a Settings,
    pub(crate) ui: &'a Ui,
    pub(crate) interrupts: Interrupts,
    pub(crate) manners: Manners,
}

/// What the first request to end means for a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Manners {
    /// Finish what runs and begin nothing new; the second one leaves.
    Finish,
    /// Leave at once, because whoever asks gives seconds only; what runs goes on in the cloud and ends with its lease.
    Leave,
}

impl Work<'_> {
    /// Carries out a plan for `verb` (`create`, `destroy`) on `cluster` and shows it.
    pub(crate) async fn carry_out(&self, verb: &str, cluster: &str, plan: &Plan) -> Result<Outcome, Failure> {
        let mut journal = JournalFile::begin(self.settings, (verb, cluster), plan, self.doors)?;
        let (events, shown) = mpsc::unbounded_channel();
        let (stopper, stop) = stop_channel();
        let watch = tokio::spawn(stop_when_asked(self.interrupts.clone(), self.manners, stopper));
        let goal = format!("{verb} {cluster}");
        // Two runs at once must not retry in step with each other, nor two clusters of one run.
        let mut seed = DefaultHasher::new();
        (std::process::id(), cluster).hash(&mut seed);
        let policy = Policy { jitter_seed: seed.finish(), ..Policy::default() };
        let (hands, clock) = (self.doors, &self.doors.clock);
        let outside = Outside { hands, clock, journal: &mut journal, events, stop };
        let (outcome, ()) = tokio::join!(execute(&goal, plan, outside, &policy), self.ui.follow(shown, clock.clone()));
        watch.abort();
        Ok(outcome)
    }

    /// Looks what a cluster consists of that is billed, and keeps it for bills when it is gone; what is in the way of that is told and
    /// keeps nothing from being done.
    pub(crate) async fn remember(&self, cluster: &str) {
        if let Err(fault) = Box::pin(self.doors.billable(Some(cluster), false, self.settings)).await {
            self.ui.warning(&format!("what cluster {cluster} has cost will not be known in full: {fault}"));
        }
    }

    /// Looks when what was remembered of a cluster ended, if that is not known yet.
    pub(crate) async fn settle(&self, cluster: &str) {
        if Records::of(self.doors, self.settings, cluster).is_open() {
            self.remember(cluster).await;
        }
    }

    /// Whether a run that ended so may be followed by a plan that gets the missing machines in another way.
    pub(crate) fn falls_back(&self, spec: &ClusterSpec, outcome: &Outcome) -> bool {
        !self.interrupts.any() && worth_another_plan(spec, outcome)
    }

    /// Whether a run that ended so may be followed by anything else.
    pub(crate) fn may_go_on(&self, outcome: &Outcome) -> bool {
        outcome.is_success() && !self.interrupts.any()
    }
}

/// Stops a run as its manners are.
async fn stop_when_asked(mut interrupts: Interrupts, manners: Manners, stopper: Stopper) {
    interrupts.more_than(0).await;
    if manners == Manners::Finish {
        stopper.finish();
        interrupts.more_than(1).await;
    }
    stopper.leave();
}

/// Adds to a failure what failed, why, what still goes on, and what can be done about it.
pub(crate) fn explain(failure: Failure, plan: &Plan, outcome: &Outcome, provider: Provider) -> Failure {
    let title = |id: &StepId| {
        plan.steps.iter().find(|step| step.id == *id).map_or_else(|| id.to_string(), |step| step.title.clone())
    };
    let action = |id: &StepId| plan.steps.iter().find(|step| step.id == *id).map(|step| &step.action);
    let mut failure = outcome.failed.iter().fold(failure, |mut failure, (id, fault)| {
        failure = failure.detail(format!("cannot {}: {}", title(id), fault.said));
        let hints = match action(id) {
            Some(Action::Kube(action)) => failure::hints_inside(fault, action, provider),
            _ => failure::hints(fault, provider),
        };
        hints.into_iter().fold(failure, Failure::hint)
    });
    if !outcome.running.is_empty() {
        let running: Vec<String> = outcome.running.iter().map(title).collect();
        failure = failure.detail(format!("still going on in the cloud: {}", running.join(", ")));
    }
    failure
}
