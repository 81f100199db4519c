//! The calls of the price list, page by page.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::products::{self, Product};
use crate::aws::failure::Failure;
use crate::aws::serve::{Asked, page};

/// The version of the form; there is no other.
const FORMAT: &str = "aws_v1";
/// Most items of a page, and as many as it has when nobody says.
const PAGE: i64 = 100;
/// The same for products. The real service may give fewer than it is asked for; with so few, readers have to turn pages here as well.
const PRODUCTS: i64 = 2;
/// Regions that have an endpoint of the price list; it tells of all regions.
const ENDPOINTS: &[&str] = &["us-east-1", "eu-central-1", "ap-south-1"];

/// Answers a call of the Price List Service.
pub(crate) fn serve(asked: &Asked<'_>) -> Result<Value, Failure> {
    if !ENDPOINTS.contains(&asked.region) {
        let text = "Credential should be scoped to a valid region.";
        return Err(Failure::bad("InvalidSignatureException", text));
    }
    let version = asked.text("FormatVersion");
    if !version.is_empty() && version != FORMAT {
        return Err(Failure::bad("InvalidParameterException", format!("Invalid FormatVersion: {version}")));
    }
    match asked.action {
        "GetProducts" => get_products(asked),
        "DescribeServices" => describe_services(asked),
        "GetAttributeValues" => attribute_values(asked),
        _ => Err(Failure::bad("UnknownOperationException", format!("{} is not served", asked.action))),
    }
}

fn get_products(asked: &Asked<'_>) -> Result<Value, Failure> {
    let service = known(asked.text("ServiceCode"))?;
    let filters = filters(asked);
    let fitting = products::of_service(service).filter(|product| filters.iter().all(|filter| filter.fits(product)));
    let (products, next) = cut(asked, PRODUCTS, fitting.collect())?;
    // Each product is a text that holds JSON.
    let list: Vec<String> = products.into_iter().map(|product| product.told().to_string()).collect();
    Ok(json!({"FormatVersion": FORMAT, "PriceList": list, "NextToken": next}))
}

fn describe_services(asked: &Asked<'_>) -> Result<Value, Failure> {
    let wanted = asked.text("ServiceCode");
    let services = if wanted.is_empty() { products::services() } else { vec![known(wanted)?] };
    let (services, next) = cut(asked, PAGE, services)?;
    let shown: Vec<Value> = services
        .into_iter()
        .map(|service| {
            let names: BTreeSet<&str> = products::of_service(service)
                .flat_map(|product| product.attributes.keys().copied())
                .chain(["productFamily"])
                .collect();
            json!({"ServiceCode": service, "AttributeNames": names})
        })
        .collect();
    Ok(json!({"FormatVersion": FORMAT, "Services": shown, "NextToken": next}))
}

fn attribute_values(asked: &Asked<'_>) -> Result<Value, Failure> {
    let service = known(asked.text("ServiceCode"))?;
    let name = asked.text("AttributeName");
    let values: BTreeSet<&str> = products::of_service(service).filter_map(|product| product.field(name)).collect();
    if values.is_empty() {
        let text = format!("The service {service} has no attribute {name}");
        return Err(Failure::bad("InvalidParameterException", text));
    }
    let (values, next) = cut(asked, PAGE, values.into_iter().collect())?;
    let shown: Vec<Value> = values.into_iter().map(|value| json!({ "Value": value })).collect();
    Ok(json!({"AttributeValues": shown, "NextToken": next}))
}

fn known(service: &str) -> Result<&'static str, Failure> {
    let found = products::services().into_iter().find(|known| *known == service);
    found.ok_or_else(|| Failure::bad("NotFoundException", format!("The service code {service} was not found.")))
}

fn cut<T>(asked: &Asked<'_>, most: i64, items: Vec<T>) -> Result<(Vec<T>, Option<String>), Failure> {
    let size = asked.number("MaxResults").unwrap_or(most).clamp(1, most);
    let invalid = || Failure::bad("InvalidNextTokenException", "The pagination token is invalid.");
    page(items, Some(size), asked.text("NextToken")).ok_or_else(invalid)
}

/// What a product has to be like.
struct Filter<'a> {
    kind: &'a str,
    field: &'a str,
    value: &'a str,
}

fn filters<'a>(asked: &'a Asked<'_>) -> Vec<Filter<'a>> {
    let rows = asked.input.get("Filters").and_then(Value::as_array).into_iter().flatten();
    let text = |row: &'a Value, name: &str| row.get(name).and_then(Value::as_str).unwrap_or_default();
    rows.map(|row| Filter { kind: text(row, "Type"), field: text(row, "Field"), value: text(row, "Value") }).collect()
}

impl Filter<'_> {
    fn fits(&self, product: &Product) -> bool {
        let has = product.field(self.field);
        let mut listed = self.value.split(',').map(str::trim);
        match self.kind {
            "CONTAINS" => has.is_some_and(|has| has.contains(self.value)),
            "ANY_OF" => listed.any(|value| has == Some(value)),
            "NONE_OF" => !listed.any(|value| has == Some(value)),
            _ => has == Some(self.value),
        }
    }
}
