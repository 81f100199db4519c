//! Which part of the tagging service answers a call.

use serde_json::Value;

use super::{change, resources};
use crate::aws::failure::Failure;
use crate::aws::serve::Asked;
use crate::world::World;

/// Answers a call of the Resource Groups Tagging API.
pub(crate) fn serve(world: &mut World, asked: &Asked<'_>) -> Result<Value, Failure> {
    match asked.action {
        "GetResources" => resources::resources(world, asked),
        "GetTagKeys" => resources::keys(world, asked),
        "GetTagValues" => resources::values(world, asked),
        "TagResources" => Ok(change::change(world, asked, true)),
        "UntagResources" => Ok(change::change(world, asked, false)),
        _ => Err(Failure::bad("UnknownOperationException", format!("{} is not served", asked.action))),
    }
}
