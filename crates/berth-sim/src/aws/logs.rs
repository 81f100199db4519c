//! CloudWatch Logs: log groups, those of control planes among them.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::failure::Failure;
use super::places::ACCOUNT;
use super::serve::{Asked, page, texts};
use super::state::{Cluster, Happening, Thing, fields};
use crate::lifecycle::after;
use crate::world::{Step, World};

/// Days for which logs may be kept.
const DAYS: &[i64] =
    &[1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653];
/// The most tags of a group.
const MOST_TAGS: usize = 50;

/// Answers a CloudWatch Logs call.
pub(crate) fn serve(world: &mut World, asked: &Asked<'_>) -> Result<Value, Failure> {
    match asked.action {
        "CreateLogGroup" => create(world, asked),
        "DescribeLogGroups" => describe(world, asked),
        "DeleteLogGroup" => delete(world, asked),
        "PutRetentionPolicy" => keep_for(world, asked),
        "ListTagsForResource" => tagged(world, asked).map(|group| json!({ "tags": group.tags })),
        "TagResource" => {
            let new = given(asked.input.get("tags"));
            let group = tagged(world, asked)?;
            let mut all = group.tags.clone();
            all.extend(new);
            few_enough(&all)?;
            group.tags = all;
            Ok(json!({}))
        }
        "UntagResource" => {
            let keys = texts(asked.input.get("tagKeys"));
            tagged(world, asked)?.tags.retain(|key, _| !keys.contains(&key.as_str()));
            Ok(json!({}))
        }
        _ => Err(Failure::bad("UnknownOperationException", format!("{} is not served", asked.action))),
    }
}

fn key(region: &str, name: &str) -> String {
    format!("{region}/{name}")
}

fn missing() -> Failure {
    Failure::bad("ResourceNotFoundException", "The specified log group does not exist.")
}

fn find<'a>(world: &'a mut World, asked: &Asked<'_>) -> Result<&'a mut Thing, Failure> {
    world.aws.logs.get_mut(&key(asked.region, asked.text("logGroupName"))).ok_or_else(missing)
}

/// The group whose ARN a call gives: the form that does not end in `:*`.
fn tagged<'a>(world: &'a mut World, asked: &Asked<'_>) -> Result<&'a mut Thing, Failure> {
    let arn = asked.text("resourceArn");
    let here = world.aws.logs.values_mut().filter(|group| group.region == asked.region);
    let mut meant = here.into_iter().filter(|group| group.text("logGroupArn") == arn);
    meant.next().ok_or_else(|| Failure::bad("ResourceNotFoundException", "The specified resource does not exist."))
}

fn given(value: Option<&Value>) -> BTreeMap<String, String> {
    let tags = value.and_then(Value::as_object).into_iter().flatten();
    tags.map(|(key, value)| (key.clone(), value.as_str().unwrap_or_default().to_owned())).collect()
}

fn few_enough(tags: &BTreeMap<String, String>) -> Result<(), Failure> {
    if tags.len() > MOST_TAGS {
        return Err(Failure::bad("TooManyTagsException", "A resource can have no more than 50 tags."));
    }
    Ok(())
}

fn make(world: &mut World, region: &str, name: &str, tags: BTreeMap<String, String>, now: Timestamp) {
    let arn = format!("arn:aws:logs:{region}:{ACCOUNT}:log-group:{name}");
    let shown = json!({
        "logGroupName": name, "creationTime": now.as_millisecond(), "metricFilterCount": 0,
        "arn": format!("{arn}:*"), "storedBytes": 0, "logGroupClass": "STANDARD", "logGroupArn": arn,
    });
    let group = Thing { region: region.to_owned(), fields: fields(shown), tags, hidden: Map::new() };
    world.aws.logs.insert(key(region, name), group);
}

fn create(world: &mut World, asked: &Asked<'_>) -> Result<Value, Failure> {
    let name = asked.text("logGroupName");
    if name.starts_with("aws/") {
        return Err(Failure::bad("InvalidParameterException", "Log groups starting with aws/ are reserved for AWS."));
    }
    let tags = given(asked.input.get("tags"));
    few_enough(&tags)?;
    if world.aws.logs.contains_key(&key(asked.region, name)) {
        return Err(Failure::bad("ResourceAlreadyExistsException", "The specified log group already exists"));
    }
    make(world, asked.region, name, tags, asked.now);
    if let Some(class) = asked.input.get("logGroupClass") {
        find(world, asked)?.fields.insert("logGroupClass".to_owned(), class.clone());
    }
    Ok(json!({}))
}

fn describe(world: &World, asked: &Asked<'_>) -> Result<Value, Failure> {
    let (prefix, pattern) = (asked.text("logGroupNamePrefix"), asked.text("logGroupNamePattern").to_lowercase());
    if !prefix.is_empty() && !pattern.is_empty() {
        let text = "LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters.";
        return Err(Failure::bad("InvalidParameterException", text));
    }
    let here = world.aws.logs.values().filter(|group| group.region == asked.region);
    let meant = here.filter(|group| {
        let name = group.text("logGroupName");
        name.starts_with(prefix) && name.to_lowercase().contains(&pattern)
    });
    let groups = meant.map(|group| Value::Object(group.fields.clone())).collect();
    let invalid = || Failure::bad("InvalidParameterException", "The specified nextToken is invalid.");
    let size = asked.number("limit").or(Some(50));
    let (groups, next): (Vec<Value>, _) = page(groups, size, asked.text("nextToken")).ok_or_else(invalid)?;
    let mut answer = json!({ "logGroups": groups });
    if let Some(next) = next {
        answer["nextToken"] = Value::from(next);
    }
    Ok(answer)
}

/// `DeleteLogGroup`: a control plane that still writes there has its group again soon.
fn delete(world: &mut World, asked: &Asked<'_>) -> Result<Value, Failure> {
    find(world, asked)?;
    let name = asked.text("logGroupName");
    world.aws.logs.remove(&key(asked.region, name));
    let writes = |cluster: &&Cluster| cluster.region == asked.region && group_of(cluster) == name;
    if let Some(uid) = world.aws.clusters.values().find(writes).map(|cluster| cluster.uid.clone()) {
        world.logs_soon(&uid, asked.now);
    }
    Ok(json!({}))
}

fn keep_for(world: &mut World, asked: &Asked<'_>) -> Result<Value, Failure> {
    let days = asked.number("retentionInDays").unwrap_or(0);
    if !DAYS.contains(&days) {
        let text = format!("1 validation error detected: Value '{days}' at 'retentionInDays' is not one of {DAYS:?}");
        return Err(Failure::bad("InvalidParameterException", text));
    }
    find(world, asked)?.fields.insert("retentionInDays".to_owned(), Value::from(days));
    Ok(json!({}))
}

/// The log group of a cluster's control plane.
fn group_of(cluster: &Cluster) -> String {
    format!("/aws/eks/{}/cluster", cluster.name())
}

/// Whether any kind of log of a control plane is on.
fn is_logging(cluster: &Cluster) -> bool {
    let setups = cluster.fields.get("logging").and_then(|logging| logging["clusterLogging"].as_array());
    setups.is_some_and(|setups| setups.iter().any(|setup| setup["enabled"] == true))
}

impl World {
    /// Lets a control plane write its logs a little later.
    pub(crate) fn logs_soon(&mut self, uid: &str, now: Timestamp) {
        let at = now + after("log-group", "logging", "created", "");
        self.plan_once(at, Step::Aws(Happening::Logs(uid.to_owned())));
    }

    /// Lets the last lines of a control plane arrive at a time when it is gone, if it writes any.
    pub(crate) fn lines_late(&mut self, uid: &str, at: Timestamp) {
        let Some(cluster) = self.aws.by_uid(uid).filter(|cluster| is_logging(cluster)) else { return };
        let late = Happening::LateLogs(cluster.region.clone(), group_of(cluster));
        self.plan(at, Step::Aws(late));
    }

    /// Lines arrive in a log group, which is made unless it is there.
    pub(crate) fn lines_arrive(&mut self, region: &str, name: &str, now: Timestamp) {
        if !self.aws.logs.contains_key(&key(region, name)) {
            make(self, region, name, BTreeMap::new(), now);
        }
    }

    /// The control plane of a cluster writes its logs, which makes their group unless it is there.
    pub(crate) fn logs_written(&mut self, uid: &str, now: Timestamp) {
        let Some(cluster) = self.aws.by_uid(uid).filter(|cluster| cluster.up && is_logging(cluster)) else { return };
        let (region, name) = (cluster.region.clone(), group_of(cluster));
        self.lines_arrive(&region, &name, now);
    }
}
