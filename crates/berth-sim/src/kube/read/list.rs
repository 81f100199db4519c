//! Lists: selected, paged, and as of a version of the past when asked.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use super::options::{ListOptions, Match};
use super::token::Token;
use crate::kube::failure::{Failure, Outcome};
use crate::kube::kinds::Kind;
use crate::kube::output::ListMetadata;
use crate::kube::request::Reply;
use crate::kube::selectors::Selection;
use crate::kube::serving::Asked;
use crate::kube::store::Store;

const TOO_OLD: &str = "The resourceVersion for the provided list is too old.";
const TOKEN_TOO_OLD: &str = "The provided continue parameter is too old to display a consistent list result. You can \
start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder \
of the results. Continuing with the provided token results in an inconsistent list - objects that were created, \
modified, or deleted between the time the first chunk was returned and now may show up in the list.";

/// The place a list or a watch covers: the prefix its keys have.
pub(crate) fn prefix(kind: &Kind, namespace: Option<&str>) -> String {
    match namespace {
        Some(namespace) if kind.namespaced => format!("{namespace}/"),
        _ => String::new(),
    }
}

/// GET of a collection.
pub(crate) fn list(store: &Store, asked: &Asked<'_>) -> Outcome<Reply> {
    let options = ListOptions::of(asked.request, false)?;
    let selection = Selection::of(asked.kind, asked.request)?;
    let plan = Plan::of(store, &options)?;
    let prefix = prefix(asked.kind, asked.namespace);
    let page = if plan.version == store.resource_version() {
        let objects = store.range(asked.kind, &prefix);
        plan.page(objects, &prefix, &selection)
    } else {
        let past = snapshot(store, asked.kind, &prefix, plan.version);
        plan.page(past.iter(), &prefix, &selection)
    };
    Ok(asked.writer.list(&page.metadata, page.items.iter().map(|object| &**object)))
}

/// Which version to show, from where, and how many.
struct Plan {
    version: u64,
    /// Relative to the prefix without its last slash, as tokens have it.
    start: Option<String>,
    limit: Option<usize>,
}

struct Page {
    items: Vec<Arc<Value>>,
    metadata: ListMetadata,
}

impl Plan {
    fn of(store: &Store, options: &ListOptions) -> Outcome<Plan> {
        let current = store.resource_version();
        if let Some(text) = &options.token {
            return Plan::going_on(store, options, text);
        }
        let Some(asked) = options.version else {
            return Ok(Plan { version: current, start: None, limit: options.limit });
        };
        if asked > current {
            return Err(Failure::too_large_version(asked, current));
        }
        // Without a match rule, a version with a limit means exactly that version.
        let exact = options.matching == Some(Match::Exact)
            || (options.matching.is_none() && options.limit.is_some() && asked > 0);
        if !exact {
            let limit = options.limit.filter(|_| asked > 0);
            return Ok(Plan { version: current, start: None, limit });
        }
        if asked < store.log.compacted() {
            return Err(Failure::expired(TOO_OLD));
        }
        Ok(Plan { version: asked, start: None, limit: options.limit })
    }

    fn going_on(store: &Store, options: &ListOptions, text: &str) -> Outcome<Plan> {
        if options.version.is_some_and(|version| version > 0) {
            return Err(Failure::bad_request("specifying resource version is not allowed when using continue"));
        }
        let token = Token::decode(text)?;
        let current = store.resource_version();
        let version = match u64::try_from(token.version) {
            Err(_) => current,
            Ok(version) if version > current => return Err(Failure::too_large_version(version, current)),
            Ok(version) if version < store.log.compacted() => {
                let mut failure = Failure::expired(TOKEN_TOO_OLD);
                failure.token = Some(token.inconsistent().encode());
                return Err(failure);
            }
            Ok(version) => version,
        };
        Ok(Plan { version, start: Some(token.start), limit: options.limit })
    }

    fn page<'a>(
        &self,
        objects: impl Iterator<Item = (&'a String, &'a Arc<Value>)>,
        prefix: &str,
        selection: &Selection,
    ) -> Page {
        let place = prefix.trim_end_matches('/');
        let start = self.start.as_ref().map(|start| format!("{place}{start}"));
        let mut page =
            Page { items: Vec::new(), metadata: ListMetadata { version: self.version, ..ListMetadata::default() } };
        let (mut last, mut left) = (None, 0);
        for (key, object) in objects {
            if start.as_ref().is_some_and(|start| key < start) || !selection.selects(object) {
                continue;
            }
            if self.limit.is_some_and(|limit| page.items.len() >= limit) {
                left += 1;
                continue;
            }
            last = Some(key);
            page.items.push(Arc::clone(object));
        }
        if left > 0 {
            let last = last.map_or("", |key| key.strip_prefix(place).unwrap_or(key));
            page.metadata.token = Some(Token::after(self.version, last).encode());
            page.metadata.remaining = selection.is_everything().then_some(left);
        }
        page
    }
}

/// The objects of a place as they were at `version`, which must still be in the log.
fn snapshot(store: &Store, kind: &Kind, prefix: &str, version: u64) -> BTreeMap<String, Arc<Value>> {
    let mut objects: BTreeMap<String, Arc<Value>> =
        store.range(kind, prefix).map(|(key, object)| (key.clone(), Arc::clone(object))).collect();
    for change in store.log.after(version).rev() {
        if change.storage != kind.storage || !change.key.starts_with(prefix) {
            continue;
        }
        match &change.before {
            Some(before) => objects.insert(change.key.clone(), Arc::clone(before)),
            None => objects.remove(&change.key),
        };
    }
    objects
}
