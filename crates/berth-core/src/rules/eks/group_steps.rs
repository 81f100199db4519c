//! What has to be done about each node group.

use std::cmp::Ordering;

use super::cluster::Wanted;
use super::diff_group::{GroupChange, SCALING};
use super::group::{self, WantedGroup};
use super::steps;
use super::{diff_group, tags};
use crate::actions::eks::{EksAction, EksGroup, EksGroupChange, EksPart, EksPartKind, EksTarget};
use crate::observed::{Observed, ObservedPool, ObservedPoolSettings, Phase};
use crate::plan::{Billing, Impact, Lasts, Note, Refusal, Step, StepChange, StepId};
use crate::rules::ownership;

/// The node groups of one cluster, wanted and there.
#[derive(Debug, Clone, Copy)]
pub struct Groups<'a> {
    /// Wanted.
    pub wanted: &'a Wanted,
    /// There.
    pub observed: &'a Observed,
    /// Groups that berth did not make may be taken over.
    pub adopt: bool,
}

/// Steps about node groups, and what was left undone.
#[derive(Debug, Clone, Default)]
pub struct GroupSteps {
    /// Steps; those of different groups do not wait for each other.
    pub steps: Vec<Step>,
    /// Notes.
    pub notes: Vec<Note>,
    /// Steps that let a group of a pool reach fewer nodes, with the pool's name.
    lowering: Vec<(String, StepId)>,
    /// Steps that let one reach more.
    raising: Vec<(String, StepId)>,
}

impl GroupSteps {
    /// Groups of one pool grow only when the others have shrunk, so that they never reach more than the pool together.
    fn shrink_first(&mut self) {
        if self.lowering.is_empty() || self.raising.is_empty() {
            return;
        }
        for (pool, id) in &self.raising {
            let others = self.lowering.iter().filter(|(of, _)| of == pool).map(|(_, lowering)| lowering.clone());
            let step = self.steps.iter_mut().find(|step| step.id == *id);
            step.into_iter().for_each(|step| step.after.extend(others.clone()));
        }
        let mut waiting = std::mem::take(&mut self.steps);
        while !waiting.is_empty() {
            let open: Vec<StepId> = waiting.iter().map(|step| step.id.clone()).collect();
            let (ready, rest): (Vec<Step>, Vec<Step>) =
                waiting.into_iter().partition(|step| !step.after.iter().any(|id| open.contains(id)));
            if ready.is_empty() {
                // They wait for each other, which the plan's own check tells.
                self.steps.extend(rest);
                return;
            }
            self.steps.extend(ready);
            waiting = rest;
        }
    }
}

/// Decides about every node group; all steps come after those in `before`.
///
/// # Errors
/// A group that berth did not make would have to be deleted, and `adopt` is not given.
pub fn decide(groups: Groups<'_>, before: &[StepId]) -> Result<GroupSteps, Refusal> {
    let mut out = GroupSteps::default();
    let stays = groups.observed.cluster.as_ref().filter(|c| !matches!(c.phase, Phase::Failed | Phase::Deleting));
    let have = stays.map_or(&[][..], |cluster| &cluster.pools);
    for want in &groups.wanted.groups {
        match have.iter().find(|have| have.name == want.group.name).and_then(|have| Some((have, settings(have)?))) {
            None => make(groups, want, "the file has it, the cluster does not", before, &mut out),
            Some((have, settings)) => present(groups, (have, settings), want, before, &mut out)?,
        }
    }
    let mut gone = Vec::new();
    for have in have.iter().filter(|have| !groups.wanted.groups.iter().any(|want| want.group.name == have.name)) {
        let Some(settings) = settings(have) else { continue };
        if !ownership::is_ours(&settings.tags) {
            out.notes.push(note(&have.name, "is not in the file and stays, because berth did not make it"));
            continue;
        }
        let mut after = before.to_vec();
        let is_beside = |want: &WantedGroup| want.has_fallback && want.group.pool == settings.pool;
        let step = if groups.wanted.groups.iter().any(is_beside) {
            let why = "the pool's other node groups have all the nodes it may have";
            let step = delete(groups, settings, why, removal(settings), after);
            out.lowering.push((settings.pool.clone(), step.id.clone()));
            step
        } else {
            // When their pods have somewhere else to go.
            after.extend(out.steps.iter().filter(|step| step.change == StepChange::Add).map(|step| step.id.clone()));
            let why = "berth made it and the file does not have it any more";
            delete(groups, settings, why, removal(settings), after)
        };
        gone.push(step.id.clone());
        out.steps.push(step);
    }
    out.shrink_first();
    old_templates(groups, &mut out);
    Ok(out)
}

/// The EKS settings of a pool that is there.
pub fn settings(pool: &ObservedPool) -> Option<&EksGroup> {
    match &pool.settings {
        ObservedPoolSettings::Eks(settings) => Some(settings),
        ObservedPoolSettings::Gke(_) => None,
    }
}

fn make(groups: Groups<'_>, want: &WantedGroup, why: &str, before: &[StepId], out: &mut GroupSteps) {
    let name = &want.group.name;
    let mut after = before.to_vec();
    let is_there = |part: &EksPart| {
        part.thing.kind == EksPartKind::LaunchTemplate && part.part.as_ref() == Some(&want.template.name)
    };
    if !groups.observed.around.parts.iter().any(is_there) {
        let action = EksAction::CreateTemplate(Box::new(want.template.clone()));
        let step = steps::making(
            &format!("template/{name}"),
            format!("create launch template for {name}"),
            Vec::new(),
            action,
        );
        after.push(step.id.clone());
        out.steps.push(step);
    }
    let is_empty_first = want.tries_first() && want.group.nodes.min > 0;
    let mut group = want.group.clone();
    if is_empty_first {
        (group.nodes.min, group.desired) = (0, 0);
    }
    let action = EksAction::CreateGroup(Box::new(group));
    let step = steps::making(&format!("nodegroup/{name}"), format!("create node group {name}"), after, action);
    let mut step = steps::lasting(step, Lasts::GROUP);
    why.clone_into(&mut step.why);
    step.details = vec![group::words(want)];
    step.billing = Billing::Starts;
    let id = step.id.clone();
    out.steps.push(step);
    if want.has_fallback {
        out.raising.push((want.group.pool.clone(), id.clone()));
    }
    tag(want, &want.autoscaling_tags, vec![id.clone()], out);
    if is_empty_first {
        let (nodes, desired) = (want.group.nodes, want.group.desired);
        let details = vec![format!("nodes wanted now: 0 -> {desired}")];
        let change = GroupChange { field: SCALING, details, change: EksGroupChange::Scaling { nodes, desired } };
        let mut scale = change_step(want, change, vec![id]);
        "spot may have none, and on-demand is to take over then".clone_into(&mut scale.why);
        let after = vec![scale.id.clone()];
        out.steps.push(scale);
        filled(want, after, out);
    }
}

/// Waits until the machines of a group have come that has others to take over, so that it is told at once if they do not.
fn filled(want: &WantedGroup, after: Vec<StepId>, out: &mut GroupSteps) {
    let name = &want.group.name;
    let target = EksTarget::Machines(name.clone());
    let action = EksAction::Await { cluster: want.group.cluster.clone(), target };
    let title = format!("wait for the machines of node group {name}");
    let why = "if the cloud has none, on-demand takes over";
    let step = steps::waiting(&format!("nodegroup/{name}/machines"), title, why, after, action);
    out.steps.push(steps::lasting(step, Lasts::GROUP));
}

/// The step that changes a node group in place.
fn change_step(want: &WantedGroup, change: GroupChange, after: Vec<StepId>) -> Step {
    let name = &want.group.name;
    let action =
        EksAction::ChangeGroup { cluster: want.group.cluster.clone(), group: name.clone(), change: change.change };
    let id = format!("nodegroup/{name}/{}", change.field);
    let title = format!("change {} of node group {name}", change.field);
    steps::lasting(steps::changing(&id, title, change.details, after, action), Lasts::GROUP_CHANGE)
}

/// Tags of the group of machines, which EKS does not pass on.
fn tag(
    want: &WantedGroup,
    missing: &std::collections::BTreeMap<String, String>,
    after: Vec<StepId>,
    out: &mut GroupSteps,
) {
    if missing.is_empty() {
        return;
    }
    let name = &want.group.name;
    let action =
        EksAction::TagAutoscaling { cluster: want.group.cluster.clone(), group: name.clone(), tags: missing.clone() };
    let id = format!("nodegroup/{name}/autoscaling-tags");
    let title = format!("tell autoscalers what nodes of {name} are like");
    let mut step = steps::changing(&id, title, Vec::new(), after, action);
    step.details = missing.iter().map(|(key, value)| format!("tag {key}={value}")).collect();
    out.steps.push(step);
}

/// Waits for the end of what goes on in a node group.
fn at_rest(have: &ObservedPool, want: &WantedGroup, before: Vec<StepId>) -> Step {
    let cluster = want.group.cluster.clone();
    let action = EksAction::Await { cluster, target: EksTarget::Group(have.name.clone()) };
    let title = format!("wait until node group {} is at rest", have.name);
    let why = "it is being made or changed; EKS takes no other change until that ends";
    steps::lasting(steps::waiting(&format!("nodegroup/{}", have.name), title, why, before, action), Lasts::GROUP)
}

fn present(
    groups: Groups<'_>,
    (have, settings): (&ObservedPool, &EksGroup),
    want: &WantedGroup,
    before: &[StepId],
    out: &mut GroupSteps,
) -> Result<(), Refusal> {
    let mut before = before.to_vec();
    match have.phase {
        Phase::Deleting => {
            let title = format!("wait until node group {} is deleted", have.name);
            let gone = delete(groups, settings, "its deletion was started before", removal(settings), before);
            let gone = Step { title, change: StepChange::Wait, ..gone };
            let after = vec![gone.id.clone()];
            out.steps.push(gone);
            make(groups, want, "the file has it, and the one of that name is going away", &after, out);
            return Ok(());
        }
        // EKS takes no change to it; the note of its pool says who takes over its nodes.
        Phase::Failed | Phase::Creating if keeps(groups, (have, settings), want) => return Ok(()),
        Phase::Failed => {
            let why = format!("it failed: {}", issues(have));
            refuse_foreign(groups, settings, &why)?;
            // It never came up, so making it again takes nothing from anybody, unless it holds some nodes all the same.
            let impact = match want.relieved.filter(|held| *held > 0) {
                Some(nodes) => Impact::Recreate { nodes, gpus: nodes.saturating_mul(want.gpus_per_node) },
                None => removal(settings),
            };
            let gone = delete(groups, settings, &why, impact, before);
            let after = vec![gone.id.clone()];
            out.steps.push(gone);
            make(groups, &holding(want), "the one of that name failed", &after, out);
            return Ok(());
        }
        Phase::Creating | Phase::Updating => {
            let wait = at_rest(have, want, before);
            before = vec![wait.id.clone()];
            out.steps.push(wait);
        }
        // Otherwise the note of its pool says it.
        Phase::Degraded if want.relieved.is_none() => {
            let text = format!("works in part ({}); it is kept, because EKS goes on trying", issues(have));
            out.notes.push(note(&have.name, &text));
        }
        Phase::Running | Phase::Degraded | Phase::Unknown => {}
    }
    let diff = diff_group::diff(settings, want, &groups.observed.around.parts);
    if !diff.recreate.is_empty() {
        refuse_foreign(groups, settings, &diff.recreate.join("; "))?;
        let (nodes, gpus) = at_risk(settings, want.gpus_per_node);
        let why = "EKS cannot change this in a node group that exists";
        let mut gone = delete(groups, settings, why, Impact::Recreate { nodes, gpus }, before);
        gone.details = diff.recreate;
        let after = vec![gone.id.clone()];
        out.steps.push(gone);
        make(groups, &holding(want), "it is made again with what the file says", &after, out);
        return Ok(());
    }
    let mut is_scaled = false;
    for change in diff.in_place {
        let is_scaling = change.field == SCALING;
        let step = change_step(want, change, before);
        if is_scaling && want.has_fallback {
            is_scaled = true;
            let of = (want.group.pool.clone(), step.id.clone());
            match want.group.nodes.max.cmp(&settings.nodes.max) {
                Ordering::Less => out.lowering.push(of),
                Ordering::Equal => {}
                Ordering::Greater => out.raising.push(of),
            }
        }
        before = vec![step.id.clone()];
        out.steps.push(step);
    }
    if is_scaled && want.tries_first() && settings.running.is_some_and(|running| running < want.group.nodes.min) {
        filled(want, before.clone(), out);
    }
    tag(want, &diff.autoscaling_tags, before, out);
    Ok(())
}

/// Whether a starved group that takes no change is left as it is: while it is still being made, and when it has failed but holds
/// nodes, which are not given up.
fn keeps(groups: Groups<'_>, (have, settings): (&ObservedPool, &EksGroup), want: &WantedGroup) -> bool {
    match want.relieved {
        None => false,
        Some(_) if have.phase == Phase::Creating => true,
        Some(0) => false,
        Some(_) => {
            let diff = diff_group::diff(settings, want, &groups.observed.around.parts);
            diff.in_place.is_empty() && diff.recreate.is_empty()
        }
    }
}

/// The group to make in place of a starved one. With no fewer nodes than the starved one held it would fail as that did: a new
/// group with no nodes is well at once, and an autoscaler can try it again.
fn holding(want: &WantedGroup) -> WantedGroup {
    let mut want = want.clone();
    if let Some(held) = want.relieved {
        (want.group.nodes.min, want.group.desired) = (held, held);
    }
    want
}

/// The step that deletes a node group.
pub fn delete(groups: Groups<'_>, have: &EksGroup, why: &str, impact: Impact, after: Vec<StepId>) -> Step {
    let cluster = groups.wanted.cluster.cluster.clone();
    let action = EksAction::DeleteGroup { cluster, group: have.name.clone() };
    let id = format!("nodegroup/{}/delete", have.name);
    let step = steps::removing(&id, format!("delete node group {}", have.name), after, action);
    let step = steps::lasting(steps::billed(step, Billing::Stops), Lasts::GROUP_DELETION);
    Step { why: why.to_owned(), impact, ..step }
}

/// Launch templates of ours that no wanted group uses go once the groups that used them are gone.
fn old_templates(groups: Groups<'_>, out: &mut GroupSteps) {
    let deletions: Vec<StepId> = out.steps.iter().map(|step| step.id.clone()).collect();
    for part in &groups.observed.around.parts {
        let pool = part.tags.get(tags::POOL_KEY);
        let is_wanted = groups.wanted.groups.iter().any(|want| part.part.as_ref() == Some(&want.template.name));
        if part.thing.kind == EksPartKind::LaunchTemplate && pool.is_some() && !is_wanted {
            out.steps.push(steps::delete_part(&groups.wanted.cluster.cluster, part, deletions.clone()));
        }
    }
}

/// Nodes and GPUs that may go down with a group.
pub fn at_risk(group: &EksGroup, gpus_per_node: u32) -> (u32, u32) {
    (group.nodes.max, group.nodes.max.saturating_mul(gpus_per_node))
}

/// What taking a group away for good does; its GPUs are told by the catalog.
pub fn removal(group: &EksGroup) -> Impact {
    let gpus = group.instance_types.first().map_or(0, |name| gpus_of(name));
    let (nodes, gpus) = at_risk(group, gpus);
    Impact::Remove { nodes, gpus }
}

fn gpus_of(machine_type: &str) -> u32 {
    use crate::catalog::{MachineGpus, MachineLookup, machine};
    match machine(crate::spec::Provider::Eks, machine_type) {
        MachineLookup::Known(machine) => match machine.gpus {
            MachineGpus::BuiltIn { count, .. } => count,
            MachineGpus::None | MachineGpus::Attachable => 0,
        },
        MachineLookup::NotListed | MachineLookup::Wrong { .. } => 0,
    }
}

fn refuse_foreign(groups: Groups<'_>, have: &EksGroup, difference: &str) -> Result<(), Refusal> {
    if groups.adopt || ownership::is_ours(&have.tags) {
        return Ok(());
    }
    Err(Refusal::PoolNotOurs { pool: have.name.clone(), difference: difference.to_owned() })
}

fn issues(have: &ObservedPool) -> String {
    if have.issues.is_empty() {
        return "EKS gives no reason".to_owned();
    }
    have.issues.iter().map(|issue| format!("{}: {}", issue.code, issue.message)).collect::<Vec<_>>().join("; ")
}

fn note(group: &str, text: &str) -> Note {
    Note { about: format!("node group {group}"), text: text.to_owned() }
}
