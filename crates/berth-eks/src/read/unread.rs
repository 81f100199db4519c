//! What the identity may not read is told, and does not fail a look.

use berth_core::run::{Fault, FaultKind};

/// Turns a refused permission into a line that names it; any other fault stays one.
pub(super) fn allowed<T>(
    read: Result<T, Fault>,
    permission: &str,
    unread: &mut Vec<String>,
) -> Result<Option<T>, Fault> {
    match read {
        Ok(read) => Ok(Some(read)),
        Err(Fault { kind: FaultKind::Denied, tried, said, .. }) => {
            unread.push(format!("{tried}: {said} (takes {permission})"));
            Ok(None)
        }
        Err(fault) => Err(fault),
    }
}

#[cfg(test)]
mod tests {
    use berth_core::run::{LeftBehind, Retry};

    use super::*;

    #[test]
    fn only_a_refused_permission_is_passed_over() {
        let fault = |kind| Fault {
            kind,
            tried: "look for VPCs".to_owned(),
            said: "no (HTTP 403, UnauthorizedOperation)".to_owned(),
            left_behind: LeftBehind::Nothing,
            retry: Retry::Never,
        };
        let mut unread = Vec::new();
        assert_eq!(allowed(Ok(1), "ec2:DescribeVpcs", &mut unread).unwrap(), Some(1));
        assert!(unread.is_empty());
        let denied = Err::<u8, _>(fault(FaultKind::Denied));
        assert_eq!(allowed(denied, "ec2:DescribeVpcs", &mut unread).unwrap(), None);
        assert_eq!(unread, ["look for VPCs: no (HTTP 403, UnauthorizedOperation) (takes ec2:DescribeVpcs)"]);
        let lost = Err::<u8, _>(fault(FaultKind::Lost));
        assert_eq!(allowed(lost, "ec2:DescribeVpcs", &mut unread).unwrap_err().kind, FaultKind::Lost);
    }
}
