//! Which requests are let in: those that show the token, or what a browser got that was paired, and come from this machine, from a
//! page of our own or from no page.
//!
//! A foreign page can make the browser send requests to this machine, also under a host name of its own that points here (DNS
//! rebinding). Both show in `Host` and `Origin`, which a page can't forge.
use crate::messages::Text;
use crate::page;
use crate::problem::{Failure, Kind};
use crate::server::Shared;
use crate::table::{Does, Operation, operations};
use axum::extract::{Request, State};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Uri, header};
use axum::middleware::Next;
use axum::response::Response;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::sync::Arc;
use trialog_api::AccessRole;

/// The header in which a page shows its proof. A page of another origin can't set it without asking, and is not allowed to.
const PROOF: &str = "trialog-proof";

/// What the client that asks may do; absent where the path needs nothing.
#[derive(Clone, Debug)]
pub(crate) struct Shown {
    pub(crate) role: AccessRole,
    /// One of [`crate::OtherTokens`], which may be taken back while the client is here.
    pub(crate) token: Option<String>,
}

/// Lets a request pass, or answers it; and marks every answer as nothing to cache or to guess the type of.
pub(crate) async fn guard(
    State(shared): State<Arc<Shared>>,
    mut request: Request,
    next: Next,
) -> Response {
    let said = from_here(request.uri(), request.headers()).and_then(|()| {
        let Some(needed) = needed(&request) else {
            return Ok(None);
        };
        let shown = shows_who(&shared, &request)?;
        match shown.role.may(needed) {
            true => Ok(Some(shown)),
            false => Err(wrong_role(shown.role, needed)),
        }
    });
    let mut response = match said {
        Ok(shown) => {
            if let Some(shown) = shown {
                request.extensions_mut().insert(shown);
            }
            next.run(request).await
        }
        // The query may hold a ticket: it is no part of the answer.
        Err(failure) => failure.response(request.uri().path()),
    };
    let headers = response.headers_mut();
    let mut set = |name: HeaderName, value| headers.insert(name, HeaderValue::from_static(value));
    set(header::CACHE_CONTROL, "no-store");
    set(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    response
}

/// What a client has to be for this path; `None`: anyone on this machine. The page's files are the same for all phones of a version.
/// Of a path that is not there only those learn so who may look.
fn needed(request: &Request) -> Option<AccessRole> {
    let path = request.uri().path();
    if page::is_at(path) {
        return None;
    }
    operation_at(path).map_or(Some(AccessRole::Supervisor), |operation| operation.needs)
}

/// The operation at a path, which may have a number in it.
fn operation_at(path: &str) -> Option<&'static Operation> {
    let fits = |of: &&Operation| {
        let (mut pattern, mut parts) = (of.path.split('/'), path.split('/'));
        pattern.all(|want| {
            parts
                .next()
                .is_some_and(|part| want.starts_with('{') || want == part)
        }) && parts.next().is_none()
    };
    operations().find(fits)
}

/// Whether host and page are this machine's.
fn from_here(uri: &Uri, headers: &HeaderMap) -> Result<(), Failure> {
    let mut hosts = headers.get_all(header::HOST).iter();
    // RFC 9112 §3.2: exactly one. An absolute request target names the host, too, and must not name another one.
    let (Some(host), None) = (hosts.next(), hosts.next()) else {
        return Err(not_one_host());
    };
    let host = host.to_str().unwrap_or("?");
    let named = uri.authority().map(Authority::as_str);
    if !is_loopback(host) || !named.is_none_or(is_loopback) {
        return Err(foreign_host());
    }
    let ours = format!("http://{host}");
    let origins = headers.get_all(header::ORIGIN).iter();
    let mut foreign = origins.filter(|origin| origin.as_bytes() != ours.as_bytes());
    match foreign.next() {
        Some(_) => Err(foreign_origin()),
        None => Ok(()),
    }
}

/// Whether this is a name or address of this machine's own, with a port or without.
fn is_loopback(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    let in_brackets = name
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'));
    match in_brackets {
        Some(address) => address.parse() == Ok(Ipv6Addr::LOCALHOST),
        None => {
            name.eq_ignore_ascii_case("localhost")
                || name
                    .parse::<Ipv4Addr>()
                    .is_ok_and(|address| address.is_loopback())
        }
    }
}

fn shows_who(shared: &Shared, request: &Request) -> Result<Shown, Failure> {
    let own = |role| Shown { role, token: None };
    let Some(token) = bearer(request) else {
        return paired(shared, request).map(own).ok_or_else(no_token);
    };
    if shared.desk.token.matches(token) {
        return Ok(own(AccessRole::Admin));
    }
    let role = shared.desk.others.role_of(token).ok_or_else(wrong_token)?;
    let token = Some(token.to_owned());
    Ok(Shown { role, token })
}

/// The request comes from a page of ours in a browser that was paired: it shows the cookie, which other ports of this host are sent as
/// well, and beside it the role's proof; or a ticket for its WebSocket, which can't have headers of its own. A client without a page gets
/// such a ticket by its token.
fn paired(shared: &Shared, request: &Request) -> Option<AccessRole> {
    let headers = request.headers();
    let pairing = &shared.desk.pairing;
    let mut cookies = headers.get_all(header::COOKIE).iter();
    let known = cookies.find_map(|cookie| pairing.knows(cookie.to_str().ok()?, shared.port));
    let operation = operation_at(request.uri().path());
    if operation.is_some_and(|of| matches!(of.does, Does::Events)) {
        // A browser's WebSocket always has an Origin, which was found to be ours, and the cookie.
        let has_origin = headers.contains_key(header::ORIGIN);
        let is_browser = has_origin || headers.contains_key(header::COOKIE);
        if is_browser && !(has_origin && known.is_some()) {
            return None;
        }
        return pairing.take_ticket(in_query(request, "ticket=")?);
    }
    let role = known?;
    let proof = headers.get(PROOF)?.to_str().ok()?;
    pairing.proof(role).matches(proof).then_some(role)
}

fn in_query<'a>(request: &'a Request, name: &str) -> Option<&'a str> {
    let query = request.uri().query()?;
    query.split('&').find_map(|pair| pair.strip_prefix(name))
}

/// The token that the request shows.
fn bearer(request: &Request) -> Option<&str> {
    let value = request.headers().get(header::AUTHORIZATION)?;
    let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

pub(crate) fn not_one_host() -> Failure {
    let reason = Text::new(
        "The header Host is missing or stands twice.",
        "Die Kopfzeile Host fehlt oder steht zweimal da.",
    );
    let hint = Text::new(
        "Send it once, with the address of the phone's API.",
        "Senden Sie sie einmal, mit der Adresse der API des Telefons.",
    );
    Failure::new(Kind::BadRequest, reason, hint)
}

pub(crate) fn foreign_host() -> Failure {
    let reason = Text::new(
        "The header Host names another machine.",
        "Die Kopfzeile Host nennt einen anderen Rechner.",
    );
    let hint = Text::new(
        "Ask for http://127.0.0.1 or http://localhost with the port of the phone's api.json.",
        "Fragen Sie http://127.0.0.1 oder http://localhost mit dem Port aus api.json des Telefons.",
    );
    Failure::new(Kind::ForeignHost, reason, hint)
}

pub(crate) fn foreign_origin() -> Failure {
    let reason = Text::new(
        "The header Origin names a page from elsewhere.",
        "Die Kopfzeile Origin nennt eine Seite von anderswo.",
    );
    let hint = Text::new(
        "Ask from a page of this address, or from a program that sends no Origin.",
        "Fragen Sie von einer Seite unter dieser Adresse, oder mit einem Programm, das kein Origin sendet.",
    );
    Failure::new(Kind::ForeignOrigin, reason, hint)
}

pub(crate) fn no_token() -> Failure {
    let reason = Text::new(
        "The request shows no token, and comes from no browser that was paired.",
        "Die Anfrage zeigt kein Token und kommt aus keinem gekoppelten Browser.",
    );
    Failure::new(Kind::NoToken, reason, where_the_token_is())
}

pub(crate) fn wrong_role(role: AccessRole, needed: AccessRole) -> Failure {
    let reason = Text::new(
        format!("This is for the role {needed}; what was shown is for {role}."),
        format!("Das darf die Rolle {needed}; gezeigt wurde etwas für {role}."),
    );
    let hint = Text::new(
        format!(
            "Show a token of that role: `trialog token create NAME --role {needed}` makes one."
        ),
        format!(
            "Zeigen Sie ein Token dieser Rolle: `trialog token create NAME --role {needed}` macht eines."
        ),
    );
    Failure::new(Kind::WrongRole, reason, hint)
}

pub(crate) fn wrong_token() -> Failure {
    let reason = Text::new(
        "The token is not this phone's.",
        "Das Token gehört nicht zu diesem Telefon.",
    );
    Failure::new(Kind::WrongToken, reason, where_the_token_is())
}

fn where_the_token_is() -> Text {
    Text::new(
        "Send the header “Authorization: Bearer TOKEN”; address and token stand in $XDG_RUNTIME_DIR/trialog/NAME/api.json and are new after each start.",
        "Senden Sie die Kopfzeile „Authorization: Bearer TOKEN“; Adresse und Token stehen in $XDG_RUNTIME_DIR/trialog/NAME/api.json und sind nach jedem Start neu.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(target: &str, headers: &[(HeaderName, &'static str)]) -> Option<Kind> {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(name, HeaderValue::from_static(value));
        }
        from_here(&target.parse().unwrap(), &map)
            .err()
            .map(|failure| failure.kind)
    }

    #[test]
    fn a_foreign_host_or_page_is_told_apart() {
        use header::{HOST, ORIGIN};
        let of = |headers: &[(HeaderName, &'static str)]| said("/api/status", headers);
        for ours in [
            "127.0.0.1:4711",
            "localhost:80",
            "LOCALHOST",
            "[::1]:80",
            "127.8.0.1",
        ] {
            assert_eq!(of(&[(HOST, ours)]), None, "{ours}");
        }
        for foreign in [
            "evil.example:4711",
            "127.0.0.1.evil.example",
            "localhost.evil.example",
            "192.0.2.1",
            "0.0.0.0",
            "[::]",
            "[::ffff:192.0.2.1]",
            "127.0.0.1@evil.example",
            "evil.example#127.0.0.1",
            "",
        ] {
            assert_eq!(of(&[(HOST, foreign)]), Some(Kind::ForeignHost), "{foreign}");
        }
        let here = (HOST, "127.0.0.1:4711");
        let with = |origin| of(&[here.clone(), (ORIGIN, origin)]);
        assert_eq!(with("http://127.0.0.1:4711"), None);
        for foreign in [
            "http://evil.example",
            "http://127.0.0.1:4712",
            "https://127.0.0.1:4711",
            "http://localhost:4711",
            "null",
            "",
        ] {
            assert_eq!(with(foreign), Some(Kind::ForeignOrigin), "{foreign}");
        }
        let two = [
            here.clone(),
            (ORIGIN, "http://127.0.0.1:4711"),
            (ORIGIN, "null"),
        ];
        assert_eq!(of(&two), Some(Kind::ForeignOrigin));
        assert_eq!(of(&[]), Some(Kind::BadRequest));
        let twice = [here.clone(), (HOST, "evil.example")];
        assert_eq!(of(&twice), Some(Kind::BadRequest));
        let absolute = said("http://evil.example/api/status", &[here]);
        assert_eq!(absolute, Some(Kind::ForeignHost));
    }
}
