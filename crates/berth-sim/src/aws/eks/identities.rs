//! Pod identity associations.

use serde_json::{Value, json};

use super::serve::{active, cluster, copy, paged};
use crate::aws::failure::Failure;
use crate::aws::iam::{assumable, unassumable};
use crate::aws::places::ACCOUNT;
use crate::aws::serve::Asked;
use crate::aws::state::{fields, seconds};
use crate::world::World;

/// `CreatePodIdentityAssociation`.
pub(crate) fn create(world: &mut World, asked: &Asked<'_>) -> Result<Value, Failure> {
    let role = asked.text("roleArn");
    active(world, asked)?;
    assumable(world, role, "pods.eks.amazonaws.com", asked.now).map_err(|_problem| unassumable(role))?;
    let number = world.number();
    let id = format!("a-{}", world.hex(&format!("association/{number}"), 17));
    let (region, name) = (asked.region, asked.text("name"));
    let (namespace, account) = (asked.text("namespace"), asked.text("serviceAccount"));
    let cluster = active(world, asked)?;
    let taken =
        cluster.identities.values().any(|one| one["namespace"] == namespace && one["serviceAccount"] == account);
    if taken {
        return Err(Failure::in_use(format!("Association already exists: {namespace}/{account}")));
    }
    let mut shown = fields(json!({
        "clusterName": name,
        "associationArn": format!("arn:aws:eks:{region}:{ACCOUNT}:podidentityassociation/{name}/{id}"),
        "associationId": id,
        "createdAt": seconds(asked.now),
        "modifiedAt": seconds(asked.now),
    }));
    copy(asked, &["namespace", "serviceAccount", "roleArn", "tags", "targetRoleArn"], &mut shown);
    shown.entry("tags").or_insert_with(|| json!({}));
    cluster.identities.insert(id, shown.clone());
    Ok(json!({ "association": shown }))
}

fn missing(asked: &Asked<'_>) -> Failure {
    Failure::missing(format!("No association found for id: {}", asked.text("associationId")))
}

/// `DescribePodIdentityAssociation`.
pub(crate) fn describe(world: &mut World, asked: &Asked<'_>) -> Result<Value, Failure> {
    let found = cluster(world, asked)?.identities.get(asked.text("associationId")).ok_or_else(|| missing(asked))?;
    Ok(json!({ "association": found }))
}

/// `ListPodIdentityAssociations`.
pub(crate) fn list(world: &mut World, asked: &Asked<'_>) -> Result<Value, Failure> {
    let fits = |one: &&serde_json::Map<String, Value>, member: &str| {
        asked.text(member).is_empty() || one[member] == asked.text(member)
    };
    let all = cluster(world, asked)?.identities.values();
    let all = all.filter(|one| fits(one, "namespace") && fits(one, "serviceAccount"));
    let summary = |one: &serde_json::Map<String, Value>| {
        let mut short = one.clone();
        short.retain(|key, _| {
            matches!(key.as_str(), "clusterName" | "namespace" | "serviceAccount" | "associationArn" | "associationId")
        });
        Value::Object(short)
    };
    paged(asked, "associations", all.map(summary).collect())
}

/// `DeletePodIdentityAssociation`.
pub(crate) fn delete(world: &mut World, asked: &Asked<'_>) -> Result<Value, Failure> {
    let removed = cluster(world, asked)?.identities.remove(asked.text("associationId"));
    removed.map(|one| json!({ "association": one })).ok_or_else(|| missing(asked))
}
