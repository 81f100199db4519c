//! Secrets written into the files, from where they get into repositories and logs.
//!
//! Findings name the place and never the value. Placeholders such as `$(NAME)`, `${NAME}` or `<password>` are no secrets.

use crate::lint::finding::{Place, Report, Says};
use crate::lint::object::{Container, Object, shown};
use crate::lint::world::World;
use crate::spec::tree::Node;

pub(super) const RULE: &str = "secret-in-clear";

/// Parts of names that hold secrets, wherever they stand.
const SECRET_PARTS: [&str; 7] = ["PASSWORD", "PASSWD", "API_KEY", "APIKEY", "PRIVATE_KEY", "ACCESS_KEY", "CREDENTIAL"];
/// Words of names that hold secrets; inside longer words, such as tokenizer, they mean something else.
const SECRET_WORDS: [&str; 2] = ["SECRET", "TOKEN"];
/// Ends of names that only point at a secret or speak about one.
const POINTER_ENDS: [&str; 8] = ["_FILE", "_PATH", "_DIR", "_NAME", "_URL", "_TTL", "_ID", "_REF"];
const REFERENCE: &str = "take it from a Secret by `valueFrom.secretKeyRef`";

pub(super) fn check(world: &World<'_>, report: &mut Report) {
    for object in &world.objects {
        match object.kind.as_str() {
            "Secret" => secret(object, report),
            "ConfigMap" => config_map(object, report),
            _ => {}
        }
    }
    for pod in world.pods() {
        for container in pod.containers() {
            environment(&container, report);
            arguments(&container, report);
        }
    }
}

fn secret(object: &Object<'_>, report: &mut Report) {
    for field in ["data", "stringData"] {
        for entry in object.root.get(field).map(Node::entries).unwrap_or_default() {
            let value = entry.node.scalar().unwrap_or_default();
            if is_placeholder(&value) {
                continue;
            }
            let what = format!("{} holds the value of `{}`", object.words(), entry.key);
            let why = if field == "data" {
                "base64 is no encryption: whoever reads the file reads the secret"
            } else {
                "whoever reads the file reads the secret"
            };
            let fix = "keep the value out of the files: a placeholder, an ExternalSecret, or a Secret made beside them";
            report.error(RULE, object.at(entry.key_at), &Says::new(what, why, fix));
        }
    }
}

fn config_map(object: &Object<'_>, report: &mut Report) {
    for entry in object.root.get("data").map(Node::entries).unwrap_or_default() {
        let value = entry.node.scalar().unwrap_or_default();
        let what = format!("{} holds a secret under `{}`", object.words(), entry.key);
        if is_secret(&entry.key, &value) {
            let why = "everyone who may read the namespace reads ConfigMaps, and the file besides";
            report.error(
                RULE,
                object.at(entry.key_at),
                &Says::new(what, why, "a Secret whose value is not in the files"),
            );
        }
    }
}

fn environment(container: &Container<'_>, report: &mut Report) {
    for env in container.node.get("env").map(Node::items).unwrap_or_default() {
        let name = env.get("name").and_then(Node::text).unwrap_or_default();
        let Some((entry, value)) = env.entry("value").and_then(|entry| Some((entry, entry.node.scalar()?))) else {
            continue;
        };
        if is_secret(name, &value) {
            let what = format!("container {} has the value of the secret {name} in the clear", container.name());
            let says = Says::new(what, "whoever reads the file or the pod reads the secret", REFERENCE);
            report.error(RULE, container.pod.object.at(shown(entry)), &says);
        }
    }
}

/// `--password=...`, `--requirepass ...`, and addresses with a password in them.
fn arguments(container: &Container<'_>, report: &mut Report) {
    for field in ["command", "args"] {
        let items = container.node.get(field).map(Node::items).unwrap_or_default();
        let mut before = String::new();
        for item in items {
            let text = item.scalar().unwrap_or_default();
            let (flag, value) = text.split_once('=').unwrap_or((&before, &text));
            let named = flag.starts_with("--") && !value.starts_with('-');
            let flag_name = flag.trim_start_matches('-').replace('-', "_");
            let is_password = flag_name.eq_ignore_ascii_case("requirepass") && !is_placeholder(value);
            if (named && (is_secret(&flag_name, value) || is_password)) || has_password(&text) {
                let place: Place<'_> = container.pod.object.at(item.at);
                let what = format!("container {} has a secret among its {field}", container.name());
                let why = "whoever reads the file, the pod or the node's processes reads the secret";
                let fix = "pass it as an environment variable from a Secret and write $(NAME) here";
                report.error(RULE, place, &Says::new(what, why, fix));
            }
            before = text;
        }
    }
}

/// Whether a value of this name is a secret.
fn is_secret(name: &str, value: &str) -> bool {
    if has_password(value) || value.contains("PRIVATE KEY-----") {
        return true;
    }
    let upper = name.to_ascii_uppercase().replace(['-', '.'], "_");
    let is_named = SECRET_PARTS.iter().any(|part| upper.contains(part))
        || upper.split('_').any(|word| SECRET_WORDS.contains(&word));
    let points = POINTER_ENDS.iter().any(|end| upper.ends_with(end)) && !upper.ends_with("ACCESS_KEY_ID");
    // Numbers, switches and paths are settings about secrets, such as the life of a token.
    let is_setting = value.parse::<f64>().is_ok()
        || value.starts_with('/')
        || ["true", "false"].iter().any(|word| value.eq_ignore_ascii_case(word));
    is_named && !points && !is_setting && !is_placeholder(value)
}

/// An address such as `postgres://user:password@host`.
fn has_password(value: &str) -> bool {
    value.split("://").skip(1).any(|rest| {
        let authority = rest.split(['/', '?', '#', ' ']).next().unwrap_or_default();
        let Some((user, _)) = authority.rsplit_once('@') else { return false };
        user.split_once(':').is_some_and(|(_, password)| !is_placeholder(password))
    })
}

/// Nothing, or something that stands for a value to come.
fn is_placeholder(value: &str) -> bool {
    let value = value.trim();
    let holds = |open: &str, close: &str| value.find(open).is_some_and(|at| value[at..].contains(close));
    value.is_empty()
        || holds("$(", ")")
        || holds("${", "}")
        || holds("{{", "}}")
        || (value.starts_with('<') && value.ends_with('>'))
}
