//! One price: amount, unit, place and source.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// What a price is for one of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unit {
    /// One thing for an hour.
    Hour,
    /// One GPU for an hour.
    GpuHour,
    /// One machine served for an hour.
    VmHour,
    /// A gigabyte kept for a month.
    GbMonth,
    /// A gigabyte passed through.
    Gb,
}

impl Unit {
    /// The unit in words, after "per".
    pub fn words(self) -> &'static str {
        match self {
            Self::Hour => "hour",
            Self::GpuHour => "GPU hour",
            Self::VmHour => "VM hour",
            Self::GbMonth => "GB month",
            Self::Gb => "GB",
        }
    }
}

/// How much a price can be relied on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Basis {
    /// Read from the cloud itself.
    Live,
    /// What was agreed with the cloud, from a file of own prices.
    Own,
    /// Generated out of the cloud's price list by the cloud's own project.
    Listed,
    /// `[S]`: generated out of the cloud's billing catalog by somebody else.
    Secondary,
    /// `[I]`: computed from what another tool holds or prints, or taken over to a thing that is much alike.
    Inferred,
    /// `[U]`: of no known date.
    Unverified,
}

/// What the marks in these sources and notes say, for people; `None` if they bear none.
pub fn legend<'a>(mut texts: impl Iterator<Item = &'a str>) -> Option<&'static str> {
    texts.any(|text| ["[S]", "[I]", "[U]"].iter().any(|mark| text.contains(mark))).then_some(
        "of what is marked, [S] is another project's copy of the cloud's own list, [I] is inferred from what other tools tell, and [U] is not verified or of no known date",
    )
}

impl Basis {
    /// In a word for people: what neither the cloud nor the user told is an estimate.
    pub fn word(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Own => "own",
            Self::Listed => "listed",
            Self::Secondary | Self::Inferred | Self::Unverified => "estimated",
        }
    }
}

/// A source of prices.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// Repository, file and version with the mark of its basis; the cloud's interface; the user's file.
    pub name: String,
    /// The day its prices are of, as far as it says.
    pub date: String,
    /// How much it can be relied on.
    pub basis: Basis,
    /// When a cloud told it.
    pub fetched: Option<Timestamp>,
}

impl Source {
    /// A cloud's interface, asked at that time; its date is that day in UTC.
    pub fn live(name: &str, fetched: Timestamp) -> Self {
        let date = fetched.strftime("%Y-%m-%d").to_string();
        Self { name: name.to_owned(), date, basis: Basis::Live, fetched: Some(fetched) }
    }

    /// How long ago a cloud told it; `None` for what no cloud told, nothing for what lies ahead.
    pub fn age(&self, now: Timestamp) -> Option<SignedDuration> {
        self.fetched.map(|fetched| now.duration_since(fetched).max(SignedDuration::ZERO))
    }
}

/// A price out of the book.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Price {
    /// In micro-USD.
    pub micro_usd: u64,
    /// For one of these.
    pub unit: Unit,
    /// Where it holds.
    pub region: String,
    /// The zone it holds in, if it differs by zone.
    pub zone: Option<String>,
    /// Where it was read, and when.
    pub source: Arc<Source>,
}

/// Micro-USD of an amount of USD written with a decimal point, for example `0.5260000000`, rounded to the nearest.
///
/// `None` for anything else, negative amounts and such too large to count included. No float is involved, so nothing is lost.
pub fn micro_usd(usd: &str) -> Option<u64> {
    let (whole, fraction) = usd.split_once('.').unwrap_or((usd, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !digits(whole) || !digits(fraction) || (usd.contains('.') && fraction.is_empty()) {
        return None;
    }
    let micro = format!("{fraction:0<6}");
    let next = micro.as_bytes().get(6).copied().unwrap_or(b'0');
    let micro: u64 = micro[..6].parse().ok()?;
    whole.parse::<u64>().ok()?.checked_mul(1_000_000)?.checked_add(micro)?.checked_add(u64::from(next >= b'5'))
}

#[cfg(test)]
mod tests {
    use jiff::{SignedDuration, Timestamp};

    use super::{Source, micro_usd};

    #[test]
    fn decimal_amounts_become_micro_usd_without_a_float() {
        let read = ["0.5260000000", "12", "0.0000014", "0.0000015", "3.06", "18446744073709.551615"].map(micro_usd);
        assert_eq!(
            read,
            [Some(526_000), Some(12_000_000), Some(1), Some(2), Some(3_060_000), Some(18_446_744_073_709_551_615)]
        );
        let wrong = ["", ".", "1.", ".5", "-1", "1e3", "1,5", " 1", "18446744073709.551616", "99999999999999999999"];
        assert!(wrong.iter().all(|text| micro_usd(text).is_none()));
    }

    #[test]
    fn a_live_source_has_an_age_that_is_never_negative() {
        let fetched: Timestamp = "2026-11-21T10:00:00Z".parse().expect("a time");
        let source = Source::live("a price list", fetched);
        assert_eq!(source.date, "2026-11-21");
        let later: Timestamp = "2026-11-21T13:00:00Z".parse().expect("a time");
        assert_eq!(source.age(later), Some(SignedDuration::from_hours(3)));
        assert_eq!(source.age(Timestamp::UNIX_EPOCH), Some(SignedDuration::ZERO));
    }
}
