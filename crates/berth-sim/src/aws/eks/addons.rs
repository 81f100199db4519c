//! Add-ons: which there are, and what they need to become active.

use serde_json::{Value, json};

use super::serve::{active, cluster, copy, paged, spoil};
use super::versions;
use crate::aws::failure::Failure;
use crate::aws::places::ACCOUNT;
use crate::aws::serve::Asked;
use crate::aws::state::{Addon, Happening, fields, seconds};
use crate::lifecycle::after;
use crate::world::{Step, World};

/// The add-on with the plugin that gives pods their addresses, and holds to NetworkPolicies if it is told to.
pub(crate) const NETWORK_PLUGIN: &str = "vpc-cni";

/// A managed add-on.
struct Known {
    name: &'static str,
    kind: &'static str,
    /// The version, before `-eksbuild.1`; that of kube-proxy follows the cluster's.
    version: &'static str,
    /// Whether it runs on every node, so that it is content with none.
    daemon_set: bool,
    needs_iam: bool,
}

const fn known(name: &'static str, kind: &'static str, version: &'static str, flags: (bool, bool)) -> Known {
    Known { name, kind, version, daemon_set: flags.0, needs_iam: flags.1 }
}

const ADDONS: &[Known] = &[
    known("vpc-cni", "networking", "v1.20.4", (true, true)),
    known("coredns", "networking", "v1.12.4", (false, false)),
    known("kube-proxy", "networking", "", (true, false)),
    known("eks-pod-identity-agent", "security", "v1.3.9", (true, false)),
    known("aws-ebs-csi-driver", "storage", "v1.52.1", (false, true)),
    known("metrics-server", "observability", "v0.8.0", (false, false)),
    known("eks-node-monitoring-agent", "observability", "v1.4.1", (true, false)),
    known("snapshot-controller", "storage", "v8.3.0", (false, false)),
];

/// Whether an add-on runs on every node.
pub(crate) fn is_daemon_set(name: &str) -> bool {
    ADDONS.iter().any(|known| known.name == name && known.daemon_set)
}

impl Known {
    fn version_for(&self, kubernetes: &str) -> String {
        match self.name {
            "kube-proxy" => format!("v{kubernetes}.1-eksbuild.1"),
            _ => format!("{}-eksbuild.1", self.version),
        }
    }
}

fn find<'a>(world: &'a mut World, asked: &Asked<'_>) -> Result<&'a mut Addon, Failure> {
    let (name, addon) = (asked.text("name"), asked.text("addonName"));
    let text = format!("No addon: {addon} found in cluster: {name}");
    let missing = || Failure::missing(text).with("clusterName", name).with("addonName", addon);
    cluster(world, asked)?.addons.get_mut(addon).ok_or_else(missing)
}

/// `CreateAddon`.
pub(crate) fn create(world: &mut World, asked: &Asked<'_>) -> Result<Value, Failure> {
    let (name, addon) = (asked.text("name"), asked.text("addonName"));
    let number = world.number();
    let id = world.hex(&format!("addon/{number}"), 32);
    let cluster = active(world, asked)?;
    if cluster.addons.contains_key(addon) {
        let failure = Failure::in_use(format!("Addon already exists with name: {addon} in cluster: {name}"));
        return Err(failure.with("clusterName", name).with("addonName", addon));
    }
    let wrong = |text: String| Failure::parameter(text).with("clusterName", name).with("addonName", addon);
    let kubernetes = cluster.fields["version"].as_str().unwrap_or_default().to_owned();
    let Some(known) = ADDONS.iter().find(|known| known.name == addon) else {
        return Err(wrong(format!("Addon {addon} specified is not supported in {kubernetes} kubernetes version")));
    };
    let version = known.version_for(&kubernetes);
    if !matches!(asked.text("addonVersion"), "" | "latest") && asked.text("addonVersion") != version {
        return Err(wrong(format!("Addon version specified is not supported: {}", asked.text("addonVersion"))));
    }
    check_settings(asked)?;
    let mut shown = fields(json!({
        "addonName": addon,
        "clusterName": name,
        "status": "CREATING",
        "addonVersion": version,
        "health": {"issues": []},
        "addonArn": format!("arn:aws:eks:{}:{ACCOUNT}:addon/{name}/{addon}/{id}", asked.region),
        "createdAt": seconds(asked.now),
        "modifiedAt": seconds(asked.now),
        "tags": {},
    }));
    copy(asked, &["serviceAccountRoleArn", "configurationValues", "tags"], &mut shown);
    cluster.addons.insert(addon.to_owned(), Addon { fields: shown.clone(), since: asked.now, spoil: spoil(asked) });
    let uid = cluster.uid.clone();
    let at = asked.now + after("addon", "requested", "active", "");
    world.plan(at, Step::Aws(Happening::Addon(uid, addon.to_owned())));
    Ok(json!({ "addon": shown }))
}

/// What an add-on's own schema refuses in its settings; of the schemas only what this knows.
fn check_settings(asked: &Asked<'_>) -> Result<(), Failure> {
    let text = asked.text("configurationValues");
    let wrong = |what: &str| {
        let failure = Failure::parameter(format!("ConfigurationValue provided in request is not supported: {what}"));
        failure.with("clusterName", asked.text("name")).with("addonName", asked.text("addonName"))
    };
    if text.is_empty() {
        return Ok(());
    }
    let settings = serde_saphyr::from_str::<Value>(text).map_err(|_error| wrong(text))?;
    let said = settings.get("enableNetworkPolicy");
    if asked.text("addonName") == NETWORK_PLUGIN && said.is_some_and(|said| !said.is_string()) {
        let what = "Json schema validation failed with error: [$.enableNetworkPolicy: must be of type string]";
        return Err(wrong(what));
    }
    Ok(())
}

/// Whether a cluster's network plugin enforces NetworkPolicies.
pub(crate) fn enforces_policies(addon: &Addon) -> bool {
    let text = addon.fields.get("configurationValues").and_then(Value::as_str).unwrap_or_default();
    serde_saphyr::from_str::<Value>(text).is_ok_and(|settings| settings["enableNetworkPolicy"] == "true")
}

/// `DescribeAddon`.
pub(crate) fn describe(world: &mut World, asked: &Asked<'_>) -> Result<Value, Failure> {
    find(world, asked).map(|addon| json!({ "addon": addon.fields }))
}

/// `ListAddons`.
pub(crate) fn list(world: &mut World, asked: &Asked<'_>) -> Result<Value, Failure> {
    let names = cluster(world, asked)?.addons.keys().map(|name| Value::from(name.as_str())).collect();
    paged(asked, "addons", names)
}

/// `DeleteAddon`.
pub(crate) fn delete(world: &mut World, asked: &Asked<'_>) -> Result<Value, Failure> {
    let addon = find(world, asked)?;
    addon.fields.insert("status".to_owned(), Value::from("DELETING"));
    addon.fields.insert("preserve".to_owned(), asked.input.get("preserve").cloned().unwrap_or(Value::Bool(false)));
    let mut shown = addon.fields.clone();
    shown.remove("preserve");
    let uid = cluster(world, asked)?.uid.clone();
    let at = asked.now + after("addon", "requested", "deleted", "");
    world.plan(at, Step::Aws(Happening::Addon(uid, asked.text("addonName").to_owned())));
    Ok(json!({ "addon": shown }))
}

/// `UpdateAddon`.
pub(crate) fn update(world: &mut World, asked: &Asked<'_>) -> Result<Value, Failure> {
    let name = asked.text("addonName");
    let addon = find(world, asked)?;
    if !matches!(addon.fields["status"].as_str(), Some("ACTIVE" | "DEGRADED" | "CREATE_FAILED" | "UPDATE_FAILED")) {
        let text = format!("Addon {name} cannot be updated as it is currently being changed");
        return Err(Failure::in_use(text));
    }
    check_settings(asked)?;
    let addon = find(world, asked)?;
    copy(asked, &["addonVersion", "serviceAccountRoleArn", "configurationValues"], &mut addon.fields);
    addon.fields.insert("status".to_owned(), Value::from("UPDATING"));
    addon.fields.insert("modifiedAt".to_owned(), seconds(asked.now));
    addon.since = asked.now;
    let uid = cluster(world, asked)?.uid.clone();
    let at = asked.now + after("addon", "requested", "active", "");
    world.plan(at, Step::Aws(Happening::Addon(uid.clone(), name.to_owned())));
    let update = super::changes::begin(world, asked, &uid, "AddonUpdate", Value::Array(Vec::new()));
    Ok(json!({ "update": update }))
}

/// `DescribeAddonVersions`.
pub(crate) fn describe_versions(asked: &Asked<'_>) -> Result<Value, Failure> {
    let (name, version) = (asked.text("addonName"), asked.text("kubernetesVersion"));
    if !name.is_empty() && !ADDONS.iter().any(|known| known.name == name) {
        return paged(asked, "addons", Vec::new());
    }
    let wanted: Vec<&str> =
        versions::supported(asked.now).filter(|one| version.is_empty() || *one == version).collect();
    let mut items = Vec::new();
    for known in ADDONS.iter().filter(|known| name.is_empty() || known.name == name) {
        let mut built: Vec<(String, Vec<Value>)> = Vec::new();
        for kubernetes in &wanted {
            let version = known.version_for(kubernetes);
            let fits = json!({"clusterVersion": kubernetes, "platformVersions": ["*"], "defaultVersion": true});
            match built.iter_mut().find(|(one, _)| *one == version) {
                Some((_, list)) => list.push(fits),
                None => built.push((version, vec![fits])),
            }
        }
        let versions: Vec<Value> = built
            .into_iter()
            .map(|(version, fits)| {
                json!({
                    "addonVersion": version, "architecture": ["amd64", "arm64"], "computeTypes": ["ec2", "auto"],
                    "compatibilities": fits, "requiresConfiguration": false, "requiresIamPermissions": known.needs_iam,
                })
            })
            .collect();
        items.push(json!({
            "addonName": known.name, "type": known.kind, "addonVersions": versions,
            "publisher": "eks", "owner": "aws", "defaultNamespace": "kube-system",
        }));
    }
    paged(asked, "addons", items)
}
