//! Continue tokens: where the next page starts, and in which version.

use base64::Engine;
use base64::alphabet::URL_SAFE;
use base64::engine::general_purpose::{GeneralPurpose, NO_PAD};
use serde::{Deserialize, Serialize};

use crate::kube::failure::{Failure, Outcome};

/// The content of a token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Token {
    #[serde(rename = "v")]
    format: String,
    /// The version all pages show; negative when the client accepted a newer one for the rest.
    #[serde(rename = "rv")]
    pub(crate) version: i64,
    /// The key the next page starts at, relative to the listed place.
    pub(crate) start: String,
}

/// As lenient as the server about the last bits.
const LENIENT: GeneralPurpose = GeneralPurpose::new(&URL_SAFE, NO_PAD.with_decode_allow_trailing_bits(true));
const FORMAT: &str = "meta.k8s.io/v1";

impl Token {
    /// The token that goes on after `last`, a key relative to the listed place.
    pub(crate) fn after(version: u64, last: &str) -> Token {
        let version = i64::try_from(version).unwrap_or(i64::MAX);
        Token { format: FORMAT.to_owned(), version, start: format!("{last}\0") }
    }

    pub(crate) fn encode(&self) -> String {
        LENIENT.encode(serde_json::to_vec(self).unwrap_or_default())
    }

    /// The same place in whatever version is current.
    pub(crate) fn inconsistent(&self) -> Token {
        Token { version: -1, ..self.clone() }
    }

    pub(crate) fn decode(text: &str) -> Outcome<Token> {
        let refuse =
            |why: &str| Failure::bad_request(format!("invalid continue token: continue key is not valid: {why}"));
        let bytes = LENIENT.decode(text).map_err(|_| refuse("illegal base64 data at input byte 0"))?;
        match serde_json::from_slice::<Token>(&bytes) {
            Ok(token) if token.format == FORMAT => Ok(token),
            Ok(token) => Err(refuse(&format!("server does not recognize this encoded version \"{}\"", token.format))),
            Err(_) => Err(refuse(&match bytes.first() {
                Some(b'{') | None => "unexpected end of JSON input".to_owned(),
                Some(byte) if byte.is_ascii_graphic() => {
                    format!("invalid character '{}' looking for beginning of value", char::from(*byte))
                }
                Some(byte) => format!("invalid character '\\x{byte:02x}' looking for beginning of value"),
            })),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Token;

    #[test]
    fn a_token_goes_out_and_comes_back() {
        let token = Token::after(1201, "/l1");
        assert_eq!(token.encode(), "eyJ2IjoibWV0YS5rOHMuaW8vdjEiLCJydiI6MTIwMSwic3RhcnQiOiIvbDFcdTAwMDAifQ");
        assert_eq!(Token::decode(&token.encode()).unwrap(), token);
    }
}
