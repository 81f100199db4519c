//! A plan is data: steps in a graph, and notes on what was decided not to be done.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::actions::Action;

/// What to do, in an order that works.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Plan {
    /// Steps; each stands after all steps it waits for.
    pub steps: Vec<Step>,
    /// What was decided and is worth knowing, above all what is *not* done and why.
    pub notes: Vec<Note>,
}

impl Plan {
    /// Nothing has to be done.
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// Changes that take nodes with GPUs or pods down and therefore need an explicit yes.
    ///
    /// Taking away a whole pool or cluster is no change: whoever asks for that has said what is to go.
    pub fn recreations(&self) -> impl Iterator<Item = &Step> {
        self.steps.iter().filter(|step| match step.impact {
            Impact::Recreate { .. } => true,
            Impact::Remove { nodes, .. } => step.change == StepChange::Change && nodes > 0,
            Impact::InPlace | Impact::Rolling => false,
        })
    }
}

/// Stable name of a step: `gke/pool/gpu-a100-pool`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct StepId(pub String);

impl fmt::Display for StepId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One action with its reason and its place in the order.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Step {
    /// Stable over runs.
    pub id: StepId,
    /// What it does, imperative: `create pool gpu-a100-pool`.
    pub title: String,
    /// Why it is needed: `the file has it, the cluster does not`.
    pub why: String,
    /// Lines that say what exactly will be there, or `field: old -> new`.
    pub details: Vec<String>,
    /// Adds, changes, removes or only waits.
    pub change: StepChange,
    /// What it does to running nodes.
    pub impact: Impact,
    /// Whether it starts or stops billing.
    pub billing: Billing,
    /// Steps that must be complete before.
    pub after: Vec<StepId>,
    /// Seconds it usually takes, for progress.
    pub usual_seconds: u32,
    /// Seconds after which it is given up.
    pub limit_seconds: u32,
    /// The call to make.
    pub action: Action,
}

impl Step {
    /// A step that adds something, touches nothing that runs and changes no bill, without a reason and details.
    pub fn adding(id: StepId, title: String, after: Vec<StepId>, action: Action, lasts: Lasts) -> Self {
        Self {
            id,
            title,
            why: String::new(),
            details: Vec::new(),
            change: StepChange::Add,
            impact: Impact::InPlace,
            billing: Billing::Unchanged,
            after,
            usual_seconds: lasts.usual,
            limit_seconds: lasts.limit,
            action,
        }
    }
}

/// How long a step takes.
#[derive(Debug, Clone, Copy)]
pub struct Lasts {
    /// Seconds, usually.
    pub usual: u32,
    /// Seconds after which it is given up.
    pub limit: u32,
}

/// What a step does to the world.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StepChange {
    /// Makes something.
    Add,
    /// Changes something that stays.
    Change,
    /// Takes something away.
    Remove,
    /// Waits for something under way.
    Wait,
}

/// What a change does to what runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Impact {
    /// Nothing that runs is touched.
    InPlace,
    /// Nodes are replaced one after the other.
    Rolling,
    /// The pool is deleted and made again; its nodes, pods and GPUs go down.
    Recreate {
        /// Most nodes the pool may have had.
        nodes: u32,
        /// GPUs on them.
        gpus: u32,
    },
    /// Taken away for good, or because it never came up; its nodes, pods and GPUs go down.
    Remove {
        /// Most nodes it may have had.
        nodes: u32,
        /// GPUs on them.
        gpus: u32,
    },
}

/// What a step does to the bill.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Billing {
    /// Something begins to cost.
    Starts,
    /// Something stops costing.
    Stops,
    /// No difference, or not one we can tell.
    Unchanged,
}

/// Something decided that is worth knowing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Note {
    /// What it is about: a pool, the cluster, a field.
    pub about: String,
    /// What was decided and why, one sentence.
    pub text: String,
}
