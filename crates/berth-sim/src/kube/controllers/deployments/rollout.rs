//! From the old replica sets to the new one, within the bounds of the strategy.

use serde_json::Value;

use super::{Deployment, counted, wanted};
use crate::kube::store::Store;

/// Scales the replica sets as far as is allowed now.
pub(super) fn advance(store: &mut Store, deployment: &Deployment<'_>, sets: &[Value]) {
    let Some(current) = deployment.current(sets) else { return };
    let desired = wanted(deployment.object);
    let (surge, missing) = deployment.bounds();
    let total: i64 = sets.iter().map(wanted).sum();
    let size = wanted(current);
    if deployment.object["spec"]["strategy"]["type"] == "Recreate" {
        if deployment.emptied(store, sets) {
            deployment.scale(store, current, desired);
        }
        return;
    }
    let mut new_size = size;
    if size > desired {
        new_size = desired;
    } else if size < desired {
        new_size = size + (desired - size).min((desired + surge - total).max(0));
    }
    deployment.scale(store, current, new_size);
    let old: Vec<&Value> = sets.iter().filter(|set| !deployment.is_current(set) && wanted(set) > 0).collect();
    if old.is_empty() {
        return;
    }
    let unready = (new_size - counted(current, "availableReplicas")).max(0);
    let total = total - size + new_size;
    let surplus = total - (desired - missing) - unready;
    let available: i64 = sets.iter().map(|set| counted(set, "availableReplicas")).sum();
    for (set, size) in shrunk(&old, surplus, available - (desired - missing)) {
        deployment.scale(store, set, size);
    }
}

/// The new sizes of old replica sets: pods that are not available go first and only count against `surplus`;
/// those that are also count against `spare`, what there is beyond the least number of available ones.
fn shrunk<'a>(old: &[&'a Value], surplus: i64, spare: i64) -> Vec<(&'a Value, i64)> {
    let mut left = surplus.max(0);
    let mut sizes: Vec<(&Value, i64, i64)> = Vec::new();
    for set in old {
        let (size, available) = (wanted(set), counted(set, "availableReplicas"));
        let broken = (size - available).max(0).min(left);
        left -= broken;
        sizes.push((set, size - broken, available));
    }
    let mut spare = spare.max(0).min(left);
    for (_, size, _) in &mut sizes {
        let gone = (*size).min(spare);
        *size -= gone;
        spare -= gone;
    }
    sizes.into_iter().map(|(set, size, _)| (set, size)).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::shrunk;

    fn set(replicas: i64, available: i64) -> Value {
        json!({"spec": {"replicas": replicas}, "status": {"availableReplicas": available}})
    }

    #[test]
    fn broken_pods_go_before_available_ones() {
        let (broken, sound) = (set(2, 0), set(3, 3));
        let sizes = |surplus, spare| shrunk(&[&broken, &sound], surplus, spare).into_iter().map(|(_, size)| size);
        assert_eq!(sizes(2, 1).collect::<Vec<_>>(), [0, 3]);
        assert_eq!(sizes(3, 1).collect::<Vec<_>>(), [0, 2]);
        assert_eq!(sizes(0, 1).collect::<Vec<_>>(), [2, 3]);
        assert_eq!(sizes(9, 0).collect::<Vec<_>>(), [0, 3]);
    }
}
