//! The token endpoint.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::wire::{self, Reply, Request};
use crate::world::{Token, World};

/// The names of the token endpoint's calls, as ledger and faults know them.
pub(crate) const METHODS: [&str; 2] = ["Token", "TokenInfo"];

/// Whose the tokens of the refresh grant are.
pub(crate) const EMAIL: &str = "pilot@berth-sim.example";

/// What tokens are good for.
const SCOPE: &str =
    "https://www.googleapis.com/auth/cloud-platform https://www.googleapis.com/auth/userinfo.email openid";

/// `POST /token`: the refresh grant and the signed-assertion grant, as a form or as JSON.
pub(crate) fn token(world: &mut World, request: &Request, now: Timestamp) -> Reply {
    let fields = fields(&request.body);
    let field = |name: &str| fields.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value.as_str());
    let email = match field("grant_type") {
        "refresh_token" if field("refresh_token").is_empty() => {
            return refused("invalid_request", "Missing required parameter: refresh_token");
        }
        "refresh_token" => EMAIL.to_owned(),
        "urn:ietf:params:oauth:grant-type:jwt-bearer" => match issuer(field("assertion")) {
            Some(issuer) => issuer,
            None => return refused("invalid_grant", "Invalid JWT."),
        },
        other => return refused("unsupported_grant_type", &format!("Invalid grant_type: {other}")),
    };
    let number = world.number();
    let text = format!("ya29.sim-{}", world.hex(&format!("token/{number}"), 32));
    let life = world.token_life();
    world.tokens.retain(|_, token| token.expires > now);
    world.tokens.insert(text.clone(), Token { email, expires: now + life });
    Reply::ok(json!({
        "access_token": text,
        "expires_in": (life.as_secs_f64() / world.clock.speed()) as u64,
        "token_type": "Bearer",
        "scope": SCOPE,
    }))
}

/// `GET /tokeninfo?access_token=`: whose a token is and how long, by the wall, it lasts.
pub(crate) fn tokeninfo(world: &World, request: &Request, now: Timestamp) -> Reply {
    let form = wire::form(&request.body);
    let in_body = form.iter().find(|(key, _)| key == "access_token").map(|(_, value)| value.as_str());
    let text = request.parameter("access_token").or(in_body).unwrap_or_default();
    let token = world.tokens.get(text).filter(|token| token.expires > now);
    let Some(token) = token else { return refused("invalid_token", "Invalid Value") };
    let left = token.expires.duration_since(now).as_secs_f64() / world.clock.speed();
    Reply::ok(json!({
        "email": token.email,
        "email_verified": "true",
        "expires_in": format!("{left:.0}"),
        "scope": SCOPE,
        "access_type": "offline",
    }))
}

fn fields(body: &[u8]) -> Vec<(String, String)> {
    let Ok(Value::Object(object)) = serde_json::from_slice(body) else { return wire::form(body) };
    let texts = object.into_iter().map(|(key, value)| (key, value.as_str().map(str::to_owned).unwrap_or_default()));
    texts.collect()
}

/// The issuer of a signed assertion. The signature is not looked at: the key was made for this simulator.
fn issuer(assertion: &str) -> Option<String> {
    let payload = URL_SAFE_NO_PAD.decode(assertion.split('.').nth(1)?).ok()?;
    let claims: Value = serde_json::from_slice(&payload).ok()?;
    claims.get("iss").and_then(Value::as_str).map(str::to_owned)
}

fn refused(error: &str, description: &str) -> Reply {
    Reply { status: 400, body: json!({"error": error, "error_description": description}) }
}
