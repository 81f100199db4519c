//! What a pipeline is told about its environment: for GitHub, GitLab, any shell, and programs.
//!
//! Pure texts. Whoever writes them into the files a pipeline names appends them.

use serde::Serialize;
use serde_json::{Value, json};

use super::terms::Lease;
use crate::rules::eks::names;
use crate::spec::Provider;

/// An environment as its users need to know it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outputs {
    /// Its lease.
    pub lease: Lease,
    /// Its cloud.
    pub provider: Provider,
    /// Project or account; of a cluster that stands already its context.
    pub account: String,
    /// Location of the cluster.
    pub location: String,
    /// Name of the cluster.
    pub cluster: String,
    /// The namespace, if the lease is of one in a cluster that stands.
    pub namespace: Option<String>,
    /// Path of its kubeconfig.
    pub kubeconfig: String,
}

/// One pool in the table of GPUs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GpuRow {
    /// Pool name.
    pub pool: String,
    /// Model, for example `a100-40gb`.
    pub gpu: String,
    /// Nodes that are ready.
    pub nodes: u64,
    /// Shares of each GPU; 1 where it is not shared.
    pub shares: u64,
    /// GPUs or shares the file promises for these nodes.
    pub promised: u64,
    /// GPUs or shares the nodes offer; `None` if that was not looked at.
    pub allocatable: Option<u64>,
}

/// A value cannot be written in this form.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the value of {key} has a line break, which a dotenv file cannot hold")]
pub struct LineBreak {
    /// The variable.
    pub key: String,
}

impl Outputs {
    /// Names and values, in the order in which they are told; the names are those of the outputs of a GitHub step.
    pub fn pairs(&self) -> Vec<(&'static str, String)> {
        let mode = if self.namespace.is_some() { "namespace" } else { "cluster" };
        let text = |text: &str| text.to_owned();
        vec![
            ("id", self.lease.id.to_string()),
            ("owner", self.lease.owner.clone()),
            ("expires", self.lease.expires.to_string()),
            ("mode", text(mode)),
            ("provider", text(self.provider.as_str())),
            ("account", self.account.clone()),
            ("location", self.location.clone()),
            ("cluster", self.cluster.clone()),
            ("namespace", self.namespace.clone().unwrap_or_default()),
            ("kubeconfig", self.kubeconfig.clone()),
        ]
    }

    /// Environment variables: `BERTH_` and the name, and `KUBECONFIG`, by which tools find the environment.
    pub fn variables(&self) -> Vec<(String, String)> {
        let own = self.pairs().into_iter().map(|(name, value)| (format!("BERTH_{}", name.to_uppercase()), value));
        own.chain([("KUBECONFIG".to_owned(), self.kubeconfig.clone())]).collect()
    }

    /// Lines for the file `GITHUB_OUTPUT` names.
    pub fn github_output(&self) -> String {
        self.pairs().iter().map(|(name, value)| delimited(name, value)).collect()
    }

    /// Lines for the file `GITHUB_ENV` names.
    pub fn github_env(&self) -> String {
        self.variables().iter().map(|(name, value)| delimited(name, value)).collect()
    }

    /// A dotenv file as GitLab reads it: nothing is quoted, because quotes would become part of the value.
    ///
    /// # Errors
    /// A value has a line break.
    pub fn dotenv(&self) -> Result<String, LineBreak> {
        let variables = self.variables();
        if let Some((key, _)) = variables.iter().find(|(_, value)| value.contains(['\n', '\r'])) {
            return Err(LineBreak { key: key.clone() });
        }
        Ok(variables.iter().map(|(key, value)| format!("{key}={value}\n")).collect())
    }

    /// `export` lines for any shell of Bourne's kind.
    pub fn exports(&self) -> String {
        self.variables().iter().map(|(key, value)| format!("export {key}={}\n", quoted(value))).collect()
    }

    /// All of it for programs.
    pub fn json(&self) -> Value {
        let mut object = json!({});
        for (name, value) in self.pairs() {
            object[name] = json!(value);
        }
        object["namespace"] = json!(self.namespace);
        object["run"] = json!(self.lease.run);
        object
    }

    /// Markdown for the page of a run: the environment, its GPUs, and what it has cost so far, if `cost` tells.
    pub fn summary(&self, gpus: &[GpuRow], cost: Option<&str>) -> String {
        let mut out = format!("### berth: {}\n\n", cell(self.lease.id.as_str()));
        out.push_str("| | |\n|---|---|\n");
        let of = self.namespace.as_ref().map(|namespace| format!("namespace {namespace} of ")).unwrap_or_default();
        let place = format!("{}, {}, {}", self.provider.as_str(), self.account, self.location);
        let rows = [
            ("environment", format!("{of}cluster {}", self.cluster)),
            ("place", place),
            ("owner", self.lease.owner.clone()),
            ("until", self.lease.expires.to_string()),
            ("cost so far", cost.unwrap_or("not known").to_owned()),
        ];
        out.extend(rows.iter().map(|(name, value)| format!("| {name} | {} |\n", cell(value))));
        if gpus.is_empty() {
            out.push_str("\nNo pool has GPUs.\n");
            return out;
        }
        out.push_str("\n| pool | GPU | nodes | shares of each | promised | allocatable |\n|---|---|--:|--:|--:|--:|\n");
        out.extend(gpus.iter().map(gpu_row));
        out
    }
}

fn gpu_row(row: &GpuRow) -> String {
    let allocatable = row.allocatable.map_or_else(|| "not looked at".to_owned(), |count| count.to_string());
    let (pool, gpu) = (cell(&row.pool), cell(&row.gpu));
    format!("| {pool} | {gpu} | {} | {} | {} | {allocatable} |\n", row.nodes, row.shares, row.promised)
}

/// `NAME<<DELIMITER`, the value, and the delimiter: the only form in which a value cannot bring variables of its own.
///
/// The delimiter is made of the value, and of more until no line of the value is it.
fn delimited(name: &str, value: &str) -> String {
    let mut delimiter = format!("berth_{}", names::client_token(&[name, value]));
    while value.split(['\n', '\r']).any(|line| line == delimiter) {
        delimiter = format!("berth_{}", names::client_token(&[&delimiter, value]));
    }
    format!("{name}<<{delimiter}\n{value}\n{delimiter}\n")
}

/// In single quotes, in which only a single quote needs care.
fn quoted(value: &str) -> String {
    format!("'{}'", value.replace('\'', "'\\''"))
}

/// A text as one cell of a table in Markdown, without any of Markdown's or HTML's meaning.
fn cell(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '\n' | '\r' => out.push(' '),
            '|' | '`' | '*' | '_' | '[' | ']' | '\\' | '~' | '#' | '@' => {
                out.push('\\');
                out.push(c);
            }
            _ => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests;
