//! Names within AWS's limits for the longest legal cluster name.
//!
//! Role names take 64 characters, launch template names 128, node group names 63; a cluster name takes 100.
//! What does not fit is cut, and a hash of the whole keeps the names of two clusters apart.

use sha2::{Digest, Sha256};

use crate::actions::eks::EksClusterRef;

/// Longest role name.
pub const ROLE_LIMIT: usize = 64;
/// Longest launch template name.
pub const TEMPLATE_LIMIT: usize = 128;
/// Hexadecimal digits of a hash that keep two names apart.
const HASH_DIGITS: usize = 8;

/// Name of a role: `berth-CLUSTER-PURPOSE-HASH`; the hash is of region and cluster, because roles are the same in all regions.
pub fn role(cluster: &EksClusterRef, purpose: &str) -> String {
    let hash = hash(&[&cluster.region, &cluster.name]);
    let room = ROLE_LIMIT - "berth---".len() - purpose.len() - HASH_DIGITS;
    let name: String = cluster.name.chars().take(room).collect();
    format!("berth-{name}-{purpose}-{hash}")
}

/// What ARNs in a region begin with after `arn:`.
pub fn partition(region: &str) -> &'static str {
    match region {
        _ if region.starts_with("cn-") => "aws-cn",
        _ if region.starts_with("us-gov-") => "aws-us-gov",
        _ => "aws",
    }
}

/// Name of a launch template: `berth-CLUSTER-GROUP-HASH`; the hash is of all that it says, so another wish has another name.
pub fn template(cluster: &str, group: &str, says: &str) -> String {
    let hash = hash(&[cluster, group, says]);
    let room = TEMPLATE_LIMIT - "berth---".len() - group.len() - HASH_DIGITS;
    let name: String = cluster.chars().take(room).collect();
    format!("berth-{name}-{group}-{hash}")
}

/// An idempotency token out of what makes a request one of its kind: 64 hexadecimal digits.
///
/// Mix in the id of something that is made anew with each life of the cluster (VPC, role), so that a cluster made again
/// after a deletion is not taken for the old request.
pub fn client_token(parts: &[&str]) -> String {
    digest(parts)
}

/// Short hash of these texts in this order.
pub fn hash(parts: &[&str]) -> String {
    digest(parts).chars().take(HASH_DIGITS).collect()
}

fn digest(parts: &[&str]) -> String {
    let mut sha = Sha256::new();
    for part in parts {
        // The length keeps `ab`, `c` apart from `a`, `bc`.
        sha.update(part.len().to_be_bytes());
        sha.update(part.as_bytes());
    }
    sha.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}
