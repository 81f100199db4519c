//! Kubernetes quantities that count things.

/// A quantity is not a count.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a whole number")]
pub(crate) struct NotWhole(String);

/// Reads a quantity such as `4`, `4k`, `2000m`, `1Ki` or `1e3` as the whole number it stands for.
///
/// The forms are those of the API's `resource.Quantity`; the API server may write any of them for a count.
pub(crate) fn whole(text: &str) -> Result<u64, NotWhole> {
    read(text).ok_or_else(|| NotWhole(text.to_owned()))
}

fn read(text: &str) -> Option<u64> {
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, suffix) = text.split_at(end);
    let (before, after) = number.split_once('.').unwrap_or((number, ""));
    if before.is_empty() && after.is_empty() {
        return None;
    }
    let after = after.trim_end_matches('0');
    let digits: u128 = format!("0{before}{after}").parse().ok()?;
    let (factor, exponent) = scale(suffix)?;
    let exponent = exponent - i32::try_from(after.len()).ok()?;
    let scaled = digits.checked_mul(factor)?;
    let power = 10_u128.checked_pow(exponent.unsigned_abs())?;
    let whole = match exponent {
        0.. => scaled.checked_mul(power)?,
        _ if scaled % power == 0 => scaled / power,
        _ => return None,
    };
    u64::try_from(whole).ok()
}

/// What a suffix multiplies by, and which power of ten it adds.
fn scale(suffix: &str) -> Option<(u128, i32)> {
    Some(match suffix {
        "" => (1, 0),
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
        _ => (1, suffix.strip_prefix(['e', 'E'])?.parse().ok().filter(|power: &i32| power.abs() < 100)?),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_read_in_every_form() {
        for (text, count) in [
            ("0", 0),
            ("4", 4),
            ("2000m", 2),
            ("2k", 2000),
            ("1.5k", 1500),
            ("1.0", 1),
            ("1Ki", 1024),
            ("1e3", 1000),
            ("12E0", 12),
            ("3000e-3", 3),
        ] {
            assert_eq!(whole(text), Ok(count), "{text}");
        }
    }

    #[test]
    fn parts_and_nonsense_are_refused() {
        for text in ["", ".", "1500m", "0.5", "-1", "four", "4 ", "4kk", "1e", "99E", "1e99", "1e999999999999", "1..2"]
        {
            assert_eq!(whole(text), Err(NotWhole(text.to_owned())), "{text}");
        }
    }
}
