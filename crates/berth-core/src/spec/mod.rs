//! The wish: the file's types, reading it with positions, checking everything at once, and what it then means.
//!
//! In reading order: `file` what people write, `schema` its JSON Schema, `tree` a document with places, `structure` the document held
//! against the schema, `check` the meaning, `cluster` the result.

mod check;
mod cluster;
pub mod file;
#[cfg(test)]
mod fuzz;
mod problem;
mod quotas;
mod schema;
mod secrets;
mod structure;
pub(crate) mod tree;

pub use check::{Checked, Source, check, check_prices, check_quotas, check_sharing};
pub use cluster::{
    ANY_NUMBER, AmiFamily, Autoscaler, Capacity, CloudSpec, ClusterSpec, Disk, EksSpec, ExistingSpec, GPU_RESOURCE,
    GkeSpec, GpuSpec, NetworkPolicy, NodeRange, Place, PoolSpec, Provider, Sharing, Taint, TaintEffect,
};
pub use problem::Problem;
pub(crate) use problem::{Position, nearest};
pub use quotas::{Fence, ServiceQuota, ServiceQuotas};
pub use schema::schema;
pub use secrets::{SecretSpec, is_secret_key};
