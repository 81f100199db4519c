//! Quotas and defaults of namespaces: those in the files, and those berth renders for the services of the spec.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::object::{Container, Object, Pod};
use super::quantity;
use crate::manifests::quotas;
use crate::spec::ClusterSpec;

/// A quota of a namespace.
pub(super) struct Quota {
    pub(super) namespace: String,
    pub(super) name: String,
    /// Amounts in thousandths by resource; what is no quantity is left out.
    pub(super) hard: BTreeMap<String, u128>,
    scopes: Vec<Scope>,
    /// It is berth's, of the spec's `quotas`.
    pub(super) is_berths: bool,
}

/// One condition on the pods that a quota counts.
struct Scope {
    name: String,
    operator: String,
    values: Vec<String>,
}

/// Whether a quota counts a pod.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Counts {
    Yes,
    No,
    Unknown,
}

impl Quota {
    fn of(object: &Value, is_berths: bool) -> Option<Self> {
        let spec = &object["spec"];
        let text = |value: &Value| match value {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        };
        let hard = spec["hard"].as_object()?.iter();
        let hard = hard.filter_map(|(name, value)| Some((name.clone(), quantity::millis(&text(value)?)?))).collect();
        let plain = spec["scopes"].as_array().into_iter().flatten().filter_map(Value::as_str);
        let plain =
            plain.map(|name| Scope { name: name.to_owned(), operator: "Exists".to_owned(), values: Vec::new() });
        let selected = spec["scopeSelector"]["matchExpressions"].as_array().into_iter().flatten();
        let selected = selected.map(|expression| Scope {
            name: expression["scopeName"].as_str().unwrap_or_default().to_owned(),
            operator: expression["operator"].as_str().unwrap_or_default().to_owned(),
            values: expression["values"].as_array().into_iter().flatten().filter_map(text).collect(),
        });
        Some(Self {
            namespace: object["metadata"]["namespace"].as_str().unwrap_or("default").to_owned(),
            name: object["metadata"]["name"].as_str()?.to_owned(),
            hard,
            scopes: plain.chain(selected).collect(),
            is_berths,
        })
    }

    /// `quota stt`, with where it comes from if that is not a file of manifests.
    pub(super) fn words(&self) -> String {
        let of = if self.is_berths { " of the cluster's quotas" } else { "" };
        format!("quota {}{of}", self.name)
    }

    /// Whether it counts every pod of its namespace.
    pub(super) fn is_plain(&self) -> bool {
        self.scopes.is_empty()
    }

    /// Whether it counts pods of certain priority classes only.
    pub(super) fn is_fence(&self) -> bool {
        self.scopes.iter().any(|scope| scope.name == "PriorityClass" && scope.operator == "In")
    }

    /// Whether it counts pods that name a class of none of the fences, or no class.
    pub(super) fn closes_fences(&self) -> bool {
        self.scopes.iter().all(|scope| scope.name == "PriorityClass" && scope.operator == "NotIn")
    }

    /// Whether it counts this pod; `class` is the priority class that pods without one get.
    pub(super) fn counts(&self, pod: &Pod<'_>, class: Option<&str>) -> Counts {
        if self.namespace != pod.namespace() {
            return Counts::No;
        }
        let class = pod.text("priorityClassName").filter(|name| !name.is_empty()).or(class);
        let mut counts = Counts::Yes;
        for scope in &self.scopes {
            let named = class.is_some_and(|class| scope.values.iter().any(|value| value == class));
            let ends = pod.spec.get("activeDeadlineSeconds").is_some();
            let holds = match (scope.name.as_str(), scope.operator.as_str()) {
                ("PriorityClass", "In") => named,
                ("PriorityClass", "NotIn") => !named,
                ("PriorityClass", "Exists") => class.is_some(),
                ("PriorityClass", "DoesNotExist") => class.is_none(),
                ("Terminating", _) => ends,
                ("NotTerminating", _) => !ends,
                _ => {
                    counts = Counts::Unknown;
                    true
                }
            };
            if !holds {
                return Counts::No;
            }
        }
        counts
    }
}

/// What containers of a namespace get when they say nothing.
#[derive(Default)]
pub(super) struct Defaults {
    limits: BTreeMap<String, u128>,
    requests: BTreeMap<String, u128>,
}

/// Quotas and defaults of all namespaces.
pub(super) struct NamespaceLimits {
    pub(super) quotas: Vec<Quota>,
    defaults: BTreeMap<String, Defaults>,
}

impl NamespaceLimits {
    /// Those in the objects and those berth renders.
    pub(super) fn new(spec: &ClusterSpec, objects: &[Object<'_>]) -> Self {
        let rendered = quotas::render(spec).map(|rendered| rendered.objects).unwrap_or_default();
        let own = rendered.into_iter().map(|object| (object, true));
        let wanted = objects.iter().filter(|object| matches!(object.kind.as_str(), "ResourceQuota" | "LimitRange"));
        let all: Vec<(Value, bool)> = own.chain(wanted.map(|object| (object.root.to_json(), false))).collect();
        let mut limits = Self { quotas: Vec::new(), defaults: BTreeMap::new() };
        for (object, is_berths) in &all {
            match object["kind"].as_str() {
                Some("ResourceQuota") => limits.quotas.extend(Quota::of(object, *is_berths)),
                Some("LimitRange") => limits.add_range(object),
                _ => {}
            }
        }
        limits
    }

    /// A container's `max` is its default limit where there is no other, and its default limit its default request.
    fn add_range(&mut self, range: &Value) {
        let namespace = range["metadata"]["namespace"].as_str().unwrap_or("default");
        let defaults = self.defaults.entry(namespace.to_owned()).or_default();
        for item in range["spec"]["limits"].as_array().into_iter().flatten().filter(|item| item["type"] == "Container")
        {
            for (from, into_limits) in [
                ("default", true),
                ("max", true),
                ("defaultRequest", false),
                ("default", false),
                ("max", false),
                ("min", false),
            ] {
                let target = if into_limits { &mut defaults.limits } else { &mut defaults.requests };
                for (resource, value) in item[from].as_object().into_iter().flatten() {
                    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                    if let Some(amount) = quantity::millis(&text) {
                        target.entry(resource.clone()).or_insert(amount);
                    }
                }
            }
        }
    }

    /// What a container has under `limits` when it is admitted.
    pub(super) fn limit(&self, container: &Container<'_>, resource: &str) -> Option<u128> {
        let defaults = self.defaults.get(container.pod.namespace());
        container
            .amount("limits", resource)
            .or_else(|| defaults.and_then(|defaults| defaults.limits.get(resource).copied()))
    }

    /// What a container has under `requests` when it is admitted.
    pub(super) fn request(&self, container: &Container<'_>, resource: &str) -> Option<u128> {
        let defaults = self.defaults.get(container.pod.namespace());
        container.request(resource).or_else(|| defaults.and_then(|defaults| defaults.requests.get(resource).copied()))
    }

    /// Namespaces that have quotas.
    pub(super) fn namespaces(&self) -> BTreeSet<&str> {
        self.quotas.iter().map(|quota| quota.namespace.as_str()).collect()
    }
}
