//! Quotas per service: what is rendered, what it means to pods, and how it comes into a cluster and out of it.

mod fences;
mod plans;
mod rendered;
mod spec;
