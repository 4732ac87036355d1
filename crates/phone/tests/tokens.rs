//! Tokens for others: made and taken back on the command line, good in a phone that runs.
#![allow(clippy::unwrap_used, reason = "a test that can't go on ends")]
mod common;

use common::{Stage, wait};
use std::process::Output;

const QUIET: &str = "[audio]\nend = \"none\"\n";

fn token(stage: &Stage, arguments: &[&str]) -> Output {
    let phone = ["--phone", "agent"];
    stage
        .command()
        .arg("token")
        .args(arguments)
        .args(phone)
        .output()
        .unwrap()
}

fn printed(output: &Output) -> String {
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout.clone())
        .unwrap()
        .trim()
        .to_owned()
}

#[test]
fn a_supervisor_s_token_looks_and_does_not_act_until_it_is_revoked() {
    let stage = Stage::new();
    // It is made before the phone has ever run.
    let wall = printed(&token(&stage, &["create", "wall"]));
    let agent = stage.phone("agent", QUIET);
    let as_wall = |method: &str, path: &str| agent.as_client(&wall, method, path);
    assert_eq!(as_wall("GET", "/api/status"), 200);
    assert_eq!(as_wall("GET", "/metrics"), 200);
    assert_eq!(as_wall("GET", "/api/history"), 200);
    assert_eq!(as_wall("POST", "/api/hook"), 403);
    assert_eq!(as_wall("POST", "/api/shutdown"), 403);
    let crm = printed(&token(&stage, &["create", "crm", "--role", "agent"]));
    assert_eq!(
        agent.as_client(&crm, "POST", "/api/register"),
        409,
        "it acts: there is no registrar"
    );
    assert_eq!(agent.as_client(&crm, "POST", "/api/shutdown"), 403);
    let list = printed(&token(&stage, &["list"]));
    assert!(
        list.contains("wall") && list.contains("supervisor") && !list.contains(&wall),
        "{list}"
    );

    let mut follows = agent.follow(&wall);
    follows.read().unwrap();
    printed(&token(&stage, &["revoke", "wall"]));
    assert_eq!(as_wall("GET", "/api/status"), 401);
    let again = token(&stage, &["revoke", "wall"]);
    assert_eq!(again.status.code(), Some(1));
    assert!(
        String::from_utf8(again.stderr)
            .unwrap()
            .contains("there is no token “wall”")
    );
    // Within a ping's time the one that follows is cut off.
    wait("the end of the events", || {
        loop {
            match follows.read() {
                Ok(_) => {}
                Err(_) => return Some(()),
            }
        }
    });
    let log = std::fs::read_to_string(stage.path("agent.log")).unwrap();
    assert!(!log.contains(&wall) && !log.contains(&crm));
}
