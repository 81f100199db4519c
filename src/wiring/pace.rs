//! How often the APIs of the clouds are called, over all clusters of one run.

use std::future::Future;
use std::num::NonZeroU32;
use std::pin::Pin;
use std::sync::Arc;

use berth_core::ports::Pace;
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

use crate::settings::Settings;

/// Calls a second that go out for long, and at once after a pause, at each API of each region.
///
/// Sized after EC2's documented default for calls that describe: a bucket of 100 that fills by 20 a second. The other APIs document
/// less or nothing; one cluster never comes near, and what is too much all the same is answered as throttling and tried again.
const PER_SECOND: u32 = 20;
const AT_ONCE: u32 = 60;

/// One pace for each API.
#[derive(Debug)]
pub(crate) struct CallPace {
    limiter: DefaultKeyedRateLimiter<String>,
}

impl CallPace {
    /// A pace for clouds whose clock runs this much faster.
    pub(crate) fn new(speed: f64) -> Self {
        let faster = |calls: u32| {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a cast from float saturates")]
            let calls = (f64::from(calls) * speed.max(1.0)).round() as u32;
            NonZeroU32::new(calls).unwrap_or(NonZeroU32::MIN)
        };
        // What may go out at once is a number of calls, not of calls in a time.
        let at_once = NonZeroU32::new(AT_ONCE).unwrap_or(NonZeroU32::MIN);
        Self { limiter: RateLimiter::keyed(Quota::per_second(faster(PER_SECOND)).allow_burst(at_once)) }
    }
}

/// The pace of this run.
pub(super) fn of(settings: &Settings, speed: f64) -> Arc<dyn Pace> {
    let pace: Arc<CallPace> = Arc::clone(settings.pace.get_or_init(|| Arc::new(CallPace::new(speed))));
    pace
}

impl Pace for CallPace {
    fn turn<'a>(&'a self, api: &'a str) -> Pin<Box<dyn Future<Output = ()> + Send + 'a>> {
        Box::pin(async move { self.limiter.until_key_ready(&api.to_owned()).await })
    }
}
