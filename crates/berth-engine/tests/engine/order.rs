use std::num::NonZeroUsize;
use std::time::Duration;

use crate::stage::{Stage, ids, plan, takes};

#[test]
fn a_step_begins_when_all_it_waits_for_is_done() {
    let mut stage = Stage::new([("a", takes(1)), ("b", takes(2)), ("c", takes(1)), ("d", takes(1))]);
    let outcome = stage.run(&plan(&["a", "b", "c: a b", "d: c"]));
    assert!(outcome.is_success());
    let order: Vec<_> =
        stage.lines().into_iter().filter(|line| line.contains("started") || line.contains("done")).collect();
    assert_eq!(
        order,
        ["0 started a", "0 started b", "2 done a", "6 done b", "6 started c", "8 done c", "8 started d", "10 done d"]
    );
}

#[test]
fn no_more_steps_run_at_once_than_the_bound() {
    let names: Vec<String> = (0..20).map(|n| format!("s{n}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    for bound in [1, 3, 8] {
        let mut stage = Stage::new([]);
        stage.policy.concurrency = NonZeroUsize::new(bound).unwrap();
        assert!(stage.run(&plan(&names)).is_success());
        assert_eq!(*stage.hands.most_open.lock().unwrap(), bound);
        let rounds = 20_usize.div_ceil(bound);
        assert_eq!(stage.clock.elapsed(), Duration::from_secs(2 * rounds as u64), "{bound}");
    }
}

#[test]
fn polls_grow_from_two_to_ten_seconds() {
    let mut stage = Stage::new([("a", takes(5))]);
    stage.run(&plan(&["a"]));
    assert_eq!(stage.clock.elapsed(), Duration::from_secs(2 + 4 + 8 + 10 + 10));
}

#[test]
fn a_long_step_is_looked_at_often_when_it_usually_ends() {
    // Looks come each ten seconds, then each two from nine tenths of the usual time to six fifths of it.
    for (looks, seconds) in [(11, 94), (12, 104), (13, 106), (14, 108), (32, 144), (33, 154), (34, 164)] {
        let mut stage = Stage::new([("a", takes(looks))]);
        let mut plan = plan(&["a"]);
        plan.steps[0].usual_seconds = 120;
        stage.run(&plan);
        assert_eq!(stage.clock.elapsed(), Duration::from_secs(seconds), "{looks}");
    }
}

#[test]
fn an_empty_plan_is_a_success_without_calls() {
    let mut stage = Stage::new([]);
    assert!(stage.run(&plan(&[])).is_success());
    assert_eq!(stage.lines(), ["0 run", "0 finished"]);
}

#[test]
fn a_step_that_waits_for_a_stranger_is_skipped_with_a_reason() {
    let mut stage = Stage::new([]);
    let outcome = stage.run(&plan(&["a: nobody", "b"]));
    assert_eq!((ids(&outcome.done), ids(&outcome.skipped)), ("b".to_owned(), "a".to_owned()));
    assert!(
        stage.lines().iter().any(|line| line.ends_with("skipped a: it waits for nobody, which is not in the plan"))
    );
}

#[test]
fn events_are_kept_before_they_are_told_and_in_the_same_order() {
    let mut stage = Stage::new([("a", takes(3))]);
    stage.run(&plan(&["a", "b: a"]));
    assert_eq!(stage.journal.kept, stage.told);
    assert!(stage.told.len() > 8);
}
