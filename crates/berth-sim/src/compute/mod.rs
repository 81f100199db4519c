//! The Compute Engine API as far as a look before the leap needs it: projects, regions, zones, accelerators, machines.

mod lists;
mod quotas;
mod route;

pub(crate) use quotas::Shortage;
pub(crate) use route::{answer, method, methods};
