//! What the server decides about a write by looking at other objects: priority classes, limit ranges, quotas.

mod limits;
mod priorities;
mod quotas;

use serde_json::Value;

use super::failure::{Failure, Outcome};
use super::rules;
use super::serving::Asked;
use super::store::Store;

pub(crate) use quotas::Charges;

/// Fills in what other objects say about a new one, or refuses it.
pub(crate) fn fill_in(store: &Store, asked: &Asked<'_>, object: &mut Value) -> Outcome<()> {
    if asked.kind.storage == "/persistentvolumeclaims"
        && object["spec"]["storageClassName"].is_null()
        && let Some(class) = default_class(store)
    {
        object["spec"]["storageClassName"] = class;
    }
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
    if asked.kind.storage == "/services" {
        let taken = rules::service::validate_node_ports(object, store.list("services"));
        if !taken.is_empty() {
            return Err(Failure::invalid(asked.kind, object["metadata"]["name"].as_str().unwrap_or_default(), &taken));
        }
    }
    if asked.kind.storage == "/persistentvolumeclaims" && current.is_some_and(|current| grows(store, object, current)) {
        let why = "only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must \
support resize";
        return Err(refuse(why.to_owned()));
    }
    let Some(namespace) = asked.namespace else { return Ok(Charges::default()) };
    if current.is_none() {
        limits::check(store, asked.kind, namespace, object).map_err(refuse)?;
    }
    quotas::check(store, asked, object, current).map_err(refuse)
}

/// The class of claims that name none.
fn default_class(store: &Store) -> Option<Value> {
    const MARK: &str = "storageclass.kubernetes.io/is-default-class";
    let mut classes = store.list("storageclasses").filter(|class| class["metadata"]["annotations"][MARK] == "true");
    classes.next().map(|class| class["metadata"]["name"].clone())
}

/// Whether a claim asks for more though its class cannot give it.
fn grows(store: &Store, object: &Value, current: &Value) -> bool {
    let asked = |claim: &Value| rules::quantity::Quantity::of(&claim["spec"]["resources"]["requests"]["storage"]);
    let more = asked(object).zip(asked(current)).is_some_and(|(new, old)| new.exceeds(old));
    let class = object["spec"]["storageClassName"].as_str().unwrap_or_default();
    let class = store.get("storageclasses", None, class);
    more && class.is_none_or(|class| class["allowVolumeExpansion"] != true)
}

fn refusal(asked: &Asked<'_>, object: &Value, why: &str) -> Box<Failure> {
    Failure::forbidden(asked.kind, object["metadata"]["name"].as_str().unwrap_or_default(), why)
}
