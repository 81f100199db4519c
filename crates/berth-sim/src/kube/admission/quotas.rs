//! Quotas: what a write costs, and whether every quota of its namespace that matches still has room for it.

use serde_json::Value;

use crate::kube::kinds::{self, Kind};
use crate::kube::serving::Asked;
use crate::kube::store::Store;
use crate::kube::usage::{self, Amounts};

/// The quotas as they are when the write has been charged.
#[derive(Debug, Default)]
pub(crate) struct Charges(Vec<(String, Value)>);

impl Charges {
    /// Writes them.
    pub(crate) fn carry_out(self, store: &mut Store) {
        let Some(kind) = kinds::by_plural("resourcequotas") else { return };
        for (key, quota) in self.0 {
            store.write(kind, key, Some(quota));
        }
    }
}

/// Kinds whose changes cost too; of the others only new objects do.
const CHARGED_ON_UPDATE: &[&str] = &["/persistentvolumeclaims", "/services"];

pub(crate) fn check(
    store: &Store,
    asked: &Asked<'_>,
    object: &Value,
    current: Option<&Value>,
) -> Result<Charges, String> {
    let (kind, namespace) = (asked.kind, asked.namespace.unwrap_or_default());
    let Some(quotas) = kinds::by_plural("resourcequotas") else { return Ok(Charges::default()) };
    if current.is_some() && !CHARGED_ON_UPDATE.contains(&kind.storage) {
        return Ok(Charges::default());
    }
    let matching: Vec<Quota<'_>> = store
        .in_namespace(quotas, namespace)
        .into_iter()
        .filter_map(|quota| Quota::matching(kind, quota, object))
        .collect();
    for quota in &matching {
        quota.is_ready(kind, object, current.is_none())?;
    }
    let mut cost = usage::of(kind, object, asked.now);
    for (resource, before) in current.map(|current| usage::of(kind, current, asked.now)).unwrap_or_default() {
        if let Some(amount) = cost.get_mut(&resource) {
            *amount = amount.minus(before);
        }
    }
    cost.retain(|_, amount| !amount.is_zero());
    let charged: Result<Vec<Option<Value>>, String> = matching.iter().map(|quota| quota.charge(&cost)).collect();
    Ok(Charges(charged?.into_iter().flatten().map(|quota| (key(quotas, namespace, &quota), quota)).collect()))
}

fn key(kind: &Kind, namespace: &str, quota: &Value) -> String {
    kind.key(Some(namespace), quota["metadata"]["name"].as_str().unwrap_or_default())
}

/// A quota in force: what the controller has taken note of, not what was asked for since.
struct Quota<'a> {
    object: &'a Value,
    name: &'a str,
    hard: Amounts,
    used: Amounts,
    /// The resources the written object can count into.
    measured: Vec<String>,
}

impl<'a> Quota<'a> {
    fn matching(kind: &Kind, object: &'a Value, written: &Value) -> Option<Quota<'a>> {
        let hard = usage::read(&object["status"]["hard"]);
        let measured: Vec<String> = hard.keys().filter(|resource| usage::measures(kind, resource)).cloned().collect();
        if measured.is_empty() || !usage::in_scope(kind, object, written) {
            return None;
        }
        let name = object["metadata"]["name"].as_str().unwrap_or_default();
        Some(Quota { object, name, hard, used: usage::read(&object["status"]["used"]), measured })
    }

    /// Whether the object states what the quota counts, and the quota knows what is used.
    fn is_ready(&self, kind: &Kind, written: &Value, is_new: bool) -> Result<(), String> {
        if kind.storage == "/pods"
            && is_new
            && let Some(why) = usage::required(&written["spec"], self.measured.iter())
        {
            return Err(format!("failed quota: {}: {why}", self.name));
        }
        if self.measured.iter().any(|resource| !self.used.contains_key(resource)) {
            return Err(format!("status unknown for quota: {}, resources: {}", self.name, self.measured.join(",")));
        }
        Ok(())
    }

    /// The quota with the cost added to what is used; nothing when it counts none of it.
    fn charge(&self, cost: &Amounts) -> Result<Option<Value>, String> {
        let mut requested = cost.clone();
        requested.retain(|resource, _| self.hard.contains_key(resource));
        if requested.is_empty() {
            return Ok(None);
        }
        let mut used = self.used.clone();
        usage::add(&mut used, requested.clone());
        let exceeded: Vec<&String> =
            requested.keys().filter(|resource| used[*resource].exceeds(self.hard[*resource])).collect();
        if !exceeded.is_empty() {
            let shown = |amounts: &Amounts| {
                let parts = exceeded.iter().filter_map(|resource| Some((resource, amounts.get(*resource)?)));
                parts.map(|(name, amount)| format!("{name}={}", amount.canonical())).collect::<Vec<_>>().join(",")
            };
            return Err(format!(
                "exceeded quota: {}, requested: {}, used: {}, limited: {}",
                self.name,
                shown(&requested),
                shown(&self.used),
                shown(&self.hard)
            ));
        }
        let mut quota = self.object.clone();
        quota["status"]["used"] = usage::write(&used);
        Ok(Some(quota))
    }
}
