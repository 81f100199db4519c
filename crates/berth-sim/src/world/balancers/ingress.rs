//! An Ingress of GKE's own class: a global forwarding rule, a proxy, a URL map, and per backend a service with its health
//! check and an endpoint group in each zone. The firewall rule for the health checks is one for the cluster.

use serde_json::{Value, json};

use super::{PROBES, Parts, Served, Site, address, path};
use crate::lifecycle::digest;

/// The annotation that chooses another controller.
const CLASS: &str = "kubernetes.io/ingress.class";

pub(super) const SERVED: Served =
    Served { resource: "ingresses", finalizer: "networking.gke.io/ingress-finalizer-V2", wants, parts, shared };

fn wants(ingress: &Value) -> bool {
    let class = ingress["metadata"]["annotations"][CLASS].as_str();
    ingress["metadata"]["deletionTimestamp"].is_null()
        && ingress["spec"]["ingressClassName"].is_null()
        && class.is_none_or(|class| class == "gce")
}

fn shared(site: &Site) -> Vec<String> {
    vec![site.global("firewalls", &format!("k8s-fw-l7--{}", site.id))]
}

/// The services behind an Ingress, each with its port.
fn backends(ingress: &Value) -> Vec<(String, String)> {
    let paths = ingress["spec"]["rules"].as_array().into_iter().flatten();
    let paths = paths.flat_map(|rule| rule["http"]["paths"].as_array().cloned().unwrap_or_default());
    let named = paths.map(|path| path["backend"].clone()).chain([ingress["spec"]["defaultBackend"].clone()]);
    let mut backends: Vec<(String, String)> = named
        .filter_map(|backend| {
            let service = &backend["service"];
            let port = service["port"]["number"].as_u64().map_or_else(
                || service["port"]["name"].as_str().unwrap_or("80").to_owned(),
                |number| number.to_string(),
            );
            Some((service["name"].as_str()?.to_owned(), port))
        })
        .collect();
    backends.sort();
    backends.dedup();
    backends
}

fn suffix(text: &str) -> String {
    format!("{:016x}", digest(text))[..8].to_owned()
}

fn parts(site: &Site, ingress: &Value) -> Parts {
    let whole = path(ingress);
    let namespace = ingress["metadata"]["namespace"].as_str().unwrap_or_default();
    let dashed = whole.replace('/', "-");
    let front = suffix(&site.id);
    let named = |word: &str| format!("k8s2-{word}-{front}-{dashed}-{}", suffix(&format!("{}{whole}", site.id)));
    let said = json!({"kubernetes.io/ingress-name": whole}).to_string();
    let map = site.global("urlMaps", &named("um"));
    let proxy = site.global("targetHttpProxies", &named("tp"));
    let reached = address(&named("fr"));
    let mut parts: Parts = vec![(
        site.global("forwardingRules", &named("fr")),
        json!({
            "description": said, "IPAddress": reached, "IPProtocol": "TCP", "portRange": "80-80", "target": proxy,
            "loadBalancingScheme": "EXTERNAL", "networkTier": "PREMIUM",
        }),
    )];
    let mut services = Vec::new();
    let mut behind: Parts = Vec::new();
    for (service, port) in backends(ingress) {
        let told = format!("{namespace}-{service}-{port}");
        let name = format!("k8s1-{}-{told}-{}", &site.id[..8], suffix(&told));
        let check = site.global("healthChecks", &name);
        let group = |zone: &String| format!("projects/{}/zones/{zone}/networkEndpointGroups/{name}", site.project);
        let groups: Vec<String> = site.zones.iter().map(group).collect();
        let served = json!({
            "kubernetes.io/service-name": format!("{namespace}/{service}"), "kubernetes.io/service-port": port,
            "x-features": ["NEG"],
        });
        let id = site.global("backendServices", &name);
        services.push(id.clone());
        let backends: Vec<Value> = groups
            .iter()
            .map(|group| json!({"group": group, "balancingMode": "RATE", "maxRatePerEndpoint": 1}))
            .collect();
        behind.push((
            id,
            json!({"description": served.to_string(), "protocol": "HTTP", "backends": backends, "healthChecks": [check],
                   "loadBalancingScheme": "EXTERNAL"}),
        ));
        let text = "Default kubernetes L7 Loadbalancing health check for NEG.";
        behind.push((check, json!({"description": text, "type": "HTTP", "checkIntervalSec": 15, "timeoutSec": 15})));
        let described = json!({"cluster-uid": site.id, "namespace": namespace, "service-name": service, "port": port});
        behind.extend(groups.into_iter().map(|group| {
            let fields = json!({
                "description": described.to_string(), "networkEndpointType": "GCE_VM_IP_PORT", "size": 1,
                "network": site.global("networks", "default"),
            });
            (group, fields)
        }));
    }
    parts.push((proxy, json!({"description": said, "urlMap": map})));
    parts.push((map, json!({"description": said, "defaultService": services.first(), "tests": services})));
    parts.extend(behind);
    let ports = ["8080".to_owned(), "30000-32767".to_owned()];
    let text = Value::from("GCE L7 firewall rule");
    parts.extend(shared(site).into_iter().map(|id| {
        let mut fields = site.firewall(&Value::Null, &PROBES[..2], &ports);
        fields["description"] = text.clone();
        (id, fields)
    }));
    parts
}
