//! Nothing here uses the heap once it is made.
use assert_no_alloc::{AllocDisabler, assert_no_alloc, violation_count};
use trialog_dsp::{
    Band, CallTone, Change, ComfortNoise, Concealer, Country, Downsampler, DriftControl,
    DriftResampler, HoldMusic, TimeScale, ToneGenerator, Upsampler,
};
use trialog_frame::Frame;

#[global_allocator]
static COUNTED: AllocDisabler = AllocDisabler;

#[test]
fn no_filter_and_no_generator_touches_the_heap() {
    let mut up = Upsampler::new(Band::Narrow);
    let mut down = Downsampler::new(Band::Wide);
    let (mut drift, mut control) = (DriftResampler::new(), DriftControl::new(960.0));
    let (mut concealer, mut scale) = (Concealer::new(16_000), TimeScale::new(48_000));
    let mut comfort = ComfortNoise::new(48_000);
    let mut music = [HoldMusic::new(), HoldMusic::from_samples(vec![0.1; 1_000])];
    let mut tones = [
        CallTone::RingBack,
        CallTone::Busy,
        CallTone::Congestion,
        CallTone::Ringing,
        CallTone::Waiting,
        CallTone::Answered,
    ]
    .map(|tone| ToneGenerator::new(tone, Country::default()));
    let (mut frame, mut small, mut packet, mut large) =
        (Frame::SILENCE, [0.0; 320], [0.0; 960], [0.0; 1_920]);
    assert_no_alloc(|| {
        for n in 0..300 {
            music.iter_mut().for_each(|music| music.fill(&mut frame));
            tones.iter_mut().for_each(|tone| tone.fill(&mut frame));
            music[n % 2].fill(&mut frame);
            comfort.hear(&frame.0);
            comfort.state(&[n as u8, 30, 140]);
            frame
                .0
                .iter_mut()
                .for_each(|sample| *sample = comfort.next());
            down.process(&frame, &mut small[..160]);
            up.process(&small[..80], &mut frame.0);
            drift.set_ppm(control.update(960.0 + n as f32));
            drift.process(&large[..480], &mut frame.0);
            if n % 5 < 2 {
                concealer.lost(&mut small)
            } else {
                concealer.received(&mut small)
            }
            scale.process(
                &packet,
                [Change::Keep, Change::Shorten, Change::Lengthen][n % 3],
                &mut large,
            );
            packet[..480].copy_from_slice(&frame[..]);
        }
        concealer.reset();
        up.reset();
    });
    assert_eq!(violation_count(), 0, "uses of the heap");
}
