//! How Bottlerocket's own device plugin shares GPUs: as the settings in a machine's user data say.
//!
//! Source: Bottlerocket's documentation of `settings.kubelet-device-plugins`, version 1.54.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use toml::{Table, Value};

/// Shares of each GPU; `None` for settings that Bottlerocket does not accept.
pub(crate) fn shares(user_data: Option<&str>) -> Option<u32> {
    let Some(encoded) = user_data else { return Some(1) };
    let text = String::from_utf8(STANDARD.decode(encoded).ok()?).ok()?;
    let whole: Table = text.parse().ok()?;
    if whole.keys().any(|key| key != "settings") {
        return None;
    }
    let plugin =
        whole.get("settings").and_then(|all| all.get("kubelet-device-plugins")).and_then(|all| all.get("nvidia"));
    let Some(plugin) = plugin else { return Some(1) };
    let strategy = plugin.get("device-sharing-strategy").map_or(Some("none"), Value::as_str)?;
    let known: &[&str] = match strategy {
        "none" => return Some(1),
        "time-slicing" => &["replicas", "rename-by-default", "fail-requests-greater-than-one"],
        "mps" => &["replicas", "rename-by-default"],
        _ => return None,
    };
    let sharing = plugin.get(strategy)?.as_table()?;
    let is_renamed = sharing.get("rename-by-default").map_or(Some(false), Value::as_bool)?;
    if sharing.keys().any(|key| !known.contains(&key.as_str())) || is_renamed {
        return None;
    }
    let replicas = sharing.get("replicas")?.as_integer()?;
    u32::try_from(replicas).ok().filter(|replicas| *replicas > 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Option<u32> {
        shares(Some(&STANDARD.encode(text)))
    }

    #[test]
    fn shares_are_what_the_chosen_strategy_says() {
        let room = "settings.kubelet-device-plugins.nvidia";
        let sliced =
            format!("[{room}]\ndevice-sharing-strategy = \"time-slicing\"\n[{room}.time-slicing]\nreplicas = 4\n");
        assert_eq!(of(&sliced), Some(4));
        assert_eq!(of(&sliced.replace("time-slicing", "mps")), Some(4));
        assert_eq!(of(&format!("[{room}.time-slicing]\nreplicas = 4\n")), Some(1), "not chosen");
        assert_eq!(shares(None), Some(1));
    }

    #[test]
    fn what_bottlerocket_does_not_accept_is_no_setting() {
        let room = "settings.kubelet-device-plugins.nvidia";
        assert_eq!(of("not toml"), None);
        assert_eq!(of("[setting]\nmotd = \"hello\"\n"), None);
        let unknown = format!(
            "[{room}]\ndevice-sharing-strategy = \"mps\"\n[{room}.mps]\nreplicas = 4\nfail-requests-greater-than-one = true\n"
        );
        assert_eq!(of(&unknown), None);
        assert_eq!(shares(Some("%")), None);
    }
}
