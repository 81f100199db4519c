use std::time::Duration;

use berth_core::plan::StepChange;
use berth_core::ports::Progress;
use berth_core::run::{FaultKind, LeftBehind, Retry};

use crate::stage::{Answer, Script, Stage, fails, ids, plan, takes};

fn never_done() -> Script {
    Script { poll: [Answer::Says(Ok(Progress::Pending(None)))].into(), ..Script::default() }
}

#[test]
fn a_failed_step_takes_down_only_what_waits_for_it() {
    let refused = Script { start: [fails(FaultKind::Stockout, Retry::Never)].into(), ..Script::default() };
    let mut stage = Stage::new([("v100", refused), ("a100", takes(6))]);
    let outcome = stage.run(&plan(&["v100", "a100", "label: v100", "more: label", "last: a100"]));
    assert_eq!(ids(&outcome.done), "a100 last");
    assert_eq!(ids(&outcome.skipped), "label more");
    assert_eq!(outcome.failed.len(), 1);
    assert!(outcome.running.is_empty());
    let lines = stage.lines();
    assert!(lines.contains(&"0 skipped label: v100 failed".to_owned()), "{lines:#?}");
    assert!(lines.contains(&"0 skipped more: label was skipped".to_owned()), "{lines:#?}");
}

#[test]
fn what_is_not_done_within_its_limit_is_left_behind_by_name() {
    let mut stage = Stage::new([("a", never_done())]);
    let outcome = stage.run(&plan(&["a", "b: a"]));
    let fault = &outcome.failed[0].1;
    assert_eq!(fault.kind, FaultKind::TimedOut);
    assert_eq!(fault.left_behind, LeftBehind::These(vec!["pool a".to_owned()]));
    assert_eq!(fault.to_string(), "create a: not finished within 600 s; pool a is still under way");
    assert_eq!(stage.clock.elapsed(), Duration::from_secs(600));
    assert_eq!(ids(&outcome.skipped), "b");
}

#[test]
fn a_change_that_is_not_done_leaves_nobody_knows_what() {
    let mut plan = plan(&["a"]);
    plan.steps[0].change = StepChange::Change;
    let outcome = Stage::new([("a", never_done())]).run(&plan);
    assert_eq!(outcome.failed[0].1.left_behind, LeftBehind::Unknown);
}

#[test]
fn a_call_without_an_answer_ends_at_the_limit() {
    let silent = Script { start: [Answer::Hangs].into(), ..Script::default() };
    let mut stage = Stage::new([("a", silent)]);
    let fault = stage.run(&plan(&["a"])).failed.remove(0).1;
    assert_eq!((fault.kind, fault.left_behind), (FaultKind::TimedOut, LeftBehind::Unknown));
    assert_eq!(fault.said, "no answer within 600 s");
}

#[test]
fn a_look_without_an_answer_ends_at_the_limit() {
    let silent = Script { poll: [Answer::Hangs].into(), ..Script::default() };
    let mut stage = Stage::new([("a", silent)]);
    assert_eq!(stage.run(&plan(&["a"])).failed[0].1.kind, FaultKind::TimedOut);
    assert_eq!(stage.clock.elapsed(), Duration::from_secs(600));
}

#[test]
fn a_wait_is_told_when_it_changes_and_each_minute() {
    let mut poll: Vec<_> = ["PENDING", "RUNNING"]
        .iter()
        .map(|word| Answer::Says(Ok(Progress::Pending(Some((*word).to_owned())))))
        .collect();
    poll.extend(vec![Answer::Says(Ok(Progress::Pending(Some("RUNNING".to_owned())))); 15]);
    poll.push(Answer::Says(Ok(Progress::Done)));
    let mut stage = Stage::new([("a", Script { poll: poll.into(), ..Script::default() })]);
    stage.run(&plan(&["a"]));
    let waiting: Vec<_> = stage.lines().into_iter().filter(|line| line.contains("waiting")).collect();
    assert_eq!(
        waiting,
        ["2 waiting a: PENDING", "6 waiting a: RUNNING", "74 waiting a: RUNNING", "134 waiting a: RUNNING"]
    );
}
