//! The tables of the file, key by key.
use super::reader::Section;
use super::{Config, Media, Sip};
use std::net::{IpAddr, SocketAddr};
use std::ops::RangeInclusive;
use trialog_call::{Hangup, Policy, ReferralPolicy, WrapUpReason};
use trialog_engine::{AudioEnd, LoneSound};
use trialog_sdp::Codec;
use trialog_sip::digest::Secret;
use trialog_sip::{Scheme, Uri};
use trialog_ua::{Account, Transport, Trusted};

const SIP_URI: &str = "a SIP URI such as \"sip:alice@example.com\"";

pub(super) fn config(root: Section<'_, '_>) -> Config {
    let default = Config::default();
    let name = root.parsed(
        "name",
        "a name of letters, digits, “-”, “_” and “.”, not beginning with “.”",
        |name| trialog_client::is_name(name).then(|| name.to_owned()),
    );
    let sip = sip(root.table("sip"));
    let media = media(root.table("media"));
    let (audio, lone, music) = audio(root.table("audio"));
    let mut policy = agent(root.table("agent"), &audio, lone);
    wrap_up(root.table("wrap_up"), &mut policy);
    let api = root.table("api");
    let listen = api.parsed(
        "listen",
        "a loopback address and port such as \"127.0.0.1:0\"",
        |text| {
            let address: SocketAddr = text.parse().ok()?;
            address.ip().is_loopback().then_some(address)
        },
    );
    api.end();
    let records = root.table("records");
    let file = records.path("file");
    records.end();
    let accounts = root.tables("account").into_iter().filter_map(account);
    let accounts = accounts.collect();
    root.end();
    Config {
        name: name.unwrap_or(default.name),
        sip,
        media,
        audio,
        lone,
        music,
        policy,
        api: listen.unwrap_or(default.api),
        records: file,
        accounts,
    }
}

fn sip(section: Section<'_, '_>) -> Sip {
    let default = Sip::default();
    let address = "an address and port such as \"0.0.0.0:5060\" or \"[::]:5060\"";
    let partner = "an address (\"192.0.2.1\"), a net (\"192.0.2.0/24\") or a SIP URI";
    let sip = Sip {
        listen: section.of_text("listen", address).unwrap_or(default.listen),
        tcp: section.flag("tcp").unwrap_or(default.tcp),
        advertise: section.of_text("advertise", "an address such as \"192.0.2.1\""),
        trace: section.path("trace"),
        trusted: section
            .list("trusted", partner, trusted)
            .unwrap_or(default.trusted),
        register_for: section
            .seconds("register_for", 30..=86_400)
            .unwrap_or(default.register_for),
    };
    section.end();
    sip
}

fn trusted(text: &str) -> Option<Trusted> {
    if let Ok(address) = text.parse::<IpAddr>() {
        return Some(Trusted::address(address));
    }
    if let Some((address, bits)) = text.split_once('/') {
        let address: IpAddr = address.parse().ok()?;
        let bits: u8 = bits.parse().ok()?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        return (bits <= most).then_some(Trusted::Net(address, bits));
    }
    let uri = sip_uri(text)?;
    Some(Trusted::Uri {
        user: uri.user.map(|user| user.as_str().to_owned()),
        host: uri.host,
    })
}

fn sip_uri(text: &str) -> Option<Uri> {
    let uri = Uri::parse(text).ok()?;
    (uri.scheme == Scheme::Sip).then_some(uri)
}

fn media(section: Section<'_, '_>) -> Media {
    let default = Media::default();
    let codecs = section.list(
        "codecs",
        "“opus”, “g722”, “pcma” or “pcmu”",
        |name| match name {
            "opus" => Some(Codec::Opus),
            "g722" => Some(Codec::G722),
            "pcma" => Some(Codec::Pcma),
            "pcmu" => Some(Codec::Pcmu),
            _ => None,
        },
    );
    if codecs.as_ref().is_some_and(Vec::is_empty) {
        section.fault("codecs", "at least one codec", "an empty list");
    }
    let media = Media {
        rtp_ports: section
            .parsed(
                "rtp_ports",
                "first and last port such as \"10000-10999\", or \"0\": the system chooses",
                ports,
            )
            .unwrap_or(default.rtp_ports),
        codecs: codecs.unwrap_or(default.codecs),
        opus_complexity: section
            .number("opus_complexity", 0..=10)
            .unwrap_or(default.opus_complexity),
        opus_bitrate: section
            .number("opus_bitrate", 6_000..=128_000)
            .unwrap_or(default.opus_bitrate),
        silent_after: section
            .seconds("silent_after", 1..=3_600)
            .unwrap_or(default.silent_after),
        lost_after: section
            .seconds("lost_after", 1..=86_400)
            .unwrap_or(default.lost_after),
    };
    section.end();
    media
}

/// A leg takes two ports: RTP on the even one, RTCP on the next. At least one leg must fit.
fn ports(text: &str) -> Option<RangeInclusive<u16>> {
    if text == "0" {
        return Some(0..=0);
    }
    let (first, last) = text.split_once('-')?;
    let (first, last): (u16, u16) = (first.trim().parse().ok()?, last.trim().parse().ok()?);
    let even = first.checked_next_multiple_of(2)?;
    (first > 0 && even < last).then_some(first..=last)
}

#[derive(Clone, Copy, PartialEq)]
enum End {
    Device,
    File,
    None,
    Echo,
}

fn audio(section: Section<'_, '_>) -> (AudioEnd, LoneSound, Option<std::path::PathBuf>) {
    let end = section
        .choice(
            "end",
            &[
                ("device", End::Device),
                ("file", End::File),
                ("none", End::None),
                ("echo", End::Echo),
            ],
        )
        .unwrap_or(End::Device);
    for (key, needs, name) in [
        ("input", End::Device, "device"),
        ("output", End::Device, "device"),
        ("play", End::File, "file"),
        ("repeat", End::File, "file"),
        ("record", End::File, "file"),
        ("record_spoken", End::File, "file"),
    ] {
        if needs != end && section.entry(key).is_some() {
            let expected = format!("no such key without end = \"{name}\"");
            section.fault(key, &expected, "one");
        }
    }
    let (input, output) = (section.text("input"), section.text("output"));
    let (play, repeat) = (section.path("play"), section.flag("repeat"));
    let (record, spoken) = (section.path("record"), section.path("record_spoken"));
    let music = section.path("music");
    section.end();
    let lone = if end == End::Echo {
        LoneSound::Echo
    } else {
        LoneSound::Silence
    };
    let end = match end {
        End::Device => AudioEnd::Device { input, output },
        End::File => AudioEnd::File {
            play,
            repeat: repeat.unwrap_or(false),
            record,
            record_spoken: spoken,
        },
        End::None | End::Echo => AudioEnd::None,
    };
    (end, lone, music)
}

fn agent(section: Section<'_, '_>, audio: &AudioEnd, lone: LoneSound) -> Policy {
    let default = Policy::default();
    let transfers = [
        ("ask", ReferralPolicy::Ask),
        ("accept", ReferralPolicy::Accept),
        ("decline", ReferralPolicy::Decline),
        ("never", ReferralPolicy::Never),
    ];
    let hangup = [("strict", Hangup::Strict), ("ask", Hangup::Ask)];
    let away = section.number("away_status", 0..=699_u16);
    if let Some(status @ 1..400) = away {
        let found = status.to_string();
        section.fault("away_status", "0 or a status from 400 to 699", &found);
    }
    let flag = |key, default| section.flag(key).unwrap_or(default);
    let policy = Policy {
        agent: flag("agent", default.agent),
        auto_answer: flag("auto_answer", default.auto_answer),
        parallel: flag("parallel", default.parallel),
        answer_after: section
            .seconds("answer_after", 0..=3600)
            .unwrap_or(default.answer_after),
        end_after: section
            .seconds("end_after", 0..=86_400)
            .filter(|after| !after.is_zero()),
        transfers: section
            .choice("transfers", &transfers)
            .unwrap_or(default.transfers),
        call_waiting: flag("call_waiting", default.call_waiting),
        post_call: flag("post_call", default.post_call),
        hangup: section.choice("hangup", &hangup).unwrap_or(default.hangup),
        away_status: away.map_or(default.away_status, |status| {
            (status != 0).then_some(status)
        }),
        wrap_up_is_away: flag("wrap_up_is_away", default.wrap_up_is_away),
        max_calls: section
            .number("max_calls", 1..=100_000)
            .unwrap_or(default.max_calls),
        referral_time: section
            .seconds("referral_time", 1..=600)
            .unwrap_or(default.referral_time),
        transfer_time: section
            .seconds("transfer_time", 1..=600)
            .unwrap_or(default.transfer_time),
        ..default
    };
    stands_alone(&section, &policy, audio, lone);
    section.end();
    policy
}

/// What goes together where each call stands alone, and what makes no sense elsewhere.
fn stands_alone(section: &Section<'_, '_>, policy: &Policy, audio: &AudioEnd, lone: LoneSound) {
    if policy.parallel {
        if *audio != AudioEnd::None {
            let expected =
                "audio.end = \"none\" or \"echo\" beside it, as no call has the microphone";
            section.fault("parallel", expected, "another one");
        }
        if policy.agent {
            section.fault("parallel", "agent = false beside it", "an agent's phone");
        }
        return;
    }
    if lone == LoneSound::Echo {
        let expected = "parallel = true beside audio.end = \"echo\"";
        section.fault("parallel", expected, "parallel = false");
    }
    if !policy.answer_after.is_zero() {
        section.fault("answer_after", "parallel = true beside it", "none");
    }
    if policy.end_after.is_some() {
        section.fault("end_after", "parallel = true beside it", "none");
    }
}

fn wrap_up(section: Section<'_, '_>, policy: &mut Policy) {
    for table in section.tables("reasons") {
        let reason = reason(table, &policy.reasons);
        policy.reasons.push(reason);
    }
    policy.default_reason = section.text("default");
    policy.wrap_up_time = section.seconds("time", 1..=86_400);
    if let Some(extension) = section.seconds("extension", 1..=86_400) {
        policy.wrap_up_extension = extension;
    }
    if let Some(code) = &policy.default_reason
        && !policy.reasons.iter().any(|reason| reason.code == *code)
    {
        section.fault(
            "default",
            "the code of one of wrap_up.reasons",
            &format!("“{code}”"),
        );
    }
    if policy.wrap_up_time.is_some() && policy.default_reason.is_none() {
        section.fault("time", "wrap_up.default beside it", "none");
    }
    section.end();
}

fn reason(section: Section<'_, '_>, before: &[WrapUpReason]) -> WrapUpReason {
    let code = required(&section, "code");
    if before.iter().any(|reason| reason.code == code) {
        section.fault(
            "code",
            "a code that no other reason has",
            &format!("“{code}”"),
        );
    }
    let reason = WrapUpReason {
        en: section.text("en").unwrap_or_else(|| code.clone()),
        de: section.text("de").unwrap_or_else(|| code.clone()),
        code,
    };
    section.end();
    reason
}

fn required(section: &Section<'_, '_>, key: &'static str) -> String {
    let text = section.text(key);
    if section.lacks(key) {
        section.fault(key, "text in quotes", "nothing");
    }
    text.unwrap_or_default()
}

fn account(section: Section<'_, '_>) -> Option<Account> {
    let uri = |key| section.parsed(key, SIP_URI, sip_uri);
    let aor = uri("aor");
    if section.lacks("aor") {
        section.fault("aor", SIP_URI, "nothing");
    }
    let registrar = uri("registrar");
    let outbound_proxy = uri("outbound_proxy");
    let transports = [("udp", Transport::Udp), ("tcp", Transport::Tcp)];
    let password = password(&section);
    let account = aor.map(|aor| Account {
        aor,
        display: section.text("display"),
        registrar,
        outbound_proxy,
        username: section.text("username"),
        password,
        transport: section.choice("transport", &transports).unwrap_or_default(),
    });
    if account.is_some() {
        section.end();
    }
    account
}

fn password(section: &Section<'_, '_>) -> Option<Secret> {
    let given = section.text("password");
    let file = section.path("password_file");
    if given.is_some() && file.is_some() {
        section.fault("password_file", "password or password_file", "both");
    }
    let from_file = file.and_then(|file| match std::fs::read_to_string(&file) {
        Ok(text) => {
            let password = text.trim_end_matches(['\r', '\n']).to_owned();
            if password.is_empty() {
                section.fault("password_file", "a password in it", "an empty file");
            }
            Some(password)
        }
        Err(error) => {
            let found = format!("{}: {error}", file.display());
            section.fault("password_file", "a readable file", &found);
            None
        }
    });
    given.or(from_file).map(Secret::new)
}
