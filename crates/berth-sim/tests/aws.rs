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

/// Three Services with load balancers: two classic ones and a network one.
const SERVICES: &str = "
apiVersion: v1
kind: Service
metadata: {name: stt}
spec: {type: LoadBalancer, ports: [{port: 443}]}
---
apiVersion: v1
kind: Service
metadata: {name: tts}
spec: {type: LoadBalancer, ports: [{port: 443}]}
---
apiVersion: v1
kind: Service
metadata: {name: mt, annotations: {service.beta.kubernetes.io/aws-load-balancer-type: nlb}}
spec: {type: LoadBalancer, ports: [{port: 443}]}
";

/// The kinds of everything that exists, as the control API tells them.
async fn left(simulator: &Simulator) -> Vec<String> {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let address = simulator.endpoints().base_url.strip_prefix("http://").unwrap().to_owned();
    let mut stream = tokio::net::TcpStream::connect(&address).await.unwrap();
    let ask = format!("GET /_sim/leftovers HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
    stream.write_all(ask.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let (_, body) = answer.split_once("\r\n\r\n").unwrap();
    let all: Vec<serde_json::Value> = serde_json::from_str(body).unwrap();
    all.iter().map(|one| one["kind"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn aws_finds_and_deletes_what_workloads_left() {
    if !present(&[("aws", "--version"), ("kubectl", "version")]) {
        return;
    }
    let (simulator, witness) = started().await;
    let role = witness.role("plane", "eks.amazonaws.com", &[]).await;
    let (vpc, [one, two]) = witness.network().await;
    witness
        .text(&format!(
            "eks create-cluster --name film --role-arn {role} --resources-vpc-config subnetIds={one},{two} \
             --logging {{\"clusterLogging\":[{{\"types\":[\"api\"],\"enabled\":true}}]}} --query cluster.status"
        ))
        .await;
    witness.until("eks describe-cluster --name film --query cluster.status", "ACTIVE").await;
    witness.of("aws", "eks update-kubeconfig --name film").await;
    let file = witness.home.path().join("services.yaml");
    std::fs::write(&file, SERVICES).unwrap();
    witness.of("kubectl", &format!("apply --validate=false -f {}", file.display())).await;
    let described = "elb describe-load-balancers --query";
    let schemes = format!("{described} LoadBalancerDescriptions[].Scheme");
    witness.until(&schemes, "internet-facing\tinternet-facing").await;
    let page = format!("{described} [length(LoadBalancerDescriptions),NextMarker] --page-size 1");
    let first = witness.text(&page).await;
    let (count, marker) = first.split_once('\t').unwrap();
    assert_eq!(count, "1");
    assert_eq!(witness.text(&format!("{page} --marker {marker}")).await, "1\tNone");
    let addresses = "get services mt -o jsonpath={.status.loadBalancer.ingress[0].hostname}";
    let host = witness.of("kubectl", addresses).await;
    let found = "elbv2 describe-load-balancers --query LoadBalancers[].[Type,DNSName]";
    assert_eq!(witness.text(found).await, format!("network\t{host}"));
    let groups = "logs describe-log-groups --log-group-name-prefix /aws/eks/ --query logGroups[].logGroupName";
    witness.until(groups, "/aws/eks/film/cluster").await;

    let violation = witness.error(&format!("ec2 delete-subnet --subnet-id {one}")).await;
    assert!(violation.contains("(DependencyViolation)"), "{violation}");
    witness.text("eks delete-cluster --name film --query cluster.status").await;
    witness.until("eks list-clusters --query clusters", "").await;
    delete_balancers(&witness).await;
    witness.until("ec2 describe-network-interfaces --query NetworkInterfaces", "").await;
    let security = "ec2 describe-security-groups --filters Name=tag:kubernetes.io/cluster/film,Values=owned \
                    --query SecurityGroups[].GroupId";
    let stayed = witness.text(security).await;
    assert_eq!(stayed.split_whitespace().count(), 2, "{stayed}");
    for group in stayed.split_whitespace() {
        witness.text(&format!("ec2 delete-security-group --group-id {group}")).await;
    }
    witness.text("logs delete-log-group --log-group-name /aws/eks/film/cluster").await;
    delete_network(&witness, &vpc, &[one, two]).await;
    assert_eq!(left(&simulator).await, ["role"]);
    witness.text("iam delete-role --role-name plane").await;
    assert!(left(&simulator).await.is_empty());
    simulator.stop().await;
}

/// Deletes all load balancers and target groups, found by the tags of the cluster and their Services.
async fn delete_balancers(witness: &Witness) {
    let missing = witness.error("elb describe-load-balancers --load-balancer-names none").await;
    let words = "An error occurred (LoadBalancerNotFound) when calling the DescribeLoadBalancers operation: \
                 There is no ACTIVE Load Balancer named 'none'";
    assert!(missing.ends_with(words), "{missing}");
    let names = "elb describe-load-balancers --query LoadBalancerDescriptions[].LoadBalancerName";
    let names = witness.text(names).await;
    let mut services = Vec::new();
    for name in names.split_whitespace() {
        let tags =
            format!("elb describe-tags --load-balancer-names {name} --query TagDescriptions[].Tags[].[Key,Value]");
        let tags = witness.text(&tags).await;
        assert!(tags.contains("kubernetes.io/cluster/film\towned"), "{tags}");
        services.extend(
            tags.lines().filter_map(|line| line.strip_prefix("kubernetes.io/service-name\t")).map(str::to_owned),
        );
        witness.text(&format!("elb delete-load-balancer --load-balancer-name {name}")).await;
        // A second time it is gone, which is no error.
        witness.text(&format!("elb delete-load-balancer --load-balancer-name {name}")).await;
    }
    services.sort();
    assert_eq!(services, ["default/stt", "default/tts"]);
    let arn = witness.text("elbv2 describe-load-balancers --query LoadBalancers[].LoadBalancerArn").await;
    let tags = format!("elbv2 describe-tags --resource-arns {arn} --query TagDescriptions[].Tags[].Value");
    assert_eq!(witness.text(&tags).await, "owned\tdefault/mt");
    let target =
        format!("elbv2 describe-target-groups --load-balancer-arn {arn} --query TargetGroups[].TargetGroupArn");
    let target = witness.text(&target).await;
    let held = witness.error(&format!("elbv2 delete-target-group --target-group-arn {target}")).await;
    assert!(held.contains("(ResourceInUse)"), "{held}");
    witness.text(&format!("elbv2 delete-load-balancer --load-balancer-arn {arn}")).await;
    witness.text(&format!("elbv2 delete-target-group --target-group-arn {target}")).await;
    let gone = witness.error(&format!("elbv2 describe-load-balancers --load-balancer-arns {arn}")).await;
    assert!(gone.contains("(LoadBalancerNotFound)"), "{gone}");
    assert_eq!(witness.text("elbv2 describe-target-groups --query TargetGroups").await, "");
}

/// Deletes a VPC with its subnets, gateway and route table.
async fn delete_network(witness: &Witness, vpc: &str, subnets: &[String]) {
    for subnet in subnets {
        witness.text(&format!("ec2 delete-subnet --subnet-id {subnet}")).await;
    }
    let gateway = witness.text("ec2 describe-internet-gateways --query InternetGateways[].InternetGatewayId").await;
    witness.text(&format!("ec2 detach-internet-gateway --internet-gateway-id {gateway} --vpc-id {vpc}")).await;
    witness.text(&format!("ec2 delete-internet-gateway --internet-gateway-id {gateway}")).await;
    let tables = "ec2 describe-route-tables --query RouteTables[?Associations[0].Main!=`true`].RouteTableId";
    let table = witness.text(tables).await;
    witness.text(&format!("ec2 delete-route-table --route-table-id {table}")).await;
    witness.text(&format!("ec2 delete-vpc --vpc-id {vpc}")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn aws_makes_tags_lists_and_deletes_log_groups() {
    if !present(&[("aws", "--version")]) {
        return;
    }
    let (simulator, witness) = started().await;
    for name in ["/film/a", "/film/b", "/other"] {
        witness.text(&format!("logs create-log-group --log-group-name {name} --tags of=berth")).await;
    }
    let twice = witness.error("logs create-log-group --log-group-name /other").await;
    let words = "(ResourceAlreadyExistsException) when calling the CreateLogGroup operation: \
                 The specified log group already exists";
    assert!(twice.ends_with(words), "{twice}");
    let listed =
        "logs describe-log-groups --log-group-name-prefix /film/ --page-size 1 --query logGroups[].logGroupName";
    assert_eq!(witness.text(listed).await.split_whitespace().collect::<Vec<_>>(), ["/film/a", "/film/b"]);
    let arn =
        witness.text("logs describe-log-groups --log-group-name-prefix /other --query logGroups[].logGroupArn").await;
    witness.text(&format!("logs tag-resource --resource-arn {arn} --tags ttl=1h")).await;
    let tags = format!("logs list-tags-for-resource --resource-arn {arn} --query [tags.of,tags.ttl]");
    assert_eq!(witness.text(&tags).await, "berth\t1h");
    witness.text("logs put-retention-policy --log-group-name /other --retention-in-days 7").await;
    let refused = witness.error("logs put-retention-policy --log-group-name /other --retention-in-days 8").await;
    assert!(refused.contains("(InvalidParameterException)"), "{refused}");
    witness.text("logs delete-log-group --log-group-name /other").await;
    let gone = witness.error("logs delete-log-group --log-group-name /other").await;
    let words = "(ResourceNotFoundException) when calling the DeleteLogGroup operation: The specified log group does not exist.";
    assert!(gone.ends_with(words), "{gone}");
    assert_eq!(left(&simulator).await, ["log-group", "log-group"]);
    simulator.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn aws_reads_list_prices_and_how_spot_prices_moved() {
    if !present(&[("aws", "--version")]) {
        return;
    }
    let (simulator, witness) = started().await;
    let used = "Type=TERM_MATCH,Field=capacitystatus,Value=Used Type=TERM_MATCH,Field=tenancy,Value=Shared \
                Type=TERM_MATCH,Field=operatingSystem,Value=Linux";
    let of = |kind: &str| {
        format!(
            "pricing get-products --service-code AmazonEC2 --filters Type=TERM_MATCH,Field=instanceType,Value={kind} \
             Type=TERM_MATCH,Field=regionCode,Value=us-east-1 {used}"
        )
    };
    let list: serde_json::Value = serde_json::from_str(&witness.of("aws", &of("p4d.24xlarge")).await).unwrap();
    let products = list["PriceList"].as_array().unwrap();
    assert_eq!(products.len(), 1, "{list}");
    // The client of Python decodes the texts; the command line gives them as they came.
    let product: serde_json::Value = serde_json::from_str(products[0].as_str().unwrap()).unwrap();
    assert_eq!(product["product"]["attributes"]["usagetype"], "BoxUsage:p4d.24xlarge");
    let offer = product["terms"]["OnDemand"].as_object().unwrap().values().next().unwrap();
    let rate = offer["priceDimensions"].as_object().unwrap().values().next().unwrap();
    assert_eq!(rate["pricePerUnit"]["USD"], "21.9576420000");

    // Four products in six regions, two on a page whatever more is asked for; the count of each page is told for itself.
    let elb = "pricing get-products --service-code AWSELB --query length(PriceList)";
    assert_eq!(witness.text(elb).await, ["2"; 12].join("\n"));
    assert_eq!(witness.text(&format!("{elb} --page-size 100")).await, ["2"; 12].join("\n"));
    assert_eq!(witness.text(&format!("{elb} --page-size 1")).await, ["1"; 24].join("\n"));
    let services = witness.text("pricing describe-services --query Services[].ServiceCode").await;
    assert_eq!(services, "AWSELB\tAmazonEC2\tAmazonEKS\tAmazonVPC");
    let values = "pricing get-attribute-values --service-code AmazonEC2 --attribute-name volumeApiName \
                  --query AttributeValues[].Value";
    assert_eq!(witness.text(values).await, "gp2\tgp3\tio1\tio2\tsc1\tst1\tstandard");
    let elsewhere = "pricing get-products --service-code AmazonEC2 --region us-west-2";
    assert!(witness.error(elsewhere).await.contains("InvalidSignatureException"));
    let unknown = "pricing get-products --service-code AmazonMoon";
    assert!(witness.error(unknown).await.contains("NotFoundException"));

    let history = "ec2 describe-spot-price-history --instance-types p4d.24xlarge --product-descriptions Linux/UNIX";
    // A week in four zones has 72 changes and more; a page has 20 of them.
    let all: serde_json::Value = serde_json::from_str(&witness.of("aws", history).await).unwrap();
    assert!(all["SpotPriceHistory"].as_array().is_some_and(|rows| rows.len() >= 72), "{all}");
    let page: serde_json::Value =
        serde_json::from_str(&witness.of("aws", &format!("{history} --no-paginate")).await).unwrap();
    assert!(page["SpotPriceHistory"].as_array().is_some_and(|rows| rows.len() == 20), "{page}");
    let spot = format!("{history} --availability-zone us-east-1a --query SpotPriceHistory[].SpotPrice");
    let prices = witness.text(&spot).await;
    let prices: std::collections::BTreeSet<&str> = prices.split_whitespace().collect();
    assert!(prices.len() > 10, "a week of prices: {prices:?}");
    let now = witness.text(&format!("{spot} --start-time 2100-01-01T00:00:00Z")).await;
    // Simulated hours pass between two calls, so it need not be one of those.
    assert!(now.parse::<f64>().is_ok_and(|usd| (5.0..15.0).contains(&usd)), "{now}: one price holds now");
    simulator.stop().await;
}
