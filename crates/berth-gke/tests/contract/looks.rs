//! Reading: the whole project, and what preflight has to know.

use std::collections::BTreeMap;

use berth_core::actions::gke::GkeAction;
use berth_core::observed::Phase;
use berth_core::ports::Eyes;
use berth_core::spec::{Autoscaler, CloudSpec, ClusterSpec, GkeSpec, NetworkPolicy, Place};
use berth_gke::{CredentialSource, GkeCloud, Settings};
use serde_json::json;

use crate::bench::{Bench, REGION, wanted};

fn spec() -> ClusterSpec {
    ClusterSpec {
        name: "dubbing".to_owned(),
        labels: BTreeMap::new(),
        place: Place { region: REGION.to_owned(), zone: None },
        cloud: CloudSpec::Gke(GkeSpec { project: None, settings: wanted().settings, secure_boot: false }),
        pools: Vec::new(),
        quotas: None,
        secrets: Vec::new(),
        autoscaler: Autoscaler::default(),
        network_policy: NetworkPolicy::default(),
    }
}

#[tokio::test]
async fn the_fleet_has_all_clusters_and_names_the_zones_that_did_not_answer() {
    let bench = Bench::start().await;
    bench.carry_out(GkeAction::CreateCluster(Box::new(wanted()))).await.unwrap();
    let mut zonal = wanted();
    zonal.cluster.location = "us-central1-a".to_owned();
    zonal.pools.iter_mut().for_each(|pool| pool.zones = vec!["us-central1-a".to_owned()]);
    bench.carry_out(GkeAction::CreateCluster(Box::new(zonal))).await.unwrap();
    let fleet = bench.gke.fleet().await.unwrap();
    let places: Vec<&str> = fleet.clusters.iter().map(|cluster| cluster.place.location()).collect();
    assert_eq!(places, ["us-central1", "us-central1-a"]);
    assert!(fleet.clusters.iter().all(|cluster| cluster.phase == Phase::Running));
    assert!(fleet.unreachable.is_empty());
    bench.arm(json!({"on": "ListClusters", "do": {"missing-zone": {"zone": "europe-west4-b"}}})).await;
    assert_eq!(bench.gke.fleet().await.unwrap().unreachable, ["europe-west4-b"]);
    bench.stop().await;
}

#[tokio::test]
async fn preflight_learns_who_where_what_and_how_much() {
    let bench = Bench::start().await;
    let facts = bench.gke.facts(&spec()).await.unwrap();
    assert_eq!(facts.identity.as_deref(), Some("pilot@berth-sim.example"));
    assert_eq!(facts.account, berth_sim::PROJECT);
    assert!(facts.zones.contains("us-central1-a") && facts.zones.iter().all(|zone| zone.starts_with(REGION)));
    let sold = facts.accelerators.unwrap();
    assert!(sold["us-central1-a"].contains("nvidia-tesla-v100"));
    assert!(sold.keys().all(|zone| zone.starts_with(REGION)));
    let quotas = facts.quotas.unwrap();
    let has = |metric: &str, region: Option<&str>| {
        quotas.iter().any(|quota| quota.metric == metric && quota.region.as_deref() == region)
    };
    assert!(has("PREEMPTIBLE_NVIDIA_V100_GPUS", Some(REGION)));
    assert!(has("GPUS_ALL_REGIONS", None));
    assert!(!facts.versions.is_empty());
    assert_eq!(facts.unread, [""; 0]);
    bench.stop().await;
}

#[tokio::test]
async fn what_may_not_be_read_is_named_with_its_permission() {
    let bench = Bench::start().await;
    let denied = json!({"answer": {"code": 403, "status": "PERMISSION_DENIED", "message": "Not for you."}});
    bench.arm(json!({"on": "compute.acceleratorTypes.aggregatedList", "do": denied})).await;
    bench.arm(json!({"on": "compute.regions.get", "do": denied})).await;
    let facts = bench.gke.facts(&spec()).await.unwrap();
    assert_eq!(facts.accelerators, None);
    assert!(facts.quotas.unwrap().iter().all(|quota| quota.region.is_none()));
    assert_eq!(
        facts.unread,
        [
            "read the quotas of us-central1: Not for you (HTTP 403, PERMISSION_DENIED) (takes compute.regions.get)",
            "list the accelerator types of us-central1: Not for you (HTTP 403, PERMISSION_DENIED) (takes compute.acceleratorTypes.list)",
        ]
    );
    bench.stop().await;
}

#[tokio::test]
async fn tokens_say_how_long_they_last_and_never_show_themselves() {
    let bench = Bench::start().await;
    let tokens = bench.gke.tokens();
    let token = tokens.token(false).await.unwrap();
    let lifetime = tokens.lifetime(&token).await.unwrap().unwrap();
    assert!(lifetime.as_secs() > 60 && lifetime.as_secs() <= 3600, "{lifetime:?}");
    let shown = format!("{token:?} {tokens:?} {:?}", CredentialSource::AccessToken(token.secret().to_owned()));
    assert!(!shown.contains(token.secret()), "{shown}");
    bench.arm(json!({"on": "now", "do": "expire-tokens"})).await;
    let fault = tokens.lifetime(&token).await.unwrap_err();
    assert!(!fault.to_string().contains(token.secret()), "{fault}");
    bench.stop().await;
}

#[tokio::test]
async fn a_project_and_credentials_are_needed() {
    let _bench = Bench::start().await;
    let settings = |project: Option<&str>, credentials| Settings {
        project: project.map(ToOwned::to_owned),
        container_endpoint: None,
        compute_endpoint: None,
        billing_endpoint: None,
        tokeninfo_endpoint: None,
        credentials,
        pace: None,
    };
    let said = async |settings| GkeCloud::connect(settings).await.unwrap_err().to_string();
    assert_eq!(
        said(settings(None, CredentialSource::Anonymous)).await,
        "choose a Google Cloud project: neither the file, the environment nor the credentials name one"
    );
    let secret = CredentialSource::Json("{\"private_key\": \"sesame\"".to_owned());
    assert_eq!(said(settings(Some("p"), secret)).await, "find credentials: the credentials are not JSON");
    let odd = CredentialSource::Json(r#"{"type": "gdch_service_account"}"#.to_owned());
    let odd = said(settings(Some("p"), odd)).await;
    assert_eq!(odd, "find credentials: credentials of type gdch_service_account are not supported");
}
