//! Simulated time: where it stands, how fast it runs, and how it is carried from one process to the next.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// Simulated time as a straight line through one known point.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Clock {
    /// The simulated time at `anchor_wall`.
    anchor: Timestamp,
    /// The wall time at which simulated time was `anchor`.
    anchor_wall: Timestamp,
    /// Simulated seconds per wall second; not kept, because between two processes time passes at the wall's pace.
    #[serde(skip, default = "wall_pace")]
    speed: f64,
}

fn wall_pace() -> f64 {
    1.0
}

impl Clock {
    /// A clock that shows the wall's time and runs at its pace.
    pub(crate) fn new(wall: Timestamp) -> Clock {
        Clock { anchor: wall, anchor_wall: wall, speed: wall_pace() }
    }

    /// Simulated seconds per wall second.
    pub(crate) fn speed(&self) -> f64 {
        self.speed
    }

    /// The simulated time at a wall time; never before the anchor.
    pub(crate) fn at(&self, wall: Timestamp) -> Timestamp {
        let passed = wall.duration_since(self.anchor_wall).as_secs_f64().max(0.0);
        self.anchor.checked_add(SignedDuration::from_secs_f64(passed * self.speed)).unwrap_or(self.anchor)
    }

    /// Goes on from here at another speed.
    pub(crate) fn set_speed(&mut self, wall: Timestamp, speed: f64) {
        self.settle(wall);
        self.speed = speed;
    }

    /// Pushes simulated time forward by a duration.
    pub(crate) fn push(&mut self, wall: Timestamp, by: SignedDuration) {
        self.settle(wall);
        self.anchor = self.anchor.checked_add(by).unwrap_or(self.anchor);
    }

    /// Moves the anchor to now, so that a saved clock loses nothing of what ran at another speed.
    pub(crate) fn settle(&mut self, wall: Timestamp) {
        self.anchor = self.at(wall);
        self.anchor_wall = wall;
    }

    /// How long the wall has to wait until simulated time reaches `due`; zero when it is past.
    pub(crate) fn wall_until(&self, wall: Timestamp, due: Timestamp) -> std::time::Duration {
        let simulated = due.duration_since(self.at(wall)).as_secs_f64().max(0.0);
        std::time::Duration::from_secs_f64((simulated / self.speed).min(86_400.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn runs_faster_than_the_wall_and_goes_on_at_wall_pace_after_a_restart() {
        let mut clock = Clock::new(at("2026-01-01T00:00:00Z"));
        clock.set_speed(at("2026-01-01T00:00:00Z"), 60.0);
        assert_eq!(clock.at(at("2026-01-01T00:00:10Z")), at("2026-01-01T00:10:00Z"));
        clock.settle(at("2026-01-01T00:00:10Z"));
        let saved = serde_json::to_string(&clock).unwrap();
        let reread: Clock = serde_json::from_str(&saved).unwrap();
        assert_eq!(reread.at(at("2026-01-01T00:00:40Z")), at("2026-01-01T00:10:30Z"));
    }

    #[test]
    fn a_push_adds_to_what_has_passed() {
        let mut clock = Clock::new(at("2026-01-01T00:00:00Z"));
        clock.push(at("2026-01-01T00:00:05Z"), SignedDuration::from_secs(100));
        assert_eq!(clock.at(at("2026-01-01T00:00:06Z")), at("2026-01-01T00:01:46Z"));
    }
}
