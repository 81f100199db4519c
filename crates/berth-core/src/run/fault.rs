//! A failure, in one shape for all clouds: what was tried, what was said, what is left behind, whether to try again.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Something a cloud, or the way to it, refused or broke.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{tried}: {said}")]
pub struct Fault {
    /// What it means.
    pub kind: FaultKind,
    /// What was tried, as a lower-case fragment: `create pool gpu-v100-pool`.
    pub tried: String,
    /// What the other side said, in its own words and code.
    pub said: String,
    /// What exists now that did not before, as far as is known.
    pub left_behind: LeftBehind,
    /// Whether trying again makes sense.
    pub retry: Retry,
}

/// What a fault means, over all clouds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FaultKind {
    /// The request itself is wrong; the same request will fail again.
    Refused,
    /// The identity lacks a permission.
    Denied,
    /// There are no usable credentials, or they ran out and could not be renewed.
    Credentials,
    /// The thing is not there.
    NotFound,
    /// A thing of that name is there already.
    AlreadyExists,
    /// Another operation runs on the same thing.
    Busy,
    /// Too many requests.
    Throttled,
    /// The service is not answering as it should.
    Unavailable,
    /// The connection broke; whether the request took effect is not known.
    Lost,
    /// Our quota does not allow it.
    Quota,
    /// The cloud has no such machines to give now.
    Stockout,
    /// It took longer than its limit.
    TimedOut,
    /// The journal could not be written, so the run stopped.
    Journal,
    /// Anything else.
    Other,
}

/// What a failed try has left in the cloud.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LeftBehind {
    /// Nothing exists that did not before.
    Nothing,
    /// These exist, and may be billed: `cluster NAME`, `pool NAME`.
    These(Vec<String>),
    /// Not known; another look is needed.
    Unknown,
}

/// Whether and how to try again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Retry {
    /// The same try will fail again.
    Never,
    /// Try again with growing pauses.
    Backoff,
    /// Try again, not before this long.
    After(Duration),
}

impl fmt::Display for LeftBehind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing => f.write_str("nothing was created"),
            Self::These(refs) => write!(f, "still there: {}", refs.join(", ")),
            Self::Unknown => f.write_str("what is left behind is not known"),
        }
    }
}
