//! What a container does once it runs, as far as its command says so plainly.

use serde_json::Value;

/// How a container's process goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Course {
    /// It serves until it is stopped.
    Forever,
    /// It ends by itself after so many seconds with an exit code.
    Ends { after_seconds: i64, code: i64 },
}

/// The course of a container; `gpus` tells whether it was given any.
///
/// Understood are `true`, `false`, `exit N`, `sleep N`, `echo ...` and `nvidia-smi ...`, alone or in a row behind
/// `sh -c`. Everything else runs forever.
pub(super) fn of(container: &Value, gpus: bool) -> Course {
    let words = |field: &str| {
        let all = container[field].as_array().into_iter().flatten();
        all.filter_map(Value::as_str).map(str::to_owned).collect::<Vec<_>>()
    };
    let mut line = words("command");
    if line.is_empty() {
        // The image's own entry point gets the arguments.
        return Course::Forever;
    }
    line.extend(words("args"));
    let program = base(&line[0]).to_owned();
    let script = match line.iter().position(|word| matches!(word.as_str(), "-c" | "-ec" | "-exc" | "-lc")) {
        Some(at) if matches!(program.as_str(), "sh" | "bash" | "ash" | "dash") => line.get(at + 1).cloned(),
        _ => None,
    };
    match script {
        Some(script) => run_script(&script, gpus),
        None => step(&line.iter().map(String::as_str).collect::<Vec<_>>(), gpus)
            .map_or(Course::Forever, |step| Course::Ends { after_seconds: step.seconds, code: step.code }),
    }
}

/// A program's name without its folder.
fn base(word: &str) -> &str {
    word.rsplit('/').next().unwrap_or(word)
}

/// One command of a script.
struct Step {
    seconds: i64,
    code: i64,
    /// Whether the script ends with it.
    last: bool,
}

/// The steps of a script one after the other: behind `&&` only after success, with `set -e` only until a failure.
fn run_script(script: &str, gpus: bool) -> Course {
    let (mut seconds, mut code, mut strict) = (0, 0, false);
    let text = script.replace("&&", "\u{1}").replace(['\n', ';'], "\u{2}");
    let mut guarded = false;
    for part in text.split_inclusive(['\u{1}', '\u{2}']) {
        let skipped = guarded && code != 0;
        guarded = part.ends_with('\u{1}');
        let words: Vec<&str> = part.trim_end_matches(['\u{1}', '\u{2}']).split_whitespace().collect();
        if words.is_empty() || skipped {
            continue;
        }
        if words[0] == "set" {
            strict |= words.iter().any(|word| word.starts_with('-') && word.contains('e'));
            continue;
        }
        let Some(step) = step(&words, gpus) else { return Course::Forever };
        seconds += step.seconds;
        code = step.code;
        if step.last || (strict && code != 0 && !guarded) {
            break;
        }
    }
    Course::Ends { after_seconds: seconds, code }
}

fn step(words: &[&str], gpus: bool) -> Option<Step> {
    let done = |seconds, code| Some(Step { seconds, code, last: false });
    let number = words.get(1).copied().unwrap_or("0");
    // Pipes and the like are not understood.
    if words.iter().any(|word| matches!(*word, "|" | "||" | "&") || word.starts_with("$(")) {
        return None;
    }
    match base(words[0].trim_start_matches("exec ")) {
        "true" | ":" | "echo" | "printf" | "date" | "hostname" => done(0, 0),
        "false" => done(0, 1),
        "exit" => Some(Step { seconds: 0, code: number.parse().ok()?, last: true }),
        "sleep" => done(duration(number)?, 0),
        "nvidia-smi" => done(1, if gpus { 0 } else { 127 }),
        _ => None,
    }
}

/// Seconds of `30`, `30s`, `5m`, `2h`, `1d`; `infinity` never ends.
fn duration(text: &str) -> Option<i64> {
    let (number, unit) = match text.strip_suffix(['s', 'm', 'h', 'd']) {
        Some(number) => (number, text.chars().last()),
        None => (text, None),
    };
    let factor = match unit {
        Some('m') => 60.0,
        Some('h') => 3600.0,
        Some('d') => 86_400.0,
        _ => 1.0,
    };
    let seconds: f64 = number.parse().ok().filter(|seconds: &f64| seconds.is_finite() && *seconds >= 0.0)?;
    #[expect(clippy::cast_possible_truncation, reason = "seconds of a nap are few")]
    let whole = (seconds * factor).ceil() as i64;
    Some(whole)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Course, of};

    #[test]
    fn plain_commands_end_as_they_say_and_servers_do_not() {
        let course = |command: serde_json::Value, gpus| of(&json!({"command": command}), gpus);
        let ends = |after_seconds, code| Course::Ends { after_seconds, code };
        assert_eq!(course(json!(["true"]), false), ends(0, 0));
        assert_eq!(course(json!(["/bin/false"]), false), ends(0, 1));
        assert_eq!(course(json!(["sleep", "5m"]), false), ends(300, 0));
        assert_eq!(course(json!(["sh", "-c", "sleep 3; exit 7"]), false), ends(3, 7));
        assert_eq!(course(json!(["/bin/sh", "-ec", "echo hello && false && sleep 9"]), false), ends(0, 1));
        assert_eq!(course(json!(["nvidia-smi", "-L"]), true), ends(1, 0));
        assert_eq!(course(json!(["sh", "-c", "nvidia-smi && sleep 20"]), true), ends(21, 0));
        assert_eq!(course(json!(["nvidia-smi"]), false), ends(1, 127));
        for forever in
            [json!(["sleep", "infinity"]), json!(["python", "app.py"]), json!(["sh", "-c", "a | b"]), json!([])]
        {
            assert_eq!(course(forever.clone(), false), Course::Forever, "{forever}");
        }
    }
}
