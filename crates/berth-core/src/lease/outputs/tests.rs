use insta::assert_snapshot;
use jiff::Timestamp;

use super::*;
use crate::lease::LeaseId;

fn outputs(owner: &str, kubeconfig: &str) -> Outputs {
    let end: Timestamp = "2026-11-21T16:30:00Z".parse().expect("a time");
    let id = LeaseId::new("pr-123").expect("an id");
    Outputs {
        lease: Lease::new(id, owner, Some("https://ci/acme/app/7"), end).expect("a lease"),
        provider: Provider::Gke,
        account: "studio-1".to_owned(),
        location: "us-central1".to_owned(),
        cluster: "dubbing-pr-123".to_owned(),
        namespace: None,
        kubeconfig: kubeconfig.to_owned(),
    }
}

/// Reads lines as a runner of GitHub does: `NAME<<DELIMITER` up to the line that is the delimiter, or `NAME=VALUE`.
fn runner(text: &str) -> Vec<(String, String)> {
    let mut pairs = Vec::new();
    let mut lines = text.split_inclusive('\n');
    while let Some(line) = lines.next() {
        let line = line.trim_end_matches('\n');
        if let Some((name, delimiter)) = line.split_once("<<") {
            let mut value = String::new();
            let body = lines.by_ref().take_while(|line| line.trim_end_matches('\n') != delimiter);
            body.for_each(|line| value.push_str(line));
            pairs.push((name.to_owned(), value.strip_suffix('\n').unwrap_or(&value).to_owned()));
        } else if let Some((name, value)) = line.split_once('=') {
            pairs.push((name.to_owned(), value.to_owned()));
        }
    }
    pairs
}

#[test]
fn a_runner_reads_back_what_was_told() {
    let mut outputs = outputs("acme/app", "/tmp/k config");
    outputs.namespace = Some("berth-pr-123".to_owned());
    let told: Vec<(String, String)> =
        outputs.pairs().into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    assert_eq!(runner(&outputs.github_output()), told);
    assert_eq!(runner(&outputs.github_env()), outputs.variables());
    assert!(outputs.variables().contains(&("KUBECONFIG".to_owned(), "/tmp/k config".to_owned())));
}

#[test]
fn no_value_brings_variables_of_its_own() {
    let once = outputs("acme/app", "x").github_env();
    let delimiter = once.lines().find_map(|line| line.strip_prefix("BERTH_OWNER<<")).expect("a delimiter").to_owned();
    for evil in ["x\nPATH=/evil", &format!("x\n{delimiter}\nPATH=/evil"), "<<EOF\nx", "x\rPATH=/evil"] {
        let outputs = outputs("acme/app", evil);
        assert_eq!(runner(&outputs.github_env()), outputs.variables(), "{evil}");
    }
}

#[test]
fn a_dotenv_file_holds_plain_values_and_refuses_line_breaks() {
    assert_snapshot!(outputs("acme/app", "/tmp/k").dotenv().expect("a file"), @r"
    BERTH_ID=pr-123
    BERTH_OWNER=acme/app
    BERTH_EXPIRES=2026-11-21T16:30:00Z
    BERTH_MODE=cluster
    BERTH_PROVIDER=gke
    BERTH_ACCOUNT=studio-1
    BERTH_LOCATION=us-central1
    BERTH_CLUSTER=dubbing-pr-123
    BERTH_NAMESPACE=
    BERTH_KUBECONFIG=/tmp/k
    KUBECONFIG=/tmp/k
    ");
    let error = outputs("acme/app", "a\nb").dotenv().expect_err("a line break");
    assert_eq!(error.to_string(), "the value of BERTH_KUBECONFIG has a line break, which a dotenv file cannot hold");
}

#[test]
fn a_shell_takes_every_value_as_it_is() {
    let text = outputs("it's $(me)", "/tmp/a b").exports();
    assert!(text.contains("export BERTH_OWNER='it'\\''s $(me)'\n"), "{text}");
    assert!(text.ends_with("export KUBECONFIG='/tmp/a b'\n"), "{text}");
}

#[test]
fn programs_get_the_run_too() {
    let json = outputs("acme/app", "/tmp/k").json();
    assert_eq!((&json["run"], &json["namespace"]), (&json!("https://ci/acme/app/7"), &Value::Null));
    assert_eq!(json["expires"], "2026-11-21T16:30:00Z");
}

#[test]
fn a_summary_shows_gpus_and_cost_and_no_markup_of_others() {
    let row = |pool: &str, shares, allocatable| GpuRow {
        pool: pool.to_owned(),
        gpu: "a100-40gb".to_owned(),
        nodes: 2,
        shares,
        promised: 2 * shares,
        allocatable,
    };
    let rows = [row("gpu-a100", 4, Some(8)), row("gpu-v100", 1, None)];
    assert_snapshot!(outputs("<b>|me_", "/tmp/k").summary(&rows, Some("0.42 USD")), @r"
    ### berth: pr-123

    | | |
    |---|---|
    | environment | cluster dubbing-pr-123 |
    | place | gke, studio-1, us-central1 |
    | owner | &lt;b&gt;\|me\_ |
    | until | 2026-11-21T16:30:00Z |
    | cost so far | 0.42 USD |

    | pool | GPU | nodes | shares of each | promised | allocatable |
    |---|---|--:|--:|--:|--:|
    | gpu-a100 | a100-40gb | 2 | 4 | 8 | 8 |
    | gpu-v100 | a100-40gb | 2 | 1 | 2 | not looked at |
    ");
    let bare = outputs("me", "/tmp/k").summary(&[], None);
    assert!(bare.contains("| cost so far | not known |") && bare.ends_with("No pool has GPUs.\n"), "{bare}");
}
