//! The decision: which steps lead from what is there to what is wanted.

mod step;

pub use step::{Billing, Impact, Note, Plan, Step, StepChange, StepId};
