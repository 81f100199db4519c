//! The run: which steps may begin, and what the end of one means for the others.

use berth_core::plan::{Plan, Step, StepId};
use berth_core::ports::{Clock, Hands, Journal};
use berth_core::run::{Event, EventKind, Fault, Outcome};
use futures::FutureExt;
use futures::future::BoxFuture;
use futures::stream::{FuturesUnordered, StreamExt};
use tokio::sync::mpsc::UnboundedSender;

use crate::policy::Policy;
use crate::recorder::Recorder;
use crate::step::StepRun;
use crate::stop::{Stop, StopSignal};

/// All that a run touches outside of the plan.
pub struct Outside<'a, H, C, J> {
    /// Changes the cloud.
    pub hands: &'a H,
    /// Tells and passes the time.
    pub clock: &'a C,
    /// Keeps each event before it is told.
    pub journal: &'a mut J,
    /// Gets each event; a receiver that has gone does not stop the run.
    pub events: UnboundedSender<Event>,
    /// Asks the run to stop.
    pub stop: StopSignal,
}

/// Carries a plan out and says how it ended; `goal` is the run's name in the journal, such as `create NAME`.
///
/// Each step begins as soon as all steps it waits for are complete, up to the policy's bound at a time.
/// A step that fails for good takes down only the steps that wait for it.
/// Asked to stop once, the run finishes what the cloud works on; asked twice, it returns at once and names it as running.
/// When an event cannot be kept no further call is issued: the steps that would begin next fail with `FaultKind::Journal`.
/// If all had begun by then, they are seen to their end and only the journal lacks it.
pub async fn execute<H, C, J>(goal: &str, plan: &Plan, outside: Outside<'_, H, C, J>, policy: &Policy) -> Outcome
where
    H: Hands,
    C: Clock,
    J: Journal,
{
    let Outside { hands, clock, journal, events, mut stop } = outside;
    let recorder = Recorder::new(clock, journal, events);
    let mut board = Board::new(&plan.steps);
    // An event that is not kept here makes the first step fail, which says so.
    let _ = recorder.record(EventKind::RunStarted { goal: goal.to_owned(), steps: titles(plan) });
    let mut running = FuturesUnordered::new();
    let mut level = stop.level();
    loop {
        while level == Stop::No
            && running.len() < policy.concurrency.get()
            && let Some(index) = board.begin_next()
        {
            let run =
                StepRun { step: &plan.steps[index], hands, clock, recorder: &recorder, policy, stop: stop.clone() };
            running.push(one(index, run));
        }
        if running.is_empty() || level == Stop::Leave {
            break;
        }
        tokio::select! {
            biased;
            risen = stop.above(level) => {
                level = risen;
                let _ = recorder.record(EventKind::Stopping);
            }
            Some((index, ended)) = running.next() => {
                for event in board.end(index, ended) {
                    let _ = recorder.record(event);
                }
            }
        }
    }
    drop(running);
    for event in board.skip_rest() {
        let _ = recorder.record(event);
    }
    let outcome = board.outcome();
    let _ = recorder.record(EventKind::RunFinished { outcome: outcome.clone() });
    outcome
}

fn one<'a, H, C, J>(index: usize, run: StepRun<'a, H, C, J>) -> BoxFuture<'a, (usize, Result<(), Fault>)>
where
    H: Hands,
    C: Clock,
    J: Journal,
{
    run.carry_out().map(move |ended| (index, ended)).boxed()
}

fn titles(plan: &Plan) -> Vec<(StepId, String)> {
    plan.steps.iter().map(|step| (step.id.clone(), step.title.clone())).collect()
}

/// Where each step of a run stands.
struct Board<'a> {
    steps: &'a [Step],
    stages: Vec<Stage>,
}

enum Stage {
    Waiting,
    Running,
    Done,
    Failed(Fault),
    Skipped,
}

impl<'a> Board<'a> {
    fn new(steps: &'a [Step]) -> Self {
        Self { steps, stages: steps.iter().map(|_| Stage::Waiting).collect() }
    }

    /// Takes the first step of the plan that may begin.
    fn begin_next(&mut self) -> Option<usize> {
        let ready = |index: &usize| {
            matches!(self.stages[*index], Stage::Waiting)
                && self.steps[*index].after.iter().all(|id| matches!(self.stage(id), Some(Stage::Done)))
        };
        let index = (0..self.steps.len()).find(ready)?;
        self.stages[index] = Stage::Running;
        Some(index)
    }

    /// Notes how a step ended, and gives what is to be told: its own end and the steps it takes down.
    fn end(&mut self, index: usize, ended: Result<(), Fault>) -> Vec<EventKind> {
        let id = self.steps[index].id.clone();
        match ended {
            Ok(()) => {
                self.stages[index] = Stage::Done;
                vec![EventKind::StepDone { id }]
            }
            Err(fault) => {
                self.stages[index] = Stage::Failed(fault.clone());
                let mut events = vec![EventKind::StepFailed { id, fault }];
                self.skip_blocked(&mut events);
                events
            }
        }
    }

    /// Skips every step that waits for a failed or skipped one; one pass is enough, as a plan is in order.
    fn skip_blocked(&mut self, events: &mut Vec<EventKind>) {
        for index in 0..self.steps.len() {
            if !matches!(self.stages[index], Stage::Waiting) {
                continue;
            }
            let because = self.steps[index].after.iter().find_map(|id| match self.stage(id) {
                Some(Stage::Failed(_)) => Some(format!("{id} failed")),
                Some(Stage::Skipped) => Some(format!("{id} was skipped")),
                _ => None,
            });
            if let Some(because) = because {
                events.push(self.skip(index, because));
            }
        }
    }

    /// Skips what never began; called when nothing runs any more or the run is left.
    fn skip_rest(&mut self) -> Vec<EventKind> {
        let mut events = Vec::new();
        for index in 0..self.steps.len() {
            if matches!(self.stages[index], Stage::Waiting) {
                let missing = self.steps[index].after.iter().find(|id| self.stage(id).is_none());
                let because = match missing {
                    Some(id) => format!("it waits for {id}, which is not in the plan"),
                    None => "the run was asked to stop".to_owned(),
                };
                events.push(self.skip(index, because));
            }
        }
        events
    }

    fn skip(&mut self, index: usize, because: String) -> EventKind {
        self.stages[index] = Stage::Skipped;
        EventKind::StepSkipped { id: self.steps[index].id.clone(), because }
    }

    fn stage(&self, id: &StepId) -> Option<&Stage> {
        let index = self.steps.iter().position(|step| step.id == *id)?;
        Some(&self.stages[index])
    }

    fn outcome(self) -> Outcome {
        let mut outcome = Outcome { done: Vec::new(), failed: Vec::new(), skipped: Vec::new(), running: Vec::new() };
        for (step, stage) in self.steps.iter().zip(self.stages) {
            let id = step.id.clone();
            match stage {
                Stage::Done => outcome.done.push(id),
                Stage::Failed(fault) => outcome.failed.push((id, fault)),
                Stage::Running => outcome.running.push(id),
                Stage::Waiting | Stage::Skipped => outcome.skipped.push(id),
            }
        }
        outcome
    }
}
