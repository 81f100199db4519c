//! Limit ranges: defaults for containers, bounds for containers, pods and volume claims.

use serde_json::{Value, json};

use crate::kube::kinds::{self, Kind};
use crate::kube::rules::quantity::Quantity;
use crate::kube::store::Store;
use crate::kube::usage::{self, Amounts};

const ANNOTATION: &str = "kubernetes.io/limit-ranger";

/// The limit ranges of a namespace in the order of their names.
fn ranges<'a>(store: &'a Store, namespace: &str) -> Vec<&'a Value> {
    kinds::by_plural("limitranges").map(|kind| store.in_namespace(kind, namespace)).unwrap_or_default()
}

fn items<'a>(range: &'a Value, kind: &str) -> impl Iterator<Item = &'a Value> {
    let kind = kind.to_owned();
    range["spec"]["limits"].as_array().into_iter().flatten().filter(move |item| item["type"] == kind.as_str())
}

/// Gives each container what it does not ask for itself.
pub(crate) fn fill_in(store: &Store, namespace: &str, pod: &mut Value) {
    for range in ranges(store, namespace) {
        let mut set = Vec::new();
        for (field, word) in [("containers", "container"), ("initContainers", "init container")] {
            for container in pod["spec"].get_mut(field).and_then(Value::as_array_mut).into_iter().flatten() {
                let name = container["name"].as_str().unwrap_or_default().to_owned();
                for (side, part) in [("requests", "defaultRequest"), ("limits", "default")] {
                    let given = fill_in_side(container, side, range, part);
                    if !given.is_empty() {
                        let side = side.trim_end_matches('s');
                        set.push(format!("{} {side} for {word} {name}", given.join(", ")));
                    }
                }
            }
        }
        if !set.is_empty() {
            if !pod["metadata"]["annotations"].is_object() {
                pod["metadata"]["annotations"] = json!({});
            }
            pod["metadata"]["annotations"][ANNOTATION] = json!(format!("LimitRanger plugin set: {}", set.join("; ")));
        }
    }
}

/// The names of what was filled in.
fn fill_in_side(container: &mut Value, side: &str, range: &Value, part: &str) -> Vec<String> {
    let mut given = Vec::new();
    for item in items(range, "Container") {
        for (resource, amount) in item[part].as_object().into_iter().flatten() {
            if container["resources"][side][resource].is_null() {
                container["resources"][side][resource] = amount.clone();
                given.push(resource.clone());
            }
        }
    }
    given
}

/// Refuses what is out of the bounds of a limit range; all faults against one range are named.
pub(crate) fn check(store: &Store, kind: &Kind, namespace: &str, object: &Value) -> Result<(), String> {
    for range in ranges(store, namespace) {
        let mut faults = match kind.storage {
            "/pods" => pod_faults(range, &object["spec"]),
            "/persistentvolumeclaims" => claim_faults(range, &usage::read(&object["spec"]["resources"]["requests"])),
            _ => return Ok(()),
        };
        // A fault that two containers share is named once.
        let mut seen = Vec::new();
        faults.retain(|fault| {
            let fresh = !seen.contains(fault);
            seen.push(fault.clone());
            fresh
        });
        match faults.as_slice() {
            [] => {}
            [fault] => return Err(fault.clone()),
            faults => return Err(format!("[{}]", faults.join(", "))),
        }
    }
    Ok(())
}

fn pod_faults(range: &Value, spec: &Value) -> Vec<String> {
    let mut faults = Vec::new();
    for item in range["spec"]["limits"].as_array().into_iter().flatten() {
        let kind = item["type"].as_str().unwrap_or_default();
        match kind {
            "Container" => {
                for container in ["containers", "initContainers"]
                    .iter()
                    .flat_map(|field| spec[*field].as_array().into_iter().flatten())
                {
                    let side = |side: &str| usage::read(&container["resources"][side]);
                    faults.extend(Bounds { item, kind }.faults(&side("requests"), &side("limits")));
                }
            }
            "Pod" => {
                let side = |side: &str| usage::side(spec, side);
                faults.extend(Bounds { item, kind }.faults(&side("requests"), &side("limits")));
            }
            _ => {}
        }
    }
    faults
}

fn claim_faults(range: &Value, requests: &Amounts) -> Vec<String> {
    const KIND: &str = "PersistentVolumeClaim";
    let mut faults = Vec::new();
    for item in items(range, KIND) {
        for (part, bound, over) in [("min", "minimum", false), ("max", "maximum", true)] {
            for (resource, allowed) in usage::read(&item[part]) {
                let text = format!("{bound} {resource} usage per {KIND} is {}", allowed.canonical());
                match requests.get(&resource) {
                    None => faults.push(format!("{text}.  No request is specified")),
                    Some(amount) if if over { amount.exceeds(allowed) } else { allowed.exceeds(*amount) } => {
                        faults.push(format!("{text}, but request is {}", amount.canonical()));
                    }
                    Some(_) => {}
                }
            }
        }
    }
    faults
}

/// One item of a limit range and what it is about.
struct Bounds<'a> {
    item: &'a Value,
    kind: &'a str,
}

impl Bounds<'_> {
    fn faults(&self, requests: &Amounts, limits: &Amounts) -> Vec<String> {
        let part = |part: &str| usage::read(&self.item[part]);
        let mut faults = Vec::new();
        for (resource, least) in part("min") {
            faults.extend(self.too_little(&resource, least, requests.get(&resource), limits.get(&resource)));
        }
        for (resource, most) in part("max") {
            faults.extend(self.too_much(&resource, most, requests.get(&resource), limits.get(&resource)));
        }
        for (resource, most) in part("maxLimitRequestRatio") {
            faults.extend(self.too_far_apart(&resource, most, requests.get(&resource), limits.get(&resource)));
        }
        faults
    }

    fn too_little(
        &self,
        resource: &str,
        least: Quantity,
        request: Option<&Quantity>,
        limit: Option<&Quantity>,
    ) -> Option<String> {
        let text = format!("minimum {resource} usage per {} is {}", self.kind, least.canonical());
        match (request, limit) {
            (None, _) => Some(format!("{text}.  No request is specified")),
            (Some(request), _) if least.exceeds(*request) => {
                Some(format!("{text}, but request is {}", request.canonical()))
            }
            (_, Some(limit)) if least.exceeds(*limit) => Some(format!("{text}, but limit is {}", limit.canonical())),
            _ => None,
        }
    }

    fn too_much(
        &self,
        resource: &str,
        most: Quantity,
        request: Option<&Quantity>,
        limit: Option<&Quantity>,
    ) -> Option<String> {
        let text = format!("maximum {resource} usage per {} is {}", self.kind, most.canonical());
        match (limit, request) {
            (None, _) => Some(format!("{text}.  No limit is specified")),
            (Some(limit), _) if limit.exceeds(most) => Some(format!("{text}, but limit is {}", limit.canonical())),
            (_, Some(request)) if request.exceeds(most) => {
                Some(format!("{text}, but request is {}", request.canonical()))
            }
            _ => None,
        }
    }

    fn too_far_apart(
        &self,
        resource: &str,
        most: Quantity,
        request: Option<&Quantity>,
        limit: Option<&Quantity>,
    ) -> Option<String> {
        let text = format!("{resource} max limit to request ratio per {} is {}", self.kind, most.canonical());
        let Some(request) = request.filter(|request| !request.is_zero()) else {
            return Some(format!("{text}, but no request is specified or request is 0"));
        };
        let Some(limit) = limit.filter(|limit| !limit.is_zero()) else {
            return Some(format!("{text}, but no limit is specified or limit is 0"));
        };
        let ratio = limit.ratio(*request);
        (ratio > most.ratio(Quantity::count(1))).then(|| format!("{text}, but provided ratio is {ratio:.6}"))
    }
}
