//! Text that is not SIP: the API's JSON, both ways, and the configuration.
use std::path::Path;
use trialog_api::{Event, Problem, Status};

/// Paths whose requests have a body, and one whose has none.
const PATHS: [&str; 8] = [
    "/api/calls",
    "/api/calls/{call}/consult",
    "/api/calls/{call}/transfer",
    "/api/calls/{call}/dtmf",
    "/api/calls/{call}/hold",
    "/api/wrap-ups/{wrap_up}/submit",
    "/api/presence",
    "/api/audio/say",
];

/// The first octet chooses a path, the rest is a body; it is read as an answer and as an event, too.
pub(crate) fn json(octets: &[u8]) {
    let [first, body @ ..] = octets else { return };
    let path = PATHS[usize::from(*first) % PATHS.len()];
    match trialog_desk::request(path, 1, body) {
        None => panic!("{path} is no path of the API"),
        Some(Ok(command)) => drop(format!("{command:?}")),
        Some(Err(problem)) => {
            assert!((400..500).contains(&problem.status), "{problem:?}");
            let written = serde_json::to_string(&problem).expect("a problem can be written");
            let read: Problem = serde_json::from_str(&written).expect("a problem can be read");
            assert_eq!(read, *problem);
        }
    }
    again::<Event>(body);
    again::<Status>(body);
    again::<Problem>(body);
}

/// What was read and can be written is read as the same.
fn again<T>(octets: &[u8])
where
    T: serde::Serialize + serde::de::DeserializeOwned + PartialEq + std::fmt::Debug,
{
    // An event of a newer phone can be read, and not written.
    if let Ok(value) = serde_json::from_slice::<T>(octets)
        && let Ok(written) = serde_json::to_string(&value)
    {
        let read: T = serde_json::from_str(&written).expect("it can be read");
        assert_eq!(read, value);
    }
}

/// A configuration file. Each fault has a line of the file and says what was expected.
pub(crate) fn config(octets: &[u8]) {
    let text = String::from_utf8_lossy(octets);
    // A password file is opened; there is none here.
    let file = Path::new("/nonexistent/phone.toml");
    if let Err(faults) = trialog_phone::check(file, &text) {
        assert!(!faults.is_empty());
        assert!(faults.contains("expected"), "{faults}");
    }
}
