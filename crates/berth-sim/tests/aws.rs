//! The simulated AWS against a witness: the `aws` command line, unmodified, pointed at it by `env`.
//!
//! Skipped where aws is missing, unless `BERTH_REQUIRE_WITNESSES=1` makes that a failure.

#![expect(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "helpers of tests panic as tests do, and say why they skip"
)]

use std::process::{Command, Output};

use berth_sim::{Options, Simulator};

/// Fast enough that a control plane's ten minutes are a fifth of a second.
const SPEED: f64 = 3000.0;

struct Witness {
    variables: Vec<(String, String)>,
    home: tempfile::TempDir,
}

impl Witness {
    async fn run(&self, program: &str, arguments: &str) -> Output {
        let mut command = Command::new(program);
        command.args(arguments.split_whitespace()).envs(self.variables.iter().cloned());
        command.env("HOME", self.home.path()).env("AWS_PAGER", "").env("AWS_MAX_ATTEMPTS", "1");
        command.env("KUBECONFIG", self.home.path().join("kubeconfig"));
        // The version manager behind `aws` on some machines looks below the home directory.
        if std::env::var_os("PYENV_ROOT").is_none()
            && let Some(home) = std::env::var_os("HOME")
        {
            command.env("PYENV_ROOT", std::path::Path::new(&home).join(".pyenv"));
        }
        tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap()
    }

    async fn text(&self, arguments: &str) -> String {
        self.of("aws", &format!("--output text {arguments}")).await
    }

    async fn of(&self, program: &str, arguments: &str) -> String {
        let output = self.run(program, arguments).await;
        assert!(output.status.success(), "{program} {arguments}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    async fn error(&self, arguments: &str) -> String {
        let output = self.run("aws", arguments).await;
        assert!(!output.status.success(), "aws {arguments} should have been refused");
        String::from_utf8(output.stderr).unwrap().trim().to_owned()
    }

    /// Asks until the answer is the wanted one, for at most some seconds.
    async fn until(&self, arguments: &str, wanted: &str) {
        let mut last = String::new();
        for _ in 0..20 {
            last = self.text(arguments).await;
            if last == wanted {
                return;
            }
        }
        panic!("aws {arguments}: {last}, not {wanted}");
    }

    /// A role that a service may take, with policies.
    async fn role(&self, name: &str, service: &str, policies: &[&str]) -> String {
        let trust = format!(
            "{{\"Statement\":[{{\"Effect\":\"Allow\",\"Principal\":{{\"Service\":\"{service}\"}},\"Action\":\"sts:AssumeRole\"}}]}}"
        );
        let made = format!(
            "iam create-role --role-name {name} --assume-role-policy-document {trust} --tags Key=of,Value=berth --query Role.Arn"
        );
        let arn = self.text(&made).await;
        for policy in policies {
            let attach =
                format!("iam attach-role-policy --role-name {name} --policy-arn arn:aws:iam::aws:policy/{policy}");
            self.text(&attach).await;
        }
        arn
    }

    /// A VPC with two public subnets in two zones; the ids of the VPC and the subnets.
    async fn network(&self) -> (String, [String; 2]) {
        let vpc = self.text("ec2 create-vpc --cidr-block 10.0.0.0/16 --query Vpc.VpcId").await;
        self.text(&format!("ec2 modify-vpc-attribute --vpc-id {vpc} --enable-dns-hostnames")).await;
        let gateway = self.text("ec2 create-internet-gateway --query InternetGateway.InternetGatewayId").await;
        self.text(&format!("ec2 attach-internet-gateway --internet-gateway-id {gateway} --vpc-id {vpc}")).await;
        let table = self.text(&format!("ec2 create-route-table --vpc-id {vpc} --query RouteTable.RouteTableId")).await;
        let route = format!("--route-table-id {table} --destination-cidr-block 0.0.0.0/0 --gateway-id {gateway}");
        self.text(&format!("ec2 create-route {route}")).await;
        let mut subnets = [String::new(), String::new()];
        for (index, zone) in ["us-east-1a", "us-east-1b"].iter().enumerate() {
            let made = format!(
                "ec2 create-subnet --vpc-id {vpc} --cidr-block 10.0.{}.0/20 --availability-zone {zone} --query Subnet.SubnetId",
                index * 16
            );
            let subnet = self.text(&made).await;
            self.text(&format!("ec2 modify-subnet-attribute --subnet-id {subnet} --map-public-ip-on-launch")).await;
            self.text(&format!("ec2 associate-route-table --route-table-id {table} --subnet-id {subnet}")).await;
            subnets[index] = subnet;
        }
        (vpc, subnets)
    }
}

/// Whether the programs are here; missing ones fail where witnesses are required.
fn present(programs: &[(&str, &str)]) -> bool {
    let missing: Vec<&str> = programs
        .iter()
        .filter(|(program, version)| Command::new(program).arg(version).output().is_err())
        .map(|(program, _)| *program)
        .collect();
    let required = std::env::var_os("BERTH_REQUIRE_WITNESSES").is_some_and(|value| value == "1");
    assert!(missing.is_empty() || !required, "required and missing: {missing:?}");
    if !missing.is_empty() {
        eprintln!("skipped: {missing:?} missing");
    }
    missing.is_empty()
}

async fn started() -> (Simulator, Witness) {
    let simulator = Simulator::start(Options { speed: SPEED, ..Options::default() }).await.unwrap();
    let witness = Witness { variables: berth_sim::env(simulator.endpoints()), home: tempfile::tempdir().unwrap() };
    (simulator, witness)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn aws_makes_lists_describes_and_deletes_a_cluster_with_nodes() {
    if !present(&[("aws", "--version"), ("kubectl", "version")]) {
        return;
    }
    let (simulator, witness) = started().await;
    let who = witness.text("sts get-caller-identity --query Arn").await;
    assert_eq!(who, "arn:aws:iam::123456789012:user/berth-sim");
    let cluster_role = witness.role("plane", "eks.amazonaws.com", &["AmazonEKSClusterPolicy"]).await;
    let policies = ["AmazonEKSWorkerNodePolicy", "AmazonEKS_CNI_Policy", "AmazonEC2ContainerRegistryPullOnly"];
    let node_role = witness.role("nodes", "ec2.amazonaws.com", &policies).await;
    let (vpc, [one, two]) = witness.network().await;

    let made = format!(
        "eks create-cluster --name film --role-arn {cluster_role} --resources-vpc-config subnetIds={one},{two} \
         --access-config authenticationMode=API --query cluster.status"
    );
    assert_eq!(witness.text(&made).await, "CREATING");
    witness.until("eks describe-cluster --name film --query cluster.status", "ACTIVE").await;
    assert_eq!(witness.text("eks list-clusters --query clusters").await, "film");
    let group = format!(
        "eks create-nodegroup --cluster-name film --nodegroup-name gpu --node-role {node_role} --subnets {one} {two} \
         --scaling-config minSize=1,maxSize=3,desiredSize=2 --instance-types g5.xlarge --ami-type AL2023_x86_64_NVIDIA \
         --capacity-type SPOT --labels tier=standard --query nodegroup.status"
    );
    assert_eq!(witness.text(&group).await, "CREATING");
    let status = "eks describe-nodegroup --cluster-name film --nodegroup-name gpu --query nodegroup.status";
    witness.until(status, "ACTIVE").await;
    let instances = "ec2 describe-instances --filters Name=tag:eks:nodegroup-name,Values=gpu \
                     --query Reservations[].Instances[].[InstanceType,InstanceLifecycle,State.Name]";
    let instance = "g5.xlarge\tspot\trunning";
    assert_eq!(witness.text(instances).await, format!("{instance}\n{instance}"));
    witness.of("aws", "eks update-kubeconfig --name film").await;
    let nodes = witness.of("kubectl", "get nodes -l eks.amazonaws.com/capacityType=SPOT,tier=standard -o name").await;
    assert_eq!(nodes.lines().count(), 2, "{nodes}");

    let held = witness.error("eks delete-cluster --name film").await;
    let words = "An error occurred (ResourceInUseException) when calling the DeleteCluster operation: Cluster has nodegroups attached";
    assert!(held.ends_with(words), "{held}");
    witness.text("eks delete-nodegroup --cluster-name film --nodegroup-name gpu --query nodegroup.status").await;
    witness.until("eks list-nodegroups --cluster-name film --query nodegroups", "").await;
    let violation = witness.error(&format!("ec2 delete-vpc --vpc-id {vpc}")).await;
    assert!(violation.contains("(DependencyViolation)"), "{violation}");
    witness.text("eks delete-cluster --name film --query cluster.status").await;
    witness.until("eks list-clusters --query clusters", "").await;
    assert_eq!(witness.text("ec2 describe-network-interfaces --query NetworkInterfaces").await, "");
    assert_eq!(witness.text("ec2 describe-volumes --query Volumes").await, "");
    assert_eq!(witness.text("ec2 describe-launch-templates --query LaunchTemplates").await, "");
    simulator.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn aws_lists_tags_and_deletes_roles() {
    if !present(&[("aws", "--version")]) {
        return;
    }
    let (simulator, witness) = started().await;
    witness.role("one", "eks.amazonaws.com", &["AmazonEKSClusterPolicy"]).await;
    witness.role("two", "eks.amazonaws.com", &[]).await;
    assert_eq!(witness.text("iam list-roles --page-size 1 --query Roles[].RoleName").await, "one\ntwo");
    witness.text("iam tag-role --role-name two --tags Key=ttl,Value=1h").await;
    assert_eq!(witness.text("iam list-role-tags --role-name two --query Tags[].Key").await, "of\tttl");
    let held = witness.error("iam delete-role --role-name one").await;
    assert!(held.contains("(DeleteConflict)") && held.ends_with("must detach all policies first."), "{held}");
    witness.text("iam delete-role --role-name two").await;
    let gone = witness.error("iam get-role --role-name two").await;
    let words =
        "An error occurred (NoSuchEntity) when calling the GetRole operation: The role with name two cannot be found.";
    assert!(gone.ends_with(words), "{gone}");
    simulator.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn aws_shows_what_is_on_offer_and_what_is_refused() {
    if !present(&[("aws", "--version")]) {
        return;
    }
    let (simulator, witness) = started().await;
    let offered = "ec2 describe-instance-type-offerings --location-type availability-zone --filters \
                   Name=instance-type,Values=p3.2xlarge,p3dn.24xlarge --query InstanceTypeOfferings[].[InstanceType,Location]";
    assert_eq!(witness.text(offered).await, "p3dn.24xlarge\tus-east-1c\np3dn.24xlarge\tus-east-1d");
    let gpus = "ec2 describe-instance-types --instance-types p4d.24xlarge --query \
                InstanceTypes[].[VCpuInfo.DefaultVCpus,GpuInfo.Gpus[0].Count]";
    assert_eq!(witness.text(gpus).await, "96\t8");
    let quota = "service-quotas get-service-quota --service-code ec2 --quota-code L-417A185B --query Quota.Value";
    assert_eq!(witness.text(quota).await, "1152.0");
    let zones =
        "ec2 describe-availability-zones --filters Name=zone-id,Values=use1-az3 --query AvailabilityZones[].ZoneName";
    assert_eq!(witness.text(zones).await, "us-east-1e");
    let supported =
        "eks describe-cluster-versions --version-status STANDARD_SUPPORT --query clusterVersions[].clusterVersion";
    assert!(witness.text(supported).await.contains("1.36"));

    let role = witness.role("plane", "eks.amazonaws.com", &[]).await;
    let (_, [one, _]) = witness.network().await;
    let cluster = |subnets: &str| {
        format!("eks create-cluster --name x --role-arn {role} --resources-vpc-config subnetIds={subnets}")
    };
    let single = witness.error(&cluster(&one)).await;
    assert!(single.ends_with("Subnets specified must be in at least two different AZs"), "{single}");
    let missing = witness.error(&cluster("subnet-0")).await;
    assert!(
        missing.contains("(InvalidParameterException)") && missing.contains("'subnet-0' does not exist"),
        "{missing}"
    );
    let unknown = witness.error("eks describe-cluster --name none").await;
    let words = "An error occurred (ResourceNotFoundException) when calling the DescribeCluster operation: No cluster found for name: none.";
    assert!(unknown.ends_with(words), "{unknown}");
    simulator.stop().await;
}
