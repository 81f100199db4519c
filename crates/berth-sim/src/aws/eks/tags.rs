//! Tags of EKS's resources, by ARN.

use serde_json::{Map, Value, json};

use crate::aws::failure::Failure;
use crate::aws::serve::Asked;
use crate::world::World;

/// The members of the resource an ARN names: a cluster, node group, add-on or association.
fn find<'a>(world: &'a mut World, asked: &Asked<'_>) -> Result<&'a mut Map<String, Value>, Failure> {
    let arn = asked.text("resourceArn");
    let missing =
        || Failure::new(404, "NotFoundException", format!("The specified resource could not be found: {arn}"));
    if !arn.starts_with("arn:aws:eks:") {
        return Err(Failure::bad("BadRequestException", "Invalid ARN"));
    }
    let resource = arn.splitn(6, ':').nth(5).unwrap_or_default();
    let mut parts = resource.split('/');
    let (kind, name, second) =
        (parts.next().unwrap_or_default(), parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let cluster = world.aws.clusters.get_mut(&format!("{}/{name}", asked.region)).ok_or_else(missing)?;
    let found = match kind {
        "cluster" => Some(&mut cluster.fields),
        "nodegroup" => cluster.groups.get_mut(second).map(|group| &mut group.fields),
        "addon" => cluster.addons.get_mut(second).map(|addon| &mut addon.fields),
        "podidentityassociation" => cluster.identities.get_mut(second),
        _ => None,
    };
    found.ok_or_else(missing)
}

fn tags(fields: &mut Map<String, Value>) -> &mut Value {
    fields.entry("tags").or_insert_with(|| json!({}))
}

/// `TagResource`.
pub(crate) fn tag(world: &mut World, asked: &Asked<'_>) -> Result<Value, Failure> {
    let tags = tags(find(world, asked)?);
    let mut all = tags.as_object().cloned().unwrap_or_default();
    all.extend(asked.input.get("tags").and_then(Value::as_object).cloned().unwrap_or_default());
    if all.len() > 50 {
        return Err(Failure::bad("BadRequestException", "A resource cannot have more than 50 tags"));
    }
    *tags = Value::Object(all);
    Ok(json!({}))
}

/// `UntagResource`.
pub(crate) fn untag(world: &mut World, asked: &Asked<'_>) -> Result<Value, Failure> {
    if let Some(tags) = tags(find(world, asked)?).as_object_mut() {
        for key in asked.texts("tagKeys") {
            tags.remove(key);
        }
    }
    Ok(json!({}))
}

/// `ListTagsForResource`.
pub(crate) fn list(world: &mut World, asked: &Asked<'_>) -> Result<Value, Failure> {
    let tags = tags(find(world, asked)?).clone();
    Ok(json!({ "tags": tags }))
}
