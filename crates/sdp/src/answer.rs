//! The answer to an offer (RFC 3264 §6), and what an answer to our own offer comes to (§7).
use crate::crypto;
use crate::negotiated::{comfort_noise, events, ptime, remote};
use crate::offer::{Line, description};
use crate::{
    Codec, Description, Direction, Format, LocalMedia, Media, Negotiated, NegotiationError,
    TelephoneEvent,
};
use std::net::SocketAddr;

/// Answers an offer: the first audio line that we can take, with the first of its codecs that we have; all other lines
/// are refused at their place. A line with keys that we can take goes before one without: some offer the same sound twice, plain and
/// protected. One codec is answered, so that both sides know what is sent.
///
/// # Errors
/// Why no sound can be agreed; reject with 488.
pub fn answer(
    offer: &Description,
    local: &LocalMedia,
) -> Result<(Description, Negotiated), NegotiationError> {
    let mut found: Option<(usize, Media, Negotiated)> = None;
    let mut fault = NegotiationError::NoAudio;
    for (place, media) in offer.media.iter().enumerate() {
        match take(offer, media, local) {
            Ok((line, negotiated)) => {
                let is_better = found
                    .as_ref()
                    .is_none_or(|(_, _, first)| first.srtp.is_none() && negotiated.srtp.is_some());
                if is_better {
                    found = Some((place, line, negotiated));
                }
            }
            Err(NegotiationError::NoAudio) => {}
            Err(error) => fault = error,
        }
    }
    let (place, line, negotiated) = found.ok_or(fault)?;
    let mut answer = description(local);
    answer.media = offer.media.iter().map(Media::refused).collect();
    answer.media[place] = line;
    Ok((answer, negotiated))
}

fn take(
    offer: &Description,
    media: &Media,
    local: &LocalMedia,
) -> Result<(Media, Negotiated), NegotiationError> {
    if !media.is_audio() {
        return Err(NegotiationError::NoAudio);
    }
    let protection = crypto::answer(media, &local.security)?;
    // The order is the offerer's: RFC 3264 §6.1.
    let (format, codec) = first_common(media, &local.codecs)?;
    let remote = reachable(remote(offer, media)?, local)?;
    let far_direction = offer.direction_of(media);
    let direction = local.direction.and(far_direction.reversed());
    // RFC 3264 §6.1: the answer uses the offer's numbers.
    let event = events(media, codec).filter(|_| local.telephone_event);
    let mut line = Line::default();
    line.codec(local, codec, format.payload);
    if let Some(event) = &event {
        line.telephone_event(event.payload, event.clock_rate);
    }
    let comfort_noise = comfort_noise(media, codec);
    if comfort_noise {
        line.comfort_noise();
    }
    let (srtp, key) = protection.unzip();
    let negotiated = Negotiated {
        remote,
        remote_rtcp: media.rtcp(remote),
        codec,
        send_payload: format.payload,
        receive_payloads: vec![(format.payload, codec)],
        telephone_event: event.map(|event| TelephoneEvent {
            send: event.payload,
            receive: event.payload,
            clock_rate: event.clock_rate,
        }),
        comfort_noise,
        ptime_ms: ptime(media, local),
        direction,
        far_direction,
        opus: if codec == Codec::Opus {
            format.opus()
        } else {
            Default::default()
        },
        srtp,
    };
    let mut line = line.finish(local, &media.protocol, direction);
    line.attributes.extend(key);
    Ok((line, negotiated))
}

/// Where our socket can send to: an address of its own kind, or none at all (a hold). With another there would be a call
/// without sound, with no sign of it on the wire.
fn reachable(remote: SocketAddr, local: &LocalMedia) -> Result<SocketAddr, NegotiationError> {
    if remote.ip().is_unspecified() || remote.is_ipv4() == local.address.is_ipv4() {
        Ok(remote)
    } else {
        Err(NegotiationError::NoAddress)
    }
}

fn first_common(media: &Media, codecs: &[Codec]) -> Result<(Format, Codec), NegotiationError> {
    media
        .payload_formats()
        .find_map(|format| {
            let codec = format.codec().filter(|codec| codecs.contains(codec))?;
            Some((format, codec))
        })
        .ok_or(NegotiationError::NoCommonCodec)
}

/// Reads the answer to `our_offer`.
///
/// # Errors
/// Why no sound is agreed.
pub fn accept_answer(
    our_offer: &Description,
    answer: &Description,
    local: &LocalMedia,
) -> Result<Negotiated, NegotiationError> {
    // RFC 3264 §6: as many lines, in the same order. Lines that were never offered are passed over.
    if our_offer.media.len() > answer.media.len() {
        return Err(NegotiationError::Mismatch);
    }
    let lines = our_offer.media.iter().zip(&answer.media);
    let (ours, theirs) = lines
        .clone()
        .find(|(ours, _)| ours.is_audio())
        .ok_or(NegotiationError::NoOffer)?;
    if !theirs.kind.eq_ignore_ascii_case(&ours.kind) {
        return Err(NegotiationError::Mismatch);
    }
    if theirs.port == 0 {
        return Err(NegotiationError::Rejected);
    }
    if !theirs.is_audio() {
        return Err(NegotiationError::Mismatch);
    }
    let offered: Vec<(Format, Codec)> = ours
        .payload_formats()
        .filter_map(|format| format.codec().map(|codec| (format, codec)))
        .collect();
    let offered_codecs: Vec<_> = offered.iter().map(|(_, codec)| *codec).collect();
    let srtp = crypto::accept(ours, theirs, &local.security)?;
    // RFC 3264 §7: send the answer's first.
    let (format, codec) = first_common(theirs, &offered_codecs)?;
    let remote = reachable(remote(answer, theirs)?, local)?;
    let far_direction = answer.direction_of(theirs);
    let stated: Direction = our_offer.direction_of(ours);
    let direction = stated.and(far_direction.reversed());
    Ok(Negotiated {
        remote,
        remote_rtcp: theirs.rtcp(remote),
        codec,
        send_payload: format.payload,
        receive_payloads: receivable(&offered, theirs),
        telephone_event: agreed_events(ours, theirs, codec),
        comfort_noise: comfort_noise(ours, codec) && comfort_noise(theirs, codec),
        ptime_ms: ptime(theirs, local),
        direction,
        far_direction,
        opus: if codec == Codec::Opus {
            format.opus()
        } else {
            Default::default()
        },
        srtp,
    })
}

/// The far side sends by our numbers (RFC 3264 §5.1), of the codecs that it answered. One that uses its own numbers
/// all the same is understood, where they are not taken.
fn receivable(offered: &[(Format, Codec)], theirs: &Media) -> Vec<(u8, Codec)> {
    let answered: Vec<(u8, Codec)> = theirs
        .payload_formats()
        .filter_map(|format| Some((format.payload, format.codec()?)))
        .filter(|(_, codec)| offered.iter().any(|(_, own)| own == codec))
        .collect();
    let mut all: Vec<(u8, Codec)> = Vec::new();
    for (_, codec) in &answered {
        for (format, own) in offered.iter().filter(|(_, own)| own == codec) {
            if !all.iter().any(|(number, _)| *number == format.payload) {
                all.push((format.payload, *own));
            }
        }
    }
    for (number, codec) in answered {
        let taken = offered.iter().any(|(format, _)| format.payload == number)
            || all.iter().any(|(own, _)| *own == number);
        if !taken {
            all.push((number, codec));
        }
    }
    all
}

fn agreed_events(ours: &Media, theirs: &Media, codec: Codec) -> Option<TelephoneEvent> {
    let send = events(theirs, codec)?;
    let receive = ours
        .payload_formats()
        .find(|own| own.is_telephone_event() && own.clock_rate == send.clock_rate)?;
    Some(TelephoneEvent {
        send: send.payload,
        receive: receive.payload,
        clock_rate: send.clock_rate,
    })
}
