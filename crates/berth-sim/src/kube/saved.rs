//! The stored form of a store.
//!
//! The log is not kept: watches and continue tokens of an earlier process are told that they are too old, as after a compaction.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use super::definitions;
use super::kinds::{self, KINDS, Kind};
use super::store::Store;

#[derive(Serialize)]
struct Kept<'a> {
    git_version: &'a str,
    revision: u64,
    seed: u64,
    objects: BTreeMap<&'a str, BTreeMap<&'a str, &'a Value>>,
}

#[derive(Deserialize)]
struct Found {
    git_version: String,
    revision: u64,
    seed: u64,
    objects: BTreeMap<String, BTreeMap<String, Value>>,
}

impl Serialize for Store {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let objects = self
            .objects()
            .iter()
            .map(|(storage, objects)| {
                (*storage, objects.iter().map(|(key, object)| (key.as_str(), &**object)).collect())
            })
            .collect();
        Kept { git_version: &self.git_version, revision: self.resource_version(), seed: self.seed(), objects }
            .serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Store {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Store, D::Error> {
        let found = Found::deserialize(deserializer)?;
        let mut objects: BTreeMap<&'static str, BTreeMap<String, Arc<Value>>> = BTreeMap::new();
        let definitions = found.objects.get(definitions::STORAGE);
        let custom: Vec<&Kind> = definitions.into_iter().flat_map(BTreeMap::values).flat_map(kinds::custom).collect();
        for (storage, kept) in found.objects {
            let kind = KINDS
                .iter()
                .chain(custom.iter().copied())
                .find(|kind| kind.storage == storage)
                .ok_or_else(|| D::Error::custom(format!("no kind is stored as {storage}")))?;
            objects.insert(kind.storage, kept.into_iter().map(|(key, object)| (key, Arc::new(object))).collect());
        }
        Ok(Store::restore(found.git_version, found.revision, found.seed, objects))
    }
}

#[cfg(test)]
mod tests {
    use super::Store;

    #[test]
    fn a_store_comes_back_with_its_objects_and_version() {
        let now = "2026-11-21T04:00:00Z".parse().unwrap();
        let store = Store::new(now, "v1.36.0");
        let text = serde_json::to_string(&store).unwrap();
        let back: Store = serde_json::from_str(&text).unwrap();
        assert_eq!(back.resource_version(), store.resource_version());
        assert_eq!(back.get("namespaces", None, "kube-system"), store.get("namespaces", None, "kube-system"));
        assert!(back.get("services", Some("default"), "kubernetes").is_some());
    }
}
