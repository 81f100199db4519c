//! Until when EKS supports a version at the ordinary price.

use jiff::civil::{Date, date};

/// Minor versions of Kubernetes 1 and the last day of their standard support; newest first.
///
/// Fourteen months after EKS released them, as its user guide says. The days are general knowledge: EKS itself tells them by
/// DescribeClusterVersions, which an estimate without a cloud cannot ask.
static STANDARD_UNTIL: &[(u32, Date)] = &[
    (36, date(2027, 8, 10)),
    (35, date(2027, 3, 28)),
    (34, date(2026, 12, 2)),
    (33, date(2026, 7, 29)),
    (32, date(2026, 3, 23)),
    (31, date(2025, 11, 26)),
    (30, date(2025, 7, 23)),
];

/// Since when what is older than the list is dearer.
const LONG_AGO: Date = Date::MIN;

/// How a version stands on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Support {
    /// Supported until this day, then dearer.
    Standard(Date),
    /// In extended support, or beyond it.
    Extended,
    /// Older than the list, so that EKS supports it no longer.
    Older,
    /// Newer than the list.
    NotListed,
}

/// How a version such as `1.34` stands on a day.
pub(super) fn support(version: &str, today: Date) -> Support {
    match dearer_from(version) {
        Some(until) if until == LONG_AGO => Support::Older,
        Some(until) if today < until => Support::Standard(until),
        Some(_) => Support::Extended,
        None => Support::NotListed,
    }
}

/// The day in UTC on which EKS's control plane of a version such as `1.34` grows dearer, long ago for what is older than the list; `None` for what is newer.
pub fn dearer_from(version: &str) -> Option<Date> {
    let minor: u32 = version.strip_prefix("1.")?.parse().ok()?;
    let listed = STANDARD_UNTIL.iter().find(|(listed, _)| *listed == minor);
    let is_older = || STANDARD_UNTIL.iter().all(|(listed, _)| minor < *listed);
    listed.map(|(_, until)| *until).or_else(|| is_older().then_some(LONG_AGO))
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::{Support, support};

    #[test]
    fn a_version_grows_dear_on_the_day_its_support_ends() {
        let until = date(2026, 12, 2);
        assert_eq!(support("1.34", date(2026, 12, 1)), Support::Standard(until));
        assert_eq!(support("1.34", until), Support::Extended);
        assert_eq!(support("1.30", until), Support::Extended);
        assert_eq!(support("1.29", until), Support::Older);
        assert_eq!(support("1.20", until), Support::Older);
        assert_eq!(support("1.99", until), Support::NotListed);
    }
}
