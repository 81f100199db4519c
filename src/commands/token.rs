//! `berth token`: a credential for kubectl, as an exec credential plugin.

use clap::Args;

use crate::commands::ProviderArg;
use crate::failure::{Exit, Failure};
use crate::settings::{KUBERNETES_EXEC_INFO, Settings, variable};
use crate::ui::Ui;
use crate::wiring;

#[derive(Debug, Args)]
pub(crate) struct TokenArgs {
    /// Cloud of the cluster
    #[arg(long, value_enum, default_value = "gke")]
    provider: ProviderArg,
    /// Name of the cluster; a token of GKE opens every cluster of the identity, so it is only for the reader's eyes
    #[arg(long)]
    cluster: Option<String>,
    /// Region or zone of the cluster, likewise
    #[arg(long)]
    location: Option<String>,
}

pub(crate) async fn run(args: &TokenArgs, settings: &Settings, ui: &Ui) -> Result<Exit, Failure> {
    if args.provider == ProviderArg::Eks {
        return Err(Failure::refused("this version of berth has no credentials for EKS clusters"));
    }
    let asked = variable(KUBERNETES_EXEC_INFO);
    let version = berth_kube::ApiVersion::asked(asked.as_deref())
        .map_err(|error| Failure::refused(format!("cannot read {KUBERNETES_EXEC_INFO}")).because(error))?;
    // A world of this process's own has no cluster whose API server kubectl could be talking to.
    let doors = wiring::open_served(settings).await?;
    let token = doors.token().await;
    doors.close().await;
    let token = token.map_err(|fault| Failure::reading(&fault))?;
    ui.data(&berth_kube::exec_credential(version, &token));
    Ok(Exit::Done)
}
