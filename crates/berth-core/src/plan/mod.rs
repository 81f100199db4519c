//! The decision: which steps lead from what is there to what is wanted.

mod decide;
mod goal;
mod not_applied;
mod step;

pub use decide::plan;
pub use goal::{Goal, Refusal, Workloads};
pub use not_applied::not_applied;
pub use step::{Billing, Impact, Lasts, Note, Plan, Step, StepChange, StepId};
