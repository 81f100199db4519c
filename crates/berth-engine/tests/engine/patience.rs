use std::time::Duration;

use berth_core::run::{Fault, FaultKind, Retry};
use berth_engine::{Wait, await_until};

use crate::stage::{TestClock, drive, fault};

const MINUTE: Wait = Wait { limit: Duration::from_secs(60), interval: Duration::from_secs(25) };

/// What the looks find in turn, the last one for ever; and how many there were.
fn wait(finds: &[Result<u32, Fault>], wait: Wait) -> (Result<u32, Fault>, usize, u64) {
    let clock = TestClock::default();
    let mut looks = 0;
    let result = drive(
        &clock,
        await_until(
            &clock,
            wait,
            || {
                looks += 1;
                std::future::ready(finds[looks.min(finds.len()) - 1].clone())
            },
            |found| *found >= 3,
        ),
    );
    (result, looks, clock.elapsed().as_secs())
}

#[test]
fn ends_with_the_first_settled_look() {
    assert_eq!(wait(&[Ok(1), Ok(3)], MINUTE), (Ok(3), 2, 25));
}

#[test]
fn ends_at_the_limit_with_a_last_look_there() {
    assert_eq!(wait(&[Ok(1)], MINUTE), (Ok(1), 4, 60));
}

#[test]
fn no_time_is_one_look() {
    assert_eq!(wait(&[Ok(1), Ok(3)], Wait { limit: Duration::ZERO, ..MINUTE }), (Ok(1), 1, 0));
}

#[test]
fn a_passing_fault_costs_one_look_and_a_lasting_one_the_wait() {
    let passing = fault(FaultKind::Unavailable, Retry::After(Duration::from_secs(40)));
    assert_eq!(wait(&[Err(passing.clone()), Ok(3)], MINUTE), (Ok(3), 2, 40));
    assert_eq!(wait(&[Ok(1), Err(passing.clone())], MINUTE).0, Err(passing));
    let lasting = fault(FaultKind::Denied, Retry::Never);
    assert_eq!(wait(&[Ok(1), Err(lasting.clone()), Ok(3)], MINUTE), (Err(lasting), 2, 25));
}
