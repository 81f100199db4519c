//! The calls of the catalog.

use serde_json::{Value, json};

use super::skus::{SERVICES, of_service};
use crate::gke::Refusal;
use crate::wire::{Reply, Request};

/// The names of all methods, as ledger and faults know them.
pub(crate) const METHODS: [&str; 2] = ["cloudbilling.services.list", "cloudbilling.skus.list"];

/// Most items of a page. The real catalog gives up to 5000; with fewer, readers have to turn pages here as well.
const PAGE: usize = 100;

/// The method's name for a path and what it is about, as ledger and faults know them.
pub(crate) fn method(request: &Request) -> Option<(&'static str, String)> {
    let parts: Vec<&str> = request.path.trim_matches('/').split('/').collect();
    match (request.method.as_str(), parts.as_slice()) {
        ("GET", ["v1", "services"]) => Some((METHODS[0], "services".to_owned())),
        ("GET", ["v1", "services", id, "skus"]) => Some((METHODS[1], format!("services/{id}"))),
        _ => None,
    }
}

/// The answer to a request whose method is known.
pub(crate) fn answer(request: &Request) -> Reply {
    let currency = request.parameter("currencyCode").unwrap_or_default();
    if !["", "USD"].contains(&currency) {
        let text = format!("the simulated catalog has prices in USD alone, not in {currency}");
        return Refusal::scripted(400, "INVALID_ARGUMENT", &text).reply();
    }
    match request.path.trim_matches('/').split('/').nth(2) {
        None => page(request, "services", SERVICES.iter().map(service).collect()),
        Some(id) if SERVICES.iter().any(|(known, _)| *known == id) => page(request, "skus", of_service(id)),
        Some(_) => Refusal::scripted(404, "NOT_FOUND", "Requested entity was not found.").reply(),
    }
}

fn service((id, name): &(&str, &str)) -> Value {
    json!({
        "name": format!("services/{id}"), "serviceId": id, "displayName": name,
        "businessEntityName": "businessEntities/GCP",
    })
}

fn page(request: &Request, member: &str, items: Vec<Value>) -> Reply {
    let invalid = |what: &str| {
        Refusal::scripted(400, "INVALID_ARGUMENT", &format!("Request contains an invalid argument: {what}")).reply()
    };
    let number = |name: &str| request.parameter(name).filter(|text| !text.is_empty()).map(str::parse::<usize>);
    let size = match number("pageSize") {
        None | Some(Ok(0)) => PAGE,
        Some(Ok(size)) if size <= 5000 => size.min(PAGE),
        Some(_) => return invalid("page_size"),
    };
    let token = request.parameter("pageToken").filter(|token| !token.is_empty());
    let from = token.map_or(Some(0), |token| token.strip_prefix("from-").and_then(|text| text.parse().ok()));
    let Some(from) = from.filter(|from: &usize| *from <= items.len()) else { return invalid("page_token") };
    let end = (from + size).min(items.len());
    let next = if end < items.len() { format!("from-{end}") } else { String::new() };
    let items: Vec<Value> = items.into_iter().skip(from).take(size).collect();
    Reply::ok(json!({member: items, "nextPageToken": next}))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(path: &str, query: &[(&str, &str)]) -> Reply {
        let query = query.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        let request = Request { method: "GET".to_owned(), path: path.to_owned(), query, ..Request::default() };
        assert!(method(&request).is_some(), "{path}");
        answer(&request)
    }

    #[test]
    fn every_page_follows_from_the_one_before() {
        let path = "/v1/services/6F81-5844-456A/skus";
        let (mut token, mut seen) = (String::new(), Vec::new());
        loop {
            let body = ask(path, &[("pageSize", "5000"), ("pageToken", &token)]).body;
            seen.extend(body["skus"].as_array().unwrap().iter().map(|sku| sku["skuId"].to_string()));
            token = body["nextPageToken"].as_str().unwrap().to_owned();
            if token.is_empty() {
                break;
            }
        }
        assert_eq!(seen.len(), of_service("6F81-5844-456A").len());
        let of = |size| ask(path, &[("pageSize", size)]).body["skus"].as_array().unwrap().len();
        assert_eq!([of("7"), of("5000"), of("")], [7, PAGE, PAGE], "no page has more than its size, or than PAGE");
        assert_eq!(ask(path, &[("pageToken", "x")]).status, 400);
        assert_eq!(ask(path, &[("pageSize", "5001")]).status, 400);
        assert_eq!(ask("/v1/services/0000/skus", &[]).status, 404);
        assert_eq!(ask("/v1/services", &[]).body["services"][1]["serviceId"], "CCD8-9BF1-090E");
    }
}
