//! Limit ranges: the bounds and defaults of what containers, pods and volume claims ask for.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::names;
use super::quantity::{self, Quantity};
use crate::kube::failure::Cause;

const PARTS: &[&str] = &["max", "min", "default", "defaultRequest", "maxLimitRequestRatio"];
const TYPES: &[&str] = &["Container", "PersistentVolumeClaim", "Pod"];
/// What may be promised more than once.
const OVERCOMMITTED: &[&str] = &["cpu", "ephemeral-storage", "memory", "storage"];

fn items(object: &Value) -> &[Value] {
    object["spec"]["limits"].as_array().map_or(&[], Vec::as_slice)
}

pub(crate) fn decode_check(object: &Value) -> Result<(), String> {
    items(object).iter().try_for_each(|item| PARTS.iter().try_for_each(|part| quantity::decode_check(&item[*part])))
}

pub(crate) fn complete(object: &mut Value) {
    for item in object.pointer_mut("/spec/limits").and_then(Value::as_array_mut).into_iter().flatten() {
        for part in PARTS {
            if let Some(amounts) = item.get_mut(*part) {
                quantity::complete(amounts);
            }
        }
        if item["type"] == "Container" {
            // A maximum is the default limit, and a limit or a minimum the default request.
            for (from, to) in [("max", "default"), ("default", "defaultRequest"), ("min", "defaultRequest")] {
                inherit(item, from, to);
            }
        }
    }
}

fn inherit(item: &mut Value, from: &str, to: &str) {
    for (name, amount) in item[from].as_object().cloned().unwrap_or_default() {
        if item[to][&name].is_null() {
            item[to][&name] = amount;
        }
    }
}

pub(crate) fn validate(object: &Value, causes: &mut Vec<Cause>) {
    for (index, item) in items(object).iter().enumerate() {
        let field = format!("spec.limits[{index}]");
        let kind = item["type"].as_str().unwrap_or_default();
        for why in names::qualified_name(kind) {
            causes.push(Cause::invalid(format!("{field}.type"), &item["type"], &why));
        }
        if !kind.contains('/') && !TYPES.contains(&kind) {
            let why = "must be a standard limit type or fully qualified";
            causes.push(Cause::invalid(format!("{field}.type"), &item["type"], why));
        }
        if items(object)[..index].iter().any(|other| other["type"] == kind) {
            causes.push(Cause::duplicate(format!("{field}.type"), &item["type"].to_string(), ""));
        }
        for part in ["default", "defaultRequest"] {
            if kind == "Pod" && item[part].as_object().is_some_and(|amounts| !amounts.is_empty()) {
                causes.push(Cause::forbidden(format!("{field}.{part}"), "may not be specified when `type` is 'Pod'"));
            }
        }
        if kind == "PersistentVolumeClaim" && item["min"]["storage"].is_null() && item["max"]["storage"].is_null() {
            let why = "either minimum or maximum storage value is required, but neither was provided";
            causes.push(Cause::required(format!("{field}.limits"), why));
        }
        let resources: BTreeSet<&String> =
            PARTS.iter().flat_map(|part| item[*part].as_object().into_iter().flat_map(|map| map.keys())).collect();
        for resource in resources {
            validate_resource(&field, item, resource, causes);
        }
    }
}

/// Holds the bounds and defaults of one resource against each other.
fn validate_resource(field: &str, item: &Value, resource: &str, causes: &mut Vec<Cause>) {
    let amount = |part: &str| Quantity::of(&item[part][resource]);
    let mut refuse = |part: &str, value: Quantity, why: &str| {
        causes.push(Cause::invalid(format!("{field}.{part}[{resource}]"), &json!(value.canonical()), why));
    };
    let (min, max) = (amount("min"), amount("max"));
    let (default, request) = (amount("default"), amount("defaultRequest"));
    // Each row: the smaller one and its name, the larger one and its name, the field and the value that are named.
    let rows = [
        (min, "min value", max, "max value", "min", min),
        (min, "min value", request, "default request value", "defaultRequest", request),
        (request, "default request value", max, "max value", "defaultRequest", request),
        (request, "default request value", default, "default limit value", "defaultRequest", request),
        (min, "min value", default, "default value", "default", min),
        (default, "default value", max, "max value", "default", max),
    ];
    for (small, small_name, large, large_name, part, shown) in rows {
        let (Some(small), Some(large), Some(shown)) = (small, large, shown) else { continue };
        if small.exceeds(large) {
            let why = format!("{small_name} {} is greater than {large_name} {}", small.canonical(), large.canonical());
            refuse(part, shown, &why);
        }
    }
    if let Some(ratio) = amount("maxLimitRequestRatio") {
        if Quantity::count(1).exceeds(ratio) {
            refuse("maxLimitRequestRatio", ratio, &format!("ratio {} is less than 1", ratio.canonical()));
        }
        if let (Some(min), Some(max)) = (min, max)
            && !min.is_zero()
            && ratio.ratio(Quantity::count(1)) > max.ratio(min)
        {
            let why = format!("ratio {} is greater than max/min = {:.6}", ratio.canonical(), max.ratio(min));
            refuse("maxLimitRequestRatio", ratio, &why);
        }
    }
    if let (Some(default), Some(request)) = (default, request)
        && !OVERCOMMITTED.contains(&resource)
        && !default.equals(request)
    {
        let (default, shown) = (default.canonical(), request.canonical());
        let why = format!("default value {default} must equal to defaultRequest value {shown} in {resource}");
        refuse("defaultRequest", request, &why);
    }
}
