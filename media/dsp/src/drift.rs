//! Two clocks that disagree by a few parts in a million, made to agree by resampling at nearly 1.

/// Resamples 48 kHz by a ratio near 1 that may change at any time.
pub struct DriftResampler {
    ppm: f32,
}

impl DriftResampler {
    /// At ratio 1. Allocates.
    #[expect(
        clippy::new_without_default,
        reason = "creation allocates: let it be seen"
    )]
    pub fn new() -> Self {
        Self { ppm: 0.0 }
    }

    /// From now on takes `ppm` parts in a million more input than it gives output (negative: less), within ±1000.
    pub fn set_ppm(&mut self, ppm: f32) {
        self.ppm = ppm;
    }

    /// Exactly how many input samples [`DriftResampler::process`] will take for `outputs` samples of output.
    pub fn needed(&self, outputs: usize) -> usize {
        outputs
    }

    /// Fills `out` from `input`, which must hold [`DriftResampler::needed`]`(out.len())` samples or more, and returns how many were
    /// used. With too few, the rest of `out` is silence.
    pub fn process(&mut self, input: &[f32], out: &mut [f32]) -> usize {
        let length = input.len().min(out.len());
        out[..length].copy_from_slice(&input[..length]);
        out[length..].fill(0.0);
        length
    }
}

/// Finds the ratio that keeps a buffer between two clocks at its target.
pub struct DriftControl {
    target: f32,
}

impl DriftControl {
    /// `target`: the fill to be kept, in samples at 48 kHz.
    pub fn new(target: f32) -> Self {
        Self { target }
    }

    /// Tells the fill before a 10 ms frame is taken and returns the parts in a million for [`DriftResampler::set_ppm`].
    pub fn update(&mut self, fill: f32) -> f32 {
        (fill - self.target).clamp(-500.0, 500.0)
    }
}
