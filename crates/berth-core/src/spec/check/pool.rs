//! Node pools: machines, counts, zones, disks, taints.

use std::collections::{BTreeMap, BTreeSet};

use super::report::Report;
use super::{counts, gpu, names, place};
use crate::catalog::{self, Machine, MachineGpus, MachineLookup};
use crate::rules::eks::group::group_names;
use crate::spec::file::pool::{AmiFamilyWord, CapacityWord, DiskFile, NodeGroupsWord, PoolFile};
use crate::spec::problem::{Finding, Path};
use crate::spec::structure::printable;
use crate::spec::{
    AmiFamily, Capacity, Disk, GpuSpec, NodeRange, Place, PoolSpec, Provider, Sharing, Taint, TaintEffect,
};

/// The key of the taint that keeps pods without GPUs off GPU nodes; GKE and NVIDIA's own charts use it.
const GPU_TAINT_KEY: &str = "nvidia.com/gpu";
/// Its value where berth adds it: what GKE writes and what NVIDIA's node-feature-discovery tolerates.
const GPU_TAINT_VALUE: &str = "present";

/// Longest name EKS takes for a node group.
const MOST_OF_GROUP_NAME: usize = 63;

/// What all pools of a cluster stand in.
pub(super) struct Frame<'a> {
    pub(super) provider: Provider,
    pub(super) place: &'a Place,
    /// Sharing from `spec.gpuSharing`, by pool.
    pub(super) sharing: &'a BTreeMap<String, Sharing>,
}

/// Checks all pools and fills their defaults.
pub(super) fn pools(files: &[PoolFile], frame: &Frame<'_>, report: &mut Report) -> Vec<PoolSpec> {
    let list = Path::of(&["spec", "nodePools"]);
    let mut seen = BTreeSet::new();
    let mut pools = Vec::new();
    for (index, file) in files.iter().enumerate() {
        let path = list.index(index);
        if !seen.insert(&file.name) {
            report.problem(Finding::at(path.key("name"), format!("there is another pool `{}`", file.name)));
        }
        pools.push(pool(file, &path, frame, report));
    }
    if frame.provider == Provider::Eks {
        group_names_differ(&pools, &list, report);
    }
    pools
}

/// Some pools have several node groups behind them, whose names are made from theirs.
fn group_names_differ(pools: &[PoolSpec], list: &Path, report: &mut Report) {
    let mut owners: BTreeMap<String, &str> = BTreeMap::new();
    for (index, pool) in pools.iter().enumerate() {
        for name in group_names(pool) {
            if name.len() > MOST_OF_GROUP_NAME {
                let message = format!("its node group `{name}` would have more than {MOST_OF_GROUP_NAME} characters");
                report.problem(Finding::at(list.index(index).key("name"), message));
            }
            match owners.get(&name) {
                Some(owner) if *owner != pool.name => {
                    let message = format!("pools `{owner}` and `{}` would both have a node group `{name}`", pool.name);
                    report.problem(Finding::at(list.index(index).key("name"), message));
                }
                _ => {
                    owners.insert(name, &pool.name);
                }
            }
        }
    }
}

fn pool(file: &PoolFile, path: &Path, frame: &Frame<'_>, report: &mut Report) -> PoolSpec {
    let provider = frame.provider;
    let machine = machine(file, path, provider, report);
    let (machine_type, gpu) = gpu::gpu(file, path, machine.as_ref(), frame, report);
    nodes(file, path, report);
    names::node_labels(&file.labels, &path.key("labels"), provider, report);
    names::taints(&file.taints, &path.key("taints"), provider, report);
    let zones = zones(file, path, gpu.as_ref(), frame, report);
    let disk =
        disk(file.disk.as_ref(), path, &Shape { provider, machine_type: &machine_type, gpu: gpu.is_some() }, report);
    PoolSpec {
        name: file.name.clone(),
        other_machine_types: other_machine_types(file, path, machine.as_ref(), provider, report),
        taints: taints(file, gpu.as_ref()),
        machine_type,
        gpu,
        capacity: capacity(file, path, provider, report),
        nodes: counts::range(file),
        group_per_zone: provider == Provider::Eks
            && file.eks.as_ref().is_some_and(|eks| eks.node_groups == Some(NodeGroupsWord::PerZone)),
        ami_family: ami_family(file),
        zones,
        labels: file.labels.clone(),
        disk,
    }
}

fn ami_family(file: &PoolFile) -> AmiFamily {
    match file.eks.as_ref().and_then(|eks| eks.ami_family) {
        None | Some(AmiFamilyWord::AmazonLinux2023) => AmiFamily::AmazonLinux2023,
        Some(AmiFamilyWord::Bottlerocket) => AmiFamily::Bottlerocket,
    }
}

fn nodes(file: &PoolFile, path: &Path, report: &mut Report) {
    let NodeRange { min, max } = counts::range(file);
    if min > max {
        report.problem(Finding::at(path.key("nodes").key("min"), format!("min {min} is more than max {max}")));
    }
}

/// The machine type the file names, if the catalog holds it.
fn machine(file: &PoolFile, path: &Path, provider: Provider, report: &mut Report) -> Option<Machine> {
    let Some(name) = &file.machine_type else {
        if file.gpu.is_none() {
            report.problem(Finding::at(
                path.clone(),
                "missing field `machineType`; only a pool with `gpu` can leave it out",
            ));
        }
        return None;
    };
    look_up(name, &path.key("machineType"), provider, report)
}

fn look_up(name: &str, path: &Path, provider: Provider, report: &mut Report) -> Option<Machine> {
    let shown = printable(name);
    match catalog::machine(provider, name) {
        MachineLookup::Known(machine) => {
            if provider == Provider::Eks && machine.family == "p3" {
                let message = format!(
                    "AWS seems to have retired `{shown}`: it is in the price list but no longer in tables of offered types"
                );
                report.warning(Finding::at(path.clone(), message));
            }
            Some(machine)
        }
        MachineLookup::NotListed => {
            let message =
                format!("machine type `{shown}` is not in berth's catalog; its size and GPUs cannot be checked");
            report.warning(Finding::at(path.clone(), message));
            None
        }
        MachineLookup::Wrong { nearest } => {
            let other = match provider {
                Provider::Gke => Provider::Eks,
                Provider::Eks | Provider::Existing => Provider::Gke,
            };
            let message = match catalog::machine(other, name) {
                MachineLookup::Known(_) => {
                    format!(
                        "`{shown}` is a machine type of {}, and the provider is {}",
                        other.as_str(),
                        provider.as_str()
                    )
                }
                _ => format!("unknown {} machine type `{shown}`", provider.as_str()),
            };
            report.problem(Finding::at(path.clone(), message).meaning(nearest));
            None
        }
    }
}

/// EKS counts on all types of a group having the same vCPUs, memory and GPUs; GKE takes one type.
fn other_machine_types(
    file: &PoolFile,
    path: &Path,
    first: Option<&Machine>,
    provider: Provider,
    report: &mut Report,
) -> Vec<String> {
    let Some(others) = &file.machine_types else { return Vec::new() };
    let path = path.key("machineTypes");
    if provider == Provider::Gke {
        report.problem(Finding::at_key(path, "a GKE pool has one machine type; make a pool for each"));
        return Vec::new();
    }
    if file.machine_type.is_none() {
        report.problem(Finding::at_key(path.clone(), "give `machineType` too: it is the first choice"));
    }
    for (index, name) in others.iter().enumerate() {
        let at = path.index(index);
        if Some(name) == file.machine_type.as_ref() {
            report.problem(Finding::at(at.clone(), format!("`{}` is `machineType` already", printable(name))));
        }
        let Some(other) = look_up(name, &at, provider, report) else { continue };
        if let Some(first) = first.filter(|first| !same_shape(first, &other)) {
            let message = format!("`{name}` and `{}` differ in vCPUs, memory or GPUs", first.name);
            report.problem(Finding::at(at, message));
        }
    }
    others.clone()
}

fn same_shape(one: &Machine, other: &Machine) -> bool {
    (one.vcpus, one.memory_mib, one.gpus) == (other.vcpus, other.memory_mib, other.gpus)
}

fn capacity(file: &PoolFile, path: &Path, provider: Provider, report: &mut Report) -> Capacity {
    match file.capacity {
        None | Some(CapacityWord::OnDemand) => Capacity::OnDemand,
        Some(CapacityWord::Spot) => Capacity::Spot,
        Some(CapacityWord::SpotThenOnDemand) => {
            if provider == Provider::Gke {
                let message = "a GKE pool is either spot or on-demand; make two pools with the same labels and taints";
                report.problem(Finding::at(path.key("capacity"), message).accepting(["on-demand", "spot"]));
            }
            Capacity::SpotThenOnDemand
        }
    }
}

fn zones(file: &PoolFile, path: &Path, gpu: Option<&GpuSpec>, frame: &Frame<'_>, report: &mut Report) -> Vec<String> {
    let (provider, cluster) = (frame.provider, frame.place);
    let region_is_known = catalog::region(provider, &cluster.region).is_some();
    let model = gpu.map(|gpu| gpu.model.as_str());
    let Some(zones) = &file.zones else {
        if let (Some(model), true) = (model, region_is_known) {
            gpu::sold_in_region(model, path, frame, report);
        }
        return place::default_zones(cluster, provider, model, counts::range(file).max);
    };
    let path = path.key("zones");
    for (index, zone) in zones.iter().enumerate().filter(|_| region_is_known) {
        let at = path.index(index);
        match &cluster.zone {
            Some(only) if only != zone => {
                let message = format!("the cluster stands in zone {only} only; `{}` is elsewhere", printable(zone));
                report.problem(Finding::at(at, message).accepting([only.as_str()]));
            }
            _ => place::zone_in(zone, &cluster.region, &at, provider, report),
        }
    }
    if let (Some(model), true) = (model, region_is_known) {
        gpu::sold_in_zones(model, zones, &path, frame, report);
    }
    let mut zones = zones.clone();
    zones.sort();
    zones
}

/// The file's taints, and for GPU pools the GPU taint if there is none with its key.
fn taints(file: &PoolFile, gpu: Option<&GpuSpec>) -> Vec<Taint> {
    let mut taints: Vec<Taint> = file
        .taints
        .iter()
        .map(|taint| Taint { key: taint.key.clone(), value: taint.value.clone(), effect: taint.effect })
        .collect();
    if gpu.is_some() && !taints.iter().any(|taint| taint.key == GPU_TAINT_KEY) {
        taints.push(Taint {
            key: GPU_TAINT_KEY.to_owned(),
            value: GPU_TAINT_VALUE.to_owned(),
            effect: TaintEffect::NoSchedule,
        });
    }
    taints
}

/// What a boot disk depends on.
struct Shape<'a> {
    provider: Provider,
    machine_type: &'a str,
    gpu: bool,
}

/// The boot disk. GPU pools get a larger one by default, because driver and model images are large.
fn disk(file: Option<&DiskFile>, path: &Path, shape: &Shape<'_>, report: &mut Report) -> Disk {
    let path = path.key("disk");
    let (standard, largest) = match shape.provider {
        Provider::Gke => (100, 65_536),
        Provider::Eks | Provider::Existing => (80, 16_384),
    };
    let size_gb = file.and_then(|disk| disk.size_gb).unwrap_or(if shape.gpu { 200 } else { standard });
    let at = path.key("sizeGb");
    // The smallest Linux disk EKS makes is 20 GiB; its GPU images alone take more than half of that.
    let smallest = if shape.provider == Provider::Eks { 20 } else { 10 };
    if size_gb > largest || size_gb < smallest {
        let message = format!("`{size_gb}` must be from {smallest} to {largest} on {}", shape.provider.as_str());
        report.problem(Finding::at(at, message));
    } else if shape.gpu && size_gb < 50 {
        let message = format!("{size_gb} GB is little for a GPU node, whose driver and images often need more");
        report.warning(Finding::at(at, message));
    }
    let kind = match file.and_then(|disk| disk.kind.as_deref()) {
        None => default_disk(shape).to_owned(),
        Some(word) => disk_type(word, &path.key("type"), shape, report),
    };
    Disk { size_gb, kind }
}

fn default_disk(shape: &Shape<'_>) -> &'static str {
    match shape.provider {
        Provider::Eks | Provider::Existing => "gp3",
        // N4 and C4 machines take Hyperdisk only (general knowledge).
        Provider::Gke if shape.machine_type.starts_with("n4-") || shape.machine_type.starts_with("c4") => {
            "hyperdisk-balanced"
        }
        Provider::Gke => "pd-balanced",
    }
}

/// The cloud's word for a disk type; on AWS all three common words mean gp3, the general-purpose SSD.
fn disk_type(word: &str, path: &Path, shape: &Shape<'_>, report: &mut Report) -> String {
    let own: &[&str] = match shape.provider {
        Provider::Gke => &["pd-standard", "pd-balanced", "pd-ssd", "hyperdisk-balanced"],
        Provider::Eks | Provider::Existing => &["gp3", "gp2", "io1", "io2"],
    };
    let found = match (word, shape.provider) {
        ("standard", Provider::Gke) => "pd-standard",
        ("balanced", Provider::Gke) => "pd-balanced",
        ("ssd", Provider::Gke) => "pd-ssd",
        ("standard" | "balanced" | "ssd", Provider::Eks | Provider::Existing) => "gp3",
        (word, _) => match own.iter().find(|own| **own == word) {
            Some(own) => own,
            None => {
                let accepted = || ["standard", "balanced", "ssd"].into_iter().chain(own.iter().copied());
                let message = format!("unknown disk type `{}` on {}", printable(word), shape.provider.as_str());
                let nearest = crate::spec::nearest(word, accepted());
                report.problem(Finding::at(path.clone(), message).meaning(nearest).accepting(accepted()));
                return word.to_owned();
            }
        },
    };
    // Newer series have dropped disk types (general knowledge, so a warning and no refusal).
    let series = shape.machine_type.split('-').next().unwrap_or_default();
    let doubtful = match found {
        "pd-standard" => matches!(series, "g2" | "a3" | "c3" | "c3d" | "n4"),
        "pd-balanced" | "pd-ssd" => series == "n4",
        "hyperdisk-balanced" => matches!(series, "n1" | "e2" | "g2" | "a2"),
        _ => false,
    };
    if doubtful {
        report.warning(Finding::at(path.clone(), format!("{series} machines probably do not take {found} boot disks")));
    }
    found.to_owned()
}

/// Whether a machine has GPUs of its own.
pub(super) fn built_in(machine: Option<&Machine>) -> Option<(&'static str, u32)> {
    match machine?.gpus {
        MachineGpus::BuiltIn { model, count } => Some((model, count)),
        MachineGpus::None | MachineGpus::Attachable => None,
    }
}
