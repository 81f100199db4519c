//! `berth verify --probe`: holds every free GPU share for a moment and looks at the GPU behind it.

use std::collections::BTreeMap;
use std::time::Duration;

use berth_core::actions::kube::{KubeAction, KubeClusterRef, Manifest};
use berth_core::manifests::probe::{self, Probe};
use berth_core::observed::{ObservedNode, pod_trouble};
use berth_core::ports::Clock;
use berth_core::run::Fault;
use berth_core::spec::ClusterSpec;
use berth_core::verify::{ProbeRow, is_running, probed};
use berth_engine::{Wait, await_until};
use berth_kube::Going;
use jiff::Timestamp;
use kube::Client;
use rand::distr::{Alphanumeric, SampleString};
use serde_json::Value;

use crate::interrupt::Interrupts;
use crate::wiring::Doors;

/// Pause between two looks at the probe's pods.
const INTERVAL: Duration = Duration::from_secs(5);
/// How long the probe's namespace may take to go; it goes on by itself after that.
const LEAVE: Duration = Duration::from_secs(300);
/// How long a pod that says why it does not run is given all the same: images are pulled again, nodes become free.
const PATIENCE: Duration = Duration::from_secs(120);
/// Length of what makes a probe's namespace its own.
const RUN_CHARACTERS: usize = 6;

/// How a probe is made.
#[derive(Debug)]
pub(crate) struct Wish<'a> {
    /// Image with a shell, whose GPU is shown by the node's own `nvidia-smi`.
    pub(crate) image: &'a str,
    /// How long its pods are waited for.
    pub(crate) timeout: Duration,
}

/// Probes all GPU pools; what it made is taken away again however it ends. `None` if it was asked to end before.
pub(crate) async fn run(
    spec: &ClusterSpec,
    doors: &Doors,
    client: &Client,
    nodes: &[ObservedNode],
    wish: &Wish<'_>,
    mut interrupts: Interrupts,
) -> Result<Option<Vec<ProbeRow>>, Fault> {
    let taken = probe::taken(&berth_kube::pods(client, None).await?);
    let name = Alphanumeric.sample_string(&mut rand::rng(), RUN_CHARACTERS).to_lowercase();
    let probe = probe::probe(spec, nodes, &taken, wish.image, &name);
    let room = Room { doors, client, cluster: KubeClusterRef::of(spec), probe: &probe };
    drop(room.clear().await);
    let rows = tokio::select! {
        rows = room.fill_and_look(wish.timeout) => rows.map(Some),
        () = interrupts.more_than(0) => Ok(None),
    };
    // A namespace that cannot be deleted must not hide what was seen; its pods end by themselves.
    drop(room.leave().await);
    rows
}

/// The namespace a probe runs in.
struct Room<'a> {
    doors: &'a Doors,
    client: &'a Client,
    cluster: KubeClusterRef,
    probe: &'a Probe,
}

impl Room<'_> {
    async fn fill_and_look(&self, timeout: Duration) -> Result<Vec<ProbeRow>, Fault> {
        let objects: Vec<_> = self.probe.pools.iter().flat_map(|pool| pool.pods.iter().cloned()).collect();
        if objects.is_empty() {
            return Ok(probed(self.probe, &[], &BTreeMap::new()));
        }
        let wanted = objects.len();
        let (cluster, about) = (self.cluster.clone(), "GPU probe".to_owned());
        let objects = std::iter::once(self.probe.namespace.clone()).chain(objects).collect();
        let apply = KubeAction::ApplyObjects { cluster, about, objects, force: true };
        let began = self.doors.clock.now();
        let wait = |limit| Wait { limit, interval: INTERVAL };
        await_until(
            &self.doors.clock,
            wait(timeout),
            || berth_kube::carry_out(self.client, &apply),
            |going| *going == Going::Done,
        )
        .await?;
        let pods = await_until(
            &self.doors.clock,
            wait(timeout),
            || berth_kube::pods(self.client, Some(self.namespace())),
            |pods: &Vec<Value>| {
                let up = pods.iter().filter(|pod| is_running(pod)).count();
                let stuck = pods.iter().filter(|pod| pod_trouble(pod).is_some()).count();
                let is_late =
                    Duration::try_from(self.doors.clock.now().duration_since(began)).unwrap_or_default() > PATIENCE;
                up >= wanted || is_late && up + stuck >= wanted
            },
        )
        .await?;
        let printed = berth_kube::printed(self.client, self.namespace(), &one_of_each_node(&pods)).await?;
        Ok(probed(self.probe, &pods, &printed.into_iter().collect()))
    }

    fn namespace(&self) -> &str {
        self.probe.namespace.value()["metadata"]["name"].as_str().unwrap_or_default()
    }

    /// Takes away what a probe that was killed has left; one that runs now is younger than its pods may get.
    async fn clear(&self) -> Result<Going, Fault> {
        let now = self.doors.clock.now();
        let is_left = |namespace: &Value| {
            let made: Option<Timestamp> =
                namespace["metadata"]["creationTimestamp"].as_str().and_then(|at| at.parse().ok());
            made.is_some_and(|made| now.duration_since(made).as_secs() > i64::from(probe::HOLD_SECONDS))
        };
        let there =
            berth_kube::labelled(self.client, &[("v1", "Namespace")], &format!("{}=true", probe::LABEL)).await?;
        let objects: Vec<_> = there.into_iter().filter(is_left).map(|left| Manifest::new(left).reference()).collect();
        let (cluster, about) = (self.cluster.clone(), "GPU probe".to_owned());
        berth_kube::carry_out(self.client, &KubeAction::DeleteObjects { cluster, about, objects }).await
    }

    async fn leave(&self) -> Result<Going, Fault> {
        let objects = vec![self.probe.namespace.reference()];
        let (cluster, about) = (self.cluster.clone(), "GPU probe".to_owned());
        let delete = KubeAction::DeleteObjects { cluster, about, objects };
        let wait = Wait { limit: LEAVE, interval: INTERVAL };
        await_until(
            &self.doors.clock,
            wait,
            || berth_kube::carry_out(self.client, &delete),
            |going| *going == Going::Done,
        )
        .await
    }
}

/// Names of running pods, one on each node: those of one node would show the same GPUs.
fn one_of_each_node(pods: &[Value]) -> Vec<String> {
    let mut of_node = BTreeMap::new();
    for pod in pods.iter().filter(|pod| is_running(pod)) {
        if let (Some(node), Some(name)) = (pod["spec"]["nodeName"].as_str(), pod["metadata"]["name"].as_str()) {
            of_node.entry(node).or_insert(name);
        }
    }
    of_node.into_values().map(str::to_owned).collect()
}
