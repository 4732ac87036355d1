//! Sines, cheaply: by turning a pointer instead of asking for each sample's sine.
use core::f64::consts::TAU;

const LANES: usize = 8;

/// One stretch of a sine: its frequency in Hz at a rate in samples a second, how long ago (in seconds) its phase was
/// zero, and the amplitudes that it has at the stretch's begin and end, a straight line between.
pub(crate) struct Sine {
    pub(crate) frequency: f64,
    pub(crate) rate: f64,
    pub(crate) age: f64,
    pub(crate) amplitudes: [f32; 2],
}

impl Sine {
    /// Adds itself to `out`, whose length is a multiple of 8. Eight pointers, each for every eighth sample, become one
    /// vector; they are set anew for each stretch, so no error grows.
    pub(crate) fn add_to(&self, out: &mut [f32]) {
        let turn = TAU * self.frequency / self.rate;
        let start = TAU * (self.frequency * self.age).fract();
        // By turning, too, as asking costs most of all this for a short stretch.
        let mut pointer = start.sin_cos();
        let by = turn.sin_cos();
        let pointers: [(f64, f64); LANES] = core::array::from_fn(|_| {
            let now = pointer;
            pointer = turned(pointer, by);
            now
        });
        let (mut sines, mut cosines) = (pointers.map(|p| p.0 as f32), pointers.map(|p| p.1 as f32));
        let eightfold = [(); 3].iter().fold(by, |by, ()| turned(by, by));
        let (sine, cosine) = (eightfold.0 as f32, eightfold.1 as f32);
        let slope = (self.amplitudes[1] - self.amplitudes[0]) / out.len() as f32;
        let mut gains: [f32; LANES] =
            core::array::from_fn(|lane| self.amplitudes[0] + slope * lane as f32);
        for chunk in out.chunks_exact_mut(LANES) {
            for lane in 0..LANES {
                chunk[lane] += gains[lane] * sines[lane];
                gains[lane] += slope * LANES as f32;
                let turned = sines[lane] * cosine + cosines[lane] * sine;
                cosines[lane] = cosines[lane] * cosine - sines[lane] * sine;
                sines[lane] = turned;
            }
        }
    }
}

/// A pointer (sine, cosine) turned by another.
fn turned(a: (f64, f64), b: (f64, f64)) -> (f64, f64) {
    (a.0 * b.1 + a.1 * b.0, a.1 * b.1 - a.0 * b.0)
}

/// From 0 at 0 to 1 at 1 along a half wave of a cosine, and level outside.
pub(crate) fn swell(x: f64) -> f64 {
    0.5 - 0.5 * (core::f64::consts::PI * x.clamp(0.0, 1.0)).cos()
}
