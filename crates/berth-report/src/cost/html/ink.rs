//! The colours of the graphs, in light and in dark.
//!
//! A graph is drawn once, in the light colours; the page's style then says for each of them what it is in the dark.
//! Each stands off its background by 4.5 to 1 where it is text, and by 3 to 1 where it is a shape that has to be seen.

use std::fmt::Write;

use plotters::style::RGBColor;

/// What a colour is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ink {
    /// Words.
    Text,
    /// Words beside, such as numbers of an axis.
    Faint,
    /// Lines behind the figures.
    Rule,
    /// The first of two, and what is expected.
    First,
    /// The stretch from least to most.
    Stretch,
    /// The second of two.
    Second,
    /// The edge of what is not known to its end.
    Lack,
    /// What must not be exceeded.
    Limit,
}

type Rgb = (u8, u8, u8);

/// Each with its light and its dark colour; no two light ones may be the same.
const INKS: [(Ink, &str, Rgb, Rgb); 8] = [
    (Ink::Text, "text", (0x1B, 0x24, 0x30), (0xE8, 0xED, 0xF3)),
    (Ink::Faint, "faint", (0x52, 0x5F, 0x6D), (0xAA, 0xB6, 0xC4)),
    (Ink::Rule, "rule", (0xD9, 0xDF, 0xE6), (0x2F, 0x3A, 0x46)),
    (Ink::First, "first", (0x1F, 0x5F, 0xA8), (0x6C, 0xB2, 0xFF)),
    (Ink::Stretch, "stretch", (0xBF, 0xD6, 0xF0), (0x26, 0x48, 0x70)),
    (Ink::Second, "second", (0xB4, 0x53, 0x09), (0xF2, 0xA6, 0x5E)),
    (Ink::Lack, "lack", (0x7A, 0x4A, 0x9E), (0xC9, 0xA6, 0xE8)),
    (Ink::Limit, "limit", (0xB3, 0x26, 0x1E), (0xFF, 0x8F, 0x87)),
];

impl Ink {
    /// Its name in the page's style.
    pub(super) fn name(self) -> &'static str {
        self.row().1
    }

    /// The colour it is drawn in.
    pub(super) fn light(self) -> RGBColor {
        let (red, green, blue) = self.row().2;
        RGBColor(red, green, blue)
    }

    fn row(self) -> &'static (Self, &'static str, Rgb, Rgb) {
        &INKS[self as usize]
    }
}

/// The colours as properties, and the rules that put them on what the graphs drew.
pub(super) fn style() -> String {
    let hex = |(red, green, blue): Rgb| format!("#{red:02X}{green:02X}{blue:02X}");
    let (mut light, mut dark, mut rules) = (String::new(), String::new(), String::new());
    for (_, name, by_day, by_night) in INKS {
        let (by_day, by_night) = (hex(by_day), hex(by_night));
        let written = write!(light, "--{name}:{by_day};")
            .and_then(|()| write!(dark, "--{name}:{by_night};"))
            .and_then(|()| {
                write!(
                    rules,
                    ".chart [fill=\"{by_day}\"]{{fill:var(--{name})}}.chart [stroke=\"{by_day}\"]{{stroke:var(--{name})}}.swatch.{name}{{background:var(--{name})}}"
                )
            });
        debug_assert!(written.is_ok(), "writing to a string cannot fail");
    }
    format!(":root{{{light}}}@media screen and (prefers-color-scheme:dark){{:root{{{dark}}}}}{rules}\n")
}

#[cfg(test)]
mod tests {
    use super::{INKS, Rgb};

    /// The page's backgrounds, as its style has them.
    const GROUNDS: [Rgb; 2] = [(0xFF, 0xFF, 0xFF), (0x12, 0x18, 0x1F)];

    fn luminance((red, green, blue): Rgb) -> f64 {
        let part = |value: u8| {
            let value = f64::from(value) / 255.0;
            if value <= 0.040_45 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * part(red) + 0.7152 * part(green) + 0.0722 * part(blue)
    }

    fn contrast(a: Rgb, b: Rgb) -> f64 {
        let (a, b) = (luminance(a) + 0.05, luminance(b) + 0.05);
        a.max(b) / a.min(b)
    }

    #[test]
    fn each_colour_stands_off_its_ground_and_is_itself() {
        for (index, (ink, name, light, dark)) in INKS.iter().enumerate() {
            assert_eq!(*ink as usize, index, "the rows are in the order of the colours");
            assert_eq!(INKS.iter().filter(|row| row.2 == *light).count(), 1, "{name} has the colour of another");
            let least = match *name {
                "text" | "faint" => 4.5,
                // Behind what has to be seen, and edged with it.
                "rule" | "stretch" => 1.2,
                _ => 3.0,
            };
            for (colour, ground) in [(*light, GROUNDS[0]), (*dark, GROUNDS[1])] {
                assert!(contrast(colour, ground) >= least, "{name}: {}", contrast(colour, ground));
            }
        }
        // Ground and text: WCAG's own example of black on white is 21 to 1.
        assert!((contrast((0, 0, 0), (255, 255, 255)) - 21.0).abs() < 1e-9);
    }
}
