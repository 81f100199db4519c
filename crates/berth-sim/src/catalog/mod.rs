//! What the simulated Compute Engine sells, and where: the simulator's own tables, from the public lists.

mod gpus;
mod machines;
mod places;

pub(crate) use gpus::{GPUS, Gpu};
pub(crate) use machines::{Machine, machine, machines_in};
pub(crate) use places::{REGIONS, default_zones, region_of, zones_of};
