//! The real SDK, over a socket, against the simulated AWS.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on shall stop where it is")]

mod bench;
mod wish;
