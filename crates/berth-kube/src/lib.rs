//! The Kubernetes API of a cluster: connecting to it, reading its nodes, and the kubeconfig that lets others connect.
//!
//! Knows no cloud: a token comes from a [`TokenSource`], an address from the observed cluster.

mod bearer;
mod classify;
mod connect;
mod exec_credential;
mod eyes;
mod hands;
mod kubeconfig;
mod kubeconfig_file;
mod node;
mod quantity;
mod token;

pub use connect::connect;
pub use exec_credential::{ApiVersion, UnusableExecRequest, exec_credential};
pub use eyes::{nodes, version};
pub use hands::{Going, annotation, carry_out, labelled};
pub use kubeconfig::{Entry, Malformed, alone, context_name, merge, remove};
pub use kubeconfig_file::{KubeconfigError, merge_into, remove_from, search_paths, target_path, write_own};
pub use token::{Secret, Token, TokenSource};
