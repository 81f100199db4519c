//! Times and counts in words.

use jiff::Timestamp;

/// `2 min 05 s`, from seconds.
pub fn duration(seconds: u64) -> String {
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3600 => format!("{} min {:02} s", seconds / 60, seconds % 60),
        _ => format!("{} h {:02} min", seconds / 3600, seconds % 3600 / 60),
    }
}

/// `5 min`: a usual time, rounded as such times deserve.
pub fn approximately(seconds: u32) -> String {
    if seconds < 90 { format!("{seconds} s") } else { format!("{} min", seconds.div_ceil(60)) }
}

/// The time between two moments in words; never negative.
pub fn elapsed(from: Timestamp, to: Timestamp) -> String {
    duration(u64::try_from(to.duration_since(from).as_secs()).unwrap_or(0))
}

/// `1 node`, `2 nodes`.
pub fn count(number: usize, word: &str) -> String {
    if number == 1 { format!("1 {word}") } else { format!("{number} {word}s") }
}

#[cfg(test)]
mod tests {
    use super::{approximately, count, duration};

    #[test]
    fn times_read_well() {
        assert_eq!(
            [0, 59, 60, 125, 3599, 3600, 7265].map(duration),
            ["0 s", "59 s", "1 min 00 s", "2 min 05 s", "59 min 59 s", "1 h 00 min", "2 h 01 min"]
        );
        assert_eq!([20, 89, 90, 300].map(approximately), ["20 s", "89 s", "2 min", "5 min"]);
        assert_eq!([count(1, "node"), count(2, "node")], ["1 node", "2 nodes"]);
    }
}
