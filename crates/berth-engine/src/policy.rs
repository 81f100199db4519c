//! How patiently a plan is carried out.

use std::num::NonZeroUsize;
use std::time::Duration;

use crate::pause::Pauses;

/// Bounds and pauses of a run; any value is legal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// Steps that may run at the same time; 8 by default.
    pub concurrency: NonZeroUsize,
    /// Tries to start one step when the other side fails; 10 by default, which is about four minutes of pauses.
    ///
    /// A busy target does not count: it is waited for until the step's limit.
    pub tries: u32,
    /// Pauses between tries; from 1 to 60 seconds by default, each shortened by chance to at least its half.
    pub backoff: Pauses,
    /// Pauses while another operation runs on the target; from 10 to 60 seconds by default, shortened likewise.
    pub busy: Pauses,
    /// Pauses between looks at what was started; from 2 to 10 seconds by default, not shortened by chance. Around the time at which a
    /// step that takes minutes usually ends, the first of them is taken.
    pub poll: Pauses,
    /// A step that waits says so at least this often; each minute by default.
    pub report_every: Duration,
    /// Where the chance in the pauses begins; 0 by default, the command line gives one per run.
    pub jitter_seed: u64,
}

impl Default for Policy {
    fn default() -> Self {
        let pauses =
            |first, longest| Pauses { first: Duration::from_secs(first), longest: Duration::from_secs(longest) };
        Self {
            concurrency: NonZeroUsize::MIN.saturating_add(7),
            tries: 10,
            backoff: pauses(1, 60),
            busy: pauses(10, 60),
            poll: pauses(2, 10),
            report_every: Duration::from_secs(60),
            jitter_seed: 0,
        }
    }
}
