//! Linear-phase low-pass design and the inner product that all filters here run on.

/// The sum of products of two slices of one length, that length being a multiple of 4.
///
/// Four running sums instead of one let the compiler use vectors: floating point may not be reordered by itself.
#[inline]
pub(crate) fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut sums = [0.0f32; 4];
    for (a, b) in a.chunks_exact(4).zip(b.chunks_exact(4)) {
        for lane in 0..4 {
            sums[lane] += a[lane] * b[lane];
        }
    }
    (sums[0] + sums[2]) + (sums[1] + sums[3])
}

/// A Kaiser-windowed sinc of `length` taps: cut-off (−6 dB) at `cutoff` of the sampling rate (0–0.5), gain 1 at zero.
pub(crate) fn low_pass(length: usize, cutoff: f64, beta: f64) -> Vec<f64> {
    let middle = (length as f64 - 1.0) / 2.0;
    let mut taps: Vec<f64> = (0..length)
        .map(|n| {
            let t = n as f64 - middle;
            let x = core::f64::consts::TAU * cutoff * t;
            let sinc = if x.abs() < 1e-9 { 1.0 } else { x.sin() / x };
            let edge = t / (middle + 0.5);
            sinc * window(beta, edge)
        })
        .collect();
    let sum: f64 = taps.iter().sum();
    taps.iter_mut().for_each(|tap| *tap /= sum);
    taps
}

/// Kaiser's window, but for its height: `edge` is 0 in its middle and ±1 at its ends.
fn window(beta: f64, edge: f64) -> f64 {
    bessel_i0(beta * (1.0 - edge * edge).max(0.0).sqrt())
}

/// Kaiser's window: 1 in its middle, where `edge` is 0, and next to nothing at its ends, where it is ±1.
pub(crate) fn kaiser(beta: f64, edge: f64) -> f64 {
    window(beta, edge) / window(beta, 0.0)
}

/// The modified Bessel function of the first kind, order 0, by its series.
fn bessel_i0(x: f64) -> f64 {
    let (mut sum, mut term, mut k) = (1.0, 1.0, 1.0);
    while term > sum * 1e-14 {
        term *= (x / (2.0 * k)) * (x / (2.0 * k));
        sum += term;
        k += 1.0;
    }
    sum
}
