//! Requests for more CPU or memory than any node has that the pod may run on.
//!
//! A node never gives all of its machine: the kubelet and the system keep a part.

use crate::catalog::{self, Machine, MachineLookup};
use crate::lint::finding::{Report, Says};
use crate::lint::object::Pod;
use crate::lint::pools::{Pools, asks_for_gpu};
use crate::lint::quantity;
use crate::lint::world::World;

pub(super) const RULE: &str = "request-too-large";

/// How much of a resource a machine has, in thousandths.
type Size = fn(&Machine) -> u128;

pub(super) fn check(world: &World<'_>, report: &mut Report) {
    let pools = world.pools();
    for pod in world.pods() {
        let Some(machines) = machines(&pools, &pod) else { continue };
        let sizes: [(&str, Size); 2] = [
            ("cpu", |machine| u128::from(machine.vcpus) * 1000),
            ("memory", |machine| (u128::from(machine.memory_mib) << 20) * 1000),
        ];
        for (resource, size) in sizes {
            let Some(largest) = machines.iter().max_by_key(|machine| size(machine)) else { continue };
            let (asked, most) = (pod.total(|container| container.request(resource).unwrap_or(0)), size(largest));
            if asked < most {
                continue;
            }
            let (asked, most) = (quantity::words_of(resource, asked), quantity::words_of(resource, most));
            let what = format!("each pod of {} asks for {asked} {resource}", pod.object.words());
            let why = format!(
                "its pods stay Pending: the largest node they may run on is a {} with {most}, of which the system keeps a part",
                largest.name
            );
            let says = Says::new(what, why, "ask for less, or add a pool of larger machines");
            report.error(RULE, pod.place_of("containers"), &says);
        }
    }
}

/// The machines the pod may run on; `None` if one of them is not known.
fn machines(pools: &Pools<'_>, pod: &Pod<'_>) -> Option<Vec<Machine>> {
    let wants_gpu = pod.containers().any(|container| asks_for_gpu(&container));
    let candidates = pools.selected(pod).into_iter().filter(|pool| !wants_gpu || pool.gpu.is_some());
    let names = candidates.flat_map(|pool| std::iter::once(&pool.machine_type).chain(&pool.other_machine_types));
    names
        .map(|name| match catalog::machine(pools.spec.cloud.provider(), name) {
            MachineLookup::Known(machine) => Some(machine),
            MachineLookup::NotListed | MachineLookup::Wrong { .. } => None,
        })
        .collect()
}
