//! Quantities: `500m`, `2`, `32Gi`, `1e3`.

use serde_json::{Value, json};

/// The text a decoder refuses a quantity with.
pub(crate) const REFUSAL: &str =
    "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";

const NANO: i128 = 1_000_000_000;
const DECIMAL: &[(&str, i32)] =
    &[("E", 18), ("P", 15), ("T", 12), ("G", 9), ("M", 6), ("k", 3), ("", 0), ("m", -3), ("u", -6), ("n", -9)];
const BINARY: &[(&str, u32)] = &[("Ei", 60), ("Pi", 50), ("Ti", 40), ("Gi", 30), ("Mi", 20), ("Ki", 10)];

/// An amount in billionths, and whether it was given in powers of 1024.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Quantity {
    nano: i128,
    binary: bool,
}

impl Quantity {
    /// Of a JSON string or number; nothing when it is neither or no quantity.
    pub(crate) fn of(value: &Value) -> Option<Quantity> {
        match value {
            Value::String(text) => Quantity::parse(text),
            Value::Number(number) => Quantity::parse(&number.to_string()),
            _ => None,
        }
    }

    fn parse(text: &str) -> Option<Quantity> {
        let end = text.find(|letter: char| !letter.is_ascii_digit() && !"+-.".contains(letter)).unwrap_or(text.len());
        let (number, suffix) = text.split_at(end);
        let digits = number.trim_start_matches(['+', '-']);
        let sign = if number.starts_with('-') { -1 } else { 1 };
        let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
        if (whole.is_empty() && part.is_empty()) || whole.len() > 20 || !part.bytes().all(|byte| byte.is_ascii_digit())
        {
            return None;
        }
        let part: String = part.chars().chain("000000000".chars()).take(9).collect();
        let base = format!("{whole}{part}").parse::<i128>().ok()? * sign;
        let (nano, binary) = match BINARY.iter().find(|(name, _)| *name == suffix) {
            Some((_, bits)) => (base.checked_mul(1 << bits)?, true),
            None => (scaled(base, exponent(suffix)?)?, false),
        };
        Some(Quantity { nano, binary })
    }

    pub(crate) const ZERO: Quantity = Quantity { nano: 0, binary: false };

    /// So many pieces.
    pub(crate) fn count(pieces: usize) -> Quantity {
        Quantity { nano: i128::try_from(pieces).unwrap_or_default() * NANO, binary: false }
    }

    /// The sum; nothing takes on the form of what is added.
    pub(crate) fn plus(self, other: Quantity) -> Quantity {
        let binary = if self.nano == 0 { other.binary } else { self.binary };
        Quantity { nano: self.nano.saturating_add(other.nano), binary }
    }

    /// What is left, never less than nothing.
    pub(crate) fn minus(self, other: Quantity) -> Quantity {
        Quantity { nano: self.nano.saturating_sub(other.nano).max(0), binary: self.binary }
    }

    pub(crate) fn is_zero(self) -> bool {
        self.nano == 0
    }

    /// How many times the other one fits in; for texts and bounds, not for sums.
    #[expect(clippy::cast_precision_loss, reason = "a ratio is shown with six digits")]
    pub(crate) fn ratio(self, other: Quantity) -> f64 {
        self.nano as f64 / other.nano as f64
    }

    pub(crate) fn is_negative(self) -> bool {
        self.nano < 0
    }

    pub(crate) fn is_whole(self) -> bool {
        self.nano % NANO == 0
    }

    pub(crate) fn equals(self, other: Quantity) -> bool {
        self.nano == other.nano
    }

    pub(crate) fn exceeds(self, other: Quantity) -> bool {
        self.nano > other.nano
    }

    /// The form the server stores: the largest unit that needs no fraction.
    pub(crate) fn canonical(self) -> String {
        let whole = self.nano / NANO;
        if self.binary && self.is_whole() && whole.abs() >= 1024 {
            let unit = BINARY.iter().find(|(_, bits)| whole % (1 << bits) == 0);
            return unit.map_or_else(|| whole.to_string(), |(name, bits)| format!("{}{name}", whole / (1 << bits)));
        }
        if self.nano == 0 {
            return "0".to_owned();
        }
        DECIMAL
            .iter()
            .find_map(|(name, power)| {
                let unit = 10_i128.pow(u32::try_from(power + 9).unwrap_or_default());
                (self.nano % unit == 0).then(|| format!("{}{name}", self.nano / unit))
            })
            .unwrap_or_default()
    }
}

fn exponent(suffix: &str) -> Option<i32> {
    match DECIMAL.iter().find(|(name, _)| *name == suffix) {
        Some((_, power)) => Some(*power),
        None => suffix.strip_prefix(['e', 'E'])?.parse().ok().filter(|power| (-9..=18).contains(power)),
    }
}

fn scaled(base: i128, power: i32) -> Option<i128> {
    let factor = 10_i128.checked_pow(power.unsigned_abs())?;
    if power >= 0 { base.checked_mul(factor) } else { Some(base / factor) }
}

/// Brings all quantities of a map into the canonical form.
pub(crate) fn complete(map: &mut Value) {
    for value in map.as_object_mut().into_iter().flat_map(|map| map.values_mut()) {
        if let Some(quantity) = Quantity::of(value) {
            *value = json!(quantity.canonical());
        }
    }
}

/// Refuses a map with something else than quantities.
pub(crate) fn decode_check(map: &Value) -> Result<(), String> {
    let mut values = map.as_object().into_iter().flat_map(|map| map.values());
    if values.all(|value| value.is_null() || Quantity::of(value).is_some()) { Ok(()) } else { Err(REFUSAL.to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::Quantity;

    #[test]
    fn quantities_become_canonical() {
        for (given, canonical) in [
            ("1024Mi", "1Gi"),
            ("2000m", "2"),
            ("0.1", "100m"),
            ("1000000000", "1G"),
            ("1073741824", "1073741824"),
            ("1500m", "1500m"),
            ("512Mi", "512Mi"),
            ("1Ki", "1Ki"),
            ("0", "0"),
            ("-1", "-1"),
            ("1e3", "1k"),
            ("1.5Gi", "1536Mi"),
        ] {
            assert_eq!(Quantity::parse(given).unwrap().canonical(), canonical, "{given}");
        }
        for garbage in ["lots", "", "1x", "1.2.3", "--1e", "1e99"] {
            assert!(Quantity::parse(garbage).is_none(), "{garbage}");
        }
    }
}
