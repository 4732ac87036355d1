//! URLs that the phone sends something to.

const URL: &str = "a URL such as \"https://crm.example.com/calls\"";

/// Whether something can be posted there; else what is expected. The URL itself is part of no message: it may have secrets in it.
pub(super) fn check(url: &str) -> Result<(), &'static str> {
    let Some((scheme, rest)) = url.split_once("://") else {
        return Err(URL);
    };
    let is = |known: &str| scheme.eq_ignore_ascii_case(known);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let readable = url.parse::<ureq::http::Uri>().is_ok();
    if !(is("http") || is("https")) || authority.is_empty() || !readable {
        return Err(URL);
    }
    if authority.contains('@') {
        return Err("a URL without user and password; secrets stand in a file");
    }
    Ok(())
}

/// Host and port of a URL that was checked.
pub(super) fn authority(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.split(['/', '?', '#']).next().unwrap_or_default()
}
