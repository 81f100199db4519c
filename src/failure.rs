//! Library errors become what the user sees: exit code, message, what is left behind, and hints, which alone know flags.

use std::error::Error;
use std::process::ExitCode;

use berth_core::actions::kube::KubeAction;
use berth_core::ports::JournalError;
use berth_core::run::{Fault, FaultKind};
use berth_core::spec::Provider;

/// The ways out when somebody else owns fields of the workloads.
pub(crate) const FORCE_CONFLICTS: &str =
    "leave those fields out of the files to let the other decide, or take them with --force-conflicts";

/// The documented exit codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Done.
    Done = 0,
    /// Refused, nothing touched.
    Refused = 1,
    /// The promise does not hold.
    Unverified = 3,
    /// Failed, nothing left.
    FailedClean = 4,
    /// Failed, something is still running and billed.
    FailedRunning = 5,
    /// `plan --exit-code` found changes.
    Changes = 6,
    /// `cost --fail-over` found more than the limit.
    OverLimit = 7,
    /// A mistake in berth.
    Bug = 70,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// Why a command could not do its work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure {
    /// Exit code.
    pub(crate) exit: Exit,
    /// What could not be done, a lower-case fragment.
    pub(crate) message: String,
    /// Why, outermost first.
    pub(crate) causes: Vec<String>,
    /// What exists and may be billed; always said by commands that may spend.
    pub(crate) left_behind: Option<String>,
    /// What to do, sentences; a command to copy stands alone on the next line.
    pub(crate) hints: Vec<String>,
}

impl Failure {
    /// A failure before anything was touched.
    pub(crate) fn refused(message: impl Into<String>) -> Self {
        Self::new(Exit::Refused, message)
    }

    /// A failure with this exit code.
    pub(crate) fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self { exit, message: message.into(), causes: Vec::new(), left_behind: None, hints: Vec::new() }
    }

    /// Adds a cause and the causes of the cause.
    pub(crate) fn because(mut self, error: impl Error) -> Self {
        self.causes.push(error.to_string());
        let mut source = error.source();
        while let Some(inner) = source {
            self.causes.push(inner.to_string());
            source = inner.source();
        }
        self
    }

    /// Adds a line of detail.
    pub(crate) fn detail(mut self, text: impl Into<String>) -> Self {
        self.causes.push(text.into());
        self
    }

    /// Says what is left.
    pub(crate) fn leaving(mut self, text: impl Into<String>) -> Self {
        self.left_behind = Some(text.into());
        self
    }

    /// Adds a hint, once.
    pub(crate) fn hint(mut self, text: impl Into<String>) -> Self {
        let text = text.into();
        if !self.hints.contains(&text) {
            self.hints.push(text);
        }
        self
    }

    /// The same failure, after money may have been spent: nothing of it is "nothing touched".
    pub(crate) fn after_spending(mut self, left: impl Into<String>) -> Self {
        if self.exit == Exit::Refused {
            self.exit = Exit::FailedRunning;
        }
        self.leaving(left)
    }

    /// A fault of a call to this cloud that reads: nothing was touched.
    pub(crate) fn reading(fault: &Fault, provider: Provider) -> Self {
        let failure = Self::refused(format!("cannot {}", fault.tried)).detail(fault.said.clone());
        hints(fault, provider).into_iter().fold(failure, Self::hint)
    }
}

impl From<JournalError> for Failure {
    fn from(error: JournalError) -> Self {
        Self::refused("cannot keep a journal of this run").because(error)
    }
}

/// What the user can do about a fault of a step through a cluster's Kubernetes API.
pub(crate) fn hints_inside(fault: &Fault, action: &KubeAction, provider: Provider) -> Vec<String> {
    let hint = match (action, fault.kind) {
        (KubeAction::ApplyObjects { force: false, .. }, _) if fault.said.contains("conflict with") => FORCE_CONFLICTS,
        // Identities and connections are the cloud's.
        (_, FaultKind::Credentials | FaultKind::Throttled | FaultKind::Unavailable | FaultKind::Lost) => {
            return hints(fault, provider);
        }
        (KubeAction::AwaitRollouts { .. }, _) => {
            "the cluster stays as it is; correct what the reason names, in the workloads' files or around them"
        }
        (_, FaultKind::TimedOut) => return hints(fault, provider),
        (KubeAction::ApplyObjects { .. }, FaultKind::Denied) => {
            "the identity must be able to do in the cluster what its workloads take, as cluster-admin can"
        }
        (KubeAction::ChangeNodes { force: false, .. }, FaultKind::Refused) => FORCE_CONFLICTS,
        (KubeAction::ChangeNodes { .. }, FaultKind::Denied) => "the identity must be able to get and patch nodes",
        _ => return Vec::new(),
    };
    vec![hint.to_owned()]
}

/// What the user can do about a fault of this cloud.
pub(crate) fn hints(fault: &Fault, provider: Provider) -> Vec<String> {
    let hint = match fault.kind {
        FaultKind::Credentials if provider == Provider::Eks => {
            "berth uses the AWS credential chain: environment, profile, web identity, container, instance; log in, or name a \
             profile with --profile:\n    aws sso login"
        }
        FaultKind::Credentials | FaultKind::Denied if provider == Provider::Existing => {
            "berth does what the user of the kubeconfig's context may do; it must be able to read and patch nodes, and to do what \
             the workloads take, as cluster-admin can"
        }
        FaultKind::Credentials => {
            "berth uses application-default credentials; log in, or name a key file in GOOGLE_APPLICATION_CREDENTIALS:\n    \
             gcloud auth application-default login"
        }
        FaultKind::Denied if provider == Provider::Eks => {
            "the refused action is named above; this prints policies that suffice, or for one command with --for:\n    \
             berth iam --provider eks"
        }
        FaultKind::Denied => {
            "the missing permission is named above; this prints a role that suffices, or for one command with --for:\n    \
             berth iam --provider gke"
        }
        FaultKind::Quota => "ask for more quota in the cloud console, or lower nodes.max or the GPU count in the file",
        FaultKind::Stockout => {
            "the zone has no such machines now; add zones to the pool, take another GPU, or run the same command again later"
        }
        FaultKind::Busy => "another operation holds the cluster; run the same command again, it waits for it",
        FaultKind::Throttled | FaultKind::Unavailable | FaultKind::Lost => {
            "the cloud did not answer as it should; run the same command again, it goes on where this one stopped"
        }
        FaultKind::TimedOut => "it may still end well; run the same command again, it takes up what is under way",
        FaultKind::Refused | FaultKind::NotFound | FaultKind::AlreadyExists | FaultKind::Journal | FaultKind::Other => {
            return Vec::new();
        }
    };
    vec![hint.to_owned()]
}
