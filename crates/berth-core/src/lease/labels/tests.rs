use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

fn map(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

fn lease(owner: &str, run: Option<&str>, expires: &str) -> Lease {
    let id = LeaseId::new("pr-123").expect("an id");
    Lease::new(id, owner, run, expires.parse().expect("a time")).expect("a lease")
}

#[test]
fn a_lease_is_written_as_labels() {
    let lease = lease("Acme/app", Some("https://ci/1"), "2026-11-21T16:30:00Z");
    let labels = map(&[
        ("berth-lease", "pr-123"),
        ("berth-owner", "_41cme_2fapp"),
        ("berth-expires", "2026-11-21t16-30-00z"),
        ("berth-run", "https_3a_2f_2fci_2f1"),
    ]);
    assert_eq!(lease.labels(), labels);
    assert_eq!(Lease::read(&labels), Some(Ok(lease)));
}

#[test]
fn what_is_not_whole_or_not_written_by_berth_is_an_error_and_never_a_guess() {
    assert_eq!(Lease::read(&map(&[("managed-by", "berth"), ("team", "film")])), None);
    let whole = lease("me@host", None, "2026-11-21T16:30:00Z").labels();
    for key in [LEASE_KEY, OWNER_OF_LEASE_KEY, EXPIRES_KEY] {
        let mut labels = whole.clone();
        labels.remove(key);
        assert_eq!(Lease::read(&labels), Some(Err(LeaseError::Missing { key })));
    }
    let wrong = [
        (LEASE_KEY, "PR"),
        (OWNER_OF_LEASE_KEY, ""),
        (OWNER_OF_LEASE_KEY, "me@host"),
        (OWNER_OF_LEASE_KEY, "me_4"),
        (OWNER_OF_LEASE_KEY, "me_6d"),
        (OWNER_OF_LEASE_KEY, "me_2F"),
        (OWNER_OF_LEASE_KEY, "me_+f"),
        (OWNER_OF_LEASE_KEY, "_ff"),
        (EXPIRES_KEY, "2026-11-21"),
        (EXPIRES_KEY, "2026-11-21t16-30-0z"),
        (EXPIRES_KEY, "2026-11-31t16-30-00z"),
        (EXPIRES_KEY, "soon"),
    ];
    for (key, value) in wrong {
        let mut labels = whole.clone();
        labels.insert(key.to_owned(), value.to_owned());
        let read = Lease::read(&labels).expect("a lease");
        assert!(matches!(read, Err(LeaseError::Unreadable { .. })), "{key}={value}: {read:?}");
    }
}

#[test]
fn a_shorter_run_is_read_whole_over_the_rest_of_a_longer_one() {
    let long = lease("me", Some(&"r".repeat(300)), "2026-11-21T16:30:00Z");
    let short = lease("me", Some(&"s".repeat(100)), "2026-11-21T16:30:00Z");
    let mut mixed = long.labels();
    mixed.extend(short.labels());
    assert_eq!(Lease::read(&mixed), Some(Ok(short.clone())));
    assert_eq!(stale(&mixed, &short.labels()), ["berth-run-3", "berth-run-4", "berth-run-5"]);
    assert_eq!(stale(&mixed, &map(&[("team", "film")])), Vec::<String>::new());
}

#[test]
fn a_run_too_long_for_its_labels_is_refused() {
    let id = || LeaseId::new("pr-1").expect("an id");
    let end = Timestamp::UNIX_EPOCH;
    assert!(Lease::new(id(), "me", Some(&"r".repeat(378)), end).is_ok());
    let error = Lease::new(id(), "me", Some(&"r".repeat(379)), end).expect_err("too long");
    assert!(error.to_string().ends_with("takes 379 characters in labels; there is room for 378"), "{error}");
}

#[test]
fn an_end_only_moves_back_for_another_lease() {
    let late = lease("me", None, "2026-11-21T18:00:00Z");
    let early = lease("me", Some("https://ci/2"), "2026-11-21T16:30:00Z");
    assert_eq!(settled(&late.labels(), &early.labels()), early.until(late.expires).labels());
    assert_eq!(settled(&early.labels(), &late.labels()), late.labels());
    let others = lease("you", None, "2026-11-21T18:00:00Z");
    assert_eq!(settled(&others.labels(), &early.labels()), early.labels());
    assert_eq!(settled(&late.labels(), &map(&[("team", "film")])), map(&[("team", "film")]));
}

/// Whether both clouds take this as the value of a label or tag.
fn is_value(value: &str) -> bool {
    value.len() <= 63
        && value.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_-".contains(&byte))
}

fn is_key(key: &str) -> bool {
    is_value(key) && key.starts_with(|first: char| first.is_ascii_lowercase())
}

proptest! {
    #[test]
    fn any_lease_fits_into_labels_and_is_read_back(
        id in "[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?",
        owner in "\\PC{1,63}",
        run in proptest::option::of("\\PC{1,378}"),
        second in 0_i64..253_402_300_799,
        nanosecond in 0_i32..1_000_000_000,
        others in vec(("[a-z]{1,9}", "[a-z]{0,9}"), 0..5),
    ) {
        let end = Timestamp::new(second, nanosecond).expect("a time");
        let id = LeaseId::new(&id).expect("an id");
        let made = Lease::new(id, &owner, run.as_deref(), end);
        let too_long = escaped(&owner).len() > 63 || run.as_ref().is_some_and(|run| escaped(run).len() > 378);
        prop_assert_eq!(made.is_err(), too_long);
        let Ok(lease) = made else { return Ok(()) };
        let mut labels = lease.labels();
        prop_assert!(labels.iter().all(|(key, value)| is_key(key) && is_value(value)), "{:?}", labels);
        labels.extend(others);
        prop_assert_eq!(Lease::read(&labels), Some(Ok(lease.clone())));
        prop_assert_eq!(marks(&labels), lease.labels());
        prop_assert_eq!((lease.owner, lease.run), (owner, run));
        prop_assert_eq!(lease.expires.as_second(), second);
    }

    #[test]
    fn what_is_read_is_what_is_written_again(owner in "[a-z0-9_-]{1,20}", expires in "\\PC{0,24}") {
        let labels = map(&[("berth-lease", "a"), ("berth-owner", &owner), ("berth-expires", &expires)]);
        if let Some(Ok(lease)) = Lease::read(&labels) {
            prop_assert_eq!(lease.labels(), labels);
        }
    }
}
