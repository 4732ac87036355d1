//! A conference with a headset and two RTP legs, where the sound card is a PulseAudio server of our own, in real time; devices that come,
//! go and change.
mod conference;
mod devices;
mod sound_card;
