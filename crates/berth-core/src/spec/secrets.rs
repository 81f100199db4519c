//! The checked wish for a Secret: where its values come from, never the values.

use std::collections::BTreeMap;

/// Whether Kubernetes takes this as a key of a Secret: letters, digits, `-`, `_` and `.`, at most 253, and no name of a folder.
pub fn is_secret_key(key: &str) -> bool {
    let is_of_key = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    (1..=253).contains(&key.len()) && key.bytes().all(is_of_key) && !matches!(key, "." | "..")
}

/// One Secret of a cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretSpec {
    /// Name of the Secret.
    pub name: String,
    /// Its namespace.
    pub namespace: String,
    /// Kubernetes' type of the Secret.
    pub kind: String,
    /// Environment variables that become keys of the same names.
    pub env: Vec<String>,
    /// Path of a file with lines `KEY=VALUE`, joined to the folder of the spec; not read.
    pub env_file: Option<String>,
    /// Paths of whole files by key, joined to the folder of the spec; not read.
    pub files: BTreeMap<String, String>,
    /// Keys whose values are made up when the Secret is made, and kept from then on.
    pub generate: Vec<String>,
}

impl SecretSpec {
    /// The keys that are known without reading anything; with an [`env_file`](Self::env_file) there are more.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.env.iter().chain(self.files.keys()).chain(&self.generate).map(String::as_str)
    }
}
