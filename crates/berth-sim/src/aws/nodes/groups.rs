//! A node group from one look to the next.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::join;
use crate::aws::ec2;
use crate::aws::state::{Group, Happening, Spoil};
use crate::lifecycle::after;
use crate::world::{Step, World};

impl World {
    /// Brings a node group on its way, and looks again until it is settled.
    pub(crate) fn group_looked_at(&mut self, uid: &str, name: &str, now: Timestamp) {
        let Some(group) = self.group(uid, name) else { return };
        let again = match group.status() {
            "DELETING" => self.group_deletes(uid, name, now),
            "CREATE_FAILED" => false,
            _ => self.group_grows(uid, name, now),
        };
        if again {
            let at = now + after("eks-group", "looked-at", "looked-at-again", "");
            self.plan(at, Step::Aws(Happening::Group(uid.to_owned(), name.to_owned())));
        }
    }

    /// The node group of that name.
    pub(crate) fn group(&mut self, uid: &str, name: &str) -> Option<&mut Group> {
        self.aws.by_uid(uid)?.groups.get_mut(name)
    }

    /// Launches what is missing, lets machines join, and turns the group's status; tells whether to look again.
    fn group_grows(&mut self, uid: &str, name: &str, now: Timestamp) -> bool {
        self.fit_size(uid, name, now);
        let joined = self.machines_join(uid, name, now);
        let Some(group) = self.group(uid, name) else { return false };
        let wanted = group.size("desiredSize");
        let whole = group.machines.len() >= wanted && group.machines.iter().all(|machine| machine.ready.is_some());
        let creating = group.status() == "CREATING";
        let age = now.duration_since(group.since);
        let passed = |to: &str| age >= after("eks-group", "requested", to, "");
        match group.spoil.clone() {
            Some(Spoil::Stuck) => return true,
            Some(Spoil::Issue { code, message }) if passed("issue") => {
                add_issue(group, &code, &message);
                group.turn(if creating { "CREATE_FAILED" } else { "DEGRADED" }, now);
                return false;
            }
            _ => {}
        }
        if let Some(failure) = joined.filter(|failure| failure.final_) {
            add_issue(group, failure.code, &failure.message);
            group.turn(if creating { "CREATE_FAILED" } else { "DEGRADED" }, now);
            return false;
        }
        let needed = match (wanted, creating) {
            (0, true) => "empty",
            (_, true) => "created",
            (_, false) => "updated",
        };
        if whole && passed(needed) {
            *group.issues() = json!([]);
            show_scaling_group(group);
            if group.status() != "ACTIVE" {
                group.turn("ACTIVE", now);
                self.refresh_group(uid, name, now);
            }
            return false;
        }
        if creating && passed("given-up") {
            group.turn("CREATE_FAILED", now);
            return false;
        }
        true
    }

    /// Takes machines away and at last the group itself; tells whether to look again.
    fn group_deletes(&mut self, uid: &str, name: &str, now: Timestamp) -> bool {
        let Some(group) = self.group(uid, name) else { return false };
        let age = now.duration_since(group.since);
        if matches!(group.spoil, Some(Spoil::Stuck)) {
            return true;
        }
        if age >= after("eks-group", "requested", "machines-gone", "") && !group.machines.is_empty() {
            let machines: Vec<String> = group.machines.iter().map(|machine| machine.id.clone()).collect();
            let left = match group.spoil {
                Some(Spoil::Interfaces(count)) => count,
                _ => 0,
            };
            self.leave_interfaces(uid, name, left);
            self.terminate(uid, name, &machines, now);
            return true;
        }
        if age < after("eks-group", "requested", "deleted", "") {
            return true;
        }
        ec2::drop_group_parts(self, uid, name);
        if let Some(cluster) = self.aws.by_uid(uid) {
            cluster.groups.remove(name);
        }
        false
    }

    /// The interface for the pods of a machine, which the CNI on it attaches.
    fn attach_cni(&mut self, uid: &str, instance: &str) {
        let Some(cluster) = self.aws.by_uid(uid) else { return };
        if cluster.kube.get("daemonsets", Some("kube-system"), "aws-node").is_some() {
            let name = cluster.name().to_owned();
            ec2::attach_cni_interface(self, instance, &name);
        }
    }

    /// Network interfaces that stay when machines go while the CNI still runs on them.
    fn leave_interfaces(&mut self, uid: &str, name: &str, count: u32) {
        let Some(cluster) = self.aws.by_uid(uid) else { return };
        if cluster.kube.get("daemonsets", Some("kube-system"), "aws-node").is_none() {
            return;
        }
        let cluster_name = cluster.name().to_owned();
        let Some(machine) = cluster.groups.get(name).and_then(|group| group.machines.first()).cloned() else { return };
        for _ in 0..count {
            ec2::leave_interface(self, &machine.id, &cluster_name);
        }
    }

    /// Takes ready spot machines of a group away; the group makes up for them.
    pub(crate) fn preempt_aws(&mut self, group: &str, count: u32, now: Timestamp) {
        let mut taken = Vec::new();
        for cluster in self.aws.clusters.values() {
            let Some(group) = cluster.groups.get(group).filter(|group| group.is_spot()) else { continue };
            let ready = group.machines.iter().filter(|machine| machine.ready.is_some());
            let ids: Vec<String> = ready.take(count as usize).map(|machine| machine.id.clone()).collect();
            taken.push((cluster.uid.clone(), ids));
        }
        for (uid, ids) in taken {
            self.terminate(&uid, group, &ids, now);
            let at = now + after("instance", "preempted", "recreated", group);
            self.plan(at, Step::Aws(Happening::Group(uid, group.to_owned())));
        }
    }

    /// Lets machines register and become Ready whose time has come; tells of one that cannot.
    fn machines_join(&mut self, uid: &str, name: &str, now: Timestamp) -> Option<join::Trouble> {
        let trouble = join::trouble(self, uid, name);
        let mut found = None;
        let machines = self.group(uid, name)?.machines.clone();
        for machine in machines {
            let gpu = crate::aws::types::named(&machine.instance_type).is_some_and(|kind| kind.gpus.is_some());
            let kind = if gpu { "eks-gpu-node" } else { "eks-node" };
            let since = now.duration_since(machine.launched);
            if machine.ready.is_none()
                && let Some(trouble) = &trouble
            {
                let final_ = trouble.at_once || since >= after("eks-node", "launched", "given-up", "");
                found = Some(join::Trouble { final_, ..trouble.clone() });
                if !trouble.registers {
                    continue;
                }
            }
            if machine.registered.is_none() && since >= after(kind, "launched", "registered", "") {
                self.change_machine(uid, name, &machine.id, now, |machine| machine.registered = Some(now));
            } else if machine.ready.is_none()
                && trouble.is_none()
                && let Some(at) = machine.registered
                && now >= at + after("eks-node", "registered", "ready", "")
            {
                self.change_machine(uid, name, &machine.id, now, |machine| machine.ready = Some(now));
                self.attach_cni(uid, &machine.id);
                self.claims_soon(uid, now);
                let at = now + after("device-plugin", "node-ready", "advertised", "");
                self.plan(at, Step::Aws(Happening::Plugins(uid.to_owned())));
            }
        }
        found
    }
}

/// Adds a health issue unless one of its code is there.
pub(crate) fn add_issue(group: &mut Group, code: &str, message: &str) {
    let about = match code {
        "NodeCreationFailure" => group.machines.iter().map(|machine| Value::from(machine.id.as_str())).collect(),
        _ => vec![Value::from(group.scaling_group.as_str())],
    };
    let issue = json!({"code": code, "message": message, "resourceIds": about});
    if let Some(issues) = group.issues().as_array_mut() {
        issues.retain(|one| one["code"] != code);
        issues.push(issue);
    }
}

/// The Auto Scaling group shows once it exists.
pub(crate) fn show_scaling_group(group: &mut Group) {
    let named = json!({"autoScalingGroups": [{"name": group.scaling_group}]});
    group.fields.insert("resources".to_owned(), named);
}
