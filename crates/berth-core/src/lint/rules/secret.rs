//! Secrets that pods name and no file has: someone has to make them first.
//!
//! A warning only: a secret that is not in the files is where it belongs. Kinds that make secrets count as having them.

use std::collections::{BTreeMap, BTreeSet};

use crate::lint::finding::{Place, Report, Says};
use crate::lint::object::{Pod, shown};
use crate::lint::world::World;
use crate::spec::tree::{Entry, Node};

pub(super) const RULE: &str = "missing-secret";

/// A place where a pod names a secret.
struct Named<'a> {
    secret: &'a str,
    /// The key of it that is needed.
    key: Option<&'a str>,
    /// It is for pulling images, without which pods start all the same if the image can be had.
    pulls: bool,
    place: Place<'a>,
}

pub(super) fn check(world: &World<'_>, report: &mut Report) {
    let made = made(world);
    let keys = keys(world);
    let mut said = BTreeSet::new();
    for pod in world.pods() {
        for named in named(&pod) {
            let id = (pod.namespace(), named.secret);
            if !made.contains(&id) {
                // One finding for each secret, not for each container that names it.
                if said.insert(id) {
                    report.warning(RULE, named.place, &missing(id, named.pulls));
                }
                continue;
            }
            let lacks = named.key.zip(keys.get(&id)).filter(|(key, keys)| !keys.contains(*key));
            if let Some((key, keys)) = lacks {
                let what = format!("the secret `{}` has no key `{key}`", named.secret);
                let why = "the pod waits in CreateContainerConfigError";
                let has: Vec<&str> = keys.iter().copied().collect();
                report.error(RULE, named.place, &Says::new(what, why, format!("one of {}", has.join(", "))));
            }
        }
    }
}

fn missing((namespace, name): (&str, &str), pulls: bool) -> Says {
    let make = |kind: &str| {
        format!(
            "say in `spec.secrets` where its values are, or make it before: kubectl -n {namespace} create secret {kind} {name}"
        )
    };
    let (why, fix) = if pulls {
        ("until somebody makes it private images cannot be pulled: ImagePullBackOff", make("docker-registry"))
    } else {
        ("until somebody makes it the pods wait for it", format!("{}; or mark it `optional`", make("generic")))
    };
    Says::new(format!("no file has the secret `{name}` of namespace {namespace}"), why, fix)
}

/// Secrets that the spec or the files have or that something in them makes.
fn made<'a>(world: &'a World<'_>) -> BTreeSet<(&'a str, &'a str)> {
    let of_spec = world.spec.secrets.iter().map(|secret| (secret.namespace.as_str(), secret.name.as_str()));
    let mut made: BTreeSet<_> = of_spec.collect();
    for object in &world.objects {
        let at = |way: &[&str]| object.root.along(way).and_then(Node::text);
        let name = match object.kind.as_str() {
            "Secret" | "SealedSecret" => Some(object.name.as_str()),
            "ExternalSecret" => at(&["spec", "target", "name"]).or(Some(&object.name)),
            "Certificate" => at(&["spec", "secretName"]),
            "VaultStaticSecret" | "VaultDynamicSecret" => at(&["spec", "destination", "name"]),
            _ => None,
        };
        let namespace = object.namespace().unwrap_or("default");
        made.extend(name.map(|name| (namespace, name)));
        if object.kind == "SecretProviderClass" {
            let list = object.root.along(&["spec", "secretObjects"]).map(Node::items).unwrap_or_default();
            made.extend(list.iter().filter_map(|item| Some((namespace, item.get("secretName")?.text()?))));
        }
    }
    made
}

/// The keys of secrets that stand in the files, or in the spec as far as it names them all.
fn keys<'a>(world: &'a World<'_>) -> BTreeMap<(&'a str, &'a str), BTreeSet<&'a str>> {
    let known = world.spec.secrets.iter().filter(|secret| secret.env_file.is_none());
    let of_spec = known.map(|secret| ((secret.namespace.as_str(), secret.name.as_str()), secret.keys().collect()));
    let secrets = world.objects.iter().filter(|object| object.kind == "Secret");
    secrets
        .map(|object| {
            let entries =
                ["data", "stringData"].into_iter().filter_map(|field| object.root.get(field)).flat_map(Node::entries);
            let keys = entries.map(|entry| entry.key.as_str()).collect();
            ((object.namespace().unwrap_or("default"), object.name.as_str()), keys)
        })
        .chain(of_spec)
        .collect()
}

fn named<'a>(pod: &Pod<'a>) -> Vec<Named<'a>> {
    let mut named = Vec::new();
    let mut add = |node: Option<&'a Node>, field: &str, pulls: bool| {
        let Some(node) = node else { return };
        let is_optional = node.get("optional").and_then(Node::scalar).is_some_and(|value| value == "true");
        let entry: Option<&'a Entry> = node.entry(field).filter(|_| !is_optional);
        let Some((entry, secret)) = entry.and_then(|entry| Some((entry, entry.node.text()?))) else { return };
        let key = node.get("key").and_then(Node::text);
        named.push(Named { secret, key, pulls, place: pod.object.at(shown(entry)) });
    };
    for container in pod.containers() {
        for env in container.node.get("env").map(Node::items).unwrap_or_default() {
            add(env.along(&["valueFrom", "secretKeyRef"]), "name", false);
        }
        for env in container.node.get("envFrom").map(Node::items).unwrap_or_default() {
            add(env.get("secretRef"), "name", false);
        }
    }
    for volume in pod.spec.get("volumes").map(Node::items).unwrap_or_default() {
        add(volume.get("secret"), "secretName", false);
        for source in volume.along(&["projected", "sources"]).map(Node::items).unwrap_or_default() {
            add(source.get("secret"), "name", false);
        }
    }
    for pull in pod.spec.get("imagePullSecrets").map(Node::items).unwrap_or_default() {
        add(Some(pull), "name", true);
    }
    named
}
