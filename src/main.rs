//! The command line: arguments in, exit code out.

mod cli;
mod clock;
mod commands;
mod event_json;
mod failure;
mod home;
mod journal_file;
mod run;
mod settings;
mod spec_file;
mod through_kubernetes;
mod ui;
mod which;
mod wiring;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    let cli = cli::Cli::parse();
    let ui = ui::Ui::new(&cli.global);
    let result = settings::Settings::new(&cli.global).and_then(|settings| commands::run(cli.command, &settings, &ui));
    match result {
        Ok(exit) => exit.into(),
        Err(failure) => {
            ui.failure(&failure);
            failure.exit.into()
        }
    }
}
