//! The door to EKS.

use aws_config::{Region, SdkConfig};
use berth_core::actions::eks::EksClusterRef;
use berth_core::metering::Told;
use berth_core::run::Fault;
use jiff::Timestamp;

use crate::classify;
use crate::client::{self, Clients};
use crate::dates::Dates;
use crate::settings::Settings;
use crate::token::EksTokens;

/// AWS in one account and region. Cheap to clone.
#[derive(Debug, Clone)]
pub struct EksCloud {
    /// For calls that only read; the SDK tries them again.
    pub(crate) read: Clients,
    /// For calls that change something; the SDK does not try them again.
    pub(crate) write: Clients,
    /// When what was made began, where no list tells it.
    pub(crate) begins: Dates,
    /// When what was taken away ended.
    pub(crate) ends: Dates,
    config: SdkConfig,
    identity: Identity,
}

/// Who calls, and where.
#[derive(Debug, Clone)]
pub(crate) struct Identity {
    /// Account id, twelve digits.
    pub(crate) account: String,
    /// ARN of the caller.
    pub(crate) arn: String,
    /// Region.
    pub(crate) region: String,
}

impl Identity {
    /// `aws`, `aws-cn` or `aws-us-gov`: the second part of every ARN.
    pub(crate) fn partition(&self) -> &str {
        self.arn.split(':').nth(1).filter(|partition| !partition.is_empty()).unwrap_or("aws")
    }
}

impl EksCloud {
    /// Prepares clients and credentials and asks STS who calls, because the account belongs to every name.
    ///
    /// # Errors
    /// No region is known, or there are no usable credentials.
    pub async fn connect(settings: Settings) -> Result<Self, Fault> {
        let config = client::config(&settings).await;
        let region = client::region(&config)?;
        let (read, write) = (Clients::reading(&config), Clients::changing(&config));
        let tried = "ask AWS who calls";
        let caller = read.sts.get_caller_identity().send().await.map_err(|error| classify::of_call(tried, &error))?;
        let identity = Identity {
            account: caller.account().unwrap_or_default().to_owned(),
            arn: caller.arn().unwrap_or_default().to_owned(),
            region,
        };
        Ok(Self { read, write, begins: Dates::default(), ends: Dates::default(), config, identity })
    }

    /// Id of the account all calls go to, twelve digits.
    pub fn account(&self) -> &str {
        &self.identity.account
    }

    /// The region all calls go to.
    pub fn region(&self) -> &str {
        &self.identity.region
    }

    /// When something that was taken away through this door ended, by AWS's own clock; `id` as in `Stretch::id` of berth-core's bills.
    /// `None` if no answer has told: of machines and NAT gateways lists do.
    pub fn ended(&self, id: &str) -> Option<Timestamp> {
        self.ends.when(id)
    }

    /// When things that were made through this door began, by AWS's own clock; of those whose beginning no list tells.
    pub fn begun(&self) -> Vec<Told> {
        self.begins.all().iter().map(|(id, at)| Told { id: id.clone(), at: *at }).collect()
    }

    /// Tokens for the Kubernetes API of this cluster.
    pub fn tokens(&self, cluster: &str) -> EksTokens {
        EksTokens::new(&self.config, self.region(), cluster)
    }

    /// The same account in another region.
    pub fn in_region(&self, region: &str) -> Self {
        if region == self.region() {
            return self.clone();
        }
        let config = self.config.to_builder().region(Region::new(region.to_owned())).build();
        let (read, write) = (Clients::reading(&config), Clients::changing(&config));
        let identity = Identity { region: region.to_owned(), ..self.identity.clone() };
        let (begins, ends) = (self.begins.clone(), self.ends.clone());
        Self { read, write, begins, ends, config, identity }
    }

    pub(crate) fn identity(&self) -> &Identity {
        &self.identity
    }

    /// A cluster of this account and region.
    pub(crate) fn cluster_at(&self, name: &str) -> EksClusterRef {
        let Identity { account, region, .. } = &self.identity;
        EksClusterRef { account: account.clone(), region: region.clone(), name: name.to_owned() }
    }
}
