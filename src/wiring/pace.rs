//! How often the APIs of the clouds are called, over all clusters of one run.

use std::future::Future;
use std::num::NonZeroU32;
use std::pin::Pin;
use std::sync::Arc;

use berth_core::ports::Pace;
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

use crate::settings::Settings;

/// Calls a second that go out for long, and at once after a pause, at each API of each region; IAM is one for all regions.
///
/// Sized after EC2's documented default for calls that read: for each operation a bucket of 100 that fills by 20 a second. It is less
/// than Google documents for a project, 1,500 calls a minute of Compute Engine and 3,000 of GKE. The other APIs document nothing; one
/// cluster never comes near, and what is too much all the same is answered as throttling and tried again.
const PER_SECOND: u32 = 20;
const AT_ONCE: u32 = 60;

/// The same for each operation that changes something: EC2 has for each a bucket of 50 that fills by 5 a second.
const CHANGES_PER_SECOND: u32 = 5;
const CHANGES_AT_ONCE: u32 = 40;

/// One pace for each API, and one for each of its operations that change something.
#[derive(Debug)]
pub(crate) struct CallPace {
    calls: DefaultKeyedRateLimiter<String>,
    changes: DefaultKeyedRateLimiter<String>,
}

impl CallPace {
    /// A pace for clouds whose clock runs this much faster.
    pub(crate) fn new(speed: f64) -> Self {
        let faster = |calls: u32| {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a cast from float saturates")]
            let calls = (f64::from(calls) * speed.max(1.0)).round() as u32;
            NonZeroU32::new(calls).unwrap_or(NonZeroU32::MIN)
        };
        let limiter = |per_second: u32, at_once: u32| {
            // What may go out at once is a number of calls, not of calls in a time.
            let at_once = NonZeroU32::new(at_once).unwrap_or(NonZeroU32::MIN);
            RateLimiter::keyed(Quota::per_second(faster(per_second)).allow_burst(at_once))
        };
        Self { calls: limiter(PER_SECOND, AT_ONCE), changes: limiter(CHANGES_PER_SECOND, CHANGES_AT_ONCE) }
    }
}

/// The pace of this run.
pub(super) fn of(settings: &Settings, speed: f64) -> Arc<dyn Pace> {
    let pace: Arc<CallPace> = Arc::clone(settings.pace.get_or_init(|| Arc::new(CallPace::new(speed))));
    pace
}

impl Pace for CallPace {
    fn turn<'a>(&'a self, api: &'a str, change: Option<&'a str>) -> Pin<Box<dyn Future<Output = ()> + Send + 'a>> {
        Box::pin(async move {
            if let Some(change) = change {
                self.changes.until_key_ready(&format!("{api}/{change}")).await;
            }
            self.calls.until_key_ready(&api.to_owned()).await;
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn one_operation_that_changes_waits_sooner_than_all_calls() {
        let pace = CallPace::new(1.0);
        for _ in 0..CHANGES_AT_ONCE {
            pace.turn("us-east-1/ec2", Some("CreateSubnet")).await;
        }
        let key = |operation: &str| format!("us-east-1/ec2/{operation}");
        assert!(pace.changes.check_key(&key("CreateSubnet")).is_err());
        assert!(pace.changes.check_key(&key("CreateVpc")).is_ok());
        assert!(pace.calls.check_key(&"us-east-1/ec2".to_owned()).is_ok(), "calls that read go on");
        assert!(pace.calls.check_key(&"eu-west-1/ec2".to_owned()).is_ok());
    }
}
