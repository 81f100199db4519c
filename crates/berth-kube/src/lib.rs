//! The Kubernetes API of a cluster: connecting to it, reading its nodes, and the kubeconfig that lets others connect.
//!
//! Knows no cloud: a token comes from a [`TokenSource`], an address from the observed cluster.

mod apply;
mod bearer;
mod classify;
mod connect;
mod delete;
mod differs;
mod exec_credential;
mod eyes;
mod hands;
mod in_force;
mod items;
mod kinds;
mod kubeconfig;
mod kubeconfig_client;
mod kubeconfig_file;
mod look;
mod namespaces;
mod node;
mod nodes_change;
mod pages;
mod pods;
mod printed;
mod quantity;
mod record;
mod release;
mod rollout;
mod rollouts;
mod service_account;
mod token;
mod unchanged;
mod unwanted;
mod wire;

pub use connect::connect;
pub use exec_credential::{ApiVersion, UnusableExecRequest, exec_credential};
pub use eyes::{nodes, version};
pub use hands::{Going, carry_out};
pub use kubeconfig::{Entry, Malformed, alone, context_name, merge, remove};
pub use kubeconfig_client::by_context;
pub use kubeconfig_file::{
    KubeconfigError, current_context, holds_only, merge_into, remove_from, search_paths, target_path, write_own,
};
pub use look::{annotation, labelled, look_at, object, unwanted_of};
pub use namespaces::create_namespace;
pub use nodes_change::standing;
pub use printed::{pods, printed};
pub use record::NAME as RECORD_NAME;
pub use rollouts::rollouts;
pub use service_account::{bound, request_token, write_text};
pub use token::{Secret, Token, TokenSource};
