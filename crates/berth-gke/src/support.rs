//! Until when GKE supports a cluster's version at the ordinary price.

use berth_core::run::Fault;
use jiff::Timestamp;

use crate::classify;
use crate::client::reading;
use crate::cloud::GkeCloud;

impl GkeCloud {
    /// When standard support of the version ends that a cluster in this location has; `None` if GKE does not say.
    ///
    /// # Errors
    /// GKE cannot be asked.
    pub async fn standard_support_until(&self, location: &str, cluster: &str) -> Result<Option<Timestamp>, Fault> {
        let name = format!("projects/{}/locations/{location}/clusters/{cluster}", self.project());
        let call = reading(self.clients.container.fetch_cluster_upgrade_info()).set_name(name);
        let told = self.clients.call(|| call.clone().send()).await;
        let told = told.map_err(|error| {
            classify::of_call(format!("see until when GKE supports the version of cluster {cluster}"), &error)
        })?;
        Ok(told.end_of_standard_support_timestamp.and_then(|time| time.parse().ok()))
    }
}
