//! Updates: changes that take their time and are followed by id.

use serde_json::{Map, Value, json};

use super::create::logging;
use super::group_checks::check_sizes;
use super::groups;
use super::serve::{active, cluster, paged};
use super::versions;
use crate::aws::failure::Failure;
use crate::aws::serve::{Asked, texts};
use crate::aws::state::{Happening, fields, seconds};
use crate::lifecycle::after;
use crate::world::{Step, World};

/// Begins an update and gives it as it is shown. Its subject follows from the call's input.
pub(crate) fn begin(world: &mut World, asked: &Asked<'_>, uid: &str, kind: &str, params: Value) -> Value {
    let number = world.number();
    let digits = world.hex(&format!("update/{number}"), 32);
    let id = [&digits[..8], &digits[8..12], &digits[12..16], &digits[16..20], &digits[20..]].join("-");
    let shown = fields(json!({
        "id": id, "status": "InProgress", "type": kind, "params": params,
        "createdAt": seconds(asked.now), "errors": [],
    }));
    let mut kept = shown.clone();
    for member in ["nodegroupName", "addonName"] {
        kept.insert(format!("about-{member}"), Value::from(asked.text(member)));
    }
    if let Some(cluster) = world.aws.by_uid(uid) {
        cluster.updates.insert(id.clone(), kept);
    }
    let kind = if asked.text("nodegroupName").is_empty() { "eks-control-plane" } else { "eks-group" };
    let at = asked.now + after(kind, "requested", "updated", "");
    world.plan(at, Step::Aws(Happening::Update(uid.to_owned(), id)));
    Value::Object(shown)
}

/// `UpdateClusterConfig`: one thing at a time.
pub(crate) fn update_cluster(world: &mut World, asked: &Asked<'_>) -> Result<Value, Failure> {
    let name = asked.text("name");
    let cluster = active(world, asked)?;
    if cluster.status() == "UPDATING" {
        let text = format!("Cannot update because cluster {name} currently has an update in progress");
        return Err(Failure::in_use(text).with("clusterName", name));
    }
    let members =
        ["resourcesVpcConfig", "logging", "accessConfig", "upgradePolicy", "zonalShiftConfig", "deletionProtection"];
    let given: Vec<&str> = members.into_iter().filter(|member| asked.input.get(*member).is_some()).collect();
    let [member] = given.as_slice() else {
        let text = if given.is_empty() {
            "No changes needed for the given update"
        } else {
            "Only one type of update can be allowed."
        };
        return Err(Failure::parameter(text).with("clusterName", name));
    };
    let value = &asked.input[*member];
    let (kind, new) = match *member {
        "logging" => ("LoggingUpdate", logging(Some(value))),
        "resourcesVpcConfig" => ("EndpointAccessUpdate", merged(&cluster.fields[*member], value)),
        "accessConfig" => ("AccessConfigUpdate", access(&cluster.fields[*member], value)?),
        "upgradePolicy" => ("UpgradePolicyUpdate", value.clone()),
        "zonalShiftConfig" => ("ZonalShiftConfigUpdate", value.clone()),
        _ => ("DeletionProtectionUpdate", value.clone()),
    };
    if cluster.fields.get(*member) == Some(&new) {
        return Err(Failure::parameter("No changes needed for the given update").with("clusterName", name));
    }
    let version = cluster.fields.get("version").and_then(Value::as_str).unwrap_or_default();
    // The user guide: extended support can only be disabled in standard support. The words are not public.
    if kind == "UpgradePolicyUpdate" && new["supportType"] == "STANDARD" && versions::is_old(version, asked.now) {
        let text = format!("Cluster {name} with version {version} is in extended support, which cannot be disabled");
        return Err(Failure::request(text).with("clusterName", name));
    }
    cluster.fields.insert((*member).to_owned(), new);
    if kind == "DeletionProtectionUpdate" {
        // Takes effect at once; the other changes keep the cluster busy.
        let uid = cluster.uid.clone();
        let update = begin(world, asked, &uid, kind, params(member, value));
        return Ok(json!({ "update": update }));
    }
    cluster.fields.insert("status".to_owned(), Value::from("UPDATING"));
    let uid = cluster.uid.clone();
    let update = begin(world, asked, &uid, kind, params(member, value));
    Ok(json!({ "update": update }))
}

fn params(member: &str, value: &Value) -> Value {
    json!([{"type": member, "value": value.to_string()}])
}

fn merged(old: &Value, change: &Value) -> Value {
    let mut new = old.as_object().cloned().unwrap_or_default();
    new.extend(change.as_object().cloned().unwrap_or_default());
    Value::Object(new)
}

/// The mode moves one way: from the config map, over both, to the API alone.
fn access(old: &Value, change: &Value) -> Result<Value, Failure> {
    let order = ["CONFIG_MAP", "API_AND_CONFIG_MAP", "API"];
    let place = |value: &Value| order.iter().position(|mode| value["authenticationMode"] == *mode).unwrap_or(0);
    if place(change) < place(old) {
        let text = format!(
            "Unsupported authentication mode update from {} to {}",
            old["authenticationMode"].as_str().unwrap_or_default(),
            change["authenticationMode"].as_str().unwrap_or_default()
        );
        return Err(Failure::parameter(text));
    }
    Ok(merged(old, change))
}

/// `UpdateNodegroupConfig`.
pub(crate) fn update_group(world: &mut World, asked: &Asked<'_>) -> Result<Value, Failure> {
    let name = asked.text("nodegroupName").to_owned();
    let uid = cluster(world, asked)?.uid.clone();
    let group = groups::find(world, asked)?;
    if matches!(group.status(), "UPDATING" | "CREATING" | "DELETING") {
        let text = format!("Nodegroup {name} is in status {} and cannot be updated", group.status());
        return Err(Failure::in_use(text).with("clusterName", asked.text("name")).with("nodegroupName", name));
    }
    if let Some(change) = asked.input.get("scalingConfig") {
        let new = merged(&group.fields["scalingConfig"], change);
        check_sizes(&new).map_err(Failure::parameter)?;
        group.fields.insert("scalingConfig".to_owned(), new);
    }
    if let Some(change) = asked.input.get("labels") {
        let mut labels = group.fields.get("labels").and_then(Value::as_object).cloned().unwrap_or_default();
        for key in texts(change.get("removeLabels")) {
            labels.remove(key);
        }
        labels.extend(change.get("addOrUpdateLabels").and_then(Value::as_object).cloned().unwrap_or_default());
        group.fields.insert("labels".to_owned(), Value::Object(labels));
    }
    if let Some(change) = asked.input.get("taints") {
        let taints = taints(&group.fields, change);
        group.fields.insert("taints".to_owned(), taints);
    }
    for member in ["updateConfig", "nodeRepairConfig"] {
        if let Some(change) = asked.input.get(member) {
            group.fields.insert(member.to_owned(), change.clone());
        }
    }
    group.fields.insert("modifiedAt".to_owned(), seconds(asked.now));
    group.turn("UPDATING", asked.now);
    world.plan(asked.now, Step::Aws(Happening::Group(uid.clone(), name)));
    let update = begin(world, asked, &uid, "ConfigUpdate", json!([]));
    Ok(json!({ "update": update }))
}

fn taints(fields: &Map<String, Value>, change: &Value) -> Value {
    let same = |a: &Value, b: &Value| a["key"] == b["key"] && a["effect"] == b["effect"];
    let list = |member: &str| change.get(member).and_then(Value::as_array).cloned().unwrap_or_default();
    let mut taints = fields.get("taints").and_then(Value::as_array).cloned().unwrap_or_default();
    let (removed, added) = (list("removeTaints"), list("addOrUpdateTaints"));
    taints.retain(|taint| !removed.iter().chain(&added).any(|one| same(one, taint)));
    taints.extend(added);
    Value::Array(taints)
}

/// `DescribeUpdate`.
pub(crate) fn describe_update(world: &mut World, asked: &Asked<'_>) -> Result<Value, Failure> {
    let id = asked.text("updateId");
    let missing = || Failure::missing(format!("No update found for ID: {id}"));
    let mut shown = cluster(world, asked)?.updates.get(id).ok_or_else(missing)?.clone();
    shown.retain(|key, _| !key.starts_with("about-"));
    Ok(json!({ "update": shown }))
}

/// `ListUpdates`.
pub(crate) fn list_updates(world: &mut World, asked: &Asked<'_>) -> Result<Value, Failure> {
    let about = |update: &Map<String, Value>, member: &str| update[&format!("about-{member}")] == asked.text(member);
    let updates = cluster(world, asked)?.updates.iter();
    let ids = updates.filter(|(_, one)| about(one, "nodegroupName") && about(one, "addonName"));
    paged(asked, "updateIds", ids.map(|(id, _)| Value::from(id.as_str())).collect())
}
