//! How an account stands with its registrar: where it is not registered why, and what to do about it.
use super::Text;
use trialog_api::RegistrationState;
use trialog_call::{EndReason, NotSecured};

/// What went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RegistrarFault<'a> {
    /// The name has no address.
    NoAddress,
    /// Nothing can be sent there, or the connection is refused.
    Unreachable,
    /// It does not answer.
    NoAnswer,
    /// Its certificate is for other names, these.
    OtherName(&'a [String]),
    /// Its certificate's time is over.
    Expired,
    /// Its certificate's time has not begun.
    NotYetValid,
    /// Its certificate is of an issuer that is not believed.
    UnknownIssuer,
    /// It does not believe our certificate, or wants one.
    RefusesOurs,
    /// It speaks no TLS, or none that we speak; in English words.
    NoTls(&'a str),
    /// It refuses.
    Refused {
        /// RFC 3261 §21.
        status: u16,
        /// In its own words.
        reason: &'a str,
    },
}

/// No call rings at a watched phone that can be taken, and what to do about it.
#[must_use]
pub fn nothing_rings() -> (Text, Text) {
    (
        Text::new(
            "No call rings there that can be taken.",
            "Dort klingelt kein Anruf, der übernommen werden kann.",
        ),
        Text::new(
            "GET /api/status lists the lamps; one whose server does not say which call rings is taken by the server's own code.",
            "GET /api/status nennt die Lampen; sagt deren Server nicht, welcher Anruf klingelt, hilft dessen eigene Übernahme-Ziffernfolge.",
        ),
    )
}

/// How an account stands.
#[must_use]
pub fn registration(state: RegistrationState) -> Text {
    let de = match state {
        RegistrationState::Direct => "ohne Registrar",
        RegistrationState::Registering => "meldet sich an",
        RegistrationState::Registered => "angemeldet",
        RegistrationState::Failed => "nicht angemeldet",
        RegistrationState::Unregistered => "abgemeldet",
    };
    Text::new(state.name(), de)
}

/// Why an account that `registrar` should serve is not registered, and how to put it right.
#[must_use]
pub fn registrar(registrar: &str, fault: RegistrarFault<'_>) -> (Text, Text) {
    let (why, hint) = match fault {
        RegistrarFault::NoAddress => (
            Text::new("name not found", "Name nicht gefunden"),
            Text::new(
                "Correct the keys registrar or outbound_proxy of the account, or see to the network and its name server; a domain that has only SRV records needs its server named.",
                "Berichtigen Sie registrar oder outbound_proxy des Kontos, oder prüfen Sie Netz und Namensserver; bei einer Domain, die nur SRV-Einträge hat, muss der Server genannt werden.",
            ),
        ),
        RegistrarFault::Unreachable => (
            Text::new("not reached", "nicht erreicht"),
            Text::new(
                "See whether it listens there by the account's transport, and whether the network is up.",
                "Prüfen Sie, ob er dort mit dem Transport des Kontos zu erreichen ist und ob das Netz steht.",
            ),
        ),
        RegistrarFault::NoAnswer => (
            Text::new("no answer", "keine Antwort"),
            Text::new(
                "See to address and port, to the account's transport, and to firewalls on the way.",
                "Prüfen Sie Adresse und Port, den Transport des Kontos und Firewalls auf dem Weg.",
            ),
        ),
        RegistrarFault::Refused { status, reason } => refused(status, reason),
        fault => not_secured(fault),
    };
    let said = Text::new(
        format!("registrar {registrar}: {}", why.en),
        format!("Registrar {registrar}: {}", why.de),
    );
    (said, hint)
}

/// Why a party's side has ended a call, in its own words, or ours where no secured connection to it came about; `None`: it has said no
/// more than a number.
#[must_use]
pub fn end_reason(reason: &EndReason) -> Option<Text> {
    let text = reason.text.as_deref();
    let names: Vec<String> = text.iter().map(|names| (*names).to_owned()).collect();
    let fault = match reason.not_secured {
        None => return text.map(|text| Text::new(text, text)),
        Some(NotSecured::OtherName) => RegistrarFault::OtherName(&names),
        Some(NotSecured::Expired) => RegistrarFault::Expired,
        Some(NotSecured::NotYetValid) => RegistrarFault::NotYetValid,
        Some(NotSecured::UnknownIssuer) => RegistrarFault::UnknownIssuer,
        Some(NotSecured::RefusesOurs) => RegistrarFault::RefusesOurs,
        Some(NotSecured::NoTls) => RegistrarFault::NoTls(text.unwrap_or_default()),
    };
    Some(not_secured(fault).0)
}

/// RFC 5922.
fn not_secured(fault: RegistrarFault<'_>) -> (Text, Text) {
    let renewed = || {
        Text::new(
            "Ask the registrar's operator to renew it, and see whether this machine's clock is right.",
            "Bitten Sie den Betreiber, es zu erneuern, und prüfen Sie, ob die Uhr dieses Rechners stimmt.",
        )
    };
    match fault {
        RegistrarFault::OtherName(names) => {
            let (en, de) = if names.is_empty() {
                ("no name".to_owned(), "keinen Namen".to_owned())
            } else {
                (names.join(", "), names.join(", "))
            };
            (
                Text::new(
                    format!("its certificate is for another name ({en})"),
                    format!("sein Zertifikat gilt für einen anderen Namen ({de})"),
                ),
                Text::new(
                    "Set the keys registrar or outbound_proxy of the account to the name that the certificate has; a name with “*” counts only with tls.wildcards = true.",
                    "Setzen Sie registrar oder outbound_proxy des Kontos auf den Namen, den das Zertifikat hat; ein Name mit „*“ zählt nur mit tls.wildcards = true.",
                ),
            )
        }
        RegistrarFault::Expired => (
            Text::new(
                "its certificate has expired",
                "sein Zertifikat ist abgelaufen",
            ),
            renewed(),
        ),
        RegistrarFault::NotYetValid => (
            Text::new(
                "its certificate is not valid yet",
                "sein Zertifikat gilt noch nicht",
            ),
            renewed(),
        ),
        RegistrarFault::UnknownIssuer => (
            Text::new(
                "its certificate is of an issuer that is not believed here",
                "sein Zertifikat stammt von einem Aussteller, dem hier nicht geglaubt wird",
            ),
            Text::new(
                "Set tls.ca to a file with the issuer's certificate, where it is the right one.",
                "Setzen Sie tls.ca auf eine Datei mit dem Zertifikat des Ausstellers, wenn es der richtige ist.",
            ),
        ),
        RegistrarFault::RefusesOurs => (
            Text::new(
                "does not take this phone's certificate, or wants one",
                "nimmt das Zertifikat dieses Telefons nicht an, oder verlangt eines",
            ),
            Text::new(
                "Set tls.certificate and tls.key to a certificate that the registrar's operator takes.",
                "Setzen Sie tls.certificate und tls.key auf ein Zertifikat, das der Betreiber annimmt.",
            ),
        ),
        fault => {
            let why = match fault {
                RegistrarFault::NoTls(why) => why,
                _ => "",
            };
            (
                Text::new(
                    format!("no TLS came about ({why})"),
                    format!("keine TLS-Verbindung ({why})"),
                ),
                Text::new(
                    "See whether it speaks TLS at this port, usually 5061.",
                    "Prüfen Sie, ob er an diesem Port TLS spricht, gewöhnlich 5061.",
                ),
            )
        }
    }
}

fn refused(status: u16, reason: &str) -> (Text, Text) {
    let by = |en: &str, de: &str| {
        Text::new(
            format!("{en} ({status} {reason})"),
            format!("{de} ({status} {reason})"),
        )
    };
    match status {
        401 | 407 => (
            by(
                "does not take this user name and password",
                "nimmt Benutzernamen und Passwort nicht an",
            ),
            Text::new(
                "Correct the account's username and its password_file.",
                "Berichtigen Sie username und password_file des Kontos.",
            ),
        ),
        403 => (
            by("forbids it", "verbietet es"),
            Text::new(
                "Correct the account's aor, username and password_file, or ask the registrar's operator whether this account may register.",
                "Berichtigen Sie aor, username und password_file des Kontos, oder fragen Sie den Betreiber, ob sich dieses Konto anmelden darf.",
            ),
        ),
        404 | 604 => (
            by("does not know this account", "kennt dieses Konto nicht"),
            Text::new(
                "Correct the account's aor.",
                "Berichtigen Sie aor des Kontos.",
            ),
        ),
        423 => (
            by(
                "wants a longer registration than this phone asks for",
                "verlangt eine längere Anmeldung, als dieses Telefon erbittet",
            ),
            Text::new(
                "Set register_for in the section [sip] to the time that the registrar wants.",
                "Setzen Sie register_for im Abschnitt [sip] auf die Dauer, die der Registrar verlangt.",
            ),
        ),
        500..=599 => (
            by("can't do it now", "kann es gerade nicht"),
            Text::new(
                "Wait: it is tried again by itself.",
                "Warten Sie: Es wird von selbst wieder versucht.",
            ),
        ),
        _ => (
            by("refuses", "lehnt ab"),
            Text::new(
                "Ask the registrar's operator.",
                "Fragen Sie den Betreiber des Registrars.",
            ),
        ),
    }
}
