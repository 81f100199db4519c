//! Carrying out: start what is ready, wait, retry, journal, stop.
//!
//! The engine has no choices left: the plan says what to do, the faults say whether to try again, the [`Policy`] says how
//! patiently. It knows no cloud, no screen and no clock of its own; all three come through the ports of `berth-core`.

mod execute;
mod pause;
mod policy;
mod recorder;
mod step;
mod stop;
mod wait;

pub use execute::{Outside, execute};
pub use pause::Pauses;
pub use policy::Policy;
pub use stop::{Stop, StopSignal, Stopper, stop_channel};
pub use wait::{Wait, await_until};
