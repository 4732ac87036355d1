//! How long is sound inside a phone that bridges, from RTP in to RTP out, and how steady are its packets?
//!
//! A whole phone without a local party (`end = "none"`), so that a timer makes its ticks, in a conference with two parties
//! that are sockets and both send. Many starts at random phase; prints their median and 95th percentile in ms, and of the
//! deviations of the packets' intervals in each start the median.
use std::net::UdpSocket;
use std::time::{Duration, Instant};
use trialog_benches::chance::{long, sleep_a_phase};
use trialog_benches::clicks::{click, strongest};
use trialog_benches::phones::Testbed;
use trialog_benches::print::{measured, note};
use trialog_benches::starts::at_once;
use trialog_benches::statistics::{median, quantile};
use trialog_benches::wire_party::WireParty;
use trialog_codec::{mu_law_decode, mu_law_encode};
use trialog_rtp::Header;

const RATE: f64 = 8e3;
/// Samples in a packet.
const PACKET: usize = 160;
const PACKETS: usize = 120;
/// A click begins in each of these, so many samples after its begin.
const CLICKS: [usize; 3] = [70, 85, 100];
const OFFSET: usize = 60;

fn main() {
    let batches = if long() { 12 } else { 4 };
    let (mut delays, mut deviations) = (Vec::new(), Vec::new());
    for _ in 0..batches {
        for (delay, deviation) in at_once(start) {
            delays.push(delay);
            deviations.push(deviation);
        }
    }
    measured("bridge.rtp_to_rtp", median(&mut delays), "ms");
    measured("bridge.rtp_to_rtp.p95", quantile(&mut delays, 0.95), "ms");
    measured("rtp.interval.sd", median(&mut deviations), "ms");
    note(&format!(
        "bridge.rtp_to_rtp: {} starts, {:.1}–{:.1} ms; rtp.interval.sd: {:.2}–{:.2} ms",
        delays.len(),
        delays[0],
        delays[delays.len() - 1],
        deviations[0],
        deviations[deviations.len() - 1]
    ));
}

/// The delay, and the deviation of the intervals, in ms.
fn start(place: usize) -> Option<(f64, f64)> {
    let testbed = Testbed::new(&format!("bridge-{place}"), "pcmu");
    let phone = testbed.bridge("bridge");
    let (customer, guest) = (WireParty::new(), WireParty::new());
    customer.call(&phone.uri(), phone.port);
    phone.wait_for("connected");
    phone.ctl(&["consult", &guest.uri()]);
    phone.wait_for("consulting");
    phone.ctl(&["conference"]);
    phone.wait_for("conference");
    let origin = Instant::now();
    std::thread::scope(|scope| {
        let said = scope.spawn(|| send(&customer, &CLICKS, origin));
        scope.spawn(|| send(&guest, &[], origin));
        let (heard, arrivals) = receive(&guest.rtp, origin);
        let said = said.join().expect("it sends");
        judge(&said, &heard, &arrivals)
    })
}

/// Sends packets with clicks in some; when each click was said, in ms.
fn send(party: &WireParty, clicks: &[usize], origin: Instant) -> Vec<f64> {
    sleep_a_phase();
    let target = party.far().expect("the phone has said it");
    let shape = click(RATE);
    let mut said = Vec::new();
    let begun = Instant::now();
    for n in 0..PACKETS {
        let mut pcm = [0.0f32; PACKET];
        if clicks.contains(&n) {
            pcm[OFFSET..OFFSET + shape.len()].copy_from_slice(&shape);
        }
        let payload = pcm.map(|sample| mu_law_encode((sample * 32_767.0) as i16));
        let header = Header {
            payload_type: 0,
            marker: n == 0,
            sequence: n as u16,
            timestamp: (n * PACKET) as u32,
            ssrc: 1,
        };
        let mut packet = [0; 200];
        let length = trialog_rtp::write(&header, &payload, &mut packet);
        let due = Duration::from_millis(20 * n as u64);
        std::thread::sleep(due.saturating_sub(begun.elapsed()));
        if clicks.contains(&n) {
            said.push(milliseconds(origin) + OFFSET as f64 / RATE * 1e3);
        }
        party
            .rtp
            .send_to(&packet[..length], target)
            .expect("it was bound");
    }
    said
}

/// The sound that comes, and when each packet came.
fn receive(socket: &UdpSocket, origin: Instant) -> (Vec<f32>, Vec<f64>) {
    socket
        .set_read_timeout(Some(Duration::from_millis(300)))
        .expect("a timeout that is not zero");
    let (mut pcm, mut arrivals, mut buffer) = (Vec::new(), Vec::new(), [0; 400]);
    // What had come before anybody looked.
    socket.set_nonblocking(true).expect("it was bound");
    while socket.recv(&mut buffer).is_ok() {}
    socket.set_nonblocking(false).expect("it was bound");
    while arrivals.len() < PACKETS - 5 {
        let length = socket.recv(&mut buffer).expect("the phone sends");
        arrivals.push(milliseconds(origin));
        let (_, payload) = trialog_rtp::parse(&buffer[..length]).expect("it is RTP");
        let samples = payload.iter().map(|octet| mu_law_decode(*octet));
        pcm.extend(samples.map(|sample| f32::from(sample) / 32_768.0));
    }
    (pcm, arrivals)
}

fn judge(said: &[f64], heard: &[f32], arrivals: &[f64]) -> Option<(f64, f64)> {
    let shape = click(RATE);
    let mut delays: Vec<f64> = said
        .iter()
        .filter_map(|said| {
            // From the last packet that came before it was said.
            let first = arrivals.partition_point(|at| at < said).saturating_sub(1) * PACKET;
            let piece = heard.get(first..first + PACKET * 6)?;
            let found = first + strongest(piece, &shape)?;
            Some(arrivals[found / PACKET] + (found % PACKET) as f64 / RATE * 1e3 - said)
        })
        .collect();
    // The first half second is the phone's to find its pace.
    let steps: Vec<f64> = arrivals[25..]
        .windows(2)
        .map(|two| two[1] - two[0] - 20.0)
        .collect();
    let variance = steps.iter().map(|step| step * step).sum::<f64>() / steps.len() as f64;
    (!delays.is_empty()).then(|| (median(&mut delays), variance.sqrt()))
}

fn milliseconds(origin: Instant) -> f64 {
    origin.elapsed().as_secs_f64() * 1e3
}
