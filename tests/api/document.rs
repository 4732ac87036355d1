//! All that the API's document says, tried by a foreign client that reads nothing else: what it allows and what it forbids.
use crate::phone::SILENT;
use serde_json::Value;
use std::process::{Command, Stdio};
use trialog_tests::program::{PhoneProcess, fetched, folder};

/// What would end the phone, and what is a WebSocket.
const LEFT_OUT: [&str; 2] = ["/api/shutdown", "/api/events"];

#[test]
fn no_request_that_the_document_allows_or_forbids_is_a_fault_of_the_phones() {
    let folder = folder("api-document");
    let runtime = folder.join("run");
    std::fs::create_dir_all(&runtime).expect("the folder can be written");
    let _phone = PhoneProcess::start("document", &folder, &runtime, SILENT, &[]);
    let file = runtime.join("trialog/document/api.json");
    let text = std::fs::read_to_string(file).expect("a running phone says where it is");
    let address: Value = serde_json::from_str(&text).expect("in JSON");
    let [url, token] = ["url", "token"].map(|name| address[name].as_str().expect("a text"));
    let headers = format!("headers = {{ Authorization = \"Bearer {token}\" }}\n");
    std::fs::write(folder.join("schemathesis.toml"), headers).expect("the folder can be written");
    let python = fetched("TRIALOG_PYTHON", "venv/bin/python3");
    let mut command = Command::new(python);
    command.args(["-m", "schemathesis.cli", "run"]);
    command.arg(format!("{url}/api/openapi.json"));
    // The same requests each time.
    command.args([
        "--generation-deterministic",
        "--phases",
        "examples,coverage,fuzzing",
    ]);
    command.args([
        "--max-examples",
        "10",
        "--checks",
        "not_a_server_error",
        "--no-color",
    ]);
    for path in LEFT_OUT {
        command.args(["--exclude-path", path]);
    }
    let output = command
        .current_dir(&folder)
        .stdin(Stdio::null())
        .output()
        .expect("the interpreter can be started");
    let said = String::from_utf8_lossy(&output.stdout).into_owned()
        + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    let passed = said.lines().find(|line| line.contains("generated,"));
    println!("{}", passed.unwrap_or(&said).trim());
}
