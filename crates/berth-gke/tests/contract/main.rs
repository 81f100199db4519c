//! The real SDK, over a socket, against the simulated GKE.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on shall stop where it is")]

mod answers;
mod bench;
mod changes;
mod faults;
mod find;
mod life;
mod looks;
mod prices;
mod stand_in;
