//! The simulator over its sockets: what it saves, who may serve, how faults end a connection, who opens a cluster.
#![expect(clippy::unwrap_used, reason = "helpers of tests panic as tests do")]

use std::path::Path;
use std::time::Duration;

use berth_sim::{Options, Simulator, StartError, attach};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

async fn start(dir: &Path) -> Simulator {
    Simulator::start(Options { dir: Some(dir.to_owned()), speed: 1.0, ..Options::default() }).await.unwrap()
}

/// One request on its own connection: status and body; nothing when the connection closed without an answer.
async fn ask(simulator: &Simulator, method: &str, path: &str, body: Value) -> Option<(u16, Value)> {
    let base = simulator.endpoints().base_url.clone();
    let host = base.trim_start_matches("http://");
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let request = format!(
        "{method} {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    let mut stream = TcpStream::connect(host).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.ok()?;
    let (head, body) = answer.split_once("\r\n\r\n")?;
    let status = head.split_whitespace().nth(1)?.parse().ok()?;
    Some((status, serde_json::from_str(body).unwrap()))
}

async fn pass(simulator: &Simulator, seconds: i64) {
    ask(simulator, "POST", "/_sim/clock/advance", json!({ "seconds": seconds })).await.unwrap();
}

const CLUSTERS: &str = "/v1/projects/p/locations/us-central1-a/clusters";

async fn create(simulator: &Simulator) -> Option<(u16, Value)> {
    ask(simulator, "POST", CLUSTERS, json!({"cluster": {"name": "c", "initialNodeCount": 1}})).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_world_outlives_its_process_and_has_one_server() {
    let dir = tempfile::tempdir().unwrap();
    let simulator = start(dir.path()).await;
    assert_eq!(attach(dir.path()).await.as_ref(), Some(simulator.endpoints()));
    create(&simulator).await.unwrap();
    pass(&simulator, 600).await;
    let path = format!("{CLUSTERS}/c");
    let before = ask(&simulator, "GET", &path, Value::Null).await.unwrap().1;
    assert_eq!(before["status"], "RUNNING");
    let left = ask(&simulator, "GET", "/_sim/leftovers", Value::Null).await.unwrap().1;
    assert_eq!(
        (&left[0]["cloud"], &left[0]["kind"], &left[0]["name"]),
        (&json!("gke"), &json!("cluster"), &json!("c"))
    );

    let second = Simulator::start(Options { dir: Some(dir.path().to_owned()), ..Options::default() }).await;
    assert!(matches!(second, Err(StartError::Locked { .. })), "{second:?}");
    simulator.stop().await;
    assert_eq!(attach(dir.path()).await, None);

    let simulator = start(dir.path()).await;
    let after = ask(&simulator, "GET", &path, Value::Null).await.unwrap().1;
    assert_eq!(before, after, "the same endpoint and the same authority");
    assert_eq!(ask(&simulator, "GET", "/_sim/leftovers", Value::Null).await.unwrap().1, left);
    let kubeconfig = std::fs::read_to_string(dir.path().join("kubeconfig")).unwrap();
    assert!(kubeconfig.contains(after["endpoint"].as_str().unwrap()), "{kubeconfig}");
    simulator.stop().await;
}

#[cfg(unix)]
#[tokio::test]
async fn files_with_credentials_are_their_owners_alone() {
    use std::os::unix::fs::PermissionsExt;

    let dir = tempfile::tempdir().unwrap();
    let simulator = start(dir.path()).await;
    for name in ["world.json", "adc.json", "kubeconfig", "serving.json"] {
        let mode = std::fs::metadata(dir.path().join(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
    simulator.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dropped_answer_leaves_the_effect_and_a_held_one_comes_when_the_fault_is_cleared() {
    let simulator = Simulator::start(Options::default()).await.unwrap();
    let rules = json!([
        {"on": "CreateCluster", "do": "drop-after"},
        {"on": "GetCluster", "do": "hang-before"},
    ]);
    let ids = ask(&simulator, "POST", "/_sim/faults", rules).await.unwrap().1;
    assert_eq!(create(&simulator).await, None);
    assert_eq!(create(&simulator).await.unwrap().0, 409);

    let path = format!("{CLUSTERS}/c");
    let held = ask(&simulator, "GET", &path, Value::Null);
    let clearing = async {
        for _ in 0..200 {
            let faults = ask(&simulator, "GET", "/_sim/faults", Value::Null).await.unwrap().1;
            if faults["faults"][1]["held"] == 1 {
                break;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        ask(&simulator, "DELETE", &format!("/_sim/faults/{}", ids["ids"][1]), Value::Null).await.unwrap()
    };
    let (held, cleared) = tokio::join!(held, clearing);
    assert_eq!(cleared.1, json!({"cleared": 1}));
    assert_eq!(held.unwrap().1["status"], "PROVISIONING");
    simulator.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_ledger_ends_clean_after_a_deletion() {
    let simulator = Simulator::start(Options::default()).await.unwrap();
    create(&simulator).await.unwrap();
    pass(&simulator, 600).await;
    let ledger = ask(&simulator, "GET", "/_sim/ledger", Value::Null).await.unwrap().1;
    // The fee; a node with its disk and its address.
    assert_eq!(ledger["billedNow"].as_array().unwrap().len(), 4);
    ask(&simulator, "DELETE", &format!("{CLUSTERS}/c"), Value::Null).await.unwrap();
    pass(&simulator, 600).await;
    let ledger = ask(&simulator, "GET", "/_sim/ledger", Value::Null).await.unwrap().1;
    assert_eq!(ledger["billedNow"], json!([]));
    assert_eq!(ledger["counts"], json!({"CreateCluster": 1, "DeleteCluster": 1}));
    let seconds = ledger["billedSeconds"]["control-plane"].as_i64().unwrap();
    assert!((780..=785).contains(&seconds), "{seconds}");
    simulator.stop().await;
}

#[tokio::test]
async fn what_cannot_be_served_is_refused() {
    let outside = Options { listen: "0.0.0.0:0".parse().unwrap(), ..Options::default() };
    assert!(matches!(Simulator::start(outside).await, Err(StartError::NotLoopback { .. })));
    let still = Options { speed: 0.0, ..Options::default() };
    assert!(matches!(Simulator::start(still).await, Err(StartError::Speed { .. })));
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("world.json"), "{not json").unwrap();
    let broken = Options { dir: Some(dir.path().to_owned()), ..Options::default() };
    assert!(matches!(Simulator::start(broken).await, Err(StartError::World { .. })));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rule_that_could_never_strike_is_refused_and_none_of_its_list_is_armed() {
    let simulator = Simulator::start(Options::default()).await.unwrap();
    let slips = [
        (json!({"on": "CreateNodepool", "do": "drop-after"}), "did you mean \"CreateNodePool\"?"),
        (json!({"on": "CreateNodePool", "nth": 0, "do": "drop-after"}), "nth counts the matching calls from 1"),
    ];
    for (slip, words) in slips {
        let rules = json!([{"on": "GetCluster", "do": "drop-after"}, slip]);
        let (status, body) = ask(&simulator, "POST", "/_sim/faults", rules).await.unwrap();
        let text = body["error"].as_str().unwrap();
        assert_eq!(status, 400, "{text}");
        assert!(text.contains(words), "{text}");
    }
    let faults = ask(&simulator, "GET", "/_sim/faults", Value::Null).await.unwrap().1;
    assert_eq!(faults, json!({"faults": []}));
    simulator.stop().await;
}
