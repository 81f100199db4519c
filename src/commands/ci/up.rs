//! `berth ci up`: an environment with an end, made or joined, proved, and told to the steps that follow.

use std::path::{Path, PathBuf};
use std::time::Duration;

use berth_core::lease::Lease;
use berth_core::observed::Observed;
use berth_core::ports::Clock;
use berth_core::spec::{Checked, CloudSpec};
use berth_core::verify::VerificationReport;
use clap::{Args, ValueEnum};

use super::terms::TermsArgs;
use super::told::{self, Told};
use super::{down, namespace};
use crate::commands::cost::{Forecast, PricesArgs, SpendingArgs};
use crate::commands::create::{Making, Settled, converge, standing_words};
use crate::commands::destroy::{Agreed, take_away};
use crate::commands::plan::{self, MeantArgs, Wanted, WishArgs};
use crate::commands::{ProviderArg, kubeconfig, verify};
use crate::failure::{Exit, Failure};
use crate::interrupt::Interrupts;
use crate::run::{Manners, Work};
use crate::settings::{Job, Settings};
use crate::spec_file;
use crate::ui::Ui;
use crate::wiring::{self, ClusterAt, Doors};

#[derive(Debug, Args)]
pub(crate) struct UpArgs {
    /// The spec of the cluster; for a namespace one with `provider: existing`, if --on does not name the cluster
    #[arg(long, short, value_name = "FILE")]
    pub(super) file: Option<PathBuf>,
    /// Use this cloud instead of the one the file names
    #[arg(long, value_enum)]
    provider: Option<ProviderArg>,
    #[command(flatten)]
    pub(super) terms: TermsArgs,
    /// A cluster of its own, or a namespace on a cluster that stands
    #[arg(long, value_enum, default_value_t = Mode::Cluster)]
    mode: Mode,
    #[command(flatten)]
    pub(super) namespace: namespace::NamespaceArgs,
    /// What becomes of what this run has made when it fails or is cancelled
    #[arg(long, value_enum, default_value_t = OnFailure::Destroy)]
    on_failure: OnFailure,
    #[command(flatten)]
    prices: PricesArgs,
    #[command(flatten)]
    spending: SpendingArgs,
    /// Where to write the kubeconfig; without it into berth's own folder
    #[arg(long, value_name = "PATH")]
    pub(super) kubeconfig: Option<PathBuf>,
    /// Also write the outputs as NAME=VALUE lines, for GitLab's dotenv reports
    #[arg(long, value_name = "PATH")]
    pub(super) dotenv: Option<PathBuf>,
    /// Write nothing but `export` lines to standard output, for a shell's eval
    #[arg(long)]
    pub(super) export: bool,
    /// How long to wait for every GPU to be allocatable
    #[arg(long, value_name = "DURATION", default_value = "30m", value_parser = verify::duration)]
    verify_timeout: Duration,
    /// Do not check credentials, quotas and zones first
    #[arg(long)]
    skip_preflight: bool,
}

impl UpArgs {
    /// The cloud that is asked for.
    pub(super) fn provider(&self) -> Option<ProviderArg> {
        self.provider
    }
}

/// What an environment is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Mode {
    /// A cluster of its own: minutes
    Cluster,
    /// A namespace on a cluster that stands: seconds
    Namespace,
}

/// What becomes of what a failed run has made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum OnFailure {
    /// It is taken away; when the run is cancelled it is marked dying, and `berth gc` takes it away
    Destroy,
    /// It stays until its end
    Keep,
}

pub(crate) async fn run(args: &UpArgs, settings: &Settings, ui: &Ui) -> Result<Exit, Failure> {
    let job = Job::read();
    match (args.mode, &args.file) {
        (Mode::Namespace, _) if args.spending.budget.given().is_some() || args.prices.are_given() => {
            Err(Failure::refused("budgets and prices are of clusters, and a namespace buys no machines")
                .hint("limit it with --cpu, --memory-gib, --pods and --gpus"))
        }
        (Mode::Namespace, _) => namespace::up(args, &job, settings, ui).await,
        (Mode::Cluster, Some(file)) => cluster(args, file, &job, settings, ui).await,
        (Mode::Cluster, None) => Err(Failure::refused("a cluster is made from a file").hint("name it with --file")),
    }
}

async fn cluster(args: &UpArgs, file: &Path, job: &Job, settings: &Settings, ui: &Ui) -> Result<Exit, Failure> {
    let checked = spec_file::load(file, args.provider.map(Into::into), ui)?;
    if matches!(checked.spec.cloud, CloudSpec::Existing(_)) {
        return Err(Failure::refused("a cluster that stands already is not leased as a whole")
            .hint("lease a namespace of it with --mode namespace"));
    }
    let prices = args.prices.read(&[&checked.spec], settings, ui).await?;
    let forecast = Forecast::of(&checked, args.spending.budget, prices);
    if let Some(forecast) = &forecast {
        forecast.keep_budget(args.spending.over_budget, ui)?;
    }
    let doors = wiring::open_for(&checked.spec, settings).await?;
    let manners = if args.on_failure == OnFailure::Destroy { Manners::Leave } else { Manners::Finish };
    let work = Work { doors: &doors, settings, ui, interrupts: Interrupts::listen(), manners };
    let result = leased(args, file, (checked, forecast), job, &work).await;
    doors.close().await;
    result
}

async fn leased(
    args: &UpArgs,
    file: &Path,
    (checked, forecast): (Checked, Option<Forecast>),
    job: &Job,
    work: &Work<'_>,
) -> Result<Exit, Failure> {
    let lease = args.terms.lease(job, work.doors.clock.now())?;
    let mine = lease.clone();
    let wish = WishArgs {
        file: file.to_owned(),
        meant: MeantArgs {
            provider: args.provider,
            adopt: false,
            force_conflicts: false,
            skip_preflight: args.skip_preflight,
        },
        prices: args.prices.clone(),
        budget: args.spending.budget,
    };
    let wanted = Wanted::leased(&wish, checked, forecast, lease, work.ui)?;
    let at = wiring::cluster_at(wanted.spec(), work.doors);
    work.ui.talk(&format!("{}: cluster {} ({})", args.terms.id, at.name, at.words()));
    let seen = plan::look(work.doors, wanted.spec()).await?;
    let is_joining = seen.cluster.is_some() || !seen.around.parts.is_empty();
    match bring_up(args, &wanted, &at, work).await {
        Ok(environment) => {
            let cost = told::cost(&at, work).await;
            told::tell(&Told { cost, ..environment.told(args, &at, job) }, work.ui)
        }
        Err(failure) if failure.exit == Exit::Refused => Err(failure),
        Err(failure) if is_joining => Err(failure.hint(format!(
            "it was there before this run, so it stays until its end:\n    {}",
            take_away_command(args, work)
        ))),
        Err(failure) => Err(give_up(args, failure, &mine, &at, work).await),
    }
}

/// An environment that is up.
struct Environment {
    lease: Lease,
    kubeconfig: PathBuf,
    report: VerificationReport,
    changed: bool,
}

impl Environment {
    fn told<'a>(&'a self, args: &'a UpArgs, at: &'a ClusterAt, job: &'a Job) -> Told<'a> {
        Told {
            lease: &self.lease,
            at,
            namespace: None,
            kubeconfig: &self.kubeconfig,
            report: Some(&self.report),
            cost: None,
            changed: self.changed,
            job,
            dotenv: args.dotenv.as_deref(),
            export: args.export,
        }
    }
}

/// Makes it be there, writes its kubeconfig, and proves it.
async fn bring_up(args: &UpArgs, wanted: &Wanted<'_>, at: &ClusterAt, work: &Work<'_>) -> Result<Environment, Failure> {
    let Work { doors, settings, ui, interrupts, .. } = work;
    let spec = wanted.spec();
    let promise = verify::Promise::of(spec, wanted.filling.files())?;
    let making = Making { wanted, yes: true, allow_recreate: false, take_away: take_away_command(args, work) };
    let Settled { changed, observed } = converge(&making, None, work).await?;
    let billed = standing_words(spec);
    let stands = |failure: Failure| failure.after_spending(&billed);
    let lease = lease_of(&observed, at).map_err(stands)?;
    let kubeconfig = write_kubeconfig(args, &observed, at, doors, settings).map_err(stands)?;
    let promise = promise.having_seen(observed);
    let report = verify::wait(&promise, doors, ui, args.verify_timeout, interrupts.clone())
        .await
        .map_err(|failure| Failure { exit: Exit::Unverified, ..failure }.leaving(&billed))?;
    if report.is_kept() {
        return Ok(Environment { lease, kubeconfig, report, changed });
    }
    ui.note(&crate::ui::render::verification::text(&report));
    Err(Failure::new(Exit::Unverified, format!("cluster {} does not keep what the file promises", spec.name))
        .leaving(billed))
}

fn lease_of(observed: &Observed, at: &ClusterAt) -> Result<Lease, Failure> {
    let labels = observed.cluster.as_ref().map(|cluster| &cluster.labels);
    crate::tenancy::read(&at.name, labels.and_then(Lease::read))
}

fn write_kubeconfig(
    args: &UpArgs,
    observed: &Observed,
    at: &ClusterAt,
    doors: &Doors,
    settings: &Settings,
) -> Result<PathBuf, Failure> {
    let access = observed.cluster.as_ref().and_then(|cluster| cluster.access.as_ref());
    let access = access.ok_or_else(|| Failure::refused(format!("cluster {} has no address yet", at.name)))?;
    match &args.kubeconfig {
        None => kubeconfig::write(at, access, doors, settings, false),
        Some(path) => {
            // The steps that follow may run in another folder.
            let path = std::path::absolute(path)
                .map_err(|error| Failure::refused("cannot write the kubeconfig").because(error))?;
            kubeconfig::write_to(&path, at, access, doors, settings)?;
            Ok(path)
        }
    }
}

/// The command that takes it away.
fn take_away_command(args: &UpArgs, work: &Work<'_>) -> String {
    let file = args.file.as_ref().map(|file| format!(" -f {}", file.display())).unwrap_or_default();
    let provider =
        args.provider.map(|provider| format!(" --provider {}", berth_core::spec::Provider::from(provider).as_str()));
    format!("berth ci down --id {}{file}{}{}", args.terms.id, provider.unwrap_or_default(), work.settings.flags())
}

/// What becomes of an environment that this run has made and that is not to be used.
async fn give_up(args: &UpArgs, failure: Failure, mine: &Lease, at: &ClusterAt, work: &Work<'_>) -> Failure {
    if args.on_failure == OnFailure::Keep {
        return failure
            .hint(format!("it stays until its end; or take it away:\n    {}", take_away_command(args, work)));
    }
    if !work.interrupts.any() {
        work.ui.talk(&format!("Taking cluster {} away again, as --on-failure says", at.name));
        let still = |observed: &Observed| {
            let labels = observed.cluster.as_ref().map(|cluster| &cluster.labels);
            match labels.and_then(Lease::read) {
                Some(Ok(lease)) if !down::is_of_one_run(&lease, mine) => Err(Failure::refused(down::JOINED)),
                _ => Ok(()),
            }
        };
        let agreed = Agreed { yes: true, adopt: false, with_volumes: true, still: Some(&still) };
        match take_away(agreed, at, work).await {
            Ok(_) => {
                let failure = Failure { exit: Exit::FailedClean, hints: Vec::new(), ..failure };
                return failure.leaving("nothing is left in the cloud: it was taken away again");
            }
            Err(other) => {
                work.ui.warning(&format!(
                    "it could not be taken away now: {} ({})",
                    other.message,
                    other.causes.join("; ")
                ));
            }
        }
    }
    let failure = Failure { exit: Exit::FailedRunning, hints: Vec::new(), ..failure };
    down::marked_words(failure, down::mark_dying(at, Some(mine), work).await, at)
        .hint(format!("`berth gc` takes it away; or at once:\n    {}", take_away_command(args, work)))
}
