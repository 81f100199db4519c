use std::time::Duration;

use berth_core::ports::{Progress, Started};
use berth_core::run::{FaultKind, LeftBehind, Retry};

use crate::stage::{Answer, Script, Stage, fails, plan, takes};

fn starts(answers: impl IntoIterator<Item = Answer<Started>>) -> Script {
    Script { start: answers.into_iter().collect(), ..takes(1) }
}

#[test]
fn a_failed_try_is_repeated_with_growing_pauses() {
    let unavailable = || fails(FaultKind::Unavailable, Retry::Backoff);
    let mut stage =
        Stage::new([("a", starts([unavailable(), unavailable(), unavailable(), Answer::Says(Ok(Started::Done))]))]);
    assert!(stage.run(&plan(&["a"])).is_success());
    assert_eq!(stage.hands.starts.lock().unwrap().len(), 4);
    let waited = stage.clock.elapsed();
    assert!(waited >= Duration::from_millis(3500) && waited <= Duration::from_secs(7), "{waited:?}");
}

#[test]
fn a_throttle_is_given_the_time_it_asks_for() {
    let throttled = fails(FaultKind::Throttled, Retry::After(Duration::from_secs(20)));
    let mut stage = Stage::new([("a", starts([throttled, Answer::Says(Ok(Started::Done))]))]);
    assert!(stage.run(&plan(&["a"])).is_success());
    assert_eq!(stage.clock.elapsed(), Duration::from_secs(20));
}

#[test]
fn tries_have_an_end() {
    let mut stage = Stage::new([("a", starts([fails(FaultKind::Unavailable, Retry::Backoff)]))]);
    stage.policy.tries = 3;
    let outcome = stage.run(&plan(&["a"]));
    assert_eq!(outcome.failed[0].1.kind, FaultKind::Unavailable);
    assert_eq!(stage.hands.starts.lock().unwrap().len(), 3);
}

#[test]
fn what_makes_no_sense_is_not_repeated() {
    let mut stage = Stage::new([("a", starts([fails(FaultKind::Quota, Retry::Never)]))]);
    let outcome = stage.run(&plan(&["a"]));
    assert_eq!(outcome.failed[0].1.kind, FaultKind::Quota);
    assert_eq!(stage.hands.starts.lock().unwrap().len(), 1);
}

#[test]
fn a_busy_target_is_waited_for_beyond_the_tries() {
    let mut answers = vec![fails(FaultKind::Busy, Retry::Backoff); 8];
    answers.push(Answer::Says(Ok(Started::Done)));
    let mut stage = Stage::new([("a", starts(answers))]);
    stage.policy.tries = 2;
    assert!(stage.run(&plan(&["a"])).is_success());
    assert_eq!(stage.hands.starts.lock().unwrap().len(), 9);
}

#[test]
fn a_target_busy_past_the_limit_times_out_with_nothing_left() {
    let mut stage = Stage::new([("a", starts([fails(FaultKind::Busy, Retry::Backoff)]))]);
    let outcome = stage.run(&plan(&["a"]));
    let fault = &outcome.failed[0].1;
    assert_eq!((fault.kind, &fault.left_behind), (FaultKind::TimedOut, &LeftBehind::Nothing));
    assert_eq!(stage.clock.elapsed(), Duration::from_secs(600));
}

#[test]
fn the_same_seed_gives_the_same_pauses_and_another_seed_others() {
    let run = |seed| {
        let busy = vec![fails(FaultKind::Busy, Retry::Backoff); 3];
        let mut stage = Stage::new([("a", starts(busy.into_iter().chain([Answer::Says(Ok(Started::Done))])))]);
        stage.policy.jitter_seed = seed;
        stage.run(&plan(&["a"]));
        stage.clock.elapsed()
    };
    assert_eq!(run(1), run(1));
    assert_ne!(run(1), run(2));
}

#[test]
fn a_look_that_fails_for_a_while_does_not_fail_the_step() {
    let mut poll = vec![fails(FaultKind::Lost, Retry::Backoff); 15];
    poll.push(Answer::Says(Ok(Progress::Done)));
    let mut stage = Stage::new([("a", Script { poll: poll.into(), ..Script::default() })]);
    stage.policy.tries = 2;
    assert!(stage.run(&plan(&["a"])).is_success());
    assert_eq!(stage.lines()[3], "2 retrying a: 1 in 4 s, Lost");
    assert_eq!(stage.hands.starts.lock().unwrap().len(), 1);
}

#[test]
fn a_look_that_finds_a_failure_fails_the_step() {
    let script = Script { poll: [fails(FaultKind::Stockout, Retry::Never)].into(), ..Script::default() };
    let mut stage = Stage::new([("a", script)]);
    assert_eq!(stage.run(&plan(&["a"])).failed[0].1.kind, FaultKind::Stockout);
    assert_eq!(stage.clock.elapsed(), Duration::from_secs(2));
}
