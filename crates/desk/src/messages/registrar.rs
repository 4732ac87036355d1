//! Why an account is not registered, and what to do about it.
use super::Text;

/// What went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RegistrarFault<'a> {
    /// The name has no address.
    NoAddress,
    /// Nothing can be sent there, or the connection is refused.
    Unreachable,
    /// It does not answer.
    NoAnswer,
    /// It refuses.
    Refused {
        /// RFC 3261 §21.
        status: u16,
        /// In its own words.
        reason: &'a str,
    },
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
    };
    let said = Text::new(
        format!("registrar {registrar}: {}", why.en),
        format!("Registrar {registrar}: {}", why.de),
    );
    (said, hint)
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
                "Correct the account's aor, username and password_file, or ask who runs the registrar whether this account may register.",
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
                "Ask who runs the registrar.",
                "Fragen Sie den Betreiber des Registrars.",
            ),
        ),
    }
}
