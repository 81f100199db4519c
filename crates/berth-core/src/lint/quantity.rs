//! Kubernetes quantities, in thousandths of their unit.

/// Largest amount the API holds; larger ones are cut to it.
const MOST_MILLIS: u128 = (1 << 63) * 1000;

/// The thousandths in `2`, `500m`, `1.5Gi`, `1e3`; finer amounts are rounded up, as the API does; `None` if it is no quantity.
pub(super) fn millis(text: &str) -> Option<u128> {
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, suffix) = text.split_at(end);
    let (before, after) = number.split_once('.').unwrap_or((number, ""));
    if before.is_empty() && after.is_empty() {
        return None;
    }
    let after = after.trim_end_matches('0');
    let digits: u128 = format!("0{before}{after}").parse().ok()?;
    let (factor, exponent) = scale(suffix)?;
    let exponent = exponent + 3 - i32::try_from(after.len()).ok()?;
    let scaled = digits.checked_mul(factor)?;
    let power = 10_u128.checked_pow(exponent.unsigned_abs())?;
    let millis = if exponent >= 0 { scaled.checked_mul(power)? } else { scaled.div_ceil(power) };
    Some(millis.min(MOST_MILLIS))
}

/// What a suffix multiplies by, and which power of ten it adds.
fn scale(suffix: &str) -> Option<(u128, i32)> {
    Some(match suffix {
        "" => (1, 0),
        "n" => (1, -9),
        "u" => (1, -6),
        "m" => (1, -3),
        "k" => (1, 3),
        "M" => (1, 6),
        "G" => (1, 9),
        "T" => (1, 12),
        "P" => (1, 15),
        "E" => (1, 18),
        "Ki" => (1 << 10, 0),
        "Mi" => (1 << 20, 0),
        "Gi" => (1 << 30, 0),
        "Ti" => (1 << 40, 0),
        "Pi" => (1 << 50, 0),
        "Ei" => (1 << 60, 0),
        _ => (1, suffix.strip_prefix(['e', 'E'])?.parse().ok().filter(|power: &i32| power.abs() < 30)?),
    })
}

/// An amount of CPU or of a counted resource: `2`, `1500m`.
pub(super) fn words(millis: u128) -> String {
    if millis.is_multiple_of(1000) { (millis / 1000).to_string() } else { format!("{millis}m") }
}

/// An amount of a resource in its usual notation: bytes as `Gi`, `Mi` or `Ki` where that is exact.
pub(super) fn words_of(resource: &str, millis: u128) -> String {
    let bytes = millis / 1000;
    if !resource.ends_with("memory") || bytes == 0 {
        return words(millis);
    }
    let units = [("Ti", 40), ("Gi", 30), ("Mi", 20), ("Ki", 10)];
    let unit = units.iter().find(|(_, shift)| bytes.is_multiple_of(1_u128 << shift));
    unit.map_or_else(|| bytes.to_string(), |(unit, shift)| format!("{}{unit}", bytes >> shift))
}

#[cfg(test)]
mod tests {
    use super::{millis, words, words_of};

    #[test]
    fn quantities_are_read_as_kubernetes_reads_them() {
        let cases = [
            ("2", Some(2000)),
            ("1.5", Some(1500)),
            ("500m", Some(500)),
            ("1Ki", Some(1_024_000)),
            ("1e3", Some(1_000_000)),
            ("1u", Some(1)),
            (".5", Some(500)),
            ("1e29", Some((1 << 63) * 1000)),
            ("", None),
            ("many", None),
            ("1 Gi", None),
            ("-1", None),
        ];
        for (text, wanted) in cases {
            assert_eq!(millis(text), wanted, "{text}");
        }
        assert_eq!(words(1500), "1500m");
        assert_eq!(words_of("requests.memory", 1_024_000), "1Ki");
        assert_eq!(words_of("memory", (3_u128 << 30) * 1000), "3Gi");
        assert_eq!(words_of("cpu", 4000), "4");
    }
}
