//! The form of every failure: what, why, what is left, what to do.

use serde_json::{Value, json};

use crate::failure::Failure;

/// A failure as text, without a final line end.
pub(crate) fn text(failure: &Failure) -> String {
    let mut text = format!("error: {}", failure.message);
    for cause in &failure.causes {
        for line in cause.lines() {
            text.push_str("\n  ");
            text.push_str(line);
        }
    }
    if let Some(left) = &failure.left_behind {
        text.push_str("\n  ");
        text.push_str(left);
    }
    for hint in &failure.hints {
        text.push_str("\n\nhint: ");
        text.push_str(hint);
    }
    text
}

/// A failure as the last JSON line of a command.
pub(crate) fn json(failure: &Failure) -> Value {
    json!({"report": "failure", "exit": failure.exit as u8, "message": failure.message, "causes": failure.causes,
           "leftBehind": failure.left_behind, "hints": failure.hints})
}

#[cfg(test)]
mod tests {
    use super::text;
    use crate::failure::{Exit, Failure};

    #[test]
    fn a_failure_says_what_why_what_is_left_and_what_to_do() {
        let failure = Failure::new(Exit::FailedRunning, "cannot create pool `a100`")
            .detail("quota NVIDIA_A100_GPUS allows 0 more, 8 are needed")
            .leaving("cluster `dub` is running and billed")
            .hint("take it away again:\n    berth destroy dub");
        assert_eq!(
            text(&failure),
            "error: cannot create pool `a100`\n  quota NVIDIA_A100_GPUS allows 0 more, 8 are needed\n  \
             cluster `dub` is running and billed\n\nhint: take it away again:\n    berth destroy dub"
        );
    }
}
