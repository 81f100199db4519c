//! A Service of type LoadBalancer: a forwarding rule, a target pool, a firewall rule, and the nodes' health check.

use serde_json::{Value, json};

use super::{PROBES, Parts, Served, Site, address, path};
use crate::lifecycle::digest;

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

/// The health checks of the nodes and their firewall rules, which all Services share: for balancers that reach the internet, and for
/// inner ones.
fn shared(site: &Site) -> Vec<String> {
    let name = format!("k8s-{}-node", site.id);
    vec![
        site.global("httpHealthChecks", &name),
        site.global("firewalls", &format!("{name}-http-hc")),
        site.global("healthChecks", &name),
        site.global("firewalls", &format!("{name}-hc")),
    ]
}

/// Whether only the network reaches it.
fn is_inner(service: &Value) -> bool {
    let annotations = &service["metadata"]["annotations"];
    ["networking.gke.io/load-balancer-type", "cloud.google.com/load-balancer-type"]
        .iter()
        .any(|key| annotations[*key].as_str().is_some_and(|kind| kind.eq_ignore_ascii_case("internal")))
}

fn parts(site: &Site, service: &Value) -> Parts {
    let name = balancer_name(service);
    let said = json!({"kubernetes.io/service-name": path(service)}).to_string();
    let inner = is_inner(service);
    let reached = if inner { inner_address(&name) } else { address(&name) };
    let ports = service["spec"]["ports"].as_array().cloned().unwrap_or_default();
    let numbers: Vec<u64> = ports.iter().filter_map(|port| port["port"].as_u64()).collect();
    let texts: Vec<String> = numbers.iter().map(u64::to_string).collect();
    let told = json!({"kubernetes.io/service-name": path(service), "kubernetes.io/service-ip": reached});
    let id = json!({"kubernetes.io/cluster-id": site.id});
    let mut checks = shared(site).into_iter().skip(if inner { 2 } else { 0 });
    let (check, check_firewall) = (checks.next().unwrap_or_default(), checks.next().unwrap_or_default());
    let probe = json!({"port": NODE_HEALTH, "requestPath": "/healthz"});
    let timing = json!({"description": id.to_string(), "checkIntervalSec": 8, "timeoutSec": 1});
    let checked =
        if inner { over(timing, json!({"type": "HTTP", "httpHealthCheck": probe})) } else { over(timing, probe) };
    let mut rule = json!({"description": said, "IPAddress": reached, "IPProtocol": "TCP", "networkTier": "PREMIUM"});
    let behind = if inner {
        let id = site.regional("backendServices", &name);
        rule = over(rule, json!({"ports": texts, "backendService": id, "loadBalancingScheme": "INTERNAL"}));
        let group = |zone: &String| {
            let group = format!("projects/{}/zones/{zone}/instanceGroups/k8s-ig--{}", site.project, site.id);
            json!({"group": group, "balancingMode": "CONNECTION"})
        };
        let backends: Vec<Value> = site.zones.iter().map(group).collect();
        let scheme = json!({"loadBalancingScheme": "INTERNAL", "protocol": "TCP"});
        (id, over(json!({"description": said, "backends": backends, "healthChecks": [check]}), scheme))
    } else {
        let id = site.regional("targetPools", &name);
        let (first, last) = (numbers.iter().min().copied().unwrap_or(80), numbers.iter().max().copied().unwrap_or(80));
        let range = format!("{first}-{last}");
        rule = over(rule, json!({"portRange": range, "target": id, "loadBalancingScheme": "EXTERNAL"}));
        let fields = json!({"description": said, "instances": site.nodes, "healthChecks": [check]});
        (id, over(fields, json!({"sessionAffinity": "NONE"})))
    };
    vec![
        (site.regional("forwardingRules", &name), rule),
        behind,
        (site.global("firewalls", &format!("k8s-fw-{name}")), site.firewall(&told, &["0.0.0.0/0"], &texts)),
        (check, checked),
        (check_firewall, site.firewall(&id, &PROBES, &[NODE_HEALTH.to_string()])),
    ]
}

/// The members of the second laid over those of the first.
fn over(mut fields: Value, more: Value) -> Value {
    if let (Value::Object(fields), Value::Object(more)) = (&mut fields, more) {
        fields.extend(more);
    }
    fields
}

/// An address of the network's own that a name always gets.
fn inner_address(name: &str) -> String {
    let number = digest(name).to_be_bytes();
    format!("10.128.{}.{}", number[2] % 16, 2 + number[3] % 250)
}
