//! The real SDK, over a socket, against the simulated GKE.

mod bench;
mod changes;
mod faults;
mod life;
mod looks;
