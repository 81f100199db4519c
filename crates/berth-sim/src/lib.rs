//! The pretend clouds: what the real endpoints answer, served on loopback, so that berth can be tried without an account.
//!
//! Uses no berth crate: client and server are two witnesses and cannot share a mistake.

mod aws;
mod billing;
mod catalog;
mod clock;
mod compute;
mod faults;
mod gke;
mod iam_policy;
pub mod kube;
mod ledger;
mod lifecycle;
mod oauth;
mod server;
mod wire;
mod world;

pub use aws::{ACCESS_KEY_ID, REGION as AWS_REGION, SECRET_ACCESS_KEY};
pub use server::{Endpoints, Options, PROJECT, Simulator, StartError, attach, env};
