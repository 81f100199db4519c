//! Roles and OIDC providers; IAM is the same for all regions.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_iam::types::Tag;
use berth_core::actions::eks::{EksClusterRef, EksPart, EksPartKind, EksRole};
use berth_core::rules::eks::tags::REGION_KEY;
use berth_core::rules::eks::{addons, roles};
use berth_core::run::{Fault, FaultKind};
use berth_core::spec::EksSpec;
use futures::{StreamExt, TryStreamExt, stream};

use super::{AT_A_TIME, part};
use crate::cloud::EksCloud;
use crate::{classify, unread};

/// The roles berth makes for a cluster, of those that are there, and what could not be read about them.
///
/// A role of such a name that is not ours is not listed: making ours then says that it is in the way.
pub(super) async fn roles(cloud: &EksCloud, cluster: &EksClusterRef) -> Result<(Vec<EksPart>, Vec<String>), Fault> {
    let looks = roles::made(cluster, &all(), true).into_iter().map(|(_, wanted)| Box::pin(role(cloud, wanted)));
    let found = futures::future::try_join_all(looks).await?;
    let (parts, unread): (Vec<EksPart>, Vec<Vec<String>>) = found.into_iter().flatten().unzip();
    Ok((parts, unread.concat()))
}

/// A file's section with which berth makes all roles it ever makes; the rest of it does not matter to them.
fn all() -> EksSpec {
    EksSpec {
        version: None,
        vpc_cidr: String::new(),
        standard_support: true,
        nat_per_zone: false,
        subnet_ids: Vec::new(),
        addons: vec![addons::EBS_CSI.to_owned()],
        logging: Vec::new(),
        cluster_role_arn: None,
        node_role_arn: None,
        public_access_cidrs: Vec::new(),
        private_access: false,
        admin_arns: Vec::new(),
    }
}

async fn role(cloud: &EksCloud, wanted: EksRole) -> Result<Option<(EksPart, Vec<String>)>, Fault> {
    let found = match cloud.read.iam.get_role().role_name(&wanted.name).send().await {
        Ok(found) => found.role,
        Err(error) if classify::kind_of(&error) == FaultKind::NotFound => None,
        Err(error) => return Err(classify::of_call(format!("look for role {}", wanted.name), &error)),
    };
    let tags = of_iam(found.and_then(|role| role.tags).unwrap_or_default());
    let here = tags.get(REGION_KEY) == Some(&wanted.cluster.region);
    if !here || !part::is_ours(&wanted.cluster, &tags) {
        return Ok(None);
    }
    let mut lines = Vec::new();
    let attached = match wanted.policies[..] {
        [] => Ok(BTreeSet::new()),
        _ => policies(cloud, &wanted.name).await,
    };
    let attached = unread::allowed(attached, "iam:ListAttachedRolePolicies", &mut lines)?;
    let arn = |policy: &String| format!("arn:{}:iam::aws:policy/{policy}", cloud.identity().partition());
    // What cannot be seen is not taken for missing: making it again would need the same permission.
    let has_all = attached.is_none_or(|attached| wanted.policies.iter().all(|policy| attached.contains(&arn(policy))));
    let own = match &wanted.own_policy {
        Some(policy) => unread::allowed(has_own(cloud, &wanted.name, policy).await, "iam:GetRolePolicy", &mut lines)?,
        None => None,
    };
    let complete = has_all && own.unwrap_or(true);
    let found = part::part(EksPartKind::Role, Some(wanted.name.clone()), "", tags);
    Ok(Some((EksPart { part: Some(wanted.name), complete, ..found }, lines)))
}

/// ARNs of the policies a role has; none if it went meanwhile.
async fn policies(cloud: &EksCloud, role: &str) -> Result<BTreeSet<String>, Fault> {
    let call = cloud.read.iam.list_attached_role_policies().role_name(role);
    let found: Result<Vec<_>, _> = call.into_paginator().items().send().collect().await;
    match found {
        Ok(found) => Ok(found.into_iter().filter_map(|policy| policy.policy_arn).collect()),
        Err(error) if classify::kind_of(&error) == FaultKind::NotFound => Ok(BTreeSet::new()),
        Err(error) => Err(classify::of_call(format!("read the policies of role {role}"), &error)),
    }
}

/// Whether a role's own policy says what it is to say.
async fn has_own(cloud: &EksCloud, role: &str, wanted: &str) -> Result<bool, Fault> {
    let call = cloud.read.iam.get_role_policy().role_name(role).policy_name(roles::OWN_POLICY);
    match call.send().await {
        Ok(found) => Ok(is_same(&found.policy_document, wanted)),
        Err(error) if classify::kind_of(&error) == FaultKind::NotFound => Ok(false),
        Err(error) => Err(classify::of_call(format!("read the policy of role {role}"), &error)),
    }
}

/// IAM gives a policy back with its characters escaped as in URLs.
fn is_same(escaped: &str, wanted: &str) -> bool {
    let have = url::form_urlencoded::parse(escaped.as_bytes()).next().map(|(text, _)| text.into_owned());
    let read = |text: &str| serde_json::from_str::<serde_json::Value>(text).ok();
    have.and_then(|have| read(&have)).is_some_and(|have| Some(have) == read(wanted))
}

/// ARNs of all OIDC providers of clusters in this region, of whatever cluster.
pub(super) async fn providers(cloud: &EksCloud) -> Result<Vec<String>, Fault> {
    // IAM gives all of them at once.
    let found = cloud.read.iam.list_open_id_connect_providers().send().await;
    let found = found.map_err(|error| classify::of_call("look for OIDC providers", &error))?;
    let arns = found.open_id_connect_provider_list.unwrap_or_default().into_iter().filter_map(|row| row.arn);
    let host = format!("oidc-provider/oidc.eks.{}.", cloud.region());
    Ok(arns.filter(|arn| arn.contains(&host)).collect())
}

/// The provider of a cluster's issuer.
pub(super) fn of_issuer(providers: &[String], issuer: &str) -> Option<EksPart> {
    let ending = format!(":oidc-provider/{}", issuer.trim_start_matches("https://"));
    let arn = providers.iter().find(|arn| arn.ends_with(&ending))?;
    Some(part::part(EksPartKind::OidcProvider, Some(arn.clone()), "", BTreeMap::new()))
}

/// Without a cluster nobody tells the issuer, and only tags say whose a provider is.
pub(super) async fn by_tags(
    cloud: &EksCloud,
    cluster: &EksClusterRef,
    providers: Vec<String>,
) -> Result<Vec<EksPart>, Fault> {
    let looks = providers.into_iter().map(|arn| provider(cloud, arn));
    let found: Vec<EksPart> = stream::iter(looks).buffer_unordered(AT_A_TIME).try_collect().await?;
    Ok(found.into_iter().filter(|found| part::is_ours(cluster, &found.tags)).collect())
}

async fn provider(cloud: &EksCloud, arn: String) -> Result<EksPart, Fault> {
    let call = cloud.read.iam.list_open_id_connect_provider_tags().open_id_connect_provider_arn(&arn);
    let found: Result<Vec<Tag>, _> = call.into_paginator().items().send().collect().await;
    let tags = match found {
        Ok(tags) => of_iam(tags),
        Err(error) if classify::kind_of(&error) == FaultKind::NotFound => BTreeMap::new(),
        Err(error) => return Err(classify::of_call("read the tags of OIDC providers", &error)),
    };
    Ok(part::part(EksPartKind::OidcProvider, Some(arn), "", tags))
}

fn of_iam(tags: Vec<Tag>) -> BTreeMap<String, String> {
    tags.into_iter().map(|tag| (tag.key, tag.value)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_provider_is_known_by_the_whole_issuer() {
        let arn = |id: &str| format!("arn:aws:iam::1:oidc-provider/oidc.eks.us-east-1.amazonaws.com/id/{id}");
        let providers = [arn("ABC"), arn("AB")];
        let found = of_issuer(&providers, "https://oidc.eks.us-east-1.amazonaws.com/id/AB").unwrap();
        assert_eq!(found.thing.id, arn("AB"));
        assert_eq!(of_issuer(&providers, "https://oidc.eks.us-east-1.amazonaws.com/id/B"), None);
    }

    #[test]
    fn a_policy_is_the_same_however_it_is_escaped_and_laid_out() {
        let wanted = r#"{"Version":"2012-10-17","Statement":[{"Action":"a:B","Resource":"*"}]}"#;
        let escaped = "%7B%22Statement%22%3A%5B%7B%22Resource%22%3A%22%2A%22%2C%20%22Action%22%3A%22a%3AB%22%7D%5D%2C%22Version%22%3A%222012-10-17%22%7D";
        assert!(is_same(escaped, wanted));
        assert!(!is_same(escaped, &wanted.replace("a:B", "a:C")));
        assert!(!is_same("", wanted) && !is_same("%7B", wanted));
    }

    #[test]
    fn all_roles_are_looked_for() {
        let cluster = EksClusterRef { account: "1".to_owned(), region: "us-east-1".to_owned(), name: "c".to_owned() };
        let purposes: Vec<&str> = roles::made(&cluster, &all(), true).into_iter().map(|(purpose, _)| purpose).collect();
        assert_eq!(purposes, [roles::CLUSTER, roles::NODE, roles::EBS_CSI, roles::AUTOSCALER]);
    }
}
