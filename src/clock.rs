//! The clock of a run: the real one, or the simulator's, which runs faster.

use std::time::{Duration, Instant};

use berth_core::ports::Clock;
use jiff::{SignedDuration, Timestamp};

/// A clock that began at `origin` and runs at `speed` seconds per second.
#[derive(Debug, Clone)]
pub(crate) struct RunClock {
    origin: Timestamp,
    began: Instant,
    speed: f64,
}

impl RunClock {
    /// The real time.
    pub(crate) fn real() -> Self {
        Self { origin: Timestamp::now(), began: Instant::now(), speed: 1.0 }
    }

    /// The simulator's time: it is `now` there, and `speed` of its seconds pass in one of ours.
    pub(crate) fn simulated(now: Timestamp, speed: f64) -> Self {
        Self { origin: now, began: Instant::now(), speed }
    }
}

impl Clock for RunClock {
    fn now(&self) -> Timestamp {
        let elapsed = self.began.elapsed().as_secs_f64() * self.speed;
        self.origin.saturating_add(SignedDuration::from_secs_f64(elapsed)).unwrap_or(self.origin)
    }

    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration.div_f64(self.speed)).await;
    }
}
