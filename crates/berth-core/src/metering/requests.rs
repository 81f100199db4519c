//! Which services asked for shares of GPUs, by the pods that are there.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::Value;

use crate::cost::Request;
use crate::manifests::quotas::SERVICE_KEY;
use crate::spec::GPU_RESOURCE;

/// Requests of pods for shares of GPUs. Pods that are gone are in no list, so that what they had counts as idle.
///
/// A pod is of the service its own label [`SERVICE_KEY`] names; else of that whose quota is for its namespace and priority class; else it
/// counts by its namespace. `quotas` are the `ResourceQuota` objects berth applied.
pub fn requests(cluster: &str, pods: &[Value], quotas: &[Value]) -> Vec<Request> {
    let cluster: Arc<str> = cluster.into();
    let services = Services::of(quotas);
    let request = |pod: &Value| {
        let shares = shares(&pod["spec"]);
        let node = pod["spec"]["nodeName"].as_str()?;
        let from = time(&pod["status"]["startTime"]).or_else(|| time(&pod["metadata"]["creationTimestamp"]))?;
        (shares > 0).then(|| Request {
            cluster: Arc::clone(&cluster),
            node: node.into(),
            service: services.service(pod).into(),
            pod: format!("{}/{}", namespace(pod), pod["metadata"]["name"].as_str().unwrap_or_default()).into(),
            shares,
            from,
            to: ended(&pod["status"]),
        })
    };
    pods.iter().filter_map(request).collect()
}

/// Services by namespace and priority class.
struct Services<'a>(BTreeMap<(&'a str, Option<&'a str>), &'a str>);

impl<'a> Services<'a> {
    fn of(quotas: &'a [Value]) -> Self {
        let mut services = BTreeMap::new();
        for quota in quotas {
            let (Some(namespace), Some(service)) =
                (quota["metadata"]["namespace"].as_str(), quota["metadata"]["labels"][SERVICE_KEY].as_str())
            else {
                continue;
            };
            let terms = quota["spec"]["scopeSelector"]["matchExpressions"].as_array().into_iter().flatten();
            let classes: Vec<&str> = terms
                .filter(|term| term["scopeName"] == "PriorityClass" && term["operator"] == "In")
                .flat_map(|term| term["values"].as_array().into_iter().flatten().filter_map(Value::as_str))
                .collect();
            if classes.is_empty() {
                services.insert((namespace, None), service);
            }
            services.extend(classes.into_iter().map(|class| ((namespace, Some(class)), service)));
        }
        Self(services)
    }

    fn service(&self, pod: &'a Value) -> &'a str {
        let namespace = namespace(pod);
        let class = pod["spec"]["priorityClassName"].as_str();
        let own = pod["metadata"]["labels"][SERVICE_KEY].as_str();
        let by_quota = || self.0.get(&(namespace, class)).or_else(|| self.0.get(&(namespace, None))).copied();
        own.or_else(by_quota).unwrap_or(namespace)
    }
}

fn namespace(pod: &Value) -> &str {
    pod["metadata"]["namespace"].as_str().unwrap_or("default")
}

/// Containers run together; those that prepare them run one after the other before.
fn shares(spec: &Value) -> u32 {
    let of = |list: &str| -> Vec<u64> {
        let containers = spec[list].as_array().into_iter().flatten();
        containers.filter_map(|one| count(&one["resources"]["limits"][GPU_RESOURCE])).collect()
    };
    let together: u64 = of("containers").iter().sum();
    let before = of("initContainers").into_iter().max().unwrap_or(0);
    u32::try_from(together.max(before)).unwrap_or(u32::MAX)
}

fn count(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| value.as_str()?.parse().ok())
}

fn time(value: &Value) -> Option<Timestamp> {
    value.as_str()?.parse().ok()
}

/// When the last container of a pod that is over ended.
fn ended(status: &Value) -> Option<Timestamp> {
    if !matches!(status["phase"].as_str(), Some("Succeeded" | "Failed")) {
        return None;
    }
    let containers = status["containerStatuses"].as_array().into_iter().flatten();
    let last = containers.filter_map(|one| time(&one["state"]["terminated"]["finishedAt"])).max();
    // One whose end nobody tells had its shares for no time that is known.
    last.or_else(|| time(&status["startTime"]))
}
