//! A cluster that stands already: its context, and pools whose nodes are found by their labels.

use std::collections::BTreeSet;

use super::pool::Frame;
use super::report::Report;
use super::source::Source;
use super::{gpu, names};
use crate::spec::file::cluster::ClusterBody;
use crate::spec::file::pool::{PoolFile, TaintFile};
use crate::spec::problem::{Finding, Path};
use crate::spec::{ANY_NUMBER, AmiFamily, Capacity, Disk, ExistingSpec, NodeRange, Place, PoolSpec, Provider, Taint};

/// How the cluster is reached, and which of its nodes are whose pool.
pub(super) fn settings(body: &ClusterBody, source: &Source<'_>, report: &mut Report) -> ExistingSpec {
    let path = Path::of(&["spec"]);
    if body.autoscaler.is_some() {
        let message = "berth adds no nodes to a cluster it did not make; leave this out";
        report.problem(Finding::at_key(path.key("autoscaler"), message));
    }
    if body.network_policy.is_some() {
        let message = "berth does not change the network of a cluster it did not make; leave this out";
        report.problem(Finding::at_key(path.key("networkPolicy"), message));
    }
    let selectors =
        body.node_pools.iter().filter_map(|pool| Some((pool.name.clone(), pool.node_selector.clone()?))).collect();
    let Some(file) = &body.existing else {
        let message = "missing field `existing`, with the `context` of a kubeconfig that reaches the cluster";
        report.problem(Finding::at(path, message));
        return ExistingSpec { selectors, ..ExistingSpec::default() };
    };
    let kubeconfig = file.kubeconfig.as_ref().map(|path| source.beside(path));
    ExistingSpec { context: file.context.clone(), kubeconfig, selectors }
}

/// The cluster stands where its context leads, and nowhere else.
pub(super) fn place(body: &ClusterBody, report: &mut Report) -> Place {
    for (key, given) in [("region", body.region.is_some()), ("zone", body.zone.is_some())] {
        if given {
            let message = "an existing cluster stands where its context leads; leave this out";
            report.problem(Finding::at_key(Path::of(&["spec", key]), message));
        }
    }
    let context = body.existing.as_ref().map(|existing| existing.context.clone());
    Place { region: context.unwrap_or_default(), zone: None }
}

/// Checks all pools.
pub(super) fn pools(files: &[PoolFile], frame: &Frame<'_>, report: &mut Report) -> Vec<PoolSpec> {
    let list = Path::of(&["spec", "nodePools"]);
    let mut seen = BTreeSet::new();
    let mut pools = Vec::new();
    for (index, file) in files.iter().enumerate() {
        let path = list.index(index);
        if !seen.insert(&file.name) {
            report.problem(Finding::at(path.key("name"), format!("there is another pool `{}`", file.name)));
        }
        let again = files[..index].iter().find(|other| {
            file.node_selector.as_ref().is_some_and(|own| !own.is_empty()) && other.node_selector == file.node_selector
        });
        if let Some(other) = again {
            let message = format!("pool `{}` has the same selector, and a node is of one pool", other.name);
            report.problem(Finding::at(path.key("nodeSelector"), message));
        }
        pools.push(pool(file, &path, frame, report));
    }
    pools
}

fn pool(file: &PoolFile, path: &Path, frame: &Frame<'_>, report: &mut Report) -> PoolSpec {
    refuse_machines(file, path, report);
    selector(file, path, report);
    names::node_labels(&file.labels, &path.key("labels"), frame.provider, report);
    names::taints(&file.taints, &path.key("taints"), frame.provider, report);
    PoolSpec {
        name: file.name.clone(),
        machine_type: String::new(),
        other_machine_types: Vec::new(),
        gpu: gpu::found(file, path, frame, report),
        capacity: Capacity::OnDemand,
        nodes: NodeRange { min: file.nodes.map_or(1, |nodes| nodes.min), max: ANY_NUMBER },
        zones: Vec::new(),
        group_per_zone: false,
        ami_family: AmiFamily::AmazonLinux2023,
        labels: file.labels.clone(),
        // Whose nodes these are has said which pods they take: nothing is added to what the file says.
        taints: file.taints.iter().map(own_taint).collect(),
        disk: Disk { size_gb: 0, kind: String::new() },
    }
}

fn own_taint(taint: &TaintFile) -> Taint {
    Taint { key: taint.key.clone(), value: taint.value.clone(), effect: taint.effect }
}

/// What makes machines means nothing where they are there.
fn refuse_machines(file: &PoolFile, path: &Path, report: &mut Report) {
    let given = [
        ("machineType", file.machine_type.is_some()),
        ("machineTypes", file.machine_types.is_some()),
        ("capacity", file.capacity.is_some()),
        ("zones", file.zones.is_some()),
        ("disk", file.disk.is_some()),
        ("gke", file.gke.is_some()),
        ("eks", file.eks.is_some()),
    ];
    for (key, _) in given.into_iter().filter(|(_, is_given)| *is_given) {
        let message =
            "the nodes of an existing cluster are there already and only chosen by `nodeSelector`; leave this out";
        report.problem(Finding::at_key(path.key(key), message));
    }
    if file.nodes.is_some_and(|nodes| nodes.max.is_some()) {
        let message =
            "berth adds no nodes to an existing cluster; only `min`, the fewest that must match, can be given";
        report.problem(Finding::at_key(path.key("nodes").key("max"), message));
    }
}

fn selector(file: &PoolFile, path: &Path, report: &mut Report) {
    let Some(selector) = file.node_selector.as_ref().filter(|selector| !selector.is_empty()) else {
        let labels = "the labels by which the pool's nodes are found";
        report.problem(match file.node_selector {
            Some(_) => Finding::at_key(path.key("nodeSelector"), format!("it is empty, and must hold {labels}")),
            None => Finding::at(path.clone(), format!("missing field `nodeSelector`: {labels}")),
        });
        return;
    };
    for (key, value) in selector {
        if file.labels.get(key).is_some_and(|own| own != value) {
            let message = format!("the pool gives its nodes another value of `{key}`, and they would be of it no more");
            report.problem(Finding::at(path.key("nodeSelector").key(key), message));
        }
    }
    names::selector(selector, &path.key("nodeSelector"), report);
}

/// On a cloud berth makes the nodes and needs no selector to find them.
pub(super) fn refuse_selectors(files: &[PoolFile], provider: Provider, report: &mut Report) {
    for (index, _) in files.iter().enumerate().filter(|(_, file)| file.node_selector.is_some()) {
        let message = format!("only for `provider: existing`; on {} berth makes the pool's nodes", provider.as_str());
        let path = Path::of(&["spec", "nodePools"]).index(index).key("nodeSelector");
        report.problem(Finding::at_key(path, message));
    }
}
