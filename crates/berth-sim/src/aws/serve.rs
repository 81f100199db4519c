//! A read and accepted call to its service.

use jiff::Timestamp;
use serde_json::Value;

use super::call::{Call, Service};
use super::failure::Failure;
use super::{autoscaling, ec2, eks, elb, iam, logs, pricing, quotas, sts, tagging};
use crate::faults::Effect;
use crate::world::World;

/// A call with its input read, in the world it is about.
pub(crate) struct Asked<'a> {
    /// The operation.
    pub(crate) action: &'a str,
    /// The region.
    pub(crate) region: &'a str,
    /// The input, as the schema says.
    pub(crate) input: &'a Value,
    /// A fault that spoils what the call begins.
    pub(crate) spoiling: Option<&'a Effect>,
    /// The simulated time.
    pub(crate) now: Timestamp,
}

impl Asked<'_> {
    /// A text of the input; empty when it is not there.
    pub(crate) fn text(&self, member: &str) -> &str {
        self.input.get(member).and_then(Value::as_str).unwrap_or_default()
    }

    /// A number of the input.
    pub(crate) fn number(&self, member: &str) -> Option<i64> {
        self.input.get(member).and_then(Value::as_i64)
    }

    /// The texts of a list.
    pub(crate) fn texts(&self, member: &str) -> Vec<&str> {
        texts(self.input.get(member))
    }
}

/// The texts of a list that may be absent.
pub(crate) fn texts(value: Option<&Value>) -> Vec<&str> {
    value.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect()
}

/// Carries out a call whose caller is known.
pub(crate) fn serve(
    world: &mut World,
    call: &Call,
    input: &Value,
    spoiling: Option<&Effect>,
    now: Timestamp,
) -> Result<Value, Failure> {
    let asked = Asked { action: &call.action, region: &call.region, input, spoiling, now };
    match call.service {
        Service::Sts => sts::serve(&call.action),
        Service::Eks => eks::serve(world, &asked),
        Service::Ec2 => ec2::serve(world, &asked),
        Service::Iam => iam::serve(world, &asked),
        Service::Autoscaling => autoscaling::serve(world, &asked),
        Service::Quotas => quotas::serve(world, &asked),
        Service::Elb => elb::serve_classic(world, &asked),
        Service::ElbV2 => elb::serve_network(world, &asked),
        Service::Logs => logs::serve(world, &asked),
        Service::Pricing => pricing::serve(&asked),
        Service::Tagging => tagging::serve(world, &asked),
    }
}

/// One page of a list, and the token of the next.
pub(crate) fn page<T>(items: Vec<T>, size: Option<i64>, token: &str) -> Option<(Vec<T>, Option<String>)> {
    let start: usize = if token.is_empty() { 0 } else { token.strip_prefix("page-")?.parse().ok()? };
    let size = size.and_then(|size| usize::try_from(size).ok()).filter(|size| *size > 0).unwrap_or(usize::MAX);
    let total = items.len();
    let items: Vec<T> = items.into_iter().skip(start).take(size).collect();
    let end = start + items.len();
    let next = (end < total).then(|| format!("page-{end}"));
    Some((items, next))
}
