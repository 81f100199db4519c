//! A cluster that was just made.

use berth_core::actions::eks::{EksCluster, EksDescription};
use berth_core::observed::{ClusterAccess, ObservedCloud, ObservedCluster, Phase};
use berth_core::spec::Place;

/// The cluster as it is read back once it runs.
pub(super) fn made(wanted: &EksCluster, subnets: Vec<String>, vpc: Option<String>) -> ObservedCluster {
    ObservedCluster {
        name: wanted.cluster.name.clone(),
        account: wanted.cluster.account.clone(),
        place: Place { region: wanted.cluster.region.clone(), zone: None },
        labels: wanted.tags.clone(),
        phase: Phase::Running,
        issues: Vec::new(),
        version: wanted.version.clone().unwrap_or_else(|| "1.34".to_owned()),
        created_at: None,
        access: Some(ClusterAccess { server: "https://eks".to_owned(), ca_pem: None }),
        pools: Vec::new(),
        cloud: ObservedCloud::Eks(Box::new(EksDescription {
            settings: wanted.settings.clone(),
            vpc,
            subnets,
            role_arn: "arn".to_owned(),
            issuer: None,
            access_mode: "API".to_owned(),
            deletion_protection: false,
            addons: Vec::new(),
            admins: Vec::new(),
            identities: Vec::new(),
        })),
    }
}
