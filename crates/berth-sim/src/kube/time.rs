//! Times as the API writes them.

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// Whole seconds in UTC, as in `creationTimestamp`.
pub(crate) fn seconds(now: Timestamp) -> String {
    now.to_zoned(TimeZone::UTC).strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// Seconds since a written time, never negative; nothing when it is no time.
pub(crate) fn seconds_since(written: &str, now: Timestamp) -> Option<i64> {
    let then: Timestamp = written.parse().ok()?;
    Some((now.as_second() - then.as_second()).max(0))
}
