//! Who hears whom. A level, not an edge: after any change the whole of it is stated again.
use crate::LegId;
use alloc::vec::Vec;

/// All parties that have sound, each once.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Routing {
    /// In no particular order that anyone may rely on.
    pub seats: Vec<Seat>,
}

/// One party's place: it hears the sum of those in its group who speak, without itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Seat {
    /// Who.
    pub party: Party,
    /// With whom; parties of different groups never hear each other.
    pub group: Group,
    /// Its sound goes to the others of the group.
    pub speaks: bool,
    /// It gets the others' sound.
    pub hears: bool,
    /// It gets this instead of, or (ring-back to the agent) as well as, the others' sound.
    pub tone: Option<Tone>,
}

/// Who has a seat.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Party {
    /// Our own microphone and ear.
    Local,
    /// The far end of a leg.
    Leg(LegId),
}

/// A conversation, by number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Group(pub u16);

/// A sound that the phone makes itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Tone {
    /// Hold music.
    Music,
    /// The called party rings.
    RingBack,
    /// The called party is busy or refused.
    Busy,
    /// We are called (local ear only).
    Ringing,
    /// A second call waits (local ear only).
    Waiting,
}

/// Which way sound may flow, as seen from here (RFC 3264 §5.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Direction {
    /// Both ways.
    #[default]
    SendRecv,
    /// From us only: the far side is held.
    SendOnly,
    /// To us only.
    RecvOnly,
    /// Neither.
    Inactive,
}
