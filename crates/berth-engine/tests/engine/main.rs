//! The engine against scripted hands and a clock that stands still until everybody waits.

#![expect(clippy::unwrap_used, reason = "the stage of a test may end the test")]

mod failures;
mod journal_cut;
mod order;
mod patience;
mod retries;
mod stage;
mod stops;
