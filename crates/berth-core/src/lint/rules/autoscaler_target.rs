//! Autoscalers of pods that have nothing to scale, or that no server takes.

use crate::lint::finding::{Report, Says};
use crate::lint::scaling::Scaler;
use crate::lint::world::World;

pub(super) const RULE: &str = "autoscaler-target";

/// Kinds that pods can be scaled by and whose objects stand in files.
const SCALED: [&str; 3] = ["Deployment", "ReplicaSet", "StatefulSet"];

pub(super) fn check(world: &World<'_>, report: &mut Report) {
    let scalers: Vec<Scaler<'_>> = world.scalers().collect();
    for (index, scaler) in scalers.iter().enumerate() {
        numbers(scaler, report);
        let is_same = |other: &&Scaler<'_>| {
            (other.kind, other.name, other.object.namespace()) == (scaler.kind, scaler.name, scaler.object.namespace())
        };
        if let Some(first) = scalers[..index].iter().find(is_same) {
            let at = first.object.place_of(&["spec", "scaleTargetRef"]);
            let what = format!(
                "{} scales {} {}, which {} scales already at {}:{}",
                scaler.object.words(),
                scaler.kind,
                scaler.name,
                first.object.words(),
                at.file,
                at.at.line
            );
            let why = "each sets the replicas the other has just changed; two HorizontalPodAutoscalers of the same pods both stop";
            let fix = "one autoscaler with all metrics: it takes the largest number that any of them asks for";
            report.error(RULE, scaler.object.place_of(&["spec", "scaleTargetRef", "name"]), &Says::new(what, why, fix));
        }
        target(world, scaler, report);
    }
}

fn numbers(scaler: &Scaler<'_>, report: &mut Report) {
    let Some(most) = scaler.most.filter(|most| *most < scaler.least) else { return };
    let what = format!("{} has at most {most} pods and at least {}", scaler.object.words(), scaler.least);
    let place = scaler.object.place_of(&["spec", scaler.most_field]);
    let fix = format!("`{}` of {} or more", scaler.most_field, scaler.least);
    report.error(RULE, place, &Says::new(what, "the API server refuses it", fix));
}

fn target(world: &World<'_>, scaler: &Scaler<'_>, report: &mut Report) {
    let place = scaler.object.place_of(&["spec", "scaleTargetRef", "name"]);
    let target = format!("{} {}", scaler.kind, scaler.name);
    if scaler.kind == "DaemonSet" {
        let what = format!("{} scales {target}, and a DaemonSet has no replicas", scaler.object.words());
        let why = "it runs one pod on each node, and the autoscaler says only FailedGetScale";
        let fix = "a Deployment, or leave the autoscaler out: nodes are added by the pools' autoscaler";
        report.error(RULE, place, &Says::new(what, why, fix));
        return;
    }
    if !SCALED.contains(&scaler.kind) || world.pods().any(|pod| scaler.scales(&pod)) {
        return;
    }
    let namespace = scaler.object.namespace().unwrap_or("default");
    let what = format!("{} scales {target}, which no file has in namespace {namespace}", scaler.object.words());
    let elsewhere = world.pods().find(|pod| pod.object.kind == scaler.kind && pod.object.name == scaler.name);
    let fix = match elsewhere {
        Some(pod) => format!("`metadata.namespace: {}`, where {target} is", pod.namespace()),
        None => format!("the name of something that is there, or add {target}"),
    };
    report.warning(RULE, place, &Says::new(what, "until it is there, nothing is scaled: FailedGetScale", fix));
}
