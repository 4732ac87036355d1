//! What a file's keys mean, and what is said about a wrong one.
use super::*;
use trialog_call::Grade;
use trialog_ua::Transport;

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

/// Keys that name files which there must be, or need one that does.
const NEED_FILES: [&str; 7] = [
    "password_file",
    "token_file",
    "secret_file",
    "port = ",
    "certificate = ",
    "key = ",
    "ca = ",
];

#[test]
fn the_shipped_file_shows_every_key_and_each_that_is_commented_out_can_be_used() {
    // A key that has no default, or belongs to another kind of audio end, stands behind a `#` without a space.
    let uncommented: String = SHIPPED
        .lines()
        .map(|line| match line.strip_prefix('#') {
            Some(rest) if rest.starts_with(|c: char| c.is_ascii_lowercase() || c == '[') => rest,
            _ => line,
        })
        .filter(|line| !NEED_FILES.iter().any(|key| line.starts_with(key)))
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
    let (_, known) = Config::parse_and_list(
        Path::new("phone.toml"),
        &without(&["input", "output", "ring = "]),
    )
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
fn an_agent_may_be_idle_for_reasons_of_the_configuration() {
    let config = config("[idle]\nreasons = [{ code = \"lunch\", de = \"Mittagspause\" }]\n");
    let [reason] = &config.idle_reasons[..] else {
        panic!("{:?}", config.idle_reasons);
    };
    let WrapUpReason { code, en, de } = reason;
    assert_eq!([code, en, de], ["lunch", "lunch", "Mittagspause"]);
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
        (config.audio, config.parallel_sound),
        (AudioEnd::None, ParallelSound::Echo)
    );
    assert!(policy.parallel && policy.max_calls == 10_000);
    assert_eq!(policy.auto_answer, Some(Grade::Stranger));
    assert_eq!(policy.answer_after, Duration::from_secs(2));
    assert_eq!(policy.end_after, Some(Duration::from_secs(30)));
}

#[test]
fn who_is_answered_unasked_is_a_choice_that_was_a_switch() {
    let answers = |key: &str| {
        let policy = config(&format!("[agent]\n{key}\n")).policy;
        (policy.auto_answer, policy.answer_on_request)
    };
    let (colleagues, registrar) = (Some(Grade::Colleague), Some(Grade::Registrar));
    assert_eq!(answers(""), (None, colleagues));
    assert_eq!(answers("auto_answer = false").0, None);
    assert_eq!(answers("auto_answer = true").0, Some(Grade::Stranger));
    assert_eq!(answers("auto_answer = \"colleagues\"").0, colleagues);
    assert_eq!(answers("auto_answer = \"registrar\"").0, registrar);
    assert_eq!(answers("answer_on_request = \"registrar\"").1, registrar);
    assert_eq!(answers("answer_on_request = \"nobody\"").1, None);
    assert_eq!(
        faults("[agent]\nauto_answer = \"anyone\"\nanswer_on_request = true\n"),
        [
            "phone.toml:2: key agent.auto_answer: expected true, false, “colleagues” or “registrar”, found “anyone”",
            "phone.toml:3: key agent.answer_on_request: expected “colleagues”, “registrar” or “nobody”, found true",
        ]
    );
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
            "[sip]\ntrusted = [\n\"192.0.2.0/24\",\n\"sip:example.com\"]\n",
            "phone.toml:4: key sip.trusted: expected an address (\"192.0.2.1\") or a net (\"192.0.2.0/24\"); URIs, numbers and domains stand in sip.colleagues, found “sip:example.com”",
        ),
        (
            "[sip]\ncolleagues = [\"bob\"]\n[[account]]\naor = \"sip:a@b\"\nregistrar = \"sip:b\"\n",
            "phone.toml:2: key sip.colleagues: expected a SIP URI",
        ),
        (
            "[sip]\ncolleagues = [\"202\"]\n[[account]]\naor = \"sip:a@b\"\n",
            "phone.toml:2: key sip.colleagues: expected an account with a registrar or an outbound_proxy",
        ),
        (
            "[sip]\naccept = \"all\"\n",
            "phone.toml:2: key sip.accept: expected “registrar”, “trusted” or “anyone”, found “all”",
        ),
        (
            "[agent]\naway_status = 200\n",
            "phone.toml:2: key agent.away_status: expected 0 or a status from 400 to 699, found 200",
        ),
        (
            "[agent]\nreject_status = 480\n",
            "phone.toml:2: key agent.reject_status: expected 486 or 603, found 480",
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
fn a_server_by_a_transport_that_there_is_not_is_refused_in_a_word() {
    for (key, uri) in [
        ("registrar", "sip:pbx.example:5061;transport=sctp"),
        ("registrar", "sips:pbx.example;transport=udp"),
        ("outbound_proxy", "sip:pbx.example;transport=ws"),
    ] {
        let text = format!("[[account]]\naor = \"sip:a@b\"\n{key} = \"{uri}\"\n");
        let said = format!(
            "phone.toml:3: key account.{key}: expected a SIP URI by UDP, TCP or TLS, found “{uri}”"
        );
        assert_eq!(faults(&text), [said]);
    }
}

#[test]
fn an_account_calls_by_tls_where_it_registers_by_it() {
    for (key, uri, transport) in [
        ("registrar", "sip:pbx.example;transport=tls", Transport::Tls),
        ("registrar", "sips:pbx.example", Transport::Tls),
        (
            "outbound_proxy",
            "sip:pbx.example;transport=TLS",
            Transport::Tls,
        ),
        ("registrar", "sip:pbx.example", Transport::Udp),
    ] {
        let text = format!("[[account]]\naor = \"sip:a@b\"\n{key} = \"{uri}\"\n");
        assert_eq!(config(&text).accounts[0].transport, transport, "{uri}");
    }
    let asked = config("[[account]]\naor = \"sip:a@b\"\ntransport = \"tls\"\n");
    assert_eq!(asked.accounts[0].transport, Transport::Tls);
}

#[test]
fn the_phone_listens_at_one_address_or_at_one_of_each_family() {
    let listen = |value: &str| {
        let config = config(&format!("[sip]\nlisten = {value}\n"));
        let listen = config.sip.listen.iter().map(ToString::to_string);
        listen.collect::<Vec<_>>()
    };
    assert_eq!(listen("\"192.0.2.1:5060\""), ["192.0.2.1:5060"]);
    assert_eq!(listen("\"[2001:db8::1]:5060\""), ["[2001:db8::1]:5060"]);
    assert_eq!(listen("\"[::]:5070\""), ["[::]:5070", "0.0.0.0:5070"]);
    let both = ["192.0.2.1:5060", "[::1]:5060"];
    assert_eq!(listen(&format!("{both:?}")), both);
    for wrong in [
        r#"["192.0.2.1:5060", "192.0.2.2:5060"]"#,
        r#"["0.0.0.0:5060", "[::]:5070"]"#,
        "[]",
    ] {
        let faults = faults(&format!("[sip]\nlisten = {wrong}\n"));
        let said = "phone.toml:2: key sip.listen: expected one address, or one of IPv4 and one of IPv6 with the same port, found others";
        assert_eq!(faults, [said], "{wrong}");
    }
}

#[test]
fn where_the_agents_state_goes_is_checked_and_nothing_of_it_is_repeated() {
    let acd = config("name = \"anna\"\n[acd]\nurl = \"http://127.0.0.1:8080/agent?x=1\"\n").acd;
    let hook = acd.and_then(|acd| acd.hook);
    assert_eq!(hook.map(|hook| hook.agent).as_deref(), Some("anna"));
    for (url, says) in [
        (
            "http://anna:geheim@acd.example/",
            "a URL without user and password",
        ),
        ("acd.example:80", "a URL such as"),
        ("ftp://acd.example/", "a URL such as"),
        ("http:///agent", "a URL such as"),
    ] {
        let faults = faults(&format!("[acd]\nurl = \"{url}\"\n"));
        assert!(
            faults[0].starts_with("phone.toml:2: key acd.url: expected "),
            "{faults:?}"
        );
        assert!(
            faults[0].contains(says) && !faults[0].contains("geheim"),
            "{faults:?}"
        );
    }
    let token = "[acd]\nurl = \"http://a/\"\ntoken_file = \"/dev/null\"\n";
    assert!(faults(token)[0].contains("expected a file with a token"));
    let codes = "[acd]\non_idle = \"*23\"\n";
    let account = "[[account]]\naor = \"sip:anna@b.example\"\n";
    assert!(
        faults(&format!("{codes}{account}"))[0]
            .contains("key acd.account: expected the number of an account with a registrar")
    );
    let registers = config(&format!("{codes}{account}registrar = \"sip:b.example\"\n"));
    assert_eq!(registers.acd.map(|acd| acd.codes.len()), Some(1));
    let alone = faults("[acd]\nagent = \"anna\"\n");
    assert!(
        alone[0].contains("key acd.agent: expected url beside it"),
        "{alone:?}"
    );
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

#[test]
fn policy_says_who_is_believed_and_whose_calls_come_in() {
    let config = config(
        "[sip]\naccept = \"trusted\"\ntrusted = [\"192.0.2.0/24\", \"2001:db8::1\"]\n\
         colleagues = [\"sip:bob@example.com\", \"202\", \"example.com\"]\n[agent]\nconsult_from_colleagues = true\n\
         [[account]]\naor = \"sip:a@example.com\"\nregistrar = \"sip:example.com\"\nfrom_is_checked = true\n",
    );
    let sip = &config.sip;
    assert_eq!(sip.accept, Some(Accept::Trusted));
    assert_eq!((sip.trusted.len(), sip.colleagues.len()), (2, 3));
    assert!(config.policy.consult_from_colleagues && config.accounts[0].from_is_checked);
}

#[test]
fn extensions_of_a_pbx_are_set_by_keys_of_their_own() {
    use std::time::Duration;
    use trialog_ua::Reliable;
    let account = "[[account]]\naor = \"sip:a@example.com\"\nregistrar = \"sip:example.com\"\n";
    let config = config(&format!(
        "[sip]\nreliable = \"required\"\nsession_expires = 90\nsession_least = 95\n[[lamp]]\nuri = \"202\"\nname = \"Bob\"\n\
         [[lamp]]\nuri = \"sip:carol@example.net\"\n{account}mwi = true\n"
    ));
    assert_eq!(config.sip.reliable, Reliable::Required);
    assert_eq!(config.sip.session_expires, Duration::from_secs(90));
    assert_eq!(config.sip.session_least, Duration::from_secs(95));
    let own = &config.accounts[0];
    assert_eq!(own.mailbox.as_ref(), Some(&own.aor));
    let lamps = config.lamps.iter();
    let lamps: Vec<_> = lamps.map(|lamp| lamp.of.of.to_string()).collect();
    assert_eq!(lamps, ["sip:202@example.com", "sip:carol@example.net"]);
    assert_eq!(config.lamps[0].name.as_deref(), Some("Bob"));
    for (wrong, about) in [
        (
            "[sip]\nsession_expires = 89\n".to_owned(),
            "session_expires",
        ),
        ("[sip]\nsession_least = 89\n".to_owned(), "session_least"),
        ("[sip]\nreliable = \"perhaps\"\n".to_owned(), "reliable"),
        (format!("[[lamp]]\nuri = \"bob\"\n{account}"), "uri"),
        (format!("[[lamp]]\nname = \"Bob\"\n{account}"), "uri"),
        (
            format!("[[lamp]]\nuri = \"202\"\naccount = 3\n{account}"),
            "account",
        ),
        ("[[lamp]]\nuri = \"202\"\n".to_owned(), "uri"),
        (
            format!("{account}mailbox = \"sip:vm@example.com\"\n"),
            "mailbox",
        ),
    ] {
        let said = faults(&wrong);
        assert!(
            said.iter().any(|fault| fault.contains(about)),
            "{wrong}: {said:?}"
        );
    }
}
