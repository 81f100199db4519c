//! What a daemon set says of itself, and the record of its template.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{GENERATION, HASH, by_node};
use crate::kube::controllers::pods::{self, Maker};
use crate::kube::controllers::work::Part;
use crate::kube::controllers::{owners, requests};
use crate::kube::kinds;
use crate::kube::store::Store;

/// The counts of a daemon set over the nodes, each with whether it suits.
pub(super) fn of(store: &mut Store, set: &Value, hash: &str, nodes: &[(String, bool)], now: Timestamp) -> Value {
    let mut all = by_node(store, set);
    let min_ready = set["spec"]["minReadySeconds"].as_i64().unwrap_or_default();
    let (mut desired, mut current, mut ready, mut available, mut updated, mut astray) = (0, 0, 0, 0, 0, 0);
    for (name, suits) in nodes {
        let own = all.remove(name).unwrap_or_default();
        let own: Vec<&Value> = own.iter().filter(|pod| !owners::leaving(pod)).collect();
        if !suits {
            astray += i64::from(!own.is_empty());
            continue;
        }
        desired += 1;
        let Some(pod) = own.first() else { continue };
        current += 1;
        ready += i64::from(pods::ready(pod));
        available += i64::from(pods::available(pod, min_ready, now));
        updated += i64::from(pod["metadata"]["labels"][HASH] == hash);
        if let Some(from) = pods::available_from(pod, min_ready).filter(|from| *from > now) {
            store.work.add_at(from, Part::DaemonSet, owners::key_of(set));
        }
    }
    let mut status = json!({
        "currentNumberScheduled": current,
        "numberMisscheduled": astray,
        "desiredNumberScheduled": desired,
        "numberReady": ready,
        "observedGeneration": set["metadata"]["generation"].as_i64().unwrap_or(1),
    });
    let optional = [
        ("updatedNumberScheduled", updated),
        ("numberAvailable", available),
        ("numberUnavailable", desired - available),
    ];
    for (field, count) in optional.into_iter().filter(|(_, count)| *count > 0) {
        status[field] = json!(count);
    }
    status
}

/// Keeps the template under its hash, where that kind is served.
pub(super) fn keep_revision(store: &mut Store, maker: &Maker<'_>, hash: &str, now: Timestamp) {
    let Some(kind) = kinds::by_plural("controllerrevisions") else { return };
    let set = maker.object;
    let name = format!("{}-{hash}", owners::name_of(set));
    let namespace = set["metadata"]["namespace"].as_str();
    if store.object(kind, &kind.key(namespace, &name)).is_some() {
        return;
    }
    let known = owners::owned(store, "controllerrevisions", set);
    let newest = known.iter().filter_map(|one| one["revision"].as_i64()).max().unwrap_or_default();
    let mut labels = set["spec"]["template"]["metadata"]["labels"].clone();
    labels[HASH] = json!(hash);
    let mut template = set["spec"]["template"].clone();
    template["$patch"] = json!("replace");
    let mut revision = json!({
        "metadata": {
            "name": name, "namespace": namespace, "labels": labels,
            "ownerReferences": [owners::reference(maker.kind, set)],
        },
        "data": {"spec": {"template": template}},
        "revision": newest + 1,
    });
    if set["metadata"]["annotations"][GENERATION].is_string() {
        revision["metadata"]["annotations"] = json!({GENERATION: set["metadata"]["annotations"][GENERATION]});
    }
    // Without the record nothing is lost but the way back.
    let _kept = requests::create(store, now, maker.name, kind, &revision);
}
