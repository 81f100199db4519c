//! An outcome as each protocol sends it.

use serde_json::{Value, json};

use super::call::Service;
use super::failure::Failure;
use super::xml;
use crate::wire::Answer;

/// Writes what came of a call.
pub(crate) fn write(service: Service, action: &str, id: &str, result: &Result<Value, Failure>) -> Answer {
    match (service, result) {
        (Service::Eks, Ok(value)) => json_answer(200, "application/json", id, value),
        (Service::Eks, Err(failure)) => {
            let mut body = failure.members.clone();
            body.insert("message".to_owned(), Value::from(failure.message.as_str()));
            let mut answer = json_answer(failure.status, "application/json", id, &Value::Object(body));
            answer.headers.push(("x-amzn-errortype".to_owned(), failure.code.clone()));
            answer
        }
        (Service::Quotas | Service::Logs | Service::Pricing | Service::Tagging, Ok(value)) => {
            json_answer(200, "application/x-amz-json-1.1", id, value)
        }
        (Service::Quotas | Service::Logs | Service::Pricing | Service::Tagging, Err(failure)) => {
            let body = json!({"__type": failure.code, "message": failure.message, "Message": failure.message});
            json_answer(failure.status, "application/x-amz-json-1.1", id, &body)
        }
        (Service::Ec2, Ok(value)) => {
            let space = format!("http://ec2.amazonaws.com/doc/{}/", service.version());
            let mut body = format!("<{action}Response xmlns=\"{space}\"><requestId>{id}</requestId>");
            xml::members(&mut body, value, "item");
            xml_answer(200, id, &format!("{body}</{action}Response>"))
        }
        (Service::Ec2, Err(failure)) => {
            let mut body = "<Response><Errors><Error>".to_owned();
            xml::members(&mut body, &json!({"Code": failure.code, "Message": failure.message}), "item");
            xml_answer(failure.status, id, &format!("{body}</Error></Errors><RequestID>{id}</RequestID></Response>"))
        }
        (_, Ok(value)) => {
            let balancing = matches!(service, Service::Elb | Service::ElbV2);
            let name = if balancing { "elasticloadbalancing" } else { service.name() };
            let space = format!("https://{name}.amazonaws.com/doc/{}/", service.version());
            let mut body = format!("<{action}Response xmlns=\"{space}\">");
            // An operation without an output has no result element; all of load balancing have one.
            if balancing || value.as_object().is_some_and(|members| !members.is_empty()) {
                xml::element(&mut body, &format!("{action}Result"), value, "member");
            }
            body.push_str(&format!("<ResponseMetadata><RequestId>{id}</RequestId></ResponseMetadata>"));
            xml_answer(200, id, &format!("{body}</{action}Response>"))
        }
        (_, Err(failure)) => {
            let kind = if failure.status < 500 { "Sender" } else { "Receiver" };
            let mut body = "<ErrorResponse><Error>".to_owned();
            let error = json!({"Type": kind, "Code": failure.code, "Message": failure.message});
            xml::members(&mut body, &error, "member");
            xml_answer(failure.status, id, &format!("{body}</Error><RequestId>{id}</RequestId></ErrorResponse>"))
        }
    }
}

fn json_answer(status: u16, kind: &str, id: &str, value: &Value) -> Answer {
    answer(status, kind, id, value.to_string())
}

fn xml_answer(status: u16, id: &str, body: &str) -> Answer {
    answer(status, "text/xml;charset=UTF-8", id, format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{body}"))
}

fn answer(status: u16, kind: &str, id: &str, body: String) -> Answer {
    let headers = vec![("content-type".to_owned(), kind.to_owned()), ("x-amzn-requestid".to_owned(), id.to_owned())];
    Answer { status, headers, body: body.into_bytes() }
}
