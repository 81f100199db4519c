//! The index of tags: what is in it, by which filters it is found, and for how long it shows what is gone.

use serde_json::{Value, json};

use super::Script;
use crate::wire::Request;

impl Script {
    fn tagging(&mut self, action: &str, input: Value) -> (u16, Value) {
        let request = Request {
            method: "POST".to_owned(),
            path: "/".to_owned(),
            target: format!("ResourceGroupsTaggingAPI_20170126.{action}"),
            body: input.to_string().into(),
            ..Request::default()
        };
        let (status, text) = self.send("tagging", request);
        (status, serde_json::from_str(&text).unwrap())
    }

    /// What follows the account in the ARNs of what is found.
    fn found(&mut self, input: Value) -> Vec<String> {
        let (status, body) = self.tagging("GetResources", input);
        assert_eq!(status, 200, "{body}");
        let rows = body["ResourceTagMappingList"].as_array().unwrap().iter();
        rows.map(|row| row["ResourceARN"].as_str().unwrap().splitn(6, ':').nth(5).unwrap().to_owned()).collect()
    }

    fn volume(&mut self, tags: &[(&str, &str)]) -> String {
        let tags: String = tags
            .iter()
            .enumerate()
            .map(|(at, (key, value))| {
                format!("&TagSpecification.1.Tag.{0}.Key={key}&TagSpecification.1.Tag.{0}.Value={value}", at + 1)
            })
            .collect();
        let front = if tags.is_empty() { "" } else { "&TagSpecification.1.ResourceType=volume" };
        self.made(&format!("Action=CreateVolume&Size=1&AvailabilityZone=us-east-1a{front}{tags}"), "volumeId")
    }
}

fn by(key: &str, values: &[&str]) -> Value {
    json!({ "TagFilters": [{"Key": key, "Values": values}] })
}

#[test]
fn resources_are_found_by_keys_values_and_kinds() {
    let mut script = Script::new();
    let (one, two) = (script.volume(&[("of", "a"), ("tier", "x")]), script.volume(&[("of", "b")]));
    script.volume(&[]);
    let vpc = script.made(
        "Action=CreateVpc&CidrBlock=10.0.0.0/16&TagSpecification.1.ResourceType=vpc&TagSpecification.1.Tag.1.Key=of&TagSpecification.1.Tag.1.Value=a",
        "vpcId",
    );
    let mut both = [format!("volume/{one}"), format!("volume/{two}")];
    both.sort();
    assert_eq!(script.found(json!({"ResourceTypeFilters": ["ec2:volume"]})), both);
    assert_eq!(script.found(by("of", &["a"])), [format!("volume/{one}"), format!("vpc/{vpc}")]);
    assert_eq!(script.found(by("of", &[])).len(), 3);
    assert_eq!(script.found(by("of", &["a", "b"])).len(), 3);
    let both = json!({"TagFilters": [{"Key": "of"}, {"Key": "tier", "Values": ["x"]}]});
    assert_eq!(script.found(both), [format!("volume/{one}")]);
    assert_eq!(
        script.found(json!({"TagFilters": [{"Key": "of"}], "ResourceTypeFilters": ["eks"]})),
        Vec::<String>::new()
    );
    let (_, keys) = script.tagging("GetTagKeys", json!({}));
    assert_eq!(keys, json!({"TagKeys": ["of", "tier"], "PaginationToken": ""}));
    let (_, values) = script.tagging("GetTagValues", json!({"Key": "of"}));
    assert_eq!(values, json!({"TagValues": ["a", "b"], "PaginationToken": ""}));
}

#[test]
fn an_index_is_read_page_by_page() {
    let mut script = Script::new();
    for _ in 0..5 {
        script.volume(&[("of", "a"), ("tier", "x")]);
    }
    let mut token = String::new();
    let mut seen = Vec::new();
    for expected in [2, 2, 1] {
        let (_, body) = script.tagging("GetResources", json!({"ResourcesPerPage": 2, "PaginationToken": token}));
        seen.extend(body["ResourceTagMappingList"].as_array().unwrap().clone());
        assert_eq!(body["ResourceTagMappingList"].as_array().unwrap().len(), expected);
        token = body["PaginationToken"].as_str().unwrap().to_owned();
    }
    assert_eq!((token.as_str(), seen.len()), ("", 5));
    seen.dedup();
    assert_eq!(seen.len(), 5);
    for refused in [
        json!({"ResourcesPerPage": 101}),
        json!({"TagsPerPage": 99}),
        json!({"PaginationToken": "nonsense"}),
        json!({"ResourceARNList": ["arn:aws:ec2:us-east-1:1:volume/x"], "ResourcesPerPage": 5}),
    ] {
        let (status, body) = script.tagging("GetResources", refused);
        assert_eq!((status, &body["__type"]), (400, &json!("InvalidParameterException")), "{body}");
    }
}

#[test]
fn what_was_deleted_is_shown_for_an_hour() {
    let mut script = Script::new();
    let volume = script.volume(&[("of", "a")]);
    script.query("ec2", &format!("Action=DeleteVolume&VolumeId={volume}"));
    assert_eq!(script.found(by("of", &["a"])), [format!("volume/{volume}")]);
    script.at(3599);
    assert_eq!(script.found(by("of", &["a"])).len(), 1);
    script.at(3601);
    assert_eq!(script.found(by("of", &["a"])), Vec::<String>::new());
    // What could not be deleted is there once.
    script.network();
    let vpc = script.vpc.clone();
    script.query("ec2", &format!("Action=CreateTags&ResourceId.1={vpc}&Tag.1.Key=of&Tag.1.Value=b"));
    let held = script.query("ec2", &format!("Action=DeleteVpc&VpcId={vpc}"));
    assert!(held.contains("DependencyViolation"), "{held}");
    assert_eq!(script.found(by("of", &["b"])), [format!("vpc/{vpc}")]);
}

#[test]
fn tags_are_set_and_taken_by_arn_and_roles_are_not_in_the_index() {
    let mut script = Script::new();
    script.role("plane", "eks.amazonaws.com", &[]);
    script.query(
        "iam",
        "Action=CreateOpenIDConnectProvider&Url=https://oidc.example/id/A&Tags.member.1.Key=of&Tags.member.1.Value=a",
    );
    let volume = script.volume(&[]);
    let arn = format!("arn:aws:ec2:us-east-1:123456789012:volume/{volume}");
    let gone = "arn:aws:ec2:us-east-1:123456789012:volume/vol-0";
    let role = "arn:aws:iam::123456789012:role/plane";
    let input = json!({"ResourceARNList": [arn, role, gone], "Tags": {"of": "a"}});
    let (status, body) = script.tagging("TagResources", input);
    assert_eq!(status, 200, "{body}");
    let failed: Vec<&String> = body["FailedResourcesMap"].as_object().unwrap().keys().collect();
    assert_eq!(failed, [gone]);
    assert_eq!(script.world.aws.roles["plane"].tags["of"], "a");
    assert_eq!(
        script.found(by("of", &["a"])),
        [format!("volume/{volume}"), "oidc-provider/oidc.example/id/A".to_owned()]
    );
    script.tagging("UntagResources", json!({"ResourceARNList": [arn], "TagKeys": ["of"]}));
    assert_eq!(script.found(by("of", &["a"])), ["oidc-provider/oidc.example/id/A"]);
}

#[test]
fn a_cluster_is_in_the_index_with_what_belongs_to_it() {
    let mut script = Script::new();
    script.cluster();
    let arn = script.world.aws.clusters["us-east-1/c"].arn().to_owned();
    let (status, body) = script.tagging("TagResources", json!({"ResourceARNList": [arn], "Tags": {"of": "a"}}));
    assert_eq!((status, body), (200, json!({"FailedResourcesMap": {}})));
    assert_eq!(script.found(by("of", &["a"])), ["cluster/c"]);
    script.eks("DELETE", "/clusters/c", Value::Null);
    script.at(2000);
    assert!(script.world.aws.clusters.is_empty());
    assert_eq!(script.found(by("of", &["a"])), ["cluster/c"]);
    script.at(5000);
    assert_eq!(script.found(by("of", &["a"])), Vec::<String>::new());
}
