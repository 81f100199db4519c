//! The simulator's Kubernetes API on loopback, with a clock that a test can push on.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::body::Bytes;
use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::response::Response;
use berth_core::observed::ClusterAccess;
use berth_sim::kube;
use berth_sim::kube::{Reply, Store, User};
use jiff::Timestamp;
use tokio::net::TcpListener;

/// A store and its time.
pub(crate) struct World {
    pub(crate) store: Store,
    ahead: Duration,
    /// Method and path with query of each request.
    pub(crate) asked: Vec<String>,
}

impl World {
    pub(crate) fn now(&self) -> Timestamp {
        Timestamp::now() + self.ahead
    }

    /// Lets time pass, second by second, so that controllers act in their order.
    pub(crate) fn pass(&mut self, seconds: u64) {
        for _ in 0..seconds {
            self.ahead += Duration::from_secs(1);
            self.store.settle(self.now());
        }
    }

    /// A node with GPUs, ready.
    pub(crate) fn add_node(&mut self, name: &str, gpus: u32) {
        let (now, gpus) = (self.now(), gpus.to_string());
        let amounts = serde_json::json!({"cpu": "8", "memory": "32Gi", "pods": "110", "nvidia.com/gpu": gpus});
        let node = serde_json::json!({
            "metadata": {"name": name},
            // Without a machine there is no kubelet.
            "spec": {"providerID": format!("gce://film/us-central1-a/{name}")},
            "status": {"capacity": amounts, "allocatable": amounts,
                "conditions": [{"type": "Ready", "status": "True", "reason": "KubeletReady", "message": "ready"}]},
        });
        self.store.put(now, "nodes", None, node);
    }
}

pub(crate) type Shared = Arc<Mutex<World>>;

/// Serves an empty cluster.
pub(crate) async fn start() -> (ClusterAccess, Shared) {
    let store = Store::new(Timestamp::now(), "v1.33.4-gke.1000");
    let world = Arc::new(Mutex::new(World { store, ahead: Duration::ZERO, asked: Vec::new() }));
    let router = Router::new().fallback(answer).with_state(Arc::clone(&world));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let server = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    (ClusterAccess { server, ca_pem: None }, world)
}

async fn answer(State(world): State<Shared>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let body = axum::body::to_bytes(body, 16 << 20).await.unwrap();
    let request = asked(&head, body);
    let mut world = world.lock().unwrap();
    world.asked.push(format!("{} {}", head.method, head.uri));
    let now = world.now();
    let Reply::Once { status, headers, body } = world.store.handle(now, &request) else {
        return Response::builder().status(501).body(Body::from("no watches here")).unwrap();
    };
    let mut response = Response::builder().status(status);
    for (name, value) in headers {
        response = response.header(name, value);
    }
    response.body(Body::from(body)).unwrap()
}

fn asked(head: &Parts, body: Bytes) -> kube::Request {
    let header = |name: &str| head.headers.get(name).map(|value| value.to_str().unwrap().to_owned());
    let url = url::Url::parse(&format!("http://x{}", head.uri)).unwrap();
    kube::Request {
        method: head.method.to_string(),
        path: url.path().to_owned(),
        query: url.query_pairs().into_owned().collect(),
        accept: header("accept").unwrap_or_default(),
        content_type: header("content-type"),
        user_agent: header("user-agent"),
        if_none_match: header("if-none-match"),
        body,
        user: User::Named { name: "admin".to_owned(), groups: vec!["system:masters".to_owned()] },
    }
}
