//! Roles and OIDC providers, which are the same for all regions.
//!
//! A list of roles has no tags, and the index has no roles. So a role is known by its name where anything else of its cluster bears
//! our mark, and only one without such company is asked for its tags.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_iam::types::Role;
use berth_core::actions::eks::EksClusterRef;
use berth_core::gc::{LeftoverKind, Unread};
use berth_core::rules::eks::tags::REGION_KEY;
use berth_core::rules::eks::{names, roles as purposes};
use berth_core::run::{Fault, FaultKind};
use berth_core::spec::Provider;
use futures::{StreamExt, TryStreamExt, stream};

use super::index::{self, Entry};
use super::place::Looked;
use super::row::{GLOBAL, Row};
use crate::classify;
use crate::cloud::EksCloud;
use crate::read::{self, AT_A_TIME};
use crate::unread::wanted;

/// The most roles on a page.
const ON_A_PAGE: i32 = 1000;
/// What the names of berth's roles begin with.
const FRONT: &str = "berth-";
/// What the roles of a cluster are for.
const PURPOSES: [&str; 4] = [purposes::CLUSTER, purposes::NODE, purposes::EBS_CSI, purposes::AUTOSCALER];

/// Lists that take no knowledge of the regions.
pub(super) struct Lists {
    roles: Result<Vec<Role>, Fault>,
    providers: Result<Vec<Entry>, Fault>,
}

/// All roles that have names like berth's, and the OIDC providers that bear our mark.
pub(super) async fn lists(cloud: &EksCloud) -> Lists {
    let home = cloud.in_region(home(cloud.identity().partition()));
    let (roles, providers) = futures::join!(roles(cloud), index::of_kinds(&home, &["iam:oidc-provider"], true));
    Lists { roles, providers }
}

/// The region in whose index a partition's IAM is.
fn home(partition: &str) -> &'static str {
    match partition {
        "aws-cn" => "cn-north-1",
        "aws-us-gov" => "us-gov-west-1",
        _ => "us-east-1",
    }
}

async fn roles(cloud: &EksCloud) -> Result<Vec<Role>, Fault> {
    let call = cloud.read.iam.list_roles().path_prefix("/").max_items(ON_A_PAGE);
    let found: Result<Vec<Role>, _> = call.into_paginator().items().send().collect().await;
    let found = found.map_err(|error| classify::of_call("list roles", &error))?;
    Ok(found.into_iter().filter(|role| role.role_name.starts_with(FRONT)).collect())
}

/// Those of clusters in these regions; what belongs to a cluster elsewhere is left alone, for nobody looked whether it stands.
pub(super) async fn look(cloud: &EksCloud, regions: &[String], lists: Lists, seen: &Looked) -> Looked {
    let mut looked = Looked::default();
    let roles = hear(&mut looked, cloud, lists.roles, "iam:ListRoles", LeftoverKind::Role).unwrap_or_default();
    let company = company(cloud.account(), seen);
    let (known, lonely): (Vec<Role>, Vec<Role>) =
        roles.into_iter().partition(|role| company.contains_key(&role.role_name));
    looked.rows.extend(known.into_iter().filter_map(|role| {
        let (region, cluster) = company.get(&role.role_name)?;
        Some(Row { named: Some((cluster.clone(), "its name".to_owned())), ..of_role(&role, region, BTreeMap::new()) })
    }));
    let tagged = with_tags(cloud, lonely).await;
    let tagged = hear(&mut looked, cloud, tagged, "iam:ListRoleTags", LeftoverKind::Role).unwrap_or_default();
    let told = hear(&mut looked, cloud, lists.providers, index::PERMISSION, LeftoverKind::OidcProvider);
    let told = told.unwrap_or_default().into_iter().filter_map(of_provider).collect();
    let providers = with_age(cloud, told).await;
    let takes = "iam:GetOpenIDConnectProvider";
    let providers = hear(&mut looked, cloud, providers, takes, LeftoverKind::OidcProvider).unwrap_or_default();
    let here = |row: &Row| row.is_marked() && regions.contains(&row.region);
    looked.rows.extend(tagged.into_iter().chain(providers).filter(here));
    looked
}

fn hear<T>(
    looked: &mut Looked,
    cloud: &EksCloud,
    read: Result<T, Fault>,
    permission: &str,
    kind: LeftoverKind,
) -> Option<T> {
    let mut lines = Vec::new();
    let read = wanted(read, permission, &mut lines);
    looked.unread.extend(lines.into_iter().map(|why| Unread {
        provider: Provider::Eks,
        account: cloud.account().to_owned(),
        place: Some(GLOBAL.to_owned()),
        kinds: vec![kind],
        why,
    }));
    read
}

/// Region and cluster by the names of the roles that the clusters have of which something else of ours was seen.
fn company(account: &str, seen: &Looked) -> BTreeMap<String, (String, String)> {
    let marked = seen.rows.iter().filter(|row| row.is_marked() && !row.marked_cluster().is_empty());
    let clusters: BTreeSet<(&str, &str)> = marked.map(|row| (row.region.as_str(), row.marked_cluster())).collect();
    let of = |(region, name): (&str, &str)| {
        let at = EksClusterRef { account: account.to_owned(), region: region.to_owned(), name: name.to_owned() };
        PURPOSES.map(|purpose| (names::role(&at, purpose), (region.to_owned(), name.to_owned())))
    };
    clusters.into_iter().flat_map(of).collect()
}

fn of_role(role: &Role, region: &str, tags: BTreeMap<String, String>) -> Row {
    let row = Row::new(LeftoverKind::Role, &role.role_name, region, tags);
    Row { place: GLOBAL.to_owned(), made: read::time(role.create_date), ..row }
}

/// Each with its tags; one that went meanwhile is left out.
async fn with_tags(cloud: &EksCloud, roles: Vec<Role>) -> Result<Vec<Row>, Fault> {
    let looks = roles.into_iter().map(|role| Box::pin(one_with_tags(cloud, role)));
    let found: Vec<Option<Row>> = stream::iter(looks).buffer_unordered(AT_A_TIME).try_collect().await?;
    Ok(found.into_iter().flatten().collect())
}

async fn one_with_tags(cloud: &EksCloud, role: Role) -> Result<Option<Row>, Fault> {
    let call = cloud.read.iam.list_role_tags().role_name(&role.role_name);
    let found: Result<Vec<_>, _> = call.into_paginator().items().send().collect().await;
    let tags: BTreeMap<String, String> = match found {
        Ok(tags) => tags.into_iter().map(|tag| (tag.key, tag.value)).collect(),
        Err(error) if classify::kind_of(&error) == FaultKind::NotFound => return Ok(None),
        Err(error) => return Err(classify::of_call("read the tags of roles", &error)),
    };
    let region = tags.get(REGION_KEY).cloned().unwrap_or_default();
    Ok(Some(of_role(&role, &region, tags)))
}

/// Each that is still there, with its age: the index shows also what is gone.
async fn with_age(cloud: &EksCloud, providers: Vec<Row>) -> Result<Vec<Row>, Fault> {
    let look = |row: Row| async move {
        match cloud.read.iam.get_open_id_connect_provider().open_id_connect_provider_arn(&row.id).send().await {
            Ok(found) => Ok(Some(Row { made: found.create_date.and_then(read::time), ..row })),
            Err(error) if classify::kind_of(&error) == FaultKind::NotFound => Ok(None),
            Err(error) => Err(classify::of_call("look at OIDC providers", &error)),
        }
    };
    let looks = providers.into_iter().map(|row| Box::pin(look(row)));
    let found: Vec<Option<Row>> = stream::iter(looks).buffer_unordered(AT_A_TIME).try_collect().await?;
    Ok(found.into_iter().flatten().collect())
}

/// A provider's region stands in its tags, or in the host of its issuer.
fn of_provider(entry: Entry) -> Option<Row> {
    let host = entry.rest().split('/').next().unwrap_or_default().to_owned();
    let of_host = || host.strip_prefix("oidc.eks.")?.split('.').next().map(ToOwned::to_owned);
    let region = entry.tags.get(REGION_KEY).cloned().or_else(of_host)?;
    let row = Row::new(LeftoverKind::OidcProvider, entry.arn, &region, entry.tags);
    Some(Row { place: GLOBAL.to_owned(), name: host, ..row })
}
