//! The wish: the file's types, reading it with positions, checking everything at once, and what it then means.

mod cluster;

pub use cluster::{
    Capacity, CloudSpec, ClusterSpec, Disk, EksSpec, GkeSpec, GpuSpec, NodeRange, Place, PoolSpec, Provider, Sharing,
    Taint, TaintEffect,
};
