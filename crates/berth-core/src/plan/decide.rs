//! From what is wanted and what is there to what has to be done.

use super::{Goal, Plan, Refusal};
use crate::actions::eks::EksClusterRef;
use crate::actions::gke::GkeClusterRef;
use crate::observed::Observed;
use crate::rules::{eks, gke};
use crate::spec::{CloudSpec, Provider};

/// Decides which steps lead from what is there to the goal; an empty plan means that nothing has to be done.
///
/// `observed` is one look at the goal's own cluster; the same look and the same goal always give the same plan.
///
/// # Errors
/// The goal cannot or must not be reached; nothing was touched.
pub fn plan(goal: &Goal<'_>, observed: &Observed) -> Result<Plan, Refusal> {
    match *goal {
        Goal::Present { spec, account, adopt } => match &spec.cloud {
            CloudSpec::Gke(cloud) => {
                let wanted = gke::cluster::wanted(spec, cloud, account)?;
                gke::present::plan(&wanted, adopt, observed)
            }
            CloudSpec::Eks(cloud) => {
                let wanted = eks::cluster::wanted(spec, cloud, account, observed)?;
                eks::present::plan(&wanted, adopt, observed)
            }
        },
        Goal::Absent { provider: Provider::Gke, account, place, name, adopt } => {
            let cluster = GkeClusterRef {
                project: account.to_owned(),
                location: place.location().to_owned(),
                name: name.to_owned(),
            };
            gke::absent::plan(&cluster, adopt, observed)
        }
        Goal::Absent { provider: Provider::Eks, account, place, name, adopt } => {
            let cluster =
                EksClusterRef { account: account.to_owned(), region: place.region.clone(), name: name.to_owned() };
            eks::absent::plan(&cluster, adopt, observed)
        }
    }
}
