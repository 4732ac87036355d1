//! The exhaustive search: from a fresh phone, every input in every state, until no new state appears.
//!
//! - `world`: what the wire may do next, kept leg by leg (the environment that the phone is searched in);
//! - `moves`: every input that is possible in a state;
//! - `invariants`: what must hold, each named after its rule;
//! - `table`: who may do what, written down a second time by hand;
//! - `explore`: breadth-first over canonical states, and backwards for "can be brought to an end";
//! - `mutants`: each rule broken on purpose, and who notices.
fn main() {}
