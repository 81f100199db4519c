//! Schedules in cron's five fields.

use jiff::civil::Time;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan, Zoned};

/// The minutes, hours, days and months of a schedule, and whose clock it means.
#[derive(Debug)]
pub(super) struct Schedule {
    minutes: Field,
    hours: Field,
    days: Field,
    months: Field,
    weekdays: Field,
    zone: TimeZone,
}

#[derive(Debug)]
struct Field {
    /// The bit of each number that is in it.
    bits: u64,
    /// Whether all numbers are meant.
    any: bool,
}

const MONTHS: &[&str] = &["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const DAYS: &[&str] = &["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

impl Field {
    fn parse(text: &str, first: u32, last: u32, names: &[&str]) -> Option<Field> {
        let number = |text: &str| {
            let named = names.iter().position(|name| text.to_lowercase().starts_with(name));
            named.map_or_else(|| text.parse().ok(), |at| u32::try_from(at).ok().map(|at| at + u32::from(first == 1)))
        };
        let mut bits = 0;
        for part in text.split(',') {
            let (range, step) = part.split_once('/').unwrap_or((part, "1"));
            let step: usize = step.parse().ok().filter(|step| *step > 0)?;
            let (from, to) = match range.split_once('-') {
                _ if range == "*" || range == "?" => (first, last),
                Some((from, to)) => (number(from)?, number(to)?),
                None if part.contains('/') => (number(range)?, last),
                None => (number(range)?, number(range)?),
            };
            if from < first || to > last || from > to {
                return None;
            }
            (from..=to).step_by(step).for_each(|one| bits |= 1_u64 << one);
        }
        Some(Field { bits, any: text.starts_with('*') || text.starts_with('?') })
    }

    fn has(&self, number: i8) -> bool {
        u32::try_from(number).is_ok_and(|number| self.bits >> number & 1 == 1)
    }
}

impl Schedule {
    /// A schedule such as `*/5 0-6 * * mon` or `@daily`; nothing when it is none or the time zone is unknown.
    pub(super) fn parse(text: &str, zone: &str) -> Option<Schedule> {
        let text = match text.trim() {
            "@yearly" | "@annually" => "0 0 1 1 *",
            "@monthly" => "0 0 1 * *",
            "@weekly" => "0 0 * * 0",
            "@daily" | "@midnight" => "0 0 * * *",
            "@hourly" => "0 * * * *",
            other => other,
        };
        let [minutes, hours, days, months, weekdays] = text.split_whitespace().collect::<Vec<_>>()[..] else {
            return None;
        };
        let zone = if matches!(zone, "UTC" | "Etc/UTC") { TimeZone::UTC } else { TimeZone::get(zone).ok()? };
        Some(Schedule {
            minutes: Field::parse(minutes, 0, 59, &[])?,
            hours: Field::parse(hours, 0, 23, &[])?,
            days: Field::parse(days, 1, 31, &[])?,
            months: Field::parse(months, 1, 12, MONTHS)?,
            weekdays: Field::parse(&weekdays.replace('7', "0"), 0, 6, DAYS)?,
            zone,
        })
    }

    /// The first time after another; nothing when there is none within some years.
    pub(super) fn after(&self, time: Timestamp) -> Option<Timestamp> {
        const MOST_DAYS: usize = 366 * 5;
        let start = time.to_zoned(self.zone.clone());
        let mut day = start.date();
        for _ in 0..MOST_DAYS {
            if self.months.has(day.month()) && self.means_day(day.day(), day.weekday().to_sunday_zero_offset()) {
                for hour in (0..24).filter(|hour| self.hours.has(*hour)) {
                    for minute in (0..60).filter(|minute| self.minutes.has(*minute)) {
                        let local = day.to_datetime(Time::constant(hour, minute, 0, 0));
                        let at = self.zone.to_ambiguous_zoned(local).compatible().ok().map(|at: Zoned| at.timestamp());
                        if let Some(at) = at.filter(|at| *at > time) {
                            return Some(at);
                        }
                    }
                }
            }
            day = day.checked_add(1.day()).ok()?;
        }
        None
    }

    /// With both kinds of days given either is enough.
    fn means_day(&self, day: i8, weekday: i8) -> bool {
        let (by_month, by_week) = (self.days.has(day), self.weekdays.has(weekday));
        if self.days.any || self.weekdays.any { by_month && by_week } else { by_month || by_week }
    }
}

#[cfg(test)]
mod tests {
    use super::Schedule;

    #[test]
    fn the_next_time_follows_minutes_hours_days_and_names() {
        let next = |text: &str| {
            let schedule = Schedule::parse(text, "UTC")?;
            schedule.after("2026-11-21T04:00:00Z".parse().unwrap()).map(|at| at.to_string())
        };
        assert_eq!(next("*/5 * * * *").as_deref(), Some("2026-11-21T04:05:00Z"));
        assert_eq!(next("0 3 * * *").as_deref(), Some("2026-11-22T03:00:00Z"));
        assert_eq!(next("30 1-2,6 * * *").as_deref(), Some("2026-11-21T06:30:00Z"));
        assert_eq!(next("0 0 * * mon").as_deref(), Some("2026-11-23T00:00:00Z"));
        assert_eq!(next("0 0 29 2 *").as_deref(), Some("2028-02-29T00:00:00Z"));
        assert_eq!(next("@monthly").as_deref(), Some("2026-12-01T00:00:00Z"));
        for wrong in ["every day", "60 * * * *", "* * * *", "5-1 * * * *", "*/0 * * * *"] {
            assert_eq!(next(wrong), None, "{wrong}");
        }
    }
}
