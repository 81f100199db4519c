//! When an environment of that id is there already: join it, take it over, or keep out.

use jiff::Timestamp;

use super::terms::Lease;

/// What is there under the name of a wanted lease.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing<'a> {
    /// The lease it bears.
    pub lease: &'a Lease,
    /// It is being deleted.
    pub is_leaving: bool,
}

/// What comes of wanting a lease that is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Joined {
    /// It goes on: the later of both ends, the new run.
    GoesOn(Lease),
    /// It was over and begins again; whoever wanted to take it away finds the new end.
    Renewed(Lease),
    /// It is being deleted; when that is done it can be made anew with the wanted lease.
    Leaving,
    /// It is somebody else's.
    Refused {
        /// Why, as a lower-case fragment.
        why: String,
    },
}

/// Decides whether a wanted lease may have what stands there.
pub fn join(standing: Standing<'_>, wanted: &Lease, now: Timestamp) -> Joined {
    let have = standing.lease;
    // A name cut short, or a file's name that ends like another's id, can bring two ids under one name.
    if have.id != wanted.id {
        return Joined::Refused { why: format!("what stands under this name is lease {}, not {}", have.id, wanted.id) };
    }
    if have.owner != wanted.owner {
        let by = have.run.as_ref().map(|run| format!(" (run {run})")).unwrap_or_default();
        let why = format!("lease {} belongs to {}{by}, not to {}", have.id, have.owner, wanted.owner);
        return Joined::Refused { why };
    }
    if standing.is_leaving {
        return Joined::Leaving;
    }
    if have.is_over(now) {
        return Joined::Renewed(wanted.clone());
    }
    let run = wanted.run.clone().or_else(|| have.run.clone());
    Joined::GoesOn(Lease { run, ..wanted.until(have.expires.max(wanted.expires)) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lease::LeaseId;

    fn lease(id: &str, owner: &str, run: Option<&str>, second: i64) -> Lease {
        let end = Timestamp::from_second(second).expect("a time");
        Lease::new(LeaseId::new(id).expect("an id"), owner, run, end).expect("a lease")
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).expect("a time")
    }

    #[test]
    fn the_same_owner_joins_with_the_later_end_and_the_new_run() {
        let have = lease("pr-1", "acme/app", Some("https://ci/1"), 500);
        let standing = Standing { lease: &have, is_leaving: false };
        let shorter = lease("pr-1", "acme/app", Some("https://ci/2"), 300);
        assert_eq!(join(standing, &shorter, at(100)), Joined::GoesOn(shorter.until(at(500))));
        let without_run = lease("pr-1", "acme/app", None, 900);
        let Joined::GoesOn(joined) = join(standing, &without_run, at(100)) else { panic!("it goes on") };
        assert_eq!((joined.run.as_deref(), joined.expires), (Some("https://ci/1"), at(900)));
    }

    #[test]
    fn one_that_is_over_is_renewed_unless_it_is_leaving() {
        let have = lease("pr-1", "acme/app", None, 500);
        let wanted = lease("pr-1", "acme/app", None, 900);
        assert_eq!(
            join(Standing { lease: &have, is_leaving: false }, &wanted, at(500)),
            Joined::Renewed(wanted.clone())
        );
        for now in [400, 600] {
            assert_eq!(join(Standing { lease: &have, is_leaving: true }, &wanted, at(now)), Joined::Leaving);
        }
    }

    #[test]
    fn others_are_refused_even_when_it_is_over() {
        let have = lease("pr-1", "acme/app", Some("https://ci/1"), 500);
        for now in [100, 900] {
            let standing = Standing { lease: &have, is_leaving: false };
            let wanted = lease("pr-1", "acme/other", None, 9000);
            let Joined::Refused { why } = join(standing, &wanted, at(now)) else { panic!("it is refused") };
            assert_eq!(why, "lease pr-1 belongs to acme/app (run https://ci/1), not to acme/other");
            let other_id = join(standing, &lease("pr-2", "acme/app", None, 9000), at(now));
            assert!(matches!(other_id, Joined::Refused { .. }));
        }
    }
}
