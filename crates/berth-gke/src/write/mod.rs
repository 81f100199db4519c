//! Berth's words as the SDK's models.

mod cluster;
mod pool;

pub(crate) use cluster::{
    autoscaling_profile, channel, cluster, identity, logging, maintenance_window, monitoring, shielded,
};
pub(crate) use pool::{autoscaling, metadata, node_taint, pool};
