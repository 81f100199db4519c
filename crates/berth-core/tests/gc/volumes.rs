//! Disks of what was made to stay are kept, and named with what deletes them.

use berth_core::actions::Action;
use berth_core::actions::eks::{EksAction, EksClusterRef, EksPart, EksPartKind, EksPartRef};
use berth_core::gc::{
    Environment, GcRules, LeftoverKind, decide, of_cluster, plan_sparing_volumes, shows_lease, volumes,
};
use berth_core::observed::Observed;
use berth_core::rules::ownership;
use berth_core::spec::Provider;

use crate::build::{PROJECT, cluster, decided, disk, inventory, lease, moved, rules, thing, under, words};

fn sparing() -> GcRules {
    GcRules { with_volumes: false, ..rules() }
}

#[test]
fn what_is_only_data_goes_when_it_was_leased_or_when_told() {
    let only = vec![disk("a", "x")];
    let kept = "x: kept a: its cluster is gone and had no lease, so its data is kept";
    assert_eq!(words(&decide(&inventory(only.clone()), &sparing())), [kept]);
    assert_eq!(words(&decide(&inventory(only), &rules())), ["x: doomed a"]);
    let leased = inventory(vec![under(&lease("10:00:00"), disk("a", "x"))]);
    assert_eq!(words(&decide(&leased, &sparing())), ["x: doomed a"]);
    let more = inventory(vec![disk("a", "x"), thing(LeftoverKind::Address, "us-central1", "ip", "x")]);
    assert_eq!(words(&decide(&more, &sparing())), ["x: doomed a ip"]);
}

#[test]
fn a_sparing_plan_leaves_disks_alone() {
    let mixed = decided(vec![disk("a", "x"), thing(LeftoverKind::Address, "us-central1", "ip", "x")]);
    let mut environment = mixed.doomed[0].clone();
    let plan = plan_sparing_volumes(&environment, &Observed::default()).expect("a plan");
    let titles: Vec<&str> = plan.steps.iter().map(|step| step.title.as_str()).collect();
    assert_eq!(titles, ["delete address ip"]);
    let taken: Vec<String> = environment.take_volumes().iter().map(|one| one.deletion()).collect();
    assert_eq!(taken, [format!("gcloud compute disks delete a --zone=us-central1-a --project={PROJECT}")]);
    assert_eq!(environment.things.len(), 1);
}

#[test]
fn volumes_on_aws_are_not_swept_by_a_sparing_plan() {
    let part = |kind: EksPartKind, id: &str| EksPart {
        thing: EksPartRef { kind, id: id.to_owned() },
        part: None,
        state: "available".to_owned(),
        complete: true,
        tags: ownership::labels("x"),
    };
    let things =
        [thing(LeftoverKind::Volume, "us-east-1", "vol-1", "x"), thing(LeftoverKind::Vpc, "us-east-1", "vpc-1", "x")];
    let things = things.map(|thing| moved(thing, Provider::Eks, "1", "us-east-1"));
    let location = Some("us-east-1".to_owned());
    let environment = Environment {
        provider: Provider::Eks,
        account: "1".to_owned(),
        location,
        cluster: "x".to_owned(),
        things: things.to_vec(),
    };
    let mut observed = Observed::default();
    observed.around.parts = vec![part(EksPartKind::Volume, "vol-1"), part(EksPartKind::Vpc, "vpc-1")];
    assert!(!shows_lease(&observed));
    let reference = EksClusterRef { account: "1".to_owned(), region: "us-east-1".to_owned(), name: "x".to_owned() };
    let named: Vec<String> = volumes(&observed, &reference).iter().map(|volume| volume.deletion()).collect();
    assert_eq!(named, ["aws ec2 delete-volume --region us-east-1 --volume-id vol-1"]);
    let plan = plan_sparing_volumes(&environment, &observed).expect("a plan");
    let swept = plan.steps.iter().find_map(|step| match &step.action {
        Action::Eks(EksAction::Sweep { kinds, .. }) => Some((step.title.clone(), kinds.clone())),
        _ => None,
    });
    let (title, kinds) = swept.expect("the VPC is swept");
    assert!(!kinds.contains(&EksPartKind::Volume) && !title.contains("volume"), "{title}");
    observed.around.parts.truncate(1);
    let plan = plan_sparing_volumes(&environment, &observed).expect("a plan");
    assert!(plan.steps.is_empty(), "a volume alone leaves nothing to do");
}

#[test]
fn of_a_name_in_two_places_only_what_is_of_this_one_is_its_own() {
    let other = |mut one: berth_core::gc::Leftover| {
        one.cluster_location = Some("europe-west4".to_owned());
        one
    };
    let far = moved(disk("far", "x"), Provider::Gke, PROJECT, "europe-west4-a");
    let found = vec![cluster("x"), disk("near", "x"), far.clone(), disk("another", "y"), other(disk("told", "x"))];
    let names = |location: &str| {
        let of = of_cluster(&inventory(found.clone()), (Provider::Gke, PROJECT), "x", location);
        of.things.iter().map(|one| one.name.clone()).collect::<Vec<_>>()
    };
    assert_eq!(names("us-central1"), ["x", "near"]);
    assert_eq!(names("us-east1"), [""; 0]);
    assert!(names("europe-west4").contains(&"told".to_owned()));
}

#[test]
fn only_what_bears_the_mark_tells_that_something_is_young() {
    let anchor = disk("a", "x");
    let mut rule = crate::build::made_for(&anchor, thing(LeftoverKind::Firewall, "global", "k8s-fw", "x"));
    rule.made = Some(crate::build::at("11:59:00"));
    assert_eq!(words(&decided(vec![anchor, rule])), ["x: doomed a k8s-fw"]);
}

#[test]
fn a_target_group_alone_is_swept() {
    let group = moved(thing(LeftoverKind::TargetGroup, "us-east-1", "tg", "x"), Provider::Eks, "1", "us-east-1");
    let doomed = decided(vec![group]).doomed;
    let plan = berth_core::gc::plan(&doomed[0], &Observed::default()).expect("a plan");
    let sweeps = |kinds: &[EksPartKind]| kinds == [EksPartKind::LoadBalancer];
    let [step] = plan.steps.as_slice() else { panic!("{:?}", plan.steps) };
    assert!(matches!(&step.action, Action::Eks(EksAction::Sweep { kinds, .. }) if sweeps(kinds)), "{step:?}");
}
