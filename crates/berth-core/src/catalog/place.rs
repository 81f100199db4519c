//! Regions and their zones.

use crate::spec::Provider;

/// A region of a cloud.
#[derive(Debug, PartialEq, Eq)]
pub struct Region {
    /// For example `us-central1` or `us-east-1`.
    pub name: &'static str,
    /// Letters of its zones. On AWS letters differ from account to account, so these only say how many are usual.
    pub letters: &'static str,
}

impl Region {
    /// Full zone names, for example `us-central1-a` or `us-east-1a`.
    pub fn zones(&self, provider: Provider) -> Vec<String> {
        self.letters.chars().map(|letter| zone_name(provider, self.name, letter)).collect()
    }
}

pub(super) fn zone_name(provider: Provider, region: &str, letter: char) -> String {
    match provider {
        Provider::Gke => format!("{region}-{letter}"),
        Provider::Eks | Provider::Existing => format!("{region}{letter}"),
    }
}

/// Google Cloud's region list (general knowledge); zones agree with those of the SkyPilot and Cyclenerd catalogs.
static GCP: &[Region] = &[
    Region { name: "africa-south1", letters: "abc" },
    Region { name: "asia-east1", letters: "abc" },
    Region { name: "asia-east2", letters: "abc" },
    Region { name: "asia-northeast1", letters: "abc" },
    Region { name: "asia-northeast2", letters: "abc" },
    Region { name: "asia-northeast3", letters: "abc" },
    Region { name: "asia-south1", letters: "abc" },
    Region { name: "asia-south2", letters: "abc" },
    Region { name: "asia-southeast1", letters: "abc" },
    Region { name: "asia-southeast2", letters: "abc" },
    Region { name: "australia-southeast1", letters: "abc" },
    Region { name: "australia-southeast2", letters: "abc" },
    Region { name: "europe-central2", letters: "abc" },
    Region { name: "europe-north1", letters: "abc" },
    Region { name: "europe-north2", letters: "abc" },
    Region { name: "europe-southwest1", letters: "abc" },
    Region { name: "europe-west1", letters: "bcd" },
    Region { name: "europe-west10", letters: "abc" },
    Region { name: "europe-west12", letters: "abc" },
    Region { name: "europe-west2", letters: "abc" },
    Region { name: "europe-west3", letters: "abc" },
    Region { name: "europe-west4", letters: "abc" },
    Region { name: "europe-west6", letters: "abc" },
    Region { name: "europe-west8", letters: "abc" },
    Region { name: "europe-west9", letters: "abc" },
    Region { name: "me-central1", letters: "abc" },
    Region { name: "me-central2", letters: "abc" },
    Region { name: "me-west1", letters: "abc" },
    Region { name: "northamerica-northeast1", letters: "abc" },
    Region { name: "northamerica-northeast2", letters: "abc" },
    Region { name: "northamerica-south1", letters: "abc" },
    Region { name: "southamerica-east1", letters: "abc" },
    Region { name: "southamerica-west1", letters: "abc" },
    Region { name: "us-central1", letters: "abcf" },
    Region { name: "us-east1", letters: "bcd" },
    Region { name: "us-east4", letters: "abc" },
    Region { name: "us-east5", letters: "abc" },
    Region { name: "us-south1", letters: "abc" },
    Region { name: "us-west1", letters: "abc" },
    Region { name: "us-west2", letters: "abc" },
    Region { name: "us-west3", letters: "abc" },
    Region { name: "us-west4", letters: "abc" },
];

/// AWS's commercial regions (general knowledge).
static AWS: &[Region] = &[
    Region { name: "af-south-1", letters: "abc" },
    Region { name: "ap-east-1", letters: "abc" },
    Region { name: "ap-northeast-1", letters: "acd" },
    Region { name: "ap-northeast-2", letters: "abcd" },
    Region { name: "ap-northeast-3", letters: "abc" },
    Region { name: "ap-south-1", letters: "abc" },
    Region { name: "ap-south-2", letters: "abc" },
    Region { name: "ap-southeast-1", letters: "abc" },
    Region { name: "ap-southeast-2", letters: "abc" },
    Region { name: "ap-southeast-3", letters: "abc" },
    Region { name: "ap-southeast-4", letters: "abc" },
    Region { name: "ca-central-1", letters: "abd" },
    Region { name: "ca-west-1", letters: "abc" },
    Region { name: "eu-central-1", letters: "abc" },
    Region { name: "eu-central-2", letters: "abc" },
    Region { name: "eu-north-1", letters: "abc" },
    Region { name: "eu-south-1", letters: "abc" },
    Region { name: "eu-south-2", letters: "abc" },
    Region { name: "eu-west-1", letters: "abc" },
    Region { name: "eu-west-2", letters: "abc" },
    Region { name: "eu-west-3", letters: "abc" },
    Region { name: "il-central-1", letters: "abc" },
    Region { name: "me-central-1", letters: "abc" },
    Region { name: "me-south-1", letters: "abc" },
    Region { name: "sa-east-1", letters: "abc" },
    Region { name: "us-east-1", letters: "abcdef" },
    Region { name: "us-east-2", letters: "abc" },
    Region { name: "us-west-1", letters: "ab" },
    Region { name: "us-west-2", letters: "abcd" },
];

/// All regions of a cloud, by name.
pub fn regions(provider: Provider) -> &'static [Region] {
    match provider {
        Provider::Gke => GCP,
        Provider::Eks => AWS,
        Provider::Existing => &[],
    }
}

/// The region of that name.
pub fn region(provider: Provider, name: &str) -> Option<&'static Region> {
    regions(provider).iter().find(|region| region.name == name)
}

/// The region part of a zone's name: `us-central1` of `us-central1-a`, `us-east-1` of `us-east-1a`.
///
/// `None` if the name does not have the form of a zone; the zone need not exist.
pub fn region_of_zone(provider: Provider, zone: &str) -> Option<&str> {
    let letter = zone.chars().last().filter(char::is_ascii_lowercase)?;
    let rest = zone.strip_suffix(letter)?;
    match provider {
        Provider::Gke => rest.strip_suffix('-'),
        Provider::Eks => rest.ends_with(|c: char| c.is_ascii_digit()).then_some(rest),
        Provider::Existing => None,
    }
}
