//! GPU requests that no node can ever satisfy, or that the API server refuses.

use std::collections::BTreeSet;

use crate::lint::finding::{Report, Says};
use crate::lint::object::{Container, Pod, shown};
use crate::lint::pools::{Pools, is_gpu_resource, most_for_one};
use crate::lint::quantity;
use crate::lint::world::World;
use crate::spec::{GPU_RESOURCE, PoolSpec};

pub(super) const RULE: &str = "gpu-request";

pub(super) fn check(world: &World<'_>, report: &mut Report) {
    let pools = world.pools();
    for pod in world.pods() {
        let mut resources = BTreeSet::new();
        let mut fine = true;
        for container in pod.containers() {
            for resource in gpu_resources(&container) {
                fine &= of_container(&pools, &container, resource, report);
                resources.insert(resource);
            }
        }
        for resource in resources.into_iter().filter(|_| fine) {
            of_pod(&pools, &pod, resource, report);
        }
    }
}

fn gpu_resources<'a>(container: &Container<'a>) -> BTreeSet<&'a str> {
    let said = container.said("limits").iter().chain(container.said("requests"));
    said.map(|entry| entry.key.as_str()).filter(|key| is_gpu_resource(key)).collect()
}

/// Whether one container can have what it asks for.
fn of_container(pools: &Pools<'_>, container: &Container<'_>, resource: &str, report: &mut Report) -> bool {
    let said = container.said("limits").iter().chain(container.said("requests"));
    let place = said
        .filter(|entry| entry.key == resource)
        .map(|entry| container.pod.object.at(shown(entry)))
        .next()
        .unwrap_or(container.place());
    let name = container.name();
    let (limit, request) = (container.amount("limits", resource), container.amount("requests", resource));
    let amount = limit.or(request).unwrap_or(0);
    let asked = quantity::words(amount);
    let refused = "the API server refuses the pod";
    let says = if amount == 0 && request.unwrap_or(0) == 0 {
        return true;
    } else if limit.is_none() {
        let what = format!("container {name} has {resource} under `requests` only");
        Says::new(
            what,
            format!("{refused}: limit must be set for non overcommitable resources"),
            format!("`limits` with {resource}: {asked}"),
        )
    } else if request.is_some_and(|request| Some(request) != limit) {
        let what = format!(
            "container {name} asks for {} of {resource} and limits it to {asked}",
            quantity::words(request.unwrap_or(0))
        );
        Says::new(what, format!("{refused}: request must be equal to limit"), "give only the limit")
    } else if !amount.is_multiple_of(1000) {
        let what = format!("container {name} asks for {asked} of {resource}");
        Says::new(
            what,
            format!("{refused}: only whole ones can be asked for"),
            "ask for 1 and share GPUs by the pool's `sharing`",
        )
    } else if !pools.offers(resource) {
        let what = format!("container {name} asks for {resource}, which no pool offers");
        let why = format!("its pods stay Pending: the pools offer {}", pools.offered_words());
        let fix = if pools.offers(GPU_RESOURCE) { GPU_RESOURCE } else { "a pool with GPUs" };
        Says::new(what, why, fix)
    } else {
        return fits(pools, container, amount / 1000, resource, report, place);
    };
    report.error(RULE, place, &says);
    false
}

/// Whether nodes of some pool it may run on give one container so many.
fn fits(
    pools: &Pools<'_>,
    container: &Container<'_>,
    asked: u128,
    resource: &str,
    report: &mut Report,
    place: crate::lint::finding::Place<'_>,
) -> bool {
    let selected = pools.selected(&container.pod);
    if selected.is_empty() {
        return true; // The rule on selectors has said so.
    }
    let offering: Vec<&PoolSpec> = selected.into_iter().filter(|pool| pool.gpu_resource() == Some(resource)).collect();
    if offering.iter().any(|pool| asked <= u128::from(most_for_one(pools.spec, pool))) {
        return true;
    }
    let name = container.name();
    let most = offering.iter().map(|pool| pool.shares_per_node()).max().unwrap_or(0);
    let says = if offering.is_empty() {
        let what = format!("container {name} asks for {resource}, and the pools its pod selects have no GPUs");
        Says::new(what, "its pods stay Pending", "select a pool with GPUs, or leave the request out")
    } else if asked > u128::from(most) {
        let what =
            format!("container {name} asks for {asked} of {resource}, and no node it may run on has more than {most}");
        Says::new(what, format!("its pods stay Pending: {}", per_node(&offering)), format!("at most {most}"))
    } else {
        let what = format!(
            "container {name} asks for {asked} shares of GPUs, and one container is given 1 where GPUs are shared"
        );
        let why = format!("its pods end as UnexpectedAdmissionError: {}", per_node(&offering));
        Says::new(what, why, format!("{resource}: 1, or a pool with `sharing` left out"))
    };
    report.error(RULE, place, &says);
    false
}

/// Whether one node can hold all containers of a pod together.
fn of_pod(pools: &Pools<'_>, pod: &Pod<'_>, resource: &str, report: &mut Report) {
    let asked = pod.total(|container| container.request(resource).unwrap_or(0)) / 1000;
    let selected = pools.selected(pod).into_iter().filter(|pool| pool.gpu_resource() == Some(resource));
    let offering: Vec<&PoolSpec> = selected.collect();
    let most = offering.iter().map(|pool| pool.shares_per_node()).max().unwrap_or(0);
    if most > 0 && asked > u128::from(most) {
        let what = format!(
            "the containers of {} ask for {asked} of {resource} in one pod, and no node has more than {most}",
            pod.object.words()
        );
        let why = format!("its pods stay Pending: {}", per_node(&offering));
        report.error(RULE, pod.place_of("containers"), &Says::new(what, why, format!("at most {most} in one pod")));
    }
}

fn per_node(pools: &[&PoolSpec]) -> String {
    let words = pools.iter().map(|pool| {
        let (count, shares) = pool.gpu.as_ref().map_or((0, 0), |gpu| (gpu.count, gpu.sharing.shares()));
        format!("a node of {} has {count} GPUs x {shares} shares", pool.name)
    });
    words.collect::<Vec<_>>().join(", ")
}
