//! The microphone's sound on its way to the bridge: echo, noise and gain (`trialog-voice`), on a thread of their own.
//!
//! What works on the sound uses the heap, so the audio thread only hands frames over, by lock-free rings, and takes what was
//! handed over one tick before: it costs 10 ms, and what the processor itself needs ([`Processor::delay`]). Where the
//! thread has not done a frame by its tick, the tick has silence in its place, and the next one its own: nothing is ever later
//! than that.
use crate::EngineError;
use crate::os;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{JoinHandle, Thread};
use trialog_frame::Frame;
use trialog_voice::{Processor, Settings};

/// Frames under way: 80 ms. What finds no room is not worked on.
const RING: usize = 8;

/// What the audio thread hands over: what the ear was given in the tick before, and the microphone's latest.
struct Taken {
    number: u64,
    ear: Frame,
    microphone: Frame,
}

/// What comes back.
struct Done {
    number: u64,
    microphone: Frame,
}

/// The audio thread's side.
pub(crate) struct Voice {
    to: rtrb::Producer<Taken>,
    from: rtrb::Consumer<Done>,
    worker: Thread,
    number: u64,
}

/// The thread; dropping this ends it.
pub(crate) struct VoiceThread {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

/// Starts the thread; nothing where there is nothing to be done.
pub(crate) fn start(settings: Settings) -> Result<Option<(Voice, VoiceThread)>, EngineError> {
    trialog_voice::processor(settings).map(run).transpose()
}

fn run(processor: Box<dyn Processor>) -> Result<(Voice, VoiceThread), EngineError> {
    let (to, taken) = rtrb::RingBuffer::new(RING);
    let (done, from) = rtrb::RingBuffer::new(RING);
    let stop = Arc::new(AtomicBool::new(false));
    let ends = Arc::clone(&stop);
    let thread = std::thread::Builder::new()
        .name("trialog-voice".into())
        .spawn(move || work(processor, taken, done, &ends))
        .map_err(EngineError::Thread)?;
    let voice = Voice {
        to,
        from,
        worker: thread.thread().clone(),
        number: 0,
    };
    let thread = VoiceThread {
        stop,
        thread: Some(thread),
    };
    Ok((voice, thread))
}

/// The thread, until it is stopped.
fn work(
    mut processor: Box<dyn Processor>,
    mut taken: rtrb::Consumer<Taken>,
    mut done: rtrb::Producer<Done>,
    stop: &AtomicBool,
) {
    os::raise_priority();
    while !stop.load(Ordering::Acquire) {
        if !work_on_one(&mut *processor, &mut taken, &mut done) {
            // Each frame that is handed over unparks this thread, before it parks or after.
            std::thread::park();
        }
    }
}

/// Works on the next frame. False: there is none.
fn work_on_one(
    processor: &mut dyn Processor,
    taken: &mut rtrb::Consumer<Taken>,
    done: &mut rtrb::Producer<Done>,
) -> bool {
    let Ok(mut frame) = taken.pop() else {
        return false;
    };
    processor.process(&frame.ear, &mut frame.microphone);
    // A full ring: the audio thread takes nothing just now, and this frame would be too late for it.
    let _ = done.push(Done {
        number: frame.number,
        microphone: frame.microphone,
    });
    true
}

impl Voice {
    /// One tick. `ear`: what the ear was given in the tick before. `microphone`: its latest 10 ms; then those of one
    /// tick before, worked on.
    pub(crate) fn tick(&mut self, ear: &Frame, microphone: &mut Frame) {
        let before = self.number;
        self.number += 1;
        let handed_over = self.to.push(Taken {
            number: self.number,
            ear: *ear,
            microphone: *microphone,
        });
        *microphone = Frame::SILENCE;
        while let Ok(done) = self.from.peek() {
            // One that is too late is not wanted any more; the one of this very tick may be done before this look.
            if done.number > before {
                break;
            }
            if let Ok(done) = self.from.pop()
                && done.number == before
            {
                *microphone = done.microphone;
            }
        }
        if handed_over.is_ok() {
            self.worker.unpark();
        }
    }
}

impl Drop for VoiceThread {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Release);
        if let Some(thread) = self.thread.take() {
            thread.thread().unpark();
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::{Duration, Instant};
    use trialog_frame::{FRAME_SAMPLES, SampleTime};

    /// Adds the ear to the microphone.
    struct Sum;

    impl Processor for Sum {
        fn process(&mut self, ear: &Frame, microphone: &mut Frame) {
            microphone.add(ear);
        }

        fn delay(&self) -> SampleTime {
            SampleTime(0)
        }
    }

    #[test]
    fn each_tick_has_the_frame_of_one_before_and_one_that_is_late_is_silence() {
        let (to, mut taken) = rtrb::RingBuffer::new(RING);
        let (mut done, from) = rtrb::RingBuffer::new(RING);
        let mut voice = Voice {
            to,
            from,
            worker: std::thread::current(),
            number: 0,
        };
        // What the microphone gives and what comes of it, and how many frames are worked on after that.
        for (microphone, becomes, then) in [
            (1.0, 0.0, 1),
            (2.0, 101.0, 1),
            (3.0, 102.0, 0),
            (4.0, 0.0, 2),
            (5.0, 104.0, 1),
            (6.0, 105.0, 1),
        ] {
            let mut frame = Frame([microphone; FRAME_SAMPLES]);
            voice.tick(&Frame([100.0; FRAME_SAMPLES]), &mut frame);
            assert_eq!(frame, Frame([becomes; FRAME_SAMPLES]), "{microphone}");
            for _ in 0..then {
                assert!(work_on_one(&mut Sum, &mut taken, &mut done));
            }
        }
        // The thread stands still for longer than there is room.
        for _ in 0..3 * RING {
            voice.tick(&Frame::SILENCE, &mut Frame::SILENCE.clone());
        }
        while work_on_one(&mut Sum, &mut taken, &mut done) {}
        for expected in [0.0, 7.0] {
            let mut frame = Frame([7.0; FRAME_SAMPLES]);
            voice.tick(&Frame::SILENCE, &mut frame);
            assert_eq!(frame, Frame([expected; FRAME_SAMPLES]));
            while work_on_one(&mut Sum, &mut taken, &mut done) {}
        }
    }

    #[test]
    fn the_thread_ends_with_its_handle() {
        let (mut voice, thread) = run(Box::new(Sum)).expect("a thread");
        voice.tick(&Frame::SILENCE, &mut Frame::SILENCE.clone());
        let begun = Instant::now();
        drop(thread);
        assert!(begun.elapsed() < Duration::from_secs(5));
    }
}
