//! From a kubeconfig's context to a client of its cluster: certificates, tokens and exec plugins as kubectl takes them.

use std::path::PathBuf;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use berth_core::observed::ClusterAccess;
use berth_core::run::{Fault, FaultKind, LeftBehind, Retry};
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};

use crate::classify;

const CONNECT_LIMIT: Duration = Duration::from_secs(15);
/// Between two pieces of an answer; a page of large nodes comes in many pieces.
const READ_LIMIT: Duration = Duration::from_secs(60);

/// A client for the cluster of a context, and the way to its API server; to be called inside a tokio runtime.
///
/// The files are laid over each other as kubectl does; what the first one says holds. Files that are not there say nothing.
///
/// # Errors
/// No file is there, one cannot be read, none has the context, or what the context names cannot be used.
pub async fn by_context(files: &[PathBuf], context: &str) -> Result<(Client, ClusterAccess), Fault> {
    let mut merged: Option<Kubeconfig> = None;
    for file in files.iter().filter(|file| file.exists()) {
        let next = Kubeconfig::read_from(file)
            .map_err(|error| unusable(&format!("{}: {}", file.display(), classify::chain(&error))))?;
        merged = Some(match merged {
            None => next,
            Some(merged) => merged.merge(next).map_err(|error| unusable(&classify::chain(&error)))?,
        });
    }
    let named = files.iter().map(|file| file.display().to_string()).collect::<Vec<_>>().join(", ");
    let Some(kubeconfig) = merged else { return Err(unusable(&format!("there is no kubeconfig at {named}"))) };
    if !kubeconfig.contexts.iter().any(|known| known.name == context) {
        let known: Vec<&str> = kubeconfig.contexts.iter().map(|known| known.name.as_str()).collect();
        let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
        return Err(unusable(&format!("{named} has no context {context}; it has {known}")));
    }
    let options = KubeConfigOptions { context: Some(context.to_owned()), ..KubeConfigOptions::default() };
    let config = Config::from_custom_kubeconfig(kubeconfig, &options).await;
    let mut config = config.map_err(|error| unusable(&format!("context {context}: {}", classify::chain(&error))))?;
    config.connect_timeout = Some(CONNECT_LIMIT);
    config.read_timeout = Some(READ_LIMIT);
    config.write_timeout = Some(READ_LIMIT);
    let ca_pem = config.root_cert.as_ref().map(|certificates| certificates.iter().map(|der| pem(der)).collect());
    let access = ClusterAccess { server: config.cluster_url.to_string(), ca_pem };
    let client = Client::try_from(config).map_err(|error| classify::fault("connect to the cluster", error))?;
    Ok((client, access))
}

fn pem(der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let lines: Vec<&str> = (0..text.len()).step_by(64).map(|from| &text[from..text.len().min(from + 64)]).collect();
    format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", lines.join("\n"))
}

fn unusable(said: &str) -> Fault {
    Fault {
        kind: FaultKind::Refused,
        tried: "read the kubeconfig".to_owned(),
        said: said.to_owned(),
        left_behind: LeftBehind::Nothing,
        retry: Retry::Never,
    }
}
