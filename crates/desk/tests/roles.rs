//! Each role may what the document says, at every path, and nothing else.
#![allow(clippy::unwrap_used, reason = "a test that can't go on ends")]
mod judge;
mod scripted;

use judge::{Answer, Judge};
use scripted::{Phone, agent, phone, token_of};
use serde_json::Value;
use trialog_api::AccessRole;
use trialog_call::{CallId, Input};
use trialog_desk::{Command, Reply};

const ROLES: [AccessRole; 3] = [AccessRole::Supervisor, AccessRole::Agent, AccessRole::Admin];

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

/// The least role that the document has for an operation; `None`: anyone may.
fn needed(operation: &Value) -> Option<AccessRole> {
    let ways = operation["security"].as_array().unwrap();
    let role = ways.first()?["token"][0].as_str().unwrap();
    Some(role.parse().unwrap())
}

/// Cookie and proof of a browser that was paired for this role.
fn paired(phone: &Phone, role: AccessRole) -> (String, String) {
    let body = format!(r#"{{"code":"{}"}}"#, phone.pairing.invite(role));
    let answer = ask(phone, "POST", "/api/page/pair", &[], &body);
    let set = answer.header("set-cookie").unwrap();
    let cookie = set.split_once(';').unwrap().0.to_owned();
    (cookie, answer.json()["proof"].as_str().unwrap().to_owned())
}

#[test]
fn every_path_is_open_to_the_roles_that_the_document_names_and_closed_to_all_others() {
    let judge = Judge::new(trialog_desk::document().clone());
    let phone = phone(|command| match command {
        Command::Core(Input::Dial { .. }) | Command::Pickup(_) => Reply::Began(CallId(3)),
        _ => Reply::Done,
    });
    let pages =
        [AccessRole::Supervisor, AccessRole::Agent].map(|role| (role, paired(&phone, role)));
    let mut seen = [0; 2];
    for (method, path, operation) in judge.operations() {
        let Some(needed) = needed(operation) else {
            continue;
        };
        let target = path.replace("{call}", "1").replace("{wrap_up}", "1");
        let example = &operation["requestBody"]["content"]["application/json"]["example"];
        let body = match example {
            Value::Null => String::new(),
            example => example.to_string(),
        };
        let tokens = ROLES.map(|role| (role, format!("Bearer {}", token_of(role))));
        let tokens = tokens
            .iter()
            .map(|(role, token)| (*role, vec![("Authorization", token.as_str())]));
        let pages = pages.iter().map(|(role, (cookie, proof))| {
            (
                *role,
                vec![
                    ("Cookie", cookie.as_str()),
                    ("Trialog-Proof", proof.as_str()),
                ],
            )
        });
        for (role, mut headers) in tokens.chain(pages) {
            if path == "/api/shutdown" && role == AccessRole::Admin {
                // The phone must live on.
                continue;
            }
            if path == "/api/events" && headers[0].0 == "Cookie" {
                // It shows a ticket, which has a test of its own.
                continue;
            }
            headers.push(("Content-Type", "application/json"));
            let _ = phone.asked.try_iter().count();
            let answer = ask(&phone, &method, &target, &headers, &body);
            assert_eq!(
                judge.faults(&method, &path, &answer),
                [""; 0],
                "{method} {path} {answer:?}"
            );
            let is_refused = answer.json()["refused"] == "wrong-role";
            assert_eq!(
                is_refused,
                !role.may(needed),
                "{method} {path} as {role}: {answer:?}"
            );
            assert!(answer.status != 401, "{method} {path} as {role}");
            if is_refused {
                assert_eq!(answer.status, 403);
                assert_eq!(phone.asked.try_iter().count(), 0, "the phone was asked");
            }
            seen[usize::from(is_refused)] += 1;
        }
    }
    assert!(seen[0] > 60 && seen[1] > 40, "{seen:?}");
}

#[test]
fn nothing_that_a_supervisor_may_changes_the_phone() {
    let document = trialog_desk::document();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let looks = needed(operation).is_none_or(|role| role == AccessRole::Supervisor);
            let harmless = method == "get" || path.starts_with("/api/page/");
            assert!(!looks || harmless, "{method} {path}");
        }
    }
}

#[test]
fn a_page_s_proof_is_good_with_the_cookie_of_its_own_role_alone() {
    let phone = phone(|_| Reply::Done);
    let (looks, _) = paired(&phone, AccessRole::Supervisor);
    let (acts, proof) = paired(&phone, AccessRole::Agent);
    let by = |cookie: &str| {
        let headers = [("Cookie", cookie), ("Trialog-Proof", proof.as_str())];
        ask(&phone, "POST", "/api/hook", &headers, "").status
    };
    assert_eq!((by(&acts), by(&looks)), (200, 401));
}

#[test]
fn a_ticket_is_good_once_for_its_role_and_no_token_is_taken_from_a_url() {
    let phone = phone(|_| Reply::Done);
    let token = format!("Bearer {}", token_of(AccessRole::Supervisor));
    let shown = [("Authorization", token.as_str())];
    let ticket = ask(&phone, "POST", "/api/page/ticket", &shown, "").json();
    let ticket = ticket["ticket"].as_str().unwrap().to_owned();
    let follow =
        |query: &str| tungstenite::connect(format!("ws://{}/api/events?{query}", phone.address));
    follow(&format!("ticket={ticket}")).unwrap();
    assert!(follow(&format!("ticket={ticket}")).is_err(), "good once");
    let own = &phone.token;
    assert!(follow(&format!("token={own}")).is_err());
    let path = format!("/api/events?token={own}");
    assert_eq!(ask(&phone, "GET", &path, &[], "").status, 401);
}
