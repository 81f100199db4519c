use berth_core::plan::StepId;
use berth_core::run::{EventKind, FaultKind, Outcome};

use crate::stage::{Stage, plan, takes};

fn cut_after(room: usize) -> (Stage, Outcome) {
    let mut stage = Stage::new([("a", takes(2)), ("b", takes(3)), ("c", takes(1))]);
    stage.journal.room = room;
    let outcome = stage.run(&plan(&["a", "b", "c: a", "d: b c"]));
    (stage, outcome)
}

/// The journal is full at each event in turn: whatever the cloud was asked for, the journal has it.
#[test]
fn nothing_is_started_that_the_journal_has_not_heard_of() {
    let (whole, outcome) = cut_after(usize::MAX);
    assert!(outcome.is_success());
    let events = whole.journal.kept.len();
    assert!(events > 12);
    for room in 0..events {
        let (stage, outcome) = cut_after(room);
        let heard: Vec<StepId> = stage
            .journal
            .kept
            .iter()
            .filter_map(|event| match &event.kind {
                EventKind::StepStarted { id, .. } => Some(id.clone()),
                _ => None,
            })
            .collect();
        let asked: Vec<StepId> = stage.hands.starts.lock().unwrap().iter().map(|name| StepId(name.clone())).collect();
        assert_eq!(heard, asked, "cut after {room}");
        assert!(outcome.running.is_empty(), "cut after {room}");
        let journal_faults = outcome.failed.iter().filter(|(_, fault)| fault.kind == FaultKind::Journal).count();
        assert_eq!(journal_faults, outcome.failed.len(), "cut after {room}");
        // What was begun is seen to its end, and unless all was begun, somebody says why not.
        assert_eq!(outcome.done, asked_in_plan_order(&asked), "cut after {room}");
        assert_eq!(outcome.is_success(), asked.len() == 4, "cut after {room}");
        assert_eq!(outcome.done.len() + outcome.failed.len() + outcome.skipped.len(), 4, "cut after {room}");
    }
}

fn asked_in_plan_order(asked: &[StepId]) -> Vec<StepId> {
    let mut asked = asked.to_vec();
    asked.sort();
    asked
}

#[test]
fn the_reason_is_the_journals_own() {
    let (_, outcome) = cut_after(0);
    let fault = &outcome.failed[0].1;
    assert!(fault.to_string().starts_with("create a: cannot write the journal run.jsonl: "), "{fault}");
}
