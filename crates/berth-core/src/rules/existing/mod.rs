//! A cluster that stands already, and that berth only fills: what it puts there, and takes away again.

pub mod absent;
pub mod nodes;
pub mod plugin;
pub mod present;
