//! `berth destroy`: takes a cluster away from any state, and looks again.

mod rest;

use std::path::PathBuf;
use std::time::Duration;

use berth_core::actions::eks::EksClusterRef;
use berth_core::gc::{self, Leftover, LeftoverKind, Unread};
use berth_core::observed::{Observed, Surroundings};
use berth_core::plan::{Goal, Plan};
use berth_core::ports::Clock;
use berth_core::rules::eks::absent;
use berth_core::spec::{ClusterSpec, Provider};
use clap::Args;
use serde_json::json;

use crate::cli::WhichCluster;
use crate::commands::{ProviderArg, kubeconfig, plan};
use crate::failure::{Exit, Failure};
use crate::fleet;
use crate::interrupt::Interrupts;
use crate::run::{Manners, Work, explain};
use crate::settings::Settings;
use crate::spec_file;
use crate::ui::Ui;
use crate::ui::render;
use crate::which::{self, Found};
use crate::wiring::{self, ClusterAt, Doors};

use rest::Rest;

/// How often the plan is made anew: waiting for what runs, deleting, looking again.
const ROUNDS: usize = 6;
/// How long the last look waits for what a control plane on EKS that is gone wrote last.
const LATE_LINES: Duration = Duration::from_secs(30);
/// What is looked for after a destroy in a cluster that berth did not make.
const EXISTING_KINDS: [&str; 4] = ["workloads", "service quotas", "device plugin", "labels and taints of nodes"];
/// What is looked for after a destroy on EKS, beside what stands around the cluster.
const EKS_KINDS: [&str; 2] = ["cluster", "node groups"];
/// What is looked for after a destroy on GKE.
const KINDS: [&str; 3] = ["cluster", "node pools", "running operations"];
/// What else is looked for there: what workloads make and GKE does not always take away with a cluster.
const LEFT_KINDS: [(LeftoverKind, &str); 10] = [
    (LeftoverKind::Disk, "disks"),
    (LeftoverKind::ForwardingRule, "forwarding rules"),
    (LeftoverKind::TargetPool, "target pools"),
    (LeftoverKind::TargetProxy, "target proxies"),
    (LeftoverKind::UrlMap, "URL maps"),
    (LeftoverKind::BackendService, "backend services"),
    (LeftoverKind::HealthCheck, "health checks"),
    (LeftoverKind::NetworkEndpointGroup, "endpoint groups"),
    (LeftoverKind::Firewall, "firewall rules"),
    (LeftoverKind::Address, "addresses"),
];

#[derive(Debug, Args)]
pub(crate) struct DestroyArgs {
    /// Name of the cluster
    #[arg(value_name = "NAME", required_unless_present = "file", conflicts_with = "file")]
    name: Option<String>,
    /// Take name, place and project from this spec; several files take their clusters away at once
    #[arg(long, short, value_name = "FILE")]
    file: Vec<PathBuf>,
    /// Cloud of the cluster: looked for in both, if only its name is given; instead of the one the file names
    #[arg(long, value_enum)]
    provider: Option<ProviderArg>,
    /// Region or zone, when clusters of one name stand in several
    #[arg(long)]
    location: Option<String>,
    /// Do not ask
    #[arg(long, short)]
    yes: bool,
    /// Delete it although berth did not make it
    #[arg(long)]
    adopt: bool,
    /// Also disks and volumes that outlive it, with their data; without it those of a cluster without a lease stay and are named
    #[arg(long)]
    with_volumes: bool,
}

impl DestroyArgs {
    fn agreed(&self, yes: bool) -> Agreed<'static> {
        Agreed { yes, adopt: self.adopt, with_volumes: self.with_volumes, still: None }
    }
}

pub(crate) async fn run(args: &DestroyArgs, settings: &Settings, ui: &Ui) -> Result<Exit, Failure> {
    if args.file.len() > 1 {
        return many(args, settings, ui).await;
    }
    let which = WhichCluster { name: args.name.clone(), file: args.file.first().cloned(), provider: args.provider };
    let (doors, found) = which::find(&which, args.location.as_deref(), settings, ui).await?;
    let work = Work { doors: &doors, settings, ui, interrupts: Interrupts::listen(), manners: Manners::Finish };
    let result = match found {
        Ok(Found::At(at)) => {
            let agreed = args.agreed(args.yes);
            destroy(agreed, &at, SoFar::beginning(agreed), &work).await
        }
        Ok(Found::Nowhere { name, looked }) => nowhere(args, &name, &looked, &work).await,
        Err(failure) => Err(failure),
    };
    doors.close().await;
    result
}

/// There is no cluster of that name; what one has left is taken away all the same.
async fn nowhere(args: &DestroyArgs, name: &str, looked: &str, work: &Work<'_>) -> Result<Exit, Failure> {
    let mut gone = Gone::default();
    if work.doors.provider() == Provider::Gke {
        let mut asked = args.yes;
        for (at, rest) in Rest::of_name(name, work.doors).await? {
            if args.location.as_ref().is_some_and(|location| !at.location.is_empty() && at.location != *location) {
                continue;
            }
            let (kept, deleted) = rest.clear(args.agreed(args.yes), &at, work, &mut asked).await?;
            gone.kept.extend(kept);
            gone.deleted |= deleted;
            gone.unread = rest.unread;
        }
    }
    work.settle(name).await;
    report(work.ui, name, looked, Gone { deleted: false, ..gone }, work.doors.provider());
    tidy_kubeconfigs(work.ui, || kubeconfig::remove_by_name(name, args.location.as_deref(), work.settings));
    Ok(Exit::Done)
}

/// Takes several clusters away: nothing is touched before all of them have been looked at and agreed to.
async fn many(args: &DestroyArgs, settings: &Settings, ui: &Ui) -> Result<Exit, Failure> {
    let provider = args.provider.map(Into::into);
    let specs = args.file.iter().map(|file| Ok(spec_file::load(file, provider, ui)?.spec)).collect();
    let specs: Vec<ClusterSpec> = fleet::all_or_none(specs, "files cannot be used", ui)?;
    let doors = fleet::open(specs.iter(), settings).await?;
    let result = all_at_once(args, &specs, &doors, settings, ui).await;
    fleet::close(doors).await;
    result
}

async fn all_at_once(
    args: &DestroyArgs,
    specs: &[ClusterSpec],
    doors: &[Doors],
    settings: &Settings,
    ui: &Ui,
) -> Result<Exit, Failure> {
    let all: Vec<ClusterAt> = specs.iter().zip(doors).map(|(spec, doors)| wiring::cluster_at(spec, doors)).collect();
    fleet::distinct(all.iter().map(|at| (at.words(), at.name.as_str())))?;
    let agreed = args.agreed(true);
    let looks = all.iter().zip(doors).map(|(at, doors)| async move {
        let mut so_far = SoFar::beginning(agreed);
        so_far.look = Some(decide(agreed, at, doors, &mut so_far.seen).await?);
        Ok(so_far)
    });
    let looked = fleet::all_or_none(fleet::at_once(looks).await, "clusters cannot be taken away", ui)?;
    let plans = looked.iter().zip(&all).filter_map(|(look, at)| Some((at, &look.look.as_ref()?.1)));
    let texts: Vec<String> =
        plans.filter(|(_, plan)| !plan.is_empty()).map(|(at, plan)| render::plan::text(&heading(at), plan)).collect();
    texts.iter().for_each(|text| ui.talk(&format!("{text}\n")));
    let is_asking = !args.yes && !texts.is_empty();
    if is_asking {
        let number = all.len().to_string();
        let question = format!("Type how many clusters are deleted with everything in them ({number}):");
        fleet::agree(&question, &[&number], "nothing was deleted", ui)?;
    }
    let interrupts = Interrupts::listen();
    let runs = all.iter().zip(doors).zip(looked).map(|((at, doors), mut so_far)| {
        let (beside, interrupts) = (ui.beside_as(&at.name), interrupts.clone());
        // While somebody thinks about a question the clouds may change.
        so_far.look = so_far.look.filter(|_| !is_asking);
        async move {
            let work = Work { doors, settings, ui: &beside, interrupts, manners: Manners::Finish };
            destroy(agreed, at, so_far, &work).await
        }
    });
    fleet::end(fleet::at_once(runs).await, "taken away", ui)
}

async fn destroy(agreed: Agreed<'_>, at: &ClusterAt, so_far: SoFar, work: &Work<'_>) -> Result<Exit, Failure> {
    let gone = go_on(agreed, at, so_far, work).await?;
    report(work.ui, &at.name, &at.words(), gone, at.provider);
    Ok(Exit::Done)
}

/// A look at what is about to be deleted, which may refuse it.
type Still<'a> = &'a (dyn Fn(&Observed) -> Result<(), Failure> + Sync);

/// What the user has agreed to beforehand.
#[derive(Clone, Copy)]
pub(crate) struct Agreed<'a> {
    /// Do not ask.
    pub(crate) yes: bool,
    /// Also what berth did not make.
    pub(crate) adopt: bool,
    /// Also disks and volumes of what has no lease; what has one goes with all its data.
    pub(crate) with_volumes: bool,
    /// Looks at it once more before each round, because it may have got another owner or a longer life since.
    pub(crate) still: Option<Still<'a>>,
}

/// What a last look has proved.
#[derive(Default)]
pub(crate) struct Gone {
    /// Whether anything had to be done.
    pub(crate) deleted: bool,
    /// What the look was able to see.
    pub(crate) around: Surroundings,
    /// Disks and volumes that stay on purpose.
    kept: Vec<Leftover>,
    /// Kinds of which there may be more.
    unread: Vec<Unread>,
    /// Why nothing beside the cluster could be looked for.
    deaf: Option<String>,
}

/// Takes away all of one cluster until a last look finds nothing, and its entries in kubeconfigs.
pub(crate) async fn take_away(agreed: Agreed<'_>, at: &ClusterAt, work: &Work<'_>) -> Result<Gone, Failure> {
    go_on(agreed, at, SoFar::beginning(agreed), work).await
}

async fn go_on(agreed: Agreed<'_>, at: &ClusterAt, mut so_far: SoFar, work: &Work<'_>) -> Result<Gone, Failure> {
    // Parts of load balancers can be told only while the cluster stands.
    let rest = Rest::look(at, work.doors).await;
    for round in 0..ROUNDS {
        match one_round(agreed, at, work, &rest, &mut so_far).await {
            // The last lines of its control plane make the log group again.
            Ok(None) if std::mem::take(&mut so_far.seen.late_lines) => work.doors.clock.sleep(LATE_LINES).await,
            Ok(None) => {}
            Ok(Some(observed)) => {
                let cleared = rest.clear(agreed, at, work, &mut so_far.asked).await;
                let (mut kept, deleted) = cleared.map_err(|failure| left_behind(failure, at))?;
                if at.provider == Provider::Eks {
                    let (account, region) = (at.account.clone(), at.location.clone());
                    kept = gc::volumes(&observed, &EksClusterRef { account, region, name: at.name.clone() });
                }
                if at.provider != Provider::Existing {
                    tidy_kubeconfigs(work.ui, || kubeconfig::remove(at, work.settings));
                }
                work.settle(&at.name).await;
                let (around, deleted) = (observed.around, deleted || round > 0);
                return Ok(Gone { deleted, around, kept, unread: rest.unread, deaf: rest.deaf });
            }
            Err(failure) if round == 0 => return Err(failure),
            Err(failure) => return Err(still_running(failure, at)),
        }
    }
    let failure = Failure::new(Exit::FailedRunning, format!("cluster {} is still there", at.name));
    Err(still_running(failure.detail(format!("after {ROUNDS} rounds something of it remains")), at))
}

/// What the rounds of one deletion remember.
struct SoFar {
    /// A look that nothing has been done on yet.
    look: Option<(Observed, Plan)>,
    /// The user has agreed.
    asked: bool,
    /// What looks have shown.
    seen: Seen,
    /// What it consisted of was looked at for its bill.
    remembered: bool,
}

impl SoFar {
    fn beginning(agreed: Agreed<'_>) -> Self {
        Self { look: None, asked: agreed.yes, seen: Seen::default(), remembered: false }
    }
}

/// What the looks of one deletion have shown: what bore it may be gone in a later one.
#[derive(Default)]
struct Seen {
    /// Whether the first look has shown a lease.
    leased: Option<bool>,
    /// On EKS, something said that berth made it.
    ours: bool,
    /// A control plane that goes away writes logs.
    late_lines: bool,
}

/// Looks, decides, shows, asks and acts once; when nothing is left, gives what the last look was able to see.
async fn one_round(
    agreed: Agreed<'_>,
    at: &ClusterAt,
    work: &Work<'_>,
    rest: &Rest,
    so_far: &mut SoFar,
) -> Result<Option<Observed>, Failure> {
    let (observed, mut plan) = match so_far.look.take() {
        Some(look) => look,
        None => decide(agreed, at, work.doors, &mut so_far.seen).await?,
    };
    rest.remind(&mut plan, &observed);
    if plan.is_empty() {
        if at.provider == Provider::Existing {
            plan.notes.iter().for_each(|note| work.ui.talk(&format!("{} {}", note.about, note.text)));
        }
        let strange = plan.notes.iter().filter(|note| note.about.starts_with("log group "));
        strange.for_each(|note| work.ui.talk(&format!("{} {}; --adopt deletes it", note.about, note.text)));
        return Ok(Some(observed));
    }
    // Of several clusters at once, the plans were shown before anything was asked.
    if !work.ui.is_beside() {
        work.ui.talk(&render::plan::text(&heading(at), &plan));
    }
    agree(agreed, at, &mut so_far.asked, work.ui)?;
    if !std::mem::replace(&mut so_far.remembered, true) && at.provider != Provider::Existing {
        work.remember(&at.name).await;
    }
    let outcome = work.carry_out("destroy", &at.name, &plan).await?;
    if work.may_go_on(&outcome) {
        return Ok(None);
    }
    let what = if outcome.failed.is_empty() { "was stopped" } else { "did not succeed" };
    let doing = if at.provider == Provider::Existing { "clearing" } else { "deleting" };
    let failure = Failure::new(Exit::FailedRunning, format!("{doing} cluster {} {what}", at.name));
    Err(still_running(explain(failure, &plan, &outcome, at.provider), at))
}

fn heading(at: &ClusterAt) -> String {
    format!("Cluster {} ({})", at.name, at.words())
}

/// Looks at a cluster and decides what takes it away.
async fn decide(
    agreed: Agreed<'_>,
    at: &ClusterAt,
    doors: &Doors,
    seen: &mut Seen,
) -> Result<(Observed, Plan), Failure> {
    let mut observed = doors.look(&at.name, &at.location).await.map_err(|fault| doors.reading(&fault))?;
    if at.provider == Provider::Eks {
        observed.around.was_ours = seen.ours;
        seen.ours = absent::shows_ours(&observed);
        seen.late_lines |= absent::writes_logs(&observed);
    }
    if let Some(still) = agreed.still {
        still(&observed)?;
    }
    if at.provider == Provider::Existing {
        observed.workloads = doors.own_workloads(&at.name, &observed).await.map_err(|fault| doors.reading(&fault))?;
    }
    let place = at.place();
    let goal = Goal::Absent {
        provider: at.provider,
        account: &at.account,
        place: &place,
        name: &at.name,
        adopt: agreed.adopt,
    };
    let leased = *seen.leased.get_or_insert_with(|| gc::shows_lease(&observed));
    if at.provider != Provider::Eks || agreed.with_volumes || leased {
        let plan = berth_core::plan::plan(&goal, &observed).map_err(|refusal| plan::refused(&refusal))?;
        return Ok((observed, plan));
    }
    let plan = berth_core::plan::plan(&goal, &gc::without_volumes(&observed));
    let mut plan = plan.map_err(|refusal| plan::refused(&refusal))?;
    gc::spare_volumes(&mut plan, &observed);
    Ok((observed, plan))
}

fn agree(agreed: Agreed<'_>, at: &ClusterAt, asked: &mut bool, ui: &Ui) -> Result<(), Failure> {
    let name = at.name.as_str();
    if *asked {
        return Ok(());
    }
    let question = match at.provider {
        Provider::Existing => "Type the cluster's name to take out of it what berth put there",
        Provider::Gke | Provider::Eks => "Type the cluster's name to delete it and everything in it",
    };
    match ui.ask(&format!("\n{question} ({name}):")) {
        Some(answer) if answer == name => *asked = true,
        Some(_) => return Err(Failure::refused("the name was not typed").leaving("nothing was deleted")),
        None => {
            return Err(Failure::refused(format!("there is no terminal to ask on before `{name}` is deleted"))
                .leaving("nothing was deleted")
                .hint(if agreed.adopt {
                    "confirm beforehand with --yes --adopt"
                } else {
                    "confirm beforehand with --yes"
                }));
        }
    }
    Ok(())
}

fn still_running(failure: Failure, at: &ClusterAt) -> Failure {
    if at.provider == Provider::Existing {
        return failure
            .after_spending(format!("some of what berth put into cluster {} may still be there", at.name))
            .hint("run the same command again, it goes on from there");
    }
    failure
        .after_spending(format!("cluster {} in {} may still be running and billed", at.name, at.location))
        .hint("run the same command again, it goes on from there")
}

/// The cluster is gone, what it left may not be.
fn left_behind(failure: Failure, at: &ClusterAt) -> Failure {
    failure
        .after_spending(format!("cluster {} is gone, but what it left may still be billed", at.name))
        .hint("run the same command again, it goes on from there")
}

/// The cluster is gone whatever happens here, so a configuration that cannot be written is only worth a warning.
fn tidy_kubeconfigs(ui: &Ui, remove: impl FnOnce() -> Result<bool, Failure>) {
    if let Err(failure) = remove() {
        ui.warning(&format!("{}: {}", failure.message, failure.causes.join(": ")));
    }
}

/// What the last look was able to see, and what it was not.
struct Looked {
    kinds: Vec<String>,
    not: Vec<String>,
}

impl Looked {
    fn at(provider: Provider, gone: &Gone) -> Self {
        let around = &gone.around;
        if provider == Provider::Existing {
            return Self { kinds: EXISTING_KINDS.map(ToOwned::to_owned).to_vec(), not: Vec::new() };
        }
        if provider == Provider::Gke {
            return Self::on_gke(gone);
        }
        let plural = |words: &str| if words.ends_with('s') { format!("{words}es") } else { format!("{words}s") };
        let around_kinds = around.checked.iter().map(|kind| plural(kind.words()));
        let kinds = EKS_KINDS.into_iter().map(ToOwned::to_owned).chain(around_kinds).collect();
        Self { kinds, not: around.unread.clone() }
    }

    fn on_gke(gone: &Gone) -> Self {
        let is_read =
            |kind: LeftoverKind| gone.deaf.is_none() && !gone.unread.iter().any(|unread| unread.kinds.contains(&kind));
        let left = LEFT_KINDS.into_iter().filter(|(kind, _)| is_read(*kind)).map(|(_, words)| words);
        let kinds = KINDS.into_iter().chain(left).map(ToOwned::to_owned).collect();
        let mut not: Vec<String> = gone.deaf.iter().map(|why| format!("what its workloads made: {why}")).collect();
        not.extend(gone.unread.iter().map(|unread| {
            let kinds: Vec<&str> = unread.kinds.iter().map(|kind| kind.words()).collect();
            format!("{} ({}): {}", kinds.join(", "), unread.place.as_deref().unwrap_or("everywhere"), unread.why)
        }));
        Self { kinds, not }
    }
}

fn report(ui: &Ui, name: &str, place: &str, gone: Gone, provider: Provider) {
    let Looked { kinds, not } = Looked::at(provider, &gone);
    let Gone { deleted, kept, .. } = gone;
    let volumes: Vec<_> = kept
        .iter()
        .map(|one| json!({"kind": one.kind, "name": one.name, "place": one.at.place, "deletion": one.deletion()}))
        .collect();
    let value = json!({"report": "destroy", "cluster": name, "deleted": deleted, "left": kept.len(), "kept": volumes,
                       "checked": kinds, "notChecked": not});
    if ui.is_json() {
        ui.json_line(&value);
        return;
    }
    if provider == Provider::Existing {
        let left = format!("0 left of what berth put there ({} checked)", kinds.join(", "));
        ui.data(&format!("Cluster {name} ({place}) stays: {left}"));
        return;
    }
    let first = if deleted { "is deleted".to_owned() } else { format!("is not there ({place})") };
    let left = match kept.first() {
        None => "0 left".to_owned(),
        Some(one) => format!("{} kept on purpose", berth_report::words::count(kept.len(), one.kind.words())),
    };
    ui.data(&format!("Cluster {name} {first}: {left} ({} checked)", kinds.join(", ")));
    kept.iter().for_each(|volume| ui.data(&render::gc::volume_words(volume)));
    if (deleted || !kept.is_empty()) && !not.is_empty() {
        ui.talk(&format!("not looked for: {}", not.join("; ")));
    }
}
