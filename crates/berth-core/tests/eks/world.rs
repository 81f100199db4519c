//! A tiny AWS: it carries out actions on what can be observed, and refuses what AWS refuses.

mod cluster;
mod groups;

use std::collections::BTreeMap;

use berth_core::actions::Action;
use berth_core::actions::eks::{
    EksAction, EksAddonState, EksClusterChange, EksDescription, EksGroup, EksPart, EksPartKind, EksPartRef,
    EksPodIdentityState, EksRoleRef, EksRoute, EksSubnets, EksTarget,
};
use berth_core::actions::kube::{KubeAction, Manifest};
use berth_core::manifests::{cluster_autoscaler, default_class, device_plugin, quotas};
use berth_core::observed::{Observed, ObservedCloud, ObservedCluster, ObservedPoolSettings, ObservedZone};
use berth_core::plan::{Plan, StepId};
use berth_core::rules::eks::addons;
use berth_core::run::{Fault, FaultKind, LeftBehind, Outcome, Retry};
use berth_core::spec::ClusterSpec;

use crate::read::{present, text};

pub(crate) struct World {
    pub(crate) observed: Observed,
    next: u32,
    /// The network plugin strands an interface in a subnet when its nodes go while it runs.
    strands: bool,
    /// Machines there are for a node group; without an entry there are enough.
    pub(crate) stock: BTreeMap<String, u32>,
    /// The most nodes that the groups of each pool together were ever allowed to reach.
    pub(crate) reach: BTreeMap<String, u32>,
    /// A group that gets no machines is still being made when it is looked at; EKS gives it up later.
    pub(crate) is_slow: bool,
}

impl World {
    pub(crate) fn new() -> Self {
        let mut observed = Observed::default();
        for (letter, id) in
            [("a", "use1-az4"), ("b", "use1-az6"), ("c", "use1-az1"), ("d", "use1-az2"), ("e", "use1-az3")]
        {
            observed.around.zones.push(ObservedZone { name: format!("us-east-1{letter}"), id: id.to_owned() });
        }
        Self { observed, next: 0, strands: false, stock: BTreeMap::new(), reach: BTreeMap::new(), is_slow: false }
    }

    /// One in which the file's cluster stands, with nothing left to do.
    pub(crate) fn standing(spec: &ClusterSpec) -> Self {
        let mut world = Self::new();
        world.bring_about(spec);
        world
    }

    /// Carries out all that is to be done for the file, after which nothing is left to do.
    pub(crate) fn bring_about(&mut self, spec: &ClusterSpec) {
        let plan = present(spec, &self.observed).expect("a plan");
        self.run(&plan, usize::MAX, |_| 0).unwrap_or_else(|refusal| panic!("{refusal}\n{}", text(&plan)));
        let plan = present(spec, &self.observed).expect("a plan");
        assert!(plan.is_empty(), "{}", text(&plan));
    }

    /// Carries out at most `most` steps in any order the `after`s allow; `choose` picks among that many ready steps.
    pub(crate) fn run(
        &mut self,
        plan: &Plan,
        most: usize,
        mut choose: impl FnMut(usize) -> usize,
    ) -> Result<(), String> {
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
        let mut done: Vec<StepId> = Vec::new();
        while done.len() < plan.steps.len().min(most) {
            let ready: Vec<_> = plan
                .steps
                .iter()
                .filter(|step| !done.contains(&step.id) && step.after.iter().all(|id| done.contains(id)))
                .collect();
            let step = ready[choose(ready.len()) % ready.len()];
            self.apply(&step.action).map_err(|refusal| format!("{}: {refusal}", step.id))?;
            done.push(step.id.clone());
        }
        Ok(())
    }

    /// Carries out every step whose `after`s went well, as the engine does, and says how it ended.
    pub(crate) fn carry_out(&mut self, plan: &Plan) -> Outcome {
        let mut outcome = Outcome { done: Vec::new(), failed: Vec::new(), skipped: Vec::new(), running: Vec::new() };
        for step in &plan.steps {
            if !step.after.iter().all(|id| outcome.done.contains(id)) {
                outcome.skipped.push(step.id.clone());
                continue;
            }
            match self.apply(&step.action) {
                Ok(()) => outcome.done.push(step.id.clone()),
                Err(said) => {
                    let is_stockout = said.contains("InsufficientInstanceCapacity");
                    let kind = if is_stockout { FaultKind::Stockout } else { FaultKind::Refused };
                    let (tried, left_behind) = (step.title.clone(), LeftBehind::Unknown);
                    let fault = Fault { kind, tried, said, left_behind, retry: Retry::Never };
                    outcome.failed.push((step.id.clone(), fault));
                }
            }
        }
        outcome
    }

    /// An add-on that is there.
    pub(crate) fn addon(&mut self, name: &str) -> &mut EksAddonState {
        let addons = &mut self.description().expect("a cluster").addons;
        addons.iter_mut().find(|addon| addon.name == name).expect("the add-on")
    }

    fn apply(&mut self, action: &Action) -> Result<(), String> {
        let result = match action {
            Action::Eks(action) => self.apply_eks(action),
            Action::Kube(action) => self.apply_kube(action),
            Action::Gke(_) => Err("a step of GKE".to_owned()),
        };
        let mut reach: BTreeMap<String, u32> = BTreeMap::new();
        for pool in self.observed.cluster.iter().flat_map(|cluster| &cluster.pools) {
            let ObservedPoolSettings::Eks(group) = &pool.settings else { continue };
            *reach.entry(group.pool.clone()).or_default() += group.nodes.max;
        }
        for (pool, most) in reach {
            let known = self.reach.entry(pool).or_default();
            *known = most.max(*known);
        }
        result
    }

    fn apply_kube(&mut self, action: &KubeAction) -> Result<(), String> {
        self.cluster()?;
        match action {
            KubeAction::ApplyObjects { objects, .. } if objects[0].kind() == "Namespace" => {
                let kinds = quotas::KINDS.map(|(_, kind)| kind);
                let ours = objects
                    .iter()
                    .map(Manifest::value)
                    .filter(|object| kinds.iter().any(|kind| object["kind"] == *kind));
                let applied = quotas::applied(&ours.cloned().collect::<Vec<_>>());
                let group = quotas::GROUP.to_owned();
                self.observed.applied.insert(group.clone(), applied.hash.ok_or("no hash")?);
                self.observed.applied_objects.insert(group, applied.objects);
            }
            KubeAction::ApplyObjects { objects, .. }
                if objects[0].value()["metadata"]["name"] == cluster_autoscaler::NAME =>
            {
                if self.description()?.identities.is_empty() {
                    return Err("the pod would get no role".to_owned());
                }
                // Its Deployment comes in a step of its own.
                if let Some(hash) = hash(objects) {
                    self.observed.applied.insert(cluster_autoscaler::GROUP.to_owned(), hash);
                }
            }
            KubeAction::ApplyObjects { objects, .. } if objects[0].kind() == "StorageClass" => {
                let classes: Vec<_> = objects.iter().map(|object| object.value().clone()).collect();
                let (hash, others) = default_class::among(&classes);
                self.observed.applied.extend(hash.map(|hash| (default_class::GROUP.to_owned(), hash)));
                self.observed.default_classes.extend(others);
            }
            KubeAction::ApplyObjects { objects, .. } => {
                let hash = hash(objects).ok_or("no hash")?;
                self.observed.applied.insert(device_plugin::GROUP.to_owned(), hash);
            }
            KubeAction::DeleteObjects { objects, .. } => {
                let groups = [
                    (cluster_autoscaler::GROUP, cluster_autoscaler::refs()),
                    (device_plugin::GROUP, device_plugin::refs()),
                    (default_class::GROUP, default_class::refs()),
                ];
                let (group, _) = groups.iter().find(|(_, refs)| refs == objects).ok_or("unknown objects")?;
                self.observed.applied.remove(*group);
            }
            KubeAction::ChangeNodes { .. } => return Err("nodes are the cloud's".to_owned()),
            KubeAction::ReleaseCloudObjects { .. } | KubeAction::AwaitRollouts { .. } => {}
        }
        Ok(())
    }

    #[expect(clippy::too_many_lines, reason = "one arm for each call of AWS")]
    fn apply_eks(&mut self, action: &EksAction) -> Result<(), String> {
        match action {
            EksAction::CreateRole(role) => self.make(EksPartKind::Role, &role.name, &role.tags),
            EksAction::CreateVpc(vpc) => self.make(EksPartKind::Vpc, "vpc", &vpc.tags),
            EksAction::CreateSubnet(subnet) => {
                self.needs("vpc")?;
                self.make(EksPartKind::Subnet, &subnet.part, &subnet.tags)
            }
            EksAction::CreateInternetGateway(gateway) => {
                self.needs("vpc")?;
                self.make(EksPartKind::InternetGateway, "internet-gateway", &gateway.tags)
            }
            EksAction::AllocateAddress(address) => self.make(EksPartKind::Address, &address.part, &address.tags),
            EksAction::CreateNatGateway(nat) => {
                for part in [&nat.subnet, &nat.address, "internet-gateway"] {
                    self.needs(part)?;
                }
                self.make(EksPartKind::NatGateway, &nat.part, &nat.tags)
            }
            EksAction::CreateRouteTable(table) => {
                self.needs("vpc")?;
                table.subnets.iter().try_for_each(|part| self.needs(part))?;
                match &table.default_route {
                    EksRoute::InternetGateway => self.needs("internet-gateway")?,
                    EksRoute::Nat(nat) => self.needs(nat)?,
                }
                self.make(EksPartKind::RouteTable, &table.part, &table.tags)
            }
            EksAction::CreateCluster(wanted) => {
                if self.observed.cluster.is_some() {
                    return Err("ResourceInUseException".to_owned());
                }
                self.role(&wanted.role)?;
                let subnets = self.subnets(&wanted.subnets)?;
                if wanted.subnets_in("us-east-1e") {
                    return Err("UnsupportedAvailabilityZoneException".to_owned());
                }
                let vpc = self.id("vpc").ok();
                self.observed.cluster = Some(cluster::made(wanted, subnets, vpc));
                let security = BTreeMap::from([("kubernetes.io/cluster".to_owned(), "owned".to_owned())]);
                self.make(EksPartKind::SecurityGroup, "eks-cluster-sg", &security)?;
                self.make(EksPartKind::LogGroup, "/aws/eks/cluster", &BTreeMap::new())
            }
            EksAction::Await { target: EksTarget::Addon(name), .. } => {
                if self.cluster()?.pools.is_empty() {
                    return Err(format!("{name} never becomes ACTIVE without nodes"));
                }
                let addons = &mut self.description()?.addons;
                let addon = addons.iter_mut().find(|addon| addon.name == *name).ok_or("ResourceNotFoundException")?;
                "ACTIVE".clone_into(&mut addon.status);
                Ok(())
            }
            EksAction::Await { target: EksTarget::Machines(name), .. } => self.fill(name),
            EksAction::ChangeCluster { change: EksClusterChange::Tags { set, remove }, .. } => {
                let labels = &mut self.cluster()?.labels;
                labels.retain(|key, _| !remove.contains(key));
                labels.extend(set.clone());
                Ok(())
            }
            EksAction::ChangeCluster { .. } | EksAction::Await { .. } | EksAction::GrantAdmin { .. } => {
                self.cluster().map(drop)
            }
            EksAction::CreateAddon(addon) => {
                if let Some(identity) = &addon.identity {
                    self.role(&identity.role)?;
                }
                if addon.wait && self.cluster()?.pools.is_empty() {
                    return Err("never becomes ACTIVE without nodes".to_owned());
                }
                let state = EksAddonState {
                    name: addon.name.clone(),
                    status: if addon.wait { "ACTIVE" } else { "DEGRADED" }.to_owned(),
                    issues: Vec::new(),
                    configuration: addons::configuration(addon),
                    tags: addon.tags.clone(),
                };
                self.description()?.addons.push(state);
                Ok(())
            }
            EksAction::ChangeAddon { addon, configuration, .. } => {
                let addons = &mut self.description()?.addons;
                let addon = addons.iter_mut().find(|have| have.name == *addon).ok_or("ResourceNotFoundException")?;
                addon.configuration = Some(configuration.clone());
                Ok(())
            }
            EksAction::CreatePodIdentity(wanted) => {
                self.role(&wanted.identity.role)?;
                let EksRoleRef::Made(role) = &wanted.identity.role else { return Err("a given role".to_owned()) };
                let role_arn = format!("arn:aws:iam::123456789012:role/{role}");
                let (namespace, service_account) = (wanted.namespace.clone(), wanted.identity.service_account.clone());
                let identities = &mut self.description()?.identities;
                identities.retain(|have| have.namespace != namespace || have.service_account != service_account);
                identities.push(EksPodIdentityState { namespace, service_account, role_arn });
                Ok(())
            }
            EksAction::DeletePodIdentity { namespace, service_account, .. } => {
                let identities = &mut self.description()?.identities;
                identities.retain(|have| have.namespace != *namespace || have.service_account != *service_account);
                Ok(())
            }
            EksAction::DeleteAddon { addon, .. } => {
                self.description()?.addons.retain(|have| have.name != *addon);
                Ok(())
            }
            EksAction::CreateTemplate(template) => {
                self.make(EksPartKind::LaunchTemplate, &template.name, &template.tags)
            }
            EksAction::CreateGroup(group) => self.create_group(group),
            EksAction::ChangeGroup { group, change, .. } => self.change_group(group, change),
            EksAction::TagAutoscaling { group, tags, .. } => {
                self.group(group)?.autoscaling_tags.extend(tags.clone());
                Ok(())
            }
            EksAction::DeleteGroup { group, .. } => {
                let runs = self.description()?.addons.iter().any(|addon| addon.name == "vpc-cni");
                self.group(group)?;
                self.cluster()?.pools.retain(|pool| pool.name != *group);
                if runs && self.strands {
                    return self.make(EksPartKind::NetworkInterface, "aws-K8S-i-1", &BTreeMap::new());
                }
                Ok(())
            }
            EksAction::DeleteCluster { .. } => {
                if !self.cluster()?.pools.is_empty() {
                    return Err("ResourceInUseException: Cluster has nodegroups attached".to_owned());
                }
                self.observed.cluster = None;
                self.observed.applied.clear();
                // The control plane's log group and, at times, its interfaces and security group stay.
                self.make(EksPartKind::NetworkInterface, "Amazon EKS", &BTreeMap::new())
            }
            EksAction::DeletePart { part, .. } => self.delete(part),
            EksAction::Sweep { kinds, .. } => {
                self.observed.around.parts.retain(|part| !kinds.contains(&part.thing.kind));
                Ok(())
            }
        }
    }

    fn delete(&mut self, part: &EksPartRef) -> Result<(), String> {
        use EksPartKind::{
            Address, InternetGateway, NatGateway, NetworkInterface, RouteTable, SecurityGroup, Subnet, Vpc,
        };
        let holders: &[EksPartKind] = match part.kind {
            Vpc => &[Subnet, InternetGateway, RouteTable, SecurityGroup, NetworkInterface, NatGateway],
            Subnet => &[NatGateway, NetworkInterface],
            InternetGateway => &[NatGateway, Address],
            Address => &[NatGateway],
            _ => &[],
        };
        if let Some(holder) = self.observed.around.parts.iter().find(|have| holders.contains(&have.thing.kind)) {
            return Err(format!("DependencyViolation: {:?} holds {:?}", holder.thing, part));
        }
        let used = match part.kind {
            EksPartKind::Role if part.id.contains("-autoscaler-") => {
                self.observed.cluster.is_some() && !self.description()?.identities.is_empty()
            }
            EksPartKind::Role | Subnet | Vpc => self.observed.cluster.is_some(),
            EksPartKind::LaunchTemplate => self.observed.cluster.as_ref().is_some_and(|cluster| {
                let name = self
                    .observed
                    .around
                    .parts
                    .iter()
                    .find(|have| have.thing == *part)
                    .and_then(|have| have.part.clone());
                cluster
                    .pools
                    .iter()
                    .any(|pool| matches!(&pool.settings, ObservedPoolSettings::Eks(group) if group.template == name))
            }),
            _ => false,
        };
        if used {
            return Err(format!("{part:?} is in use"));
        }
        self.observed.around.parts.retain(|have| have.thing != *part);
        Ok(())
    }

    /// Makes a part, or completes the one that is there.
    fn make(&mut self, kind: EksPartKind, name: &str, tags: &BTreeMap<String, String>) -> Result<(), String> {
        if self.observed.around.parts.iter().any(|part| part.thing.kind == kind && part.part.as_deref() == Some(name)) {
            return Ok(());
        }
        self.next += 1;
        let id = if kind == EksPartKind::Role {
            name.to_owned()
        } else {
            format!("{}-{:x}", kind.words().replace(' ', "-"), self.next)
        };
        let thing = EksPartRef { kind, id };
        let (state, tags) = ("available".to_owned(), tags.clone());
        self.observed.around.parts.push(EksPart { thing, part: Some(name.to_owned()), state, complete: true, tags });
        Ok(())
    }

    fn id(&self, part: &str) -> Result<String, String> {
        let found = self.observed.around.parts.iter().find(|have| have.part.as_deref() == Some(part));
        found.map(|have| have.thing.id.clone()).ok_or_else(|| format!("{part} is not there"))
    }

    fn needs(&self, part: &str) -> Result<(), String> {
        self.id(part).map(drop)
    }

    fn role(&self, role: &EksRoleRef) -> Result<(), String> {
        match role {
            EksRoleRef::Made(name) => self.needs(name),
            EksRoleRef::Given(_) => Ok(()),
        }
    }

    fn subnets(&self, subnets: &EksSubnets) -> Result<Vec<String>, String> {
        match subnets {
            EksSubnets::Made(parts) => parts.iter().map(|part| self.id(part)).collect(),
            EksSubnets::Given { ids, .. } => Ok(ids.clone()),
        }
    }

    pub(crate) fn cluster(&mut self) -> Result<&mut ObservedCluster, String> {
        self.observed.cluster.as_mut().ok_or_else(|| "ResourceNotFoundException".to_owned())
    }

    fn description(&mut self) -> Result<&mut EksDescription, String> {
        match &mut self.cluster()?.cloud {
            ObservedCloud::Eks(description) => Ok(description),
            ObservedCloud::Gke(_) | ObservedCloud::Existing(_) => Err("a cluster of another provider".to_owned()),
        }
    }

    pub(crate) fn group(&mut self, name: &str) -> Result<&mut EksGroup, String> {
        let pool =
            self.cluster()?.pools.iter_mut().find(|pool| pool.name == name).ok_or("ResourceNotFoundException")?;
        match &mut pool.settings {
            ObservedPoolSettings::Eks(group) => Ok(group),
            ObservedPoolSettings::Gke(_) => Err("a pool of GKE".to_owned()),
        }
    }

    /// From now on nodes that go while the network plugin runs leave an interface behind.
    pub(crate) fn strand(&mut self) {
        self.strands = true;
    }
}

/// The hash that one of the objects carries.
fn hash(objects: &[Manifest]) -> Option<String> {
    let hash = |object: &Manifest| {
        object.value()["metadata"]["annotations"][device_plugin::HASH_KEY].as_str().map(str::to_owned)
    };
    objects.iter().find_map(hash)
}

trait InZone {
    fn subnets_in(&self, zone: &str) -> bool;
}

impl InZone for berth_core::actions::eks::EksCluster {
    fn subnets_in(&self, zone: &str) -> bool {
        matches!(&self.subnets, EksSubnets::Made(parts) if parts.iter().any(|part| part.ends_with(zone)))
    }
}
