//! The loops over samples. All are of fixed length and without branches, so that they become vector code.
use trialog_frame::{FRAME_SAMPLES, Frame};

/// Louder than any sound that a codec or microphone can give: beyond it something is broken.
const ABSURD: f32 = 8.0;

const LANES: usize = 8;

/// Adds up to four frames at once: it spares reading and writing the sum in between.
pub(crate) fn add(sum: &mut Frame, frames: &[&Frame]) {
    match frames {
        [] => {}
        [a] => (0..FRAME_SAMPLES).for_each(|n| sum[n] += a[n]),
        [a, b] => (0..FRAME_SAMPLES).for_each(|n| sum[n] += a[n] + b[n]),
        [a, b, c] => (0..FRAME_SAMPLES).for_each(|n| sum[n] += (a[n] + b[n]) + c[n]),
        [a, b, c, d, rest @ ..] => {
            (0..FRAME_SAMPLES).for_each(|n| sum[n] += (a[n] + b[n]) + (c[n] + d[n]));
            add(sum, rest);
        }
    }
}

/// Whether a sum of `count` sources can be trusted: no NaN, no infinity, nothing absurdly loud.
pub(crate) fn is_sane(sum: &Frame, count: usize) -> bool {
    // NaN and infinity stay in a running sum; a comparison alone would overlook NaN.
    let (mut peaks, mut probe) = ([0.0f32; LANES], [0.0f32; LANES]);
    for chunk in sum.chunks_exact(LANES) {
        for lane in 0..LANES {
            probe[lane] += chunk[lane];
            peaks[lane] = larger(peaks[lane], chunk[lane].abs());
        }
    }
    probe.iter().sum::<f32>().is_finite() && largest(peaks) <= ABSURD * count as f32
}

/// A broken source's sample made harmless.
pub(crate) fn clean(sample: f32) -> f32 {
    if sample.is_finite() {
        sample.clamp(-ABSURD, ABSURD)
    } else {
        0.0
    }
}

/// A broken source made harmless.
pub(crate) fn cleaned(frame: &Frame) -> Frame {
    Frame(core::array::from_fn(|n| clean(frame[n])))
}

/// `out` = `sum` − `own`; returns the largest absolute sample of it.
pub(crate) fn subtract(sum: &Frame, own: &Frame, out: &mut Frame) -> f32 {
    let mut peaks = [0.0f32; LANES];
    let parts = sum
        .chunks_exact(LANES)
        .zip(own.chunks_exact(LANES))
        .zip(out.chunks_exact_mut(LANES));
    for ((sum, own), out) in parts {
        for lane in 0..LANES {
            let sample = sum[lane] - own[lane];
            out[lane] = sample;
            peaks[lane] = larger(peaks[lane], sample.abs());
        }
    }
    largest(peaks)
}

/// The largest absolute sample.
pub(crate) fn peak(frame: &Frame) -> f32 {
    let mut peaks = [0.0f32; LANES];
    for chunk in frame.chunks_exact(LANES) {
        for lane in 0..LANES {
            peaks[lane] = larger(peaks[lane], chunk[lane].abs());
        }
    }
    largest(peaks)
}

/// One instruction, other than `f32::max`, which must mind NaN on both sides.
#[inline]
fn larger(a: f32, b: f32) -> f32 {
    if a > b { a } else { b }
}

fn largest(lanes: [f32; LANES]) -> f32 {
    lanes.into_iter().fold(0.0, larger)
}
