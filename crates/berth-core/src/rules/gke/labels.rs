//! GCP labels say whose a cluster or pool is; Kubernetes node labels say what the file wrote.

use std::collections::BTreeMap;

use crate::lease;
use crate::rules::ownership;
use crate::spec::ClusterSpec;

/// GCP labels of the cluster: the user's and, stronger, berth's own.
///
/// GKE copies a cluster's labels to its machines and disks, so pools need not repeat the user's.
pub fn cluster_labels(spec: &ClusterSpec) -> BTreeMap<String, String> {
    let mut labels: BTreeMap<String, String> =
        spec.labels.iter().map(|(key, value)| (gcp_charset(key), gcp_charset(value))).collect();
    labels.extend(ownership::labels(&gcp_charset(&spec.name)));
    labels
}

/// GCP labels of a pool: berth's own and those of a lease only, because changing them later would replace every node.
///
/// For the same reason they are never compared: a lease that goes on with another end leaves its pools as they are.
pub fn pool_labels(spec: &ClusterSpec) -> BTreeMap<String, String> {
    let mut labels = lease::marks(&spec.labels);
    labels.extend(ownership::labels(&gcp_charset(&spec.name)));
    labels
}

/// The GCP labels to replace `have` with; `None` if there is no difference.
///
/// Labels that the file does not have are kept and are no difference: Google's own, and those that others put there for
/// their bills and policies. A lease that is there keeps the later end, and what is left of an older run's longer address goes.
pub fn gcp_replacement(
    have: &BTreeMap<String, String>,
    want: &BTreeMap<String, String>,
) -> Option<BTreeMap<String, String>> {
    let stale = lease::stale(have, want);
    let mut merged = have.clone();
    merged.retain(|key, _| !stale.contains(key));
    merged.extend(lease::settled(have, want));
    (*have != merged).then_some(merged)
}

/// Keys of a cluster, without those of a lease, that neither the file nor Google nor berth wrote.
pub fn left_alone<'a>(
    have: &'a BTreeMap<String, String>,
    want: &'a BTreeMap<String, String>,
) -> impl Iterator<Item = &'a String> {
    have.keys().filter(|key| !(key.starts_with("goog-") || lease::is_lease_key(key) || want.contains_key(*key)))
}

/// The node labels of a pool that people wrote: all but those of GKE's own domains that the file does not name.
///
/// GKE keeps its own labels when people's are replaced, and refuses some of them when they are sent.
pub fn node_labels_of_people(
    have: &BTreeMap<String, String>,
    want: &BTreeMap<String, String>,
) -> BTreeMap<String, String> {
    let own = have.iter().filter(|(key, _)| want.contains_key(*key) || !is_gkes(key));
    own.map(|(key, value)| (key.clone(), value.clone())).collect()
}

/// Whether a node label's key is of a domain of GKE's or of Kubernetes'.
fn is_gkes(key: &str) -> bool {
    let domain = key.split_once('/').map_or("", |(domain, _)| domain);
    ["cloud.google.com", "gke.io", "kubernetes.io", "k8s.io"]
        .iter()
        .any(|own| domain == *own || domain.ends_with(&format!(".{own}")))
}

/// Lines `label team: old -> new` for a plan.
pub fn difference_words(have: &BTreeMap<String, String>, want: &BTreeMap<String, String>) -> Vec<String> {
    let keys: std::collections::BTreeSet<&String> = have.keys().chain(want.keys()).collect();
    keys.into_iter()
        .filter(|key| have.get(*key) != want.get(*key))
        .map(|key| format!("label {key}: {} -> {}", value_words(have.get(key)), value_words(want.get(key))))
        .collect()
}

fn value_words(value: Option<&String>) -> String {
    match value {
        None => "(none)".to_owned(),
        Some(value) if value.is_empty() => "\"\"".to_owned(),
        Some(value) => value.clone(),
    }
}

/// Brings a text into the characters and the length GCP labels allow; legal text stays as it is.
fn gcp_charset(text: &str) -> String {
    text.chars()
        .flat_map(char::to_lowercase)
        .map(|c| if c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_') { c } else { '_' })
        .take(63)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn labels_of_others_are_no_difference_and_are_kept() {
        let have = map(&[("team", "dubbing"), ("goog-fleet", "x"), ("cost-center", "42")]);
        assert_eq!(gcp_replacement(&have, &map(&[("team", "dubbing")])), None);
        assert_eq!(
            gcp_replacement(&have, &map(&[("team", "film")])),
            Some(map(&[("team", "film"), ("goog-fleet", "x"), ("cost-center", "42")]))
        );
        let want = map(&[("team", "film")]);
        assert_eq!(left_alone(&have, &want).collect::<Vec<_>>(), ["cost-center"]);
    }

    #[test]
    fn node_labels_of_the_clouds_own_domains_are_nobodys_unless_the_file_names_them() {
        let clouds =
            [("cloud.google.com/gke-spot", "true"), ("node.gke.io/x", "1"), ("topology.kubernetes.io/zone", "a")];
        let mut have = map(&clouds);
        have.extend(map(&[("tier", "premium"), ("notgke.io/x", "1")]));
        let people = map(&[("tier", "premium"), ("notgke.io/x", "1")]);
        assert_eq!(node_labels_of_people(&have, &map(&[("tier", "basic")])), people);
        let mut with_one = people.clone();
        with_one.insert("node.gke.io/x".to_owned(), "1".to_owned());
        assert_eq!(node_labels_of_people(&have, &map(&[("node.gke.io/x", "2")])), with_one);
    }

    #[test]
    fn labels_keep_to_gcps_characters() {
        assert_eq!(gcp_charset("Cost.Center/EU"), "cost_center_eu");
        assert_eq!(gcp_charset("team-1_x"), "team-1_x");
        assert_eq!(gcp_charset(&"a".repeat(80)).len(), 63);
    }
}
