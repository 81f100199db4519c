//! What happens while a plan is carried out: events, faults and outcomes.

mod event;
mod fault;

pub use event::{Event, EventKind, Outcome};
pub use fault::{Fault, FaultKind, LeftBehind, Retry};
