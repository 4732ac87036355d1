//! A synthesiser of perfect evidence: three parties who speak, a bridge without delay of its own, and the SIP that such a
//! story leaves in the traces. What it makes is then doctored.
mod sip;
mod stories;

pub(crate) use stories::perfect;

use sip::Talk;
use trialog_checker::Party::{self, Agent1, Agent2, Customer};
use trialog_checker::hear::RATE;
use trialog_checker::wire::{Entry, dialogs, merge};
use trialog_checker::{Evidence, Recording};

const START_US: i64 = 1_790_000_000_000_000;
/// How long an utterance is, and the quiet after it.
const SPEECH: f64 = 1.1;
const BREATH: f64 = 1.1;
/// From mouth to ear.
const WAY: f64 = 0.08;

/// What reaches one ear.
#[derive(Clone, Copy, Default, PartialEq)]
pub(crate) struct Hears {
    from: [bool; 3],
    music: bool,
}

/// A story while it is being made.
pub(crate) struct Scene {
    now: f64,
    ears: Vec<(f64, [Hears; 3])>,
    said: Vec<(Party, f64, f64)>,
    traces: [Vec<Entry>; 3],
    talk: Vec<Talk>,
    serial: u32,
    /// At which agent 1 takes sound.
    port: u16,
}

impl Scene {
    fn new() -> Self {
        Self {
            now: 1.0,
            ears: vec![(0.0, Default::default())],
            said: Vec::new(),
            traces: Default::default(),
            talk: Vec::new(),
            serial: 0,
            port: 4000,
        }
    }

    fn pause(&mut self, seconds: f64) {
        self.now += seconds;
    }

    /// The party speaks alone.
    fn says(&mut self, party: Party) {
        self.said.push((party, self.now, self.now + SPEECH));
        self.now += SPEECH + BREATH;
    }

    fn all_say(&mut self) {
        for party in Party::ALL {
            self.said.push((party, self.now, self.now + SPEECH));
        }
        self.now += SPEECH + BREATH;
    }

    fn hears(&mut self, connected: &[(Party, Party)], music: &[Party]) {
        let mut ears = [Hears::default(); 3];
        for (a, b) in connected {
            ears[a.index()].from[b.index()] = true;
            ears[b.index()].from[a.index()] = true;
        }
        for party in music {
            ears[party.index()].music = true;
        }
        self.ears.push((self.now, ears));
    }

    fn everybody_hears_everybody(&mut self) {
        self.hears(
            &[(Customer, Agent1), (Customer, Agent2), (Agent1, Agent2)],
            &[],
        );
    }

    fn finish(mut self) -> Evidence {
        self.hears(&[], &[]);
        let n = ((self.now + 2.0) * RATE) as usize;
        let spoken = Party::ALL.map(|p| self.speak(p, n));
        let ears = Party::ALL.map(|p| self.listen(p, n, &spoken));
        let recording = |samples| Recording {
            samples,
            started_us: START_US,
        };
        Evidence {
            ears: ears.map(recording),
            spoken: spoken.map(recording),
            wire: dialogs(merge(&self.traces)),
        }
    }

    fn speak(&self, party: Party, n: usize) -> Vec<f32> {
        let mut out = pilot(party, n);
        let mut noise = Noise(party.index() as u32 + 1);
        let (mut low, mut lower) = (0.0f32, 0.0f32);
        for (_, from, to) in self.said.iter().filter(|(p, ..)| *p == party) {
            let said = &mut out[(from * RATE) as usize..(to * RATE) as usize];
            for (i, sample) in said.iter_mut().enumerate() {
                let t = i as f32 / RATE as f32;
                let syllable = (t * (3.0 + party.index() as f32) * std::f32::consts::PI)
                    .sin()
                    .abs();
                low += 0.12 * (noise.next() - low);
                lower += 0.03 * (low - lower);
                *sample += 1.4 * syllable * (low - lower);
            }
        }
        out
    }

    fn listen(&self, party: Party, n: usize, spoken: &[Vec<f32>; 3]) -> Vec<f32> {
        let way = (WAY * RATE) as usize;
        let music = music(n);
        let mut out = vec![0.0; n];
        let mut at = 0;
        let mut gains = [0.0f32; 4];
        let ramp = 1.0 / (0.005 * RATE as f32);
        for (i, sample) in out.iter_mut().enumerate() {
            while self
                .ears
                .get(at + 1)
                .is_some_and(|(t, _)| (t * RATE) as usize <= i)
            {
                at += 1;
            }
            let hears = self.ears[at].1[party.index()];
            let wanted = [hears.from[0], hears.from[1], hears.from[2], hears.music];
            for (gain, wanted) in gains.iter_mut().zip(wanted) {
                let target = if wanted { 1.0 } else { 0.0 };
                *gain += (target - *gain).clamp(-ramp, ramp);
            }
            let heard = i.saturating_sub(way);
            *sample =
                (0..3).map(|s| gains[s] * spoken[s][heard]).sum::<f32>() + gains[3] * music[i];
        }
        out
    }
}

/// This party's pilot, as its microphone carries it.
pub(crate) fn pilot(party: Party, n: usize) -> Vec<f32> {
    tones(&[party.pilot()], 0.0316, n)
}

fn music(n: usize) -> Vec<f32> {
    tones(&[220.0, 277.0, 330.0, 659.0], 0.04, n)
}

/// Tones of whole Hz: one second of them, again and again.
fn tones(hz: &[f64], amplitude: f64, n: usize) -> Vec<f32> {
    let second: Vec<f32> = (0..RATE as usize)
        .map(|i| {
            let turn = 2.0 * std::f64::consts::PI * i as f64 / RATE;
            hz.iter()
                .map(|hz| amplitude * (turn * hz).sin())
                .sum::<f64>() as f32
        })
        .collect();
    second.into_iter().cycle().take(n).collect()
}

/// A little noise that is the same each time (the constants of Numerical Recipes).
pub(crate) struct Noise(pub(crate) u32);

impl Noise {
    /// −1.0..1.0.
    pub(crate) fn next(&mut self) -> f32 {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (self.0 >> 8) as f32 / 8_388_608.0 - 1.0
    }
}
