use proptest::prelude::*;

use super::*;

fn id(id: &str) -> LeaseId {
    LeaseId::new(id).expect("an id")
}

#[test]
fn names_that_fit_are_whole_and_others_keep_the_id_and_a_hash() {
    assert_eq!(cluster_name("dubbing", &id("pr-123"), Provider::Gke), "dubbing-pr-123");
    let long = cluster_name(&"b".repeat(40), &id("pr-123"), Provider::Gke);
    assert_eq!(long.len(), 40);
    assert!(long.starts_with("bbbbbbbb") && long.contains("-pr-123-"), "{long}");
    let both = cluster_name(&"b".repeat(40), &id(&"i".repeat(40)), Provider::Gke);
    assert_eq!(both.len(), 40);
    assert!(both.starts_with("bbbbbbbb-iiiiiiii"), "{both}");
    let eks = cluster_name(&"b".repeat(100), &id("pr-123"), Provider::Eks);
    assert!(eks.len() == 100 && eks.contains("-pr-123-"), "{eks}");
}

#[test]
fn cut_names_of_two_leases_differ_and_no_dash_is_doubled() {
    let base = format!("{}-{}", "a".repeat(23), "b".repeat(16));
    let (one, two) = (cluster_name(&base, &id("pr-1"), Provider::Gke), cluster_name(&base, &id("pr-2"), Provider::Gke));
    assert_ne!(one, two);
    assert!(!one.contains("--"), "{one}");
}

fn is_gke_name(name: &str) -> bool {
    let word = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    name.len() <= 40
        && name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.ends_with(word)
        && name.chars().all(|c| word(c) || c == '-')
}

fn is_eks_name(name: &str) -> bool {
    name.len() <= 100
        && name.starts_with(|c: char| c.is_ascii_alphanumeric())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
}

proptest! {
    #[test]
    fn any_name_under_any_lease_is_one_its_cloud_takes(
        gke in "[a-z]([a-z0-9-]{0,38}[a-z0-9])?",
        eks in "[0-9A-Za-z][0-9A-Za-z_-]{0,99}",
        one in "[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?",
        other in "[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?",
    ) {
        let on_gke = cluster_name(&gke, &id(&one), Provider::Gke);
        let on_eks = cluster_name(&eks, &id(&one), Provider::Eks);
        prop_assert!(is_gke_name(&on_gke), "{}", on_gke);
        prop_assert!(is_eks_name(&on_eks), "{}", on_eks);
        prop_assert_eq!(&on_gke, &cluster_name(&gke, &id(&one), Provider::Gke));
        if one != other {
            prop_assert_ne!(on_gke, cluster_name(&gke, &id(&other), Provider::Gke));
            prop_assert_ne!(on_eks, cluster_name(&eks, &id(&other), Provider::Eks));
        }
    }
}
