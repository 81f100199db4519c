//! How a spec's workloads come into a cluster, change with the files and go out of it.
//!
//! One step for each wave that has something to apply; then what the files have no more goes, because GPUs that it holds may be
//! what the new pods wait for; then rollouts are followed. What is as wanted is not touched.

use std::collections::BTreeMap;

use serde_json::json;

use super::fit;
use super::steps::{self, Inside};
use crate::actions::kube::{KubeAction, KubeClusterRef, KubeObjectRef, Manifest};
use crate::manifests::waves::{Wave, WaveKind, is_custom, is_rolled_out, waves};
use crate::observed::{Contest, ObjectState};
use crate::plan::{Note, Refusal, Step, StepChange, StepId};

/// Lines of a step's details; a wave may have hundreds of objects.
const MOST_DETAILS: usize = 40;
/// Fields of an object that are named; a new image of all containers is a few.
const MOST_FIELDS: usize = 4;
/// Seconds a wave usually takes.
const WAVE_SECONDS: u32 = 10;
/// Seconds until a namespace is gone with all that is in it, usually.
const DELETION_SECONDS: u32 = 30;
/// Seconds a rollout usually takes: images with GPU libraries are several gigabytes.
const ROLLOUT_SECONDS: u32 = 300;
/// Seconds after which a rollout is given up.
const ROLLOUT_LIMIT_SECONDS: u32 = 1800;

/// What is to be done for the workloads.
#[derive(Debug, Default)]
pub(super) struct Decided {
    /// The step that applies namespaces and definitions, for which service quotas wait.
    pub(super) foundations: Option<Step>,
    /// All others, in their order; they wait for what makes the API reachable and for the service quotas as well.
    pub(super) rest: Vec<Step>,
    pub(super) notes: Vec<Note>,
}

/// Steps after which the workloads are as the files say.
///
/// # Errors
/// Somebody else owns fields that the files set, and they are not to be taken.
pub(super) fn decide(inside: &Inside<'_>) -> Result<Decided, Refusal> {
    let seen = Seen::new(inside);
    if !inside.workloads.force_conflicts {
        seen.refuse_contested(inside)?;
    }
    let known = fit::known(inside, &seen)?;
    let replaced = fit::replaced(inside, &seen)?;
    let mut decided = Decided { notes: known.notes, ..Decided::default() };
    let mut last: Vec<StepId> = Vec::new();
    for wave in waves(&known.objects) {
        let kind = wave.kind;
        if let Some(mut step) = again(inside, &wave, &replaced) {
            step.after.append(&mut last);
            last.push(step.id.clone());
            decided.rest.push(step);
        }
        let Some(mut step) = apply(inside, &seen, &wave) else { continue };
        step.after.append(&mut last);
        last.push(step.id.clone());
        if kind == WaveKind::Foundations {
            step.after.extend(inside.api.iter().cloned());
            decided.foundations = Some(step);
        } else {
            decided.rest.push(step);
        }
    }
    for mut step in removals(inside, &seen) {
        step.after.append(&mut last);
        last.push(step.id.clone());
        decided.rest.push(step);
    }
    if let Some(mut step) = let_go(inside, &seen) {
        step.after.clone_from(&last);
        decided.rest.push(step);
    }
    decided.rest.extend(rollouts(inside, &seen, last));
    decided.notes.extend(seen.held());
    Ok(decided)
}

/// How the objects stand.
pub(super) struct Seen<'a> {
    states: BTreeMap<&'a KubeObjectRef, &'a ObjectState>,
}

impl<'a> Seen<'a> {
    /// Of a cluster that goes before the plan is through, nothing counts.
    fn new(inside: &Inside<'a>) -> Self {
        let seen = inside.observed.workloads.iter().filter(|_| steps::is_staying(inside.observed));
        Self { states: seen.map(|seen| (&seen.object, &seen.state)).collect() }
    }

    fn state(&self, object: &KubeObjectRef) -> &'a ObjectState {
        self.found(object).unwrap_or(&ObjectState::Missing)
    }

    /// How an object stands, if anybody has looked.
    pub(super) fn found(&self, object: &KubeObjectRef) -> Option<&'a ObjectState> {
        self.states.get(object).copied()
    }

    fn refuse_contested(&self, inside: &Inside<'_>) -> Result<(), Refusal> {
        let mut lines = Vec::new();
        for object in inside.workloads.objects.iter().map(Manifest::reference) {
            if let ObjectState::Contested(contests) = self.state(&object) {
                lines.extend(contests.iter().map(|contest| format!("{object}: {}", belongs(contest))));
            }
        }
        if lines.is_empty() { Ok(()) } else { Err(Refusal::Contested(lines)) }
    }

    fn unwanted(&self) -> impl Iterator<Item = &'a KubeObjectRef> {
        self.states.iter().filter(|(_, state)| ***state == ObjectState::Unwanted).map(|(object, _)| *object)
    }

    /// What the files have no more and what stays all the same.
    fn held(&self) -> Vec<Note> {
        let mut notes = Vec::new();
        for (object, state) in &self.states {
            let ObjectState::Holding(others) = state else { continue };
            let text = format!(
                "is not in the files any more; it stays, because what berth did not put there would go with it: {}",
                shortened(others, ", ")
            );
            notes.push(Note { about: object.to_string(), text });
        }
        notes
    }
}

/// `.spec.replicas belongs to "kubectl" using apps/v1`
fn belongs(contest: &Contest) -> String {
    let verb = if contest.fields.len() == 1 { "belongs" } else { "belong" };
    format!("{} {verb} to {}", contest.fields.join(", "), contest.manager)
}

/// The step that applies what of a wave is not as wanted.
fn apply(inside: &Inside<'_>, seen: &Seen<'_>, wave: &Wave<'_>) -> Option<Step> {
    let (mut new, mut changed, mut taken) = (Vec::new(), Vec::new(), Vec::new());
    let mut says_fields = false;
    let mut objects = Vec::new();
    for manifest in &wave.objects {
        let object = manifest.reference();
        match seen.state(&object) {
            ObjectState::AsWanted | ObjectState::Unready => continue,
            // Only what is not wanted is called so; of what is, nothing is known then.
            ObjectState::Missing
            | ObjectState::Undefined
            | ObjectState::Unwanted
            | ObjectState::Holding(_)
            | ObjectState::Theirs(_)
            | ObjectState::Immutable { .. } => new.push(object.to_string()),
            ObjectState::Differs(fields) if fields.is_empty() => changed.push(object.to_string()),
            ObjectState::Differs(fields) => {
                says_fields = true;
                changed.push(format!("{object} ({})", some(fields)));
            }
            ObjectState::Contested(contests) => {
                let fields: Vec<String> = contests.iter().map(belongs).collect();
                taken.push(format!("{object}, though {}", fields.join("; ")));
            }
        }
        objects.push((*manifest).clone());
    }
    if objects.is_empty() {
        return None;
    }
    let counts = [(new.len(), "new"), (changed.len(), "changed"), (taken.len(), "taken over")];
    let counts: Vec<String> =
        counts.iter().filter(|(count, _)| *count > 0).map(|(count, word)| format!("{count} {word}")).collect();
    let title = match objects.as_slice() {
        [only] => format!("apply {}", only.reference()),
        several => format!("apply {} {}: {}", several.len(), wave.kind.words(), counts.join(", ")),
    };
    let only_new = changed.is_empty() && taken.is_empty();
    let labelled =
        |word: &str, lines: Vec<String>| lines.into_iter().map(|line| format!("{word}: {line}")).collect::<Vec<_>>();
    let trivial = objects.len() == 1 && taken.is_empty() && !says_fields;
    let details = [labelled("new", new), labelled("change", changed), labelled("take over", taken)].concat();
    let action = KubeAction::ApplyObjects {
        cluster: KubeClusterRef::of(inside.spec),
        about: about(&objects, wave.kind.words()),
        objects,
        force: inside.workloads.force_conflicts,
    };
    let step = steps::step(&format!("workloads/{}", wave.kind.id()), title, Vec::new(), action);
    let (change, why) = if only_new {
        (StepChange::Add, "the files say so, and the cluster has nothing of it")
    } else {
        (StepChange::Change, "the files say otherwise")
    };
    Some(Step {
        change,
        why: why.to_owned(),
        details: if trivial { Vec::new() } else { cut(details) },
        usual_seconds: WAVE_SECONDS,
        ..step
    })
}

/// The step that takes away what is made again, since it cannot be changed.
fn again(inside: &Inside<'_>, wave: &Wave<'_>, replaced: &[KubeObjectRef]) -> Option<Step> {
    let own = wave.objects.iter().map(|manifest| manifest.reference());
    let objects: Vec<KubeObjectRef> = own.filter(|object| replaced.contains(object)).collect();
    if objects.is_empty() {
        return None;
    }
    let step = remove(inside, "replaced", "finished Jobs", objects);
    let why =
        "the files say otherwise, and a Job's pods cannot be changed: it has finished and is made again".to_owned();
    Some(Step { why, ..step })
}

/// The first of some fields, and how many more there are.
fn some(fields: &[String]) -> String {
    let first = fields.iter().take(MOST_FIELDS).cloned().collect::<Vec<_>>().join(", ");
    if fields.len() > MOST_FIELDS { format!("{first} and {} more", fields.len() - MOST_FIELDS) } else { first }
}

/// What the objects of an action are, for messages.
fn about(objects: &[Manifest], words: &str) -> String {
    match objects {
        [only] => only.reference().to_string(),
        several => format!("{} {words}", several.len()),
    }
}

/// Which goes first of what is not wanted any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Removal {
    /// Custom resources, while what looks after them still runs and can release them.
    Custom,
    /// What makes pods, before the policies that protect them and the claims they use.
    Workloads,
    /// Everything else in namespaces.
    Others,
    /// Namespaces and definitions, which take all that is left in them along.
    Foundations,
}

impl Removal {
    fn of(object: &KubeObjectRef) -> Self {
        match WaveKind::of(object) {
            WaveKind::Foundations => Self::Foundations,
            WaveKind::Workloads => Self::Workloads,
            _ if is_custom(object) => Self::Custom,
            _ => Self::Others,
        }
    }

    fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Custom => ("custom", "custom resources"),
            Self::Workloads => ("workloads", "workloads"),
            Self::Others => ("others", "objects"),
            Self::Foundations => ("namespaces", "namespaces and definitions"),
        }
    }
}

fn removals(inside: &Inside<'_>, seen: &Seen<'_>) -> Vec<Step> {
    let mut groups: BTreeMap<Removal, Vec<KubeObjectRef>> = BTreeMap::new();
    for object in seen.unwanted() {
        groups.entry(Removal::of(object)).or_default().push(object.clone());
    }
    let step = |(group, objects): (Removal, _)| {
        let (id, words) = group.words();
        remove(inside, id, words, objects)
    };
    groups.into_iter().map(step).collect()
}

fn remove(inside: &Inside<'_>, id: &str, words: &str, objects: Vec<KubeObjectRef>) -> Step {
    let what = match objects.as_slice() {
        [only] => only.to_string(),
        several => format!("{} {words}", several.len()),
    };
    let details = objects.iter().map(|object| match object.kind.as_str() {
        "PersistentVolumeClaim" => format!("{object}, and the data on its volume unless its storage class retains it"),
        "Namespace" => format!("{object}, which holds nothing else"),
        _ => object.to_string(),
    });
    let details = cut(details.collect());
    let action = KubeAction::DeleteObjects { cluster: KubeClusterRef::of(inside.spec), about: what.clone(), objects };
    let step = steps::step(&format!("workloads/{id}/delete"), format!("delete {what}"), Vec::new(), action);
    let why = "berth put it there, and the files have it no more".to_owned();
    Step { change: StepChange::Remove, why, details, usual_seconds: DELETION_SECONDS, ..step }
}

/// The step that takes berth's fields off what somebody else made, and leaves it to them: an apply of nothing but the name gives
/// up all that was applied before.
fn let_go(inside: &Inside<'_>, seen: &Seen<'_>) -> Option<Step> {
    let (mut objects, mut details) = (Vec::new(), Vec::new());
    for (object, state) in &seen.states {
        let ObjectState::Theirs(who) = state else { continue };
        let mut bare =
            json!({"apiVersion": object.api_version, "kind": object.kind, "metadata": {"name": object.name}});
        if let Some(namespace) = &object.namespace {
            bare["metadata"]["namespace"] = json!(namespace);
        }
        objects.push(Manifest::new(bare));
        details.push(format!("{object} stays: {who} made or changed it"));
    }
    let what = match objects.as_slice() {
        [] => return None,
        [only] => only.reference().to_string(),
        several => format!("{} objects", several.len()),
    };
    let action = KubeAction::ApplyObjects {
        cluster: KubeClusterRef::of(inside.spec),
        about: what.clone(),
        objects,
        force: true,
    };
    let step = steps::step("workloads/let-go", format!("take berth's labels off {what}"), Vec::new(), action);
    let why = "the files have it no more, and it is not berth's to delete".to_owned();
    Some(Step { change: StepChange::Remove, why, details: cut(details), ..step })
}

/// The step that follows the rollouts of all that was applied or was not complete before.
fn rollouts(inside: &Inside<'_>, seen: &Seen<'_>, after: Vec<StepId>) -> Option<Step> {
    let wanted = inside.workloads.objects.iter().map(Manifest::reference);
    let waited_for = wanted.filter(|object| is_rolled_out(object) && *seen.state(object) != ObjectState::AsWanted);
    let objects: Vec<KubeObjectRef> = waited_for.collect();
    let (title, about) = match objects.as_slice() {
        [] => return None,
        [only] => (format!("bring up {only}"), only.to_string()),
        several => (format!("bring up {} workloads", several.len()), format!("{} workloads", several.len())),
    };
    let names = if objects.len() == 1 { Vec::new() } else { objects.iter().map(ToString::to_string).collect() };
    let details = cut(names);
    let after = after.into_iter().chain(inside.nodes.iter().cloned()).collect();
    let action = KubeAction::AwaitRollouts { cluster: KubeClusterRef::of(inside.spec), about, objects };
    let step = steps::step("workloads/ready", title, after, action);
    let why = "until it runs: images are pulled, and pods wait for nodes and GPUs".to_owned();
    Some(Step {
        change: StepChange::Wait,
        why,
        details,
        usual_seconds: ROLLOUT_SECONDS,
        limit_seconds: ROLLOUT_LIMIT_SECONDS,
        ..step
    })
}

/// So many lines, and how many more there are.
fn cut(mut lines: Vec<String>) -> Vec<String> {
    if lines.len() > MOST_DETAILS {
        let more = lines.len() - MOST_DETAILS;
        lines.truncate(MOST_DETAILS);
        lines.push(format!("and {more} more"));
    }
    lines
}

fn shortened(lines: &[String], between: &str) -> String {
    cut(lines.to_vec()).join(between)
}
