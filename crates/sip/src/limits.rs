//! How much of a message we are ready to read.

/// Upper bounds for a message off the network. What is beyond them is refused with an error that names the bound.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Octets of the whole message, head and body. At most 4 GiB is used.
    pub message: usize,
    /// Octets of the start line and the headers together.
    pub head: usize,
    /// Header rows; a folded row is one.
    pub headers: usize,
    /// Octets of one header row, with its folds.
    pub line: usize,
}

impl Default for Limits {
    /// A full UDP datagram, 32 KiB of head, 256 rows of 8 KiB at most.
    fn default() -> Self {
        Self {
            message: 65_535,
            head: 32 * 1024,
            headers: 256,
            line: 8 * 1024,
        }
    }
}
