//! When AWS ended what this run has taken away, by its own clock.
//!
//! Of an address that was released and of a cluster that is deleted AWS keeps no time. But each of its answers has a `Date`, and for
//! these two the answer is the end: an address is free at once, and a cluster is `DELETING` from then on.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::context::BeforeDeserializationInterceptorContextRef;
use aws_smithy_runtime_api::client::interceptors::{Intercept, dyn_dispatch_hint};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::DateTime;
use aws_smithy_types::config_bag::ConfigBag;
use aws_smithy_types::date_time::Format;
use jiff::Timestamp;

use crate::read;

/// The ends that answers have told, by ids as in a record of what was used. All clones are one.
#[derive(Debug, Clone, Default)]
pub(crate) struct Ends(Arc<Mutex<BTreeMap<String, Timestamp>>>);

impl Ends {
    /// Goes with the call that ends this, and keeps when AWS took it.
    pub(crate) fn of(&self, id: impl Into<String>) -> End {
        End { id: id.into(), ends: self.clone() }
    }

    /// When this ended; `None` if no answer has told.
    pub(crate) fn when(&self, id: &str) -> Option<Timestamp> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(id).copied()
    }
}

/// What one call ends.
#[derive(Debug)]
pub(crate) struct End {
    id: String,
    ends: Ends,
}

#[dyn_dispatch_hint]
impl Intercept for End {
    fn name(&self) -> &'static str {
        "End"
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
            self.ends.0.lock().unwrap_or_else(PoisonError::into_inner).insert(self.id.clone(), at);
        }
        Ok(())
    }
}
