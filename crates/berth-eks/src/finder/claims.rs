//! Whose what was found is: what bears our mark is ours, and what names a cluster of which something bears it.

use std::collections::{BTreeMap, BTreeSet};

use berth_core::gc::{Claim, Leftover, LeftoverKind};

use super::place::Looked;
use super::row::Row;

/// A cluster of which something bears our mark.
#[derive(Debug, Default)]
struct Home {
    /// What says so best.
    anchor: Option<(u8, LeftoverKind, String)>,
    /// The cluster itself stands.
    stands: bool,
    /// Its VPCs: what is in others is not its.
    vpcs: BTreeSet<String>,
}

/// Region and cluster.
type Homes = BTreeMap<(String, String), Home>;

/// Everything that is ours or may be; what serves somebody else's cluster that stands is left out.
pub(super) fn settle(account: &str, looked: Looked) -> Vec<Leftover> {
    let homes = homes(&looked.rows);
    let is_standing =
        |row: &Row, cluster: &str| looked.standing.get(&row.region).is_some_and(|names| names.contains(cluster));
    let mut found = Vec::new();
    for row in looked.rows {
        if row.is_marked() {
            let cluster =
                if row.kind == LeftoverKind::Cluster { row.id.clone() } else { row.marked_cluster().to_owned() };
            found.push(row.leftover(account, &cluster, Claim::Mark));
            continue;
        }
        let Some((cluster, words)) = row.named.clone() else { continue };
        let home = homes.get(&(row.region.clone(), cluster.clone()));
        let is_elsewhere = is_standing(&row, &cluster) && !home.is_some_and(|home| home.stands);
        let (in_vpc, claim) = claim(&row, home, &cluster, &words);
        // A cluster of that name stands that is not ours, so it is its, unless it stands in a VPC of ours.
        if !is_elsewhere || in_vpc {
            found.push(row.leftover(account, &cluster, claim));
        }
    }
    found.sort_by(|a, b| (&a.at, a.kind, &a.id).cmp(&(&b.at, b.kind, &b.id)));
    found
}

fn homes(rows: &[Row]) -> Homes {
    let mut homes = Homes::new();
    for row in rows.iter().filter(|row| row.is_marked()) {
        let home = homes.entry((row.region.clone(), row.marked_cluster().to_owned())).or_default();
        let anchor = (rank(row.kind), row.kind, row.id.clone());
        if home.anchor.as_ref().is_none_or(|known| anchor < *known) {
            home.anchor = Some(anchor);
        }
        match row.kind {
            LeftoverKind::Cluster => home.stands = true,
            LeftoverKind::Vpc => {
                home.vpcs.insert(row.id.clone());
            }
            _ => {}
        }
    }
    homes
}

/// What says most clearly that a cluster is or was ours comes first.
fn rank(kind: LeftoverKind) -> u8 {
    match kind {
        LeftoverKind::Cluster => 0,
        LeftoverKind::Vpc => 1,
        LeftoverKind::Role => 2,
        LeftoverKind::LaunchTemplate => 3,
        _ => 4,
    }
}

/// Whether it stands in a VPC of ours, and why it is believed to be ours; without an anchor nobody touches it.
fn claim(row: &Row, home: Option<&Home>, cluster: &str, names: &str) -> (bool, Claim) {
    let unproven = |why: &str| Claim::MadeFor {
        anchor: String::new(),
        words: format!("{names} names cluster {cluster}, {why}: may be ours, not touched"),
    };
    let Some((home, (_, kind, anchor))) = home.and_then(|home| Some((home, home.anchor.as_ref()?))) else {
        return (false, unproven(&format!("and nothing of berth's in {} does", row.region)));
    };
    let in_vpc = row.vpc.as_ref().is_some_and(|vpc| home.vpcs.contains(vpc));
    if row.vpc.is_some() && !home.vpcs.is_empty() && !in_vpc {
        return (false, unproven("but it stands in a VPC that is not berth's"));
    }
    let words = format!("{names} names cluster {cluster}, of which {kind} {anchor} is berth's");
    (in_vpc, Claim::MadeFor { anchor: anchor.clone(), words })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marked(kind: LeftoverKind, id: &str, cluster: &str) -> Row {
        let pairs = [("managed-by", "berth"), ("berth-cluster", cluster)];
        let tags = pairs.map(|(key, value)| (key.to_owned(), value.to_owned())).into();
        Row::new(kind, id, "us-east-1", tags)
    }

    fn made_for(kind: LeftoverKind, id: &str, cluster: &str, vpc: Option<&str>) -> Row {
        let named = Some((cluster.to_owned(), format!("kubernetes.io/cluster/{cluster}=owned")));
        Row { named, vpc: vpc.map(ToOwned::to_owned), ..Row::new(kind, id, "us-east-1", BTreeMap::new()) }
    }

    /// `ID: ANCHOR` of all that is not marked.
    fn anchors(rows: Vec<Row>, standing: &[&str]) -> Vec<String> {
        let names = standing.iter().map(|name| (*name).to_owned()).collect();
        let standing = BTreeMap::from([("us-east-1".to_owned(), names)]);
        let found = settle("1", Looked { rows, standing, ..Looked::default() });
        let anchor = |thing: &Leftover| match &thing.claim {
            Claim::Mark => None,
            Claim::MadeFor { anchor, .. } => Some(format!("{}: {anchor}", thing.id)),
        };
        found.iter().filter_map(anchor).collect()
    }

    #[test]
    fn what_kubernetes_made_is_ours_if_its_cluster_is_or_was() {
        let rows = vec![
            marked(LeftoverKind::Subnet, "subnet-1", "c"),
            marked(LeftoverKind::Vpc, "vpc-1", "c"),
            made_for(LeftoverKind::Volume, "vol-1", "c", None),
            made_for(LeftoverKind::SecurityGroup, "sg-1", "c", Some("vpc-1")),
            made_for(LeftoverKind::SecurityGroup, "sg-2", "c", Some("vpc-2")),
            made_for(LeftoverKind::Volume, "vol-2", "d", None),
        ];
        assert_eq!(anchors(rows, &[]), ["vol-1: vpc-1", "vol-2: ", "sg-1: vpc-1", "sg-2: "]);
    }

    #[test]
    fn the_same_name_in_another_region_proves_nothing() {
        let there = Row { region: "eu-west-1".to_owned(), ..marked(LeftoverKind::Vpc, "vpc-1", "c") };
        let rows = vec![there, made_for(LeftoverKind::Volume, "vol-1", "c", None)];
        assert_eq!(anchors(rows, &[]), ["vol-1: "]);
    }

    #[test]
    fn what_serves_anothers_cluster_is_not_even_told() {
        let balancer = |vpc| made_for(LeftoverKind::LoadBalancer, "a1", "c", Some(vpc));
        assert_eq!(anchors(vec![balancer("vpc-9")], &["c"]), Vec::<String>::new());
        // Ours of that name is gone but for its VPC, and somebody else made a cluster of its name.
        let rows = vec![marked(LeftoverKind::Vpc, "vpc-1", "c"), balancer("vpc-9")];
        assert_eq!(anchors(rows, &["c"]), Vec::<String>::new());
        let rows = vec![marked(LeftoverKind::Vpc, "vpc-1", "c"), balancer("vpc-1")];
        assert_eq!(anchors(rows, &["c"]), ["a1: vpc-1"]);
        let ours = vec![marked(LeftoverKind::Cluster, "c", "c"), balancer("vpc-9")];
        assert_eq!(anchors(ours, &["c"]), ["a1: c"]);
    }
}
