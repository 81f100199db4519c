//! Whether the network plugin enforces NetworkPolicies, and the change that makes it so.
//!
//! It is a setting of the add-on itself, `enableNetworkPolicy`, a text; without it policies are stored and nothing more.

use serde_json::{Map, Value};

use super::addons::VPC_CNI;
use super::steps;
use crate::actions::eks::{EksAction, EksClusterRef, EksDescription};
use crate::plan::{Lasts, Step, StepId};
use crate::spec::NetworkPolicy;

/// The setting.
const KEY: &str = "enableNetworkPolicy";

/// Whether the network plugin of a cluster enforces NetworkPolicies; `None` if it is not an add-on, so that EKS does not tell.
pub fn enforced(description: &EksDescription) -> Option<bool> {
    let plugin = description.addons.iter().find(|addon| addon.name == VPC_CNI)?;
    Some(is_on(plugin.configuration.as_deref()))
}

/// The network plugin's settings with enforcement on or off, and all others as they are; `None` if they cannot be read.
pub fn switched(configuration: Option<&str>, on: bool) -> Option<String> {
    let mut settings = read(configuration)?;
    settings.insert(KEY.to_owned(), Value::from(on.to_string()));
    Some(Value::Object(settings).to_string())
}

/// The step after which the network plugin that is there does what the file says; `None` if it does, or the file does not say.
pub fn change(cluster: &EksClusterRef, wish: NetworkPolicy, there: &EksDescription, ready: &[StepId]) -> Option<Step> {
    let on = wish.said()?;
    // One that is made again gets its settings with its making.
    let stays = |status: &str| !matches!(status, "CREATE_FAILED" | "DELETE_FAILED" | "DELETING");
    let plugin = there.addons.iter().find(|addon| addon.name == VPC_CNI && stays(&addon.status))?;
    if is_on(plugin.configuration.as_deref()) == on {
        return None;
    }
    let configuration = switched(plugin.configuration.as_deref(), on)?;
    let action = EksAction::ChangeAddon { cluster: cluster.clone(), addon: VPC_CNI.to_owned(), configuration };
    let words = |on: bool| if on { "enforced" } else { "stored only" };
    let details = vec![format!("NetworkPolicies: {} -> {}", words(!on), words(on))];
    let title = format!("change network policy of add-on {VPC_CNI}");
    let step = steps::changing(&format!("addon/{VPC_CNI}/network-policy"), title, details, ready.to_vec(), action);
    Some(steps::lasting(step, Lasts::ADDON))
}

fn is_on(configuration: Option<&str>) -> bool {
    match read(configuration).and_then(|mut settings| settings.remove(KEY)) {
        Some(Value::String(text)) => text == "true",
        Some(Value::Bool(on)) => on,
        _ => false,
    }
}

/// The settings by name, none if there is no text; `None` for what is neither JSON nor YAML of settings.
fn read(configuration: Option<&str>) -> Option<Map<String, Value>> {
    let text = configuration.unwrap_or_default();
    if text.trim().is_empty() {
        return Some(Map::new());
    }
    serde_saphyr::from_str(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_read_as_eks_takes_them_and_the_others_stay() {
        for on in [r#"{"enableNetworkPolicy": "true"}"#, "env:\n  A: b\nenableNetworkPolicy: 'true'\n"] {
            assert!(is_on(Some(on)), "{on}");
        }
        for off in
            [None, Some(""), Some("{}"), Some(r#"{"enableNetworkPolicy": "false"}"#), Some("- not\n- settings\n")]
        {
            assert!(!is_on(off), "{off:?}");
        }
        assert_eq!(switched(None, true).as_deref(), Some(r#"{"enableNetworkPolicy":"true"}"#));
        let kept = switched(Some("env: {A: b}\nenableNetworkPolicy: 'true'\n"), false).expect("settings");
        let kept: Value = serde_json::from_str(&kept).expect("JSON");
        assert_eq!(kept, serde_json::json!({"enableNetworkPolicy": "false", "env": {"A": "b"}}));
        assert_eq!(switched(Some("- not\n- settings\n"), true), None);
    }
}
