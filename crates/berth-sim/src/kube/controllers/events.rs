//! Events the cluster's parts record about objects.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use crate::kube::kinds::{self, Kind};
use crate::kube::store::Store;
use crate::kube::time;
use crate::lifecycle::digest;

/// What happened, and who says so.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Happened<'a> {
    pub(crate) component: &'a str,
    /// Whether it is a warning.
    pub(crate) warns: bool,
    pub(crate) reason: &'a str,
    pub(crate) message: String,
}

/// Records an event about an object; the same again counts up.
pub(crate) fn record(store: &mut Store, now: Timestamp, kind: &Kind, object: &Value, happened: &Happened<'_>) {
    let metadata = &object["metadata"];
    let text = |field: &str| metadata[field].as_str().unwrap_or_default();
    let namespace = if text("namespace").is_empty() { "default" } else { text("namespace") };
    let about = format!("{}/{}/{}", text("uid"), happened.reason, happened.message);
    let name = format!("{}.{:016x}", text("name"), digest(&about));
    let Some(events) = kinds::by_plural("events") else { return };
    let key = events.key(Some(namespace), &name);
    let seen = time::seconds(now);
    if let Some(event) = store.object(events, &key) {
        let mut event = Value::clone(event);
        event["count"] = json!(event["count"].as_i64().unwrap_or(1) + 1);
        event["lastTimestamp"] = json!(seen);
        store.write(events, key, Some(event));
        return;
    }
    let mut event = json!({
        "metadata": {"name": name, "namespace": namespace, "uid": store.uid(), "creationTimestamp": seen},
        "involvedObject": {
            "kind": kind.kind, "namespace": metadata["namespace"], "name": text("name"), "uid": text("uid"),
            "apiVersion": kind.api_version(), "resourceVersion": metadata["resourceVersion"],
        },
        "reason": happened.reason,
        "message": happened.message,
        "type": if happened.warns { "Warning" } else { "Normal" },
        "reportingComponent": happened.component,
        "count": 1,
        "source": {"component": happened.component},
        "firstTimestamp": seen,
        "lastTimestamp": seen,
        "eventTime": null,
        "reportingInstance": "",
    });
    if let Some(host) = object["spec"]["nodeName"].as_str().filter(|_| happened.component == "kubelet") {
        event["source"]["host"] = json!(host);
        event["reportingInstance"] = json!(host);
    }
    if happened.component == "default-scheduler" {
        // The scheduler speaks the newer form, of which the core form shows these fields empty.
        let precise = now.to_zoned(TimeZone::UTC).strftime("%Y-%m-%dT%H:%M:%S%.6fZ").to_string();
        let action = if happened.reason == "Scheduled" { "Binding" } else { "Scheduling" };
        for (field, value) in [
            ("eventTime", json!(precise)),
            ("action", json!(action)),
            ("source", json!({})),
            ("firstTimestamp", Value::Null),
            ("lastTimestamp", Value::Null),
            ("reportingInstance", json!("default-scheduler-0")),
        ] {
            event[field] = value;
        }
        if let Some(fields) = event.as_object_mut() {
            fields.remove("count");
        }
    }
    store.write(events, key, Some(event));
}
