//! A service account's way into a cluster: a token that ends, and a kubeconfig that holds nothing else.

use berth_core::observed::ClusterAccess;
use berth_core::run::{Fault, FaultKind, LeftBehind, Retry};
use jiff::Timestamp;
use kube::Client;
use serde_json::{Value, json};

use crate::kubeconfig::{self, Malformed};
use crate::token::{Secret, Token};
use crate::wire::{self, Change};
use crate::{classify, kubeconfig_file};

/// Asks the API for a token of a service account that ends after `seconds` (600 at least); the server may give it less or more
/// time and says how much.
///
/// # Errors
/// The account is not there, the caller may not `create` on `serviceaccounts/token`, or the server does not answer.
pub async fn request_token(client: &Client, namespace: &str, account: &str, seconds: u64) -> Result<Token, Fault> {
    let tried = format!("get a token of service account {namespace}/{account}");
    let path = format!("/api/v1/namespaces/{namespace}/serviceaccounts/{account}/token");
    let body = json!({"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest",
                      "spec": {"expirationSeconds": seconds}});
    let answer = wire::change::<Value>(client, Change::Create, &path, body.to_string().into_bytes()).await;
    let status = match answer {
        Ok(answer) => answer.object["status"].clone(),
        Err(kube::Error::SerdeError(_)) => return Err(strange(&tried, "the answer cannot be read")),
        Err(error) => return Err(classify::fault(&tried, error)),
    };
    let Some(secret) = status["token"].as_str() else { return Err(strange(&tried, "the answer holds no token")) };
    let expires_at = status["expirationTimestamp"].as_str().and_then(|text| text.parse::<Timestamp>().ok());
    Ok(Token { secret: Secret::new(secret.to_owned()), expires_at })
}

fn strange(tried: &str, said: &str) -> Fault {
    Fault {
        kind: FaultKind::Other,
        tried: tried.to_owned(),
        said: said.to_owned(),
        left_behind: LeftBehind::Nothing,
        retry: Retry::Never,
    }
}

/// A kubeconfig with one context, one namespace and this token: whoever holds the file is that service account.
///
/// # Errors
/// It cannot be written as YAML.
pub fn bound(context: &str, access: &ClusterAccess, namespace: &str, token: &Token) -> Result<String, Malformed> {
    kubeconfig::text(&json!({
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": context,
        "clusters": [kubeconfig::cluster(context, access)],
        "contexts": [{"name": context, "context": {"cluster": context, "user": context, "namespace": namespace}}],
        "users": [{"name": context, "user": {"token": token.secret.expose()}}],
    }))
}

/// Writes a kubeconfig that only its owner may read; whatever was in the file is replaced.
///
/// # Errors
/// The file cannot be written; it is as it was.
pub fn write_text(path: &std::path::Path, text: &str) -> Result<(), kubeconfig_file::KubeconfigError> {
    kubeconfig_file::write(path, text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bound_kubeconfig_has_a_token_a_namespace_and_no_other_way_in() {
        let access = ClusterAccess { server: "https://34.1.2.3".to_owned(), ca_pem: Some("PEM".to_owned()) };
        let token = Token { secret: Secret::new("t0ken".to_owned()), expires_at: None };
        let text = bound("berth_pr-1", &access, "pr-1", &token).unwrap();
        let value: Value = serde_saphyr::from_str(&text).unwrap();
        assert_eq!(value["users"], json!([{"name": "berth_pr-1", "user": {"token": "t0ken"}}]));
        assert_eq!(value["contexts"][0]["context"]["namespace"], "pr-1");
        assert_eq!(value["clusters"][0]["cluster"]["certificate-authority-data"], "UEVN");
    }
}
