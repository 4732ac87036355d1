//! What the engine asks of the operating system beyond the standard library, all of it in one place.
//!
//! | asked for | Linux | other systems | what Linux's own is for |
//! | --- | --- | --- | --- |
//! | [`sleep_until`] | `clock_nanosleep` to an absolute time | `std::thread::sleep` for what is left | no delay between the reading of the clock and the sleep |
//! | [`raise_priority`] | `SCHED_FIFO`, no timer slack | the scheduler's highest that is allowed | wake-ups wait up to 50 µs for company otherwise |
//! | [`UdpDatagrams`] | the kernel's time of arrival (`SO_TIMESTAMPNS`) | a datagram came when the tick read it | jitter is measured to a microsecond, not to a tick |
//! | [`UdpDatagrams`]'s `admit` | a socket filter (classic BPF) | every packet is read and looked at | a flood of foreign packets costs the audio thread nothing |
//! | [`sound_server`] | PulseAudio's or PipeWire's, by its socket | none: devices by `cpal` alone | streams that stay at their device, news of what comes and goes |
//! | [`hush_sound_library`] | ALSA's messages are thrown away | nothing | a device that is looked for each second would fill the terminal |
//! | [`Readiness`] | epoll | every socket is asked, once a millisecond | thousands of silent sockets cost nothing |
//!
//! The other systems' side is compiled and tested on Linux, too.
#[cfg(target_os = "linux")]
mod filter;
#[cfg(target_os = "linux")]
mod linux;
#[cfg(any(test, not(target_os = "linux")))]
mod portable;
mod priority;
#[cfg(all(target_os = "linux", feature = "pulseaudio"))]
mod pulse;
#[cfg(test)]
mod tests;

#[cfg(target_os = "linux")]
pub(crate) use linux::{
    Readiness, UdpDatagrams, hush_sound_library, note_arrivals, raise_priority, sleep_until,
};
#[cfg(not(target_os = "linux"))]
pub(crate) use portable::{
    Readiness, UdpDatagrams, hush_sound_library, note_arrivals, raise_priority, sleep_until,
};
#[cfg(all(target_os = "linux", feature = "pulseaudio"))]
pub(crate) use pulse::sound_server;

/// There is no sound server to be reached by a protocol of its own.
#[cfg(not(all(target_os = "linux", feature = "pulseaudio")))]
pub(crate) fn sound_server(
    _: &std::sync::mpsc::Sender<crate::device::Note>,
) -> Option<Result<Box<dyn crate::device::SoundSystem>, String>> {
    None
}
