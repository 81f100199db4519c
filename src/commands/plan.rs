//! `berth plan`: reads the cloud, decides, prints and stops.

use std::borrow::Cow;
use std::path::PathBuf;

use berth_core::lease::Lease;
use berth_core::manifests::definitions::OPTIONAL;
use berth_core::observed::Observed;
use berth_core::plan::{Goal, Plan, Refusal, Workloads};
use berth_core::ports::{Clock, Eyes};
use berth_core::rules::preflight::{PreflightFinding, PreflightVerdict};
use berth_core::spec::{Checked, ClusterSpec, Provider};
use clap::Args;
use serde_json::json;

use crate::commands::ProviderArg;
use crate::commands::cost::{BudgetArgs, Forecast, PricesArgs};
use crate::failure::{Exit, FORCE_CONFLICTS, Failure};
use crate::settings::Settings;
use crate::spec_file;
use crate::tenancy::Tenancy;
use crate::ui::Ui;
use crate::ui::render;
use crate::wiring::{self, Doors};
use crate::workloads::{self, Filling};

#[derive(Debug, Args)]
pub(crate) struct PlanArgs {
    #[command(flatten)]
    wish: WishArgs,
    /// Exit with 6 when something would change
    #[arg(long)]
    exit_code: bool,
}

/// What is wanted: a file, and how it is meant.
#[derive(Debug, Args)]
pub(crate) struct WishArgs {
    /// The spec of the cluster
    #[arg(long, short, value_name = "FILE")]
    pub(crate) file: PathBuf,
    #[command(flatten)]
    pub(crate) meant: MeantArgs,
    #[command(flatten)]
    pub(crate) prices: PricesArgs,
    #[command(flatten)]
    pub(crate) budget: BudgetArgs,
}

/// How a file is meant, for `plan` and `create`.
#[derive(Debug, Clone, Args)]
pub(crate) struct MeantArgs {
    /// Use this cloud instead of the one the file names
    #[arg(long, value_enum)]
    pub(crate) provider: Option<ProviderArg>,
    /// Take over a cluster of that name that berth did not make
    #[arg(long)]
    pub(crate) adopt: bool,
    /// Take fields of the workloads that somebody else has set, such as replicas by kubectl
    #[arg(long)]
    pub(crate) force_conflicts: bool,
    /// Do not check credentials, quotas and zones first
    #[arg(long)]
    pub(crate) skip_preflight: bool,
}

/// All that is wanted of one cluster, read from files.
pub(crate) struct Wanted<'a> {
    pub(crate) args: &'a WishArgs,
    pub(crate) checked: Checked,
    pub(crate) filling: Filling,
    /// What it will cost; `None` for a cluster that stands already.
    pub(crate) forecast: Option<Forecast>,
    tenancy: Option<Tenancy>,
}

impl<'a> Wanted<'a> {
    /// Reads the spec and the workloads it names, and prices it; what cannot work is a failure.
    pub(crate) async fn load(args: &'a WishArgs, settings: &Settings, ui: &Ui) -> Result<Self, Failure> {
        let checked = spec_file::load(&args.file, args.meant.provider.map(Into::into), ui)?;
        let filling = workloads::load(&checked, ui)?;
        let prices = args.prices.read(&[&checked.spec], settings, ui).await?;
        let forecast = Forecast::of(&checked, args.budget, prices);
        Ok(Self { args, checked, filling, forecast, tenancy: None })
    }

    /// The same for an environment that ends by itself: its name, and labels from the first call on, are the lease's.
    pub(crate) fn leased(
        args: &'a WishArgs,
        mut checked: Checked,
        forecast: Option<Forecast>,
        lease: Lease,
        ui: &Ui,
    ) -> Result<Self, Failure> {
        let tenancy = Tenancy::new(checked.spec.clone(), lease);
        checked.spec = tenancy.spec()?;
        let filling = workloads::load(&checked, ui)?;
        Ok(Self { args, checked, filling, forecast, tenancy: Some(tenancy) })
    }

    pub(crate) fn spec(&self) -> &ClusterSpec {
        &self.checked.spec
    }

    /// Looks at the cluster and into it, and decides what it takes to make it be as the files say.
    pub(crate) async fn decide(&self, doors: &Doors) -> Result<(Observed, Plan), Failure> {
        let mut observed = look(doors, self.spec()).await?;
        let spec = match &self.tenancy {
            Some(tenancy) => Cow::Owned(tenancy.joining(&observed, doors.clock.now())?),
            None => Cow::Borrowed(self.spec()),
        };
        let prepared = self.filling.look(doors, &mut observed).await?;
        let workloads = Workloads { objects: &prepared.objects, force_conflicts: self.args.meant.force_conflicts };
        let goal = Goal::Present { spec: &spec, account: doors.account(), adopt: self.args.meant.adopt, workloads };
        let mut plan = berth_core::plan::plan(&goal, &observed).map_err(|refusal| refused(&refusal))?;
        plan.notes.extend(prepared.notes);
        plan.notes.extend(berth_core::plan::not_applied(&self.checked));
        Ok((observed, plan))
    }
}

pub(crate) async fn run(args: &PlanArgs, settings: &Settings, ui: &Ui) -> Result<Exit, Failure> {
    let wanted = Wanted::load(&args.wish, settings, ui).await?;
    let doors = wiring::open_for(wanted.spec(), settings).await?;
    let shown = show(&wanted, &doors, ui).await;
    doors.close().await;
    let (plan, findings) = shown?;
    if findings.iter().any(|finding| finding.verdict == PreflightVerdict::Failed) {
        return Err(preflight_failure(&findings));
    }
    Ok(if args.exit_code && !plan.is_empty() { Exit::Changes } else { Exit::Done })
}

async fn show(wanted: &Wanted<'_>, doors: &Doors, ui: &Ui) -> Result<(Plan, Vec<PreflightFinding>), Failure> {
    let spec = wanted.spec();
    let (observed, plan) = wanted.decide(doors).await?;
    let findings = preflight(wanted.args, spec, &plan, &observed, doors).await?;
    let about = json!({"name": spec.name, "provider": spec.cloud.provider(), "account": doors.account(),
                       "location": spec.place.location()});
    let forecast = wanted.forecast.as_ref();
    let cost = forecast.map(Forecast::json);
    ui.report(&json!({"cluster": about, "plan": plan, "cost": cost, "preflight": findings}), || {
        let checks = (!findings.is_empty()).then(|| render::preflight::text(&findings));
        let plan = render::plan::text(&heading(spec, doors), &plan);
        let cost = forecast.map(Forecast::text);
        [checks, Some(plan), cost].into_iter().flatten().collect::<Vec<_>>().join("\n\n")
    });
    Ok((plan, findings))
}

/// Looks at the cluster a spec describes.
pub(crate) async fn look(doors: &Doors, spec: &ClusterSpec) -> Result<Observed, Failure> {
    doors.look(&spec.name, spec.place.location()).await.map_err(|fault| doors.reading(&fault))
}

/// A refusal of the planner, with the flag that lifts it.
pub(crate) fn refused(refusal: &Refusal) -> Failure {
    match refusal {
        Refusal::NotOurs { .. } | Refusal::PoolNotOurs { .. } => {
            Failure::refused(refusal.to_string()).hint("if it is yours to change and to delete, say so with --adopt")
        }
        Refusal::Contested(fields) => fields
            .iter()
            .fold(Failure::refused("somebody else has set fields that the files set too"), |failure, line| {
                failure.detail(line.clone())
            })
            .leaving("nothing was changed")
            .hint(FORCE_CONFLICTS),
        Refusal::Undefined(lines) => {
            let failure = Failure::refused("the cluster does not know the kinds of some objects");
            let failure = lines.iter().fold(failure, |failure, line| failure.detail(line.clone()));
            let hint = format!(
                "add their CustomResourceDefinitions to the workloads, or annotate the objects with {OPTIONAL}: \"true\" to leave them out"
            );
            failure.leaving("nothing was changed").hint(hint)
        }
        Refusal::Immutable(lines) => {
            let failure = Failure::refused("some objects cannot be changed as the files say");
            let failure = lines.iter().fold(failure, |failure, line| failure.detail(line.clone()));
            failure.leaving("nothing was changed")
        }
        _ => Failure::refused(refusal.to_string()),
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
    if wish.meant.skip_preflight || !spends {
        return Ok(Vec::new());
    }
    let facts = doors.cloud.facts(spec).await.map_err(|fault| doors.reading(&fault))?;
    Ok(match doors.provider() {
        Provider::Gke => berth_core::rules::gke::preflight::findings(spec, doors.account(), observed, &facts),
        Provider::Eks => berth_core::rules::eks::preflight::findings(spec, doors.account(), observed, &facts),
        Provider::Existing => Vec::new(),
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
    if spec.cloud.provider() == Provider::Existing {
        return format!("Cluster {} (existing, {})", spec.name, doors.account_words());
    }
    let provider = spec.cloud.provider().as_str();
    format!("Cluster {} ({provider}, {}, {})", spec.name, spec.place.location(), doors.account_words())
}
