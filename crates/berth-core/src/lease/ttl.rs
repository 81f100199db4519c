//! How long a lease may be: `30m`, `2h`, `1h30m`, `7d`.

use std::time::Duration;

/// The shortest time to live: a cluster takes most of it to come up.
pub const TTL_MIN: Duration = Duration::from_secs(5 * 60);
/// The longest: what lives longer is no environment of a pipeline.
pub const TTL_MAX: Duration = Duration::from_secs(30 * 24 * 3600);

/// Units with their seconds, the longest first.
const UNITS: [(char, u64); 4] = [('d', 86_400), ('h', 3600), ('m', 60), ('s', 1)];

/// Why something is no time to live.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TtlError {
    /// It is not written as one.
    #[error("`{0}` is no time to live: write days, hours, minutes and seconds as in `30m`, `1h30m` or `7d`")]
    Form(String),
    /// Too short or too long.
    #[error("a time to live of `{0}` is not possible: at least 5m, at most 30d")]
    Range(String),
}

/// Reads a time to live; each unit at most once, the longest first.
///
/// # Errors
/// It is not written as one, or is below 5 minutes or above 30 days.
pub fn ttl(text: &str) -> Result<Duration, TtlError> {
    let form = || TtlError::Form(text.to_owned());
    let mut rest = text;
    let mut seconds: u64 = 0;
    let mut units = UNITS.iter();
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit()).filter(|digits| *digits > 0).ok_or_else(form)?;
        let unit = rest[digits..].chars().next().ok_or_else(form)?;
        let (_, each) = units.by_ref().find(|(known, _)| *known == unit).ok_or_else(form)?;
        // A number that does not fit is above the longest time in any unit.
        let count: u64 = rest[..digits].parse().unwrap_or(u64::MAX);
        seconds = seconds.saturating_add(count.saturating_mul(*each));
        rest = &rest[digits + unit.len_utf8()..];
    }
    if text.is_empty() {
        return Err(form());
    }
    let ttl = Duration::from_secs(seconds);
    if (TTL_MIN..=TTL_MAX).contains(&ttl) { Ok(ttl) } else { Err(TtlError::Range(text.to_owned())) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_to_live_are_read_in_their_units() {
        let read = [("30m", 1800), ("2h", 7200), ("1h30m", 5400), ("7d", 604_800), ("300s", 300), ("30d", 2_592_000)];
        for (text, seconds) in read {
            assert_eq!(ttl(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
    }

    #[test]
    fn what_is_no_time_or_out_of_range_is_refused() {
        for text in ["", "2", "h", "2x", "30m1h", "1h1h", "-2h", "1.5h", "2 h", "2hé", "٣h"] {
            assert_eq!(ttl(text), Err(TtlError::Form(text.to_owned())), "{text}");
        }
        for text in ["0m", "4m59s", "30d1s", "99999999999999999999d"] {
            assert_eq!(ttl(text), Err(TtlError::Range(text.to_owned())), "{text}");
        }
    }
}
