//! Load balancers and interfaces in an account full of them, some of which go while they are looked at: a server of its own,
//! because making so many in the simulator takes its Kubernetes side.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use berth_core::actions::eks::EksPartKind;
use berth_core::ports::Eyes;
use tokio::net::TcpListener;

use crate::bench::connect;
use crate::wish::{NAME, REGION};

/// As many of each generation; a page holds 20.
const MANY: usize = 45;
/// These go between list and look.
const GONE: [usize; 2] = [4, 44];
const FRONT: &str = "arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/net/";

/// The bodies of all requests with their actions.
type Heard = Arc<Mutex<Vec<BTreeMap<String, String>>>>;

fn name(number: usize) -> String {
    format!("b{number:02}")
}

/// Every second one is ours.
fn tags(number: usize) -> &'static str {
    if number.is_multiple_of(2) {
        "<Key>kubernetes.io/cluster/dubbing</Key>"
    } else {
        "<Key>kubernetes.io/cluster/film</Key>"
    }
}

async fn answer(State(heard): State<Heard>, body: String) -> (StatusCode, String) {
    let asked: BTreeMap<String, String> = url::form_urlencoded::parse(body.as_bytes()).into_owned().collect();
    heard.lock().unwrap_or_else(PoisonError::into_inner).push(asked.clone());
    let said = |key: &str| asked.get(key).map_or("", String::as_str);
    match (said("Action"), said("Version")) {
        ("GetCallerIdentity", _) => wrapped("GetCallerIdentity", CALLER),
        ("DescribeLoadBalancers", version) => balancers(version == "2012-06-01", said("Marker")),
        ("DescribeTags", version) => balancer_tags(version == "2012-06-01", &asked),
        ("DescribeNetworkInterfaces", _) => interfaces(said("NextToken")),
        ("", _) if body.is_empty() => (
            StatusCode::NOT_FOUND,
            r#"{"__type": "ResourceNotFoundException", "message": "No cluster found"}"#.to_owned(),
        ),
        ("", _) => (StatusCode::BAD_REQUEST, r#"{"__type": "AccessDeniedException", "message": "no"}"#.to_owned()),
        (_, "2016-11-15") => {
            let error = "<Error><Code>UnauthorizedOperation</Code><Message>no</Message></Error>";
            (StatusCode::FORBIDDEN, format!("<Response><Errors>{error}</Errors></Response>"))
        }
        _ => failed(StatusCode::FORBIDDEN, "AccessDenied"),
    }
}

const CALLER: &str = "<Account>123456789012</Account><Arn>arn:aws:iam::123456789012:user/u</Arn><UserId>u</UserId>";

fn wrapped(action: &str, result: &str) -> (StatusCode, String) {
    (StatusCode::OK, format!("<{action}Response><{action}Result>{result}</{action}Result></{action}Response>"))
}

fn failed(status: StatusCode, code: &str) -> (StatusCode, String) {
    (
        status,
        format!(
            "<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>no</Message></Error></ErrorResponse>"
        ),
    )
}

fn balancers(classic: bool, marker: &str) -> (StatusCode, String) {
    let from = marker.parse().unwrap_or(0);
    let to = MANY.min(from + 20);
    let next = if to < MANY { format!("<NextMarker>{to}</NextMarker>") } else { String::new() };
    let rows: String = (from..to)
        .map(|number| match (name(number), classic) {
            (name, true) => format!("<member><LoadBalancerName>{name}</LoadBalancerName></member>"),
            (name, false) => format!(
                "<member><LoadBalancerArn>{FRONT}{name}</LoadBalancerArn><State><Code>active</Code></State></member>"
            ),
        })
        .collect();
    let list = if classic { "LoadBalancerDescriptions" } else { "LoadBalancers" };
    wrapped("DescribeLoadBalancers", &format!("<{list}>{rows}</{list}>{next}"))
}

fn balancer_tags(classic: bool, asked: &BTreeMap<String, String>) -> (StatusCode, String) {
    let named: Vec<usize> = asked
        .iter()
        .filter(|(key, _)| key.contains(".member."))
        .map(|(_, id)| id.rsplit(['/', 'b']).next().unwrap().parse().unwrap())
        .collect();
    if named.len() > 20 {
        return failed(StatusCode::BAD_REQUEST, "ValidationError");
    }
    if named.iter().any(|number| GONE.contains(number)) {
        return failed(StatusCode::BAD_REQUEST, "LoadBalancerNotFound");
    }
    let row = |number: &usize| {
        let id = match (name(*number), classic) {
            (name, true) => format!("<LoadBalancerName>{name}</LoadBalancerName>"),
            (name, false) => format!("<ResourceArn>{FRONT}{name}</ResourceArn>"),
        };
        let tag = format!("<Tags><member>{}<Value>owned</Value></member></Tags>", tags(*number));
        format!("<member>{id}{tag}</member>")
    };
    let rows: String = named.iter().map(row).collect();
    wrapped("DescribeTags", &format!("<TagDescriptions>{rows}</TagDescriptions>"))
}

fn interfaces(token: &str) -> (StatusCode, String) {
    let tag = "<item><key>cluster.k8s.amazonaws.com/name</key><value>dubbing</value></item>";
    let row = |id: &str, tags: &str| {
        let id = format!("<networkInterfaceId>{id}</networkInterfaceId><status>available</status>");
        format!("<item>{id}<tagSet>{tags}</tagSet></item>")
    };
    let (rows, next) = match token {
        "" => (row("eni-1", tag) + &row("eni-2", ""), "<nextToken>more</nextToken>"),
        _ => (row("eni-3", tag), ""),
    };
    let set = format!("<networkInterfaceSet>{rows}</networkInterfaceSet>{next}");
    (StatusCode::OK, format!("<DescribeNetworkInterfacesResponse>{set}</DescribeNetworkInterfacesResponse>"))
}

#[tokio::test]
async fn all_pages_are_read_and_tags_asked_for_in_batches() {
    let heard = Heard::default();
    let app = Router::new().fallback(answer).with_state(heard.clone());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let server = tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });

    let observed = connect(&url).await.observe(NAME, REGION).await.unwrap();
    let ids = |kind: EksPartKind| -> Vec<String> {
        let parts = observed.around.parts.iter().filter(|part| part.thing.kind == kind);
        parts.map(|part| part.thing.id.clone()).collect()
    };
    let ours = (0..MANY).filter(|number| number.is_multiple_of(2) && !GONE.contains(number));
    let mut wanted: Vec<String> = ours.flat_map(|number| [name(number), format!("{FRONT}{}", name(number))]).collect();
    wanted.sort();
    assert_eq!(ids(EksPartKind::LoadBalancer), wanted);
    assert_eq!(ids(EksPartKind::NetworkInterface), ["eni-1", "eni-3"]);
    let checked: Vec<EksPartKind> = observed.around.checked.into_iter().collect();
    assert_eq!(checked, [EksPartKind::LoadBalancer, EksPartKind::NetworkInterface]);
    // All other kinds, and the zones.
    assert_eq!(observed.around.unread.len(), EksPartKind::ALL.len() - 2 + 1, "{:?}", observed.around.unread);

    let heard = heard.lock().unwrap_or_else(PoisonError::into_inner);
    let of = |action: &str| heard.iter().filter(|asked| asked.get("Action").is_some_and(|said| said == action)).count();
    assert_eq!((of("DescribeLoadBalancers"), of("DescribeNetworkInterfaces")), (6, 2));
    // Three batches, two of them again one by one.
    assert_eq!(of("DescribeTags"), 2 * (3 + 20 + 5));
    server.abort();
}
