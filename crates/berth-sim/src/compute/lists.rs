//! Lists and their pages.

use serde_json::{Map, Value, json};

use super::route::id;
use crate::catalog::{self, GPUS, REGIONS};
use crate::wire::{Reply, Request};

/// The size of a page when the request names none.
const PAGE: usize = 500;

/// One page of a list whose items are ordered by name.
pub(crate) fn page(request: &Request, kind: &str, link: &str, items: Vec<(&str, Value)>) -> Reply {
    let kept = items.into_iter().filter(|(name, _)| passes(request, name)).map(|(_, item)| item).collect();
    let (items, next) = cut(request, kept);
    let mut body = json!({"kind": kind, "id": link, "selfLink": link, "items": items});
    more(&mut body, next);
    Reply::ok(body)
}

/// The filters in use: `name=X`, `name eq X` and `zone=X`-like texts that name an item.
fn passes(request: &Request, name: &str) -> bool {
    let Some(filter) = request.parameter("filter").filter(|filter| !filter.is_empty()) else { return true };
    let wanted = filter
        .strip_prefix("name=")
        .or_else(|| filter.strip_prefix("name eq "))
        .or_else(|| filter.strip_prefix("name = "));
    wanted.is_none_or(|wanted| wanted.trim().trim_matches('"') == name)
}

/// Says where the next page begins, if there is one.
pub(super) fn more(body: &mut Value, next: Option<String>) {
    if let Some(next) = next {
        body["nextPageToken"] = Value::from(next);
    }
}

/// The items of the page that a request asks for, and where the next one begins.
pub(super) fn cut(request: &Request, items: Vec<Value>) -> (Vec<Value>, Option<String>) {
    let size = request.parameter("maxResults").and_then(|text| text.parse().ok()).unwrap_or(PAGE).clamp(1, PAGE);
    let from: usize = request
        .parameter("pageToken")
        .and_then(|token| token.strip_prefix("from-"))
        .and_then(|text| text.parse().ok())
        .unwrap_or(0);
    let end = (from + size).min(items.len());
    let next = (end < items.len()).then(|| format!("from-{end}"));
    (items.into_iter().skip(from).take(size).collect(), next)
}

/// A list within a zone.
pub(crate) fn of_zone(request: &Request, root: &str, zone: &str, kind: &str, items: Vec<(String, Value)>) -> Reply {
    let link = format!("{root}/zones/{zone}/{kind}s");
    let items = items.iter().map(|(name, item)| (name.as_str(), item.clone())).collect();
    page(request, &format!("compute#{kind}List"), &link, items)
}

/// A list over all zones, keyed `zones/Z`; pages are counted in items.
pub(crate) fn aggregated(
    request: &Request,
    root: &str,
    kind: &str,
    of: fn(&str, &str) -> Vec<(String, Value)>,
) -> Reply {
    let zones: Vec<String> = REGIONS.iter().flat_map(|(name, _)| catalog::zones_of(name)).collect();
    let all = zones.iter().flat_map(|zone| {
        of(root, zone)
            .into_iter()
            .filter(|(name, _)| passes(request, name))
            .map(move |(_, item)| json!({"zone": zone, "item": item}))
    });
    let (rows, next) = cut(request, all.collect());
    let mut items = Map::new();
    for row in rows {
        let scope = format!("zones/{}", row["zone"].as_str().unwrap_or_default());
        let entry = items.entry(scope).or_insert_with(|| json!({ format!("{kind}s"): [] }));
        if let Some(list) = entry[format!("{kind}s")].as_array_mut() {
            list.push(row["item"].clone());
        }
    }
    let link = format!("{root}/aggregated/{kind}s");
    let mut body = json!({
        "kind": format!("compute#{kind}AggregatedList"), "id": link, "selfLink": link, "items": items,
    });
    more(&mut body, next);
    Reply::ok(body)
}

/// The accelerator types of a zone.
pub(crate) fn accelerators(root: &str, zone: &str) -> Vec<(String, Value)> {
    let here = GPUS.iter().filter(|gpu| gpu.is_in(zone));
    here.map(|gpu| {
        let item = json!({
            "kind": "compute#acceleratorType", "id": id(gpu.name), "name": gpu.name, "description": gpu.description,
            "zone": format!("{root}/zones/{zone}"), "maximumCardsPerInstance": gpu.most(),
            "selfLink": format!("{root}/zones/{zone}/acceleratorTypes/{}", gpu.name),
        });
        (gpu.name.to_owned(), item)
    })
    .collect()
}

/// The machine types of a zone.
pub(crate) fn machines(root: &str, zone: &str) -> Vec<(String, Value)> {
    let here = catalog::machines_in(zone).into_iter();
    here.map(|machine| {
        let mut item = json!({
            "kind": "compute#machineType", "id": id(&machine.name), "name": machine.name,
            "description": format!("{} vCPUs, {} GB RAM", machine.cpus, machine.memory_gb),
            "guestCpus": machine.cpus, "memoryMb": (machine.memory_gb * 1024.0) as i64, "imageSpaceGb": 0,
            "maximumPersistentDisks": 128, "maximumPersistentDisksSizeGb": "263168", "isSharedCpu": machine.cpus < 2,
            "architecture": "X86_64", "zone": zone, "selfLink": format!("{root}/zones/{zone}/machineTypes/{}", machine.name),
        });
        if let Some((gpu, count)) = machine.gpu {
            item["accelerators"] = json!([{"guestAcceleratorType": gpu, "guestAcceleratorCount": count}]);
        }
        (machine.name, item)
    })
    .collect()
}
