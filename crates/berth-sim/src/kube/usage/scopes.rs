//! The pods a quota is about.

use serde_json::Value;

use super::pods;

/// One condition of a quota on its pods.
#[derive(Debug)]
pub(crate) struct Scope<'a> {
    name: &'a str,
    operator: &'a str,
    values: &'a [Value],
}

/// The scopes and the selector of a quota alike.
pub(crate) fn of(quota: &Value) -> impl Iterator<Item = Scope<'_>> {
    let text = |value: &'_ Value| value.as_str().is_some();
    let plain = quota["spec"]["scopes"].as_array().into_iter().flatten().filter(move |scope| text(scope));
    let plain = plain.map(|scope| Scope { name: scope.as_str().unwrap_or_default(), operator: "Exists", values: &[] });
    let selected = quota["spec"]["scopeSelector"]["matchExpressions"].as_array().into_iter().flatten();
    plain.chain(selected.map(|expression| Scope {
        name: expression["scopeName"].as_str().unwrap_or_default(),
        operator: expression["operator"].as_str().unwrap_or_default(),
        values: expression["values"].as_array().map_or(&[], Vec::as_slice),
    }))
}

impl Scope<'_> {
    pub(crate) fn holds(&self, pod: &Value) -> bool {
        let spec = &pod["spec"];
        let terminating = spec["activeDeadlineSeconds"].as_i64().is_some_and(|seconds| seconds >= 0);
        match self.name {
            "Terminating" => terminating,
            "NotTerminating" => !terminating,
            "BestEffort" => pods::best_effort(spec),
            "NotBestEffort" => !pods::best_effort(spec),
            "PriorityClass" => self.holds_class(spec["priorityClassName"].as_str().unwrap_or_default()),
            "CrossNamespacePodAffinity" => names_other_namespaces(&spec["affinity"]),
            _ => false,
        }
    }

    /// `NotIn` also holds for pods without a class.
    fn holds_class(&self, class: &str) -> bool {
        let listed = self.values.iter().any(|value| value == class);
        match self.operator {
            "Exists" => !class.is_empty(),
            "DoesNotExist" => class.is_empty(),
            "In" => listed && !class.is_empty(),
            "NotIn" => !listed || class.is_empty(),
            _ => false,
        }
    }
}

fn names_other_namespaces(affinity: &Value) -> bool {
    let crosses = |term: &Value| {
        !term["namespaceSelector"].is_null() || term["namespaces"].as_array().is_some_and(|names| !names.is_empty())
    };
    ["podAffinity", "podAntiAffinity"].iter().any(|kind| {
        let terms = |list: &str| affinity[*kind][list].as_array().cloned().unwrap_or_default();
        terms("requiredDuringSchedulingIgnoredDuringExecution").iter().any(crosses)
            || terms("preferredDuringSchedulingIgnoredDuringExecution")
                .iter()
                .any(|weighted| crosses(&weighted["podAffinityTerm"]))
    })
}
