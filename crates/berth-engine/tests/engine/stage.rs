//! The stage of these tests: a clock, hands and a journal that do what the script says, and nothing else.

use std::collections::{BTreeMap, VecDeque};
use std::future::Future;
use std::io;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use berth_core::actions::Action;
use berth_core::actions::gke::{GkeAction, GkeClusterRef};
use berth_core::plan::{Billing, Impact, Plan, Step, StepChange, StepId};
use berth_core::ports::{Clock, Hands, Journal, JournalError, Progress, Started, Ticket};
use berth_core::run::{Event, EventKind, Fault, FaultKind, LeftBehind, Outcome, Retry};
use berth_engine::{Outside, Policy, Stopper, execute, stop_channel};
use jiff::Timestamp;
use tokio::sync::mpsc;

/// Time that passes only when nothing else can happen.
#[derive(Default)]
pub(crate) struct TestClock {
    now: Mutex<Duration>,
    sleepers: Mutex<Vec<(Duration, Waker)>>,
}

impl TestClock {
    pub(crate) fn elapsed(&self) -> Duration {
        *self.now.lock().unwrap()
    }

    /// Moves to the next moment somebody waits for; false if nobody waits.
    fn advance(&self) -> bool {
        let mut sleepers = self.sleepers.lock().unwrap();
        let Some(next) = sleepers.iter().map(|(at, _)| *at).min() else { return false };
        *self.now.lock().unwrap() = next;
        sleepers.retain(|(at, waker)| {
            if *at <= next {
                waker.wake_by_ref();
            }
            *at > next
        });
        true
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        Timestamp::UNIX_EPOCH + self.elapsed()
    }

    async fn sleep(&self, duration: Duration) {
        let until = self.elapsed() + duration;
        std::future::poll_fn(|context| {
            if self.elapsed() >= until {
                return Poll::Ready(());
            }
            self.sleepers.lock().unwrap().push((until, context.waker().clone()));
            Poll::Pending
        })
        .await;
    }
}

struct Flag(AtomicBool);

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::SeqCst);
    }
}

/// Runs a future to its end, pushing the clock whenever the future can do nothing; panics if it would wait for ever.
pub(crate) fn drive<F: Future>(clock: &TestClock, future: F) -> F::Output {
    let mut future = pin!(future);
    let flag = Arc::new(Flag(AtomicBool::new(false)));
    let waker = Waker::from(Arc::clone(&flag));
    for _ in 0..1_000_000 {
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return output;
        }
        if !flag.0.swap(false, Ordering::SeqCst) {
            assert!(clock.advance(), "waits for ever at {:?}", clock.elapsed());
        }
    }
    panic!("does not end");
}

/// What the cloud does with one step, in turn; the last word of each list is repeated.
#[derive(Default, Clone)]
pub(crate) struct Script {
    pub(crate) start: VecDeque<Answer<Started>>,
    pub(crate) poll: VecDeque<Answer<Progress>>,
}

#[derive(Clone)]
pub(crate) enum Answer<T> {
    Says(Result<T, Fault>),
    Hangs,
}

/// A step that takes this many looks to be done.
pub(crate) fn takes(looks: usize) -> Script {
    let mut poll: VecDeque<_> = (1..looks).map(|_| Answer::Says(Ok(Progress::Pending(None)))).collect();
    poll.push_back(Answer::Says(Ok(Progress::Done)));
    Script { start: VecDeque::new(), poll }
}

/// Hands that follow a script per step; the step's name is the cluster name of its action.
#[derive(Default)]
pub(crate) struct TestHands {
    scripts: Mutex<BTreeMap<String, Script>>,
    pub(crate) starts: Mutex<Vec<String>>,
    open: Mutex<usize>,
    pub(crate) most_open: Mutex<usize>,
}

impl TestHands {
    fn next<T: Clone>(queue: &mut VecDeque<Answer<T>>, otherwise: T) -> Answer<T> {
        match queue.len() {
            0 => Answer::Says(Ok(otherwise)),
            1 => queue[0].clone(),
            _ => queue.pop_front().unwrap(),
        }
    }

    async fn give<T>(answer: Answer<T>) -> Result<T, Fault> {
        match answer {
            Answer::Says(result) => result,
            Answer::Hangs => std::future::pending().await,
        }
    }
}

impl Hands for TestHands {
    async fn start(&self, action: &Action) -> Result<Started, Fault> {
        let Action::Gke(GkeAction::DeleteCluster { cluster }) = action else { panic!("not an action of these tests") };
        let name = cluster.name.clone();
        self.starts.lock().unwrap().push(name.clone());
        let waiting = Started::Waiting(Ticket { operation: name.clone(), target: format!("pool {name}") });
        let answer = Self::next(&mut self.scripts.lock().unwrap().entry(name).or_default().start, waiting);
        let started = Self::give(answer).await;
        if matches!(started, Ok(Started::Waiting(_))) {
            let mut open = self.open.lock().unwrap();
            *open += 1;
            let mut most = self.most_open.lock().unwrap();
            *most = (*most).max(*open);
        }
        started
    }

    async fn poll(&self, ticket: &Ticket) -> Result<Progress, Fault> {
        let name = ticket.operation.clone();
        let answer = Self::next(&mut self.scripts.lock().unwrap().entry(name).or_default().poll, Progress::Done);
        let progress = Self::give(answer).await;
        if matches!(progress, Ok(Progress::Done)) {
            *self.open.lock().unwrap() -= 1;
        }
        progress
    }
}

/// Keeps events until it is full.
pub(crate) struct TestJournal {
    pub(crate) kept: Vec<Event>,
    pub(crate) room: usize,
}

impl Journal for TestJournal {
    fn record(&mut self, event: &Event) -> Result<(), JournalError> {
        if self.kept.len() == self.room {
            let source = io::Error::from(io::ErrorKind::StorageFull);
            return Err(JournalError { path: "run.jsonl".to_owned(), source });
        }
        self.kept.push(event.clone());
        Ok(())
    }
}

/// A test run: set up, go, look.
pub(crate) struct Stage {
    pub(crate) clock: TestClock,
    pub(crate) hands: TestHands,
    pub(crate) journal: TestJournal,
    pub(crate) policy: Policy,
    pub(crate) told: Vec<Event>,
}

impl Stage {
    pub(crate) fn new<const N: usize>(scripts: [(&str, Script); N]) -> Self {
        let hands = TestHands::default();
        *hands.scripts.lock().unwrap() = scripts.map(|(name, script)| (name.to_owned(), script)).into();
        let journal = TestJournal { kept: Vec::new(), room: usize::MAX };
        Self { clock: TestClock::default(), hands, journal, policy: Policy::default(), told: Vec::new() }
    }

    pub(crate) fn run(&mut self, plan: &Plan) -> Outcome {
        self.run_stopped(plan, &[])
    }

    /// The run with a stop asked for at these times: first to finish, then to leave.
    pub(crate) fn run_stopped(&mut self, plan: &Plan, at_seconds: &[u64]) -> Outcome {
        let (events, mut told) = mpsc::unbounded_channel();
        let outcome = self.run_told_to(plan, at_seconds, events);
        while let Ok(event) = told.try_recv() {
            self.told.push(event);
        }
        outcome
    }

    /// The run with nobody at the other end of the channel.
    pub(crate) fn run_unwatched(&mut self, plan: &Plan) -> Outcome {
        let (events, _) = mpsc::unbounded_channel();
        self.run_told_to(plan, &[], events)
    }

    fn run_told_to(&mut self, plan: &Plan, at_seconds: &[u64], events: mpsc::UnboundedSender<Event>) -> Outcome {
        let Self { clock, hands, journal, policy, .. } = self;
        let (stopper, stop) = stop_channel();
        let outside = Outside { hands, clock, journal, events, stop };
        let run = execute("test", plan, outside, policy);
        drive(clock, async {
            tokio::select! {
                biased;
                outcome = run => outcome,
                () = press(clock, &stopper, at_seconds) => unreachable!(),
            }
        })
    }

    /// What was told, one line per event: second, event, step, the rest.
    pub(crate) fn lines(&self) -> Vec<String> {
        self.told.iter().map(line).collect()
    }
}

async fn press(clock: &TestClock, stopper: &Stopper, at_seconds: &[u64]) {
    for (press, at) in at_seconds.iter().enumerate() {
        clock.sleep(Duration::from_secs(*at).saturating_sub(clock.elapsed())).await;
        if press == 0 { stopper.finish() } else { stopper.leave() }
    }
    std::future::pending().await
}

fn line(event: &Event) -> String {
    let at = event.at.as_second();
    match &event.kind {
        EventKind::RunStarted { .. } => format!("{at} run"),
        EventKind::StepStarted { id, .. } => format!("{at} started {id}"),
        EventKind::StepAccepted { id, .. } => format!("{at} accepted {id}"),
        EventKind::StepWaiting { id, detail } => format!("{at} waiting {id}: {detail}"),
        EventKind::StepRetrying { id, attempt, after_seconds, fault } => {
            format!("{at} retrying {id}: {attempt} in {after_seconds} s, {}", fault.said)
        }
        EventKind::StepDone { id } => format!("{at} done {id}"),
        EventKind::StepFailed { id, fault } => format!("{at} failed {id}: {:?} {}", fault.kind, fault.said),
        EventKind::StepSkipped { id, because } => format!("{at} skipped {id}: {because}"),
        EventKind::Stopping => format!("{at} stopping"),
        EventKind::RunFinished { .. } => format!("{at} finished"),
    }
}

/// A plan of steps `name` or `name: a b`, which waits for `a` and `b`.
pub(crate) fn plan(steps: &[&str]) -> Plan {
    Plan { steps: steps.iter().map(|text| step(text)).collect(), notes: Vec::new() }
}

fn step(text: &str) -> Step {
    let (name, after) = text.split_once(": ").unwrap_or((text, ""));
    let cluster = GkeClusterRef { project: "p".to_owned(), location: "l".to_owned(), name: name.to_owned() };
    Step {
        id: id(name),
        title: format!("create {name}"),
        why: String::new(),
        details: Vec::new(),
        change: StepChange::Add,
        impact: Impact::InPlace,
        billing: Billing::Unchanged,
        after: after.split_whitespace().map(id).collect(),
        usual_seconds: 60,
        limit_seconds: 600,
        action: Action::Gke(GkeAction::DeleteCluster { cluster }),
    }
}

pub(crate) fn id(name: &str) -> StepId {
    StepId(name.to_owned())
}

pub(crate) fn ids(ids: &[StepId]) -> String {
    ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
}

pub(crate) fn fault(kind: FaultKind, retry: Retry) -> Fault {
    Fault { kind, tried: "try".to_owned(), said: format!("{kind:?}"), left_behind: LeftBehind::Nothing, retry }
}

/// An answer that fails.
pub(crate) fn fails<T>(kind: FaultKind, retry: Retry) -> Answer<T> {
    Answer::Says(Err(fault(kind, retry)))
}
