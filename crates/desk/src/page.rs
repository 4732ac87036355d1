//! The page's files, as they were built into the program. They hold nothing of the phone that serves them, so they need no token.
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

/// Path below `page/dist`, and content; empty where the page was not built.
const FILES: &[(&str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/page.rs"));

/// Nothing but what this phone serves itself; no frame, no form that goes elsewhere.
const POLICY: &str = "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const NOT_BUILT: &str =
    "This program was built without its page: run `cargo xtask setup`, and build it again.\n";

/// The paths that the page is served at, from `/` on.
pub(crate) fn paths() -> impl Iterator<Item = String> {
    let files = FILES.iter().map(|(name, _)| path(name));
    // Without a page its place says how to get one.
    let none = FILES.is_empty().then(|| "/".to_owned());
    files.chain(none)
}

/// Whether a request for this path is one for the page.
pub(crate) fn is_at(asked: &str) -> bool {
    paths().any(|path| path == asked)
}

/// The file at this path.
pub(crate) fn file(asked: &str) -> Response {
    let Some((name, content)) = FILES.iter().find(|(name, _)| path(name) == asked) else {
        return (StatusCode::SERVICE_UNAVAILABLE, NOT_BUILT).into_response();
    };
    let mut response = content.into_response();
    let headers = response.headers_mut();
    let mut set = |name: HeaderName, value| headers.insert(name, HeaderValue::from_static(value));
    set(header::CONTENT_TYPE, media_type(name));
    set(header::CONTENT_SECURITY_POLICY, POLICY);
    set(header::REFERRER_POLICY, "no-referrer");
    set(header::X_FRAME_OPTIONS, "DENY");
    set(
        HeaderName::from_static("cross-origin-opener-policy"),
        "same-origin",
    );
    set(
        HeaderName::from_static("cross-origin-resource-policy"),
        "same-origin",
    );
    response
}

fn path(name: &str) -> String {
    match name {
        "index.html" => "/".to_owned(),
        name => format!("/{name}"),
    }
}

fn media_type(name: &str) -> &'static str {
    match name.rsplit('.').next() {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("webmanifest") => "application/manifest+json",
        Some("woff2") => "font/woff2",
        _ => "application/octet-stream",
    }
}
