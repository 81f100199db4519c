//! Amounts as people write them: `$1,234.56`.

use berth_core::cost::{Amount, Span};

/// Micro-USD of a cent.
const CENT: u128 = 10_000;
/// Micro-USD of a dollar.
const DOLLAR: u128 = 1_000_000;

/// To the cent: `$1,234.56`, `at least $1,234.56`, `unknown`.
pub(super) fn dollars(amount: Amount, span: Span) -> String {
    marked(amount, bare(amount, span))
}

/// The same without saying that a part is unknown: `$1,234.56`, `unknown`.
pub(super) fn bare(amount: Amount, span: Span) -> String {
    if amount.is_unknown() {
        return "unknown".to_owned();
    }
    let cents = (amount.micro_usd(span) + CENT / 2) / CENT;
    format!("${}.{:02}", grouped(cents / 100), cents % 100)
}

/// For an hour of something small: four digits behind the point.
pub(super) fn rate(amount: Amount) -> String {
    marked(amount, four_digits(amount))
}

/// For where there is little room: to the dollar where there are many, and a sign for "at least".
pub(super) fn brief(amount: Amount, span: Span) -> String {
    let micro_usd = amount.micro_usd(span);
    let number = if micro_usd == 0 {
        "$0".to_owned()
    } else if micro_usd < 100 * DOLLAR {
        bare(amount, span)
    } else {
        format!("${}", grouped((micro_usd + DOLLAR / 2) / DOLLAR))
    };
    signed(amount, number)
}

/// An hour of something small, for where there is little room.
pub(super) fn brief_rate(amount: Amount) -> String {
    signed(amount, four_digits(amount))
}

/// A number of an axis.
pub(super) fn tick(usd: f64) -> String {
    if usd < 0.005 {
        "$0".to_owned()
    } else if usd < 10.0 {
        format!("${usd:.2}")
    } else {
        format!("${}", grouped(usd.round() as u128))
    }
}

/// As a length.
pub(super) fn length(amount: Amount, span: Span) -> f64 {
    amount.micro_usd(span) as f64 / DOLLAR as f64
}

fn marked(amount: Amount, number: String) -> String {
    if amount.is_unknown() {
        "unknown".to_owned()
    } else if amount.is_at_least() {
        format!("at least {number}")
    } else {
        number
    }
}

fn signed(amount: Amount, number: String) -> String {
    if amount.is_unknown() {
        "unknown".to_owned()
    } else if amount.is_at_least() {
        format!("\u{2265}\u{a0}{number}")
    } else {
        number
    }
}

fn four_digits(amount: Amount) -> String {
    let parts = (amount.micro_usd(Span::Hour) + 50) / 100;
    format!("${}.{:04}", grouped(parts / 10_000), parts % 10_000)
}

/// `1,234,567`.
fn grouped(number: u128) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use berth_core::cost::{Amount, Span};

    use super::{brief, dollars, grouped, rate, tick};

    #[test]
    fn amounts_read_as_people_write_them() {
        assert_eq!(
            [0, 12, 123, 1234, 123_456, 1_234_567].map(grouped),
            ["0", "12", "123", "1,234", "123,456", "1,234,567"]
        );
        let amount = Amount::by_the_month(1_234_995_000);
        assert_eq!(dollars(amount, Span::Month), "$1,235.00");
        assert_eq!(dollars(amount + Amount::UNKNOWN, Span::Month), "at least $1,235.00");
        assert_eq!(
            [dollars(Amount::UNKNOWN, Span::Month), rate(Amount::UNKNOWN), brief(Amount::UNKNOWN, Span::Day)],
            ["unknown"; 3]
        );
        assert_eq!(rate(Amount::by_the_hour(586_349)), "$0.5863");
        assert_eq!(
            [brief(amount, Span::Month), brief(Amount::by_the_month(99_994_000), Span::Month)],
            ["$1,235", "$99.99"]
        );
        assert_eq!(
            [brief(Amount::NOTHING, Span::Month), brief(amount + Amount::UNKNOWN, Span::Month)],
            ["$0", "\u{2265}\u{a0}$1,235"]
        );
        assert_eq!([0.0, 0.5, 20_000.0].map(tick), ["$0", "$0.50", "$20,000"]);
    }
}
