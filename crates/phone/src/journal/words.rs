//! The words by which the journal knows what the core and the user agent have names for. A word that was written once stays.
use trialog_call::{Grade, Role, Stage};
use trialog_sdp::{Codec, Direction, Suite};
use trialog_ua::Transport;

/// A name and its word.
type Words<T> = &'static [(T, &'static str)];

pub(super) const ROLES: Words<Role> = &[
    (Role::Owner, "owner"),
    (Role::Guest, "guest"),
    (Role::Customer, "customer"),
];

/// Those in which a call goes on.
pub(super) const STAGES: Words<Stage> = &[
    (Stage::Connected, "connected"),
    (Stage::Held, "held"),
    (Stage::Consulting, "consulting"),
    (Stage::Swapped, "swapped"),
    (Stage::Conference, "conference"),
    (Stage::Anchored, "anchored"),
    (Stage::PostCall, "post-call"),
];

pub(super) const GRADES: Words<Grade> = &[
    (Grade::Stranger, "stranger"),
    (Grade::Registrar, "registrar"),
    (Grade::Colleague, "colleague"),
];

pub(super) const CODECS: Words<Codec> = &[
    (Codec::Opus, "opus"),
    (Codec::G722, "g722"),
    (Codec::Pcma, "pcma"),
    (Codec::Pcmu, "pcmu"),
];

pub(super) const SUITES: Words<Suite> = &[
    (Suite::AesGcm256, "aead-aes-256-gcm"),
    (Suite::AesGcm128, "aead-aes-128-gcm"),
    (Suite::AesCm80, "aes-cm-128-hmac-sha1-80"),
    (Suite::AesCm32, "aes-cm-128-hmac-sha1-32"),
];

pub(super) const DIRECTIONS: Words<Direction> = &[
    (Direction::SendRecv, "sendrecv"),
    (Direction::SendOnly, "sendonly"),
    (Direction::RecvOnly, "recvonly"),
    (Direction::Inactive, "inactive"),
];

pub(super) const TRANSPORTS: Words<Transport> = &[
    (Transport::Udp, "udp"),
    (Transport::Tcp, "tcp"),
    (Transport::Tls, "tls"),
];

/// The word; empty where there is none, which no reader takes.
pub(super) fn word<T: PartialEq>(words: Words<T>, name: T) -> String {
    let found = words.iter().find(|(own, _)| *own == name);
    found
        .map(|(_, word)| (*word).to_owned())
        .unwrap_or_default()
}

/// The name behind a word.
pub(super) fn name<T: Copy>(words: Words<T>, word: &str) -> Option<T> {
    let found = words.iter().find(|(_, own)| *own == word);
    found.map(|(name, _)| *name)
}
