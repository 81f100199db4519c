//! What GKE refuses in a node pool, in its words.

use serde_json::{Map, Value};

use super::check::{self, object, text};
use super::errors::Refusal;
use crate::catalog::{self, Gpu, Machine};
use crate::world::integer;

/// What of the cluster matters to a pool's rules.
pub(crate) struct Surroundings<'a> {
    /// The cluster's zone or region.
    pub(crate) location: &'a str,
    /// The release channel; empty for none.
    pub(crate) channel: &'a str,
    /// Whether the cluster has a workload pool.
    pub(crate) workload_pool: bool,
}

/// The rules of one pool with the zones it will have.
pub(crate) fn pool(fields: &Map<String, Value>, zones: &[String], around: &Surroundings<'_>) -> Result<(), Refusal> {
    check::name("node_pool.name", text(fields, "name"))?;
    check::zones(around.location, zones)?;
    let count = integer(fields.get("initialNodeCount")).unwrap_or(0);
    if !(0..=1000).contains(&count) {
        return Err(Refusal::invalid(format!(
            "node_pool.initial_node_count must be between 0 and 1000, but is {count}."
        )));
    }
    if let Some(autoscaling) = object(fields, "autoscaling") {
        self::autoscaling(autoscaling)?;
    }
    if let Some(management) = object(fields, "management") {
        self::management(management, around.channel)?;
    }
    let empty = Map::new();
    let config = object(fields, "config").unwrap_or(&empty);
    self::config(config, around)?;
    machine(config, zones)
}

/// Sizes: each zone's or the pool's, not both.
pub(crate) fn autoscaling(autoscaling: &Map<String, Value>) -> Result<(), Refusal> {
    let number = |key: &str| integer(autoscaling.get(key)).unwrap_or(0);
    let (low, high) = (number("minNodeCount"), number("maxNodeCount"));
    let (total_low, total_high) = (number("totalMinNodeCount"), number("totalMaxNodeCount"));
    if (low > 0 || high > 0) && (total_low > 0 || total_high > 0) {
        return Err(Refusal::invalid(
            "NodePoolAutoscaling: min_node_count and max_node_count are mutually exclusive with total_min_node_count and \
             total_max_node_count.",
        ));
    }
    if low < 0 || total_low < 0 {
        return Err(Refusal::invalid("NodePoolAutoscaling: the minimum must not be negative."));
    }
    if autoscaling.get("enabled") == Some(&Value::Bool(true)) {
        if high == 0 && total_high == 0 {
            return Err(Refusal::invalid(
                "NodePoolAutoscaling: max_node_count must be greater than zero when autoscaling is enabled.",
            ));
        }
        if low > high || total_low > total_high {
            return Err(Refusal::invalid(
                "NodePoolAutoscaling: min_node_count must not be greater than max_node_count.",
            ));
        }
    }
    Ok(())
}

/// In a channel nodes are upgraded and repaired by the service.
pub(crate) fn management(management: &Map<String, Value>, channel: &str) -> Result<(), Refusal> {
    let off = |key: &str| management.get(key) != Some(&Value::Bool(true));
    if !channel.is_empty() && (off("autoUpgrade") || off("autoRepair")) {
        return Err(Refusal::invalid(format!(
            "Auto_upgrade and auto_repair cannot be false when release_channel {channel} is set."
        )));
    }
    Ok(())
}

/// The rules of a NodeConfig, whether of a new pool or of a change.
pub(crate) fn config(config: &Map<String, Value>, around: &Surroundings<'_>) -> Result<(), Refusal> {
    let on = |key: &str| config.get(key) == Some(&Value::Bool(true));
    if on("spot") && on("preemptible") {
        return Err(Refusal::invalid("Only one of spot and preemptible can be set on a node pool."));
    }
    if on("spot") && on("flexStart") {
        return Err(Refusal::invalid("Flex-start cannot be used with spot VMs."));
    }
    let disk = integer(config.get("diskSizeGb"));
    if disk.is_some_and(|size| !(10..=65_536).contains(&size)) {
        return Err(Refusal::invalid("NodeConfig.disk_size_gb must be between 10 and 65536."));
    }
    let kinds = ["", "pd-standard", "pd-balanced", "pd-ssd", "hyperdisk-balanced"];
    if !kinds.contains(&text(config, "diskType")) {
        return Err(Refusal::invalid(format!("Unsupported disk type \"{}\".", text(config, "diskType"))));
    }
    let mode = object(config, "workloadMetadataConfig").map_or("", |metadata| text(metadata, "mode"));
    if mode == "GKE_METADATA" && !around.workload_pool {
        return Err(Refusal::invalid(
            "NodeConfig.workload_metadata_config.mode GKE_METADATA requires that workload identity is enabled on the cluster.",
        ));
    }
    if let Some(labels) = object(config, "resourceLabels") {
        check::resource_labels(labels)?;
    }
    node_labels(config)?;
    taints(config)
}

fn node_labels(config: &Map<String, Value>) -> Result<(), Refusal> {
    let Some(labels) = object(config, "labels") else { return Ok(()) };
    let all: usize = labels.iter().map(|(key, value)| key.len() + value.as_str().map_or(0, str::len)).sum();
    if all > 1024 {
        return Err(Refusal::invalid("The node labels have more than 1024 characters in all."));
    }
    for (key, value) in labels {
        let (prefix, name) = key.split_once('/').unwrap_or(("", key));
        if prefix == "kubernetes.io" || prefix == "k8s.io" || prefix.ends_with(".kubernetes.io") {
            return Err(Refusal::invalid(format!("Node label key \"{key}\" uses a reserved prefix.")));
        }
        let value = value.as_str().unwrap_or_default();
        if name.is_empty() || !is_label_text(name) || !is_label_text(value) {
            return Err(Refusal::invalid(format!("Invalid node label \"{key}={value}\".")));
        }
    }
    Ok(())
}

fn is_label_text(text: &str) -> bool {
    let ends = |c: Option<char>| c.is_none_or(|c| c.is_ascii_alphanumeric());
    text.len() <= 63
        && text.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
        && ends(text.chars().next())
        && ends(text.chars().last())
}

fn taints(config: &Map<String, Value>) -> Result<(), Refusal> {
    let taints = config.get("taints").and_then(Value::as_array).cloned().unwrap_or_default();
    for (index, taint) in taints.iter().enumerate() {
        let key = taint["key"].as_str().unwrap_or_default();
        if key.is_empty() {
            return Err(Refusal::invalid("A node taint must have a key."));
        }
        if taint["effect"].is_null() {
            return Err(Refusal::invalid(format!("The node taint \"{key}\" must have an effect.")));
        }
        if taints[..index].iter().any(|other| other["key"] == taint["key"] && other["effect"] == taint["effect"]) {
            return Err(Refusal::invalid(format!("The node taint \"{key}\" is given twice with the same effect.")));
        }
    }
    Ok(())
}

/// The machine type, its accelerators, and whether all zones sell them.
pub(crate) fn machine(config: &Map<String, Value>, zones: &[String]) -> Result<(), Refusal> {
    let name = Some(text(config, "machineType")).filter(|name| !name.is_empty()).unwrap_or("e2-medium");
    let known = catalog::machine(name);
    for zone in zones {
        if !known.as_ref().is_some_and(|machine| machine.is_in(zone)) {
            return Err(Refusal::invalid(format!(
                "Machine type with name \"{name}\" does not exist in zone \"{zone}\"."
            )));
        }
    }
    let Some(machine) = known else { return Ok(()) };
    let accelerators = config.get("accelerators").and_then(Value::as_array).cloned().unwrap_or_default();
    if accelerators.is_empty() {
        return match machine.gpu {
            Some((gpu, count)) => Err(Refusal::invalid(format!(
                "Machine type \"{name}\" comes with {count} accelerators of type \"{gpu}\", which must be given in accelerators."
            ))),
            None => Ok(()),
        };
    }
    accelerators.iter().try_for_each(|accelerator| self::accelerator(accelerator, &machine, zones))
}

fn accelerator(config: &Value, machine: &Machine, zones: &[String]) -> Result<(), Refusal> {
    let name = config["acceleratorType"].as_str().unwrap_or_default();
    let count = integer(config.get("acceleratorCount")).unwrap_or(0);
    let known = Gpu::named(name);
    for zone in zones {
        if !known.is_some_and(|gpu| gpu.is_in(zone)) {
            return Err(Refusal::invalid(format!("Accelerator type \"{name}\" does not exist in zone {zone}.")));
        }
    }
    let Some(gpu) = known else {
        return Err(Refusal::invalid(format!("Accelerator type \"{name}\" does not exist.")));
    };
    fits(gpu, count, machine)?;
    if let Some(size) = config["gpuPartitionSize"].as_str()
        && !gpu.partitions.iter().any(|(known, _)| *known == size)
    {
        return Err(Refusal::invalid(format!(
            "GPU partition size \"{size}\" is not supported for accelerator type \"{name}\"."
        )));
    }
    if let Some(sharing) = config["gpuSharingConfig"].as_object() {
        let clients = integer(sharing.get("maxSharedClientsPerGpu")).unwrap_or(0);
        if !(2..=48).contains(&clients) {
            return Err(Refusal::invalid(format!(
                "GPU sharing: max_shared_clients_per_gpu must be between 2 and 48, but is {clients}."
            )));
        }
    }
    Ok(())
}

/// Whether so many accelerators go with a machine type.
fn fits(gpu: &Gpu, count: i64, machine: &Machine) -> Result<(), Refusal> {
    if let Some((own, number)) = machine.gpu {
        if own == gpu.name && number == count {
            return Ok(());
        }
        return Err(Refusal::invalid(format!(
            "Machine type \"{}\" requires {number} accelerators of type \"{own}\", but {count} of type \"{}\" were given.",
            machine.name, gpu.name
        )));
    }
    if machine.family() != "n1" || gpu.n1_limits.is_empty() {
        return Err(Refusal::invalid(format!(
            "[machineType:{}] and [acceleratorType:{}] are not compatible.",
            machine.name, gpu.name
        )));
    }
    let Some((_, cpus, memory)) = gpu.n1_limits.iter().find(|(number, ..)| *number == count) else {
        return Err(Refusal::invalid(format!(
            "The number of accelerators of type \"{}\" must be one of {:?}, but is {count}.",
            gpu.name,
            gpu.n1_limits.iter().map(|(number, ..)| number).collect::<Vec<_>>()
        )));
    };
    if machine.cpus > *cpus || machine.memory_gb > *memory {
        return Err(Refusal::invalid(format!(
            "Machine type \"{}\" is too large for {count} accelerators of type \"{}\": at most {cpus} vCPUs and {memory} GB.",
            machine.name, gpu.name
        )));
    }
    Ok(())
}
