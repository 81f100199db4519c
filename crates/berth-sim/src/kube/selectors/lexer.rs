//! The tokens of a label selector.

/// A token; `End` is what follows the last one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Token {
    Word(String),
    /// `!`, `=`, `==`, `!=`, `>`, `<`, `,`, `(` or `)`.
    Sign(&'static str),
    End,
}

impl Token {
    /// The text as error messages quote it.
    pub(crate) fn text(&self) -> &str {
        match self {
            Token::Word(word) => word,
            Token::Sign(sign) => sign,
            Token::End => "",
        }
    }
}

const SIGNS: &[&str] = &["==", "!=", "=", "!", ">", "<", ",", "(", ")"];

/// Cuts a selector into its tokens.
pub(crate) fn tokens(text: &str) -> Vec<Token> {
    let mut found = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        if let Some(sign) = SIGNS.iter().find(|sign| rest.starts_with(**sign)) {
            found.push(Token::Sign(sign));
            rest = &rest[sign.len()..];
        } else {
            let end =
                rest.find(|letter: char| letter.is_whitespace() || "=!><,()".contains(letter)).unwrap_or(rest.len());
            found.push(Token::Word(rest[..end].to_owned()));
            rest = &rest[end..];
        }
        rest = rest.trim_start();
    }
    found
}
