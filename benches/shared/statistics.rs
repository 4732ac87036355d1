//! Order statistics: a shared machine only ever adds to a measurement, and now and then adds much.
use std::time::Instant;

/// The least value that so large a share (0.0..=1.0) of the values don't exceed: the nearest rank. Sorts them.
///
/// # Panics
/// Without values.
pub fn quantile(values: &mut [f64], share: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    let rank = (values.len() as f64 * share).ceil() as usize;
    values[rank.saturating_sub(1)]
}

/// The middle one, or the mean of the two in the middle. Sorts them.
///
/// # Panics
/// Without values.
pub fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    let upper = values[values.len() / 2];
    match values.len() % 2 {
        0 => f64::midpoint(values[values.len() / 2 - 1], upper),
        _ => upper,
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_twenty_values_the_nineteenth_is_the_95th_percentile() {
        let mut values: Vec<f64> = (1..=20).rev().map(f64::from).collect();
        assert_eq!(quantile(&mut values, 0.95), 19.0);
        assert_eq!(quantile(&mut values, 0.0), 1.0);
        assert_eq!(quantile(&mut values, 1.0), 20.0);
        assert_eq!(median(&mut values), 10.5);
        assert_eq!(median(&mut values[..3]), 2.0);
    }
}
