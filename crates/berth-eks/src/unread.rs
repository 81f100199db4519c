//! What could not be read, and what it would take.

use berth_core::run::{Fault, FaultKind};

/// Turns a refused permission into a line that names it; any other fault stays one.
pub(crate) fn allowed<T>(
    read: Result<T, Fault>,
    permission: &str,
    unread: &mut Vec<String>,
) -> Result<Option<T>, Fault> {
    match read {
        Err(fault) if fault.kind != FaultKind::Denied => Err(fault),
        read => Ok(wanted(read, permission, unread)),
    }
}

/// Turns any fault into a line, for what is good to know and no more.
pub(crate) fn wanted<T>(read: Result<T, Fault>, permission: &str, unread: &mut Vec<String>) -> Option<T> {
    match read {
        Ok(read) => Some(read),
        Err(Fault { kind, tried, said, .. }) => {
            let takes = if kind == FaultKind::Denied { format!(" (takes {permission})") } else { String::new() };
            let line = format!("{tried}: {said}{takes}");
            // One refusal can stand for many questions.
            if !unread.contains(&line) {
                unread.push(line);
            }
            None
        }
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

    #[test]
    fn what_is_only_good_to_know_is_told_once_whatever_the_fault() {
        let fault = || Fault {
            kind: FaultKind::Quota,
            tried: "ask for chances".to_owned(),
            said: "too often".to_owned(),
            left_behind: LeftBehind::Nothing,
            retry: Retry::Never,
        };
        let mut unread = Vec::new();
        for _ in 0..2 {
            assert_eq!(wanted(Err::<u8, _>(fault()), "ec2:GetSpotPlacementScores", &mut unread), None);
        }
        assert_eq!(unread, ["ask for chances: too often"]);
    }
}
