//! Taking away what one environment consists of, after a second look.

use std::time::Duration;

use berth_core::actions::Action;
use berth_core::actions::eks::{EksAction, EksPartKind};
use berth_core::actions::gke::GkeAction;
use berth_core::gc::{Environment, Leftover, LeftoverKind, confirm, plan, plan_sparing_volumes};
use berth_core::observed::{Observed, Phase};
use berth_core::plan::Plan;
use berth_core::ports::Clock;
use berth_core::rules::gke::leftovers;
use berth_core::spec::Provider;
use jiff::{SignedDuration, Timestamp};

use crate::commands::{kubeconfig, plan as planning};
use crate::failure::{Exit, Failure};
use crate::interrupt::Interrupts;
use crate::run::{Manners, Work, explain};
use crate::settings::Settings;
use crate::ui::Ui;
use crate::ui::render::gc::{Outcome, Swept};
use crate::wiring::{self, ClusterAt, Doors};

/// How often a plan is made anew: waiting for what runs, deleting, looking again.
const ROUNDS: usize = 6;
/// Pause between two looks at a cluster that is still being made.
const INTERVAL: Duration = Duration::from_secs(15);

/// With what is swept.
pub(super) struct Broom<'a> {
    pub(super) settings: &'a Settings,
    pub(super) ui: &'a Ui,
    pub(super) interrupts: Interrupts,
    /// How long a cluster is waited for that is still being made.
    pub(super) wait: Duration,
    /// Also disks and volumes of what had no lease.
    pub(super) with_volumes: bool,
    /// Not all could be looked for.
    pub(super) is_partial: bool,
}

impl Broom<'_> {
    /// Takes one environment away; whatever comes of it is told, and the others go on.
    pub(super) async fn sweep(self, environment: &Environment, found_by: &Doors) -> Swept {
        let outcome = self.outcome(environment, found_by).await.unwrap_or_else(Outcome::Failed);
        Swept { environment: environment.clone(), outcome }
    }

    async fn outcome(&self, environment: &Environment, found_by: &Doors) -> Result<Outcome, Failure> {
        if self.interrupts.any() {
            return Ok(Outcome::HandedOver("gc was stopped before it came to this".to_owned()));
        }
        // Doors of its own: clients for clusters' APIs are kept by the clusters' names, which two places may share.
        let location = environment.location.as_deref();
        let doors = wiring::open(environment.provider, location, self.settings).await?;
        let result = if doors.account() == environment.account && found_by.provider() == environment.provider {
            self.through(environment, &doors).await
        } else {
            Err(Failure::refused(format!("it is in {}, not in {}", environment.account, doors.account_words())))
        };
        doors.close().await;
        result
    }

    async fn through(&self, environment: &Environment, doors: &Doors) -> Result<Outcome, Failure> {
        let (settings, ui, interrupts) = (self.settings, self.ui, self.interrupts.clone());
        let work = Work { doors, settings, ui, interrupts, manners: Manners::Finish };
        let at = at(environment);
        if let Some(handed) = self.wait_for_rest(&at, &work).await? {
            return Ok(handed);
        }
        // What a round has deleted by its id is in every plan made from the first list, so it is taken off it.
        let mut left = environment.clone();
        for _ in 0..ROUNDS {
            let observed = look(&at, doors).await?;
            if let Err(why) = confirm(environment, &observed, doors.clock.now()) {
                return Ok(Outcome::Stays(why));
            }
            let plan = if self.with_volumes || environment.is_leased() { plan } else { plan_sparing_volumes };
            let mut plan = plan(&left, &observed).map_err(|refusal| planning::refused(&refusal))?;
            if self.is_partial {
                // It stays for the next gc, which may see more.
                let _stays = leftovers::remind(&mut plan, observed.cluster.as_ref());
            }
            if plan.is_empty() {
                if let Err(failure) = kubeconfig::remove(&at, settings) {
                    ui.warning(&failure.message);
                }
                let mut left = environment.clone();
                let volumes = left.take_volumes();
                let spares = !self.with_volumes && !environment.is_leased();
                return Ok(if spares && !volumes.is_empty() { Outcome::Spared(volumes) } else { Outcome::Gone });
            }
            let outcome = work.carry_out("gc", &environment.cluster, &plan).await?;
            if !work.may_go_on(&outcome) {
                let failure =
                    Failure::new(Exit::FailedRunning, format!("{} could not be taken away", environment.cluster));
                return Ok(Outcome::Failed(explain(failure, &plan, &outcome, environment.provider)));
            }
            left.things.retain(|thing| !has_deleted(&plan, thing));
        }
        Ok(Outcome::HandedOver(format!("after {ROUNDS} rounds something of it remains")))
    }

    /// Waits for a cluster that is being made, which cannot be deleted; when the time is up, the next gc has it.
    async fn wait_for_rest(&self, at: &ClusterAt, work: &Work<'_>) -> Result<Option<Outcome>, Failure> {
        let begin = work.doors.clock.now();
        loop {
            let observed = look(at, work.doors).await?;
            let is_coming = observed.cluster.as_ref().is_some_and(|cluster| cluster.phase == Phase::Creating);
            if !is_coming {
                return Ok(None);
            }
            if is_up(begin, work.doors.clock.now(), self.wait) || work.interrupts.any() {
                let words = "it is still being made, and no cloud deletes it then; the next gc has it";
                return Ok(Some(Outcome::HandedOver(words.to_owned())));
            }
            work.doors.clock.sleep(INTERVAL).await;
        }
    }
}

fn is_up(begin: Timestamp, now: Timestamp, limit: Duration) -> bool {
    SignedDuration::try_from(limit).is_ok_and(|limit| now.duration_since(begin) >= limit)
}

async fn look(at: &ClusterAt, doors: &Doors) -> Result<Observed, Failure> {
    if at.location.is_empty() {
        // Nothing tells where its cluster stood, and the finder has seen none.
        return Ok(Observed::default());
    }
    doors.look(&at.name, &at.location).await.map_err(|fault| doors.reading(&fault))
}

/// Whether a plan, carried out, has deleted this thing.
fn has_deleted(plan: &Plan, thing: &Leftover) -> bool {
    plan.steps.iter().any(|step| match &step.action {
        Action::Gke(GkeAction::DeleteLeftover(deleted)) => deleted.path == thing.id,
        // Target groups go with the load balancers they are of.
        Action::Eks(EksAction::Sweep { kinds, .. }) => {
            thing.kind == LeftoverKind::TargetGroup && kinds.contains(&EksPartKind::LoadBalancer)
        }
        Action::Eks(EksAction::DeletePart { part, .. }) => part.id == thing.id,
        _ => false,
    })
}

fn at(environment: &Environment) -> ClusterAt {
    let Environment { provider, account, location, cluster, .. } = environment;
    let location = match (provider, location) {
        (_, Some(location)) => location.clone(),
        (Provider::Gke | Provider::Eks | Provider::Existing, None) => String::new(),
    };
    ClusterAt { provider: *provider, account: account.clone(), location, name: cluster.clone() }
}
