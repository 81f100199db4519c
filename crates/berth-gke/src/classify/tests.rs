use super::*;

fn answer(http: u16, code: &str, text: &str) -> (FaultKind, Retry) {
    of_answer(&Said { http: Some(http), code: code.to_owned(), text: text.to_owned(), retry_after: None })
}

#[test]
fn compute_engines_answers_without_a_canonical_code_are_understood() {
    let reply = |status: u16, reason: &str, message: &str| {
        let body = format!(
            r#"{{"error": {{"code": {status}, "message": "{message}", "errors": [{{"reason": "{reason}"}}]}}}}"#
        );
        let trouble = of_reply(status, &http::HeaderMap::new(), body.as_bytes());
        (trouble.kind, trouble.retry, trouble.said)
    };
    let used = "The disk resource 'x/disks/d' is already being used by 'x/instances/i'";
    let said = format!("{used} (HTTP 400, resourceInUseByAnotherResource)");
    assert_eq!(reply(400, "resourceInUseByAnotherResource", used), (FaultKind::Busy, Retry::Backoff, said));
    let (kind, retry, _) = reply(400, "resourceNotReady", "The resource 'x/disks/d' is not ready");
    assert_eq!((kind, retry), (FaultKind::Busy, Retry::Backoff));
    let (kind, retry, _) = reply(403, "forbidden", "Required 'compute.disks.list' permission for 'projects/p'");
    assert_eq!((kind, retry), (FaultKind::Denied, Retry::Never));
    let page = of_reply(502, &http::HeaderMap::new(), b"<html>");
    assert_eq!((page.kind, page.said.as_str()), (FaultKind::Unavailable, "a web page instead of an answer (HTTP 502)"));
    let over = Said { code: "RESOURCE_IN_USE_BY_ANOTHER_RESOURCE".to_owned(), ..Said::default() };
    assert_eq!(of_operation(&over), FaultKind::Busy);
}

#[test]
fn answers_mean_what_the_table_says() {
    use FaultKind::{
        AlreadyExists, Busy, Credentials, Denied, Lost, NotFound, Quota, Refused, Stockout, Throttled, Unavailable,
    };
    use Retry::{Backoff, Never};
    let rows = [
        (400, "FAILED_PRECONDITION", "Cluster is running incompatible operation operation-17.", Busy, Backoff),
        (
            400,
            "FAILED_PRECONDITION",
            "Cluster is currently being created, deleted, updated or repaired and cannot be updated.",
            Busy,
            Backoff,
        ),
        (
            400,
            "FAILED_PRECONDITION",
            "Operation operation-1 is currently UPDATING cluster c. Please wait and try again once it is done.",
            Busy,
            Backoff,
        ),
        (
            429,
            "RESOURCE_EXHAUSTED",
            "Too many operations: cluster \"X\" hits the concurrent operations quota 5, please try again later.",
            Busy,
            Backoff,
        ),
        (400, "FAILED_PRECONDITION", "Labels fingerprint does not match.", Busy, Backoff),
        (412, "FAILED_PRECONDITION", "Precondition check failed.", Busy, Backoff),
        (409, "ABORTED", "The etag is stale.", Busy, Backoff),
        (400, "FAILED_PRECONDITION", "Workload identity needs a workload pool.", Refused, Never),
        (400, "INVALID_ARGUMENT", "Machine type does not exist.", Refused, Never),
        (401, "UNAUTHENTICATED", "Request had invalid authentication credentials.", Credentials, Never),
        (403, "PERMISSION_DENIED", "Required \"container.clusters.create\" permission.", Denied, Never),
        (400, "INVALID_ARGUMENT", "The user does not have access to service account \"default\".", Denied, Never),
        (
            403,
            "PERMISSION_DENIED",
            "Insufficient regional quota to satisfy request: resource \"NVIDIA_A100_GPUS\".",
            Quota,
            Never,
        ),
        (403, "PERMISSION_DENIED", "The API requires a quota project, which is not set by default.", Denied, Never),
        (
            429,
            "RESOURCE_EXHAUSTED",
            "Quota exceeded for quota metric 'Read requests' per minute per user.",
            Throttled,
            Backoff,
        ),
        (429, "RESOURCE_EXHAUSTED", "Resource has been exhausted.", Throttled, Backoff),
        (404, "NOT_FOUND", "Not found: projects/p/locations/l/clusters/c.", NotFound, Never),
        (409, "ALREADY_EXISTS", "Already exists: projects/p/locations/l/clusters/c.", AlreadyExists, Never),
        (403, "PERMISSION_DENIED", "IP_SPACE_EXHAUSTED_WITH_DETAILS: the subnetwork is full.", Quota, Never),
        (400, "FAILED_PRECONDITION", "The zone does not have enough resources available.", Stockout, Never),
        (408, "", "", Lost, Backoff),
        (500, "INTERNAL", "Internal error encountered.", Unavailable, Backoff),
        (501, "UNIMPLEMENTED", "Not here.", Refused, Never),
        (502, "", "<html>bad gateway</html>", Unavailable, Backoff),
        (503, "UNAVAILABLE", "The service is currently unavailable.", Unavailable, Backoff),
    ];
    for (http, code, text, kind, retry) in rows {
        assert_eq!(answer(http, code, text), (kind, retry), "{http} {code} {text}");
    }
}

#[test]
fn only_a_precondition_in_unknown_words_takes_another_look() {
    let unmet = |code: &str, text: &str| {
        unmet_precondition(&Said { http: Some(400), code: code.to_owned(), text: text.to_owned(), retry_after: None })
    };
    assert!(unmet("FAILED_PRECONDITION", "The cluster is not in a state for that."));
    assert!(!unmet("FAILED_PRECONDITION", "Cluster is running incompatible operation operation-17."));
    assert!(!unmet("INVALID_ARGUMENT", "Machine type does not exist."));
}

#[test]
fn a_retry_after_header_is_honoured() {
    let after = Duration::from_secs(7);
    let said = Said { http: Some(503), retry_after: Some(after), ..Said::default() };
    assert_eq!(of_answer(&said), (FaultKind::Unavailable, Retry::After(after)));
}

#[test]
fn errors_of_operations_mean_what_the_table_says() {
    let rows = [
        (
            "RESOURCE_EXHAUSTED",
            "Google Compute Engine: ZONE_RESOURCE_POOL_EXHAUSTED: the zone is out of V100.",
            FaultKind::Stockout,
        ),
        ("RESOURCE_EXHAUSTED", "GCE_STOCKOUT: {zonesAvailable: us-central1-b}", FaultKind::Stockout),
        ("RESOURCE_EXHAUSTED", "no more room", FaultKind::Other),
        ("UNKNOWN", "IP_SPACE_EXHAUSTED: Instance 'gke-1' creation failed.", FaultKind::Quota),
        ("INTERNAL", "IP space of 'projects/p/regions/r/subnetworks/default' is exhausted.", FaultKind::Quota),
        ("RESOURCE_EXHAUSTED", "The pods' range has no free addresses.", FaultKind::Quota),
        ("INVALID_ARGUMENT", "External addresses are not allowed here.", FaultKind::Refused),
        (
            "RESOURCE_EXHAUSTED",
            "Quota 'NVIDIA_V100_GPUS' exceeded. Limit: 1.0 in region us-central1.",
            FaultKind::Quota,
        ),
        ("UNKNOWN", "GCE_QUOTA_EXCEEDED: CPUS", FaultKind::Quota),
        ("PERMISSION_DENIED", "The service account is gone.", FaultKind::Denied),
        ("INVALID_ARGUMENT", "No such subnetwork.", FaultKind::Refused),
        (
            "DEADLINE_EXCEEDED",
            "All cluster resources were brought up, but nodes did not register.",
            FaultKind::TimedOut,
        ),
        ("INTERNAL", "Internal error.", FaultKind::Other),
        ("CANCELLED", "Operation was aborted.", FaultKind::Other),
    ];
    for (code, text, kind) in rows {
        let said = Said { code: code.to_owned(), text: text.to_owned(), ..Said::default() };
        assert_eq!(of_operation(&said), kind, "{code} {text}");
    }
}

#[test]
fn conditions_mean_what_the_table_says() {
    assert_eq!(of_condition("GCE_STOCKOUT", "UNKNOWN", ""), IssueCause::Stockout);
    assert_eq!(of_condition("GCE_QUOTA_EXCEEDED", "UNKNOWN", ""), IssueCause::Quota);
    assert_eq!(of_condition("NODE_SERVICE_ACCOUNT_MISSING_PERMISSIONS", "", ""), IssueCause::Permission);
    assert_eq!(of_condition("UNKNOWN", "RESOURCE_EXHAUSTED", "Quota 'CPUS' exceeded"), IssueCause::Quota);
    assert_eq!(of_condition("UNKNOWN", "RESOURCE_EXHAUSTED", "IP space is exhausted"), IssueCause::Quota);
    assert_eq!(of_condition("UNKNOWN", "RESOURCE_EXHAUSTED", ""), IssueCause::Other);
    assert_eq!(of_condition("UNKNOWN", "PERMISSION_DENIED", ""), IssueCause::Permission);
    assert_eq!(of_condition("CA_EXPIRING", "OK", "soon"), IssueCause::Other);
}

#[test]
fn what_is_left_depends_on_whether_the_call_can_have_taken_effect() {
    assert_eq!(left_by_create(FaultKind::Lost), LeftBehind::Unknown);
    assert_eq!(left_by_create(FaultKind::Refused), LeftBehind::Nothing);
    let cluster = || "cluster c".to_owned();
    assert_eq!(left_by_delete(FaultKind::Denied, cluster()), LeftBehind::These(vec![cluster()]));
    assert_eq!(left_by_delete(FaultKind::Lost, cluster()), LeftBehind::Unknown);
}
