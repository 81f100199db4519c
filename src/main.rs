//! The command line: arguments in, exit code out.

mod cli;
mod clock;
mod commands;
mod event_json;
mod failure;
mod fleet;
mod home;
mod interrupt;
mod journal_file;
mod price_cache;
mod probe;
mod records;
mod revision;
mod run;
mod secrets;
mod settings;
mod spec_file;
mod tenancy;
mod ui;
mod which;
mod wiring;
mod workload_files;
mod workloads;

use std::process::ExitCode;

use clap::Parser;

use crate::failure::{Exit, Failure};

fn main() -> ExitCode {
    let cli = cli::Cli::parse();
    let ui = ui::Ui::new(&cli.global);
    let result = settings::Settings::new(&cli.global).and_then(|settings| commands::run(cli.command, &settings, &ui));
    match result {
        Ok(Exit::Done) if ui.has_lost_data() => {
            ui.failure(&Failure::refused("standard output could not be written"));
            Exit::Refused.into()
        }
        Ok(exit) => exit.into(),
        Err(failure) => {
            ui.failure(&failure);
            failure.exit.into()
        }
    }
}
