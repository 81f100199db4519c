//! Workloads: what the files come to, in which order it goes into a cluster, and how the plan follows what is there.

mod plans;
mod prepared;
