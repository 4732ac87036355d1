//! Digits: by INFO both ways, and which way each of ours goes.
use crate::strangers::{answer_of, last_raw, placed_and_answered, stranger};
use crate::support::{Pipe, config, header, reply, sdp};
use trialog_call::{Action, LegId, Target};
use trialog_ua::{DigitStep, DtmfMode};

#[test]
fn digits_by_info_are_taken() {
    let mut pipe = Pipe::of(1);
    let (leg, invite) = placed_and_answered(&mut pipe);
    let info = format!(
        "INFO sip:user0@10.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.9;branch=z9hG4bKinfo\r\n\
         From: <sip:team@10.0.0.9>;tag=s\r\nTo: {}\r\nCall-ID: {}\r\nCSeq: 5 INFO\r\n\
         Content-Type: application/dtmf-relay\r\n\r\nSignal=#\r\nDuration=160\r\n",
        header(&invite, "From"),
        header(&invite, "Call-ID")
    );
    assert!(answer_of(&mut pipe, &info).starts_with("SIP/2.0 200"));
    assert_eq!(pipe.ends[0].digits, [b'#']);
    pipe.bye(0, leg);
    pipe.assert_idle();
}

/// A call to the stranger, whose 2xx has these headers beside a session without telephone-event.
fn call(mode: DtmfMode, more: &str) -> (Pipe, LegId) {
    let mut config = config(0);
    config.dtmf = mode;
    let mut pipe = Pipe::with(vec![config], 1);
    let leg = pipe.dial(0, Target("sip:team@10.0.0.9".to_owned()));
    pipe.run_ms(50);
    let invite = last_raw(&pipe, "INVITE");
    let more = format!("{more}{}", sdp("sip:one@10.0.0.9", "sendrecv"));
    pipe.inject(stranger(), 0, &reply(&invite, "200 OK", "s", &more));
    pipe.run_ms(50);
    (pipe, leg)
}

/// Sends a digit, whose INFO, where there is one, is answered so. Gives what became of it.
fn send(pipe: &mut Pipe, leg: LegId, digit: u8, answer: &str) -> Vec<DigitStep> {
    pipe.ends[0].sent_digits.clear();
    let infos = pipe.sent(0, "INFO");
    pipe.act(0, Action::Dtmf { leg, digit });
    pipe.run_ms(50);
    if pipe.sent(0, "INFO") > infos {
        let info = last_raw(pipe, "INFO");
        assert_eq!(header(&info, "Content-Type"), "application/dtmf-relay");
        let body = format!("\r\n\r\nSignal={}\r\nDuration=120\r\n", char::from(digit));
        assert!(info.ends_with(&body), "{info}");
        pipe.inject(stranger(), 0, &reply(&info, answer, "", ""));
        pipe.run_ms(50);
    }
    let sent = std::mem::take(&mut pipe.ends[0].sent_digits);
    let own = sent
        .iter()
        .all(|(to, what, _)| (*to, *what) == (leg, digit));
    assert!(own, "{sent:?}");
    sent.into_iter().map(|(_, _, step)| step).collect()
}

const ALLOW_INFO: &str = "Allow: INVITE, ACK, BYE, INFO\r\n";

#[test]
fn without_telephone_event_a_digit_goes_by_info_to_a_far_side_that_allows_and_takes_it() {
    let (mut pipe, leg) = call(DtmfMode::Auto, ALLOW_INFO);
    let steps = send(&mut pipe, leg, b'#', "200 OK");
    assert_eq!(steps, [DigitStep::Asked, DigitStep::Taken]);
    // One that refuses it gets tones, and no INFO any more.
    let steps = send(&mut pipe, leg, b'1', "415 Unsupported Media Type");
    assert_eq!(steps, [DigitStep::Asked, DigitStep::Tones]);
    assert_eq!(send(&mut pipe, leg, b'2', ""), [DigitStep::Tones]);
    pipe.bye(0, leg);
    pipe.assert_idle();
}

#[test]
fn without_telephone_event_and_info_a_digit_goes_as_tones() {
    let (mut pipe, leg) = call(DtmfMode::Auto, "");
    assert_eq!(send(&mut pipe, leg, b'5', ""), [DigitStep::Tones]);
    pipe.bye(0, leg);
    pipe.assert_idle();
    let late = DigitStep::Refused { status: 481 };
    assert_eq!(send(&mut pipe, leg, b'5', ""), [late], "the call is over");
}

#[test]
fn the_configuration_may_allow_one_way_only() {
    let (mut pipe, leg) = call(DtmfMode::Events, ALLOW_INFO);
    assert_eq!(send(&mut pipe, leg, b'5', ""), [DigitStep::NotAgreed]);
    let (mut pipe, leg) = call(DtmfMode::InBand, ALLOW_INFO);
    assert_eq!(send(&mut pipe, leg, b'5', ""), [DigitStep::Tones]);
    let (mut pipe, leg) = call(DtmfMode::Info, "");
    let refused = DigitStep::Refused { status: 405 };
    assert_eq!(
        send(&mut pipe, leg, b'5', "405 Method Not Allowed"),
        [DigitStep::Asked, refused]
    );
}

#[test]
fn with_telephone_event_agreed_a_digit_goes_as_one() {
    let mut pipe = Pipe::of(2);
    let (caller, called) = pipe.call(0, 1);
    for (end, leg) in [(0, caller), (1, called)] {
        pipe.act(end, Action::Dtmf { leg, digit: b'9' });
        let event = [(leg, b'9', DigitStep::Event)];
        assert_eq!(pipe.ends[end].sent_digits, event);
    }
}

#[test]
fn an_info_that_gets_no_answer_is_told_and_not_repeated_as_tones() {
    let (mut pipe, leg) = call(DtmfMode::Auto, ALLOW_INFO);
    pipe.act(0, Action::Dtmf { leg, digit: b'7' });
    pipe.run(std::time::Duration::from_secs(40));
    let steps: Vec<_> = pipe.ends[0].sent_digits.iter().map(|sent| sent.2).collect();
    let refused = DigitStep::Refused { status: 408 };
    assert_eq!(steps, [DigitStep::Asked, refused]);
    pipe.bye(0, leg);
    pipe.assert_idle();
}
