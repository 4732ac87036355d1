//! What a file's keys mean, and what is said about a wrong one.
use super::*;

fn faults(text: &str) -> Vec<String> {
    let faults = Config::parse(Path::new("phone.toml"), text).expect_err("it has faults");
    faults.0.iter().map(Fault::to_string).collect()
}

fn config(text: &str) -> Config {
    match Config::parse(Path::new("etc/phone.toml"), text) {
        Ok(config) => config,
        Err(faults) => panic!("{faults}"),
    }
}

const SHIPPED: &str = include_str!("../../../../config/phone.toml");

#[test]
fn the_shipped_file_shows_the_defaults() {
    let shipped = config(SHIPPED);
    assert_eq!(format!("{shipped:?}"), format!("{:?}", Config::default()));
}

#[test]
fn the_shipped_file_shows_every_key_and_each_that_is_commented_out_can_be_used() {
    // A key that has no default, or belongs to another kind of audio end, stands behind a `#` without a space.
    let uncommented: String = SHIPPED
        .lines()
        .map(|line| match line.strip_prefix('#') {
            Some(rest) if rest.starts_with(|c: char| c.is_ascii_lowercase() || c == '[') => rest,
            _ => line,
        })
        .filter(|line| !line.starts_with("password_file"))
        .map(|line| format!("{line}\n"))
        .collect();
    let file = uncommented.replace("end = \"device\"", "end = \"file\"");
    let without = |names: &[&str]| -> String {
        let keep = |line: &&str| !names.iter().any(|name| line.starts_with(name));
        file.lines()
            .filter(keep)
            .map(|line| format!("{line}\n"))
            .collect()
    };
    let (_, known) =
        Config::parse_and_list(Path::new("phone.toml"), &without(&["input", "output"]))
            .unwrap_or_else(|faults| panic!("{faults}"));
    for key in known {
        let name = key.rsplit('.').next().unwrap_or(&key);
        let shown = [
            format!("{name} = "),
            format!("[{name}]"),
            format!("{name}]]"),
        ];
        let shown = shown.iter().any(|text| SHIPPED.contains(text));
        assert!(shown, "config/phone.toml does not show {key}");
    }
}

#[test]
fn the_sample_of_wrap_up_reasons_can_be_used() {
    let config = config(include_str!("../../../../config/wrap-up-reasons.toml"));
    assert!(config.policy.reasons.len() > 2);
    assert!(
        config
            .policy
            .reasons
            .iter()
            .all(|reason| reason.en != reason.de)
    );
}

#[test]
fn an_empty_file_is_a_direct_phone() {
    let empty = config("");
    assert!(empty.accounts.is_empty());
    assert_eq!(format!("{empty:?}"), format!("{:?}", Config::default()));
}

#[test]
fn a_wrong_value_is_named_by_file_line_key_and_what_was_expected() {
    assert_eq!(
        faults("[sip]\n\nlisten = \"5060\"\n"),
        [
            "phone.toml:3: key sip.listen: expected an address and port such as \"0.0.0.0:5060\" or \"[::]:5060\", found “5060”"
        ]
    );
    assert_eq!(
        faults("[agent]\nagent = \"yes\"\ntransfers = \"always\"\n"),
        [
            "phone.toml:2: key agent.agent: expected true or false, found “yes”",
            "phone.toml:3: key agent.transfers: expected “ask”, “accept”, “decline” or “never”, found “always”",
        ]
    );
    assert_eq!(
        faults("[media]\nopus_complexity = 11\ncodecs = [\n  \"opus\",\n  \"g729\",\n]\n"),
        [
            "phone.toml:2: key media.opus_complexity: expected a whole number from 0 to 10, found 11",
            "phone.toml:5: key media.codecs: expected “opus”, “g722”, “pcma” or “pcmu”, found “g729”",
        ]
    );
    assert_eq!(
        faults("[api]\nlisten = \"0.0.0.0:80\"\n"),
        [
            "phone.toml:2: key api.listen: expected a loopback address and port such as \"127.0.0.1:0\", found “0.0.0.0:80”"
        ]
    );
}

#[test]
fn a_phone_for_load_is_configured_in_a_few_lines() {
    let config = config(
        "[audio]\nend = \"echo\"\n[agent]\nagent = false\nauto_answer = true\nparallel = true\n\
         answer_after = 2\nend_after = 30\nmax_calls = 10000\n",
    );
    let policy = &config.policy;
    assert_eq!(
        (config.audio, config.lone),
        (AudioEnd::None, LoneSound::Echo)
    );
    assert!(policy.parallel && policy.auto_answer && policy.max_calls == 10_000);
    assert_eq!(policy.answer_after, Duration::from_secs(2));
    assert_eq!(policy.end_after, Some(Duration::from_secs(30)));
}

#[test]
fn an_unknown_key_is_named_with_the_nearest_known_one() {
    assert_eq!(
        faults("[sip]\nlisen = \"0.0.0.0:5060\"\n"),
        [
            "phone.toml:2: key sip.lisen: expected a key that there is (“listen”?), found an unknown key"
        ]
    );
    assert_eq!(
        faults("\n[aduio]\nend = \"none\"\n"),
        ["phone.toml:2: key aduio: expected a key that there is (“audio”?), found an unknown key"]
    );
}

#[test]
fn keys_that_do_not_go_together_are_named() {
    assert_eq!(
        faults("[audio]\nend = \"none\"\nrecord = \"a.wav\"\n"),
        ["phone.toml:3: key audio.record: expected no such key without end = \"file\", found one"]
    );
    assert_eq!(
        faults("[wrap_up]\nreasons = [{code = \"a\"}]\ndefault = \"b\"\n"),
        [
            "phone.toml:3: key wrap_up.default: expected the code of one of wrap_up.reasons, found “b”"
        ]
    );
    assert_eq!(
        faults("[audio]\nend = \"echo\"\n[agent]\nagent = false\n"),
        [
            "phone.toml:3: key agent.parallel: expected parallel = true beside audio.end = \"echo\", found parallel = false"
        ]
    );
    assert_eq!(
        faults("[agent]\nparallel = true\n"),
        [
            "phone.toml:2: key agent.parallel: expected audio.end = \"none\" or \"echo\" beside it, as no call has the microphone, found another one",
            "phone.toml:2: key agent.parallel: expected agent = false beside it, found an agent's phone",
        ]
    );
    assert_eq!(
        faults("[agent]\nend_after = 3\n"),
        ["phone.toml:2: key agent.end_after: expected parallel = true beside it, found none"]
    );
    let both =
        "[[account]]\naor = \"sip:a@b\"\npassword = \"x\"\npassword_file = \"/nowhere/at/all\"\n";
    assert!(faults(both)[0].contains("expected password or password_file, found both"));
    assert!(
        faults("[[account]]\ndisplay = \"x\"\n")[0].starts_with("phone.toml:1: key account.aor")
    );
}

#[test]
fn values_that_could_not_work_are_named() {
    for (text, says) in [
        (
            "[media]\nrtp_ports = \"10001-10002\"\n",
            "phone.toml:2: key media.rtp_ports: expected first and last port",
        ),
        (
            "[agent]\naway_status = 200\n",
            "phone.toml:2: key agent.away_status: expected 0 or a status from 400 to 699, found 200",
        ),
        (
            "[wrap_up]\nreasons = [{code = \"a\"},\n{code = \"a\"}]\n",
            "phone.toml:3: key wrap_up.reasons.code: expected a code that no other reason has, found “a”",
        ),
        (
            "[wrap_up]\nreasons = [{code = \"a\", fr = \"b\"}]\n",
            "phone.toml:2: key wrap_up.reasons.fr: expected “code”, “en” or “de”, found an unknown key",
        ),
        (
            "[[account]]\naor = \"sip:a@b\"\npassword_file = \"/dev/null\"\n",
            "phone.toml:3: key account.password_file: expected a password in it, found an empty file",
        ),
    ] {
        let faults = faults(text);
        assert!(faults[0].starts_with(says), "{faults:?}");
    }
}

#[test]
fn a_file_that_is_no_toml_is_named_by_its_line() {
    let faults = faults("name = \"a\"\n[sip\n");
    assert!(
        faults[0].starts_with("phone.toml:2: expected TOML, found "),
        "{faults:?}"
    );
}

#[test]
fn no_password_is_ever_printed() {
    let text = "[[account]]\naor = \"sip:a@b.example\"\npassword = \"geheim77\"\n";
    assert!(!format!("{:?}", config(text)).contains("geheim77"));
    let faults = faults("[[account]]\naor = \"sip:a@b.example\"\npassword = 9988776655\n");
    assert!(!faults[0].contains("9988776655"), "{faults:?}");
}

#[test]
fn relative_paths_are_meant_from_the_folder_of_the_file() {
    let config = config("[sip]\ntrace = \"a/b.jsonl\"\n");
    assert_eq!(config.sip.trace, Some(PathBuf::from("etc/a/b.jsonl")));
}
