use berth_core::run::{Fault, FaultKind, LeftBehind, Retry};
use berth_kube::version;

use crate::server::{HandClock, Server, Tokens, json, status};

const VERSION: &str = r#"{"major": "1", "minor": "33", "gitVersion": "v1.33.5-gke.1"}"#;

fn bearers(server: &Server) -> Vec<String> {
    server.asked().into_iter().map(|asked| asked.authorization).collect()
}

fn no_credentials() -> Fault {
    Fault {
        kind: FaultKind::Credentials,
        tried: "get a token".to_owned(),
        said: "invalid_grant".to_owned(),
        left_behind: LeftBehind::Nothing,
        retry: Retry::Never,
    }
}

#[tokio::test]
async fn one_token_serves_until_five_minutes_before_its_end() {
    let server = Server::start(|_, _| json(200, VERSION)).await;
    let clock = HandClock::new();
    let tokens = Tokens::new(&clock);
    let client = server.client(&tokens, &clock);
    for seconds in [0, 3299, 1, 10] {
        clock.push(seconds);
        assert_eq!(version(&client).await.unwrap(), "v1.33.5-gke.1");
    }
    assert_eq!(bearers(&server), ["Bearer t1", "Bearer t1", "Bearer t2", "Bearer t2"]);
    assert_eq!(*tokens.given.lock().unwrap(), [false, true]);
}

#[tokio::test]
async fn a_refused_token_is_replaced_once_and_the_request_repeated() {
    let server =
        Server::start(|number, _| if number == 0 { status(401, "Unauthorized") } else { json(200, VERSION) }).await;
    let clock = HandClock::new();
    let tokens = Tokens::new(&clock);
    let client = server.client(&tokens, &clock);
    version(&client).await.unwrap();
    version(&client).await.unwrap();
    assert_eq!(bearers(&server), ["Bearer t1", "Bearer t2", "Bearer t2"]);
    assert_eq!(*tokens.given.lock().unwrap(), [false, true]);
}

#[tokio::test]
async fn a_second_refusal_is_the_answer() {
    let server = Server::start(|_, _| status(401, "Unauthorized")).await;
    let clock = HandClock::new();
    let fault = version(&server.client(&Tokens::new(&clock), &clock)).await.unwrap_err();
    assert_eq!(fault.kind, FaultKind::Credentials);
    assert_eq!(fault.to_string(), "read the cluster's version: 401 Unauthorized: said");
    assert_eq!(bearers(&server), ["Bearer t1", "Bearer t2"]);
}

#[tokio::test]
async fn simultaneous_requests_ask_for_one_token() {
    let server = Server::start(|_, _| json(200, VERSION)).await;
    let clock = HandClock::new();
    let tokens = Tokens::new(&clock);
    let client = server.client(&tokens, &clock);
    let all = futures::future::join_all((0..20).map(|_| version(&client))).await;
    assert!(all.iter().all(Result::is_ok));
    assert_eq!(tokens.given.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn simultaneous_requests_fail_together_and_the_next_one_asks_again() {
    let server = Server::start(|_, _| json(200, VERSION)).await;
    let clock = HandClock::new();
    let tokens = Tokens::new(&clock);
    *tokens.broken.lock().unwrap() = Some(no_credentials());
    let client = server.client(&tokens, &clock);
    let all = futures::future::join_all((0..20).map(|_| version(&client))).await;
    assert!(all.iter().all(|one| one.as_ref() == Err(&no_credentials())), "{all:?}");
    assert_eq!(*tokens.asked.lock().unwrap(), 1);
    *tokens.broken.lock().unwrap() = None;
    version(&client).await.unwrap();
    assert_eq!(bearers(&server), ["Bearer t1"]);
}

#[tokio::test]
async fn a_failed_renewal_matters_only_when_the_old_token_has_ended() {
    let server = Server::start(|_, _| json(200, VERSION)).await;
    let clock = HandClock::new();
    let tokens = Tokens::new(&clock);
    let client = server.client(&tokens, &clock);
    version(&client).await.unwrap();
    *tokens.broken.lock().unwrap() = Some(no_credentials());
    clock.push(3400);
    version(&client).await.unwrap();
    clock.push(300);
    assert_eq!(version(&client).await.unwrap_err(), no_credentials());
    assert_eq!(server.asked().len(), 2);
}

#[tokio::test]
async fn nobody_at_the_address_is_a_lost_connection() {
    let clock = HandClock::new();
    let mut server = Server::start(|_, _| json(200, VERSION)).await;
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    server.access.server = format!("http://{free}");
    let fault = version(&server.client(&Tokens::new(&clock), &clock)).await.unwrap_err();
    assert_eq!((fault.kind, fault.retry), (FaultKind::Lost, Retry::Backoff));
    assert!(fault.said.contains("refused"), "{}", fault.said);
}
