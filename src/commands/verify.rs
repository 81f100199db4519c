//! `berth verify`: the GPUs the file promises against those that are allocatable.

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use berth_core::actions::kube::KubeObjectRef;
use berth_core::lint::ManifestFile;
use berth_core::manifests::probe::IMAGE;
use berth_core::manifests::quotas;
use berth_core::manifests::workloads::prepare;
use berth_core::observed::{Observed, ObservedNode, Phase};
use berth_core::plan::StepId;
use berth_core::ports::{Clock, Eyes};
use berth_core::run::{Event, EventKind, Fault};
use berth_core::spec::ClusterSpec;
use berth_core::verify::{Evidence, ProbeRow, Running, Verdict, VerificationReport};
use berth_engine::{Wait, await_until};
use clap::Args;
use jiff::{SignedDuration, Timestamp};
use tokio::sync::mpsc::{self, UnboundedSender};

use crate::commands::ProviderArg;
use crate::failure::{Exit, Failure};
use crate::interrupt::Interrupts;
use crate::settings::Settings;
use crate::spec_file;
use crate::ui::Ui;
use crate::ui::render;
use crate::wiring::{self, Doors};
use crate::{probe, workload_files, workloads};

/// Seconds a GPU usually takes from its node's creation to being allocatable.
const USUAL_SECONDS: u32 = 240;
/// Pause between two looks.
const INTERVAL: Duration = Duration::from_secs(10);
/// What is waited for is said again after this long.
const REPORT_EVERY: SignedDuration = SignedDuration::from_secs(60);

#[derive(Debug, Args)]
pub(crate) struct VerifyArgs {
    /// The spec of the cluster
    #[arg(long, short, value_name = "FILE")]
    file: PathBuf,
    /// Check it for this cloud instead of the one it names
    #[arg(long, value_enum)]
    provider: Option<ProviderArg>,
    /// How long to wait for what is still coming up; 0s looks once
    #[arg(long, value_name = "DURATION", default_value = "0s", value_parser = duration)]
    timeout: Duration,
    /// Also run a pod on every free GPU share at once, look at its GPU, and take them away again
    #[arg(long)]
    probe: bool,
    /// How long the pods of the probe are waited for
    #[arg(long, value_name = "DURATION", default_value = "10m", value_parser = duration)]
    probe_timeout: Duration,
    /// Image of the probe: it has a shell, and libraries that the node's nvidia-smi runs with
    #[arg(long, value_name = "IMAGE", default_value = IMAGE)]
    probe_image: String,
}

/// A duration as people write it: `30m`, `90s`, `1h 30m`.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    let parsed: SignedDuration =
        text.parse().map_err(|_| "not a duration; write for example 90s, 30m or 1h30m".to_owned())?;
    Duration::try_from(parsed).map_err(|_| "a duration cannot be negative".to_owned())
}

pub(crate) async fn run(args: &VerifyArgs, settings: &Settings, ui: &Ui) -> Result<Exit, Failure> {
    let checked = spec_file::load(&args.file, args.provider.map(Into::into), ui)?;
    let promise = Promise::of(&checked.spec, &workload_files::read(&checked.workloads)?)?;
    let doors = wiring::open_for(&checked.spec, settings).await?;
    let verified = verify(args, &promise, &doors, ui).await;
    doors.close().await;
    let (report, probed) = verified?;
    ui.report(&render::verification::json(&report, probed.as_deref()), || {
        let text = render::verification::text(&report);
        let probed = probed.as_deref().map(render::verification::probed);
        [Some(text), probed].into_iter().flatten().collect::<Vec<_>>().join("\n\n")
    });
    let is_proved = probed.iter().flatten().all(|row| row.verdict != Verdict::Failed);
    Ok(if report.is_kept() && is_proved { Exit::Done } else { Exit::Unverified })
}

/// Looks, and then probes if that is wanted.
async fn verify(
    args: &VerifyArgs,
    promise: &Promise<'_>,
    doors: &Doors,
    ui: &Ui,
) -> Result<(VerificationReport, Option<Vec<ProbeRow>>), Failure> {
    let interrupts = Interrupts::listen();
    let report = wait(promise, doors, ui, args.timeout, interrupts.clone()).await?;
    if !args.probe {
        return Ok((report, None));
    }
    let failed = |fault: Fault| doors.reading(&fault);
    let spec = promise.spec;
    let observed = doors.cloud.observe(&spec.name, spec.place.location()).await.map_err(failed)?;
    let nodes = nodes(&observed, doors).await.map_err(failed)?;
    let client = doors.inside(&spec.name, &observed).map_err(failed)?;
    let Some(client) = client else {
        return Err(Failure::new(Exit::Unverified, format!("cluster {} cannot be reached for a probe", spec.name)));
    };
    ui.talk("Probing every free GPU share; the pods are taken away afterwards");
    let wish = probe::Wish { image: &args.probe_image, timeout: args.probe_timeout };
    let rows = probe::run(spec, doors, &client, &nodes, &wish, interrupts).await.map_err(failed)?;
    match rows {
        Some(rows) => Ok((report, Some(rows))),
        None => Err(Failure::new(Exit::Unverified, "the probe was stopped").leaving("its pods were taken away")),
    }
}

/// What is held against the cluster.
pub(crate) struct Promise<'a> {
    spec: &'a ClusterSpec,
    /// What is to run beside its nodes.
    running: Vec<KubeObjectRef>,
    /// A look that was just taken, for the first comparison.
    seen: Mutex<Option<Observed>>,
}

impl<'a> Promise<'a> {
    /// What a spec and the files of its workloads promise; values of Secrets do not matter here.
    pub(crate) fn of(spec: &'a ClusterSpec, files: &[ManifestFile]) -> Result<Self, Failure> {
        let prepared = prepare(&spec.name, files, Vec::new()).map_err(|findings| workloads::refused(&findings))?;
        let running = berth_core::verify::brought_up(spec, &prepared.objects);
        Ok(Self { spec, running, seen: Mutex::default() })
    }

    /// The same, where the cluster was looked at a moment ago; what is inside it is read all the same.
    pub(crate) fn having_seen(self, observed: Observed) -> Self {
        Self { seen: Mutex::new(Some(observed)), ..self }
    }
}

/// Looks until everything is as promised, is hopeless, or the time is up; shows what is waited for.
pub(crate) async fn wait(
    promise: &Promise<'_>,
    doors: &Doors,
    ui: &Ui,
    timeout: Duration,
    mut interrupts: Interrupts,
) -> Result<VerificationReport, Failure> {
    let (events, shown) = mpsc::unbounded_channel();
    let watched = async {
        let mut screen = Screen { events, doors, wanted: !timeout.is_zero(), last: None };
        screen.begin();
        let wait = Wait { limit: timeout, interval: INTERVAL };
        let looks = await_until(
            &doors.clock,
            wait,
            || look(promise, doors),
            |report| {
                screen.waiting(report);
                report.is_settled()
            },
        );
        // Ctrl-C only ends the wait: there is nothing to finish.
        let looked = tokio::select! {
            looked = looks => Some(looked),
            () = interrupts.more_than(0) => None,
        };
        screen.end();
        looked
    };
    let (looked, ()) = tokio::join!(watched, ui.follow(shown, doors.clock.clone()));
    match looked {
        Some(looked) => looked.map_err(|fault| doors.reading(&fault)),
        None => Err(Failure::new(Exit::Unverified, "verification was stopped")),
    }
}

async fn look(promise: &Promise<'_>, doors: &Doors) -> Result<VerificationReport, Fault> {
    let spec = promise.spec;
    let seen = promise.seen.lock().unwrap_or_else(PoisonError::into_inner).take();
    let observed = match seen {
        Some(seen) => seen,
        None => doors.cloud.observe(&spec.name, spec.place.location()).await?,
    };
    let nodes = nodes(&observed, doors).await?;
    let running = match doors.inside(&spec.name, &observed)? {
        Some(client) => Some(running(promise, &client).await?),
        None => None,
    };
    Ok(berth_core::verify::verify(spec, &Evidence { cluster: &observed, nodes: &nodes, running: running.as_ref() }))
}

async fn running(promise: &Promise<'_>, client: &kube::Client) -> Result<Running, Fault> {
    let rollouts = berth_kube::rollouts(client, &promise.running).await?;
    let quotas = match promise.spec.quotas {
        Some(_) => berth_kube::labelled(client, &[("v1", "ResourceQuota")], quotas::SELECTOR).await?,
        None => Vec::new(),
    };
    Ok(Running { rollouts, quotas })
}

/// The nodes of a cluster; none while it has no address.
pub(crate) async fn nodes(observed: &Observed, doors: &Doors) -> Result<Vec<ObservedNode>, Fault> {
    let Some(cluster) = &observed.cluster else { return Ok(Vec::new()) };
    let Some(access) = &cluster.access else { return Ok(Vec::new()) };
    if matches!(cluster.phase, Phase::Creating | Phase::Deleting) {
        return Ok(Vec::new());
    }
    berth_kube::nodes(&doors.kubernetes(access, &cluster.name)?).await
}

/// Shows the wait as one step.
struct Screen<'a> {
    /// Whether there is a wait to show; a single look is not.
    wanted: bool,
    events: UnboundedSender<Event>,
    doors: &'a Doors,
    /// What was said last, and when.
    last: Option<(String, Timestamp)>,
}

impl Screen<'_> {
    fn id() -> StepId {
        StepId("verify".to_owned())
    }

    fn tell(&self, kind: EventKind) {
        if !self.wanted {
            return;
        }
        // A screen that is gone does not stop the wait.
        drop(self.events.send(Event { at: self.doors.clock.now(), kind }));
    }

    fn begin(&self) {
        let steps = vec![(Self::id(), "verify that every promised GPU is allocatable".to_owned())];
        self.tell(EventKind::RunStarted { goal: "verify".to_owned(), steps });
        self.tell(EventKind::StepStarted { id: Self::id(), usual_seconds: USUAL_SECONDS });
    }

    /// Says what is waited for when that changes, and each minute, so that nobody thinks it hangs.
    fn waiting(&mut self, report: &VerificationReport) {
        let Some(detail) = render::verification::waiting(report) else { return };
        let now = self.doors.clock.now();
        let said = |(last, at): &(String, Timestamp)| *last == detail && now.duration_since(*at) < REPORT_EVERY;
        if self.last.as_ref().is_some_and(said) {
            return;
        }
        self.last = Some((detail.clone(), now));
        self.tell(EventKind::StepWaiting { id: Self::id(), detail });
    }

    fn end(&self) {
        self.tell(EventKind::StepDone { id: Self::id() });
    }
}
