//! Which cluster, in full.

use berth_core::spec::{ClusterSpec, Place, Provider};

use super::Doors;

/// Which cluster, in full.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ClusterAt {
    pub(crate) provider: Provider,
    /// Project or account id.
    pub(crate) account: String,
    /// Region or zone.
    pub(crate) location: String,
    pub(crate) name: String,
}

impl ClusterAt {
    /// One word that no other cluster has: `gke_PROJECT_LOCATION_NAME`. Names of files and contexts are made of it.
    pub(crate) fn id(&self) -> String {
        let Self { provider, account, location, name } = self;
        format!("{}_{account}_{location}_{name}", provider.as_str())
    }

    /// Where it stands, in words.
    pub(crate) fn words(&self) -> String {
        let Self { provider, account, location, .. } = self;
        if *provider == Provider::Existing {
            return format!("existing, context {location}");
        }
        format!("{}, {location}, {} {account}", provider.as_str(), account_word(*provider))
    }

    /// Where it stands, as the planner takes it.
    pub(crate) fn place(&self) -> Place {
        match self.provider {
            Provider::Gke => Place::from_gke_location(&self.location),
            Provider::Eks | Provider::Existing => Place { region: self.location.clone(), zone: None },
        }
    }
}

/// What a cloud calls the account of its bills.
pub(crate) fn account_word(provider: Provider) -> &'static str {
    match provider {
        Provider::Gke => "project",
        Provider::Eks => "account",
        Provider::Existing => "context",
    }
}

/// Where a spec's cluster stands, or would stand.
pub(crate) fn cluster_at(spec: &ClusterSpec, doors: &Doors) -> ClusterAt {
    ClusterAt {
        provider: spec.cloud.provider(),
        account: doors.account().to_owned(),
        location: spec.place.location().to_owned(),
        name: spec.name.clone(),
    }
}
