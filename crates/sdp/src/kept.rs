//! What of a session outlives a crash, so that the next run of the phone goes on with it.
use crate::{Codec, Description, Direction, LocalMedia, Session, Suite};

/// A session that was agreed, without its keys: the next offer has new ones.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptSession {
    /// A description whose `o=` is that of the one that we have sent last, with the media lines of the last agreement.
    pub description: String,
    /// Payload numbers with a meaning: number, encoding in lower case, clock in Hz.
    pub numbers: Vec<(u8, String, u32)>,
    /// What we send.
    pub codec: Codec,
    /// How it is protected, if it is.
    pub suite: Option<Suite>,
    /// Which way we wanted media to flow.
    pub direction: Direction,
}

/// More payload numbers than there are is none of ours.
const MOST_NUMBERS: usize = 128;

impl Session {
    /// The session, to go on with it in the next run; `None`: nothing was agreed yet.
    #[must_use]
    pub fn kept(&self) -> Option<KeptSession> {
        let (codec, suite) = self.agreed()?;
        let mut description = self.sent.clone()?;
        description.media.clone_from(&self.lines);
        for line in &mut description.media {
            line.attributes
                .retain(|attribute| attribute.name != "crypto");
        }
        Some(KeptSession {
            description: description.to_string(),
            numbers: self.numbers.all().to_vec(),
            codec,
            suite,
            direction: self.local.direction,
        })
    }

    /// A session of an earlier run, at the address and with the keys of `local`: its next description counts on from the last one.
    /// `None`: the description is none of ours.
    #[must_use]
    pub fn resumed(kept: &KeptSession, local: LocalMedia) -> Option<Self> {
        let description = Description::parse(kept.description.as_bytes()).ok()?;
        let origin = &description.origin;
        let version = origin.version.parse::<u64>().ok()?;
        // The last one that there can be leaves no room for the next.
        let version = Some(version).filter(|version| *version < u64::MAX)?;
        let has_sound = description.media.iter().any(|media| media.is_audio());
        let fits =
            has_sound && kept.numbers.len() <= MOST_NUMBERS && local.codecs.contains(&kept.codec);
        let mut session = Self::new(origin.session_id.parse().ok()?, local);
        session.local.version = version;
        session.local.direction = kept.direction;
        session.numbers = crate::offer::Numbers::of(kept.numbers.clone());
        session.lines = description.media;
        session.resumed = Some((kept.codec, kept.suite));
        fits.then_some(session)
    }
}
