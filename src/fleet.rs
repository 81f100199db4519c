//! Several clusters in one run: all are looked at before anything is touched, one question is asked, all go on at once, and each
//! end is told.

use std::collections::BTreeSet;
use std::future::Future;

use berth_core::spec::ClusterSpec;
use berth_report::words::count;
use futures::stream::{self, StreamExt};

use crate::failure::{Exit, Failure};
use crate::settings::Settings;
use crate::ui::Ui;
use crate::wiring::{self, Doors};

/// Clusters that are looked at, or worked on, at once. What runs in a cloud costs no more than a poll now and then, and how often
/// an API is called has a bound of its own.
const AT_ONCE: usize = 64;

/// Carries something out for each of these at once; what comes of them is in their order.
pub(crate) async fn at_once<T>(all: impl Iterator<Item = impl Future<Output = T>>) -> Vec<T> {
    // Collected first: the futures of a lazy iterator would borrow what it borrows.
    let all: Vec<_> = all.collect();
    stream::iter(all).buffered(AT_ONCE).collect().await
}

/// All of them, or a failure that says how many cannot be had; each is told by itself.
pub(crate) fn all_or_none<T>(results: Vec<Result<T, Failure>>, what: &str, ui: &Ui) -> Result<Vec<T>, Failure> {
    let (mut all, mut failures, number) = (Vec::new(), Vec::new(), results.len());
    for result in results {
        match result {
            Ok(one) => all.push(one),
            Err(failure) => failures.push(failure),
        }
    }
    if failures.is_empty() {
        return Ok(all);
    }
    failures.iter().for_each(|failure| ui.failure(failure));
    let left = "nothing was touched, of no cluster";
    Err(Failure::refused(format!("{} of {number} {what}", failures.len())).leaving(left))
}

/// The end of the whole run: the worst of the ends.
pub(crate) fn end(results: Vec<Result<Exit, Failure>>, done: &str, ui: &Ui) -> Result<Exit, Failure> {
    let number = results.len();
    let failures: Vec<Failure> = results.into_iter().filter_map(Result::err).collect();
    failures.iter().for_each(|failure| ui.failure(failure));
    let Some(worst) = failures.iter().map(|failure| failure.exit).max_by_key(|exit| weight(*exit)) else {
        ui.talk(&format!("{} {done}", count(number, "cluster")));
        return Ok(Exit::Done);
    };
    let failure = Failure::new(worst, format!("{} of {} not {done}", failures.len(), count(number, "cluster")));
    Err(failure.hint("run the same command again: what is done stays, the rest goes on"))
}

/// What a pipeline has to know first: that something runs on and is billed.
fn weight(exit: Exit) -> u8 {
    match exit {
        Exit::Done | Exit::Changes | Exit::OverLimit => 0,
        Exit::Refused => 1,
        Exit::FailedClean => 2,
        Exit::Unverified => 3,
        Exit::FailedRunning => 4,
        Exit::Bug => 5,
    }
}

/// Refuses a cluster that two files describe: they would work against each other.
pub(crate) fn distinct<'a>(clusters: impl Iterator<Item = (String, &'a str)>) -> Result<(), Failure> {
    let mut seen = BTreeSet::new();
    for (place, name) in clusters {
        if !seen.insert((place.clone(), name)) {
            return Err(Failure::refused(format!("two of the files describe cluster {name} ({place})"))
                .leaving("nothing was touched"));
        }
    }
    Ok(())
}

/// Asks whether all of them are to go on; `wanted` is the answer that says so.
pub(crate) fn agree(question: &str, wanted: &[&str], nothing: &str, ui: &Ui) -> Result<(), Failure> {
    match ui.ask(&format!("\n{question}")) {
        Some(answer) if wanted.contains(&answer.to_lowercase().as_str()) => Ok(()),
        Some(_) => Err(Failure::refused("not confirmed").leaving(nothing)),
        None => Err(Failure::refused("there is no terminal to ask on")
            .leaving(nothing)
            .hint("confirm beforehand with --yes")),
    }
}

/// Opens the doors that each of these needs, one after the other: the first ones may have to start the simulated clouds.
pub(crate) async fn open(
    specs: impl Iterator<Item = &ClusterSpec>,
    settings: &Settings,
) -> Result<Vec<Doors>, Failure> {
    let mut opened = Vec::new();
    for spec in specs {
        match wiring::open_for(spec, settings).await {
            Ok(doors) => opened.push(doors),
            Err(failure) => {
                close(opened).await;
                return Err(failure);
            }
        }
    }
    Ok(opened)
}

/// Closes all doors, the first ones last: a simulator of this process stands behind them.
pub(crate) async fn close(doors: Vec<Doors>) {
    for doors in doors.into_iter().rev() {
        doors.close().await;
    }
}
