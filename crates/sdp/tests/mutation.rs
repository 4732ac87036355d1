//! A bounded fuzzing that everybody runs: many bodies, mutated by a fixed seed, through the same entry as the target of
//! `tests/fuzz`. A panic or a broken promise prints the body that made it.
mod common;
use common::exercise::exercise;
use std::panic::{AssertUnwindSafe, catch_unwind};

const SEEDS: &[&str] = &[
    "v=0\r\no=- 1 2 IN IP4 192.0.2.9\r\ns=-\r\nc=IN IP4 192.0.2.9\r\nt=0 0\r\nm=audio 4000 RTP/AVP 111 9 0 8 101 13\r\na=rtpmap:111 opus/48000/2\r\na=fmtp:111 minptime=10;useinbandfec=1;maxaveragebitrate=32000\r\na=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-16\r\na=ptime:20\r\na=maxptime:60\r\na=sendonly\r\na=rtcp:4101 IN IP4 192.0.2.10\r\nm=video 5000 RTP/AVP 31\r\nc=IN IP6 ::1\r\nb=AS:64\r\na=inactive\r\n",
    "v=0\no=x 7 7 IN IP6 2001:db8::1\ns=A call\ni=about\nu=http://x\ne=a@b\np=+1\nc=IN IP4 0.0.0.0\nb=CT:1\nt=1 2\nr=7d 1h 0 25h\nz=1 -1h\nk=clear:x\na=recvonly\nm=audio 0/2 RTP/AVP 0\nm=audio 6000 RTP/SAVP 0\nm=audio 7000 RTP/AVPF 96 97\na=rtpmap:96 PCMA/8000\na=rtpmap:97 telephone-event/48000\nm=application 9 UDP/BFCP *\n",
];

const PIECES: &[&str] = &[
    "\r\n",
    "\n",
    "m=audio 9 RTP/AVP 0\r\n",
    "a=sendrecv\r\n",
    "a=inactive\r\n",
    "a=rtpmap:0 opus/48000/2\r\n",
    "a=rtpmap:8 \r\n",
    "a=rtpmap:",
    "c=IN IP4 0.0.0.0\r\n",
    "c=IN IP4 host.invalid\r\n",
    "c=\r\n",
    "o=",
    "v=0\r\n",
    "=",
    ":",
    "/",
    " ",
    "0",
    "65535",
    "65536",
    "-1",
    "128",
    "127",
    "4294967296",
    "\0",
    "\u{fc}",
    "RTP/AVP",
    "telephone-event/8000",
    "opus/48000",
    "PCMU/8000/1",
    "a=ptime:0\r\n",
    "a=ptime:20.0\r\n",
    "a=rtcp:1\r\n",
];

#[test]
fn no_mutated_body_breaks_anything() {
    let mut state = 0x7a1a_0106_5eed_0002_u64;
    let mut below = move |bound: usize| {
        // xorshift64*
        state ^= state >> 12;
        state ^= state << 25;
        state ^= state >> 27;
        (state.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 16) as usize % bound.max(1)
    };
    for round in 0..100_000 {
        let mut body = SEEDS[below(SEEDS.len())].as_bytes().to_vec();
        for _ in 0..=below(6) {
            let at = below(body.len() + 1);
            let upto = (at + below(20)).min(body.len());
            let piece = PIECES[below(PIECES.len())].bytes();
            match below(5) {
                0 => drop(body.drain(at..upto)),
                1 => body.splice(at..at, piece).for_each(drop),
                2 => body.splice(at..upto, piece).for_each(drop),
                3 if at < body.len() => body[at] = below(256) as u8,
                _ => {
                    let copy = body[at..upto].to_vec();
                    let to = below(body.len() + 1);
                    body.splice(to..to, copy).for_each(drop);
                }
            }
        }
        if catch_unwind(AssertUnwindSafe(|| exercise(&body))).is_err() {
            panic!("round {round}: {:?}", String::from_utf8_lossy(&body));
        }
    }
}
