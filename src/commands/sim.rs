//! `berth sim`: run, inspect and reset the simulated clouds.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use crate::failure::{Exit, Failure};
use crate::home::make_private;
use crate::settings::{Settings, legal_speed, sim_speed};
use crate::ui::Ui;
use crate::ui::render;
use crate::wiring::Simulated;

#[derive(Debug, Args)]
pub(crate) struct SimArgs {
    #[command(subcommand)]
    command: SimCommand,
}

#[derive(Debug, Subcommand)]
enum SimCommand {
    /// Serve the simulated clouds until Ctrl-C, for gcloud, kubectl and other processes of berth
    Serve(ServeArgs),
    /// Print the settings that point gcloud, kubectl and client libraries at the served clouds
    ///
    /// Use it as `eval "$(berth sim env)"`.
    Env,
    /// Forget every simulated cluster, call and fault
    Reset,
    /// Show the calls that were made and what is still billed
    Ledger,
    /// Arm, show and clear faults
    Fault(FaultArgs),
    /// Let the simulated clouds allow only what a role or policy says
    Policy(PolicyArgs),
    /// Let simulated time pass
    Advance {
        /// How much, for example 2h
        #[arg(value_parser = crate::commands::verify::duration)]
        by: Duration,
    },
}

#[derive(Debug, Args)]
struct ServeArgs {
    /// Simulated seconds per second; default: `BERTH_SIM_SPEED`, else 60
    #[arg(long)]
    speed: Option<f64>,
    /// Address to listen on; port 0 lets the system choose
    #[arg(long, default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// What ids and durations of a new world follow from, so that a run can be repeated; default: a random text
    #[arg(long, value_name = "TEXT")]
    seed: Option<String>,
}

#[derive(Debug, Args)]
struct FaultArgs {
    #[command(subcommand)]
    command: FaultCommand,
}

#[derive(Debug, Subcommand)]
enum FaultCommand {
    /// Arm a rule, or a list of rules
    Add {
        /// For example `{"on":"CreateNodePool","nth":1,"times":1,"do":"drop-after"}`
        rule: String,
    },
    /// Show the armed rules and how often they fired
    List,
    /// Disarm all rules
    Clear,
}

#[derive(Debug, Args)]
struct PolicyArgs {
    #[command(subcommand)]
    command: PolicyCommand,
}

#[derive(Debug, Subcommand)]
enum PolicyCommand {
    /// Put roles of Google Cloud or policies of AWS into force, in place of the cloud's earlier ones
    Set {
        /// YAML or JSON, as `berth iam` prints it; - for standard input
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
    },
    /// Show what is in force, what was refused, and which rights nothing has needed so far
    Show,
    /// Allow everything again
    Clear,
}

pub(crate) async fn run(args: &SimArgs, settings: &Settings, ui: &Ui) -> Result<Exit, Failure> {
    match &args.command {
        SimCommand::Serve(serve_args) => serve(serve_args, settings, ui).await,
        SimCommand::Env => env(settings, ui).await,
        SimCommand::Reset => {
            reset(settings).await?;
            ui.talk("The simulated clouds are empty");
            Ok(Exit::Done)
        }
        SimCommand::Ledger => {
            let ledger = ask(settings, reqwest::Method::GET, "ledger", None).await?;
            ui.report(&ledger, || render::ledger::text(&ledger));
            Ok(Exit::Done)
        }
        SimCommand::Advance { by } => {
            let body = json!({"seconds": by.as_secs()});
            let answer = ask(settings, reqwest::Method::POST, "clock/advance", Some(body)).await?;
            ui.report(&answer, || format!("It is now {}", answer["now"].as_str().unwrap_or("?")));
            Ok(Exit::Done)
        }
        SimCommand::Fault(fault) => faults(&fault.command, settings, ui).await,
        SimCommand::Policy(policy) => policies(&policy.command, settings, ui).await,
    }
}

/// Empties a served world by asking; one that nobody serves is deleted, whatever state its files are in.
async fn reset(settings: &Settings) -> Result<(), Failure> {
    let dir = settings.home.sim();
    if berth_sim::attach(&dir).await.is_some() {
        return ask(settings, reqwest::Method::POST, "reset", None).await.map(|_| ());
    }
    match std::fs::remove_dir_all(&dir) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(Failure::refused(format!("cannot delete {}", dir.display())).because(error))
        }
        _ => Ok(()),
    }
}

async fn serve(args: &ServeArgs, settings: &Settings, ui: &Ui) -> Result<Exit, Failure> {
    let speed = args.speed.map_or_else(sim_speed, |speed| legal_speed(speed, "--speed"))?;
    make_private(&settings.home.sim())?;
    let (dir, seed) = (Some(settings.home.sim()), args.seed.clone());
    let options = berth_sim::Options { dir, speed, listen: args.listen, seed };
    let simulator = berth_sim::Simulator::start(options)
        .await
        .map_err(|error| Failure::refused("cannot serve the simulated clouds").because(error))?;
    let endpoints = simulator.endpoints();
    ui.report(&json!(endpoints), || exports(&berth_sim::env(endpoints)));
    ui.talk(&format!(
        "Serving the simulated clouds on {} at {speed} times real time; Ctrl-C ends it",
        endpoints.base_url
    ));
    tokio::select! {
        () = simulator.wait() => {}
        () = ended() => {}
    }
    simulator.stop().await;
    Ok(Exit::Done)
}

/// Ctrl-C, or a polite request to end.
async fn ended() {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut terminate) = signal(SignalKind::terminate()) else {
        return drop(tokio::signal::ctrl_c().await);
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminate.recv() => {}
    }
}

async fn env(settings: &Settings, ui: &Ui) -> Result<Exit, Failure> {
    let variables = berth_sim::env(&Simulated::attach(settings).await?.endpoints);
    let value: serde_json::Map<String, Value> =
        variables.iter().map(|(name, value)| (name.clone(), json!(value))).collect();
    ui.report(&Value::Object(value), || exports(&variables));
    Ok(Exit::Done)
}

fn exports(variables: &[(String, String)]) -> String {
    let lines: Vec<String> =
        variables.iter().map(|(name, value)| format!("export {name}='{}'", value.replace('\'', r"'\''"))).collect();
    lines.join("\n")
}

async fn faults(command: &FaultCommand, settings: &Settings, ui: &Ui) -> Result<Exit, Failure> {
    let answer = match command {
        FaultCommand::Add { rule } => {
            let rule: Value =
                serde_json::from_str(rule).map_err(|error| Failure::refused("the rule is not JSON").because(error))?;
            ask(settings, reqwest::Method::POST, "faults", Some(rule)).await?
        }
        FaultCommand::List => ask(settings, reqwest::Method::GET, "faults", None).await?,
        FaultCommand::Clear => ask(settings, reqwest::Method::DELETE, "faults", None).await?,
    };
    ui.json(&answer);
    Ok(Exit::Done)
}

async fn policies(command: &PolicyCommand, settings: &Settings, ui: &Ui) -> Result<Exit, Failure> {
    let answer = match command {
        PolicyCommand::Set { files } => {
            let mut documents = Vec::new();
            for file in files {
                match policy(file)? {
                    Value::Array(all) => documents.extend(all),
                    one => documents.push(one),
                }
            }
            ask(settings, reqwest::Method::POST, "policy", Some(Value::from(documents))).await?
        }
        PolicyCommand::Show => ask(settings, reqwest::Method::GET, "policy", None).await?,
        PolicyCommand::Clear => ask(settings, reqwest::Method::DELETE, "policy", None).await?,
    };
    ui.json(&answer);
    Ok(Exit::Done)
}

/// One role, policy or list of policies; JSON is YAML too.
fn policy(file: &Path) -> Result<Value, Failure> {
    let name = file.display();
    let text =
        if file == Path::new("-") { std::io::read_to_string(std::io::stdin()) } else { std::fs::read_to_string(file) };
    let text = text.map_err(|error| Failure::refused(format!("cannot read {name}")).because(error))?;
    serde_saphyr::from_str(&text).map_err(|error| Failure::refused(format!("{name} is not YAML")).because(error))
}

/// Asks the simulator's control interface; starts a simulator for the question when none is served.
async fn ask(settings: &Settings, method: reqwest::Method, path: &str, body: Option<Value>) -> Result<Value, Failure> {
    let simulated = Simulated::open(settings).await?;
    let answer = simulated.ask(method, path, body).await;
    simulated.close().await;
    answer
}
