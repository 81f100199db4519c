//! How long to wait before the next try or look.

use std::time::Duration;

use berth_core::plan::StepId;

/// A row of growing pauses: each is twice the one before, up to the longest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pauses {
    /// Before the second try.
    pub first: Duration,
    /// No pause is longer, apart from one the other side asks for.
    pub longest: Duration,
}

impl Pauses {
    /// The pause after this many tries or looks (1 is the first), without jitter.
    pub fn after(&self, tries: u32) -> Duration {
        let doublings = tries.saturating_sub(1).min(31);
        self.first.saturating_mul(1 << doublings).min(self.longest)
    }
}

/// Chance that repeats: the same seed and step give the same pauses, whatever the other steps do.
#[derive(Debug)]
pub(crate) struct Jitter {
    state: u64,
}

impl Jitter {
    /// Chance for one step.
    pub(crate) fn of_step(seed: u64, id: &StepId) -> Self {
        // FNV-1a spreads the ids, so that steps which fail together do not come back together.
        let mut state = seed ^ 0xcbf2_9ce4_8422_2325;
        for byte in id.0.bytes() {
            state = (state ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
        Self { state }
    }

    /// Between half of the pause and the whole of it.
    pub(crate) fn shorten(&mut self, pause: Duration) -> Duration {
        let half = pause / 2;
        let parts = u32::try_from(self.next() % 1001).unwrap_or(0);
        half + half * parts / 1000
    }

    /// The next number of the splitmix64 generator.
    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_longest() {
        let pauses = Pauses { first: Duration::from_secs(2), longest: Duration::from_secs(10) };
        let seconds: Vec<u64> = [1, 2, 3, 4, 40, u32::MAX].map(|tries| pauses.after(tries).as_secs()).into();
        assert_eq!(seconds, [2, 4, 8, 10, 10, 10]);
    }

    #[test]
    fn jitter_stays_between_half_and_whole_and_repeats() {
        let pause = Duration::from_secs(10);
        let draw = |name: &str| {
            let mut jitter = Jitter::of_step(7, &StepId(name.to_owned()));
            (0..200).map(|_| jitter.shorten(pause)).collect::<Vec<_>>()
        };
        let drawn = draw("gke/pool/a");
        assert!(drawn.iter().all(|some| *some >= pause / 2 && *some <= pause));
        assert_eq!(drawn, draw("gke/pool/a"));
        assert_ne!(drawn, draw("gke/pool/b"));
    }
}
