use serde_json::json;

use super::*;
use crate::actions::eks::{EksDescription, EksSettings};
use crate::cost::{Item, Stretch, Teller};
use crate::gc::{Claim, Leftover, LeftoverKind, LeftoverSize, Whereabouts};
use crate::observed::{ObservedCloud, ObservedCluster, Phase};
use crate::spec::{CloudSpec, Place, Source, check};

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn thing(kind: LeftoverKind, id: &str, made: Option<Timestamp>) -> Leftover {
    Leftover {
        kind,
        id: id.to_owned(),
        name: id.to_owned(),
        at: Whereabouts { provider: Provider::Eks, account: "1".to_owned(), place: "us-east-1".to_owned() },
        cluster: "c".to_owned(),
        cluster_location: Some("us-east-1".to_owned()),
        labels: [("managed-by", "berth"), ("berth-cluster", "c"), ("owner", "film")]
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
            .into(),
        made,
        claim: Claim::Mark,
        phase: None,
        size: None,
    }
}

fn machine() -> Machine {
    Machine {
        provider: Provider::Eks,
        cluster: "c".to_owned(),
        cluster_location: Some("us-east-1".to_owned()),
        pool: Some("t4".to_owned()),
        id: "i-1".to_owned(),
        node: "n1".to_owned(),
        region: "us-east-1".to_owned(),
        zone: "us-east-1a".to_owned(),
        machine_type: "g4dn.xlarge".to_owned(),
        bought: Bought::Spot,
        accelerator: None,
        disks: vec![("gp3".to_owned(), 100)],
        addresses: 0,
        from: at("2026-01-01T00:10:00Z"),
        to: Some(at("2026-01-01T01:10:00Z")),
    }
}

#[test]
fn things_count_from_when_they_were_made_and_what_says_nothing_from_what_it_is_for() {
    let begun = at("2026-01-01T00:00:00Z");
    let mut disk = thing(LeftoverKind::Volume, "vol-1", Some(begun));
    disk.size = Some(LeftoverSize::Disk { kind: "gp3".to_owned(), gigabytes: 8 });
    let found = vec![
        thing(LeftoverKind::Cluster, "c", Some(begun)),
        thing(LeftoverKind::Address, "eip-1", None),
        thing(LeftoverKind::NatGateway, "nat-1", Some(at("2026-01-01T00:01:00Z"))),
        disk.clone(),
        disk,
        thing(LeftoverKind::Vpc, "vpc-1", Some(begun)),
    ];
    let inventory = Inventory { found, unread: Vec::new() };
    let unread = vec!["machines that are gone are not seen".to_owned()];
    let machines = Machines { found: vec![machine()], unread, ..Machines::default() };
    let shares = BTreeMap::from([(("c".to_owned(), "n1".to_owned()), 4), (("d".to_owned(), "n1".to_owned()), 8)]);
    let now = at("2026-01-01T02:00:00Z");
    let metered = metered(&Found { shares: &shares, ..seen(&inventory, &machines, now) });
    let told: Vec<String> = metered
        .usage
        .stretches
        .iter()
        .map(|one| {
            let end = one.to.map_or(String::new(), |to| format!(" to {to}"));
            format!(
                "{} x{} {} from {}{end}, {} shares",
                one.what.item, one.what.quantity, one.name, one.from, one.what.shares
            )
        })
        .collect();
    let wanted = [
        "control plane x1 c from 2026-01-01T00:00:00Z, 0 shares",
        "public IPv4 address x1 eip-1 from 2026-01-01T00:01:00Z, 0 shares",
        "NAT gateway x1 nat-1 from 2026-01-01T00:01:00Z, 0 shares",
        "gp3 x8 vol-1 from 2026-01-01T00:00:00Z, 0 shares",
        "g4dn.xlarge x1 n1 from 2026-01-01T00:10:00Z to 2026-01-01T01:10:00Z, 4 shares",
        "gp3 x100 n1 from 2026-01-01T00:10:00Z to 2026-01-01T01:10:00Z, 4 shares",
    ];
    assert_eq!(told, wanted);
    assert_eq!(metered.notes.len(), 2, "{:?}", metered.notes);
    let owners = metered.usage.stretches.iter().all(|one| one.what.whose.owner.as_deref() == Some("film"));
    assert!(owners && metered.usage.stretches[4].what.item == Item::machine("g4dn.xlarge", Bought::Spot));
}

#[test]
fn clusters_of_one_name_elsewhere_and_disks_alike_on_one_machine_are_all_counted() {
    let made = Some(at("2026-01-01T00:00:00Z"));
    let there = |place: &str| {
        let mut cluster = thing(LeftoverKind::Cluster, "c", made);
        cluster.at.place = place.to_owned();
        Leftover { cluster_location: Some(place.to_owned()), ..cluster }
    };
    let inventory =
        Inventory { found: vec![there("us-east-1"), there("eu-west-1"), there("us-east-1")], unread: Vec::new() };
    let disks = vec![("gp3".to_owned(), 100), ("gp3".to_owned(), 4)];
    let machines = Machines { found: vec![Machine { disks, ..machine() }], ..Machines::default() };
    let now = at("2026-01-01T02:00:00Z");
    let found = seen(&inventory, &machines, now);
    let stretches = metered(&found).usage.stretches;
    let of = |one: &Stretch| format!("{} {} x{}", one.id, one.what.item, one.what.quantity);
    let wanted = ["us-east-1/c control plane x1", "eu-west-1/c control plane x1", "i-1 g4dn.xlarge x1", "i-1 gp3 x104"];
    assert_eq!(stretches.iter().map(of).collect::<Vec<_>>(), wanted);
}

#[test]
fn gpus_that_come_with_a_machine_are_not_paid_for_twice() {
    let on_gke = |machine_type: &str, gpu: &str| Machine {
        provider: Provider::Gke,
        machine_type: machine_type.to_owned(),
        id: machine_type.to_owned(),
        accelerator: Some((gpu.to_owned(), 8)),
        disks: Vec::new(),
        ..machine()
    };
    let kinds = [
        ("a2-highgpu-8g", "nvidia-tesla-a100"),
        ("g2-standard-96", "nvidia-l4"),
        ("n1-standard-32", "nvidia-tesla-t4"),
    ];
    let found = kinds.map(|(machine_type, gpu)| on_gke(machine_type, gpu)).to_vec();
    let machines = Machines { found, ..Machines::default() };
    let (inventory, now) = (Inventory::default(), at("2026-01-01T02:00:00Z"));
    let found = seen(&inventory, &machines, now);
    let paid: Vec<String> = metered(&found).usage.stretches.iter().map(|one| one.what.item.to_string()).collect();
    assert_eq!(
        untold(&metered(&found).usage),
        ["nothing tells what disks 3 machines that are gone had: these are not counted"]
    );
    assert_eq!(paid, ["a2-highgpu-8g", "g2-standard-96", "n1-standard-32", "nvidia-tesla-t4"]);
}

#[test]
fn an_end_that_a_look_saw_is_too_long_by_the_time_between_looks_and_not_at_all_where_there_was_none() {
    let machines = Machines { found: vec![machine()], ..Machines::default() };
    let mut usage = metered(&seen(&Inventory::default(), &machines, at("2026-01-01T02:00:00Z"))).usage;
    let mut said = |after: &str| {
        usage.stretches.iter_mut().for_each(|part| part.told = Teller::Look { after: at(after) });
        untold(&usage)
    };
    let note = "1 thing ended between two looks, and nobody tells when: counted until the later look";
    assert_eq!(said("2026-01-01T01:09:30Z"), [format!("{note}, which is up to 30 s too long")]);
    assert_eq!(said("2026-01-01T01:10:00Z"), [note]);
}

fn cluster(version: &str, place: &str, cloud: ObservedCloud) -> ObservedCluster {
    ObservedCluster {
        name: "c".to_owned(),
        account: "1".to_owned(),
        place: Place { region: place.to_owned(), zone: None },
        labels: BTreeMap::new(),
        phase: Phase::Running,
        issues: Vec::new(),
        version: version.to_owned(),
        created_at: None,
        access: None,
        pools: Vec::new(),
        cloud,
    }
}

fn on_eks(version: &str, standard_support: bool) -> ObservedCluster {
    let (logging, public_access_cidrs, private_access) = (Vec::new(), Vec::new(), false);
    let settings = EksSettings { logging, public_access_cidrs, private_access, standard_support };
    let (vpc, issuer, role_arn, access_mode) = (None, None, String::new(), "API".to_owned());
    let (subnets, addons, admins, identities) = Default::default();
    let deletion_protection = false;
    let eks = EksDescription {
        settings,
        vpc,
        subnets,
        role_arn,
        issuer,
        access_mode,
        deletion_protection,
        addons,
        admins,
        identities,
    };
    cluster(version, "us-east-1", ObservedCloud::Eks(Box::new(eks)))
}

fn on_gke(channel: &str) -> ObservedCluster {
    let text = format!(
        "apiVersion: berth/v1\nkind: Cluster\nmetadata: {{name: c}}\nspec:\n  provider: gke\n  region: us-central1\n  \
         gke: {{releaseChannel: {channel}}}\n  nodePools:\n    - {{name: cpu, machineType: e2-standard-4, nodes: {{min: 1, max: 1}}}}\n"
    );
    let source = Source { file: "c.yaml", text: &text, provider: None, read: &|_| Err(String::new()) };
    let CloudSpec::Gke(gke) = check(&source).unwrap().spec.cloud else { panic!("it is for GKE") };
    cluster("1.34.6-gke.1298000", "us-central1", ObservedCloud::Gke(Box::new(gke.settings)))
}

/// What was found, of clouds that tell nothing more.
fn seen<'a>(inventory: &'a Inventory, machines: &'a Machines, now: Timestamp) -> Found<'a> {
    static NO_TIMES: BTreeMap<String, Timestamp> = BTreeMap::new();
    static NO_SHARES: BTreeMap<(String, String), u64> = BTreeMap::new();
    Found { inventory, machines, clusters: &[], begun: &NO_TIMES, supported_until: &NO_TIMES, shares: &NO_SHARES, now }
}

#[test]
fn a_control_plane_grows_dear_when_its_version_does_and_not_before() {
    let made = at("2026-11-22T00:00:00Z");
    let inventory = Inventory { found: vec![thing(LeftoverKind::Cluster, "c", Some(made))], unread: Vec::new() };
    let mut record = Record::default();
    let mut look = |version: &str, now: &str| {
        let (machines, now, clusters) = (Machines::default(), at(now), [on_eks(version, false)]);
        let found = Found { clusters: &clusters, ..seen(&inventory, &machines, now) };
        let usage = metered(&found).usage;
        record.look(&Sight::of(now, &usage));
        let of = |one: &Stretch| {
            format!("{} {}{}", one.what.item, one.from, one.to.map_or(String::new(), |to| format!(" to {to}")))
        };
        assert!(record.usage().stretches.iter().all(|one| begun(one, &record.usage().stretches) == made));
        record.usage().stretches.iter().map(of).collect::<Vec<_>>()
    };
    assert_eq!(look("1.34", "2026-12-01T00:00:00Z"), ["control plane 2026-11-22T00:00:00Z"]);
    let both = [
        "control plane 2026-11-22T00:00:00Z to 2026-12-02T00:00:00Z",
        "control plane in extended support 2026-12-02T00:00:00Z",
    ];
    assert_eq!(look("1.34", "2026-12-03T00:00:00Z"), both);
    assert_eq!(look("1.34", "2026-12-04T00:00:00Z"), both);
    // It has another version now, which grew dear before, and nobody tells since when it has it.
    assert_eq!(look("1.33", "2026-12-04T12:00:00Z"), both);
    // It has a newer one now: what was paid stays paid.
    let [cheap, _] = both;
    let left = [
        cheap,
        "control plane in extended support 2026-12-02T00:00:00Z to 2026-12-04T12:00:00Z",
        "control plane 2026-12-04T12:00:00Z",
    ];
    assert_eq!(look("1.36", "2026-12-05T00:00:00Z"), left);
    assert_eq!(look("1.36", "2026-12-06T00:00:00Z"), left);
}

#[test]
fn a_cluster_made_dear_was_never_cheap_and_one_that_eks_upgrades_never_grows_dear() {
    let made = at("2026-12-03T00:00:00Z");
    let inventory = Inventory { found: vec![thing(LeftoverKind::Cluster, "c", Some(made))], unread: Vec::new() };
    let (machines, now) = (Machines::default(), at("2026-12-05T00:00:00Z"));
    let fees = |cluster: ObservedCluster, told: Option<&str>| {
        let told = told.map(|until| ("us-east-1/c".to_owned(), at(until))).into_iter().collect();
        let (clusters, supported_until) = (&[cluster], &told);
        let stretches =
            metered(&Found { clusters, supported_until, ..seen(&inventory, &machines, now) }).usage.stretches;
        stretches.into_iter().map(|one| (one.what.item.clone(), one.from)).collect::<Vec<_>>()
    };
    // EKS ends the support of 1.34 on 2026-12-02, unless it says otherwise.
    assert_eq!(fees(on_eks("1.34", false), None), [(Item::ControlPlaneExtended, made)]);
    let later = at("2026-12-04T00:00:00Z");
    assert_eq!(
        fees(on_eks("1.34", false), Some("2026-12-04T00:00:00Z")),
        [(Item::ControlPlane, made), (Item::ControlPlaneExtended, later)]
    );
    assert_eq!(fees(on_eks("1.34", true), None), [(Item::ControlPlane, made)]);
}

#[test]
fn a_cluster_of_the_extended_channel_pays_more_once_its_version_is_old() {
    let made = at("2026-12-03T00:00:00Z");
    let mut thing = thing(LeftoverKind::Cluster, "c", Some(made));
    (thing.at.provider, thing.at.place) = (Provider::Gke, "us-central1".to_owned());
    thing.cluster_location = Some("us-central1".to_owned());
    let inventory = Inventory { found: vec![thing], unread: Vec::new() };
    let (machines, now) = (Machines::default(), at("2026-12-05T00:00:00Z"));
    let fees = |channel: &str, told: Option<&str>| {
        let told = told.map(|until| ("us-central1/c".to_owned(), at(until))).into_iter().collect();
        let (clusters, supported_until) = (&[on_gke(channel)], &told);
        let usage = metered(&Found { clusters, supported_until, ..seen(&inventory, &machines, now) }).usage;
        // Both fees are known apart in a record, and end together.
        let mut record = Record::default();
        let end = [Told { id: "us-central1/c".to_owned(), at: at("2026-12-06T00:00:00Z") }];
        for (usage, ends, at) in [(&usage, &[][..], now), (&Usage::default(), &end[..], end[0].at)] {
            record.look(&Sight { ends, ..Sight::of(at, usage) });
        }
        let told = |one: &Stretch| (one.what.item.clone(), one.from, one.to);
        record.usage().stretches.iter().map(told).collect::<Vec<_>>()
    };
    let end = Some(at("2026-12-06T00:00:00Z"));
    let (fee, later) = ((Item::ControlPlane, made, end), at("2026-12-04T00:00:00Z"));
    assert_eq!(fees("extended", Some("2026-12-04T00:00:00Z")), [fee.clone(), (Item::ExtendedChannel, later, end)]);
    assert_eq!(fees("extended", None), [fee.clone(), (Item::ExtendedChannel, made, end)]);
    let alone = [fee];
    assert_eq!(fees("extended", Some("2027-12-04T00:00:00Z")), alone);
    assert_eq!(fees("regular", None), alone);
}

#[test]
fn what_is_added_to_a_fee_is_counted_once_when_another_day_is_told() {
    let (made, again) = (at("2026-11-01T00:00:00Z"), at("2026-12-10T00:00:00Z"));
    let mut record = Record::default();
    let mut look = |made: Timestamp, told: &str, now: &str| {
        let mut thing = thing(LeftoverKind::Cluster, "c", Some(made));
        (thing.at.provider, thing.at.place) = (Provider::Gke, "us-central1".to_owned());
        thing.cluster_location = Some("us-central1".to_owned());
        let inventory = Inventory { found: vec![thing], unread: Vec::new() };
        let until = BTreeMap::from([("us-central1/c".to_owned(), at(told))]);
        let (machines, clusters, now) = (Machines::default(), [on_gke("extended")], at(now));
        let found = Found { clusters: &clusters, supported_until: &until, ..seen(&inventory, &machines, now) };
        let usage = metered(&found).usage;
        record.look(&Sight::of(now, &usage));
        let added = record.usage().stretches.iter().filter(|one| one.what.item == Item::ExtendedChannel);
        added.map(|one| (one.from, one.to)).collect::<Vec<_>>()
    };
    let first = at("2026-12-03T00:00:00Z");
    assert_eq!(look(made, "2026-12-03T00:00:00Z", "2026-12-05T00:00:00Z"), [(first, None)]);
    assert_eq!(look(made, "2026-12-04T00:00:00Z", "2026-12-06T00:00:00Z"), [(first, None)]);
    // One made anew under its name is another one.
    let end = Some(at("2026-12-11T00:00:00Z"));
    assert_eq!(look(again, "2026-12-04T00:00:00Z", "2026-12-11T00:00:00Z"), [(first, end), (again, None)]);
}

#[test]
fn an_address_that_outlives_what_it_was_for_goes_on_in_its_record() {
    let gateway = thing(LeftoverKind::NatGateway, "nat-1", Some(at("2026-01-01T00:01:00Z")));
    let address = || thing(LeftoverKind::Address, "eip-1", None);
    let mut record = Record::default();
    let mut look = |there: Vec<Leftover>, now: &str| {
        let inventory = Inventory { found: there, unread: Vec::new() };
        let (machines, now) = (Machines::default(), at(now));
        let Metered { usage, notes } = metered(&seen(&inventory, &machines, now));
        record.look(&Sight::of(now, &usage));
        let known = record.usage().stretches.iter().find(|one| &*one.id == "eip-1");
        (known.map(|one| (one.from.to_string(), one.to)), notes.join(" "))
    };
    let made = || Some(("2026-01-01T00:01:00Z".to_owned(), None));
    assert_eq!(look(vec![gateway, address()], "2026-01-01T00:10:00Z").0, made());
    let (known, notes) = look(vec![address()], "2026-01-01T00:20:00Z");
    assert_eq!(known, made());
    assert!(notes.contains("counted since it was first seen"), "{notes}");
}

#[test]
fn an_address_counts_from_the_answer_that_gave_it() {
    let gateway = thing(LeftoverKind::NatGateway, "nat-1", Some(at("2026-01-01T00:01:00Z")));
    let inventory = Inventory { found: vec![gateway, thing(LeftoverKind::Address, "eip-1", None)], unread: Vec::new() };
    let (machines, made) = (Machines::default(), at("2026-01-01T00:00:57Z"));
    let mut record = Record::default();
    let told = || vec![Told { id: "eip-1".to_owned(), at: made }];
    let line = record.began(made, told()).expect("it is new");
    assert_eq!(record.began(made, told()), None, "it is known");
    let (read, torn) = Record::read(&line);
    assert_eq!((read.begun(), torn, read.is_open()), (record.begun(), 0, false));
    let found = seen(&inventory, &machines, at("2026-01-01T00:10:00Z"));
    let Metered { usage, notes } = metered(&Found { begun: read.begun(), ..found });
    assert_eq!((usage.stretches[1].from, notes), (made, Vec::new()));
}

#[test]
fn a_pod_is_of_its_label_or_the_quota_of_its_class_or_its_namespace() {
    let pod = |name: &str, namespace: &str, class: Option<&str>, label: Option<&str>| {
        json!({
            "metadata": {"name": name, "namespace": namespace, "labels": {"berth.dev/service": label}},
            "spec": {"nodeName": "n1", "priorityClassName": class, "containers": [
                {"resources": {"limits": {"nvidia.com/gpu": "2"}}}, {"resources": {"limits": {"nvidia.com/gpu": "1"}}},
            ]},
            "status": {"phase": "Running", "startTime": "2026-01-01T00:00:00Z"},
        })
    };
    let quota = json!({
        "metadata": {"namespace": "film", "labels": {"berth.dev/service": "dubbing"}},
        "spec": {"scopeSelector": {"matchExpressions": [
            {"scopeName": "PriorityClass", "operator": "In", "values": ["svc-dubbing"]}]}},
    });
    let idle = json!({"metadata": {"name": "d"}, "spec": {"nodeName": "n1", "containers": [{}]}, "status": {}});
    let waiting = json!({"metadata": {"name": "e"}, "spec": {"containers": [{"resources": {"limits": {"nvidia.com/gpu": "1"}}}]}});
    let mut over = pod("f", "lab", None, None);
    over["status"] = json!({"phase": "Succeeded", "startTime": "2026-01-01T00:00:00Z",
        "containerStatuses": [{"state": {"terminated": {"finishedAt": "2026-01-01T00:30:00Z"}}}]});
    let pods = [
        pod("a", "film", Some("svc-dubbing"), None),
        pod("b", "film", Some("svc-dubbing"), Some("voice")),
        pod("c", "lab", None, None),
        idle,
        waiting,
        over,
    ];
    let told: Vec<String> = requests("c", &pods, &[quota])
        .iter()
        .map(|one| {
            format!(
                "{} {} {}{}",
                one.pod,
                one.service,
                one.shares,
                one.to.map_or(String::new(), |to| format!(" to {to}"))
            )
        })
        .collect();
    assert_eq!(told, ["film/a dubbing 3", "film/b voice 3", "lab/c lab 3", "lab/f lab 3 to 2026-01-01T00:30:00Z"]);
}
