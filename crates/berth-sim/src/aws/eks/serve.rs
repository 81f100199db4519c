//! Which part of EKS answers a call, and what the parts share.

use serde_json::{Map, Value, json};

use super::{access, addons, changes, clusters, create, groups, identities, tags, versions};
use crate::aws::failure::Failure;
use crate::aws::serve::{Asked, page};
use crate::aws::state::{Cluster, Spoil};
use crate::faults::Effect;
use crate::world::World;

/// Answers an EKS call.
pub(crate) fn serve(world: &mut World, asked: &Asked<'_>) -> Result<Value, Failure> {
    match asked.action {
        "CreateCluster" => create::create(world, asked),
        "DescribeCluster" => clusters::describe(world, asked),
        "ListClusters" => clusters::list(world, asked),
        "DeleteCluster" => clusters::delete(world, asked),
        "UpdateClusterConfig" => changes::update_cluster(world, asked),
        "DescribeUpdate" => changes::describe_update(world, asked),
        "ListUpdates" => changes::list_updates(world, asked),
        "CreateNodegroup" => groups::create(world, asked),
        "DescribeNodegroup" => groups::describe(world, asked),
        "ListNodegroups" => groups::list(world, asked),
        "DeleteNodegroup" => groups::delete(world, asked),
        "UpdateNodegroupConfig" => changes::update_group(world, asked),
        "CreateAddon" => addons::create(world, asked),
        "DescribeAddon" => addons::describe(world, asked),
        "ListAddons" => addons::list(world, asked),
        "DeleteAddon" => addons::delete(world, asked),
        "UpdateAddon" => addons::update(world, asked),
        "DescribeAddonVersions" => addons::describe_versions(asked),
        "DescribeClusterVersions" => versions::describe(asked),
        "CreateAccessEntry" => access::create(world, asked),
        "DescribeAccessEntry" => access::describe(world, asked),
        "ListAccessEntries" => access::list(world, asked),
        "DeleteAccessEntry" => access::delete(world, asked),
        "AssociateAccessPolicy" => access::associate(world, asked),
        "DisassociateAccessPolicy" => access::disassociate(world, asked),
        "ListAssociatedAccessPolicies" => access::list_associated(world, asked),
        "ListAccessPolicies" => access::list_policies(asked),
        "CreatePodIdentityAssociation" => identities::create(world, asked),
        "DescribePodIdentityAssociation" => identities::describe(world, asked),
        "ListPodIdentityAssociations" => identities::list(world, asked),
        "DeletePodIdentityAssociation" => identities::delete(world, asked),
        "TagResource" => tags::tag(world, asked),
        "UntagResource" => tags::untag(world, asked),
        "ListTagsForResource" => tags::list(world, asked),
        "ListFargateProfiles" => cluster(world, asked).map(|_| json!({"fargateProfileNames": []})),
        _ => Err(Failure::new(404, "UnknownOperationException", format!("EKS does not serve {}", asked.action))),
    }
}

/// The cluster a call names: the path's `name`.
pub(crate) fn cluster<'a>(world: &'a mut World, asked: &Asked<'_>) -> Result<&'a mut Cluster, Failure> {
    let name = asked.text("name");
    let missing = || Failure::missing(format!("No cluster found for name: {name}.")).with("clusterName", name);
    world.aws.clusters.get_mut(&format!("{}/{name}", asked.region)).ok_or_else(missing)
}

/// The same, which must be up.
pub(crate) fn active<'a>(world: &'a mut World, asked: &Asked<'_>) -> Result<&'a mut Cluster, Failure> {
    let cluster = cluster(world, asked)?;
    if matches!(cluster.status(), "ACTIVE" | "UPDATING") {
        return Ok(cluster);
    }
    let text = format!("Cluster '{}' is not in ACTIVE status", cluster.name());
    Err(Failure::request(text).with("clusterName", asked.text("name")))
}

/// A page of a list under a name.
pub(crate) fn paged(asked: &Asked<'_>, name: &str, items: Vec<Value>) -> Result<Value, Failure> {
    let size = asked.number("maxResults").or(Some(100));
    let Some((items, next)) = page(items, size, asked.text("nextToken")) else {
        return Err(Failure::parameter("Invalid nextToken"));
    };
    let mut answer = json!({ name: items });
    if let Some(next) = next {
        answer["nextToken"] = Value::from(next);
    }
    Ok(answer)
}

/// What was made under a call's client token, if it was made with the same input; also when it is gone. AWS does not say how long
/// EKS remembers a token, so that here it is for good, which asks most of a client.
pub(crate) fn made_before(world: &World, asked: &Asked<'_>) -> Result<Option<Value>, Failure> {
    let Some((input, output)) = world.aws.tokens.get(&token_key(asked)) else { return Ok(None) };
    if input == asked.input {
        return Ok(Some(output.clone()));
    }
    let text = "The client request token was used with other parameters before.";
    Err(Failure::request(text))
}

/// Remembers what a call made under its client token.
pub(crate) fn remember(world: &mut World, asked: &Asked<'_>, output: &Value) {
    if !asked.text("clientRequestToken").is_empty() {
        world.aws.tokens.insert(token_key(asked), (asked.input.clone(), output.clone()));
    }
}

fn token_key(asked: &Asked<'_>) -> String {
    format!("eks/{}/{}/{}", asked.action, asked.region, asked.text("clientRequestToken"))
}

/// Copies members of the input that were given.
pub(crate) fn copy(asked: &Asked<'_>, members: &[&str], to: &mut Map<String, Value>) {
    for member in members {
        if let Some(value) = asked.input.get(*member) {
            to.insert((*member).to_owned(), value.clone());
        }
    }
}

/// How a fault spoils what begins here.
pub(crate) fn spoil(asked: &Asked<'_>) -> Option<Spoil> {
    match asked.spoiling? {
        Effect::Issue { code, message } => Some(Spoil::Issue { code: code.clone(), message: message.clone() }),
        Effect::Stockout { zone, created } => Some(Spoil::Stockout { zone: zone.clone(), created: *created }),
        Effect::Stuck => Some(Spoil::Stuck),
        Effect::LeaveInterfaces { count } => Some(Spoil::Interfaces(*count)),
        _ => None,
    }
}
