//! Which port hears which, as the audio thread gets it: a plain value that is copied, never edited in place.

/// The most ports of a bridge.
pub const MAX_PORTS: usize = 256;

/// What is to be heard instead of, or with, the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PortTone {
    /// Index into the `tones` that [`crate::Mixer::mix`] gets; one beyond them is silence.
    pub source: u8,
    /// With the others' sound where the port hears; otherwise instead of it.
    pub over: bool,
}

/// What one port does. The default neither speaks nor hears: a free slot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Port {
    /// Ports of different groups never hear each other.
    pub group: u16,
    /// Its sound goes to the others of the group.
    pub speaks: bool,
    /// It gets the others' sound.
    pub hears: bool,
    /// It gets this.
    pub tone: Option<PortTone>,
}

impl Port {
    /// Takes part fully in a group.
    pub const fn talking(group: u16) -> Self {
        Self {
            group,
            speaks: true,
            hears: true,
            tone: None,
        }
    }

    /// Apart from all, with a tone only.
    pub const fn tone_only(source: u8) -> Self {
        Self {
            group: 0,
            speaks: false,
            hears: false,
            tone: Some(PortTone {
                source,
                over: false,
            }),
        }
    }
}

/// All ports, always whole. Port *n* of it belongs to source *n* and listener *n*.
#[derive(Clone, Copy, Debug)]
pub struct PortRouting {
    ports: [Port; MAX_PORTS],
    used: u16,
}

impl PortRouting {
    /// No port hears another.
    pub const fn new() -> Self {
        const FREE: Port = Port {
            group: 0,
            speaks: false,
            hears: false,
            tone: None,
        };
        Self {
            ports: [FREE; MAX_PORTS],
            used: 0,
        }
    }

    /// States one port. An index of [`MAX_PORTS`] or more changes nothing and returns false.
    pub fn set(&mut self, index: usize, port: Port) -> bool {
        let Some(stated) = self.ports.get_mut(index) else {
            return false;
        };
        *stated = port;
        if index >= usize::from(self.used) {
            self.used = index as u16 + 1;
        }
        true
    }

    /// The ports up to the highest that was ever set.
    pub fn ports(&self) -> &[Port] {
        &self.ports[..usize::from(self.used)]
    }

    /// One port; a free one beyond those set.
    pub fn port(&self, index: usize) -> Port {
        self.ports.get(index).copied().unwrap_or_default()
    }
}

impl PartialEq for PortRouting {
    fn eq(&self, other: &Self) -> bool {
        self.ports() == other.ports()
    }
}

impl Eq for PortRouting {}

impl Default for PortRouting {
    fn default() -> Self {
        Self::new()
    }
}
