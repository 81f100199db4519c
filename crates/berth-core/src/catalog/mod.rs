//! What the clouds sell: GPUs, machine types, regions and zones.
//!
//! Static tables, so that nothing is done at start-up.
//! They are there to give defaults and to refuse early what cannot work; what a cloud sells today is asked of the cloud itself
//! by the preflight checks.

mod gpu;
mod machine;
mod offer;
mod place;

pub use gpu::{Architecture, GPUS, Gpu, gpu, gpu_by_gke_type, gpu_names};
pub use machine::{Machine, MachineGpus, MachineLookup, default_machine, families, family, machine, machines_with};
pub use offer::{GpuOffer, N1Limit, gpu_offers, gpu_zones, n1_counts, n1_limit};
pub use place::{Region, region, region_of_zone, regions};
