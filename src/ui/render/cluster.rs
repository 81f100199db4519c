//! An observed cluster as text and as JSON.

use std::collections::BTreeMap;

use berth_core::observed::{
    ObservedCloud, ObservedCluster, ObservedNode, ObservedOperation, ObservedPool, Phase, Standing, StandingNode,
};
use berth_core::rules::existing::nodes::Applied;
use berth_core::spec::Provider;
use berth_report::table::{self, Align, Column};
use serde_json::{Value, json};

/// A phase in one word.
pub(crate) fn phase(phase: Phase) -> &'static str {
    match phase {
        Phase::Creating => "creating",
        Phase::Running => "running",
        Phase::Updating => "updating",
        Phase::Degraded => "degraded",
        Phase::Failed => "failed",
        Phase::Deleting => "deleting",
        Phase::Unknown => "unknown",
    }
}

/// Whose it is, in one word.
pub(crate) fn owner(cluster: &ObservedCluster) -> &'static str {
    if cluster.is_ours() { "berth" } else { "other" }
}

/// A cluster in a list.
pub(crate) fn summary(cluster: &ObservedCluster) -> Value {
    json!({
        "name": cluster.name,
        "provider": cluster.provider(),
        "account": cluster.account,
        "location": cluster.place.location(),
        "status": phase(cluster.phase),
        "version": cluster.version,
        "owner": owner(cluster),
        "createdAt": cluster.created_at.map(|at| at.to_string()),
        "labels": cluster.labels,
        "pools": cluster.pools.iter().map(|pool| &pool.name).collect::<Vec<_>>(),
        "issues": cluster.issues,
    })
}

/// A cluster by itself; nodes are `null` when they could not be read.
pub(crate) fn json(
    cluster: &ObservedCluster,
    operations: &[ObservedOperation],
    nodes: Option<&[ObservedNode]>,
) -> Value {
    let counts = nodes.map(|nodes| by_pool(cluster, nodes));
    let pools: Vec<Value> = cluster
        .pools
        .iter()
        .map(|pool| {
            let counts = counts.as_ref().map(|counts| counts.get(pool.name.as_str()).copied().unwrap_or_default());
            json!({"name": pool.name, "status": phase(pool.phase), "issues": pool.issues,
                   "nodes": counts.map(|count| count.nodes), "ready": counts.map(|count| count.ready),
                   "gpus": counts.map(|count| count.gpus)})
        })
        .collect();
    let mut value = summary(cluster);
    if let Value::Object(object) = &mut value {
        object.insert("pools".to_owned(), json!(pools));
        object.insert("operations".to_owned(), json!(operations));
        object.insert("server".to_owned(), json!(cluster.access.as_ref().map(|access| &access.server)));
    }
    value
}

/// A cluster by itself, for people.
pub(crate) fn text(
    cluster: &ObservedCluster,
    operations: &[ObservedOperation],
    nodes: Option<&[ObservedNode]>,
) -> String {
    let mut lines = vec![format!(
        "Cluster {} ({}, {}): {}, version {}, made by {}",
        cluster.name,
        cluster.provider().as_str(),
        place(cluster),
        phase(cluster.phase),
        cluster.version,
        owner(cluster)
    )];
    lines.extend(cluster.issues.iter().map(|issue| format!("  {}: {}", issue.code, issue.message)));
    if let ObservedCloud::Existing(standing) = &cluster.cloud {
        lines.push(format!("\n{}", standing_text(standing)));
        return lines.join("\n");
    }
    let columns = [
        Column("POOL", Align::Left),
        Column("STATUS", Align::Left),
        Column("NODES", Align::Right),
        Column("READY", Align::Right),
        Column("GPUS ALLOCATABLE", Align::Right),
    ];
    let counts = nodes.map(|nodes| by_pool(cluster, nodes));
    let row = |pool: &ObservedPool| {
        let count = counts.as_ref().map(|counts| counts.get(pool.name.as_str()).copied().unwrap_or_default());
        let number = |number: fn(Count) -> u64| count.map_or_else(|| "?".to_owned(), |count| number(count).to_string());
        vec![
            pool.name.clone(),
            phase(pool.phase).to_owned(),
            number(|count| count.nodes),
            number(|count| count.ready),
            number(|count| count.gpus),
        ]
    };
    lines.push(String::new());
    lines.push(table::text(&columns, cluster.pools.iter().map(row)));
    for pool in &cluster.pools {
        lines.extend(pool.issues.iter().map(|issue| format!("{}: {}: {}", pool.name, issue.code, issue.message)));
    }
    lines.extend(operations.iter().map(|operation| {
        let pool = operation.pool.as_ref().map_or_else(String::new, |pool| format!(" on pool {pool}"));
        format!("running: {} {}{pool}", operation.kind, operation.name)
    }));
    lines.join("\n")
}

fn place(cluster: &ObservedCluster) -> String {
    let location = cluster.place.location();
    match cluster.provider() {
        Provider::Existing => format!("context {location}"),
        Provider::Gke | Provider::Eks => format!("{location}, project {}", cluster.account),
    }
}

/// What berth has put on the nodes of a cluster it did not make.
fn standing_text(standing: &Standing) -> String {
    let columns = [
        Column("NODE", Align::Left),
        Column("GPUS ALLOCATABLE", Align::Right),
        Column("LABELS AND TAINTS OF BERTH'S", Align::Left),
    ];
    let own = |node: &StandingNode| {
        let applied = node.record.as_deref().map(serde_json::from_str::<Applied>);
        match applied {
            None => "-".to_owned(),
            Some(Err(_)) => "cannot be read".to_owned(),
            Some(Ok(applied)) => {
                let labels = applied.labels.iter().map(|(key, value)| format!("{key}={value}"));
                let words = berth_core::rules::gke::taints::words;
                let all = labels.chain(applied.taints.iter().map(words)).collect::<Vec<_>>().join(", ");
                format!("{}: {all}", applied.cluster)
            }
        }
    };
    let row = |node: &StandingNode| {
        let gpus = node.gpus.map_or_else(|| "-".to_owned(), |gpus| gpus.to_string());
        vec![node.name.clone(), gpus, own(node)]
    };
    table::text(&columns, standing.nodes.iter().map(row))
}

/// Nodes of one pool.
#[derive(Debug, Clone, Copy, Default)]
struct Count {
    nodes: u64,
    ready: u64,
    gpus: u64,
}

fn by_pool<'a>(cluster: &ObservedCluster, nodes: &'a [ObservedNode]) -> BTreeMap<&'a str, Count> {
    let label = berth_core::verify::pool_label(cluster.provider());
    let mut counts: BTreeMap<&str, Count> = BTreeMap::new();
    for node in nodes {
        let Some(pool) = node.labels.get(label) else { continue };
        let count = counts.entry(pool.as_str()).or_default();
        count.nodes += 1;
        count.ready += u64::from(node.ready);
        count.gpus += node.extended_resources.get("nvidia.com/gpu").copied().unwrap_or(0);
    }
    counts
}
