//! One step from its first try to its end.

use std::time::Duration;

use berth_core::plan::{Step, StepChange};
use berth_core::ports::{Clock, Hands, Journal, Progress, Started, Ticket};
use berth_core::run::{EventKind, Fault, FaultKind, LeftBehind, Retry};
use jiff::Timestamp;

use crate::pause::Jitter;
use crate::policy::Policy;
use crate::recorder::Recorder;
use crate::stop::{Stop, StopSignal};

/// A step that usually takes as long is looked at more often when it is about to end.
const LONG: Duration = Duration::from_secs(90);

/// What carries one step out.
pub(crate) struct StepRun<'a, H, C, J> {
    pub(crate) step: &'a Step,
    pub(crate) hands: &'a H,
    pub(crate) clock: &'a C,
    pub(crate) recorder: &'a Recorder<'a, C, J>,
    pub(crate) policy: &'a Policy,
    pub(crate) stop: StopSignal,
}

/// What is known of a step when its limit cuts it off.
#[derive(Default)]
struct Memory {
    accepted: Option<Ticket>,
    last_fault: Option<Fault>,
    /// What the last look that went well waited for.
    last_detail: Option<String>,
    calling: bool,
}

impl<H: Hands, C: Clock, J: Journal> StepRun<'_, H, C, J> {
    /// Carries the step out, within its limit; the fault is final.
    pub(crate) async fn carry_out(mut self) -> Result<(), Fault> {
        let limit = Duration::from_secs(self.step.limit_seconds.into());
        let clock = self.clock;
        let mut memory = Memory::default();
        let ended = tokio::select! {
            biased;
            ended = self.start_and_wait(&mut memory) => Some(ended),
            () = clock.sleep(limit) => None,
        };
        ended.unwrap_or_else(|| Err(self.timed_out(memory)))
    }

    async fn start_and_wait(&mut self, memory: &mut Memory) -> Result<(), Fault> {
        let started = EventKind::StepStarted { id: self.step.id.clone(), usual_seconds: self.step.usual_seconds };
        // Nothing may exist in the cloud that the journal has never heard of.
        if let Err(not_kept) = self.recorder.record(started) {
            return Err(not_kept.into_fault(&self.step.title, LeftBehind::Nothing));
        }
        let ticket = match self.start(memory).await? {
            Started::Done => return Ok(()),
            Started::Waiting(ticket) => ticket,
        };
        memory.accepted = Some(ticket.clone());
        // From here on the step is under way; a journal that breaks now stops other work, not the waiting for this one.
        let _ = self
            .recorder
            .record(EventKind::StepAccepted { id: self.step.id.clone(), operation: ticket.operation.clone() });
        self.wait(&ticket, memory).await
    }

    async fn start(&mut self, memory: &mut Memory) -> Result<Started, Fault> {
        let mut jitter = Jitter::of_step(self.policy.jitter_seed, &self.step.id);
        let (mut attempt, mut counted, mut busy) = (0_u32, 0_u32, 0_u32);
        loop {
            memory.calling = true;
            let result = self.hands.start(&self.step.action).await;
            memory.calling = false;
            let fault = match result {
                Ok(started) => return Ok(started),
                Err(fault) => fault,
            };
            attempt += 1;
            let pause = if fault.kind == FaultKind::Busy {
                busy += 1;
                self.policy.busy.after(busy)
            } else {
                counted += 1;
                self.policy.backoff.after(counted)
            };
            let Some(pause) = asked(fault.retry, jitter.shorten(pause)) else { return Err(fault) };
            if counted >= self.policy.tries {
                return Err(fault);
            }
            memory.last_fault = Some(fault.clone());
            if let Err(not_kept) = self.recorder.record(self.retrying(attempt, pause, &fault)) {
                return Err(not_kept.into_fault(&self.step.title, fault.left_behind));
            }
            // A try that has not been accepted is not under way: a run that was asked to stop does not repeat it.
            tokio::select! {
                biased;
                _ = self.stop.above(Stop::No) => return Err(fault),
                () = self.clock.sleep(pause) => {}
            }
        }
    }

    async fn wait(&self, ticket: &Ticket, memory: &mut Memory) -> Result<(), Fault> {
        let began = self.clock.now();
        let mut told = Told { detail: None, at: began };
        let (mut looks, mut failures) = (0_u32, 0_u32);
        loop {
            looks += 1;
            self.clock.sleep(self.pause_before(looks, began)).await;
            match self.hands.poll(ticket).await {
                Ok(Progress::Done) => return Ok(()),
                Ok(Progress::Pending(detail)) => {
                    failures = 0;
                    memory.last_fault = None;
                    memory.last_detail.clone_from(&detail);
                    self.tell_waiting(detail.unwrap_or_else(|| ticket.target.clone()), &mut told);
                }
                Err(fault) => {
                    failures += 1;
                    let pause = self.policy.poll.after(looks + 1);
                    let Some(pause) = asked(fault.retry, pause) else { return Err(fault) };
                    let _ = self.recorder.record(self.retrying(failures, pause, &fault));
                    memory.last_fault = Some(fault);
                    // The next look pauses by itself; only what the other side asks for beyond that is added.
                    self.clock.sleep(pause.saturating_sub(self.policy.poll.after(looks + 1))).await;
                }
            }
        }
    }

    /// The pause before a look: as the policy says, but the shortest around the time at which a long step usually ends, so that what
    /// comes after it does not start late.
    fn pause_before(&self, look: u32, began: Timestamp) -> Duration {
        let pause = self.policy.poll.after(look);
        let usual = Duration::from_secs(self.step.usual_seconds.into());
        let waited = Duration::try_from(self.clock.now().duration_since(began)).unwrap_or_default();
        let is_near = waited + pause > usual * 9 / 10 && waited < usual * 6 / 5;
        if usual >= LONG && is_near { pause.min(self.policy.poll.first) } else { pause }
    }

    fn tell_waiting(&self, detail: String, told: &mut Told) {
        let now = self.clock.now();
        let silent = Duration::try_from(now.duration_since(told.at)).unwrap_or_default();
        if told.detail.as_ref() == Some(&detail) && silent < self.policy.report_every {
            return;
        }
        *told = Told { detail: Some(detail.clone()), at: now };
        let _ = self.recorder.record(EventKind::StepWaiting { id: self.step.id.clone(), detail });
    }

    fn retrying(&self, attempt: u32, pause: Duration, fault: &Fault) -> EventKind {
        let after_seconds = pause.as_secs_f64().ceil() as u64;
        EventKind::StepRetrying { id: self.step.id.clone(), attempt, after_seconds, fault: fault.clone() }
    }

    fn timed_out(&self, memory: Memory) -> Fault {
        let limit = self.step.limit_seconds;
        let said = match (&memory.accepted, &memory.last_fault) {
            (_, Some(fault)) => format!("not finished within {limit} s; last: {fault}"),
            (Some(ticket), None) => match &memory.last_detail {
                Some(detail) => {
                    format!("not finished within {limit} s; still under way: {}; last seen: {detail}", ticket.target)
                }
                None => format!("not finished within {limit} s; {} is still under way", ticket.target),
            },
            (None, None) => format!("no answer within {limit} s"),
        };
        let left_behind = match (memory.accepted, memory.last_fault) {
            (Some(ticket), _) if self.step.change == StepChange::Add => LeftBehind::These(vec![ticket.target]),
            // Cut off between two tries: the last one's own word holds.
            (None, Some(fault)) if !memory.calling => fault.left_behind,
            _ => LeftBehind::Unknown,
        };
        Fault { kind: FaultKind::TimedOut, tried: self.step.title.clone(), said, left_behind, retry: Retry::Never }
    }
}

/// What was last said about a wait, and when.
struct Told {
    detail: Option<String>,
    at: Timestamp,
}

/// The pause that a fault asks for, at least `pause`; `None` when trying again makes no sense.
fn asked(retry: Retry, pause: Duration) -> Option<Duration> {
    match retry {
        Retry::Never => None,
        Retry::Backoff => Some(pause),
        Retry::After(least) => Some(pause.max(least)),
    }
}
