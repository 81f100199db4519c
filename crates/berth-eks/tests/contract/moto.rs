//! The same door and the same actions against moto's server, which somebody else wrote.
//!
//! One life of a cluster, because moto takes seconds to start. What moto lacks is in [`LACKS`]; what it gains has to leave it.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use berth_core::actions::Action;
use berth_core::actions::eks::{EksAction, EksClusterChange, EksGroupChange};
use berth_core::gc::{LeftoverKind, Scope};
use berth_core::observed::Phase;
use berth_core::plan::{Goal, plan};
use berth_core::ports::{Eyes, Finder, Hands, Progress, Started, Ticket};
use berth_core::rules::eks::cluster::Wanted;
use berth_core::run::{Fault, FaultKind, LeftBehind, Retry};
use berth_core::spec::{NodeRange, Provider, Taint, TaintEffect};
use berth_eks::EksCloud;

use crate::bench::{connect, settings_of};
use crate::python;
use crate::wish::{ACCOUNT, NAME, REGION, addon, cluster, file, group, network, reference, roles, wanted};

/// What moto cannot do: the case, what the fault then says, and why it is so.
const LACKS: [(&str, &str, &str); 7] = [
    ("grant", "HTTP 404", "it has no access entries"),
    ("make an add-on", "HTTP 404", "it has no add-ons"),
    ("find templates and addresses", "[LaunchTemplate]", "its index of tags has no templates"),
    ("read the facts", "still asking", "it answers GetAWSDefaultServiceQuota with 500, which is tried again for long"),
    ("tag a node group", "ResourceNotFoundException", "its TagResource finds clusters only"),
    ("tag the autoscaling groups", "HTTP 500", "its node groups have names of autoscaling groups, but no such groups"),
    ("take away: address", "associated with eni-", "its deleted NAT gateways keep their addresses"),
];

/// Looks at something that goes on; moto is done at once or after a few looks.
const MOST_LOOKS: u32 = 20;
/// Starts of an action that is told to try again; on moto nothing takes its time.
const MOST_TRIES: u32 = 2;
/// The facts take half a second where every call is answered.
const MOST_SECONDS: Duration = Duration::from_secs(10);
const PAUSE: Duration = Duration::from_millis(100);

/// Serves on a free port until its standard input ends, so that it does not outlive the test, however that ends.
const SERVER: &str = "
import os, sys, threading
from moto.server import main
threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()
main(['-H', '127.0.0.1', '-p', '0'])
";

/// moto's server; stopped when dropped.
struct Moto {
    process: Child,
    url: String,
}

impl Moto {
    fn start() -> Self {
        let mut command = Command::new("python3");
        command.args(["-u", "-c", SERVER]).stdin(Stdio::piped());
        // AWS's own policies are not there otherwise.
        command.env("MOTO_IAM_LOAD_MANAGED_POLICIES", "true");
        let mut process = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(process.stderr.take().unwrap()).lines();
        let url = lines
            .by_ref()
            .map_while(Result::ok)
            .find_map(|line| line.split_once("Running on ").map(|(_, url)| url.trim().to_owned()));
        // It writes a line for each request, and would stop where nobody reads them.
        std::thread::spawn(move || lines.for_each(drop));
        Self { process, url: url.unwrap() }
    }
}

impl Drop for Moto {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// What came of each case, or the first fault in it.
type Outcomes = BTreeMap<String, Result<(), String>>;

struct Trial {
    eks: EksCloud,
    outcomes: Outcomes,
}

impl Trial {
    fn note(&mut self, case: &str, outcome: Result<(), String>) {
        let before = self.outcomes.entry(case.to_owned()).or_insert(Ok(()));
        if before.is_ok() {
            *before = outcome;
        }
    }

    /// Carries the actions out, each of them twice: what is done already is done.
    async fn case(&mut self, case: &str, actions: impl IntoIterator<Item = EksAction>) {
        for action in actions {
            let action = Action::Eks(action);
            for turn in ["", "again: "] {
                let outcome = self.drive(&action).await.map_err(|fault| format!("{turn}{fault}"));
                let failed = outcome.is_err();
                self.note(case, outcome);
                if failed {
                    break;
                }
            }
        }
    }

    async fn drive(&self, action: &Action) -> Result<(), Fault> {
        for _ in 0..MOST_TRIES {
            match self.eks.start(action).await {
                Ok(Started::Done) => return Ok(()),
                Ok(Started::Waiting(ticket)) => return self.finish(&ticket).await,
                Err(fault) if fault.retry == Retry::Never => return Err(fault),
                Err(_) => tokio::time::sleep(PAUSE).await,
            }
        }
        self.eks.start(action).await.map(drop)
    }

    async fn finish(&self, ticket: &Ticket) -> Result<(), Fault> {
        for _ in 0..MOST_LOOKS {
            match self.eks.poll(ticket).await {
                Ok(Progress::Done) => return Ok(()),
                Err(fault) if fault.retry == Retry::Never => return Err(fault),
                Ok(Progress::Pending(_)) | Err(_) => tokio::time::sleep(PAUSE).await,
            }
        }
        let said = format!("{:?}", self.eks.poll(ticket).await?);
        let (kind, left_behind) = (FaultKind::TimedOut, LeftBehind::Unknown);
        Err(Fault { kind, tried: ticket.target.clone(), said, left_behind, retry: Retry::Never })
    }
}

/// Every failure has to be among those known, and every known one has to be there, in its words.
fn complaints(outcomes: &Outcomes, lacks: &[(&str, &str, &str)]) -> Vec<String> {
    let known = lacks.iter().filter_map(|(case, says, why)| match outcomes.get(*case) {
        Some(Err(fault)) if fault.contains(says) => None,
        Some(Err(fault)) => Some(format!("{case}: not as {why}: {fault}")),
        Some(Ok(())) => Some(format!("{case}: moto can do it now, so take it off the list")),
        None => Some(format!("{case}: there is no such case")),
    });
    let is_listed = |case: &str| lacks.iter().any(|(listed, ..)| *listed == case);
    let others = outcomes.iter().filter(|(case, _)| !is_listed(case));
    let others = others.filter_map(|(case, outcome)| Some(format!("{case}: {}", outcome.as_ref().err()?)));
    known.chain(others).collect()
}

#[test]
fn a_lack_that_is_none_any_more_is_told() {
    let outcomes = Outcomes::from([
        ("a".to_owned(), Ok(())),
        ("b".to_owned(), Err("HTTP 404".to_owned())),
        ("c".to_owned(), Err("HTTP 500".to_owned())),
        ("d".to_owned(), Err("HTTP 400".to_owned())),
    ]);
    let lacks = [("a", "HTTP 404", "w"), ("b", "HTTP 404", "x"), ("c", "HTTP 404", "y"), ("e", "HTTP 404", "z")];
    let complaints = complaints(&outcomes, &lacks);
    assert_eq!(
        complaints,
        [
            "a: moto can do it now, so take it off the list",
            "c: not as y: HTTP 500",
            "e: there is no such case",
            "d: HTTP 400",
        ]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn moto_goes_along_with_a_clusters_life() {
    if !python::has("moto.server") {
        return;
    }
    let moto = tokio::task::spawn_blocking(Moto::start).await.unwrap();
    let mut trial = Trial { eks: connect(&moto.url).await, outcomes: Outcomes::new() };
    assert_eq!(trial.eks.account(), ACCOUNT);
    let wanted = wanted();
    creations(&mut trial, &wanted).await;
    looks(&mut trial, &wanted).await;
    changes(&mut trial).await;
    deletions(&mut trial).await;
    assert_eq!(complaints(&trial.outcomes, &LACKS), Vec::<String>::new());
}

async fn creations(trial: &mut Trial, wanted: &Wanted) {
    trial.case("make the roles", roles(wanted)).await;
    for action in network(wanted) {
        let case = match action {
            EksAction::CreateVpc(_) => "make the VPC",
            EksAction::CreateInternetGateway(_) => "make the internet gateway",
            EksAction::CreateSubnet(_) => "make the subnets",
            EksAction::AllocateAddress(_) => "make the address",
            EksAction::CreateNatGateway(_) => "make the NAT gateway",
            _ => "make the route tables",
        };
        trial.case(case, [action]).await;
    }
    trial.case("make the cluster", [cluster(wanted)]).await;
    trial.case("make an add-on", [addon(wanted, "vpc-cni")]).await;
    let principal = format!("arn:aws:iam::{ACCOUNT}:role/Admins");
    trial.case("grant", [EksAction::GrantAdmin { cluster: reference(), principal, tags: BTreeMap::new() }]).await;
    for name in ["cpu-pool", "gpu-pool"] {
        let [template, group] = group(wanted, name);
        trial.case("make the launch templates", [template]).await;
        trial.case("make the node groups", [group]).await;
    }
    let tags = BTreeMap::from([("k8s.io/cluster-autoscaler/node-template/label/a".to_owned(), "b".to_owned())]);
    let tags = EksAction::TagAutoscaling { cluster: reference(), group: "gpu-pool".to_owned(), tags };
    trial.case("tag the autoscaling groups", [tags]).await;
}

async fn looks(trial: &mut Trial, wanted: &Wanted) {
    let observed = trial.eks.observe(NAME, REGION).await;
    let outcome = observed.map_err(|fault| fault.to_string()).and_then(|observed| {
        let unread = &observed.around.unread;
        if !unread.is_empty() {
            return Err(format!("{unread:?}"));
        }
        let seen = observed.cluster.ok_or("there is no cluster")?;
        assert_eq!((seen.phase, seen.is_ours()), (Phase::Running, true));
        for want in &wanted.groups {
            let (group, want) = (settings_of(&seen, &want.group.name), &want.group);
            assert_eq!((&group.pool, &group.template), (&want.pool, &want.template));
            assert_eq!((&group.labels, &group.taints, group.nodes), (&want.labels, &want.taints, want.nodes));
        }
        Ok(())
    });
    trial.note("look at the cluster", outcome);
    let fleet = trial.eks.fleet().await;
    let outcome = fleet.map_err(|fault| fault.to_string()).map(|fleet| assert_eq!(fleet.clusters.len(), 1));
    trial.note("look at the fleet", outcome);
    let outcome = finds(&trial.eks, &[LeftoverKind::LaunchTemplate, LeftoverKind::Address]).await;
    trial.note("find templates and addresses", outcome);
    let kinds = [
        LeftoverKind::Cluster,
        LeftoverKind::NatGateway,
        LeftoverKind::RouteTable,
        LeftoverKind::Subnet,
        LeftoverKind::InternetGateway,
        LeftoverKind::Vpc,
        LeftoverKind::Role,
    ];
    let outcome = finds(&trial.eks, &kinds).await;
    trial.note("find what is ours", outcome);
    let spec = file();
    let outcome = match tokio::time::timeout(MOST_SECONDS, trial.eks.facts(&spec)).await {
        Ok(facts) => facts.map_err(|fault| fault.to_string()).map(|facts| assert_eq!(facts.account, ACCOUNT)),
        Err(_) => Err(format!("still asking after {} seconds", MOST_SECONDS.as_secs())),
    };
    trial.note("read the facts", outcome);
}

/// Whether all these kinds are found, each of our cluster, and all could be listed.
async fn finds(eks: &EksCloud, kinds: &[LeftoverKind]) -> Result<(), String> {
    let scope = Scope { regions: vec![REGION.to_owned()], ..Scope::default() };
    let inventory = eks.inventory(&scope).await.map_err(|fault| fault.to_string())?;
    if !inventory.unread.is_empty() {
        return Err(format!("{:?}", inventory.unread));
    }
    let ours = |kind: &LeftoverKind| inventory.found.iter().any(|one| one.kind == *kind && one.cluster == NAME);
    let missing: Vec<&LeftoverKind> = kinds.iter().filter(|kind| !ours(kind)).collect();
    if missing.is_empty() { Ok(()) } else { Err(format!("not found: {missing:?}")) }
}

async fn changes(trial: &mut Trial) {
    let of_cluster = |change| EksAction::ChangeCluster { cluster: reference(), change };
    let of_group = |change| EksAction::ChangeGroup { cluster: reference(), group: "cpu-pool".to_owned(), change };
    let tags = || BTreeMap::from([("team".to_owned(), "film".to_owned())]);
    let taint = Taint { key: "film".to_owned(), value: "x".to_owned(), effect: TaintEffect::NoSchedule };
    let cases = [
        ("tag the cluster", of_cluster(EksClusterChange::Tags { set: tags(), remove: Vec::new() })),
        ("change the logging", of_cluster(EksClusterChange::Logging(vec!["scheduler".to_owned()]))),
        ("tag a node group", of_group(EksGroupChange::Tags(tags()))),
        ("label the nodes", of_group(EksGroupChange::Labels { set: tags(), remove: Vec::new() })),
        ("taint the nodes", of_group(EksGroupChange::Taints { set: vec![taint], remove: Vec::new() })),
        ("scale", of_group(EksGroupChange::Scaling { nodes: NodeRange { min: 1, max: 6 }, desired: 2 })),
    ];
    for (case, action) in cases {
        trial.case(case, [action]).await;
    }
}

async fn deletions(trial: &mut Trial) {
    let groups = ["cpu-pool", "gpu-pool"];
    let groups = groups.map(|name| EksAction::DeleteGroup { cluster: reference(), group: name.to_owned() });
    trial.case("delete the node groups", groups).await;
    trial.case("delete the cluster", [EksAction::DeleteCluster { cluster: reference() }]).await;

    let spec = file();
    let goal = Goal::Absent { provider: Provider::Eks, account: ACCOUNT, place: &spec.place, name: NAME, adopt: false };
    let observed = trial.eks.observe(NAME, REGION).await.unwrap();
    assert_eq!(observed.cluster, None);
    for step in plan(&goal, &observed).unwrap().steps {
        let Action::Eks(action) = step.action else { continue };
        let case = match &action {
            EksAction::DeletePart { part, .. } => format!("take away: {}", part.kind.words()),
            _ => "sweep".to_owned(),
        };
        trial.case(&case, [action]).await;
    }
    let mut left = trial.eks.observe(NAME, REGION).await.unwrap().around.parts;
    // What could not be taken away has been told already.
    left.retain(|part| trial.outcomes[&format!("take away: {}", part.thing.kind.words())].is_ok());
    let outcome = if left.is_empty() { Ok(()) } else { Err(format!("left: {left:?}")) };
    trial.note("leave nothing", outcome);
}
