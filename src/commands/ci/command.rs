//! What of `berth ci` can be typed.

use clap::{Args, Subcommand};

use super::{down, extend, list, up};
use crate::failure::{Exit, Failure};
use crate::settings::Settings;
use crate::ui::Ui;

#[derive(Debug, Args)]
pub(crate) struct CiArgs {
    #[command(subcommand)]
    command: CiCommand,
}

#[derive(Debug, Subcommand)]
enum CiCommand {
    /// Make an environment with an end, or join it; asks nothing
    ///
    /// Its name, owner, run and end stand on everything it is made of, from the first call on, so that any later `berth gc`
    /// can take it away. Outputs go to GITHUB_OUTPUT, GITHUB_ENV and GITHUB_STEP_SUMMARY where these are set.
    Up(up::UpArgs),
    /// Move the end of an environment; never to an earlier time
    Extend(extend::ExtendArgs),
    /// Show the environments with their ends, also those that are over
    List(list::ListArgs),
    /// Take an environment away; with --detach only mark it dying, in seconds, and leave the rest to `berth gc`
    Down(down::DownArgs),
}

/// Runs one of its commands.
pub(crate) async fn run(args: &CiArgs, settings: &Settings, ui: &Ui) -> Result<Exit, Failure> {
    match &args.command {
        CiCommand::Up(args) => up::run(args, settings, ui).await,
        CiCommand::Extend(args) => extend::run(args, settings, ui).await,
        CiCommand::List(args) => list::run(args, settings, ui).await,
        CiCommand::Down(args) => down::run(args, settings, ui).await,
    }
}
