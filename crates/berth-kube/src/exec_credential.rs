//! What `kubectl` reads from a credential plugin.

use serde_json::{Value, json};

use crate::token::Token;

/// Version of the exchange with the plugin; Kubernetes knows these two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ApiVersion {
    /// `client.authentication.k8s.io/v1`
    V1,
    /// `client.authentication.k8s.io/v1beta1`
    V1Beta1,
}

/// The caller asks for something no version of Kubernetes asks for.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnusableExecRequest {
    /// Not JSON, or without an `apiVersion`.
    #[error("KUBERNETES_EXEC_INFO is not an ExecCredential object")]
    NotExecCredential,
    /// A version that is not known here.
    #[error("KUBERNETES_EXEC_INFO asks for {0}; known are client.authentication.k8s.io/v1 and v1beta1")]
    UnknownVersion(String),
}

impl ApiVersion {
    /// As it is written in objects.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::V1 => "client.authentication.k8s.io/v1",
            Self::V1Beta1 => "client.authentication.k8s.io/v1beta1",
        }
    }

    /// The version asked for by the text of `KUBERNETES_EXEC_INFO`; v1 if that is not set.
    pub fn asked(exec_info: Option<&str>) -> Result<Self, UnusableExecRequest> {
        let Some(text) = exec_info.filter(|text| !text.is_empty()) else { return Ok(Self::V1) };
        let value: Value = serde_json::from_str(text).map_err(|_| UnusableExecRequest::NotExecCredential)?;
        match value["apiVersion"].as_str() {
            Some("client.authentication.k8s.io/v1") => Ok(Self::V1),
            Some("client.authentication.k8s.io/v1beta1") => Ok(Self::V1Beta1),
            Some(other) => Err(UnusableExecRequest::UnknownVersion(other.to_owned())),
            None => Err(UnusableExecRequest::NotExecCredential),
        }
    }
}

/// The ExecCredential object, as JSON, that gives `kubectl` this token; without an end if the token has none.
pub fn exec_credential(version: ApiVersion, token: &Token) -> String {
    let mut status = json!({"token": token.secret.expose()});
    if let Some(at) = token.expires_at {
        // Kubernetes reads RFC 3339; whole seconds, as its own writers give them.
        status["expirationTimestamp"] = json!(at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string());
    }
    json!({"apiVersion": version.as_str(), "kind": "ExecCredential", "status": status}).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::token::Secret;

    #[test]
    fn the_credential_has_the_version_that_was_asked_for() {
        let info = r#"{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1beta1","spec":{}}"#;
        let expires_at = Some("2026-01-01T01:02:03.456Z".parse().unwrap());
        let token = Token { secret: Secret::new("abc".to_owned()), expires_at };
        assert_eq!(
            exec_credential(ApiVersion::asked(Some(info)).unwrap(), &token),
            r#"{"apiVersion":"client.authentication.k8s.io/v1beta1","kind":"ExecCredential","status":{"expirationTimestamp":"2026-01-01T01:02:03Z","token":"abc"}}"#
        );
        assert_eq!(
            exec_credential(ApiVersion::asked(None).unwrap(), &Token { expires_at: None, ..token }),
            r#"{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"abc"}}"#
        );
    }

    #[test]
    fn what_cannot_be_served_is_refused() {
        let unknown = r#"{"apiVersion":"client.authentication.k8s.io/v1alpha1"}"#;
        assert!(matches!(ApiVersion::asked(Some(unknown)), Err(UnusableExecRequest::UnknownVersion(_))));
        assert_eq!(ApiVersion::asked(Some("x")), Err(UnusableExecRequest::NotExecCredential));
        assert_eq!(ApiVersion::asked(Some("{}")), Err(UnusableExecRequest::NotExecCredential));
    }
}
