//! Lists of Compute Engine, page by page.

use std::collections::BTreeSet;

use berth_core::gc::Unread;
use berth_core::spec::Provider;
use serde_json::Value;

use super::collections::Collection;
use super::row::Row;
use crate::cloud::GkeCloud;
use crate::compute::Trouble;

/// The most that a page may hold.
const PAGE: &str = "500";

/// More pages than this mean that the service goes in circles.
const MOST_PAGES: usize = 10_000;

/// What a list held, and what it could not tell.
#[derive(Debug, Default)]
pub(super) struct Listed {
    pub(super) rows: Vec<Row>,
    pub(super) unread: Vec<Unread>,
}

/// Reads a collection of a project to its end.
///
/// # Errors
/// A page could not be read. What other pages held is of no use then: a thing may be missing that uses another.
pub(super) async fn list(gke: &GkeCloud, project: &str, collection: &Collection) -> Result<Listed, Trouble> {
    let path = collection.path(project);
    let mut listed = Listed::default();
    let mut unreachable = BTreeSet::new();
    let mut token = String::new();
    for _ in 0..MOST_PAGES {
        let mut query = vec![("maxResults", PAGE), ("returnPartialSuccess", "true")];
        if !collection.filter.is_empty() {
            query.push(("filter", collection.filter));
        }
        if !token.is_empty() {
            query.push(("pageToken", &token));
        }
        let page = gke.clients.compute.get(&path, &query).await?;
        listed.rows.extend(items(collection, &page).filter_map(|item| Row::of(collection.kind, item)));
        unreachable.extend(silent(&page));
        token = page["nextPageToken"].as_str().unwrap_or_default().to_owned();
        if token.is_empty() {
            break;
        }
    }
    listed.unread = unreachable.into_iter().map(|place| unread(project, collection, place)).collect();
    Ok(listed)
}

/// The things of a page: in a list of one scope they stand together, else by their scopes.
fn items<'a>(collection: &Collection, page: &'a Value) -> Box<dyn Iterator<Item = &'a Value> + 'a> {
    let name = collection.name;
    if collection.aggregated {
        let scopes = page["items"].as_object().into_iter().flat_map(|scopes| scopes.values());
        return Box::new(scopes.flat_map(move |scope| scope[name].as_array().into_iter().flatten()));
    }
    Box::new(page["items"].as_array().into_iter().flatten())
}

/// Zones and regions that did not answer; a scope without things on a page says so in a warning too, which is none.
fn silent(page: &Value) -> BTreeSet<String> {
    let last = |path: &str| path.rsplit('/').next().unwrap_or_default().to_owned();
    let told = page["unreachables"].as_array().into_iter().flatten().filter_map(Value::as_str).map(last);
    let scopes = page["items"].as_object().into_iter().flatten();
    let warned = scopes.filter(|(_, scope)| scope["warning"]["code"] == "UNREACHABLE").map(|(scope, _)| last(scope));
    told.chain(warned).collect()
}

fn unread(project: &str, collection: &Collection, place: String) -> Unread {
    Unread {
        provider: Provider::Gke,
        account: project.to_owned(),
        why: format!("{place} does not answer"),
        place: Some(place),
        kinds: vec![collection.kind],
    }
}
