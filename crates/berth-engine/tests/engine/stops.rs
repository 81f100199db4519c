use std::time::Duration;

use berth_core::run::{FaultKind, LeftBehind, Retry};

use crate::stage::{Script, Stage, fails, ids, plan, takes};

#[test]
fn stopped_once_it_finishes_what_runs_and_begins_nothing() {
    let mut stage = Stage::new([("a", takes(4)), ("b", takes(1))]);
    let outcome = stage.run_stopped(&plan(&["a", "b", "c: b", "d: a"]), &[1]);
    assert_eq!((ids(&outcome.done), ids(&outcome.skipped)), ("a b".to_owned(), "c d".to_owned()));
    assert!(outcome.running.is_empty());
    assert_eq!(stage.clock.elapsed(), Duration::from_secs(24));
    let lines = stage.lines();
    assert!(lines.contains(&"1 stopping".to_owned()), "{lines:#?}");
    assert!(lines.contains(&"24 skipped d: the run was asked to stop".to_owned()), "{lines:#?}");
}

#[test]
fn stopped_twice_it_leaves_at_once_and_names_what_runs() {
    let mut stage = Stage::new([("a", takes(40)), ("b", takes(1))]);
    let outcome = stage.run_stopped(&plan(&["a", "b", "c: b"]), &[1, 5]);
    assert_eq!(ids(&outcome.running), "a");
    assert_eq!(ids(&outcome.done), "b");
    assert_eq!(ids(&outcome.skipped), "c");
    assert_eq!(outcome.left_behind(), LeftBehind::Unknown);
    assert_eq!(stage.clock.elapsed(), Duration::from_secs(5));
}

#[test]
fn a_try_that_was_not_taken_is_not_repeated_once_stopped() {
    let busy = Script { start: [fails(FaultKind::Busy, Retry::Backoff)].into(), ..Script::default() };
    let mut stage = Stage::new([("a", busy)]);
    let outcome = stage.run_stopped(&plan(&["a"]), &[1]);
    assert_eq!(outcome.failed[0].1.kind, FaultKind::Busy);
    assert_eq!(stage.clock.elapsed(), Duration::from_secs(1));
}

#[test]
fn a_screen_that_has_gone_does_not_stop_the_run() {
    let mut stage = Stage::new([("a", takes(2))]);
    let outcome = stage.run_unwatched(&plan(&["a", "b: a"]));
    assert!(outcome.is_success());
    assert!(stage.told.is_empty());
    assert!(stage.journal.kept.len() > 5);
}
