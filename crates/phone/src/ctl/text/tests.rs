//! What people read of calls and accounts.
use super::*;
use trialog_client::api::{
    CallLeg, NotSecured, RegistrationState, Secured, Stage, Verdict, Voicemail,
};

fn someone(name: &str, number: Option<&str>) -> Party {
    Party {
        name: name.to_owned(),
        name_de: None,
        number: number.map(str::to_owned),
        uri: None,
        asserted: true,
        anonymous: false,
    }
}

fn call(party: Party) -> Call {
    Call {
        id: 1,
        account: 0,
        role: Role::Owner,
        stage: Stage::Offered,
        stage_text: "Ringing".to_owned(),
        stage_text_de: "Klingelt".to_owned(),
        muted: false,
        since_ms: 0,
        answered_ms: None,
        called: Some(someone("Hotline", Some("800"))),
        diverted_from: vec![someone("810", Some("810")), someone("Sales", None)],
        referred_by: Some(someone("Bob", Some("202"))),
        transfer_request: None,
        secured: false,
        legs: vec![CallLeg {
            id: "r1".to_owned(),
            role: Role::Customer,
            party,
            up: false,
            up_since_ms: None,
            held_since_ms: None,
            held: false,
            far_held: false,
            silent: false,
            quality: None,
            secured: Secured::default(),
            redirected_to: None,
        }],
        acts: Vec::new(),
    }
}

fn told(party: Party, language: Language) -> String {
    let mut out = String::new();
    describe(&mut out, &call(party), language);
    out
}

#[test]
fn a_caller_has_name_and_number_and_the_call_its_way_here() {
    let text = told(someone("VIP Müller", Some("+4930123456")), Language::En);
    assert!(
        text.contains("  customer VIP Müller (+4930123456) not up\n"),
        "{text}"
    );
    assert!(text.contains("  called Hotline (800)\n"), "{text}");
    assert!(text.contains("  diverted from 810, Sales\n"), "{text}");
    assert!(text.contains("  sent by Bob (202)\n"), "{text}");
}

#[test]
fn an_anonymous_caller_is_so_in_each_language() {
    let party = Party {
        name_de: Some("Anonym".to_owned()),
        anonymous: true,
        ..someone("Anonymous", None)
    };
    assert!(told(party.clone(), Language::En).contains("customer Anonymous not up"));
    assert!(told(party, Language::De).contains("Kunde Anonym nicht verbunden"));
}

#[test]
fn why_a_call_is_over_is_told_in_the_far_side_s_words_and_does_nothing_to_a_terminal() {
    let ended = |reason| Event {
        seq: 1,
        at_ms: 1,
        what: What::CallEnded {
            call: 3,
            outcome: Outcome::Refused,
            status: Some(503),
            reason,
        },
    };
    let reason = |text: Option<&str>| EndReason {
        protocol: "Q.850".to_owned(),
        not_secured: None,
        cause: Some(34),
        text: text.map(str::to_owned),
        text_de: None,
    };
    let told = |reason| event(&ended(reason), Language::En);
    assert_eq!(
        told(Some(reason(Some("No \u{1b}[2Jcircuit")))),
        "call 3: over, refused (503): No \\u{1b}[2Jcircuit (Q.850 34)\n"
    );
    assert_eq!(
        told(Some(reason(None))),
        "call 3: over, refused (503) (Q.850 34)\n"
    );
    assert_eq!(told(None), "call 3: over, refused (503)\n");
    let expired = EndReason {
        protocol: "TLS".to_owned(),
        not_secured: Some(NotSecured::Expired),
        cause: None,
        text: Some("its certificate has expired".to_owned()),
        text_de: Some("sein Zertifikat ist abgelaufen".to_owned()),
    };
    let german = event(&ended(Some(expired)), Language::De);
    assert!(
        german.contains(": sein Zertifikat ist abgelaufen (TLS)"),
        "{german}"
    );
}

#[test]
fn what_is_wrong_with_an_account_and_how_to_mend_it_has_a_line_each() {
    let failed = Account {
        id: 0,
        aor: "sip:anna@x".to_owned(),
        state: RegistrationState::Failed,
        state_text: "failed".to_owned(),
        state_text_de: "misslungen".to_owned(),
        detail: Some("not reached".to_owned()),
        detail_de: Some("nicht erreicht".to_owned()),
        hint: Some("Call the \u{202e}PBX.".to_owned()),
        hint_de: Some("Rufen Sie an.".to_owned()),
        status: None,
        again_ms: None,
        voicemail: Some(Voicemail {
            waiting: true,
            new: 4,
            old: 8,
            urgent: 1,
        }),
    };
    let mut out = String::new();
    account(&mut out, "  0 ", &failed, Language::En);
    let told = "  0 sip:anna@x failed\n    mailbox: 4 new, 8 old, 1 urgent\n    not reached\n    Call the \\u{202e}PBX.\n";
    assert_eq!(out, told);
}

#[test]
fn what_a_name_would_do_to_a_terminal_is_written_out() {
    let text = told(someone("\u{202e}PBX\u{1b}[2J", Some("1")), Language::En);
    assert!(text.contains("\\u{202e}PBX\\u{1b}[2J (1)"), "{text}");
}

#[test]
fn quality_is_said_to_be_an_estimate_and_has_numbers_as_the_language_has_them() {
    let quality = Quality {
        lost_percent: 0.7,
        late_percent: 0.0,
        jitter_ms: 2.5,
        target_ms: 11.0,
        delay_ms: 12.0,
        round_trip_ms: Some(38.0),
        far_lost_percent: None,
        mos_estimate: 4.3,
        verdict: Verdict::Good,
        verdict_text: "Good".to_owned(),
        verdict_text_de: "Gut".to_owned(),
        recent: vec![4.3],
    };
    let text = super::quality(&quality, Language::De);
    assert!(
        text.starts_with("Ton: Gut (geschätzter MOS 4,3), verloren 0,7 %"),
        "{text}"
    );
    let text = super::quality(&quality, Language::En);
    assert!(text.ends_with("round trip 38 ms"), "{text}");
}
