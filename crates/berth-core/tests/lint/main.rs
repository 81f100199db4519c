//! What lint says about manifests, at exactly which lines.
//!
//! Beside each `manifests/RULE.bad.yaml` stands a `.snap` with what is said, and a twin `RULE.good.yaml` about which nothing is
//! said. A bad file marks its lines with `# <- rule`, and its first line names the cluster: `# cluster: gke`.

mod files;
mod forms;
mod random;
mod seeds;
mod shipped;
