//! The HTTP server and its guard: who may ask at all. It listens where the phone bound it, and a request passes only with the
//! token, from a page of our own or from no page.
use crate::order::Order;
use crate::routes;
use crate::{Feed, Token};
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::{Json, Router};
use serde_json::json;
use std::future::Future;
use std::io;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use tokio::net::TcpListener;
use tokio::sync::mpsc;

/// No request of the API is longer.
const BODY_LIMIT: usize = 16 * 1024;

/// What the desk needs of the phone.
#[derive(Clone, Debug)]
pub struct Desk {
    /// What a client must show.
    pub token: Token,
    /// To the phone's loop.
    pub orders: mpsc::Sender<Order>,
    /// From the phone's loop.
    pub feed: Feed,
}

#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) desk: Desk,
    /// How many pages are open; `hangup = "ask"` asks only where there is one.
    pub(crate) pages: AtomicUsize,
}

/// Serves the API until `end` is there. The listener should be a loopback one.
///
/// # Errors
/// When the listener fails for good.
pub async fn serve(
    listener: TcpListener,
    desk: Desk,
    end: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    axum::serve(listener, router(desk))
        .with_graceful_shutdown(end)
        .await
}

pub(crate) fn router(desk: Desk) -> Router {
    let shared = Arc::new(Shared {
        desk,
        pages: AtomicUsize::new(0),
    });
    routes::all()
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .layer(middleware::from_fn_with_state(Arc::clone(&shared), guard))
        .with_state(shared)
}

async fn guard(State(shared): State<Arc<Shared>>, request: Request, next: Next) -> Response {
    if !from_here(request.headers()) {
        let error = "only http://127.0.0.1 or http://localhost, and pages from there, may ask";
        return (StatusCode::FORBIDDEN, Json(json!({ "error": error }))).into_response();
    }
    if !shown(&request).is_some_and(|token| shared.desk.token.matches(&token)) {
        let error = "this needs the header “Authorization: Bearer TOKEN” with the phone's token";
        return (
            StatusCode::UNAUTHORIZED,
            [(header::WWW_AUTHENTICATE, "Bearer")],
            Json(json!({ "error": error })),
        )
            .into_response();
    }
    next.run(request).await
}

/// A foreign page can make the browser send requests to this machine, also under a host name of its own that points here (DNS
/// rebinding): both are told by these headers.
fn from_here(headers: &HeaderMap) -> bool {
    let text = |name| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    let Some(host) = text(header::HOST) else {
        return false;
    };
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    let loopback = matches!(name, "localhost" | "[::1]")
        || name
            .parse::<std::net::Ipv4Addr>()
            .is_ok_and(|address| address.is_loopback());
    let same = text(header::ORIGIN).is_none_or(|origin| origin == format!("http://{host}"));
    loopback && same
}

/// The token that the request shows. A browser's WebSocket can't have headers of its own, so there it may stand in the query.
fn shown(request: &Request) -> Option<String> {
    if let Some(value) = request.headers().get(header::AUTHORIZATION) {
        let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
        return scheme
            .eq_ignore_ascii_case("bearer")
            .then(|| token.trim().to_owned());
    }
    if request.uri().path() != "/api/events" {
        return None;
    }
    let query = request.uri().query()?;
    query
        .split('&')
        .find_map(|pair| pair.strip_prefix("token="))
        .map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(host: &str, origin: Option<&str>) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, host.parse().unwrap());
        if let Some(origin) = origin {
            headers.insert(header::ORIGIN, origin.parse().unwrap());
        }
        headers
    }

    #[test]
    fn a_foreign_host_or_page_is_told_apart() {
        assert!(from_here(&headers("127.0.0.1:4711", None)));
        assert!(from_here(&headers("localhost:80", None)));
        assert!(from_here(&headers("[::1]:80", None)));
        assert!(from_here(&headers(
            "127.0.0.1:4711",
            Some("http://127.0.0.1:4711")
        )));
        assert!(!from_here(&headers("evil.example:4711", None)));
        assert!(!from_here(&headers("127.0.0.1.evil.example", None)));
        assert!(!from_here(&headers(
            "127.0.0.1:4711",
            Some("http://evil.example")
        )));
        assert!(!from_here(&headers("127.0.0.1:4711", Some("null"))));
        assert!(!from_here(&HeaderMap::new()));
    }
}
