//! One file per subcommand: its flags and its `run`.

pub(crate) mod ci;
pub(crate) mod cost;
pub(crate) mod create;
pub(crate) mod destroy;
pub(crate) mod dispatch;
pub(crate) mod gc;
pub(crate) mod iam;
pub(crate) mod kubeconfig;
pub(crate) mod list;
pub(crate) mod plan;
pub(crate) mod schema;
pub(crate) mod sim;
pub(crate) mod status;
pub(crate) mod token;
pub(crate) mod validate;
pub(crate) mod verify;

pub(crate) use dispatch::{ProviderArg, run};
