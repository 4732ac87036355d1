//! How good a call sounds, estimated from its network alone: the E-model of ITU-T G.107 (06/2015) with that recommendation's default
//! values for all but delay and loss. No sound is looked at, so a bad microphone is not seen.

/// Basic signal-to-noise ratio Ro (§7.2) at the default values, and circuit noise No in dBm0p at the 0 dBr point, which it comes of.
const SIGNAL_TO_NOISE: f64 = 94.7688;
const NOISE: f64 = -61.1786;

/// Simultaneous impairment Is (§7.3) at the default values.
const SIMULTANEOUS: f64 = 1.4136;

/// Talker echo loudness rating TELR, receive loudness rating RLR, and weighted echo path loss WEPL: the defaults of table 2, in dB.
const TALKER_ECHO: f64 = 65.0;
const RECEIVE_LOUDNESS: f64 = 2.0;
const ECHO_PATH_LOSS: f64 = 110.0;

/// Packet-loss robustness factor Bpl of G.711 with concealment (ITU-T G.113, table I.3), whose equipment impairment factor Ie is 0. It is
/// taken for every codec here, since each conceals what is lost; what wideband is better by is not counted.
const ROBUSTNESS: f64 = 25.1;

/// What a party's sound has met on its way here.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Journey {
    /// From mouth to ear, in milliseconds, ≥ 0.
    pub delay_ms: f64,
    /// Packets whose sound was not there when it was due, lost or late, in percent of all: 0.0–100.0. They are taken to be lost at random
    /// (BurstR = 1).
    pub lost_percent: f64,
}

impl Journey {
    /// The transmission rating factor R: 93.2 where nothing is in the way; below 50 hardly any listener is content.
    #[must_use]
    pub fn rating(self) -> f64 {
        SIGNAL_TO_NOISE - SIMULTANEOUS - delay_impairment(self.delay_ms) - self.loss_impairment()
    }

    /// The mean opinion score that listeners would give, estimated (MOS-CQE, Annex B): 1.0–4.5.
    #[must_use]
    pub fn mos(self) -> f64 {
        let r = self.rating();
        if r <= 0.0 {
            return 1.0;
        }
        let mos = 1.0 + 0.035 * r + r * (r - 60.0) * (100.0 - r) * 7e-6;
        // The polynomial dips below 1 for the smallest ratings.
        mos.clamp(1.0, 4.5)
    }

    /// Effective equipment impairment Ie,eff (§7.5) with Ie = 0.
    fn loss_impairment(self) -> f64 {
        let lost = self.lost_percent.clamp(0.0, 100.0);
        95.0 * lost / (lost + ROBUSTNESS)
    }
}

/// The delay impairment factor Id (§7.4): talker echo, listener echo, and that both wait for each other.
fn delay_impairment(delay_ms: f64) -> f64 {
    let delay = delay_ms.max(0.0);
    let spread = ((1.0 + delay / 10.0) / (1.0 + delay / 150.0)).log10();
    let talker = TALKER_ECHO - 40.0 * spread + 6.0 * (-0.3 * delay * delay).exp();
    let noise = -1.5 * (NOISE - RECEIVE_LOUDNESS);
    let half = (noise - (80.0 + 2.5 * (talker - 14.0))) / 2.0;
    let talker = (half + half.hypot(10.0) - 1.0) * (1.0 - (-delay).exp());
    let listener = 10.5 * (ECHO_PATH_LOSS + 7.0) * (2.0 * delay + 1.0).powf(-0.25);
    let half = (SIGNAL_TO_NOISE - listener) / 2.0;
    let listener = half + half.hypot(13.0);
    talker + listener + waiting(delay)
}

/// Idd: none up to 100 ms.
fn waiting(delay: f64) -> f64 {
    if delay <= 100.0 {
        return 0.0;
    }
    let x = (delay / 100.0).log2();
    let root = |of: f64| (1.0 + of.powi(6)).powf(1.0 / 6.0);
    25.0 * (root(x) - 3.0 * root(x / 3.0) + 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(is: f64, expected: f64, by: f64) {
        assert!((is - expected).abs() <= by, "{is}, not {expected}");
    }

    fn journey(delay_ms: f64, lost_percent: f64) -> Journey {
        Journey {
            delay_ms,
            lost_percent,
        }
    }

    #[test]
    fn the_defaults_of_g_107_rate_93_2_and_4_41() {
        near(journey(0.0, 0.0).rating(), 93.2, 0.05);
        near(journey(0.0, 0.0).mos(), 4.41, 0.005);
    }

    #[test]
    fn annex_b_s_table_of_scores_is_kept() {
        // Table B.1: R, and the lower limit of MOS-CQE.
        for (r, mos) in [
            (90.0, 4.34),
            (80.0, 4.03),
            (70.0, 3.60),
            (60.0, 3.10),
            (50.0, 2.58),
        ] {
            // The loss that leads to this rating, without delay.
            let impaired = journey(0.0, 0.0).rating() - r;
            let lost = impaired * ROBUSTNESS / (95.0 - impaired);
            near(journey(0.0, lost).rating(), r, 1e-9);
            near(journey(0.0, lost).mos(), mos, 0.01);
        }
    }

    #[test]
    fn loss_impairs_as_g_113_tells_of_g_711_with_concealment() {
        for (lost, impairment) in [(1.0, 3.64), (2.0, 7.01), (3.0, 10.14), (5.0, 15.78)] {
            near(journey(0.0, lost).loss_impairment(), impairment, 0.01);
        }
    }

    #[test]
    fn waiting_for_each_other_begins_at_100_ms() {
        for (delay, impairment) in [(100.0, 0.0), (200.0, 3.04), (400.0, 24.07)] {
            near(waiting(delay), impairment, 0.01);
        }
        near(waiting(100.1), 0.0, 0.01);
    }

    #[test]
    fn it_never_gets_better_by_delay_or_loss_and_stays_on_the_scale() {
        for delay in (0..2000).step_by(50) {
            for lost in 0..100 {
                let (delay, lost) = (f64::from(delay), f64::from(lost));
                let here = journey(delay, lost);
                assert!((1.0..=4.5).contains(&here.mos()), "{here:?}");
                assert!(
                    journey(delay + 50.0, lost).rating() <= here.rating(),
                    "{here:?}"
                );
                assert!(
                    journey(delay, lost + 1.0).rating() <= here.rating(),
                    "{here:?}"
                );
            }
        }
    }
}
