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
    /// Name of the cluster; a token of EKS is good for one cluster, one of GKE opens every cluster of the identity
    #[arg(long, required_if_eq("provider", "eks"))]
    cluster: Option<String>,
    /// Region or zone of the cluster
    #[arg(long)]
    location: Option<String>,
}

pub(crate) async fn run(args: &TokenArgs, settings: &Settings, ui: &Ui) -> Result<Exit, Failure> {
    let asked = variable(KUBERNETES_EXEC_INFO);
    let version = berth_kube::ApiVersion::asked(asked.as_deref())
        .map_err(|error| Failure::refused(format!("cannot read {KUBERNETES_EXEC_INFO}")).because(error))?;
    if settings.simulate {
        // A world of this process's own has no cluster whose API server kubectl could be talking to.
        wiring::Simulated::attach(settings).await?.close().await;
    }
    let token = match (args.provider, &args.cluster) {
        (ProviderArg::Eks, Some(cluster)) => wiring::token_of_eks(cluster, args.location.as_deref(), settings).await?,
        (ProviderArg::Eks, None) => return Err(Failure::refused("a token of EKS needs --cluster")),
        (ProviderArg::Gke, _) => wiring::token_of_gke(settings).await?,
    };
    ui.data(&berth_kube::exec_credential(version, &token));
    Ok(Exit::Done)
}
