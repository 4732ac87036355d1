//! The page and the way of a browser into the phone: what it is served, what it may do once it is paired, and what it may not.
#![allow(clippy::unwrap_used, reason = "a test that can't go on ends")]
mod judge;
mod scripted;

use judge::{Answer, Judge};
use scripted::{Phone, agent, phone};
use trialog_desk::Reply;

/// A request with these headers alone.
fn ask(phone: &Phone, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
    let mut request = ureq::http::Request::builder()
        .method(method)
        .uri(format!("http://{}{path}", phone.address));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let mut response = agent().run(request.body(body.to_owned()).unwrap()).unwrap();
    Answer {
        status: response.status().as_u16(),
        headers: response
            .headers()
            .iter()
            .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
            .collect(),
        body: response.body_mut().read_to_string().unwrap(),
    }
}

/// Cookie and proof of a browser that was paired.
fn paired(phone: &Phone) -> (String, String) {
    let body = format!(
        r#"{{"code":"{}"}}"#,
        phone.pairing.invite(trialog_api::AccessRole::Agent)
    );
    let answer = ask(phone, "POST", "/api/page/pair", &[], &body);
    let judge = Judge::new(trialog_desk::document().clone());
    assert_eq!(judge.faults("POST", "/api/page/pair", &answer), [""; 0]);
    assert_eq!(answer.status, 200, "{answer:?}");
    let set = answer.header("set-cookie").unwrap();
    let cookie = set.split_once(';').unwrap().0.to_owned();
    (cookie, answer.json()["proof"].as_str().unwrap().to_owned())
}

#[test]
fn a_code_pairs_one_browser_and_no_other() {
    let phone = phone(|_| Reply::Done);
    let code = phone.pairing.invite(trialog_api::AccessRole::Agent);
    let body = format!(r#"{{"code":"{code}"}}"#);
    let pair = || ask(&phone, "POST", "/api/page/pair", &[], &body);
    assert_eq!(pair().status, 200);
    let again = pair();
    assert_eq!(
        (again.status, again.json()["refused"].as_str()),
        (403, Some("wrong-code"))
    );
    assert!(!again.body.contains(&code));
}

#[test]
fn only_a_client_with_the_token_gets_a_code() {
    let phone = phone(|_| Reply::Done);
    let (status, invitation) = phone.post("/api/page/code", "");
    assert_eq!(status, 200);
    assert!(invitation["code"].as_str().unwrap().len() == 64);
    let (cookie, proof) = paired(&phone);
    let origin = format!("http://{}", phone.address);
    let headers = [
        ("Cookie", cookie.as_str()),
        ("Trialog-Proof", proof.as_str()),
        ("Origin", origin.as_str()),
    ];
    let ask = |path| ask(&phone, "POST", path, &headers, "").status;
    assert_eq!(ask("/api/page/code"), 403);
    assert_eq!(ask("/api/page/ticket"), 200);
}

#[test]
fn a_paired_browser_acts_by_cookie_and_proof_together_from_our_own_page_only() {
    let phone = phone(|_| Reply::Done);
    let (cookie, proof) = paired(&phone);
    let port = phone.address.port();
    let ours = format!("http://127.0.0.1:{port}");
    let by = |cookie: &str, proof: &str, origin: &str, method: &str, path: &str| {
        let shown = [
            ("Cookie", cookie),
            ("Trialog-Proof", proof),
            ("Origin", origin),
        ];
        let shown: Vec<_> = shown
            .into_iter()
            .filter(|(_, value)| !value.is_empty())
            .collect();
        ask(&phone, method, path, &shown, "").status
    };
    let (end, status) = ("/api/calls/1/end", "/api/status");
    assert_eq!(by(&cookie, &proof, &ours, "POST", end), 200);
    assert_eq!(phone.asked.try_iter().count(), 1);
    assert_eq!(by(&cookie, &proof, "", "GET", status), 200);
    // The cookie is sent to each port of this host: who has it has nothing yet.
    assert_eq!(by(&cookie, "", &ours, "POST", end), 401);
    assert_eq!(by(&cookie, "", "", "GET", status), 401);
    assert_eq!(by("", &proof, &ours, "POST", end), 401);
    let wrong = format!("trialog-{port}={}", "0".repeat(64));
    assert_eq!(by(&wrong, &proof, &ours, "POST", end), 401);
    assert_eq!(by(&cookie, &"0".repeat(64), &ours, "POST", end), 401);
    let other_port = format!("http://127.0.0.1:{}", port.wrapping_add(1));
    for foreign in [
        "http://evil.example",
        "null",
        &other_port,
        "https://127.0.0.1",
    ] {
        assert_eq!(by(&cookie, &proof, foreign, "POST", end), 403, "{foreign}");
        assert_eq!(
            by(&cookie, &proof, foreign, "GET", status),
            403,
            "{foreign}"
        );
    }
    assert_eq!(phone.asked.try_iter().count(), 0, "the phone was not asked");
}

#[test]
fn a_websocket_opens_by_cookie_and_ticket_once_from_our_own_page_only() {
    let phone = phone(|_| Reply::Done);
    let (cookie, _) = paired(&phone);
    let ours = format!("http://{}", phone.address);
    let ticket = || {
        phone.post("/api/page/ticket", "").1["ticket"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    let follow = |cookie: &str, ticket: &str, origin: Option<&str>| {
        use tungstenite::client::IntoClientRequest;
        let url = format!(
            "ws://{}/api/events?page=true&ticket={ticket}",
            phone.address
        );
        let mut request = url.into_client_request().unwrap();
        let headers = request.headers_mut();
        headers.insert("Cookie", cookie.parse().unwrap());
        if let Some(origin) = origin {
            headers.insert("Origin", origin.parse().unwrap());
        }
        tungstenite::connect(request).is_ok()
    };
    assert!(!follow(&cookie, &ticket(), None));
    assert!(!follow(&cookie, &ticket(), Some("http://evil.example")));
    assert!(!follow("other=1", &ticket(), Some(&ours)));
    assert!(!follow(&cookie, "", Some(&ours)));
    let good = ticket();
    assert!(follow(&cookie, &good, Some(&ours)));
    assert!(!follow(&cookie, &good, Some(&ours)), "it is good once");
}

#[test]
fn the_page_finds_numbers_by_their_names() {
    let phone = phone(|_| Reply::Done);
    let (status, directory) = phone.get("/api/directory");
    assert_eq!(status, 200);
    assert_eq!(directory["contacts"][0]["name"], "Gus");
    assert_eq!(directory["contacts"][0]["number"], "202");
}

#[test]
fn the_page_is_there_without_a_token_and_lets_nothing_in_from_elsewhere() {
    let phone = phone(|_| Reply::Done);
    let page = ask(&phone, "GET", "/", &[], "");
    if page.status == 503 {
        // Built without its page, as the build has said.
        assert!(page.body.contains("cargo xtask setup"), "{page:?}");
        return;
    }
    assert_eq!(
        page.header("content-type"),
        Some("text/html; charset=utf-8")
    );
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.starts_with("default-src 'self';") && policy.contains("frame-ancestors 'none'"));
    assert!(!policy.contains("unsafe"));
    assert_eq!(page.header("cache-control"), Some("no-store"));
    for part in page.body.split('"').filter(|part| part.starts_with('/')) {
        assert_eq!(ask(&phone, "GET", part, &[], "").status, 200, "{part}");
    }
    assert!(!page.body.contains("http"), "nothing comes from elsewhere");
    assert_eq!(ask(&phone, "POST", "/", &[], "").status, 405);
    assert_eq!(ask(&phone, "GET", "/../Cargo.toml", &[], "").status, 401);
    let foreign = [("Host", "evil.example")];
    assert_eq!(ask(&phone, "GET", "/", &foreign, "").status, 403);
}
