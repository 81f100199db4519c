//! A file under a lease: another name, and the lease's labels.

use super::labels::is_lease_key;
use super::terms::{Lease, LeaseError, LeaseId};
use crate::rules::eks::names;
use crate::rules::ownership;
use crate::spec::{ClusterSpec, Provider};

/// Longest names of clusters.
const GKE_NAME_LIMIT: usize = 40;
const EKS_NAME_LIMIT: usize = 100;
/// Most labels or tags a cluster takes.
const GKE_LABELS: usize = 64;
const EKS_TAGS: usize = 50;
/// What is left of the file's own name at least when it has to be cut.
const LEAST_OF_BASE: usize = 8;

/// Name of the cluster of a lease: `BASE-ID`. What is too long is cut, and a hash of both keeps the names of two leases apart.
pub fn cluster_name(base: &str, id: &LeaseId, provider: Provider) -> String {
    let limit = match provider {
        Provider::Gke => GKE_NAME_LIMIT,
        Provider::Eks | Provider::Existing => EKS_NAME_LIMIT,
    };
    let whole = format!("{base}-{id}");
    if whole.len() <= limit {
        return whole;
    }
    let hash = names::hash(&[base, id.as_str()]);
    // The id says more to people than the file's name does, so it is the name that is cut, as far as something of it stays.
    let room = limit - hash.len() - 1;
    let base_room = room.saturating_sub(id.as_str().len() + 1).max(LEAST_OF_BASE);
    let base = cut(base, base_room);
    let id = cut(id.as_str(), room - base.len() - 1);
    format!("{base}-{id}-{hash}")
}

/// At most so many characters, without `-` at the end.
fn cut(text: &str, most: usize) -> &str {
    let end = text.char_indices().nth(most).map_or(text.len(), |(end, _)| end);
    text[..end].trim_end_matches('-')
}

/// The file's cluster as the environment of a lease: named after it, and everything it makes bears the lease.
///
/// # Errors
/// The file is for a cluster that stands already, or has more labels than the cloud has room for beside the lease's.
pub fn leased(spec: ClusterSpec, lease: &Lease) -> Result<ClusterSpec, LeaseError> {
    let provider = spec.cloud.provider();
    let most = match provider {
        Provider::Gke => GKE_LABELS,
        Provider::Eks => EKS_TAGS,
        Provider::Existing => return Err(LeaseError::Standing),
    };
    let name = cluster_name(&spec.name, &lease.id, provider);
    let mut labels = spec.labels;
    labels.retain(|key, _| !is_lease_key(key));
    let own = labels.len();
    labels.extend(lease.labels());
    if labels.len() + ownership::labels(&name).len() > most {
        return Err(LeaseError::TooManyLabels { labels: own, most });
    }
    Ok(ClusterSpec { name, labels, ..spec })
}

#[cfg(test)]
mod tests;
