//! Changing a cluster.

use serde_json::{Map, Value, json};

use super::calls::{self, Call};
use super::check::{self, object, text, texts};
use super::check_pool;
use super::errors::Refusal;
use super::{pool_change, render, versions};
use crate::world::World;

/// The `desired` fields whose field in the cluster is not the same word.
const RENAMED: &[(&str, &str)] = &[
    ("desiredClusterAutoscaling", "autoscaling"),
    ("desiredMasterVersion", "currentMasterVersion"),
    ("desiredControlPlaneEndpointsConfig", "controlPlaneEndpointsConfig"),
    ("desiredMasterAuthorizedNetworksConfig", "masterAuthorizedNetworksConfig"),
];

/// Every call that changes a cluster and makes or deletes nothing.
pub(crate) fn serve(world: &mut World, call: Call<'_>) -> Result<Value, Refusal> {
    match call.target.method {
        "UpdateCluster" => update(world, call),
        "SetLabels" => set_labels(world, call),
        "SetMaintenancePolicy" => set_maintenance(world, call),
        "SetLocations" => {
            let locations = call.body.get("locations").cloned().unwrap_or_default();
            update_with(world, call, one("desiredLocations", locations))
        }
        "SetAddonsConfig" => {
            let addons = call.body.get("addonsConfig").cloned().unwrap_or_default();
            update_with(world, call, one("desiredAddonsConfig", addons))
        }
        "SetLoggingService" => {
            let service = call.body.get("loggingService").cloned().unwrap_or_default();
            update_with(world, call, one("desiredLoggingService", service))
        }
        "SetMonitoringService" => {
            let service = call.body.get("monitoringService").cloned().unwrap_or_default();
            update_with(world, call, one("desiredMonitoringService", service))
        }
        "UpdateMaster" => {
            let version = call.body.get("masterVersion").cloned().unwrap_or_default();
            update_with(world, call, one("desiredMasterVersion", version))
        }
        method => Err(Refusal::scripted(501, "UNIMPLEMENTED", &format!("The method {method} is not simulated."))),
    }
}

fn one(key: &str, value: Value) -> Map<String, Value> {
    Map::from_iter([(key.to_owned(), value)])
}

fn update(world: &mut World, call: Call<'_>) -> Result<Value, Refusal> {
    let desired = object(&call.body, "update").cloned().unwrap_or_default();
    update_with(world, call, desired)
}

fn update_with(world: &mut World, call: Call<'_>, mut desired: Map<String, Value>) -> Result<Value, Refusal> {
    let found = calls::cluster(world, call.target)?;
    let etag = text(&desired, "etag").to_owned();
    if !etag.is_empty() && etag != render::etag(&found.uid, found.generation) {
        return Err(Refusal::aborted("The etag provided does not match the cluster's current etag."));
    }
    desired.remove("etag");
    if desired.is_empty() {
        return Err(Refusal::invalid("Must specify a field to update."));
    }
    if desired.contains_key("desiredNodePoolId") || desired.contains_key("desiredNodePoolAutoscaling") {
        return pool_change::through_cluster(world, call, &desired);
    }
    let mut kind = "UPDATE_CLUSTER";
    let mut duration = ("cluster", "updated");
    let mut change = Map::new();
    if desired.contains_key("desiredDatapathProvider") {
        return Err(Refusal::invalid("The datapath provider of a cluster cannot be changed after its creation."));
    }
    for (key, value) in &desired {
        let (field, value) = changed(&found.fields, key, value)?;
        if field == "locations" {
            let zones = texts(&one("locations", value.clone()), "locations");
            check::zones(&call.target.location, &zones)?;
        }
        if field == "currentMasterVersion" {
            (kind, duration) = ("UPGRADE_MASTER", ("cluster", "upgraded"));
        }
        change.insert(field, value);
    }
    let zones = texts(&change, "locations");
    calls::changeable(world, call.target)?;
    let id = call.target.cluster_id();
    if !zones.is_empty() {
        pool_change::move_all(world, &id, &zones, call.now);
    }
    let operation = world.begin_change(kind, (&id, None), duration, change, call.now);
    calls::spoil(world, &operation, call.effect);
    Ok(calls::begun(world, &operation))
}

/// The field of the cluster a desired field means, and its new value.
fn changed(fields: &Map<String, Value>, key: &str, value: &Value) -> Result<(String, Value), Refusal> {
    let renamed = RENAMED.iter().find(|(desired, _)| *desired == key).map(|(_, field)| (*field).to_owned());
    let field = renamed.unwrap_or_else(|| {
        let rest = key.strip_prefix("desired").unwrap_or(key);
        let mut letters = rest.chars();
        letters.next().map_or_else(String::new, |first| first.to_ascii_lowercase().to_string() + letters.as_str())
    });
    let value = match (field.as_str(), value, fields.get(&field)) {
        ("currentMasterVersion", Value::String(wanted), _) => {
            let channel = object(fields, "releaseChannel").map_or("", |channel| text(channel, "channel"));
            let version = versions::resolve(wanted, channel);
            let Some(version) = version else {
                return Err(Refusal::invalid(format!("Master version \"{wanted}\" is unsupported.")));
            };
            Value::from(version)
        }
        // Add-ons and autoscaling are changed part by part: what is not sent stays.
        ("addonsConfig" | "autoscaling", Value::Object(new), Some(Value::Object(old))) => {
            let mut whole = old.clone();
            whole.extend(new.clone());
            Value::Object(whole)
        }
        _ => value.clone(),
    };
    Ok((field, value))
}

fn set_labels(world: &mut World, call: Call<'_>) -> Result<Value, Refusal> {
    let found = calls::cluster(world, call.target)?;
    let labels = object(&call.body, "resourceLabels").cloned().unwrap_or_default();
    check::resource_labels(&labels)?;
    if text(&call.body, "labelFingerprint") != render::label_fingerprint(found) {
        return Err(Refusal::precondition("Labels could not be set due to fingerprint mismatch. Please try again."));
    }
    calls::changeable(world, call.target)?;
    let id = call.target.cluster_id();
    let change = one("resourceLabels", Value::Object(labels));
    let operation = world.begin_change("UPDATE_CLUSTER", (&id, None), ("cluster", "labelled"), change, call.now);
    calls::spoil(world, &operation, call.effect);
    Ok(calls::begun(world, &operation))
}

fn set_maintenance(world: &mut World, call: Call<'_>) -> Result<Value, Refusal> {
    let found = calls::cluster(world, call.target)?;
    let mut policy = object(&call.body, "maintenancePolicy").cloned().unwrap_or_default();
    let version = text(&policy, "resourceVersion").to_owned();
    let current =
        object(&found.fields, "maintenancePolicy").map_or(String::new(), |old| text(old, "resourceVersion").to_owned());
    if !version.is_empty() && !current.is_empty() && version != current {
        return Err(Refusal::aborted("The maintenance policy's resource_version does not match the current one."));
    }
    let window = object(&policy, "window");
    if let Some(recurrence) =
        window.and_then(|window| object(window, "recurringWindow")).map(|window| text(window, "recurrence"))
    {
        for often in ["FREQ=HOURLY", "FREQ=MINUTELY", "FREQ=SECONDLY"] {
            if recurrence.contains(often) {
                return Err(Refusal::invalid(format!("The maintenance window's recurrence must not have {often}.")));
            }
        }
    }
    let next = format!("{:08x}", crate::lifecycle::digest(&format!("{policy:?}{}", found.generation)) & 0xffff_ffff);
    policy.insert("resourceVersion".to_owned(), Value::from(next));
    calls::changeable(world, call.target)?;
    let id = call.target.cluster_id();
    let change = one("maintenancePolicy", json!(policy));
    let operation = world.begin_change("UPDATE_CLUSTER", (&id, None), ("cluster", "updated"), change, call.now);
    calls::spoil(world, &operation, call.effect);
    Ok(calls::begun(world, &operation))
}

/// The autoscaling fields of a change through the cluster, checked as a pool's.
pub(crate) fn checked_autoscaling(desired: &Map<String, Value>) -> Result<Value, Refusal> {
    let autoscaling = object(desired, "desiredNodePoolAutoscaling").cloned().unwrap_or_default();
    check_pool::autoscaling(&autoscaling)?;
    Ok(Value::Object(autoscaling))
}
