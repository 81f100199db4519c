//! What GKE refuses in a cluster, in its words.

use serde_json::{Map, Value};

use super::errors::Refusal;
use crate::catalog;
use crate::world::integer;

/// Dataplane V2.
pub(crate) const ADVANCED_DATAPATH: &str = "ADVANCED_DATAPATH";

/// A field that is an object.
pub(crate) fn object<'a>(fields: &'a Map<String, Value>, key: &str) -> Option<&'a Map<String, Value>> {
    fields.get(key).and_then(Value::as_object)
}

/// A field that is a text; empty when absent.
pub(crate) fn text<'a>(fields: &'a Map<String, Value>, key: &str) -> &'a str {
    fields.get(key).and_then(Value::as_str).unwrap_or_default()
}

/// A field that is a list of texts.
pub(crate) fn texts(fields: &Map<String, Value>, key: &str) -> Vec<String> {
    let items = fields.get(key).and_then(Value::as_array);
    items.map(|items| items.iter().filter_map(Value::as_str).map(str::to_owned).collect()).unwrap_or_default()
}

/// Lower-case letters, digits and hyphens, from a letter to no hyphen, at most 40.
pub(crate) fn name(field: &str, name: &str) -> Result<(), Refusal> {
    let letters = name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
    let ends = name.starts_with(|c: char| c.is_ascii_lowercase()) && !name.ends_with('-');
    if name.is_empty() {
        return Err(Refusal::invalid(format!("{field} is required.")));
    }
    if name.len() > 40 {
        return Err(Refusal::invalid(format!(
            "Invalid value for field \"{field}\": \"{name}\". Must be at most 40 characters."
        )));
    }
    if letters && ends {
        return Ok(());
    }
    Err(Refusal::invalid(format!(
        "Invalid value for field \"{field}\": \"{name}\". Must be a match of regex '(?:[a-z](?:[-a-z0-9]{{0,38}}[a-z0-9])?)'."
    )))
}

/// A place clusters can be in.
pub(crate) fn location(location: &str) -> Result<(), Refusal> {
    if catalog::region_of(location).is_some() {
        return Ok(());
    }
    Err(Refusal::invalid(format!("Location \"{location}\" does not exist.")))
}

/// Zones of a cluster or a pool: in the cluster's region, each once.
pub(crate) fn zones(cluster_location: &str, zones: &[String]) -> Result<(), Refusal> {
    let region = catalog::region_of(cluster_location).unwrap_or_default();
    for (index, zone) in zones.iter().enumerate() {
        let own = catalog::region_of(zone);
        if own.is_none() || own == Some(zone.as_str()) {
            return Err(Refusal::invalid(format!("Zone \"{zone}\" does not exist.")));
        }
        if own != Some(region) {
            return Err(Refusal::invalid(format!(
                "Location \"{zone}\" is not in the region \"{region}\" of the cluster."
            )));
        }
        if zones[..index].contains(zone) {
            return Err(Refusal::invalid(format!("Location \"{zone}\" is given twice.")));
        }
    }
    Ok(())
}

/// GCP labels of a cluster or of a pool's machines.
pub(crate) fn resource_labels(labels: &Map<String, Value>) -> Result<(), Refusal> {
    if labels.len() > 64 {
        return Err(Refusal::invalid("At most 64 resource labels are allowed."));
    }
    for (key, value) in labels {
        let value = value.as_str().unwrap_or_default();
        let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_' || c == '-';
        if key.len() > 63 || !key.starts_with(|c: char| c.is_ascii_lowercase()) || !key.chars().all(fits) {
            return Err(Refusal::invalid(format!(
                "Invalid resource label key \"{key}\". Only hyphens (-), underscores (_), lower case characters and numbers \
                 are allowed; it must start with a lower case character and have at most 63 characters."
            )));
        }
        if value.len() > 63 || !value.chars().all(fits) {
            return Err(Refusal::invalid(format!(
                "Invalid resource label value \"{value}\". Only hyphens (-), underscores (_), lower case characters and \
                 numbers are allowed; it must have at most 63 characters."
            )));
        }
    }
    Ok(())
}

/// The rules of a whole cluster, its pools aside.
pub(crate) fn cluster(location: &str, fields: &Map<String, Value>) -> Result<(), Refusal> {
    name("cluster.name", text(fields, "name"))?;
    let pools = fields.get("nodePools").and_then(Value::as_array).map_or(0, Vec::len);
    let deprecated = fields.contains_key("initialNodeCount") || fields.contains_key("nodeConfig");
    if pools > 0 && deprecated {
        return Err(Refusal::invalid(
            "Cannot specify both node_pools and initial_node_count or node_config: these are mutually exclusive.",
        ));
    }
    if pools == 0 && integer(fields.get("initialNodeCount")).unwrap_or(0) < 1 {
        return Err(Refusal::invalid("Cluster.initial_node_count must be greater than zero."));
    }
    let named = texts(fields, "locations");
    zones(location, &named)?;
    let zonal = catalog::region_of(location) != Some(location);
    if zonal && !named.is_empty() && !named.iter().any(|zone| zone == location) {
        return Err(Refusal::invalid(format!("Cluster.locations must contain the cluster's own zone \"{location}\".")));
    }
    if let Some(labels) = object(fields, "resourceLabels") {
        resource_labels(labels)?;
    }
    let policy = object(fields, "ipAllocationPolicy");
    if policy.is_some_and(|policy| policy.get("useIpAliases") == Some(&Value::Bool(true)))
        && fields.contains_key("clusterIpv4Cidr")
    {
        return Err(Refusal::invalid("Cluster.cluster_ipv4_cidr must not be set when ip aliases are used."));
    }
    datapath(fields)?;
    let addons = object(fields, "addonsConfig");
    let driver = addons.and_then(|addons| object(addons, "gcePersistentDiskCsiDriverConfig"));
    if driver.is_some_and(|driver| driver.get("enabled") != Some(&Value::Bool(true))) {
        return Err(Refusal::invalid(
            "The GCE persistent disk CSI driver cannot be disabled when a cluster is created.",
        ));
    }
    if let Some(autoscaling) = object(fields, "autoscaling") {
        provisioning(autoscaling)?;
    }
    Ok(())
}

/// Dataplane V2 needs a VPC-native cluster, and enforces NetworkPolicies by itself, so that Calico is not for it.
fn datapath(fields: &Map<String, Value>) -> Result<(), Refusal> {
    let provider = object(fields, "networkConfig").map_or("", |network| text(network, "datapathProvider"));
    if provider != ADVANCED_DATAPATH {
        return Ok(());
    }
    let on = |key: &str, member: &str| object(fields, key).and_then(|it| it.get(member)) == Some(&Value::Bool(true));
    if on("networkPolicy", "enabled") {
        return Err(Refusal::invalid(
            "Enabling NetworkPolicy for clusters with DatapathProvider=ADVANCED_DATAPATH is not allowed.",
        ));
    }
    if !on("ipAllocationPolicy", "useIpAliases") {
        return Err(Refusal::invalid("DatapathProvider=ADVANCED_DATAPATH needs a cluster with IP aliases."));
    }
    Ok(())
}

/// Node auto-provisioning needs limits for both cpu and memory.
fn provisioning(autoscaling: &Map<String, Value>) -> Result<(), Refusal> {
    if autoscaling.get("enableNodeAutoprovisioning") != Some(&Value::Bool(true)) {
        return Ok(());
    }
    let limits = autoscaling.get("resourceLimits").and_then(Value::as_array).cloned().unwrap_or_default();
    for kind in ["cpu", "memory"] {
        if !limits.iter().any(|limit| limit["resourceType"] == kind) {
            return Err(Refusal::invalid(format!(
                "Resource limits for \"{kind}\" must be given when node autoprovisioning is enabled."
            )));
        }
    }
    Ok(())
}
