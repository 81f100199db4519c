//! What of a pool is whose: services by the shares of GPUs their quotas allow them, the rest idle.

use super::amount::{Amount, Cases};
use super::pool::PoolEstimate;
use crate::spec::ServiceQuotas;

/// The parts of one pool; together they are exactly the pool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Split {
    /// The services', by name.
    pub services: Vec<ServicePart>,
    /// What no quota reaches.
    pub idle: Cases<Amount>,
}

/// What one service can take of a pool at most.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServicePart {
    /// The service.
    pub service: String,
    /// Its part.
    pub amount: Cases<Amount>,
}

/// Splits the pools that have GPUs.
///
/// Quotas count shares over all pools, so every service is taken to use each pool alike: `quota / shares of all pools` of it.
/// Where the quotas allow more shares than there are, the services divide what there is in proportion to them.
pub(super) fn split(pools: &mut [PoolEstimate], quotas: &ServiceQuotas) {
    let allowed = quotas.gpus();
    let offered = pools.iter().fold(Cases::always(0), |sum, pool| sum.with(pool.shares(), |a, b| a + b));
    let whole = offered.map(|offered: u64| offered.max(allowed));
    for pool in pools.iter_mut().filter(|pool| pool.shares_per_node > 0) {
        let total = pool.total();
        let mut before = 0;
        let mut services = Vec::new();
        for (name, quota) in &quotas.services {
            let quota = u64::from(quota.gpus);
            services.push(ServicePart { service: name.clone(), amount: stretch(total, whole, before, quota) });
            before += quota;
        }
        let taken: Cases<Amount> = services.iter().map(|part| part.amount).sum();
        // Where every share is allowed to somebody nothing is idle, even of a price nobody knows.
        let left = total.with(taken, Amount::without);
        let idle = left.with(whole, |left, whole| if whole == allowed { Amount::NOTHING } else { left });
        pool.split = Some(Split { services, idle });
    }
}

/// What a service has of all pools.
pub(super) fn of_service<'a>(splits: impl Iterator<Item = &'a Option<Split>>, name: &str) -> Cases<Amount> {
    let parts = splits.flatten().flat_map(|split| &split.services);
    parts.filter(|part| part.service == name).map(|part| part.amount).sum()
}

/// `quota` shares of a pool, counted from the share after `before`: so cut, the roundings of all stretches add up to nothing.
fn stretch(total: Cases<Amount>, whole: Cases<u64>, before: u64, quota: u64) -> Cases<Amount> {
    if quota == 0 {
        return Cases::default();
    }
    total.with(whole, |amount, whole| amount.part(before + quota, whole).without(amount.part(before, whole)))
}
