//! Whose credentials these are, and which project they name.

use std::time::Duration;

use berth_core::run::{Fault, FaultKind, LeftBehind, Retry};
use http::header::CONTENT_TYPE;
use serde::Deserialize;
use serde_json::Value;

use crate::classify;
use crate::token::AccessToken;

/// How long the token endpoint may take.
const TIMEOUT: Duration = Duration::from_secs(5);

/// What the token endpoint says about a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TokenReport {
    pub(crate) email: Option<String>,
    pub(crate) expires_in: Option<Duration>,
}

/// The project an application-default credentials file names: a service account's own, else the quota project.
pub fn project_of(adc: &str) -> Option<String> {
    let json: Value = serde_json::from_str(adc).ok()?;
    ["project_id", "quota_project_id"].iter().find_map(|key| {
        json.get(key).and_then(Value::as_str).filter(|project| !project.is_empty()).map(ToOwned::to_owned)
    })
}

/// The account a credentials file names by itself: a service account's address, or that of the impersonated one.
pub(crate) fn account_of(adc: &str) -> Option<String> {
    let json: Value = serde_json::from_str(adc).ok()?;
    if let Some(email) = json.get("client_email").and_then(Value::as_str) {
        return Some(email.to_owned());
    }
    let url = json.get("service_account_impersonation_url").and_then(Value::as_str)?;
    let (_, account) = url.rsplit_once("/serviceAccounts/")?;
    let (email, _) = account.split_once(':')?;
    Some(email.to_owned())
}

/// Asks the token endpoint about a token. It stands in the body, because URLs are written down by proxies and servers.
pub(crate) async fn ask(endpoint: &str, token: &AccessToken) -> Result<TokenReport, Fault> {
    let url = url::Url::parse(endpoint).map_err(|error| fault(FaultKind::Refused, error.to_string()))?;
    let form =
        url::form_urlencoded::Serializer::new(String::new()).append_pair("access_token", token.secret()).finish();
    let broken = |error: reqwest::Error| fault(FaultKind::Unavailable, classify::chain(&error));
    let client = reqwest::Client::builder().timeout(TIMEOUT).build().map_err(broken)?;
    let request = client.post(url).header(CONTENT_TYPE, "application/x-www-form-urlencoded").body(form);
    let response = request.send().await.map_err(broken)?;
    let status = response.status();
    if status.is_client_error() {
        return Err(fault(
            FaultKind::Credentials,
            format!("the token is not known or has run out (HTTP {})", status.as_u16()),
        ));
    }
    let answer: Answer = response.error_for_status().map_err(broken)?.json().await.map_err(broken)?;
    let expires_in = match answer.expires_in {
        Some(Value::String(text)) => text.parse().ok(),
        Some(Value::Number(number)) => number.as_u64(),
        _ => None,
    };
    Ok(TokenReport { email: answer.email, expires_in: expires_in.map(Duration::from_secs) })
}

#[derive(Deserialize)]
struct Answer {
    email: Option<String>,
    expires_in: Option<Value>,
}

fn fault(kind: FaultKind, said: String) -> Fault {
    let retry = if kind == FaultKind::Unavailable { Retry::Backoff } else { Retry::Never };
    Fault { kind, tried: "ask whose the access token is".to_owned(), said, left_behind: LeftBehind::Nothing, retry }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_project_is_the_accounts_own_or_the_quota_project() {
        assert_eq!(project_of(r#"{"project_id": "own", "quota_project_id": "quota"}"#).as_deref(), Some("own"));
        assert_eq!(project_of(r#"{"quota_project_id": "quota"}"#).as_deref(), Some("quota"));
        assert_eq!(project_of(r#"{"project_id": ""}"#), None);
        assert_eq!(project_of("not JSON"), None);
    }

    #[test]
    fn a_service_account_and_an_impersonated_one_are_named_by_the_file() {
        assert_eq!(account_of(r#"{"client_email": "a@p.example"}"#).as_deref(), Some("a@p.example"));
        let url = "https://iam.example/v1/projects/-/serviceAccounts/b@p.example:generateAccessToken";
        let json = format!(r#"{{"service_account_impersonation_url": "{url}"}}"#);
        assert_eq!(account_of(&json).as_deref(), Some("b@p.example"));
        assert_eq!(account_of(r#"{"type": "authorized_user"}"#), None);
    }
}
