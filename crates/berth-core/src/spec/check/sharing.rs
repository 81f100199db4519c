//! GPU sharing: from the pool, from the cluster file, or from a file of its own.

use std::collections::BTreeMap;

use super::report::Report;
use super::source::Source;
use crate::catalog::Gpu;
use crate::spec::Sharing;
use crate::spec::file::cluster::ClusterBody;
use crate::spec::file::pool::{SharingFile, StrategyWord};
use crate::spec::file::sharing::{GpuSharingBody, GpuSharingFile, SharingRef};
use crate::spec::problem::{Finding, Path, Problem, nearest};
use crate::spec::structure::{self, printable};
use crate::spec::tree::Document;

/// Checks a GpuSharing file by itself; whether its pools exist only the cluster file knows.
///
/// # Errors
///
/// Everything that is wrong with it, at once.
pub fn check_sharing(file: &str, text: &str) -> Result<BTreeMap<String, Sharing>, Vec<Problem>> {
    let document = Document::parse(file, text)?;
    let body = parse(&document)?;
    Ok(body.pools.into_iter().map(|(pool, sharing)| (pool, of_file(sharing))).collect())
}

/// The sharing a cluster file gives or names, by pool; a pool that does not exist is a problem at its name.
pub(super) fn by_pool(source: &Source<'_>, body: &ClusterBody, report: &mut Report) -> BTreeMap<String, Sharing> {
    let path = Path::of(&["spec", "gpuSharing"]);
    let sharing = match &body.gpu_sharing {
        None => return BTreeMap::new(),
        Some(SharingRef::Inline(inline)) => {
            for finding in wrong_pools(inline, &path, body) {
                report.problem(finding);
            }
            inline.pools.clone()
        }
        Some(SharingRef::Path(named)) => {
            let file = source.beside(named);
            let text = match (source.read)(&file) {
                Ok(text) => text,
                Err(why) => {
                    report.problem(Finding::at(path, format!("cannot read {file}: {why}")));
                    return BTreeMap::new();
                }
            };
            let document = match Document::parse(&file, &text) {
                Ok(document) => document,
                Err(problems) => {
                    report.elsewhere(problems);
                    return BTreeMap::new();
                }
            };
            match parse(&document) {
                Ok(sharing) => {
                    let wrong = wrong_pools(&sharing, &Path::of(&["spec"]), body);
                    report.elsewhere(wrong.into_iter().map(|finding| document.problem(finding)).collect());
                    sharing.pools
                }
                Err(problems) => {
                    report.elsewhere(problems);
                    return BTreeMap::new();
                }
            }
        }
    };
    sharing.into_iter().map(|(pool, sharing)| (pool, of_file(sharing))).collect()
}

fn parse(document: &Document<'_>) -> Result<GpuSharingBody, Vec<Problem>> {
    let structure = structure::check(document, "GpuSharing");
    let mut report = Report::default();
    for finding in structure.findings {
        report.problem(finding);
    }
    let mut body = GpuSharingBody { pools: BTreeMap::new() };
    if structure.broken.is_empty() {
        match serde_json::from_value::<GpuSharingFile>(structure.json) {
            Ok(file) => body = file.spec,
            Err(error) => report.problem(Finding::at(Path::default(), error.to_string())),
        }
    }
    report.settle(document)?;
    Ok(body)
}

/// Names of pools that do not exist or have no GPUs; `path` is what holds `pools`.
fn wrong_pools(sharing: &GpuSharingBody, path: &Path, cluster: &ClusterBody) -> Vec<Finding> {
    let path = path.key("pools");
    let with_gpus = || cluster.node_pools.iter().filter(|pool| pool.gpu.is_some()).map(|pool| pool.name.as_str());
    let wrong = sharing.pools.keys().filter(|name| !with_gpus().any(|pool| pool == name.as_str()));
    wrong
        .map(|name| {
            let exists = cluster.node_pools.iter().any(|pool| pool.name == *name);
            let message = if exists {
                format!("pool `{name}` has no GPUs")
            } else {
                format!("there is no pool `{}`", printable(name))
            };
            let meant = if exists { None } else { nearest(name, with_gpus()) };
            Finding::at_key(path.key(name), message).meaning(meant).accepting(with_gpus())
        })
        .collect()
}

pub(super) fn of_file(file: SharingFile) -> Sharing {
    match file.strategy {
        None | Some(StrategyWord::TimeSlicing) => Sharing::TimeSlicing(file.shares),
        Some(StrategyWord::Mps) => Sharing::Mps(file.shares),
    }
}

/// What the GPU itself allows.
pub(super) fn fits(sharing: Sharing, gpu: &Gpu, path: &Path, report: &mut Report) {
    if let Sharing::Mps(shares) = sharing
        && shares > gpu.most_mps_shares()
    {
        let message = format!("one {} serves at most {} shares under mps", gpu.name, gpu.most_mps_shares());
        report.problem(Finding::at(path.clone(), message));
    }
}
