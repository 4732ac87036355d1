//! Many starts of the same, some at once, each with new processes, so that their clocks stand to each other by chance.

/// Starts at once: few enough for two cores to have nothing to wait for.
pub const AT_ONCE: usize = 5;

/// So often a start is tried whose clicks were not heard: a busy machine may have drowned them.
const TRIES: usize = 3;

/// Runs [`AT_ONCE`] starts at once, each told its place among them. `None` from a start: it heard nothing, and is tried
/// again.
///
/// # Panics
/// A start heard nothing time after time, or panicked itself.
pub fn at_once<T: Send>(start: impl Fn(usize) -> Option<T> + Sync) -> Vec<T> {
    let tried = |place| {
        (0..TRIES)
            .find_map(|_| start(place))
            .expect("a click that is said is heard, at the latest in the third start")
    };
    std::thread::scope(|scope| {
        let tried = &tried;
        let all: Vec<_> = (0..AT_ONCE)
            .map(|place| scope.spawn(move || tried(place)))
            .collect();
        all.into_iter()
            .map(|one| one.join().expect("a start says itself why it failed"))
            .collect()
    })
}
