//! How an EKS cluster goes away with all that was made around it, from any half-made state, leaving nothing.
//!
//! No draining: a disruption budget of a cluster that is going away protects nothing. What workloads made on AWS goes first,
//! while their controllers live; the network plugin's add-on before the nodes; network interfaces before what they hold.
//!
//! Nothing goes on its name alone but the control plane's log group, which EKS makes without tags: it goes with something whose tags
//! say that it is berth's, and before the last of that, so that an interrupted deletion still knows whose it was. The last lines of a
//! control plane arrive when it is gone already and make the group again; so it is looked for until a look finds none, as late as
//! possible, and a look after the plan still knows whose it is.

use super::group_steps::{removal, settings};
use super::steps;
use super::{addons, present};
use crate::actions::eks::{EksAction, EksClusterRef, EksPart, EksPartKind, EksTarget};
use crate::actions::kube::KubeAction;
use crate::observed::{Observed, ObservedCluster, Phase};
use crate::plan::{Billing, Impact, Lasts, Note, Plan, Refusal, Step, StepChange, StepId};
use crate::rules::ownership::{self, OWNER_KEY};

/// Why a log group is left alone.
const STRANGE_LOGS: &str = "stays, because nothing is left that says that berth made a cluster of that name";

/// Whether what was seen shows that berth made a cluster of this name; a later look of the same deletion sees less.
pub fn shows_ours(observed: &Observed) -> bool {
    let is_ours = |part: &EksPart| ownership::is_ours(&part.tags);
    observed.around.was_ours
        || observed.cluster.as_ref().is_some_and(ObservedCluster::is_ours)
        || observed.around.parts.iter().any(is_ours)
}

/// Whether the control plane of the cluster that was seen writes logs, the last of which arrive when it is gone.
pub fn writes_logs(observed: &Observed) -> bool {
    let description = observed.cluster.as_ref().and_then(present::description);
    description.is_some_and(|description| !description.settings.logging.is_empty())
}

/// Steps that take a cluster and everything around it away.
///
/// # Errors
/// The cluster is not ours and `adopt` is not given.
pub fn plan(cluster: &EksClusterRef, adopt: bool, observed: &Observed) -> Result<Plan, Refusal> {
    if let Some(current) = &observed.cluster {
        refuse_foreign(current, adopt)?;
    }
    let mut taking = Taking { cluster, observed, adopt, steps: Vec::new() };
    let groups = taking.groups();
    let gone = taking.control_plane(&groups);
    taking.parts(&groups, &gone);
    let mut notes = Vec::new();
    if !taking.owns_logs() {
        notes.extend(
            taking
                .of_kind(EksPartKind::LogGroup)
                .map(|part| Note { about: format!("log group {}", part.thing.id), text: STRANGE_LOGS.to_owned() }),
        );
    }
    if taking.steps.is_empty() {
        let text = format!("there is none of that name in {} of account {}", cluster.region, cluster.account);
        notes.push(Note { about: format!("cluster {}", cluster.name), text });
    }
    notes.extend(not_looked_for(observed));
    Ok(Plan { steps: taking.steps, notes })
}

/// What could not be looked for: a plan takes it as missing, and says so.
pub(super) fn not_looked_for(observed: &Observed) -> impl Iterator<Item = Note> {
    observed.around.unread.iter().map(|what| Note { about: "not looked for".to_owned(), text: what.clone() })
}

/// Refuses a cluster that is not ours, unless it is to be adopted.
///
/// # Errors
/// It is not ours and `adopt` is not given.
pub fn refuse_foreign(current: &ObservedCluster, adopt: bool) -> Result<(), Refusal> {
    if adopt || current.is_ours() {
        return Ok(());
    }
    Err(Refusal::NotOurs {
        name: current.name.clone(),
        location: current.place.location().to_owned(),
        owner: current.labels.get(OWNER_KEY).cloned().unwrap_or_else(|| "(none)".to_owned()),
    })
}

/// A plan in the making.
struct Taking<'a> {
    cluster: &'a EksClusterRef,
    observed: &'a Observed,
    adopt: bool,
    steps: Vec<Step>,
}

impl Taking<'_> {
    fn add(&mut self, step: Step) -> StepId {
        let id = step.id.clone();
        self.steps.push(step);
        id
    }

    /// What workloads hold, the network plugin, then the nodes; gives the steps after which no node is left.
    fn groups(&mut self) -> Vec<StepId> {
        let Some(current) = &self.observed.cluster else { return Vec::new() };
        if current.phase == Phase::Deleting {
            return Vec::new();
        }
        let mut before = Vec::new();
        if matches!(current.phase, Phase::Creating | Phase::Updating) {
            let action = EksAction::Await { cluster: self.cluster.clone(), target: EksTarget::Cluster };
            let title = format!("wait until cluster {} is at rest", self.cluster.name);
            let why = "EKS takes no deletion while it is being made or changed";
            let wait = steps::waiting("cluster/rest", title, why, Vec::new(), action);
            before.push(self.add(steps::lasting(wait, Lasts::CLUSTER)));
        }
        if current.access.is_some() && !current.pools.is_empty() {
            before = self.release(before);
        }
        let has_plugin = present::description(current)
            .is_some_and(|description| description.addons.iter().any(|addon| addon.name == addons::VPC_CNI));
        if has_plugin && !current.pools.is_empty() {
            let action = EksAction::DeleteAddon { cluster: self.cluster.clone(), addon: addons::VPC_CNI.to_owned() };
            let id = format!("addon/{}/delete", addons::VPC_CNI);
            let step = steps::removing(&id, format!("delete add-on {}", addons::VPC_CNI), before, action);
            let step = steps::lasting(step, Lasts::ADDON);
            let why = "left running it would strand network interfaces when its nodes go".to_owned();
            before = vec![self.add(Step { why, ..step })];
        }
        let mut gone = Vec::new();
        for pool in &current.pools {
            let impact = settings(pool).map_or(Impact::Remove { nodes: 0, gpus: 0 }, removal);
            let action = EksAction::DeleteGroup { cluster: self.cluster.clone(), group: pool.name.clone() };
            let id = format!("nodegroup/{}/delete", pool.name);
            let step = steps::removing(&id, format!("delete node group {}", pool.name), before.clone(), action);
            let step = steps::lasting(steps::billed(step, Billing::Stops), Lasts::GROUP_DELETION);
            let change = if pool.phase == Phase::Deleting { StepChange::Wait } else { StepChange::Remove };
            gone.push(self.add(Step { impact, change, ..step }));
        }
        if gone.is_empty() { before } else { gone }
    }

    /// Load balancers and volumes go through Kubernetes while their controllers live, then what is left goes through AWS.
    fn release(&mut self, before: Vec<StepId>) -> Vec<StepId> {
        let frame = EksAction::Await { cluster: self.cluster.clone(), target: EksTarget::Cluster };
        let title = "delete services, ingresses and claims that hold load balancers and volumes".to_owned();
        let step = steps::lasting(steps::removing("release", title, before, frame), Lasts::SWEEP);
        let step = steps::through_kubernetes(
            step,
            KubeAction::ReleaseCloudObjects { cluster: steps::kube(self.cluster), disks: false },
        );
        let released = self.add(Step { why: "EKS does not delete what they hold".to_owned(), ..step });
        self.sweep("sweep/load-balancers", vec![EksPartKind::LoadBalancer], vec![released])
    }

    /// One step for each VPC of ours: after a lost answer there may be two, and either may be the one in use.
    fn sweep(&mut self, name: &str, kinds: Vec<EksPartKind>, after: Vec<StepId>) -> Vec<StepId> {
        let words: Vec<String> = kinds.iter().map(|kind| format!("{}s", kind.words())).collect();
        let vpcs: Vec<String> = self.of_kind(EksPartKind::Vpc).map(|part| part.thing.id.clone()).collect();
        let (first, others) = match vpcs.split_first() {
            Some((first, others)) => (Some(first.clone()), others.to_vec()),
            None => (None, Vec::new()),
        };
        let stands = self.observed.cluster.as_ref().and_then(present::description);
        let near = stands.and_then(|description| description.vpc.clone()).filter(|_| vpcs.is_empty());
        let mut ids = Vec::new();
        for (index, vpc) in std::iter::once(first).chain(others.into_iter().map(Some)).enumerate() {
            let place = vpc.as_ref().filter(|_| vpcs.len() > 1).map_or_else(String::new, |vpc| format!(" in {vpc}"));
            let title = format!("delete {} that are left{place}", words.join(", "));
            let id = if index == 0 { name.to_owned() } else { format!("{name}/{}", index + 1) };
            let action =
                EksAction::Sweep { cluster: self.cluster.clone(), vpc, near: near.clone(), kinds: kinds.clone() };
            let step = steps::lasting(steps::removing(&id, title, after.clone(), action), Lasts::SWEEP);
            ids.push(
                self.add(Step { why: "workloads and nodes leave them, and they hold the network".to_owned(), ..step }),
            );
        }
        ids
    }

    fn of_kind(&self, kind: EksPartKind) -> impl Iterator<Item = &EksPart> {
        self.observed.around.parts.iter().filter(move |part| part.thing.kind == kind)
    }

    /// The cluster object; gives the steps after which it is gone.
    fn control_plane(&mut self, groups: &[StepId]) -> Vec<StepId> {
        let Some(current) = &self.observed.cluster else { return Vec::new() };
        let action = EksAction::DeleteCluster { cluster: self.cluster.clone() };
        let title = format!("delete cluster {}", self.cluster.name);
        let step = steps::removing("cluster/delete", title, groups.to_vec(), action);
        let mut step = steps::lasting(steps::billed(step, Billing::Stops), Lasts::CLUSTER_DELETION);
        if current.phase == Phase::Deleting {
            step.title = format!("wait until cluster {} is deleted", self.cluster.name);
            step.change = StepChange::Wait;
        }
        vec![self.add(step)]
    }

    /// Everything around it. What was not seen but can appear while nodes and cluster go is swept.
    fn parts(&mut self, groups: &[StepId], gone: &[StepId]) {
        let after_all: Vec<StepId> = gone.iter().chain(groups).cloned().collect();
        let has_vpc = self.of_kind(EksPartKind::Vpc).next().is_some();
        let seen =
            |kinds: &[EksPartKind]| self.observed.around.parts.iter().any(|part| kinds.contains(&part.thing.kind));
        let mut swept_kinds = vec![EksPartKind::LoadBalancer, EksPartKind::Volume, EksPartKind::NetworkInterface];
        let mut cleared = after_all.clone();
        if !groups.is_empty() || !gone.is_empty() || has_vpc || seen(&swept_kinds) {
            if has_vpc {
                swept_kinds.push(EksPartKind::SecurityGroup);
            }
            cleared.extend(self.sweep("sweep/left", swept_kinds, after_all.clone()));
        }
        self.delete_all(EksPartKind::OidcProvider, &after_all);
        // Nodes in private subnets reach EKS through these until they are gone.
        let nats = self.delete_all(EksPartKind::NatGateway, groups);
        let addresses = self.delete_all(EksPartKind::Address, &nats);
        let held: Vec<StepId> = cleared.iter().chain(&nats).cloned().collect();
        let tables = self.delete_all(EksPartKind::RouteTable, &held);
        let subnets = self.delete_all(EksPartKind::Subnet, &held);
        // A gateway cannot be detached while the VPC has public addresses.
        let open: Vec<StepId> = held.iter().chain(&addresses).cloned().collect();
        let gateways = self.delete_all(EksPartKind::InternetGateway, &open);
        let mut groups_of_ours = Vec::new();
        if !has_vpc {
            groups_of_ours = self.delete_all(EksPartKind::SecurityGroup, &cleared);
        }
        let parts = [&held, &addresses, &tables, &subnets, &gateways, &groups_of_ours];
        let before_last: Vec<StepId> = parts.into_iter().flatten().cloned().collect();
        let logs = self.logs(&before_last);
        let after_logs: Vec<StepId> = after_all.iter().chain(&logs).cloned().collect();
        for kind in [EksPartKind::LaunchTemplate, EksPartKind::Role] {
            self.delete_all(kind, &after_logs);
        }
        let last: Vec<StepId> = before_last.into_iter().chain(logs).collect();
        self.delete_all(EksPartKind::Vpc, &last);
    }

    /// The control plane's log group, also one that is not there yet.
    fn logs(&mut self, after: &[StepId]) -> Vec<StepId> {
        let is_there = self.of_kind(EksPartKind::LogGroup).next().is_some();
        if !self.owns_logs() || !(is_there || self.observed.cluster.is_some()) {
            return Vec::new();
        }
        let action = EksAction::Sweep {
            cluster: self.cluster.clone(),
            vpc: None,
            near: None,
            kinds: vec![EksPartKind::LogGroup],
        };
        let title = "delete log group of the control plane, until none comes any more".to_owned();
        let step = steps::lasting(steps::removing("sweep/log-group", title, after.to_vec(), action), Lasts::SWEEP);
        vec![self.add(Step { why: "what the control plane wrote last makes it again".to_owned(), ..step })]
    }

    /// Whether the log group of that name is that of a cluster of ours: another one of that name may have stood here before.
    fn owns_logs(&self) -> bool {
        let around = &self.observed.around;
        self.adopt
            || around.was_ours
            || self.observed.cluster.is_some()
            || around.parts.iter().any(|part| ownership::is_ours(&part.tags))
    }

    fn delete_all(&mut self, kind: EksPartKind, after: &[StepId]) -> Vec<StepId> {
        let parts: Vec<EksPart> = self.of_kind(kind).cloned().collect();
        parts.iter().map(|part| self.add(steps::delete_part(self.cluster, part, after.to_vec()))).collect()
    }
}
