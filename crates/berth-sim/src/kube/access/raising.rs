//! Nobody gives rights he has not: who writes a role must hold what it allows, or the verb `escalate` on it; who binds one must hold
//! what it allows, or the verb `bind` on it.
//!
//! What counts as held is what roles of the cluster say. What a cloud allows beside them counts for the two verbs only.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::{Attributes, roles};
use crate::kube::failure::{Failure, Outcome};
use crate::kube::kinds;
use crate::kube::request::User;
use crate::kube::rules;
use crate::kube::serving::Asked;
use crate::kube::store::Store;

const GROUP: &str = "rbac.authorization.k8s.io";
/// Who is in this group is above all rules.
const MASTERS: &str = "system:masters";

/// Refuses the write of a role or a binding by which somebody would give rights he has not. `current` is what it replaces.
pub(crate) fn check(store: &Store, asked: &Asked<'_>, object: &Value, current: Option<&Value>) -> Outcome<()> {
    if asked.kind.group != GROUP || asked.subresource.is_some() {
        return Ok(());
    }
    let (User::Bound { name, groups } | User::Admitted { name, groups }) = &asked.request.user else { return Ok(()) };
    if groups.iter().any(|group| group == MASTERS) {
        return Ok(());
    }
    let mut object = object.clone();
    rules::complete(asked.kind, &mut object);
    if current.is_some_and(|current| says_the_same(&object, current)) {
        return Ok(());
    }
    let writer = Writer { store, asked, name, groups };
    if asked.kind.kind.ends_with("Binding") { writer.binds(&object) } else { writer.defines(&object, current) }
}

/// Whether a write leaves a role or a binding as it is, but for what garbage collection needs.
fn says_the_same(object: &Value, current: &Value) -> bool {
    let same = |field: &str| object[field] == current[field];
    let noted = |field: &str| object["metadata"][field] == current["metadata"][field];
    ["rules", "aggregationRule", "roleRef", "subjects"].into_iter().all(same)
        && ["labels", "annotations"].into_iter().all(noted)
}

/// Who writes, and what.
struct Writer<'a> {
    store: &'a Store,
    asked: &'a Asked<'a>,
    name: &'a str,
    groups: &'a [String],
}

impl Writer<'_> {
    fn may(&self, verb: &str, resource: &str, name: &str) -> bool {
        let wanted = Attributes {
            verb: verb.to_owned(),
            group: GROUP.to_owned(),
            resource: resource.to_owned(),
            namespace: self.asked.namespace.unwrap_or_default().to_owned(),
            name: name.to_owned(),
            ..Attributes::default()
        };
        roles::allow(self.store, &self.asked.request.user, &wanted)
    }

    fn defines(&self, role: &Value, current: Option<&Value>) -> Outcome<()> {
        if self.may("escalate", self.asked.kind.plural, self.asked.name.unwrap_or_default()) {
            return Ok(());
        }
        let rules = role["rules"].as_array().map(Vec::as_slice).unwrap_or_default();
        self.holds(role, rules)?;
        let gathers = |role: &Value| role["aggregationRule"].is_object();
        if !gathers(role) && !current.is_some_and(gathers) {
            return Ok(());
        }
        let all = [
            json!({"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}),
            json!({"verbs": ["*"], "nonResourceURLs": ["*"]}),
        ];
        let why = "must have cluster-admin privileges to use an aggregationRule";
        self.holds(role, &all).map_err(|_| self.refusal(role, why))
    }

    fn binds(&self, binding: &Value) -> Outcome<()> {
        let reference = &binding["roleRef"];
        let role = reference["name"].as_str().unwrap_or_default();
        let (plural, namespace) = match reference["kind"].as_str() {
            Some("Role") => ("roles", Some(self.asked.namespace.unwrap_or_default())),
            Some("ClusterRole") => ("clusterroles", None),
            other => {
                let why = format!("unsupported role reference kind: {:?}", other.unwrap_or_default());
                return Err(Failure::internal(why));
            }
        };
        if self.may("bind", plural, role) {
            return Ok(());
        }
        let found = self.store.get(plural, namespace, role);
        let missing =
            || kinds::by_plural(plural).map_or_else(Failure::no_resource, |kind| Failure::not_found(kind, role));
        let rules = &found.ok_or_else(missing)?["rules"];
        self.holds(binding, rules.as_array().map(Vec::as_slice).unwrap_or_default())
    }

    /// Refuses to give rules of which the writer lacks some.
    fn holds(&self, object: &Value, given: &[Value]) -> Outcome<()> {
        let namespace = self.asked.namespace.unwrap_or_default();
        let held = roles::rules(self.store, &self.asked.request.user, namespace);
        let missing: Vec<Right<'_>> =
            given.iter().flat_map(parts).filter(|right| !held.iter().any(|rule| right.is_covered_by(rule))).collect();
        if missing.is_empty() {
            return Ok(());
        }
        let dangling = roles::dangling(self.store, &self.asked.request.user, namespace);
        let unresolved = if dangling.is_empty() {
            String::new()
        } else {
            let plural = |text: String| text.replacen(".rbac", "s.rbac", 1);
            let all: Vec<String> = dangling.into_iter().map(plural).collect();
            let all = if all.len() == 1 { all.concat() } else { format!("[{}]", all.join(", ")) };
            format!("; resolution errors: [{all}]")
        };
        let why = format!(
            "user {:?} (groups={}) is attempting to grant RBAC permissions not currently held:\n{}{unresolved}",
            self.name,
            quoted(self.groups.iter().map(String::as_str)),
            shown(missing),
        );
        Err(self.refusal(object, &why))
    }

    fn refusal(&self, object: &Value, why: &str) -> Box<Failure> {
        Failure::forbidden(self.asked.kind, object["metadata"]["name"].as_str().unwrap_or_default(), why)
    }
}

/// One verb on one thing: the smallest part of a rule.
struct Right<'a> {
    verb: &'a str,
    on: Thing<'a>,
}

/// What a rule is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Thing<'a> {
    Resource { group: &'a str, resource: &'a str, name: Option<&'a str> },
    Path(&'a str),
}

fn texts<'a>(rule: &'a Value, field: &str) -> Vec<&'a str> {
    rule[field].as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

/// The parts of a rule.
fn parts(rule: &Value) -> Vec<Right<'_>> {
    let (verbs, names) = (texts(rule, "verbs"), texts(rule, "resourceNames"));
    let names: Vec<Option<&str>> = if names.is_empty() { vec![None] } else { names.into_iter().map(Some).collect() };
    let mut things = Vec::new();
    for group in texts(rule, "apiGroups") {
        for resource in texts(rule, "resources") {
            things.extend(names.iter().map(|name| Thing::Resource { group, resource, name: *name }));
        }
    }
    things.extend(texts(rule, "nonResourceURLs").into_iter().map(Thing::Path));
    things.into_iter().flat_map(|on| verbs.iter().map(move |verb| Right { verb, on })).collect()
}

impl Right<'_> {
    /// Whether this rule alone gives it.
    fn is_covered_by(&self, rule: &Value) -> bool {
        let has = |field: &str, word: &str| texts(rule, field).iter().any(|own| *own == "*" || *own == word);
        let about = match self.on {
            Thing::Path(path) => texts(rule, "nonResourceURLs").iter().any(|own| {
                own.strip_suffix('*').map_or(*own == path, |start| path.starts_with(start.trim_end_matches('*')))
            }),
            Thing::Resource { group, resource, name } => {
                let part = resource.split_once('/').map(|(_, part)| format!("*/{part}"));
                let names = texts(rule, "resourceNames");
                has("apiGroups", group)
                    && (has("resources", resource) || part.is_some_and(|part| has("resources", &part)))
                    && (names.is_empty() || name.is_some_and(|name| names.contains(&name)))
            }
        };
        about && has("verbs", self.verb)
    }
}

/// Rights as rules, sorted, those on one resource in one; paths stay apart.
fn shown(rights: Vec<Right<'_>>) -> String {
    let mut lines = BTreeSet::new();
    let mut verbs: BTreeMap<Thing<'_>, Vec<&str>> = BTreeMap::new();
    for right in rights {
        match right.on {
            Thing::Path(path) => {
                lines.insert(format!("{{NonResourceURLs:{}, Verbs:{}}}", quoted([path]), quoted([right.verb])));
            }
            on @ Thing::Resource { .. } => verbs.entry(on).or_default().push(right.verb),
        }
    }
    for (on, verbs) in verbs {
        let Thing::Resource { group, resource, name } = on else { continue };
        let named = name.map(|name| format!(", ResourceNames:{}", quoted([name]))).unwrap_or_default();
        let (group, resource) = (quoted([group]), quoted([resource]));
        lines.insert(format!("{{APIGroups:{group}, Resources:{resource}{named}, Verbs:{}}}", quoted(verbs)));
    }
    lines.into_iter().collect::<Vec<_>>().join("\n")
}

/// `["a" "b"]`.
fn quoted<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    let words: Vec<String> = words.into_iter().map(|word| format!("{word:?}")).collect();
    format!("[{}]", words.join(" "))
}

#[cfg(test)]
mod tests;
