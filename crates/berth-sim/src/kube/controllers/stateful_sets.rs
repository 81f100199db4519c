//! The StatefulSet controller: numbered pods with volumes of their own, one after the other.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::pods::{self, Maker};
use super::work::Part;
use super::{owners, requests};
use crate::kube::kinds;
use crate::kube::store::Store;

const HASH: &str = "controller-revision-hash";
/// A refused creation is tried again after so many seconds.
const RETRY_SECONDS: i64 = 15;

/// Takes the pods of a stateful set one step on and its status up to date.
pub(crate) fn reconcile(store: &mut Store, key: &str, now: Timestamp) {
    let Some(kind) = kinds::by_plural("statefulsets") else { return };
    let Some(set) = store.object(kind, key).cloned() else { return };
    if owners::leaving(&set) {
        return;
    }
    let maker = Maker { kind, object: &set, name: "statefulset-controller" };
    let newest = format!("{}-{}", owners::name_of(&set), owners::hash(&set["spec"]["template"]));
    let before = set["status"]["currentRevision"].as_str().unwrap_or(&newest).to_owned();
    if !step(store, &maker, &newest, &before, now) {
        store.work.add_after(now, RETRY_SECONDS, Part::StatefulSet, key);
    }
    let status = status(store, &set, &newest, &before, now);
    requests::write_status(store, kind, key, status);
}

fn number(set: &Value) -> i64 {
    set["spec"]["replicas"].as_i64().unwrap_or(1)
}

fn first(set: &Value) -> i64 {
    set["spec"]["ordinals"]["start"].as_i64().unwrap_or_default()
}

fn ordinal(pod: &Value) -> i64 {
    owners::name_of(pod).rsplit('-').next().and_then(|text| text.parse().ok()).unwrap_or_default()
}

/// The pods of a set by their number.
fn numbered(store: &Store, set: &Value) -> Vec<Value> {
    let mut all = owners::owned(store, "pods", set);
    all.sort_by_key(ordinal);
    all
}

/// Makes, ends and replaces as much as is allowed at once; tells whether nothing was refused.
fn step(store: &mut Store, maker: &Maker<'_>, newest: &str, before: &str, now: Timestamp) -> bool {
    let set = maker.object;
    let parallel = set["spec"]["podManagementPolicy"] == "Parallel";
    let min_ready = set["spec"]["minReadySeconds"].as_i64().unwrap_or_default();
    let (start, end) = (first(set), first(set) + number(set));
    let partition = set["spec"]["updateStrategy"]["rollingUpdate"]["partition"].as_i64().unwrap_or_default();
    let all = numbered(store, set);
    for index in start..end {
        let own = all.iter().find(|pod| ordinal(pod) == index);
        match own {
            Some(pod) if pods::ended(pod) && !owners::leaving(pod) => {
                maker.delete(store, now, pod);
                return true;
            }
            Some(pod) if pods::available(pod, min_ready, now) => continue,
            Some(_) => {}
            None => {
                let hash = if index < partition { before } else { newest };
                if !make(store, maker, index, hash, now) {
                    return false;
                }
            }
        }
        // The next one comes when this one is there.
        if !parallel {
            return true;
        }
    }
    let surplus: Vec<&Value> = all.iter().filter(|pod| !(start..end).contains(&ordinal(pod))).collect();
    for pod in surplus.iter().rev() {
        if !owners::leaving(pod) {
            maker.delete(store, now, pod);
        }
        if !parallel {
            return true;
        }
    }
    if set["spec"]["updateStrategy"]["type"] == "OnDelete" {
        return true;
    }
    for pod in all.iter().rev().filter(|pod| ordinal(pod) >= partition.max(start) && ordinal(pod) < end) {
        if pod["metadata"]["labels"][HASH] != newest {
            if !owners::leaving(pod) {
                maker.delete(store, now, pod);
            }
            return true;
        }
        if !pods::available(pod, min_ready, now) {
            return true;
        }
    }
    true
}

/// Makes the pod of a number and the claims it lacks; tells whether nothing was refused.
fn make(store: &mut Store, maker: &Maker<'_>, index: i64, hash: &str, now: Timestamp) -> bool {
    let set = maker.object;
    let name = format!("{}-{index}", owners::name_of(set));
    let mut pod = maker.pod(&set["spec"]["template"]);
    pod["metadata"]["name"] = json!(name);
    pod["metadata"]["labels"][HASH] = json!(hash);
    pod["metadata"]["labels"]["apps.kubernetes.io/pod-index"] = json!(index.to_string());
    pod["metadata"]["labels"]["statefulset.kubernetes.io/pod-name"] = json!(name);
    pod["spec"]["hostname"] = json!(name);
    if let Some(service) = set["spec"]["serviceName"].as_str().filter(|service| !service.is_empty()) {
        pod["spec"]["subdomain"] = json!(service);
    }
    let mut volumes = pod["spec"]["volumes"].as_array().cloned().unwrap_or_default();
    for template in set["spec"]["volumeClaimTemplates"].as_array().into_iter().flatten() {
        let volume = owners::name_of(template);
        let claim = format!("{volume}-{name}");
        if !claimed(store, maker, template, &claim, now) {
            return false;
        }
        volumes.retain(|own| own["name"] != volume);
        volumes.push(json!({"name": volume, "persistentVolumeClaim": {"claimName": claim}}));
    }
    if !volumes.is_empty() {
        pod["spec"]["volumes"] = json!(volumes);
    }
    maker.create(store, now, &pod).is_ok()
}

/// Makes a claim unless it is there; claims outlive their pods and the set.
fn claimed(store: &mut Store, maker: &Maker<'_>, template: &Value, name: &str, now: Timestamp) -> bool {
    let Some(kind) = kinds::by_plural("persistentvolumeclaims") else { return false };
    let set = maker.object;
    let namespace = set["metadata"]["namespace"].as_str();
    if store.object(kind, &kind.key(namespace, name)).is_some() {
        return true;
    }
    let mut labels = template["metadata"]["labels"].as_object().cloned().unwrap_or_default();
    labels.extend(set["spec"]["selector"]["matchLabels"].as_object().cloned().unwrap_or_default());
    let mut claim = json!({
        "metadata": {"name": name, "namespace": namespace, "labels": labels},
        "spec": template["spec"],
    });
    if template["metadata"]["annotations"].is_object() {
        claim["metadata"]["annotations"] = template["metadata"]["annotations"].clone();
    }
    requests::create(store, now, maker.name, kind, &claim).is_ok()
}

fn status(store: &mut Store, set: &Value, newest: &str, before: &str, now: Timestamp) -> Value {
    let all: Vec<Value> = numbered(store, set).into_iter().filter(|pod| !pods::ended(pod)).collect();
    let min_ready = set["spec"]["minReadySeconds"].as_i64().unwrap_or_default();
    let of = |hash: &str| all.iter().filter(|pod| pod["metadata"]["labels"][HASH] == hash).count();
    let ready = all.iter().filter(|pod| pods::ready(pod)).count();
    let available = all.iter().filter(|pod| pods::available(pod, min_ready, now)).count();
    for pod in &all {
        if let Some(from) = pods::available_from(pod, min_ready).filter(|from| *from > now) {
            store.work.add_at(from, Part::StatefulSet, owners::key_of(set));
        }
    }
    let wanted = usize::try_from(number(set)).unwrap_or_default();
    // The new template is the current one when all pods have it and work.
    let done = of(newest) == wanted && ready == wanted && all.len() == wanted;
    let current = if done { newest } else { before };
    let mut status = json!({
        "observedGeneration": set["metadata"]["generation"].as_i64().unwrap_or(1),
        "replicas": all.len(),
        "currentRevision": current,
        "updateRevision": newest,
        "collisionCount": 0,
        "availableReplicas": available,
    });
    let counts = [("readyReplicas", ready), ("currentReplicas", of(current)), ("updatedReplicas", of(newest))];
    for (field, count) in counts.into_iter().filter(|(_, count)| *count > 0) {
        status[field] = json!(count);
    }
    status
}
