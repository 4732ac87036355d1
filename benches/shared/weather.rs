//! What a network does to a stream of RTP packets, the same in every run: which come, and when.
use std::time::Duration;

/// So much of speech has a packet.
pub const PACKET: Duration = Duration::from_millis(20);

/// A network between a sender and an ear.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Weather {
    /// Of the packets, in percent, by chance.
    pub loss: f64,
    /// Of the packets, in percent, by chance: they come twice, the second up to 45 ms later.
    pub copies: f64,
    /// Uniform, up to so many ms: packets overtake each other.
    pub jitter: u64,
    /// Each 4 s for so many ms nothing comes; what was sent meanwhile comes at its end, as behind a Wi-Fi card that scans.
    pub stall: u64,
}

impl Weather {
    /// Nothing is lost, and nothing is late.
    pub const CLEAN: Self = Self {
        loss: 0.0,
        copies: 0.0,
        jitter: 0,
        stall: 0,
    };

    const PERIOD: u64 = 4_000;

    /// When which packet arrives, after the first is sent, in the order of arrival.
    #[must_use]
    pub fn arrivals(self, packets: usize) -> Vec<(Duration, usize)> {
        let mut random = Random(0x9E37_79B9_7F4A_7C15);
        let mut all = Vec::with_capacity(packets);
        let period = Duration::from_millis(Self::PERIOD);
        for packet in 0..packets {
            let sent = PACKET * u32::try_from(packet).expect("it is a minute or two");
            // All chances are taken for each packet, so that two kinds of weather lose the same ones.
            let (lost, twice) = (random.percent() < self.loss, random.percent() < self.copies);
            let (way, other) = (random.up_to_ms(self.jitter), random.up_to_ms(45));
            if lost {
                continue;
            }
            let nanoseconds = sent.as_nanos() % period.as_nanos();
            let into = Duration::from_nanos(u64::try_from(nanoseconds).expect("below the period"));
            let stall = Duration::from_millis(self.stall);
            let through = sent + stall.saturating_sub(into);
            all.push((through + way, packet));
            if twice {
                all.push((through + way + other, packet));
            }
        }
        all.sort();
        all
    }
}

struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn percent(&mut self) -> f64 {
        (self.next() % 1_000_000) as f64 / 10_000.0
    }

    fn up_to_ms(&mut self, most: u64) -> Duration {
        Duration::from_micros(self.next() % (most * 1_000 + 1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clean_network_brings_each_packet_at_its_time() {
        let all = Weather::CLEAN.arrivals(500);
        assert_eq!(all.len(), 500);
        assert!(all.iter().all(|(at, n)| *at == PACKET * *n as u32));
    }

    #[test]
    fn a_stall_brings_at_its_end_what_was_sent_in_it_and_nothing_else_later() {
        let weather = Weather {
            stall: 120,
            ..Weather::CLEAN
        };
        let end = Duration::from_millis(4_120);
        for (at, n) in weather.arrivals(400) {
            let sent = PACKET * n as u32;
            let within = (Duration::from_secs(4)..end).contains(&sent);
            assert_eq!(
                at,
                if within {
                    end
                } else {
                    at.min(sent.max(Duration::from_millis(120)))
                }
            );
        }
    }

    #[test]
    fn loss_and_copies_are_as_many_as_asked_for() {
        let weather = Weather {
            loss: 5.0,
            copies: 10.0,
            jitter: 60,
            ..Weather::CLEAN
        };
        let all = weather.arrivals(100_000);
        let mut numbers: Vec<usize> = all.iter().map(|(_, n)| *n).collect();
        numbers.sort_unstable();
        let copies = numbers.windows(2).filter(|pair| pair[0] == pair[1]).count();
        numbers.dedup();
        assert!(
            (94_500..95_500).contains(&numbers.len()),
            "{}",
            numbers.len()
        );
        assert!((9_000..10_000).contains(&copies), "{copies}");
        assert!(
            all.windows(2).any(|pair| pair[0].1 > pair[1].1),
            "they overtake each other"
        );
    }
}
