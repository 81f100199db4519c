//! The real SDK, over a socket, against the simulated AWS.
#![expect(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "tests stop where they cannot go on, and say why they skip"
)]

mod aws;
mod bench;
mod control;
mod crowd;
mod deletion;
mod facts;
mod finder;
mod looks;
mod moto;
mod network;
mod pod_identity;
mod prices;
mod python;
mod requests;
mod wire;
mod wish;
