//! The autoscaler's role: its own policy, and the service account it is for.

use berth_core::actions::eks::{EksAction, EksPartKind, EksPodIdentityState, EksRoleRef};
use berth_core::manifests::cluster_autoscaler::{NAME, NAMESPACE};
use berth_core::observed::{Observed, ObservedCloud};
use berth_core::rules::eks::roles::{AUTOSCALER, OWN_POLICY};
use berth_core::rules::eks::{addons, names};
use serde_json::json;

use crate::aws::Aws;
use crate::bench::Bench;
use crate::wish::{cluster, network, reference, roles, wanted};

fn association() -> EksAction {
    EksAction::CreatePodIdentity(wanted().autoscaler.unwrap().identity)
}

fn identities(observed: &Observed) -> &[EksPodIdentityState] {
    let ObservedCloud::Eks(description) = &observed.cluster.as_ref().unwrap().cloud else { panic!("a cluster of EKS") };
    &description.identities
}

/// A cluster without nodes.
async fn grounds() -> Bench {
    let (bench, wanted) = (Bench::start().await, wanted());
    for action in network(&wanted).into_iter().chain(roles(&wanted)).chain([cluster(&wanted)]) {
        bench.drive(action).await.unwrap();
    }
    bench
}

#[tokio::test]
async fn a_service_account_gets_its_role_once_and_loses_it() {
    let bench = grounds().await;
    assert_eq!(identities(&bench.observe().await), []);
    for _ in 0..2 {
        bench.drive(association()).await.unwrap();
        let observed = bench.observe().await;
        let [have] = identities(&observed) else { panic!("one association") };
        assert_eq!((have.namespace.as_str(), have.service_account.as_str()), (NAMESPACE, NAME));
        let role = names::role(&reference(), AUTOSCALER);
        assert_eq!(have.role_arn, format!("arn:aws:iam::123456789012:role/{role}"));
    }
    assert_eq!(bench.calls("eks:CreatePodIdentityAssociation").await, 1);
    let (cluster, namespace, service_account) = (reference(), NAMESPACE.to_owned(), NAME.to_owned());
    let deletion = EksAction::DeletePodIdentity { cluster, namespace, service_account };
    for _ in 0..2 {
        bench.drive(deletion.clone()).await.unwrap();
        assert_eq!(identities(&bench.observe().await), []);
    }
    assert_eq!(bench.calls("eks:DeletePodIdentityAssociation").await, 1);
    bench.stop().await;
}

#[tokio::test]
async fn an_association_with_another_role_is_replaced() {
    let bench = grounds().await;
    let mut other = wanted().autoscaler.unwrap().identity;
    other.identity.role = EksRoleRef::Made(names::role(&reference(), "ebs-csi"));
    bench.drive(EksAction::CreatePodIdentity(other)).await.unwrap();
    bench.drive(association()).await.unwrap();
    let observed = bench.observe().await;
    assert_eq!(identities(&observed).len(), 1);
    assert!(identities(&observed)[0].role_arn.contains("-autoscaler-"), "{:?}", identities(&observed));
    bench.stop().await;
}

#[tokio::test]
async fn an_answer_that_is_lost_makes_no_second_association() {
    let bench = grounds().await;
    bench.arm(json!({"on": "eks:CreatePodIdentityAssociation", "times": 2, "do": "drop-after"})).await;
    bench.drive(association()).await.unwrap();
    assert_eq!(identities(&bench.observe().await).len(), 1);
    bench.stop().await;
}

#[tokio::test]
async fn a_policy_that_somebody_changed_is_seen_and_put_back() {
    let bench = grounds().await;
    let role = names::role(&reference(), AUTOSCALER);
    let is_complete = async || {
        let parts = bench.observe().await.around.parts;
        let mut its = parts.iter().filter(|part| part.thing.kind == EksPartKind::Role && part.thing.id == role);
        its.next().unwrap().complete
    };
    assert!(is_complete().await);
    let iam = Aws::of(&bench).iam;
    let nothing = json!({"Version": "2012-10-17", "Statement": []}).to_string();
    let put = iam.put_role_policy().role_name(&role).policy_name(OWN_POLICY).policy_document(nothing);
    put.send().await.unwrap();
    assert!(!is_complete().await);
    for action in roles(&wanted()) {
        bench.drive(action).await.unwrap();
    }
    assert!(is_complete().await);
    iam.delete_role_policy().role_name(&role).policy_name(OWN_POLICY).send().await.unwrap();
    assert!(!is_complete().await);
    bench.stop().await;
}

#[test]
fn its_agent_is_always_wanted() {
    assert!(wanted().addons.iter().any(|addon| addon.name == addons::POD_IDENTITY));
}
