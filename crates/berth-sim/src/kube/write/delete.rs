//! DELETE: one object or a collection.

use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::kube::failure::{Cause, Failure, Outcome};
use crate::kube::kinds::Kind;
use crate::kube::output::ListMetadata;
use crate::kube::read::list::prefix;
use crate::kube::request::{Reply, Request};
use crate::kube::rules::namespace::IMMORTAL;
use crate::kube::selectors::Selection;
use crate::kube::serving::Asked;
use crate::kube::store::Store;
use crate::kube::{decode, definitions, time};

/// A job's pods are kept when nobody says otherwise, and the client is told so.
const ORPHANS: &str = "child pods are preserved by default when jobs are deleted; set propagationPolicy=Background to \
remove them or set propagationPolicy=Orphan to suppress this warning";

/// How a deletion is to be carried out.
#[derive(Debug, Default)]
struct Options {
    dry_run: bool,
    grace_seconds: Option<i64>,
    /// The finalizer a propagation policy adds.
    hold: Option<&'static str>,
    /// Whether the client said what becomes of dependents.
    told: bool,
    uid: Option<String>,
    version: Option<String>,
}

impl Options {
    /// From the body, or from the query when there is no body: never from both.
    fn of(request: &Request) -> Outcome<Options> {
        let body = if request.body.is_empty() {
            let mut options = json!({});
            for field in ["propagationPolicy", "orphanDependents"] {
                if let Some(value) = request.filled(field) {
                    options[field] = json!(value);
                }
            }
            if let Some(seconds) = request.filled("gracePeriodSeconds").and_then(|text| text.parse::<i64>().ok()) {
                options["gracePeriodSeconds"] = json!(seconds);
            }
            if request.dry_run() {
                options["dryRun"] = json!(["All"]);
            }
            options
        } else {
            decode::plain(request)?
        };
        Options::checked(&body)
    }

    fn checked(body: &Value) -> Outcome<Options> {
        const FIELD: &str = "propagationPolicy";
        let policy = body[FIELD].as_str();
        let orphans = &body["orphanDependents"];
        let cause = match policy {
            Some(_) if !orphans.is_null() => {
                let why = "orphanDependents and deletionPropagation cannot be both set";
                Some(Cause::invalid(FIELD, &body[FIELD], why))
            }
            Some("Foreground" | "Background" | "Orphan") | None => None,
            Some(other) => Some(Cause::unsupported(FIELD, other, &["Foreground", "Background", "Orphan", "nil"])),
        };
        if let Some(cause) = cause {
            return Err(Failure::invalid_as("meta.k8s.io", "DeleteOptions", "", &[cause]));
        }
        let hold = match policy {
            Some("Foreground") => Some("foregroundDeletion"),
            Some("Orphan") => Some("orphan"),
            _ if *orphans == true || *orphans == "true" => Some("orphan"),
            _ => None,
        };
        let text = |value: &Value| value.as_str().map(str::to_owned);
        Ok(Options {
            dry_run: body["dryRun"].as_array().is_some_and(|runs| runs.iter().any(|run| run == "All")),
            grace_seconds: body["gracePeriodSeconds"].as_i64(),
            hold,
            told: policy.is_some() || !orphans.is_null(),
            uid: text(&body["preconditions"]["uid"]),
            version: text(&body["preconditions"]["resourceVersion"]),
        })
    }

    /// Whether the object is still the one the client means.
    fn check(&self, kind: &Kind, name: &str, object: &Value) -> Outcome<()> {
        let refuse = |why: String| {
            let message = format!("Operation cannot be fulfilled on {} \"{name}\": {why}", kind.kind);
            let mut failure = Failure::new(409, Some("Conflict"), message);
            failure.details = Some(json!({"name": name, "kind": kind.kind}));
            Err(failure)
        };
        let own = |field: &str| object["metadata"][field].as_str().unwrap_or_default().to_owned();
        match (&self.uid, &self.version) {
            (Some(uid), _) if *uid != own("uid") => refuse(format!(
                "the UID in the precondition ({uid}) does not match the UID in record ({}). The object might have \
been deleted and then recreated",
                own("uid")
            )),
            (_, Some(version)) if *version != own("resourceVersion") => refuse(format!(
                "the ResourceVersion in the precondition ({version}) does not match the ResourceVersion in record \
({}). The object might have been modified",
                own("resourceVersion")
            )),
            _ => Ok(()),
        }
    }
}

/// Deletes one object.
pub(crate) fn delete(store: &mut Store, asked: &Asked<'_>) -> Outcome<Reply> {
    let mut options = Options::of(asked.request)?;
    let name = asked.name.unwrap_or_default();
    if asked.kind.storage == "batch/jobs" && !options.told {
        options.hold = Some("orphan");
        asked.findings.borrow_mut().push(ORPHANS.to_owned());
    }
    if asked.kind.storage == "/namespaces" && IMMORTAL.contains(&name) {
        return Err(Failure::forbidden(asked.kind, name, "this namespace may not be deleted"));
    }
    let object = store.object(asked.kind, &asked.key()).ok_or_else(|| Failure::not_found(asked.kind, name))?;
    options.check(asked.kind, name, object)?;
    let object = Value::clone(object);
    Ok(match carry_out(store, asked, &asked.key(), object, &options) {
        Deleted::Held(object) => asked.writer.reply(200, &object),
        Deleted::Gone(object) if asked.kind.manners.delete_shows_object => asked.writer.reply(200, &object),
        Deleted::Gone(object) => success(asked.kind, name, &object),
    })
}

/// Deletes the pod the path names on behalf of an eviction; `options` are those in the eviction's body.
pub(crate) fn evict(store: &mut Store, asked: &Asked<'_>, options: &Value) -> Outcome<()> {
    let mut options = Options::checked(options)?;
    options.dry_run |= asked.request.dry_run();
    let name = asked.name.unwrap_or_default();
    let pod = store.object(asked.kind, &asked.key()).ok_or_else(|| Failure::not_found(asked.kind, name))?;
    options.check(asked.kind, name, pod)?;
    let pod = Value::clone(pod);
    carry_out(store, asked, &asked.key(), pod, &options);
    Ok(())
}

/// Deletes all selected objects of a place; the answer is the list of them as they were.
pub(crate) fn collection(store: &mut Store, asked: &Asked<'_>) -> Outcome<Reply> {
    let options = Options::of(asked.request)?;
    let selection = Selection::of(asked.kind, asked.request)?;
    let metadata = ListMetadata { version: store.resource_version(), ..ListMetadata::default() };
    let prefix = prefix(asked.kind, asked.namespace);
    let found: Vec<(String, Value)> = store
        .range(asked.kind, &prefix)
        .filter(|(_, object)| selection.selects(object))
        .map(|(key, object)| (key.clone(), Value::clone(object)))
        .collect();
    for (key, object) in &found {
        carry_out(store, asked, key, object.clone(), &options);
    }
    Ok(asked.writer.list(&metadata, found.iter().map(|(_, object)| object)))
}

/// What became of the object, and how it is shown.
enum Deleted {
    Gone(Value),
    Held(Value),
}

fn carry_out(store: &mut Store, asked: &Asked<'_>, key: &str, mut object: Value, options: &Options) -> Deleted {
    let seconds = grace_seconds(asked.kind, &object, options);
    let namespace = asked.kind.storage == "/namespaces";
    let first = object["metadata"]["deletionTimestamp"].is_null();
    if let (Some(hold), true) = (options.hold, first) {
        let finalizers = &mut object["metadata"]["finalizers"];
        match finalizers.as_array_mut() {
            Some(list) if !list.iter().any(|own| own == hold) => list.push(json!(hold)),
            Some(_) => {}
            None => *finalizers = json!([hold]),
        }
    }
    if asked.kind.storage == definitions::STORAGE {
        definitions::mark(&mut object, asked.now);
    }
    let filled = |value: &Value| value.as_array().is_some_and(|list| !list.is_empty());
    let held = filled(&object["metadata"]["finalizers"]) || filled(&object["spec"]["finalizers"]) || seconds > 0;
    let shows = asked.kind.manners.delete_shows_object;
    let shows_deletion = asked.kind.manners.generation && shows;
    if !held && !shows_deletion {
        return Deleted::Gone(gone(store, asked, key, object, options));
    }
    let shorter = object["metadata"]["deletionGracePeriodSeconds"].as_i64().is_some_and(|old| seconds < old);
    if first || shorter {
        let ends = asked.now.checked_add(SignedDuration::from_secs(seconds)).unwrap_or(asked.now);
        object["metadata"]["deletionTimestamp"] = json!(time::seconds(ends));
        if asked.kind.storage == definitions::STORAGE {
            // Its type has no room for seconds of grace.
        } else if namespace {
            object["status"]["phase"] = json!("Terminating");
        } else {
            object["metadata"]["deletionGracePeriodSeconds"] = json!(seconds);
        }
        if asked.kind.manners.generation && first && asked.kind.storage != definitions::STORAGE {
            let next = object["metadata"]["generation"].as_u64().unwrap_or_default() + 1;
            object["metadata"]["generation"] = json!(next);
        }
    }
    if !held {
        return Deleted::Gone(gone(store, asked, key, object, options));
    }
    if (first || shorter)
        && !options.dry_run
        && let Some(written) = store.write(asked.kind, key.to_owned(), Some(object.clone()))
    {
        object = Value::clone(&written);
    }
    Deleted::Held(object)
}

/// Removes the object; it is shown with the version of its removal.
fn gone(store: &mut Store, asked: &Asked<'_>, key: &str, mut object: Value, options: &Options) -> Value {
    if !options.dry_run {
        store.write(asked.kind, key.to_owned(), None);
        object["metadata"]["resourceVersion"] = json!(store.resource_version().to_string());
    }
    object
}

/// Only a pod on a node is given time to end.
fn grace_seconds(kind: &Kind, object: &Value, options: &Options) -> i64 {
    let bound = object["spec"]["nodeName"].as_str().is_some_and(|node| !node.is_empty());
    let ended = matches!(object["status"]["phase"].as_str(), Some("Succeeded" | "Failed"));
    if kind.storage != "/pods" || !bound || ended {
        return 0;
    }
    let usual = object["spec"]["terminationGracePeriodSeconds"].as_i64().unwrap_or(30);
    options.grace_seconds.unwrap_or(usual).max(0)
}

fn success(kind: &Kind, name: &str, object: &Value) -> Reply {
    let mut details = json!({"name": name, "kind": kind.plural, "uid": object["metadata"]["uid"]});
    if !kind.group.is_empty() {
        details["group"] = json!(kind.group);
    }
    let status = json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": details});
    Reply::of(200, "application/json", status.to_string())
}
