//! The world: everything the pretend cloud remembers, and the two pure functions that change it.

mod advance;
mod apis;
mod apply;
mod autoscaler;
mod balancers;
mod disks;
mod follow;
mod kubelet;
mod leftovers;
mod model;
mod node_object;
mod node_things;
mod relief;
mod scale;
mod things;
mod work;

pub(crate) use autoscaler::{Fleet, Grower};
pub(crate) use model::{
    Cluster, ClusterStatus, Operation, OperationStatus, Pool, PoolStatus, Spoil, Step, Tls, Token, World, integer,
};
pub(crate) use things::{Plant, offset, parts};

#[cfg(test)]
mod tests;
