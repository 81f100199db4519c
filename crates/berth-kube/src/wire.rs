//! One request to an API server and its answer, and lists page by page.

use berth_core::run::{Fault, FaultKind, LeftBehind, Retry};
use http::{Request, StatusCode};
use kube::Client;
use kube::client::Body;
use kube::core::Status;
use serde::Deserialize;
use serde::de::{DeserializeOwned, Deserializer};

use crate::classify;

/// Objects per page: a full node is about 15 kB, so a page of the largest objects is about 8 MB.
const PAGE: u32 = 500;
/// How often a list may begin again because its continue token ran out.
const RESTARTS: u32 = 3;
/// Asks for objects of which only the metadata is told.
const ONLY_METADATA: &str = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json";

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

/// Which objects of a collection, and how much of them.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Choice<'a> {
    /// Their labels.
    pub(crate) labels: Option<&'a str>,
    /// Their fields.
    pub(crate) fields: Option<&'a str>,
    /// Leave out all but the metadata.
    pub(crate) only_metadata: bool,
}

/// All objects of a collection, page by page: each is reduced by `keep` before the next page is read, so that memory stays small.
pub(crate) async fn list<T, U>(
    client: &Client,
    path: &str,
    choice: Choice<'_>,
    tried: &str,
    keep: impl Fn(T) -> Result<U, Fault>,
) -> Result<Vec<U>, Fault>
where
    T: DeserializeOwned,
{
    for _ in 0..RESTARTS {
        if let Some(found) = all_pages(client, path, choice, tried, &keep).await? {
            return Ok(found);
        }
    }
    Err(Fault {
        kind: FaultKind::Unavailable,
        tried: tried.to_owned(),
        said: format!("410 Expired: the list ran out between two pages {RESTARTS} times"),
        left_behind: LeftBehind::Nothing,
        retry: Retry::Backoff,
    })
}

/// All objects of a collection as they are; a kind the server does not have has none.
pub(crate) async fn list_whole<T: DeserializeOwned>(
    client: &Client,
    path: &str,
    choice: Choice<'_>,
    tried: &str,
) -> Result<Vec<T>, Fault> {
    match list(client, path, choice, tried, Ok).await {
        Err(fault) if fault.kind == FaultKind::NotFound => Ok(Vec::new()),
        other => other,
    }
}

/// One pass over all pages; `None` if the server forgot the list in between.
async fn all_pages<T, U>(
    client: &Client,
    path: &str,
    choice: Choice<'_>,
    tried: &str,
    keep: &impl Fn(T) -> Result<U, Fault>,
) -> Result<Option<Vec<U>>, Fault>
where
    T: DeserializeOwned,
{
    let accept = choice.only_metadata.then_some(ONLY_METADATA);
    let mut found = Vec::new();
    let mut next: Option<String> = None;
    loop {
        let page: Page<T> = match read(client, &page_of(path, choice, next.as_deref()), accept).await {
            Ok(page) => page,
            Err(error) if next.is_some() && classify::is_expired(&error) => return Ok(None),
            Err(error) => return Err(reading(tried, error)),
        };
        found.reserve(page.items.len());
        for item in page.items {
            found.push(keep(item)?);
        }
        match page.metadata.next.filter(|token| !token.is_empty()) {
            // A server that gives the same token for ever would keep us here for ever.
            Some(token) if next.as_ref() == Some(&token) => {
                let said = "the server gives the same page again and again".to_owned();
                return Err(classify::strange_answer(tried, said));
            }
            Some(token) => next = Some(token),
            None => return Ok(Some(found)),
        }
    }
}

fn page_of(path: &str, choice: Choice<'_>, next: Option<&str>) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.append_pair("limit", &PAGE.to_string());
    for (key, value) in [("labelSelector", choice.labels), ("fieldSelector", choice.fields), ("continue", next)] {
        if let Some(value) = value {
            query.append_pair(key, value);
        }
    }
    format!("{path}?{}", query.finish())
}

/// One page of a list.
#[derive(Deserialize)]
#[serde(bound(deserialize = "T: Deserialize<'de>"))]
struct Page<T> {
    #[serde(default)]
    metadata: PageMeta,
    #[serde(deserialize_with = "or_none")]
    items: Vec<T>,
}

/// Where the list goes on.
#[derive(Deserialize, Default)]
struct PageMeta {
    /// Empty or absent on the last page.
    #[serde(default, rename = "continue")]
    next: Option<String>,
}

/// A list that may be written as `null`, but not be left out.
fn or_none<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Vec<T>, D::Error> {
    Option::<Vec<T>>::deserialize(deserializer).map(Option::unwrap_or_default)
}
