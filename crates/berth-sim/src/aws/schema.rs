//! The inputs of the served operations: members, kinds and constraints, used to read requests as the services do.
//!
//! `schema.txt` has a part per service, `# eks`. In it `!Operation Input METHOD path` is an operation (method and path
//! for EKS alone), `Shape member:kind ...` an input (`!` after a member that must be there, `/` and `?` before one in
//! the path or query), `@Name ...` a constraint: `=A|B` for the values, `#least most` for a number, else the least and
//! greatest length with a pattern. Kinds: `s` string, `i` integer, `f` number, `b` boolean, `t` time, `[kind]` list and
//! `{kind}` map, both with the sizes they may have, `@Name`, or a shape.

use std::collections::HashMap;
use std::sync::LazyLock;

use regex_lite::Regex;
use serde_json::{Map, Value};

use super::call::Service;
use super::failure::Failure;

static TEXT: &str = include_str!("schema.txt");

/// What one service takes.
#[derive(Default)]
struct Part {
    operations: Vec<Operation>,
    shapes: HashMap<&'static str, Vec<Member>>,
    constraints: HashMap<&'static str, &'static str>,
}

/// One operation.
pub(crate) struct Operation {
    /// Its name.
    pub(crate) name: &'static str,
    /// The shape of its input; `-` for none.
    input: &'static str,
    /// The HTTP method, for EKS.
    pub(crate) method: &'static str,
    /// The path with `{names}`, for EKS.
    pub(crate) path: &'static str,
}

struct Member {
    name: &'static str,
    required: bool,
    kind: &'static str,
}

static PARTS: LazyLock<HashMap<&'static str, Part>> = LazyLock::new(|| {
    let mut parts: HashMap<&'static str, Part> = HashMap::new();
    let mut service = "";
    for line in TEXT.lines() {
        if let Some(name) = line.strip_prefix("# ") {
            service = name;
            continue;
        }
        let part = parts.entry(service).or_default();
        let (first, rest) = line.split_once(' ').unwrap_or((line, ""));
        if let Some(name) = first.strip_prefix('!') {
            let mut words = rest.split(' ');
            let mut word = || words.next().unwrap_or_default();
            part.operations.push(Operation { name, input: word(), method: word(), path: word() });
        } else if let Some(name) = first.strip_prefix('@') {
            part.constraints.insert(name, rest);
        } else {
            part.shapes.insert(first, rest.split(' ').filter_map(member).collect());
        }
    }
    parts
});

fn member(text: &'static str) -> Option<Member> {
    let (name, kind) = text.split_once(':')?;
    let name = name.trim_start_matches(['/', '?']);
    Some(Member { name: name.trim_end_matches('!'), required: name.ends_with('!'), kind })
}

/// The operations of a service.
pub(crate) fn operations(service: Service) -> &'static [Operation] {
    PARTS.get(service.name()).map_or(&[], |part| part.operations.as_slice())
}

/// Reads the input of an operation: texts become what the shape says, and what the service would refuse is refused.
pub(crate) fn read(service: Service, action: &str, input: &Value) -> Result<Value, Failure> {
    let Some(part) = PARTS.get(service.name()) else { return Ok(input.clone()) };
    let Some(operation) = part.operations.iter().find(|operation| operation.name == action) else {
        return Err(Failure::bad("InvalidAction", format!("The action {action} is not valid for this web service.")));
    };
    let reader = Reader { part, service };
    reader.shape(operation.input, input, "").map(Value::Object)
}

struct Reader {
    part: &'static Part,
    service: Service,
}

impl Reader {
    fn shape(&self, shape: &str, value: &Value, at: &str) -> Result<Map<String, Value>, Failure> {
        let empty = Map::new();
        let object = value.as_object().unwrap_or(&empty);
        let members = self.part.shapes.get(shape).map_or(&[] as &[Member], Vec::as_slice);
        let place = |name: &str| if at.is_empty() { name.to_owned() } else { format!("{at}.{name}") };
        let mut out = Map::new();
        for member in members {
            match object.get(member.name).filter(|value| !value.is_null()) {
                Some(value) => {
                    let read = self.kind(member.kind, value, &place(member.name))?;
                    out.insert(member.name.to_owned(), read);
                }
                None if member.required => return Err(self.absent(&place(member.name))),
                None => {}
            }
        }
        // EC2 knows its parameters; the others let pass what they do not know.
        let unknown = object.keys().find(|key| !members.iter().any(|member| member.name == key.as_str()));
        match unknown {
            Some(key) if self.service == Service::Ec2 => {
                Err(Failure::bad("UnknownParameter", format!("The parameter {} is not recognized", place(key))))
            }
            _ => Ok(out),
        }
    }

    fn kind(&self, kind: &str, value: &Value, at: &str) -> Result<Value, Failure> {
        if let Some(rest) = kind.strip_prefix('[') {
            let (inner, sizes) = rest.rsplit_once(']').unwrap_or((rest, ""));
            let items = match value {
                Value::Array(items) => items.clone(),
                // An empty list is sent as an empty text, and one value of a query stands for a list of one.
                Value::String(text) if text.is_empty() => Vec::new(),
                one => vec![one.clone()],
            };
            self.size(items.len(), sizes, at)?;
            let read =
                items.iter().enumerate().map(|(index, item)| self.kind(inner, item, &format!("{at}.{}", index + 1)));
            return read.collect::<Result<Vec<_>, _>>().map(Value::Array);
        }
        if let Some(rest) = kind.strip_prefix('{') {
            let (inner, sizes) = rest.rsplit_once('}').unwrap_or((rest, ""));
            let Value::Object(entries) = value else { return Err(self.malformed(at)) };
            self.size(entries.len(), sizes, at)?;
            let read = entries.iter().map(|(key, entry)| Ok((key.clone(), self.kind(inner, entry, at)?)));
            return read.collect::<Result<Map<_, _>, Failure>>().map(Value::Object);
        }
        if let Some(name) = kind.strip_prefix('@') {
            return self.constrained(self.part.constraints.get(name).copied().unwrap_or_default(), value, at);
        }
        match kind {
            "s" | "t" => match value {
                Value::String(_) | Value::Number(_) => Ok(value.clone()),
                _ => Err(self.malformed(at)),
            },
            "i" | "f" => self.number(value, at),
            "b" => match value {
                Value::Bool(_) => Ok(value.clone()),
                Value::String(text) if text == "true" || text == "false" => Ok(Value::Bool(text == "true")),
                _ => Err(self.malformed(at)),
            },
            shape => self.shape(shape, value, at).map(Value::Object),
        }
    }

    fn number(&self, value: &Value, at: &str) -> Result<Value, Failure> {
        match value {
            Value::Number(_) => Ok(value.clone()),
            Value::String(text) => {
                let whole = text.parse::<i64>().map(Value::from);
                whole.or_else(|_fraction| text.parse::<f64>().map(Value::from)).map_err(|_word| self.malformed(at))
            }
            _ => Err(self.malformed(at)),
        }
    }

    fn constrained(&self, constraint: &str, value: &Value, at: &str) -> Result<Value, Failure> {
        if let Some(limits) = constraint.strip_prefix('#') {
            let number = self.number(value, at)?;
            let (least, most) = limits.split_once(' ').unwrap_or((limits, "-"));
            let (given, low, high) = (number.as_i64().unwrap_or(0), least.parse::<i64>(), most.parse::<i64>());
            if low.is_ok_and(|low| given < low) {
                return Err(self.refused(at, &given.to_string(), &format!("value greater than or equal to {least}")));
            }
            if high.is_ok_and(|high| given > high) {
                return Err(self.refused(at, &given.to_string(), &format!("value less than or equal to {most}")));
            }
            return Ok(number);
        }
        let Value::String(text) = value else { return Err(self.malformed(at)) };
        if let Some(values) = constraint.strip_prefix('=') {
            if !values.split('|').any(|known| known == text) {
                let all = values.replace('|', ", ");
                return Err(self.refused(at, text, &format!("enum value set: [{all}]")));
            }
            return Ok(value.clone());
        }
        let mut words = constraint.splitn(3, ' ');
        let least = words.next().and_then(|word| word.parse::<usize>().ok());
        let most = words.next().and_then(|word| word.parse::<usize>().ok());
        let length = text.chars().count();
        if least.is_some_and(|least| length < least) {
            let rule = format!("length greater than or equal to {}", least.unwrap_or(0));
            return Err(self.refused(at, text, &rule));
        }
        if most.is_some_and(|most| length > most) {
            let rule = format!("length less than or equal to {}", most.unwrap_or(0));
            return Err(self.refused(at, text, &rule));
        }
        if let Some(pattern) = words.next()
            // A pattern in another dialect than ours is not looked at.
            && let Ok(regex) = Regex::new(&format!("^(?:{pattern})$"))
            && !regex.is_match(text)
        {
            return Err(self.refused(at, text, &format!("regular expression pattern: {pattern}")));
        }
        Ok(value.clone())
    }

    fn size(&self, length: usize, sizes: &str, at: &str) -> Result<(), Failure> {
        let Some((least, most)) = sizes.split_once('-') else { return Ok(()) };
        // An empty collection says the same as an absent one.
        let low = length > 0 && least.parse::<usize>().is_ok_and(|least| length < least);
        if low || most.parse::<usize>().is_ok_and(|most| length > most) {
            return Err(self.refused(at, &format!("{length} items"), &format!("length between {least} and {most}")));
        }
        Ok(())
    }

    fn absent(&self, at: &str) -> Failure {
        match self.service {
            Service::Ec2 => Failure::bad("MissingParameter", format!("The request must contain the parameter {at}")),
            Service::Eks => Failure::parameter(format!("{at} cannot be null or empty.")),
            _ => Failure::bad(
                self.service.validation_code(),
                format!(
                    "1 validation error detected: Value null at '{at}' failed to satisfy constraint: Member must not be null"
                ),
            ),
        }
    }

    fn malformed(&self, at: &str) -> Failure {
        match self.service {
            Service::Ec2 => Failure::bad("InvalidParameterValue", format!("Invalid value for parameter {at}")),
            Service::Eks | Service::Quotas | Service::Logs | Service::Pricing | Service::Tagging => {
                Failure::bad("SerializationException", format!("the value of {at} has the wrong type"))
            }
            _ => Failure::bad("MalformedInput", format!("the value of {at} has the wrong type")),
        }
    }

    fn refused(&self, at: &str, given: &str, rule: &str) -> Failure {
        match self.service {
            Service::Ec2 => Failure::bad(
                "InvalidParameterValue",
                format!("Value ({given}) for parameter {at} is invalid. Member must satisfy {rule}"),
            ),
            service => Failure::bad(
                service.validation_code(),
                format!(
                    "1 validation error detected: Value '{given}' at '{at}' failed to satisfy constraint: Member must \
                     satisfy {rule}"
                ),
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn texts_become_what_the_shape_says() {
        let input = json!({"CidrBlock": "10.0.0.0/16", "DryRun": "false", "Ipv4NetmaskLength": "16"});
        let read = read(Service::Ec2, "CreateVpc", &input).unwrap();
        assert_eq!(read, json!({"CidrBlock": "10.0.0.0/16", "DryRun": false, "Ipv4NetmaskLength": 16}));
    }

    #[test]
    fn what_a_service_refuses_is_refused_in_its_words() {
        let told = |service, action, input| {
            let failure = read(service, action, &input).unwrap_err();
            format!("{}: {}", failure.code, failure.message)
        };
        assert_eq!(
            told(Service::Ec2, "CreateSubnet", json!({"CidrBlock": "10.0.0.0/24"})),
            "MissingParameter: The request must contain the parameter VpcId"
        );
        assert_eq!(
            told(Service::Ec2, "CreateVpc", json!({"Cidr": "x"})),
            "UnknownParameter: The parameter Cidr is not recognized"
        );
        assert!(
            told(Service::Eks, "CreateCluster", json!({"name": "-x", "roleArn": "r", "resourcesVpcConfig": {}}))
                .contains("'-x' at 'name' failed to satisfy constraint: Member must satisfy regular expression")
        );
        assert!(
            told(
                Service::Eks,
                "CreateNodegroup",
                json!({"name": "c", "nodegroupName": "n", "subnets": [], "nodeRole": "r", "scalingConfig": {"maxSize": 0}})
            )
            .contains("'0' at 'scalingConfig.maxSize'")
        );
        assert!(
            told(Service::Iam, "CreateRole", json!({"RoleName": "a b", "AssumeRolePolicyDocument": "{}"}))
                .starts_with("ValidationError: 1 validation error detected: Value 'a b' at 'RoleName'")
        );
    }
}
