//! `berth kubeconfig`: how kubectl reaches a cluster, without any cloud CLI.

use std::path::{Path, PathBuf};

use berth_core::observed::{ClusterAccess, Observed};
use berth_core::ports::Eyes;
use berth_core::spec::Provider;
use berth_kube::Entry;
use clap::Args;
use serde_json::json;

use crate::cli::WhichCluster;
use crate::failure::{Exit, Failure};
use crate::home::make_private;
use crate::settings::{Settings, kubectl_files};
use crate::ui::Ui;
use crate::which;
use crate::wiring::{ClusterAt, Doors};

#[derive(Debug, Args)]
pub(crate) struct KubeconfigArgs {
    #[command(flatten)]
    which: WhichCluster,
    /// Region or zone, when clusters of one name stand in several
    #[arg(long)]
    location: Option<String>,
    /// Merge it into kubectl's own configuration and make it current
    #[arg(long, conflicts_with_all = ["print", "remove"])]
    merge: bool,
    /// Print it instead of writing a file
    #[arg(long, conflicts_with = "remove")]
    print: bool,
    /// Take the cluster out of every configuration again; the context from before becomes current
    #[arg(long)]
    remove: bool,
}

pub(crate) async fn run(args: &KubeconfigArgs, settings: &Settings, ui: &Ui) -> Result<Exit, Failure> {
    if let (true, Some(name)) = (args.remove, &args.which.name) {
        let found = remove_by_name(name, args.location.as_deref(), settings)?;
        ui.talk(if found { "Taken out" } else { "It was in no configuration" });
        return Ok(Exit::Done);
    }
    let (doors, found) = which::find(&args.which, args.location.as_deref(), settings, ui).await?;
    let result = match found.and_then(|found| which::there(found, settings)) {
        Ok(at) if at.provider == Provider::Existing => {
            Err(Failure::refused(format!("cluster {} was not made by berth", at.name))
                .detail(format!("its kubeconfig is there already: context {}", at.location)))
        }
        Ok(at) if args.remove => remove(&at, settings).map(|_| ()),
        Ok(at) => give(args, &at, &doors, settings, ui).await,
        Err(failure) => Err(failure),
    };
    doors.close().await;
    result.map(|()| Exit::Done)
}

async fn give(
    args: &KubeconfigArgs,
    at: &ClusterAt,
    doors: &Doors,
    settings: &Settings,
    ui: &Ui,
) -> Result<(), Failure> {
    let access = access(at, doors).await?;
    if args.print {
        let text = berth_kube::alone(&entry(at, &access, doors, settings)?)
            .map_err(|error| Failure::refused("cannot write the kubeconfig").because(error))?;
        ui.data(text.trim_end());
        return Ok(());
    }
    let path = write(at, &access, doors, settings, args.merge)?;
    ui.report(&json!({"kubeconfig": path, "merged": args.merge}), || path.display().to_string());
    Ok(())
}

/// The address of a cluster that is there and has one.
async fn access(at: &ClusterAt, doors: &Doors) -> Result<ClusterAccess, Failure> {
    let observed = doors.cloud.observe(&at.name, &at.location).await.map_err(|fault| doors.reading(&fault))?;
    access_to(&observed, at)
}

/// The same of a cluster that was looked at.
pub(crate) fn access_to(observed: &Observed, at: &ClusterAt) -> Result<ClusterAccess, Failure> {
    let cluster = observed
        .cluster
        .as_ref()
        .ok_or_else(|| Failure::refused(format!("there is no cluster {} in {}", at.name, at.location)))?;
    cluster.access.clone().ok_or_else(|| Failure::refused(format!("cluster {} has no address yet", at.name)))
}

/// Writes berth's own file for a cluster, and merges it into kubectl's configuration if asked to; gives the own file's path.
pub(crate) fn write(
    at: &ClusterAt,
    access: &ClusterAccess,
    doors: &Doors,
    settings: &Settings,
    merge: bool,
) -> Result<PathBuf, Failure> {
    let path = settings.home.kubeconfig(at);
    make_private(&settings.home.kubeconfigs())?;
    write_to(&path, at, access, doors, settings)?;
    if merge {
        let entry = entry(at, access, doors, settings)?;
        let failed = |error| Failure::refused("cannot write the kubeconfig").because(error);
        let kubectl = berth_kube::target_path(kubectl_files().as_deref(), &home_dir()?);
        berth_kube::merge_into(&kubectl, &entry).map_err(failed)?;
    }
    Ok(path)
}

/// Writes a file with nothing but the entry of one cluster; whatever was in it is replaced.
pub(crate) fn write_to(
    path: &Path,
    at: &ClusterAt,
    access: &ClusterAccess,
    doors: &Doors,
    settings: &Settings,
) -> Result<(), Failure> {
    let entry = entry(at, access, doors, settings)?;
    berth_kube::write_own(path, &entry).map_err(|error| Failure::refused("cannot write the kubeconfig").because(error))
}

/// Takes the clusters of this name that berth wrote a configuration for out of every one; needs no cloud.
pub(crate) fn remove_by_name(name: &str, location: Option<&str>, settings: &Settings) -> Result<bool, Failure> {
    let end = location.map_or_else(|| format!("_{name}"), |location| format!("_{location}_{name}"));
    let Ok(files) = std::fs::read_dir(settings.home.kubeconfigs()) else { return Ok(false) };
    let mut found = false;
    for file in files.flatten() {
        let file = file.file_name().to_string_lossy().into_owned();
        if let Some(id) = file.strip_suffix(".yaml").filter(|id| id.ends_with(&end)) {
            found |= remove_id(id, settings)?;
        }
    }
    Ok(found)
}

/// Takes a cluster out of every configuration it was written to; gives whether it was in any.
pub(crate) fn remove(at: &ClusterAt, settings: &Settings) -> Result<bool, Failure> {
    remove_id(&at.id(), settings)
}

fn remove_id(id: &str, settings: &Settings) -> Result<bool, Failure> {
    let own = settings.home.kubeconfigs().join(format!("{id}.yaml"));
    let mut found = own.exists();
    if found {
        std::fs::remove_file(&own)
            .map_err(|error| Failure::refused(format!("cannot delete {}", own.display())).because(error))?;
    }
    for path in berth_kube::search_paths(kubectl_files().as_deref(), &home_dir()?) {
        found |= berth_kube::remove_from(&path, &berth_kube::context_name(id))
            .map_err(|error| Failure::refused("cannot take the cluster out of the kubeconfig").because(error))?;
    }
    Ok(found)
}

fn home_dir() -> Result<PathBuf, Failure> {
    etcetera::home_dir().map_err(|error| Failure::refused("cannot find the home folder").because(error))
}

/// The entry whose credential plugin is this very program.
fn entry(at: &ClusterAt, access: &ClusterAccess, doors: &Doors, settings: &Settings) -> Result<Entry, Failure> {
    let command = std::env::current_exe()
        .map_err(|error| Failure::refused("cannot find berth's own program file").because(error))?;
    let mut args = vec!["token".to_owned()];
    let mut flag = |name: &str, value: &str| args.extend([name.to_owned(), value.to_owned()]);
    flag("--provider", at.provider.as_str());
    if at.provider == Provider::Gke {
        flag("--project", &at.account);
    }
    flag("--location", &at.location);
    flag("--cluster", &at.name);
    args.extend(doors.token_flags(settings));
    Ok(Entry {
        context: berth_kube::context_name(&at.id()),
        access: access.clone(),
        command: command.display().to_string(),
        args,
    })
}
