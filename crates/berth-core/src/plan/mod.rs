//! The decision: which steps lead from what is there to what is wanted.

mod decide;
mod goal;
mod step;

pub use decide::plan;
pub use goal::{Goal, Refusal};
pub use step::{Billing, Impact, Note, Plan, Step, StepChange, StepId};
