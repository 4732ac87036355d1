//! A bridge of RTP streams of G.711 µ-law: each far end hears all others.
//!
//!     cargo run -p trialog-engine --example bridge 127.0.0.1:4000 127.0.0.1:4002 127.0.0.1:4004
//!
//! The addresses are where each far end takes RTP; where each is to send to is printed.
use std::error::Error;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use trialog_engine::{
    AudioEnd, Codec, Engine, Options, OpusLimits, PortOf, PortSpec, SessionParams,
};

fn main() -> Result<(), Box<dyn Error>> {
    let far: Result<Vec<SocketAddr>, _> = std::env::args().skip(1).map(|far| far.parse()).collect();
    let (mut engine, events) = Engine::start(AudioEnd::None, Options::default())?;
    let far = far?;
    for (far, ours) in far.iter().zip(bridge(&mut engine, &far)?) {
        println!("{far}: send to {ours}");
    }
    events.iter().for_each(|event| println!("{event:?}"));
    Ok(())
}

/// Joins these far ends, and returns where each is to send to.
pub fn bridge(engine: &mut Engine, far: &[SocketAddr]) -> Result<Vec<SocketAddr>, Box<dyn Error>> {
    let (mut ours, mut ports) = (Vec::new(), Vec::new());
    for (key, remote) in (1..).zip(far) {
        let socket = engine.bind(IpAddr::V4(Ipv4Addr::LOCALHOST), 0..=0)?;
        ours.push(socket.local_addr());
        engine.open_leg(key, socket, pcmu(*remote))?;
        ports.push(PortSpec {
            port: PortOf::Leg(key),
            group: 0,
            speaks: true,
            hears: true,
            tone: None,
        });
    }
    engine.set_routing(&ports);
    Ok(ours)
}

fn pcmu(remote: SocketAddr) -> SessionParams {
    SessionParams {
        remote,
        remote_rtcp: SocketAddr::new(remote.ip(), remote.port() + 1),
        codec: Codec::Pcmu,
        send_payload: 0,
        receive_payloads: vec![(0, Codec::Pcmu)],
        telephone_event: None,
        comfort_noise: false,
        opus: OpusLimits::default(),
        ptime_ms: 20,
        sends: true,
        receives: true,
        far_sends: true,
        early: false,
        srtp: None,
    }
}
