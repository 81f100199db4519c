//! Calls against the pure world with a policy in force: what each service says, and what a call takes beside its own action.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::aws::ACCESS_KEY_ID;
use crate::kube::User;
use crate::wire::Request;
use crate::world::World;

fn world(statements: Value) -> World {
    let mut world = World::new("seed", now());
    set(&mut world, statements);
    world
}

fn now() -> Timestamp {
    "2026-06-01T00:00:00Z".parse().unwrap()
}

fn set(world: &mut World, statements: Value) {
    world.policies.set(&[json!({"Version": "2012-10-17", "Statement": statements})]).unwrap();
}

fn allow(actions: Value) -> Value {
    json!({"Effect": "Allow", "Action": actions, "Resource": "*"})
}

fn signed(world: &mut World, service: &str, mut request: Request) -> (u16, String) {
    request.authorization = Some(format!(
        "AWS4-HMAC-SHA256 Credential={ACCESS_KEY_ID}/20260601/us-east-1/{service}/aws4_request, SignedHeaders=host, Signature=00"
    ));
    let (answer, _) = world.apply_aws(&request, now(), false);
    let kind = answer.headers.iter().find(|(name, _)| name == "x-amzn-errortype").map(|(_, kind)| kind.clone());
    (answer.status, kind.unwrap_or_default() + &String::from_utf8(answer.body).unwrap())
}

fn query(world: &mut World, service: &str, body: &str) -> (u16, String) {
    let request =
        Request { method: "POST".to_owned(), path: "/".to_owned(), body: body.to_owned().into(), ..Request::default() };
    signed(world, service, request)
}

fn eks(world: &mut World, method: &str, path: &str, body: &Value) -> (u16, String) {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let (method, path) = (method.to_owned(), path.to_owned());
    signed(world, "eks", Request { method, raw_path: path.clone(), path, body: body.into(), ..Request::default() })
}

fn google(world: &mut World, method: &str, path: &str, body: &Value) -> (u16, Value) {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let request = Request { method: method.to_owned(), path: path.to_owned(), body: body.into(), ..Request::default() };
    let reply = world.apply(&request, "http://sim", now(), false).reply;
    (reply.status, reply.body)
}

const TAGGED: &str = "Action=CreateVpc&CidrBlock=10.0.0.0/16&TagSpecification.1.ResourceType=vpc\
     &TagSpecification.1.Tag.1.Key=managed-by&TagSpecification.1.Tag.1.Value=berth";

fn made(answer: &str) -> String {
    let (_, rest) = answer.split_once("<vpcId>").unwrap_or_else(|| panic!("{answer}"));
    rest.split('<').next().unwrap().to_owned()
}

#[test]
fn each_service_refuses_in_its_own_words() {
    let mut world = world(allow(json!("sts:*")));
    let ec2 = query(&mut world, "ec2", "Action=DescribeVpcs");
    assert!(
        ec2.0 == 403 && ec2.1.contains("UnauthorizedOperation") && ec2.1.contains("perform: ec2:DescribeVpcs"),
        "{ec2:?}"
    );
    let eks = eks(&mut world, "GET", "/clusters/c", &Value::Null);
    assert!(eks.0 == 403 && eks.1.contains("AccessDeniedException"), "{eks:?}");
    assert!(
        eks.1.contains("perform: eks:DescribeCluster on resource: arn:aws:eks:us-east-1:123456789012:cluster/c"),
        "{eks:?}"
    );
    let iam = query(&mut world, "iam", "Action=GetRole&RoleName=r");
    assert!(iam.0 == 403 && iam.1.contains("<Code>AccessDenied</Code>"), "{iam:?}");
    let who = query(&mut world, "sts", "Action=GetCallerIdentity&Version=2011-06-15");
    assert_eq!(who.0, 200, "{who:?}");
    set(&mut world, json!({"Effect": "Deny", "Action": "*", "Resource": "*"}));
    let who = query(&mut world, "sts", "Action=GetCallerIdentity&Version=2011-06-15");
    assert_eq!(who.0, 200, "nobody can be kept from asking who he is: {who:?}");
    let denied = query(&mut world, "ec2", "Action=DescribeVpcs");
    assert!(denied.1.contains("with an explicit deny"), "{denied:?}");
}

#[test]
fn tags_in_a_creating_call_take_a_right_of_their_own() {
    let mut world = world(allow(json!("ec2:CreateVpc")));
    let refused = query(&mut world, "ec2", TAGGED);
    assert!(
        refused.1.contains("perform: ec2:CreateTags on resource: arn:aws:ec2:us-east-1:123456789012:vpc/*"),
        "{refused:?}"
    );
    let in_creating = json!({"Effect": "Allow", "Action": "ec2:CreateTags", "Resource": "*",
                             "Condition": {"StringEquals": {"ec2:CreateAction": "CreateVpc"}}});
    set(&mut world, json!([allow(json!("ec2:CreateVpc")), in_creating]));
    let vpc = made(&query(&mut world, "ec2", TAGGED).1);
    let later = format!("Action=CreateTags&ResourceId.1={vpc}&Tag.1.Key=a&Tag.1.Value=b");
    assert_eq!(query(&mut world, "ec2", &later).0, 403, "what stands already is tagged by no creating call");
}

#[test]
fn a_right_bound_to_tags_does_not_reach_what_lacks_them() {
    let mut world = world(allow(json!("ec2:*")));
    let ours = made(&query(&mut world, "ec2", TAGGED).1);
    let theirs = made(&query(&mut world, "ec2", "Action=CreateVpc&CidrBlock=10.1.0.0/16").1);
    set(
        &mut world,
        json!({"Effect": "Allow", "Action": "ec2:DeleteVpc", "Resource": "*",
               "Condition": {"StringEquals": {"aws:ResourceTag/managed-by": "berth"}}}),
    );
    assert_eq!(query(&mut world, "ec2", &format!("Action=DeleteVpc&VpcId={theirs}")).0, 403);
    assert_eq!(query(&mut world, "ec2", &format!("Action=DeleteVpc&VpcId={ours}")).0, 200);
    let gone = query(&mut world, "ec2", &format!("Action=DeleteVpc&VpcId={ours}"));
    assert!(gone.1.contains("InvalidVpcID.NotFound"), "{gone:?}");
}

#[test]
fn a_cluster_takes_its_role_its_tags_and_the_services_own_role() {
    let body = json!({"name": "c", "roleArn": "arn:aws:iam::123456789012:role/plane", "resourcesVpcConfig": {"subnetIds": []},
                      "tags": {"managed-by": "berth"}});
    let mut world = world(allow(json!("eks:CreateCluster")));
    for (next, lacking) in [
        ("iam:PassRole", "iam:PassRole on resource: arn:aws:iam::123456789012:role/plane"),
        ("iam:CreateServiceLinkedRole", "iam:CreateServiceLinkedRole on resource"),
        ("eks:TagResource", "eks:TagResource on resource: arn:aws:eks:us-east-1:123456789012:cluster/c"),
    ] {
        let refused = eks(&mut world, "POST", "/clusters", &body);
        assert!(refused.0 == 403 && refused.1.contains(lacking), "{next}: {refused:?}");
        let have = match next {
            "iam:PassRole" => json!(["eks:CreateCluster", next]),
            "iam:CreateServiceLinkedRole" => json!(["eks:CreateCluster", "iam:PassRole", next]),
            _ => json!(["eks:CreateCluster", "iam:PassRole", "iam:CreateServiceLinkedRole", next]),
        };
        set(&mut world, allow(have));
    }
    let asked = eks(&mut world, "POST", "/clusters", &body);
    assert_eq!(asked.0, 400, "it is allowed, and its role is not there: {asked:?}");
}

#[test]
fn a_role_takes_only_the_policies_a_condition_names() {
    let create = "Action=CreateRole&RoleName=berth-r&AssumeRolePolicyDocument={\"Statement\":[{\"Principal\":\"x\"}]}";
    let mut world = world(json!([
        allow(json!("iam:CreateRole")),
        {"Effect": "Allow", "Action": "iam:AttachRolePolicy", "Resource": "arn:*:iam::*:role/berth-*",
         "Condition": {"ArnLike": {"iam:PolicyARN": "arn:*:iam::aws:policy/AmazonEKSClusterPolicy"}}},
    ]));
    assert_eq!(query(&mut world, "iam", create).0, 200);
    let attach =
        |policy: &str| format!("Action=AttachRolePolicy&RoleName=berth-r&PolicyArn=arn:aws:iam::aws:policy/{policy}");
    assert_eq!(query(&mut world, "iam", &attach("AdministratorAccess")).0, 403);
    assert_eq!(query(&mut world, "iam", &attach("AmazonEKSClusterPolicy")).0, 200);
}

#[test]
fn google_names_the_permission() {
    let mut world = World::new("seed", now());
    world.policies.set(&[json!({"includedPermissions": ["container.clusters.create"]})]).unwrap();
    let (status, body) = google(&mut world, "GET", "/v1/projects/p/locations/us-central1/clusters/c", &Value::Null);
    assert_eq!(status, 403);
    let said = "Required \"container.clusters.get\" permission(s) for \"projects/p/locations/us-central1/clusters/c\".";
    assert_eq!((&body["error"]["message"], &body["error"]["status"]), (&json!(said), &json!("PERMISSION_DENIED")));
    let (status, body) = google(&mut world, "GET", "/compute/v1/projects/p/regions/us-central1", &Value::Null);
    let said = "Required 'compute.regions.get' permission for 'projects/p/regions/us-central1'";
    assert_eq!((status, &body["error"]["message"]), (403, &json!(said)));
    let create = json!({"cluster": {"name": "c", "initialNodeCount": 1}});
    let (status, body) = google(&mut world, "POST", "/v1/projects/p/locations/us-central1/clusters", &create);
    assert_eq!(status, 400);
    assert!(body["error"]["message"].as_str().unwrap().contains("does not have access to service account"), "{body}");
    assert!(world.clusters.is_empty(), "a refused call changes nothing");
}

#[test]
fn googles_permissions_are_no_rights_to_give_on() {
    let mut world = World::new("seed", now());
    let create = json!({"cluster": {"name": "c", "initialNodeCount": 1}});
    let (status, body) = google(&mut world, "POST", "/v1/projects/p/locations/us-central1/clusters", &create);
    assert_eq!(status, 200, "{body}");
    let uid = world.clusters.values().next().unwrap().uid.clone();
    let held = ["container.roles.create", "container.roleBindings.create", "container.roles.bind"];
    world.policies.set(&[json!({"includedPermissions": held})]).unwrap();
    let mut limited = |resource: &str, body: &Value| {
        let mut asked = crate::kube::Request {
            method: "POST".to_owned(),
            path: format!("/apis/rbac.authorization.k8s.io/v1/namespaces/default/{resource}"),
            query: Vec::new(),
            accept: "application/json".to_owned(),
            content_type: Some("application/json".to_owned()),
            user_agent: None,
            if_none_match: None,
            body: body.to_string().into(),
            user: User::Named { name: "ci@example.com".to_owned(), groups: Vec::new() },
        };
        let lacking = world.limit_kube(&uid, &mut asked, Some("token"));
        (lacking.unwrap_or_default(), matches!(asked.user, User::Admitted { .. }), asked.user)
    };
    let (lacking, admitted, _) = limited("roles", &json!({"rules": []}));
    assert_eq!((lacking.as_str(), admitted), ("container.roles.escalate", true));
    let reference = |kind: &str| json!({"roleRef": {"kind": kind, "name": "a"}});
    let (lacking, _, user) = limited("rolebindings", &reference("Role"));
    assert!(lacking.is_empty() && matches!(user, User::Named { .. }), "{lacking} {user:?}");
    let (lacking, admitted, _) = limited("rolebindings", &reference("ClusterRole"));
    assert_eq!((lacking.as_str(), admitted), ("container.clusterRoles.bind", true));
}
