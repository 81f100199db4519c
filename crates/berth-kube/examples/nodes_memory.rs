//! Measures what reading many large nodes costs: `cargo run -p berth-kube --example nodes_memory [NODES]`.
//!
//! A second process serves nodes of about 15 kB each, so that only the reader's memory is counted (Linux only).

#![expect(clippy::print_stdout, reason = "a measurement is there to be read")]

use std::error::Error;
use std::fmt::Write as _;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::{Query, State};
use axum::routing::get;
use berth_core::observed::ClusterAccess;
use berth_core::ports::Clock;
use berth_core::run::Fault;
use berth_kube::{Secret, Token, TokenSource, connect, nodes};
use futures::future::BoxFuture;
use jiff::Timestamp;
use serde::Deserialize;
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let first = args.next().unwrap_or_else(|| "5000".to_owned());
    if first == "serve" {
        return serve(args.next().unwrap_or_default().parse()?).await;
    }
    let program = std::env::current_exe()?;
    let mut server = Server(Command::new(program).args(["serve", &first]).stdout(Stdio::piped()).spawn()?);
    let mut address = String::new();
    BufReader::new(server.0.stdout.take().ok_or("no output")?).read_line(&mut address)?;
    let access = ClusterAccess { server: address.trim().to_owned(), ca_pem: None };
    let client = connect(&access, Arc::new(OneToken), Arc::new(WallClock))?;
    let before = peak_kib()?;
    let began = Instant::now();
    let nodes = nodes(&client).await?;
    println!("nodes          {}", nodes.len());
    println!("seconds        {:.2}", began.elapsed().as_secs_f64());
    println!("peak before    {:.1} MiB", before as f64 / 1024.0);
    println!("peak           {:.1} MiB", peak_kib()? as f64 / 1024.0);
    Ok(())
}

/// Ends the serving process with the measurement.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        // If it has ended already there is nothing to do.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The most memory this process has had in RAM.
fn peak_kib() -> Result<u64, Box<dyn Error>> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).ok_or("no VmHWM")?;
    Ok(line.trim().trim_end_matches(" kB").parse()?)
}

async fn serve(count: usize) -> Result<(), Box<dyn Error>> {
    let router = Router::new().route("/api/v1/nodes", get(page)).with_state(count);
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("http://{}", listener.local_addr()?);
    axum::serve(listener, router).await?;
    Ok(())
}

#[derive(Deserialize)]
struct Range {
    limit: usize,
    #[serde(default, rename = "continue")]
    from: String,
}

async fn page(State(count): State<usize>, Query(range): Query<Range>) -> String {
    let from: usize = range.from.parse().unwrap_or(0);
    let to = (from + range.limit).min(count);
    let next = if to < count { to.to_string() } else { String::new() };
    let items: Vec<String> = (from..to).map(node).collect();
    format!(r#"{{"kind":"NodeList","metadata":{{"continue":"{next}"}},"items":[{}]}}"#, items.join(","))
}

/// A node as large as a real one: what is read, and a list of images that is not.
fn node(number: usize) -> String {
    let mut images = String::new();
    for image in 0..50 {
        let comma = if image == 0 { "" } else { "," };
        let digest = "0123456789abcdef".repeat(4);
        // Writing to a String cannot fail.
        let _ = write!(
            images,
            r#"{comma}{{"names":["gke.gcr.io/some/long/image/name-{image}@sha256:{digest}","gke.gcr.io/some/long/image/name-{image}:v1.2.3-gke.4","registry.example.com/mirror/of/some/long/image/name-{image}@sha256:{digest}"],"sizeBytes":123456789}}"#
        );
    }
    format!(
        r#"{{"metadata":{{"name":"gke-pool-{number}","labels":{{"cloud.google.com/gke-nodepool":"pool","cloud.google.com/gke-accelerator":"nvidia-tesla-t4","kubernetes.io/hostname":"gke-pool-{number}"}},"creationTimestamp":"2026-01-01T00:00:00Z"}},"spec":{{"taints":[{{"key":"nvidia.com/gpu","value":"present","effect":"NoSchedule"}}]}},"status":{{"allocatable":{{"cpu":"3920m","memory":"12Gi","nvidia.com/gpu":"4"}},"conditions":[{{"type":"Ready","status":"True","message":"kubelet is posting ready status"}}],"images":[{images}]}}}}"#
    )
}

struct OneToken;

impl TokenSource for OneToken {
    fn token(&self, _: bool) -> BoxFuture<'_, Result<Token, Fault>> {
        Box::pin(async { Ok(Token { secret: Secret::new("measured".to_owned()), expires_at: None }) })
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
