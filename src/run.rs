//! Carrying out a plan in front of the user: journal, progress, Ctrl-C.

use berth_core::plan::Plan;
use berth_core::run::Outcome;
use berth_engine::{Outside, Policy, Stopper, execute, stop_channel};
use tokio::sync::mpsc;

use crate::failure::Failure;
use crate::journal_file::JournalFile;
use crate::settings::Settings;
use crate::ui::Ui;
use crate::wiring::Doors;

/// Carries out a plan for `verb` (`create`, `destroy`) on `cluster` and shows it.
pub(crate) async fn carry_out(
    (verb, cluster): (&str, &str),
    plan: &Plan,
    doors: &Doors,
    settings: &Settings,
    ui: &Ui,
) -> Result<Outcome, Failure> {
    let mut journal = JournalFile::begin(&settings.home, verb, cluster)?;
    let (events, shown) = mpsc::unbounded_channel();
    let (stopper, stop) = stop_channel();
    let watch = tokio::spawn(listen_for_ctrl_c(stopper));
    let goal = format!("{verb} {cluster}");
    // Two runs at once must not retry in step with each other.
    let policy = Policy { jitter_seed: u64::from(std::process::id()), ..Policy::default() };
    let outside = Outside { hands: doors, clock: &doors.clock, journal: &mut journal, events, stop };
    let (outcome, ()) = tokio::join!(execute(&goal, plan, outside, &policy), ui.follow(shown, doors.clock.clone()));
    watch.abort();
    Ok(outcome)
}

/// Ctrl-C once finishes what runs and begins nothing new; twice leaves at once.
async fn listen_for_ctrl_c(stopper: Stopper) {
    if tokio::signal::ctrl_c().await.is_ok() {
        stopper.finish();
    }
    if tokio::signal::ctrl_c().await.is_ok() {
        stopper.leave();
    }
}
