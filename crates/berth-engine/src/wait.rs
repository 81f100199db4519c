//! Waiting until a look finds what was hoped for.

use std::future::Future;
use std::time::Duration;

use berth_core::ports::Clock;
use berth_core::run::{Fault, Retry};

/// How long to wait for something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wait {
    /// After this no further look begins; zero is one look.
    pub limit: Duration,
    /// Between the end of a look and the next.
    pub interval: Duration,
}

/// Looks again and again until `settled` holds for what was found, the limit is over, or looking makes no sense.
///
/// Gives what the last look gave, settled or not; the caller judges it.
/// A fault that may be retried only costs that look.
/// The look must have a limit of its own: an overlong look is not cut.
pub async fn await_until<T, C, L, F>(
    clock: &C,
    wait: Wait,
    mut look: L,
    mut settled: impl FnMut(&T) -> bool,
) -> Result<T, Fault>
where
    C: Clock,
    L: FnMut() -> F,
    F: Future<Output = Result<T, Fault>>,
{
    let began = clock.now();
    loop {
        let result = look().await;
        let pause = match &result {
            Ok(found) if settled(found) => return result,
            Ok(_) => wait.interval,
            Err(fault) => match fault.retry {
                Retry::Never => return result,
                Retry::Backoff => wait.interval,
                Retry::After(least) => wait.interval.max(least),
            },
        };
        let waited = Duration::try_from(clock.now().duration_since(began)).unwrap_or_default();
        let rest = wait.limit.saturating_sub(waited);
        if rest.is_zero() {
            return result;
        }
        // The last pause is shortened, so that the last look is at the limit itself.
        clock.sleep(pause.min(rest)).await;
    }
}
