//! What a quota with scopes may hold, and which scopes there are.
//!
//! Source: ResourceQuota validation. The check covers names without a slash, so GPUs may stand in a scoped quota.

use super::quota_key::STANDARD;
use crate::lint::finding::{Report, Says};
use crate::lint::object::Object;
use crate::lint::world::World;
use crate::spec::tree::Node;

pub(super) const RULE: &str = "quota-scope";

/// What every scope but `BestEffort` lets a quota hold.
const COMPUTE: [&str; 7] = ["pods", "cpu", "memory", "requests.cpu", "requests.memory", "limits.cpu", "limits.memory"];
const SCOPES: [&str; 6] =
    ["Terminating", "NotTerminating", "BestEffort", "NotBestEffort", "PriorityClass", "CrossNamespacePodAffinity"];
const OPPOSITES: [(&str, &str); 2] = [("BestEffort", "NotBestEffort"), ("Terminating", "NotTerminating")];
const REFUSED: &str = "the API server refuses the quota";

pub(super) fn check(world: &World<'_>, report: &mut Report) {
    for object in world.of_kind("ResourceQuota") {
        let plain = object.root.along(&["spec", "scopes"]).map(Node::items).unwrap_or_default();
        let selected = object.root.along(&["spec", "scopeSelector", "matchExpressions"]).map(Node::items);
        let selected = selected.unwrap_or_default();
        let mut names: Vec<(&str, &Node)> = plain.iter().filter_map(|node| Some((node.text()?, node))).collect();
        for expression in selected {
            names.extend(expression.get("scopeName").and_then(|node| Some((node.text()?, node))));
            operator(object, expression, report);
        }
        for (name, node) in &names {
            if !SCOPES.contains(name) {
                let says =
                    Says::new(format!("there is no scope `{name}`"), REFUSED, format!("one of {}", SCOPES.join(", ")));
                report.error(RULE, object.at(node.at), &says);
            }
        }
        let has = |wanted: &str| names.iter().any(|(name, _)| *name == wanted);
        for (one, other) in OPPOSITES.iter().filter(|(one, other)| has(one) && has(other)) {
            let says =
                Says::new(format!("the scopes {one} and {other} exclude each other"), REFUSED, "keep one of them");
            report.error(RULE, object.place_of(&["spec"]), &says);
        }
        if !names.is_empty() {
            contents(object, has("BestEffort"), report);
        }
    }
}

fn operator(object: &Object<'_>, expression: &Node, report: &mut Report) {
    let text = |key: &str| expression.get(key).and_then(Node::text).unwrap_or_default();
    let (scope, operator) = (text("scopeName"), text("operator"));
    let has_values = expression.get("values").is_some_and(|values| !values.items().is_empty());
    let fix = match operator {
        _ if scope != "PriorityClass" && operator != "Exists" => "operator `Exists`, the only one this scope takes",
        "In" | "NotIn" if !has_values => "give `values`",
        "Exists" | "DoesNotExist" if has_values => "leave `values` out",
        "In" | "NotIn" | "Exists" | "DoesNotExist" => return,
        _ => "one of In, NotIn, Exists, DoesNotExist",
    };
    let values = if has_values { "with" } else { "without" };
    let what = format!("scope {scope} cannot have operator `{operator}` {values} values");
    report.error(RULE, object.at(expression.at), &Says::new(what, REFUSED, fix));
}

fn contents(object: &Object<'_>, best_effort: bool, report: &mut Report) {
    let allowed: &[&str] = if best_effort { &["pods"] } else { &COMPUTE };
    for entry in object.root.along(&["spec", "hard"]).map(Node::entries).unwrap_or_default() {
        let key = entry.key.as_str();
        if STANDARD.contains(&key) && !allowed.contains(&key) {
            let what = format!("a quota with scopes may not hold `{key}`");
            let why = "the API server refuses it: unsupported scope applied to resource";
            let fix = format!(
                "move it to a quota without scopes; this one may hold {} and extended resources",
                allowed.join(", ")
            );
            report.error(RULE, object.at(entry.key_at), &Says::new(what, why, fix));
        }
    }
}
