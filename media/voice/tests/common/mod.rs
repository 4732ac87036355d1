//! Speech-like sound made in code, and the room that brings the ear back to the microphone.
use trialog_frame::{FRAME_SAMPLES, Frame, Level, RATE};

/// Seconds to samples.
pub(crate) fn samples(seconds: f64) -> usize {
    (seconds * f64::from(RATE)) as usize
}

/// Noise, even in −1..1, of a generator that is seeded.
pub(crate) struct Chance(pub(crate) u32);

impl Chance {
    /// The next one.
    pub(crate) fn next(&mut self) -> f32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 17;
        self.0 ^= self.0 << 5;
        self.0 as i32 as f32 / i32::MAX as f32
    }
}

/// A resonance of a voice's tract.
struct Formant {
    a: f32,
    b: f32,
    last: [f32; 2],
}

impl Formant {
    fn new(hz: f32, width: f32) -> Self {
        let rate = RATE as f32;
        let radius = (-std::f32::consts::PI * width / rate).exp();
        Self {
            a: 2.0 * radius * (std::f32::consts::TAU * hz / rate).cos(),
            b: -radius * radius,
            last: [0.0; 2],
        }
    }

    fn next(&mut self, input: f32) -> f32 {
        let out = input + self.a * self.last[0] + self.b * self.last[1];
        self.last = [out, self.last[0]];
        out
    }
}

/// Syllables of pulses at `pitch` Hz and of breath, through other formants each, with pauses of 300 ms after each sixth. RMS
/// while it speaks about `level` dB.
pub(crate) fn speech(seconds: f64, pitch: f32, level: f32, seed: u32) -> Vec<f32> {
    const VOWELS: [[f32; 3]; 5] = [
        [730.0, 1090.0, 2440.0],
        [530.0, 1840.0, 2480.0],
        [270.0, 2290.0, 3010.0],
        [570.0, 840.0, 2410.0],
        [300.0, 870.0, 2240.0],
    ];
    let mut chance = Chance(seed);
    let mut out = Vec::new();
    let (mut phase, mut number) = (0.0f32, 0);
    while out.len() < samples(seconds) {
        let length = samples(0.16 + 0.08 * f64::from(chance.next()));
        let vowel = VOWELS[(chance.0 % 5) as usize];
        let mut formants = [80.0, 110.0, 170.0]
            .iter()
            .zip(vowel)
            .map(|(width, hz)| Formant::new(hz, *width))
            .collect::<Vec<_>>();
        for n in 0..length {
            let along = n as f32 / length as f32;
            phase += pitch * (1.1 - 0.2 * along) / RATE as f32;
            let pulse = if phase >= 1.0 {
                phase -= 1.0;
                1.0
            } else {
                0.0
            };
            let breath = if along < 0.2 { 0.12 } else { 0.01 };
            let input = pulse + breath * chance.next();
            let sound: f32 = formants.iter_mut().map(|formant| formant.next(input)).sum();
            out.push(sound * (std::f32::consts::PI * along).sin().powf(0.7));
        }
        number += 1;
        if number % 6 == 0 {
            out.extend(std::iter::repeat_n(0.0, samples(0.3)));
        }
    }
    out.truncate(samples(seconds));
    let gain = Level(level).amplitude() / Level::rms(&out).amplitude();
    out.iter_mut().for_each(|sample| *sample *= gain);
    out
}

/// White noise of that RMS, in dB.
pub(crate) fn noise(seconds: f64, level: f32, seed: u32) -> Vec<f32> {
    let mut chance = Chance(seed);
    let gain = Level(level).amplitude() * 3f32.sqrt();
    (0..samples(seconds))
        .map(|_| gain * chance.next())
        .collect()
}

/// A fan: noise that falls off above some 500 Hz, of that RMS.
pub(crate) fn fan(seconds: f64, level: f32, seed: u32) -> Vec<f32> {
    let mut low = 0.0;
    let mut out = noise(seconds, 0.0, seed);
    for sample in &mut out {
        low += 0.06 * (*sample - low);
        *sample = low;
    }
    let gain = Level(level).amplitude() / Level::rms(&out).amplitude();
    out.iter_mut().for_each(|sample| *sample *= gain);
    out
}

/// What a microphone hears of `ear`: after `delay` ms, `loss` dB quieter, with a room's reflections that die away.
pub(crate) fn echo(ear: &[f32], delay: f64, loss: f32) -> Vec<f32> {
    let mut chance = Chance(77);
    let mut paths = vec![(samples(delay / 1000.0), 1.0f32)];
    for n in 1..40 {
        let later = samples(delay / 1000.0) + n * 41;
        paths.push((later, 0.5 * 0.92f32.powi(n as i32) * chance.next()));
    }
    let mut out = vec![0.0; ear.len()];
    for (later, share) in paths {
        let gain = share * Level(-loss).amplitude();
        for (sum, sample) in out[later..].iter_mut().zip(ear) {
            *sum += gain * sample;
        }
    }
    out
}

/// Adds sample by sample.
pub(crate) fn add(one: &[f32], other: &[f32]) -> Vec<f32> {
    one.iter().zip(other).map(|(a, b)| a + b).collect()
}

/// Runs a processor over whole frames of both.
pub(crate) fn run(
    processor: &mut dyn trialog_voice::Processor,
    ear: &[f32],
    microphone: &[f32],
) -> Vec<f32> {
    let mut out = Vec::new();
    for (ear, microphone) in ear
        .chunks_exact(FRAME_SAMPLES)
        .zip(microphone.chunks_exact(FRAME_SAMPLES))
    {
        let mut frames = [Frame::SILENCE; 2];
        frames[0].copy_from_slice(ear);
        frames[1].copy_from_slice(microphone);
        let [ear, mut microphone] = frames;
        processor.process(&ear, &mut microphone);
        out.extend_from_slice(&microphone);
    }
    out
}

/// RMS between two times in seconds, in dB.
pub(crate) fn level(sound: &[f32], from: f64, to: f64) -> f32 {
    Level::rms(&sound[samples(from)..samples(to)]).0
}
