//! The Compute Engine API: what a look before the leap needs (projects, regions, zones, accelerators, machines), and the
//! things that clusters leave behind (disks, addresses, parts of load balancers).

mod collections;
mod filter;
mod lists;
mod operations;
mod quotas;
mod route;
mod things;

pub(crate) use collections::{is_collection, kind_of};
pub(crate) use operations::Deletion;
pub(crate) use quotas::Shortage;
pub(crate) use route::{answer, method, methods};
