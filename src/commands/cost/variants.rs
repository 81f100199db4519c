//! The same wish in other ways: on other clouds, with other GPUs, bought otherwise.

use std::path::Path;

use berth_core::cost::{
    Candidate, Comparison, Estimate, PriceBook, Variant, WhatIf, compare as side_by_side, estimate, with_gpu,
};
use berth_core::spec::{Capacity, ClusterSpec, Provider};

use super::asked::Change;
use super::{forecast, priced};
use crate::failure::Failure;
use crate::spec_file;

/// An estimate with notes, or why there is none.
type Had = Result<(Estimate, Vec<String>), Vec<String>>;

/// What the file's own estimate is called.
const AS_WRITTEN: &str = "as the file says";

/// The spec beside what is named: clouds, for which the file is read anew, or models of GPUs.
///
/// The file's own estimate comes first, unless only clouds are named: then it is one of them, or not wanted.
pub(super) fn compare(
    file: &Path,
    spec: &ClusterSpec,
    names: &[String],
    book: &PriceBook,
) -> Result<Comparison, Failure> {
    let mut parts = Vec::new();
    if names.iter().any(|name| cloud(name).is_none()) {
        parts.push(as_written(spec, book)?);
    }
    for name in names {
        let part = match cloud(name) {
            Some(provider) => on(file, provider, book)?,
            None => with_gpu(spec, name).and_then(|variant| estimated(variant, book)),
        };
        parts.push(candidate(name.clone(), part));
    }
    Ok(side_by_side(parts))
}

/// The spec beside what it would be with all of these changes.
pub(super) fn what_if(spec: &ClusterSpec, changes: &[Change], book: &PriceBook) -> Result<Comparison, Failure> {
    let (mut asked, mut words) = (WhatIf::default(), Vec::new());
    for change in changes {
        match *change {
            Change::Capacity(capacity) => {
                asked.capacity = Some(capacity);
                words.push(bought(capacity).to_owned());
            }
            Change::Shares(shares) => {
                asked.shares = Some(shares);
                words.push(if shares == 1 { "whole GPUs".to_owned() } else { format!("{shares} shares") });
            }
        }
    }
    let part = asked.apply(spec).and_then(|variant| estimated(variant, book));
    Ok(side_by_side(vec![as_written(spec, book)?, candidate(words.join(", "), part)]))
}

fn as_written(spec: &ClusterSpec, book: &PriceBook) -> Result<Candidate, Failure> {
    Ok(candidate(AS_WRITTEN.to_owned(), Ok((priced(spec, book)?, Vec::new()))))
}

fn candidate(label: String, had: Had) -> Candidate {
    match had {
        Ok((estimate, notes)) => Candidate { label, estimate: Ok(estimate), notes },
        Err(why) => Candidate { label, estimate: Err(why), notes: Vec::new() },
    }
}

/// The file as it is read for another cloud.
fn on(file: &Path, provider: Provider, book: &PriceBook) -> Result<Had, Failure> {
    let read = spec_file::read(file, Some(provider))?;
    let checked = read.map_err(|problems| problems.iter().map(ToString::to_string).collect::<Vec<_>>());
    Ok(checked.and_then(|checked| estimated(Variant { spec: checked.spec, notes: Vec::new() }, book)))
}

fn estimated(variant: Variant, book: &PriceBook) -> Had {
    let estimate = estimate(&variant.spec, book, forecast::today())
        .ok_or_else(|| vec!["berth does not buy the machines of a cluster that stands already".to_owned()])?;
    Ok((estimate, variant.notes))
}

fn cloud(name: &str) -> Option<Provider> {
    match name {
        "gke" => Some(Provider::Gke),
        "eks" => Some(Provider::Eks),
        _ => None,
    }
}

fn bought(capacity: Capacity) -> &'static str {
    match capacity {
        Capacity::OnDemand => "on-demand",
        Capacity::Spot => "spot",
        Capacity::SpotThenOnDemand => "spot-then-on-demand",
    }
}
