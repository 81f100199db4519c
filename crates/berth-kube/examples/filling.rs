//! What `benches/filling.py` measures: filling a cluster and reading its nodes, as berth does both, and a server to do it to.
//!
//! `serve` serves the simulator's Kubernetes API and prints its address; `fill SERVER TOKEN CA|- FILE` applies what is not yet as
//! the file says; `nodes SERVER TOKEN CA|-` reads all nodes. The last two print what they did, as JSON.

#![expect(clippy::print_stdout, reason = "a measurement is there to be read")]

use std::error::Error;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::Response;
use berth_core::actions::kube::{KubeAction, KubeClusterRef, Manifest};
use berth_core::manifests::workloads::LABEL;
use berth_core::observed::{ClusterAccess, ObjectState};
use berth_core::ports::Clock;
use berth_core::run::Fault;
use berth_core::spec::Provider;
use berth_kube::{Going, Secret, Token, TokenSource, carry_out, connect, look_at, nodes};
use berth_sim::kube::{Reply, Store, User};
use futures::future::BoxFuture;
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::net::TcpListener;

type Failed = Box<dyn Error>;

#[tokio::main]
async fn main() -> Result<(), Failed> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    match args.as_slice() {
        ["serve"] => serve().await,
        ["fill", server, token, ca, file] => fill(&client(server, token, ca)?, file).await,
        ["nodes", server, token, ca] => read_nodes(&client(server, token, ca)?).await,
        _ => Err("serve, fill SERVER TOKEN CA|- FILE, or nodes SERVER TOKEN CA|-".into()),
    }
}

fn client(server: &str, token: &str, ca: &str) -> Result<kube::Client, Failed> {
    let ca_pem = if ca == "-" { None } else { Some(std::fs::read_to_string(ca)?) };
    let access = ClusterAccess { server: server.to_owned(), ca_pem };
    Ok(connect(&access, Arc::new(OneToken(token.to_owned())), Arc::new(WallClock))?)
}

/// The way of `berth create`: look, apply what is not as wanted, until it is in force.
async fn fill(client: &kube::Client, file: &str) -> Result<(), Failed> {
    let list: Value = serde_json::from_slice(&std::fs::read(file)?)?;
    let mut wanted = Vec::new();
    for object in list["items"].as_array().ok_or("the file holds no list")? {
        let mut object = object.clone();
        object["metadata"]["labels"][LABEL] = "filling".into();
        wanted.push(Manifest::new(object));
    }
    let began = Instant::now();
    let seen = look_at(client, &wanted, &format!("{LABEL}=filling")).await?;
    let looked = began.elapsed().as_secs_f64();
    // The wanted ones stand first, in their order.
    let is_wanting = |state: &ObjectState| !matches!(state, ObjectState::AsWanted | ObjectState::Unready);
    let objects: Vec<Manifest> =
        wanted.into_iter().zip(&seen).filter(|(_, seen)| is_wanting(&seen.state)).map(|(object, _)| object).collect();
    let applied = objects.len();
    let cluster = KubeClusterRef { provider: Provider::Gke, location: String::new(), name: "filling".to_owned() };
    let action = KubeAction::ApplyObjects { cluster, about: "workloads".to_owned(), objects, force: false };
    while applied > 0 && carry_out(client, &action).await? != Going::Done {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    println!("{}", json!({"applied": applied, "looked": looked, "seconds": began.elapsed().as_secs_f64()}));
    Ok(())
}

async fn read_nodes(client: &kube::Client) -> Result<(), Failed> {
    let began = Instant::now();
    let nodes = nodes(client).await?;
    println!("{}", json!({"nodes": nodes.len(), "seconds": began.elapsed().as_secs_f64()}));
    Ok(())
}

async fn serve() -> Result<(), Failed> {
    let store = Arc::new(Mutex::new(Store::new(Timestamp::now(), "v1.33.4-gke.1000")));
    let router = Router::new().fallback(answer).with_state(store);
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("http://{}", listener.local_addr()?);
    axum::serve(listener, router).await?;
    Ok(())
}

async fn answer(State(store): State<Arc<Mutex<Store>>>, request: Request) -> Result<Response, String> {
    let (head, body) = request.into_parts();
    let header = |name: &str| Some(head.headers.get(name)?.to_str().ok()?.to_owned());
    let url = url::Url::parse(&format!("http://x{}", head.uri)).map_err(|error| error.to_string())?;
    let asked = berth_sim::kube::Request {
        method: head.method.to_string(),
        path: url.path().to_owned(),
        query: url.query_pairs().into_owned().collect(),
        accept: header("accept").unwrap_or_default(),
        content_type: header("content-type"),
        user_agent: header("user-agent"),
        if_none_match: header("if-none-match"),
        body: axum::body::to_bytes(body, 16 << 20).await.map_err(|error| error.to_string())?,
        user: User::Named { name: "admin".to_owned(), groups: vec!["system:masters".to_owned()] },
    };
    let reply = store.lock().unwrap_or_else(PoisonError::into_inner).handle(Timestamp::now(), &asked);
    let Reply::Once { status, headers, body } = reply else { return Err("nothing is watched here".to_owned()) };
    let mut response = Response::builder().status(status);
    for (name, value) in headers {
        response = response.header(name, value);
    }
    response.body(Body::from(body)).map_err(|error| error.to_string())
}

struct OneToken(String);

impl TokenSource for OneToken {
    fn token(&self, _: bool) -> BoxFuture<'_, Result<Token, Fault>> {
        Box::pin(async { Ok(Token { secret: Secret::new(self.0.clone()), expires_at: None }) })
    }
}

struct WallClock;

impl Clock for WallClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }
}
