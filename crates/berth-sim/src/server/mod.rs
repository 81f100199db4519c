//! The simulator on the network: listeners, files, and the control API.

mod answer;
mod certificates;
mod cluster_api;
mod connection;
mod control;
mod endpoints;
mod files;
mod live;
mod methods;
mod simulator;

pub use endpoints::{Endpoints, PROJECT, attach, env};
pub use simulator::{Options, Simulator, StartError};
