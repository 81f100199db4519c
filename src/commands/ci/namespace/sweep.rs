//! Leased namespaces that are shown, extended and taken away.

use berth_core::actions::kube::{KubeAction, Manifest};
use berth_core::lease::namespace;
use berth_core::ports::{Clock, Hands};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::standing::Standing;
use super::{carry_out, kubeconfig, kubeconfig_in_use, lease_of, one_step, reference};
use crate::commands::ProviderArg;
use crate::commands::ci::extend::{self, ExtendArgs};
use crate::commands::ci::which::WhichArgs;
use crate::failure::{Exit, Failure};
use crate::interrupt::Interrupts;
use crate::run::{Manners, Work};
use crate::settings::Settings;
use crate::ui::Ui;
use crate::ui::render::ci::{Row, State};
use crate::ui::render::gc::SweptNamespace;

/// Takes the namespace of an id away; with `detach` it is only begun, and the cluster goes on by itself.
pub(crate) async fn down(
    args: &WhichArgs,
    standing: Standing,
    detach: bool,
    settings: &Settings,
    ui: &Ui,
) -> Result<Exit, Failure> {
    let work =
        Work { doors: &standing.doors, settings, ui, interrupts: Interrupts::listen(), manners: Manners::Finish };
    let result = take_away(args, detach, &standing, &work).await;
    standing.doors.close().await;
    result
}

async fn take_away(args: &WhichArgs, detach: bool, standing: &Standing, work: &Work<'_>) -> Result<Exit, Failure> {
    let Some((name, there)) = asked_for(args, standing).await? else {
        say(work.ui, args, standing, "nothing", "is not there");
        return Ok(Exit::Done);
    };
    if let Some(Ok(lease)) = lease_of(&there)
        && let Some(owner) = args.owner().filter(|owner| *owner != lease.owner)
    {
        return Err(Failure::refused(format!("{lease} is not {owner}'s"))
            .leaving("nothing was changed")
            .hint("if it is yours to take away, say so with --owner"));
    }
    if lease_of(&there).is_none() {
        return Err(Failure::refused(format!("namespace {name} is not berth's")).leaving("nothing was changed"));
    }
    if detach {
        let action = berth_core::actions::Action::Kube(delete(&name, standing));
        work.doors.start(&action).await.map_err(|fault| work.doors.reading(&fault))?;
        say(work.ui, args, standing, "deleting", "is being deleted; the cluster goes on by itself");
        return Ok(Exit::Done);
    }
    let left = format!("namespace {name} of cluster {} is there", standing.at.name);
    let plan = one_step(format!("kube/namespace/{name}"), format!("delete namespace {name}"), delete(&name, standing));
    carry_out(&plan, standing, work).await.map_err(|failure| failure.leaving(left))?;
    forget(&name, standing, work);
    say(work.ui, args, standing, "deleted", "is taken away");
    Ok(Exit::Done)
}

async fn asked_for(args: &WhichArgs, standing: &Standing) -> Result<Option<(String, Value)>, Failure> {
    let Some(id) = &args.id else { return Err(Failure::refused("a namespace is named by --id")) };
    let there = standing.namespace(id).await.map_err(|fault| standing.doors.reading(&fault))?;
    Ok(there.map(|there| (namespace::name(id), there)))
}

fn delete(name: &str, standing: &Standing) -> KubeAction {
    let about = format!("namespace {name}");
    KubeAction::DeleteObjects { cluster: standing.reference(), about, objects: vec![reference(name)] }
}

/// A kubeconfig without its namespace is of no use to anybody.
fn forget(name: &str, standing: &Standing, work: &Work<'_>) {
    let path = work.settings.home.namespace_kubeconfig(&standing.at, name);
    if path.exists()
        && let Err(error) = std::fs::remove_file(&path)
    {
        work.ui.warning(&format!("cannot delete {}: {error}", path.display()));
    }
}

/// Moves the end of a namespace, and gives its kubeconfig a token that lives as long.
pub(crate) async fn extend(
    args: &ExtendArgs,
    standing: Standing,
    settings: &Settings,
    ui: &Ui,
) -> Result<Exit, Failure> {
    let work =
        Work { doors: &standing.doors, settings, ui, interrupts: Interrupts::listen(), manners: Manners::Finish };
    let result = move_end(args, &standing, &work).await;
    standing.doors.close().await;
    result
}

async fn move_end(args: &ExtendArgs, standing: &Standing, work: &Work<'_>) -> Result<Exit, Failure> {
    let none = || Failure::refused(format!("there is no {} on cluster {}", args.which.words(), standing.at.name));
    let Some((name, there)) = asked_for(&args.which, standing).await? else { return Err(none()) };
    let lease = lease_of(&there)
        .ok_or_else(none)?
        .map_err(|why| Failure::refused(format!("its lease cannot be read: {why}")))?;
    if !there["metadata"]["deletionTimestamp"].is_null() {
        return Err(Failure::refused(format!("namespace {name} is being deleted")).leaving("nothing was changed"));
    }
    let now = work.doors.clock.now();
    let later = extend::longer(args, &lease, now)?;
    let changed = later != lease;
    if changed {
        let apply = KubeAction::ApplyObjects {
            cluster: standing.reference(),
            about: format!("the end of namespace {name}"),
            objects: vec![Manifest::new(namespace::namespace(&later))],
            force: true,
        };
        let plan = one_step(format!("kube/namespace/{name}"), format!("extend namespace {name}"), apply);
        carry_out(&plan, standing, work).await.map_err(|failure| failure.leaving("its lease is as it was"))?;
    }
    // Also where the end stays: a cluster may give tokens for less than the lease.
    let given = args.kubeconfig.clone().or_else(|| kubeconfig_in_use(&name, standing));
    let path = kubeconfig(given.as_deref(), &later, standing, work).await?;
    work.ui.talk(&format!("A new token is in its kubeconfig {}", path.display()));
    extend::report(work.ui, &later, Some(&standing.at), now, changed);
    Ok(Exit::Done)
}

/// The namespaces of one cluster, for a list.
pub(crate) async fn rows(
    on: &str,
    provider: Option<ProviderArg>,
    settings: &Settings,
    ui: &Ui,
) -> Result<Vec<Row>, Failure> {
    let standing = Standing::open(on, provider, settings, ui).await?;
    let leased = standing.leased().await.map_err(|fault| standing.doors.reading(&fault));
    let now = standing.doors.clock.now();
    let rows = leased.map(|leased| leased.iter().filter_map(|namespace| row(namespace, &standing, now)).collect());
    standing.doors.close().await;
    rows
}

fn row(namespace: &Value, standing: &Standing, now: Timestamp) -> Option<Row> {
    let lease = lease_of(namespace)?;
    let metadata = &namespace["metadata"];
    let state = match &lease {
        _ if !metadata["deletionTimestamp"].is_null() => State::Leaving,
        Ok(lease) if lease.is_over(now) => State::Dying,
        _ => State::Up,
    };
    Some(Row {
        cluster: standing.at.name.clone(),
        namespace: metadata["name"].as_str().map(str::to_owned),
        provider: standing.at.provider,
        location: standing.at.location.clone(),
        lease,
        made: metadata["creationTimestamp"].as_str().and_then(|text| text.parse().ok()),
        now,
        state,
        // A namespace has a part of its cluster, which nothing tells for what is over.
        cost: None,
    })
}

/// Finds the namespaces of these clusters whose lease is over, and deletes them if told to.
pub(crate) async fn collect(
    on: &[String],
    provider: Option<ProviderArg>,
    deleting: bool,
    settings: &Settings,
    ui: &Ui,
) -> Result<Vec<SweptNamespace>, Failure> {
    let mut swept = Vec::new();
    for on in on {
        let standing = Standing::open(on, provider, settings, ui).await?;
        let work =
            Work { doors: &standing.doors, settings, ui, interrupts: Interrupts::listen(), manners: Manners::Finish };
        let here = of_one(deleting, &standing, &work).await;
        standing.doors.close().await;
        swept.extend(here?);
    }
    Ok(swept)
}

async fn of_one(deleting: bool, standing: &Standing, work: &Work<'_>) -> Result<Vec<SweptNamespace>, Failure> {
    let leased = standing.leased().await.map_err(|fault| standing.doors.reading(&fault))?;
    let now = work.doors.clock.now();
    let mut swept = Vec::new();
    for there in leased {
        let name = there["metadata"]["name"].as_str().unwrap_or_default().to_owned();
        let told = |words: String, is_gone| SweptNamespace {
            cluster: standing.at.name.clone(),
            namespace: name.clone(),
            words,
            is_gone,
        };
        let Some(Ok(lease)) = lease_of(&there) else { continue };
        if !lease.is_over(now) {
            continue;
        }
        if !deleting {
            swept.push(told(format!("goes: its lease was over at {}", lease.expires), false));
            continue;
        }
        // It may have been renewed since the list was read.
        let again = standing.namespace(&lease.id).await.map_err(|fault| standing.doors.reading(&fault))?;
        let still = again.as_ref().and_then(lease_of).and_then(Result::ok);
        if still.is_some_and(|lease| !lease.is_over(work.doors.clock.now())) {
            swept.push(told("stays: it was renewed".to_owned(), true));
            continue;
        }
        let plan =
            one_step(format!("kube/namespace/{name}"), format!("delete namespace {name}"), delete(&name, standing));
        match carry_out(&plan, standing, work).await {
            Ok(()) => {
                forget(&name, standing, work);
                swept.push(told("deleted".to_owned(), true));
            }
            Err(failure) => {
                swept.push(told(format!("remains: {} ({})", failure.message, failure.causes.join("; ")), false))
            }
        }
    }
    Ok(swept)
}

fn say(ui: &Ui, args: &WhichArgs, standing: &Standing, outcome: &str, words: &str) {
    let value = json!({"report": "ci-down", "cluster": standing.at.name, "id": args.id, "outcome": outcome});
    if ui.is_json() {
        ui.json_line(&value);
        return;
    }
    let id = args.id.as_ref().map(ToString::to_string).unwrap_or_default();
    ui.data(&format!("Environment {id} (a namespace of cluster {}) {words}", standing.at.name));
}
