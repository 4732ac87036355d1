//! How a link between two hosts treats datagrams.
use std::time::Duration;

/// How the network treats datagrams.
#[derive(Clone, Copy, Debug)]
pub struct Link {
    /// Every one takes this long,
    pub delay: Duration,
    /// and up to this much more, so that they overtake each other.
    pub jitter: Duration,
    /// So many of a thousand are lost,
    pub lost: u16,
    /// so many come twice,
    pub doubled: u16,
    /// and so many come late:
    pub late: u16,
    /// up to this much more.
    pub latest: Duration,
}

impl Link {
    /// 10 ms, and nothing goes wrong.
    pub const GOOD: Self = Self {
        delay: Duration::from_millis(10),
        jitter: Duration::ZERO,
        lost: 0,
        doubled: 0,
        late: 0,
        latest: Duration::ZERO,
    };

    /// A tenth is lost, a tenth comes twice, and order is no more than likely.
    pub const BAD: Self = Self {
        delay: Duration::from_millis(5),
        jitter: Duration::from_millis(80),
        lost: 100,
        doubled: 100,
        late: 0,
        latest: Duration::ZERO,
    };

    /// The longest that a message is under way.
    #[must_use]
    pub fn longest(&self) -> Duration {
        let late = if self.late > 0 {
            self.latest
        } else {
            Duration::ZERO
        };
        self.delay + self.jitter + late
    }
}
