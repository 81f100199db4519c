//! What is decided for EKS: against a tiny AWS that refuses what AWS refuses.

mod autoscaler;
mod bottlerocket;
mod converge;
mod fallback;
mod leases;
mod names;
mod plans;
mod policies;
mod read;
mod storage;
mod world;
