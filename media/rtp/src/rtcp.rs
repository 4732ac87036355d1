//! RTCP (RFC 3550 §6): sender and receiver reports with SDES, BYE, built and read by `rtcp-types`.
//!
//! It allocates: for a control thread only. Who calls keeps the time: NTP time goes in as 64 bits.
use crate::ReceptionStats;
use rtcp_types::{
    Bye, Compound, Packet, ReceiverReport, ReportBlock, Sdes, SdesChunk, SdesItem, SenderReport,
    prelude::*,
};

/// What we have sent so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sent {
    /// Our SSRC (RFC 3550 §6.4.1).
    pub ssrc: u32,
    /// Packets since the start.
    pub packets: u32,
    /// Octets of payload since the start.
    pub octets: u32,
    /// RTP time stamp that belongs to the report's NTP time.
    pub timestamp: u32,
}

/// The far side's last sender report, as a receiver report answers it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LastReport {
    /// Middle 32 bits of its NTP time.
    pub ntp: u32,
    /// How long ago it came, in 65,536ths of a second.
    pub delay: u32,
}

/// What a compound packet of the far side said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Middle 32 bits of the NTP time of its sender report.
    pub sender_ntp: Option<u32>,
    /// What it says about what we sent.
    pub about_us: Option<AboutUs>,
    /// It says that a sender leaves.
    pub bye: bool,
}

/// A report block about our own stream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AboutUs {
    /// Lost since the report before, in 256ths.
    pub fraction_lost: u8,
    /// Interarrival jitter in units of our RTP clock.
    pub jitter: u32,
    /// The report of ours that it answers, and how long it held it; both 0 where it had none.
    pub last: LastReport,
}

/// A report: a sender's when `active` (we sent since the last one), else a receiver's. `heard`: what was received and
/// the clock of its codec in Hz.
pub fn report(
    sent: &Sent,
    active: bool,
    ntp: u64,
    heard: Option<(ReceptionStats, u32)>,
    last: LastReport,
    cname: &str,
) -> Vec<u8> {
    let block = heard.map(|(stats, clock)| {
        ReportBlock::builder(stats.ssrc)
            .fraction_lost(stats.fraction_lost)
            // RFC 3550 §6.4.1: 24 bits, signed; the builder takes them unsigned.
            .cumulative_lost(stats.lost.clamp(0, 0x7F_FFFF) as u32)
            .extended_sequence_number(stats.highest)
            .interarrival_jitter(
                (u64::from(stats.jitter) * u64::from(clock) / u64::from(trialog_frame::RATE))
                    as u32,
            )
            .last_sender_report_timestamp(last.ntp)
            .delay_since_last_sender_report_timestamp(last.delay)
    });
    let compound = if active {
        let mut builder = SenderReport::builder(sent.ssrc)
            .ntp_timestamp(ntp)
            .rtp_timestamp(sent.timestamp)
            .packet_count(sent.packets)
            .octet_count(sent.octets);
        if let Some(block) = block {
            builder = builder.add_report_block(block);
        }
        Compound::builder().add_packet(builder)
    } else {
        let mut builder = ReceiverReport::builder(sent.ssrc);
        if let Some(block) = block {
            builder = builder.add_report_block(block);
        }
        Compound::builder().add_packet(builder)
    };
    finish(compound.add_packet(names(sent.ssrc, cname)))
}

/// The last packet of a leg: an empty receiver report, SDES and BYE (RFC 3550 §6.6).
pub fn bye(ssrc: u32, cname: &str) -> Vec<u8> {
    let compound = Compound::builder()
        .add_packet(ReceiverReport::builder(ssrc))
        .add_packet(names(ssrc, cname))
        .add_packet(Bye::builder().add_source(ssrc));
    finish(compound)
}

fn names(ssrc: u32, cname: &str) -> rtcp_types::SdesBuilder<'_> {
    let end = (0..=cname.len().min(255))
        .rev()
        .find(|end| cname.is_char_boundary(*end));
    let cname = &cname[..end.unwrap_or(0)];
    Sdes::builder()
        .add_chunk(SdesChunk::builder(ssrc).add_item(SdesItem::builder(SdesItem::CNAME, cname)))
}

/// Empty where the builder refuses, which its own rules leave no way to: nothing is sent then.
fn finish(compound: rtcp_types::CompoundBuilder<'_>) -> Vec<u8> {
    let Ok(size) = compound.calculate_size() else {
        return Vec::new();
    };
    let mut out = vec![0; size];
    if compound.write_into(&mut out).is_err() {
        out.clear();
    }
    out
}

/// Reads a compound packet; `ours` is our SSRC. `None` for what is no RTCP. Parts that are not understood are skipped.
pub fn parse(datagram: &[u8], ours: u32) -> Option<Report> {
    let mut report = Report::default();
    for packet in Compound::parse(datagram).ok()? {
        let Ok(packet) = packet else { break };
        match packet {
            Packet::Sr(sender) => {
                report.sender_ntp = Some((sender.ntp_timestamp() >> 16) as u32);
                about_us(&mut report, sender.report_blocks(), ours);
            }
            Packet::Rr(receiver) => about_us(&mut report, receiver.report_blocks(), ours),
            Packet::Bye(_) => report.bye = true,
            _ => {}
        }
    }
    Some(report)
}

fn about_us<'a>(report: &mut Report, mut blocks: impl Iterator<Item = ReportBlock<'a>>, ours: u32) {
    if let Some(block) = blocks.find(|block| block.ssrc() == ours) {
        report.about_us = Some(AboutUs {
            fraction_lost: block.fraction_lost(),
            jitter: block.interarrival_jitter(),
            last: LastReport {
                ntp: block.last_sender_report_timestamp(),
                delay: block.delay_since_last_sender_report_timestamp(),
            },
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SENT: Sent = Sent {
        ssrc: 7,
        packets: 50,
        octets: 8000,
        timestamp: 8000,
    };

    #[test]
    fn a_sender_report_is_understood_by_the_far_side() {
        let heard = ReceptionStats {
            ssrc: 9,
            received: 95,
            lost: 5,
            highest: 100,
            jitter: 96,
            fraction_lost: 12,
        };
        let last = LastReport {
            ntp: 0xABCD,
            delay: 65_536,
        };
        let bytes = report(
            &SENT,
            true,
            0x1234_5678_9ABC_DEF0,
            Some((heard, 8000)),
            last,
            "cname",
        );
        // The far side, whose SSRC is 9, reads it.
        let read = parse(&bytes, 9).expect("it is RTCP");
        assert_eq!(read.sender_ntp, Some(0x5678_9ABC));
        let about = read.about_us.expect("a block about it");
        assert_eq!(
            (about.fraction_lost, about.jitter, about.last),
            (12, 16, last)
        );
        assert!(!read.bye);
        assert_eq!(parse(&bytes, 8).expect("it is RTCP").about_us, None);
    }

    #[test]
    fn who_only_listens_sends_a_receiver_report_and_who_leaves_says_so() {
        let bytes = report(&SENT, false, 0, None, LastReport::default(), "cname");
        assert_eq!(parse(&bytes, 9), Some(Report::default()));
        assert!(parse(&bye(7, "cname"), 9).expect("it is RTCP").bye);
        assert_eq!(parse(b"no RTCP", 9), None);
    }

    #[test]
    fn a_cname_of_any_length_is_sent() {
        assert!(!bye(7, &"ü".repeat(300)).is_empty());
        assert!(
            !report(
                &SENT,
                true,
                0,
                None,
                LastReport::default(),
                &"x".repeat(4000)
            )
            .is_empty()
        );
    }
}
