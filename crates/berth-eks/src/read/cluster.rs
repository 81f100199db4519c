//! A cluster with its node groups, add-ons and administrators.

use std::collections::BTreeSet;

use aws_sdk_eks::types::{AccessScopeType, Addon, Cluster, ClusterStatus, SupportType};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use berth_core::actions::eks::{EksAddonState, EksClusterRef, EksDescription, EksPodIdentityState, EksSettings};
use berth_core::manifests::cluster_autoscaler;
use berth_core::observed::{ClusterAccess, Issue, ObservedCloud, ObservedCluster, ObservedPool};
use berth_core::run::{Fault, FaultKind};
use berth_core::spec::Place;
use futures::{StreamExt, TryStreamExt, stream};

use super::words::{issue, phase, sorted, sorted_map, time};
use super::{AT_A_TIME, group};
use crate::cloud::EksCloud;
use crate::{classify, there, unread};

/// Everyone.
const WORLD: &str = "0.0.0.0/0";
/// The access mode that knows no access entries; also of clusters older than access entries.
const NO_ENTRIES: &str = "CONFIG_MAP";

/// Reads all that belongs to a cluster's object; lines about what is not allowed go to `unread`.
///
/// # Errors
/// AWS did not answer as it should, or does not allow reading its node groups or its add-ons.
pub(crate) async fn whole(
    cloud: &EksCloud,
    at: &EksClusterRef,
    found: Option<Cluster>,
    unread: &mut Vec<String>,
) -> Result<Option<ObservedCluster>, Fault> {
    let Some(found) = found else { return Ok(None) };
    let mut denied = Vec::new();
    let (pools, addons, admins, identities) = futures::join!(
        Box::pin(pools(cloud, at, &mut denied)),
        Box::pin(addons(cloud, at)),
        Box::pin(admins(cloud, at, &found)),
        Box::pin(identities(cloud, at)),
    );
    let (pools, addons) = (pools?, addons?);
    unread.extend(denied);
    let takes = "eks:ListAccessEntries and eks:ListAssociatedAccessPolicies";
    let admins = unread::allowed(admins, takes, unread)?.unwrap_or_default();
    let takes = "eks:ListPodIdentityAssociations and eks:DescribePodIdentityAssociation";
    let identities = unread::allowed(identities, takes, unread)?.unwrap_or_default();
    let own = Own { pools, addons, admins, identities };
    Ok(Some(cluster(at, found, own)))
}

/// What belongs to a cluster as objects of their own.
#[derive(Default)]
struct Own {
    pools: Vec<ObservedPool>,
    addons: Vec<EksAddonState>,
    admins: Vec<String>,
    identities: Vec<EksPodIdentityState>,
}

/// Reads a cluster for a list of many: without add-ons, administrators and the machines behind its node groups.
///
/// # Errors
/// AWS did not answer as it should, or does not allow reading it.
pub(crate) async fn brief(cloud: &EksCloud, at: EksClusterRef) -> Result<Option<ObservedCluster>, Fault> {
    let Some(found) = there::cluster(cloud, &at).await? else { return Ok(None) };
    let groups = group::groups(cloud, &at).await?;
    let pools = groups.into_iter().map(|one| group::pool(&at, one, None)).collect();
    Ok(Some(cluster(&at, found, Own { pools, ..Own::default() })))
}

async fn pools(cloud: &EksCloud, at: &EksClusterRef, unread: &mut Vec<String>) -> Result<Vec<ObservedPool>, Fault> {
    let groups = group::groups(cloud, at).await?;
    let machines = group::machines(cloud, &groups, unread).await?;
    Ok(groups.into_iter().map(|one| group::pool(at, one, machines.as_ref())).collect())
}

/// All add-ons; one that goes meanwhile is left out.
async fn addons(cloud: &EksCloud, at: &EksClusterRef) -> Result<Vec<EksAddonState>, Fault> {
    let call = cloud.read.eks.list_addons().cluster_name(&at.name);
    let names: Result<Vec<String>, _> = call.into_paginator().items().send().collect().await;
    let names = match names {
        Ok(names) => names,
        Err(error) if classify::kind_of(&error) == FaultKind::NotFound => Vec::new(),
        Err(error) => return Err(classify::of_call(format!("list the add-ons of cluster {}", at.name), &error)),
    };
    let looks = names.into_iter().map(|name| Box::pin(async move { there::addon(cloud, at, &name).await }));
    let found: Vec<Option<Addon>> = stream::iter(looks).buffer_unordered(AT_A_TIME).try_collect().await?;
    let mut addons: Vec<EksAddonState> = found.into_iter().flatten().map(addon).collect();
    addons.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(addons)
}

fn addon(addon: Addon) -> EksAddonState {
    let issues = addon.health().map(|health| health.issues()).unwrap_or_default().iter().map(|one| {
        let code = one.code().map_or("", |code| code.as_str());
        format!("{code}: {}", one.message().unwrap_or_default())
    });
    EksAddonState {
        issues: issues.collect(),
        status: addon.status.as_ref().map_or("", |status| status.as_str()).to_owned(),
        configuration: addon.configuration_values,
        name: addon.addon_name.unwrap_or_default(),
        tags: sorted_map(addon.tags),
    }
}

/// Principals that are administrators of the whole cluster; none while it takes no such question.
async fn admins(cloud: &EksCloud, at: &EksClusterRef, found: &Cluster) -> Result<Vec<String>, Fault> {
    let is_asked = matches!(found.status, Some(ClusterStatus::Active | ClusterStatus::Updating));
    if !is_asked || access_mode(found) == NO_ENTRIES {
        return Ok(Vec::new());
    }
    let policy =
        format!("arn:{}:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy", cloud.identity().partition());
    let call = cloud.read.eks.list_access_entries().cluster_name(&at.name).associated_policy_arn(&policy);
    let principals: Result<Vec<String>, _> = call.into_paginator().items().send().collect().await;
    let principals = match principals {
        Ok(principals) => principals,
        Err(error) if classify::kind_of(&error) == FaultKind::NotFound => return Ok(Vec::new()),
        Err(error) => {
            return Err(classify::of_call(format!("list the access entries of cluster {}", at.name), &error));
        }
    };
    // The policy may be given for some namespaces only.
    let policy = policy.as_str();
    let looks = principals.into_iter().map(|principal| {
        Box::pin(async move {
            let is_admin = has_for_all(cloud, at, &principal, policy).await?;
            Ok(is_admin.then_some(principal))
        })
    });
    let found: BTreeSet<Option<String>> = stream::iter(looks).buffer_unordered(AT_A_TIME).try_collect().await?;
    Ok(found.into_iter().flatten().collect())
}

/// The association of the one service account of berth's that has a role.
async fn identities(cloud: &EksCloud, at: &EksClusterRef) -> Result<Vec<EksPodIdentityState>, Fault> {
    let (namespace, name) = (cluster_autoscaler::NAMESPACE, cluster_autoscaler::NAME);
    let found = there::pod_identities(cloud, at, namespace, name).await?;
    let state = |one: aws_sdk_eks::types::PodIdentityAssociation| EksPodIdentityState {
        namespace: one.namespace.unwrap_or_default(),
        service_account: one.service_account.unwrap_or_default(),
        role_arn: one.role_arn.unwrap_or_default(),
    };
    Ok(found.into_iter().map(state).collect())
}

async fn has_for_all(cloud: &EksCloud, at: &EksClusterRef, principal: &str, policy: &str) -> Result<bool, Fault> {
    let call = cloud.read.eks.list_associated_access_policies().cluster_name(&at.name).principal_arn(principal);
    let found: Result<Vec<_>, _> = call.into_paginator().items().send().collect().await;
    match found {
        Ok(found) => Ok(found.iter().any(|one| {
            let scope = one.access_scope().and_then(|scope| scope.r#type());
            one.policy_arn() == Some(policy) && scope == Some(&AccessScopeType::Cluster)
        })),
        Err(error) if classify::kind_of(&error) == FaultKind::NotFound => Ok(false),
        Err(error) => Err(classify::of_call(format!("read the access policies of {principal}"), &error)),
    }
}

fn cluster(at: &EksClusterRef, found: Cluster, own: Own) -> ObservedCluster {
    let Own { pools, addons, admins, identities } = own;
    let listed = found.health().map(|health| health.issues()).unwrap_or_default();
    let issues: Vec<Issue> =
        listed.iter().map(|one| issue(one.code().map(|code| code.as_str()), one.message())).collect();
    let description = EksDescription { addons, admins, identities, ..description(&found) };
    ObservedCluster {
        name: at.name.clone(),
        account: at.account.clone(),
        place: Place { region: at.region.clone(), zone: None },
        phase: phase(found.status().map(|status| status.as_str()), &issues),
        issues,
        access: access(&found),
        created_at: found.created_at.and_then(time),
        version: found.version.unwrap_or_default(),
        labels: sorted_map(found.tags),
        pools,
        cloud: ObservedCloud::Eks(Box::new(description)),
    }
}

/// The endpoint with the cluster's own authority; there is none while the cluster is being made.
fn access(cluster: &Cluster) -> Option<ClusterAccess> {
    let server = cluster.endpoint.clone().filter(|endpoint| !endpoint.is_empty())?;
    let encoded = cluster.certificate_authority().and_then(|authority| authority.data()).unwrap_or_default();
    let ca_pem = STANDARD.decode(encoded).ok().and_then(|pem| String::from_utf8(pem).ok());
    Some(ClusterAccess { server, ca_pem: ca_pem.filter(|pem| !pem.is_empty()) })
}

fn access_mode(cluster: &Cluster) -> &str {
    let mode = cluster.access_config().and_then(|config| config.authentication_mode());
    mode.map_or(NO_ENTRIES, |mode| mode.as_str())
}

/// What the cluster's object itself tells; add-ons and administrators are objects of their own.
fn description(cluster: &Cluster) -> EksDescription {
    let vpc = cluster.resources_vpc_config();
    let issuer = cluster.identity().and_then(|identity| identity.oidc()).and_then(|oidc| oidc.issuer());
    EksDescription {
        settings: settings(cluster),
        vpc: vpc.and_then(|vpc| vpc.vpc_id.clone()).filter(|id| !id.is_empty()),
        subnets: sorted(vpc.and_then(|vpc| vpc.subnet_ids.clone())),
        role_arn: cluster.role_arn.clone().unwrap_or_default(),
        issuer: issuer.map(ToOwned::to_owned),
        access_mode: access_mode(cluster).to_owned(),
        deletion_protection: cluster.deletion_protection == Some(true),
        addons: Vec::new(),
        admins: Vec::new(),
        identities: Vec::new(),
    }
}

fn settings(cluster: &Cluster) -> EksSettings {
    let setups = cluster.logging().map(|logging| logging.cluster_logging()).unwrap_or_default();
    let on = setups.iter().filter(|setup| setup.enabled == Some(true));
    let logging = on.flat_map(|setup| setup.types()).map(|kind| kind.as_str().to_owned()).collect();
    let vpc = cluster.resources_vpc_config();
    let mut public_access_cidrs = sorted(vpc.and_then(|vpc| vpc.public_access_cidrs.clone()));
    if public_access_cidrs.is_empty() {
        public_access_cidrs.push(WORLD.to_owned());
    }
    let support = cluster.upgrade_policy().and_then(|policy| policy.support_type());
    EksSettings {
        logging: sorted(Some(logging)),
        public_access_cidrs,
        private_access: vpc.is_some_and(|vpc| vpc.endpoint_private_access),
        standard_support: support == Some(&SupportType::Standard),
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_eks::types::{
        AddonHealth, AddonIssue, AddonIssueCode, AddonStatus, Certificate, LogSetup, LogType, Logging,
    };

    use super::*;

    #[test]
    fn the_authority_is_decoded_and_needs_an_endpoint() {
        let read = |endpoint: &str, data: &str| {
            let authority = Certificate::builder().data(data).build();
            access(&Cluster::builder().endpoint(endpoint).certificate_authority(authority).build())
        };
        let found = read("https://x.eks", &STANDARD.encode("-----BEGIN CERTIFICATE-----")).unwrap();
        assert_eq!(found.server, "https://x.eks");
        assert_eq!(found.ca_pem.as_deref(), Some("-----BEGIN CERTIFICATE-----"));
        assert_eq!(read("https://x.eks", "").unwrap().ca_pem, None);
        assert_eq!(read("", "eA=="), None);
    }

    #[test]
    fn only_logs_that_are_on_count() {
        let setup = |kind: LogType, on: bool| LogSetup::builder().types(kind).enabled(on).build();
        let logging = Logging::builder()
            .cluster_logging(setup(LogType::Scheduler, false))
            .cluster_logging(setup(LogType::Audit, true))
            .cluster_logging(setup(LogType::Api, true))
            .build();
        let settings = settings(&Cluster::builder().logging(logging).build());
        assert_eq!(settings.logging, ["api", "audit"]);
        assert_eq!(settings.public_access_cidrs, ["0.0.0.0/0"]);
        // What is not said is the old, dear support.
        assert!(!settings.standard_support);
    }

    #[test]
    fn an_addon_tells_its_issues() {
        let short = AddonIssue::builder().code(AddonIssueCode::InsufficientNumberOfReplicas).message("no nodes");
        let health = AddonHealth::builder().issues(short.build()).build();
        let made = Addon::builder().addon_name("coredns").status(AddonStatus::Degraded).health(health).build();
        let state = addon(made);
        assert_eq!((state.name.as_str(), state.status.as_str()), ("coredns", "DEGRADED"));
        assert_eq!(state.issues, ["InsufficientNumberOfReplicas: no nodes"]);
    }
}
