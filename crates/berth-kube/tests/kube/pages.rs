use axum::response::Response;
use berth_core::observed::ObservedNode;
use berth_core::run::{Fault, FaultKind, Retry};
use berth_kube::nodes;

use crate::server::{Asked, HandClock, Server, Tokens, json, status};

fn page(names: &[&str], next: &str) -> Response {
    let items: Vec<String> = names.iter().map(|name| format!(r#"{{"metadata":{{"name":"{name}"}}}}"#)).collect();
    json(200, &format!(r#"{{"kind":"NodeList","metadata":{{"continue":"{next}"}},"items":[{}]}}"#, items.join(",")))
}

async fn list<F>(answer: F) -> (Result<Vec<ObservedNode>, Fault>, Vec<String>)
where
    F: Fn(usize, &Asked) -> Response + Clone + Send + Sync + 'static,
{
    let server = Server::start(answer).await;
    let clock = HandClock::new();
    let result = nodes(&server.client(&Tokens::new(&clock), &clock)).await;
    (result, server.asked().into_iter().map(|asked| asked.path).collect())
}

fn names(nodes: Result<Vec<ObservedNode>, Fault>) -> Vec<String> {
    nodes.unwrap().into_iter().map(|node| node.name).collect()
}

#[tokio::test]
async fn all_pages_are_read() {
    let (nodes, asked) = list(|number, _| match number {
        0 => page(&["a", "b"], "x/1+="),
        1 => page(&["c"], "y"),
        _ => page(&["d"], ""),
    })
    .await;
    assert_eq!(names(nodes), ["a", "b", "c", "d"]);
    assert_eq!(
        asked,
        [
            "/api/v1/nodes?limit=500",
            "/api/v1/nodes?limit=500&continue=x%2F1%2B%3D",
            "/api/v1/nodes?limit=500&continue=y"
        ]
    );
}

#[tokio::test]
async fn a_list_that_ran_out_begins_again() {
    let (nodes, asked) = list(|number, _| match number {
        0 => page(&["a", "old"], "x"),
        1 => status(410, "Expired"),
        2 => page(&["a"], "z"),
        _ => page(&["b"], ""),
    })
    .await;
    assert_eq!(names(nodes), ["a", "b"]);
    assert_eq!(asked.len(), 4);
    assert!(!asked[2].contains("continue"));
}

#[tokio::test]
async fn a_list_that_always_runs_out_ends() {
    let (nodes, asked) =
        list(|_, asked| if asked.path.contains("continue") { status(410, "Expired") } else { page(&["a"], "x") }).await;
    let fault = nodes.unwrap_err();
    assert_eq!((fault.kind, fault.retry), (FaultKind::Unavailable, Retry::Backoff));
    assert_eq!(asked.len(), 6);
}

#[tokio::test]
async fn a_server_that_repeats_a_page_for_ever_is_left() {
    let (nodes, asked) = list(|_, _| page(&["a"], "x")).await;
    assert_eq!(nodes.unwrap_err().to_string(), "list nodes: the server gives the same page again and again");
    assert_eq!(asked.len(), 2);
}

#[tokio::test]
async fn a_refusal_is_said_in_the_servers_words() {
    let (nodes, _) = list(|_, _| status(403, "Forbidden")).await;
    let fault = nodes.unwrap_err();
    assert_eq!((fault.kind, fault.to_string().as_str()), (FaultKind::Denied, "list nodes: 403 Forbidden: said"));
}

#[tokio::test]
async fn a_busy_server_is_asked_again() {
    let (nodes, asked) = list(|number, _| match number {
        0 => status(429, "TooManyRequests"),
        1 => status(503, "ServiceUnavailable"),
        _ => page(&["a"], ""),
    })
    .await;
    assert_eq!(names(nodes), ["a"]);
    assert_eq!(asked.len(), 3);
}

#[tokio::test]
async fn what_is_not_a_list_is_a_fault_and_no_panic() {
    for body in ["", "<html>", "{}", r#"{"items": [{"metadata": {}}]}"#] {
        let (nodes, _) = list(move |_, _| json(200, body)).await;
        let fault = nodes.unwrap_err();
        assert_eq!(fault.kind, FaultKind::Other);
        assert!(fault.said.starts_with("the answer cannot be read: "), "{}", fault.said);
    }
}
