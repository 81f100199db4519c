//! One AWS call from request to answer: faults, credentials, the schema, the call itself, the ledger.

use jiff::Timestamp;
use serde_json::Value;

use super::call::{Call, Service};
use super::failure::Failure;
use super::{answer, schema, serve, tagging};
use crate::faults::Effect;
use crate::wire::{Answer, Delivery, Request};
use crate::world::World;

impl World {
    /// Carries out a request to AWS at a simulated time that [`World::advance`] has reached.
    ///
    /// `released` tells that the request was held by a fault which has been cleared since.
    pub(crate) fn apply_aws(&mut self, request: &Request, now: Timestamp, released: bool) -> (Answer, Delivery) {
        let call = Call::read(request);
        let (method, resource) = (call.method(), call.resource());
        let struck = if released { None } else { self.faults.strike(&method, &resource, now) };
        let mut delivery = Delivery::Send;
        let mut spoiling = None;
        let mut refused = None;
        match struck {
            Some((_, Effect::Answer { code, status, message })) => {
                refused = Some(Failure::new(code, &status, message));
            }
            Some((_, Effect::Throttle { .. })) => refused = Some(throttled(call.service)),
            Some((_, Effect::DropBefore)) => {
                self.note(request, &method, &resource, 0, now);
                return (Answer::default(), Delivery::Drop);
            }
            Some((id, Effect::HangBefore)) => return (Answer::default(), Delivery::HoldBefore(id)),
            Some((_, Effect::DropAfter)) => delivery = Delivery::Drop,
            Some((id, Effect::HangAfter)) => delivery = Delivery::HoldAfter(id),
            Some((_, effect)) if effect.spoils_aws() => spoiling = Some(effect),
            Some((_, effect)) => self.strike_world(&effect, now),
            None => {}
        }
        let result = match refused {
            Some(failure) => Err(failure),
            None => self.carry_out(&call, spoiling.as_ref(), now),
        };
        let number = self.number();
        let digits = self.hex(&format!("request/{number}"), 32);
        let id =
            format!("{}-{}-4{}-a{}-{}", &digits[..8], &digits[8..12], &digits[13..16], &digits[17..20], &digits[20..]);
        let answer = answer::write(call.service, &call.action, &id, &result);
        let status = if delivery == Delivery::Drop { 0 } else { answer.status };
        self.note(request, &method, &resource, status, now);
        (answer, delivery)
    }

    fn carry_out(&mut self, call: &Call, spoiling: Option<&Effect>, now: Timestamp) -> Result<Value, Failure> {
        call.known_caller()?;
        let input = schema::read(call.service, &call.action, &call.input)?;
        self.authorize_aws(call, &input)?;
        if input.get("DryRun") == Some(&Value::Bool(true)) {
            let text = "Request would have succeeded, but DryRun flag is set.";
            return Err(Failure::new(412, "DryRunOperation", text));
        }
        tagging::remember(self, call, now);
        serve::serve(self, call, &input, spoiling, now)
    }
}

/// The words in which each service says that it is asked too often.
fn throttled(service: Service) -> Failure {
    match service {
        Service::Eks => Failure::new(429, "ThrottlingException", "Rate exceeded"),
        Service::Ec2 => Failure::new(503, "RequestLimitExceeded", "Request limit exceeded."),
        Service::Quotas => Failure::new(400, "TooManyRequestsException", "Rate exceeded"),
        Service::Tagging => Failure::new(400, "ThrottledException", "Rate exceeded"),
        Service::Logs | Service::Pricing => Failure::new(400, "ThrottlingException", "Rate exceeded"),
        Service::Iam | Service::Sts | Service::Autoscaling | Service::Elb | Service::ElbV2 => {
            Failure::new(400, "Throttling", "Rate exceeded")
        }
    }
}
