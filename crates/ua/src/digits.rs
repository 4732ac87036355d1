//! Digits that we send: as telephone-event (RFC 4733), by INFO (`application/dtmf-relay`), or as tones in the sound. The first two need
//! a far side that takes them; what became of each digit is told.
use crate::agent::UserAgent;
use crate::config::DtmfMode;
use crate::invite_usage::InviteState;
use crate::outbound::Purpose;
use crate::{DigitStep, Output};
use trialog_call::{LegId, Time};
use trialog_sip::{HeaderName, Method};

/// A digit in an INFO, and how long we say that it was pressed, in ms: the length of ours as telephone-event.
pub(crate) const RELAY: &str = "application/dtmf-relay";
const RELAYED_MS: u32 = 120;

/// The status of a digit whose call was over before it could go.
const OVER: u16 = 481;

impl UserAgent {
    /// Sends a digit by the best way that the configuration and the far side have.
    pub(crate) fn send_digit(&mut self, now: Time, id: LegId, digit: u8) {
        let leg = self.calls.get(id);
        let Some(leg) = leg.filter(|leg| matches!(leg.stage, InviteState::Up)) else {
            // The core may not know yet that the call is over.
            return self.tell_digit(id, digit, DigitStep::Refused { status: OVER });
        };
        let event = leg.media.has_telephone_event();
        let step = match self.settings.dtmf {
            DtmfMode::Auto | DtmfMode::Events if event => DigitStep::Event,
            DtmfMode::Events => DigitStep::NotAgreed,
            DtmfMode::Info => DigitStep::Asked,
            DtmfMode::Auto if leg.allows_info && !leg.refused_digit => DigitStep::Asked,
            DtmfMode::Auto | DtmfMode::InBand => DigitStep::Tones,
        };
        self.tell_digit(id, digit, step);
        if step == DigitStep::Asked {
            self.relay_digit(now, id, digit);
        }
    }

    fn relay_digit(&mut self, now: Time, id: LegId, digit: u8) {
        let Some(dialog) = self.calls.present(id).map(|leg| leg.dialog) else {
            return;
        };
        let headers = vec![(HeaderName::ContentType, RELAY.to_owned())];
        let body = format!("Signal={}\r\nDuration={RELAYED_MS}\r\n", char::from(digit));
        let (body, purpose) = (body.into_bytes(), Purpose::Digit(id, digit));
        self.enqueue(now, dialog, Method::Info, headers, body, purpose);
    }

    /// The final answer to a digit's INFO, or none (408, 503). A far side that allows INFO and does not take this one gets tones,
    /// also for the digits after it.
    pub(crate) fn digit_answered(&mut self, now: Time, id: LegId, digit: u8, status: u16) {
        let auto = self.settings.dtmf == DtmfMode::Auto;
        let leg = self.calls.get_mut(id);
        let up = leg.filter(|leg| matches!(leg.stage, InviteState::Up));
        let step = match (status, up) {
            (200..=299, _) => DigitStep::Taken,
            // It may have been heard, or there is no far side any more.
            (408 | 481 | 503, _) | (_, None) => DigitStep::Refused { status },
            (_, Some(leg)) if auto => {
                leg.refused_digit = true;
                DigitStep::Tones
            }
            (_, Some(_)) => DigitStep::Refused { status },
        };
        self.tell_digit(id, digit, step);
        if status == 481 {
            self.lost(now, id);
        }
    }

    fn tell_digit(&mut self, leg: LegId, digit: u8, step: DigitStep) {
        self.out.push_back(Output::Digit { leg, digit, step });
    }
}
