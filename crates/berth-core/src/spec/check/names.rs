//! Names, labels and taints: what Kubernetes and the clouds let them hold.

use std::collections::BTreeMap;

use super::report::Report;
use crate::rules::ownership;
use crate::spec::Provider;
use crate::spec::file::pool::TaintFile;
use crate::spec::problem::{Finding, Path};
use crate::spec::structure::printable;

/// Most characters of all node labels of a GKE pool together.
const GKE_NODE_LABELS_CHARACTERS: usize = 1024;

/// Longest key of a node group's label or taint, its DNS prefix included; EKS's API model says so of both.
const EKS_KEY_CHARACTERS: usize = 63;

/// The cluster's name. GKE: lowercase letters, digits and `-`, at most 40; EKS: as the schema says.
pub(super) fn cluster_name(name: &str, provider: Provider, report: &mut Report) {
    let path = Path::of(&["metadata", "name"]);
    if provider != Provider::Gke {
        return;
    }
    if name.len() > 40 {
        report.problem(Finding::at(
            path.clone(),
            format!("`{name}` has {} characters, GKE takes at most 40", name.len()),
        ));
    }
    let first = name.starts_with(|c: char| c.is_ascii_lowercase());
    let last = name.ends_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit());
    let rest = name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    if !(first && last && rest) {
        let message = format!(
            "`{name}` is no name for a GKE cluster: it must begin with a lowercase letter, end with a letter or digit, and hold only lowercase letters, digits and `-`"
        );
        report.problem(Finding::at(path, message));
    }
}

/// Labels of the cluster object. Both clouds' stricter rule holds, so that one file serves both.
pub(super) fn cloud_labels(labels: &BTreeMap<String, String>, provider: Provider, report: &mut Report) {
    let path = Path::of(&["metadata", "labels"]);
    // GCP takes 64 labels, AWS 50 tags, and berth's own are among them.
    let most = match provider {
        Provider::Gke => 60,
        Provider::Eks | Provider::Existing => 46,
    };
    if labels.len() > most {
        report.problem(Finding::at(
            path.clone(),
            format!("{} labels are given, at most {most} are possible", labels.len()),
        ));
    }
    for (key, value) in labels {
        let at = path.key(key);
        let shown = printable(key);
        if key == ownership::OWNER_KEY || key.starts_with("berth") {
            let message = format!(
                "the label `{shown}` is berth's own, as `managed-by` and all that begin with `berth` are; use another key"
            );
            report.problem(Finding::at_key(at, message));
            continue;
        }
        let starts = key.starts_with(|c: char| c.is_ascii_lowercase());
        if !(starts && key.len() <= 63 && key.bytes().all(is_cloud_label_byte)) {
            let message = format!(
                "`{shown}` is no label key for the cloud: begin with a lowercase letter, then lowercase letters, digits, `_` and `-`, 63 characters at most"
            );
            report.problem(Finding::at_key(at.clone(), message));
        }
        if !(value.len() <= 63 && value.bytes().all(is_cloud_label_byte)) {
            let message = format!(
                "`{}` is no label value for the cloud: only lowercase letters, digits, `_` and `-`, 63 characters at most",
                printable(value)
            );
            report.problem(Finding::at(at, message));
        }
    }
}

fn is_cloud_label_byte(byte: u8) -> bool {
    byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_' || byte == b'-'
}

/// Kubernetes labels of a pool's nodes.
pub(super) fn node_labels(labels: &BTreeMap<String, String>, path: &Path, provider: Provider, report: &mut Report) {
    for (key, value) in labels {
        let at = path.key(key);
        if let Some(why) = wrong_key(key) {
            report.problem(Finding::at_key(at.clone(), format!("`{}` is no label key: {why}", printable(key))));
        } else if let Some(owner) = reserved(key, provider) {
            report
                .problem(Finding::at_key(at.clone(), format!("labels under `{owner}` are set by the cluster itself")));
        }
        if let Some(why) = wrong_value(value) {
            report.problem(Finding::at(at.clone(), format!("`{}` is no label value: {why}", printable(value))));
        }
        if provider == Provider::Eks {
            if key.len() > EKS_KEY_CHARACTERS {
                report.problem(Finding::at_key(at, eks_key_too_long(key)));
            } else if value.is_empty() {
                report.problem(Finding::at(at, format!("EKS takes no empty value for the label `{}`", printable(key))));
            }
        }
    }
    let characters: usize = labels.iter().map(|(key, value)| key.len() + value.len()).sum();
    if provider == Provider::Gke && characters > GKE_NODE_LABELS_CHARACTERS {
        let message =
            format!("the labels have {characters} characters, GKE takes at most {GKE_NODE_LABELS_CHARACTERS}");
        report.problem(Finding::at(path.clone(), message));
    }
}

/// Labels by which nodes are found; any that Kubernetes takes.
pub(super) fn selector(selector: &BTreeMap<String, String>, path: &Path, report: &mut Report) {
    for (key, value) in selector {
        let at = path.key(key);
        if let Some(why) = wrong_key(key) {
            report.problem(Finding::at_key(at.clone(), format!("`{}` is no label key: {why}", printable(key))));
        }
        if let Some(why) = wrong_value(value) {
            report.problem(Finding::at(at, format!("`{}` is no label value: {why}", printable(value))));
        }
    }
}

fn eks_key_too_long(key: &str) -> String {
    format!("`{}` has {} characters, EKS takes at most {EKS_KEY_CHARACTERS}", printable(key), key.len())
}

/// Kubernetes taints of a pool's nodes.
pub(super) fn taints(taints: &[TaintFile], path: &Path, provider: Provider, report: &mut Report) {
    for (index, taint) in taints.iter().enumerate() {
        let at = path.index(index);
        if let Some(why) = wrong_key(&taint.key) {
            report.problem(Finding::at(at.key("key"), format!("`{}` is no taint key: {why}", printable(&taint.key))));
        } else if provider == Provider::Eks && taint.key.len() > EKS_KEY_CHARACTERS {
            report.problem(Finding::at(at.key("key"), eks_key_too_long(&taint.key)));
        }
        if let Some(why) = wrong_value(&taint.value) {
            report.problem(Finding::at(
                at.key("value"),
                format!("`{}` is no taint value: {why}", printable(&taint.value)),
            ));
        }
        let again = taints[..index].iter().any(|other| other.key == taint.key && other.effect == taint.effect);
        if again {
            let message = format!("a taint with key `{}` and this effect is given already", printable(&taint.key));
            report.problem(Finding::at(at.key("key"), message));
        }
    }
}

/// Why Kubernetes would refuse a label or taint key.
fn wrong_key(key: &str) -> Option<&'static str> {
    let name = match key.split_once('/') {
        None => key,
        Some((prefix, name)) => {
            let is_dns = !prefix.is_empty() && prefix.len() <= 253 && prefix.split('.').all(is_dns_label);
            if !is_dns {
                return Some("what stands before `/` must be a DNS name in lowercase");
            }
            name
        }
    };
    if name.is_empty() {
        return Some("it has no name");
    }
    wrong_word(name)
}

/// Why Kubernetes would refuse a label or taint value; empty ones are good.
fn wrong_value(value: &str) -> Option<&'static str> {
    if value.is_empty() { None } else { wrong_word(value) }
}

fn wrong_word(word: &str) -> Option<&'static str> {
    let edge = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    let inner = word.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'));
    if word.len() > 63 {
        Some("at most 63 characters are possible")
    } else if !(edge(word.chars().next()) && edge(word.chars().last()) && inner) {
        Some("begin and end with a letter or digit, with letters, digits, `-`, `_` and `.` between")
    } else {
        None
    }
}

/// A DNS label: lowercase letters, digits and `-`, at most 63, with a letter or digit at both ends.
pub(super) fn is_dns_label(part: &str) -> bool {
    let inner = part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    !part.is_empty() && part.len() <= 63 && inner && !part.starts_with('-') && !part.ends_with('-')
}

/// The owner of a label key that users cannot set on nodes.
///
/// `node.kubernetes.io/` and `node-restriction.kubernetes.io/` are what the NodeRestriction admission leaves to administrators.
fn reserved(key: &str, provider: Provider) -> Option<&'static str> {
    let (prefix, _) = key.split_once('/')?;
    let under = |owner: &str| prefix == owner || prefix.strip_suffix(owner).is_some_and(|rest| rest.ends_with('.'));
    if ["node.kubernetes.io", "node-restriction.kubernetes.io"].into_iter().any(under) {
        return None;
    }
    let cloud = match provider {
        Provider::Gke => "cloud.google.com",
        Provider::Eks => "eks.amazonaws.com",
        Provider::Existing => "berth.dev",
    };
    ["kubernetes.io", "k8s.io", cloud].into_iter().find(|owner| under(owner))
}
