//! Tags of EC2's resources.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::describe::{Filters, page_of};
use super::serve::{done, find};
use crate::aws::failure::Failure;
use crate::aws::serve::Asked;
use crate::world::World;

/// What a resource's kind is called in tag specifications and in ARNs, by the front of its id.
const KINDS: &[(&str, &str)] = &[
    ("vpc-", "vpc"),
    ("subnet-", "subnet"),
    ("igw-", "internet-gateway"),
    ("rtb-", "route-table"),
    ("nat-", "natgateway"),
    ("eipalloc-", "elastic-ip"),
    ("sg-", "security-group"),
    ("sgr-", "security-group-rule"),
    ("lt-", "launch-template"),
    ("i-", "instance"),
    ("vol-", "volume"),
    ("eni-", "network-interface"),
];

/// What the kind of the resource with that id is called; none for kinds that cannot be tagged.
pub(crate) fn kind_of(id: &str) -> Option<&'static str> {
    KINDS.iter().find(|(front, _)| id.starts_with(front)).map(|(_, kind)| *kind)
}

/// Tags as EC2 shows them.
pub(crate) fn out(tags: &BTreeMap<String, String>) -> Value {
    tags.iter().map(|(key, value)| json!({"key": key, "value": value})).collect()
}

/// Tags as requests give them.
pub(crate) fn given(value: Option<&Value>) -> BTreeMap<String, String> {
    let text = |tag: &Value, member: &str| tag[member].as_str().unwrap_or_default().to_owned();
    let tags = value.and_then(Value::as_array).into_iter().flatten();
    tags.map(|tag| (text(tag, "Key"), text(tag, "Value"))).collect()
}

/// The tags a creation gives to what it makes; specifications for other kinds are refused.
pub(crate) fn specified(asked: &Asked<'_>, kind: &str) -> Result<BTreeMap<String, String>, Failure> {
    let mut tags = BTreeMap::new();
    for specification in asked.input.get("TagSpecification").and_then(Value::as_array).into_iter().flatten() {
        let named = specification["ResourceType"].as_str().unwrap_or_default();
        if named != kind {
            let text = format!("'{named}' is not a valid taggable resource type for this operation.");
            return Err(Failure::bad("InvalidParameterValue", text));
        }
        tags.extend(given(specification.get("Tag")));
    }
    few_enough(&tags)?;
    Ok(tags)
}

fn few_enough(tags: &BTreeMap<String, String>) -> Result<(), Failure> {
    if tags.len() > 50 {
        return Err(Failure::bad("TagLimitExceeded", "The maximum number of Tags for a resource has been reached."));
    }
    for (key, value) in tags {
        if key.to_ascii_lowercase().starts_with("aws:") {
            let text = "Tag keys starting with 'aws:' are reserved for internal use";
            return Err(Failure::bad("InvalidParameterValue", text));
        }
        if key.is_empty() || key.chars().count() > 128 || value.chars().count() > 256 {
            let text = "Tag keys have 1 to 128 characters and values at most 256";
            return Err(Failure::bad("InvalidParameterValue", text));
        }
    }
    Ok(())
}

/// `CreateTags`: on all the resources or on none.
pub(crate) fn create(world: &mut World, asked: &Asked<'_>) -> Result<Value, Failure> {
    let new = given(asked.input.get("Tag"));
    let ids = asked.texts("ResourceId");
    for id in &ids {
        let mut tags = find(world, asked, id)?.tags.clone();
        tags.extend(new.clone());
        few_enough(&tags)?;
    }
    for id in ids {
        find(world, asked, id)?.tags.extend(new.clone());
    }
    Ok(done())
}

/// `DeleteTags`: without tags all go, without a value the key whatever its value.
pub(crate) fn delete(world: &mut World, asked: &Asked<'_>) -> Result<Value, Failure> {
    let tags = asked.input.get("Tag").and_then(Value::as_array).cloned().unwrap_or_default();
    for id in asked.texts("ResourceId") {
        let thing = find(world, asked, id)?;
        thing.tags.retain(|key, value| {
            let named = tags.iter().any(|tag| {
                tag["Key"] == key.as_str() && tag["Value"].as_str().is_none_or(|given| given == value.as_str())
            });
            !tags.is_empty() && !named
        });
    }
    Ok(done())
}

/// `DescribeTags`.
pub(crate) fn describe(world: &World, asked: &Asked<'_>) -> Result<Value, Failure> {
    const PATHS: &[(&str, &str)] =
        &[("key", "key"), ("value", "value"), ("resource-id", "resourceId"), ("resource-type", "resourceType")];
    let filters = Filters::read(asked, PATHS)?;
    let mut items = Vec::new();
    for (id, thing) in world.aws.things.iter().filter(|(_, thing)| thing.region == asked.region) {
        let kind = kind_of(id).unwrap_or_default();
        for (key, value) in &thing.tags {
            let item = json!({"key": key, "value": value, "resourceId": id, "resourceType": kind});
            if filters.fit(&item) {
                items.push(item);
            }
        }
    }
    page_of(asked, "tagSet", items)
}
