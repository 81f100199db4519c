//! OIDC identity providers.

use serde_json::{Map, Value, json};

use super::serve::{arn, empty, few_enough, paged, tags_in, tags_out};
use crate::aws::failure::Failure;
use crate::aws::serve::{Asked, texts};
use crate::aws::state::{fields, stamp};
use crate::world::World;

fn find<'a>(world: &'a mut World, asked: &Asked<'_>) -> Result<&'a mut Map<String, Value>, Failure> {
    let arn = asked.text("OpenIDConnectProviderArn");
    let missing = || Failure::no_entity(format!("OpenIDConnect Provider not found for arn {arn}"));
    world.aws.providers.get_mut(arn).ok_or_else(missing)
}

/// `CreateOpenIDConnectProvider`.
pub(crate) fn create(world: &mut World, asked: &Asked<'_>) -> Result<Value, Failure> {
    let url = asked.text("Url");
    let Some(host) = url.strip_prefix("https://") else {
        return Err(Failure::bad("ValidationError", "Invalid Open ID Connect Provider URL"));
    };
    let arn = arn("oidc-provider", "/", host.trim_end_matches('/'));
    if world.aws.providers.contains_key(&arn) {
        let text = format!("Provider with url {url} already exists.");
        return Err(Failure::new(409, "EntityAlreadyExists", text));
    }
    let tags = tags_in(asked.input.get("Tags"));
    few_enough(&tags)?;
    let shown = json!({
        "Url": host,
        "ClientIDList": asked.texts("ClientIDList"),
        "ThumbprintList": asked.texts("ThumbprintList"),
        "CreateDate": stamp(asked.now),
        "Tags": tags_out(&tags),
    });
    world.aws.providers.insert(arn.clone(), fields(shown));
    Ok(json!({"OpenIDConnectProviderArn": arn, "Tags": tags_out(&tags)}))
}

/// `GetOpenIDConnectProvider`.
pub(crate) fn get(world: &mut World, asked: &Asked<'_>) -> Result<Value, Failure> {
    find(world, asked).map(|fields| Value::Object(fields.clone()))
}

/// `DeleteOpenIDConnectProvider`: deleting twice succeeds.
pub(crate) fn delete(world: &mut World, asked: &Asked<'_>) -> Result<Value, Failure> {
    world.aws.providers.remove(asked.text("OpenIDConnectProviderArn"));
    Ok(empty())
}

/// `ListOpenIDConnectProviders`.
pub(crate) fn list(world: &World) -> Value {
    let arns: Vec<Value> = world.aws.providers.keys().map(|arn| json!({ "Arn": arn })).collect();
    json!({ "OpenIDConnectProviderList": arns })
}

/// `TagOpenIDConnectProvider`.
pub(crate) fn tag(world: &mut World, asked: &Asked<'_>) -> Result<Value, Failure> {
    let provider = find(world, asked)?;
    let mut tags = tags_in(provider.get("Tags"));
    tags.extend(tags_in(asked.input.get("Tags")));
    few_enough(&tags)?;
    provider.insert("Tags".to_owned(), tags_out(&tags));
    Ok(empty())
}

/// `UntagOpenIDConnectProvider`.
pub(crate) fn untag(world: &mut World, asked: &Asked<'_>) -> Result<Value, Failure> {
    let provider = find(world, asked)?;
    let mut tags = tags_in(provider.get("Tags"));
    for key in texts(asked.input.get("TagKeys")) {
        tags.remove(key);
    }
    provider.insert("Tags".to_owned(), tags_out(&tags));
    Ok(empty())
}

/// `ListOpenIDConnectProviderTags`.
pub(crate) fn list_tags(world: &mut World, asked: &Asked<'_>) -> Result<Value, Failure> {
    let tags = find(world, asked)?.get("Tags").and_then(Value::as_array).cloned().unwrap_or_default();
    paged(asked, "Tags", tags)
}
