//! Requests that were given up, and the answers that come to them all the same.
use crate::strangers::{last_raw, placed_and_answered, stranger};
use crate::support::{Pipe, reply, sdp};
use std::time::Duration;
use trialog_call::{Direction, EndCause, WireEvent};

#[test]
fn a_2xx_that_comes_after_its_reinvite_was_given_up_gets_its_ack_each_time_and_no_second_bye() {
    for bye_is_answered in [false, true] {
        let mut pipe = Pipe::of(1);
        let (leg, _) = placed_and_answered(&mut pipe);
        pipe.reinvite(0, leg, Direction::SendOnly);
        pipe.run(Duration::from_secs(33));
        assert!(pipe.has(0, leg, |event| {
            *event == WireEvent::Ended(EndCause::Lost)
        }));
        if bye_is_answered {
            let bye = last_raw(&pipe, "BYE");
            pipe.inject(stranger(), 0, &reply(&bye, "200 OK", "", ""));
            pipe.run_ms(50);
        }
        let reinvite = last_raw(&pipe, "INVITE");
        let ok = reply(
            &reinvite,
            "200 OK",
            "",
            &sdp("sip:one@10.0.0.9", "recvonly"),
        );
        let (acks, byes) = (pipe.sent(0, "ACK"), distinct(&pipe, "BYE"));
        for copy in 1..=2 {
            pipe.inject(stranger(), 0, &ok);
            pipe.run_ms(50);
            assert_eq!(pipe.sent(0, "ACK"), acks + copy);
        }
        let ack = last_raw(&pipe, "ACK");
        for (header, of) in [
            ("To", &reinvite),
            ("From", &reinvite),
            ("Call-ID", &reinvite),
        ] {
            assert_eq!(
                crate::support::header(&ack, header),
                crate::support::header(of, header)
            );
        }
        let number = |text: &str| {
            crate::support::header(text, "CSeq")
                .split(' ')
                .next()
                .map(str::to_owned)
        };
        assert_eq!(number(&ack), number(&reinvite));
        assert_eq!(distinct(&pipe, "BYE"), byes);
        pipe.assert_idle();
    }
}

/// How many requests of this method went to the stranger, copies not counted.
fn distinct(pipe: &Pipe, method: &str) -> usize {
    let mut all: Vec<&str> = pipe
        .raw
        .iter()
        .filter(|(_, _, text)| text.starts_with(method))
        .map(|(_, _, text)| text.as_str())
        .collect();
    all.sort_unstable();
    all.dedup();
    all.len()
}
