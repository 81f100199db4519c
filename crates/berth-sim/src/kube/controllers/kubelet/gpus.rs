//! GPUs in containers, and what `nvidia-smi` prints there.

use serde_json::Value;

use crate::kube::rules::quantity::Quantity;
use crate::lifecycle::digest;

/// How many GPUs, or shares of them, a container was given.
pub(super) fn given(container: &Value) -> usize {
    let asked = Quantity::of(&container["resources"]["limits"]["nvidia.com/gpu"]).unwrap_or(Quantity::ZERO);
    (1..=64).take_while(|count| !Quantity::count(*count).exceeds(asked)).count()
}

/// What a container of a pod has printed so far: of `nvidia-smi` the table or that there is no such program, of others
/// nothing. Nothing at all when the pod has no such container.
pub(crate) fn log(pod: &Value, node: Option<&Value>, container: &str) -> Option<String> {
    let own = ["containers", "initContainers"]
        .iter()
        .flat_map(|field| pod["spec"][*field].as_array().into_iter().flatten())
        .find(|own| own["name"] == container)?;
    Some(printed(pod, node, own))
}

fn printed(pod: &Value, node: Option<&Value>, own: &Value) -> String {
    let statuses = ["containerStatuses", "initContainerStatuses"];
    let status = statuses
        .iter()
        .flat_map(|field| pod["status"][*field].as_array().into_iter().flatten())
        .find(|status| status["name"] == own["name"]);
    let began = status.is_some_and(|status| {
        ["running", "terminated"].iter().any(|state| status["state"][*state].is_object())
            || status["lastState"]["terminated"].is_object()
    });
    if !began {
        return String::new();
    }
    let words: Vec<&str> = ["command", "args"]
        .iter()
        .flat_map(|field| own[*field].as_array().into_iter().flatten())
        .filter_map(Value::as_str)
        .collect();
    let line = words.join(" ");
    if !line.contains("nvidia-smi") {
        return String::new();
    }
    let count = given(own);
    if count == 0 {
        return "sh: nvidia-smi: not found\n".to_owned();
    }
    let model = model(node);
    let uid = pod["metadata"]["uid"].as_str().unwrap_or_default();
    if line.contains("nvidia-smi -L") || line.contains("--list-gpus") {
        let lines = (0..count).map(|index| format!("GPU {index}: {} (UUID: GPU-{})\n", model.name, uuid(uid, index)));
        return lines.collect();
    }
    if line.contains("--query-gpu") {
        return (0..count).map(|_| format!("{}\n", model.name)).collect();
    }
    table(&model, count)
}

struct Model {
    name: &'static str,
    memory_mib: u32,
    watts: u32,
}

/// The GPU a node's labels or machine speak of.
fn model(node: Option<&Value>) -> Model {
    const MODELS: &[(&[&str], &str, u32, u32)] = &[
        (&["a100-80gb", "p4de", "a2-ultragpu"], "NVIDIA A100-SXM4-80GB", 81_920, 400),
        (&["a100", "p4d.", "a2-"], "NVIDIA A100-SXM4-40GB", 40_960, 400),
        (&["v100", "p3."], "Tesla V100-SXM2-16GB", 16_384, 300),
        (&["h100", "p5."], "NVIDIA H100 80GB HBM3", 81_559, 700),
        (&["-l4", "g6.", "g2-"], "NVIDIA L4", 23_034, 72),
        (&["a10g", "g5."], "NVIDIA A10G", 23_028, 300),
        (&["t4", "g4dn."], "Tesla T4", 15_360, 70),
    ];
    let labels = node.map(|node| node["metadata"]["labels"].to_string().to_lowercase()).unwrap_or_default();
    let found = MODELS.iter().find(|(marks, ..)| marks.iter().any(|mark| labels.contains(mark)));
    let (_, name, memory_mib, watts) = found.unwrap_or(&MODELS[1]);
    Model { name, memory_mib: *memory_mib, watts: *watts }
}

fn uuid(seed: &str, index: usize) -> String {
    let (high, low) = (digest(&format!("{seed}/{index}")), digest(&format!("{index}/{seed}")));
    uuid::Builder::from_random_bytes(((u128::from(high) << 64) | u128::from(low)).to_be_bytes()).into_uuid().to_string()
}

fn table(model: &Model, count: usize) -> String {
    let rule = format!("+{}+\n", "-".repeat(89));
    let parts = format!("+{}+{}+{}+\n", "-".repeat(41), "-".repeat(24), "-".repeat(22));
    let mut text = rule.clone();
    text += "| NVIDIA-SMI 550.90.07              Driver Version: 550.90.07      CUDA Version: 12.4     |\n";
    text += &parts;
    text += "| GPU  Name                 Persistence-M | Bus-Id          Disp.A | Volatile Uncorr. ECC |\n";
    text += "| Fan  Temp   Perf          Pwr:Usage/Cap |           Memory-Usage | GPU-Util  Compute M. |\n";
    text += &parts.replace('-', "=");
    for index in 0..count {
        let bus = format!("00000000:00:{:02X}.0", index + 4);
        text += &format!("| {index:>3}  {:<27}     On |   {bus} Off |                    0 |\n", model.name);
        let memory = format!("0MiB / {}MiB", model.memory_mib);
        let watts = format!("{}W / {}W", model.watts / 8, model.watts);
        text += &format!("| N/A   32C    P0 {watts:>23} | {memory:>22} |      0%      Default |\n");
        text += &parts;
    }
    text += "\n";
    text += &rule;
    text += &format!("| {:<87} |\n", "Processes:");
    text += &format!("| {:<87} |\n", " No running processes found");
    text += &rule;
    text
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::log;

    #[test]
    fn the_table_shows_the_gpus_a_container_was_given() {
        let node = json!({"metadata": {"labels": {"cloud.google.com/gke-accelerator": "nvidia-tesla-v100"}}});
        let pod = |limits: serde_json::Value, command: &str, state: &str| {
            json!({
                "metadata": {"uid": "u"},
                "spec": {"containers": [{"name": "a", "command": ["sh", "-c", command], "resources": {"limits": limits}}]},
                "status": {"containerStatuses": [{"name": "a", "state": {state: {}}}]},
            })
        };
        let two = json!({"nvidia.com/gpu": "2"});
        let table = log(&pod(two.clone(), "nvidia-smi", "terminated"), Some(&node), "a").unwrap();
        assert_eq!(table.matches("Tesla V100-SXM2-16GB").count(), 2, "{table}");
        let widths: std::collections::BTreeSet<usize> =
            table.lines().map(str::len).filter(|width| *width > 0).collect();
        assert_eq!(widths, [91].into(), "{table}");
        assert_eq!(log(&pod(two.clone(), "nvidia-smi -L", "running"), None, "a").unwrap().lines().count(), 2);
        assert_eq!(log(&pod(json!({}), "nvidia-smi", "terminated"), None, "a").unwrap(), "sh: nvidia-smi: not found\n");
        assert_eq!(log(&pod(two, "nvidia-smi", "waiting"), None, "a").unwrap(), "");
    }
}
