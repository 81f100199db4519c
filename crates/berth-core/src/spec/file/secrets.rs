//! Secrets of a cluster, whose values stand outside the file.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

/// One Secret; its values come from the environment, from files that are in no repository, or are made up once.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SecretFile {
    /// Name of the Secret.
    #[schemars(length(min = 1, max = 253))]
    pub name: String,
    /// Its namespace; `default` if left out.
    #[serde(default)]
    #[schemars(length(min = 1, max = 63))]
    pub namespace: Option<String>,
    /// Kubernetes' type of the Secret, for example `kubernetes.io/dockerconfigjson`; `Opaque` if left out.
    #[serde(default, rename = "type")]
    #[schemars(length(min = 1))]
    pub kind: Option<String>,
    /// Environment variables that become keys of the same names.
    #[serde(default)]
    pub env: Vec<VariableName>,
    /// Path of a file with lines `KEY=VALUE`, relative to this file; every key of it becomes one of the Secret.
    #[serde(default)]
    #[schemars(length(min = 1))]
    pub env_file: Option<String>,
    /// Keys whose values are whole files: path by key, relative to this file.
    #[serde(default)]
    pub files: BTreeMap<String, String>,
    /// Keys whose values are made up when the Secret is made, and kept from then on.
    #[serde(default)]
    #[schemars(inner(length(min = 1)))]
    pub generate: Vec<String>,
}

/// Name of an environment variable, for example `API_KEY`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[schemars(extend("patternErrorMessage" = "must be the name of an environment variable, such as `API_KEY`"))]
pub struct VariableName(#[schemars(regex(pattern = r"^[A-Za-z_][A-Za-z0-9_]*$"))] pub String);
