//! The bridge uses no heap once it stands.
use assert_no_alloc::{AllocDisabler, assert_no_alloc, violation_count};
use trialog_frame::Frame;
use trialog_mixer::{Mixer, Port, PortRouting, PortTone};

#[global_allocator]
static COUNTED: AllocDisabler = AllocDisabler;

#[test]
fn no_tick_touches_the_heap_whatever_the_routing_and_the_sound() {
    let mut mixer = Mixer::new();
    let mut sources = vec![Frame([0.5; 480]); 64];
    let mut listeners = vec![Frame::SILENCE; 64];
    let tones = [Frame([0.1; 480])];
    assert_no_alloc(|| {
        for tick in 0..200usize {
            let mut routing = PortRouting::new();
            for index in 0..64 {
                let tone = (index % 5 == tick % 5).then_some(PortTone {
                    source: 0,
                    over: index % 2 == 0,
                });
                routing.set(
                    index,
                    Port {
                        tone,
                        ..Port::talking((index / (1 + tick / 10)) as u16)
                    },
                );
            }
            sources[3][7] = if tick % 9 == 0 { f32::NAN } else { 0.1 };
            mixer.mix(&routing, &sources, &tones, &mut listeners);
            mixer.mix(&routing, &sources, &tones, &mut listeners);
        }
    });
    assert_eq!(violation_count(), 0, "uses of the heap");
}
