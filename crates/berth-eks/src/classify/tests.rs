//! What the codes mean, as a table.

use berth_core::observed::IssueCause;
use berth_core::run::{FaultKind, Retry};

use super::{Said, of_answer, of_issue};

fn kind(http: u16, code: &str, text: &str) -> (FaultKind, bool) {
    let said = Said { http, code: code.to_owned(), text: text.to_owned(), retry_after: None };
    let (kind, retry) = of_answer(&said);
    (kind, retry != Retry::Never)
}

#[test]
fn codes_mean_what_aws_says_they_mean() {
    let cases = [
        (503, "RequestLimitExceeded", "", FaultKind::Throttled, true),
        (400, "ThrottlingException", "Rate exceeded", FaultKind::Throttled, true),
        (429, "", "", FaultKind::Throttled, true),
        (400, "VpcLimitExceeded", "", FaultKind::Quota, false),
        (409, "LimitExceeded", "Cannot exceed quota for RolesPerAccount: 1000", FaultKind::Quota, false),
        (400, "ResourceLimitExceededException", "", FaultKind::Quota, false),
        (400, "DependencyViolation", "", FaultKind::Busy, true),
        (409, "ResourceInUseException", "Cluster already exists with name: c", FaultKind::AlreadyExists, false),
        (409, "ResourceInUseException", "Cluster has nodegroups attached", FaultKind::Busy, true),
        (409, "EntityAlreadyExists", "", FaultKind::AlreadyExists, false),
        (400, "InvalidVpcID.NotFound", "", FaultKind::NotFound, false),
        (404, "NoSuchEntity", "", FaultKind::NotFound, false),
        (403, "UnauthorizedOperation", "", FaultKind::Denied, false),
        (403, "AccessDenied", "", FaultKind::Denied, false),
        (
            400,
            "InvalidRequestException",
            "You are not authorized to launch instances with this launch template. Encoded authorization failure message: x",
            FaultKind::Denied,
            false,
        ),
        (
            401,
            "AuthFailure",
            "AWS was not able to validate the provided access credentials",
            FaultKind::Credentials,
            false,
        ),
        (400, "AuthFailure", "You do not have permission to access the specified resource.", FaultKind::Busy, true),
        (403, "ExpiredToken", "", FaultKind::Credentials, false),
        (
            400,
            "InvalidParameterException",
            "Role with arn: arn:aws:iam::1:role/r, could not be assumed because it does not exist or the trust policy \
             isn't correct.",
            FaultKind::Unavailable,
            true,
        ),
        (428, "ResourcePropagationDelayException", "", FaultKind::Unavailable, true),
        (400, "InsufficientInstanceCapacity", "", FaultKind::Stockout, false),
        (500, "InternalError", "", FaultKind::Unavailable, true),
        (400, "InvalidParameterValue", "", FaultKind::Refused, false),
        (403, "", "", FaultKind::Denied, false),
    ];
    for (http, code, text, wanted, again) in cases {
        assert_eq!(kind(http, code, text), (wanted, again), "{http} {code} {text}");
    }
}

#[test]
fn issues_hold_ec2s_own_reason() {
    let asg = "AsgInstanceLaunchFailures";
    let cases = [
        (asg, "Could not launch Spot Instances. UnfulfillableCapacity - Unable to fulfill", IssueCause::Stockout),
        (asg, "We currently do not have sufficient p4d.24xlarge capacity in zones with support", IssueCause::Stockout),
        (asg, "VcpuLimitExceeded - You have requested more vCPU capacity than your limit", IssueCause::Quota),
        (asg, "Could not launch Spot Instances. MaxSpotInstanceCountExceeded - Max spot", IssueCause::Quota),
        (asg, "You are not authorized to perform this operation", IssueCause::Permission),
        ("AccessDenied", "", IssueCause::Permission),
        ("NodeCreationFailure", "Instances failed to join the kubernetes cluster", IssueCause::Other),
    ];
    for (code, message, wanted) in cases {
        assert_eq!(of_issue(code, message), wanted, "{code} {message}");
    }
}
