//! The calls a fault can be about: what the routers of all simulated services know.

use crate::{aws, billing, compute, gke, oauth};

/// The methods of a cluster's own API: a call to it is named by its HTTP method.
const KUBE: [&str; 5] = ["GET", "POST", "PUT", "PATCH", "DELETE"];

/// What is no method but stands for several, or for none.
const WORDS: [&str; 5] = ["*", "now", "kube", "compute", "oauth"];

/// Refuses a name that no call has, because a rule about it would never strike; the text says what was probably meant.
pub(crate) fn known(on: &str) -> Result<(), String> {
    let names = names();
    if names.iter().any(|name| name == on) {
        return Ok(());
    }
    let meant = names.iter().find(|name| {
        let bare = name.rsplit([':', '.']).next().unwrap_or(name);
        name.eq_ignore_ascii_case(on) || bare.eq_ignore_ascii_case(on)
    });
    let meant = meant.map(|name| format!("; did you mean {name:?}?")).unwrap_or_default();
    Err(format!(
        "no call is named {on:?}{meant} \
         (a rule is on a method such as \"CreateNodePool\", \"compute.regions.get\", \"kube:GET\" or \"eks:CreateNodegroup\", \
         on \"kube\", \"compute\" or \"oauth\", on \"*\" for every call, or on \"now\")"
    ))
}

fn names() -> Vec<String> {
    let fixed = WORDS.into_iter().chain(gke::methods()).chain(oauth::METHODS).chain(billing::METHODS);
    let kube = KUBE.into_iter().map(|verb| format!("kube:{verb}"));
    fixed
        .map(str::to_owned)
        .chain(compute::methods())
        .chain(["serviceusage.get".to_owned()])
        .chain(kube)
        .chain(aws::methods())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_service_has_its_names() {
        let asked = [
            "CreateNodePool",
            "GetOperation",
            "compute.zones.list",
            "kube:PATCH",
            "Token",
            "eks:CreateNodegroup",
            "ec2:CreateVpc",
            "service-quotas",
            "elb:DeleteLoadBalancer",
            "elbv2:DeleteTargetGroup",
            "logs",
            "pricing:GetProducts",
            "cloudbilling.skus.list",
            "*",
            "now",
        ];
        let unknown: Vec<&str> = asked.into_iter().filter(|on| known(on).is_err()).collect();
        assert!(unknown.is_empty(), "{unknown:?}");
    }

    #[test]
    fn a_slip_is_named() {
        let text = |on| known(on).unwrap_err();
        assert!(
            text("CreateNodepool").starts_with(r#"no call is named "CreateNodepool"; did you mean "CreateNodePool"?"#)
        );
        assert!(text("CreateNodegroup").contains(r#"did you mean "eks:CreateNodegroup"?"#));
        assert!(text("Explode").starts_with(r#"no call is named "Explode" (a rule is on"#));
        assert!(known("").is_err());
    }
}
