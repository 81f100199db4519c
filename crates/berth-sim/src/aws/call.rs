//! Which service and operation a request is for, who asks, and in which region.

use serde_json::{Map, Value};

use super::failure::Failure;
use super::places::{ACCESS_KEY_ID, REGION};
use super::{query, schema};
use crate::wire::{Request, decode_path, form};

/// A served AWS service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Service {
    /// EKS: REST with JSON.
    Eks,
    /// EC2: its own query protocol with XML.
    Ec2,
    /// IAM: query with XML.
    Iam,
    /// STS: query with XML.
    Sts,
    /// EC2 Auto Scaling: query with XML.
    Autoscaling,
    /// Service Quotas: JSON 1.1.
    Quotas,
    /// Elastic Load Balancing's first version, of classic load balancers: query with XML.
    Elb,
    /// Its second version, of network load balancers: query with XML.
    ElbV2,
    /// CloudWatch Logs: JSON 1.1.
    Logs,
    /// Price List: JSON 1.1.
    Pricing,
    /// Resource Groups Tagging: JSON 1.1.
    Tagging,
}

/// All services with the name in the credential scope and the version in a query.
const SERVICES: &[(Service, &str, &str)] = &[
    (Service::Eks, "eks", "2017-11-01"),
    (Service::Ec2, "ec2", "2016-11-15"),
    (Service::Iam, "iam", "2010-05-08"),
    (Service::Sts, "sts", "2011-06-15"),
    (Service::Autoscaling, "autoscaling", "2011-01-01"),
    (Service::Quotas, "servicequotas", "2019-06-24"),
    (Service::Elb, "elasticloadbalancing", "2012-06-01"),
    (Service::ElbV2, "elasticloadbalancing", "2015-12-01"),
    (Service::Logs, "logs", "2014-03-28"),
    (Service::Pricing, "pricing", "2017-10-15"),
    (Service::Tagging, "tagging", "2017-01-26"),
];

/// The names of all services and of their operations, as ledger and faults know them.
pub(crate) fn methods() -> impl Iterator<Item = String> {
    SERVICES.iter().flat_map(|(service, ..)| {
        let name = service.name();
        let operations = schema::operations(*service).iter().map(move |operation| format!("{name}:{}", operation.name));
        std::iter::once(name.to_owned()).chain(operations)
    })
}

impl Service {
    /// The name, as in the schema and in ledger and faults.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Service::Quotas => "service-quotas",
            Service::Elb => "elb",
            Service::ElbV2 => "elbv2",
            _ => SERVICES.iter().find(|(service, ..)| *service == self).map_or("", |(_, name, _)| name),
        }
    }

    /// The version its answers name.
    pub(crate) fn version(self) -> &'static str {
        SERVICES.iter().find(|(service, ..)| *service == self).map_or("", |(_, _, version)| version)
    }

    /// The code for an input that breaks a constraint.
    pub(crate) fn validation_code(self) -> &'static str {
        match self {
            Service::Eks => "InvalidParameterException",
            Service::Ec2 => "InvalidParameterValue",
            Service::Quotas => "IllegalArgumentException",
            Service::Logs | Service::Pricing | Service::Tagging => "InvalidParameterException",
            Service::Iam | Service::Sts | Service::Autoscaling | Service::Elb | Service::ElbV2 => "ValidationError",
        }
    }
}

/// A call: the operation and what it is about.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    /// The service.
    pub(crate) service: Service,
    /// The operation, as `CreateCluster`; what was asked for when there is no such operation.
    pub(crate) action: String,
    /// The region of the credential scope.
    pub(crate) region: String,
    /// The access key id, when the request is signed.
    key: Option<String>,
    /// The input as it came.
    pub(crate) input: Value,
}

/// Whether a request is for AWS rather than for another cloud.
pub(crate) fn is_aws(request: &Request) -> bool {
    let rooted = ["clusters", "tags", "addons", "cluster-versions", "access-policies"];
    let first = request.path.trim_start_matches('/').split('/').next().unwrap_or_default();
    request.authorization.as_deref().is_some_and(|text| text.starts_with("AWS4-"))
        || request.path == "/"
        || !request.target.is_empty()
        || rooted.contains(&first)
}

/// Whether a request to AWS asks and changes nothing.
pub(crate) fn only_reads(request: &Request) -> bool {
    let action = Call::read(request).action;
    ["Describe", "Get", "List", "Search"].iter().any(|front| action.starts_with(front))
}

impl Call {
    /// Reads a request.
    pub(crate) fn read(request: &Request) -> Call {
        let scope = Scope::of(request);
        let pairs = if request.method == "GET" { request.query.clone() } else { form(&request.body) };
        let parameter = |name: &str| pairs.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
        let version = parameter("Version").unwrap_or_default();
        let named = scope.as_ref().map(|scope| scope.service.as_str());
        // Both versions of Elastic Load Balancing are signed for one name.
        let rows = || SERVICES.iter().filter(|(_, name, _)| Some(*name) == named);
        let row = rows().find(|(.., known)| *known == version).or_else(|| rows().next());
        let row = row.or_else(|| SERVICES.iter().find(|(.., known)| *known == version));
        let service = match row {
            Some((service, ..)) => *service,
            None if request.target.starts_with("Logs_") => Service::Logs,
            None if request.target.starts_with("AWSPriceListService.") => Service::Pricing,
            None if request.target.starts_with("ResourceGroupsTaggingAPI_") => Service::Tagging,
            None if !request.target.is_empty() => Service::Quotas,
            None => Service::Eks,
        };
        let (action, input) = match service {
            Service::Eks => rest(request),
            Service::Quotas | Service::Logs | Service::Pricing | Service::Tagging => {
                let action = request.target.rsplit('.').next().unwrap_or_default().to_owned();
                (action, serde_json::from_slice(&request.body).unwrap_or_default())
            }
            _ => (parameter("Action").unwrap_or_default().to_owned(), query::tree(&pairs)),
        };
        let (key, region) = match scope {
            Some(scope) => (Some(scope.key), scope.region),
            None => (None, REGION.to_owned()),
        };
        Call { service, action, region, key, input }
    }

    /// `eks:CreateCluster`, as ledger and faults know it.
    pub(crate) fn method(&self) -> String {
        format!("{}:{}", self.service.name(), self.action)
    }

    /// What the call is about: region and the texts of its input, so that a fault can look for any of them.
    pub(crate) fn resource(&self) -> String {
        let mut texts = vec![self.region.clone()];
        collect(&self.input, &mut texts);
        texts.join(" ")
    }

    /// Refuses a caller that nobody knows.
    pub(crate) fn known_caller(&self) -> Result<(), Failure> {
        match (&self.key, self.service) {
            (Some(key), _) if key == ACCESS_KEY_ID => Ok(()),
            (None, _) => Err(Failure::new(403, "MissingAuthenticationToken", "Missing Authentication Token")),
            (Some(_), Service::Eks | Service::Quotas | Service::Logs | Service::Pricing | Service::Tagging) => {
                Err(Failure::new(
                    403,
                    "UnrecognizedClientException",
                    "The security token included in the request is invalid.",
                ))
            }
            (Some(_), Service::Ec2) => {
                Err(Failure::new(401, "AuthFailure", "AWS was not able to validate the provided access credentials"))
            }
            (Some(_), _) => {
                Err(Failure::new(403, "InvalidClientTokenId", "The security token included in the request is invalid."))
            }
        }
    }
}

/// The longest text of an input that the ledger keeps.
const LONGEST_TEXT: usize = 200;

fn collect(value: &Value, texts: &mut Vec<String>) {
    match value {
        Value::String(text) => texts.push(text.chars().take(LONGEST_TEXT).collect()),
        Value::Array(items) => items.iter().for_each(|item| collect(item, texts)),
        Value::Object(members) => members.values().for_each(|member| collect(member, texts)),
        _ => {}
    }
}

/// The credential scope of a signature.
pub(crate) struct Scope {
    /// The access key id.
    pub(crate) key: String,
    /// The region.
    pub(crate) region: String,
    /// The service.
    pub(crate) service: String,
}

impl Scope {
    /// The scope in the `Authorization` header, or in the query of a presigned request.
    fn of(request: &Request) -> Option<Scope> {
        let header = request.authorization.as_deref().and_then(|text| {
            let rest = text.strip_prefix("AWS4-HMAC-SHA256 ")?;
            let well_formed = rest.contains("SignedHeaders=") && rest.contains("Signature=");
            let credential = rest.split(',').find_map(|part| part.trim().strip_prefix("Credential="));
            credential.filter(|_| well_formed)
        });
        Scope::parse(header.or_else(|| request.parameter("X-Amz-Credential"))?)
    }

    /// Reads `KEY/DATE/REGION/SERVICE/aws4_request`.
    pub(crate) fn parse(credential: &str) -> Option<Scope> {
        let parts: Vec<&str> = credential.split('/').collect();
        let [key, _date, region, service, "aws4_request"] = parts.as_slice() else { return None };
        Some(Scope { key: (*key).to_owned(), region: (*region).to_owned(), service: (*service).to_owned() })
    }
}

/// The EKS operation a method and path mean, with the input from path, query and body in one object.
fn rest(request: &Request) -> (String, Value) {
    let segments: Vec<&str> = request.raw_path.trim_matches('/').split('/').collect();
    for operation in schema::operations(Service::Eks) {
        let shape: Vec<&str> = operation.path.trim_matches('/').split('/').collect();
        if operation.method != request.method || shape.len() != segments.len() {
            continue;
        }
        let fits = |(word, segment): (&&str, &&str)| word.starts_with('{') && !segment.is_empty() || word == segment;
        if !shape.iter().zip(&segments).all(fits) {
            continue;
        }
        let mut input: Map<String, Value> = serde_json::from_slice(&request.body).unwrap_or_default();
        for (name, value) in &request.query {
            match input.get_mut(name) {
                Some(Value::Array(items)) => items.push(Value::from(value.as_str())),
                Some(first) => *first = Value::from(vec![first.clone(), Value::from(value.as_str())]),
                None => {
                    input.insert(name.clone(), Value::from(value.as_str()));
                }
            }
        }
        for (word, segment) in shape.iter().zip(&segments) {
            if let Some(name) = word.strip_prefix('{').and_then(|word| word.strip_suffix('}')) {
                input.insert(name.to_owned(), Value::from(decode_path(segment)));
            }
        }
        return (operation.name.to_owned(), Value::Object(input));
    }
    (format!("{} {}", request.method, request.path), Value::Object(Map::new()))
}
