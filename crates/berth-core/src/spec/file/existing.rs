//! The `existing` section of a cluster file: a cluster that stands already.

use schemars::JsonSchema;
use serde::Deserialize;

/// How a cluster is reached that berth did not make and never deletes.
#[derive(Debug, Clone, PartialEq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ExistingFile {
    /// The context of the kubeconfig; it has to be named, whatever is current.
    #[schemars(length(min = 1))]
    pub context: String,
    /// Path of the kubeconfig, relative to this file; `KUBECONFIG` or `~/.kube/config` if left out.
    #[serde(default)]
    #[schemars(length(min = 1))]
    pub kubeconfig: Option<String>,
}
