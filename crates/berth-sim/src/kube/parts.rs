//! The parts of objects with a form of their own, and questions that are answered without being kept.

mod binding;
mod eviction;
mod log;
mod reviews;
pub(crate) mod scale;
mod token;

use serde_json::json;

pub(crate) use token::owner;

use super::failure::{Failure, Outcome};
use super::kinds::Subresource;
use super::request::Reply;
use super::serving::Asked;
use super::store::Store;

/// A request about a part with a form of its own.
pub(crate) fn serve(store: &mut Store, asked: &Asked<'_>, part: Subresource) -> Outcome<Reply> {
    match (part, asked.request.method.as_str()) {
        (Subresource::Scale, _) => scale::serve(store, asked),
        (Subresource::Log, "GET") => log::read(store, asked),
        (Subresource::Binding, "POST") => binding::bind(store, asked),
        (Subresource::Eviction, "POST") => eviction::evict(store, asked),
        (Subresource::Token, "POST") => token::issue(store, asked),
        _ => Err(Failure::method_not_allowed()),
    }
}

/// A request about a kind of which nothing is kept.
pub(crate) fn ask(store: &mut Store, asked: &Asked<'_>) -> Outcome<Reply> {
    match (asked.request.method.as_str(), asked.name) {
        ("POST", None) if asked.kind.kind == "Binding" => binding::bind(store, asked),
        ("POST", None) => reviews::answer(store, asked),
        _ => Err(Failure::method_not_allowed()),
    }
}

/// The answer to what has no object to show.
fn done() -> Reply {
    let status = json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": 201});
    Reply::of(201, "application/json", status.to_string())
}
