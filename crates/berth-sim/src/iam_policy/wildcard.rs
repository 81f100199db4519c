//! Patterns with `*` and `?`, and ARNs made of them.

/// Whether a text fits a pattern: `*` is any run of characters, `?` any one. Capitals count.
pub(super) fn fits(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
    let (mut at, mut place) = (0, 0);
    // Where to go on when the last star takes one character more.
    let mut star: Option<(usize, usize)> = None;
    while place < text.len() {
        match pattern.get(at) {
            Some('*') => {
                star = Some((at + 1, place));
                at += 1;
            }
            Some(own) if *own == '?' || *own == text[place] => {
                at += 1;
                place += 1;
            }
            _ => {
                let Some((after, taken)) = star else { return false };
                star = Some((after, taken + 1));
                (at, place) = (after, taken + 1);
            }
        }
    }
    pattern[at..].iter().all(|own| *own == '*')
}

/// The same, where capitals do not count.
pub(super) fn fits_any_case(pattern: &str, text: &str) -> bool {
    fits(&pattern.to_lowercase(), &text.to_lowercase())
}

/// Whether an ARN fits a pattern: a star does not reach over the colons of the first five parts.
pub(super) fn arn_fits(pattern: &str, arn: &str) -> bool {
    if pattern == "*" {
        return true;
    }
    let (own, given): (Vec<&str>, Vec<&str>) = (pattern.splitn(6, ':').collect(), arn.splitn(6, ':').collect());
    own.len() == 6 && given.len() == 6 && own.iter().zip(&given).all(|(own, given)| fits(own, given))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_take_any_run_and_marks_one_character() {
        for (pattern, text) in [("ec2:*", "ec2:CreateVpc"), ("a*c*e", "abcde"), ("a?c", "abc"), ("*", ""), ("a*", "a")]
        {
            assert!(fits(pattern, text), "{pattern} {text}");
        }
        for (pattern, text) in [("ec2:Create", "ec2:CreateVpc"), ("a*c", "abcd"), ("a?c", "ac"), ("", "a")] {
            assert!(!fits(pattern, text), "{pattern} {text}");
        }
    }

    #[test]
    fn a_star_of_an_arn_stays_in_its_part() {
        let role = "arn:aws:iam::123456789012:role/berth-a-node-1";
        assert!(arn_fits("arn:*:iam::*:role/berth-*", role));
        assert!(!arn_fits("arn:*:role/berth-*", role));
        assert!(!arn_fits("arn:aws:iam::*:role/other-*", role));
        assert!(arn_fits("*", "*"));
        assert!(!arn_fits("arn:aws:iam::*:role/*", "*"), "a call about no resource is allowed by a star alone");
    }
}
