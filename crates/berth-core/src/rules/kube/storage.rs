//! The default storage class of an EKS cluster with the volume driver: it comes where nobody else brings one, and goes when it is not
//! wanted any more. Volumes that were made by it stay.

use super::steps::{self, Inside};
use crate::actions::kube::{KubeAction, KubeClusterRef, Manifest};
use crate::manifests::default_class::{self, GROUP, KIND, NAME};
use crate::observed::ObjectState;
use crate::plan::{Step, StepChange, StepId};
use crate::rules::eks::addons::EBS_CSI;
use crate::spec::CloudSpec;

/// What it is, in messages.
const ABOUT: &str = "default storage class";

/// The step after which the default class is as it is wanted; `None` if it is.
pub(super) fn decide(inside: &Inside<'_>, after: &[StepId]) -> Option<Step> {
    let CloudSpec::Eks(eks) = &inside.spec.cloud else { return None };
    let have = inside.observed.applied.get(GROUP).filter(|_| steps::is_staying(inside.observed));
    let is_wanted = eks.has_addon(EBS_CSI) && !is_brought(inside) && (have.is_some() || !is_there(inside));
    let want = default_class::default_class();
    let cluster = KubeClusterRef::of(inside.spec);
    let about = ABOUT.to_owned();
    if !is_wanted {
        let _ours = have?;
        let action = KubeAction::DeleteObjects { cluster, about, objects: default_class::refs() };
        let step =
            steps::step("default-storage-class/delete", format!("delete {ABOUT} {NAME}"), after.to_vec(), action);
        let why = "the workloads bring another one, or nothing makes its volumes any more; volumes stay".to_owned();
        return Some(Step { change: StepChange::Remove, why, ..step });
    }
    if have == Some(&want.hash) {
        return None;
    }
    let objects = vec![Manifest::new(want.object)];
    let action = KubeAction::ApplyObjects { cluster, about, objects, force: true };
    let step = steps::step("default-storage-class", format!("apply {ABOUT} {NAME}"), after.to_vec(), action);
    let change = if have.is_some() { StepChange::Change } else { step.change };
    let why = "EKS has none, and claims that name no class would wait for ever".to_owned();
    Some(Step { change, why, ..step })
}

/// Whether the files have a default class, or one of that name.
fn is_brought(inside: &Inside<'_>) -> bool {
    let classes = inside.workloads.objects.iter().filter(|object| object.kind() == KIND.1);
    classes.map(Manifest::value).any(|class| default_class::is_default(class) || class["metadata"]["name"] == NAME)
}

/// Whether the cluster has one of somebody else's, which this plan does not take away.
fn is_there(inside: &Inside<'_>) -> bool {
    let observed = inside.observed;
    let goes = |name: &String| {
        let is_it = |seen: &&crate::observed::ObservedObject| seen.object.kind == KIND.1 && seen.object.name == *name;
        observed.workloads.iter().find(is_it).is_some_and(|seen| seen.state == ObjectState::Unwanted)
    };
    steps::is_staying(observed) && observed.default_classes.iter().any(|name| !goes(name))
}
