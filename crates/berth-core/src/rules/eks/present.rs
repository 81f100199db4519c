//! How an EKS cluster comes to be as the file says.
//!
//! Each thing around the cluster is looked at by itself, so the same rules make everything from nothing and go on from any
//! half-made state: what is missing or not complete becomes a step, and steps wait only for what they need.

use super::cluster::Wanted;
use super::group_steps::{Groups, decide};
use super::steps;
use super::{absent, addons, autoscaler, diff_cluster, network, policies};
use crate::actions::eks::{EksAction, EksAddon, EksDescription, EksPartKind, EksTarget};
use crate::actions::kube::{KubeAction, Manifest};
use crate::lease;
use crate::manifests::device_plugin;
use crate::observed::{Observed, ObservedCloud, ObservedCluster, Phase};
use crate::plan::{Billing, Impact, Lasts, Note, Plan, Refusal, Step, StepId};
use crate::spec::{Taint, TaintEffect};

/// Steps that make the cluster and all around it as the file says.
///
/// # Errors
/// The cluster or a node group is not ours and `adopt` is not given, it stands in another account or region, or it is not the lease's.
pub fn plan(wanted: &Wanted, adopt: bool, observed: &Observed) -> Result<Plan, Refusal> {
    let mut making = Making { wanted, observed, steps: Vec::new(), notes: Vec::new() };
    if let Some(current) = &observed.cluster {
        absent::refuse_foreign(current, adopt)?;
        refuse_moved(wanted, current)?;
        lease::refuse_others(current, &wanted.cluster.tags)?;
    }
    making.roles();
    making.network();
    let ready = making.cluster();
    making.admins(&ready);
    making.addons_before_nodes(&ready);
    making.network_policies(&ready);
    let groups = Groups { wanted, observed, adopt };
    let before = making.before_nodes(&ready);
    let decided = decide(groups, &before)?;
    let nodes: Vec<StepId> = decided.steps.iter().map(|step| step.id.clone()).collect();
    making.steps.extend(decided.steps);
    making.notes.extend(wanted.notes.iter().cloned());
    making.notes.extend(decided.notes);
    making.addons_become_active();
    making.addons_after_nodes(&ready, &nodes);
    making.device_plugin(&ready);
    making.autoscaler(&ready);
    making.notes.extend(absent::not_looked_for(observed));
    Ok(Plan { steps: making.steps, notes: making.notes })
}

fn refuse_moved(wanted: &Wanted, current: &ObservedCluster) -> Result<(), Refusal> {
    let at = &wanted.cluster.cluster;
    let fields = [
        ("account", current.account.as_str(), at.account.as_str()),
        ("region", current.place.region.as_str(), at.region.as_str()),
    ];
    for (field, have, want) in fields {
        if have != want {
            let (field, have, want) = (field.to_owned(), have.to_owned(), want.to_owned());
            return Err(Refusal::Immovable { name: at.name.clone(), field, have, want });
        }
    }
    Ok(())
}

/// A plan in the making.
struct Making<'a> {
    wanted: &'a Wanted,
    observed: &'a Observed,
    steps: Vec<Step>,
    notes: Vec<Note>,
}

impl Making<'_> {
    /// Adds a step; what it waits for and is not part of the plan is there already.
    fn add(&mut self, mut step: Step) {
        step.after.retain(|id| self.steps.iter().any(|known| known.id == *id));
        self.steps.push(step);
    }

    /// What is there of this kind and part: whether it is complete; `None` if it is missing or going away.
    fn there(&self, kind: EksPartKind, name: &str) -> Option<bool> {
        let parts = self.observed.around.parts.iter();
        let mut named = parts.filter(|part| {
            part.thing.kind == kind
                && part.part.as_deref() == Some(name)
                && !matches!(part.state.as_str(), "deleting" | "deleted" | "failed")
        });
        named.next().map(|part| part.complete)
    }

    fn part(&mut self, kind: EksPartKind, name: &str, step: Step) {
        match self.there(kind, name) {
            Some(true) => {}
            Some(false) => {
                let why = "it is there but not complete".to_owned();
                self.add(Step { why, ..step });
            }
            None => self.add(step),
        }
    }

    fn roles(&mut self) {
        for (purpose, role) in &self.wanted.roles {
            let action = EksAction::CreateRole(Box::new(role.clone()));
            let mut step =
                steps::making(&format!("role/{purpose}"), format!("create role {}", role.name), Vec::new(), action);
            step.details = role.policies.iter().map(|policy| format!("policy {policy}")).collect();
            step.details.extend(role.own_policy.as_ref().map(|_| "a policy of its own".to_owned()));
            self.part(EksPartKind::Role, &role.name, step);
        }
    }

    fn network(&mut self) {
        let Some(network) = &self.wanted.network else { return };
        let name = |part: &str| format!("network/{part}");
        let after = |parts: &[&str]| parts.iter().map(|part| steps::id(&name(part))).collect::<Vec<_>>();
        let title = format!("create VPC {}", network.vpc.cidr);
        let vpc = steps::making(&name(network::VPC), title, Vec::new(), EksAction::CreateVpc(network.vpc.clone()));
        self.part(EksPartKind::Vpc, network::VPC, vpc);
        let gateway = EksAction::CreateInternetGateway(network.gateway.clone());
        let gateway = steps::making(
            &name(network::INTERNET_GATEWAY),
            "create internet gateway".to_owned(),
            after(&[network::VPC]),
            gateway,
        );
        self.part(EksPartKind::InternetGateway, network::INTERNET_GATEWAY, gateway);
        for subnet in &network.subnets {
            let kind = if subnet.public { "public" } else { "private" };
            let title = format!("create {kind} subnet {} in {}", subnet.cidr, subnet.zone);
            let action = EksAction::CreateSubnet(subnet.clone());
            let step = steps::making(&name(&subnet.part), title, after(&[network::VPC]), action);
            self.part(EksPartKind::Subnet, &subnet.part, step);
        }
        for address in &network.addresses {
            let action = EksAction::AllocateAddress(address.clone());
            let step = steps::making(&name(&address.part), format!("allocate {}", address.part), Vec::new(), action);
            self.part(EksPartKind::Address, &address.part, steps::billed(step, Billing::Starts));
        }
        for nat in &network.nats {
            // Without a way to the internet gateway AWS fails the NAT gateway.
            let before = after(&[nat.subnet.as_str(), nat.address.as_str(), network::INTERNET_GATEWAY]);
            let action = EksAction::CreateNatGateway(nat.clone());
            let step = steps::making(&name(&nat.part), format!("create {}", nat.part), before, action);
            let step = steps::billed(steps::lasting(step, Lasts::NAT), Billing::Starts);
            self.part(EksPartKind::NatGateway, &nat.part, step);
        }
        for table in &network.tables {
            let mut before: Vec<&str> = table.subnets.iter().map(String::as_str).collect();
            match &table.default_route {
                crate::actions::eks::EksRoute::InternetGateway => before.push(network::INTERNET_GATEWAY),
                crate::actions::eks::EksRoute::Nat(nat) => before.push(nat),
            }
            let action = EksAction::CreateRouteTable(table.clone());
            let step = steps::making(&name(&table.part), format!("create {}", table.part), after(&before), action);
            // A table that serves all subnets it had is not whole once it gets another one.
            let is_made = |part: &String| self.steps.iter().any(|step| step.id == steps::id(&name(part)));
            if self.there(EksPartKind::RouteTable, &table.part) == Some(true) && table.subnets.iter().any(is_made) {
                let title = format!("let the new subnets use {}", table.part);
                let why = "a subnet that is made or completed now is to use it".to_owned();
                self.add(Step { title, why, change: crate::plan::StepChange::Change, ..step });
            } else {
                self.part(EksPartKind::RouteTable, &table.part, step);
            }
        }
    }

    /// The cluster object; gives the steps after which it takes other calls.
    fn cluster(&mut self) -> Vec<StepId> {
        let want = &self.wanted.cluster;
        let at = &want.cluster;
        let Some(current) = &self.observed.cluster else {
            let create = self.create_cluster("there is no cluster of that name", Vec::new());
            let id = create.id.clone();
            self.add(create);
            return vec![id];
        };
        match current.phase {
            Phase::Deleting => {
                let action = EksAction::Await { cluster: at.clone(), target: EksTarget::Cluster };
                let title = format!("wait until cluster {} is deleted", at.name);
                let why = "the old one has to be gone before a new one is made";
                let gone = steps::waiting("cluster/delete", title, why, Vec::new(), action);
                let gone = steps::lasting(gone, Lasts::CLUSTER_DELETION);
                let create = self.create_cluster("the one of that name is being deleted", vec![gone.id.clone()]);
                let id = create.id.clone();
                self.add(gone);
                self.add(create);
                vec![id]
            }
            Phase::Failed => {
                let action = EksAction::DeleteCluster { cluster: at.clone() };
                let gone = steps::removing("cluster/delete", format!("delete cluster {}", at.name), Vec::new(), action);
                let mut gone = steps::lasting(steps::billed(gone, Billing::Stops), Lasts::CLUSTER_DELETION);
                gone.impact = Impact::Recreate { nodes: 0, gpus: 0 };
                "it failed and EKS will not repair it".clone_into(&mut gone.why);
                gone.details =
                    current.issues.iter().map(|issue| format!("{}: {}", issue.code, issue.message)).collect();
                let create = self.create_cluster("the one of that name failed", vec![gone.id.clone()]);
                let id = create.id.clone();
                self.add(gone);
                self.add(create);
                vec![id]
            }
            Phase::Creating | Phase::Running | Phase::Updating | Phase::Degraded | Phase::Unknown => {
                self.change(current)
            }
        }
    }

    fn create_cluster(&self, why: &str, mut after: Vec<StepId>) -> Step {
        let want = &self.wanted.cluster;
        after.push(steps::id("role/cluster"));
        if let Some(network) = &self.wanted.network {
            after.extend(network.subnets.iter().map(|subnet| steps::id(&format!("network/{}", subnet.part))));
        }
        let at = &want.cluster;
        let title = format!("create cluster {}", at.name);
        let step = steps::making("cluster", title, after, EksAction::CreateCluster(Box::new(want.clone())));
        let mut step = steps::lasting(steps::billed(step, Billing::Starts), Lasts::CLUSTER);
        why.clone_into(&mut step.why);
        let version = want.version.as_deref().unwrap_or("EKS's default");
        step.details = vec![format!("account {}, region {}, version {version}", at.account, at.region)];
        step
    }

    /// Waits for a cluster in transition and changes one that is there; EKS takes one update at a time.
    fn change(&mut self, current: &ObservedCluster) -> Vec<StepId> {
        let want = &self.wanted.cluster;
        let at = &want.cluster;
        let mut before = Vec::new();
        if matches!(current.phase, Phase::Creating | Phase::Updating) {
            let action = EksAction::Await { cluster: at.clone(), target: EksTarget::Cluster };
            let title = format!("wait until cluster {} is at rest", at.name);
            let why = "it is being made or changed; EKS takes no other change until that ends";
            let wait = steps::lasting(steps::waiting("cluster", title, why, Vec::new(), action), Lasts::CLUSTER);
            before = vec![wait.id.clone()];
            self.add(wait);
        }
        let Some(description) = description(current) else { return before };
        for change in diff_cluster::changes(current, description, want, &self.wanted.admins) {
            let name = format!("cluster/{}", change.field);
            let title = format!("change {} of cluster {}", change.field.replace('-', " "), at.name);
            let action = EksAction::ChangeCluster { cluster: at.clone(), change: change.change };
            let step = steps::changing(&name, title, change.details, before, action);
            let step = steps::lasting(step, Lasts::CLUSTER_CHANGE);
            before = vec![step.id.clone()];
            self.add(step);
        }
        self.notes.extend(lease::left_alone(current, &want.tags));
        self.notes.extend(diff_cluster::notes(current, want));
        if current.phase == Phase::Degraded {
            let words: Vec<String> =
                current.issues.iter().map(|issue| format!("{}: {}", issue.code, issue.message)).collect();
            let text = format!("EKS says of it: {}", words.join("; "));
            self.notes.push(Note { about: format!("cluster {}", at.name), text });
        }
        before
    }

    /// The cluster that will still be there when the plan has run.
    fn staying(&self) -> Option<&EksDescription> {
        let current = self.observed.cluster.as_ref()?;
        if matches!(current.phase, Phase::Failed | Phase::Deleting) { None } else { description(current) }
    }

    fn admins(&mut self, ready: &[StepId]) {
        let there = self.staying().map(|description| description.admins.clone()).unwrap_or_default();
        for principal in self.wanted.admins.iter().filter(|principal| !there.contains(principal)) {
            let name = principal.rsplit('/').next().unwrap_or(principal);
            let action = EksAction::GrantAdmin {
                cluster: self.wanted.cluster.cluster.clone(),
                principal: principal.clone(),
                tags: self.wanted.cluster.tags.clone(),
            };
            let id = format!("admin/{name}-{}", super::names::hash(&[principal]));
            let step = steps::making(&id, format!("make {principal} an administrator"), ready.to_vec(), action);
            self.add(step);
        }
    }

    fn addons_before_nodes(&mut self, ready: &[StepId]) {
        for addon in self.wanted.addons.iter().filter(|addon| addons::is_before_nodes(&addon.name)) {
            self.addon(addon, ready.to_vec());
        }
    }

    fn network_policies(&mut self, ready: &[StepId]) {
        let Some(description) = self.staying() else { return };
        let step = policies::change(&self.wanted.cluster.cluster, self.wanted.network_policy, description, ready);
        if let Some(step) = step {
            self.add(step);
        }
    }

    /// What nodes need: the network plugin, a way to the world, their role, and the cluster.
    fn before_nodes(&self, ready: &[StepId]) -> Vec<StepId> {
        let mut before = ready.to_vec();
        before.push(steps::id("role/node"));
        before.extend([addons::VPC_CNI, "kube-proxy"].map(|name| steps::id(&format!("addon/{name}"))));
        let tables = self.wanted.network.iter().flat_map(|network| &network.tables);
        before.extend(tables.map(|table| steps::id(&format!("network/{}", table.part))));
        before.retain(|id| self.steps.iter().any(|known| known.id == *id));
        before
    }

    fn addons_after_nodes(&mut self, ready: &[StepId], nodes: &[StepId]) {
        for addon in self.wanted.addons.iter().filter(|addon| !addons::is_before_nodes(&addon.name)) {
            let mut after: Vec<StepId> = ready.iter().chain(nodes).cloned().collect();
            after.push(steps::id("role/ebs-csi"));
            after.push(steps::id(&format!("addon/{}", addons::POD_IDENTITY)));
            self.addon(addon, after);
        }
        let Some(description) = self.staying() else { return };
        let extra: Vec<String> = description
            .addons
            .iter()
            .filter(|have| crate::rules::ownership::is_ours(&have.tags))
            .filter(|have| !self.wanted.addons.iter().any(|want| want.name == have.name))
            .map(|have| have.name.clone())
            .collect();
        for name in extra {
            let cluster = self.wanted.cluster.cluster.clone();
            let action = EksAction::DeleteAddon { cluster, addon: name.clone() };
            let step = steps::removing(
                &format!("addon/{name}/delete"),
                format!("delete add-on {name}"),
                ready.to_vec(),
                action,
            );
            self.add(steps::lasting(step, Lasts::ADDON));
        }
    }

    /// Add-ons that nobody waited for before there were nodes must be well once there are some: without DNS nothing works.
    fn addons_become_active(&mut self) {
        let hosts: Vec<StepId> = self
            .wanted
            .groups
            .iter()
            .filter(|want| want.group.nodes.min > 0 && want.group.taints.iter().all(is_soft))
            .flat_map(|want| ["", "/machines"].map(|part| steps::id(&format!("nodegroup/{}{part}", want.group.name))))
            .collect();
        if hosts.is_empty() {
            return;
        }
        for addon in self.wanted.addons.iter().filter(|addon| !addon.wait) {
            let name = &addon.name;
            let create = steps::id(&format!("addon/{name}"));
            let have = self.staying().and_then(|description| description.addons.iter().find(|have| have.name == *name));
            let is_at_rest = have.is_some_and(|have| matches!(have.status.as_str(), "ACTIVE" | "UPDATE_FAILED"));
            if is_at_rest && !self.steps.iter().any(|step| step.id == create) {
                continue;
            }
            let target = EksTarget::Addon(name.clone());
            let action = EksAction::Await { cluster: addon.cluster.clone(), target };
            let after: Vec<StepId> = hosts.iter().cloned().chain([create]).collect();
            let why = "it is well only once its pods run on nodes";
            let title = format!("wait until add-on {name} is active");
            let step = steps::waiting(&format!("addon/{name}/active"), title, why, after, action);
            self.add(steps::lasting(step, Lasts::ADDON));
        }
    }

    fn addon(&mut self, addon: &EksAddon, mut after: Vec<StepId>) {
        let have =
            self.staying().and_then(|description| description.addons.iter().find(|have| have.name == addon.name));
        let status = have.map(|have| have.status.clone());
        let name = &addon.name;
        let cluster = &addon.cluster;
        match status.as_deref() {
            None => {}
            Some("CREATE_FAILED" | "DELETE_FAILED" | "DELETING") => {
                let action = EksAction::DeleteAddon { cluster: cluster.clone(), addon: name.clone() };
                let id = format!("addon/{name}/delete");
                let step = steps::removing(&id, format!("delete add-on {name}"), after.clone(), action);
                let mut step = steps::lasting(step, Lasts::ADDON);
                step.why = format!("it is {}", status.clone().unwrap_or_default());
                after.push(step.id.clone());
                self.add(step);
            }
            Some("DEGRADED") if !addon.wait => return,
            Some("DEGRADED" | "UPDATE_FAILED") => {
                let issues = have.map(|have| have.issues.join("; ")).unwrap_or_default();
                let text = format!("is {} and is kept as it is: {issues}", status.clone().unwrap_or_default());
                self.notes.push(Note { about: format!("add-on {name}"), text });
                return;
            }
            Some(_) => return,
        }
        let step = steps::making(
            &format!("addon/{name}"),
            format!("create add-on {name}"),
            after,
            EksAction::CreateAddon(addon.clone()),
        );
        self.add(if addon.wait { steps::lasting(step, Lasts::ADDON) } else { step });
    }

    /// It needs an API server but no node, and does nothing before there are some.
    fn autoscaler(&mut self, ready: &[StepId]) {
        let there = autoscaler::There { description: self.staying(), observed: self.observed };
        let cluster = &self.wanted.cluster.cluster;
        for step in autoscaler::decide(cluster, self.wanted.autoscaler.as_ref(), there, ready) {
            self.add(step);
        }
    }

    /// No GPU is offered without it; it needs an API server but no node, so it does not wait for any.
    fn device_plugin(&mut self, ready: &[StepId]) {
        let applied = if self.staying().is_some() { self.observed.applied.get(device_plugin::GROUP) } else { None };
        let cluster = &self.wanted.cluster.cluster;
        let about = "NVIDIA device plugin".to_owned();
        // The wrapped action is replaced; only the frame of the step is used.
        let frame = |name: &str, title: String| {
            let action = EksAction::Await { cluster: cluster.clone(), target: EksTarget::Cluster };
            steps::making(name, title, ready.to_vec(), action)
        };
        match (&self.wanted.device_plugin, applied) {
            (Some(want), have) if have != Some(&want.hash) => {
                let step = frame("device-plugin", format!("apply {about}"));
                let change = if have.is_some() { crate::plan::StepChange::Change } else { step.change };
                let objects = want.objects.iter().cloned().map(Manifest::new).collect();
                // Nobody else has a say in what makes the pools' GPUs be offered.
                let action = KubeAction::ApplyObjects { cluster: steps::kube(cluster), about, objects, force: true };
                let mut step = Step { change, ..steps::through_kubernetes(step, action) };
                if have.is_some() {
                    "the pools' sharing or taints have changed; it rolls over the nodes".clone_into(&mut step.why);
                }
                self.add(step);
            }
            (None, Some(_)) => {
                let step = frame("device-plugin/delete", format!("delete {about}"));
                let objects = device_plugin::refs();
                let action = KubeAction::DeleteObjects { cluster: steps::kube(cluster), about, objects };
                let step = steps::through_kubernetes(step, action);
                self.add(Step { change: crate::plan::StepChange::Remove, ..step });
            }
            _ => {}
        }
    }
}

/// Whether pods that do not tolerate the taint may still run.
fn is_soft(taint: &Taint) -> bool {
    taint.effect == TaintEffect::PreferNoSchedule
}

/// What EKS tells about the cluster.
pub fn description(current: &ObservedCluster) -> Option<&EksDescription> {
    match &current.cloud {
        ObservedCloud::Eks(description) => Some(description),
        ObservedCloud::Gke(_) | ObservedCloud::Existing(_) => None,
    }
}
