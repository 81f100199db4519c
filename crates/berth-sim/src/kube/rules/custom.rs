//! Custom resources: defaults and checks by the schema of their definition.

use jiff::Timestamp;
use regex_lite::Regex;
use serde_json::{Map, Value, json};

use crate::kube::decode::type_name;
use crate::kube::failure::Cause;
use crate::kube::kinds::{Custom, Kind, Subresource};
use crate::kube::schema::below;

const UNCHECKED: &str = "some validation rules were not checked because the object was invalid; correct the existing \
errors to complete validation";

/// Takes out nulls no field may have and fills in the schema's defaults.
pub(crate) fn complete(custom: &Custom, object: &mut Value) {
    fill(&custom.schema, object);
}

fn fill(schema: &Value, value: &mut Value) {
    match value {
        Value::Object(fields) => {
            let properties = schema["properties"].as_object();
            for (name, inner) in properties.into_iter().flatten() {
                let null = fields.get(name).is_some_and(Value::is_null);
                if null && inner["nullable"] != true {
                    fields.remove(name);
                }
                if let (None, Some(default)) = (fields.get(name), inner.get("default")) {
                    fields.insert(name.clone(), default.clone());
                }
            }
            for (name, value) in fields.iter_mut() {
                let inner = properties.and_then(|all| all.get(name)).unwrap_or(&schema["additionalProperties"]);
                fill(inner, value);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| fill(&schema["items"], item)),
        _ => {}
    }
}

/// All that is wrong with an object by its schema.
pub(crate) fn validate(kind: &Kind, custom: &Custom, object: &Value, causes: &mut Vec<Cause>) {
    let mut found = Found { faults: Vec::new(), broken: false };
    found.value(&custom.schema, object, "");
    if let Some(scale) = custom.scale.filter(|_| kind.has(Subresource::Scale)) {
        found.replicas(object.pointer(scale.replicas).unwrap_or(&Value::Null), scale.replicas);
    }
    if found.broken {
        found.faults.push(Cause::invalid("<nil>", &Value::Null, UNCHECKED));
    }
    if found.faults.is_empty() {
        repeated(&custom.schema, object, "", &mut found.faults);
    }
    causes.extend(found.faults);
}

struct Found {
    faults: Vec<Cause>,
    /// Whether something was found that keeps the rules of the schema from being looked at.
    broken: bool,
}

impl Found {
    fn fault(&mut self, breaks: bool, cause: Cause) {
        self.broken |= breaks;
        self.faults.push(cause);
    }

    fn value(&mut self, schema: &Value, value: &Value, at: &str) {
        if value.is_null() && (schema["nullable"] == true || at.is_empty()) {
            return;
        }
        let (wanted, fits) = wanted(schema, value);
        if !fits {
            let found = if value.is_f64() { "number" } else { named(value) };
            let why = format!("{at} in body must be of type {wanted}: \"{found}\"");
            self.fault(true, Cause::type_invalid(at, &json!(found), &why));
            if value.is_number() && wanted == "integer" {
                let why = format!("Checked value must be of type integer (default format) in {at}");
                self.fault(true, Cause::invalid("<nil>", &json!(""), &why));
            }
            return;
        }
        if let Some(allowed) = schema["enum"].as_array()
            && !allowed.contains(value)
        {
            let shown: Vec<&str> = allowed.iter().filter_map(Value::as_str).collect();
            self.fault(true, Cause::unsupported(at, value.as_str().unwrap_or_default(), &shown));
        }
        match value {
            Value::Object(fields) => self.object(schema, fields, at),
            Value::Array(items) => self.array(schema, items, at),
            Value::String(text) => self.text(schema, text, at),
            Value::Number(_) => self.number(schema, value, at),
            _ => {}
        }
    }

    fn object(&mut self, schema: &Value, fields: &Map<String, Value>, at: &str) {
        for name in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            if !fields.contains_key(name) {
                self.fault(true, Cause::required(below(at, name), ""));
            }
        }
        for (name, value) in fields {
            if at.is_empty() && matches!(name.as_str(), "apiVersion" | "kind" | "metadata") {
                continue;
            }
            match schema["properties"].get(name) {
                Some(inner) => self.value(inner, value, &below(at, name)),
                None if schema["additionalProperties"].is_object() => {
                    self.value(&schema["additionalProperties"], value, &below(at, name));
                }
                None => {}
            }
        }
        let count = fields.len();
        if let Some(most) = limit(schema, "maxProperties").filter(|most| count > *most) {
            let why = format!("must have at most {most} properties");
            self.fault(true, Cause::invalid(at, &json!(count), &why));
        }
    }

    fn array(&mut self, schema: &Value, items: &[Value], at: &str) {
        let count = json!(items.len());
        if let Some(most) = limit(schema, "maxItems").filter(|most| items.len() > *most) {
            let noun = if most == 1 { "item" } else { "items" };
            self.fault(true, Cause::too_many(at, items.len(), &format!("must have at most {most} {noun}")));
        }
        if let Some(least) = limit(schema, "minItems").filter(|least| items.len() < *least) {
            let why = format!("{at} in body should have at least {least} items");
            self.fault(false, Cause::invalid(at, &count, &why));
        }
        for (index, item) in items.iter().enumerate() {
            self.value(&schema["items"], item, &format!("{at}[{index}]"));
        }
    }

    fn text(&mut self, schema: &Value, text: &str, at: &str) {
        let shown = json!(text);
        if let Some(most) = limit(schema, "maxLength").filter(|most| text.chars().count() > *most) {
            self.fault(true, Cause::too_long(at, &format!("may not be more than {most} bytes")));
        }
        if let Some(least) = limit(schema, "minLength").filter(|least| text.chars().count() < *least) {
            let why = format!("{at} in body should be at least {least} chars long");
            self.fault(false, Cause::invalid(at, &shown, &why));
        }
        if let Some(pattern) = schema["pattern"].as_str()
            // What this engine cannot read is not checked.
            && Regex::new(pattern).is_ok_and(|pattern| !pattern.is_match(text))
        {
            self.fault(false, Cause::invalid(at, &shown, &format!("{at} in body should match '{pattern}'")));
        }
        if let Some(format) = schema["format"].as_str()
            && !has_format(format, text)
        {
            let why = format!("{at} in body must be of type {format}: {shown}");
            self.fault(true, Cause::type_invalid(at, &shown, &why));
        }
    }

    fn number(&mut self, schema: &Value, value: &Value, at: &str) {
        let number = value.as_f64().unwrap_or_default();
        for (field, below) in [("minimum", true), ("maximum", false)] {
            let Some(bound) = schema[field].as_f64() else { continue };
            let excluded = schema[if below { "exclusiveMinimum" } else { "exclusiveMaximum" }] == true;
            let outside = if below { number < bound } else { number > bound };
            if outside || (excluded && number.total_cmp(&bound).is_eq()) {
                let side = if below { "greater" } else { "less" };
                let or_equal = if excluded { "" } else { " or equal to" };
                let than = if excluded { format!("{side} than") } else { format!("{side} than{or_equal}") };
                let why = format!("{at} in body should be {than} {}", schema[field]);
                self.fault(false, Cause::invalid(at, value, &why));
            }
        }
    }

    /// The number `/scale` reads must be one.
    fn replicas(&mut self, value: &Value, pointer: &str) {
        let at = pointer.replace('/', ".");
        match value {
            Value::Null => {}
            Value::Number(number) if number.is_i64() || number.is_u64() => {
                if number.as_i64().is_some_and(|number| number < 0) {
                    self.fault(true, Cause::invalid(at, value, "should be a non-negative integer"));
                }
            }
            other => {
                let shown = other.as_str().map_or_else(|| other.to_string(), str::to_owned);
                let found = match other {
                    Value::Number(_) => "float64",
                    Value::String(_) => "string",
                    Value::Bool(_) => "bool",
                    Value::Array(_) => "[]interface {}",
                    _ => "map[string]interface {}",
                };
                let why = format!("{at} accessor error: {shown} is of the type {found}, expected int64");
                self.fault(true, Cause::invalid(at, &json!(0), &why));
            }
        }
    }
}

fn limit(schema: &Value, field: &str) -> Option<usize> {
    schema[field].as_u64().and_then(|number| usize::try_from(number).ok())
}

/// The type a schema wants, and whether a value is of it.
fn wanted<'a>(schema: &'a Value, value: &Value) -> (&'a str, bool) {
    if schema["x-kubernetes-int-or-string"] == true {
        return ("integer,string", value.is_string() || value.is_i64() || value.is_u64());
    }
    let Some(wanted) = schema["type"].as_str() else { return ("", true) };
    let fits = match wanted {
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        _ => true,
    };
    (wanted, fits)
}

/// The type of a value as the messages name it.
fn named(value: &Value) -> &'static str {
    match value {
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_i64() || number.is_u64() => "integer",
        other => type_name(other),
    }
}

fn has_format(format: &str, text: &str) -> bool {
    match format {
        "date-time" => text.parse::<Timestamp>().is_ok(),
        "uuid" => uuid::Uuid::parse_str(text).is_ok(),
        _ => true,
    }
}

/// Elements that stand twice in a set or in a list keyed by fields.
fn repeated(schema: &Value, value: &Value, at: &str, faults: &mut Vec<Cause>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                let inner = schema["properties"].get(name).unwrap_or(&schema["additionalProperties"]);
                repeated(inner, value, &below(at, name), faults);
            }
        }
        Value::Array(items) => {
            let keys = schema["x-kubernetes-list-map-keys"].as_array();
            let kind = schema["x-kubernetes-list-type"].as_str();
            let identity = |item: &Value| match (kind, keys) {
                (Some("set"), _) => Some(item.clone()),
                (Some("map"), Some(keys)) => {
                    let fields = keys.iter().filter_map(Value::as_str);
                    Some(fields.map(|field| (field.to_owned(), item[field].clone())).collect())
                }
                _ => None,
            };
            for (index, item) in items.iter().enumerate() {
                let here = format!("{at}[{index}]");
                let own = identity(item);
                if let Some(shown) = &own
                    && items[..index].iter().any(|other| identity(other) == own)
                {
                    faults.push(Cause::duplicate(&here, &shown.to_string(), ""));
                }
                repeated(&schema["items"], item, &here, faults);
            }
        }
        _ => {}
    }
}

/// Rules of the schema that compare with what was there. Of the expression language only the usual form of an immutable
/// field is understood, `self.x == oldSelf.x` and the like with a check for its presence; other rules hold.
pub(crate) fn validate_update(custom: &Custom, object: &Value, current: &Value, causes: &mut Vec<Cause>) {
    rules(&custom.schema, object, current, "", causes);
}

fn rules(schema: &Value, object: &Value, current: &Value, at: &str, causes: &mut Vec<Cause>) {
    for rule in schema["x-kubernetes-validations"].as_array().into_iter().flatten() {
        if !rule["rule"].as_str().is_none_or(|text| holds(text, object, current)) {
            let message = rule["message"].as_str().unwrap_or("failed rule");
            causes.push(Cause::rule(at, message));
        }
    }
    for (name, inner) in schema["properties"].as_object().into_iter().flatten() {
        if let (Some(object), Some(current)) = (object.get(name), current.get(name)) {
            rules(inner, object, current, &below(at, name), causes);
        }
    }
}

/// Whether a rule about one field's two states holds; rules in other forms count as held.
fn holds(rule: &str, object: &Value, current: &Value) -> bool {
    let mut parts: Vec<&str> = rule.split("||").map(str::trim).collect();
    let Some(last) = parts.pop() else { return true };
    let Some((left, right)) = last.split_once("==") else { return true };
    let field = |text: &str, owner: &str| -> Option<String> {
        let rest = text.trim().strip_prefix(owner)?;
        Some(rest.strip_prefix('.').unwrap_or(rest).to_owned())
    };
    let (left, right) = (left.trim(), right.trim());
    let name = match (field(left, "self"), field(right, "oldSelf")) {
        (Some(new), Some(old)) if new == old => new,
        _ => return true,
    };
    let unset = format!("!has(oldSelf.{name})");
    if parts.iter().any(|part| *part == unset && current.get(&name).is_none()) {
        return true;
    }
    if parts.iter().any(|part| *part != unset) {
        return true;
    }
    if name.is_empty() { object == current } else { object.get(&name) == current.get(&name) }
}
