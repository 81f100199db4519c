//! The check of all manifests at once.

use super::finding::{Finding, Report, Severity};
use super::manifest::{self, ManifestFile};
use super::rules;
use super::world::World;
use crate::spec::{ClusterSpec, Provider};

/// Finds everything in these files that will bite on this cluster, sorted by file and place.
///
/// The files are taken together: what one names another may hold, such as a namespace or a secret.
/// A document that cannot be read is a finding; the rest is checked all the same.
pub fn check(spec: &ClusterSpec, files: &[ManifestFile]) -> Vec<Finding> {
    let mut report = Report::default();
    let objects = files.iter().flat_map(|file| manifest::objects(file, &mut report)).collect();
    let world = World::new(spec, objects);
    for rule in &rules::ALL {
        (rule.check)(&world, &mut report);
    }
    let mut findings = report.settle();
    // What files do not hold may stand in a cluster that was there before them.
    if spec.cloud.provider() == Provider::Existing {
        let may_stand = findings.iter_mut().filter(|finding| rules::MAY_STAND_ALREADY.contains(&finding.rule));
        may_stand.for_each(|finding| finding.severity = Severity::Warning);
    }
    findings
}
