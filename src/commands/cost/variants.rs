//! The same wish in other ways: on other clouds, with other GPUs, bought otherwise.

use std::path::Path;

use berth_core::cost::{
    Candidate, Comparison, Estimate, PriceBook, Variant, WhatIf, compare as compare_estimates, estimate, with_gpu,
};
use berth_core::spec::{ClusterSpec, Provider};

use super::asked::{Beside, Change};
use super::forecast;
use crate::failure::Failure;
use crate::spec_file;

/// One way to have it under its name, or why it cannot be had.
pub(super) struct Way {
    label: String,
    variant: Result<Variant, Vec<String>>,
}

/// What the file's own estimate is called.
const AS_WRITTEN: &str = "as the file says";

/// The spec beside what is named: clouds, for which the file is read anew, or models of GPUs.
///
/// The file's own estimate comes first, unless only clouds are named: then it is one of them, or not wanted.
/// What is named twice is shown once.
pub(super) fn compared(file: &Path, spec: &ClusterSpec, named: &[Beside]) -> Result<Vec<Way>, Failure> {
    let mut ways = Vec::new();
    if named.iter().any(|beside| matches!(beside, Beside::Gpu { .. })) {
        ways.push(as_written(spec));
    }
    for (index, beside) in named.iter().enumerate() {
        if named[..index].iter().any(|before| before.is(beside)) {
            continue;
        }
        ways.push(match beside {
            Beside::Cloud(provider) => Way { label: provider.as_str().to_owned(), variant: on(file, *provider)? },
            Beside::Gpu { name, typed } => Way { label: typed.clone(), variant: with_gpu(spec, name) },
        });
    }
    Ok(ways)
}

/// The spec beside what it would be with all of these changes.
pub(super) fn changed(spec: &ClusterSpec, changes: &[Change]) -> Result<Vec<Way>, Failure> {
    let (asked, label) = together(changes)?;
    Ok(vec![as_written(spec), Way { label, variant: asked.apply(spec) }])
}

/// All changes at once, and what that is called; each kind of change only once.
fn together(changes: &[Change]) -> Result<(WhatIf, String), Failure> {
    let (mut asked, mut words) = (WhatIf::default(), Vec::new());
    for change in changes {
        match *change {
            Change::Capacity(capacity) => {
                if asked.capacity.replace(capacity).is_some() {
                    return Err(twice("capacity"));
                }
                words.push(capacity.word().to_owned());
            }
            Change::Shares(shares) => {
                if asked.shares.replace(shares).is_some() {
                    return Err(twice("shares"));
                }
                words.push(if shares == 1 { "whole GPUs".to_owned() } else { format!("{shares} shares") });
            }
        }
    }
    Ok((asked, words.join(", ")))
}

fn twice(kind: &str) -> Failure {
    Failure::refused(format!("--what-if gives `{kind}` more than once"))
        .hint("all its changes are made together, so give each kind once")
}

/// The specs of those that can be had.
pub(super) fn specs(ways: &[Way]) -> Vec<&ClusterSpec> {
    ways.iter().filter_map(|way| way.variant.as_ref().ok()).map(|variant| &variant.spec).collect()
}

/// All of them priced.
pub(super) fn side_by_side(ways: Vec<Way>, book: &PriceBook) -> Comparison {
    let candidate = |way: Way| match way.variant.and_then(|variant| estimated(variant, book)) {
        Ok((estimate, notes)) => Candidate { label: way.label, estimate: Ok(estimate), notes },
        Err(why) => Candidate { label: way.label, estimate: Err(why), notes: Vec::new() },
    };
    compare_estimates(ways.into_iter().map(candidate).collect())
}

fn as_written(spec: &ClusterSpec) -> Way {
    Way { label: AS_WRITTEN.to_owned(), variant: Ok(Variant { spec: spec.clone(), notes: Vec::new() }) }
}

/// The file as it is read for another cloud.
fn on(file: &Path, provider: Provider) -> Result<Result<Variant, Vec<String>>, Failure> {
    let read = spec_file::read(file, Some(provider))?;
    let checked = read.map_err(|problems| problems.iter().map(ToString::to_string).collect::<Vec<_>>());
    Ok(checked.map(|checked| Variant { spec: checked.spec, notes: Vec::new() }))
}

fn estimated(variant: Variant, book: &PriceBook) -> Result<(Estimate, Vec<String>), Vec<String>> {
    let estimate = estimate(&variant.spec, book, forecast::today())
        .ok_or_else(|| vec!["berth does not buy the machines of a cluster that stands already".to_owned()])?;
    Ok((estimate, variant.notes))
}

#[cfg(test)]
mod tests {
    use berth_core::spec::Capacity;

    use super::{Change, WhatIf, together};

    #[test]
    fn each_kind_of_change_is_made_once() {
        let both = together(&[Change::Capacity(Capacity::Spot), Change::Shares(2)]);
        let asked = WhatIf { capacity: Some(Capacity::Spot), shares: Some(2) };
        assert_eq!(both, Ok((asked, "spot, 2 shares".to_owned())));
        let shares = together(&[Change::Shares(2), Change::Shares(2), Change::Shares(3)]).expect_err("given twice");
        assert_eq!(shares.message, "--what-if gives `shares` more than once");
        let capacity = [Change::Capacity(Capacity::Spot), Change::Shares(2), Change::Capacity(Capacity::OnDemand)];
        assert_eq!(together(&capacity).expect_err("given twice").message, "--what-if gives `capacity` more than once");
    }
}
