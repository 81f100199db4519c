//! Autoscalers of pods that nothing in the cluster can tell a number.
//!
//! CPU and memory come from metrics-server: GKE brings it, EKS has it as an add-on. Use in percent is of the requests, so every
//! container has to state one. All other metrics take an adapter. An autoscaler without numbers leaves the replicas as they are.
//! Source: the HorizontalPodAutoscaler's own algorithm in Kubernetes' documents.

use std::collections::BTreeSet;

use crate::lint::finding::{Place, Report, Says};
use crate::lint::object::{Object, Pod, shown};
use crate::lint::world::World;
use crate::spec::Provider;
use crate::spec::tree::Node;

pub(super) const RULE: &str = "autoscaler-metrics";

/// The add-on of EKS, and part of the image's name elsewhere.
const METRICS_SERVER: &str = "metrics-server";
/// Parts of the names of images that serve metrics of other kinds.
const ADAPTERS: [&str; 6] = [
    "prometheus-adapter",
    "custom-metrics",
    "keda",
    "k8s-cloudwatch-adapter",
    "metrics-adapter",
    "datadog/cluster-agent",
];
const UNKNOWN: &str = "its target is shown as <unknown>, and it never scales";

pub(super) fn check(world: &World<'_>, report: &mut Report) {
    for object in world.of_kind("HorizontalPodAutoscaler") {
        let wishes = wishes(object);
        no_metrics_server(world, object, &wishes, report);
        no_adapter(world, object, &wishes, report);
        for wish in &wishes {
            not_measured(object, wish, report);
            no_request(world, object, wish, report);
        }
    }
}

/// One number that an autoscaler goes by.
struct Wish<'a> {
    /// `Resource`, `ContainerResource`, `Pods`, `Object` or `External`.
    kind: &'a str,
    /// What is measured.
    name: &'a str,
    /// The container alone that is measured.
    container: Option<&'a str>,
    /// In percent of the requests.
    of_requests: bool,
    place: Place<'a>,
}

impl Wish<'_> {
    fn is_of_pods(&self) -> bool {
        matches!(self.kind, "Resource" | "ContainerResource")
    }
}

fn wishes<'a>(object: &'a Object<'a>) -> Vec<Wish<'a>> {
    let Some(spec) = object.root.get("spec") else { return Vec::new() };
    let cpu = |place| Wish { kind: "Resource", name: "cpu", container: None, of_requests: true, place };
    if object.api_version == "autoscaling/v1" {
        // Version 1 knows CPU alone, at 80 % where it says nothing.
        return vec![cpu(object.place_of(&["spec", "targetCPUUtilizationPercentage"]))];
    }
    let metrics = spec.get("metrics").map(Node::items).unwrap_or_default();
    if metrics.is_empty() {
        return vec![cpu(object.place_of(&["spec"]))];
    }
    metrics.iter().filter_map(|metric| wish(object, metric)).collect()
}

fn wish<'a>(object: &'a Object<'a>, metric: &'a Node) -> Option<Wish<'a>> {
    let kind = metric.get("type")?.text()?;
    let field = match kind {
        "Resource" => "resource",
        "ContainerResource" => "containerResource",
        "Pods" => "pods",
        "Object" => "object",
        "External" => "external",
        _ => return None,
    };
    let source = metric.get(field)?;
    let named = if field.ends_with("esource") { source } else { source.get("metric")? };
    let entry = named.entry("name")?;
    Some(Wish {
        kind,
        name: entry.node.text()?,
        container: source.get("container").and_then(Node::text),
        of_requests: source.along(&["target", "type"]).and_then(Node::text) == Some("Utilization"),
        place: object.at(shown(entry)),
    })
}

fn no_metrics_server(world: &World<'_>, object: &Object<'_>, wishes: &[Wish<'_>], report: &mut Report) {
    let is_served = match world.provider() {
        Provider::Eks => world.has_addon(METRICS_SERVER),
        // GKE brings it; what runs in a cluster that stands is known to that cluster only.
        Provider::Gke | Provider::Existing => true,
    };
    let measured = |wish: &&Wish<'_>| wish.is_of_pods() && ["cpu", "memory"].contains(&wish.name);
    let Some(first) = wishes.iter().find(measured) else { return };
    if is_served || world.runs(&[METRICS_SERVER]) || world.serves_api("metrics.k8s.io") {
        return;
    }
    let what =
        format!("{} goes by {} of its pods, and nothing in the cluster measures that", object.words(), first.name);
    let why = format!("EKS brings no metrics-server by itself: {UNKNOWN}");
    let fix = format!("add {METRICS_SERVER} to `spec.eks.addons`");
    report.warning(RULE, first.place, &Says::new(what, why, fix));
}

fn no_adapter(world: &World<'_>, object: &Object<'_>, wishes: &[Wish<'_>], report: &mut Report) {
    let Some(first) = wishes.iter().find(|wish| !wish.is_of_pods()) else { return };
    let apis = ["custom.metrics.k8s.io", "external.metrics.k8s.io"];
    if world.runs(&ADAPTERS) || apis.into_iter().any(|group| world.serves_api(group)) {
        return;
    }
    let what = format!("{} goes by {}, a metric of type {}", object.words(), first.name, first.kind);
    let why = format!("no file has an adapter that serves such metrics; without one {UNKNOWN}");
    let fix = "add prometheus-adapter, KEDA or the cloud's own adapter to the workloads, or go by CPU";
    report.warning(RULE, first.place, &Says::new(what, why, fix));
}

/// Of containers only CPU and memory are measured: the use of a GPU is not.
fn not_measured(object: &Object<'_>, wish: &Wish<'_>, report: &mut Report) {
    if !wish.is_of_pods() || ["cpu", "memory"].contains(&wish.name) {
        return;
    }
    let what = format!("{} goes by the resource {}", object.words(), wish.name);
    let why = format!("of pods only cpu and memory are measured: {UNKNOWN}");
    let fix = if wish.name.contains('/') {
        "a metric of type Pods from an adapter, such as DCGM's use of the GPU, or cpu"
    } else {
        "cpu or memory"
    };
    report.error(RULE, wish.place, &Says::new(what, why, fix));
}

/// Percents are of requests, and one container without any makes the whole pod unmeasured.
fn no_request(world: &World<'_>, object: &Object<'_>, wish: &Wish<'_>, report: &mut Report) {
    if !wish.of_requests || !["cpu", "memory"].contains(&wish.name) || !wish.is_of_pods() {
        return;
    }
    let target = world.scalers().find(|scaler| std::ptr::eq(scaler.object, object));
    let Some(target) = target.and_then(|scaler| world.pods().find(|pod| scaler.scales(pod))) else { return };
    // Resources of the pod as a whole stand for those of its containers.
    if target.spec.along(&["resources", "requests", wish.name]).is_some() {
        return;
    }
    let without = without_request(world, &target, wish);
    if without.is_empty() {
        return;
    }
    let names: Vec<&str> = without.into_iter().collect();
    let what = format!(
        "{} goes by percent of the requests for {}, and {} has a container without one: {}",
        object.words(),
        wish.name,
        target.object.words(),
        names.join(", ")
    );
    let why = format!("missing request for {}: {UNKNOWN}", wish.name);
    let fix = format!("give each container `requests.{}`, or a LimitRange with a `defaultRequest`", wish.name);
    report.error(RULE, wish.place, &Says::new(what, why, fix));
}

fn without_request<'a>(world: &World<'_>, pod: &Pod<'a>, wish: &Wish<'_>) -> BTreeSet<&'a str> {
    let counted = pod.containers().filter(|container| container.lasts());
    let measured = counted.filter(|container| wish.container.is_none_or(|name| name == container.name()));
    let bare = measured.filter(|container| world.limits.request(container, wish.name).is_none_or(|amount| amount == 0));
    bare.map(|container| container.name()).collect()
}
