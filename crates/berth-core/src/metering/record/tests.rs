use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::actions::Action;
use crate::actions::eks::EksAction;
use crate::actions::eks::EksClusterRef;
use crate::cost::{Bought, Teller, Whose};
use crate::spec::Provider;

fn at(minute: i64) -> Timestamp {
    Timestamp::from_second(1_767_225_600 + minute * 60).unwrap()
}

fn thing(id: &str, item: Item, pool: Option<&str>, from: i64, to: Option<i64>) -> Stretch {
    let labels = BTreeMap::from([("owner".to_owned(), "film".to_owned())]);
    let what = What {
        whose: Arc::new(Whose { cluster: "c".to_owned(), labels, ..Whose::default() }),
        provider: Provider::Eks,
        region: "us-east-1".to_owned(),
        zone: pool.map(|_| "us-east-1a".to_owned()),
        pool: pool.map(ToOwned::to_owned),
        item,
        quantity: 1,
        shares: 0,
    };
    let (from, to) = (at(from), to.map(at));
    Stretch { id: id.into(), what: Arc::new(what), name: id.into(), from, to, told: Teller::Cloud }
}

fn machine(id: &str, from: i64, to: Option<i64>) -> [Stretch; 2] {
    let part = |item| thing(id, item, Some("cpu"), from, to);
    [part(Item::machine("m6i.large", Bought::OnDemand)), part(Item::Disk("gp3".to_owned()))]
}

fn fee() -> Stretch {
    thing("us-east-1/c", Item::ControlPlane, None, 0, None)
}

/// What one look sees, with no more than that.
fn look(record: &mut Record, minute: i64, things: Vec<Stretch>) -> String {
    let usage = Usage { stretches: things, requests: Vec::new() };
    let sight = Sight::of(at(minute), &usage);
    record.look(&sight)
}

/// Each thing with its beginning and end in minutes, and who told the end.
fn told(record: &Record) -> Vec<String> {
    let minute = |time: Timestamp| (time.as_second() - at(0).as_second()) / 60;
    let one = |thing: &Stretch| {
        let end = thing.to.map_or(String::new(), |to| format!("{} {}", minute(to), thing.told.word()));
        format!("{} {}: {}-{end}", thing.id, thing.what.item, minute(thing.from))
    };
    record.usage().stretches.iter().map(one).collect()
}

#[test]
fn each_end_is_the_clouds_own_or_that_of_a_step_or_of_the_look_that_missed_it() {
    let mut record = Record::default();
    let nat = || thing("nat-1", Item::NatGateway, None, 1, None);
    let address = |from| thing("eipalloc-1", Item::Address, None, from, None);
    let balancer = || thing("arn:lb", Item::LoadBalancer, None, 2, None);
    let [node, disk] = machine("i-1", 3, None);
    let mut text = look(&mut record, 10, vec![fee(), nat(), address(1), balancer(), node, disk]) + "\n";

    let cluster = EksClusterRef { account: "1".to_owned(), region: "us-east-1".to_owned(), name: "c".to_owned() };
    let action = Action::Eks(EksAction::DeleteCluster { cluster });
    text += &(record.carried_out(&action, at(20), |_| None).unwrap() + "\n");
    assert_eq!(record.carried_out(&action, at(21), |_| None), None);

    // The machine is still told of, without its disk; the gateway's end comes from elsewhere; nobody tells of the balancer's.
    let [node, _] = machine("i-1", 3, Some(18));
    let usage = Usage { stretches: vec![node, address(12)], requests: Vec::new() };
    let ends = [Told { id: "nat-1".to_owned(), at: at(22) }];
    let sight = Sight { ends: &ends, ..Sight::of(at(30), &usage) };
    text += &record.look(&sight);

    let wanted = [
        "us-east-1/c control plane: 0-20 step",
        "nat-1 NAT gateway: 1-22 cloud",
        "eipalloc-1 public IPv4 address: 1-",
        "arn:lb load balancer: 2-30 look",
        "i-1 m6i.large: 3-18 cloud",
        "i-1 gp3: 3-18 cloud",
    ];
    assert_eq!(told(&record), wanted);
    assert_eq!(record.usage().stretches[3].told, Teller::Look { after: at(10) });

    let notes = crate::metering::untold(record.usage());
    assert!(notes.iter().any(|note| note.starts_with("1 thing ended with a step of berth's")), "{notes:?}");

    // What was kept reads as it was, also where a process was killed within a line.
    let (again, torn) = Record::read(&text);
    assert_eq!((told(&again), torn), (told(&record), 0));
    assert_eq!(again.usage().stretches[0].what, record.usage().stretches[0].what);
    let cut = text.rfind('\n').unwrap() + 40;
    let (short, torn) = Record::read(&text[..cut]);
    assert_eq!((short.usage().stretches[0].to, short.usage().stretches[1].to, torn), (Some(at(20)), None, 1));
    assert!(again.is_open() && short.is_open());
}

#[test]
fn a_step_ends_a_thing_when_the_cloud_says_and_not_when_an_earlier_one_of_its_name_ended() {
    let cluster = EksClusterRef { account: "1".to_owned(), region: "us-east-1".to_owned(), name: "c".to_owned() };
    let delete = Action::Eks(EksAction::DeleteCluster { cluster });
    let mut record = Record::default();
    let mut text = look(&mut record, 10, vec![fee()]) + "\n";
    text += &(record.carried_out(&delete, at(23), |id| (id == "us-east-1/c").then(|| at(20))).unwrap() + "\n");
    // EKS still lists it, and an index longer than it is there.
    text += &(look(&mut record, 24, vec![fee()]) + "\n");
    assert_eq!(told(&record), ["us-east-1/c control plane: 0-20 cloud"]);
    assert!(!record.is_open());
    assert_eq!(told(&Record::read(&text).0), told(&record));
    let notes = crate::metering::untold(record.usage());
    assert!(notes.len() == 1 && notes[0].contains("until EKS took its deletion"), "{notes:?}");

    let again = thing("us-east-1/c", Item::ControlPlane, None, 30, None);
    look(&mut record, 40, vec![again]);
    record.carried_out(&delete, at(50), |_| Some(at(20))).unwrap();
    assert_eq!(told(&record)[1], "us-east-1/c control plane: 30-50 step");
}

#[test]
fn a_look_that_is_not_whole_ends_nothing_it_could_have_missed_and_what_comes_back_goes_on() {
    let mut record = Record::default();
    let all = || [fee()].into_iter().chain(machine("i-1", 3, None)).collect::<Vec<_>>();
    look(&mut record, 10, all());
    let unread = [Unread {
        provider: Provider::Eks,
        account: "1".to_owned(),
        place: Some("us-east-1".to_owned()),
        kinds: vec![LeftoverKind::Instance],
        why: "denied".to_owned(),
    }];
    let usage = Usage { stretches: vec![fee()], requests: Vec::new() };
    record.look(&Sight { unread: &unread, ..Sight::of(at(20), &usage) });
    assert!(record.usage().stretches.iter().all(|thing| thing.to.is_none()));
    // Nothing else proves any more whose it is, but it is there.
    let unproven = BTreeSet::from(["i-1".to_owned()]);
    record.look(&Sight { unproven: &unproven, ..Sight::of(at(25), &usage) });
    assert!(record.usage().stretches.iter().all(|thing| thing.to.is_none()));
    look(&mut record, 30, vec![fee()]);
    assert_eq!(told(&record)[1], "i-1 m6i.large: 3-30 look");
    look(&mut record, 40, all());
    assert_eq!(told(&record)[1], "i-1 m6i.large: 3-");
}

#[test]
fn what_outlives_its_cluster_stays_whose_it_was() {
    let mut record = Record::default();
    let disk = |labels: BTreeMap<String, String>| {
        let one = thing("vol-1", Item::Disk("gp3".to_owned()), None, 3, None);
        let whose = Arc::new(Whose { cluster: "c".to_owned(), labels, ..Whose::default() });
        Stretch { what: Arc::new(What { whose, ..What::clone(&one.what) }), ..one }
    };
    let owners = |record: &Record| {
        let disks = record.usage().stretches.iter().filter(|one| matches!(one.what.item, Item::Disk(_)));
        disks.map(|one| one.what.whose.labels.get("owner").cloned()).collect::<Vec<_>>()
    };
    let film = BTreeMap::from([("owner".to_owned(), "film".to_owned())]);
    look(&mut record, 10, vec![fee(), disk(film)]);
    look(&mut record, 20, vec![disk(BTreeMap::new())]);
    assert_eq!(owners(&record), [Some("film".to_owned())]);
    // While the cluster stands, what it says now holds.
    look(&mut record, 30, vec![fee(), disk(BTreeMap::new())]);
    assert_eq!(owners(&record), [None]);
}

#[test]
fn machines_of_which_only_names_are_told_are_like_those_of_their_group() {
    let mut record = Record::default();
    look(&mut record, 10, machine("gke-c-cpu-1234-aaaa", 3, None).into());
    let life = |machine: &str, from: Option<i64>, to: i64| Life {
        machine: machine.to_owned(),
        from: from.map(at),
        to: at(to),
    };
    let lives = [
        life("gke-c-cpu-1234-aaaa", Some(3), 12),
        life("gke-c-cpu-1234-aaaa", Some(13), 14),
        life("gke-c-cpu-1234-bbbb", Some(11), 15),
        life("gke-c-cpu-1234-cccc", None, 16),
        life("gke-other-9999-dddd", Some(11), 15),
    ];
    let usage = Usage::default();
    record.look(&Sight { lives: &lives, ..Sight::of(at(20), &usage) });
    let machines: Vec<String> = told(&record).into_iter().filter(|one| one.contains("m6i")).collect();
    let wanted = [
        "gke-c-cpu-1234-aaaa m6i.large: 3-12 cloud",
        "gke-c-cpu-1234-aaaa m6i.large: 13-14 cloud",
        "gke-c-cpu-1234-bbbb m6i.large: 11-15 cloud",
    ];
    assert_eq!(machines, wanted);
    assert_eq!(told(&record).len(), 6);
}

#[test]
fn what_a_volume_was_paid_before_it_grew_stays_and_a_cluster_made_anew_is_another() {
    let mut record = Record::default();
    let volume = |kind: &str, gigabytes| {
        let mut volume = thing("vol-1", Item::Disk(kind.to_owned()), None, 1, None);
        volume.what = Arc::new(What { quantity: gigabytes, ..What::clone(&volume.what) });
        volume
    };
    look(&mut record, 10, vec![fee(), volume("gp2", 100)]);
    let anew = || thing("us-east-1/c", Item::ControlPlane, None, 15, None);
    for minute in [20, 21] {
        look(&mut record, minute, vec![anew(), volume("gp3", 100)]);
    }
    for minute in [30, 31] {
        look(&mut record, minute, vec![anew(), volume("gp3", 1000)]);
    }
    let wanted = [
        "us-east-1/c control plane: 0-20 look",
        "vol-1 gp2: 1-10 look",
        "us-east-1/c control plane: 15-",
        "vol-1 gp3: 10-21 look",
        "vol-1 gp3: 21-",
    ];
    assert_eq!(told(&record), wanted);
    let sizes: Vec<u64> = record.usage().stretches.iter().map(|one| one.what.quantity).collect();
    assert_eq!(sizes, [1, 100, 1, 100, 1000]);
}

#[test]
fn requests_end_with_their_node_or_when_they_were_last_seen() {
    let mut record = Record::default();
    let request = |pod: &str, node: &str| Request {
        cluster: "c".into(),
        node: node.into(),
        service: "stt".into(),
        pod: pod.into(),
        shares: 1,
        from: at(4),
        to: None,
    };
    let mut sight = |minute, things: Vec<Stretch>, requests: Vec<Request>| {
        let usage = Usage { stretches: things, requests };
        record.look(&Sight { divided: true, ..Sight::of(at(minute), &usage) })
    };
    let both = || machine("i-1", 3, None).into_iter().chain(machine("i-2", 3, None)).collect::<Vec<_>>();
    let first = sight(10, both(), vec![request("a", "i-1"), request("b", "i-2")]);
    let same = sight(20, both(), vec![request("a", "i-1"), request("b", "i-2")]);
    let gone = machine("i-1", 3, Some(25)).into_iter().chain(machine("i-2", 3, None)).collect();
    sight(30, gone, Vec::new());
    // A pod made anew under its name ends the one before it.
    let again = || Request { from: at(32), ..request("b", "i-2") };
    sight(33, machine("i-2", 3, None).into(), vec![again()]);
    sight(34, machine("i-2", 3, None).into(), vec![Request { from: at(33), ..again() }]);
    let ends: Vec<_> = record.usage().requests.iter().map(|one| one.to).collect();
    assert_eq!(ends, [Some(at(25)), Some(at(20)), Some(at(33)), None]);
    // A look that saw nothing new is kept in few words.
    assert!(first.len() > 500 && same.len() < 80, "{same}");
}

#[test]
fn a_request_from_when_records_had_no_namespaces_is_that_of_its_pod() {
    let request = |pod: &str| Request {
        cluster: "c".into(),
        node: "i-1".into(),
        service: "stt".into(),
        pod: pod.into(),
        shares: 1,
        from: at(4),
        to: None,
    };
    let look = |record: &mut Record, minute, pods: &[&str]| {
        let requests = pods.iter().map(|pod| request(pod)).collect();
        let usage = Usage { stretches: machine("i-1", 3, None).into(), requests };
        record.look(&Sight { divided: true, ..Sight::of(at(minute), &usage) })
    };
    let mut text = look(&mut Record::default(), 10, &["a"]);
    for minute in [20, 30] {
        let (mut record, torn) = Record::read(&text);
        text = format!("{text}\n{}", look(&mut record, minute, &["film/a", "lab/a"]));
        let requests: Vec<_> = record.usage().requests.iter().map(|one| (&*one.pod, one.to)).collect();
        assert_eq!((torn, requests), (0, vec![("film/a", None), ("lab/a", None)]));
    }
}
