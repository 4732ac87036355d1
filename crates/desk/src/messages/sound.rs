//! Why there is no sound, by leg and way, and what to do.
use super::Text;
use trialog_api::SoundVerdict;

/// From the party to this phone.
#[must_use]
pub fn sound_from(verdict: SoundVerdict) -> Text {
    use SoundVerdict as V;
    let (en, de) = match verdict {
        V::Fine => (
            "The party's sound comes, becomes sound here and is played.",
            "Der Ton der Gegenseite kommt an, wird dekodiert und gespielt.",
        ),
        V::Held => (
            "You hold the party: resume to hear it.",
            "Sie halten die Gegenseite: Setzen Sie fort, um sie zu hören.",
        ),
        V::FarHeld => (
            "The party holds you: it has to resume.",
            "Die Gegenseite hält Sie: Sie muss fortsetzen.",
        ),
        V::NothingArrives => (
            "No sound comes from the party: it sends none, or a firewall or an address translator on the way drops UDP to this phone's RTP ports \
             (media.rtp_ports, sip.advertise), or what comes is encrypted by other keys.",
            "Von der Gegenseite kommt kein Ton an: Sie sendet keinen, eine Firewall oder Adressumsetzung auf dem Weg verwirft UDP zu den \
             RTP-Ports dieses Telefons (media.rtp_ports, sip.advertise), oder was kommt, ist mit anderen Schlüsseln verschlüsselt.",
        ),
        V::NotDecoded => (
            "Packets come and none becomes sound: they are of another codec than agreed, or damaged. Compare the SDP of the trace.",
            "Es kommen Pakete, aber keines wird zu Ton: Sie haben einen anderen Codec als vereinbart oder sind beschädigt. Vergleichen Sie das SDP.",
        ),
        V::NotRouted => (
            "The party's sound comes; in this state of the call it is not passed on.",
            "Der Ton der Gegenseite kommt an; in diesem Zustand des Anrufs wird er nicht weitergegeben.",
        ),
        V::NoEar => (
            "The party's sound comes; there is no ear to play it: plug in a headset, or choose one (trialog ctl devices).",
            "Der Ton der Gegenseite kommt an; es gibt keinen Hörer: Stecken Sie ein Headset ein oder wählen Sie eines (trialog ctl geräte).",
        ),
        V::Muted | V::NoMicrophone | V::NothingSent | V::FarLoses => return sound_to(verdict),
    };
    Text::new(en, de)
}

/// From this phone to the party.
#[must_use]
pub fn sound_to(verdict: SoundVerdict) -> Text {
    use SoundVerdict as V;
    let (en, de) = match verdict {
        V::Fine => (
            "Sound is sent to the party. Where it is not heard there, it is lost on the way or at the party's device.",
            "Ton wird an die Gegenseite gesendet. Ist er dort nicht zu hören, geht er auf dem Weg oder am Gerät der Gegenseite verloren.",
        ),
        V::Held => (
            "You hold the party: it hears music.",
            "Sie halten die Gegenseite: Sie hört Musik.",
        ),
        V::FarHeld => (
            "The party holds you, and takes no sound.",
            "Die Gegenseite hält Sie und nimmt keinen Ton an.",
        ),
        V::NotRouted => (
            "In this state of the call the party is to hear nobody.",
            "In diesem Zustand des Anrufs soll die Gegenseite niemanden hören.",
        ),
        V::Muted => (
            "Your microphone is stopped: unmute it.",
            "Ihr Mikrofon ist stummgeschaltet: Heben Sie die Stummschaltung auf.",
        ),
        V::NoMicrophone => (
            "There is no microphone: plug in a headset, or choose one (trialog ctl devices).",
            "Es gibt kein Mikrofon: Stecken Sie ein Headset ein oder wählen Sie eines (trialog ctl geräte).",
        ),
        V::NothingSent => (
            "This phone sends no packet to the party: the address that the party has named can't be reached from here.",
            "Dieses Telefon sendet kein Paket an die Gegenseite: Die Adresse, die sie genannt hat, ist von hier nicht erreichbar.",
        ),
        V::FarLoses => (
            "The party reports that most of what is sent to it is lost: see to the network on the way.",
            "Die Gegenseite meldet, dass das meiste verloren geht, was ihr gesendet wird: Prüfen Sie das Netz auf dem Weg.",
        ),
        V::NothingArrives | V::NotDecoded | V::NoEar => return sound_from(verdict),
    };
    Text::new(en, de)
}
