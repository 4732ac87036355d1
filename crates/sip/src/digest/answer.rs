//! The reckoning: challenge and password to response, and its check.
use super::secret::same;
use super::{Algorithm, Challenge, Credentials, Qop, Secret};
use crate::{HeaderName, Headers, Method};

/// The challenge to answer among those of a 401 or 407: the first that we can, as servers put the strongest first
/// (RFC 8760 §2.4). `name` is WWW-Authenticate or Proxy-Authenticate; `md5`: MD5 counts as one that we can.
#[must_use]
pub fn choose(headers: &Headers, name: &HeaderName, md5: bool) -> Option<Challenge> {
    headers
        .rows_of(name)
        .filter_map(|row| Challenge::parse(row).ok())
        .filter(|challenge| md5 || challenge.algorithm != Some(Algorithm::Md5))
        .find(Challenge::is_answerable)
}

/// The credentials that answer a challenge. `nc` counts the uses of this nonce, from 1; `cnonce` is ours, and fresh.
/// `uri` is the Request-URI as it is sent. `auth` is preferred to `auth-int`: what stands between may change bodies.
///
/// `None`: the challenge can't be answered ([`Challenge::is_answerable`]).
#[must_use]
#[expect(clippy::too_many_arguments, reason = "the standard has as many")]
pub fn answer(
    challenge: &Challenge,
    user: &str,
    password: &Secret,
    method: &Method,
    uri: &str,
    body: &[u8],
    cnonce: &str,
    nc: u32,
) -> Option<Credentials> {
    let algorithm = challenge.algorithm?;
    let hash = password_hash(algorithm, user, &challenge.realm, password);
    answer_hashed(challenge, user, &hash, method, uri, body, cnonce, nc)
}

/// As [`answer`], with the hash of `user:realm:password` for the password.
#[must_use]
#[expect(clippy::too_many_arguments, reason = "the standard has as many")]
pub fn answer_hashed(
    challenge: &Challenge,
    user: &str,
    password_hash: &Secret,
    method: &Method,
    uri: &str,
    body: &[u8],
    cnonce: &str,
    nc: u32,
) -> Option<Credentials> {
    if !challenge.is_answerable() {
        return None;
    }
    let algorithm = challenge.algorithm?;
    let qop = challenge.qop.iter().min().copied();
    let username = if challenge.userhash {
        // RFC 7616 §3.4.4.
        algorithm.hash(format!("{user}:{}", challenge.realm).as_bytes())
    } else {
        user.to_owned()
    };
    let mut credentials = Credentials {
        username,
        realm: challenge.realm.clone(),
        nonce: challenge.nonce.clone(),
        uri: uri.to_owned(),
        response: String::new(),
        algorithm: Some(algorithm),
        // A session key needs a cnonce even without qop.
        cnonce: (qop.is_some() || algorithm.is_session()).then(|| cnonce.to_owned()),
        opaque: challenge.opaque.clone(),
        qop,
        nc: qop.map(|_| nc),
        userhash: challenge.userhash,
        say_algorithm: true,
    };
    credentials.response = response(&credentials, algorithm, password_hash, method, body);
    Some(credentials)
}

/// Whether the credentials were made with this password, for this method and body. The caller checks that realm,
/// nonce, nc and uri are those that it expects, and that the user is the one whose password this is.
#[must_use]
pub fn verify(
    credentials: &Credentials,
    user: &str,
    password: &Secret,
    method: &Method,
    body: &[u8],
) -> bool {
    let Some(algorithm) = credentials.algorithm else {
        return false;
    };
    let hash = password_hash(algorithm, user, &credentials.realm, password);
    verify_hashed(credentials, user, &hash, method, body)
}

/// As [`verify`], with the hash of `user:realm:password` for the password.
#[must_use]
pub fn verify_hashed(
    credentials: &Credentials,
    user: &str,
    password_hash: &Secret,
    method: &Method,
    body: &[u8],
) -> bool {
    let Some(algorithm) = credentials.algorithm else {
        return false;
    };
    let whole =
        credentials.qop.is_none() || (credentials.nc.is_some() && credentials.cnonce.is_some());
    let named = if credentials.userhash {
        let hash = algorithm.hash(format!("{user}:{}", credentials.realm).as_bytes());
        same(&hash, &credentials.username.to_ascii_lowercase())
    } else {
        credentials.username == user
    };
    let reckoned = response(credentials, algorithm, password_hash, method, body);
    whole && named && same(&reckoned, &credentials.response.to_ascii_lowercase())
}

fn password_hash(algorithm: Algorithm, user: &str, realm: &str, password: &Secret) -> Secret {
    Secret::new(algorithm.hash(format!("{user}:{realm}:{}", password.expose()).as_bytes()))
}

/// RFC 7616 §3.4.1 to §3.4.3.
fn response(
    credentials: &Credentials,
    algorithm: Algorithm,
    password_hash: &Secret,
    method: &Method,
    body: &[u8],
) -> String {
    let nonce = &credentials.nonce;
    let cnonce = credentials.cnonce.as_deref().unwrap_or_default();
    let mut a1 = password_hash.expose().to_owned();
    if algorithm.is_session() {
        a1 = algorithm.hash(format!("{a1}:{nonce}:{cnonce}").as_bytes());
    }
    let mut a2 = format!("{method}:{}", credentials.uri);
    if credentials.qop == Some(Qop::AuthInt) {
        a2 = format!("{a2}:{}", algorithm.hash(body));
    }
    let a2 = algorithm.hash(a2.as_bytes());
    let text = match (credentials.qop, credentials.nc) {
        (Some(qop), Some(nc)) => {
            format!("{a1}:{nonce}:{nc:08x}:{cnonce}:{}:{a2}", qop.as_str())
        }
        // RFC 2069's way.
        _ => format!("{a1}:{nonce}:{a2}"),
    };
    algorithm.hash(text.as_bytes())
}
