//! Reading a cluster through its Kubernetes API.

use berth_core::observed::ObservedNode;
use berth_core::run::{Fault, FaultKind, LeftBehind, Retry};
use futures::AsyncReadExt;
use http::Request;
use kube::Client;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::classify;
use crate::node::NodePage;

/// Nodes per page: a node object is about 15 kB, so a page is about 8 MB.
const PAGE: u32 = 500;
/// How often a list may begin again because its continue token ran out.
const RESTARTS: u32 = 3;

const LIST_NODES: &str = "list nodes";

/// All nodes of the cluster, page by page; only what the checks need is kept, so memory stays small.
pub async fn nodes(client: &Client) -> Result<Vec<ObservedNode>, Fault> {
    for _ in 0..RESTARTS {
        if let Some(nodes) = list(client).await? {
            return Ok(nodes);
        }
    }
    Err(Fault {
        kind: FaultKind::Unavailable,
        tried: LIST_NODES.to_owned(),
        said: format!("410 Expired: the list of nodes ran out between two pages {RESTARTS} times"),
        left_behind: LeftBehind::Nothing,
        retry: Retry::Backoff,
    })
}

/// One pass over all pages; `None` if the server forgot the list in between.
async fn list(client: &Client) -> Result<Option<Vec<ObservedNode>>, Fault> {
    let mut nodes = Vec::new();
    let mut next = None;
    loop {
        let page: NodePage = match get(client, &pages_path(next.as_deref()), LIST_NODES).await {
            Ok(page) => page,
            Err(Broken::Expired) if next.is_some() => return Ok(None),
            Err(broken) => return Err(broken.into_fault()),
        };
        nodes.reserve(page.items.len());
        for item in page.items {
            nodes.push(item.observed().map_err(|strange| classify::strange_answer(LIST_NODES, strange.line()))?);
        }
        match page.metadata.next.filter(|token| !token.is_empty()) {
            // A server that gives the same token for ever would keep us here for ever.
            Some(token) if next.as_ref() == Some(&token) => {
                let said = "the server gives the same page again and again".to_owned();
                return Err(classify::strange_answer(LIST_NODES, said));
            }
            Some(token) => next = Some(token),
            None => return Ok(Some(nodes)),
        }
    }
}

fn pages_path(next: Option<&str>) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.append_pair("limit", &PAGE.to_string());
    if let Some(next) = next {
        query.append_pair("continue", next);
    }
    format!("/api/v1/nodes?{}", query.finish())
}

/// The version the API server says it has, such as `v1.33.5-gke.1080000`; also the cheapest question to ask a cluster.
pub async fn version(client: &Client) -> Result<String, Fault> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Version {
        git_version: String,
    }
    let version: Version = get(client, "/version", "read the cluster's version").await.map_err(Broken::into_fault)?;
    Ok(version.git_version)
}

/// Why a read gave nothing.
enum Broken {
    Expired,
    Fault(Fault),
}

impl Broken {
    fn into_fault(self) -> Fault {
        match self {
            Self::Fault(fault) => fault,
            Self::Expired => classify::strange_answer(LIST_NODES, "410 Gone on the first page".to_owned()),
        }
    }
}

/// One read; the answer's bytes are held once and dropped as soon as they are parsed.
async fn get<T: DeserializeOwned>(client: &Client, path: &str, tried: &str) -> Result<T, Broken> {
    let request = Request::get(path).body(Vec::new());
    let request = request.map_err(|error| Broken::Fault(classify::strange_answer(tried, error.to_string())))?;
    let mut answer = match client.request_stream(request).await {
        Ok(answer) => Box::pin(answer),
        Err(error) if classify::is_expired(&error) => return Err(Broken::Expired),
        Err(error) => return Err(Broken::Fault(classify::fault(tried, error))),
    };
    let mut bytes = Vec::new();
    let read = answer.read_to_end(&mut bytes).await;
    read.map_err(|error| Broken::Fault(classify::broken_answer(tried, &error)))?;
    serde_json::from_slice(&bytes)
        .map_err(|error| Broken::Fault(classify::strange_answer(tried, format!("the answer cannot be read: {error}"))))
}
