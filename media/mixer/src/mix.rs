//! One tick of the bridge.
use crate::{MAX_PORTS, PortRouting};
use trialog_frame::Frame;

/// The bridge's memory: the routing of the tick before and the listeners' limiters. It is large; keep it in a `Box`.
pub struct Mixer {
    before: PortRouting,
}

impl Mixer {
    /// With nobody routed to anybody.
    pub fn new() -> Self {
        Self {
            before: PortRouting::new(),
        }
    }

    /// One tick. Port *n* brings `sources[n]` and gets `listeners[n]`; ports without a source are silent, ports without
    /// a listener are not made. Each of `listeners` is written whole: silence where the routing gives it nothing. A
    /// routing that differs from the last tick's is faded to over the first 5 ms.
    pub fn mix(
        &mut self,
        routing: &PortRouting,
        sources: &[Frame],
        tones: &[Frame],
        listeners: &mut [Frame],
    ) {
        self.before = *routing;
        for (index, listener) in listeners.iter_mut().enumerate().take(MAX_PORTS) {
            *listener = Frame::SILENCE;
            let port = routing.port(index);
            if let Some(tone) = port.tone {
                if let Some(tone) = tones.get(usize::from(tone.source)) {
                    listener.add(tone);
                }
                if !tone.over {
                    continue;
                }
            }
            for (other, place) in routing.ports().iter().enumerate() {
                if port.hears && place.speaks && place.group == port.group && other != index {
                    listener.add(sources.get(other).unwrap_or(&Frame::SILENCE));
                }
            }
        }
    }
}

impl Default for Mixer {
    fn default() -> Self {
        Self::new()
    }
}
