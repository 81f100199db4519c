//! Regions and their zones.

/// Every region with the letters of its zones.
pub(crate) const REGIONS: &[(&str, &str)] = &[
    ("asia-east1", "abc"),
    ("asia-east2", "abc"),
    ("asia-northeast1", "abc"),
    ("asia-northeast2", "abc"),
    ("asia-northeast3", "abc"),
    ("asia-south1", "abc"),
    ("asia-south2", "abc"),
    ("asia-southeast1", "abc"),
    ("asia-southeast2", "abc"),
    ("australia-southeast1", "abc"),
    ("australia-southeast2", "abc"),
    ("europe-central2", "abc"),
    ("europe-north1", "abc"),
    ("europe-southwest1", "abc"),
    ("europe-west1", "bcd"),
    ("europe-west2", "abc"),
    ("europe-west3", "abc"),
    ("europe-west4", "abc"),
    ("europe-west6", "abc"),
    ("europe-west8", "abc"),
    ("europe-west9", "abc"),
    ("me-central1", "abc"),
    ("me-central2", "abc"),
    ("me-west1", "abc"),
    ("northamerica-northeast1", "abc"),
    ("northamerica-northeast2", "abc"),
    ("southamerica-east1", "abc"),
    ("southamerica-west1", "abc"),
    ("us-central1", "abcf"),
    ("us-east1", "bcd"),
    ("us-east4", "abc"),
    ("us-east5", "abc"),
    ("us-south1", "abc"),
    ("us-west1", "abc"),
    ("us-west2", "abc"),
    ("us-west3", "abc"),
    ("us-west4", "abc"),
];

/// The zones of a region; none when there is no such region.
pub(crate) fn zones_of(region: &str) -> Vec<String> {
    REGIONS
        .iter()
        .filter(|(name, _)| *name == region)
        .flat_map(|(name, letters)| letters.chars().map(move |letter| format!("{name}-{letter}")))
        .collect()
}

/// The region of a zone or of a region; nothing when the place does not exist.
pub(crate) fn region_of(location: &str) -> Option<&'static str> {
    REGIONS
        .iter()
        .find(|(name, letters)| {
            location == *name
                || location
                    .strip_prefix(name)
                    .and_then(|rest| rest.strip_prefix('-'))
                    .is_some_and(|letter| letter.len() == 1 && letters.contains(letter))
        })
        .map(|(name, _)| *name)
}

/// The zones GKE takes for a cluster that names none: the zone itself, or three of the region's.
///
/// Which three is the service's choice; here it is the last three, so that nobody relies on `-a` being one of them.
pub(crate) fn default_zones(location: &str) -> Vec<String> {
    let zones = zones_of(location);
    if zones.is_empty() {
        return vec![location.to_owned()];
    }
    zones[zones.len().saturating_sub(3)..].to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_zones_regions_and_nothing_else() {
        assert_eq!(region_of("us-central1-f"), Some("us-central1"));
        assert_eq!(region_of("us-central1"), Some("us-central1"));
        assert_eq!(region_of("us-central1-e"), None);
        assert_eq!(region_of("mars-north1"), None);
        assert_eq!(default_zones("us-central1"), ["us-central1-b", "us-central1-c", "us-central1-f"]);
        assert_eq!(default_zones("us-central1-a"), ["us-central1-a"]);
    }
}
