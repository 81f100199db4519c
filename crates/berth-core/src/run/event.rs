//! One stream of facts joins work, journal and screen.

use jiff::Timestamp;

use crate::plan::StepId;
use crate::run::{Fault, LeftBehind};

/// Something that happened at a time.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// When.
    pub at: Timestamp,
    /// What.
    pub kind: EventKind,
}

/// What happened.
#[derive(Debug, Clone, PartialEq)]
pub enum EventKind {
    /// A run begins with this many steps.
    RunStarted {
        /// What it is for: `create ai-dubbing-production`.
        goal: String,
        /// Steps of the plan, by id and title, in order.
        steps: Vec<(StepId, String)>,
    },
    /// A step is about to call the cloud; written before the call.
    StepStarted {
        /// Which.
        id: StepId,
        /// Seconds it usually takes.
        usual_seconds: u32,
    },
    /// The cloud took the call and works on it.
    StepAccepted {
        /// Which.
        id: StepId,
        /// The cloud's name for the operation.
        operation: String,
    },
    /// The step waits for this.
    StepWaiting {
        /// Which.
        id: StepId,
        /// What for, in the cloud's or our words.
        detail: String,
    },
    /// A try failed and will be repeated.
    StepRetrying {
        /// Which.
        id: StepId,
        /// Tries so far.
        attempt: u32,
        /// Seconds until the next.
        after_seconds: u64,
        /// Why the last one failed.
        fault: Fault,
    },
    /// A step is complete.
    StepDone {
        /// Which.
        id: StepId,
    },
    /// A step failed for good.
    StepFailed {
        /// Which.
        id: StepId,
        /// Why.
        fault: Fault,
    },
    /// A step was not begun because of another one, or because the run was asked to stop.
    StepSkipped {
        /// Which.
        id: StepId,
        /// Why.
        because: String,
    },
    /// The user asked to stop: what runs is finished, nothing new begins.
    Stopping,
    /// The run is over.
    RunFinished {
        /// How.
        outcome: Outcome,
    },
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// Steps that are complete.
    pub done: Vec<StepId>,
    /// Steps that failed, with their faults.
    pub failed: Vec<(StepId, Fault)>,
    /// Steps that were never begun.
    pub skipped: Vec<StepId>,
    /// Steps still going on in the cloud when the run was left.
    pub running: Vec<StepId>,
}

impl Outcome {
    /// Every step is complete.
    pub fn is_success(&self) -> bool {
        self.failed.is_empty() && self.skipped.is_empty() && self.running.is_empty()
    }

    /// What the failures say they have left, joined.
    pub fn left_behind(&self) -> LeftBehind {
        let mut refs = Vec::new();
        for (_, fault) in &self.failed {
            match &fault.left_behind {
                LeftBehind::Nothing => {}
                LeftBehind::These(more) => refs.extend(more.iter().cloned()),
                LeftBehind::Unknown => return LeftBehind::Unknown,
            }
        }
        if !self.running.is_empty() {
            return LeftBehind::Unknown;
        }
        if refs.is_empty() { LeftBehind::Nothing } else { LeftBehind::These(refs) }
    }
}
