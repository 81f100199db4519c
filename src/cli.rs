//! What can be typed: global flags and the list of commands. Each command's own flags stand in its file.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::commands::{self, ProviderArg};

/// GPU Kubernetes clusters on GKE and EKS, from one file.
///
/// Creates the cluster and its spot GPU pools, shares the GPUs, proves that every GPU the file promises is allocatable,
/// and takes everything away again.
#[derive(Debug, Parser)]
#[command(name = "berth", version, propagate_version = true, max_term_width = 120)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: GlobalArgs,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Flags every command takes.
#[derive(Debug, Clone, Args)]
pub(crate) struct GlobalArgs {
    /// Use the simulated clouds instead of the real ones; no account is needed
    ///
    /// Meets a running `berth sim serve` of the same state directory, else runs one inside this process.
    #[arg(long, global = true)]
    pub(crate) simulate: bool,
    /// Form of the data on standard output
    #[arg(long, short, global = true, value_enum, default_value_t = OutputForm::Table)]
    pub(crate) output: OutputForm,
    /// Say nothing on standard error but failures and questions
    #[arg(long, short, global = true)]
    pub(crate) quiet: bool,
    /// berth's own folder; before `BERTH_STATE_DIR`
    #[arg(long, global = true, value_name = "FOLDER")]
    pub(crate) state_dir: Option<PathBuf>,
    /// Google Cloud project; before the file's and the environment's
    #[arg(long, global = true, value_name = "ID")]
    pub(crate) project: Option<String>,
    /// AWS profile; before `AWS_PROFILE`
    #[arg(long, global = true, value_name = "NAME")]
    pub(crate) profile: Option<String>,
}

/// Form of the data on standard output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum OutputForm {
    /// Tables and sentences for people.
    Table,
    /// JSON; long commands write their events as JSON lines, the report last.
    Json,
    /// CSV with a head; only for `cost`.
    Csv,
    /// Markdown, for a comment on a change; only for `cost`.
    Markdown,
    /// One HTML page with charts that needs nothing else; only for `cost`.
    Html,
    /// Prometheus's text format; only for `cost`.
    Prometheus,
}

/// Name or file of one cluster.
#[derive(Debug, Clone, Args)]
pub(crate) struct WhichCluster {
    /// Name of the cluster
    #[arg(value_name = "NAME", required_unless_present = "file", conflicts_with = "file")]
    pub(crate) name: Option<String>,
    /// Take name, place and project from this spec
    #[arg(long, short, value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
    /// Cloud of the cluster: looked for in both, if only its name is given; instead of the one the file names
    #[arg(long, value_enum)]
    pub(crate) provider: Option<ProviderArg>,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Check spec files and report every problem at once; needs no cloud
    Validate(commands::validate::ValidateArgs),
    /// Print the JSON Schema of spec files, for editors
    Schema(commands::schema::SchemaArgs),
    /// Estimate what a spec will cost, which needs no cloud, or tell what a cluster costs and has cost
    Cost(commands::cost::CostArgs),
    /// Show what `create` would do, and what it would not do and why
    Plan(commands::plan::PlanArgs),
    /// Make the cloud be as the file says, and prove it; safe to run again at any time
    Create(commands::create::CreateArgs),
    /// Take a cluster away, from any half-made state, and prove that nothing is left
    Destroy(commands::destroy::DestroyArgs),
    /// Compare the GPUs the file promises with those that are allocatable
    Verify(commands::verify::VerifyArgs),
    /// Show one cluster, its pools, nodes and running operations
    Status(commands::status::StatusArgs),
    /// Show the clusters that berth made
    List(commands::list::ListArgs),
    /// Write a kubeconfig for a cluster; it uses `berth token`, no cloud CLI is needed
    Kubeconfig(commands::kubeconfig::KubeconfigArgs),
    /// Print a credential for kubectl (an exec credential plugin)
    Token(commands::token::TokenArgs),
    /// Environments for pipelines, which end by themselves
    Ci(commands::ci::CiArgs),
    /// Find what is left or over, and take it away when told to
    Gc(commands::gc::GcArgs),
    /// Print the rights that suffice, as a role of Google Cloud or a policy of AWS; needs no cloud
    Iam(commands::iam::IamArgs),
    /// Run, inspect and reset the simulated clouds
    Sim(commands::sim::SimArgs),
}
