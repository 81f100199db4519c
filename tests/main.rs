//! The whole binary, sandboxed, against the simulated clouds and against other people's clients. One test binary, because
//! linking is what takes the time.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails, also in the functions its cases share")]

mod action;
mod bill;
mod bill_shares;
mod ci;
mod control;
mod cost;
mod cost_asked;
mod cost_diff;
mod cost_page;
mod crash;
mod crash_eks;
mod create;
mod eks;
mod elsewhere;
mod existing;
mod faults;
mod fleet;
mod gc;
mod iam;
mod interrupts;
mod left;
mod live_prices;
mod namespaces;
mod readme;
mod redact;
mod rights;
mod sandbox;
mod schedules;
mod sim;
mod spec;
mod support;
mod tidy;
mod verify;
mod witnesses;
mod workloads;
