//! When AWS began and ended what this run has made and taken away, by its own clock.
//!
//! Of an address that was allocated or released and of a cluster that is deleted AWS keeps no time. But each of its answers has a
//! `Date`, and for these the answer is the moment: an address is taken and free at once, and a cluster is `DELETING` from then on.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::context::BeforeDeserializationInterceptorContextRef;
use aws_smithy_runtime_api::client::interceptors::{Intercept, dyn_dispatch_hint};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::DateTime;
use aws_smithy_types::config_bag::ConfigBag;
use aws_smithy_types::date_time::Format;
use jiff::Timestamp;

use crate::read;

/// The dates of answers, by ids as in a record of what was used. All clones are one.
#[derive(Debug, Clone, Default)]
pub(crate) struct Dates(Arc<Mutex<BTreeMap<String, Timestamp>>>);

impl Dates {
    /// Goes with the call that this is about, and keeps when AWS took it.
    pub(crate) fn of(&self, id: impl Into<String>) -> Dated {
        Dated { id: id.into(), dates: self.clone() }
    }

    /// When AWS took the call about this; `None` if no answer has told.
    pub(crate) fn when(&self, id: &str) -> Option<Timestamp> {
        self.all().get(id).copied()
    }

    /// Keeps when this was.
    pub(crate) fn keep(&self, id: impl Into<String>, at: Timestamp) {
        self.all().insert(id.into(), at);
    }

    /// All of them.
    pub(crate) fn all(&self) -> MutexGuard<'_, BTreeMap<String, Timestamp>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What one call is about.
#[derive(Debug)]
pub(crate) struct Dated {
    id: String,
    dates: Dates,
}

#[dyn_dispatch_hint]
impl Intercept for Dated {
    fn name(&self) -> &'static str {
        "Dated"
    }

    fn read_before_deserialization(
        &self,
        answered: &BeforeDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let answer = answered.response();
        let date = answer.headers().get("date").filter(|_| answer.status().is_success());
        let date = date.and_then(|date| DateTime::from_str(date, Format::HttpDate).ok());
        if let Some(at) = date.and_then(read::time) {
            self.dates.keep(&self.id, at);
        }
        Ok(())
    }
}
