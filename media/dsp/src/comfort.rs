//! Comfort noise for the time in which a far side sends nothing and has said so (RFC 3389, DTX): a line without any sound seems dead,
//! and one whose noise comes and goes with the speech is tiring.
//!
//! The noise is white, through a filter that gives it the colour and the level of the far side's surroundings: as it states them, and
//! what it does not state as they were learnt while it sent them.
use trialog_frame::Level;

/// Coefficients of the filter. RFC 3389 §3.2 lets a far side state any number; the first ones are taken.
pub const ORDER: usize = 10;

/// What a far side that states no level, and was not heard before, is taken to have around it, in −dBov.
const USUAL: f32 = 66.0;

/// What is louder is no background, and not imitated, in −dBov.
const LOUDEST: f32 = 45.0;

/// The colour of a room that is not known: noise that falls off above this, in Hz, by 6 dB an octave.
const CORNER: f32 = 1_500.0;

/// The least power of late rises by so much with each 10 ms, as long as none is less: 3 dB a second.
const RISES: f32 = 1.007;

/// What is within so much of the least power is background: 4 dB.
const NEAR: f32 = 2.5;

/// How far the picture moves with each 10 ms of background.
const SHARE: f32 = 0.1;

/// How far the level moves with each sample at 8 kHz: it is there within 30 ms.
const GLIDE: f32 = 0.004;

/// Products of a signal with itself, from 0 to [`ORDER`] samples later, a sample.
type Products = [f32; ORDER + 1];

/// One stream's noise.
#[derive(Clone, Debug)]
pub struct ComfortNoise {
    rate: u32,
    /// The least power of late.
    least: f32,
    /// Of what was near it.
    learnt: Option<Products>,
    /// What the far side has stated last: level in −dBov, and its number of reflection coefficients with themselves.
    stated: Option<(f32, usize, [f32; ORDER])>,
    /// The state of the generator; never 0.
    chance: u32,
    filter: [f32; ORDER],
    past: [f32; ORDER],
    gain: f32,
    wanted: f32,
}

impl ComfortNoise {
    /// At `rate`, 8000 to 48000 Hz.
    #[must_use]
    pub fn new(rate: u32) -> Self {
        let mut noise = Self {
            rate,
            least: f32::INFINITY,
            learnt: None,
            stated: None,
            chance: 0x9E37_79B9,
            filter: [0.0; ORDER],
            past: [0.0; ORDER],
            gain: 0.0,
            wanted: 0.0,
        };
        noise.settle();
        noise.gain = noise.wanted;
        noise
    }

    /// Learns the far side's surroundings from what it sends: its quietest 10 ms of late.
    pub fn hear(&mut self, pcm: &[f32]) {
        let mut background = false;
        for frame in pcm.chunks_exact(self.rate as usize / 100) {
            let products = products(frame);
            let power = products[0];
            // Digital silence is nobody's surroundings, and what is no number is no sound.
            if !(power > 1e-9 && power.is_finite()) {
                continue;
            }
            self.least = power.min(self.least * RISES);
            if power > self.least * NEAR {
                continue;
            }
            background = true;
            match &mut self.learnt {
                // Much quieter than what was taken for background.
                Some(learnt) if power * 4.0 > learnt[0] => {
                    for (learnt, new) in learnt.iter_mut().zip(products) {
                        *learnt += SHARE * (new - *learnt);
                    }
                }
                learnt => *learnt = Some(products),
            }
        }
        // What was stated is of an earlier pause.
        if background {
            self.stated = None;
            self.settle();
        }
    }

    /// The noise is as a comfort-noise payload states (RFC 3389 §3): the level in −dBov, 0 being an RMS of 1.0, and any number of
    /// reflection coefficients. Louder than −45 dBov it does not become.
    pub fn state(&mut self, payload: &[u8]) {
        let Some((level, coefficients)) = payload.split_first() else {
            return;
        };
        let mut reflections = [0.0; ORDER];
        for (reflection, octet) in reflections.iter_mut().zip(coefficients) {
            // §3.2: 258 · (N − 127) / 32768.
            *reflection = 258.0 * (f32::from(*octet) - 127.0) / 32_768.0;
        }
        let count = coefficients.len().min(ORDER);
        self.stated = Some((f32::from(level & 0x7F), count, reflections));
        self.settle();
    }

    /// Filter and gain for what is known now.
    fn settle(&mut self) {
        let learnt = self.learnt.as_ref().map(reflections);
        let unknown = || {
            let mut one = [0.0; ORDER];
            one[0] = -(-core::f32::consts::TAU * CORNER / self.rate as f32).exp();
            one
        };
        let reflections = match self.stated {
            Some((_, count, stated)) if count > 0 => stated,
            _ => learnt.unwrap_or_else(unknown),
        };
        let level = match (self.stated, &self.learnt) {
            (Some((level, ..)), _) => level,
            (None, Some(learnt)) => -Level::of_amplitude(learnt[0].sqrt()).0,
            (None, None) => USUAL,
        };
        let (filter, left) = filter(&reflections);
        self.filter = filter;
        // Even in −1..1 has a variance of 1/3, which the filter makes larger by what the coefficients leave.
        self.wanted = Level(-level.max(LOUDEST)).amplitude() * (3.0 * left).sqrt();
    }

    /// The next sample.
    #[expect(
        clippy::should_implement_trait,
        reason = "it never ends, and is no sequence to be collected"
    )]
    pub fn next(&mut self) -> f32 {
        // Marsaglia's xorshift: the noise need not be more random than that.
        self.chance ^= self.chance << 13;
        self.chance ^= self.chance >> 17;
        self.chance ^= self.chance << 5;
        let even = self.chance as i32 as f32 / i32::MAX as f32;
        self.gain += GLIDE * 8_000.0 / self.rate as f32 * (self.wanted - self.gain);
        let fed_back: f32 = self.filter.iter().zip(&self.past).map(|(a, y)| a * y).sum();
        let sample = self.gain * even - fed_back;
        self.past.copy_within(..ORDER - 1, 1);
        self.past[0] = sample;
        sample
    }
}

fn products(frame: &[f32]) -> Products {
    core::array::from_fn(|lag| {
        let later = &frame[lag.min(frame.len())..];
        let sum: f32 = frame.iter().zip(later).map(|(a, b)| a * b).sum();
        sum / frame.len() as f32
    })
}

/// How a signal with these products follows from its past: reflection coefficients, by Levinson and Durbin.
#[must_use]
fn reflections(products: &Products) -> [f32; ORDER] {
    let mut found = [0.0; ORDER];
    // A little white noise below it keeps the sums in their range.
    let mut left = f64::from(products[0]) * 1.0001;
    let mut filter = [0.0f64; ORDER + 1];
    filter[0] = 1.0;
    for order in 1..=ORDER {
        let sum: f64 = (0..order)
            .map(|n| filter[n] * f64::from(products[order - n]))
            .sum();
        if left <= 0.0 {
            break;
        }
        let reflection = (-sum / left).clamp(-0.98, 0.98);
        found[order - 1] = reflection as f32;
        let before = filter;
        for n in 1..=order {
            filter[n] = before[n] + reflection * before[order - n];
        }
        left *= 1.0 - reflection * reflection;
    }
    found
}

/// The filter of these reflection coefficients, its first one (of 1) left out, and which share of its output's power is not by itself.
fn filter(reflections: &[f32; ORDER]) -> ([f32; ORDER], f32) {
    let (mut filter, mut left) = ([0.0; ORDER], 1.0);
    for (order, reflection) in reflections.iter().enumerate() {
        let reflection = reflection.clamp(-0.98, 0.98);
        let before = filter;
        for n in 0..order {
            filter[n] = before[n] + reflection * before[order - 1 - n];
        }
        filter[order] = reflection;
        left *= 1.0 - reflection * reflection;
    }
    (filter, left)
}

/// Describes background noise as a comfort-noise payload does (RFC 3389 §3): `pcm` at any rate, at least 10 ms of it. With
/// `coefficients` its colour as well, in eleven octets; else its level alone, in one. Returns how many were written to `out`.
pub fn describe(pcm: &[f32], coefficients: bool, out: &mut [u8]) -> usize {
    let products = products(pcm);
    let level = -Level::of_amplitude(products[0].max(0.0).sqrt()).0;
    let Some((first, rest)) = out.split_first_mut() else {
        return 0;
    };
    *first = level.round().clamp(0.0, 127.0) as u8;
    if !coefficients {
        return 1;
    }
    let mut written = 1;
    // No more than there are, whatever room there is.
    for (octet, reflection) in rest.iter_mut().zip(reflections(&products)) {
        // §3.2, the other way round; 255 is not used.
        *octet = (reflection * 32_768.0 / 258.0 + 127.0)
            .round()
            .clamp(0.0, 254.0) as u8;
        written += 1;
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(noise: &mut ComfortNoise, length: usize) -> Vec<f32> {
        (0..length).map(|_| noise.next()).collect()
    }

    fn level_of(payload: &[u8]) -> f32 {
        let mut noise = ComfortNoise::new(8_000);
        noise.state(payload);
        let _settles = made(&mut noise, 4_000);
        Level::rms(&made(&mut noise, 16_000)).0
    }

    /// A fan at 8 kHz: resonant at 500 Hz.
    fn fan(level: f32, length: usize) -> Vec<f32> {
        let mut source = ComfortNoise::new(8_000);
        source.filter = [0.0; ORDER];
        let turn = core::f32::consts::TAU * 500.0 / 8_000.0;
        source.filter[0] = -2.0 * 0.9 * turn.cos();
        source.filter[1] = 0.81;
        let mut out = made(&mut source, length + 400).split_off(400);
        let gain = Level(level).amplitude() / Level::rms(&out).amplitude();
        out.iter_mut().for_each(|sample| *sample *= gain);
        out
    }

    /// How much louder it is around 500 Hz than around 2.5 kHz, in dB.
    fn colour(pcm: &[f32]) -> f32 {
        let around = |hz: f64| -> f32 {
            (-20..20)
                .map(|n| {
                    let amplitude = Level::sine_amplitude(pcm, hz + f64::from(n) * 10.0, 8e3);
                    amplitude.amplitude().powi(2)
                })
                .sum()
        };
        10.0 * (around(500.0) / around(2_500.0)).log10()
    }

    #[test]
    fn it_has_the_level_that_is_stated_and_is_never_louder_than_a_background() {
        for (payload, expected) in [
            (&[][..], -66.0),
            (&[50], -50.0),
            (&[0x80 | 72], -72.0),
            (&[90], -90.0),
            (&[0], -45.0),
            (&[60, 30, 200, 127], -60.0),
            (&[60, 0, 254, 0, 254], -60.0),
        ] {
            let level = level_of(payload);
            assert!((level - expected).abs() < 2.0, "{payload:?}: {level}");
        }
    }

    #[test]
    fn its_colour_and_level_are_those_of_the_far_side_stated_or_learnt() {
        let fan = fan(-55.0, 16_000);
        let expected = colour(&fan);
        assert!(expected > 15.0, "{expected} dB");
        let mut payload = [0; 1 + ORDER];
        assert_eq!(describe(&fan[..160], true, &mut payload), 11);
        let mut stated = ComfortNoise::new(8_000);
        stated.state(&payload);
        let mut learnt = ComfortNoise::new(8_000);
        // Speech on it is no background.
        let mut heard = fan.clone();
        for (n, sample) in heard.iter_mut().enumerate() {
            if n % 4_000 < 2_500 {
                *sample += 0.1 * (n as f32 * 1.7).sin();
            }
        }
        learnt.hear(&heard);
        let mut levelled = learnt.clone();
        levelled.state(&[60]);
        for (name, noise, level) in [
            ("stated", &mut stated, -55.0),
            ("learnt", &mut learnt, -55.0),
            ("learnt, its level stated", &mut levelled, -60.0),
        ] {
            let _settles = made(noise, 4_000);
            let sound = made(noise, 16_000);
            let (colour, is) = (colour(&sound), Level::rms(&sound).0);
            println!("{name}: {is:.1} dB, {colour:.1} dB of colour for {expected:.1}");
            assert!((is - level).abs() < 3.0, "{name}: {is} dB");
            assert!((colour - expected).abs() < 6.0, "{name}: {colour} dB");
        }
    }

    #[test]
    fn what_is_no_number_and_digital_silence_teach_it_nothing() {
        let mut noise = ComfortNoise::new(8_000);
        noise.hear(&[f32::NAN; 160]);
        noise.hear(&[f32::INFINITY; 160]);
        noise.hear(&[0.0; 160]);
        let _settles = made(&mut noise, 4_000);
        let level = Level::rms(&made(&mut noise, 16_000)).0;
        assert!((level + 66.0).abs() < 2.0, "{level}");
    }

    #[test]
    fn no_tone_stands_out_of_it() {
        let mut noise = ComfortNoise::new(48_000);
        let out = made(&mut noise, 48_000);
        for hz in [50.0, 433.0, 997.0, 1511.0] {
            let tone = Level::sine_amplitude(&out, hz, 48e3).0;
            assert!(tone < -85.0, "{hz} Hz at {tone} dB");
        }
    }
}
