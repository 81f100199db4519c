//! Node groups of the tiny AWS.

use berth_core::actions::eks::{EksGroup, EksGroupChange, EksSubnets};
use berth_core::observed::{Issue, IssueCause, ObservedPool, ObservedPoolSettings, Phase};

use super::World;

impl World {
    pub(super) fn create_group(&mut self, wanted: &EksGroup) -> Result<(), String> {
        let has_plugin = self.description()?.addons.iter().any(|addon| addon.name == "vpc-cni");
        if !has_plugin {
            return Err("NodeCreationFailure: nodes do not become ready without a network plugin".to_owned());
        }
        self.role(&wanted.role)?;
        self.needs(wanted.template.as_deref().unwrap_or_default())?;
        let ids = self.subnets(&wanted.subnets)?;
        for zone in ["a", "b", "c", "d", "e"] {
            let part = format!("subnet-private-us-east-1{zone}");
            if self.id(&part).is_ok_and(|id| ids.contains(&id)) {
                self.needs(&format!("routes-private-us-east-1{zone}"))?;
            }
        }
        let stock = self.stock.get(&wanted.name).copied().unwrap_or(u32::MAX);
        let running = Some(wanted.desired.min(stock));
        let settings = EksGroup { subnets: EksSubnets::Given { ids, zones: Vec::new() }, running, ..wanted.clone() };
        let short = if self.is_slow { Phase::Creating } else { Phase::Failed };
        let cluster = self.cluster()?;
        if cluster.pools.iter().any(|pool| pool.name == wanted.name) {
            return Err("ResourceInUseException".to_owned());
        }
        let is_short = wanted.desired > stock;
        cluster.pools.push(ObservedPool {
            name: wanted.name.clone(),
            phase: if is_short { short } else { Phase::Running },
            issues: is_short.then(no_stock).into_iter().collect(),
            settings: ObservedPoolSettings::Eks(Box::new(settings)),
        });
        if is_short { Err(no_stock().message) } else { Ok(()) }
    }

    /// Waits for the machines of a group, which come at once if there are enough.
    pub(super) fn fill(&mut self, name: &str) -> Result<(), String> {
        let wanted = self.group(name)?.desired;
        self.settle();
        if self.group(name)?.running < Some(wanted) { Err(no_stock().message) } else { Ok(()) }
    }

    /// EKS looks at its groups of machines: they have launched what they could.
    pub(crate) fn settle(&mut self) {
        let stock = self.stock.clone();
        for pool in &mut self.cluster().expect("a cluster").pools {
            let ObservedPoolSettings::Eks(group) = &mut pool.settings else { continue };
            let most = stock.get(&pool.name).copied().unwrap_or(u32::MAX);
            group.running = Some(group.desired.min(most));
            let is_short = group.desired > most;
            pool.issues = is_short.then(no_stock).into_iter().collect();
            pool.phase = match (pool.phase, is_short) {
                (Phase::Failed, _) | (Phase::Creating, true) => Phase::Failed,
                (_, true) => Phase::Degraded,
                (_, false) => Phase::Running,
            };
        }
    }

    pub(super) fn change_group(&mut self, name: &str, change: &EksGroupChange) -> Result<(), String> {
        let phase = self.cluster()?.pools.iter().find(|pool| pool.name == name).map(|pool| pool.phase);
        if matches!(phase, Some(Phase::Failed | Phase::Creating)) {
            return Err("Nodegroup cannot be updated as it is currently not in Active State".to_owned());
        }
        let group = self.group(name)?;
        match change {
            EksGroupChange::Labels { set, remove } => {
                group.labels.retain(|key, _| !remove.contains(key));
                group.labels.extend(set.clone());
            }
            EksGroupChange::Taints { set, remove } => {
                group.taints.retain(|taint| {
                    !remove.contains(taint) && !set.iter().any(|new| new.key == taint.key && new.effect == taint.effect)
                });
                group.taints.extend(set.clone());
            }
            EksGroupChange::Scaling { nodes, desired } => {
                if !(nodes.min..=nodes.max).contains(desired) {
                    return Err("InvalidParameterException: desired is outside the limits".to_owned());
                }
                (group.nodes, group.desired) = (*nodes, *desired);
            }
            EksGroupChange::Tags(tags) => group.tags.extend(tags.clone()),
        }
        Ok(())
    }
}

fn no_stock() -> Issue {
    Issue {
        cause: IssueCause::Stockout,
        code: "AsgInstanceLaunchFailures".to_owned(),
        message: "Could not launch Spot Instances. InsufficientInstanceCapacity - We currently do not have sufficient g4dn.xlarge capacity in the Availability Zone you requested (us-east-1a).".to_owned(),
    }
}
