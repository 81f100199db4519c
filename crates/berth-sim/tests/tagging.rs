//! The index of tags against a witness: the `aws` command line, unmodified.
//!
//! Skipped where aws is missing, unless `BERTH_REQUIRE_WITNESSES=1` makes that a failure.

#![expect(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "helpers of tests panic as tests do, and say why they skip"
)]

use std::process::Command;

use berth_sim::{Options, Simulator};

struct Witness {
    variables: Vec<(String, String)>,
    home: tempfile::TempDir,
}

impl Witness {
    /// What aws writes, or what it complains of.
    async fn aws(&self, region: &str, arguments: &str) -> Result<String, String> {
        let mut command = Command::new("aws");
        command.args(["--output", "text", "--region", region]).args(arguments.split_whitespace());
        command.envs(self.variables.iter().cloned()).env("HOME", self.home.path());
        command.env("AWS_PAGER", "").env("AWS_MAX_ATTEMPTS", "1");
        // The version manager behind `aws` on some machines looks below the home directory.
        if std::env::var_os("PYENV_ROOT").is_none()
            && let Some(home) = std::env::var_os("HOME")
        {
            command.env("PYENV_ROOT", std::path::Path::new(&home).join(".pyenv"));
        }
        let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap().trim().to_owned();
        if output.status.success() { Ok(text(output.stdout)) } else { Err(text(output.stderr)) }
    }

    async fn here(&self, arguments: &str) -> String {
        self.aws("us-east-1", arguments).await.unwrap()
    }
}

fn present() -> bool {
    let found = Command::new("aws").arg("--version").output().is_ok();
    let required = std::env::var_os("BERTH_REQUIRE_WITNESSES").is_some_and(|value| value == "1");
    assert!(found || !required, "required and missing: aws");
    if !found {
        eprintln!("skipped: aws is missing");
    }
    found
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn aws_finds_what_has_tags_and_changes_them_by_arn() {
    if !present() {
        return;
    }
    let simulator = Simulator::start(Options::default()).await.unwrap();
    let witness = Witness { variables: berth_sim::env(simulator.endpoints()), home: tempfile::tempdir().unwrap() };
    let volume = "ec2 create-volume --size 7 --availability-zone us-east-1a --query VolumeId \
                  --tag-specifications ResourceType=volume,Tags=[{Key=of,Value=berth}]";
    let mut volumes = [witness.here(volume).await, witness.here(volume).await, witness.here(volume).await];
    volumes.sort_unstable();
    witness.here("logs create-log-group --log-group-name /film/a --tags of=berth,tier=x").await;
    witness.here("logs create-log-group --log-group-name /film/b --tags of=others").await;
    let resources = "resourcegroupstaggingapi get-resources --query ResourceTagMappingList[].ResourceARN";
    let of = |filters: &str| format!("{resources} {filters}");
    // It asks for one page after the other until there is no token.
    let found = witness.here(&of("--tag-filters Key=of,Values=berth --page-size 2")).await;
    let mut found: Vec<&str> = found.split_whitespace().collect();
    let mut expected = volumes.clone().map(|id| format!("arn:aws:ec2:us-east-1:123456789012:volume/{id}")).to_vec();
    expected.push("arn:aws:logs:us-east-1:123456789012:log-group:/film/a".to_owned());
    found.sort_unstable();
    expected.sort_unstable();
    assert_eq!(found, expected);
    assert_eq!(witness.here(&of("--resource-type-filters ec2:volume logs --tag-filters Key=tier")).await, expected[3]);
    assert_eq!(witness.aws("eu-west-1", &of("")).await.unwrap(), "");

    let keys = "resourcegroupstaggingapi get-tag-keys --query TagKeys";
    assert_eq!(witness.here(keys).await, "of\ttier");
    let values = "resourcegroupstaggingapi get-tag-values --key of --query TagValues";
    assert_eq!(witness.here(values).await, "berth\tothers");
    let gone = "arn:aws:ec2:us-east-1:123456789012:volume/vol-00000000000000000";
    let tag =
        format!("resourcegroupstaggingapi tag-resources --tags tier=y --resource-arn-list {} {gone}", expected[0]);
    let failed = witness.here(&format!("{tag} --query keys(FailedResourcesMap)")).await;
    assert_eq!(failed, gone);
    let one = of(&format!("--resource-arn-list {}", expected[0]));
    assert_eq!(witness.here(&one.replace("ResourceARN", "Tags[].Value")).await, "berth\ty");
    let untag = format!("resourcegroupstaggingapi untag-resources --tag-keys of --resource-arn-list {}", expected[0]);
    witness.here(&untag).await;
    assert_eq!(
        witness
            .here(&of("--tag-filters Key=of,Values=berth --resource-type-filters ec2"))
            .await
            .split_whitespace()
            .count(),
        2
    );
    let refused = witness.aws("us-east-1", &of("--resources-per-page 101")).await.unwrap_err();
    assert!(refused.contains("(InvalidParameterException)"), "{refused}");

    // What is deleted is still told of, and is not there.
    witness.here(&format!("ec2 delete-volume --volume-id {}", volumes[1])).await;
    let told = witness.here(&of("--resource-type-filters ec2:volume --tag-filters Key=of")).await;
    assert_eq!(told.split_whitespace().count(), 2, "{told}");
    let there = witness.here("ec2 describe-volumes --filters Name=tag-key,Values=o* --query Volumes[].VolumeId").await;
    assert_eq!(there.split_whitespace().count(), 1, "{there}");
    let subnet = "ec2 create-network-interface --subnet-id subnet-0";
    assert!(witness.aws("us-east-1", subnet).await.unwrap_err().contains("InvalidSubnetID.NotFound"));
    simulator.stop().await;
}
