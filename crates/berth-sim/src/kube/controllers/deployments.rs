//! The Deployment controller: one replica set per version of the template, and the way from one to the next.

mod rollout;
mod status;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::pods::Maker;
use super::{owners, requests};
use crate::kube::kinds::{self, Kind};
use crate::kube::store::Store;

const REVISION: &str = "deployment.kubernetes.io/revision";
const DESIRED: &str = "deployment.kubernetes.io/desired-replicas";
const MOST: &str = "deployment.kubernetes.io/max-replicas";
const HASH: &str = "pod-template-hash";

/// A deployment with what its controller has found.
struct Deployment<'a> {
    kind: &'static Kind,
    sets_kind: &'static Kind,
    object: &'a Value,
    /// The hash of the present template.
    hash: String,
    now: Timestamp,
}

/// Takes a deployment's replica sets one step on and its status up to date.
pub(crate) fn reconcile(store: &mut Store, key: &str, now: Timestamp) {
    let (Some(kind), Some(sets_kind)) = (kinds::by_plural("deployments"), kinds::by_plural("replicasets")) else {
        return;
    };
    let Some(object) = store.object(kind, key).cloned() else { return };
    let deployment =
        Deployment { kind, sets_kind, object: &object, hash: owners::hash(&object["spec"]["template"]), now };
    if owners::leaving(&object) {
        return;
    }
    let mut sets = deployment.sets(store);
    let paused = object["spec"]["paused"] == true;
    if !paused && deployment.current(&sets).is_none() {
        let recreates = object["spec"]["strategy"]["type"] == "Recreate";
        if recreates && !deployment.emptied(store, &sets) {
            status::write(store, &deployment, &sets, false, None);
            return;
        }
        let made = deployment.make_set(store, &sets);
        sets = deployment.sets(store);
        // The new set's pods come first; the old ones go when they are there.
        status::write(store, &deployment, &sets, true, made.err());
        return;
    }
    deployment.annotate(store, &sets);
    if !paused {
        rollout::advance(store, &deployment, &sets);
        deployment.forget(store, &sets);
    }
    let sets = deployment.sets(store);
    status::write(store, &deployment, &sets, false, None);
}

/// How many replicas an object wants.
fn wanted(object: &Value) -> i64 {
    object["spec"]["replicas"].as_i64().unwrap_or(1)
}

fn counted(object: &Value, field: &str) -> i64 {
    object["status"][field].as_i64().unwrap_or_default()
}

fn revision(object: &Value) -> i64 {
    object["metadata"]["annotations"][REVISION].as_str().and_then(|text| text.parse().ok()).unwrap_or_default()
}

impl Deployment<'_> {
    /// The replica sets of the deployment, the oldest first.
    fn sets(&self, store: &Store) -> Vec<Value> {
        let mut sets = owners::owned(store, "replicasets", self.object);
        sets.sort_by_key(|set| (revision(set), set["metadata"]["creationTimestamp"].to_string()));
        sets
    }

    fn is_current(&self, set: &Value) -> bool {
        set["metadata"]["labels"][HASH] == self.hash.as_str()
    }

    /// The replica set of the present template.
    fn current<'s>(&self, sets: &'s [Value]) -> Option<&'s Value> {
        sets.iter().find(|set| self.is_current(set))
    }

    fn maker(&self) -> Maker<'_> {
        Maker { kind: self.kind, object: self.object, name: "deployment-controller" }
    }

    /// How many pods there may be beyond the wanted ones, and how many of those may be missing.
    fn bounds(&self) -> (i64, i64) {
        let strategy = &self.object["spec"]["strategy"];
        let desired = wanted(self.object);
        if strategy["type"] == "Recreate" {
            return (0, desired);
        }
        let quarter = json!("25%");
        let or_quarter = |field: &str| match &strategy["rollingUpdate"][field] {
            Value::Null => quarter.clone(),
            value => value.clone(),
        };
        let surge = owners::share(&or_quarter("maxSurge"), desired, true).unwrap_or_default();
        let missing = owners::share(&or_quarter("maxUnavailable"), desired, false).unwrap_or_default();
        // With neither nothing could ever move.
        if surge == 0 && missing == 0 { (0, 1) } else { (surge, missing.min(desired.max(1))) }
    }

    /// Scales all old replica sets down and tells whether none of their pods is left.
    fn emptied(&self, store: &mut Store, sets: &[Value]) -> bool {
        for set in sets.iter().filter(|set| !self.is_current(set)) {
            self.scale(store, set, 0);
        }
        sets.iter().filter(|set| !self.is_current(set)).all(|set| owners::owned(store, "pods", set).is_empty())
    }

    fn make_set(&self, store: &mut Store, sets: &[Value]) -> Result<(), String> {
        let desired = wanted(self.object);
        let (surge, _) = self.bounds();
        let others: i64 = sets.iter().map(wanted).sum();
        let replicas = if self.object["spec"]["strategy"]["type"] == "Recreate" {
            desired
        } else {
            desired.min((desired + surge - others).max(0))
        };
        let next = sets.iter().map(revision).max().unwrap_or_default() + 1;
        let mut template = self.object["spec"]["template"].clone();
        template["metadata"]["labels"][HASH] = json!(self.hash);
        let mut selector = self.object["spec"]["selector"].clone();
        selector["matchLabels"][HASH] = json!(self.hash);
        let name = format!("{}-{}", owners::name_of(self.object), self.hash);
        let set = json!({
            "metadata": {
                "name": name,
                "namespace": self.object["metadata"]["namespace"],
                "labels": template["metadata"]["labels"],
                "annotations": {
                    DESIRED: desired.to_string(), MOST: (desired + surge).to_string(), REVISION: next.to_string(),
                },
                "ownerReferences": [owners::reference(self.kind, self.object)],
            },
            "spec": {
                "replicas": replicas, "selector": selector, "template": template,
                "minReadySeconds": self.object["spec"]["minReadySeconds"].as_i64().unwrap_or_default(),
            },
        });
        requests::create(store, self.now, self.maker().name, self.sets_kind, &set)?;
        self.note_revision(store, next);
        let message = format!("Scaled up replica set {name} from 0 to {replicas}");
        self.maker().say(store, self.now, "ScalingReplicaSet", message);
        Ok(())
    }

    /// Writes the annotations that tell revision and size, also after a return to an older template.
    fn annotate(&self, store: &mut Store, sets: &[Value]) {
        let (surge, _) = self.bounds();
        let desired = wanted(self.object);
        let newest = sets.iter().map(revision).max().unwrap_or_default();
        for set in sets {
            let own = revision(set);
            let number = if self.is_current(set) && own < newest { newest + 1 } else { own };
            let mut changed = set.clone();
            let annotations = &mut changed["metadata"]["annotations"];
            annotations[DESIRED] = json!(desired.to_string());
            annotations[MOST] = json!((desired + surge).to_string());
            annotations[REVISION] = json!(number.to_string());
            if changed != *set {
                store.write(self.sets_kind, owners::key_of(set), Some(changed));
            }
            if self.is_current(set) {
                self.note_revision(store, number);
            }
        }
    }

    fn note_revision(&self, store: &mut Store, number: i64) {
        let key = owners::key_of(self.object);
        let Some(object) = store.object(self.kind, &key) else { return };
        if revision(object) == number {
            return;
        }
        let mut object = Value::clone(object);
        object["metadata"]["annotations"][REVISION] = json!(number.to_string());
        store.write(self.kind, key, Some(object));
    }

    /// Gives a replica set another size.
    fn scale(&self, store: &mut Store, set: &Value, replicas: i64) {
        let before = wanted(set);
        if before == replicas {
            return;
        }
        requests::write_replicas(store, self.sets_kind, &owners::key_of(set), replicas, self.now);
        let way = if replicas > before { "up" } else { "down" };
        let name = owners::name_of(set);
        let message = format!("Scaled {way} replica set {name} from {before} to {replicas}");
        self.maker().say(store, self.now, "ScalingReplicaSet", message);
    }

    /// Removes empty replica sets beyond those that are kept to go back to.
    fn forget(&self, store: &mut Store, sets: &[Value]) {
        let kept = self.object["spec"]["revisionHistoryLimit"].as_u64().unwrap_or(10);
        let old: Vec<&Value> = sets
            .iter()
            .filter(|set| !self.is_current(set) && wanted(set) == 0 && counted(set, "replicas") == 0)
            .collect();
        let surplus = old.len().saturating_sub(usize::try_from(kept).unwrap_or(usize::MAX));
        for set in old.into_iter().take(surplus) {
            requests::delete(store, self.now, self.maker().name, self.sets_kind, set, json!({}));
        }
    }
}
