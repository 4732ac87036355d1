//! No codec uses Rust's heap once it is made. (libopus is C; it allocates its state whole when it is created.)
use assert_no_alloc::{AllocDisabler, assert_no_alloc, violation_count};
use trialog_codec::{Codec, LARGEST_PAYLOAD, LONGEST_PACKET, Options, decoder, encoder};

#[global_allocator]
static COUNTED: AllocDisabler = AllocDisabler;

#[test]
fn no_packet_touches_the_heap() {
    for codec in [Codec::Opus, Codec::G722, Codec::Pcma, Codec::Pcmu] {
        let (mut encoder, mut decoder) = (
            encoder(codec, &Options::default()).unwrap(),
            decoder(codec).unwrap(),
        );
        let (mut payload, mut pcm) = ([0; LARGEST_PAYLOAD], [0.0; LONGEST_PACKET]);
        let (samples, mut sound) = (codec.samples(), [0.1; LONGEST_PACKET]);
        assert_no_alloc(|| {
            for packet in 0..100 {
                sound[packet] = -0.5;
                let octets = encoder.encode(&sound[..samples], &mut payload);
                match packet % 4 {
                    0 => _ = decoder.conceal(&mut pcm[..samples]),
                    1 => _ = decoder.recover_from_next(&payload[..octets], &mut pcm[..samples]),
                    2 => _ = decoder.decode(&payload[..1], &mut pcm),
                    _ => _ = decoder.decode(&payload[..octets], &mut pcm),
                }
                encoder.expect_loss(packet as u8);
            }
        });
    }
    assert_eq!(violation_count(), 0, "uses of the heap");
}
