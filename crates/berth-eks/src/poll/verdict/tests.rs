use super::*;

fn addon() -> EksTarget {
    EksTarget::Addon("coredns".to_owned())
}

fn group() -> EksTarget {
    EksTarget::Group("gpu".to_owned())
}

fn look(target: EksTarget, status: &str, issues: &[(&str, &str)]) -> Look {
    let words = match &target {
        EksTarget::Cluster => "cluster a".to_owned(),
        EksTarget::Group(name) => format!("node group {name}"),
        EksTarget::Machines(name) => format!("the machines of node group {name}"),
        EksTarget::Addon(name) => format!("add-on {name}"),
    };
    let issues = issues.iter().map(|(code, text)| ((*code).to_owned(), (*text).to_owned())).collect();
    Look { target, words, status: status.to_owned(), issues, machines: None, tags: Default::default() }
}

/// `done`, `pending: DETAIL`, or `KIND RETRY: WORDS [LEFT]`.
fn words(result: Result<Progress, Fault>) -> String {
    match result {
        Ok(Progress::Done) => "done".to_owned(),
        Ok(Progress::Pending(detail)) => format!("pending: {}", detail.unwrap_or_default()),
        Err(fault) => format!("{:?} {:?}: {fault} [{}]", fault.kind, fault.retry, fault.left_behind),
    }
}

fn made_words(target: EksTarget, status: &str, issues: &[(&str, &str)]) -> String {
    let look = look(target, status, issues);
    words(made(&look.words.clone(), Some(&look)))
}

const STOCKOUT: (&str, &str) = (
    "AsgInstanceLaunchFailures",
    "Could not launch Spot Instances. UnfulfillableCapacity - Unable to fulfill capacity due to your request configuration.",
);

#[test]
fn machines_are_waited_for_until_all_serve_or_the_cloud_has_none() {
    let of = |status: &str, machines: Option<(usize, usize)>, issues: &[(&str, &str)]| {
        let look = look(EksTarget::Machines("gpu".to_owned()), status, issues);
        words(awaited(Some(&Look { machines, ..look })))
    };
    assert_eq!(of("ACTIVE", Some((3, 3)), &[STOCKOUT]), "done");
    assert_eq!(of("ACTIVE", None, &[]), "done");
    assert_eq!(of("UPDATING", None, &[]), "pending: UPDATING");
    assert_eq!(of("ACTIVE", Some((1, 3)), &[]), "pending: ACTIVE, 1 of 3 machines in service");
    for status in ["ACTIVE", "UPDATING", "DEGRADED"] {
        let said = of(status, Some((1, 3)), &[STOCKOUT]);
        assert!(said.starts_with("Stockout Never: wait for the machines of node group gpu: EKS says"), "{said}");
    }
    assert!(of("CREATE_FAILED", Some((0, 3)), &[]).starts_with("Other Never"));
    assert_eq!(words(awaited(None)), "done");
}

#[test]
fn every_status_of_what_is_made_is_over_goes_on_or_fails() {
    for target in [EksTarget::Cluster, group(), addon()] {
        assert_eq!(made_words(target.clone(), "ACTIVE", &[]), "done");
        assert_eq!(made_words(target.clone(), "CREATING", &[]), "pending: CREATING");
        assert_eq!(made_words(target.clone(), "UPDATING", &[]), "pending: UPDATING");
        assert_eq!(made_words(target, "A_NEW_WORD", &[]), "pending: A_NEW_WORD");
    }
    assert_eq!(made_words(EksTarget::Cluster, "PENDING", &[]), "pending: PENDING");
    assert_eq!(
        made_words(EksTarget::Cluster, "FAILED", &[("Ec2SubnetNotFound", "No subnet."), ("AccessDenied", "No.")]),
        "Denied Never: create cluster a: EKS says FAILED: Ec2SubnetNotFound: No subnet; AccessDenied: No [still there: cluster a]"
    );
    assert_eq!(
        made_words(group(), "CREATE_FAILED", &[]),
        "Other Never: create node group gpu: EKS says CREATE_FAILED and does not say why [still there: node group gpu]"
    );
    assert_eq!(
        made_words(group(), "DELETING", &[]),
        "Busy Never: create node group gpu: it is being deleted [still there: node group gpu]"
    );
}

#[test]
fn what_is_not_there_any_more_was_not_made() {
    assert_eq!(
        words(made("node group gpu", None)),
        "NotFound Never: create node group gpu: it is not there; somebody has deleted it [nothing was created]"
    );
}

#[test]
fn a_group_without_machines_to_get_fails_while_eks_still_tries() {
    assert_eq!(
        made_words(group(), "CREATING", &[STOCKOUT]),
        "Stockout Never: create node group gpu: EKS says CREATING: AsgInstanceLaunchFailures: Could not launch Spot Instances. \
         UnfulfillableCapacity - Unable to fulfill capacity due to your request configuration [still there: node group gpu]"
    );
    let quota = ("AsgInstanceLaunchFailures", "VcpuLimitExceeded - You have requested more vCPU capacity.");
    assert!(made_words(group(), "CREATING", &[quota]).starts_with("Quota Never"));
    // Nodes that do not join follow from machines that are not there.
    let joins = ("NodeCreationFailure", "Instances failed to join the kubernetes cluster");
    assert!(made_words(group(), "CREATE_FAILED", &[joins, STOCKOUT]).starts_with("Stockout Never"));
    assert!(made_words(group(), "CREATING", &[joins, STOCKOUT]).starts_with("Stockout Never"));
}

#[test]
fn issues_that_pass_are_waited_out_and_shown() {
    for code in ["NodeCreationFailure", "ClusterUnreachable", "InternalFailure", "IamThrottling", "AccessDenied", "New"]
    {
        assert_eq!(made_words(group(), "CREATING", &[(code, "Later.")]), format!("pending: CREATING; {code}: Later"));
    }
    let look = Look { machines: Some((1, 3)), ..look(group(), "CREATING", &[("IamThrottling", "Later.")]) };
    assert_eq!(
        words(made("node group gpu", Some(&look))),
        "pending: CREATING, 1 of 3 machines in service; IamThrottling: Later"
    );
}

#[test]
fn issues_that_never_heal_end_the_wait() {
    for code in NEVER_HEALS {
        assert!(made_words(group(), "CREATING", &[(code, "It is so.")]).starts_with("Other Never"), "{code}");
        assert!(words(awaited(Some(&look(group(), "CREATING", &[(code, "It is so.")])))).starts_with("Other Never"));
    }
    let denied = ("AsgInstanceLaunchFailures", "You are not authorized to use launch template lt-1.");
    assert!(made_words(group(), "CREATING", &[denied]).starts_with("Denied Never"));
    // The same codes on a cluster are left to EKS.
    assert!(made_words(EksTarget::Cluster, "CREATING", &[("Ec2SubnetNotFound", "x")]).starts_with("pending"));
}

#[test]
fn an_add_on_may_get_well_once_there_are_nodes() {
    let issue = ("InsufficientNumberOfReplicas", "The add-on is unhealthy.");
    let shown = "pending: DEGRADED; InsufficientNumberOfReplicas: The add-on is unhealthy";
    assert_eq!(made_words(addon(), "DEGRADED", &[issue]), shown);
    assert_eq!(words(awaited(Some(&look(addon(), "DEGRADED", &[issue])))), shown);
    for status in ["CREATE_FAILED", "UPDATE_FAILED", "DELETE_FAILED"] {
        assert_eq!(
            words(awaited(Some(&look(addon(), status, &[("AccessDenied", "No.")])))),
            format!(
                "Denied Never: wait for add-on coredns: EKS says {status}: AccessDenied: No [still there: add-on coredns]"
            )
        );
        assert!(made_words(addon(), status, &[]).starts_with("Other Never"));
    }
    assert!(made_words(group(), "DEGRADED", &[STOCKOUT]).starts_with("Stockout Never"));
}

#[test]
fn waiting_for_somebody_elses_work_ends_at_rest() {
    assert_eq!(words(awaited(None)), "done");
    let of = |target: EksTarget, status: &str| words(awaited(Some(&look(target, status, &[]))));
    for status in ["ACTIVE", "FAILED"] {
        assert_eq!(of(EksTarget::Cluster, status), "done");
    }
    for status in ["ACTIVE", "DEGRADED"] {
        assert_eq!(of(group(), status), "done");
    }
    for status in ["CREATING", "UPDATING", "DELETING"] {
        for target in [EksTarget::Cluster, group(), addon()] {
            assert_eq!(of(target, status), format!("pending: {status}"));
        }
    }
    assert!(of(group(), "CREATE_FAILED").starts_with("Other Never: wait for node group gpu"));
    assert_eq!(of(addon(), "ACTIVE"), "done");
}

#[test]
fn only_what_is_not_found_is_gone() {
    assert_eq!(words(gone(None)), "done");
    let of =
        |target: EksTarget, status: &str, issues: &[(&str, &str)]| words(gone(Some(&look(target, status, issues))));
    assert_eq!(of(group(), "DELETING", &[]), "pending: DELETING");
    assert_eq!(
        of(group(), "DELETE_FAILED", &[("Ec2SecurityGroupDeletionFailure", "It is in use.")]),
        "Other Never: delete node group gpu: EKS says DELETE_FAILED: Ec2SecurityGroupDeletionFailure: It is in use \
         [still there: node group gpu]"
    );
    assert_eq!(
        of(EksTarget::Cluster, "ACTIVE", &[]),
        "Busy Backoff: delete cluster a: EKS took the deletion, but says that it is ACTIVE [still there: cluster a]"
    );
}

#[test]
fn a_stockout_that_others_have_made_up_for_is_waited_out() {
    let words_with =
        |machines| words(made("node group gpu", Some(&Look { machines, ..look(group(), "CREATING", &[STOCKOUT]) })));
    let text = format!("AsgInstanceLaunchFailures: {}", STOCKOUT.1.trim_end_matches('.'));
    assert_eq!(words_with(Some((2, 2))), format!("pending: CREATING, 2 of 2 machines in service; {text}"));
    assert!(words_with(Some((1, 2))).starts_with("Stockout Never: "));
    assert!(words_with(None).starts_with("Stockout Never: "));
}
