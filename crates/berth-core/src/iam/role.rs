//! Google Cloud's custom role, as `gcloud iam roles create --file` takes it.

use std::collections::BTreeSet;
use std::fmt::Write;

use super::gke::GkeNeed;
use super::purpose::Purpose;

/// The role as YAML, each permission with what it is for.
pub fn role(purposes: &BTreeSet<Purpose>, needs: &[GkeNeed]) -> String {
    let words: Vec<&str> = purposes.iter().map(|purpose| purpose.word()).collect();
    let words = words.join(", ");
    let mut text =
        format!("title: berth\ndescription: What berth needs for {words}\nstage: GA\nincludedPermissions:\n",);
    if needs.is_empty() {
        text = text.replace("includedPermissions:", "includedPermissions: []");
    }
    for need in needs {
        let why: Vec<&str> = need.why.iter().map(String::as_str).collect();
        let road = need.road.as_ref().map(|road| format!(", if {road}")).unwrap_or_default();
        // Writing into a text cannot fail.
        let _written = writeln!(text, "- {} # {}{road}", need.permission, why.join("; "));
    }
    text
}
