use std::collections::BTreeMap;

use super::{Applied, NodeChange, RECORD, settle};
use crate::actions::kube::NodeWish;
use crate::observed::StandingNode;
use crate::spec::{Taint, TaintEffect};

fn labels(text: &[(&str, &str)]) -> BTreeMap<String, String> {
    text.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

fn taint(key: &str, value: &str) -> Taint {
    Taint { key: key.to_owned(), value: value.to_owned(), effect: TaintEffect::NoSchedule }
}

fn node(own: &[(&str, &str)], taints: &[Taint]) -> StandingNode {
    StandingNode { name: "n1".to_owned(), labels: labels(own), taints: taints.to_vec(), ..StandingNode::default() }
}

fn wish(own: &[(&str, &str)], taints: &[Taint]) -> NodeWish {
    NodeWish { node: "n1".to_owned(), labels: labels(own), taints: taints.to_vec() }
}

/// The node after a change, as the API server would have it.
fn changed(mut node: StandingNode, change: &NodeChange) -> StandingNode {
    for (key, value) in &change.labels {
        match value {
            Some(value) => node.labels.insert(key.clone(), value.clone()),
            None => node.labels.remove(key),
        };
    }
    node.taints.retain(|taint| !change.taints_off.contains(taint));
    node.taints.extend(change.taints_on.iter().cloned());
    if let Some(record) = &change.record {
        node.record.clone_from(record);
    }
    node
}

#[test]
fn what_was_put_on_comes_off_and_nothing_else() {
    let before = node(&[("host", "n1"), ("tier", "gold")], &[taint("theirs", "x")]);
    let wanted = wish(&[("tier", "gold"), ("team", "film")], &[taint("theirs", "x"), taint("nvidia.com/gpu", "true")]);
    let change = settle(&before, "film", &wanted, false).unwrap();
    assert_eq!(change.words(), ["+ label team=film", "+ taint nvidia.com/gpu=true:NoSchedule"]);
    let filled = changed(before.clone(), &change);
    assert!(settle(&filled, "film", &wanted, false).unwrap().is_empty());
    // Somebody adds more in the meantime.
    let mut busy = filled;
    busy.labels.insert("later".to_owned(), "1".to_owned());
    let off = settle(&busy, "film", &wish(&[], &[]), false).unwrap();
    let after = changed(busy, &off);
    assert_eq!(after.labels, labels(&[("host", "n1"), ("later", "1"), ("tier", "gold")]));
    assert_eq!((after.taints, after.record), (before.taints, None));
}

#[test]
fn a_change_of_the_file_replaces_what_is_ours() {
    let first = settle(&node(&[], &[]), "film", &wish(&[("a", "1"), ("b", "1")], &[taint("t", "1")]), false).unwrap();
    let filled = changed(node(&[], &[]), &first);
    let second = settle(&filled, "film", &wish(&[("a", "2")], &[taint("t", "2")]), false).unwrap();
    let words = ["+ label a=2", "- label b", "- taint t=1:NoSchedule", "+ taint t=2:NoSchedule"];
    assert_eq!(second.words(), words);
    let record: Applied = serde_json::from_str(changed(filled, &second).record.unwrap().as_str()).unwrap();
    assert_eq!((record.labels, record.taints), (labels(&[("a", "2")]), vec![taint("t", "2")]));
}

#[test]
fn what_somebody_else_has_set_is_refused_or_taken_by_force_and_given_back() {
    let before = node(&[("tier", "gold")], &[taint("t", "theirs")]);
    let wanted = wish(&[("tier", "iron")], &[taint("t", "ours")]);
    let lines = settle(&before, "film", &wanted, false).unwrap_err();
    assert_eq!(
        lines,
        ["Node n1: label tier is gold, not iron", "Node n1: taint t=theirs:NoSchedule is there, not t=ours:NoSchedule"]
    );
    let taken = changed(before.clone(), &settle(&before, "film", &wanted, true).unwrap());
    assert_eq!((&taken.labels, &taken.taints), (&labels(&[("tier", "iron")]), &vec![taint("t", "ours")]));
    // Once taken it is ours, and needs no force again.
    assert!(settle(&taken, "film", &wanted, false).unwrap().is_empty());
    let given_back = changed(taken.clone(), &settle(&taken, "film", &wish(&[], &[]), false).unwrap());
    assert_eq!(given_back, before);
}

#[test]
fn what_was_changed_since_is_left_alone() {
    let put = settle(&node(&[], &[]), "film", &wish(&[("a", "1")], &[taint("t", "1")]), false).unwrap();
    let mut filled = changed(node(&[], &[]), &put);
    filled.labels.insert("a".to_owned(), "theirs".to_owned());
    filled.taints = vec![taint("t", "theirs")];
    let after = changed(filled.clone(), &settle(&filled, "film", &wish(&[], &[]), false).unwrap());
    assert_eq!((after.labels, after.taints, after.record), (filled.labels, filled.taints, None));
}

#[test]
fn another_files_nodes_are_not_touched() {
    let put = settle(&node(&[], &[]), "other", &wish(&[("a", "1")], &[]), false).unwrap();
    let filled = changed(node(&[], &[]), &put);
    let refused = settle(&filled, "film", &wish(&[("b", "1")], &[]), true).unwrap_err();
    assert_eq!(refused, ["Node n1: its labels and taints belong to the file of other"]);
    assert!(settle(&filled, "film", &wish(&[], &[]), false).unwrap().is_empty());
    let strange = StandingNode { record: Some("{".to_owned()), ..filled };
    assert!(settle(&strange, "film", &wish(&[("b", "1")], &[]), true).unwrap_err()[0].contains(RECORD));
}
