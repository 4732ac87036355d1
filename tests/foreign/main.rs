//! A foreign phone calls ours: SIPp, with scenarios of our own, over real sockets.
mod foreign;
