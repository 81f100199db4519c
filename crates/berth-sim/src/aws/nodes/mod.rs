//! The machines of node groups: launched, joining, Ready, with GPUs, gone.

mod autoscaler;
mod bottlerocket;
mod capacity;
mod groups;
mod join;
mod launch;
mod object;
mod plugin;
mod pods;

pub(crate) use pods::let_pods_end;
