//! `berth ci` with `--mode namespace`: an environment in seconds, on a cluster that stands.

mod search;
mod standing;
mod sweep;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use berth_core::actions::Action;
use berth_core::actions::kube::{KubeAction, KubeObjectRef, Manifest};
use berth_core::lease::namespace::{self, NamespaceLimits};
use berth_core::lease::{Joined, Lease, Standing as There, join};
use berth_core::plan::{Billing, Impact, Plan, Step, StepChange, StepId};
use berth_core::ports::Clock;
use clap::Args;
use jiff::Timestamp;
use serde_json::Value;

pub(super) use self::search::search;
pub(crate) use self::standing::Standing;
pub(crate) use self::sweep::{collect, down, extend, rows};
use super::told::{self, Told};
use super::up::UpArgs;
use crate::failure::{Exit, Failure};
use crate::home::make_private;
use crate::interrupt::Interrupts;
use crate::run::{Manners, Work, explain};
use crate::settings::{Job, Settings, kubectl_files};
use crate::ui::Ui;

/// Kubernetes gives no token for less.
const TOKEN_SECONDS_LEAST: u64 = 600;
/// How long a namespace of the same name that is going is waited for, and the pause between two looks.
const GOING_LIMIT: Duration = Duration::from_secs(120);
const GOING_PAUSE: Duration = Duration::from_secs(2);
/// An API server answers at once; a quota is in force when its controller has seen it.
const USUAL_SECONDS: u32 = 5;
const LIMIT_SECONDS: u32 = 900;

/// What a namespace may take, and where it is.
#[derive(Debug, Args)]
pub(crate) struct NamespaceArgs {
    /// The standing cluster for --mode namespace: a context, a file, or the name of a cluster of berth's
    #[arg(long, value_name = "CLUSTER")]
    pub(super) on: Option<String>,
    /// Cores the namespace may take
    #[arg(long, value_name = "CORES", default_value_t = 8)]
    cpu: u32,
    /// Memory the namespace may take, in GiB
    #[arg(long, value_name = "GIB", default_value_t = 32)]
    memory_gib: u32,
    /// Pods the namespace may run
    #[arg(long, value_name = "N", default_value_t = 50)]
    pods: u32,
    /// GPUs the namespace may take, or shares of GPUs where the cluster shares them
    #[arg(long, value_name = "N", default_value_t = 1)]
    gpus: u32,
}

impl NamespaceArgs {
    fn limits(&self) -> NamespaceLimits {
        NamespaceLimits {
            cpu_millis: u64::from(self.cpu) * 1000,
            memory_mib: u64::from(self.memory_gib) * 1024,
            pods: self.pods,
            gpus: self.gpus.into(),
        }
    }
}

/// Makes a leased namespace, or joins it, and gives a kubeconfig that reaches nothing else.
pub(super) async fn up(args: &UpArgs, job: &Job, settings: &Settings, ui: &Ui) -> Result<Exit, Failure> {
    let file = args.file.as_ref().map(|file| file.display().to_string());
    let on = args.namespace.on.clone().or(file).ok_or_else(|| {
        Failure::refused("a namespace needs a cluster that stands").hint("name it with --on, or by its file with -f")
    })?;
    let standing = Standing::open(&on, args.provider(), settings, ui).await?;
    let work =
        Work { doors: &standing.doors, settings, ui, interrupts: Interrupts::listen(), manners: Manners::Finish };
    let result = bring_up(args, job, &standing, &work).await;
    standing.doors.close().await;
    result
}

async fn bring_up(args: &UpArgs, job: &Job, standing: &Standing, work: &Work<'_>) -> Result<Exit, Failure> {
    let began = Instant::now();
    let reading = |fault| standing.doors.reading(&fault);
    let wanted = args.terms.lease(job, work.doors.clock.now())?;
    let lease = claim(standing, &wanted, work).await?;
    let name = namespace::name(&lease.id);
    let offered = standing.gpu_resources().await.map_err(reading)?;
    let gpu_resources: Vec<&str> = offered.iter().map(String::as_str).collect();
    let objects = namespace::objects(&lease, args.namespace.limits(), &gpu_resources);
    let apply = KubeAction::ApplyObjects {
        cluster: standing.reference(),
        about: format!("namespace {name} with its limits and its account"),
        objects: objects.into_iter().map(Manifest::new).collect(),
        force: true,
    };
    let plan = one_step(format!("kube/namespace/{name}"), format!("put namespace {name} in order"), apply);
    carry_out(&plan, standing, work).await.map_err(|failure| {
        failure.leaving(format!("namespace {name} of cluster {} is there until {}", standing.at.name, lease.expires))
    })?;
    if let Some(words) = standing.fence_words(&name) {
        work.ui.warning(&words);
    }
    let path = kubeconfig(args.kubeconfig.as_deref(), &lease, standing, work).await?;
    let took = began.elapsed();
    work.ui.talk(&format!("Namespace {name} is ready after {:.1} s", took.as_secs_f64()));
    let told = Told {
        lease: &lease,
        at: &standing.at,
        namespace: Some(&name),
        kubeconfig: &path,
        report: None,
        cost: None,
        changed: true,
        job,
        dotenv: args.dotenv.as_deref(),
        export: args.export,
    };
    told::tell(&told, work.ui)
}

/// Gets the namespace for this lease: made, joined, or taken over when it was over.
async fn claim(standing: &Standing, wanted: &Lease, work: &Work<'_>) -> Result<Lease, Failure> {
    let reading = |fault| standing.doors.reading(&fault);
    let began = Instant::now();
    loop {
        let Some(there) = standing.namespace(&wanted.id).await.map_err(reading)? else {
            let made = berth_kube::create_namespace(&standing.client, &namespace::namespace(wanted)).await;
            if made.map_err(reading)? {
                return Ok(wanted.clone());
            }
            // Somebody else was faster; what they made says whose it is.
            continue;
        };
        let name = namespace::name(&wanted.id);
        let lease = match namespace::read(&there) {
            Some(Ok(lease)) => lease,
            Some(Err(error)) => {
                return Err(Failure::refused(format!("the lease of namespace {name} cannot be read")).because(error));
            }
            None => {
                return Err(Failure::refused(format!("namespace {name} is there and is not berth's"))
                    .leaving("nothing was changed")
                    .hint("take another --id"));
            }
        };
        let is_leaving = !there["metadata"]["deletionTimestamp"].is_null();
        match join(There { lease: &lease, is_leaving }, wanted, work.doors.clock.now()) {
            Joined::GoesOn(lease) | Joined::Renewed(lease) => return Ok(lease),
            Joined::Refused { why } => {
                return Err(Failure::refused(why).leaving("nothing was changed").hint("take another --id"));
            }
            Joined::Leaving if began.elapsed() < GOING_LIMIT => tokio::time::sleep(GOING_PAUSE).await,
            Joined::Leaving => {
                return Err(Failure::refused(format!("namespace {name} is being deleted and does not go"))
                    .hint("run the same command again when it is gone; or take another --id"));
            }
        }
    }
}

/// Asks for a token that lives as long as the lease, and writes the file that holds it: the one that is given, or berth's own.
async fn kubeconfig(
    given: Option<&Path>,
    lease: &Lease,
    standing: &Standing,
    work: &Work<'_>,
) -> Result<PathBuf, Failure> {
    let name = namespace::name(&lease.id);
    let path = match given {
        Some(path) => {
            std::path::absolute(path).map_err(|error| Failure::refused("cannot write the kubeconfig").because(error))?
        }
        None => work.settings.home.namespace_kubeconfig(&standing.at, &name),
    };
    let left = format!("namespace {name} of cluster {} is there until {}", standing.at.name, lease.expires);
    write_kubeconfig(&path, lease, standing, work).await.map_err(|failure| failure.after_spending(left))?;
    Ok(path)
}

async fn write_kubeconfig(path: &Path, lease: &Lease, standing: &Standing, work: &Work<'_>) -> Result<(), Failure> {
    let name = namespace::name(&lease.id);
    let seconds = seconds_left(lease, work.doors.clock.now()).max(TOKEN_SECONDS_LEAST);
    let token = berth_kube::request_token(&standing.client, &name, namespace::ACCOUNT, seconds)
        .await
        .map_err(|fault| standing.doors.reading(&fault))?;
    if let Some(end) = token.expires_at.filter(|end| *end < lease.expires) {
        work.ui.warning(&format!(
            "the cluster gives tokens until {end} only; the same command gives another one before the lease ends at {}",
            lease.expires
        ));
    }
    let failed =
        |error: &dyn std::error::Error| Failure::refused("cannot write the kubeconfig").detail(error.to_string());
    let text = berth_kube::bound(&context(&name, standing), &standing.access, &name, &token)
        .map_err(|error| failed(&error))?;
    make_private(&work.settings.home.kubeconfigs())?;
    berth_kube::write_text(path, &text).map_err(|error| failed(&error))
}

/// The context of a namespace's kubeconfig.
fn context(name: &str, standing: &Standing) -> String {
    berth_kube::context_name(&format!("{}_{name}", standing.at.name))
}

/// The kubeconfig of a namespace that is at work here, where that is not berth's own: a file of `KUBECONFIG` that leads to nothing else.
fn kubeconfig_in_use(name: &str, standing: &Standing) -> Option<PathBuf> {
    let files = std::env::split_paths(&kubectl_files()?).collect::<Vec<_>>();
    files.into_iter().find(|path| berth_kube::holds_only(path, &context(name, standing)))
}

fn seconds_left(lease: &Lease, now: Timestamp) -> u64 {
    u64::try_from(lease.expires.duration_since(now).as_secs()).unwrap_or(0)
}

/// The namespace itself, as a reference.
fn reference(name: &str) -> KubeObjectRef {
    KubeObjectRef { api_version: "v1".to_owned(), kind: "Namespace".to_owned(), namespace: None, name: name.to_owned() }
}

fn one_step(id: String, title: String, action: KubeAction) -> Plan {
    let change = match action {
        KubeAction::DeleteObjects { .. } => StepChange::Remove,
        _ => StepChange::Add,
    };
    let step = Step {
        id: StepId(id),
        title,
        why: "its lease says so".to_owned(),
        details: Vec::new(),
        change,
        impact: Impact::InPlace,
        billing: Billing::Unchanged,
        after: Vec::new(),
        usual_seconds: USUAL_SECONDS,
        limit_seconds: LIMIT_SECONDS,
        action: Action::Kube(action),
    };
    Plan { steps: vec![step], notes: Vec::new() }
}

async fn carry_out(plan: &Plan, standing: &Standing, work: &Work<'_>) -> Result<(), Failure> {
    let outcome = work.carry_out("ci", &standing.at.name, plan).await?;
    if outcome.is_success() {
        return Ok(());
    }
    let failure = Failure::new(Exit::FailedRunning, format!("cluster {} did not take it", standing.at.name));
    Err(explain(failure, plan, &outcome, standing.at.provider))
}

/// The lease of a namespace that is berth's.
fn lease_of(namespace: &Value) -> Option<Result<Lease, String>> {
    namespace::read(namespace).map(|read| read.map_err(|error| error.to_string()))
}
