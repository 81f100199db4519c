//! Until when GKE supports a cluster's version at the ordinary price.

use berth_core::run::Fault;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

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
        Ok(told.end_of_standard_support_timestamp.as_deref().and_then(moment))
    }
}

/// GKE calls it a timestamp and tells a day, such as `2026-08-03`; which zone's is not said.
fn moment(text: &str) -> Option<Timestamp> {
    let midnight = || Some(text.parse::<Date>().ok()?.to_zoned(TimeZone::UTC).ok()?.timestamp());
    text.parse().ok().or_else(midnight)
}

#[cfg(test)]
mod tests {
    use super::moment;

    #[test]
    fn the_end_of_support_is_a_day_or_a_time() {
        let midnight = "2026-08-03T00:00:00Z".parse().ok();
        assert!(midnight.is_some());
        assert_eq!([moment("2026-08-03"), moment("2026-08-03T00:00:00Z")], [midnight; 2]);
        assert_eq!(moment("soon"), None);
    }
}
