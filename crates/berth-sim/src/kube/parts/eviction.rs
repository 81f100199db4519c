//! Evicting a pod: a deletion that disruption budgets may refuse.

use serde_json::{Value, json};

use super::done;
use crate::kube::controllers::selects;
use crate::kube::failure::{Failure, Outcome};
use crate::kube::request::Reply;
use crate::kube::serving::Asked;
use crate::kube::store::Store;
use crate::kube::write::delete;
use crate::kube::{decode, kinds, time};

/// POST of an eviction.
pub(crate) fn evict(store: &mut Store, asked: &Asked<'_>) -> Outcome<Reply> {
    let eviction = decode::plain(asked.request)?;
    let name = asked.name.unwrap_or_default();
    if eviction["metadata"]["name"].as_str().is_some_and(|given| given != name) {
        return Err(Failure::bad_request("name in URL does not match name in Eviction object"));
    }
    let pod = store.object(asked.kind, &asked.key()).ok_or_else(|| Failure::not_found(asked.kind, name))?;
    let pod = Value::clone(pod);
    let options = &eviction["deleteOptions"];
    let dry =
        asked.request.dry_run() || options["dryRun"].as_array().is_some_and(|runs| runs.iter().any(|run| run == "All"));
    if !disregards_budgets(&pod) {
        charge(store, asked, &pod, dry)?;
    }
    if !dry {
        mark(store, asked, &pod);
    }
    delete::evict(store, asked, options)?;
    Ok(done())
}

/// Says in the pod why it ends.
fn mark(store: &mut Store, asked: &Asked<'_>, pod: &Value) {
    const TARGET: &str = "DisruptionTarget";
    let condition = json!({
        "type": TARGET,
        "status": "True",
        "lastProbeTime": null,
        "lastTransitionTime": time::seconds(asked.now),
        "observedGeneration": pod["metadata"]["generation"],
        "reason": "EvictionByEvictionAPI",
        "message": "Eviction API: evicting",
    });
    let mut pod = pod.clone();
    match pod["status"]["conditions"].as_array_mut() {
        Some(conditions) if conditions.iter().any(|own| own["type"] == TARGET) => return,
        Some(conditions) => conditions.push(condition),
        None => pod["status"]["conditions"] = json!([condition]),
    }
    store.write(asked.kind, asked.key(), Some(pod));
}

/// What runs nothing, or ends anyway, disrupts nobody.
fn disregards_budgets(pod: &Value) -> bool {
    matches!(pod["status"]["phase"].as_str(), Some("Succeeded" | "Failed" | "Pending"))
        || pod["metadata"]["deletionTimestamp"].is_string()
}

/// Takes the disruption off the pod's budget, or says why there is none left.
fn charge(store: &mut Store, asked: &Asked<'_>, pod: &Value, dry: bool) -> Outcome<()> {
    let kind = kinds::find("policy", "v1", "poddisruptionbudgets").ok_or_else(Failure::no_resource)?;
    let budgets: Vec<Value> = store
        .in_namespace(kind, asked.namespace.unwrap_or_default())
        .into_iter()
        .filter(|budget| {
            let selector = &budget["spec"]["selector"];
            selector.is_object() && selects(selector, &pod["metadata"]["labels"])
        })
        .cloned()
        .collect();
    let mut budget = match budgets.as_slice() {
        [] => return Ok(()),
        [one] => one.clone(),
        _ => {
            return Err(Failure::new(
                500,
                Some("InternalError"),
                "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.",
            ));
        }
    };
    let (spec, status) = (&budget["spec"], &budget["status"]);
    let number = |field: &str| status[field].as_i64().unwrap_or_default();
    let healthy = number("currentHealthy") >= number("desiredHealthy") && number("desiredHealthy") > 0;
    if !ready(pod) && (spec["unhealthyPodEvictionPolicy"] == "AlwaysAllow" || healthy) {
        return Ok(());
    }
    let name = budget["metadata"]["name"].as_str().unwrap_or_default();
    if number("observedGeneration") < budget["metadata"]["generation"].as_i64().unwrap_or_default() {
        return Err(refusal(&format!("The disruption budget {name} is still being processed by the server."), true));
    }
    if number("disruptionsAllowed") <= 0 {
        return Err(refusal(
            &format!(
                "The disruption budget {name} needs {} healthy pods and has {} currently",
                number("desiredHealthy"),
                number("currentHealthy")
            ),
            false,
        ));
    }
    if !dry {
        let left = number("disruptionsAllowed") - 1;
        let key = kind.key(asked.namespace, name);
        budget["status"]["disruptionsAllowed"] = json!(left);
        budget["status"]["disruptedPods"][asked.name.unwrap_or_default()] = json!(time::seconds(asked.now));
        store.write(kind, key, Some(budget));
    }
    Ok(())
}

fn ready(pod: &Value) -> bool {
    let conditions = pod["status"]["conditions"].as_array();
    conditions.is_some_and(|all| all.iter().any(|one| one["type"] == "Ready" && one["status"] == "True"))
}

fn refusal(why: &str, later: bool) -> Box<Failure> {
    let message = "Cannot evict pod as it would violate the pod's disruption budget.";
    let mut failure = Failure::new(429, Some("TooManyRequests"), message);
    let mut details = json!({"causes": [{"reason": "DisruptionBudget", "message": why}]});
    if later {
        details["retryAfterSeconds"] = json!(10);
    }
    failure.details = Some(details);
    failure
}
