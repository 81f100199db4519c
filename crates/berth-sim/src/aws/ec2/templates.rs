//! Launch templates and what of them node groups use.

use serde_json::{Map, Value, json};

use super::describe::page_of;
use super::serve::{find, make, show};
use super::tags;
use crate::aws::failure::Failure;
use crate::aws::places::caller_arn;
use crate::aws::serve::{Asked, texts};
use crate::aws::state::{Group, Thing, stamp};
use crate::world::World;

/// A request's data as it is shown: names begin small, lists end in `Set`.
fn data_out(data: &Value) -> Value {
    match data {
        Value::Object(members) => {
            let shown: Map<String, Value> = members
                .iter()
                .map(|(name, value)| {
                    let mut shown = format!("{}{}", name[..1].to_lowercase(), &name[1..]);
                    if value.is_array() {
                        shown.push_str("Set");
                    }
                    (shown, data_out(value))
                })
                .collect();
            Value::Object(shown)
        }
        Value::Array(items) => items.iter().map(data_out).collect(),
        other => other.clone(),
    }
}

fn check(data: &Value) -> Result<(), Failure> {
    for mapping in data.get("BlockDeviceMapping").and_then(Value::as_array).into_iter().flatten() {
        let ebs = &mapping["Ebs"];
        let kind = ebs["VolumeType"].as_str().unwrap_or("gp3");
        let within = |member: &str, least: i64, most: i64| {
            ebs[member].as_i64().is_none_or(|value| (least..=most).contains(&value))
        };
        let sound = match kind {
            "gp3" => within("VolumeSize", 1, 65_536) && within("Iops", 3000, 80_000) && within("Throughput", 125, 2000),
            "gp2" => within("VolumeSize", 1, 16_384) && ebs.get("Throughput").is_none(),
            _ => true,
        };
        if !sound {
            let text = format!("The size, iops or throughput is not valid for volume type {kind}");
            return Err(Failure::bad("InvalidParameterValue", text));
        }
    }
    Ok(())
}

/// Makes a template with its first version and gives its id.
pub(crate) fn make_template(
    world: &mut World,
    asked: &Asked<'_>,
    name: &str,
    data: &Value,
    tags: std::collections::BTreeMap<String, String>,
) -> String {
    let now = stamp(asked.now);
    let id = make(world, asked.region, "lt-", tags, |id| {
        json!({
            "launchTemplateId": id, "launchTemplateName": name, "createTime": now, "createdBy": caller_arn(),
            "defaultVersionNumber": 1, "latestVersionNumber": 1,
        })
    });
    if let Some(thing) = world.aws.things.get_mut(&id) {
        let version =
            json!({"data": data_out(data), "description": asked.text("VersionDescription"), "createTime": now});
        thing.hidden.insert("versions".to_owned(), json!([version]));
    }
    id
}

/// `CreateLaunchTemplate`.
pub(crate) fn create(world: &mut World, asked: &Asked<'_>) -> Result<Value, Failure> {
    let tags = tags::specified(asked, "launch-template")?;
    let (name, data) = (asked.text("LaunchTemplateName"), &asked.input["LaunchTemplateData"]);
    if world.aws.kind("lt-", asked.region).any(|(_, thing)| thing.text("launchTemplateName") == name) {
        let text = "Launch template name already in use.";
        return Err(Failure::bad("InvalidLaunchTemplateName.AlreadyExistsException", text));
    }
    check(data)?;
    let id = make_template(world, asked, name, data, tags);
    Ok(json!({ "launchTemplate": show(find(world, asked, &id)?) }))
}

/// The template a call names by id or name.
fn named<'a>(world: &'a mut World, asked: &Asked<'_>) -> Result<&'a mut Thing, Failure> {
    let (id, name) = (asked.text("LaunchTemplateId"), asked.text("LaunchTemplateName"));
    if !id.is_empty() {
        return find(world, asked, id);
    }
    let found = world
        .aws
        .things
        .values_mut()
        .find(|thing| thing.region == asked.region && !name.is_empty() && thing.text("launchTemplateName") == name);
    let text = format!("The specified launch template, with template name {name}, does not exist.");
    found.ok_or_else(|| Failure::bad("InvalidLaunchTemplateName.NotFoundException", text))
}

/// `CreateLaunchTemplateVersion`.
pub(crate) fn create_version(world: &mut World, asked: &Asked<'_>) -> Result<Value, Failure> {
    let data = &asked.input["LaunchTemplateData"];
    check(data)?;
    let thing = named(world, asked)?;
    let mut whole = Map::new();
    if let Some(source) =
        number_of(thing, asked.text("SourceVersion")).filter(|_| !asked.text("SourceVersion").is_empty())
    {
        whole = thing.hidden["versions"][source - 1]["data"].as_object().cloned().unwrap_or_default();
    }
    whole.extend(data_out(data).as_object().cloned().unwrap_or_default());
    let version =
        json!({"data": whole, "description": asked.text("VersionDescription"), "createTime": stamp(asked.now)});
    if let Some(versions) = thing.hidden["versions"].as_array_mut() {
        versions.push(version);
        let latest = versions.len();
        thing.fields.insert("latestVersionNumber".to_owned(), Value::from(latest));
        return Ok(json!({ "launchTemplateVersion": shown_version(thing, latest) }));
    }
    Ok(json!({}))
}

fn shown_version(thing: &Thing, number: usize) -> Value {
    let version = &thing.hidden["versions"][number - 1];
    json!({
        "launchTemplateId": thing.fields["launchTemplateId"], "launchTemplateName": thing.fields["launchTemplateName"],
        "versionNumber": number, "versionDescription": version["description"], "createTime": version["createTime"],
        "createdBy": thing.fields["createdBy"], "defaultVersion": thing.fields["defaultVersionNumber"] == number,
        "launchTemplateData": version["data"],
    })
}

/// The number of a version given as number, `$Latest`, `$Default` or nothing.
fn number_of(thing: &Thing, version: &str) -> Option<usize> {
    let count = thing.hidden.get("versions")?.as_array()?.len();
    let number = match version {
        "$Latest" => count,
        "" | "$Default" => usize::try_from(thing.fields["defaultVersionNumber"].as_u64()?).ok()?,
        number => number.parse().ok()?,
    };
    (1..=count).contains(&number).then_some(number)
}

/// `DescribeLaunchTemplateVersions`.
pub(crate) fn describe_versions(world: &mut World, asked: &Asked<'_>) -> Result<Value, Failure> {
    let thing = named(world, asked)?;
    let count = thing.hidden["versions"].as_array().map_or(0, Vec::len);
    let wanted = asked.texts("LaunchTemplateVersion");
    let mut numbers: Vec<usize> = (1..=count).rev().collect();
    if !wanted.is_empty() {
        numbers = Vec::new();
        for version in wanted {
            let text = "Could not find the specified version for the launch template.";
            let missing = || Failure::bad("InvalidLaunchTemplateId.VersionNotFound", text);
            numbers.push(number_of(thing, version).ok_or_else(missing)?);
        }
    }
    let items = numbers.into_iter().map(|number| shown_version(thing, number)).collect();
    page_of(asked, "launchTemplateVersionSet", items)
}

/// `ModifyLaunchTemplate`: which version is the default.
pub(crate) fn modify(world: &mut World, asked: &Asked<'_>) -> Result<Value, Failure> {
    let thing = named(world, asked)?;
    let text = "Could not find the specified version for the launch template.";
    let number = number_of(thing, asked.text("SetDefaultVersion"))
        .ok_or_else(|| Failure::bad("InvalidLaunchTemplateId.VersionNotFound", text))?;
    thing.fields.insert("defaultVersionNumber".to_owned(), Value::from(number));
    Ok(json!({ "launchTemplate": show(thing) }))
}

/// `DeleteLaunchTemplate`.
pub(crate) fn delete(world: &mut World, asked: &Asked<'_>) -> Result<Value, Failure> {
    let shown = show(named(world, asked)?);
    world.aws.things.remove(shown["launchTemplateId"].as_str().unwrap_or_default());
    Ok(json!({ "launchTemplate": shown }))
}

fn by_either<'a>(world: &'a World, region: &'a str, which: &str) -> Option<&'a Thing> {
    let mut all = world.aws.kind("lt-", region).map(|(_, thing)| thing);
    all.find(|thing| thing.text("launchTemplateId") == which || thing.text("launchTemplateName") == which)
}

/// The data of a template's version, the template given by id or name.
pub(crate) fn template_data(world: &World, region: &str, which: &str, version: &str) -> Option<Value> {
    let thing = by_either(world, region, which)?;
    Some(thing.hidden["versions"][number_of(thing, version)? - 1]["data"].clone())
}

/// A template as a node group shows it.
pub(crate) fn template_named(world: &World, region: &str, which: &str, version: &str) -> Option<Value> {
    let thing = by_either(world, region, which)?;
    let number = number_of(thing, version)?.to_string();
    Some(json!({"id": thing.fields["launchTemplateId"], "name": thing.fields["launchTemplateName"], "version": number}))
}

/// The data of the template a node group uses.
pub(crate) fn of_group(world: &World, group: &Group, region: &str) -> Option<Value> {
    let template = group.fields.get("launchTemplate")?;
    template_data(world, region, template["id"].as_str()?, template["version"].as_str()?)
}

/// The instance types of a node group, in order.
pub(crate) fn types_of(world: &World, group: &Group, region: &str) -> Vec<String> {
    let own = texts(group.fields.get("instanceTypes"));
    if !own.is_empty() {
        return own.into_iter().map(str::to_owned).collect();
    }
    let inside = of_group(world, group, region).and_then(|data| data["instanceType"].as_str().map(str::to_owned));
    vec![inside.unwrap_or_else(|| "t3.medium".to_owned())]
}

/// Whether machines of a group get the cluster's security group: groups of a template take its place.
pub(crate) fn template_lets_in(world: &World, group: &Group, cluster_group: &str) -> bool {
    let region = group.fields["nodegroupArn"].as_str().and_then(|arn| arn.split(':').nth(3)).unwrap_or_default();
    let Some(data) = of_group(world, group, region) else { return true };
    let on_interface = data["networkInterfaceSet"][0].get("securityGroupIdSet");
    let own = texts(data.get("securityGroupIdSet").or(on_interface));
    own.is_empty() || own.contains(&cluster_group)
}
