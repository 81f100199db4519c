//! `berth plan`: reads the cloud, decides, prints and stops.

use std::path::PathBuf;

use berth_core::observed::Observed;
use berth_core::plan::{Goal, Plan, Workloads};
use berth_core::ports::Eyes;
use berth_core::rules::preflight::{PreflightFinding, PreflightVerdict};
use berth_core::spec::{Checked, ClusterSpec, Provider};
use clap::Args;
use serde_json::json;

use crate::commands::ProviderArg;
use crate::failure::{Exit, Failure};
use crate::settings::Settings;
use crate::spec_file;
use crate::ui::Ui;
use crate::ui::render;
use crate::wiring::{self, Doors};

#[derive(Debug, Args)]
pub(crate) struct PlanArgs {
    #[command(flatten)]
    wish: WishArgs,
    /// Exit with 6 when something would change
    #[arg(long)]
    exit_code: bool,
}

/// The flags that say what is wanted, for `plan` and `create`.
#[derive(Debug, Args)]
pub(crate) struct WishArgs {
    /// The spec of the cluster
    #[arg(long, short, value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// Use this cloud instead of the one the file names
    #[arg(long, value_enum)]
    pub(crate) provider: Option<ProviderArg>,
    /// Take over a cluster of that name that berth did not make
    #[arg(long)]
    pub(crate) adopt: bool,
    /// Do not check credentials, quotas and zones first
    #[arg(long)]
    pub(crate) skip_preflight: bool,
}

pub(crate) async fn run(args: &PlanArgs, settings: &Settings, ui: &Ui) -> Result<Exit, Failure> {
    let checked = spec_file::load(&args.wish.file, args.wish.provider.map(Into::into), ui)?;
    let doors = wiring::open_for(&checked.spec, settings).await?;
    let shown = show(&args.wish, &checked, &doors, ui).await;
    doors.close().await;
    let (plan, findings) = shown?;
    if findings.iter().any(|finding| finding.verdict == PreflightVerdict::Failed) {
        return Err(preflight_failure(&findings));
    }
    Ok(if args.exit_code && !plan.is_empty() { Exit::Changes } else { Exit::Done })
}

async fn show(
    wish: &WishArgs,
    checked: &Checked,
    doors: &Doors,
    ui: &Ui,
) -> Result<(Plan, Vec<PreflightFinding>), Failure> {
    let spec = &checked.spec;
    let observed = look(doors, spec).await?;
    let plan = decide(checked, wish.adopt, doors, &observed)?;
    let findings = preflight(wish, spec, &plan, &observed, doors).await?;
    let about = json!({"name": spec.name, "provider": spec.cloud.provider(), "account": doors.account(),
                       "location": spec.place.location()});
    ui.report(&json!({"cluster": about, "plan": plan, "preflight": findings}), || {
        let plan = render::plan::text(&heading(spec, doors), &plan);
        if findings.is_empty() { plan } else { format!("{}\n\n{plan}", render::preflight::text(&findings)) }
    });
    Ok((plan, findings))
}

/// Looks at the cluster a spec describes.
pub(crate) async fn look(doors: &Doors, spec: &ClusterSpec) -> Result<Observed, Failure> {
    doors.look(&spec.name, spec.place.location()).await.map_err(|fault| doors.reading(&fault))
}

/// Decides what it takes to make the cluster be as the spec says.
pub(crate) fn decide(checked: &Checked, adopt: bool, doors: &Doors, observed: &Observed) -> Result<Plan, Failure> {
    let goal = Goal::Present { spec: &checked.spec, account: doors.account(), adopt, workloads: Workloads::default() };
    let mut plan = berth_core::plan::plan(&goal, observed).map_err(|refusal| refused(&refusal))?;
    plan.notes.extend(berth_core::plan::not_applied(checked));
    Ok(plan)
}

/// A refusal of the planner, with the flag that lifts it.
pub(crate) fn refused(refusal: &berth_core::plan::Refusal) -> Failure {
    let failure = Failure::refused(refusal.to_string());
    match refusal {
        berth_core::plan::Refusal::NotOurs { .. } | berth_core::plan::Refusal::PoolNotOurs { .. } => {
            failure.hint("if it is yours to change and to delete, say so with --adopt")
        }
        _ => failure,
    }
}

/// Checks beforehand what would make a step that costs money fail; nothing to check when no step does.
pub(crate) async fn preflight(
    wish: &WishArgs,
    spec: &ClusterSpec,
    plan: &Plan,
    observed: &Observed,
    doors: &Doors,
) -> Result<Vec<PreflightFinding>, Failure> {
    let spends = plan.steps.iter().any(|step| step.billing == berth_core::plan::Billing::Starts);
    if wish.skip_preflight || !spends {
        return Ok(Vec::new());
    }
    let facts = doors.cloud.facts(spec).await.map_err(|fault| doors.reading(&fault))?;
    Ok(match doors.provider() {
        Provider::Gke => berth_core::rules::gke::preflight::findings(spec, doors.account(), observed, &facts),
        Provider::Eks => berth_core::rules::eks::preflight::findings(spec, doors.account(), observed, &facts),
    })
}

/// What failed of a preflight.
pub(crate) fn preflight_failure(findings: &[PreflightFinding]) -> Failure {
    findings
        .iter()
        .filter(|finding| finding.verdict == PreflightVerdict::Failed)
        .fold(Failure::refused("preflight found what would make the create fail"), |failure, finding| {
            failure.detail(format!("{}: {}", finding.check, finding.text))
        })
        .leaving("nothing was created")
        .hint("--skip-preflight tries it all the same")
}

/// The line above a plan.
pub(crate) fn heading(spec: &ClusterSpec, doors: &Doors) -> String {
    let provider = spec.cloud.provider().as_str();
    format!("Cluster {} ({provider}, {}, {})", spec.name, spec.place.location(), doors.account_words())
}
