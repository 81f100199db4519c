//! One thing of Compute Engine, cut down to what tells whose it is and what it costs.

use std::collections::BTreeMap;

use berth_core::gc::{LeftoverKind, LeftoverSize, Machines};
use berth_core::rules::ownership;
use jiff::Timestamp;
use serde_json::Value;

use crate::compute::path_of;
use crate::reminder::{self, LOCATION};

/// What a thing says of itself.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Row {
    pub(super) kind: Option<LeftoverKind>,
    /// Path of its URL from `projects/` on.
    pub(super) id: String,
    pub(super) name: String,
    /// Zone, region or `global`.
    pub(super) place: String,
    pub(super) labels: BTreeMap<String, String>,
    pub(super) made: Option<Timestamp>,
    pub(super) description: String,
    /// Network tags: its own, or those that it is about.
    pub(super) tags: Vec<String>,
    /// Of a reminder: when the cluster was made that it is about.
    pub(super) since: Option<Timestamp>,
    /// Ids of what it links to.
    pub(super) links: Vec<String>,
    pub(super) size: Option<LeftoverSize>,
    /// Public addresses that it has for itself; only of machines.
    pub(super) addresses: u64,
}

impl Row {
    /// Reads an item of a list; `None` if it says not even what it is.
    pub(super) fn of(kind: LeftoverKind, item: &Value) -> Option<Self> {
        let id = path_of(item["selfLink"].as_str()?)?;
        let parts: Vec<&str> = id.split('/').collect();
        let place = if parts.get(2) == Some(&"global") { "global" } else { parts.get(3)? };
        let said = reminder::read(kind, item);
        let kind = if said.is_null() { kind } else { LeftoverKind::Reminder };
        let labels = if said.is_null() { &item["labels"] } else { &said["labels"] };
        let labels = labels.as_object().into_iter().flatten();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let mut links = Vec::new();
        collect(item, &mut links);
        links.retain(|link| link != id);
        links.sort();
        links.dedup();
        Some(Self {
            kind: Some(kind),
            name: text(&item["name"]),
            place: place.to_owned(),
            labels: labels.map(|(key, value)| (key.clone(), text(value))).collect(),
            made: item["creationTimestamp"].as_str().and_then(|time| time.parse().ok()),
            description: text(&item["description"]),
            tags: [&item["targetTags"], &item["tags"]["items"], &said["tags"]].into_iter().flat_map(texts).collect(),
            since: said["since"].as_str().and_then(|time| time.parse().ok()),
            links,
            size: size(kind, id, item),
            addresses: addresses(item),
            id: id.to_owned(),
        })
    }

    /// Whether its own labels say that it is ours.
    pub(super) fn is_marked(&self) -> bool {
        ownership::is_ours(&self.labels)
    }

    /// The cluster its labels name: berth's, else GKE's own.
    pub(super) fn cluster(&self) -> Option<&str> {
        let named = self.labels.get(ownership::CLUSTER_KEY).or_else(|| self.labels.get("goog-k8s-cluster-name"));
        named.map(String::as_str)
    }

    /// The location of that cluster, which only GKE's own labels tell.
    pub(super) fn cluster_location(&self) -> Option<&str> {
        self.labels.get(LOCATION).map(String::as_str)
    }

    /// Whether it is part of a load balancer.
    pub(super) fn is_part(&self) -> bool {
        !matches!(self.kind, Some(LeftoverKind::Disk | LeftoverKind::Instance | LeftoverKind::Reminder) | None)
    }

    /// Whether one of Kubernetes' controllers made it, by its name or by what it says of itself.
    pub(super) fn is_of_kubernetes(&self) -> bool {
        let named = self.name.starts_with("k8s");
        named || self.description.contains("kubernetes.io/") || self.description.contains("networking.gke.io/")
    }
}

/// Every link in a value that names one thing.
fn collect(value: &Value, links: &mut Vec<String>) {
    match value {
        Value::String(text) => {
            let whole = text.starts_with("https://") || text.starts_with("http://") || text.starts_with("projects/");
            let path = path_of(text).filter(|path| whole && path.split('/').count() >= 5);
            links.extend(path.map(ToOwned::to_owned));
        }
        Value::Array(all) => all.iter().for_each(|one| collect(one, links)),
        Value::Object(all) => all.values().for_each(|one| collect(one, links)),
        _ => {}
    }
}

/// Public addresses of a machine.
fn addresses(item: &Value) -> u64 {
    let interfaces = item["networkInterfaces"].as_array().into_iter().flatten();
    let public = interfaces.flat_map(|one| one["accessConfigs"].as_array().into_iter().flatten());
    public.filter(|config| config["natIP"].is_string()).map(|_| 1).sum()
}

fn texts(value: &Value) -> impl Iterator<Item = String> {
    value.as_array().into_iter().flatten().filter_map(Value::as_str).map(ToOwned::to_owned)
}

fn last(value: &Value) -> String {
    value.as_str().unwrap_or_default().rsplit('/').next().unwrap_or_default().to_owned()
}

fn size(kind: LeftoverKind, id: &str, item: &Value) -> Option<LeftoverSize> {
    match kind {
        LeftoverKind::Disk => {
            let gigabytes = item["sizeGb"].as_str().and_then(|text| text.parse().ok()).or(item["sizeGb"].as_u64())?;
            // One that is kept in two zones bears the same kind and costs more.
            let regional = if id.contains("/regions/") { "regional-" } else { "" };
            Some(LeftoverSize::Disk { kind: format!("{regional}{}", last(&item["type"])), gigabytes })
        }
        LeftoverKind::Address => (item["addressType"] == "INTERNAL").then_some(LeftoverSize::Free),
        LeftoverKind::Instance => {
            let scheduling = &item["scheduling"];
            let accelerator = item["guestAccelerators"].get(0).and_then(|one| {
                let count = one["acceleratorCount"].as_u64().and_then(|count| u32::try_from(count).ok())?;
                Some((last(&one["acceleratorType"]), count))
            });
            Some(LeftoverSize::Machines(vec![Machines {
                machine_type: last(&item["machineType"]),
                spot: scheduling["provisioningModel"] == "SPOT" || scheduling["preemptible"] == true,
                count: 1,
                accelerator,
            }]))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_disk_of_two_zones_and_an_address_of_a_network_cost_otherwise_than_others() {
        let of = |kind, path: &str, own: Value| {
            let mut item =
                json!({"selfLink": format!("https://www.googleapis.com/compute/v1/projects/p/{path}"), "name": "a"});
            item.as_object_mut().unwrap().extend(own.as_object().unwrap().clone());
            Row::of(kind, &item).unwrap().size
        };
        let disk = |kind: &str| Some(LeftoverSize::Disk { kind: kind.to_owned(), gigabytes: 200 });
        let told =
            json!({"sizeGb": "200", "type": "https://www.googleapis.com/compute/v1/projects/p/x/diskTypes/pd-ssd"});
        assert_eq!(of(LeftoverKind::Disk, "zones/us-east1-b/disks/a", told.clone()), disk("pd-ssd"));
        assert_eq!(of(LeftoverKind::Disk, "regions/us-east1/disks/a", told), disk("regional-pd-ssd"));
        let address =
            |kind: &str| of(LeftoverKind::Address, "regions/us-east1/addresses/a", json!({"addressType": kind}));
        assert_eq!((address("EXTERNAL"), address("INTERNAL")), (None, Some(LeftoverSize::Free)));
    }

    #[test]
    fn an_item_is_read_with_its_links() {
        let base = "https://www.googleapis.com/compute/v1/projects/p";
        let row = Row::of(
            LeftoverKind::TargetPool,
            &json!({
                "selfLink": format!("{base}/regions/us-east1/targetPools/a1"), "name": "a1",
                "region": format!("{base}/regions/us-east1"),
                "creationTimestamp": "2026-11-21T07:30:00.000-08:00",
                "description": "{\"kubernetes.io/service-name\":\"default/web\"}",
                "healthChecks": [format!("{base}/global/httpHealthChecks/k8s-1-node")],
            }),
        )
        .unwrap();
        assert_eq!((row.id.as_str(), row.place.as_str()), ("projects/p/regions/us-east1/targetPools/a1", "us-east1"));
        assert_eq!(row.links, ["projects/p/global/httpHealthChecks/k8s-1-node"]);
        assert_eq!(row.made, Some("2026-11-21T15:30:00Z".parse().unwrap()));
        assert!(row.is_of_kubernetes());
    }
}
