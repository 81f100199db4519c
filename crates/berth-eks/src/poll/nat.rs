//! A NAT gateway that is being made.

use aws_sdk_ec2::types::{NatGateway, NatGatewayState};
use berth_core::actions::eks::EksClusterRef;
use berth_core::ports::Progress;
use berth_core::run::{Fault, FaultKind, LeftBehind, Retry};

use crate::classify::{self, Said};
use crate::cloud::EksCloud;

/// Over when it is `available`; one that failed says why.
pub(crate) async fn nat(cloud: &EksCloud, cluster: &EksClusterRef, id: &str) -> Result<Progress, Fault> {
    let tried = format!("wait for NAT gateway {id} of cluster {}", cluster.name);
    let found = match cloud.read.ec2.describe_nat_gateways().nat_gateway_ids(id).send().await {
        Ok(found) => found.nat_gateways.unwrap_or_default(),
        // It was made a moment ago, and EC2 does not show it yet.
        Err(error) if classify::kind_of(&error) == FaultKind::NotFound => Vec::new(),
        Err(error) => return Err(classify::of_call(tried, &error)),
    };
    let Some(nat) = found.first() else { return Ok(Progress::Pending(None)) };
    match &nat.state {
        Some(NatGatewayState::Available) => Ok(Progress::Done),
        Some(NatGatewayState::Failed) => Err(failed(nat, id, tried)),
        Some(state @ (NatGatewayState::Deleting | NatGatewayState::Deleted)) => Err(Fault {
            kind: FaultKind::NotFound,
            tried,
            said: format!("it is {}: somebody takes it away", state.as_str()),
            left_behind: LeftBehind::Nothing,
            retry: Retry::Never,
        }),
        state => Ok(Progress::Pending(state.as_ref().map(|state| state.as_str().to_owned()))),
    }
}

/// It stays so; EC2 forgets it after an hour, and a new one has to be made.
fn failed(nat: &NatGateway, id: &str, tried: String) -> Fault {
    let code = nat.failure_code().unwrap_or_default();
    let text = nat.failure_message().unwrap_or("no reason is given");
    let (kind, _) = classify::of_answer(&Said { http: 400, code: code.to_owned(), ..Said::default() });
    Fault {
        kind,
        tried,
        said: if code.is_empty() { text.to_owned() } else { format!("{code}: {text}") },
        left_behind: LeftBehind::These(vec![format!("NAT gateway {id} (failed, not billed)")]),
        retry: Retry::Never,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_gateway_says_why_and_is_not_waited_for() {
        let nat = NatGateway::builder()
            .failure_code("InsufficientFreeAddressesInSubnet")
            .failure_message("Subnet has no free addresses")
            .build();
        let fault = failed(&nat, "nat-1", "wait".to_owned());
        assert_eq!((fault.kind, fault.retry), (FaultKind::Quota, Retry::Never));
        assert_eq!(fault.said, "InsufficientFreeAddressesInSubnet: Subnet has no free addresses");
    }
}
