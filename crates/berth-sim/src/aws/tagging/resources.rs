//! Reading the index: resources by tags and kinds, keys, values.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::index::{self, Entry};
use crate::aws::failure::Failure;
use crate::aws::serve::{Asked, page};
use crate::world::World;

/// Resources, keys or values on a page when the call does not say.
const ON_A_PAGE: i64 = 100;

fn refused(text: impl Into<String>) -> Failure {
    Failure::bad("InvalidParameterException", text)
}

/// All of the region, by ARN.
fn entries<'a>(world: &'a World, asked: &'a Asked<'_>) -> Vec<Entry<'a>> {
    let ghosts = world.aws.ghosts.iter();
    let shown = ghosts.filter(|(_, ghost)| ghost.region == asked.region && ghost.until > asked.now);
    index::all(&world.aws, asked.region, shown)
}

/// `GetResources`.
pub(super) fn resources(world: &World, asked: &Asked<'_>) -> Result<Value, Failure> {
    check(asked)?;
    let (filters, kinds) = (filters(asked)?, asked.texts("ResourceTypeFilters"));
    let arns = asked.texts("ResourceARNList");
    let mut found = entries(world, asked);
    found.retain(|entry| {
        (arns.is_empty() || arns.contains(&entry.arn.as_str()))
            && (kinds.is_empty() || kinds.iter().any(|kind| is_of_kind(&entry.arn, kind)))
            && filters.iter().all(|filter| filter.fits(entry))
    });
    found.sort_by(|a, b| a.arn.cmp(&b.arn));
    let (found, token) = paged(found, asked)?;
    let shown = found.iter().map(|entry| {
        let tags = entry.tags.pairs().into_iter().map(|(key, value)| json!({"Key": key, "Value": value}));
        json!({"ResourceARN": entry.arn, "Tags": tags.collect::<Value>()})
    });
    Ok(json!({"ResourceTagMappingList": shown.collect::<Value>(), "PaginationToken": token}))
}

/// What the documents say of parameters that exclude each other, and of their ranges.
fn check(asked: &Asked<'_>) -> Result<(), Failure> {
    let given = |member: &str| match asked.input.get(member) {
        Some(Value::Array(items)) => !items.is_empty(),
        Some(Value::String(text)) => !text.is_empty(),
        other => other.is_some(),
    };
    let others = ["TagFilters", "ResourceTypeFilters", "ResourcesPerPage", "TagsPerPage", "PaginationToken"];
    if given("ResourceARNList") && others.iter().any(|member| given(member)) {
        return Err(refused("ResourceARNList cannot be given with filters or pagination parameters"));
    }
    if asked.input.get("ExcludeCompliantResources") == Some(&Value::Bool(true)) && !given("IncludeComplianceDetails") {
        return Err(refused("ExcludeCompliantResources takes IncludeComplianceDetails"));
    }
    for (member, least, most) in [("ResourcesPerPage", 1, 100), ("TagsPerPage", 100, 500)] {
        if asked.number(member).is_some_and(|number| !(least..=most).contains(&number)) {
            return Err(refused(format!("{member} must be between {least} and {most}")));
        }
    }
    if asked.texts("ResourceTypeFilters").len() > 100 {
        return Err(refused("ResourceTypeFilters can hold at most 100 items"));
    }
    Ok(())
}

/// A page by resources, or by tags where that is asked for; the token is empty on the last one.
fn paged<'a>(found: Vec<Entry<'a>>, asked: &Asked<'_>) -> Result<(Vec<Entry<'a>>, String), Failure> {
    let token = asked.text("PaginationToken");
    let mut size = asked.number("ResourcesPerPage").unwrap_or(ON_A_PAGE);
    if let Some(most) = asked.number("TagsPerPage") {
        let start = token.strip_prefix("page-").and_then(|text| text.parse::<usize>().ok()).unwrap_or(0);
        let mut tags = 0;
        let fits = |entry: &&Entry<'_>| {
            tags += entry.tags.pairs().len();
            i64::try_from(tags).is_ok_and(|tags| tags <= most)
        };
        let fitting = found.iter().skip(start).take_while(fits).count().max(1);
        size = size.min(i64::try_from(fitting).unwrap_or(size));
    }
    let (found, next) = page(found, Some(size), token).ok_or_else(|| refused("the PaginationToken is not valid"))?;
    Ok((found, next.unwrap_or_default()))
}

/// `ec2` is any of EC2's resources, `ec2:volume` one of its kinds.
fn is_of_kind(arn: &str, wanted: &str) -> bool {
    let (service, kind) = index::kind_of(arn);
    match wanted.split_once(':') {
        Some((of, named)) => of == service && named == kind,
        None => wanted == service,
    }
}

struct Filter<'a> {
    key: &'a str,
    /// Any of these; none stands for all.
    values: Vec<&'a str>,
}

impl Filter<'_> {
    fn fits(&self, entry: &Entry<'_>) -> bool {
        let pairs = entry.tags.pairs().into_iter();
        pairs
            .into_iter()
            .any(|(key, value)| key == self.key && (self.values.is_empty() || self.values.contains(&value)))
    }
}

fn filters<'a>(asked: &'a Asked<'_>) -> Result<Vec<Filter<'a>>, Failure> {
    let all = asked.input.get("TagFilters").and_then(Value::as_array).into_iter().flatten();
    let read = all.map(|filter| {
        let key = filter["Key"].as_str().ok_or_else(|| refused("a tag filter must have a key"))?;
        Ok(Filter { key, values: crate::aws::serve::texts(filter.get("Values")) })
    });
    read.collect()
}

/// `GetTagKeys`.
pub(super) fn keys(world: &World, asked: &Asked<'_>) -> Result<Value, Failure> {
    let all = entries(world, asked);
    let keys: BTreeSet<&str> = all.iter().flat_map(|entry| entry.tags.pairs()).map(|(key, _)| key).collect();
    let (keys, token) = texts_page(keys, asked)?;
    Ok(json!({"TagKeys": keys, "PaginationToken": token}))
}

/// `GetTagValues`.
pub(super) fn values(world: &World, asked: &Asked<'_>) -> Result<Value, Failure> {
    let key = asked.text("Key");
    let all = entries(world, asked);
    let pairs = all.iter().flat_map(|entry| entry.tags.pairs());
    let values: BTreeSet<&str> = pairs.filter(|(one, _)| *one == key).map(|(_, value)| value).collect();
    let (values, token) = texts_page(values, asked)?;
    Ok(json!({"TagValues": values, "PaginationToken": token}))
}

fn texts_page<'a>(texts: BTreeSet<&'a str>, asked: &Asked<'_>) -> Result<(Vec<&'a str>, String), Failure> {
    let token = asked.text("PaginationToken");
    let paged = page(texts.into_iter().collect(), Some(ON_A_PAGE), token);
    let (texts, next) = paged.ok_or_else(|| refused("the PaginationToken is not valid"))?;
    Ok((texts, next.unwrap_or_default()))
}
