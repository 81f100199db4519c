//! When a cluster works: the hours of a week outside which its pools are at their fewest nodes, or have none.

use std::fmt;
use std::ops::Add;

use super::amount::{Amount, Cases, MONTH_HOURS};
use super::estimate::Estimate;
use super::split::{self, ServicePart, Split};
use crate::spec::ClusterSpec;

/// Minutes of a week.
const WEEK: u32 = 7 * DAY;
/// Minutes of a day.
const DAY: u32 = 24 * 60;
/// From Monday on.
const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// The hours of each week in which a cluster works.
///
/// No time zone belongs to it: only how much of the week the hours are has a price. The rest of the time every pool has its fewest nodes,
/// which is none for a pool that may be empty; or no pool has any, if somebody scales them so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Schedule {
    /// Whether it works on the day, from Monday on.
    days: [bool; 7],
    /// The minute of the day the hours begin at.
    from: u32,
    /// The minute they end at, that of the next day if it is not behind the other; 1440 is midnight.
    to: u32,
    /// Whether no pool has a node outside the hours, whatever its fewest are.
    to_zero: bool,
}

/// The word for all hours.
const ALWAYS: &str = "always";
/// The word behind the hours for pools without nodes outside them.
const TO_ZERO: &str = "to-zero";

/// Why a text is no schedule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ScheduleError {
    /// It has another form.
    #[error(
        "`{0}` is no schedule; write days and hours such as `weekdays 8-20`, `mon-fri 8:30-20:00`, `weekdays,sat 10-16` or `daily 9-18`, and behind them `to-zero` \
         if no pool has a node outside these hours; or nothing but `always`"
    )]
    Form(String),
    /// Its days are none.
    #[error(
        "`{0}` names no days; write `weekdays`, `weekends`, `daily`, days such as `mon-fri`, or several such as `weekdays,sat`"
    )]
    Days(String),
    /// Its hours are none.
    #[error("`{0}` is no stretch of hours; write it such as `8-20`, `8:30-18:00` or, over midnight, `22-6`")]
    Hours(String),
}

impl Schedule {
    /// All hours of all days.
    pub const ALWAYS: Self = Self { days: [true; 7], from: 0, to: DAY, to_zero: false };

    /// Reads days and hours such as `weekdays 8-20`.
    pub fn parse(text: &str) -> Result<Self, ScheduleError> {
        let lower = text.trim().to_ascii_lowercase();
        if lower == ALWAYS {
            return Ok(Self::ALWAYS);
        }
        let mut words = lower.split_whitespace();
        let form = || ScheduleError::Form(text.to_owned());
        let (days, hours) = words.next().zip(words.next()).filter(|(days, _)| *days != ALWAYS).ok_or_else(form)?;
        let to_zero = match (words.next(), words.next()) {
            (None, None) => false,
            (Some(TO_ZERO), None) => true,
            _ => return Err(form()),
        };
        let days = read_days(days).ok_or_else(|| ScheduleError::Days(days.to_owned()))?;
        let (from, to) = read_hours(hours).ok_or_else(|| ScheduleError::Hours(hours.to_owned()))?;
        Ok(Self { days, from, to, to_zero })
    }

    /// Minutes of a week it works.
    pub fn minutes_per_week(&self) -> u32 {
        let days = self.days.iter().filter(|works| **works).count();
        let day = if self.from < self.to { self.to - self.from } else { DAY - self.from + self.to };
        // At most seven days, so nothing is cut.
        u32::try_from(days).unwrap_or(0) * day
    }

    /// Hours of a month of 730 hours it works: a number and what it is to be divided by.
    pub fn hours_per_month(&self) -> (u64, u64) {
        let (top, bottom) = (u64::from(self.minutes_per_week()) * MONTH_HOURS, u64::from(WEEK));
        let (mut a, mut b) = (top, bottom);
        while b > 0 {
            (a, b) = (b, a % b);
        }
        (top / a, bottom / a)
    }

    /// The cluster outside the hours: what it costs then, an estimate of this says.
    pub fn rest(&self, spec: &ClusterSpec) -> ClusterSpec {
        let mut rest = spec.clone();
        for pool in &mut rest.pools {
            let nodes = if self.to_zero { 0 } else { pool.nodes.min };
            (pool.nodes.min, pool.nodes.max) = (nodes, nodes);
        }
        rest
    }

    /// How it is outside the hours, in words.
    pub fn outside(&self) -> &'static str {
        if self.to_zero { "no pool has a node" } else { "every pool is at its fewest nodes" }
    }

    /// What something comes to that costs `cases` in the hours, and `rest` outside them.
    pub fn over(&self, cases: Cases<Amount>, rest: Cases<Amount>) -> Cases<Amount> {
        let on = u64::from(self.minutes_per_week());
        cases.with(rest, |amount, rest| amount.blend(rest, on, WEEK.into()))
    }

    /// The parts of a pool by the schedule: in its hours and outside them each has what it has of the pool then, so that together they are
    /// exactly what the pool comes to.
    fn divided(&self, split: &Split, rest: &Split) -> Split {
        let mut before = (Cases::default(), Cases::default());
        // Sums from the first part on are rounded, not parts: so the roundings add up to nothing.
        let mut next = |part: Cases<Amount>, rest: Cases<Amount>| {
            let upto = (before.0.with(part, Add::add), before.1.with(rest, Add::add));
            let stretch = self.over(upto.0, upto.1).with(self.over(before.0, before.1), Amount::without);
            before = upto;
            stretch.with(self.over(part, rest), Amount::lacking_as)
        };
        let services = split.services.iter().zip(&rest.services);
        let services = services
            .map(|(part, rest)| ServicePart { service: part.service.clone(), amount: next(part.amount, rest.amount) })
            .collect();
        Split { services, idle: next(split.idle, rest.idle) }
    }
}

impl fmt::Display for Schedule {
    /// `mon-fri 8:00-20:00`, in a form that can be read again.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.minutes_per_week() == WEEK {
            return f.write_str(ALWAYS);
        }
        let rest = if self.to_zero { " to-zero" } else { "" };
        let mut stretches: Vec<(usize, usize)> = Vec::new();
        for day in (0..7).filter(|day| self.days[*day]) {
            match stretches.last_mut() {
                Some((_, last)) if *last + 1 == day => *last = day,
                _ => stretches.push((day, day)),
            }
        }
        let word = |(first, last): &(usize, usize)| {
            if first == last { DAYS[*first].to_owned() } else { format!("{}-{}", DAYS[*first], DAYS[*last]) }
        };
        let days = stretches.iter().map(word).collect::<Vec<_>>().join(",");
        let clock = |minute: u32| format!("{}:{:02}", minute / 60, minute % 60);
        write!(f, "{days} {}-{}{rest}", clock(self.from), clock(self.to))
    }
}

/// An estimate of a cluster that works by a schedule; amounts are averages over all hours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scheduled {
    /// The pools, in the order of the file.
    pub pools: Vec<ScheduledPool>,
    /// What stands around them.
    pub lines: Vec<(String, Cases<Amount>)>,
    /// What each service can come to at most, in the order of the estimate's; empty without quotas.
    pub services: Vec<(String, Cases<Amount>)>,
    /// What has to be known to read it.
    pub notes: Vec<String>,
}

/// A pool of a cluster that works by a schedule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScheduledPool {
    /// The pool's name.
    pub name: String,
    /// What it comes to.
    pub amount: Cases<Amount>,
    /// What of it is whose, where the estimate says so.
    pub split: Option<Split>,
}

impl Scheduled {
    /// Everything together.
    pub fn total(&self) -> Cases<Amount> {
        self.parts().map(|(_, amount)| amount).sum()
    }

    /// The pools and what stands around them, by name.
    pub fn parts(&self) -> impl Iterator<Item = (&str, Cases<Amount>)> {
        let pools = self.pools.iter().map(|pool| (pool.name.as_str(), pool.amount));
        pools.chain(self.lines.iter().map(|(name, amount)| (name.as_str(), *amount)))
    }

    /// What no service's quota reaches of the pools with GPUs.
    pub fn idle(&self) -> Cases<Amount> {
        self.pools.iter().filter_map(|pool| pool.split.as_ref()).map(|split| split.idle).sum()
    }

    /// What is not divided among services: pools without GPUs, and what stands around the pools.
    pub fn undivided(&self) -> Cases<Amount> {
        let pools = self.pools.iter().filter(|pool| pool.split.is_none()).map(|pool| pool.amount);
        pools.chain(self.lines.iter().map(|(_, amount)| *amount)).sum()
    }
}

impl Estimate {
    /// What it comes to by a schedule: in its hours each case as it is, outside them as the estimate of its [`Schedule::rest`].
    pub fn by(&self, schedule: &Schedule, rest: &Self) -> Scheduled {
        let pools = self.pools.iter().zip(&rest.pools).map(|(pool, rest)| ScheduledPool {
            name: pool.name.clone(),
            amount: schedule.over(pool.total(), rest.total()),
            split: pool.split.as_ref().zip(rest.split.as_ref()).map(|(split, rest)| schedule.divided(split, rest)),
        });
        let pools: Vec<ScheduledPool> = pools.collect();
        let of_service = |name: &str| split::of_service(pools.iter().map(|pool| &pool.split), name);
        let services = self.services.iter().map(|service| (service.name.clone(), of_service(&service.name))).collect();
        let lines = self.lines.iter().zip(&rest.lines);
        let lines =
            lines.map(|(line, rest)| (line.what.clone(), schedule.over(line.amount(), rest.amount()))).collect();
        let (top, bottom) = schedule.hours_per_month();
        // To tenths, for people; the sums take the exact fraction.
        let tenths = (top * 10 + bottom / 2) / bottom;
        let mut notes = vec![
            format!(
                "schedule {schedule}: {}.{} of {MONTH_HOURS} hours of a month, whatever the time zone",
                tenths / 10,
                tenths % 10
            ),
            format!(
                "outside these hours {}; what is around the pools stays, but for public addresses of nodes",
                schedule.outside()
            ),
        ];
        let standing = self.pools.iter().filter(|pool| schedule.to_zero && pool.nodes.min > 0);
        notes.extend(standing.map(|pool| {
            format!(
                "pool {}: its file wants {} nodes at least, so somebody has to take them away",
                pool.name, pool.nodes.min
            )
        }));
        Scheduled { pools, lines, services, notes }
    }
}

fn read_days(text: &str) -> Option<[bool; 7]> {
    let mut days = [false; 7];
    for part in text.split(',') {
        let (first, last) = match part {
            "daily" => ("mon", "sun"),
            "weekdays" => ("mon", "fri"),
            "weekends" => ("sat", "sun"),
            _ => part.split_once('-').unwrap_or((part, part)),
        };
        let (first, last) = (day(first)?, day(last)?);
        // `fri-mon` goes over Sunday.
        let count = (last + 7 - first) % 7;
        (first..=first + count).for_each(|day| days[day % 7] = true);
    }
    Some(days)
}

/// `mon`, `monday`, or anything between.
fn day(text: &str) -> Option<usize> {
    const NAMES: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
    NAMES.iter().position(|name| text.len() >= 3 && name.starts_with(text))
}

fn read_hours(text: &str) -> Option<(u32, u32)> {
    let (from, to) = text.split_once('-')?;
    let (from, to) = (minute(from)?, minute(to)?);
    // The same minute twice could be nothing or a day; `0-24` and `always` say the latter.
    (from != to && from < DAY && to > 0).then_some((from, to))
}

/// `8`, `08:30`, at most `24:00`.
fn minute(text: &str) -> Option<u32> {
    let (hour, minute) = text.split_once(':').unwrap_or((text, "00"));
    let digits = |text: &str, most: usize| (1..=most).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    if !digits(hour, 2) || !digits(minute, 2) || minute.len() != 2 {
        return None;
    }
    let (hour, minute): (u32, u32) = (hour.parse().ok()?, minute.parse().ok()?);
    let all = hour * 60 + minute;
    (minute < 60 && all <= DAY).then_some(all)
}

#[cfg(test)]
mod tests {
    use super::{Amount, Cases, Schedule};

    fn read(text: &str) -> Schedule {
        Schedule::parse(text).expect("a schedule")
    }

    #[test]
    fn days_and_hours_are_a_part_of_the_week() {
        let hours = |text: &str| f64::from(read(text).minutes_per_week()) / 60.0;
        assert_eq!(
            [hours("weekdays 8-20"), hours("daily 9-18"), hours("always"), hours("daily 0-24")],
            [60.0, 63.0, 168.0, 168.0]
        );
        assert_eq!(
            [hours("mon-fri 8:00-20:00"), hours("weekends 10-16:30"), hours("mon,wed 22-6")],
            [60.0, 13.0, 16.0]
        );
        assert_eq!([hours("fri-mon 8-9"), hours("Monday 8-9"), hours("mon,mon-tue 8-9")], [4.0, 1.0, 2.0]);
        assert_eq!([hours("weekdays,sat 8-20"), hours("wed,weekends 8-9"), hours("mon,daily 8-9")], [72.0, 3.0, 7.0]);
        // 60 h of 168 h of 730 h: 730 x 60 / 168 = 260.714, as a fraction 1825 / 7.
        assert_eq!(read("weekdays 8-20").hours_per_month(), (1825, 7));
        assert_eq!(Schedule::ALWAYS.hours_per_month(), (730, 1));
    }

    #[test]
    fn a_schedule_is_written_as_it_can_be_read() {
        for text in [
            "weekdays 8-20",
            "sat,sun 10-16",
            "mon,wed-fri 8:30-9",
            "daily 22-6",
            "always",
            "sun 0-24",
            "daily 8-9 to-zero",
        ] {
            let schedule = read(text);
            assert_eq!(read(&schedule.to_string()), schedule, "{text}");
        }
        assert_eq!(read("WEEKDAYS 08-20").to_string(), "mon-fri 8:00-20:00");
    }

    #[test]
    fn what_is_no_schedule_is_refused_with_a_way_out() {
        let said = |text: &str| Schedule::parse(text).expect_err(text).to_string();
        let wrong = ["", "weekdays", "8-20 weekdays x", "weekdays 8-20 UTC", "daily 8-9 to-zero x"];
        for text in wrong.into_iter().chain(["always to-zero", "always 8-20"]) {
            assert!(said(text).contains("is no schedule; write"), "{text}: {}", said(text));
            assert!(said(text).ends_with("these hours; or nothing but `always`"), "{text}: {}", said(text));
        }
        for text in ["workdays 8-20", "mo-fr 8-20", "mon- 8-20", ", 8-20", "weekdays, 8-20", "weekdays-sat 8-20"] {
            assert!(said(text).contains("names no days; write"), "{text}: {}", said(text));
        }
        for text in [
            "daily 8",
            "daily 8-8",
            "daily 8-25",
            "daily 8:5-9",
            "daily 24-8",
            "daily 8-0",
            "daily -8-9",
            "daily 8:60-9",
        ] {
            assert!(said(text).contains("is no stretch of hours; write"), "{text}: {}", said(text));
        }
    }

    #[test]
    fn in_the_hours_one_is_paid_and_outside_them_the_other() {
        let cases = Cases {
            min: Amount::by_the_month(168),
            expected: Amount::by_the_month(1680),
            max: Amount::by_the_month(16_800) + Amount::UNKNOWN,
        };
        let rest = Cases { max: Amount::by_the_month(336), ..Cases::always(cases.min) };
        let over = read("weekdays 8-20").over(cases, rest);
        // 168; 60 x 10 + 108 x 1; 60 x 100 + 108 x 2.
        assert_eq!(over.min, cases.min);
        assert_eq!(over.expected, Amount::by_the_month(708));
        assert_eq!(over.max, Amount::by_the_month(6216) + Amount::UNKNOWN);
        assert_eq!(Schedule::ALWAYS.over(cases, rest), cases);
    }
}
