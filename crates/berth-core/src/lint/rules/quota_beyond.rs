//! Quotas that add up to more GPU shares than the pools can ever offer.

use crate::lint::finding::{Report, Says};
use crate::lint::pools::is_gpu_resource;
use crate::lint::world::World;
use crate::spec::PoolSpec;
use crate::spec::tree::Node;

pub(super) const RULE: &str = "quota-beyond-pools";

pub(super) fn check(world: &World<'_>, report: &mut Report) {
    let pools = world.pools();
    let gpus = |quota: &crate::lint::limits::Quota| -> u128 {
        let named = quota.hard.iter().filter_map(|(key, amount)| Some((key.strip_prefix("requests.")?, amount)));
        named.filter(|(name, _)| is_gpu_resource(name) && pools.offers(name)).map(|(_, amount)| amount / 1000).sum()
    };
    let asked: u128 = world.limits.quotas.iter().map(gpus).sum();
    let offered: u64 = pools.all().map(PoolSpec::most_shares).sum();
    if asked <= u128::from(offered) {
        return;
    }
    let keyed = |object| Node::along(object, &["spec", "hard"]).map(Node::entries).unwrap_or_default();
    let first = world.of_kind("ResourceQuota").find_map(|object| {
        let entry = keyed(&object.root)
            .iter()
            .find(|entry| entry.key.strip_prefix("requests.").is_some_and(|name| pools.offers(name)))?;
        Some(object.at(entry.key_at))
    });
    let Some(place) = first else { return };
    let parts: Vec<String> = pools
        .all()
        .filter(|pool| pool.gpu.is_some())
        .map(|pool| format!("{} {}", pool.name, pool.most_shares()))
        .collect();
    let what = format!("the quotas allow {asked} GPU shares together, the pools offer at most {offered}");
    let why = format!("at their most nodes the pools have {}, so not every quota can be used up", parts.join(", "));
    report.warning(
        RULE,
        place,
        &Says::new(what, why, "lower the quotas, or raise `nodes.max` or the shares of a pool"),
    );
}
