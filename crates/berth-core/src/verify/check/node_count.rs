//! Whether a pool has as many nodes as promised, and if not, what the cloud says about it.

use crate::observed::{Issue, IssueCause, ObservedPool, ObservedPoolSettings, Phase};
use crate::spec::ANY_NUMBER;
use crate::verify::evidence::PoolEvidence;
use crate::verify::report::{Shortfall, Verdict};

const NAME: &str = "nodes";

pub(super) fn check(evidence: &PoolEvidence<'_>) -> Vec<Shortfall> {
    let nodes = evidence.nodes.len();
    let (min, max) = (evidence.spec.nodes.min as usize, evidence.spec.nodes.max as usize);
    if evidence.spec.nodes.max == ANY_NUMBER {
        let cause = format!("{nodes} of at least {min} nodes have the labels of its nodeSelector");
        return if nodes < min { vec![evidence.shortfall(NAME, Verdict::Failed, cause)] } else { Vec::new() };
    }
    if evidence.pools.is_empty() {
        return vec![evidence.shortfall(NAME, Verdict::Failed, "the cluster has no such pool".to_owned())];
    }
    if nodes > max {
        let cause = format!(
            "{nodes} nodes, the file allows {max}; the autoscaler or an upgrade in progress may add some for a while"
        );
        return vec![evidence.shortfall(NAME, Verdict::Waiting, cause)];
    }
    let short = nodes < min;
    let dead = evidence.pools.iter().all(|pool| matches!(pool.phase, Phase::Failed | Phase::Deleting));
    if !short && !dead {
        return Vec::new();
    }
    // One group that can still bring nodes is enough; one of which no nodes are wanted brings none.
    let asked: Vec<&ObservedPool> = evidence.pools.iter().copied().filter(|pool| is_asked(pool)).collect();
    let asked = if asked.is_empty() { evidence.pools.clone() } else { asked };
    let is_one = asked.len() == 1;
    let judged = asked.into_iter().map(|pool| {
        let (verdict, reason) = judge(pool);
        (verdict, if is_one { reason } else { format!("{}: {reason}", pool.name) })
    });
    let (verdicts, reasons): (Vec<Verdict>, Vec<String>) = judged.unzip();
    let verdict = verdicts.into_iter().min().unwrap_or(Verdict::Failed);
    vec![evidence.shortfall(NAME, verdict, format!("{nodes} of at least {min} nodes: {}", reasons.join("; ")))]
}

fn is_asked(pool: &ObservedPool) -> bool {
    match &pool.settings {
        ObservedPoolSettings::Gke(_) => true,
        ObservedPoolSettings::Eks(group) => group.desired > 0,
    }
}

fn judge(pool: &ObservedPool) -> (Verdict, String) {
    match pool.phase {
        Phase::Deleting => (Verdict::Failed, "the pool is being deleted".to_owned()),
        Phase::Failed => (Verdict::Failed, format!("the pool failed ({})", reason(&pool.issues))),
        _ => (hope(&pool.issues), reason(&pool.issues)),
    }
}

/// Machines may come back into stock; a quota or a permission stays as it is until somebody changes it.
fn hope(issues: &[Issue]) -> Verdict {
    let hopeless = issues.iter().any(|issue| matches!(issue.cause, IssueCause::Quota | IssueCause::Permission));
    if hopeless { Verdict::Failed } else { Verdict::Waiting }
}

fn reason(issues: &[Issue]) -> String {
    if issues.is_empty() {
        return "the cloud gives no reason, they may still be starting".to_owned();
    }
    let words = issues.iter().map(|issue| {
        let meaning = match issue.cause {
            IssueCause::Stockout => "out of stock",
            IssueCause::Quota => "quota",
            IssueCause::Permission => "permission",
            IssueCause::Other => "problem",
        };
        format!("{meaning}, {}: {}", issue.code, issue.message)
    });
    words.collect::<Vec<_>>().join("; ")
}
