//! What a GKE cluster leaves: seen while it stands, because parts of load balancers bear no mark, and taken away when it is gone.

use berth_core::gc::{Environment, Leftover, LeftoverKind, Scope, Unread, left_of, of_cluster, plan};
use berth_core::observed::Observed;
use berth_core::plan::Plan;
use berth_core::rules::gke::leftovers;
use berth_core::spec::{Place, Provider};

use super::{Agreed, ROUNDS, agree, still_running};
use crate::commands::plan as planning;
use crate::failure::{Exit, Failure};
use crate::run::{Work, explain};
use crate::ui::render;
use crate::wiring::{ClusterAt, Doors};

/// What hangs on a cluster, and what could not be looked for.
pub(super) struct Rest {
    environment: Environment,
    /// Kinds of which there may be more.
    pub(super) unread: Vec<Unread>,
    /// Why nothing at all could be looked for.
    pub(super) deaf: Option<String>,
}

impl Rest {
    /// Looks for all that is of one cluster. A look that fails does not keep a cluster from being deleted; it is told at the end.
    pub(super) async fn look(at: &ClusterAt, doors: &Doors) -> Self {
        let (account, location) = (at.account.clone(), Some(at.location.clone()));
        let nothing =
            Environment { provider: at.provider, account, location, cluster: at.name.clone(), things: Vec::new() };
        if at.provider != Provider::Gke {
            return Self { environment: nothing, unread: Vec::new(), deaf: None };
        }
        match doors.inventory(&everywhere(doors)).await {
            Ok(inventory) => {
                let environment = of_cluster(&inventory, (at.provider, &at.account), &at.name, &at.location);
                // What does not answer elsewhere hides nothing of this cluster.
                let region = |place: &str| Place::from_gke_location(place).region;
                let is_near =
                    |unread: &Unread| unread.place.as_deref().is_none_or(|place| region(place) == region(&at.location));
                let unread = inventory.unread.into_iter().filter(is_near).collect();
                Self { environment, unread, deaf: None }
            }
            Err(fault) => Self { environment: nothing, unread: Vec::new(), deaf: Some(fault.to_string()) },
        }
    }

    /// Has a plan note, before the cluster goes, whose the things are that hang on it, or may where not all could be looked for: a run
    /// that is killed then leaves nothing that nobody can prove to be ours.
    pub(super) fn remind(&self, plan: &mut Plan, observed: &Observed) {
        if self.deaf.is_some() || !self.unread.is_empty() || leftovers::hang(&self.environment.things) {
            // The note itself is found by its mark when the rest is cleared.
            let _found_then = leftovers::remind(plan, observed.cluster.as_ref());
        }
    }

    /// What is left of clusters of a name that are not there any more, with the place of each as far as it is known.
    pub(super) async fn of_name(name: &str, doors: &Doors) -> Result<Vec<(ClusterAt, Self)>, Failure> {
        let inventory = doors.inventory(&everywhere(doors)).await.map_err(|fault| doors.reading(&fault))?;
        let left = left_of(&inventory, (doors.provider(), doors.account()), name);
        let rest = |environment: Environment| {
            let location = environment.location.clone().unwrap_or_default();
            let (provider, account) = (environment.provider, environment.account.clone());
            let at = ClusterAt { provider, account, location, name: name.to_owned() };
            (at, Self { environment, unread: inventory.unread.clone(), deaf: None })
        };
        Ok(left.into_iter().map(rest).collect())
    }

    /// Takes away what is left, until a look finds nothing but disks that are kept; gives those, and whether anything was deleted.
    pub(super) async fn clear(
        &self,
        agreed: Agreed<'_>,
        at: &ClusterAt,
        work: &Work<'_>,
        asked: &mut bool,
    ) -> Result<(Vec<Leftover>, bool), Failure> {
        // Elsewhere what hangs on a cluster is part of its own plans.
        if at.provider != Provider::Gke {
            return Ok((Vec::new(), false));
        }
        let spares = !agreed.with_volumes && !self.environment.is_leased();
        // What may have got another owner is proved by its cluster; without one, gc has it.
        if agreed.still.is_some() && self.environment.standing().is_none() {
            return Ok((Vec::new(), false));
        }
        for round in 0..ROUNDS {
            let mut left = self.left(at, work.doors).await?;
            let kept = if spares { left.take_volumes() } else { Vec::new() };
            let plan = plan(&left, &Observed::default()).map_err(|refusal| planning::refused(&refusal))?;
            if plan.is_empty() {
                return Ok((kept, round > 0));
            }
            if !work.ui.is_beside() {
                work.ui.talk(&render::plan::text(&format!("What cluster {} left", at.name), &plan));
            }
            agree(agreed, at, asked, work.ui)?;
            let outcome = work.carry_out("destroy", &at.name, &plan).await?;
            if !work.may_go_on(&outcome) {
                let failure =
                    Failure::new(Exit::FailedRunning, format!("what cluster {} left is still there", at.name));
                return Err(explain(failure, &plan, &outcome, at.provider));
            }
        }
        let failure = Failure::new(Exit::FailedRunning, format!("what cluster {} left is still there", at.name));
        Err(still_running(failure.detail(format!("after {ROUNDS} rounds something of it remains")), at))
    }

    /// What is there now, of what was seen first and of what bears the mark since.
    async fn left(&self, at: &ClusterAt, doors: &Doors) -> Result<Environment, Failure> {
        let seen: Vec<Leftover> =
            self.environment.things.iter().filter(|thing| thing.kind != LeftoverKind::Cluster).cloned().collect();
        let mut things = doors.still_there(&seen).await.map_err(|fault| doors.reading(&fault))?;
        let now = Self::look(at, doors).await.environment;
        if now.standing().is_none() {
            things.extend(now.things.into_iter().filter(|thing| seen.iter().all(|known| known.id != thing.id)));
        }
        Ok(Environment { things, ..self.environment.clone() })
    }
}

fn everywhere(doors: &Doors) -> Scope {
    Scope { accounts: vec![doors.account().to_owned()], regions: Vec::new() }
}
