//! From the typed command to its `run`; only commands that wait get a runtime.

use berth_core::spec::Provider;
use clap::ValueEnum;

use crate::cli::{Command, OutputForm};
use crate::commands;
use crate::failure::{Exit, Failure};
use crate::settings::Settings;
use crate::ui::Ui;

/// A cloud, as a flag.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ProviderArg {
    /// Google Kubernetes Engine
    Gke,
    /// Amazon Elastic Kubernetes Service
    Eks,
}

impl From<ProviderArg> for Provider {
    fn from(arg: ProviderArg) -> Self {
        match arg {
            ProviderArg::Gke => Self::Gke,
            ProviderArg::Eks => Self::Eks,
        }
    }
}

/// Runs one command.
pub(crate) fn run(command: Command, settings: &Settings, ui: &Ui) -> Result<Exit, Failure> {
    if !matches!(command, Command::Cost(_)) && !matches!(ui.form(), OutputForm::Table | OutputForm::Json) {
        return Err(
            Failure::refused("only `berth cost` writes this form of output").hint("take --output table or json")
        );
    }
    match command {
        Command::Validate(args) => commands::validate::run(&args, ui),
        Command::Schema(args) => commands::schema::run(&args, ui),
        Command::Cost(args) => wait_for(commands::cost::run(&args, settings, ui)),
        Command::Plan(args) => wait_for(commands::plan::run(&args, settings, ui)),
        Command::Create(args) => wait_for(commands::create::run(&args, settings, ui)),
        Command::Destroy(args) => wait_for(commands::destroy::run(&args, settings, ui)),
        Command::Verify(args) => wait_for(commands::verify::run(&args, settings, ui)),
        Command::Status(args) => wait_for(commands::status::run(&args, settings, ui)),
        Command::List(args) => wait_for(commands::list::run(&args, settings, ui)),
        Command::Kubeconfig(args) => wait_for(commands::kubeconfig::run(&args, settings, ui)),
        Command::Token(args) => wait_for(commands::token::run(&args, settings, ui)),
        Command::Ci(args) => wait_for(commands::ci::run(&args, settings, ui)),
        Command::Gc(args) => wait_for(commands::gc::run(&args, settings, ui)),
        Command::Iam(args) => commands::iam::run(&args, ui),
        Command::Sim(args) => wait_for(commands::sim::run(&args, settings, ui)),
    }
}

/// Runs a command that waits for sockets; two threads are enough, because the work is waiting.
fn wait_for(work: impl Future<Output = Result<Exit, Failure>>) -> Result<Exit, Failure> {
    // Two crypto providers are in the tree and rustls does not choose between them by itself.
    if rustls::crypto::aws_lc_rs::default_provider().install_default().is_err() {
        return Err(Failure::new(Exit::Bug, "the crypto provider was installed twice"));
    }
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|error| Failure::refused("cannot start the async runtime").because(error))?
        .block_on(work)
}
