//! Asking how far an operation is, and looking at what it works on when its word is not enough.
//!
//! GKE ends an operation `DONE` also when it failed, and can leave half a pool behind; so the object itself is read before
//! anything is called good, and before anything is called gone.

use berth_core::observed::{Issue, ObservedCluster, Phase};
use berth_core::ports::{Progress, Ticket};
use berth_core::run::{Fault, FaultKind, LeftBehind, Retry};

use crate::classify::Said;
use crate::cloud::GkeCloud;
use crate::ticket::{ONLY_AWAITED, Target, Work};
use crate::{classify, read};

/// Looks once.
pub(crate) async fn poll(gke: &GkeCloud, ticket: &Ticket) -> Result<Progress, Fault> {
    let Some(work) = Work::from_ticket(ticket) else {
        return Err(Fault {
            kind: FaultKind::Other,
            tried: format!("ask about {}", ticket.target),
            said: format!("`{}` is no ticket of GKE's", ticket.operation),
            left_behind: LeftBehind::Unknown,
            retry: Retry::Never,
        });
    };
    let operation = gke.find_operation(&work.path()).await.map_err(|fault| not_seen(&work, fault))?;
    if let Some(operation) = operation.as_ref().filter(|operation| !read::is_done(operation)) {
        return Ok(Progress::Pending(read::detail(operation)));
    }
    // How somebody else's operation ended is not this run's affair: the next look shows what it left.
    if work.kind == ONLY_AWAITED {
        return Ok(Progress::Done);
    }
    let Some(operation) = operation else {
        return forgotten(gke, &work).await;
    };
    if let Some(said) = read::failure(&operation) {
        return failed(gke, &work, &said).await;
    }
    if work.creates() {
        return created(gke, &work.target, "GKE says that it is done").await;
    }
    Ok(Progress::Done)
}

/// The fault of a look at something being made or removed says nothing of what is there; a change leaves nothing new.
fn not_seen(work: &Work, fault: Fault) -> Fault {
    if work.creates() || work.removes() { classify::unseen(fault) } else { fault }
}

/// Whether what was to be made is there and well; also when no operation says so.
///
/// `because` is what led to believe that it is there.
pub(crate) async fn created(gke: &GkeCloud, target: &Target, because: &str) -> Result<Progress, Fault> {
    let look = look(gke, target).await.map_err(classify::unseen)?;
    let tried = format!("create {}", target.words());
    let Some(look) = look else {
        return Err(Fault {
            kind: FaultKind::NotFound,
            tried,
            said: format!("{because}, but {} is not there", target.words()),
            left_behind: LeftBehind::Nothing,
            retry: Retry::Never,
        });
    };
    match look.phase {
        Phase::Creating => return Ok(Progress::Pending(Some(format!("{} is being made", target.words())))),
        Phase::Deleting => {
            let said = format!("{} is being deleted", target.words());
            return Err(Fault { kind: FaultKind::Busy, tried, said, left_behind: look.left(), retry: Retry::Never });
        }
        _ => {}
    }
    let Some((subject, broken)) = look.broken.first() else { return Ok(Progress::Done) };
    let said = broken.as_ref().map_or_else(
        || format!("{subject} is broken, and GKE does not say why"),
        |issue| format!("{subject}: {} ({})", issue.message.trim().trim_end_matches('.'), issue.code),
    );
    let kind = broken.as_ref().map_or(FaultKind::Other, |issue| classify::of_issue(issue.cause));
    Err(Fault { kind, tried, said, left_behind: look.left(), retry: Retry::Never })
}

/// What is to be said of an operation that GKE does not know any more: what its target looks like has to tell how it ended.
async fn forgotten(gke: &GkeCloud, work: &Work) -> Result<Progress, Fault> {
    let because = format!("GKE does not know operation {} any more", work.operation);
    if work.creates() {
        return created(gke, &work.target, &because).await;
    }
    let phase = look(gke, &work.target).await.map_err(|fault| not_seen(work, fault))?.map(|look| look.phase);
    let target = work.target.words();
    let fault = |kind, tried, said, left_behind| Err(Fault { kind, tried, said, left_behind, retry: Retry::Never });
    if work.removes() {
        return match phase {
            None => Ok(Progress::Done),
            Some(Phase::Deleting) => Ok(Progress::Pending(Some(format!("{target} is being deleted")))),
            Some(_) => {
                let said = format!("{because}, and {target} is still there");
                fault(FaultKind::Other, format!("delete {target}"), said, LeftBehind::These(vec![target]))
            }
        };
    }
    match phase {
        Some(Phase::Updating) => Ok(Progress::Pending(Some(format!("{target} is being changed")))),
        // Whether the change took effect, the next plan shows: it reads every setting back.
        Some(_) => Ok(Progress::Done),
        None => {
            let said = format!("{because}, and {target} is not there");
            fault(FaultKind::NotFound, format!("change {target}"), said, LeftBehind::Nothing)
        }
    }
}

/// What an operation that ended with an error comes to, with what is there now.
async fn failed(gke: &GkeCloud, work: &Work, said: &Said) -> Result<Progress, Fault> {
    let (creates, removes) = (work.creates(), work.removes());
    let left_behind = if creates || removes {
        match look(gke, &work.target).await {
            Ok(Some(look)) => look.left(),
            // Whatever went wrong, it is gone, and that was the purpose.
            Ok(None) if removes => return Ok(Progress::Done),
            Ok(None) => LeftBehind::Nothing,
            Err(_) => LeftBehind::Unknown,
        }
    } else {
        LeftBehind::Nothing
    };
    let verb = match () {
        () if creates => "create",
        () if removes => "delete",
        () => "change",
    };
    Err(Fault {
        kind: classify::of_operation(said),
        tried: format!("{verb} {}", work.target.words()),
        said: classify::words(said),
        left_behind,
        retry: Retry::Never,
    })
}

/// A target as it is now.
struct Look {
    phase: Phase,
    /// Everything of it that exists, in words.
    there: Vec<String>,
    /// What of it is broken, each with the first issue that says why.
    broken: Vec<(String, Option<Issue>)>,
}

impl Look {
    fn left(&self) -> LeftBehind {
        LeftBehind::These(self.there.clone())
    }

    fn add(&mut self, words: String, phase: Phase, issues: &[Issue]) {
        if matches!(phase, Phase::Failed | Phase::Degraded) {
            self.broken.push((words.clone(), issues.first().cloned()));
        }
        self.there.push(match phase_words(phase) {
            Some(state) => format!("{words} ({state})"),
            None => words,
        });
    }
}

async fn look(gke: &GkeCloud, target: &Target) -> Result<Option<Look>, Fault> {
    let Some(name) = &target.pool else {
        let cluster = gke.find_cluster(&target.cluster).await?;
        return Ok(cluster.map(|cluster| look_at_cluster(&read::cluster(&cluster, &target.cluster.project))));
    };
    let Some(pool) = gke.find_pool(&target.cluster, name).await? else { return Ok(None) };
    let pool = read::pool(&pool, &[]);
    let mut look = Look { phase: pool.phase, there: Vec::new(), broken: Vec::new() };
    look.add(format!("pool {name}"), pool.phase, &pool.issues);
    Ok(Some(look))
}

fn look_at_cluster(cluster: &ObservedCluster) -> Look {
    let mut look = Look { phase: cluster.phase, there: Vec::new(), broken: Vec::new() };
    // Pools first: when a pool is broken, it and not the cluster says why.
    for pool in &cluster.pools {
        look.add(format!("pool {}", pool.name), pool.phase, &pool.issues);
    }
    look.add(format!("cluster {}", cluster.name), cluster.phase, &cluster.issues);
    look.there.rotate_right(1);
    look
}

fn phase_words(phase: Phase) -> Option<&'static str> {
    match phase {
        Phase::Creating => Some("being made"),
        Phase::Degraded => Some("made in part"),
        Phase::Failed => Some("broken"),
        Phase::Deleting => Some("being deleted"),
        Phase::Running | Phase::Updating | Phase::Unknown => None,
    }
}
