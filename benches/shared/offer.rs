//! An offer (RFC 3264) that costs its reader as much as one can.
use std::fmt::Write as _;
use std::hint::black_box;
use std::net::SocketAddr;
use trialog_sdp::{Codec, Description, LocalMedia, answer};

/// An offer of so many payload numbers, and of so many names for one of them, none of which is a codec: 1,900 names are 47 kB.
pub fn without_a_codec(names: usize, numbers: usize) -> String {
    let mut offer = String::from(
        "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP",
    );
    for number in 0..numbers {
        let _ = write!(offer, " {}", number % 128);
    }
    offer.push_str("\r\n");
    for name in 0..names {
        let _ = write!(offer, "a=rtpmap:127 x{name}/8000\r\n");
    }
    offer
}

/// Reads it and looks for a codec that is not there.
///
/// # Panics
/// Where the offer can't be read, or is accepted.
pub fn refused(offer: &str) {
    let address = SocketAddr::from(([192, 0, 2, 2], 5000));
    let local = LocalMedia::new(address, vec![Codec::Opus]);
    let description = Description::parse(offer.as_bytes()).expect("it can be read");
    assert!(black_box(answer(&description, &local)).is_err());
}
