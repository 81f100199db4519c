//! How the quotas of services come into a cluster, change with the file and go out of it.
//!
//! Compared by the hash that all of them carry, and by which of them are there: a run that is cut short anywhere is ended by
//! the next.

use super::steps::{self, Inside, Kube};
use crate::actions::kube::{KubeAction, KubeClusterRef, KubeObjectRef, Manifest};
use crate::manifests::quotas::{self, QuotaObjects};
use crate::plan::{Note, Step, StepChange, StepId};
use crate::spec::{ClusterSpec, ServiceQuotas};

/// What they are, in messages.
const ABOUT: &str = "service quotas";

/// Steps after which the cluster's quotas are as the file says; none if they are.
pub fn decide(inside: &Inside<'_>, after: &[StepId]) -> Kube {
    let Inside { spec, observed, .. } = *inside;
    let want = quotas::render(spec).map(|want| without_namespaces_of_workloads(want, inside));
    let staying = steps::is_staying(observed);
    let have = observed.applied.get(quotas::GROUP).filter(|_| staying);
    let there = observed.applied_objects.get(quotas::GROUP).filter(|_| staying);
    let wanted_refs = want.as_ref().map(QuotaObjects::refs).unwrap_or_default();
    let stale = there.into_iter().flatten().filter(|object| !wanted_refs.contains(object));
    let stale: Vec<KubeObjectRef> = stale.cloned().collect();
    let mut kube = Kube::default();
    let mut after = after.to_vec();
    if !stale.is_empty() {
        kube.notes.extend(left_namespaces(&stale, spec.quotas.as_ref()));
        let removal = remove(spec, stale, &after);
        after.push(removal.id.clone());
        kube.steps.push(removal);
    }
    let all_there = there.is_none_or(|there| wanted_refs.iter().all(|object| there.contains(object)));
    if let (Some(want), Some(services)) = (want, &spec.quotas)
        && !(all_there && have == Some(&want.hash))
    {
        let is_change = there.is_some_and(|there| !there.is_empty());
        kube.steps.push(apply(spec, services, want, is_change, after));
    }
    kube
}

/// A namespace that the workloads' files have is theirs: applied from two sides, each would take the other's labels away.
fn without_namespaces_of_workloads(mut want: QuotaObjects, inside: &Inside<'_>) -> QuotaObjects {
    let namespaces = inside.workloads.objects.iter().filter(|object| object.kind() == "Namespace");
    let names: Vec<String> = namespaces.map(|object| object.reference().name).collect();
    let is_theirs = |object: &serde_json::Value| {
        object["kind"] == "Namespace" && names.iter().any(|name| object["metadata"]["name"] == name.as_str())
    };
    want.objects.retain(|object| !is_theirs(object));
    want
}

fn apply(
    spec: &ClusterSpec,
    services: &ServiceQuotas,
    want: QuotaObjects,
    is_change: bool,
    after: Vec<StepId>,
) -> Step {
    let objects = want.objects.into_iter().map(Manifest::new).collect();
    let cluster = KubeClusterRef::of(spec);
    let action = KubeAction::ApplyObjects { cluster, about: ABOUT.to_owned(), objects, force: true };
    let step = steps::step("service-quotas", format!("apply {ABOUT}"), after, action);
    let details = services.services.iter().map(|(service, quota)| {
        let fence = match services.priority_class(service) {
            Some(class) => format!("priority class {class}"),
            None => format!("namespace {service}"),
        };
        format!(
            "{service}: {} CPU, {} memory, {} GPU shares, by {fence}",
            quotas::cores(quota.cpu_millis),
            quota.memory,
            quota.gpus
        )
    });
    let (change, why) = if is_change {
        (StepChange::Change, "the file says otherwise; pods that run are not touched")
    } else {
        (StepChange::Add, "the file limits what each service may take")
    };
    Step { change, why: why.to_owned(), details: details.collect(), ..step }
}

fn remove(spec: &ClusterSpec, stale: Vec<KubeObjectRef>, after: &[StepId]) -> Step {
    let details = stale.iter().map(ToString::to_string).collect();
    let action =
        KubeAction::DeleteObjects { cluster: KubeClusterRef::of(spec), about: ABOUT.to_owned(), objects: stale };
    let title = format!("delete {ABOUT} that are not wanted");
    let step = steps::step("service-quotas/delete", title, after.to_vec(), action);
    let why = "berth put them there and the file has them no more; pods that run are not touched".to_owned();
    Step { change: StepChange::Remove, why, details, ..step }
}

/// Namespaces hold other people's pods and volumes, so they stay.
fn left_namespaces(stale: &[KubeObjectRef], wanted: Option<&ServiceQuotas>) -> Vec<Note> {
    let wanted = wanted.map(quotas::namespaces).unwrap_or_default();
    let ranges = stale.iter().filter(|object| object.kind == "LimitRange");
    let left = ranges.filter_map(|object| object.namespace.as_deref()).filter(|name| !wanted.contains(name));
    left.map(|name| Note {
        about: format!("namespace {name}"),
        text: "is not in the file any more; it stays, with all that runs in it and without limits".to_owned(),
    })
    .collect()
}
