//! Machines launched and terminated: instances, volumes and interfaces in EC2, spans in the ledger.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::capacity::{Wanted, place};
use super::groups::{add_issue, show_scaling_group};
use super::object;
use crate::aws::ec2;
use crate::aws::serve::texts;
use crate::aws::state::{Machine, stamp};
use crate::aws::types::InstanceType;
use crate::ledger::{Span, SpanKind};
use crate::world::World;

/// How many tries of its Auto Scaling group a node group remembers.
const MOST_ACTIVITIES: usize = 20;

impl World {
    /// Launches or terminates machines until a group has its desired size, as far as EC2 lets it.
    pub(crate) fn fit_size(&mut self, uid: &str, name: &str, now: Timestamp) {
        let Some(group) = self.group(uid, name) else { return };
        let (wanted, present) = (group.size("desiredSize"), group.machines.len());
        if present > wanted {
            let gone: Vec<String> = group.machines[wanted..].iter().map(|machine| machine.id.clone()).collect();
            self.terminate(uid, name, &gone, now);
        }
        for index in present..wanted {
            match self.launch(uid, name, index, now) {
                Ok(()) => {}
                Err(reason) => {
                    self.could_not_launch(uid, name, &reason, now);
                    return;
                }
            }
        }
        if let Some(group) = self.group(uid, name)
            && let Some(issues) = group.issues().as_array_mut()
        {
            issues.retain(|issue| issue["code"] != "AsgInstanceLaunchFailures");
        }
    }

    fn could_not_launch(&mut self, uid: &str, name: &str, reason: &str, now: Timestamp) {
        let Some(group) = self.group(uid, name) else { return };
        show_scaling_group(group);
        let activity = activity(&group.scaling_group, "Failed", reason, now);
        group.activities.insert(0, activity);
        group.activities.truncate(MOST_ACTIVITIES);
        // EKS copies the reason into the health of the node group a little later.
        if now.duration_since(group.since) >= crate::lifecycle::after("eks-group", "requested", "issue", "") {
            add_issue(group, "AsgInstanceLaunchFailures", reason);
        }
    }

    fn launch(&mut self, uid: &str, name: &str, index: usize, now: Timestamp) -> Result<(), String> {
        let Some(cluster) = self.aws.clusters.values().find(|cluster| cluster.uid == uid) else { return Ok(()) };
        let Some(group) = cluster.groups.get(name) else { return Ok(()) };
        let region = cluster.region.clone();
        let subnets: Vec<(String, String)> = texts(group.fields.get("subnets"))
            .into_iter()
            .filter_map(|id| Some((id.to_owned(), self.aws.things.get(id)?.text("availabilityZone").to_owned())))
            .collect();
        let mut zones: Vec<String> = subnets.iter().map(|(_, zone)| zone.clone()).collect();
        if !zones.is_empty() {
            let turn = index % zones.len();
            zones.rotate_left(turn);
        }
        let wanted = Wanted {
            region: &region,
            zones,
            types: ec2::types_of(self, group, &region),
            spot: group.is_spot(),
            spoil: group.spoil.as_ref(),
            present: group.machines.len(),
        };
        let (zone, kind) = place(self, &wanted)?;
        let subnet = subnets.into_iter().find(|(_, one)| *one == zone).map(|(id, _)| id).unwrap_or_default();
        let machine = ec2::make_instance(self, uid, name, kind, &subnet, now);
        self.bill(uid, name, &machine, kind, now);
        let Some(group) = self.group(uid, name) else { return Ok(()) };
        show_scaling_group(group);
        let text = format!("Launching a new EC2 instance: {}", machine.id);
        group.activities.insert(0, activity(&group.scaling_group, "Successful", &text, now));
        group.activities.truncate(MOST_ACTIVITIES);
        group.machines.push(machine);
        Ok(())
    }

    /// Begins the spans of a machine and its disk.
    fn bill(&mut self, uid: &str, group: &str, machine: &Machine, kind: &InstanceType, now: Timestamp) {
        let Some(cluster) = self.aws.by_uid(uid) else { return };
        let arn = cluster.arn().to_owned();
        let spot = cluster.groups.get(group).is_some_and(super::super::state::Group::is_spot);
        let disk = ec2::disk_of(self, uid, group);
        let span = Span {
            kind: SpanKind::Node,
            cluster: arn,
            pool: group.to_owned(),
            name: machine.id.clone(),
            machine_type: kind.name.to_owned(),
            gpu: kind.gpus.map(|gpus| format!("{}x{}", gpus.count, gpus.name)).unwrap_or_default(),
            size_gb: None,
            spot,
            zone: machine.zone.clone(),
            from: now,
            to: None,
        };
        let disk = Span {
            kind: SpanKind::Disk,
            machine_type: disk.kind,
            gpu: String::new(),
            size_gb: Some(disk.size_gb),
            spot: false,
            ..span.clone()
        };
        self.ledger.spans.extend([span, disk]);
    }

    /// Takes machines of a group away: node objects, instances with what hangs on them, and the spans.
    pub(crate) fn terminate(&mut self, uid: &str, group: &str, ids: &[String], now: Timestamp) {
        let Some(cluster) = self.aws.by_uid(uid) else { return };
        let arn = cluster.arn().to_owned();
        let Some(group) = cluster.groups.get_mut(group) else { return };
        let (gone, kept): (Vec<Machine>, Vec<Machine>) =
            group.machines.drain(..).partition(|machine| ids.contains(&machine.id));
        group.machines = kept;
        for machine in &gone {
            cluster.kube.remove(now, "leases", Some("kube-node-lease"), &machine.node);
            cluster.kube.remove(now, "nodes", None, &machine.node);
        }
        for machine in &gone {
            self.ledger.close(&arn, &machine.id, now);
            ec2::end_instance(self, &machine.id, now);
        }
    }

    /// Changes a machine and writes its node once it has registered.
    pub(crate) fn change_machine(
        &mut self,
        uid: &str,
        group: &str,
        id: &str,
        now: Timestamp,
        change: impl FnOnce(&mut Machine),
    ) {
        let Some(cluster) = self.aws.by_uid(uid) else { return };
        let Some(group) = cluster.groups.get_mut(group) else { return };
        let Some(machine) = group.machines.iter_mut().find(|machine| machine.id == id) else { return };
        change(machine);
        if machine.registered.is_some() {
            let machine = machine.clone();
            let group = group.clone();
            object::write(cluster, &group, &machine, now);
        }
    }

    /// Writes the nodes of a group anew after its labels or taints changed.
    pub(crate) fn refresh_group(&mut self, uid: &str, name: &str, now: Timestamp) {
        let Some(group) = self.group(uid, name) else { return };
        let ids: Vec<String> = group.machines.iter().map(|machine| machine.id.clone()).collect();
        for id in ids {
            self.change_machine(uid, name, &id, now, |_| {});
        }
    }
}

fn activity(scaling_group: &str, status: &str, text: &str, now: Timestamp) -> Value {
    let id = crate::lifecycle::digest(&format!("{scaling_group}/{text}/{now}"));
    json!({
        "ActivityId": format!("{id:016x}"),
        "AutoScalingGroupName": scaling_group,
        "Description": if status == "Failed" { "Launching a new EC2 instance." } else { text },
        "Cause": format!("At {} an instance was started in response to a difference between desired and actual capacity.", stamp(now)),
        "StartTime": stamp(now),
        "EndTime": stamp(now),
        "StatusCode": status,
        "StatusMessage": if status == "Failed" { Value::from(text) } else { Value::Null },
        "Progress": 100,
    })
}
