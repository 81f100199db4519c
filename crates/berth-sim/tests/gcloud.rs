//! The simulator against a witness: `gcloud` and `kubectl`, unmodified, pointed at it by `env`.
//!
//! Skipped where gcloud is missing, unless `BERTH_REQUIRE_WITNESSES=1` makes that a failure.

#![expect(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "helpers of tests panic as tests do, and say why they skip"
)]

use std::process::{Command, Output};

use berth_sim::{Options, Simulator};

/// Fast enough that a cluster's minutes are a second, and five seconds of gcloud's own pause are the longest wait.
const SPEED: f64 = 600.0;

struct Witness {
    variables: Vec<(String, String)>,
    home: tempfile::TempDir,
}

impl Witness {
    async fn run(&self, program: &str, arguments: &str) -> Output {
        let mut command = Command::new(program);
        command.args(arguments.split_whitespace()).envs(self.variables.iter().cloned());
        command.env("CLOUDSDK_CONFIG", self.home.path());
        tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap()
    }

    async fn text(&self, program: &str, arguments: &str) -> String {
        let output = self.run(program, arguments).await;
        assert!(output.status.success(), "{program} {arguments}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    async fn error(&self, arguments: &str) -> String {
        let output = self.run("gcloud", arguments).await;
        assert!(!output.status.success(), "gcloud {arguments} should have been refused");
        String::from_utf8(output.stderr).unwrap()
    }
}

/// Whether the programs are here; missing ones fail where witnesses are required.
fn present(programs: &[&str]) -> bool {
    let missing: Vec<&&str> =
        programs.iter().filter(|program| Command::new(program).arg("version").output().is_err()).collect();
    let required = std::env::var_os("BERTH_REQUIRE_WITNESSES").is_some_and(|value| value == "1");
    assert!(missing.is_empty() || !required, "required and missing: {missing:?}");
    if !missing.is_empty() {
        eprintln!("skipped: {missing:?} missing");
    }
    missing.is_empty()
}

async fn started() -> (Simulator, Witness, tempfile::TempDir) {
    let dir = tempfile::tempdir().unwrap();
    let options = Options { dir: Some(dir.path().to_owned()), speed: SPEED, ..Options::default() };
    let simulator = Simulator::start(options).await.unwrap();
    let witness = Witness { variables: berth_sim::env(simulator.endpoints()), home: tempfile::tempdir().unwrap() };
    (simulator, witness, dir)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gcloud_makes_lists_describes_and_deletes_a_cluster() {
    if !present(&["gcloud", "kubectl"]) {
        return;
    }
    let (simulator, witness, _dir) = started().await;
    let created = "container clusters create film --zone=us-central1-a --machine-type=n1-standard-4 --num-nodes=3 \
                   --accelerator type=nvidia-tesla-t4,count=1 --enable-autoscaling --min-nodes=1 --max-nodes=10 --quiet";
    witness.text("gcloud", created).await;
    let listed =
        witness.text("gcloud", "container clusters list --format=value(name,location,currentNodeCount,status)").await;
    assert_eq!(listed, "film\tus-central1-a\t3\tRUNNING");
    let described = "container clusters describe film --zone us-central1-a --format=value(releaseChannel.channel,nodePools[0].name)";
    assert_eq!(witness.text("gcloud", described).await, "REGULAR\tdefault-pool");
    let pool = "container node-pools create shared --cluster film --zone us-central1-a --machine-type n1-standard-8 \
                --accelerator type=nvidia-tesla-v100,count=1,gpu-sharing-strategy=time-sharing,max-shared-clients-per-gpu=2 \
                --num-nodes 2 --spot --node-labels tier=standard --quiet";
    witness.text("gcloud", pool).await;
    let pools = "container node-pools list --cluster film --zone us-central1-a --format=value(name,config.spot,status)";
    assert_eq!(witness.text("gcloud", pools).await, "default-pool\t\tRUNNING\nshared\tTrue\tRUNNING");
    let one =
        "container node-pools describe shared --cluster film --zone us-central1-a --format=value(config.taints[0].key)";
    assert_eq!(witness.text("gcloud", one).await, "", "no other pool can take ordinary pods, so there is no taint");

    witness.text("gcloud", "container clusters get-credentials film --zone us-central1-a").await;
    let nodes = "get nodes -l tier=standard -o jsonpath={.items[*].status.allocatable.nvidia\\.com/gpu}";
    tokio::time::sleep(std::time::Duration::from_millis(400)).await;
    assert_eq!(witness.text("kubectl", nodes).await, "2 2");
    let wide = witness.text("kubectl", "get nodes -o wide -L cloud.google.com/gke-accelerator").await;
    assert_eq!(wide.lines().count(), 6, "{wide}");
    assert!(wide.contains("nvidia-tesla-v100"), "{wide}");

    witness.text("gcloud", "container node-pools delete shared --cluster film --zone us-central1-a --quiet").await;
    witness.text("gcloud", "container clusters delete film --zone us-central1-a --quiet").await;
    let operations = "container operations list --format=value(operationType,status) --sort-by=startTime";
    assert_eq!(
        witness.text("gcloud", operations).await,
        "CREATE_CLUSTER\tDONE\nCREATE_NODE_POOL\tDONE\nDELETE_NODE_POOL\tDONE\nDELETE_CLUSTER\tDONE"
    );
    assert_eq!(witness.text("gcloud", "container clusters list --format=value(name)").await, "");
    simulator.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gcloud_shows_what_the_service_refuses() {
    if !present(&["gcloud"]) {
        return;
    }
    let (simulator, witness, _dir) = started().await;
    let missing = witness.error("container clusters describe none --region us-central1").await;
    assert!(
        missing.contains("code=404, message=Not found: projects/berth-sim/locations/us-central1/clusters/none."),
        "{missing}"
    );
    let large = witness
        .error("container clusters create x --zone us-central1-a --machine-type n1-standard-16 --accelerator type=nvidia-tesla-v100,count=1")
        .await;
    assert!(large.contains("too large for 1 accelerators of type \"nvidia-tesla-v100\": at most 12 vCPUs"), "{large}");
    let elsewhere = witness
        .error("container clusters create x --zone us-west1-c --machine-type n1-standard-8 --accelerator type=nvidia-tesla-v100,count=1")
        .await;
    assert!(
        elsewhere.contains("Accelerator type \"nvidia-tesla-v100\" does not exist in zone us-west1-c."),
        "{elsewhere}"
    );
    simulator.stop().await;
}

/// What a cluster left, as gcloud sees it and takes it away: each list and each deletion of the service's own client.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gcloud_lists_and_deletes_what_clusters_leave() {
    if !present(&["gcloud"]) {
        return;
    }
    let (simulator, witness, _dir) = started().await;
    plant(&simulator, &left_by_a_cluster()).await;
    for (list, name) in [
        ("disks", "pvc-1"),
        ("addresses", "ip-1"),
        ("forwarding-rules", "a1"),
        ("firewall-rules", "k8s-fw-a1"),
        ("target-pools", "a1"),
        ("http-health-checks", "k8s-1-node"),
        ("health-checks", "k8s1-x"),
        ("network-endpoint-groups", "k8s1-x"),
        ("backend-services", "k8s1-x"),
        ("url-maps", "k8s2-um-x"),
        ("target-http-proxies", "k8s2-tp-x"),
    ] {
        assert_eq!(witness.text("gcloud", &format!("compute {list} list --format=value(name)")).await, name, "{list}");
    }
    let filtered = "compute disks list --filter=labels.managed-by=berth --format=value(name,sizeGb,zone.basename(),type.basename())";
    assert_eq!(witness.text("gcloud", filtered).await, "pvc-1\t20\tus-east1-b\tpd-balanced");
    assert_eq!(
        witness.text("gcloud", "compute disks list --filter=labels.managed-by=other --format=value(name)").await,
        ""
    );
    let used = witness.error("compute target-pools delete a1 --region us-east1 --quiet").await;
    assert!(
        used.contains(
            "The target_pool resource 'projects/berth-sim/regions/us-east1/targetPools/a1' is already being used by \
             'projects/berth-sim/regions/us-east1/forwardingRules/a1'"
        ),
        "{used}"
    );
    for gone in [
        "forwarding-rules delete a1 --region us-east1",
        "target-pools delete a1 --region us-east1",
        "http-health-checks delete k8s-1-node",
        "firewall-rules delete k8s-fw-a1",
        "addresses delete ip-1 --global",
        "disks delete pvc-1 --zone us-east1-b",
        "target-http-proxies delete k8s2-tp-x",
        "url-maps delete k8s2-um-x",
        "backend-services delete k8s1-x --global",
        "health-checks delete k8s1-x --global",
        "network-endpoint-groups delete k8s1-x --zone us-east1-b",
    ] {
        witness.text("gcloud", &format!("compute {gone} --quiet")).await;
    }
    let missing = witness.error("compute disks delete pvc-1 --zone us-east1-b --quiet").await;
    assert!(
        missing.contains("The resource 'projects/berth-sim/zones/us-east1-b/disks/pvc-1' was not found"),
        "{missing}"
    );
    let left = simulator_get(&simulator, "leftovers").await;
    assert_eq!(left, "[]");
    simulator.stop().await;
}

fn left_by_a_cluster() -> String {
    let project = "projects/berth-sim";
    let thing = |id: &str, fields: &str| format!(r#"{{"id": "{project}/{id}", "fields": {{{fields}}}}}"#);
    let link = |member: &str, id: &str| format!(r#""{member}": "{project}/{id}""#);
    let things = [
        thing(
            "zones/us-east1-b/disks/pvc-1",
            &format!(
                r#""sizeGb": "20", "labels": {{"managed-by": "berth"}}, {}"#,
                link("type", "zones/us-east1-b/diskTypes/pd-balanced")
            ),
        ),
        thing("global/addresses/ip-1", r#""address": "34.1.2.3""#),
        thing("regions/us-east1/forwardingRules/a1", &link("target", "regions/us-east1/targetPools/a1")),
        thing(
            "regions/us-east1/targetPools/a1",
            &format!(r#""healthChecks": ["{project}/global/httpHealthChecks/k8s-1-node"]"#),
        ),
        thing("global/httpHealthChecks/k8s-1-node", ""),
        thing("global/firewalls/k8s-fw-a1", &link("network", "global/networks/default")),
        thing("global/targetHttpProxies/k8s2-tp-x", &link("urlMap", "global/urlMaps/k8s2-um-x")),
        thing("global/urlMaps/k8s2-um-x", &link("defaultService", "global/backendServices/k8s1-x")),
        thing(
            "global/backendServices/k8s1-x",
            &format!(
                r#""healthChecks": ["{project}/global/healthChecks/k8s1-x"], "backends": [{{{}}}]"#,
                link("group", "zones/us-east1-b/networkEndpointGroups/k8s1-x")
            ),
        ),
        thing("global/healthChecks/k8s1-x", ""),
        thing("zones/us-east1-b/networkEndpointGroups/k8s1-x", ""),
    ];
    format!("[{}]", things.join(", "))
}

/// Puts things into the simulated Compute Engine.
async fn plant(simulator: &Simulator, things: &str) {
    let (status, told) = control(simulator, "POST", "plant", things).await;
    assert_eq!(status, 200, "{told}");
}

async fn simulator_get(simulator: &Simulator, path: &str) -> String {
    control(simulator, "GET", path, "").await.1
}

/// One request to the control API, by hand: the tests of this crate have no HTTP client.
async fn control(simulator: &Simulator, method: &str, path: &str, body: &str) -> (u16, String) {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let host = simulator.endpoints().base_url.trim_start_matches("http://").to_owned();
    let mut stream = tokio::net::TcpStream::connect(&host).await.unwrap();
    let length = body.len();
    let head = format!(
        "{method} /_sim/{path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n"
    );
    stream.write_all(format!("{head}{body}").as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
}
