//! What the server decides about a write by looking at other objects: priority classes, limit ranges, quotas.

mod limits;
mod priorities;
mod quotas;

use serde_json::Value;

use super::failure::{Failure, Outcome};
use super::serving::Asked;
use super::store::Store;

pub(crate) use quotas::Charges;

/// Fills in what other objects say about a new one, or refuses it.
pub(crate) fn fill_in(store: &Store, asked: &Asked<'_>, object: &mut Value) -> Outcome<()> {
    if asked.kind.storage != "/pods" {
        return Ok(());
    }
    limits::fill_in(store, asked.namespace.unwrap_or_default(), object);
    priorities::resolve(store, object).map_err(|why| refusal(asked, object, &why))
}

/// Refuses a valid object that other objects do not allow; else gives what it costs, to be charged when it is written.
/// `current` is what it replaces.
pub(crate) fn check(store: &Store, asked: &Asked<'_>, object: &Value, current: Option<&Value>) -> Outcome<Charges> {
    let refuse = |why: String| refusal(asked, object, &why);
    if asked.subresource.is_some() {
        return Ok(Charges::default());
    }
    if asked.kind.storage == priorities::STORAGE {
        priorities::only_default(store, object).map_err(refuse)?;
    }
    let Some(namespace) = asked.namespace else { return Ok(Charges::default()) };
    if current.is_none() {
        limits::check(store, asked.kind, namespace, object).map_err(refuse)?;
    }
    quotas::check(store, asked, object, current).map_err(refuse)
}

fn refusal(asked: &Asked<'_>, object: &Value, why: &str) -> Box<Failure> {
    Failure::forbidden(asked.kind, object["metadata"]["name"].as_str().unwrap_or_default(), why)
}
