//! Clusters that stand, by EKS's own list.

use std::collections::BTreeSet;

use aws_sdk_eks::types::Cluster;
use berth_core::gc::LeftoverKind;
use berth_core::run::Fault;
use futures::{StreamExt, TryStreamExt, stream};

use super::index::Entry;
use super::row::Row;
use crate::cloud::EksCloud;
use crate::read::{self, AT_A_TIME};
use crate::{classify, there};

/// What it takes to list them.
pub(super) const LIST_PERMISSION: &str = "eks:ListClusters";
/// What it takes to look at one.
pub(super) const LOOK_PERMISSION: &str = "eks:DescribeCluster";

/// Names of all clusters in the region, whoever made them.
pub(super) async fn names(cloud: &EksCloud) -> Result<BTreeSet<String>, Fault> {
    let call = cloud.read.eks.list_clusters();
    let names: Result<Vec<String>, _> = call.into_paginator().items().send().collect().await;
    let tried = || format!("list the clusters in {}", cloud.region());
    let names = names.map_err(|error| classify::of_call(tried(), &error))?;
    Ok(names.into_iter().collect())
}

/// Those of ours the index tells of: clusters and node groups, as long as the cluster stands.
pub(super) fn known(region: &str, entries: &[Entry], standing: Option<&BTreeSet<String>>) -> Vec<Row> {
    let stands = |name: &str| standing.is_none_or(|names| names.contains(name));
    let row = |entry: &Entry| {
        let (kind, rest) = (entry.kind(), entry.rest());
        let cluster = rest.split('/').next().unwrap_or_default();
        let row = match kind {
            ("eks", "cluster") => Row::new(LeftoverKind::Cluster, cluster, region, entry.tags.clone()),
            ("eks", "nodegroup") => Row {
                name: rest.split('/').nth(1).unwrap_or_default().to_owned(),
                ..Row::new(LeftoverKind::NodeGroup, &entry.arn, region, entry.tags.clone())
            },
            _ => return None,
        };
        stands(cluster).then_some(row)
    };
    entries.iter().filter_map(row).collect()
}

/// Clusters that stand, are named by things of ours, and are not in the index (yet): each is looked at for itself.
pub(super) async fn unknown(cloud: &EksCloud, names: BTreeSet<String>) -> Result<Vec<Row>, Fault> {
    let looks =
        names.into_iter().map(|name| Box::pin(async move { there::cluster(cloud, &cloud.cluster_at(&name)).await }));
    let found: Vec<_> = stream::iter(looks).buffer_unordered(AT_A_TIME).try_collect().await?;
    let row = |cluster: Cluster| {
        let tags = cluster.tags.unwrap_or_default().into_iter().collect();
        let phase = read::phase(cluster.status.as_ref().map(|status| status.as_str()), &[]);
        let made = cluster.created_at.and_then(read::time);
        Some(Row { phase: Some(phase), made, ..Row::new(LeftoverKind::Cluster, cluster.name?, cloud.region(), tags) })
    };
    Ok(found.into_iter().flatten().filter_map(row).filter(Row::is_marked).collect())
}

/// Names of clusters that stand and that only other things of ours tell of.
pub(super) fn named(rows: &[Row], standing: &BTreeSet<String>) -> BTreeSet<String> {
    let clusters = rows.iter().filter(|row| row.kind == LeftoverKind::Cluster);
    let known: BTreeSet<&str> = clusters.map(|row| row.id.as_str()).collect();
    let named = rows.iter().map(Row::marked_cluster).filter(|name| !known.contains(name));
    named.filter(|name| standing.contains(*name)).map(ToOwned::to_owned).collect()
}
