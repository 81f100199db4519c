//! Security groups and their rules.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::serve::{done, find, make, naming};
use super::tags;
use crate::aws::failure::Failure;
use crate::aws::places::ACCOUNT;
use crate::aws::serve::Asked;
use crate::world::World;

/// Makes a group that lets everything out.
pub(crate) fn make_group(
    world: &mut World,
    region: &str,
    vpc: &str,
    (name, description): (&str, &str),
    tags: BTreeMap<String, String>,
) -> String {
    make(world, region, "sg-", tags, |id| {
        json!({
            "groupId": id, "groupName": name, "groupDescription": description, "vpcId": vpc, "ownerId": ACCOUNT,
            "securityGroupArn": format!("arn:aws:ec2:{region}:{ACCOUNT}:security-group/{id}"),
            "ipPermissions": [],
            "ipPermissionsEgress": [
                {"ipProtocol": "-1", "ipRanges": [{"cidrIp": "0.0.0.0/0"}], "groups": [], "ipv6Ranges": [], "prefixListIds": []},
            ],
        })
    })
}

/// `CreateSecurityGroup`.
pub(crate) fn create(world: &mut World, asked: &Asked<'_>) -> Result<Value, Failure> {
    let tags = tags::specified(asked, "security-group")?;
    let (name, vpc) = (asked.text("GroupName"), asked.text("VpcId"));
    find(world, asked, vpc)?;
    if name.starts_with("sg-") || name.is_empty() || name.len() > 255 {
        let text = format!("Value ({name}) for parameter groupName is invalid.");
        return Err(Failure::bad("InvalidParameterValue", text));
    }
    let groups = naming(world, asked.region, "sg-", "vpcId", vpc);
    if groups.iter().any(|id| world.aws.things[id].text("groupName") == name) {
        let text = format!("The security group '{name}' already exists for VPC '{vpc}'");
        return Err(Failure::bad("InvalidGroup.Duplicate", text));
    }
    let shown = tags::out(&tags);
    let id = make_group(world, asked.region, vpc, (name, asked.text("GroupDescription")), tags);
    Ok(json!({"groupId": id, "return": true, "tagSet": shown}))
}

/// `DeleteSecurityGroup`: refused while an interface has it or a rule of another group names it.
pub(crate) fn delete(world: &mut World, asked: &Asked<'_>) -> Result<Value, Failure> {
    let id = asked.text("GroupId");
    let group = find(world, asked, id)?;
    if group.text("groupName") == "default" {
        let text = format!("the specified group: \"{id}\" name: \"default\" cannot be deleted by a user");
        return Err(Failure::bad("CannotDelete", text));
    }
    let has = |list: &Value, member: &str| list.as_array().is_some_and(|all| all.iter().any(|one| one[member] == id));
    let used = world.aws.kind("eni-", asked.region).any(|(_, eni)| has(&eni.fields["groupSet"], "groupId"));
    let named = world.aws.kind("sg-", asked.region).filter(|(other, _)| *other != id).any(|(_, other)| {
        ["ipPermissions", "ipPermissionsEgress"].iter().any(|member| {
            let rules = other.fields[*member].as_array().into_iter().flatten();
            rules.into_iter().any(|rule| has(&rule["groups"], "groupId"))
        })
    });
    if used || named {
        return Err(Failure::dependency(format!("resource {id} has a dependent object")));
    }
    world.aws.things.remove(id);
    Ok(json!({"return": true, "groupId": id}))
}

fn member(asked: &Asked<'_>) -> &'static str {
    if asked.action.ends_with("Egress") { "ipPermissionsEgress" } else { "ipPermissions" }
}

/// The rules of a call, one for each source, as they are kept.
fn rules(asked: &Asked<'_>) -> Vec<Value> {
    let mut rules = Vec::new();
    let given = asked.input.get("IpPermissions").and_then(Value::as_array).cloned().unwrap_or_default();
    let plain = asked.input.get("CidrIp").map(|cidr| {
        json!({
            "IpProtocol": asked.text("IpProtocol"), "FromPort": asked.input.get("FromPort"),
            "ToPort": asked.input.get("ToPort"), "IpRanges": [{"CidrIp": cidr}],
        })
    });
    for permission in given.iter().chain(&plain) {
        let mut base = Map::new();
        for (from, to) in [("IpProtocol", "ipProtocol"), ("FromPort", "fromPort"), ("ToPort", "toPort")] {
            if let Some(value) = permission.get(from).filter(|value| !value.is_null()) {
                base.insert(to.to_owned(), value.clone());
            }
        }
        for (list, kept) in [
            ("IpRanges", "ipRanges"),
            ("Ipv6Ranges", "ipv6Ranges"),
            ("Groups", "groups"),
            ("PrefixListIds", "prefixListIds"),
        ] {
            for source in permission.get(list).and_then(Value::as_array).into_iter().flatten() {
                let mut rule = base.clone();
                rule.insert(kept.to_owned(), json!([lower(source)]));
                rules.push(Value::Object(rule));
            }
        }
    }
    rules
}

fn lower(source: &Value) -> Value {
    let members = source.as_object().into_iter().flatten();
    let first = |name: &str| format!("{}{}", name[..1].to_lowercase(), &name[1..]);
    Value::Object(members.map(|(name, value)| (first(name), value.clone())).collect())
}

/// Whether two rules say the same, whatever their descriptions.
fn same(a: &Value, b: &Value) -> bool {
    let bare = |rule: &Value| {
        let mut rule = rule.clone();
        for member in ["ipRanges", "ipv6Ranges", "groups", "prefixListIds"] {
            if let Some(source) = rule.get_mut(member).and_then(|list| list.get_mut(0)).and_then(Value::as_object_mut) {
                source.remove("description");
                source.remove("userId");
            }
        }
        if let Some(rule) = rule.as_object_mut() {
            rule.retain(|_, value| value.as_array().is_none_or(|list| !list.is_empty()));
        }
        rule
    };
    bare(a) == bare(b)
}

/// `AuthorizeSecurityGroupIngress` and `...Egress`.
pub(crate) fn authorize(world: &mut World, asked: &Asked<'_>) -> Result<Value, Failure> {
    let (id, member) = (asked.text("GroupId"), member(asked));
    let new = rules(asked);
    for rule in &new {
        if let Some(source) = rule["groups"][0]["groupId"].as_str() {
            find(world, asked, source)?;
        }
    }
    let Some(rules) = find(world, asked, id)?.fields[member].as_array_mut() else { return Ok(done()) };
    if new.iter().any(|rule| rules.iter().any(|present| same(present, rule))) {
        let text = "the specified rule already exists";
        return Err(Failure::bad("InvalidPermission.Duplicate", text));
    }
    let shown: Vec<Value> = new.iter().map(|rule| described(id, rule, member)).collect();
    rules.extend(new);
    Ok(json!({"return": true, "securityGroupRuleSet": shown}))
}

fn described(id: &str, rule: &Value, member: &str) -> Value {
    json!({
        "securityGroupRuleId": format!("sgr-{:016x}", crate::lifecycle::digest(&format!("{id}{rule}"))),
        "groupId": id, "groupOwnerId": ACCOUNT, "isEgress": member == "ipPermissionsEgress",
        "ipProtocol": rule["ipProtocol"], "fromPort": rule["fromPort"], "toPort": rule["toPort"],
        "cidrIpv4": rule["ipRanges"][0]["cidrIp"],
    })
}

/// `RevokeSecurityGroupIngress` and `...Egress`.
pub(crate) fn revoke(world: &mut World, asked: &Asked<'_>) -> Result<Value, Failure> {
    let (id, member) = (asked.text("GroupId"), member(asked));
    let gone = rules(asked);
    let ids = asked.texts("SecurityGroupRuleId");
    let Some(rules) = find(world, asked, id)?.fields[member].as_array_mut() else { return Ok(done()) };
    let before = rules.len();
    rules.retain(|rule| {
        let named = described(id, rule, member)["securityGroupRuleId"].as_str().is_some_and(|one| ids.contains(&one));
        !named && !gone.iter().any(|one| same(one, rule))
    });
    if rules.len() == before {
        let text = "The specified rule does not exist in this security group.";
        return Err(Failure::bad("InvalidPermission.NotFound", text));
    }
    Ok(done())
}

/// Lets everything of one group into another; nothing happens when the other is not there.
pub(crate) fn let_in(world: &mut World, group: &str, source: &str) {
    let rule = json!({"ipProtocol": "-1", "groups": [{"groupId": source, "userId": ACCOUNT}], "ipRanges": [], "ipv6Ranges": [], "prefixListIds": []});
    if let Some(rules) = ingress(world, group) {
        rules.push(rule);
    }
}

/// Takes the rules away that let one group into another.
pub(crate) fn shut_out(world: &mut World, group: &str, source: &str) {
    if let Some(rules) = ingress(world, group) {
        rules.retain(|rule| rule["groups"][0]["groupId"] != source);
    }
}

fn ingress<'a>(world: &'a mut World, group: &str) -> Option<&'a mut Vec<Value>> {
    world.aws.things.get_mut(group)?.fields.get_mut("ipPermissions")?.as_array_mut()
}
