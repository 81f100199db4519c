//! Which of the wanted objects a cluster can take at all, said before anything is changed.
//!
//! A kind the cluster does not know is refused, or left out where the object says that it is optional. Fields that no server lets be
//! changed are refused with the way out; only a Job that has finished goes and is made again, as nothing of it is lost.

use super::steps::{self, Inside};
use super::workloads::Seen;
use crate::actions::kube::{KubeObjectRef, Manifest};
use crate::manifests::definitions::{Definitions, OPTIONAL, is_optional};
use crate::observed::ObjectState;
use crate::plan::{Note, Refusal};

/// The wanted objects of kinds that the cluster knows or will know.
pub(super) struct Known {
    pub(super) objects: Vec<Manifest>,
    /// What is left out.
    pub(super) notes: Vec<Note>,
}

/// Leaves out what is optional and of a kind nobody defines.
///
/// # Errors
/// Something else is of such a kind.
pub(super) fn known(inside: &Inside<'_>, seen: &Seen<'_>) -> Result<Known, Refusal> {
    let definitions = Definitions::new(inside.spec, inside.workloads.objects.iter().map(Manifest::value));
    let is_new = !steps::is_staying(inside.observed);
    let mut known = Known { objects: Vec::new(), notes: Vec::new() };
    let mut refused = Vec::new();
    for manifest in inside.workloads.objects {
        let object = manifest.reference();
        let may_be_left_out = is_optional(manifest.value());
        let is_undefined = match seen.found(&object) {
            Some(state) => *state == ObjectState::Undefined,
            // What was put by hand into a cluster that cannot be asked now, nobody knows.
            None => definitions.lack(&object) && (is_new || may_be_left_out),
        };
        let lacks = format!("no kind {} in {}", object.kind, object.api_version);
        if !is_undefined {
            known.objects.push(manifest.clone());
        } else if may_be_left_out {
            let text = format!("is left out, as it is optional ({OPTIONAL}) and the cluster has {lacks}");
            known.notes.push(Note { about: object.to_string(), text });
        } else {
            refused.push(format!("{}: {lacks}", manifest.words()));
        }
    }
    if refused.is_empty() { Ok(known) } else { Err(Refusal::Undefined(refused)) }
}

/// Jobs that have finished and are made again, since they cannot be changed.
///
/// # Errors
/// Something else cannot be changed as the files say.
pub(super) fn replaced(inside: &Inside<'_>, seen: &Seen<'_>) -> Result<Vec<KubeObjectRef>, Refusal> {
    let (mut replaced, mut refused) = (Vec::new(), Vec::new());
    for manifest in inside.workloads.objects {
        let object = manifest.reference();
        let Some(ObjectState::Immutable { fields, finished }) = seen.found(&object) else { continue };
        if *finished {
            replaced.push(object);
        } else {
            refused.push(format!(
                "{}: {} cannot be changed; {}",
                manifest.words(),
                fields.join(", "),
                way_out(&object.kind)
            ));
        }
    }
    if refused.is_empty() { Ok(replaced) } else { Err(Refusal::Immutable(refused)) }
}

fn way_out(kind: &str) -> &'static str {
    match kind {
        "Job" => "wait until the Job has finished, or delete it, or give the new one another name",
        "PersistentVolumeClaim" | "PersistentVolume" => {
            "put the old value back into the file, or give the new one another name; the data stays on the old volume"
        }
        "StatefulSet" => {
            "put the old value back into the file, or delete it with --cascade=orphan so that its pods and volumes stay"
        }
        _ => "put the old value back into the file, or delete the object, or give the new one another name",
    }
}
