//! One request to an API server and its answer.

use berth_core::run::{Fault, FaultKind};
use http::{Request, StatusCode};
use kube::Client;
use kube::client::Body;
use kube::core::Status;
use serde::de::DeserializeOwned;

use crate::classify;

/// How a body that changes an object is meant.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Change {
    /// Server-side apply.
    Apply,
    /// Fields are laid over those that are there.
    Merge,
    /// A new object.
    Create,
}

impl Change {
    fn method(self) -> &'static str {
        match self {
            Self::Apply | Self::Merge => "PATCH",
            Self::Create => "POST",
        }
    }

    fn content_type(self) -> &'static str {
        match self {
            Self::Apply => "application/apply-patch+yaml",
            Self::Merge => "application/merge-patch+json",
            Self::Create => "application/json",
        }
    }
}

/// What came of a change, and whether the object was not there before.
pub(crate) struct Changed<T> {
    pub(crate) is_new: bool,
    pub(crate) object: T,
}

/// Sends a changing request; the error is still the server's own, for those who read more out of it.
pub(crate) async fn change<T: DeserializeOwned>(
    client: &Client,
    change: Change,
    path: &str,
    body: Vec<u8>,
) -> Result<Changed<T>, kube::Error> {
    let request = Request::builder()
        .method(change.method())
        .uri(path)
        .header(http::header::CONTENT_TYPE, change.content_type())
        .body(body)
        .map_err(kube::Error::HttpError)?;
    let (status, object) = send(client, request).await?;
    Ok(Changed { is_new: status == StatusCode::CREATED, object })
}

/// Reads one thing.
pub(crate) async fn get<T: DeserializeOwned>(client: &Client, path: &str, tried: &str) -> Result<T, Fault> {
    read(client, path, None).await.map_err(|error| reading(tried, error))
}

/// Reads one thing; `None` if it is not there.
pub(crate) async fn find<T: DeserializeOwned>(client: &Client, path: &str, tried: &str) -> Result<Option<T>, Fault> {
    match get(client, path, tried).await {
        Ok(found) => Ok(Some(found)),
        Err(fault) if fault.kind == FaultKind::NotFound => Ok(None),
        Err(fault) => Err(fault),
    }
}

/// Reads one thing in the form that an `Accept` header asks for.
pub(crate) async fn read<T: DeserializeOwned>(
    client: &Client,
    path: &str,
    accept: Option<&str>,
) -> Result<T, kube::Error> {
    let mut request = Request::get(path);
    if let Some(accept) = accept {
        request = request.header(http::header::ACCEPT, accept);
    }
    let request = request.body(Vec::new()).map_err(kube::Error::HttpError)?;
    send(client, request).await.map(|(_, found)| found)
}

/// Deletes an object; `None` if it was not there.
pub(crate) async fn delete<T: DeserializeOwned>(client: &Client, path: &str) -> Result<Option<T>, kube::Error> {
    // Background: what the object owns goes after it. Said in the query, as there is no body that could hide it.
    let request = Request::delete(format!("{path}?propagationPolicy=Background"));
    let request = request.body(Vec::new()).map_err(kube::Error::HttpError)?;
    match send(client, request).await {
        Ok((_, answer)) => Ok(Some(answer)),
        Err(kube::Error::Api(status)) if status.code == 404 => Ok(None),
        Err(error) => Err(error),
    }
}

async fn send<T: DeserializeOwned>(client: &Client, request: Request<Vec<u8>>) -> Result<(StatusCode, T), kube::Error> {
    let response = client.send(request.map(Body::from)).await?;
    let status = response.status();
    let bytes = response.into_body().collect_bytes().await?;
    if status.is_client_error() || status.is_server_error() {
        // What stands between us and the server may answer in its own words instead of a Status.
        let said = serde_json::from_slice::<Status>(&bytes)
            .unwrap_or_else(|_| Status::failure(String::from_utf8_lossy(&bytes).trim(), "").with_code(status.as_u16()));
        return Err(kube::Error::Api(Box::new(said)));
    }
    let answer = serde_json::from_slice(&bytes).map_err(kube::Error::SerdeError)?;
    Ok((status, answer))
}

/// The fault of an error of a call that changes nothing.
pub(crate) fn reading(tried: &str, error: kube::Error) -> Fault {
    match error {
        kube::Error::SerdeError(error) => {
            classify::strange_answer(tried, format!("the answer cannot be read: {error}"))
        }
        error => classify::fault(tried, error),
    }
}
