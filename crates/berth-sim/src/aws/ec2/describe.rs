//! All the describing operations of one form: ids, filters, pages.

use serde_json::{Value, json};

use super::serve::{not_found, show};
use crate::aws::failure::Failure;
use crate::aws::serve::{Asked, page, texts};
use crate::world::World;

/// A describing operation.
struct Row {
    action: &'static str,
    /// The parameter with ids.
    ids: &'static str,
    /// The front of the ids.
    front: &'static str,
    /// The list in the answer.
    set: &'static str,
    /// Filters with the members they look at.
    filters: &'static [(&'static str, &'static str)],
}

const ROWS: &[Row] = &[
    Row {
        action: "DescribeVpcs",
        ids: "VpcId",
        front: "vpc-",
        set: "vpcSet",
        filters: &[
            ("vpc-id", "vpcId"),
            ("state", "state"),
            ("cidr", "cidrBlock"),
            ("is-default", "isDefault"),
            ("owner-id", "ownerId"),
        ],
    },
    Row {
        action: "DescribeSubnets",
        ids: "SubnetId",
        front: "subnet-",
        set: "subnetSet",
        filters: &[
            ("subnet-id", "subnetId"),
            ("vpc-id", "vpcId"),
            ("state", "state"),
            ("availability-zone", "availabilityZone"),
            ("availability-zone-id", "availabilityZoneId"),
            ("cidr-block", "cidrBlock"),
            ("map-public-ip-on-launch", "mapPublicIpOnLaunch"),
        ],
    },
    Row {
        action: "DescribeInternetGateways",
        ids: "InternetGatewayId",
        front: "igw-",
        set: "internetGatewaySet",
        filters: &[
            ("internet-gateway-id", "internetGatewayId"),
            ("attachment.vpc-id", "attachmentSet/vpcId"),
            ("attachment.state", "attachmentSet/state"),
        ],
    },
    Row {
        action: "DescribeRouteTables",
        ids: "RouteTableId",
        front: "rtb-",
        set: "routeTableSet",
        filters: &[
            ("route-table-id", "routeTableId"),
            ("vpc-id", "vpcId"),
            ("association.main", "associationSet/main"),
            ("association.subnet-id", "associationSet/subnetId"),
            ("association.route-table-association-id", "associationSet/routeTableAssociationId"),
            ("route.nat-gateway-id", "routeSet/natGatewayId"),
            ("route.gateway-id", "routeSet/gatewayId"),
            ("route.destination-cidr-block", "routeSet/destinationCidrBlock"),
        ],
    },
    Row {
        action: "DescribeNatGateways",
        ids: "NatGatewayId",
        front: "nat-",
        set: "natGatewaySet",
        filters: &[
            ("nat-gateway-id", "natGatewayId"),
            ("vpc-id", "vpcId"),
            ("subnet-id", "subnetId"),
            ("state", "state"),
        ],
    },
    Row {
        action: "DescribeAddresses",
        ids: "AllocationId",
        front: "eipalloc-",
        set: "addressesSet",
        filters: &[
            ("allocation-id", "allocationId"),
            ("association-id", "associationId"),
            ("domain", "domain"),
            ("public-ip", "publicIp"),
            ("network-interface-id", "networkInterfaceId"),
        ],
    },
    Row {
        action: "DescribeSecurityGroups",
        ids: "GroupId",
        front: "sg-",
        set: "securityGroupInfo",
        filters: &[
            ("group-id", "groupId"),
            ("group-name", "groupName"),
            ("vpc-id", "vpcId"),
            ("description", "groupDescription"),
            ("ip-permission.group-id", "ipPermissions/groups/groupId"),
            ("egress.ip-permission.group-id", "ipPermissionsEgress/groups/groupId"),
        ],
    },
    Row {
        action: "DescribeLaunchTemplates",
        ids: "LaunchTemplateId",
        front: "lt-",
        set: "launchTemplates",
        filters: &[
            ("launch-template-name", "launchTemplateName"),
            ("launch-template-id", "launchTemplateId"),
            ("create-time", "createTime"),
        ],
    },
    Row {
        action: "DescribeInstances",
        ids: "InstanceId",
        front: "i-",
        set: "reservationSet",
        filters: &[
            ("instance-id", "instanceId"),
            ("vpc-id", "vpcId"),
            ("subnet-id", "subnetId"),
            ("instance-state-name", "instanceState/name"),
            ("instance-type", "instanceType"),
            ("instance-lifecycle", "instanceLifecycle"),
            ("availability-zone", "placement/availabilityZone"),
            ("private-dns-name", "privateDnsName"),
            ("instance.group-id", "groupSet/groupId"),
        ],
    },
    Row {
        action: "DescribeVolumes",
        ids: "VolumeId",
        front: "vol-",
        set: "volumeSet",
        filters: &[
            ("volume-id", "volumeId"),
            ("status", "status"),
            ("attachment.instance-id", "attachmentSet/instanceId"),
            ("availability-zone", "availabilityZone"),
            ("volume-type", "volumeType"),
        ],
    },
    Row {
        action: "DescribeNetworkInterfaces",
        ids: "NetworkInterfaceId",
        front: "eni-",
        set: "networkInterfaceSet",
        filters: &[
            ("network-interface-id", "networkInterfaceId"),
            ("vpc-id", "vpcId"),
            ("subnet-id", "subnetId"),
            ("status", "status"),
            ("description", "description"),
            ("group-id", "groupSet/groupId"),
            ("attachment.instance-id", "attachment/instanceId"),
            ("attachment.status", "attachment/status"),
            ("interface-type", "interfaceType"),
            ("requester-id", "requesterId"),
            ("requester-managed", "requesterManaged"),
        ],
    },
];

/// The answer of a describing operation; nothing when the call is none of them.
pub(crate) fn describe(world: &World, asked: &Asked<'_>) -> Option<Result<Value, Failure>> {
    let row = ROWS.iter().find(|row| row.action == asked.action)?;
    Some(list(world, asked, row))
}

fn list(world: &World, asked: &Asked<'_>, row: &Row) -> Result<Value, Failure> {
    let filters = Filters::read(asked, row.filters)?;
    let mut ids = asked.texts(row.ids);
    let names = names(world, asked, row)?;
    ids.extend(names.iter().map(String::as_str));
    if let Some(id) = ids.iter().find(|id| world.aws.things.get(**id).is_none_or(|thing| thing.region != asked.region))
    {
        return Err(not_found(id));
    }
    let things = world.aws.kind(row.front, asked.region);
    let wanted = things.filter(|(id, _)| ids.is_empty() || ids.contains(&id.as_str())).map(|(_, thing)| show(thing));
    let mut items: Vec<Value> = wanted.filter(|item| filters.fit(item)).collect();
    if row.front == "i-" {
        for item in &mut items {
            let reservation = item["instanceId"].as_str().unwrap_or_default().replacen("i-", "r-", 1);
            *item =
                json!({"reservationId": reservation, "ownerId": crate::aws::places::ACCOUNT, "instancesSet": [item]});
        }
    }
    page_of(asked, row.set, items)
}

/// The ids of what is asked for by name.
fn names(world: &World, asked: &Asked<'_>, row: &Row) -> Result<Vec<String>, Failure> {
    let (parameter, member) = match row.front {
        "lt-" => ("LaunchTemplateName", "launchTemplateName"),
        "sg-" => ("GroupName", "groupName"),
        _ => return Ok(Vec::new()),
    };
    let mut ids = Vec::new();
    for name in asked.texts(parameter) {
        let found = world.aws.kind(row.front, asked.region).find(|(_, thing)| thing.text(member) == name);
        match found {
            Some((id, _)) => ids.push(id.clone()),
            None if row.front == "lt-" => {
                let text =
                    format!("At least one of the launch templates specified in the request does not exist: {name}");
                return Err(Failure::bad("InvalidLaunchTemplateName.NotFoundException", text));
            }
            None => return Err(not_found(&format!("sg-{name}"))),
        }
    }
    Ok(ids)
}

/// A page of items under a name, of as many as are asked for.
pub(crate) fn page_of(asked: &Asked<'_>, set: &str, items: Vec<Value>) -> Result<Value, Failure> {
    page_of_size(asked, asked.number("MaxResults"), set, items)
}

/// A page of so many items under a name, of all when that is not said.
pub(super) fn page_of_size(
    asked: &Asked<'_>,
    size: Option<i64>,
    set: &str,
    items: Vec<Value>,
) -> Result<Value, Failure> {
    let Some((items, next)) = page(items, size, asked.text("NextToken")) else {
        return Err(Failure::bad("InvalidNextToken", "The specified token is not valid."));
    };
    let mut answer = json!({ set: items });
    if let Some(next) = next {
        answer["nextToken"] = Value::from(next);
    }
    Ok(answer)
}

/// Values of all filters of one call together.
const MOST_VALUES: usize = 200;

/// The filters of a call: members with the values they may have.
pub(crate) struct Filters {
    wanted: Vec<(Look, Vec<String>)>,
}

enum Look {
    Member(&'static str),
    Tag(String),
    TagKey,
}

impl Filters {
    /// Reads the `Filter` parameter; an unknown name is refused, and more than 200 values in all.
    pub(crate) fn read(asked: &Asked<'_>, known: &[(&'static str, &'static str)]) -> Result<Filters, Failure> {
        let mut wanted = Vec::new();
        for filter in asked.input.get("Filter").and_then(Value::as_array).into_iter().flatten() {
            let name = filter["Name"].as_str().unwrap_or_default();
            let look = match known.iter().find(|(one, _)| *one == name) {
                Some((_, member)) => Look::Member(member),
                None if name == "tag-key" => Look::TagKey,
                None => match name.strip_prefix("tag:") {
                    Some(key) => Look::Tag(key.to_owned()),
                    None => {
                        return Err(Failure::bad("InvalidParameterValue", format!("The filter '{name}' is invalid")));
                    }
                },
            };
            wanted.push((look, texts(filter.get("Value")).into_iter().map(str::to_owned).collect()));
        }
        let values: usize = wanted.iter().map(|(_, values): &(_, Vec<String>)| values.len()).sum();
        if values > MOST_VALUES {
            let text = format!("The maximum number of filter values specified on a single call is {MOST_VALUES}");
            return Err(Failure::bad("FilterLimitExceeded", text));
        }
        Ok(Filters { wanted })
    }

    /// Whether an item has what all the filters want.
    pub(crate) fn fit(&self, item: &Value) -> bool {
        self.wanted.iter().all(|(look, values)| {
            let mut found = Vec::new();
            match look {
                Look::Member(path) => gather(item, path, &mut found),
                Look::TagKey => gather(item, "tagSet/key", &mut found),
                Look::Tag(key) => {
                    let tags = item["tagSet"].as_array().into_iter().flatten();
                    let tag = tags.filter(|tag| tag["key"] == key.as_str()).filter_map(|tag| tag["value"].as_str());
                    found.extend(tag.map(str::to_owned));
                }
            }
            found.iter().any(|one| values.iter().any(|value| matches(value, one)))
        })
    }
}

/// The texts at a path; lists on the way are gone through.
fn gather(value: &Value, path: &str, out: &mut Vec<String>) {
    if let Value::Array(items) = value {
        items.iter().for_each(|item| gather(item, path, out));
        return;
    }
    if path.is_empty() {
        match value {
            Value::String(text) => out.push(text.clone()),
            Value::Bool(_) | Value::Number(_) => out.push(value.to_string()),
            _ => {}
        }
        return;
    }
    let (first, rest) = path.split_once('/').unwrap_or((path, ""));
    if let Some(member) = value.get(first) {
        gather(member, rest, out);
    }
}

/// Whether a text fits a value with `*` for any and `?` for one character.
fn matches(pattern: &str, text: &str) -> bool {
    let mut letters = pattern.chars();
    match letters.next() {
        None => text.is_empty(),
        Some('*') => {
            let rest = letters.as_str();
            text.char_indices().map(|(at, _)| at).chain([text.len()]).any(|at| matches(rest, &text[at..]))
        }
        Some(letter) => {
            let mut of_text = text.chars();
            let first = of_text.next();
            first.is_some_and(|one| letter == '?' || one == letter) && matches(letters.as_str(), of_text.as_str())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_and_question_marks_stand_for_characters() {
        let cases =
            [("a*c", "abbc", true), ("a?c", "abbc", false), ("*", "", true), ("a", "ab", false), ("a?*", "ab", true)];
        for (pattern, text, expected) in cases {
            assert_eq!(matches(pattern, text), expected, "{pattern} {text}");
        }
    }

    #[test]
    fn paths_go_through_lists() {
        let item = json!({"associationSet": [{"main": true}, {"subnetId": "s"}]});
        let mut out = Vec::new();
        gather(&item, "associationSet/main", &mut out);
        gather(&item, "associationSet/subnetId", &mut out);
        assert_eq!(out, ["true", "s"]);
    }
}
