//! API versions that the cluster's Kubernetes serves no more, or soon will not.
//!
//! Source: Kubernetes' deprecated API migration guide.

use crate::lint::finding::{Report, Says};
use crate::lint::world::World;

pub(super) const RULE: &str = "removed-api";

/// The minor version taken for a cluster whose file names none: both clouds' defaults of 2026 are at least this.
const USUAL_MINOR: u32 = 33;

/// API version, kinds (none: all), the minor version that serves it no more, and what to write instead.
struct Removed(&'static str, &'static [&'static str], u32, &'static str);

static REMOVED: [Removed; 34] = [
    Removed("extensions/v1beta1", &["DaemonSet", "Deployment", "ReplicaSet"], 16, "apps/v1"),
    Removed("extensions/v1beta1", &["NetworkPolicy"], 16, "networking.k8s.io/v1"),
    Removed("extensions/v1beta1", &["PodSecurityPolicy"], 16, "namespace labels of Pod Security"),
    Removed("extensions/v1beta1", &["Ingress"], 22, "networking.k8s.io/v1"),
    Removed("apps/v1beta1", &[], 16, "apps/v1"),
    Removed("apps/v1beta2", &[], 16, "apps/v1"),
    Removed(
        "admissionregistration.k8s.io/v1beta1",
        &["MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"],
        22,
        "admissionregistration.k8s.io/v1",
    ),
    Removed("apiextensions.k8s.io/v1beta1", &[], 22, "apiextensions.k8s.io/v1"),
    Removed("apiregistration.k8s.io/v1beta1", &[], 22, "apiregistration.k8s.io/v1"),
    Removed("authentication.k8s.io/v1beta1", &["TokenReview"], 22, "authentication.k8s.io/v1"),
    Removed("authorization.k8s.io/v1beta1", &[], 22, "authorization.k8s.io/v1"),
    Removed("certificates.k8s.io/v1beta1", &["CertificateSigningRequest"], 22, "certificates.k8s.io/v1"),
    Removed("coordination.k8s.io/v1beta1", &["Lease"], 22, "coordination.k8s.io/v1"),
    Removed("networking.k8s.io/v1beta1", &["Ingress", "IngressClass"], 22, "networking.k8s.io/v1"),
    Removed("rbac.authorization.k8s.io/v1alpha1", &[], 22, "rbac.authorization.k8s.io/v1"),
    Removed("rbac.authorization.k8s.io/v1beta1", &[], 22, "rbac.authorization.k8s.io/v1"),
    Removed("scheduling.k8s.io/v1alpha1", &["PriorityClass"], 22, "scheduling.k8s.io/v1"),
    Removed("scheduling.k8s.io/v1beta1", &["PriorityClass"], 22, "scheduling.k8s.io/v1"),
    Removed(
        "storage.k8s.io/v1beta1",
        &["CSIDriver", "CSINode", "StorageClass", "VolumeAttachment"],
        22,
        "storage.k8s.io/v1",
    ),
    Removed("batch/v2alpha1", &["CronJob"], 21, "batch/v1"),
    Removed("batch/v1beta1", &["CronJob"], 25, "batch/v1"),
    Removed("discovery.k8s.io/v1beta1", &["EndpointSlice"], 25, "discovery.k8s.io/v1"),
    Removed("events.k8s.io/v1beta1", &["Event"], 25, "events.k8s.io/v1"),
    Removed("autoscaling/v2beta1", &["HorizontalPodAutoscaler"], 25, "autoscaling/v2"),
    Removed("policy/v1beta1", &["PodDisruptionBudget"], 25, "policy/v1"),
    Removed("policy/v1beta1", &["PodSecurityPolicy"], 25, "namespace labels of Pod Security"),
    Removed("node.k8s.io/v1beta1", &["RuntimeClass"], 25, "node.k8s.io/v1"),
    Removed("autoscaling/v2beta2", &["HorizontalPodAutoscaler"], 26, "autoscaling/v2"),
    Removed("flowcontrol.apiserver.k8s.io/v1beta1", &[], 26, "flowcontrol.apiserver.k8s.io/v1"),
    Removed("storage.k8s.io/v1beta1", &["CSIStorageCapacity"], 27, "storage.k8s.io/v1"),
    Removed("flowcontrol.apiserver.k8s.io/v1beta2", &[], 29, "flowcontrol.apiserver.k8s.io/v1"),
    Removed("flowcontrol.apiserver.k8s.io/v1beta3", &[], 32, "flowcontrol.apiserver.k8s.io/v1"),
    Removed("snapshot.storage.k8s.io/v1beta1", &[], 24, "snapshot.storage.k8s.io/v1"),
    Removed("settings.k8s.io/v1alpha1", &["PodPreset"], 20, "fields in the pod templates themselves"),
];

pub(super) fn check(world: &World<'_>, report: &mut Report) {
    let minor = world.minor();
    for object in &world.objects {
        let entry = REMOVED.iter().find(|Removed(version, kinds, _, _)| {
            *version == object.api_version && (kinds.is_empty() || kinds.contains(&object.kind.as_str()))
        });
        let Some(Removed(version, _, removed, instead)) = entry else { continue };
        let place = object.place_of(&["apiVersion"]);
        let what = format!("{version} has no {} since Kubernetes 1.{removed}", object.kind);
        if *removed > minor.unwrap_or(USUAL_MINOR) {
            let what = format!("{version} of {} goes away with Kubernetes 1.{removed}", object.kind);
            let why = "the cluster still serves it, and refuses the object after an upgrade";
            report.warning(RULE, place, &Says::new(what, why, *instead));
        } else {
            let at = minor.map_or_else(String::new, |minor| format!(" 1.{minor}"));
            let why = format!("the cluster's Kubernetes{at} refuses it: no matches for kind {}", object.kind);
            report.error(RULE, place, &Says::new(what, why, *instead));
        }
    }
}
