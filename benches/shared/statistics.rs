//! Order statistics: a shared machine only ever adds to a measurement, and now and then adds much.
use std::time::Instant;

/// The value below which this share (0.0..=1.0) of the values lies, the next one above it taken; sorts them.
///
/// # Panics
/// Without values.
pub fn quantile(values: &mut [f64], share: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    let last = values.len() - 1;
    values[((last as f64 * share).ceil() as usize).min(last)]
}

/// The middle one; sorts them.
///
/// # Panics
/// Without values.
pub fn median(values: &mut [f64]) -> f64 {
    quantile(values, 0.5)
}

/// The works' times in µs, each the median of `runs` runs of `rounds` rounds, the works taking turns so that what
/// disturbs one disturbs all.
///
/// # Panics
/// Without runs.
pub fn in_turns<const N: usize>(
    runs: usize,
    rounds: usize,
    mut works: [&mut dyn FnMut(); N],
) -> [f64; N] {
    let mut times: [Vec<f64>; N] = std::array::from_fn(|_| Vec::with_capacity(runs));
    for _ in 0..runs {
        for (work, times) in works.iter_mut().zip(&mut times) {
            let start = Instant::now();
            (0..rounds).for_each(|_| work());
            times.push(start.elapsed().as_secs_f64() * 1e6 / rounds as f64);
        }
    }
    times.map(|mut times| median(&mut times))
}
