//! The login, and the tokens that it gives out.
//!
//! A token carries what it says about itself and a seal that only this instance can make, so none of them has to be remembered but those for
//! the storage, which asks for them by the id of their key.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use http::{HeaderMap, header};
use serde_json::{Value, json};

use super::Call;
use super::envelope::{Fault, Success, UNAUTHORIZED};
use super::state::{State, StorageKey};

/// Seconds that a refresh token lives, as in the page's sample: less than the access token.
const REFRESH_LIFETIME: i64 = 1800;

const ACCESS: &str = "Bearer";
const ID: &str = "ID";
const REFRESH: &str = "Refresh";
const STORAGE: &str = "STS";

/// The login. An unknown name and a wrong password get the same answer, and the log tells which it was. // assumed: codes
pub(super) fn login(call: &mut Call<'_>) -> Result<Success, Fault> {
    let name = call.body.text("username").unwrap_or_default();
    let password = call.body.text("password").unwrap_or_default();
    let refuse = |why: &str| {
        Err(Fault::new(UNAUTHORIZED, "invalid username or password")
            .explained(why)
            .assumed("codes"))
    };
    match call.state.password(name) {
        None => return refuse("no account has this username"),
        Some(right) if right != password => {
            return refuse("the username is right, the password is not");
        }
        Some(_) => {}
    }
    let name = name.to_owned();
    let data = issue(call, &name);
    Ok(Success {
        // As on the page, slip included.
        message: "登陆成功",
        data,
    })
}

fn issue(call: &mut Call<'_>, name: &str) -> Value {
    let seconds = |ms: i64| ms.div_euclid(1000);
    let expires_ms = call.now_ms.saturating_add(call.token_lifetime_ms);
    let refresh_expires_ms = call.now_ms.saturating_add(REFRESH_LIFETIME * 1000);
    let session = call.state.fresh_uuid();
    let generation = call.state.generation();
    let claims = |kind: &str, expires_ms: i64| {
        json!({
            "typ": kind,
            "sub": name,
            "sid": session,
            "iat": seconds(call.now_ms),
            "exp": seconds(expires_ms),
            "exp_ms": expires_ms,
            "generation": generation,
        })
    };
    let key_id = call.state.fresh_token("key id")[..20].to_uppercase();
    // The shape of the keys for the storage is that of MinIO, whose session tokens carry these claims. // assumed: storage-keys
    let storage = json!({
        "typ": STORAGE,
        "accessKey": key_id,
        "parent": name,
        "exp": seconds(expires_ms),
    });
    let storage_key = StorageKey {
        secret: call.state.seal(&format!("secret|{key_id}")),
        token: token(call.state, "HS512", &storage),
        expires_ms,
    };
    call.state.remember(key_id.clone(), storage_key.clone());
    let state = &*call.state;
    let refresh = claims(REFRESH, refresh_expires_ms);
    json!({
        "jwt": {
            "access_token": token(state, "RS256", &claims(ACCESS, expires_ms)),
            "id_token": token(state, "RS256", &claims(ID, expires_ms)),
            "expires_in": seconds(call.token_lifetime_ms),
            "refresh_expires_in": REFRESH_LIFETIME,
            "refresh_token": token(state, "HS256", &refresh),
            "token_type": "Bearer",
            "not-before-policy": 0,
            "session_state": session,
            "scope": "openid email profile",
        },
        "stsToken": {
            "STSAccessKeyID": key_id,
            "STSSecretAccessKey": storage_key.secret,
            "STSSessionToken": storage_key.token,
        },
    })
}

/// A JSON Web Token in shape. The seal is no signature of the named kind: nobody but this instance is to check it.
fn token(state: &State, algorithm: &str, claims: &Value) -> String {
    let head = json!({ "alg": algorithm, "typ": "JWT" });
    let content = format!(
        "{}.{}",
        BASE64.encode(head.to_string()),
        BASE64.encode(claims.to_string())
    );
    let seal = BASE64.encode(state.seal(&content));
    format!("{content}.{seal}")
}

/// The account whose access token a request carries.
///
/// Whatever is wrong with the token, the answer is the same, as from a server that wants to give nothing away; the log says more.
pub(super) fn authenticate(
    state: &State,
    headers: &HeaderMap,
    now_ms: i64,
) -> Result<String, Fault> {
    bearer(headers)
        .and_then(|token| owner(state, token, now_ms))
        .map_err(|why| {
            Fault::new(UNAUTHORIZED, "token is invalid or expired")
                .explained(why)
                .assumed("codes")
        })
}

/// Makes every token void, if the one that a request carries was good until then. Whether it was.
pub(crate) fn expire_token(state: &mut State, headers: &HeaderMap, now_ms: i64) -> bool {
    let was_good = authenticate(state, headers, now_ms).is_ok();
    if was_good {
        state.revoke_tokens();
    }
    was_good
}

fn bearer(headers: &HeaderMap) -> Result<&str, String> {
    let Some(value) = headers.get(header::AUTHORIZATION) else {
        return Err("there is no Authorization header".to_owned());
    };
    let value = value.to_str().unwrap_or_default().trim();
    // assumed: bearer
    match value.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => Ok(token.trim()),
        None if value.matches('.').count() == 2 => Err(
            "the Authorization header has a token without the word Bearer before it (assumed: bearer)"
                .to_owned(),
        ),
        _ => Err("the Authorization header does not have the form `Bearer TOKEN`".to_owned()),
    }
}

/// The account of a valid access token, or what is wrong with the token.
fn owner(state: &State, token: &str, now_ms: i64) -> Result<String, String> {
    let unknown = || {
        "the token is none that this emulator gave out since its start or its last reset".to_owned()
    };
    let (content, seal) = token.rsplit_once('.').ok_or_else(unknown)?;
    if seal != BASE64.encode(state.seal(content)) {
        return Err(unknown());
    }
    let claims: Value = content
        .split_once('.')
        .and_then(|(_, claims)| BASE64.decode(claims).ok())
        .and_then(|claims| serde_json::from_slice(&claims).ok())
        .ok_or_else(unknown)?;
    match claims["typ"].as_str() {
        Some(ACCESS) => {}
        Some(ID) => return Err("that is the id_token, not the access_token".to_owned()),
        Some(REFRESH) => return Err("that is the refresh_token, not the access_token".to_owned()),
        _ => return Err("that is the token for the storage, not the access_token".to_owned()),
    }
    if claims["generation"] != state.generation() {
        return Err("the token was revoked".to_owned());
    }
    let late_ms = now_ms - claims["exp_ms"].as_i64().unwrap_or(i64::MIN / 2);
    if late_ms >= 0 {
        return Err(format!("the token expired {} s ago", late_ms / 1000));
    }
    claims["sub"]
        .as_str()
        .map(str::to_owned)
        .ok_or_else(unknown)
}
