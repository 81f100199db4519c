//! Amounts and prices in words.

use berth_core::cost::{Amount, Delta, Price, Span};

use super::LiveRead;
use crate::words::duration;

/// Micro-USD of a USD.
const MICRO: u128 = 1_000_000;

/// The cases of an estimate, in their order.
pub(super) const CASES: [&str; 3] = ["min", "expected", "max"];

/// To the cent: `12.34`, `at least 12.34`, `unknown`.
pub(super) fn cents(amount: Amount, span: Span) -> String {
    rounded(amount, span, 2)
}

/// How a month changes, to the cent: `+12.34`, `-0.50`, `0.00`, `+12.34 as far as known`, and `unknown`.
pub(super) fn delta(delta: Delta) -> String {
    if delta.is_unknown {
        return "unknown".to_owned();
    }
    let cents = (delta.micro_usd.unsigned_abs() + 5000) / 10_000;
    let sign = match delta.micro_usd {
        _ if cents == 0 => "",
        ..0 => "-",
        _ => "+",
    };
    let known = if delta.lacks { " as far as known" } else { "" };
    format!("{sign}{}.{:02}{known}", cents / 100, cents % 100)
}

/// For what is small: four digits behind the point.
pub(super) fn rate(amount: Amount) -> String {
    rounded(amount, Span::Hour, 4)
}

fn rounded(amount: Amount, span: Span, digits: u32) -> String {
    if amount.is_unknown() {
        return "unknown".to_owned();
    }
    let scale = 10_u128.pow(digits);
    let step = MICRO / scale;
    let units = (amount.micro_usd(span) + step / 2) / step;
    let number = format!("{}.{:0width$}", units / scale, units % scale, width = digits as usize);
    if amount.is_at_least() { format!("at least {number}") } else { number }
}

/// A price with all its digits, two at least: `0.10`, `0.194236`.
pub(super) fn price(price: &Price) -> String {
    usd(u128::from(price.micro_usd))
}

/// Micro-USD as USD with all digits, two at least.
pub(super) fn usd(micro_usd: u128) -> String {
    let digits = format!("{:06}", micro_usd % MICRO);
    let kept = digits.trim_end_matches('0').len().max(2);
    format!("{}.{}", micro_usd / MICRO, &digits[..kept])
}

/// Micro-USD as a number of USD.
pub(super) fn number(micro_usd: u128) -> f64 {
    micro_usd as f64 / 1e6
}

/// What live prices are called where they are told of.
pub(super) const LIVE: &str = "Live prices";

/// What has no price is listed under this.
pub(super) const UNKNOWN: &str = "Unknown prices";

/// When a cloud told its prices: `AWS price list of 2026-11-21 16:02 UTC (3 h 05 min old, cached)`.
pub(super) fn told(told: &LiveRead) -> String {
    let seconds = u64::try_from(told.age.as_secs()).unwrap_or(0);
    let age = if told.is_cached { format!("{} old, cached", duration(seconds)) } else { "read now".to_owned() };
    format!("{} of {} ({age})", told.source, told.at.strftime("%Y-%m-%d %H:%M UTC"))
}

/// `59.7 %` or `-0.4 %`, from tenths.
pub(super) fn percent(per_mille: Option<i64>) -> String {
    let Some(signed) = per_mille else { return "unknown".to_owned() };
    let (sign, tenths) = (if signed < 0 { "-" } else { "" }, signed.unsigned_abs());
    format!("{sign}{}.{} %", tenths / 10, tenths % 10)
}

#[cfg(test)]
mod tests {
    use berth_core::cost::{Amount, Delta, Span};
    use jiff::SignedDuration;

    use super::{LiveRead, cents, delta, percent, rate, told, usd};

    #[test]
    fn live_prices_have_an_age_unless_they_were_read_now() {
        let of = |minutes, is_cached| {
            let at = "2026-11-21T16:02:03Z".parse().expect("a time");
            let age = SignedDuration::from_mins(minutes);
            told(&LiveRead { source: "AWS price list".to_owned(), at, age, is_cached })
        };
        assert_eq!(of(185, true), "AWS price list of 2026-11-21 16:02 UTC (3 h 05 min old, cached)");
        assert_eq!(of(0, false), "AWS price list of 2026-11-21 16:02 UTC (read now)");
    }

    #[test]
    fn changes_have_a_sign_and_say_what_they_lack() {
        let of = |micro_usd, lacks| delta(Delta { micro_usd, lacks, is_unknown: false });
        assert_eq!([of(12_345_000, false), of(-500_000, false), of(-4_999, false)], ["+12.35", "-0.50", "0.00"]);
        assert_eq!(of(1_000_000, true), "+1.00 as far as known");
        assert_eq!(delta(Delta { micro_usd: -614_700_000, lacks: true, is_unknown: true }), "unknown");
    }

    #[test]
    fn amounts_are_rounded_to_the_nearest_and_say_what_they_lack() {
        assert_eq!(cents(Amount::by_the_month(1_994_999), Span::Month), "1.99");
        assert_eq!(cents(Amount::by_the_month(1_995_000), Span::Month), "2.00");
        assert_eq!(cents(Amount::by_the_month(1_000_000) + Amount::UNKNOWN, Span::Month), "at least 1.00");
        assert_eq!(cents(Amount::UNKNOWN, Span::Day), "unknown");
        assert_eq!(rate(Amount::by_the_hour(706_832)), "0.7068");
        assert_eq!([100_000, 194_236, 40_000_001].map(usd), ["0.10", "0.194236", "40.000001"]);
        assert_eq!([percent(Some(597)), percent(None)], ["59.7 %", "unknown"]);
        assert_eq!([percent(Some(-711)), percent(Some(-4)), percent(Some(0))], ["-71.1 %", "-0.4 %", "0.0 %"]);
    }
}
