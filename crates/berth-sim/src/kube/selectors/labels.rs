//! Label selectors: `a=b,c!=d,e in (f,g),!h,i,j>3`.

use serde_json::{Value, json};

use super::lexer::{Token, tokens};
use crate::kube::failure::{Failure, Outcome};
use crate::kube::rules::names;

/// All requirements must hold.
#[derive(Debug, Clone, Default)]
pub(crate) struct LabelSelector {
    requirements: Vec<Requirement>,
}

#[derive(Debug, Clone)]
struct Requirement {
    key: String,
    test: Test,
}

#[derive(Debug, Clone)]
enum Test {
    In(Vec<String>),
    NotIn(Vec<String>),
    Exists,
    Absent,
    Above(i64),
    Below(i64),
}

impl LabelSelector {
    /// An empty text selects everything.
    pub(crate) fn parse(text: &str) -> Outcome<LabelSelector> {
        let mut parser = Parser { tokens: tokens(text), at: 0 };
        Ok(LabelSelector { requirements: parser.selector().map_err(Failure::bad_request)? })
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.requirements.is_empty()
    }

    /// Whether a map of labels, or nothing, is selected.
    pub(crate) fn selects(&self, labels: &Value) -> bool {
        self.requirements.iter().all(|requirement| requirement.holds(labels))
    }
}

impl Requirement {
    fn holds(&self, labels: &Value) -> bool {
        let value = labels.get(&self.key).and_then(Value::as_str);
        let number = || value.and_then(|text| text.parse::<i64>().ok());
        match &self.test {
            Test::In(values) => value.is_some_and(|value| values.iter().any(|wanted| wanted == value)),
            Test::NotIn(values) => value.is_none_or(|value| values.iter().all(|wanted| wanted != value)),
            Test::Exists => value.is_some(),
            Test::Absent => value.is_none(),
            Test::Above(bound) => number().is_some_and(|number| number > *bound),
            Test::Below(bound) => number().is_some_and(|number| number < *bound),
        }
    }
}

/// Reads the tokens from left to right.
struct Parser {
    tokens: Vec<Token>,
    at: usize,
}

type Parsed<T> = Result<T, String>;

impl Parser {
    fn peek(&self) -> Token {
        self.tokens.get(self.at).cloned().unwrap_or(Token::End)
    }

    fn next(&mut self) -> Token {
        let token = self.peek();
        self.at += 1;
        token
    }

    fn selector(&mut self) -> Parsed<Vec<Requirement>> {
        let mut requirements = Vec::new();
        if self.peek() == Token::End {
            return Ok(requirements);
        }
        loop {
            match self.peek() {
                Token::Word(_) | Token::Sign("!") => {
                    let requirement =
                        self.requirement().map_err(|why| format!("unable to parse requirement: {why}"))?;
                    requirements.push(requirement);
                }
                other => return Err(format!("found '{}', expected: !, identifier, or 'end of string'", other.text())),
            }
            match self.next() {
                Token::End => return Ok(requirements),
                Token::Sign(",") => match self.peek() {
                    Token::Word(_) | Token::Sign("!") => {}
                    other => return Err(format!("found '{}', expected: identifier after ','", other.text())),
                },
                other => return Err(format!("found '{}', expected: ',' or 'end of string'", other.text())),
            }
        }
    }

    fn requirement(&mut self) -> Parsed<Requirement> {
        let negated = self.peek() == Token::Sign("!");
        if negated {
            self.at += 1;
        }
        let key = match self.next() {
            Token::Word(word) => word,
            other => return Err(format!("found '{}', expected: identifier", other.text())),
        };
        if let Some(why) = names::qualified_name(&key).first() {
            return Err(format!("key: Invalid value: {}: {why}", json!(key)));
        }
        if negated {
            return Ok(Requirement { key, test: Test::Absent });
        }
        let test = match self.peek() {
            Token::End | Token::Sign(",") => Test::Exists,
            operator => {
                self.at += 1;
                self.test(&operator, &key)?
            }
        };
        Ok(Requirement { key, test })
    }

    fn test(&mut self, operator: &Token, key: &str) -> Parsed<Test> {
        let test = match operator {
            Token::Sign("=" | "==") => Test::In(vec![self.value()?]),
            Token::Sign("!=") => Test::NotIn(vec![self.value()?]),
            Token::Sign(">") => return Ok(Test::Above(self.bound()?)),
            Token::Sign("<") => return Ok(Test::Below(self.bound()?)),
            Token::Word(word) if word == "in" => Test::In(self.values()?),
            Token::Word(word) if word == "notin" => Test::NotIn(self.values()?),
            other => return Err(format!("found '{}', expected: in, notin, =, ==, !=, gt, lt", other.text())),
        };
        let (Test::In(values) | Test::NotIn(values)) = &test else { return Ok(test) };
        for (index, value) in values.iter().enumerate() {
            if let Some(why) = names::label_value(value).first() {
                return Err(format!("values[{index}][{key}]: Invalid value: {}: {why}", json!(value)));
            }
        }
        Ok(test)
    }

    /// One value, which may be empty.
    fn value(&mut self) -> Parsed<String> {
        match self.peek() {
            Token::End | Token::Sign(",") => Ok(String::new()),
            Token::Word(word) => {
                self.at += 1;
                Ok(word)
            }
            other => Err(format!("found '{}', expected: identifier", other.text())),
        }
    }

    fn bound(&mut self) -> Parsed<i64> {
        let value = self.value()?;
        value.parse().map_err(|_| {
            let why = "for 'Gt', 'Lt' operators, the value must be an integer";
            format!("values[0]: Invalid value: {}: {why}", json!(value))
        })
    }

    fn values(&mut self) -> Parsed<Vec<String>> {
        if let other @ (Token::Word(_) | Token::End) = self.peek() {
            return Err(format!("found '{}', expected: '('", other.text()));
        }
        if self.next() != Token::Sign("(") {
            return Err(format!("found '{}', expected: '('", self.tokens[self.at - 1].text()));
        }
        let mut values = Vec::new();
        loop {
            match self.peek() {
                Token::Word(word) => {
                    self.at += 1;
                    values.push(word);
                }
                // An empty value between commas or brackets counts.
                Token::Sign("," | ")") => values.push(String::new()),
                other => return Err(format!("found '{}', expected: ',', ')' or identifier", other.text())),
            }
            match self.next() {
                Token::Sign(",") => {}
                Token::Sign(")") => return Ok(values),
                other => return Err(format!("found '{}', expected: ',' or ')'", other.text())),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::LabelSelector;
    use serde_json::json;

    fn selects(selector: &str) -> bool {
        let labels = json!({"gpu": "4", "cloud.google.com/gke-accelerator": "nvidia-l4", "tier": ""});
        LabelSelector::parse(selector).unwrap().selects(&labels)
    }

    #[test]
    fn every_operator_selects() {
        for selector in [
            "",
            "gpu=4",
            "gpu==4",
            "gpu!=5",
            "gpu",
            "!none",
            "gpu in (3, 4)",
            "gpu notin (5)",
            "gpu>3",
            "gpu<5",
            "tier=",
            "tier in ()",
            "cloud.google.com/gke-accelerator=nvidia-l4,gpu",
            "none!=x",
        ] {
            assert!(selects(selector), "{selector}");
        }
        for selector in ["gpu=5", "gpu!=4", "none", "!gpu", "gpu notin (4)", "gpu>4", "gpu<4", "tier>1"] {
            assert!(!selects(selector), "{selector}");
        }
    }

    #[test]
    fn faults_are_named() {
        let why = |selector: &str| LabelSelector::parse(selector).unwrap_err().message;
        assert_eq!(why("a in (b"), "unable to parse requirement: found '', expected: ',' or ')'");
        assert_eq!(why("a,"), "found '', expected: identifier after ','");
        assert_eq!(why("=a"), "found '=', expected: !, identifier, or 'end of string'");
        assert_eq!(why("a in b"), "unable to parse requirement: found 'b', expected: '('");
    }
}
