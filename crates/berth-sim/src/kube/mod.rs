//! One Kubernetes API server per simulated cluster: a generic object store behind the paths, codes and texts of kube-apiserver.
//!
//! Everything here is pure: no clock, no socket, no task.
//! A request and the time go in, a reply comes out, and a watch is a cursor into the store's log that the server polls.
//! The behaviours were taken from recorded answers of a kube-apiserver 1.36; `tests/transcripts.rs` holds the store to them.

mod accept;
mod access;
mod admission;
mod controllers;
mod decode;
mod definitions;
mod discovery;
mod duration;
mod failure;
mod kinds;
mod log;
mod openapi;
mod output;
mod ownership;
mod parts;
mod patch;
mod protobuf;
mod read;
mod request;
mod rules;
mod saved;
mod schema;
mod selectors;
mod serving;
mod store;
mod table;
mod target;
mod time;
mod usage;
mod validation;
mod write;
mod yaml;

pub(crate) use access::Attributes;
pub(crate) use controllers::{Offer, Written, gibibytes};
pub(crate) use decode::loosely as body;
pub use read::watch::{Watch, WatchStep};
pub use request::{Reply, Request, User};
pub use store::Store;
