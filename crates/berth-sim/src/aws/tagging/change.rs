//! `TagResources` and `UntagResources`: each resource by its own service, and what failed in the answer.

use serde_json::{Map, Value, json};

use super::index::{balancer_arn, kind_of};
use crate::aws::failure::Failure;
use crate::aws::serve::Asked;
use crate::aws::{ec2, eks, iam, logs};
use crate::world::World;

/// Changes the tags of all named resources, or tells why one's could not be changed.
pub(super) fn change(world: &mut World, asked: &Asked<'_>, set: bool) -> Value {
    let mut failed = Map::new();
    for arn in asked.texts("ResourceARNList") {
        if let Err(failure) = change_one(world, asked, arn, set) {
            let shown = json!({
                "StatusCode": failure.status, "ErrorCode": failure.code, "ErrorMessage": failure.message,
            });
            failed.insert(arn.to_owned(), shown);
        }
    }
    json!({ "FailedResourcesMap": failed })
}

/// Hands a resource to its own service's tagging call.
fn change_one(world: &mut World, asked: &Asked<'_>, arn: &str, set: bool) -> Result<(), Failure> {
    let tags = asked.input.get("Tags").and_then(Value::as_object).cloned().unwrap_or_default();
    let keys = asked.texts("TagKeys");
    let pairs: Value = tags.iter().map(|(key, value)| json!({"Key": key, "Value": value})).collect();
    let bare: Value = keys.iter().map(|key| json!({ "Key": key })).collect();
    let verb = |of: &'static str, off: &'static str| if set { of } else { off };
    let name = arn.rsplit('/').next().unwrap_or_default();
    let (action, input) = match kind_of(arn) {
        ("ec2", _) => {
            (verb("CreateTags", "DeleteTags"), json!({"ResourceId": [name], "Tag": if set { pairs } else { bare }}))
        }
        ("eks" | "logs", _) => {
            (verb("TagResource", "UntagResource"), json!({"resourceArn": arn, "tags": tags, "tagKeys": keys}))
        }
        ("iam", "role") => (verb("TagRole", "UntagRole"), json!({"RoleName": name, "Tags": pairs, "TagKeys": keys})),
        ("iam", "oidc-provider") => (
            verb("TagOpenIDConnectProvider", "UntagOpenIDConnectProvider"),
            json!({"OpenIDConnectProviderArn": arn, "Tags": pairs, "TagKeys": keys}),
        ),
        ("elasticloadbalancing", _) => return balancer(world, asked, arn, set),
        _ => return Err(unknown(arn)),
    };
    let asked = Asked { action, input: &input, ..*asked };
    match kind_of(arn).0 {
        "ec2" => ec2::serve(world, &asked),
        "eks" => eks::serve(world, &asked),
        "logs" => logs::serve(world, &asked),
        _ => iam::serve(world, &asked),
    }
    .map(drop)
}

/// Load balancing's own tagging calls are not served.
fn balancer(world: &mut World, asked: &Asked<'_>, arn: &str, set: bool) -> Result<(), Failure> {
    let balancers = world.aws.balancers.iter_mut().filter(|(key, _)| balancer_arn(key) == arn);
    let targets = world.aws.targets.iter_mut().filter(|(key, _)| key.as_str() == arn);
    let mut meant = balancers.chain(targets).map(|(_, thing)| thing).filter(|thing| thing.region == asked.region);
    let thing = meant.next().ok_or_else(|| unknown(arn))?;
    if set {
        let tags = asked.input.get("Tags").and_then(Value::as_object).into_iter().flatten();
        thing.tags.extend(tags.filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned()))));
    } else {
        let keys = asked.texts("TagKeys");
        thing.tags.retain(|key, _| !keys.contains(&key.as_str()));
    }
    Ok(())
}

fn unknown(arn: &str) -> Failure {
    Failure::bad("InvalidParameterException", format!("The resource {arn} does not exist or cannot be tagged"))
}
