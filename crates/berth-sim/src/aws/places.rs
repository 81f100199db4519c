//! Regions, their zones, and who this account is.

/// The region of [`crate::env`].
pub const REGION: &str = "us-east-1";
/// The account all resources belong to.
pub(crate) const ACCOUNT: &str = "123456789012";
/// The only access key that is known.
pub const ACCESS_KEY_ID: &str = "AKIABERTHSIMULATOR00";
/// Its secret; signatures are not computed, so that any will do.
pub const SECRET_ACCESS_KEY: &str = "berth-simulator-secret-access-key-000000";
/// The user behind the access key.
pub(crate) const USER: &str = "berth-sim";

/// A region: its name, the front of its zone ids, and its zones by letter and number of the id.
type Region = (&'static str, &'static str, &'static [(char, u8)]);

const REGIONS: &[Region] = &[
    ("us-east-1", "use1", &[('a', 4), ('b', 6), ('c', 1), ('d', 2), ('e', 3), ('f', 5)]),
    ("us-east-2", "use2", &[('a', 1), ('b', 2), ('c', 3)]),
    ("us-west-2", "usw2", &[('a', 2), ('b', 1), ('c', 3), ('d', 4)]),
    ("eu-west-1", "euw1", &[('a', 1), ('b', 2), ('c', 3)]),
    ("eu-central-1", "euc1", &[('a', 2), ('b', 3), ('c', 1)]),
    ("ap-northeast-1", "apne1", &[('a', 4), ('c', 1), ('d', 2)]),
];

/// Zone ids in which EKS places no control plane.
const REFUSED: &[&str] = &["use1-az3", "usw1-az2", "cac1-az3"];

/// A zone.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Zone {
    /// The name, as `us-east-1a`.
    pub(crate) name: String,
    /// The id, as `use1-az4`.
    pub(crate) id: String,
}

impl Zone {
    /// Whether EKS places control planes here.
    pub(crate) fn takes_control_planes(&self) -> bool {
        !REFUSED.contains(&self.id.as_str())
    }
}

/// The names of all regions.
pub(crate) fn regions() -> impl Iterator<Item = &'static str> {
    REGIONS.iter().map(|(name, ..)| *name)
}

/// The zones of a region; none when it is unknown.
pub(crate) fn zones(region: &str) -> Vec<Zone> {
    let row = REGIONS.iter().find(|(name, ..)| *name == region);
    let zones = row.into_iter().flat_map(|(name, short, zones)| {
        zones
            .iter()
            .map(move |(letter, number)| Zone { name: format!("{name}{letter}"), id: format!("{short}-az{number}") })
    });
    zones.collect()
}

/// The zone of that name or id in a region.
pub(crate) fn zone(region: &str, name: &str) -> Option<Zone> {
    zones(region).into_iter().find(|zone| zone.name == name || zone.id == name)
}

/// The caller's ARN.
pub(crate) fn caller_arn() -> String {
    format!("arn:aws:iam::{ACCOUNT}:user/{USER}")
}
