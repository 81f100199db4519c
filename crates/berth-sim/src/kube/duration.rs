//! Ages as kubectl's tables show them.

/// An age in seconds in the short form of a table: `59s`, `3m20s`, `2h5m`, `3d4h`, `8y`.
pub(crate) fn human(seconds: i64) -> String {
    let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86_400);
    match seconds {
        ..0 => "<invalid>".to_owned(),
        0..120 => format!("{seconds}s"),
        120..600 => two(minutes, "m", seconds % 60, "s"),
        600..10_800 => format!("{minutes}m"),
        10_800..28_800 => two(hours, "h", minutes % 60, "m"),
        28_800..172_800 => format!("{hours}h"),
        172_800..691_200 => two(days, "d", hours % 24, "h"),
        _ if days < 730 => format!("{days}d"),
        _ if days < 2920 => two(days / 365, "y", days % 365, "d"),
        _ => format!("{}y", days / 365),
    }
}

fn two(large: i64, large_unit: &str, small: i64, small_unit: &str) -> String {
    if small == 0 { format!("{large}{large_unit}") } else { format!("{large}{large_unit}{small}{small_unit}") }
}

#[cfg(test)]
mod tests {
    use super::human;

    #[test]
    fn ages_get_coarser() {
        let shown: Vec<String> =
            [0, 119, 120, 599, 600, 10_799, 10_800, 28_800, 172_800, 176_400, 691_200, 86_400 * 730]
                .into_iter()
                .map(human)
                .collect();
        assert_eq!(shown, ["0s", "119s", "2m", "9m59s", "10m", "179m", "3h", "8h", "2d", "2d1h", "8d", "2y"]);
    }
}
