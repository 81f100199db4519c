//! A Service of type LoadBalancer: a forwarding rule, a target pool, a firewall rule, and the nodes' health check.

use serde_json::{Value, json};

use super::{PROBES, Parts, Served, Site, address, path};

/// The port on which each node tells whether it can take traffic.
const NODE_HEALTH: u16 = 10256;

pub(super) const SERVED: Served =
    Served { resource: "services", finalizer: "service.kubernetes.io/load-balancer-cleanup", wants, parts, shared };

fn wants(service: &Value) -> bool {
    service["spec"]["type"] == "LoadBalancer"
        && service["metadata"]["deletionTimestamp"].is_null()
        && service["spec"]["loadBalancerClass"].is_null()
}

/// `a` and the Service's uid without dashes, 32 characters.
fn balancer_name(service: &Value) -> String {
    let uid = service["metadata"]["uid"].as_str().unwrap_or_default().replace('-', "");
    format!("a{uid}").chars().take(32).collect()
}

/// The health check of the nodes and its firewall rule, which all Services share.
fn shared(site: &Site) -> Vec<String> {
    let name = format!("k8s-{}-node", site.id);
    vec![site.global("httpHealthChecks", &name), site.global("firewalls", &format!("{name}-http-hc"))]
}

fn parts(site: &Site, service: &Value) -> Parts {
    let name = balancer_name(service);
    let said = json!({"kubernetes.io/service-name": path(service)});
    let reached = address(&name);
    let ports = service["spec"]["ports"].as_array().cloned().unwrap_or_default();
    let numbers: Vec<u64> = ports.iter().filter_map(|port| port["port"].as_u64()).collect();
    let (first, last) = (numbers.iter().min().copied().unwrap_or(80), numbers.iter().max().copied().unwrap_or(80));
    let texts: Vec<String> = numbers.iter().map(u64::to_string).collect();
    let told = json!({"kubernetes.io/service-name": path(service), "kubernetes.io/service-ip": reached});
    let [check, check_firewall]: [String; 2] = shared(site).try_into().unwrap_or_default();
    let pool = site.regional("targetPools", &name);
    let id = json!({"kubernetes.io/cluster-id": site.id});
    vec![
        (
            site.regional("forwardingRules", &name),
            json!({
                "description": said.to_string(), "IPAddress": reached, "IPProtocol": "TCP",
                "portRange": format!("{first}-{last}"), "target": pool, "loadBalancingScheme": "EXTERNAL",
                "networkTier": "PREMIUM",
            }),
        ),
        (
            pool,
            json!({
                "description": said.to_string(), "instances": site.nodes, "healthChecks": [check],
                "sessionAffinity": "NONE",
            }),
        ),
        (site.global("firewalls", &format!("k8s-fw-{name}")), site.firewall(&told, &["0.0.0.0/0"], &texts)),
        (
            check,
            json!({
                "description": id.to_string(), "port": NODE_HEALTH, "requestPath": "/healthz", "checkIntervalSec": 8,
                "timeoutSec": 1, "healthyThreshold": 1, "unhealthyThreshold": 3,
            }),
        ),
        (check_firewall, site.firewall(&id, &PROBES, &[NODE_HEALTH.to_string()])),
    ]
}
