//! Server-side apply: wave after wave, and many objects at once within a wave.

use berth_core::actions::kube::{KubeObjectRef, Manifest};
use berth_core::manifests::waves::{Wave, WaveKind, is_custom, waves};
use berth_core::run::{Fault, FaultKind, LeftBehind, Retry};
use futures::StreamExt;
use futures::stream;
use kube::Client;
use serde_json::Value;

use crate::classify::{self, NotApplied};
use crate::hands::Going;
use crate::kinds::{Kinds, Resource};
use crate::pages::{self, Choice};
use crate::wire::{self, Change};
use crate::{in_force, record};

/// Field owner of everything berth applies.
pub(crate) const OWNER: &str = "berth";
/// Requests under way at once. A kube-apiserver alone is busy with a third of them; the others make up for the way to a server that
/// is far off, or whose disk is slow.
pub(crate) const AT_ONCE: usize = 100;
/// How many of those objects that were made, or were refused, are told by name.
const MOST_NAMED: usize = 5;

/// Applies objects; done when all of them are in force.
pub(crate) async fn apply(client: &Client, objects: &[Manifest], take_fields: bool) -> Result<Going, Fault> {
    record::keep(client, objects).await?;
    let kinds = Kinds::new(client);
    let mut made = Vec::new();
    // Pods need both configuration and services, and of these neither needs the other: they go together.
    let at_once = |one: &Wave<'_>, next: &Wave<'_>| (one.kind, next.kind) == (WaveKind::Config, WaveKind::Services);
    for (number, waves) in waves(objects).chunk_by(at_once).enumerate() {
        let objects: Vec<&Manifest> = waves.iter().flat_map(|wave| wave.objects.iter().copied()).collect();
        if number > 0 && objects.iter().any(|object| is_custom(&object.reference())) {
            // An earlier wave may have defined their kinds.
            kinds.refresh().await;
        }
        let outcomes = apply_together(client, &kinds, &objects, take_fields).await;
        let mut faults = Vec::new();
        let mut held = Vec::new();
        for (object, outcome) in objects.iter().zip(outcomes) {
            match outcome {
                Ok(applied) => {
                    made.extend(applied.is_new.then(|| object.reference()));
                    held.extend(applied.held);
                }
                Err(fault) => faults.push((object.reference(), fault)),
            }
        }
        if let Some(fault) = together(faults, &made) {
            return Err(fault);
        }
        if let Some(first) = held.first() {
            let rest = held.len() - 1;
            return Ok(Going::Waiting(Some(if rest == 0 {
                first.clone()
            } else {
                format!("{first}, and {rest} more")
            })));
        }
    }
    Ok(Going::Done)
}

/// An object the server took, or will take when something has passed.
struct Applied {
    is_new: bool,
    /// Why it is not in force yet.
    held: Option<String>,
}

impl Applied {
    fn not_yet(object: &KubeObjectRef, why: &str) -> Self {
        Self { is_new: false, held: Some(format!("{object}: {why}")) }
    }
}

/// The outcomes stand in the order of the objects.
async fn apply_together(
    client: &Client,
    kinds: &Kinds<'_>,
    objects: &[&Manifest],
    take_fields: bool,
) -> Vec<Result<Applied, Fault>> {
    let calls: Vec<_> = objects.iter().map(|object| apply_one(client, kinds, object, take_fields)).collect();
    stream::iter(calls).buffered(AT_ONCE).collect().await
}

async fn apply_one(client: &Client, kinds: &Kinds<'_>, object: &Manifest, take_fields: bool) -> Result<Applied, Fault> {
    let reference = object.reference();
    let tried = format!("apply {reference}");
    let Some(resource) = kinds.find(&reference.api_version, &reference.kind).await? else {
        return not_served(client, kinds, &reference, &tried).await;
    };
    let path = apply_path(&resource, &reference, &format!("&force={take_fields}"));
    let error = match wire::change::<Value>(client, Change::Apply, &path, object.value().to_string().into()).await {
        Ok(changed) => {
            return Ok(Applied { is_new: changed.is_new, held: in_force::held(&reference, &changed.object) });
        }
        Err(error) => error,
    };
    match classify::not_applied(&tried, error) {
        NotApplied::BeingDeleted => Ok(Applied::not_yet(&reference, "what was there is being deleted")),
        NotApplied::Contested(contests) => Err(classify::contested(&tried, &contests)),
        // Between a definition's being established and the first answer on its path some moments pass.
        NotApplied::NotFound(fault) if is_custom(&reference) && !fault.said.contains("namespaces \"") => {
            Ok(Applied::not_yet(&reference, "its kind is not served yet"))
        }
        NotApplied::NotFound(fault)
        | NotApplied::Immutable { fault, .. }
        | NotApplied::Unfit(fault)
        | NotApplied::Fault(fault) => Err(fault),
    }
}

/// Path of an apply.
pub(crate) fn apply_path(resource: &Resource, object: &KubeObjectRef, more: &str) -> String {
    format!("{}?fieldManager={OWNER}{more}", resource.path(object))
}

/// A kind the server does not have: a definition that stands will bring it, else nobody will.
async fn not_served(client: &Client, kinds: &Kinds<'_>, object: &KubeObjectRef, tried: &str) -> Result<Applied, Fault> {
    let definitions = match kinds.find("apiextensions.k8s.io/v1", "CustomResourceDefinition").await? {
        Some(resource) => {
            pages::list_whole::<Value>(client, &resource.collection(None), Choice::default(), tried).await?
        }
        None => Vec::new(),
    };
    let is_defined = definitions.iter().any(|definition| {
        let spec = &definition["spec"];
        let versions = spec["versions"].as_array().into_iter().flatten();
        let is_served = |version: &Value| {
            version["served"] == true && version["name"].as_str() == object.api_version.rsplit('/').next()
        };
        spec["group"] == object.group()
            && spec["names"]["kind"] == object.kind.as_str()
            && versions.into_iter().any(is_served)
    });
    if is_defined {
        return Ok(Applied::not_yet(object, "its kind is not served yet"));
    }
    let said = format!("the cluster has no kind {} in {}; its definition is missing", object.kind, object.api_version);
    Err(Fault { kind: FaultKind::Refused, ..classify::strange_answer(tried, said) })
}

/// One fault for all that failed in a wave: a final one counts more than one that may pass.
fn together(faults: Vec<(KubeObjectRef, Fault)>, made: &[KubeObjectRef]) -> Option<Fault> {
    let chosen = faults.iter().position(|(_, fault)| fault.retry == Retry::Never).unwrap_or(0);
    let others: Vec<String> = faults
        .iter()
        .enumerate()
        .filter(|(number, _)| *number != chosen)
        .map(|(_, (object, fault))| format!("{object}: {}", fault.said))
        .collect();
    let is_unknown = faults.iter().any(|(_, fault)| fault.kind == FaultKind::Lost);
    let (_, mut fault) = faults.into_iter().nth(chosen)?;
    if !others.is_empty() {
        fault.said = format!("{}; also {}", fault.said, named(&others, "; "));
    }
    fault.left_behind = if is_unknown {
        LeftBehind::Unknown
    } else if made.is_empty() {
        LeftBehind::Nothing
    } else {
        let names: Vec<String> = made.iter().map(ToString::to_string).collect();
        LeftBehind::These(vec![named(&names, ", ")])
    };
    Some(fault)
}

fn named(names: &[String], between: &str) -> String {
    match names.get(..MOST_NAMED).filter(|_| names.len() > MOST_NAMED) {
        Some(first) => format!("{}{between}and {} more", first.join(between), names.len() - MOST_NAMED),
        None => names.join(between),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failed(name: &str, kind: FaultKind, retry: Retry) -> (KubeObjectRef, Fault) {
        let object = KubeObjectRef {
            api_version: "v1".to_owned(),
            kind: "ConfigMap".to_owned(),
            namespace: Some("film".to_owned()),
            name: name.to_owned(),
        };
        let fault = classify::strange_answer(&format!("apply {object}"), format!("words on {name}"));
        (object, Fault { kind, retry, ..fault })
    }

    #[test]
    fn a_final_failure_is_told_first_and_the_others_after_it() {
        let faults =
            vec![failed("a", FaultKind::Unavailable, Retry::Backoff), failed("b", FaultKind::Refused, Retry::Never)];
        let made = [failed("c", FaultKind::Other, Retry::Never).0];
        let fault = together(faults, &made).unwrap();
        assert_eq!(fault.to_string(), "apply ConfigMap film/b: words on b; also ConfigMap film/a: words on a");
        assert_eq!(fault.retry, Retry::Never);
        assert_eq!(fault.left_behind, LeftBehind::These(vec!["ConfigMap film/c".to_owned()]));
    }

    #[test]
    fn a_lost_answer_leaves_the_rest_unknown() {
        let fault = together(vec![failed("a", FaultKind::Lost, Retry::Backoff)], &[]).unwrap();
        assert_eq!(fault.left_behind, LeftBehind::Unknown);
        assert!(together(Vec::new(), &[]).is_none());
    }
}
