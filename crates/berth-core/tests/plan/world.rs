//! A tiny GKE: it carries out actions on what can be observed, and refuses what GKE refuses.

use std::collections::BTreeMap;

use berth_core::actions::Action;
use berth_core::actions::gke::{GkeAction, GkeCluster, GkeClusterChange, GkePool, GkePoolChange};
use berth_core::actions::kube::{KubeAction, Manifest};
use berth_core::manifests::quotas;
use berth_core::observed::{Observed, ObservedCloud, ObservedCluster, ObservedPool, ObservedPoolSettings, Phase};
use berth_core::plan::{Goal, Plan, StepId, Workloads, plan};
use berth_core::spec::{ClusterSpec, Taint, TaintEffect};

use crate::build::PROJECT;

#[derive(Debug, Clone, Default)]
pub(crate) struct World {
    pub(crate) observed: Observed,
}

impl World {
    /// After the spec's cluster was made by berth.
    pub(crate) fn made(spec: &ClusterSpec) -> Self {
        let mut world = Self::default();
        let goal = Goal::Present { spec, account: PROJECT, adopt: false, workloads: Workloads::default() };
        world.run(&plan(&goal, &world.observed).expect("a plan"), |_| 0).expect("it can be made");
        world
    }

    /// Carries out a plan in any order its `after`s allow; `choose` picks among that many ready steps.
    pub(crate) fn run(&mut self, plan: &Plan, mut choose: impl FnMut(usize) -> usize) -> Result<(), String> {
        let mut done: Vec<StepId> = Vec::new();
        let mut seen: Vec<&StepId> = Vec::new();
        for step in &plan.steps {
            if let Some(missing) = step.after.iter().find(|id| !seen.contains(id)) {
                return Err(format!("{} stands before {missing}, which it waits for", step.id));
            }
            if seen.contains(&&step.id) {
                return Err(format!("two steps are called {}", step.id));
            }
            seen.push(&step.id);
        }
        while done.len() < plan.steps.len() {
            let ready: Vec<_> = plan
                .steps
                .iter()
                .filter(|step| !done.contains(&step.id) && step.after.iter().all(|id| done.contains(id)))
                .collect();
            let step = ready[choose(ready.len()) % ready.len()];
            let applied = match &step.action {
                Action::Gke(action) => self.apply(action),
                Action::Kube(action) => self.apply_kube(action),
                Action::Eks(_) => panic!("a step of EKS"),
            };
            applied.map_err(|refusal| format!("{}: {refusal}", step.id))?;
            done.push(step.id.clone());
        }
        Ok(())
    }

    /// Keeps what carries the labels of berth's quotas, as a look reads it.
    fn apply_kube(&mut self, action: &KubeAction) -> Result<(), String> {
        self.cluster()?;
        let KubeAction::ApplyObjects { objects, .. } = action else { return Err("only applied here".to_owned()) };
        let kinds = quotas::KINDS.map(|(_, kind)| kind);
        let ours =
            objects.iter().map(Manifest::value).filter(|object| kinds.iter().any(|kind| object["kind"] == *kind));
        let applied = quotas::applied(&ours.cloned().collect::<Vec<_>>());
        let group = quotas::GROUP.to_owned();
        self.observed.applied.insert(group.clone(), applied.hash.ok_or("no hash")?);
        self.observed.applied_objects.insert(group, applied.objects);
        Ok(())
    }

    fn apply(&mut self, action: &GkeAction) -> Result<(), String> {
        match action {
            GkeAction::AwaitOperation { operation, .. } => self.finish(operation),
            GkeAction::DeleteLeftover(leftover) => Err(format!("{} is not of a cluster", leftover.path)),
            GkeAction::LeaveReminder { .. } => Ok(()),
            GkeAction::CreateCluster(wanted) => self.create(wanted),
            GkeAction::DeleteCluster { .. } => {
                self.idle(None)?;
                self.observed.cluster.take().map(drop).ok_or_else(|| "404 cluster".to_owned())
            }
            GkeAction::ChangeCluster { change, .. } => {
                self.idle(None)?;
                change_cluster(self.cluster()?, change)
            }
            GkeAction::CreatePool { pool, .. } => {
                self.idle(Some(&pool.name))?;
                let cluster = self.cluster()?;
                if cluster.pools.iter().any(|have| have.name == pool.name) {
                    return Err(format!("409 pool {}", pool.name));
                }
                cluster.pools.push(observed_pool(pool));
                Ok(())
            }
            GkeAction::ChangePool { pool, change, .. } => {
                self.idle(Some(pool))?;
                let identity = settings(self.cluster()?).workload_identity;
                change_pool(self.pool(pool)?, change, identity)
            }
            GkeAction::DeletePool { pool, .. } => {
                self.idle(Some(pool))?;
                let pools = &mut self.cluster()?.pools;
                let before = pools.len();
                pools.retain(|have| have.name != *pool);
                if pools.len() == before { Err(format!("404 pool {pool}")) } else { Ok(()) }
            }
        }
    }

    /// Ends an operation well.
    fn finish(&mut self, name: &str) -> Result<(), String> {
        let at = self.observed.operations.iter().position(|operation| operation.name == name);
        let operation = self.observed.operations.remove(at.ok_or_else(|| format!("404 operation {name}"))?);
        match (operation.kind.as_str(), operation.pool.as_deref()) {
            ("DELETE_CLUSTER", _) => self.observed.cluster = None,
            ("CREATE_CLUSTER", _) => self.cluster()?.phase = Phase::Running,
            ("DELETE_NODE_POOL", Some(pool)) => self.cluster()?.pools.retain(|have| have.name != pool),
            ("CREATE_NODE_POOL", Some(pool)) => self.pool(pool)?.phase = Phase::Running,
            _ => {}
        }
        Ok(())
    }

    /// Operations on the cluster exclude every other, those on a pool each other and those on the cluster.
    fn idle(&self, pool: Option<&str>) -> Result<(), String> {
        let in_the_way = self.observed.operations.iter().find(|operation| match (&operation.pool, pool) {
            (None, _) | (_, None) => true,
            (Some(theirs), Some(ours)) => theirs == ours,
        });
        match in_the_way {
            Some(operation) => Err(format!("400 running incompatible operation {}", operation.name)),
            None => Ok(()),
        }
    }

    fn create(&mut self, wanted: &GkeCluster) -> Result<(), String> {
        match &mut self.observed.cluster {
            // The create call was made before and is still going on: it is waited for.
            Some(cluster) if cluster.phase == Phase::Creating => cluster.phase = Phase::Running,
            Some(_) => return Err("409 cluster".to_owned()),
            None => {
                self.idle(None)?;
                self.observed.cluster = Some(observed_cluster(wanted));
            }
        }
        Ok(())
    }

    fn cluster(&mut self) -> Result<&mut ObservedCluster, String> {
        self.observed.cluster.as_mut().ok_or_else(|| "404 cluster".to_owned())
    }

    fn pool(&mut self, name: &str) -> Result<&mut ObservedPool, String> {
        let pool = self.cluster()?.pools.iter_mut().find(|pool| pool.name == name);
        pool.ok_or_else(|| format!("404 pool {name}"))
    }
}

fn settings(cluster: &mut ObservedCluster) -> &mut berth_core::actions::gke::GkeSettings {
    let ObservedCloud::Gke(settings) = &mut cluster.cloud else { panic!("a cluster of GKE") };
    settings
}

fn change_cluster(cluster: &mut ObservedCluster, change: &GkeClusterChange) -> Result<(), String> {
    if *change == GkeClusterChange::WorkloadIdentity(false)
        && cluster.pools.iter().any(|pool| {
            let ObservedPoolSettings::Gke(settings) = &pool.settings else { panic!("a pool of GKE") };
            settings.workload_metadata
        })
    {
        return Err("400 a pool still uses workload identity".to_owned());
    }
    if let GkeClusterChange::ResourceLabels(labels) = change {
        cluster.labels.clone_from(labels);
        return Ok(());
    }
    let settings = settings(cluster);
    match change.clone() {
        GkeClusterChange::ResourceLabels(_) => {}
        GkeClusterChange::ReleaseChannel(channel) => settings.release_channel = channel,
        GkeClusterChange::Maintenance(window) => settings.maintenance = window,
        GkeClusterChange::Logging(components) => settings.logging = components,
        GkeClusterChange::Monitoring(components) => settings.monitoring = components,
        GkeClusterChange::AutoscalingProfile(profile) => settings.autoscaling_profile = profile,
        GkeClusterChange::WorkloadIdentity(on) => settings.workload_identity = on,
        GkeClusterChange::ShieldedNodes(on) => settings.shielded_nodes = on,
    }
    Ok(())
}

fn change_pool(pool: &mut ObservedPool, change: &GkePoolChange, workload_identity: bool) -> Result<(), String> {
    let ObservedPoolSettings::Gke(settings) = &mut pool.settings else { panic!("a pool of GKE") };
    match change.clone() {
        GkePoolChange::Labels(labels) => settings.labels = labels,
        GkePoolChange::Taints(taints) => {
            one_taint_of_each_kind(&taints)?;
            settings.taints = taints;
        }
        GkePoolChange::Zones(zones) => settings.zones = zones,
        GkePoolChange::Autoscaling(autoscaling) => settings.autoscaling = autoscaling,
        GkePoolChange::NodesPerZone(_) if settings.autoscaling.is_some() => {
            return Err("the autoscaler would undo it".to_owned());
        }
        GkePoolChange::NodesPerZone(nodes) => settings.initial_nodes_per_zone = nodes,
        GkePoolChange::WorkloadMetadata(true) if !workload_identity => {
            return Err("400 the cluster has no workload pool".to_owned());
        }
        GkePoolChange::WorkloadMetadata(on) => settings.workload_metadata = on,
    }
    Ok(())
}

fn one_taint_of_each_kind(taints: &[Taint]) -> Result<(), String> {
    let kinds: BTreeMap<_, _> = taints.iter().map(|taint| ((&taint.key, taint.effect), taint)).collect();
    if kinds.len() == taints.len() { Ok(()) } else { Err("400 two taints of one key and effect".to_owned()) }
}

fn observed_cluster(wanted: &GkeCluster) -> ObservedCluster {
    ObservedCluster {
        name: wanted.cluster.name.clone(),
        account: wanted.cluster.project.clone(),
        place: wanted.cluster.place(),
        labels: wanted.resource_labels.clone(),
        phase: Phase::Running,
        issues: Vec::new(),
        version: "1.34.1-gke.1829001".to_owned(),
        created_at: None,
        access: None,
        pools: wanted.pools.iter().map(observed_pool).collect(),
        cloud: ObservedCloud::Gke(Box::new(wanted.settings.clone())),
    }
}

/// A pool as GKE gives it back: in its own order, and with labels and a taint of its own.
fn observed_pool(wanted: &GkePool) -> ObservedPool {
    let mut settings = wanted.clone();
    settings.zones.reverse();
    settings.taints.reverse();
    settings.labels.insert("cloud.google.com/gke-container-runtime".to_owned(), "containerd".to_owned());
    settings.resource_labels.insert("goog-gke-node-pool-provisioning-model".to_owned(), "on-demand".to_owned());
    let gpu_taint = Taint { key: "nvidia.com/gpu".into(), value: "present".into(), effect: TaintEffect::NoSchedule };
    let taken = settings.taints.iter().any(|taint| taint.key == gpu_taint.key && taint.effect == gpu_taint.effect);
    if settings.accelerator.is_some() && !taken {
        settings.taints.push(gpu_taint);
    }
    ObservedPool {
        name: wanted.name.clone(),
        phase: Phase::Running,
        issues: Vec::new(),
        settings: ObservedPoolSettings::Gke(Box::new(settings)),
    }
}
