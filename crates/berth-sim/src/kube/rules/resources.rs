//! What containers may ask for.

use serde_json::{Value, json};

use super::quantity::Quantity;
use crate::kube::failure::Cause;

const STANDARD: &[&str] = &["cpu", "memory", "ephemeral-storage"];

/// Checks the limits and requests of one container; `field` is the path of its `resources`.
pub(crate) fn validate(field: &str, resources: &Value, causes: &mut Vec<Cause>) {
    let entries = |side: &str| resources[side].as_object().cloned().unwrap_or_default();
    for (name, amount) in entries("limits") {
        validate_amount(&format!("{field}.limits[{name}]"), &name, &amount, causes);
    }
    for (name, amount) in entries("requests") {
        validate_amount(&format!("{field}.requests[{name}]"), &name, &amount, causes);
        let (Some(requested), limit) = (Quantity::of(&amount), &resources["limits"][&name]) else { continue };
        match Quantity::of(limit) {
            None if overcommits(&name) => {}
            None => {
                let why = "Limit must be set for non overcommitable resources";
                causes.push(Cause::required(format!("{field}.limits"), why));
            }
            Some(limited) if !overcommits(&name) && !requested.equals(limited) => {
                let why = format!("must be equal to {name} limit of {}", limited.canonical());
                causes.push(Cause::invalid(format!("{field}.requests"), &amount, &why));
            }
            Some(limited) if requested.exceeds(limited) => {
                let why = format!("must be less than or equal to {name} limit of {}", limited.canonical());
                causes.push(Cause::invalid(format!("{field}.requests"), &amount, &why));
            }
            Some(_) => {}
        }
    }
}

/// Extended resources, such as GPUs, and huge pages cannot be promised twice.
fn overcommits(name: &str) -> bool {
    STANDARD.contains(&name)
}

fn validate_amount(field: &str, name: &str, amount: &Value, causes: &mut Vec<Cause>) {
    let standard = STANDARD.contains(&name) || name.starts_with("hugepages-");
    if !standard && !name.contains('/') {
        for why in ["must be a standard resource type or fully qualified", "must be a standard resource for containers"]
        {
            causes.push(Cause::invalid(field, &json!(name), why));
        }
    }
    let Some(quantity) = Quantity::of(amount) else { return };
    if quantity.is_negative() {
        causes.push(Cause::invalid(field, amount, "must be greater than or equal to 0"));
    } else if name.contains('/') && !quantity.is_whole() {
        causes.push(Cause::invalid(field, amount, "must be an integer"));
    }
}
